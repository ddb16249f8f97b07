package program_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/logistics"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules/shipping"
)

// A scan is taken although the program was not read for a while: on SQLite a second
// transaction beside the scan's would wait for it.
func TestS22_ScanIsTakenWhenTheProgramWasChanged(t *testing.T) {
	env := storetest.SQLite(t)
	sh, err := env.CreateShipment(env.Context, logistics.NewShipment{
		AccountID:  storetest.AccountOf(t, env),
		Direction:  shipping.ShipReturn,
		SubjectID:  "rma_none",
		BookingKey: "T1",
		Carrier:    "sim",
	})
	require.NoError(t, err)
	ref, err := env.Reference(env.Context)
	require.NoError(t, err)
	_, err = env.ChangeProgram(env.Context, ref.Program, ref.Version) // forgets what was read
	require.NoError(t, err)
	env.ForgetReference()
	env.Statements.Reset()
	_, err = env.ShipmentBooked(env.Context, sh.ID, "T1")
	require.NoError(t, err)
	require.Less(t, len(env.Statements.List()), 30, "tried once")
}
