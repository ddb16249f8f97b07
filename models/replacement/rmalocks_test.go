package replacement_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/logistics"
	"roomcover.dev/roomcover/models/replacement"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules/rma"
	"roomcover.dev/roomcover/rules/shipping"
)

// Webhooks and commands about one account's replacements at once: each takes the
// account first, so none meets another one halfway, and none has to be tried again,
// which on PostgreSQL comes after a second of waiting.
func TestC4_WebhooksAndCommandsOfAnAccountNeverMeetHalfway(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		c := env.Covered(t)
		var ids []string
		for i := range 10 {
			serial := fmt.Sprintf("SN-30%d", i)
			env.Device(t, c.Room, serial, "RALLY-BAR", "2026-06-01")
			r, err := env.RequestRMA(storetest.AgentContext, replacement.NewRMA{
				Serial:      serial,
				Fault:       "x",
				SerialProof: "scan",
			})
			require.NoError(t, err)
			storetest.ApproveRMA(t, env, r.ID)
			_, err = env.AllocateRMA(storetest.AgentContext, r.ID, "")
			require.NoError(t, err)
			_, err = env.ShipRMA(storetest.AgentContext, r.ID,
				replacement.RMAShipment{Serial: "NEW" + serial, Carrier: "sim", Tracking: "T" + r.ID})
			require.NoError(t, err)
			ids = append(ids, r.ID)
		}
		env.Statements.Reset()
		storetest.RequireAll(t, storetest.AtOnce(10, func(i int) error {
			id := ids[i]
			if i%2 == 0 {
				return storetest.SecondOf(env.ReceiveCarrierEvent(env.Context, logistics.NewCarrierEvent{
					Carrier:    "sim",
					EventID:    id,
					Tracking:   "T" + id,
					Kind:       string(shipping.ScanPickedUp),
					OccurredAt: env.Calendar.Now(),
				}))
			}
			return storetest.SecondOf(env.RecordRMAFact(env.Context, id, rma.FactReturnScanned, time.Time{}))
		}))
		locks := 0
		for _, sql := range env.Statements.List() {
			if strings.Contains(sql, "JOIN rmas r ON") {
				locks++
			}
		}
		require.Equal(t, 10, locks, "each locked its replacement once")
		for i, id := range ids {
			r := storetest.GetRMA(t, env, id)
			require.Equal(t, []bool{i%2 == 0, i%2 == 1}, []bool{r.PickedUpAt != nil, r.ReturnScannedAt != nil})
		}
		env.AuditHolds(t)
	})
}

// The lock on a replacement is waited for by the statement that reads what stands around it, its
// audit's end among that. Where another command has moved that end, this one runs again, from
// what the other left.
func TestC6_ACommandThatWaitedForAnotherRunsAgainFromWhatThatLeft(t *testing.T) {
	env := storetest.Postgres(t)
	c := env.Covered(t)
	r := env.Requested(t, c)

	approved, withdrawn := env.Behind(t, `UPDATE "rmas"`,
		func() error {
			return storetest.SecondOf(env.ApproveRMA(storetest.AgentContext, r.ID,
				replacement.RMAApproval{DefectConfirmed: true}))
		},
		func() error {
			return storetest.SecondOf(env.WithdrawRMA(storetest.Customer(c.Account), r.ID, ""))
		})
	require.NoError(t, approved)
	require.NoError(t, withdrawn)

	locks := 0
	for _, sql := range env.Statements.List() {
		if strings.Contains(sql, "JOIN rmas r ON") {
			locks++
		}
	}
	require.Equal(t, 3, locks, "the second command locked it twice")

	r = storetest.GetRMA(t, env, r.ID)
	require.Equal(t, rma.RMAWithdrawn, r.StoredState)
	require.NotNil(t, r.ApprovedAt)
	require.Equal(t, []string{"rma.requested", "rma.approved", "rma.withdrawn"}, env.Strings(t,
		"SELECT verb FROM audit_events WHERE chain_id = '"+r.ID+"' AND verb LIKE 'rma.%' ORDER BY seq"))
	env.AuditHolds(t)
}
