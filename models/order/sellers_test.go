package order_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/account"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/models/order"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/ordering"
)

// seller registers an authorised seller of a country.
func seller(t *testing.T, env storetest.Env, kind account.OrgKind, name, country string) account.Org {
	t.Helper()
	org, err := env.PutOrg(env.Context, account.OrgChange{
		Kind:           kind,
		Name:           name,
		Country:        country,
		AuthorisedFrom: "2020-01-01",
	})
	require.NoError(t, err)
	return org
}

// named is an order that names a reseller of a country.
func named(po, reseller, country string) ordering.OrderForm {
	f := storetest.Form(po)
	f.Reseller.Company, f.Reseller.Address.Country = reseller, country
	return f
}

func accepted(t *testing.T, env storetest.Env, sender account.Org, f ordering.OrderForm) order.Accepted {
	t.Helper()
	out, err := env.AcceptOrder(storetest.Seller(sender), order.Intake{Sender: sender, Form: f})
	require.NoError(t, err)
	return out
}

func TestS59_AnotherLegalFormSeesAndCancelsNothing(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		sa := seller(t, env, account.OrgReseller, "Andina Telecom S.A.", "CL")
		o := env.Fulfilled(t, sa, named("PO-1", "Andina Telecom S.A.", "CL"))
		ltda, err := env.PutOrg(env.Context, account.OrgChange{Kind: account.OrgReseller, Name: "Andina Telecom Ltda"})
		require.NoError(t, err)
		require.NotEqual(t, sa.ID, ltda.ID)

		kept, err := env.GetOrg(env.Context, sa.ID)
		require.NoError(t, err)
		require.Equal(t, []string{"Andina Telecom S.A.", "2020-01-01"}, []string{kept.Name, kept.AuthorisedFrom})
		require.False(t, ltda.Authorised(storetest.Now))

		_, err = env.GetOrder(storetest.Seller(ltda), o.ID)
		storetest.RequireCode(t, rules.NotFound, err)
		_, _, err = env.CancelOrder(storetest.Seller(ltda), o.ID, order.CancelRequest{Reason: "not ours"})
		storetest.RequireCode(t, rules.NotFound, err)
		require.Equal(t, []string{ordering.ReasonResellerNotAuthorised, ordering.ReasonPossibleDouble},
			env.Accept(t, ltda, named("PO-1", "Andina Telecom Ltda", "CL")).ReviewReasons)
	})
}

// Whoever a distributor names: only the very name and country mean an organisation.
func TestS59_NamesInADistributorsOrder(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		dist := seller(t, env, account.OrgDistributor, "Distribuidora Norte", "BR")
		sa := seller(t, env, account.OrgReseller, "Andina Telecom S.A.", "CL")
		env.Relate(t, dist, sa)
		unknown := []string{ordering.ReasonResellerNotAuthorised, ordering.ReasonWithoutRelation}
		unclear := []string{
			ordering.ReasonResellerNotAuthorised, ordering.ReasonResellerUnclear, ordering.ReasonWithoutRelation,
		}
		for i, c := range []struct {
			company, country string
			same             bool
			reasons          []string
		}{
			{"Andina Telecom S.A.", "CL", true, []string{}},
			{"  andina  TELECOM s.a. ", "CL", true, []string{}},
			{"Andina Telecom Ltda", "CL", false, unclear},
			{"Andina Telecom SA", "CL", false, unclear},
			{"Andina Telecom", "CL", false, unclear},
			{"Andina Telecóm S.A.", "CL", false, unclear},
			{"Andina Telecom S.A.", "AR", false, unclear},
			{"Cordillera Redes S.A.", "CL", false, unknown},
		} {
			o := env.Accept(t, dist, named(storetest.PO(i), c.company, c.country))
			require.Equal(t, c.reasons, o.ReviewReasons, c.company)
			require.Equal(t, c.same, o.ResellerID == sa.ID, c.company)
			_, err := env.GetOrder(storetest.Seller(sa), o.ID)
			require.Equal(t, c.same, err == nil, "sees its own alone: %s", c.company)
		}
	})
}

