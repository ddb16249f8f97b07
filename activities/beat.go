package activities

import (
	"context"
	"time"

	"go.temporal.io/sdk/activity"
)

// beatEvery is how often a step that works in one long transaction says that it lives.
const beatEvery = 10 * time.Second

// beat says by heartbeats that the activity lives until the returned function is called.
func beat(ctx context.Context) (stop func()) {
	done := make(chan struct{})
	go func() {
		every := time.NewTicker(beatEvery)
		defer every.Stop()
		for {
			select {
			case <-done:
				return
			case <-ctx.Done():
				return
			case <-every.C:
				activity.RecordHeartbeat(ctx)
			}
		}
	}()

	return func() { close(done) }
}
