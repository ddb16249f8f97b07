package operations_test

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/logistics"
	"roomcover.dev/roomcover/models/operations"
	"roomcover.dev/roomcover/models/replacement"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules/processes"
	"roomcover.dev/roomcover/rules/shipping"
)

// What each parcel of an RMA waits for, whom for and until when.
func TestProcessesShowShipments(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		env, c := storetest.Carried(t, env)
		r := env.Approved(t, c)
		expect := func(key string, want ...any) {
			t.Helper()
			id := storetest.ParcelsOf(t, env, r.ID)[key].ID
			list, _, err := env.ListProcesses(env.Context, operations.ProcessFilter{Kind: processes.Shipment})
			require.NoError(t, err)
			for _, p := range list {
				if p.ID == id {
					require.Equal(t, "rma/"+r.ID, p.WorkflowID)
					require.True(t, processes.KnownWait(p.WaitsFor))
					require.Equal(t, want, []any{p.WaitsFor, p.Actor})
					if key == "out/1" {
						require.Equal(t, *storetest.GetRMA(t, env, r.ID).PromisedUntil, p.Until.UTC())
					}
					return
				}
			}
			require.Empty(t, want, "it is not under way")
		}
		expect("out/1", processes.WaitsForBooking, "CARRIER")
		storetest.BookParcels(t, env, r.ID)
		expect("out/1", processes.WaitsForPickUp, "CARRIER")
		expect("return/1", processes.WaitsForPickUp, "CUSTOMER")
		storetest.Scanned(t, env, r.ID, "out/1", shipping.ScanPickedUp)
		expect("out/1", processes.WaitsForDelivery, "CARRIER")
		late, _, err := env.ListProcesses(env.Context, operations.ProcessFilter{
			Kind:    processes.Shipment,
			Overdue: true,
		})
		require.NoError(t, err)
		require.Empty(t, late)
		env.Calendar.Set(*storetest.GetRMA(t, env, r.ID).PromisedUntil)
		late, _, err = env.ListProcesses(env.Context, operations.ProcessFilter{Kind: processes.Shipment, Overdue: true})
		require.NoError(t, err)
		require.Len(t, late, 1, "the promised day is over")
		_, err = env.WatchOverdue(env.Context)
		require.NoError(t, err)
		for _, task := range env.Tasks(t, db.TaskProcessStuck) {
			require.NotEqual(t, late[0].ID, task.SubjectID, "the carrier is late, not the service")
		}
		storetest.Scanned(t, env, r.ID, "out/1", shipping.ScanDelivered)
		expect("out/1")
		_, err = env.KeepRMAUnit(storetest.AgentContext, r.ID, "photo", "")
		require.NoError(t, err)
		expect("return/1", processes.WaitsForCallOff, "CARRIER")
		require.NoError(t, env.ParcelCancelled(env.Context, storetest.ParcelsOf(t, env, r.ID)["return/1"].ID))
		expect("return/1")
	})
}

// A parcel that people hand in waits for them.
func TestProcessesShowShipmentsByHand(t *testing.T) {
	env := storetest.SQLite(t)
	_, err := env.CreateShipment(env.Context, logistics.NewShipment{
		AccountID:  storetest.AccountOf(t, env),
		Direction:  shipping.ShipRecall,
		SubjectID:  "spu_1",
		BookingKey: "k",
		Carrier:    "other",
	})
	require.NoError(t, err)
	list, _, err := env.ListProcesses(env.Context, operations.ProcessFilter{
		Kind:  processes.Shipment,
		DueBy: time.Time{},
	})
	require.NoError(t, err)
	require.Len(t, list, 1)
	require.Equal(t, []any{
		"spare/spu_1", processes.WaitsForBooking, "OPERATOR",
	}, []any{list[0].WorkflowID, list[0].WaitsFor, list[0].Actor})
	counts, err := env.CountProcesses(env.Context)
	require.NoError(t, err)
	require.Contains(t, counts, operations.ProcessCount{
		Kind:     processes.Shipment,
		WaitsFor: processes.WaitsForBooking,
		Actor:    "OPERATOR",
		N:        1,
	})
}

