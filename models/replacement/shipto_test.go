package replacement_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/account"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/entitlement"
	"roomcover.dev/roomcover/models/replacement"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/licensing"
	"roomcover.dev/roomcover/rules/rma"
	"roomcover.dev/roomcover/rules/spare"
)

// homeless is a covered account whose room stands at a site that has no address.
func homeless(t *testing.T, env storetest.Env) storetest.Covered {
	t.Helper()
	c := env.Covered(t)
	form := storetest.RoomForm("Sala 1")
	form.Site = "Berrini"
	room, err := env.ChangeRoom(storetest.Customer(c.Account), c.Room.ID, form, 0, "")
	require.NoError(t, err)
	c.Room = room
	return c
}

func sitesOf(t *testing.T, env storetest.Env, c storetest.Covered) []account.AccountSite {
	t.Helper()
	sites, _, err := env.ListSites(env.Context, c.Account, db.Page{Limit: 200})
	require.NoError(t, err)
	return sites
}

func asked(c storetest.Covered, change func(*replacement.NewRMA)) replacement.NewRMA {
	n := replacement.NewRMA{AccountID: c.Account, Serial: *c.Device.Serial, Fault: "No picture"}
	change(&n)
	return n
}

// S25: an address that is typed with the request becomes a site of the account, once,
// however it is spelt; a person looks at it before anything is sent there.
func TestS25_AnAddressThatIsTypedBecomesASite(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		c := homeless(t, env)
		customer := storetest.Customer(c.Account)
		_, err := env.RequestRMA(customer, asked(c, func(*replacement.NewRMA) {}))
		storetest.RequireCode(t, rma.SiteUnknown, err)

		to := rules.SiteForm{
			Address: rules.Address{
				Street:  " Rua Funchal, 418 ",
				City:    "São Paulo",
				Region:  "br-sp",
				Country: "br",
			},
			ContactName: "Rui Portaria",
		}
		r, err := env.RequestRMA(customer, asked(c, func(n *replacement.NewRMA) { n.ShipTo = &to }))
		require.NoError(t, err)
		require.Equal(t, []string{rma.ReviewShipToNew}, r.ReviewReasons)
		site, err := env.GetSite(customer, r.SiteID)
		require.NoError(t, err)
		require.Equal(t, "São Paulo", site.Name)
		require.Equal(t, "Rua Funchal, 418", site.Street)
		require.Equal(t, "SP", site.Region)
		require.Equal(t, "America/Sao_Paulo", site.TimeZone)
		require.Equal(t, 1, env.Count(t, "SELECT count(*) FROM audit_events WHERE verb = 'site.created' "+
			"AND actor_id = 'usr_admin'"))

		_, err = env.WithdrawRMA(customer, r.ID, "")
		require.NoError(t, err)
		to.Address.Street = "RUA FUNCHAL 418"
		again, err := env.RequestRMA(customer, asked(c, func(n *replacement.NewRMA) { n.ShipTo = &to }))
		require.NoError(t, err)
		require.Equal(t, r.SiteID, again.SiteID)
		require.Equal(t, []string{rma.ReviewShipToNew}, again.ReviewReasons, "nobody has looked at it")
		require.Len(t, sitesOf(t, env, c), 2)
		env.AuditHolds(t)
	})
}

