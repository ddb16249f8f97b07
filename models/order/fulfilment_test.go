package order_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/account"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/entitlement"
	"roomcover.dev/roomcover/models/order"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/catalogue"
	"roomcover.dev/roomcover/rules/ordering"
)

func TestR25a_OrderWithoutAnyDeviceIsFulfilled(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		form := storetest.Form("PO-1")
		form.Lines = []ordering.OrderLine{{SKU: "SELECT-1Y", Quantity: 1}}
		o := env.Fulfilled(t, env.Reseller(t, "Revenda Sul"), form)
		require.Equal(t, rules.OrderFulfilled, o.State)
		contracts, err := env.ContractsOfOrder(env.Context, o.ID)
		require.NoError(t, err)
		require.Len(t, contracts, 1)
		require.Equal(t, rules.ContractPendingStart, contracts[0].State)
		require.Nil(t, contracts[0].StartAt)
		require.Equal(t, "2027-01-22T03:00:00Z", storetest.Stamp(contracts[0].FallbackStartAt))
	})
}

func TestR25c_OrdersAccumulate(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		seller := env.Reseller(t, "Revenda Sul")
		var accounts []string
		for i, n := range []int64{3, 4} {
			form := storetest.Form(storetest.PO(i))
			form.Lines[0].Quantity = n
			accounts = append(accounts, *env.Fulfilled(t, seller, form).AccountID)
		}
		require.Equal(t, accounts[0], accounts[1])
		balance, err := env.Balance(storetest.Customer(accounts[0]), accounts[0])
		require.NoError(t, err)
		require.Equal(t, map[catalogue.ServiceType]map[rules.LicenceState]int64{
			catalogue.ServiceSelect: {rules.LicenceAvailable: 7},
		}, balance)
	})
}

func TestR30a_BundleGrantsJumpStart(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		form := storetest.Form("PO-1")
		form.Lines = []ordering.OrderLine{{SKU: "TAP-BUNDLE-TEAMS", Quantity: 4}}
		o := env.Fulfilled(t, env.Reseller(t, "Revenda Sul"), form)
		contracts, err := env.ContractsOfOrder(env.Context, o.ID)
		require.NoError(t, err)
		c := contracts[0]
		require.Equal(t, catalogue.ServiceJumpStart, c.Type)
		require.Equal(t, rules.ContractActive, c.State)
		require.Equal(t, entitlement.StartPurchase, c.StartReason)
		require.Equal(t, "2026-11-20T03:00:00Z", storetest.Stamp(*c.StartAt))
		require.Equal(t, "2027-02-19T03:00:00Z", storetest.Stamp(*c.EndAt), "through local day purchase+90, 2027-02-18")
		require.Zero(t, env.Count(t, "SELECT count(*) FROM licences"))
		m := env.Mails(t, "order_confirmation")[0]
		require.Equal(t, "2026-11-20", m.Params["start_on"])
		require.Equal(t, "2027-02-18", m.Params["end_on"])
	})
}

func TestR96_R100_R103_WhoGetsWhichMail(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		o := env.Fulfilled(t, env.Reseller(t, "Revenda Sul"), storetest.Form("PO-1"))
		to := map[string]bool{}
		for _, m := range env.Mails(t, "order_confirmation") {
			require.False(t, to[m.Recipient])
			to[m.Recipient] = true
			require.Equal(t, *o.VendorOrderNo, m.Params["vendor_order_no"]) // R100b
			require.EqualValues(t, 10, m.Params["total_licences"])
			require.Equal(t, "2027-01-22", m.Params["latest_start_on"])
			require.Equal(t, "pt-BR", m.Locale)
			require.Equal(t, m.Recipient != "ana.souza@acme.example", m.Params["seller"], m.Recipient)
		}
		require.Equal(t, map[string]bool{
			"ana.souza@acme.example":     true,
			"pedidos@revendasul.example": true,
			"orders@norte.example":       true,
		}, to)
		invitations := env.Mails(t, "invitation")
		require.Len(t, invitations, 1) // A1
		require.Equal(t, "ana.souza@acme.example", invitations[0].Recipient)
	})
}

func TestR100a_EqualAddressesGetOneCopy(t *testing.T) {
	for name, addresses := range map[string][3]string{
		"reseller is distributor": {"ana@acme.example", "Vendas@Norte.example", "vendas@norte.example"},
		"all the same":            {"ana@acme.example", "ana@acme.example", "ANA@acme.example"},
	} {
		env := storetest.SQLite(t)
		form := storetest.Form("PO-1")
		form.EndCustomer.Email = addresses[0]
		form.Reseller.Email = addresses[1]
		form.Distributor.Email = addresses[2]
		o := env.Accept(t, env.Reseller(t, "Revenda Sul"), form)
		if o.State == rules.OrderNeedsReview {
			_, err := env.DecideOrder(storetest.Operator(), o.ID, order.Decision{Version: 1, Accept: true, Reason: "x"})
			require.NoError(t, err)
		}
		_, err := env.FulfilOrder(env.Context, o.ID)
		require.NoError(t, err)
		distinct := map[string]bool{}
		for _, a := range addresses {
			distinct[strings.ToLower(a)] = true
		}
		require.Len(t, env.Mails(t, "order_confirmation"), len(distinct), name)
	}
}

