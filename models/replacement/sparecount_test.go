package replacement_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/entitlement"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/spare"
)

// The count in SQL and that in rules agree on random licences of two parents: in
// every state, over or not, renewing each other or not.
func TestR81c_S4_TheStoreCountsAsTheRulesDo(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		orders, parents := storetest.Companies(t, env, 12, 12)
		random := rand.New(rand.NewPCG(1, 2))
		now := env.Calendar.Now()
		seen := map[int]bool{}
		for round := range 40 {
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
				for j, l := range licences {
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
						old := licences[random.IntN(j)].ID
						if f.State == rules.LicenceRevoked || !renewed[old] {
							renews, f.Renews = &old, old
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
			_, err := entitlement.CheckSelectCounts(env.Context, env.DB, func() {})
			require.NoError(t, err)
			want := spare.CountLicences(all, now)
			for _, p := range parents {
				got, err := env.GetSpares(env.Context, p)
				require.NoError(t, err)
				require.Equal(t, want[p], got.Licences, "round %d", round)
				seen[got.Licences] = true
			}
		}
		require.Greater(t, len(seen), 5, fmt.Sprint("too little variety: ", seen))
	})
}

func set(t *testing.T, env storetest.Env, query string, args ...any) {
	t.Helper()
	require.NoError(t, env.DB.Write(env.Context, func(tx *db.Tx) error {
		return tx.Exec(query, args...).Error
	}))
}
