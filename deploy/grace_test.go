package deploy_test

import (
	"time"

	"github.com/compose-spec/compose-go/v2/types"
)

// grace is how long Docker waits after SIGTERM before it kills.
func grace(s types.ServiceConfig) time.Duration {
	if s.StopGracePeriod == nil {
		if s.Restart == "no" {
			return time.Hour // a command that ends by itself
		}
		return 10 * time.Second
	}
	return time.Duration(*s.StopGracePeriod)
}
