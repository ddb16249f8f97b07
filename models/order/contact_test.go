package order_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/account"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/models/operations"
	"roomcover.dev/roomcover/models/order"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/ordering"
)

// knownCompany is an account that an order opened for Ana.
type knownCompany struct {
	storetest.Env
	seller     account.Org
	accountID  string
	invitation identity.Invitation
}

func openKnownCompany(t *testing.T, env storetest.Env) knownCompany {
	t.Helper()
	seller := env.Reseller(t, "Revenda Sul")
	o := env.Fulfilled(t, seller, storetest.Form("PO-1"))
	return knownCompany{env, seller, *o.AccountID, env.InvitationOf(t, o.ID)}
}

// anasWay are what may have become of Ana's invitation.
var anasWay = []struct {
	name  string
	admin bool
	come  func(*testing.T, knownCompany)
}{
	{"Ana is administrator", true, func(t *testing.T, w knownCompany) { w.Join(t, w.invitation) }},
	{"her invitation is pending", false, func(*testing.T, knownCompany) {}},
	{"it has expired", false, func(t *testing.T, w knownCompany) {
		w.Calendar.Set(w.invitation.ExpiresAt)
		require.NoError(t, w.ExpireInvitation(w.Context, w.invitation.ID))
	}},
	{"it has expired, and no workflow saw it yet", false, func(_ *testing.T, w knownCompany) {
		w.Calendar.Set(w.invitation.ExpiresAt)
	}},
	{"it bounced", false, func(t *testing.T, w knownCompany) {
		require.NoError(t, w.Exec("UPDATE invitations SET state = 'BOUNCED'"))
	}},
	{"she was removed as the only administrator", false, func(t *testing.T, w knownCompany) {
		_, m := w.Join(t, w.invitation)
		_, err := w.ChangeMembership(storetest.Operator(), m.ID, m.Role, rules.MembershipRemoved, "wrong person")
		require.NoError(t, err)
	}},
}

// hasNotComeIn holds that nobody of the address was let into anything.
func (w knownCompany) hasNotComeIn(t *testing.T, email string) {
	t.Helper()
	require.Zero(t, w.Count(t, "SELECT count(*) FROM invitations WHERE email = '"+email+"'"))
	require.Zero(t, w.Count(t, "SELECT count(*) FROM users WHERE email = '"+email+"'"))
	require.Zero(t, w.Count(t, "SELECT count(*) FROM notifications WHERE recipient = '"+email+
		"' AND template <> 'order_confirmation'"))
}

func TestS15_NobodyComesInBeforeAPersonSaidSo(t *testing.T) {
	for _, way := range anasWay {
		for name, c := range map[string]struct {
			email     string
			colleague bool
		}{
			"a stranger":            {email: "eve@stranger.example"},
			"a stranger's new name": {email: "ana.souza@acme-example.test"},
			"somebody at free mail": {email: "ana.souza@gmail.com"},
			"a colleague":           {email: "rui@acme.example", colleague: true},
			"one below the domain":  {email: "rui@br.acme.example", colleague: true},
		} {
			t.Run(way.name+", "+name, func(t *testing.T) {
				env := storetest.SQLite(t)
				w := openKnownCompany(t, env)
				way.come(t, w)
				before := env.Count(t, "SELECT count(*) FROM service_contracts")

				form := storetest.FormFor("PO-2", "acme ltda", c.email)
				form.Lines[0].Quantity = 1
				o := env.Fulfilled(t, env.Reseller(t, "Revenda Oeste"), form)
				w.hasNotComeIn(t, c.email)

				if way.admin && c.colleague {
					require.Equal(t, rules.OrderFulfilled, o.State)
					require.Len(t, w.questions(t), 1)
					return
				}

				require.Equal(t, rules.OrderNeedsReview, o.State, "before anything is fulfilled")
				require.Contains(t, o.ReviewReasons, ordering.ReasonContactUnknown)
				require.Equal(t, before, env.Count(t, "SELECT count(*) FROM service_contracts"))
				require.Zero(t, env.Count(t, "SELECT count(*) FROM notifications WHERE recipient = '"+c.email+"'"))
				require.Len(t, env.Tasks(t, db.TaskReviewOrder), 1)
				require.Empty(t, w.questions(t))
			})
		}
	}
}

func (w knownCompany) questions(t *testing.T) []identity.ContactQuestion {
	t.Helper()
	return storetest.ListOf(w.ListContactQuestions(w.Context, w.accountID, "", db.Page{Limit: 200}))(t)
}