// A site that has no name of its own is called after its city: the audit keeps names for ever,
// and no street and no contact, which may be a person's.
func TestS25_AStreetIsNotInTheAudit(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		c := homeless(t, env)
		customer := storetest.Customer(c.Account)
		other := storetest.RoomForm("Sala 2")
		other.Site = "RECIFE 2" // somewhere else in town
		_, err := env.CreateRoom(customer, entitlement.NewRoom{AccountID: c.Account, Form: other})
		require.NoError(t, err)
		var names []string
		for _, street := range []string{"Rua da Casa da Ana, 12", "Rua da Casa do Rui, 7", "Rua da Casa da Eva, 3"} {
			to := rules.SiteForm{
				Address:      rules.Address{Street: street, City: "Recife", Country: "BR"},
				ContactName:  "Ana da Casa",
				ContactEmail: "ana@casa.example",
			}
			r, err := env.RequestRMA(customer, asked(c, func(n *replacement.NewRMA) { n.ShipTo = &to }))
			require.NoError(t, err)
			site, err := env.GetSite(customer, r.SiteID)
			require.NoError(t, err)
			require.Equal(t, street, site.Street)
			names = append(names, site.Name)
			_, err = env.WithdrawRMA(customer, r.ID, "")
			require.NoError(t, err)
			_, err = env.ChangeSite(customer, site.ID, rules.SiteForm{
				Name:         site.Name,
				Address:      site.Address(),
				TimeZone:     site.TimeZone,
				ContactName:  "Rui da Casa",
				ContactEmail: "rui@casa.example",
			}, 0, "")
			require.NoError(t, err)
		}
		require.Equal(t, []string{"Recife", "Recife 3", "Recife 4"}, names)

		for _, kept := range []string{"audit_events", "outbox_events"} {
			column := map[string]string{"audit_events": "details", "outbox_events": "payload"}[kept]
			rows := env.Strings(t, "SELECT CAST("+column+" AS TEXT) FROM "+kept)
			require.NotEmpty(t, rows)
			for _, row := range rows {
				require.NotContains(t, strings.ToLower(row), "casa", kept)
			}
		}
		require.Equal(t, 3, env.Count(t, "SELECT count(*) FROM audit_events WHERE verb = 'site.created' "+
			"AND actor_id = 'usr_admin'"))
	})
}

// An address that a customer typed is looked at before anything is sent there, whichever
// door it came in by; a file of rooms makes its sites as the form does. What was turned
// down stays new until it is approved.
func TestS25_ATypedAddressIsLookedAtWhicheverDoorItCameInBy(t *testing.T) {
	away := rules.Address{
		Street:     "Rua das Palmeiras, 7",
		City:       "Campinas",
		Region:     "SP",
		PostalCode: "13010-000",
		Country:    "BR",
	}
	form := func(name string, a rules.Address) rules.SiteForm {
		return rules.SiteForm{Name: name, Address: a, TimeZone: "America/Sao_Paulo"}
	}

	doors := map[string]func(t *testing.T, env storetest.Env, c storetest.Covered) replacement.NewRMA{
		"the request": func(t *testing.T, env storetest.Env, c storetest.Covered) replacement.NewRMA {
			to := form("", away)
			return asked(c, func(n *replacement.NewRMA) { n.ShipTo = &to })
		},
		"a new site": func(t *testing.T, env storetest.Env, c storetest.Covered) replacement.NewRMA {
			site, err := env.CreateSite(storetest.Customer(c.Account),
				account.NewSite{AccountID: c.Account, Form: form("Campinas", away)})
			require.NoError(t, err)
			return asked(c, func(n *replacement.NewRMA) { n.SiteID = site.ID })
		},
		"a new site, typed again with the request": func(
			t *testing.T, env storetest.Env, c storetest.Covered,
		) replacement.NewRMA {
			_, err := env.CreateSite(storetest.Customer(c.Account),
				account.NewSite{AccountID: c.Account, Form: form("Campinas", away)})
			require.NoError(t, err)
			to := form("", away)
			return asked(c, func(n *replacement.NewRMA) { n.ShipTo = &to })
		},
		"another address of the room's site": func(
			t *testing.T, env storetest.Env, c storetest.Covered,
		) replacement.NewRMA {
			_, err := env.ChangeSite(storetest.Customer(c.Account), c.Site.ID, form(c.Site.Name, away), 0, "")
			require.NoError(t, err)
			return asked(c, func(n *replacement.NewRMA) { n.SiteID = c.Site.ID })
		},
	}

	for door, typed := range doors {
		t.Run(door, func(t *testing.T) {
			storetest.Each(t, func(t *testing.T, env storetest.Env) {
				c := env.Covered(t)
				customer := storetest.Customer(c.Account)
				n := typed(t, env, c)

				r, err := env.RequestRMA(customer, n)
				require.NoError(t, err)
				require.Equal(t, []string{rma.ReviewShipToNew}, r.ReviewReasons)
				_, err = env.RejectRMA(storetest.AgentContext, r.ID, replacement.RMARejection{Code: rma.RejectFraud, Reason: "Nobody there knows it."})
				require.NoError(t, err)

				env.Calendar.Set(env.Calendar.Now().AddDate(0, 0, 8))
				r, err = env.RequestRMA(customer, n)
				require.NoError(t, err)
				require.Equal(t, []string{rma.ReviewShipToNew}, r.ReviewReasons, "turned down, it stays new")
				_, err = env.ApproveRMA(storetest.AgentContext, r.ID,
					replacement.RMAApproval{DefectConfirmed: true})
				require.NoError(t, err)
				_, err = env.WithdrawRMA(customer, r.ID, "")
				require.NoError(t, err)

				r, err = env.RequestRMA(customer, n)
				require.NoError(t, err)
				require.Empty(t, r.ReviewReasons, "approved, it is known")
			})
		})
	}
}

