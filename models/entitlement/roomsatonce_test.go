package entitlement_test

import (
	"math/rand/v2"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"gorm.io/gorm"

	"roomcover.dev/roomcover/clock"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/domains"
	"roomcover.dev/roomcover/models/entitlement"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
)

// Whatever people do at the same time, no two stays of a device, a licence or a
// room's service overlap, each licence's state says whether it is assigned, and
// every refusal is one of the rules.
func TestR39_RandomOperationsAtOnceNeverOverlap(t *testing.T) {
	env := storetest.Postgres(t)
	o, accountID := storetest.AcmeForm(t, env)
	all, err := domains.Open(
		dialect(t, env), domains.Options{Options: db.Options{Clock: ticking(), Key: storetest.Key}},
	)
	require.NoError(t, err)
	t.Cleanup(func() { _ = all.DB.Close() })
	env = env.With(all)
	ctx := storetest.Customer(accountID)
	licences := env.Licences(t, o)[:4]
	var rooms []entitlement.Room
	var devices []entitlement.Device
	for i := range 4 {
		rooms = append(rooms, env.Room(t, accountID, storetest.PO(i)))
		devices = append(devices, env.Device(t, rooms[i], storetest.PO(i), "MEETUP", "2026-11-01"))
	}
	pick := func(r *rand.Rand) (entitlement.Licence, entitlement.Device, entitlement.Room, entitlement.Room) {
		return licences[r.IntN(4)], devices[r.IntN(4)], rooms[r.IntN(4)], rooms[r.IntN(4)]
	}
	step := func(r *rand.Rand) error {
		l, d, from, to := pick(r)
		switch r.IntN(5) {
		case 0:
			return storetest.SecondOf(env.Assign(ctx, entitlement.AssignRequest{LicenceID: l.ID, RoomID: to.ID}))
		case 1:
			return storetest.SecondOf(env.Move(ctx, entitlement.MoveRequest{
				FromRoomID: from.ID,
				ToRoomID:   to.ID,
				LicenceIDs: []string{l.ID},
			}))
		case 2:
			return storetest.SecondOf(env.Move(ctx, entitlement.MoveRequest{
				FromRoomID: from.ID,
				ToRoomID:   to.ID,
				LicenceIDs: []string{l.ID},
				DeviceIDs:  []string{d.ID},
			}))
		case 3:
			return storetest.SecondOf(env.PlaceDevice(ctx, d.ID, to.ID, ""))
		}
		open, _, err := env.ListAssignments(ctx, entitlement.AssignmentFilter{LicenceID: l.ID, Open: true})
		if err != nil || len(open) == 0 {
			return err
		}
		return storetest.SecondOf(env.Release(ctx, open[0].ID, ""))
	}
	storetest.RequireAll(t, storetest.AtOnce(8, func(i int) error {
		r := rand.New(rand.NewPCG(39, uint64(i)))
		for range 30 {
			if err := step(r); err != nil && rules.CodeOf(err) == "" {
				return err
			}
		}
		return nil
	}))
	require.Greater(t, env.Count(t, "SELECT count(*) FROM licence_assignments"), 4, "the test must do something")
	requireApart(t, env)
	env.AuditHolds(t)
}

// requireApart holds what is stored against the rules: one open stay of a device
// (R27b), no stays that overlap, no licence in two rooms and no two licences of a
// service in one (R39b), and states that say the same.
func requireApart(t require.TestingT, env storetest.Env) {
	pool, err := env.Pool()
	require.NoError(t, err)
	for _, fault := range []string{
		overlapping("licence_assignments", "licence_id"), overlapping("licence_assignments", "room_id"),
		overlapping("device_placements", "device_id"),
		"SELECT device_id FROM device_placements WHERE to_at IS NULL GROUP BY device_id HAVING count(*) > 1",
		"SELECT licence_id FROM licence_assignments WHERE to_at IS NULL GROUP BY licence_id HAVING count(*) > 1",
		"SELECT room_id FROM licence_assignments WHERE to_at IS NULL GROUP BY room_id, service_type HAVING count(*) > 1",
		"SELECT id FROM licences l WHERE (state = 'ASSIGNED') <> EXISTS (SELECT 1 FROM licence_assignments a WHERE a.licence_id = l.id AND a.to_at IS NULL)",
		"SELECT id FROM devices d WHERE (state = 'IN_ROOM') <> EXISTS (SELECT 1 FROM device_placements p WHERE p.device_id = d.id AND p.to_at IS NULL)",
		"SELECT p.id FROM device_placements p JOIN rooms r ON r.id = p.room_id WHERE p.to_at IS NULL AND r.state <> 'ACTIVE'",
		"SELECT a.id FROM licence_assignments a JOIN rooms r ON r.id = a.room_id WHERE a.to_at IS NULL AND r.state <> 'ACTIVE'",
		"SELECT name FROM rooms WHERE state = 'ACTIVE' GROUP BY account_id, name, site HAVING count(*) > 1",
		"SELECT serial FROM devices WHERE state <> 'RETIRED' GROUP BY serial HAVING count(*) > 1",
	} {
		var n int
		require.NoError(t, pool.QueryRow("SELECT count(*) FROM ("+fault+") faults").Scan(&n))
		require.Zero(t, n, fault)
	}
}

func overlapping(table, key string) string {
	return "SELECT a.id FROM " + table + " a JOIN " + table + " b ON a.id < b.id AND a." + key + " = b." + key +
		" AND tstzrange(a.from_at, a.to_at) && tstzrange(b.from_at, b.to_at)"
}

// ticking is a clock that moves on whenever it is read, as a real one does between
// two statements.
func ticking() clock.Clock {
	var reads atomic.Int64
	return clock.At(func() time.Time { return storetest.Now.Add(time.Duration(reads.Add(1)) * time.Millisecond) })
}

func dialect(t *testing.T, env storetest.Env) gorm.Dialector {
	d, err := db.Postgres(env.DSN)
	require.NoError(t, err)
	return d
}