func TestS15_TheContactWhoOpenedTheAccountIsInvitedAgain(t *testing.T) {
	for name, c := range map[string]struct {
		come    func(*testing.T, knownCompany)
		invited bool
	}{
		"expired": {func(t *testing.T, w knownCompany) {
			w.Calendar.Set(w.invitation.ExpiresAt)
			require.NoError(t, w.ExpireInvitation(w.Context, w.invitation.ID))
		}, true},
		"expired, and no workflow saw it yet": {func(_ *testing.T, w knownCompany) {
			w.Calendar.Set(w.invitation.ExpiresAt)
		}, true},
		"withdrawn with the account's only order": {func(t *testing.T, w knownCompany) {
			_, c, err := w.CancelOrder(storetest.Operator(), *w.invitation.OrderID,
				order.CancelRequest{Reason: "wrong number"})
			require.NoError(t, err)
			_, err = w.CompensateCancellation(w.Context, c.ID)
			require.NoError(t, err)
		}, true},
		"withdrawn by a person": {func(t *testing.T, w knownCompany) {
			_, err := w.RevokeInvitation(storetest.Operator(), w.invitation.ID, "not theirs")
			require.NoError(t, err)
		}, false},
		"given to another person": {func(t *testing.T, w knownCompany) {
			_, err := w.Reissue(storetest.Operator(), w.invitation.ID, "rita@acme.example", "Rita", "wrong person")
			require.NoError(t, err)
		}, false},
		"came in and was removed": {func(t *testing.T, w knownCompany) {
			_, m := w.Join(t, w.invitation)
			_, err := w.ChangeMembership(storetest.Operator(), m.ID, m.Role, rules.MembershipRemoved, "left")
			require.NoError(t, err)
		}, false},
	} {
		t.Run(name, func(t *testing.T) {
			storetest.Each(t, func(t *testing.T, env storetest.Env) {
				w := openKnownCompany(t, env)
				c.come(t, w)
				o := env.Fulfilled(t, w.seller, storetest.Form("PO-2"))
				if !c.invited {
					require.Equal(t, []string{ordering.ReasonContactUnknown}, o.ReviewReasons)
					return
				}
				require.Equal(t, rules.OrderFulfilled, o.State)
				next := env.InvitationOf(t, o.ID)
				require.Equal(t, w.invitation.Email, next.Email)
				require.Equal(t, identity.RoleAdmin, next.Role)
				require.NotEqual(t, w.invitation.ID, next.ID)
				env.Join(t, next)
			})
		})
	}
}

func TestS15_AMemberOfWhateverRoleGetsTheConfirmationAlone(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		w := openKnownCompany(t, env)
		env.Join(t, w.invitation)
		reader, err := env.Invite(storetest.Customer(w.accountID), identity.NewInvite{
			AccountID: w.accountID,
			Email:     "leo@partner.example",
			Role:      identity.RoleReadOnly,
			Kind:      identity.InvitationForColleague,
		})
		require.NoError(t, err)
		_, m := env.Join(t, reader)
		o := env.Fulfilled(t, w.seller, storetest.FormFor("PO-2", "Acme Ltda", "leo@partner.example"))
		require.Equal(t, rules.OrderFulfilled, o.State)
		require.Equal(t, 2, env.Count(t, "SELECT count(*) FROM invitations"))
		require.Empty(t, w.questions(t))
		m, err = env.GetMembership(env.Context, m.ID)
		require.NoError(t, err)
		require.Equal(t, identity.RoleReadOnly, m.Role, "an order makes nobody an administrator")
	})
}

