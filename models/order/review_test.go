package order_test

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/account"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/order"
	"roomcover.dev/roomcover/models/program"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/ordering"
)

func TestDecisionTakenTwiceAndTheOtherWay(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		_, o := storetest.InReview(t, env)
		_, err := env.DecideOrder(storetest.Operator(), o.ID, order.Decision{Version: 1, Accept: true, Reason: "  "})
		storetest.RequireCode(t, rules.ReasonRequired, err)
		first, err := env.DecideOrder(storetest.Operator(), o.ID, order.Decision{Version: 1, Accept: true, Reason: "fine"})
		require.NoError(t, err)
		again, err := env.DecideOrder(storetest.Operator(), o.ID, order.Decision{Version: 1, Accept: true, Reason: "fine"})
		require.NoError(t, err)
		require.Equal(t, first.VendorOrderNo, again.VendorOrderNo)
		require.Equal(t, first.Version, again.Version)
		_, err = env.DecideOrder(storetest.Operator(), o.ID, order.Decision{Version: 1, Reason: "no"})
		storetest.RequireCode(t, rules.StateConflict, err)
		require.Equal(t, 1, env.Count(t, "SELECT count(*) FROM outbox_events WHERE kind = 'order.decided'"))
		require.Equal(t, db.TaskDone, env.Tasks(t, db.TaskReviewOrder)[0].State)
		_, err = env.DecideOrder(storetest.Operator(), "ord_none", order.Decision{Version: 1, Accept: true, Reason: "x"})
		storetest.RequireCode(t, rules.NotFound, err)
	})
}

func TestDecisionsAtOnceTakeOneSide(t *testing.T) {
	env := storetest.Postgres(t)
	_, o := storetest.InReview(t, env)
	errs := storetest.AtOnce(8, func(i int) error {
		_, err := env.DecideOrder(storetest.Operator(), o.ID, order.Decision{Version: 1, Accept: i%2 == 0, Reason: "x"})
		return err
	})
	refused := 0
	for _, err := range errs {
		if err != nil {
			storetest.RequireCode(t, rules.StateConflict, err)
			refused++
		}
	}
	require.Equal(t, 4, refused)
	require.Equal(t, 1, env.Count(t, "SELECT count(*) FROM outbox_events WHERE kind = 'order.decided'"))
	env.AuditHolds(t)
}

func TestR45a_ApprovedOrderInvitesOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		_, o := storetest.InReview(t, env)
		_, err := env.DecideOrder(storetest.Operator(), o.ID, order.Decision{Version: 1, Accept: true, Reason: "fine"})
		require.NoError(t, err)
		for range 2 {
			_, err = env.FulfilOrder(env.Context, o.ID)
			require.NoError(t, err)
		}
		require.Len(t, env.Mails(t, "invitation"), 1)
		require.Len(t, env.Mails(t, "order_confirmation"), 3)
	})
}

func TestReviewRejectedTellsTheResellerOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		_, o := storetest.InReview(t, env)
		for range 2 {
			_, err := env.DecideOrder(storetest.Operator(), o.ID, order.Decision{Version: 1, Reason: "not a customer of ours"})
			require.NoError(t, err)
		}
		mails := env.Mails(t, "order_rejected")
		require.Len(t, mails, 1)
		require.Equal(t, "pedidos@revendasul.example", mails[0].Recipient)
		require.Equal(t, "not a customer of ours", mails[0].Params["reason"])
		f, err := env.FulfilOrder(env.Context, o.ID)
		require.NoError(t, err)
		require.True(t, f.Closed)
		require.Zero(t, env.Count(t, "SELECT count(*) FROM service_contracts"))
	})
}

