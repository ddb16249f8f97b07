package order_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/account"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/order"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/ordering"
)

func TestS14_SameBodyIsTheSameOrder(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		seller := env.Reseller(t, "Revenda Sul")
		first, err := env.AcceptOrder(storetest.Seller(seller), order.Intake{
			Sender: seller,
			Form:   storetest.Form("PO-1"),
		})
		require.NoError(t, err)
		require.True(t, first.Created)
		require.Regexp(t, `^ord_[0-9a-z]{26}$`, first.Order.ID)
		require.Regexp(t, `^SO-[0-9A-Z]{5}-[0-9A-Z]{5}$`, *first.Order.VendorOrderNo)
		spelled := storetest.Form(" PO-1 ")
		spelled.EndCustomer.Email = "Ana.Souza@ACME.example"
		spelled.Lines[0].SKU = "select-3y"
		again, err := env.AcceptOrder(storetest.Seller(seller), order.Intake{Sender: seller, Form: spelled})
		require.NoError(t, err)
		require.False(t, again.Created)
		require.Equal(t, first.Order.ID, again.Order.ID)
		require.Equal(t, first.Order.VendorOrderNo, again.Order.VendorOrderNo)
		require.Len(t, again.Order.Lines, 1)
		for _, table := range []string{"orders", "order_lines", "outbox_events"} {
			require.Equal(t, 1, env.Count(t, "SELECT count(*) FROM "+table), table)
		}
	})
}

func TestS14_OtherBodyUnderThePONamesTheFields(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		seller := env.Reseller(t, "Revenda Sul")
		env.Accept(t, seller, storetest.Form("PO-1"))
		other := storetest.Form("PO-1")
		other.Lines[0].Quantity, other.EndCustomer.Address.City = 11, "Campinas"
		_, err := env.AcceptOrder(env.Context, order.Intake{Sender: seller, Form: other})
		storetest.RequireCode(t, rules.PONumberConflict, err)
		require.Equal(t, []string{"/lines/0/quantity", "/end_customer/address/city"}, storetest.Pointers(err))
		require.NotContains(t, err.Error(), "Campinas")
		env.Accept(t, env.Reseller(t, "Revenda Oeste"), other) // the number is the sender's own
		require.Equal(t, 2, env.Count(t, "SELECT count(*) FROM orders"))
	})
}

func TestS14_HundredParallelPostsMakeOneOrder(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		seller := env.Reseller(t, "Revenda Sul")
		created := make([]bool, 100)
		ids := make([]string, 100)
		storetest.RequireAll(t, storetest.AtOnce(100, func(i int) error {
			out, err := env.AcceptOrder(env.Context, order.Intake{Sender: seller, Form: storetest.Form("PO-1")})
			created[i], ids[i] = out.Created, out.Order.ID
			return err
		}))
		n := 0
		for i := range ids {
			require.Equal(t, ids[0], ids[i])
			if created[i] {
				n++
			}
		}
		require.Equal(t, 1, n)
		for _, table := range []string{"orders", "order_lines", "outbox_events"} {
			require.Equal(t, 1, env.Count(t, "SELECT count(*) FROM "+table), table)
		}
		env.AuditHolds(t)
	})
}

func TestR45a_UnauthorisedResellerNeedsReview(t *testing.T) {
	for name, change := range map[string]account.OrgChange{
		"never authorised": {},
		"suspended":        {AuthorisedFrom: "2020-01-01", Suspended: true},
		"expired":          {AuthorisedFrom: "2020-01-01", AuthorisedUntil: "2026-11-23"},
		"not yet":          {AuthorisedFrom: "2026-11-24"},
	} {
		t.Run(name, func(t *testing.T) {
			storetest.Each(t, func(t *testing.T, env storetest.Env) {
				change.Kind, change.Name = account.OrgReseller, "Revenda Sul"
				seller, err := env.PutOrg(env.Context, change)
				require.NoError(t, err)
				o := env.Accept(t, seller, storetest.Form("PO-1"))
				require.Equal(t, rules.OrderNeedsReview, o.State)
				require.Equal(t, []string{ordering.ReasonResellerNotAuthorised}, o.ReviewReasons)
				require.Nil(t, o.VendorOrderNo)
				f, err := env.FulfilOrder(env.Context, o.ID)
				require.NoError(t, err)
				require.True(t, f.InReview)
				for _, table := range []string{
					"service_contracts", "licences", "notifications", "invitations", "accounts",
				} {
					require.Zero(t, env.Count(t, "SELECT count(*) FROM "+table), table)
				}
				require.Len(t, env.Tasks(t, db.TaskReviewOrder), 1)
			})
		})
	}
}

func TestR45a_LastDayOfAuthorisation(t *testing.T) {
	env := storetest.SQLite(t)
	seller, err := env.PutOrg(env.Context, account.OrgChange{
		Kind:            account.OrgReseller,
		Name:            "Revenda Sul",
		AuthorisedFrom:  "2026-11-23",
		AuthorisedUntil: "2026-11-24",
	})
	require.NoError(t, err)
	require.Equal(t, rules.OrderAccepted, env.Accept(t, seller, storetest.Form("PO-1")).State)
}

