package replacement_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/storetest"
)

// A booking that nobody made after an hour is told again, once in that time; so is a
// parcel that the carrier was not asked to leave.
func TestOutstandingParcelsAreToldAgain(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		env, c := storetest.Carried(t, env)
		r := env.Approved(t, c)
		lastStatus(t, env, r.ID)
		remind := func(want int) {
			t.Helper()
			n, err := env.RemindOfParcels(env.Context)
			require.NoError(t, err)
			require.Equal(t, want, n)
		}
		later := func(d time.Duration) { env.Calendar.Set(env.Calendar.Now().Add(d)) }
		remind(0)
		later(61 * time.Minute)
		remind(1)
		remind(0)
		st := lastStatus(t, env, r.ID)
		require.True(t, st.Parcels)
		require.Equal(t, storetest.GetRMA(t, env, r.ID).Version, st.Version)
		later(61 * time.Minute)
		remind(1)
		storetest.BookParcels(t, env, r.ID)
		later(61 * time.Minute)
		remind(0)
		_, err := env.WithdrawRMA(storetest.AgentContext, r.ID, "")
		require.NoError(t, err)
		remind(0)
		later(61 * time.Minute)
		remind(1)
		require.True(t, lastStatus(t, env, r.ID).Closed)
		for _, sh := range storetest.ParcelsOf(t, env, r.ID) {
			require.NoError(t, env.ParcelCancelled(env.Context, sh.ID))
		}
		later(61 * time.Minute)
		remind(0)
		require.Equal(t, 0, env.Count(t, "SELECT count(*) FROM shipments WHERE state IN ('CREATED','LABELLED')"))
	})
}

func TestNobodyIsRemindedWithoutACarrier(t *testing.T) {
	env, c := storetest.Carried(t, storetest.SQLite(t))
	env.Approved(t, c)
	env.Calendar.Set(env.Calendar.Now().Add(2 * time.Hour))
	n, err := env.WithCarrier(t, "").RemindOfParcels(env.Context)
	require.NoError(t, err)
	require.Zero(t, n)
}
