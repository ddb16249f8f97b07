package replacement_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/replacement"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/rma"
)

// An accessory has no serial by which an open RMA would be found: only the name of
// the request tells a second press of the button from a second wish.
func TestR74_NamedRequestMakesOneRMA(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		c := env.Covered(t)
		ask := func(actor, once string) replacement.RMA {
			ctx := db.WithScope(env.Context, db.Scope{
				AccountIDs: []string{c.Account},
				Actor:      db.Actor{ID: actor, Role: rules.CustomerAdmin},
			})
			r, err := env.RequestRMA(ctx, replacement.NewRMA{
				AccountID: c.Account,
				RoomID:    c.Room.ID,
				ModelCode: "STRONG-USB-CABLE",
				Quantity:  2,
				Fault:     "Broken",
				Once:      once,
			})
			require.NoError(t, err)
			return r
		}
		first := ask("usr_a", "form-1")
		env.Calendar.Set(env.Calendar.Now().Add(time.Hour))
		again := ask("usr_a", "form-1")
		require.Equal(t, first.ID, again.ID)
		require.Equal(t, rma.RMARequested, again.StoredState)
		require.NotEqual(t, first.ID, ask("usr_b", "form-1").ID, "another caller's name is another request")
		require.NotEqual(t, first.ID, ask("usr_a", "form-2").ID)
		require.NotEqual(t, ask("usr_a", "").ID, ask("usr_a", "").ID, "without a name every request counts")

		all, _, err := env.ListRMAs(env.Context, replacement.RMAFilter{})
		require.NoError(t, err)
		require.Len(t, all, 5)
		require.Len(t, env.Tasks(t, db.TaskDecideRMA), 5, "one to decide for each, none for the repetition")
	})
}

func TestR35c_NamedRequestOfADeviceIsAnsweredAgainNotRefused(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		c := env.Covered(t)
		ask := func(once string) (replacement.RMA, error) {
			return env.RequestRMA(storetest.Customer(c.Account), replacement.NewRMA{
				Serial: "SN-100",
				Fault:  "No picture",
				Once:   once,
			})
		}
		first, err := ask("form-1")
		require.NoError(t, err)
		again, err := ask("form-1")
		require.NoError(t, err)
		require.Equal(t, first.ID, again.ID)
		_, err = ask("form-2")
		storetest.RequireCode(t, rma.RMAOpen, err)
	})
}

func TestR74_NamedRequestsAtOnceMakeOneRMA(t *testing.T) {
	env := storetest.Postgres(t)
	c := env.Covered(t)
	storetest.RequireAll(t, storetest.AtOnce(8, func(int) error {
		_, err := env.RequestRMA(storetest.Customer(c.Account), replacement.NewRMA{
			AccountID: c.Account,
			RoomID:    c.Room.ID,
			ModelCode: "STRONG-USB-CABLE",
			Quantity:  1,
			Fault:     "Broken",
			Once:      "form-1",
		})
		return err
	}))
	require.Equal(t, 1, env.Count(t, "SELECT COUNT(*) FROM rmas"))
}