// An operator answers the question: the name is that organisation's.
func TestS59_AConfirmedSpellingIsTheOrganisation(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		dist := env.Distributor(t, "Distribuidora Norte")
		sa := seller(t, env, account.OrgReseller, "Andina Telecom S.A.", "CL")
		other := seller(t, env, account.OrgReseller, "Andina Telecom Ltda", "CL")
		env.Relate(t, dist, sa)
		waiting := env.Accept(t, dist, named("PO-1", "Andina Telecom SA", "CL"))
		require.Equal(t, rules.OrderNeedsReview, waiting.State)
		require.NotEqual(t, sa.ID, waiting.ResellerID)
		events, err := env.Timeline(storetest.Operator(), waiting.ID)
		require.NoError(t, err)
		require.ElementsMatch(t, []any{sa.ID, other.ID}, events[1].Details["name_resembles"])

		taken := []account.Spelling{{Name: other.Name, Country: "CL"}}
		err = env.PutOrgSpellings(storetest.Operator(), sa.ID, taken, "x")
		storetest.RequireCode(t, rules.ValidationFailed, err)
		require.Equal(t, []string{"/spellings/0/name"}, storetest.Pointers(err))
		spelling := []account.Spelling{{Name: "Andina Telecom SA", Country: "CL"}}
		storetest.RequireCode(t, rules.NotFound,
			env.PutOrgSpellings(storetest.Seller(sa), sa.ID, spelling, "we are it"))
		require.NoError(t, env.PutOrgSpellings(storetest.Operator(), sa.ID, spelling, "same tax number"))

		o, err := env.DecideOrder(storetest.Operator(), waiting.ID, order.Decision{Version: 1, Accept: true, Reason: "it is they"})
		require.NoError(t, err)
		stored, err := env.GetOrder(storetest.Seller(sa), o.ID)
		require.NoError(t, err, "the order in review found its reseller")
		require.Equal(t, sa.ID, stored.ResellerID)
		next := env.Accept(t, dist, named("PO-2", "ANDINA TELECOM SA", "CL"))
		require.Equal(t, []any{rules.OrderAccepted, sa.ID}, []any{next.State, next.ResellerID})
		env.AuditHolds(t)
	})
}

// The form of a reseller that names another one is not passed over in silence.
func TestS59_AFormThatNamesSomebodyElseIsWarnedOf(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		sul := seller(t, env, account.OrgReseller, "Revenda Sul", "BR")
		dist := seller(t, env, account.OrgDistributor, "Distribuidora Norte", "BR")
		env.Relate(t, dist, sul)
		require.Empty(t, accepted(t, env, sul, storetest.Form("PO-1")).Warnings)

		form := named("PO-2", "Revenda Oeste", "BR")
		form.Lines[0].Quantity = 7
		for range 2 { // sent again it says so again
			out := accepted(t, env, sul, form)
			require.Equal(t, sul.ID, out.Order.ResellerID)
			require.Len(t, out.Warnings, 1)
			require.Equal(t, []string{"/reseller/company", rules.NotTheSender},
				[]string{out.Warnings[0].Pointer, out.Warnings[0].Code})
		}

		form = storetest.Form("PO-3")
		form.Lines[0].Quantity = 8
		form.Distributor.Company = "Distribuidora Leste"
		out := accepted(t, env, dist, form)
		require.Equal(t, "/distributor/company", out.Warnings[0].Pointer)
		require.Equal(t, dist.ID, *out.Order.DistributorID)
	})
}

// RULES 4: an order is of the reseller and of the distributor that it names.
func TestS36_TheDistributorOfAResellersOrderSeesIt(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		sul := env.Reseller(t, "Revenda Sul")
		norte := seller(t, env, account.OrgDistributor, "Distribuidora Norte", "BR")
		leste := seller(t, env, account.OrgDistributor, "Distribuidora Leste", "BR")
		o := env.Fulfilled(t, sul, storetest.Form("PO-1"))
		for _, org := range []account.Org{sul, norte} {
			_, err := env.GetOrder(storetest.Seller(org), o.ID)
			require.NoError(t, err, org.Name)
			require.Len(t, storetest.ListOf(env.ListOrders(storetest.Seller(org), order.OrderFilter{}))(t), 1)
		}
		_, err := env.GetOrder(storetest.Seller(leste), o.ID)
		storetest.RequireCode(t, rules.NotFound, err)
		_, _, err = env.CancelOrder(storetest.Seller(leste), o.ID, order.CancelRequest{Reason: "r"})
		storetest.RequireCode(t, rules.NotFound, err)
		_, _, err = env.CancelOrder(storetest.Seller(norte), o.ID, order.CancelRequest{Quantity: 1, Reason: "r"})
		require.NoError(t, err, "its own order too")

		unclear := storetest.Form("PO-2")
		unclear.Distributor.Company = "Distribuidora Norte Ltda"
		o = env.Accept(t, sul, unclear)
		require.Equal(t, []string{ordering.ReasonDistributorUnclear}, o.ReviewReasons)
		require.Nil(t, o.DistributorID)
	})
}

