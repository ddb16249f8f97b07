package chaos

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/storetest"
	rooms "roomcover.dev/roomcover/models/sync"
	"roomcover.dev/roomcover/models/ticket"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/sync/simulator"
)

// cared adds a house to a sound world whose Sync tells of three rooms: one of them is the house's
// and goes down, Sync refuses for a while, and help is asked for, twice.
func cared(t *testing.T, env storetest.Env, e *Evidence) {
	t.Helper()
	w := &ticketWorld{env: env, t: t, e: e, lead: storetest.Operator()}
	w.house = env.CoveredFor(t, "Casa 9 Ltda", "ana@casa-9.example", "SN-9")
	w.member = db.WithScope(context.Background(), db.Scope{
		AccountIDs: []string{w.house.Account},
		Actor:      db.Actor{ID: w.house.Admin.ID, Role: rules.CustomerAdmin},
	})

	cloud, err := startCloud(t.TempDir())
	require.NoError(t, err)
	t.Cleanup(func() { _ = cloud.Close() })
	places := simulator.Rooms(3)
	for i := range places {
		for d := range places[i].Devices {
			places[i].Devices[d].Serial = ""
		}
	}
	cloud.Put("casa-9", places...)
	certificate, key, err := cloud.Certificate("casa-9", time.Now().AddDate(1, 0, 0))
	require.NoError(t, err)
	now := time.Now().UTC().Truncate(time.Second)
	env.Sync.Now = func() time.Time { return now }
	_, err = env.Sync.Connect(w.member, cloud.Client, w.house.Account, rooms.Upload{
		Region:      cloudRegion,
		Certificate: certificate,
		Key:         key,
	})
	require.NoError(t, err)
	polled := func(times int) {
		for range times {
			now = now.Add(70 * time.Second)
			_, err := env.Sync.PollDue(env.Context, cloud.Client)
			require.NoError(t, err)
		}
	}

	polled(2)
	known, err := env.Sync.PlacesOf(w.member, w.house.Account)
	require.NoError(t, err)
	for _, p := range known {
		r := &SyncedRoom{Account: w.house.Account, Place: p.Place}
		e.Ledger.tellsOf(r)
		if p.Place != places[0].ID {
			continue
		}
		r.Room = w.house.Room.ID
		out, err := env.Sync.Apply(w.member, w.house.Account, []rooms.Choice{
			{PlaceID: p.ID, Act: rooms.Link, RoomID: r.Room},
		}, "")
		require.NoError(t, err)
		require.NoError(t, out[0].Err)
		e.Ledger.falls(r, true)
	}
	cloud.Change("casa-9", places[0].ID, func(p *simulator.Place) {
		p.Devices = slices.Clone(p.Devices)
		for d := range p.Devices {
			p.Devices[d].Status = "Offline"
		}
	})
	polled(2)
	cloud.Break(simulator.Faults{Status: 403})
	polled(1)
	cloud.Break(simulator.Faults{})
	polled(1)

	said, text := w.says(false, "")
	for _, once := range []string{"a", "b"} {
		tk, made, err := env.Tickets.AskForHelp(w.member, ticket.Help{
			AccountID: w.house.Account,
			RoomID:    w.house.Room.ID,
			Text:      text,
			Once:      once,
		})
		require.NoError(t, err)
		require.Equal(t, once == "a", made)
		e.Ledger.opened(said, tk.ID)
		s, err := env.Tickets.SnapshotOf(w.member, tk)
		require.NoError(t, err)
		e.Ledger.captured = append(e.Ledger.captured, Captured{tk.ID, s.SHA256, s.Content})
		w.e.Views = w.looks(tk.ID)
	}

	now = now.Add(3 * time.Minute)
	told, err := env.Sync.TellPeople(env.Context)
	require.NoError(t, err)
	require.Equal(t, 1, told)
	require.NoError(t, env.Exec("UPDATE notifications SET held_until = NULL"))
}

func TestOracle_FindsNothingInAWorldWithSync(t *testing.T) {
	found, err := Judge(t.Context(), world(t, cared))
	require.NoError(t, err)
	require.Empty(t, found)
}

func TestOracle_NamesWhatIsWrongWithSync(t *testing.T) {
	const fixed = `ALTER TABLE ticket_snapshots DISABLE TRIGGER USER; `
	const other = `(SELECT id FROM sync_places WHERE room_id IS NULL)`
	e := world(t, cared)
	for _, b := range []breakage{
		{"snapshot changed", fixed + `UPDATE ticket_snapshots SET content = content || ' '`, "sync",
			"not what its SHA-256 says"},
		{
			"snapshot changed with its hash",
			fixed + `UPDATE ticket_snapshots SET content = '{}', sha256 = encode(sha256('{}'), 'hex')`,
			"sync", "or was changed",
		},
		{"snapshot lost", fixed + `DELETE FROM ticket_snapshots`, "sync", "has no snapshot"},
		{"notice waits", `UPDATE sync_changes SET told_in = NULL WHERE what = 'DOWN'`, "sync",
			"whom to tell"},
		{"notice swallowed", `UPDATE sync_changes SET told_in = '' WHERE what = 'DOWN'`, "sync",
			"nobody was told of 1"},
		{"notice without its mail", `UPDATE notifications SET epoch = 'x' WHERE template = 'room_health'`,
			"sync", "not one mail for each administrator"},
		{"mail of nothing", `UPDATE notifications SET epoch = 'x' WHERE template = 'room_health'`, "sync",
			"tells of nothing that changed"},
		{
			"told twice",
			`INSERT INTO sync_changes SELECT (jsonb_populate_record(c, '{"id":"scc_x"}')).*
			FROM sync_changes c WHERE what = 'DOWN'`,
			"sync", "twice in a row",
		},
		{"mass outage", `UPDATE sync_changes SET after = 'OFFLINE' WHERE what = 'STATE'`, "sync",
			"and never was"},
		{
			"place lost",
			`DELETE FROM sync_changes WHERE place_id IN ` + other + `; DELETE FROM sync_places WHERE id IN ` +
				other, "sync", "a place of Sync is lost",
		},
		{"another room", `UPDATE sync_places SET room_id = NULL`, "sync", "another room"},
		{"outage lost", `UPDATE sync_places SET state = 'HEALTHY'`, "sync", "believed to be HEALTHY"},
		{"people believe otherwise", `UPDATE sync_places SET told = ''`, "sync", "its people believe"},
		{"refused, and nobody is asked", `UPDATE sync_connections SET state = 'NEEDS_CERTIFICATE'`,
			"sync", "asks nobody"},
		{
			"asked in vain", `UPDATE operator_tasks SET state = 'OPEN' WHERE kind = 'SYNC_CONNECTION'`,
			"sync", "still asks",
		},
		{
			"two tickets of a room",
			`DROP INDEX tickets_open_sync;
			INSERT INTO tickets SELECT (jsonb_populate_record(t,
				'{"id":"tkt_x","number":"TK-XXXXX","once_key":null}')).* FROM tickets t
			WHERE channel = 'SYNC'`,
			"sync", "more than one open ticket",
		},
	} {
		t.Run(b.name, func(t *testing.T) {
			requireFound(t, broken(t, e, b), b.check, b.want)
		})
	}

	t.Run("help with a room that was well", func(t *testing.T) {
		for _, r := range e.Ledger.synced {
			r.Fell = false
		}
		requireFound(t, e, "sync", "a room that was never down")
	})
}
