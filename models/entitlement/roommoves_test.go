package entitlement_test

import (
	"context"
	"fmt"
	"testing"

	"cloud.google.com/go/civil"
	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/entitlement"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/catalogue"
	"roomcover.dev/roomcover/rules/cover"
)

// inject makes the database refuse an insertion or an update, as if the service ended there.
func inject(t *testing.T, env storetest.Env, event, table, check string) {
	t.Helper()
	statement := "CREATE TRIGGER injected BEFORE " + event + " ON " + table +
		" BEGIN SELECT RAISE(ABORT, 'injected'); END"
	if env.DSN != "" {
		statement = "ALTER TABLE " + table + " ADD CONSTRAINT injected CHECK (" + check + ") NOT VALID"
	}
	require.NoError(t, env.Exec(statement))
}

// inRoom counts the open stays of devices and licences in a room.
func inRoom(t *testing.T, env storetest.Env, id string) [2]int {
	t.Helper()
	const stays = "SELECT count(*) FROM %s WHERE to_at IS NULL AND room_id = '%s'"
	return [2]int{
		env.Count(t, fmt.Sprintf(stays, "device_placements", id)),
		env.Count(t, fmt.Sprintf(stays, "licence_assignments", id)),
	}
}

// A whole room moves, however much is in it, and not at all where something stops it on the way.
func TestR28c_AWholeRoomMovesAtOnceOrNotAtAll(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		o, accountID := storetest.AcmeForm(t, env)
		a, b := env.Room(t, accountID, "A"), env.Room(t, accountID, "B")
		for n := range 120 {
			env.Device(t, a, fmt.Sprintf("SERIAL%03d", n), "MEETUP", "2026-11-01")
		}
		env.Assigned(t, env.Licences(t, o)[0], a)
		ctx := storetest.Operator()
		move := func(ctx context.Context, version int64) error {
			return storetest.SecondOf(env.MoveRoom(ctx, entitlement.RoomMove{
				FromRoomID: a.ID, ToRoomID: b.ID, Version: version, Reason: "they moved",
			}))
		}
		for code, q := range map[string]entitlement.RoomMove{
			rules.ValidationFailed: {FromRoomID: a.ID, ToRoomID: a.ID, Reason: "r"},
			rules.ReasonRequired:   {FromRoomID: a.ID, ToRoomID: b.ID},
			rules.NotFound:         {FromRoomID: a.ID, ToRoomID: "rom_x", Reason: "r"},
			rules.StateConflict:    {FromRoomID: b.ID, ToRoomID: a.ID, Reason: "nothing is there"},
		} {
			_, err := env.MoveRoom(ctx, q)
			storetest.RequireCode(t, code, err)
		}

		// somebody changes the room between the look and the move
		changed, err := env.ChangeRoom(ctx, a.ID, storetest.RoomForm("A, first floor"), a.Version, "renamed")
		require.NoError(t, err)
		storetest.RequireCode(t, rules.VersionMismatch, move(ctx, a.Version))
		require.Equal(t, [2]int{120, 1}, inRoom(t, env, a.ID))

		env.Statements.Reset()
		require.NoError(t, move(ctx, changed.Version))
		require.LessOrEqual(t, len(env.Statements.List()), 14, "they do not grow with what moves")
		require.Equal(t, [2]int{0, 0}, inRoom(t, env, a.ID))
		require.Equal(t, [2]int{120, 1}, inRoom(t, env, b.ID))
		env.AuditHolds(t)

		inject(t, env, "INSERT", "device_placements", "from_at < '2000-01-01'")
		events := env.Count(t, "SELECT count(*) FROM audit_events")
		_, err = env.MoveRoom(ctx, entitlement.RoomMove{FromRoomID: b.ID, ToRoomID: a.ID, Reason: "and back"})
		require.Error(t, err)
		require.Equal(t, [2]int{120, 1}, inRoom(t, env, b.ID))
		require.Equal(t, [2]int{0, 0}, inRoom(t, env, a.ID))
		require.Equal(t, events, env.Count(t, "SELECT count(*) FROM audit_events"))
	})
}