// R115b looks at what operators keep, whatever address the sender typed.
func TestR115b_DomainsOnRecord(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		sul := env.Reseller(t, "Revenda Sul")
		norte := seller(t, env, account.OrgDistributor, "Distribuidora Norte", "BR")
		env.Relate(t, norte, sul)
		for id, domain := range map[string]string{sul.ID: "Revenda-Sul.com.br", norte.ID: "norte.com.br"} {
			mail := account.OrgMail{Domains: []string{domain}}
			require.NoError(t, env.PutOrgMail(storetest.Operator(), id, mail, "r"))
		}
		for i, c := range []struct {
			sender account.Org
			email  string
			reason string
		}{
			{sul, "joao@revenda-sul.com.br", ordering.ReasonContactAtReseller},
			{sul, "joao@mail.revenda-sul.com.br", ordering.ReasonContactAtReseller},
			{sul, "joao@norte.com.br", ordering.ReasonContactAtDistributor},
			{sul, "joao@revendasul.example", ordering.ReasonContactAtReseller}, // typed
			{norte, "joao@norte.com.br", ordering.ReasonContactAtDistributor},
			{norte, "joao@revenda-sul.com.br", ordering.ReasonContactAtReseller},
			{norte, "joao@outra.com.br", ""},
		} {
			form := storetest.FormFor(storetest.PO(i), storetest.Company(i), c.email)
			form.Distributor.Email = "anything@example.com"
			got := env.Accept(t, c.sender, form).ReviewReasons
			require.Equal(t, c.reason, db.JoinCodes(got), "%d %s", i, c.email)
		}
	})
}

func TestS65_SpellingsOfANumberAreOneOrder(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		sul := env.Reseller(t, "Revenda Sul")
		first := env.Accept(t, sul, storetest.Form("po-77"))
		for _, number := range []string{"PO 77", "PO‑77", " po – 77", "ＰＯ－７７", "PO\u00a077"} {
			out := accepted(t, env, sul, storetest.Form(number))
			require.False(t, out.Created, number)
			require.Equal(t, first.ID, out.Order.ID, number)
			same := order.Intake{Sender: sul, Form: storetest.Form(number)}
			fields, err := env.CheckOrder(storetest.Seller(sul), same)
			require.NoError(t, err)
			require.Empty(t, fields, "nor does a dry run find a conflict")
			require.Len(t, storetest.ListOf(env.ListOrders(
				storetest.Seller(sul), order.OrderFilter{PONumber: number}))(t), 1, number)
		}

		other := storetest.Form("PO 77")
		other.Lines[0].Quantity = 11
		_, err := env.AcceptOrder(env.Context, order.Intake{Sender: sul, Form: other})
		storetest.RequireCode(t, rules.PONumberConflict, err)
		require.Equal(t, []string{"/lines/0/quantity"}, storetest.Pointers(err))
		require.True(t, accepted(t, env, sul, storetest.Form("PO77")).Created, "another number")
	})
}

// A number is its sender's: nobody takes another's, and nobody learns of it (R94).
func TestS65_DistributorFirstResellerWithTheSameNumberNext(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		sul := env.Reseller(t, "Revenda Sul")
		norte := env.Distributor(t, "Distribuidora Norte")
		env.Relate(t, norte, sul)
		for i, pair := range [][2]account.Org{{norte, sul}, {sul, norte}} {
			form := storetest.FormFor(storetest.PO(i), storetest.Company(i), "ana@acme.example")
			first := env.Accept(t, pair[0], form)
			require.Equal(t, rules.OrderAccepted, first.State)
			fields, err := env.CheckOrder(storetest.Seller(pair[1]), order.Intake{Sender: pair[1], Form: form})
			require.NoError(t, err)
			require.Empty(t, fields)
			second := env.Accept(t, pair[1], form)
			require.NotEqual(t, first.ID, second.ID)
			require.Equal(t, []string{ordering.ReasonPossibleDouble}, second.ReviewReasons)
			events, err := env.Timeline(storetest.Operator(), second.ID)
			require.NoError(t, err)
			require.Equal(t, []any{first.ID}, events[1].Details["possible_double_of"])
		}
	})
}

