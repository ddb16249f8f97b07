package portal

import (
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/models/order"
	"roomcover.dev/roomcover/models/storetest"
)

// question fulfils an order of Acme that names somebody else, whom an administrator has to
// confirm.
func (w *world) question(accountID, po, email string) identity.ContactQuestion {
	w.t.Helper()
	form := storetest.FormFor(po, "Acme Ltda", email)
	form.EndCustomer.ContactName = "Rui Lima"
	w.Fulfilled(w.t, w.Reseller(w.t, "Revenda Sul"), form)
	all, _, err := w.ListContactQuestions(w.Context, accountID, identity.QuestionOpen, db.Page{Limit: 200})
	require.NoError(w.t, err)
	for _, q := range all {
		if q.Email == email {
			return q
		}
	}
	require.Fail(w.t, "nobody was asked")
	return identity.ContactQuestion{}
}

func TestS15_AnAdministratorConfirmsOnThePage(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		ana, inv := w.admin()
		q := w.question(inv.AccountID, "PO-2", "rui@acme.example")
		path := questionsPath + q.ID
		list := ana.get("/colleagues").body
		require.Contains(t, list, `href="`+path+`"`)
		require.Contains(t, list, "Waiting for your decision")

		page := ana.get(path)
		require.Equal(t, 200, page.status)
		for _, want := range []string{"Rui Lima", "rui@acme.example", "Revenda Sul", "SO-", "30 November 2026"} {
			require.Contains(t, page.body, want)
		}
		for range 3 {
			ana.get(path)
		}
		require.Equal(t, identity.QuestionOpen, w.answer(q.ID).State, "reading decides nothing")

		require.Equal(t, 400, ana.post(path+"/confirm", "role", "OWNER").status)
		require.Equal(t, 400, ana.post(path+"/confirm").status)
		done := ana.post(path+"/confirm", "role", "READ_ONLY")
		require.Equal(t, "/colleagues", done.path)
		require.Contains(t, done.body, "will be invited")
		require.Equal(t, identity.QuestionConfirmed, w.answer(q.ID).State)

		rui := w.guest()
		require.Equal(t, "/", rui.accept(w.latestInvitation("rui@acme.example"), "Rui Lima").path)
		require.Equal(t, 403, rui.get(path).status, "a reader")
		require.Contains(t, ana.get(path).body, "(role: Read-only)")
		require.NotContains(t, ana.get(path).body, path+"/refuse")
		require.Equal(t, 409, ana.post(path+"/refuse", "confirmed", "yes").status)
	})
}

func (w *world) answer(id string) identity.ContactQuestion {
	w.t.Helper()
	q, err := w.GetContactQuestion(w.Context, id)
	require.NoError(w.t, err)
	return q
}

func TestS15_AnAdministratorRefusesOnThePage(t *testing.T) {
	w := newWorld(t)
	ana, inv := w.admin()
	q := w.question(inv.AccountID, "PO-2", "rui@acme.example")
	done := ana.post(questionsPath+q.ID+"/refuse", "confirmed", "yes")
	require.Equal(t, "/colleagues", done.path)
	require.Contains(t, done.body, "will not get access")
	require.NotContains(t, done.body, "rui@acme.example")
	require.Equal(t, identity.QuestionRefused, w.answer(q.ID).State)
	require.Contains(t, ana.get(questionsPath+q.ID).body, "denied this person access")
	require.Equal(t, "/colleagues", ana.post(questionsPath+q.ID+"/refuse", "confirmed", "yes").path, "a second click")
	require.Equal(t, 409, ana.post(questionsPath+q.ID+"/confirm", "role", "ADMIN").status)
}

// The order was canceled before somebody answered: the mail's button leads to a page that
// says so and asks nothing.
func TestS15_TheButtonOfACancelledOrdersMailSaysThatNothingIsLeftToDecide(t *testing.T) {
	w := newWorld(t)
	ana, inv := w.admin()
	q := w.question(inv.AccountID, "PO-2", "rui@acme.example")
	_, _, err := w.CancelOrder(storetest.Operator(), q.OrderID, order.CancelRequest{Reason: "a double"})
	require.NoError(t, err)

	page := ana.get(questionsPath + q.ID)
	require.Equal(t, 200, page.status)
	require.Contains(t, page.body, "The order was canceled.")
	require.NotContains(t, page.body, questionsPath+q.ID+"/confirm")
	require.NotContains(t, ana.get("/colleagues").body, "rui@acme.example")
	require.Equal(t, 409, ana.post(questionsPath+q.ID+"/confirm", "role", "READ_ONLY").status)
	require.Equal(t, 409, ana.post(questionsPath+q.ID+"/refuse").status)
	require.Empty(t, w.Strings(t, "SELECT id FROM invitations WHERE email = 'rui@acme.example'"))
}

