package replacement_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/logistics"
	"roomcover.dev/roomcover/models/replacement"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/rma"
	"roomcover.dev/roomcover/rules/shipping"
)

// moved puts the customer's site at another address.
func moved(t *testing.T, env storetest.Env, c storetest.Covered, street string) {
	t.Helper()
	site, err := env.GetSite(storetest.AgentContext, c.Site.ID)
	require.NoError(t, err)
	address := site.Address()
	address.Street = street
	_, err = env.ChangeSite(storetest.AgentContext, site.ID, rules.SiteForm{
		Name:        site.Name,
		Address:     address,
		TimeZone:    site.TimeZone,
		ContactName: "Rui Alves",
	}, 0, "they moved")
	require.NoError(t, err)
}

func goesTo(t *testing.T, env storetest.Env, id string) (street string, fixed bool) {
	t.Helper()
	to, fixed, err := env.GoesTo(storetest.AgentContext, storetest.GetRMA(t, env, id))
	require.NoError(t, err)
	return to.Street, fixed
}

// Whoever approves looks at the address: from then on it is the replacement's, on its page, on
// both labels and for the carrier. A person has it follow the site, until it is booked.
func TestS25_AnApprovalFixesWhereTheReplacementGoes(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		env = env.WithCarrier(t, "sim")
		c := env.Covered(t)
		r := env.Requested(t, c)
		moved(t, env, c, "Rua Antes 1")
		street, fixed := goesTo(t, env, r.ID)
		require.Equal(t, "Rua Antes 1", street, "nobody has approved it yet")
		require.False(t, fixed)

		storetest.Stocked(t, env, "BR-1", "BR", "RALLY-BAR", 0)
		r, err := env.ApproveRMA(storetest.AgentContext, r.ID,
			replacement.RMAApproval{DefectConfirmed: true})
		require.NoError(t, err)
		moved(t, env, c, "Rua Depois 2")
		street, fixed = goesTo(t, env, r.ID)
		require.Equal(t, "Rua Antes 1", street)
		require.True(t, fixed)

		site, err := env.GetSite(storetest.AgentContext, c.Site.ID)
		require.NoError(t, err)
		stay, err := env.StayWithAddress(storetest.AgentContext, site)
		require.NoError(t, err)
		require.Len(t, stay, 1)

		_, err = env.ReaddressRMA(storetest.Customer(c.Account), r.ID, "we moved")
		require.Equal(t, rules.Forbidden, rules.CodeOf(err))
		r, err = env.ReaddressRMA(storetest.AgentContext, r.ID, "they moved")
		require.NoError(t, err)
		again, err := env.ReaddressRMA(storetest.AgentContext, r.ID, "they moved")
		require.NoError(t, err)
		require.Equal(t, r.Version, again.Version, "nothing twice")
		stay, err = env.StayWithAddress(storetest.AgentContext, site)
		require.NoError(t, err)
		require.Empty(t, stay)

		storetest.Stocked(t, env, "BR-2", "BR", "RALLY-BAR", 1)
		_, err = env.AllocateRMA(storetest.AgentContext, r.ID, "")
		require.NoError(t, err)
		moved(t, env, c, "Rua Mais Tarde 3")
		for _, p := range storetest.Outstanding(t, env, r.ID) {
			end, street := p.To, "Rua Depois 2"
			if p.Direction == shipping.ShipReturn {
				end, street = p.From, "Rua Mais Tarde 3" // where the faulty unit is by now
			}
			require.Equal(t, street, end.Street, p.Direction)
			require.Equal(t, "Rui Alves", end.Name, p.Direction)
		}

		may := func() []rma.RMACommand {
			given, err := env.CommandsFor(storetest.AgentContext, storetest.GetRMA(t, env, r.ID))
			require.NoError(t, err)
			return given[r.ID]
		}
		require.Contains(t, may(), rma.RMAReaddress)
		storetest.BookParcels(t, env, r.ID)
		require.NotContains(t, may(), rma.RMAReaddress, "the command is not offered any more")
		require.Contains(t, may(), rma.RMAShip, "and the others are")
		_, err = env.ReaddressRMA(storetest.AgentContext, r.ID, "they moved again")
		require.Equal(t, rules.StateConflict, rules.CodeOf(err), "the carrier has the address")
		parcels, _, err := env.ListShipments(env.Context, logistics.ShipmentFilter{SubjectID: r.ID})
		require.NoError(t, err)
		require.Len(t, parcels, 2)
		for _, sh := range parcels {
			paper, err := env.PaperOf(env.Context, sh.ID)
			require.NoError(t, err)
			ends, street := []logistics.ParcelEnd{paper.From, paper.To}, "Rua Depois 2"
			if sh.Direction == shipping.ShipReturn {
				ends[0], ends[1] = ends[1], ends[0]
				street = "Rua Mais Tarde 3"
			}
			require.Equal(t, []string{"Depot BR-2", street},
				[]string{ends[0].Name, ends[1].Street}, sh.Direction)
		}
		require.Equal(t, rma.RMAAllocated, storetest.GetRMA(t, env, r.ID).StoredState)
		env.AuditHolds(t)
	})
}