func TestS65_WhatIsAPossibleDouble(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*ordering.OrderForm)
		after  time.Duration
		double bool
	}{
		"the same":                   {func(*ordering.OrderForm) {}, 0, true},
		"lines divided otherwise":    {func(f *ordering.OrderForm) { f.Lines = divided }, 0, true},
		"another spelling of both":   {func(f *ordering.OrderForm) { f.EndCustomer.Company = "ACME S/A" }, 0, true},
		"another address":            {func(f *ordering.OrderForm) { f.EndCustomer.Address.Street = "Rua B, 2" }, 0, true},
		"on the seventh day":         {func(*ordering.OrderForm) {}, 7*24*time.Hour + 14*time.Hour, true},
		"on the eighth day":          {func(*ordering.OrderForm) {}, 7*24*time.Hour + 16*time.Hour, false},
		"other lines":                {func(f *ordering.OrderForm) { f.Lines[0].Quantity = 11 }, 0, false},
		"another customer":           {func(f *ordering.OrderForm) { f.EndCustomer.Company = "Beta" }, 0, false},
		"a customer of another land": {func(f *ordering.OrderForm) { f.EndCustomer.Address.Country = "PT" }, 0, false},
	} {
		t.Run(name, func(t *testing.T) {
			env := storetest.SQLite(t)
			env.Accept(t, env.Reseller(t, "Revenda Sul"), storetest.Form("PO-1"))
			env.Calendar.Set(storetest.Now.Add(c.after))
			form := storetest.Form("PO-9")
			c.change(&form)
			o := env.Accept(t, env.Reseller(t, "Revenda Oeste"), form)
			require.Equal(t, c.double, o.State == rules.OrderNeedsReview, o.ReviewReasons)
		})
	}
}

var divided = []ordering.OrderLine{{SKU: "SELECT-3Y", Quantity: 4}, {SKU: "select-3y", Quantity: 6}}

func TestS65_ARejectedOrderIsNotDoubled(t *testing.T) {
	env := storetest.SQLite(t)
	_, o := storetest.InReview(t, env)
	_, err := env.DecideOrder(storetest.Operator(), o.ID, order.Decision{Version: 1, Reason: "no"})
	require.NoError(t, err)
	form := storetest.FormFor("PO-1", "Acme", "ana@acme.example")
	require.Empty(t, env.Accept(t, env.Reseller(t, "Revenda Oeste"), form).ReviewReasons)
}

// Two senders at once: one of the two orders is reviewed, whichever comes second.
func TestS65_TwoSendersAtOnce(t *testing.T) {
	env := storetest.Postgres(t)
	sellers := []account.Org{env.Reseller(t, "Revenda Sul"), env.Reseller(t, "Revenda Oeste")}
	for round := range 10 {
		form := storetest.FormFor(storetest.PO(round), storetest.Company(round), "ana@acme.example")
		states := make([]rules.OrderState, 2)
		storetest.RequireAll(t, storetest.AtOnce(2, func(i int) error {
			out, err := env.AcceptOrder(env.Context, order.Intake{Sender: sellers[i], Form: form})
			states[i] = out.Order.State
			return err
		}))
		require.ElementsMatch(t, []rules.OrderState{rules.OrderAccepted, rules.OrderNeedsReview}, states)
	}
}

// The reseller in whose name a distributor orders is told, at the address on record, once,
// and learns nothing about the end customer.
func TestS65_TheResellerIsToldOfOrdersInItsName(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		sul := env.Reseller(t, "Revenda Sul")
		norte := env.Distributor(t, "Distribuidora Norte")
		for range 2 {
			accepted(t, env, norte, storetest.Form("PO-1"))
		}
		require.Len(t, env.Mails(t, rules.TemplateOrderInYourName), 1)
		require.NoError(t, env.PutOrgMail(storetest.Operator(), sul.ID, account.OrgMail{
			Domains:   []string{"revendasul.example"},
			NoticesTo: "Compras@RevendaSul.example",
		}, "their contract"))
		env.Relate(t, norte, sul)
		hidden := storetest.Form("PO-2")
		hidden.Reseller.Email = "orders@norte.example"
		require.Equal(t, rules.OrderAccepted, env.Accept(t, norte, hidden).State, "related: no review")
		mails := env.Mails(t, rules.TemplateOrderInYourName)
		require.Len(t, mails, 2)
		require.Equal(t, "compras@revendasul.example", mails[0].Recipient, "newest first")
		for _, m := range mails {
			require.Equal(t, []any{"Distribuidora Norte", "Revenda Sul"},
				[]any{m.Params["distributor"], m.Params["reseller"]})
			require.Len(t, m.Params, 3)
		}
		require.Equal(t, 2, env.Count(t, "SELECT count(*) FROM outbox_events WHERE kind = 'mail.start'"))
		accepted(t, env, sul, storetest.FormFor("PO-9", "Beta", "rui@beta.example"))
		require.Len(t, env.Mails(t, rules.TemplateOrderInYourName), 2, "its own orders are no news to it")
	})
}