// While a replacement is under way to a site, or a spare is kept there or proposed for it, its
// customer moves it nowhere else, not by a word: an operator may.
func TestS25_ASiteStaysWhereItIsWhileAUnitBelongsThere(t *testing.T) {
	away := rules.Address{
		Street:     "Rua das Palmeiras, 7",
		City:       "Campinas",
		Region:     "SP",
		PostalCode: "13010-000",
		Country:    "BR",
	}
	cases := map[string]func(t *testing.T, env storetest.Env, c storetest.Covered){
		"asked for": func(t *testing.T, env storetest.Env, c storetest.Covered) { env.Requested(t, c) },
		"approved":  func(t *testing.T, env storetest.Env, c storetest.Covered) { env.Approved(t, c) },
		"shipped":   func(t *testing.T, env storetest.Env, c storetest.Covered) { env.Shipped(t, c) },
	}
	for state, begin := range cases {
		t.Run(state, func(t *testing.T) {
			storetest.Each(t, func(t *testing.T, env storetest.Env) {
				c := env.Covered(t)
				begin(t, env, c)
				customer := storetest.Customer(c.Account)
				site, err := env.GetSite(customer, c.Site.ID)
				require.NoError(t, err)
				form := func(a rules.Address) rules.SiteForm {
					return rules.SiteForm{Name: site.Name, Address: a, TimeZone: site.TimeZone}
				}
				_, err = env.ChangeSite(customer, site.ID, form(away), 0, "")
				storetest.RequireCode(t, rules.StateConflict, err)

				longer := site.Address()
				longer.City += " (Rua das Palmeiras 7, Campinas)"
				_, err = env.ChangeSite(customer, site.ID, form(longer), 0, "")
				storetest.RequireCode(t, rules.StateConflict, err)

				same := form(site.Address())
				same.ContactName = "Rui Portaria"
				_, err = env.ChangeSite(customer, site.ID, same, 0, "")
				require.NoError(t, err, "the contact may change")

				moved, err := env.ChangeSite(storetest.AgentContext, site.ID, form(away), 0, "they called")
				require.NoError(t, err)
				require.Nil(t, moved.AddressTypedAt, "an operator knows it")
				require.Equal(t, 1, env.Count(t, `SELECT COUNT(*) FROM audit_events WHERE verb = 'site.changed'
					AND actor_role = 'OPERATOR_AGENT'`))
				env.AuditHolds(t)
			})
		})
	}
}

// A spare's site stays as well, from its proposal on.
func TestS25_ASparesSiteStaysWhereItIs(t *testing.T) {
	env := storetest.SQLite(t)
	c, unit := env.SpareOnSite(t)
	site, err := env.GetSite(env.Context, *unit.SiteID)
	require.NoError(t, err)
	away := rules.SiteForm{Name: site.Name, TimeZone: site.TimeZone, Address: site.Address()}
	away.Address.Street = "Rua das Palmeiras, 7"
	for _, state := range []spare.SpareState{
		spare.SpareSelectionPending, spare.SpareApproved, spare.SpareShipped, spare.SpareOnSite,
		spare.SpareReplenishing,
	} {
		require.NoError(t, env.Exec("UPDATE spare_units SET state = '"+string(state)+"'"))
		_, err = env.ChangeSite(storetest.Customer(c.Account), site.ID, away, 0, "")
		storetest.RequireCode(t, rules.StateConflict, err)
	}
}