// Once a unit is billed its parcel back is no process any more, and is not late in the agenda
// for ever: it may still come, and nobody waits for it. Where the carrier has it, it is under
// way again. A recall's parcel has no end of its own: the unit has it.
func TestS22_NobodyWaitsForTheParcelOfABilledUnit(t *testing.T) {
	type course struct {
		id      string
		due     func() time.Time
		run     func(until time.Time)
		bill    func() error
		key     string
		arrived func() bool
	}

	for name, begin := range map[string]func(t *testing.T, env storetest.Env) (storetest.Env, course){
		"return": func(t *testing.T, env storetest.Env) (storetest.Env, course) {
			env, c := storetest.Carried(t, env)
			r := env.Approved(t, c)
			storetest.BookParcels(t, env, r.ID)
			_, err := env.ShipRMA(storetest.AgentContext, r.ID, replacement.RMAShipment{Serial: "NEW1"})
			require.NoError(t, err)
			storetest.Scanned(t, env, r.ID, "out/1", shipping.ScanPickedUp)
			storetest.Scanned(t, env, r.ID, "out/1", shipping.ScanDelivered)
			return env, course{
				id:  r.ID,
				key: "return/1",
				due: func() time.Time { return *storetest.GetRMA(t, env, r.ID).ReturnDueAt },
				run: func(until time.Time) { storetest.RunRMAUntil(t, env, r.ID, until) },
				bill: func() error {
					_, err := env.BillRMA(storetest.AgentContext, r.ID, "")
					return err
				},
				arrived: func() bool { return storetest.GetRMA(t, env, r.ID).ReturnReceivedAt != nil },
			}
		},
		"recall": func(t *testing.T, env storetest.Env) (storetest.Env, course) {
			env = env.WithCarrier(t, "sim")
			c, u := env.Spare(t)
			storetest.Stocked(t, env, "BR-1", "BR", "RALLY-BAR", 2)
			u = env.Agreed(t, c, u)
			storetest.BookParcels(t, env, u.ID)
			env.OnSite(t, u, "SP-1")
			storetest.LoseLicences(t, env, c)
			storetest.BookParcels(t, env, u.ID)
			return env, course{
				id:  u.ID,
				key: "recall/1",
				due: func() time.Time { return *storetest.UnitOf(t, env, u.ID).RecallDueAt },
				run: func(until time.Time) { storetest.RunSpareUntil(t, env, u.ID, until) },
				bill: func() error {
					_, err := env.BillSpare(storetest.AgentContext, u.ID, "")
					return err
				},
				arrived: func() bool { return storetest.UnitOf(t, env, u.ID).ReturnedAt != nil },
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			storetest.Each(t, func(t *testing.T, env storetest.Env) {
				env, c := begin(t, env)
				parcel := storetest.ParcelsOf(t, env, c.id)[c.key].ID
				late := func() bool {
					items := agenda(t, env, operations.AgendaQuery{}).Late.Items
					return slices.ContainsFunc(items, func(i operations.AgendaItem) bool {
						return i.ID == parcel
					})
				}
				waits := func() (what string) {
					list, _, err := env.ListProcesses(env.Context, operations.ProcessFilter{
						Kind: processes.Shipment,
					})
					require.NoError(t, err)
					for _, p := range list {
						if p.ID == parcel {
							what = p.WaitsFor
						}
					}
					return what
				}

				due := c.due()
				c.run(due.Add(-time.Minute))
				require.False(t, late(), "the customer has the days")
				require.Equal(t, processes.WaitsForPickUp, waits())
				c.run(due)
				require.Equal(t, name == "return", late(), "the unit is due")

				c.run(due.AddDate(0, 1, 0))
				require.NoError(t, c.bill())
				require.False(t, late(), "it is billed")
				env.Calendar.Set(due.AddDate(1, 0, 0))
				require.False(t, late(), "and stays so")
				require.Empty(t, waits())

				storetest.Scanned(t, env, c.id, c.key, shipping.ScanPickedUp)
				require.Equal(t, processes.WaitsForDelivery, waits(), "the carrier has it")
				storetest.Scanned(t, env, c.id, c.key, shipping.ScanDelivered)
				require.Empty(t, waits())
				require.False(t, late())
				require.True(t, c.arrived())
			})
		})
	}
}
