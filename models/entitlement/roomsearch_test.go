package entitlement_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/entitlement"
	"roomcover.dev/roomcover/models/storetest"
)

// What is found by name and what by a device are one list: each room once, in its order,
// page by page, within the filter's other words and the account.
func TestASearchByNameAndBySerialIsOneList(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		seller := env.Reseller(t, "Revenda Sul")
		o := env.Fulfilled(t, seller, storetest.FormFor("PO-1", "Acme Ltda", "ana@acme.example"))
		other := env.Fulfilled(t, seller, storetest.FormFor("PO-2", "Beta SA", "bia@beta.example"))
		both := env.Room(t, *o.AccountID, "Sala XK77")
		named := env.Room(t, *o.AccountID, "Auditório xk77 b")
		equipped := env.Room(t, *o.AccountID, "Recepção")
		env.Room(t, *o.AccountID, "Copa")
		foreign := env.Room(t, *other.AccountID, "Sala XK77")
		env.Device(t, both, "AAXK771", "MEETUP", "")
		env.Device(t, equipped, "AAXK772", "MEETUP", "")

		found := func(f entitlement.RoomFilter) (ids []string) {
			for f.Page.Limit = 1; ; {
				rooms, next, err := env.ListRooms(storetest.Customer(*o.AccountID), f)
				require.NoError(t, err)
				for _, r := range rooms {
					ids = append(ids, r.ID)
				}
				if next == "" {
					return ids
				}
				f.Page.After = next
			}
		}
		require.Equal(t, []string{equipped.ID, named.ID, both.ID},
			found(entitlement.RoomFilter{Search: "xk77"}))
		require.Equal(t, []string{both.ID, named.ID, equipped.ID},
			found(entitlement.RoomFilter{Search: "XK77", Sort: db.SortOldest}))
		require.Equal(t, []string{named.ID, equipped.ID, both.ID},
			found(entitlement.RoomFilter{Search: "xk77", Sort: db.SortName}))
		require.Equal(t, []string{named.ID}, found(entitlement.RoomFilter{Search: "auditorio"}))
		require.Empty(t, found(entitlement.RoomFilter{Search: "xk77", Country: "AR"}))

		all, _, err := env.ListRooms(storetest.Operator(), entitlement.RoomFilter{Search: "xk77"})
		require.NoError(t, err)
		require.Len(t, all, 4)
		require.Equal(t, foreign.ID, all[0].ID)
	})
}
