package ticket_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/models/ticket"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/cover"
	"roomcover.dev/roomcover/rules/health"
	rule "roomcover.dev/roomcover/rules/ticket"
)

// down is an account whose room is connected to its Sync, and offline there.
type down struct {
	storetest.Env
	t      *testing.T
	acme   storetest.Covered
	sync   *storetest.Synced
	reader context.Context
	admin  context.Context
}

func newDown(t *testing.T, env storetest.Env) *down {
	t.Helper()
	acme := env.Covered(t)
	d := &down{Env: env, t: t, acme: acme, sync: env.Synced(t, acme)}
	d.reader = storetest.ReadOnly(acme.Account)
	d.admin = db.WithScope(context.Background(), db.Scope{
		AccountIDs: []string{acme.Account},
		Actor:      db.Actor{ID: acme.Admin.ID, Role: rules.CustomerAdmin},
	})
	d.sync.Goes(t, health.DeviceOffline)
	return d
}

func (d *down) ask(ctx context.Context) (ticket.Ticket, bool, error) {
	return d.Tickets.AskForHelp(ctx, ticket.Help{RoomID: d.acme.Room.ID})
}

func (d *down) events(id string) (kinds []string) {
	return d.Strings(d.t, "SELECT kind FROM ticket_events WHERE ticket_id = '"+id+"' ORDER BY seq")
}

func TestR55e_FiftyClicksAtOnceAreOneTicket(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		d := newDown(t, env)
		var clicks sync.WaitGroup
		var mu sync.Mutex
		ids := map[string]int{}
		created := 0
		for range 50 {
			clicks.Go(func() {
				got, made, err := d.ask(d.reader) // R55a: who only reads may
				mu.Lock()
				defer mu.Unlock()
				require.NoError(t, err)
				ids[got.ID]++
				if made {
					created++
				}
			})
		}
		clicks.Wait()
		require.Len(t, ids, 1)
		require.Equal(t, 1, created)
		require.Equal(t, 1, env.Count(t, "SELECT count(*) FROM tickets"))
		require.Equal(t, 1, env.Count(t, "SELECT count(*) FROM ticket_snapshots"))
		require.Equal(t, 1, env.Count(t, "SELECT count(*) FROM ticket_messages"))
		env.AuditHolds(t)
	})
}

func TestR55c_HelpIsForRoomsThatAreDownAlone(t *testing.T) {
	env := storetest.SQLite(t)
	d := newDown(t, env)
	d.sync.Goes(t, health.DeviceOnline)
	refused := func(code string) {
		t.Helper()
		_, _, err := d.ask(d.reader)
		require.Equal(t, code, rules.CodeOf(err), "%v", err)
		look, err := env.Tickets.LookAtHelp(d.reader, d.acme.Account, d.acme.Room.ID)
		require.NoError(t, err)
		require.Equal(t, code, look.Refusal)
	}
	refused(ticket.RoomHealthy)
	d.sync.Trouble = health.Unreachable
	d.sync.Polls(t, 10)
	refused(ticket.RoomUnknown)
	d.sync.Trouble = ""
	require.Zero(t, env.Count(t, "SELECT count(*) FROM tickets"))

	for _, state := range []struct {
		breaks   func(*health.Place)
		severity cover.Severity
	}{
		{func(p *health.Place) { p.Devices[1].Complaint = health.Warning }, cover.Sev2},
		{func(p *health.Place) { p.Devices[0].Status = health.DeviceOffline }, cover.Sev1},
	} {
		d.sync.Change(state.breaks)
		d.sync.Polls(t, 40)
		look, err := env.Tickets.LookAtHelp(d.reader, d.acme.Account, d.acme.Room.ID)
		require.NoError(t, err)
		require.Empty(t, look.Refusal)
		require.True(t, look.Covered)
		require.NotNil(t, look.FirstDue)
		require.Equal(t, state.severity, look.Severity)
	}

	// One that no place is, and one of somebody else: no such room.
	other := env.Room(t, d.acme.Account, "Sala 2")
	_, _, err := env.Tickets.AskForHelp(d.admin, ticket.Help{RoomID: other.ID})
	require.Equal(t, ticket.RoomNotInSync, rules.CodeOf(err))
	stranger := storetest.ReadOnly(env.CoveredFor(t, "Beta Ltda", "bia@beta.example", "SN-9").Account)
	_, _, err = d.ask(stranger)
	require.Equal(t, rules.NotFound, rules.CodeOf(err))
	_, err = env.Tickets.LookAtHelp(stranger, "", d.acme.Room.ID)
	require.Equal(t, rules.NotFound, rules.CodeOf(err))
	_, _, err = d.ask(context.Background())
	require.ErrorIs(t, err, db.ErrNoScope)

	// S3: what nothing covers answers as any other ticket does.
	env.Calendar.Set(env.Calendar.Now().AddDate(7, 0, 0))
	_, _, err = d.ask(d.reader)
	require.Equal(t, rules.NotCovered, rules.CodeOf(err), "%v", err)
	require.Zero(t, env.Count(t, "SELECT count(*) FROM tickets"))
}

