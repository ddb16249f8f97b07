package worker

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/storetest"
)

// An order that nobody fulfils (every worker was down, or its workflow is
// blocked) becomes an operator's task by the rows alone.
func TestWatchSeesWhatDoesNotMoveOn(t *testing.T) {
	env := storetest.SQLite(t)
	o := env.Accept(t, env.Reseller(t, "Revenda Sul"), storetest.Form("PO-1"))
	env.Calendar.Set(storetest.Now.Add(time.Hour))
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error)
	go func() { done <- newWatch(Options{Domains: env.Domains, Log: quiet}).watchRows(ctx) }()
	require.Eventually(t, func() bool {
		open := tasks(t, env, db.TaskProcessStuck)
		return len(open) == 1 && open[0].SubjectID == o.ID
	}, 10*time.Second, 10*time.Millisecond)
	cancel()
	require.ErrorIs(t, <-done, context.Canceled)
}