// An address that somebody typed beside the account's own, and like it, is none that anybody
// knows; who asks for the account's own address gets that one.
func TestS25_ALikenessOfAKnownAddressIsNotKnown(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		c := homeless(t, env)
		customer := storetest.Customer(c.Account)
		acc, err := env.GetAccount(env.Context, c.Account)
		require.NoError(t, err)
		like := acc.Address()
		like.City += " (Rua das Palmeiras 7, Campinas)"
		site, err := env.CreateSite(customer, account.NewSite{
			AccountID: c.Account,
			Form:      rules.SiteForm{Name: "Sede", Address: like, TimeZone: acc.TimeZone},
		})
		require.NoError(t, err)
		require.NotNil(t, site.AddressTypedAt)

		r, err := env.RequestRMA(customer, asked(c, func(n *replacement.NewRMA) { n.ShipToAccount = true }))
		require.NoError(t, err)
		require.NotEqual(t, site.ID, r.SiteID)
	})
}

// What was turned down is looked at again at an appeal, wherever its site is by then; and no
// other site at an address that nobody knows is trusted by waiting.
func TestS25_ARejectionIsNotForgotten(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		c := env.Covered(t)
		customer := storetest.Customer(c.Account)
		r := env.Requested(t, c)
		require.Empty(t, r.ReviewReasons)
		_, err := env.RejectRMA(storetest.AgentContext, r.ID,
			replacement.RMARejection{Code: rma.RejectNoDefect, Reason: "It works."})
		require.NoError(t, err)

		site, err := env.GetSite(customer, c.Site.ID)
		require.NoError(t, err)
		away := rules.SiteForm{Name: site.Name, TimeZone: site.TimeZone, Address: site.Address()}
		away.Address.Street = "Rua das Palmeiras, 7"
		_, err = env.ChangeSite(customer, site.ID, away, 0, "")
		require.NoError(t, err)
		r, err = env.AppealRMA(customer, r.ID, "It does not.")
		require.NoError(t, err)
		require.Contains(t, r.ReviewReasons, rma.ReviewShipToNew)
		_, err = env.RejectRMA(storetest.AgentContext, r.ID,
			replacement.RMARejection{Code: rma.RejectFraud, Reason: "Nobody there knows it."})
		require.NoError(t, err)

		away.Address.Street = "Rua das Acacias, 8"
		other, err := env.CreateSite(customer, account.NewSite{
			AccountID: c.Account,
			Form:      rules.SiteForm{Name: "Anexo", Address: away.Address, TimeZone: site.TimeZone},
		})
		require.NoError(t, err)
		env.Calendar.Set(env.Calendar.Now().AddDate(0, 0, 8))
		r, err = env.RequestRMA(customer, asked(c, func(n *replacement.NewRMA) { n.SiteID = other.ID }))
		require.NoError(t, err)
		require.Contains(t, r.ReviewReasons, rma.ReviewShipToNew)
	})
}

// The account's own address is offered: nobody has to type it.
func TestS25_AReplacementGoesToTheAccountsOwnAddress(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		c := homeless(t, env)
		acc, err := env.GetAccount(env.Context, c.Account)
		require.NoError(t, err)
		before := sitesOf(t, env, c)

		r, err := env.RequestRMA(storetest.Customer(c.Account),
			asked(c, func(n *replacement.NewRMA) { n.ShipToAccount = true }))
		require.NoError(t, err)
		require.Empty(t, r.ReviewReasons)
		site, err := env.GetSite(env.Context, r.SiteID)
		require.NoError(t, err)
		require.True(t, rules.SameSiteAddress(acc.Address(), site.Address()))
		if r.SiteID != c.Site.ID {
			require.Len(t, sitesOf(t, env, c), len(before)+1)
			require.Equal(t, acc.LegalName, site.Name)
		}
	})
}