func TestR55d_TheSnapshotStaysAndTheTicketOutlivesWhatFollows(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		d := newDown(t, env)
		got, made, err := d.ask(d.admin)
		require.NoError(t, err)
		require.True(t, made)
		require.Equal(t, rule.BySync, got.Channel)
		require.Equal(t, cover.Sev1, got.Severity)
		require.Equal(t, rule.Hardware, got.Category)
		require.Equal(t, "Sala 1: offline no Sync", got.Summary)

		seen := func() ticket.ThenAndNow {
			t.Helper()
			out, err := env.Tickets.ThenAndNowOf(d.reader, got)
			require.NoError(t, err)
			require.True(t, out.Snapshot.Holds())
			return out
		}
		first := seen()
		then := first.Then
		require.Equal(t, "Sala 1", then.Room)
		require.Equal(t, d.acme.Room.Site, then.Site)
		require.Equal(t, health.Offline, then.State)
		require.Equal(t, d.sync.Now(), then.Captured)
		require.Equal(t, first.Snapshot.CapturedAt.UTC(), then.Captured)
		require.Len(t, then.Devices, 2)
		require.Equal(t, "Rally Bar", then.Devices[0].Name)
		require.Equal(t, *d.acme.Device.Serial, then.Devices[0].Serial)
		require.Equal(t, "1.12.3", then.Devices[0].Version)
		require.Equal(t, health.DeviceOffline, then.Devices[0].Status)
		require.Equal(t, health.NoIssues, then.Devices[0].Health)
		require.NotNil(t, then.Devices[0].LastSeen)
		require.Equal(t, then.Devices, first.Now.Devices)
		require.Equal(t, then.State, first.Now.State)
		kinds := map[ticket.RoomChangeKind]int{}
		for _, c := range first.Changes {
			kinds[c.Kind]++
			require.False(t, c.At.IsZero())
		}
		require.Equal(t, map[ticket.RoomChangeKind]int{
			ticket.DeviceCame: 1, ticket.LicenceCame: 1, ticket.HealthChanged: 2,
		}, kinds)

		// The desk's list of rooms that are down has it, with its ticket; no tenant reads that.
		rooms, further, err := env.Tickets.RoomsDown(env.Context, ticket.DownFilter{
			AccountID: d.acme.Account, State: health.Offline, Page: db.Page{Limit: 1},
		})
		require.NoError(t, err)
		require.Empty(t, further)
		require.Len(t, rooms, 1)
		require.Equal(t, got.Number, rooms[0].Number)
		require.Equal(t, health.Offline, rooms[0].Now())
		require.Equal(t, 1, rooms[0].Falls)
		_, _, err = env.Tickets.RoomsDown(d.admin, ticket.DownFilter{})
		require.Equal(t, rules.NotFound, rules.CodeOf(err))

		// The database itself lets nobody change it, the service included.
		for _, change := range []string{
			"UPDATE ticket_snapshots SET content = '{}'",
			"UPDATE ticket_snapshots SET sha256 = 'x', captured_at = captured_at",
			"DELETE FROM ticket_snapshots",
		} {
			require.ErrorContains(t, env.Exec(change), "append-only", change)
		}

		// The room recovers: it is said once, however often it is looked at, and nothing is closed.
		require.Equal(t, []string{"OPENED"}, d.events(got.ID))
		note := func() int {
			n, err := env.Tickets.NoteRecoveries(env.Context)
			require.NoError(t, err)
			return n
		}
		require.Zero(t, note())
		d.sync.Goes(t, health.DeviceOnline)
		require.Zero(t, note(), "a recovery that does not last is none")
		d.sync.Polls(t, 14)
		noted := make(chan int, 8)
		var workers sync.WaitGroup
		for range cap(noted) {
			workers.Go(func() { noted <- note() })
		}
		workers.Wait()
		close(noted)
		total := 0
		for n := range noted {
			total += n
		}
		require.Equal(t, 1, total)
		require.Zero(t, note())
		require.Equal(t, []string{"OPENED", "ROOM_WELL"}, d.events(got.ID))
		now, err := env.Tickets.Get(d.reader, got.ID)
		require.NoError(t, err)
		require.Equal(t, rule.New, now.State, "recovery never closes (S57)")
		after := seen()
		require.Equal(t, then, after.Then)
		require.Equal(t, health.Healthy, after.Now.State)
		require.Equal(t, health.DeviceOnline, after.Now.Devices[0].Status)

		// It goes down again: the ticket is the same. Well again: that is said, too.
		d.sync.Goes(t, health.DeviceOffline)
		same, made, err := d.ask(d.reader)
		require.NoError(t, err)
		require.False(t, made)
		require.Equal(t, got.ID, same.ID)
		d.sync.Goes(t, health.DeviceOnline)
		d.sync.Polls(t, 14)
		require.Zero(t, note(), "it flaps: nothing more is said before it has been quiet (S57)")
		d.sync.Polls(t, 60)
		require.Equal(t, 1, note())
		require.Equal(t, []string{"OPENED", "ROOM_WELL", "ROOM_WELL"}, d.events(got.ID))

		// R28d: what covers it stays though the licence leaves the room.
		require.Equal(t, got.Frozen, now.Frozen)

		// Resolved and down again: the click has it worked on again, with a second snapshot.
		_, err = env.Tickets.Do(storetest.Lead(), got.ID, ticket.Command{
			Name: rule.DoAnswer, Text: "The switch of that floor was replaced.",
		})
		require.NoError(t, err)
		_, err = env.Tickets.Do(d.admin, got.ID, ticket.Command{Name: rule.DoResolve})
		require.NoError(t, err)
		_, _, err = d.ask(d.reader)
		require.Equal(t, ticket.RoomHealthy, rules.CodeOf(err))
		d.sync.Goes(t, health.DeviceOffline)
		same, made, err = d.ask(d.reader)
		require.NoError(t, err)
		require.False(t, made)
		require.Equal(t, got.ID, same.ID)
		require.Equal(t, rule.InProgress, same.State)
		require.Equal(t, 2, env.Count(t, "SELECT count(*) FROM ticket_snapshots"))
		require.Equal(t, health.Offline, seen().Then.State)

		// Its time is over, though nobody has noticed: a ticket that follows it.
		_, err = env.Tickets.Do(d.admin, got.ID, ticket.Command{Name: rule.DoResolve})
		require.NoError(t, err)
		env.Calendar.Set(env.Calendar.Now().AddDate(0, 0, 20))
		next, made, err := env.Tickets.AskForHelp(d.reader, ticket.Help{
			RoomID: d.acme.Room.ID, Text: "Nothing comes on.", Locale: "en", Once: "again",
		})
		require.NoError(t, err)
		require.True(t, made)
		require.Equal(t, got.ID, *next.FollowsID)
		require.Equal(t, "Sala 1: offline in Sync", next.Summary)
		closed, err := env.Tickets.Get(d.reader, got.ID)
		require.NoError(t, err)
		require.Equal(t, rule.Closed, closed.State)
		again, made, err := env.Tickets.AskForHelp(d.reader, ticket.Help{
			RoomID: d.acme.Room.ID, Once: "again",
		})
		require.NoError(t, err)
		require.False(t, made)
		require.Equal(t, next.ID, again.ID)

		// Disconnected: the ticket and what was told then stay.
		require.NoError(t, env.Sync.Disconnect(d.admin, d.acme.Account, ""))
		out, err := env.Tickets.ThenAndNowOf(d.reader, next)
		require.NoError(t, err)
		require.True(t, out.Snapshot.Holds())
		require.False(t, out.Known)
		require.Zero(t, note())
		env.AuditHolds(t)
	})
}