func TestS65_WithoutARelationOrASureAddressTheOrderIsReviewed(t *testing.T) {
	env := storetest.SQLite(t)
	sul := env.Reseller(t, "Revenda Sul")
	norte := env.Distributor(t, "Distribuidora Norte")
	form := func(n int, email string) ordering.OrderForm {
		f := storetest.FormFor(storetest.PO(n), storetest.Company(n), "ana@acme.example")
		f.Reseller.Email = email
		return f
	}
	require.Equal(t, []string{ordering.ReasonWithoutRelation},
		env.Accept(t, norte, form(1, "pedidos@revendasul.example")).ReviewReasons)
	env.Relate(t, norte, sul)
	require.Empty(t, env.Accept(t, norte, form(2, "pedidos@revendasul.example")).ReviewReasons)
	for n, email := range []string{"x@norte.example", "revendasul@gmail.com"} {
		require.Equal(t, []string{ordering.ReasonResellerNotTold},
			env.Accept(t, norte, form(3+n, email)).ReviewReasons, email)
	}
	require.NoError(t, env.RelateOrgs(storetest.Operator(), norte.ID, sul.ID, false, "ended"))
	require.Equal(t, []string{ordering.ReasonWithoutRelation},
		env.Accept(t, norte, form(9, "pedidos@revendasul.example")).ReviewReasons)

	// A7: the same company may fill both roles.
	both := seller(t, env, account.OrgReseller, "Distribuidora Norte", "BR")
	own := storetest.FormFor("PO-OWN", "Gama", "ana@gama.example")
	own.Reseller.Company = both.Name
	o := env.Accept(t, norte, own)
	require.Empty(t, o.ReviewReasons)
	require.Equal(t, both.ID, o.ResellerID)
}

// Copies of an order go to addresses that its sender typed: one that nobody vouches for gets
// a bounded number a day of one sender; a domain on record of the seller is theirs.
func TestS64_MailsToASellersContactAreBounded(t *testing.T) {
	for name, c := range map[string]struct {
		known func(t *testing.T, env storetest.Env, sender account.Org)
		typed func(*ordering.OrderForm)
		open  bool
	}{
		"a reseller's address": {
			typed: func(f *ordering.OrderForm) { f.Reseller.Email = "stranger@else.example" },
		},
		"a distributor's address": {
			typed: func(f *ordering.OrderForm) { f.Distributor.Email = "Stranger@else.example" },
		},
		"at a domain on record": {
			known: func(t *testing.T, env storetest.Env, sender account.Org) {
				require.NoError(t, env.PutOrgMail(storetest.Operator(), sender.ID,
					account.OrgMail{Domains: []string{"else.example"}}, "contract"))
			},
			typed: func(f *ordering.OrderForm) { f.Reseller.Email = "stranger@else.example" },
			open:  true,
		},
	} {
		t.Run(name, func(t *testing.T) {
			storetest.Each(t, func(t *testing.T, env storetest.Env) {
				sender := env.Reseller(t, "Revenda Sul")
				if c.known != nil {
					c.known(t, env, sender)
				}
				send := func(po string, from account.Org) error {
					f := storetest.FormFor(po, "Empresa "+po, "ana@"+strings.ToLower(po)+".example")
					f.Reseller.Company = from.Name
					c.typed(&f)
					_, err := env.AcceptOrder(storetest.Seller(from), order.Intake{Sender: from, Form: f})
					return err
				}

				require.NoError(t, send("PO-1", sender))
				had(t, env, sender, "stranger@else.example", 250)
				err := send("PO-2", sender)
				if c.open {
					require.NoError(t, err)
					return
				}
				storetest.RequireCode(t, rules.RateLimited, err)
				require.ErrorContains(t, err, "copies to one address")
				require.Zero(t, env.Count(t, "SELECT count(*) FROM orders WHERE po_number = 'PO-2'"))
				require.NoError(t, send("PO-3", env.Reseller(t, "Revenda Oeste")), "another sender's")
			})
		})
	}
}