// The mail's button leads through the sign-in to the page; a question of another account of
// the same person brings that account to hand, and nobody else's exists.
func TestS15_TheMailsButtonLeadsThroughTheSignIn(t *testing.T) {
	w := newWorld(t)
	_, inv := w.admin()
	q := w.question(inv.AccountID, "PO-2", "rui@acme.example")
	path := questionsPath + q.ID

	visitor := w.guest()
	require.Equal(t, "/sign-in", visitor.get(path).path)
	in := visitor.post("/sign-in", "email", "ana.souza@acme.example", "password", goodPassword, "next", path)
	require.Equal(t, path, in.path)

	gil, acc := w.site("gil@globex.example")
	require.Equal(t, 404, gil.get(path).status)
	require.Equal(t, 404, gil.post(path+"/confirm", "role", "ADMIN").status)
	require.Equal(t, 404, gil.get(questionsPath+"qst_missing").status)

	ana := w.guest()
	second := w.pending(acc.ID, "ana.souza@acme.example")
	ana.get(w.link(second))
	ana.post("/sign-in", "email", "ana.souza@acme.example", "password", goodPassword)
	require.Contains(t, ana.post("/invitation/accept").body, "Globex")
	require.Equal(t, 403, ana.post(path+"/refuse", "confirmed", "yes").status, "she is a reader of the account at hand")
	require.Contains(t, ana.get(path).body, "Acme Ltda")
	require.Equal(t, "/colleagues", ana.post(path+"/refuse", "confirmed", "yes").path)
}

func TestS15_EveryAdministratorIsToldWhenOneIsRemoved(t *testing.T) {
	w := newWorld(t)
	ana, inv := w.admin()
	bruno := w.member(inv.AccountID, "bruno@acme.example", identity.RoleAdmin)
	w.member(inv.AccountID, "leo@acme.example", identity.RoleReadOnly)
	ids := w.memberIDs(inv.AccountID)

	ana.post("/colleagues/"+ids["leo@acme.example"]+"/remove", "confirmed", "yes")
	require.Empty(t, w.mails("admin_removed"), "a reader is no administrator")

	require.Equal(t, "/colleagues", bruno.post("/colleagues/"+ids["ana.souza@acme.example"]+"/remove", "confirmed", "yes").path)
	told := w.mails("admin_removed")
	require.Len(t, told, 2)
	recipients := []string{}
	for _, m := range told {
		recipients = append(recipients, m.Recipient)
		require.Equal(t, "Ana Souza", m.Params["person"])
		require.Equal(t, "Colleague", m.Params["by"])
		require.Equal(t, "REMOVED", m.Params["change"])
		require.Equal(t, m.Recipient == "ana.souza@acme.example", m.Params["self"])
		require.Equal(t, m.Recipient == "bruno@acme.example", m.Params["own_act"])
	}
	require.ElementsMatch(t, []string{"ana.souza@acme.example", "bruno@acme.example"}, recipients,
		"who was removed is told too")
}

func TestS15_ADemotedAdministratorIsToldToo(t *testing.T) {
	w := newWorld(t)
	ana, inv := w.admin()
	w.member(inv.AccountID, "bruno@acme.example", identity.RoleAdmin)
	ids := w.memberIDs(inv.AccountID)
	ana.post("/colleagues/"+ids["bruno@acme.example"]+"/role", "role", "READ_ONLY")
	told := w.mails("admin_removed")
	require.Len(t, told, 2)
	require.Equal(t, "DEMOTED", told[0].Params["change"])
}

// Who answers late reads who answered, when and what; the choice of the mail's link to
// refuse survives the sign-in.
func TestS15_TheSecondAnswerReadsTheFirst(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		ana, inv := w.admin()
		bruno := w.member(inv.AccountID, "bruno@acme.example", identity.RoleAdmin)
		first := w.question(inv.AccountID, "PO-2", "rui@acme.example")
		second := w.question(inv.AccountID, "PO-3", "eva@acme.example")

		ana.post(questionsPath+first.ID+"/confirm", "role", "READ_ONLY")
		late := bruno.post(questionsPath+first.ID+"/confirm", "role", "ADMIN")
		require.Equal(t, 409, late.status)
		require.Contains(t, late.body, "Ana Souza gave this person access on 23 November 2026")
		require.Contains(t, late.body, "(role: Read-only)")
		require.Contains(t, late.body, "The decision stands")
		require.NotContains(t, late.body, "changed in the meantime")
		require.Contains(t, ana.get(questionsPath+first.ID).body, "You gave this person access")
		for _, r := range []reply{
			bruno.get(questionsPath + first.ID + "/refuse"),
			bruno.post(questionsPath+first.ID+"/refuse", "confirmed", "yes"),
		} {
			require.Equal(t, 409, r.status)
			require.Contains(t, r.body, "Ana Souza gave this person access")
		}

		visitor := w.guest()
		visitor.get(questionsPath + second.ID + "/refuse")
		asked := visitor.post("/sign-in", "email", "bruno@acme.example", "password", goodPassword,
			"next", questionsPath+second.ID+"/refuse")
		require.Equal(t, questionsPath+second.ID+"/refuse", asked.path)
		require.Contains(t, asked.body, "Deny access to Rui Lima?")
		require.Equal(t, identity.QuestionOpen, w.answer(second.ID).State, "reading decides nothing")
		action, fields := confirmationOf(asked.body)
		visitor.post(action, fields...)
		require.Equal(t, identity.QuestionRefused, w.answer(second.ID).State)
		require.Contains(t, ana.post(questionsPath+second.ID+"/confirm", "role", "ADMIN").body,
			"Colleague denied this person access")
	})
}
