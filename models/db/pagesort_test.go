package db_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/entitlement"
	"roomcover.dev/roomcover/models/storetest"
)

// Every order reads each room once, whatever the size of the pages, also where
// names repeat.
func TestRoomsAndDevicesAreSortedPageByPage(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		o := env.Fulfilled(t, env.Reseller(t, "Revenda Sul"), storetest.Form("PO-1"))
		var rooms []string
		for i, name := range []string{"Ipê", "Araucária", "Ipê", "Cedro"} {
			r := env.Room(t, *o.AccountID, name)
			env.Device(t, r, fmt.Sprintf("%dZZ", 9-i), "RALLY-BAR", "2026-10-01")
			rooms = append(rooms, r.ID)
		}
		for _, c := range []struct {
			sort db.Sort
			want []int
		}{
			{db.SortNewest, []int{3, 2, 1, 0}}, {db.SortOldest, []int{0, 1, 2, 3}}, {db.SortName, []int{1, 3, 0, 2}},
		} {
			var got []string
			for page := (db.Page{Limit: 1}); ; {
				list, next, err := env.ListRooms(env.Context, entitlement.RoomFilter{
					AccountID: *o.AccountID,
					Sort:      c.sort,
					Page:      page,
				})
				require.NoError(t, err)
				require.LessOrEqual(t, len(list), 1)
				for _, r := range list {
					got = append(got, r.ID)
				}
				if page.After = next; next == "" {
					break
				}
			}
			var want []string
			for _, i := range c.want {
				want = append(want, rooms[i])
			}
			require.Equal(t, want, got, "sort %q", c.sort)
		}
		devices, next, err := env.ListDevices(env.Context, entitlement.DeviceFilter{
			AccountID: *o.AccountID,
			Sort:      db.SortName,
			Page:      db.Page{Limit: 3},
		})
		require.NoError(t, err)
		require.True(t, slices.IsSortedFunc(devices, func(a, b entitlement.Device) int {
			return map[bool]int{true: -1, false: 1}[*a.Serial < *b.Serial]
		}))
		rest, _, err := env.ListDevices(env.Context, entitlement.DeviceFilter{
			AccountID: *o.AccountID,
			Sort:      db.SortName,
			Page:      db.Page{Limit: 3, After: next},
		})
		require.NoError(t, err)
		require.Len(t, rest, 1)
		require.Equal(t, "9ZZ", *rest[0].Serial)
	})
}