// TestR100c_NoTokenStandsAnywhere looks for the invitation's token in every
// column of every table.
func TestR100c_NoTokenStandsAnywhere(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		o := env.Fulfilled(t, env.Reseller(t, "Revenda Sul"), storetest.Form("PO-1"))
		inv := env.InvitationOf(t, o.ID)
		token := env.Secrets().InvitationToken(inv.ID)
		require.Len(t, token, 43)
		c, err := env.ChallengeInvited(env.Context, inv.ID, "browser", "pt-BR")
		require.NoError(t, err)
		code := env.Secrets().OneTimeCode(c.ID)
		for _, text := range storetest.EveryText(t, env) {
			require.NotContains(t, text, token)
			require.NotEqual(t, code, text)
			require.NotContains(t, text, `"`+code+`"`)
		}
		v, err := env.InvitationByToken(env.Context, token)
		require.NoError(t, err)
		require.Equal(t, inv.ID, v.Invitation.ID)
	})
}

func TestFulfilmentTwiceChangesNothing(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		o := env.Accept(t, env.Reseller(t, "Revenda Sul"), storetest.Form("PO-1"))
		var before []string
		for i := range 3 {
			f, err := env.FulfilOrder(env.Context, o.ID)
			require.NoError(t, err)
			require.False(t, f.Closed)
			require.Equal(t, o.CancellableUntil, f.CancellableUntil)
			if i == 0 {
				before = storetest.EveryText(t, env)
			}
		}
		require.ElementsMatch(t, before, storetest.EveryText(t, env))
	})
}

func TestR45b_TenFulfilmentsAtOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		o := env.Accept(t, env.Reseller(t, "Revenda Sul"), storetest.Form("PO-1"))
		storetest.RequireAll(t, storetest.AtOnce(10, func(int) error {
			_, err := env.FulfilOrder(env.Context, o.ID)
			return err
		}))
		for table, n := range map[string]int{
			"accounts":          1,
			"service_contracts": 1,
			"licences":          10,
			"invitations":       1,
			"notifications":     4,
			"outbox_events":     2,
		} {
			require.Equal(t, n, env.Count(t, "SELECT count(*) FROM "+table), table)
		}
		env.AuditHolds(t)
	})
}

// Six orders of a new company, for one person each: whichever is first opens the account;
// its contact is invited, and the other five wait for an operator (S15).
func TestR107_S15_SixOrdersOfANewCompanyAtOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		seller := env.Reseller(t, "Revenda Sul")
		ids := make([]string, 6)
		for i := range ids {
			form := storetest.Form(storetest.PO(i))
			form.EndCustomer.Email = "pessoa" + storetest.PO(i) + "@acme.example"
			ids[i] = env.Accept(t, seller, form).ID
		}
		storetest.RequireAll(t, storetest.AtOnce(len(ids), func(i int) error {
			_, err := env.FulfilOrder(env.Context, ids[i])
			return err
		}))
		require.Equal(t, 1, env.Count(t, "SELECT count(*) FROM accounts"))
		require.Equal(t, 1, env.Count(t, "SELECT count(*) FROM orgs WHERE kind = 'CUSTOMER_PARENT'"))
		require.Equal(t, 1, env.Count(t, "SELECT count(*) FROM invitations"))
		require.Equal(t, 10, env.Count(t, "SELECT count(*) FROM licences"))
		require.Equal(t, 5, env.Count(t, "SELECT count(*) FROM orders WHERE state = 'NEEDS_REVIEW'"))
		require.Len(t, env.Mails(t, "order_confirmation"), 3)
		for _, task := range env.Tasks(t, db.TaskReviewOrder) {
			require.Equal(t, ordering.ReasonContactUnknown, task.Why)
			o, err := env.DecideOrder(storetest.Operator(), task.SubjectID, order.Decision{
				Version:  2, // it came back to review
				Accept:   true,
				Reason:   "asked them",
				InviteAs: rules.InviteAsNobody,
			})
			require.NoError(t, err)
			_, err = env.FulfilOrder(env.Context, o.ID)
			require.NoError(t, err)
		}
		require.Equal(t, 60, env.Count(t, "SELECT count(*) FROM licences"))
		require.Equal(t, 1, env.Count(t, "SELECT count(*) FROM invitations"))
		env.AuditHolds(t)
	})
}