func TestR45a_AuthorisationThatCannotBeReadIsRefused(t *testing.T) {
	env := storetest.SQLite(t)
	for _, bad := range []account.OrgChange{
		{Kind: account.OrgReseller, Name: "R", AuthorisedFrom: "2020-01-01", AuthorisedUntil: "2026-02-30"},
		{Kind: account.OrgReseller, Name: "R", AuthorisedFrom: "yesterday"},
		{Kind: account.OrgReseller, Name: " ", AuthorisedFrom: "2020-01-01"},
	} {
		_, err := env.PutOrg(env.Context, bad)
		storetest.RequireCode(t, rules.ValidationFailed, err)
	}
	require.Zero(t, env.Count(t, "SELECT count(*) FROM orgs WHERE kind = 'RESELLER'"))
}

func TestR45a_DistributorsOrderOfUnknownReseller(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		dist := env.Distributor(t, "Distribuidora Norte")
		o := env.Accept(t, dist, storetest.Form("PO-1"))
		require.Equal(t, []string{
			ordering.ReasonResellerNotAuthorised, ordering.ReasonWithoutRelation,
		}, o.ReviewReasons)
		require.Equal(t, dist.ID, *o.DistributorID)
		require.Equal(t, dist.ID, o.SubmittedBy)
		reseller, err := env.GetOrg(env.Context, o.ResellerID)
		require.NoError(t, err)
		require.Equal(t, account.OrgReseller, reseller.Kind)
		require.Empty(t, reseller.AuthorisedFrom)
		known, err := env.ChangeOrg(storetest.Operator(), reseller.ID, account.OrgChange{
			Kind:           account.OrgReseller,
			Name:           "REVENDA SUL", // case is no difference
			Country:        "BR",
			AuthorisedFrom: "2020-01-01",
		}, "their contract")
		require.NoError(t, err)
		env.Relate(t, dist, known)
		o2 := env.Accept(t, dist, storetest.Form("PO-2"))
		require.Equal(t, rules.OrderAccepted, o2.State)
		require.Equal(t, o.ResellerID, o2.ResellerID)
		for _, org := range []account.Org{dist, reseller} {
			require.Len(t, storetest.ListOf(env.ListOrders(storetest.Seller(org), order.OrderFilter{}))(t), 2, org.Kind)
		}
	})
}

func TestR115b_DoubtfulContactNeedsReview(t *testing.T) {
	env := storetest.SQLite(t)
	seller := env.Reseller(t, "Revenda Sul")
	for email, reason := range map[string]string{
		"ana@revendasul.example": ordering.ReasonContactAtReseller,
		"ana@norte.example":      ordering.ReasonContactAtDistributor,
		"ana.souza@gmail.com":    ordering.ReasonContactAtFreeMail,
	} {
		o := env.Accept(t, seller, storetest.FormFor("PO-"+email, "Acme", email))
		require.Equal(t, rules.OrderNeedsReview, o.State)
		require.Equal(t, []string{reason}, o.ReviewReasons)
	}
}

func TestR115b_OverriddenByAnOperatorWithAudit(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		o := env.Accept(t, env.Reseller(t, "Revenda Sul"), storetest.FormFor("PO-1", "Acme", "ana@revendasul.example"))
		o, err := env.DecideOrder(storetest.Operator(), o.ID, order.Decision{Version: 1, Accept: true, Reason: "known contact"})
		require.NoError(t, err)
		require.Equal(t, rules.OrderAccepted, o.State)
		events, err := env.Timeline(env.Context, o.ID)
		require.NoError(t, err)
		last := events[len(events)-1]
		require.Equal(t, "order.accepted", last.Verb)
		require.Equal(t, "tok_operator", last.ActorID)
		require.Equal(t, "known contact", last.Details["reason"])
		require.Equal(t, []any{ordering.ReasonContactAtReseller}, last.Details["overridden"])
	})
}

func TestR49a_GroupMailboxIsAWarning(t *testing.T) {
	env := storetest.SQLite(t)
	out, err := env.AcceptOrder(env.Context, order.Intake{
		Sender: env.Reseller(t, "Revenda Sul"),
		Form:   storetest.FormFor("PO-1", "Acme", "it@acme.example"),
	})
	require.NoError(t, err)
	require.Equal(t, rules.OrderAccepted, out.Order.State)
	require.Equal(t, rules.GroupMailboxSuspected, out.Warnings[0].Code)
}

