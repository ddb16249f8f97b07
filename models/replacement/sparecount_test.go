package replacement_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/entitlement"
	"roomcover.dev/roomcover/models/order"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/spare"
)

// The count in SQL and that in rules agree on random licences of two parents: in
// every state, over or not, renewing each other or not.
func TestR81c_S4_TheStoreCountsAsTheRulesDo(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		orders, parents := storetest.Companies(t, env, 8, 8)
		for i := range 2 { // and a second contract of each account
			form := storetest.OrderForm(storetest.PO(10+i), storetest.Company(i), "Rua A, 1", 8)
			o := env.Fulfilled(t, env.Reseller(t, "Revenda Sul"), form)
			require.Equal(t, *orders[i].AccountID, *o.AccountID)
			orders, parents = append(orders, o), append(parents, parents[i])
		}
		random := rand.New(rand.NewPCG(1, 2))
		now := env.Calendar.Now()
		seen := map[int]bool{}
		overBeforeOld := 0
		for round := range 60 {
			older := map[string][]entitlement.Licence{}
			ends := map[string]*time.Time{}
			var all []spare.CountedLicence
			renewed := map[string]bool{} // the database holds to one renewal each
			set(t, env, "UPDATE licences SET renews_licence_id = NULL")
			for i, o := range orders {
				c := storetest.OneContract(t, env, o.ID)
				state := []rules.ContractState{
					rules.ContractPendingStart, rules.ContractActive, rules.ContractActive, rules.ContractSuspended,
					rules.ContractExpired, rules.ContractCancelled,
				}[random.IntN(6)]
				end := now.Add(time.Duration(random.IntN(4)-1) * time.Hour).UTC()
				endAt := &end
				if state == rules.ContractPendingStart {
					endAt = nil
				}
				set(t, env, "UPDATE service_contracts SET state = ?, start_at = ?, end_at = ? WHERE id = ?",
					state, endAt, endAt, c.ID)
				licences := env.Licences(t, o)
				earlier := older[parents[i]]
				older[parents[i]] = append(earlier, licences...)
				for j, l := range licences {
					ends[l.ID] = endAt
					j += len(earlier)
					f := spare.CountedLicence{
						ID:            l.ID,
						ParentOrgID:   parents[i],
						Service:       c.Type,
						ContractState: state,
						ContractEnd:   endAt,
						State: []rules.LicenceState{
							rules.LicenceAvailable, rules.LicenceAssigned, rules.LicenceAssigned, rules.LicenceExpired,
							rules.LicenceRevoked,
						}[random.IntN(5)],
					}
					var renews *string
					if j > 0 && random.IntN(2) == 0 {
						old := older[parents[i]][random.IntN(j)].ID
						if f.State == rules.LicenceRevoked || !renewed[old] {
							renews, f.Renews = &old, old
							if endAt != nil && !endAt.After(now) && (ends[old] == nil || ends[old].After(now)) {
								overBeforeOld++
							}
							renewed[old] = renewed[old] || f.State != rules.LicenceRevoked
						}
					}
					all = append(all, f)
					set(t, env, "UPDATE licences SET state = ?, renews_licence_id = ? WHERE id = ?",
						f.State, renews, l.ID)
				}
			}
			// The licences were changed behind the program's back.
			set(t, env, "INSERT INTO select_counts SELECT id, 0, ? FROM accounts WHERE true "+
				"ON CONFLICT (account_id) DO UPDATE SET checked_at = excluded.checked_at", time.Unix(0, 0).UTC())
			_, err := entitlement.CheckSelectCounts(env.Context, env.DB, func() {}, uncounted)
			require.NoError(t, err)
			want := spare.CountLicences(all, now)
			for _, p := range parents {
				got, err := env.GetSpares(env.Context, p)
				require.NoError(t, err)
				require.Equal(t, want[p], got.Licences, "round %d", round)
				seen[got.Licences] = true
			}
		}
		require.Greater(t, overBeforeOld, 20, "renewals that are over before what they renew")
		require.Greater(t, len(seen), 5, fmt.Sprint("too little variety: ", seen))
	})
}