func TestS15_TheAdministratorsAreAskedWhoByWhichOrderByWhichSeller(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		w := openKnownCompany(t, env)
		env.Join(t, w.invitation)
		form := storetest.FormFor("PO-2", "Acme Ltda", "rui@acme.example")
		form.EndCustomer.ContactName = "Rui Lima"
		form.Reseller.Company = "Revenda Sul"
		form.Lines[0].Quantity = 2
		o := env.Accept(t, env.Distributor(t, "Distribuidora Norte"), form)
		if o.State == rules.OrderNeedsReview { // the two have no relation on record (S65)
			_, err := env.DecideOrder(storetest.Operator(), o.ID, order.Decision{Version: 1, Accept: true, Reason: "asked"})
			require.NoError(t, err)
		}
		_, err := env.FulfilOrder(env.Context, o.ID)
		require.NoError(t, err)
		o, err = env.GetOrder(env.Context, o.ID)
		require.NoError(t, err)

		q := w.questions(t)[0]
		require.Equal(t, "Revenda Sul", q.Seller, "as the service knows it")
		require.Equal(t, "Distribuidora Norte", q.SentBy)
		require.Equal(t, identity.QuestionOpen, q.State)
		require.Equal(t, "2026-12-01T03:00:00Z", storetest.Stamp(q.AnswerUntil), "the end of the seventh day")

		mails := env.Mails(t, rules.TemplateContactQuestion)
		require.Len(t, mails, 1)
		require.Equal(t, "ana.souza@acme.example", mails[0].Recipient)
		for name, want := range map[string]any{
			"invitee":         "Rui Lima",
			"email":           "rui@acme.example",
			"vendor_order_no": *o.VendorOrderNo,
			"seller":          "Revenda Sul",
			"sent_by":         "Distribuidora Norte",
			"company":         "Acme Ltda",
			"question":        q.ID,
			"answer_on":       "2026-11-30",
		} {
			require.Equal(t, want, mails[0].Params[name], name)
		}
		require.Len(t, env.Mails(t, "order_confirmation"), 6, "the order is confirmed to all three")

		form.PONumber = "PO-3"
		form.Lines[0].Quantity = 3 // another order than the distributor's (S65)
		env.Fulfilled(t, w.seller, form)
		require.Len(t, w.questions(t), 1, "one open question about a person")
		require.Len(t, env.Mails(t, rules.TemplateContactQuestion), 1)
	})
}

func TestS15_AnAdministratorConfirmsWithARoleOrRefuses(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		w := openKnownCompany(t, env)
		env.Join(t, w.invitation)
		o := env.Fulfilled(t, w.seller, storetest.FormFor("PO-2", "Acme Ltda", "rui@acme.example"))
		q := w.questions(t)[0]

		reader := db.WithScope(env.Context, db.Scope{
			AccountIDs: []string{w.accountID},
			Actor:      db.Actor{ID: "usr_reader", Role: rules.CustomerReadOnly},
		})
		confirm := identity.ContactAnswer{Confirm: true, Role: identity.RoleReadOnly}
		_, err := env.AnswerContact(reader, q.ID, confirm)
		storetest.RequireCode(t, rules.Forbidden, err)
		_, err = env.AnswerContact(storetest.Seller(w.seller), q.ID, confirm)
		storetest.RequireCode(t, rules.NotFound, err)
		_, err = env.AnswerContact(storetest.Customer("acc_other"), q.ID, confirm)
		storetest.RequireCode(t, rules.NotFound, err)
		early := confirm
		early.Reason = "they called"
		_, err = env.AnswerContact(storetest.Operator(), q.ID, early)
		storetest.RequireCode(t, rules.StateConflict, err)
		_, err = env.AnswerContact(storetest.Customer(w.accountID), q.ID, identity.ContactAnswer{
			Confirm: true,
			Role:    "OWNER",
		})
		storetest.RequireCode(t, rules.ValidationFailed, err)
		w.hasNotComeIn(t, "rui@acme.example")

		for range 2 { // again it is the same
			q, err = env.AnswerContact(storetest.Customer(w.accountID), q.ID, confirm)
			require.NoError(t, err)
			require.Equal(t, identity.QuestionConfirmed, q.State)
		}
		inv := env.InvitationOf(t, o.ID)
		require.Equal(t, *q.InvitationID, inv.ID)
		require.Equal(t, identity.RoleReadOnly, inv.Role)
		_, m := env.Join(t, inv)
		require.Equal(t, identity.RoleReadOnly, m.Role)
		_, err = env.AnswerContact(storetest.Customer(w.accountID), q.ID, identity.ContactAnswer{})
		storetest.RequireCode(t, rules.StateConflict, err)

		env.Fulfilled(t, w.seller, storetest.FormFor("PO-3", "Acme Ltda", "eva@acme.example"))
		eva := w.questions(t)[0]
		eva, err = env.AnswerContact(storetest.Customer(w.accountID), eva.ID, identity.ContactAnswer{})
		require.NoError(t, err)
		require.Equal(t, identity.QuestionRefused, eva.State)
		w.hasNotComeIn(t, "eva@acme.example")
		env.AuditHolds(t)
	})
}

func TestS15_InvitingThePersonAnswersTheQuestion(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		w := openKnownCompany(t, env)
		env.Join(t, w.invitation)
		env.Fulfilled(t, w.seller, storetest.FormFor("PO-2", "Acme Ltda", "rui@acme.example"))
		inv, err := env.Invite(storetest.Customer(w.accountID), identity.NewInvite{
			AccountID: w.accountID,
			Email:     "Rui@ACME.example",
			Role:      identity.RoleAdmin,
			Kind:      identity.InvitationForColleague,
		})
		require.NoError(t, err)
		q := w.questions(t)[0]
		require.Equal(t, identity.QuestionConfirmed, q.State)
		require.Equal(t, inv.ID, *q.InvitationID)
		require.Equal(t, identity.RoleAdmin, q.Role)
	})
}

