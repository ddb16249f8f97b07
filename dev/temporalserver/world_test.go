package temporalserver_test

import (
	"context"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"

	"roomcover.dev/roomcover/clock"
	"roomcover.dev/roomcover/mail"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/domains"
	"roomcover.dev/roomcover/models/sqlitedb"
	"roomcover.dev/roomcover/models/storetest"
	roomcover "roomcover.dev/roomcover/worker"
)

// taken is a mail server that takes everything.
type taken struct{}

func (taken) Send(context.Context, mail.Message) (string, error) { return "taken", nil }

// fastDay is how long a calendar day takes below.
const fastDay = 12 * time.Second

// world is rows with a calendar that runs fast.
func world(t *testing.T) storetest.Env { return worldOf(t, fastDay) }

// worldOf is rows with a calendar of which a day takes so long.
func worldOf(t *testing.T, day time.Duration) storetest.Env {
	t.Helper()
	d, err := domains.Open(sqlitedb.Open(filepath.Join(t.TempDir(), "roomcover.db")), domains.Options{
		Options: db.Options{Clock: clock.Fast(time.Now(), time.Now().UTC(), day), Key: storetest.Key},
	})
	require.NoError(t, err)
	t.Cleanup(func() { _ = d.DB.Close() })
	_, err = d.DB.Migrate(context.Background())
	require.NoError(t, err)
	return storetest.Env{Context: db.WithSystem(context.Background())}.With(d)
}

// workOn runs Roomcover's workers until the test, or the returned function, ends them.
func workOn(t *testing.T, env storetest.Env, c client.Client, p *roomcover.Polling) (end func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() {
		done <- roomcover.Run(ctx, roomcover.Options{
			Domains:     env.Domains,
			Temporal:    c,
			Sender:      taken{},
			Namespace:   "roomcover",
			PortalURL:   "https://portal.example",
			Log:         slog.New(slog.DiscardHandler),
			StopTimeout: 5 * time.Second,
			Polling:     p,
		})
	}()
	ended := false
	end = func() {
		if !ended {
			ended = true
			cancel()
			require.NoError(t, <-done)
		}
	}
	t.Cleanup(end)
	return end
}