func TestS6_PurchaseDate(t *testing.T) {
	for _, c := range []struct {
		po, want string
		state    rules.OrderState
		warned   bool
	}{
		{"2026-11-23", "2026-11-23", rules.OrderAccepted, false},
		{"2026-09-24", "2026-09-24", rules.OrderAccepted, false}, // 60 days
		{"2026-09-23", "2026-11-23", rules.OrderAccepted, true},
		{"2026-11-24", "2026-11-23", rules.OrderNeedsReview, true},
	} {
		env := storetest.SQLite(t)
		env.SetLocal(t, "America/Sao_Paulo", "2026-11-23 23:30") // the next day in UTC
		form := storetest.Form("PO-1")
		form.PurchasedOn = c.po
		out, err := env.AcceptOrder(env.Context, order.Intake{Sender: env.Reseller(t, "Revenda Sul"), Form: form})
		require.NoError(t, err)
		require.Equal(t, c.want, out.Order.PurchasedOn, c.po)
		require.Equal(t, c.state, out.Order.State, c.po)
		require.Equal(t, c.warned, len(out.Warnings) == 1 && out.Warnings[0].Code == rules.PurchaseDateReplaced, c.po)
		if c.state == rules.OrderNeedsReview {
			require.Equal(t, []string{ordering.ReasonPurchaseInFuture}, out.Order.ReviewReasons)
		}
	}
}

func TestR113_MixedServiceTypesLeaveOnlyTheRefusal(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		seller := env.Reseller(t, "Revenda Sul")
		form := storetest.Form("PO-1")
		form.Lines = append(form.Lines, ordering.OrderLine{SKU: "EXT-WARRANTY-1Y", Quantity: 2})
		_, err := env.AcceptOrder(env.Context, order.Intake{Sender: seller, Form: form})
		storetest.RequireCode(t, rules.ValidationFailed, err)
		require.Equal(t, []string{"/lines/1/sku"}, storetest.Pointers(err))
		require.NoError(t, env.RefuseOrder(storetest.Seller(seller), seller.ID, form.Hash(), err.(*rules.Error).Fields))
		for _, table := range []string{
			"orders", "order_lines", "service_contracts", "licences", "notifications", "outbox_events",
		} {
			require.Zero(t, env.Count(t, "SELECT count(*) FROM "+table), table)
		}
		require.Equal(t, 1, env.Count(t, "SELECT count(*) FROM order_refusals"))
		form.Lines[1].SKU = "SELECT-1Y"
		require.Equal(t, rules.OrderAccepted, env.Accept(t, seller, form).State)
	})
}

func TestR94_RefusedIntakeHoldsNoPersonalData(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		seller := env.Reseller(t, "Revenda Sul")
		form := storetest.Form("PO-1")
		form.EndCustomer.Email = "not an address of ana"
		form.EndCustomer.ContactName = "Ana\nSouza"
		form.Lines[0].SKU = "NO-SUCH"
		_, err := env.AcceptOrder(env.Context, order.Intake{Sender: seller, Form: form})
		storetest.RequireCode(t, rules.ValidationFailed, err)
		require.NoError(t, env.RefuseOrder(storetest.Seller(seller), seller.ID, form.Hash(), err.(*rules.Error).Fields))
		require.NoError(t, env.RefuseOrder(storetest.Seller(seller), seller.ID, "a body that is no JSON", nil))
		for _, stored := range env.Strings(t, "SELECT errors FROM order_refusals") {
			for _, marker := range []string{"Ana", "ana", "Souza", "Acme", "NO-SUCH"} {
				require.NotContains(t, stored, marker)
			}
			require.True(t, json.Valid([]byte(stored)))
		}
	})
}

func TestR92c_InvitationGoesToTheEndCustomersAddressOnly(t *testing.T) {
	env := storetest.SQLite(t)
	form := storetest.Form("PO-1")
	form.EndCustomer.Email = "Chefe.TI@Acme.Example"
	o := env.Fulfilled(t, env.Reseller(t, "Revenda Sul"), form)
	require.Equal(t, "chefe.ti@acme.example", env.InvitationOf(t, o.ID).Email)
	mails := env.Mails(t, "invitation")
	require.Len(t, mails, 1)
	require.Equal(t, "chefe.ti@acme.example", mails[0].Recipient)
}

func TestListOfOrdersPages(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		seller := env.Reseller(t, "Revenda Sul")
		want := map[string]bool{}
		for i := range 7 {
			want[env.Accept(t, seller, storetest.Form(storetest.PO(i))).ID] = true
		}
		f := order.OrderFilter{Page: db.Page{Limit: 3}}
		for pages := 1; ; pages++ {
			rows, next, err := env.ListOrders(storetest.Seller(seller), f)
			require.NoError(t, err)
			for _, o := range rows {
				require.True(t, want[o.ID], "seen twice")
				delete(want, o.ID)
			}
			if f.Page.After = next; next == "" {
				require.Equal(t, 3, pages)
				break
			}
		}
		require.Empty(t, want)
		require.Len(t, storetest.ListOf(env.ListOrders(env.Context, order.OrderFilter{PONumber: storetest.PO(3)}))(t),
			1)
		require.Empty(
			t, storetest.ListOf(env.ListOrders(env.Context, order.OrderFilter{State: rules.OrderRejected}))(t),
		)
	})
}