func TestReviewRejectsItselfAtItsDeadlineOnly(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		_, o := storetest.InReview(t, env)
		reminders, until, err := env.ReviewDeadlines(env.Context, o.ID)
		require.NoError(t, err)
		require.Equal(t, []string{
			"2026-11-24T03:00:00Z", "2026-11-26T03:00:00Z",
		}, []string{storetest.Stamp(reminders[0]), storetest.Stamp(reminders[1])})
		require.Equal(t, "2026-12-24T03:00:00Z", storetest.Stamp(until)) // through local day 2026-12-23
		for _, at := range []string{"2026-11-24 09:00", "2026-12-23 23:59"} {
			env.SetLocal(t, "America/Sao_Paulo", at)
			require.NoError(t, env.RejectOverdueOrder(env.Context, o.ID))
			o, err = env.GetOrder(env.Context, o.ID)
			require.NoError(t, err)
			require.Equal(t, rules.OrderNeedsReview, o.State)
		}
		env.SetLocal(t, "America/Sao_Paulo", "2026-12-24 00:00")
		require.NoError(t, env.RejectOverdueOrder(env.Context, o.ID))
		require.NoError(t, env.RejectOverdueOrder(env.Context, o.ID))
		o, err = env.GetOrder(env.Context, o.ID)
		require.NoError(t, err)
		require.Equal(t, rules.OrderRejected, o.State)
		require.Len(t, env.Mails(t, "order_rejected"), 1)
	})
}

func TestReviewRemindersGoOutOnceEach(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		_, o := storetest.InReview(t, env)
		for _, n := range []int{1, 1, 2, 2} {
			require.NoError(t, env.RemindReview(env.Context, o.ID, n, time.Time{}))
		}
		require.Len(t, env.Mails(t, "order_review_reminder"), 2)
		for _, m := range env.Mails(t, "order_review_reminder") {
			require.Equal(t, "Revenda Sul", m.Params["seller"])
			require.Contains(t, m.Params["company"], "Acme")
		}
		_, err := env.DecideOrder(storetest.Operator(), o.ID, order.Decision{Version: 1, Reason: "no"})
		require.NoError(t, err)
		require.NoError(t, env.RemindReview(env.Context, o.ID, 3, time.Time{}))
		require.Len(t, env.Mails(t, "order_review_reminder"), 2)
	})
}

func TestS14_AmendLeavesReview(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		seller, o := storetest.InReview(t, env)
		env.Calendar.Set(storetest.Now.Add(48 * time.Hour))
		form := storetest.Form("PO-1")
		form.Lines = append(form.Lines, ordering.OrderLine{SKU: "SELECT-1Y", Quantity: 2})
		amended, err := env.AmendOrder(storetest.Seller(seller), o.ID, form, o.Version)
		require.NoError(t, err)
		require.Equal(t, rules.OrderAccepted, amended.State)
		require.Equal(t, env.Calendar.Now(), amended.StateSince)
		require.NotNil(t, amended.VendorOrderNo)
		stored, err := env.GetOrder(env.Context, o.ID)
		require.NoError(t, err)
		require.Len(t, stored.Lines, 2)
		require.Nil(t, stored.ReviewUntil)
		require.Equal(t, o.CreatedAt, stored.CreatedAt)
		require.Equal(t, db.TaskDone, env.Tasks(t, db.TaskReviewOrder)[0].State)
		_, err = env.FulfilOrder(env.Context, o.ID)
		require.NoError(t, err)
		require.Equal(t, 12, env.Count(t, "SELECT count(*) FROM licences"))
		_, err = env.AmendOrder(storetest.Seller(seller), o.ID, form, 0)
		storetest.RequireCode(t, rules.StateConflict, err)
		env.AuditHolds(t)
	})
}

