package operations_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/account"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/models/operations"
	"roomcover.dev/roomcover/models/order"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
)

// bought fulfils an order of a company in a country.
func bought(t *testing.T, env storetest.Env, po, company, country string, n int64) order.Order {
	t.Helper()
	f := storetest.OrderForm(po, company, "Rua A, 1", n)
	f.EndCustomer.Address.Country = country
	if country != "BR" {
		f.EndCustomer.Address.Region = ""
	}
	return env.Fulfilled(t, env.Reseller(t, "Revenda Sul"), f)
}

func TestS60_OneNameInTwoCountriesIsProposedAndCountsOnceConfirmed(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		ltda := bought(t, env, "PO-1", "Alfa Ltda", "BR", 30)
		require.Empty(t, env.Tasks(t, db.TaskOneParent))
		gmbh := bought(t, env, "PO-2", "Alfa GmbH", "DE", 30)
		parents := []string{storetest.ParentOf(t, env, ltda), storetest.ParentOf(t, env, gmbh)}
		require.NotEqual(t, parents[0], parents[1])
		for _, p := range parents {
			require.Zero(t, storetest.Entitled(t, env, p), "nothing is summed")
		}
		_, err := env.GetSpares(storetest.Customer(*gmbh.AccountID), parents[0])
		storetest.RequireCode(t, rules.NotFound, err)

		tasks := env.Tasks(t, db.TaskOneParent)
		require.Len(t, tasks, 1)
		require.Equal(t, []any{parents[1], db.TaskOpen}, []any{tasks[0].SubjectID, tasks[0].State})
		require.NotContains(t, tasks[0].What+tasks[0].Why, "Alfa")
		require.Equal(t, []string{operations.ActClose}, operations.ActionsOf(db.TaskOneParent))

		_, err = env.MergeParents(storetest.Operator(), parents[1], parents[0], "one group: their annual report")
		require.NoError(t, err)
		require.Equal(t, 1, storetest.Entitled(t, env, parents[0]))
		require.Equal(t, db.TaskDone, env.Tasks(t, db.TaskOneParent)[0].State)
		require.Equal(t, parents[0], storetest.ParentOf(t, env, bought(t, env, "PO-3", "Alfa GmbH", "DE", 1)))
		env.AuditHolds(t)
	})
}

func TestS60_WhoJoinsAParentWithoutBeingAsked(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		parent := storetest.ParentOf(t, env, bought(t, env, "PO-1", "Alfa Ltda", "BR", 1))
		for i, c := range []struct {
			company, country string
			joins            bool
			open             int // questions so far
		}{
			{"ALFA  ltda", "BR", true, 0},
			{"Alfa Ltda.", "BR", false, 1},
			{"Alfa S.A.", "BR", false, 2},
			{"Alfa Ltda", "PT", false, 3},
			{"Beta Ltda", "BR", false, 3},
			{"Alfa S.A.", "BR", false, 3}, // that one is known by now
		} {
			f := storetest.OrderForm(storetest.PO(10+i), c.company, storetest.Company(i), 1)
			f.EndCustomer.Address.Country = c.country
			o := env.Fulfilled(t, env.Reseller(t, "Revenda Sul"), f)
			require.Equal(t, c.joins, storetest.ParentOf(t, env, o) == parent, c.company)
			require.Len(t, env.Tasks(t, db.TaskOneParent), c.open, c.company)
		}
	})
}

// boughtFor fulfils an order of a company that names a person at an address in a street.
func boughtFor(
	t *testing.T, env storetest.Env, po, company, country, street, email string, n int64,
) order.Order {
	t.Helper()
	f := storetest.OrderForm(po, company, street, n)
	f.EndCustomer.Email = email
	f.EndCustomer.Address.Country = country
	if country != "BR" {
		f.EndCustomer.Address.Region = ""
	}
	return env.Fulfilled(t, env.Reseller(t, "Revenda Sul"), f)
}

// seen is how many spares the administrators of an order's account see.
func seen(t *testing.T, env storetest.Env, o order.Order) int {
	t.Helper()
	p, err := env.GetSpares(storetest.Customer(*o.AccountID), storetest.ParentOf(t, env, o))
	require.NoError(t, err)
	return p.Entitled
}