func uncounted(*db.Tx, string) error { return nil }

// counts writes wrong counts, as a worker leaves them that does not know them.
func counts(t *testing.T, env storetest.Env, licences int) {
	t.Helper()
	set(t, env, "UPDATE select_counts SET licences = ?, checked_at = ?", licences, time.Unix(0, 0).UTC())
}

// Beside workers of an earlier release, which do not keep the counts, nothing is granted or
// recalled by a count that they left behind.
func TestR81c_ACountThatWasLeftBehindGrantsAndTakesNothing(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		o, parents := storetest.Companies(t, env, 120)
		require.Equal(t, 2, storetest.Entitled(t, env, parents[0]))
		more := func(po string, n int64) {
			env.Fulfilled(t, env.Reseller(t, "Revenda Sul"),
				storetest.OrderForm(po, storetest.Company(0), "Rua A, 1", n))
		}

		counts(t, env, 400)
		more("PO-MUCH", 1)
		require.Len(t, storetest.LedgerOf(t, env, parents[0]), 1, "121 earn two")
		require.Equal(t, 121, env.Count(t, "SELECT sum(licences) FROM select_counts"), "it is put right")

		counts(t, env, 0)
		_, _, err := env.CancelOrder(storetest.Operator(), o[0].ID, order.CancelRequest{Quantity: 1, Reason: "x"})
		require.NoError(t, err)
		require.Len(t, storetest.LedgerOf(t, env, parents[0]), 1, "120 earn two")
		require.Equal(t, 120, env.Count(t, "SELECT sum(licences) FROM select_counts"))

		counts(t, env, 10)
		more("PO-LITTLE", 40) // 160 earn three: by the wrong count it earns nothing
		require.Equal(t, 2, storetest.Entitled(t, env, parents[0]))
		_, err = env.SettleSpareUnits(env.Context, func() {})
		require.NoError(t, err)
		require.Equal(t, 3, storetest.Entitled(t, env, parents[0]), "the check counts the parent again")
		require.Equal(t, spare.SpareByOrder, storetest.LedgerOf(t, env, parents[0])[1].Cause)

		set(t, env, "UPDATE service_contracts SET state = 'EXPIRED', start_at = created_at, end_at = ? "+
			"WHERE order_id = ?", env.Calendar.Now(), o[0].ID)
		_, err = env.SettleSpareUnits(env.Context, func() {})
		require.NoError(t, err)
		require.Equal(t, 3, storetest.Entitled(t, env, parents[0]), "a count is believed for a day")
		counts(t, env, 160)
		_, err = env.SettleSpareUnits(env.Context, func() {})
		require.NoError(t, err)
		require.Equal(t, 0, storetest.Entitled(t, env, parents[0]))
		env.AuditHolds(t)
	})
}

// An account whose count cannot be put right keeps no other from it, is told, and is
// looked at again.
func TestR81c_ACountThatCannotBePutRightIsTriedAgain(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		_, parents := storetest.Companies(t, env, 3, 4, 5)
		counts(t, env, 9)
		refuse := errors.New("no")
		check := func(refused string) (int, error) {
			return entitlement.CheckSelectCounts(env.Context, env.DB, func() {},
				func(_ *db.Tx, parentID string) error {
					if parentID == refused {
						return refuse
					}
					return nil
				})
		}

		wrong, err := check(parents[1])
		require.ErrorIs(t, err, refuse)
		require.Equal(t, 2, wrong)
		require.Equal(t, 3+9+5, env.Count(t, "SELECT sum(licences) FROM select_counts"))

		wrong, err = check("")
		require.NoError(t, err)
		require.Equal(t, 1, wrong)
		require.Equal(t, 3+4+5, env.Count(t, "SELECT sum(licences) FROM select_counts"))
	})
}

func set(t *testing.T, env storetest.Env, query string, args ...any) {
	t.Helper()
	require.NoError(t, env.DB.Write(env.Context, func(tx *db.Tx) error {
		return tx.Exec(query, args...).Error
	}))
}