func TestR43c_ASignedLinkLeadsToTheRoomItNames(t *testing.T) {
	env := storetest.SQLite(t)
	d := newDown(t, env)
	look, err := env.Tickets.LookAtHelp(d.reader, "", d.acme.Room.ID)
	require.NoError(t, err)
	require.NotEmpty(t, look.Link)
	room, err := env.Tickets.RoomOfHelpLink(d.reader, look.Link)
	require.NoError(t, err)
	require.Equal(t, d.acme.Room.ID, room)
	of, err := env.Tickets.AccountOfHelpLink(look.Link)
	require.NoError(t, err)
	require.Equal(t, d.acme.Account, of)

	stranger := storetest.ReadOnly(env.CoveredFor(t, "Beta Ltda", "bia@beta.example", "SN-9").Account)
	_, err = env.Tickets.RoomOfHelpLink(stranger, look.Link)
	require.Equal(t, rules.NotFound, rules.CodeOf(err))
	for _, forged := range []string{
		"", ".", "v1.e30.", look.Link + "0", "v2" + look.Link[2:], look.Link[:len(look.Link)-1] + "x",
		look.Link[:20] + "A" + look.Link[21:],
	} {
		_, err := env.Tickets.RoomOfHelpLink(d.reader, forged)
		require.Equal(t, rules.NotFound, rules.CodeOf(err), forged)
	}
	now := env.Sync.Now()
	env.Sync.Now = func() time.Time { return now.AddDate(1, 0, 1) }
	_, err = env.Tickets.RoomOfHelpLink(d.reader, look.Link)
	require.Equal(t, rules.NotFound, rules.CodeOf(err), "its time is over")
	require.Zero(t, env.Count(t, "SELECT count(*) FROM tickets"))
}
