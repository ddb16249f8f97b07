package worker

import (
	"context"
	"errors"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/operations"
	"roomcover.dev/roomcover/models/storetest"
)

// The worker that has a file for them writes the heads of the audit, once a day.
func TestC6_TheWatchWritesTheHeadsOfTheAudit(t *testing.T) {
	env := storetest.SQLite(t)
	env.Reseller(t, "Revenda Sul")
	file := filepath.Join(t.TempDir(), "heads")
	w := newWatch(Options{Domains: env.Domains, Log: quiet, AuditHeads: file})
	for range 3 {
		require.NoError(t, w.writeAuditHeads(t.Context()))
	}
	heads, err := env.ReadAuditHeads(file)
	require.NoError(t, err)
	require.Equal(t, 1, heads.Blocks)

	without := newWatch(Options{Domains: env.Domains, Log: quiet})
	require.NoError(t, without.writeAuditHeads(t.Context()))
}

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

// What is over is pruned beside the watch, so that the watch is never silent meanwhile.
func TestWhatIsOverIsPrunedBesideTheWatch(t *testing.T) {
	env := storetest.SQLite(t)
	o := env.Accept(t, env.Reseller(t, "Revenda Sul"), storetest.Form("PO-1"))
	old := storetest.Now.AddDate(0, 0, -40).Format(time.RFC3339)
	require.NoError(t, env.Exec("UPDATE outbox_events SET delivered_at = '"+old+"'"))
	count := func() int {
		return env.Count(t, "SELECT count(*) FROM outbox_events WHERE kind NOT LIKE 'event.%' AND subject_id = '"+o.ID+"'")
	}
	require.Positive(t, count())
	ctx, cancel := context.WithCancel(context.Background())
	w := newWatch(Options{Domains: env.Domains, Log: quiet, Keep: db.Retention{Told: 30 * 24 * time.Hour}})
	w.watchOnce(ctx)
	require.Positive(t, count(), "the watch itself deletes nothing")

	done := make(chan error)
	go func() { done <- w.pruneRows(ctx) }()
	require.Eventually(t, func() bool { return count() == 0 }, 10*time.Second, 10*time.Millisecond)
	cancel()
	require.ErrorIs(t, <-done, context.Canceled)
}

// Each round of the watch is a sign of life, and one of Temporal's where Temporal answers.
func TestTheWatchGivesSignsOfLife(t *testing.T) {
	env := storetest.SQLite(t)
	signs := func() int { return env.Count(t, "SELECT count(*) FROM sweeps WHERE name IN ('worker','temporal')") }
	w := newWatch(Options{Domains: env.Domains, Log: quiet})
	w.temporal = func(context.Context) error { return errors.New("nobody answers") }
	w.beat(env.Context)
	require.Equal(t, 1, signs())
	pulse, err := env.Pulse(env.Context)
	require.NoError(t, err)
	require.Equal(t, operations.Moving, pulse.Still, "nothing waits")

	w.temporal = func(context.Context) error { return nil }
	w.beat(env.Context)
	require.Equal(t, 2, signs())
}
