package api_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/api"
	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/models/operations"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/ordering"
)

// Anyone who may order knows a company's name and address: the person whom an order names
// comes in only when somebody has said so (S15).
func TestS15_AnOrderForAKnownCompanyLetsNobodyIn(t *testing.T) {
	for way, come := range map[string]func(*house, identity.Invitation){
		"Ana is administrator":      func(h *house, inv identity.Invitation) { h.Join(h.t, inv) },
		"her invitation is pending": func(*house, identity.Invitation) {},
		"it has expired": func(h *house, inv identity.Invitation) {
			h.Calendar.Set(inv.ExpiresAt)
			require.NoError(h.t, h.ExpireInvitation(h.Context, inv.ID))
		},
	} {
		t.Run(way, func(t *testing.T) {
			h := sqlite(t)
			_, accountID, invitation := h.fulfilled()
			inv, err := h.GetInvitation(h.Context, invitation)
			require.NoError(t, err)
			come(h, inv)

			form := storetest.FormFor("PO-2", "Acme Ltda", "eve@stranger.example")
			form.Lines[0].Quantity = 1
			ref := h.Seller.accepted(form)
			require.Equal(t, "NEEDS_REVIEW", ref.State)
			require.Equal(t, []string{ordering.ReasonOperatorChecks}, ref.ReviewReasons)
			require.Equal(t, []string{ordering.ReasonContactUnknown},
				as[orderRef](t, h.Lead.get("/v1/orders/"+ref.ID), 200).ReviewReasons)
			h.fulfil(ref.ID)
			require.Len(t, as[items[api.InvitationView]](t,
				h.Lead.get("/v1/accounts/"+accountID+"/invitations"), 200).Items, 1)
			require.Empty(t, as[items[api.ContactQuestionView]](t,
				h.Lead.get("/v1/accounts/"+accountID+"/contact-questions"), 200).Items)

			p := problem(t, h.Lead.decide(ref.ID, `{"accept":true,"reason":"r"}`), 422, rules.ValidationFailed)
			require.Equal(t, []string{"/invite_as REQUIRED"}, codes(p.Errors))
			problem(t, h.Seller.decide(ref.ID, `{"accept":true,"reason":"r","invite_as":"ADMIN"}`), 403,
				rules.Forbidden)
			require.Equal(t, "ACCEPTED", as[orderRef](t,
				h.Lead.decide(ref.ID, `{"accept":true,"reason":"asked Ana","invite_as":"NONE"}`), 200).State)
			h.fulfil(ref.ID)
			require.Zero(t, h.Count(t, "SELECT count(*) FROM notifications WHERE recipient = 'eve@stranger.example'"))
			require.Len(t, as[items[api.InvitationView]](t,
				h.Lead.get("/v1/accounts/"+accountID+"/invitations"), 200).Items, 1)
		})
	}
}

func TestS15_OperatorsReadWhomTheAdministratorsWereAskedAbout(t *testing.T) {
	h := sqlite(t)
	_, accountID, invitation := h.fulfilled()
	inv, err := h.GetInvitation(h.Context, invitation)
	require.NoError(t, err)
	h.Join(t, inv)
	ref := h.Seller.accepted(storetest.FormFor("PO-2", "Acme Ltda", "rui@acme.example"))
	require.Equal(t, "ACCEPTED", ref.State)
	h.fulfil(ref.ID)

	list := "/v1/accounts/" + accountID + "/contact-questions"
	asked := as[items[api.ContactQuestionView]](t, h.Lead.get(list), 200).Items
	require.Len(t, asked, 1)
	require.Equal(t, "rui@acme.example", asked[0].Email)
	require.Equal(t, "Revenda Sul", asked[0].Seller)
	require.Equal(t, identity.QuestionOpen, asked[0].State)
	one := "/v1/contact-questions/" + asked[0].ID
	require.Equal(t, asked[0], as[api.ContactQuestionView](t, h.Lead.get(one), 200))
	for _, path := range []string{list, one} {
		problem(t, h.Seller.get(path), 403, rules.Forbidden)
	}

	h.Calendar.Set(asked[0].AnswerUntil)
	_, err = h.SweepContracts(h.Context, func(operations.Sweep) {})
	require.NoError(t, err)
	task := as[items[api.TaskView]](t, h.Lead.get("/v1/operator/tasks?kind=DECIDE_CONTACT"), 200).Items[0]
	require.Equal(t, asked[0].ID, task.SubjectID)
	require.Equal(t, []string{"accept", "refuse"}, task.Actions)
	done := as[api.TaskView](t, h.Lead.post("/v1/operator/tasks/"+task.ID+"/accept",
		`{"reason":"asked the customer","invite_as":"READ_ONLY","record_domain":true}`), 200)
	require.EqualValues(t, "DONE", done.State)
	require.Equal(t, identity.QuestionConfirmed, as[api.ContactQuestionView](t, h.Lead.get(one), 200).State)
	domains := "/v1/accounts/" + accountID + "/mail-domains"
	require.Equal(t, []string{"acme.example"}, as[api.MailDomainsView](t, h.Lead.get(domains), 200).Domains)

	forget := domains + "/ACME.example/removal"
	problem(t, h.Seller.post(forget, `{"reason":"r"}`), 403, rules.Forbidden)
	problem(t, h.Lead.post(forget, `{"reason":" "}`), 422, rules.ReasonRequired)
	problem(t, h.Lead.post("/v1/accounts/acc_none/mail-domains/acme.example/removal", `{"reason":"r"}`), 404,
		rules.NotFound)
	for range 2 {
		require.Empty(t, as[api.MailDomainsView](t, h.Lead.post(forget, `{"reason":"sold"}`), 200).Domains)
	}
	require.Equal(t, 1, h.Count(t, "SELECT count(*) FROM audit_events WHERE verb = 'account.domain_forgotten'"))
}
