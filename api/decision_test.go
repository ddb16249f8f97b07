package api_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
)

// inReview submits an order that waits for an operator's decision.
func (h *house) inReview(po string) orderRef {
	form := storetest.Form(po)
	form.EndCustomer.Email = "ana@gmail.com"
	ref := h.Seller.accepted(form)
	require.Equal(h.t, "NEEDS_REVIEW", ref.State)
	return ref
}

func TestADecisionThatSaysNeitherIsNoRejection(t *testing.T) {
	h := sqlite(t)
	ref := h.inReview("PO-1")
	path := "/v1/orders/" + ref.ID
	for _, body := range []string{`{"reason":"looks fine"}`, `{"reason":"looks fine","account_id":"acc_x"}`} {
		p := problem(t, h.Lead.post(path+"/decision", body), 422, rules.ValidationFailed)
		require.Equal(t, []string{"/accept REQUIRED"}, codes(p.Errors))
	}
	p := problem(t, h.Lead.post(path+"/decision", `{"accept":null,"reason":"looks fine"}`), 422, rules.ValidationFailed)
	require.Equal(t, []string{"/accept WRONG_TYPE"}, codes(p.Errors))
	require.Equal(t, "NEEDS_REVIEW", as[orderRef](t, h.Seller.get(path), 200).State)
	require.Equal(t, "REJECTED",
		as[orderRef](t, h.Lead.post(path+"/decision", `{"accept":false,"reason":"unknown"}`), 200).State)
}

func TestTermsThatDoNotSayWhetherTheServiceIsAvailableEndNothing(t *testing.T) {
	h := sqlite(t)
	terms := map[string]any{
		"effective_from": "2026-11-23",
		"rma_speed":      "3BD",
		"languages":      []string{"en"},
		"note":           "slower",
	}
	p := problem(t, h.Lead.post("/v1/countries/DE/terms", terms), 422, rules.ValidationFailed)
	require.Equal(t, []string{"/available REQUIRED"}, codes(p.Errors))
}

func TestAMissingReasonIsNamedByItsField(t *testing.T) {
	h := sqlite(t)
	ref := h.inReview("PO-1")
	for path, body := range map[string]string{"decision": `{"accept":true}`, "termination": `{}`} {
		p := problem(t, h.Lead.post("/v1/orders/"+ref.ID+"/"+path, body), 422, rules.ReasonRequired)
		require.Equal(t, []string{"/reason REQUIRED"}, codes(p.Errors), path)
	}
}
