package entitlement_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/entitlement"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
)

func TestC3_RoomsRegionIsKeptAndGivesItsZone(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		_, accountID := storetest.AcmeForm(t, env) // in São Paulo
		for _, c := range []struct{ country, region, zone, wantRegion, wantZone string }{
			{"BR", "", "", "", "America/Sao_Paulo"},
			{"BR", "br-am", "", "AM", "America/Manaus"},
			{"BR", "AM", "America/Sao_Paulo", "AM", "America/Sao_Paulo"},
			{"AU", "sa", "", "SA", "Australia/Adelaide"},
			{"DE", "BY", "", "BY", "Europe/Berlin"},
		} {
			f := storetest.RoomForm("Sala")
			f.Country = c.country
			f.Region = c.region
			f.TimeZone = c.zone
			r, err := env.CreateRoom(env.Context, entitlement.NewRoom{AccountID: accountID, Form: f})
			require.NoError(t, err)
			r, err = env.GetRoom(env.Context, r.ID)
			require.NoError(t, err)
			require.Equal(t, []string{c.wantRegion, c.wantZone}, []string{r.Region, r.TimeZone})
		}
		f := storetest.RoomForm("Sala")
		f.Region = "São Paulo"
		_, err := env.CreateRoom(env.Context, entitlement.NewRoom{AccountID: accountID, Form: f})
		storetest.RequireCode(t, rules.ValidationFailed, err)
		require.Equal(t, []string{"/region"}, storetest.Pointers(err))
	})
}