// What is wrong with a typed address is named by its field, beside what else is wrong; nothing
// of a request that is refused stays.
func TestS25_AWrongAddressOfARequestIsRefused(t *testing.T) {
	env := storetest.SQLite(t)
	c := homeless(t, env)
	right := rules.Address{Street: "Rua Funchal, 418", City: "São Paulo", Country: "BR"}
	for name, x := range map[string]struct {
		n    func(*replacement.NewRMA)
		want []string
	}{
		"no city": {func(n *replacement.NewRMA) {
			n.ShipTo = &rules.SiteForm{Name: "X", Address: rules.Address{Street: "Rua Funchal, 418", Country: "BR"}}
		}, []string{"/ship_to/address/city REQUIRED"}},
		"nothing": {func(n *replacement.NewRMA) { n.ShipTo = &rules.SiteForm{} }, []string{
			"/ship_to/address/street REQUIRED", "/ship_to/address/city REQUIRED",
			"/ship_to/address/country REQUIRED",
		}},
		"too long": {func(n *replacement.NewRMA) {
			a := right
			a.Street = strings.Repeat("R", 201)
			n.ShipTo = &rules.SiteForm{Address: a}
		}, []string{"/ship_to/address/street TOO_LONG"}},
		"a name that is taken": {func(n *replacement.NewRMA) {
			n.ShipTo = &rules.SiteForm{Name: "hq", Address: right}
		}, []string{"/ship_to/name DUPLICATE"}},
		"a message for a name": {func(n *replacement.NewRMA) {
			n.ShipTo = &rules.SiteForm{Address: right, ContactName: "Pay at https://evil.example"}
		}, []string{"/ship_to/contact_name NOT_A_NAME"}},
		"twice": {func(n *replacement.NewRMA) {
			n.ShipTo = &rules.SiteForm{Address: right}
			n.ShipToAccount = true
		}, []string{"/ship_to DUPLICATE"}},
		"an unknown serial too": {func(n *replacement.NewRMA) {
			n.Serial = "SN-999"
			n.ShipTo = &rules.SiteForm{Name: "X", Address: rules.Address{Street: "Rua Funchal, 418", Country: "BR"}}
		}, []string{"/serial SERIAL_NOT_REGISTERED", "/ship_to/address/city REQUIRED"}},
	} {
		_, err := env.RequestRMA(storetest.Customer(c.Account), asked(c, x.n))
		var got []string
		for _, f := range fieldsIn(t, err) {
			require.NotEmpty(t, f.Remedy)
			got = append(got, f.Pointer+" "+f.Code)
		}
		require.Equal(t, x.want, got, name)
		require.Len(t, sitesOf(t, env, c), 1, name)
	}
}

func fieldsIn(t *testing.T, err error) []rules.FieldError {
	t.Helper()
	var refusal *rules.Error
	require.ErrorAs(t, err, &refusal)
	return refusal.Fields
}

// S25: the proof of purchase that came with the device, as in a file of rooms, is a proof:
// it is kept with the request and not asked for again.
func TestS25_AProofOfPurchaseThatIsKnownCounts(t *testing.T) {
	env := storetest.SQLite(t)
	c := env.Covered(t)
	_, err := env.RegisterDevice(storetest.Customer(c.Account), entitlement.NewDevice{
		AccountID: c.Account,
		RoomID:    c.Room.ID,
		Form: licensing.DeviceForm{
			Serial:        "SN-500",
			ModelCode:     "MEETUP",
			PurchasedOn:   "2026-06-01",
			PurchaseProof: "NF 4711",
		},
	})
	require.NoError(t, err)
	r, err := env.RequestRMA(storetest.Customer(c.Account), replacement.NewRMA{Serial: "SN-500", Fault: "Broken"})
	require.NoError(t, err)
	require.Equal(t, "NF 4711", r.SerialProof)
}