// What an amended order may rely on is the day on which the order came, not the
// day on which it was amended: otherwise a seller in review could move the
// cancellation window.
func TestS6_S14_AnAmendedOrderKeepsItsDayOfReceipt(t *testing.T) {
	for name, c := range map[string]struct{ po, want string }{
		"60 days before the receipt":       {"2026-09-24", "2026-09-24"},
		"older than that":                  {"2026-09-23", "2026-11-23"},
		"after the receipt, no more ahead": {"2026-12-03", "2026-12-03"},
		"in the future still":              {"2026-12-20", "2026-11-23"},
	} {
		t.Run(name, func(t *testing.T) {
			env := storetest.SQLite(t)
			env.SetLocal(t, "America/Sao_Paulo", "2026-11-23 12:00")
			seller, o := storetest.InReview(t, env)
			env.SetLocal(t, "America/Sao_Paulo", "2026-12-13 12:00")
			form := storetest.Form("PO-1")
			form.PurchasedOn = c.po
			amended, err := env.AmendOrder(storetest.Seller(seller), o.ID, form, o.Version)
			require.NoError(t, err)
			require.Equal(t, c.want, amended.PurchasedOn)
			require.Equal(t, c.po == "2026-12-20", amended.State == rules.OrderNeedsReview)
			require.Equal(t, c.po != c.want, len(amended.Warnings()) == 1, "the answer says so")
			loc := storetest.SaoPaulo(t)
			day, err := time.ParseInLocation("2006-01-02", c.want, loc)
			require.NoError(t, err)
			require.True(t, amended.CancellableUntil.Equal(day.AddDate(0, 0, 31)), amended.CancellableUntil)
		})
	}
}

// The same form sent again says something else once the catalogue was corrected, or the day
// that it names may be relied on.
func TestS14_AnAmendmentTakesUpWhatTheFormMeansByNow(t *testing.T) {
	for name, change := range map[string]func(*testing.T, storetest.Env, order.Order){
		"the catalogue's term": func(t *testing.T, env storetest.Env, o order.Order) {
			skus, err := env.ListSKUs(env.Context)
			require.NoError(t, err)
			i := slices.IndexFunc(skus, func(k program.CatalogueSKU) bool { return k.Code == o.Lines[0].SKU })
			skus[i].TermYears = 5
			require.NoError(t, env.PutSKU(env.Context, skus[i]))
		},
		"the day": func(t *testing.T, env storetest.Env, o order.Order) {
			require.NoError(t, env.Exec("UPDATE orders SET purchased_day = '2026-11-10'"))
		},
	} {
		t.Run(name, func(t *testing.T) {
			storetest.Each(t, func(t *testing.T, env storetest.Env) {
				_, o := storetest.InReview(t, env)
				stored, err := env.GetOrder(env.Context, o.ID)
				require.NoError(t, err)
				same, err := env.AmendOrder(env.Context, o.ID, stored.Payload, 0)
				require.NoError(t, err)
				require.Equal(t, stored.Version, same.Version, "nothing changed")

				change(t, env, stored)
				amended, err := env.AmendOrder(env.Context, o.ID, stored.Payload, 0)
				require.NoError(t, err)
				require.Equal(t, stored.Version+1, amended.Version)
				after, err := env.GetOrder(env.Context, o.ID)
				require.NoError(t, err)
				require.Equal(t, amended.Lines[0].TermYears, after.Lines[0].TermYears)
				require.Equal(t, name == "the catalogue's term", after.Lines[0].TermYears == 5)
				require.Equal(t, "2026-11-20", after.PurchasedOn)
			})
		})
	}
}

func TestTheReviewTaskSaysWhyTheAmendedOrderWaits(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		seller, o := storetest.InReview(t, env)
		require.Equal(t, ordering.ReasonContactAtReseller, env.Tasks(t, db.TaskReviewOrder)[0].Why)
		_, err := env.AmendOrder(storetest.Seller(seller), o.ID, storetest.FormFor("PO-1", "Acme", "ana@gmail.com"),
			o.Version)
		require.NoError(t, err)
		tasks := env.Tasks(t, db.TaskReviewOrder)
		require.Len(t, tasks, 1)
		require.Equal(t, db.TaskOpen, tasks[0].State)
		require.Equal(t, ordering.ReasonContactAtFreeMail, tasks[0].Why)
	})
}