// A person who is a member where the sender has sold something has no bound. Of anybody else
// the bound says nothing: neither a file that is only checked nor an order says who is a user.
func TestS64_TheBoundDoesNotSayWhoIsAUser(t *testing.T) {
	const member, nobody = "ana.souza@acme.example", "rui@acme.example"
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		seller := env.Reseller(t, "Revenda Sul")
		o := env.Fulfilled(t, seller, storetest.Form("PO-1"))
		env.Join(t, env.InvitationOf(t, o.ID))
		spy := env.Reseller(t, "Espia Ltda")

		for _, c := range []struct {
			sender account.Org
			email  string
			open   bool
		}{
			{spy, member, false},
			{spy, nobody, false},
			{seller, nobody, false},
			{seller, member, true},
		} {
			form := func(po string) ordering.OrderForm {
				f := storetest.FormFor(po, "Qualquer Ltda", c.email)
				f.Reseller.Company = c.sender.Name
				f.Reseller.Email = "pedidos@" + po + ".example"
				f.Distributor.Email = f.Reseller.Email
				return f
			}
			name := c.sender.Name + " " + c.email
			by := storetest.Seller(c.sender)
			po := "A-" + strings.ReplaceAll(c.email, "@", "-")
			_, err := env.AcceptOrder(by, order.Intake{Sender: c.sender, Form: form(po)})
			require.NoError(t, err, name)

			had(t, env, c.sender, c.email, identity.OrdersInFilesToOne)
			fields, err := env.CheckOrder(by, order.Intake{
				Sender: c.sender,
				Form:   form("B-" + po),
				File:   order.NewFileMails(),
			})
			require.NoError(t, err, name)
			require.Equal(t, c.open, len(fields) == 0, name)

			_, err = env.AcceptOrder(by, order.Intake{Sender: c.sender, Form: form("C-" + po)})
			if c.open {
				require.NoError(t, err, name)
				continue
			}
			storetest.RequireCode(t, rules.RateLimited, err)
		}
	})
}

// An account that an order only names, and that nobody gave it, opens nothing.
func TestS64_AnOrderInReviewOpensNoBound(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		o := env.Fulfilled(t, env.Reseller(t, "Revenda Sul"), storetest.Form("PO-1"))
		env.Join(t, env.InvitationOf(t, o.ID))
		spy := env.Reseller(t, "Espia Ltda")
		env.Accept(t, spy, storetest.Form("PO-2"))
		require.Equal(t, 2, env.Count(t, "SELECT count(*) FROM orders WHERE account_id = '"+*o.AccountID+"'"))

		had(t, env, spy, "ana.souza@acme.example", identity.OrdersForOne)
		_, err := env.AcceptOrder(storetest.Seller(spy), order.Intake{Sender: spy, Form: storetest.Form("PO-3")})
		storetest.RequireCode(t, rules.RateLimited, err)
	})
}

// had makes an address have got so many orders' mails of a sender today.
func had(t *testing.T, env storetest.Env, sender account.Org, email string, n int) {
	t.Helper()
	key := env.DB.Secrets().Fingerprint("throttle", "mail/order-contact/"+sender.ID+"/"+email)
	require.NoError(t, env.Exec(fmt.Sprintf("UPDATE throttles SET count = %d WHERE key = '%s'", n, key)))
}

// An amendment names addresses too.
func TestS64_AnAmendmentIsCountedForTheAddressesThatItNames(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		seller, o := storetest.InReview(t, env)
		amend := func(version int64, email string) (order.Order, error) {
			f := o.Payload
			f.Distributor.Email = email
			f.Distributor.Address.Street += fmt.Sprint(", ", version) // nothing is amended twice
			return env.AmendOrder(storetest.Seller(seller), o.ID, f, version)
		}
		amended, err := amend(o.Version, "stranger@else.example")
		require.NoError(t, err)
		require.Equal(t, rules.OrderNeedsReview, amended.State)
		had(t, env, seller, "stranger@else.example", 250)
		_, err = amend(amended.Version, "stranger@else.example")
		storetest.RequireCode(t, rules.RateLimited, err)
	})
}