func TestS15_UnansweredForSevenDaysAnOperatorDecides(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		w := openKnownCompany(t, env)
		env.Join(t, w.invitation)
		env.Fulfilled(t, w.seller, storetest.FormFor("PO-2", "Acme Ltda", "rui@acme.example"))
		env.Fulfilled(t, w.seller, storetest.FormFor("PO-3", "Acme Ltda", "eva@acme.example"))
		rui := w.questions(t)[1]
		sweep := func() {
			_, err := env.SweepContracts(env.Context, func(operations.Sweep) {})
			require.NoError(t, err)
		}

		env.Calendar.Set(rui.AnswerUntil.Add(-time.Second))
		sweep()
		require.Empty(t, env.Tasks(t, db.TaskDecideContact))
		env.Calendar.Set(rui.AnswerUntil)
		sweep()
		sweep()
		tasks := env.Tasks(t, db.TaskDecideContact)
		require.Len(t, tasks, 2, "each once")

		act := func(subject string, a operations.TaskAction) error {
			for _, task := range tasks {
				if task.SubjectID == subject {
					return storetest.SecondOf(env.Act(storetest.Operator(), task.ID, a))
				}
			}
			return nil
		}
		storetest.RequireCode(t, rules.ReasonRequired,
			act(rui.ID, operations.TaskAction{Name: operations.ActRefuse}))
		storetest.RequireCode(t, rules.ValidationFailed,
			act(rui.ID, operations.TaskAction{Name: operations.ActAccept, Reason: "asked"}))
		require.NoError(t, act(rui.ID, operations.TaskAction{
			Name:         operations.ActAccept,
			Reason:       "the customer confirmed",
			InviteAs:     rules.InviteAsReadOnly,
			RecordDomain: true,
		}))
		rui, err := env.GetContactQuestion(env.Context, rui.ID)
		require.NoError(t, err)
		require.Equal(t, identity.QuestionConfirmed, rui.State)
		require.Equal(t, []string{"acme.example"}, first(t)(env.DomainsOf(env.Context, w.accountID)))

		_, err = env.AnswerContact(storetest.Customer(w.accountID), w.questions(t)[0].ID, identity.ContactAnswer{})
		require.NoError(t, err, "an administrator may still answer")
		for _, task := range env.Tasks(t, db.TaskDecideContact) {
			require.Equal(t, db.TaskDone, task.State)
		}
	})
}

func first(t *testing.T) func([]string, error) []string {
	return func(out []string, err error) []string {
		require.NoError(t, err)
		return out
	}
}

func TestS15_AnOperatorDecidesAboutAStranger(t *testing.T) {
	for name, c := range map[string]struct {
		decision order.Decision
		email    string
		pointers []string
		role     identity.MemberRole // of the invitation; empty for none
		asked    bool
	}{
		"nothing said": {email: "eve@acme.test", pointers: []string{"/invite_as"}},
		"no such role": {
			email:    "eve@acme.test",
			decision: order.Decision{Version: 1, InviteAs: "OWNER"},
			pointers: []string{"/invite_as"},
		},
		"as a reader": {
			email:    "eve@acme.test",
			decision: order.Decision{Version: 1, InviteAs: rules.InviteAsReadOnly},
			role:     identity.RoleReadOnly,
		},
		"not at all": {email: "eve@acme.test", decision: order.Decision{Version: 1, InviteAs: rules.InviteAsNobody}},
		"the domain is theirs": {
			email:    "eve@acme.test",
			decision: order.Decision{Version: 1, RecordDomain: true},
			asked:    true,
		},
		"free mail is nobody's domain": {
			email:    "eve@hotmail.com",
			decision: order.Decision{Version: 1, RecordDomain: true, InviteAs: rules.InviteAsAdmin},
			pointers: []string{"/record_domain"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			storetest.Each(t, func(t *testing.T, env storetest.Env) {
				w := openKnownCompany(t, env)
				env.Join(t, w.invitation)
				o := env.Accept(t, w.seller, storetest.FormFor("PO-2", "Acme Ltda", c.email))
				c.decision.Version, c.decision.Accept, c.decision.Reason = 1, true, "asked the customer"
				c.decision.Email = c.email
				_, err := env.DecideOrder(storetest.Operator(), o.ID, c.decision)
				if c.pointers != nil {
					storetest.RequireCode(t, rules.ValidationFailed, err)
					require.Equal(t, c.pointers, storetest.Pointers(err))
					w.hasNotComeIn(t, c.email)
					require.Empty(t, first(t)(env.DomainsOf(env.Context, w.accountID)))
					return
				}
				require.NoError(t, err)
				_, err = env.FulfilOrder(env.Context, o.ID)
				require.NoError(t, err)
				require.Equal(t, 20, env.Count(t, "SELECT count(*) FROM licences"))
				require.Equal(t, c.asked, len(w.questions(t)) == 1)

				if c.role == "" {
					w.hasNotComeIn(t, c.email)
					require.Empty(t, env.Mails(t, rules.TemplateAdminNotice))
				} else {
					require.Equal(t, c.role, env.InvitationOf(t, o.ID).Role)
					notice := env.Mails(t, rules.TemplateAdminNotice)
					require.Len(t, notice, 1)
					require.Equal(t, c.email, notice[0].Params["email"])
					require.Equal(t, "Revenda Sul", notice[0].Params["seller"])
					require.NotEmpty(t, notice[0].Params["vendor_order_no"])
				}

				told := env.Count(t, "SELECT count(*) FROM notifications WHERE recipient = '"+c.email+"'")
				require.Equal(t, c.decision.InviteAs == rules.InviteAsNobody, told == 0,
					"who was kept out is told nothing of the order")
				env.AuditHolds(t)
			})
		})
	}
}

