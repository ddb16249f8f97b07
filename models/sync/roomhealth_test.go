package sync_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/entitlement"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/models/sync"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/health"
)

// What pages say of rooms takes a statement, however many rooms there are, and says UNKNOWN of all
// of them while Sync gives no answers.
func TestS57_PagesReadInOneStatementWhichRoomsAreDown(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		w := newWorld(t, env, 6)
		w.minutes(2)
		require.NoError(t, w.Sync.PutGroup(w.ctx, w.acme.Account, sync.Group{
			PlaceGroup: place(0).Group, Country: "BR", Platform: rules.PlatformOther,
		}, ""))
		all, err := w.Sync.PlacesOf(w.ctx, w.acme.Account)
		require.NoError(t, err)
		var choices []sync.Choice
		for _, p := range all[:5] {
			choices = append(choices, sync.Choice{PlaceID: p.ID, Act: sync.Add})
		}
		out, err := w.Sync.Apply(w.ctx, w.acme.Account, choices, "")
		require.NoError(t, err)
		var ids []string
		for _, o := range out {
			require.NoError(t, o.Err)
			ids = append(ids, o.RoomID)
		}
		w.set(health.DeviceOffline, 0, 1, 5) // the last one is no room of the account
		w.minutes(3)
		w.places = w.places[:4] // the fifth vanishes
		w.minutes(3)

		read := func() (sync.AccountHealth, sync.Down) {
			t.Helper()
			w.Statements.Reset()
			h, err := w.Sync.HealthOf(w.ctx, w.acme.Account, ids...)
			require.NoError(t, err)
			down, err := w.Sync.DownOf(w.ctx, w.acme.Account, 1)
			require.NoError(t, err)
			return h, down
		}
		h, down := read()
		require.True(t, h.Connected)
		require.Equal(t, map[health.State]int64{
			health.Offline: 2, health.Healthy: 2, health.Unknown: 1,
		}, h.Counts)
		require.Equal(t, health.Offline, h.Rooms[ids[0]])
		require.Equal(t, health.Unknown, h.Rooms[ids[4]])
		require.EqualValues(t, 2, down.Offline)
		require.Zero(t, down.Attention)
		require.Len(t, down.Rooms, 1)
		require.Equal(t, health.Offline, down.Rooms[0].State)

		shown := func(state health.State) (names []string) {
			t.Helper()
			found, _, err := w.ListRooms(w.ctx, entitlement.RoomFilter{
				AccountID: w.acme.Account,
				By:        entitlement.RoomsByName,
				Health:    w.Sync.RoomsShown(state),
			})
			require.NoError(t, err)
			for _, r := range found {
				names = append(names, r.Name)
			}
			return names
		}
		require.Equal(t, []string{"Mesa 0", "Mesa 1"}, shown(health.Offline))
		require.Equal(t, []string{"Mesa 4"}, shown(health.Unknown))

		course, err := w.Sync.CourseOf(w.ctx, ids[0], 30, time.UTC)
		require.NoError(t, err)
		require.Equal(t, health.Offline, course.Shown)
		require.Len(t, course.Days, 30)
		today := course.Days[29].Offline + course.Days[28].Offline
		require.Equal(t, w.clock.Sub(course.Since), today)
		gone, err := w.Sync.CourseOf(w.ctx, ids[4], 30, time.UTC)
		require.NoError(t, err)
		require.NotNil(t, gone.MissingSince)
		none, err := w.Sync.CourseOf(w.ctx, w.acme.Room.ID, 30, time.UTC)
		require.NoError(t, err)
		require.Nil(t, none)

		// A room that is archived is none of them.
		_, err = w.ArchiveRoom(w.ctx, ids[1], "")
		require.NoError(t, err)
		h, down = read()
		require.Equal(t, map[health.State]int64{
			health.Offline: 1, health.Healthy: 2, health.Unknown: 1,
		}, h.Counts)
		require.NotContains(t, h.Rooms, ids[1])
		require.EqualValues(t, 1, down.Offline)
		require.Equal(t, ids[0], down.Rooms[0].RoomID)

		// Sync refuses: nothing is known, and nothing is down.
		w.trouble = health.Refused
		w.minutes(1)
		h, down = read()
		require.Equal(t, map[health.State]int64{health.Unknown: 4}, h.Counts)
		require.True(t, down.Refused)
		require.Zero(t, down.Offline)
		require.Empty(t, shown(health.Offline))
		require.Len(t, shown(health.Unknown), 5) // this list is of all states

		// A stranger reads nothing.
		stranger := storetest.Customer(w.CoveredFor(t, "Beta Ltda", "bia@beta.example", "SN-200").Account)
		h, err = w.Sync.HealthOf(stranger, w.acme.Account, ids...)
		require.NoError(t, err)
		require.False(t, h.Connected)
		require.Empty(t, h.Rooms)
		none, err = w.Sync.CourseOf(stranger, ids[0], 30, time.UTC)
		require.NoError(t, err)
		require.Nil(t, none)
	})
}