// All licences of a room are released together, or none of them.
func TestR28c_ARoomIsReleasedAtOnceOrNotAtAll(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		c := env.Covered(t)
		ctx := storetest.Operator()
		const assigned = "SELECT count(*) FROM licences WHERE state = 'ASSIGNED'"
		require.Equal(t, 1, env.Count(t, assigned))
		release := func(version int64, reason string) error {
			return storetest.SecondOf(env.ReleaseRoom(ctx, c.Room.ID, version, reason))
		}
		storetest.RequireCode(t, rules.ReasonRequired, release(0, ""))
		storetest.RequireCode(t, rules.VersionMismatch, release(c.Room.Version+1, "r"))
		storetest.RequireCode(t, rules.NotFound, storetest.SecondOf(
			env.ReleaseRoom(storetest.Customer("acc_other"), c.Room.ID, 0, "")))

		inject(t, env, "UPDATE", "licence_assignments", "end_reason <> 'RELEASED'")
		require.Error(t, release(c.Room.Version, "r"))
		require.Equal(t, 1, env.Count(t, assigned), "what was free already is not")
		drop := "DROP TRIGGER injected"
		if env.DSN != "" {
			drop = "ALTER TABLE licence_assignments DROP CONSTRAINT injected"
		}
		require.NoError(t, env.Exec(drop))

		ended, err := env.ReleaseRoom(ctx, c.Room.ID, c.Room.Version, "not needed")
		require.NoError(t, err)
		require.Len(t, ended, 1)
		require.Equal(t, entitlement.EndReleased, ended[0].EndReason)
		require.Equal(t, 0, env.Count(t, assigned))
		require.Equal(t, [2]int{1, 0}, inRoom(t, env, c.Room.ID), "the device stays")
		storetest.RequireCode(t, rules.StateConflict, release(0, "again"))
		env.AuditHolds(t)
	})
}

// A room is archived and restored as it was seen.
func TestS28_ARoomIsArchivedAndRestoredAsItWasSeen(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		c := env.Covered(t)
		ctx := storetest.Operator()
		_, err := env.ArchiveRoom(ctx, c.Room.ID, "closed", c.Room.Version+1)
		storetest.RequireCode(t, rules.VersionMismatch, err)
		archived, err := env.ArchiveRoom(ctx, c.Room.ID, "closed", c.Room.Version)
		require.NoError(t, err)
		_, err = env.RestoreRoom(ctx, c.Room.ID, "by mistake", c.Room.Version)
		storetest.RequireCode(t, rules.VersionMismatch, err)
		_, err = env.RestoreRoom(ctx, c.Room.ID, "by mistake", archived.Version)
		require.NoError(t, err)
	})
}

// Terms that were read count only as long as they are the ones in force.
func TestR78e_AWholeRoomMovesByTheTermsThatWereRead(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		c := env.Covered(t)
		far := env.RoomIn(t, c.Account, "Berlin", "DE")
		differ := func() {
			_, err := env.PublishTerms(env.Context,
				storetest.TermsOf("DE", func(t *catalogue.CountryTerms) {
					t.RMASpeed = "3BD"
					t.EffectiveFrom = civil.DateOf(env.Calendar.Now()).AddDays(-1) // it is today everywhere
				}), "")
			require.NoError(t, err)
		}
		differ()
		move := func(terms int) error {
			return storetest.SecondOf(env.MoveRoom(storetest.Operator(), entitlement.RoomMove{
				FromRoomID: c.Room.ID, ToRoomID: far.ID, Acknowledged: terms, Reason: "they moved",
			}))
		}
		storetest.RequireCode(t, cover.TermsAckRequired, move(0))
		differ()
		storetest.RequireCode(t, cover.TermsAckRequired, move(2))
		require.NoError(t, move(3))
	})
}