// Whoever orders with a known name at an address of their own opens an account beside the
// customer's, and learns nothing of it: not before a mail domain is proved on both sides, or
// an operator put the account there.
func TestS60_AnAccountSeesNothingOfOneThatOnlyHasItsName(t *testing.T) {
	for name, c := range map[string]struct {
		email  string
		become func(t *testing.T, env storetest.Env, ana, eve order.Order)
		sees   int
	}{
		"a stranger": {"eve@evil.test", nil, 0},
		"a stranger who accepted": {"eve@evil.test", func(t *testing.T, env storetest.Env, _, eve order.Order) {
			env.Join(t, env.InvitationOf(t, eve.ID))
		}, 0},
		"the domain in the order alone": {"eve@alfa.example", nil, 0},
		"a domain proved on one side": {"eve@alfa.example", func(t *testing.T, env storetest.Env, _, eve order.Order) {
			env.Join(t, env.InvitationOf(t, eve.ID))
		}, 0},
		"two domains": {"eve@evil.test", func(t *testing.T, env storetest.Env, ana, eve order.Order) {
			env.Join(t, env.InvitationOf(t, ana.ID))
			env.Join(t, env.InvitationOf(t, eve.ID))
		}, 0},
		"one domain proved on both": {"eva@alfa.example", func(t *testing.T, env storetest.Env, ana, eve order.Order) {
			env.Join(t, env.InvitationOf(t, ana.ID))
			env.Join(t, env.InvitationOf(t, eve.ID))
		}, 1},
		"an operator put it there": {"eve@evil.test", func(t *testing.T, env storetest.Env, ana, eve order.Order) {
			parent := storetest.ParentOf(t, env, ana)
			apart, err := env.SplitParent(storetest.Operator(), parent, operations.SplitRequest{
				Name: "Alfa Comercial Ltda", AccountIDs: []string{*eve.AccountID}, Reason: "to look at it",
			})
			require.NoError(t, err)
			_, err = env.MergeParents(storetest.Operator(), apart.Into.ParentOrgID, parent, "it is theirs")
			require.NoError(t, err)
		}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			storetest.Each(t, func(t *testing.T, env storetest.Env) {
				ana := boughtFor(t, env, "PO-1", "Alfa Ltda", "BR", "Rua A, 1", "ana@alfa.example", 60)
				require.Equal(t, 1, seen(t, env, ana), "alone under its parent")
				eve := boughtFor(t, env, "PO-2", "Alfa Ltda", "BR", "Rua Inventada, 9", c.email, 1)
				require.NotEqual(t, *ana.AccountID, *eve.AccountID)
				require.Equal(t, storetest.ParentOf(t, env, ana), storetest.ParentOf(t, env, eve))
				if c.become != nil {
					c.become(t, env, ana, eve)
				}
				require.Equal(t, c.sees, seen(t, env, eve))
				require.Equal(t, 1, seen(t, env, ana), "what its own licences earn")
				require.Equal(t, 1, storetest.Entitled(t, env, storetest.ParentOf(t, env, ana)), "operators see all")
			})
		})
	}
}

// Its parent may have been merged into one of another name: that name is not shown either.
func TestS60_NoNameIsShownAcross(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		ana := boughtFor(t, env, "PO-1", "Alfa Ltda", "BR", "Rua A, 1", "ana@alfa.example", 60)
		holding := boughtFor(t, env, "PO-2", "Holding Secreta SA", "BR", "Rua B, 1", "rui@holding.example", 1)
		_, err := env.MergeParents(storetest.Operator(), storetest.ParentOf(t, env, ana),
			storetest.ParentOf(t, env, holding), "bought in May")
		require.NoError(t, err)
		eve := boughtFor(t, env, "PO-3", "Alfa Ltda", "BR", "Rua Inventada, 9", "eve@evil.test", 1)
		require.Equal(t, storetest.ParentOf(t, env, holding), storetest.ParentOf(t, env, eve))
		for who, want := range map[string]string{*eve.AccountID: "Alfa Ltda", *ana.AccountID: "Holding Secreta SA"} {
			all, _, err := env.ListSpares(storetest.Customer(who), db.Page{})
			require.NoError(t, err)
			require.Len(t, all, 1)
			require.Equal(t, want, all[0].Name)
		}
	})
}