// Where nobody has accepted yet, the first who does becomes the administrator (R47b): an
// operator cannot invite a stranger as a reader and get an administrator.
func TestS15_AStrangerIsNoReaderOfAnAccountWithoutAdministrator(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		w := openKnownCompany(t, env)
		o := env.Accept(t, w.seller, storetest.FormFor("PO-2", "Acme Ltda", "rui@acme.example"))
		decide := func(as rules.InviteAs) error {
			return storetest.SecondOf(env.DecideOrder(storetest.Operator(), o.ID,
				order.Decision{Version: 1, Accept: true, Reason: "asked", InviteAs: as, Email: "rui@acme.example"}))
		}
		storetest.RequireCode(t, rules.ValidationFailed, decide(rules.InviteAsReadOnly))
		require.NoError(t, decide(rules.InviteAsAdmin))
	})
}

// Two orders are accepted while no worker runs: the second finds an account that was not
// there when it came, and goes back to review.
func TestS15_AnAcceptedOrderGoesBackToReviewWhereTheAccountWasOpenedMeanwhile(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		seller := env.Reseller(t, "Revenda Sul")
		ana := env.Accept(t, seller, storetest.Form("PO-1"))
		eve := env.Accept(t, seller, storetest.FormFor("PO-2", "Acme Ltda", "eve@stranger.example"))
		require.Equal(t, rules.OrderAccepted, eve.State)
		number := *eve.VendorOrderNo

		for _, id := range []string{ana.ID, eve.ID, eve.ID} {
			_, err := env.FulfilOrder(env.Context, id)
			require.NoError(t, err)
		}
		eve, err := env.GetOrder(env.Context, eve.ID)
		require.NoError(t, err)
		require.Equal(t, rules.OrderNeedsReview, eve.State)
		require.Equal(t, []string{ordering.ReasonContactUnknown}, eve.ReviewReasons)
		require.NotNil(t, eve.ReviewUntil)
		require.Equal(t, 10, env.Count(t, "SELECT count(*) FROM licences"))
		require.Zero(t, env.Count(t, "SELECT count(*) FROM notifications WHERE recipient = 'eve@stranger.example'"))

		eve, err = env.DecideOrder(storetest.Operator(), eve.ID, order.Decision{
			Version:  eve.Version,
			Accept:   true,
			Reason:   "asked Ana",
			InviteAs: rules.InviteAsAdmin,
			Email:    "eve@stranger.example",
		})
		require.NoError(t, err)
		require.Equal(t, number, *eve.VendorOrderNo, "the number that the seller knows")
		_, err = env.FulfilOrder(env.Context, eve.ID)
		require.NoError(t, err)
		require.Equal(t, 20, env.Count(t, "SELECT count(*) FROM licences"))
		env.AuditHolds(t)
	})
}