func TestS14_AmendRefusals(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		seller, o := storetest.InReview(t, env)
		_, err := env.AmendOrder(storetest.Seller(seller), o.ID, storetest.Form("PO-1"), o.Version+1)
		storetest.RequireCode(t, rules.VersionMismatch, err)
		_, err = env.AmendOrder(storetest.Seller(seller), o.ID, storetest.Form("PO-2"), o.Version)
		storetest.RequireCode(t, rules.ValidationFailed, err)
		require.Equal(t, []string{"/po_number"}, storetest.Pointers(err))
		_, err = env.AmendOrder(storetest.Seller(env.Reseller(t, "Revenda Oeste")), o.ID, storetest.Form("PO-1"),
			o.Version)
		storetest.RequireCode(t, rules.NotFound, err)
		still := storetest.FormFor("PO-1", "Acme", "outra@revendasul.example")
		amended, err := env.AmendOrder(storetest.Seller(seller), o.ID, still, o.Version)
		require.NoError(t, err)
		require.Equal(t, rules.OrderNeedsReview, amended.State)
		require.Equal(t, o.ReviewUntil, amended.ReviewUntil)
		require.Equal(t, o.StateSince, amended.StateSince)
		_, err = env.AmendOrder(storetest.Seller(seller), o.ID, still, o.Version)
		storetest.RequireCode(t, rules.VersionMismatch, err)
	})
}

func TestS65_AmendKeepsTheNumberHoweverItIsSpelled(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		seller, o := storetest.InReview(t, env)
		form := storetest.Form("po 1")
		amended, err := env.AmendOrder(storetest.Seller(seller), o.ID, form, o.Version)
		require.NoError(t, err)
		require.Equal(t, rules.OrderAccepted, amended.State)
		again, err := env.AcceptOrder(env.Context, order.Intake{Sender: seller, Form: storetest.Form("PO‑1")})
		require.NoError(t, err)
		require.Equal(t, []any{o.ID, false}, []any{again.Order.ID, again.Created})
	})
}

func TestR107_AmbiguousAccountNeedsOneNamed(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		seller := env.Reseller(t, "Revenda Sul")
		first := env.Fulfilled(t, seller, storetest.Form("PO-1"))
		form := storetest.Form("PO-2")
		other, err := env.CreateAccount(env.Context, form.EndCustomer, "", account.ModeSite)
		require.NoError(t, err)
		stranger, err := env.CreateAccount(env.Context, storetest.FormFor("", "Beta", "").EndCustomer, "",
			account.ModeSite)
		require.NoError(t, err)
		o := env.Accept(t, seller, form)
		require.Equal(t, []string{ordering.ReasonAmbiguousAccount}, o.ReviewReasons)
		require.Nil(t, o.AccountID)
		for _, id := range []string{"", stranger.ID, "acc_none"} {
			_, err = env.DecideOrder(storetest.Operator(), o.ID,
				order.Decision{Version: 1, Accept: true, Reason: "x", AccountID: id})
			storetest.RequireCode(t, rules.ValidationFailed, err)
			require.Equal(t, []string{"/account_id"}, storetest.Pointers(err))
		}
		second := order.Decision{Version: 1, Accept: true, Reason: "the second site", AccountID: other.ID}
		_, err = env.DecideOrder(storetest.Operator(), o.ID, second)
		require.Equal(t, []string{"/invite_as"}, storetest.Pointers(err), "nobody there has accepted yet (S15)")
		second.InviteAs, second.Email = rules.InviteAsAdmin, form.EndCustomer.Email
		o, err = env.DecideOrder(storetest.Operator(), o.ID, second)
		require.NoError(t, err)
		f, err := env.FulfilOrder(env.Context, o.ID)
		require.NoError(t, err)
		require.Equal(t, other.ID, f.AccountID)
		require.Equal(t, 10, env.Count(t, "SELECT count(*) FROM licences WHERE account_id = '"+*first.AccountID+"'"))
		require.Equal(t, 10, env.Count(t, "SELECT count(*) FROM licences WHERE account_id = '"+other.ID+"'"))
	})
}