// One mail domain, proved on both sides by administrators who accepted, joins two parents,
// whatever their names; nothing less does.
func TestS60_ParentsOfOneProvedDomainAreJoined(t *testing.T) {
	both := func(t *testing.T, env storetest.Env, ltda, gmbh order.Order) {
		env.Join(t, env.InvitationOf(t, ltda.ID))
		env.Join(t, env.InvitationOf(t, gmbh.ID))
	}
	for name, c := range map[string]struct {
		company, email, other string
		become                func(t *testing.T, env storetest.Env, ltda, gmbh order.Order)
		joins                 bool
	}{
		"proved on both sides":   {"Alfa GmbH", "ana@alfa.example", "hans@alfa.example", both, true},
		"of another name":        {"Beta GmbH", "ana@alfa.example", "hans@alfa.example", both, true},
		"nobody has accepted":    {"Alfa GmbH", "ana@alfa.example", "hans@alfa.example", nil, false},
		"two domains":            {"Alfa GmbH", "ana@alfa.example", "hans@alfa.test", both, false},
		"personal mailboxes":     {"Alfa GmbH", "ana@gmail.com", "hans@gmail.com", both, false},
		"below personal mailbox": {"Alfa GmbH", "ana@x.gmail.com", "hans@x.gmail.com", both, false},
		"one side has accepted": {
			"Alfa GmbH", "ana@alfa.example", "hans@alfa.example",
			func(t *testing.T, env storetest.Env, ltda, _ order.Order) {
				env.Join(t, env.InvitationOf(t, ltda.ID))
			}, false,
		},
		"a service partner's people administer both": {
			"Beta GmbH", "tec@partner.example", "support@partner.example",
			func(t *testing.T, env storetest.Env, ltda, gmbh order.Order) {
				both(t, env, ltda, gmbh)
				require.NoError(t, env.PutOrgMail(storetest.Operator(), env.Reseller(t, "Revenda Sul").ID,
					account.OrgMail{Domains: []string{"partner.example"}}, "their contract"))
			}, false,
		},
		"a personal mailbox administers beside somebody who was invited": {
			"Beta GmbH", "ana@alfa.example", "eve@gmail.com",
			func(t *testing.T, env storetest.Env, ltda, gmbh order.Order) {
				both(t, env, ltda, gmbh)
				inv, err := env.Invite(env.Context, identity.NewInvite{
					AccountID: *gmbh.AccountID, Email: "rui@alfa.example", ContactName: "Rui",
					Role: identity.RoleAdmin, Kind: identity.InvitationForColleague,
				})
				require.NoError(t, err)
				env.Join(t, inv)
			}, false,
		},
		"an administrator of its own beside somebody else's": {
			"Beta GmbH", "tec@partner.example", "tec2@partner.example",
			func(t *testing.T, env storetest.Env, ltda, gmbh order.Order) {
				both(t, env, ltda, gmbh)
				inv, err := env.Invite(env.Context, identity.NewInvite{
					AccountID: *gmbh.AccountID, Email: "hans@beta.example", ContactName: "Hans",
					Role: identity.RoleAdmin, Kind: identity.InvitationForColleague,
				})
				require.NoError(t, err)
				env.Join(t, inv)
			}, false,
		},
	} {
		t.Run(name, func(t *testing.T) {
			storetest.Each(t, func(t *testing.T, env storetest.Env) {
				ltda := boughtAny(t, env, "PO-1", "Alfa Ltda", "BR", c.email, 30)
				gmbh := boughtAny(t, env, "PO-2", c.company, "DE", c.other, 30)
				parents := []string{storetest.ParentOf(t, env, ltda), storetest.ParentOf(t, env, gmbh)}
				require.NotEqual(t, parents[0], parents[1])
				if c.become != nil {
					c.become(t, env, ltda, gmbh)
				}

				for range 2 {
					_, err := env.SweepContracts(env.Context, func(operations.Sweep) {})
					require.NoError(t, err)
				}
				require.Equal(t, c.joins, storetest.ParentOf(t, env, gmbh) == parents[0])
				want := 0
				if c.joins {
					want = 1
				}
				require.Equal(t, want, storetest.Entitled(t, env, parents[0]))
				env.AuditHolds(t)
			})
		})
	}
}

// boughtAny is boughtFor with an operator's consent to whatever the order is reviewed for.
func boughtAny(
	t *testing.T, env storetest.Env, po, company, country, email string, n int64,
) order.Order {
	t.Helper()
	f := storetest.OrderForm(po, company, "Rua A, 1", n)
	f.EndCustomer.Email = email
	f.EndCustomer.Address.Country = country
	if country != "BR" {
		f.EndCustomer.Address.Region = ""
	}
	o := env.Accept(t, env.Reseller(t, "Revenda Sul"), f)
	if o.State == rules.OrderNeedsReview {
		_, err := env.DecideOrder(storetest.Operator(), o.ID, order.Decision{
			Version: o.Version, Accept: true, Reason: "asked",
		})
		require.NoError(t, err)
	}
	_, err := env.FulfilOrder(env.Context, o.ID)
	require.NoError(t, err)
	o, err = env.GetOrder(env.Context, o.ID)
	require.NoError(t, err)
	return o
}

// What an operator parted stays apart, however the domains are.
func TestS27_S60_WhatAnOperatorPartedIsNotJoinedAgain(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		ltda := boughtAny(t, env, "PO-1", "Alfa Ltda", "BR", "ana@alfa.example", 30)
		gmbh := boughtAny(t, env, "PO-2", "Alfa GmbH", "DE", "hans@alfa.example", 30)
		env.Join(t, env.InvitationOf(t, ltda.ID))
		env.Join(t, env.InvitationOf(t, gmbh.ID))
		n, err := env.JoinProvedParents(env.Context, func() {})
		require.NoError(t, err)
		require.Equal(t, 1, n)

		_, err = env.SplitParent(storetest.Operator(), storetest.ParentOf(t, env, ltda), operations.SplitRequest{
			Name: "Alfa GmbH", AccountIDs: []string{*gmbh.AccountID}, Reason: "sold in June",
		})
		require.NoError(t, err)
		n, err = env.JoinProvedParents(env.Context, func() {})
		require.NoError(t, err)
		require.Zero(t, n)
		require.NotEqual(t, storetest.ParentOf(t, env, ltda), storetest.ParentOf(t, env, gmbh))
		require.Zero(t, storetest.Entitled(t, env, storetest.ParentOf(t, env, ltda)))
	})
}