func TestR107a_OneAccountForEverySpelling(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		seller := env.Reseller(t, "Revenda Sul")
		first := env.Fulfilled(t, seller, storetest.Form("PO-1"))
		form := storetest.FormFor("PO-2", "ACME LTDA.", "ana.souza@acme.example")
		form.EndCustomer.Address.Street = "Avenida Paulista 1000"
		o := env.Accept(t, seller, form)
		require.Equal(t, first.AccountID, o.AccountID)
		require.Equal(t, first.AccountID, env.Fulfilled(t, seller, form).AccountID)
		// R107b
		require.Equal(t, 20, env.Count(t, "SELECT count(*) FROM licences WHERE account_id = '"+*first.AccountID+"'"))
	})
}

func TestR108_R109_HeadquartersAndSites(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		seller := env.Reseller(t, "Revenda Sul")
		for i := range 3 {
			env.Fulfilled(t, seller, storetest.Form(storetest.PO(i)))
		}
		site := storetest.Form("PO-SITE")
		site.EndCustomer.Address = rules.Address{
			Street:     "Unter den Linden 1",
			City:       "Berlin",
			PostalCode: "10117",
			Country:    "DE",
		}
		branch := env.Fulfilled(t, seller, site)
		accounts := storetest.ListOf(env.ListAccounts(env.Context, account.AccountFilter{}))(t)
		require.Len(t, accounts, 2)
		// S60: another country is for an operator to confirm; R109: then they have one parent.
		from, into := accounts[0].ParentOrgID, accounts[1].ParentOrgID
		_, err := env.MergeParents(storetest.Operator(), from, into, "their branch")
		require.NoError(t, err)
		require.Equal(t, into, storetest.ParentOf(t, env, branch))
		require.Equal(t, "Europe/Berlin", accounts[0].TimeZone)
		require.Equal(t, "en", accounts[0].Locale)
		head, err := env.Balance(env.Context, accounts[1].ID)
		require.NoError(t, err)
		require.EqualValues(t, 30, head[catalogue.ServiceSelect][rules.LicenceAvailable])
		for _, country := range []string{"BR", "DE", "US"} { // R108: sites of three countries in one view
			env.RoomIn(t, accounts[1].ID, "Sala "+country, country)
		}
		require.Len(t, storetest.ListOf(env.ListRooms(storetest.Customer(accounts[1].ID), entitlement.RoomFilter{}))(t),
			3)
		require.Empty(t,
			storetest.ListOf(env.ListRooms(storetest.Customer(*branch.AccountID), entitlement.RoomFilter{}))(t), "R109")
		_, err = env.Balance(storetest.Customer(accounts[1].ID), *branch.AccountID)
		storetest.RequireCode(t, rules.NotFound, err)
	})
}

func TestLicencesEqualQuantities(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		form := storetest.Form("PO-1")
		form.Lines = []ordering.OrderLine{{SKU: "SELECT-5Y", Quantity: 5000}, {SKU: "SELECT-1Y", Quantity: 1}}
		o := env.Fulfilled(t, env.Reseller(t, "Revenda Sul"), form)
		contracts, err := env.ContractsOfOrder(env.Context, o.ID)
		require.NoError(t, err)
		require.Len(t, contracts, 2)
		for _, c := range contracts {
			units, err := env.LicencesOf(env.Context, c.ID)
			require.NoError(t, err)
			require.EqualValues(t, c.Quantity, len(units))
			require.EqualValues(t, 1, units[0].Seq)
			require.EqualValues(t, c.Quantity, units[len(units)-1].Seq)
			require.Equal(t, contracts[0].FallbackStartAt, c.FallbackStartAt)
		}
	})
}

// TestSQLBudget_NormalOrder counts what acceptance, fulfilment and the mails of
// both workflows cost; BEGIN and COMMIT are not counted. The budget is 25 with what the
// relay takes of an order, less than 2.
func TestSQLBudget_NormalOrder(t *testing.T) {
	for name, c := range map[string]struct {
		env   func(testing.TB) storetest.Env
		bound int
	}{"sqlite": {storetest.SQLite, 24}, "postgres": {storetest.Postgres, 24}} {
		t.Run(name, func(t *testing.T) {
			env := c.env(t)
			seller := env.Reseller(t, "Revenda Sul")
			_, err := env.Reference(env.Context)
			require.NoError(t, err)
			env.Statements.Reset()
			o := env.Accept(t, seller, storetest.Form("PO-1"))
			accept := len(env.Statements.List())
			_, err = env.FulfilOrder(env.Context, o.ID)
			require.NoError(t, err)
			fulfil := len(env.Statements.List()) - accept
			require.Len(t, env.Deliver(t, o.ID), 3)
			total := len(env.Statements.List())
			id := env.InvitationOf(t, o.ID).ID
			env.Statements.Reset()
			require.Len(t, env.Deliver(t, id), 1)
			total += len(env.Statements.List())
			t.Logf("statements: acceptance %d, fulfilment %d, all with mails %d", accept, fulfil, total)
			require.LessOrEqual(t, total, c.bound)
		})
	}
}