// Ana lets others in as administrators; an operator does so only where there is nobody.
func TestS15_AnOperatorMakesNoAdministratorBesideAna(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		w := openKnownCompany(t, env)
		env.Join(t, w.invitation)
		o := env.Accept(t, w.seller, storetest.FormFor("PO-2", "Acme Ltda", "eve@acme.test"))
		_, err := env.DecideOrder(storetest.Operator(), o.ID, order.Decision{
			Version:  1,
			Accept:   true,
			Reason:   "asked",
			InviteAs: rules.InviteAsAdmin,
			Email:    "eve@acme.test",
		})
		storetest.RequireCode(t, rules.Forbidden, err)
		w.hasNotComeIn(t, "eve@acme.test")
	})
}

// The operator asked the customer about Rui; meanwhile the seller made it Eve.
func TestS15_ADecisionIsAboutThePersonWhomTheOperatorSaw(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		w := openKnownCompany(t, env)
		o := env.Accept(t, w.seller, storetest.FormFor("PO-2", "Acme Ltda", "rui@acme.example"))
		require.Equal(t, rules.OrderNeedsReview, o.State)
		_, err := env.AmendOrder(storetest.Seller(w.seller), o.ID,
			storetest.FormFor("PO-2", "Acme Ltda", "eve@stranger.example"), o.Version)
		require.NoError(t, err)
		for _, d := range []order.Decision{
			{InviteAs: rules.InviteAsAdmin, Email: "rui@acme.example"},
			{InviteAs: rules.InviteAsReadOnly},
			{RecordDomain: true, Email: "rui@acme.example"},
		} {
			d.Version, d.Accept, d.Reason = 2, true, "asked the customer"
			_, err := env.DecideOrder(storetest.Operator(), o.ID, d)
			storetest.RequireCode(t, rules.ValidationFailed, err)
			require.Equal(t, []string{"/email"}, storetest.Pointers(err))
		}
		w.hasNotComeIn(t, "eve@stranger.example")
	})
}

func TestS15_AmendingTheContactTakesTheOrderOutOfReview(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		w := openKnownCompany(t, env)
		o := env.Accept(t, w.seller, storetest.FormFor("PO-2", "Acme Ltda", "eve@stranger.example"))
		require.Equal(t, rules.OrderNeedsReview, o.State)
		o, err := env.AmendOrder(storetest.Seller(w.seller), o.ID, storetest.Form("PO-2"), o.Version)
		require.NoError(t, err)
		require.Equal(t, rules.OrderAccepted, o.State)
	})
}

// An account without an administrator gets none by a reader: whoever accepts first becomes
// one (R47b).
func TestS15_NobodyIsConfirmedAsAReaderWhereThereIsNoAdministrator(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		w := openKnownCompany(t, env)
		_, ana := env.Join(t, w.invitation)
		o := env.Accept(t, w.seller, storetest.FormFor("PO-2", "Acme Ltda", "rui@acme.example"))
		_, err := env.FulfilOrder(env.Context, o.ID)
		require.NoError(t, err)
		q := w.questions(t)[0]
		_, err = env.ChangeMembership(
			storetest.Operator(), ana.ID, ana.Role, rules.MembershipRemoved, "she has left",
		)
		require.NoError(t, err)

		env.Calendar.Set(q.AnswerUntil)
		_, err = env.AnswerContact(storetest.Operator(), q.ID, identity.ContactAnswer{
			Confirm: true,
			Role:    identity.RoleReadOnly,
			Reason:  "asked the customer",
		})
		storetest.RequireCode(t, rules.ValidationFailed, err)
		require.Equal(t, []string{"/invite_as"}, storetest.Pointers(err))
	})
}

// An operator let Eve be the administrator of the account that her order would open;
// another order opens it first, for Ana. What was decided was about another account.
func TestS15_ADecisionIsNotCarriedIntoAnAccountThatWasOpenedMeanwhile(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		seller := env.Reseller(t, "Revenda Sul")
		form := storetest.FormFor("PO-1", "Acme Ltda", "eve@eve.test")
		form.PurchasedOn = "2026-12-24" // ahead: reviewed
		eve := env.Accept(t, seller, form)
		_, err := env.DecideOrder(storetest.Operator(), eve.ID, order.Decision{
			Version:  1,
			Accept:   true,
			Reason:   "asked",
			InviteAs: rules.InviteAsAdmin,
			Email:    "eve@eve.test",
		})
		require.NoError(t, err)

		other := storetest.FormFor("PO-2", "Acme Ltda", "ana.souza@acme.example")
		other.Lines[0].Quantity++
		ana := env.Fulfilled(t, seller, other)
		env.Join(t, env.InvitationOf(t, ana.ID))

		_, err = env.FulfilOrder(env.Context, eve.ID)
		require.NoError(t, err)
		got, err := env.GetOrder(env.Context, eve.ID)
		require.NoError(t, err)
		require.Equal(t, rules.OrderNeedsReview, got.State)
		require.Zero(t, env.Count(t, "SELECT count(*) FROM invitations WHERE email = 'eve@eve.test'"))
	})
}

