package account_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/account"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
)

func TestS25_SitesAreKnownByName(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		c := env.Covered(t)
		form := rules.SiteForm{
			Name: " hq ",
			Address: rules.Address{
				Street:  "Rua Augusta 10",
				City:    "São Paulo",
				Region:  "BR-SP",
				Country: "br",
			},
		}
		_, err := env.CreateSite(storetest.Customer(c.Account), account.NewSite{AccountID: c.Account, Form: form})
		storetest.RequireCode(t, rules.ValidationFailed, err)
		require.Equal(t, []string{"/name"}, storetest.Pointers(err))
		form.Name = "Filial"
		site, err := env.CreateSite(storetest.Customer(c.Account), account.NewSite{AccountID: c.Account, Form: form})
		require.NoError(t, err)
		require.Equal(t, []string{"SP", "BR", "America/Sao_Paulo"}, []string{site.Region, site.Country, site.TimeZone})
		_, err = env.CreateSite(storetest.ReadOnly(c.Account), account.NewSite{AccountID: c.Account, Form: form})
		storetest.RequireCode(t, rules.Forbidden, err)
		form.Address.Street = "Rua Augusta 12"
		_, err = env.ChangeSite(storetest.Customer(c.Account), site.ID, form, site.Version+7, "")
		storetest.RequireCode(t, rules.StateConflict, err)
		site, err = env.ChangeSite(storetest.Customer(c.Account), site.ID, form, site.Version, "")
		require.NoError(t, err)
		require.Equal(t, "Rua Augusta 12", site.Street)
		require.Len(t, storetest.ListOf(env.ListSites(storetest.Customer(c.Account), "", db.Page{}))(t), 2)
		env.AuditHolds(t)
	})
}

func TestR84_OnlyOperatorsMarkTheCourier(t *testing.T) {
	env := storetest.SQLite(t)
	c := env.Covered(t)
	_, err := env.MarkCourier(storetest.Customer(c.Account), c.Site.ID, true, "slow")
	storetest.RequireCode(t, rules.Forbidden, err)
	site, err := env.MarkCourier(storetest.Operator(), c.Site.ID, true, "three late parcels")
	require.NoError(t, err)
	require.True(t, site.CourierUnreliable)
}

// The same request again adds no second site; another form under its name is another request.
func TestS25_TheSameRequestAddsOneSite(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		c := env.Covered(t)
		n := account.NewSite{
			AccountID: c.Account,
			Once:      "once_1",
			Form: rules.SiteForm{
				Name: "Filial",
				Address: rules.Address{
					Street:  "Rua Augusta 10",
					City:    "São Paulo",
					Region:  "SP",
					Country: "BR",
				},
			},
		}

		ids := make([]string, 4)
		storetest.RequireAll(t, storetest.AtOnce(len(ids), func(i int) error {
			site, err := env.CreateSite(storetest.Customer(c.Account), n)
			ids[i] = site.ID
			return err
		}))
		for _, id := range ids {
			require.Equal(t, ids[0], id)
		}

		n.Form.Address.Street = "Rua Augusta 12"
		_, err := env.CreateSite(storetest.Customer(c.Account), n)
		storetest.RequireCode(t, rules.ValidationFailed, err)
		require.Equal(t, []string{"/name"}, storetest.Pointers(err))
		require.Len(t, storetest.ListOf(env.ListSites(storetest.Customer(c.Account), "", db.Page{}))(t), 2)
		env.AuditHolds(t)
	})
}
