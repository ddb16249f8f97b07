package operations_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/logistics"
	"roomcover.dev/roomcover/models/operations"
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