// cancelled cancels an order, whole or some of it, and runs the rest of it.
func (w knownCompany) cancelled(t *testing.T, ctx context.Context, id string, quantity int) {
	t.Helper()
	_, c, err := w.CancelOrder(ctx, id, order.CancelRequest{Reason: "not needed", Quantity: quantity})
	require.NoError(t, err)
	_, err = w.CompensateCancellation(w.Context, c.ID)
	require.NoError(t, err)
}

// Nobody is asked any more about the person of an order that was cancelled, whoever did.
func TestS15_ACancelledOrderAsksNobodyAnyMore(t *testing.T) {
	for name, c := range map[string]struct {
		end       func(t *testing.T, w knownCompany, id string)
		withdrawn bool
	}{
		"by its seller": {func(t *testing.T, w knownCompany, id string) {
			w.cancelled(t, storetest.Seller(w.seller), id, 0)
		}, true},
		"by an operator": {func(t *testing.T, w knownCompany, id string) {
			w.cancelled(t, storetest.Operator(), id, 0)
		}, true},
		"by the customer": {func(t *testing.T, w knownCompany, id string) {
			w.cancelled(t, storetest.Customer(w.accountID), id, 0)
		}, true},
		"all of its licences, counted": {func(t *testing.T, w knownCompany, id string) {
			w.cancelled(t, storetest.Operator(), id, 10)
		}, true},
		"after its window, as goodwill": {func(t *testing.T, w knownCompany, id string) {
			_, c, err := w.TerminateOrder(storetest.Operator(), id, order.Termination{Reason: "goodwill"})
			require.NoError(t, err)
			_, err = w.CompensateCancellation(w.Context, c.ID)
			require.NoError(t, err)
		}, true},
		"a part of it": {func(t *testing.T, w knownCompany, id string) {
			w.cancelled(t, storetest.Operator(), id, 3)
		}, false},
	} {
		t.Run(name, func(t *testing.T) {
			storetest.Each(t, func(t *testing.T, env storetest.Env) {
				w := openKnownCompany(t, env)
				env.Join(t, w.invitation)
				o := env.Fulfilled(t, w.seller, storetest.FormFor("PO-2", "Acme Ltda", "rui@acme.example"))
				require.Len(t, w.questions(t), 1)
				q := w.questions(t)[0]
				env.Calendar.Set(q.AnswerUntil)
				_, err := env.SweepContracts(env.Context, func(operations.Sweep) {})
				require.NoError(t, err)
				require.Equal(t, db.TaskOpen, env.Tasks(t, db.TaskDecideContact)[0].State)

				c.end(t, w, o.ID)
				q = w.questions(t)[0]
				answer := func() error {
					return storetest.SecondOf(env.AnswerContact(storetest.Customer(w.accountID), q.ID,
						identity.ContactAnswer{Confirm: true, Role: identity.RoleReadOnly}))
				}
				if !c.withdrawn {
					require.Equal(t, identity.QuestionOpen, q.Standing())
					require.NoError(t, answer())
					return
				}

				require.Equal(t, identity.QuestionWithdrawn, q.Standing())
				require.Equal(t, db.TaskDone, env.Tasks(t, db.TaskDecideContact)[0].State)
				err = answer()
				storetest.RequireCode(t, rules.StateConflict, err)
				require.ErrorContains(t, err, "canceled")
				storetest.RequireCode(t, rules.StateConflict,
					storetest.SecondOf(env.AnswerContact(storetest.Customer(w.accountID), q.ID, identity.ContactAnswer{})))
				w.hasNotComeInButAsked(t, "rui@acme.example")
				env.AuditHolds(t)
			})
		})
	}
}

// hasNotComeInButAsked holds that nobody of the address was invited.
func (w knownCompany) hasNotComeInButAsked(t *testing.T, email string) {
	t.Helper()
	require.Zero(t, w.Count(t, "SELECT count(*) FROM invitations WHERE email = '"+email+"'"))
}

// Two orders name the same person, and there was one question: the one that is left asks.
func TestS15_TheOrderThatIsLeftAsksAboutThePerson(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		w := openKnownCompany(t, env)
		env.Join(t, w.invitation)
		first := env.Fulfilled(t, w.seller, storetest.FormFor("PO-2", "Acme Ltda", "rui@acme.example"))
		form := storetest.FormFor("PO-3", "Acme Ltda", "rui@acme.example")
		form.Lines[0].Quantity = 7
		second := env.Fulfilled(t, env.Reseller(t, "Revenda Oeste"), form)
		require.Len(t, w.questions(t), 1)
		w.cancelled(t, storetest.Operator(), first.ID, 0)
		all := w.questions(t) // the newest first
		require.Len(t, all, 2)
		require.Equal(t, identity.QuestionWithdrawn, all[1].Standing())
		require.Equal(t, []any{identity.QuestionOpen, second.ID, "Revenda Oeste"},
			[]any{all[0].Standing(), all[0].OrderID, all[0].Seller})
		w.cancelled(t, storetest.Operator(), second.ID, 0)
		require.Len(t, w.questions(t), 2)
	})
}

// A seller that orders and cancels again and again has the administrators written to five
// times a day; another seller's question reaches them all the same.
func TestS15_S64_ASellersQuestionsToAdministratorsAreBounded(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		w := openKnownCompany(t, env)
		env.Join(t, w.invitation)
		for i := range 8 {
			o := env.Fulfilled(t, w.seller, storetest.FormFor(storetest.PO(i), "Acme Ltda", "rui@acme.example"))
			w.cancelled(t, storetest.Seller(w.seller), o.ID, 0)
		}
		require.Len(t, w.questions(t), 8)
		require.Len(t, env.Mails(t, rules.TemplateContactQuestion), 5)
		form := storetest.FormFor("PO-OESTE", "Acme Ltda", "rui@acme.example")
		form.Lines[0].Quantity = 7
		env.Fulfilled(t, env.Reseller(t, "Revenda Oeste"), form)
		require.Len(t, env.Mails(t, rules.TemplateContactQuestion), 6)
	})
}

// An order that came back to review is reminded of again, and one that is amended there
// keeps the number that its seller knows.
func TestS14_S15_AnOrderThatCameBackIsRemindedOfAndKeepsItsNumber(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		seller := env.Reseller(t, "Revenda Sul")
		form := storetest.FormFor("PO-2", "Acme Ltda", "eve@stranger.example")
		form.PurchasedOn = "2026-12-24" // ahead: reviewed
		eve := env.Accept(t, seller, form)
		remind := func(n int) {
			require.NoError(t, env.RemindReview(env.Context, eve.ID, n, time.Time{}))
			require.NoError(t, env.RemindReview(env.Context, eve.ID, n, time.Time{}), "once more changes nothing")
		}
		remind(1)
		remind(2)
		require.Len(t, env.Mails(t, rules.TemplateOrderReviewReminder), 2)

		env.Calendar.Set(storetest.Now.Add(48 * time.Hour))
		_, err := env.DecideOrder(storetest.Operator(), eve.ID, order.Decision{
			Version: 1, Accept: true, Reason: "the date is agreed",
		})
		require.NoError(t, err)
		other := storetest.Form("PO-1")
		other.Lines[0].Quantity = 7
		env.Fulfilled(t, env.Reseller(t, "Revenda Oeste"), other)
		_, err = env.FulfilOrder(env.Context, eve.ID)
		require.NoError(t, err)
		eve, err = env.GetOrder(env.Context, eve.ID)
		require.NoError(t, err)
		require.Equal(t, rules.OrderNeedsReview, eve.State)
		number := *eve.VendorOrderNo
		remind(1)
		remind(2)
		require.Len(t, env.Mails(t, rules.TemplateOrderReviewReminder), 4)

		form.PurchasedOn = "2026-11-20"
		form.Lines[0].Quantity = 3
		eve, err = env.AmendOrder(storetest.Seller(seller), eve.ID, form, eve.Version)
		require.NoError(t, err)
		require.Equal(t, rules.OrderNeedsReview, eve.State)
		require.Equal(t, number, *eve.VendorOrderNo)
		remind(1)
		require.Len(t, env.Mails(t, rules.TemplateOrderReviewReminder), 4, "an amendment is no other review")

		form.EndCustomer.Email = "ana.souza@acme.example" // whose invitation is pending
		eve, err = env.AmendOrder(storetest.Seller(seller), eve.ID, form, eve.Version)
		require.NoError(t, err)
		require.Equal(t, rules.OrderAccepted, eve.State)
		require.Equal(t, number, *eve.VendorOrderNo)
		require.Equal(t, 1, env.Count(t, "SELECT count(*) FROM orders WHERE vendor_order_no = '"+number+"'"))
	})
}
