package api_test

import (
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/api"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/ordering"
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
		p := problem(t, h.Lead.decide(ref.ID, body), 422, rules.ValidationFailed)
		require.Equal(t, []string{"/accept REQUIRED"}, codes(p.Errors))
	}
	p := problem(t, h.Lead.decide(ref.ID, `{"accept":null,"reason":"looks fine"}`), 422, rules.ValidationFailed)
	require.Equal(t, []string{"/accept WRONG_TYPE"}, codes(p.Errors))
	require.Equal(t, "NEEDS_REVIEW", as[orderRef](t, h.Seller.get(path), 200).State)
	require.Equal(t, "REJECTED",
		as[orderRef](t, h.Lead.decide(ref.ID, `{"accept":false,"reason":"unknown"}`), 200).State)
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
		p := problem(t, h.Lead.send("POST", "/v1/orders/"+ref.ID+"/"+path, body, "If-Match", `"1"`), 422,
			rules.ReasonRequired)
		require.Equal(t, []string{"/reason REQUIRED"}, codes(p.Errors), path)
	}
}

// amended sends an order again while it is in review, changed.
func (h *house) amended(ref orderRef, po string, change func(*ordering.OrderForm)) {
	h.t.Helper()
	form := storetest.Form(po)
	form.EndCustomer.Email = "ana@gmail.com"
	change(&form)
	a := h.Seller.send("PUT", "/v1/orders/"+ref.ID, form, "If-Match", fmt.Sprintf(`"%d"`, ref.Version))
	require.Equal(h.t, "NEEDS_REVIEW", as[orderRef](h.t, a, 200).State)
}

// An operator decides about what they looked at: an order that its seller amended between
// the look and the decision is another one, whatever was changed and by whichever door the
// decision comes. The refusal names what was changed.
func TestS15_ADecisionIsAboutTheVersionThatWasLookedAt(t *testing.T) {
	doors := map[string]func(h *house, ref orderRef, accept bool, version string) answer{
		"order": func(h *house, ref orderRef, accept bool, version string) answer {
			return h.Lead.send("POST", "/v1/orders/"+ref.ID+"/decision",
				map[string]any{"accept": accept, "reason": "asked"}, "If-Match", version)
		},
		"task": func(h *house, ref orderRef, accept bool, version string) answer {
			task := as[items[api.TaskView]](t,
				h.Lead.get("/v1/operator/tasks?kind=REVIEW_ORDER&subject_id="+ref.ID), 200).Items[0]
			body := map[string]any{"reason": "asked"}
			if n, err := strconv.Atoi(strings.Trim(version, `"`)); err == nil {
				body["version"] = n
			}
			return h.Lead.post("/v1/operator/tasks/"+task.ID+"/"+
				map[bool]string{true: "accept", false: "reject"}[accept], body)
		},
	}
	changes := map[string]struct {
		change  func(*ordering.OrderForm)
		pointer string
	}{
		"quantity": {func(f *ordering.OrderForm) { f.Lines[0].Quantity = 99 }, "/lines/0/quantity CHANGED"},
		"company":  {func(f *ordering.OrderForm) { f.EndCustomer.Company = "Globex SA" }, "/end_customer/company CHANGED"},
		"contact":  {func(f *ordering.OrderForm) { f.EndCustomer.Email = "eva@gmail.com" }, "/end_customer/email CHANGED"},
		"address": {
			func(f *ordering.OrderForm) { f.EndCustomer.Address.Street = "Rua Nova 1" },
			"/end_customer/address/street CHANGED",
		},
	}

	for door, decide := range doors {
		for what, c := range changes {
			for _, accept := range []bool{true, false} {
				t.Run(fmt.Sprintf("%s %s accept=%t", door, what, accept), func(t *testing.T) {
					h := sqlite(t)
					ref := h.inReview("PO-1")
					require.EqualValues(t, 1, ref.Version)
					h.amended(ref, "PO-1", c.change)

					for _, none := range []string{"", "*", `"x"`} {
						problem(t, decide(h, ref, accept, none), 428, rules.VersionMissing)
					}
					p := problem(t, decide(h, ref, accept, `"1"`), 412, rules.VersionMismatch)
					require.Equal(t, []string{c.pointer}, codes(p.Errors))
					require.Equal(t, "NEEDS_REVIEW",
						as[orderRef](t, h.Seller.get("/v1/orders/"+ref.ID), 200).State)

					require.Equal(t, 200, decide(h, ref, accept, `"2"`).Status)
					want := map[bool]string{true: "ACCEPTED", false: "REJECTED"}[accept]
					require.Equal(t, want, as[orderRef](t, h.Seller.get("/v1/orders/"+ref.ID), 200).State)
				})
			}
		}
	}
}

// What was decided stays so: the same decision again is answered whatever version it names.
func TestS15_TheSameDecisionAgainAnswersTheSame(t *testing.T) {
	h := sqlite(t)
	ref := h.inReview("PO-1")
	for range 2 {
		require.Equal(t, "ACCEPTED",
			as[orderRef](t, h.Lead.decide(ref.ID, `{"accept":true,"reason":"asked"}`), 200).State)
	}
}

// Two amendments are named together, each field once.
func TestS15_AllThatWasAmendedSinceTheLookIsNamed(t *testing.T) {
	h := sqlite(t)
	ref := h.inReview("PO-1")
	h.amended(ref, "PO-1", func(f *ordering.OrderForm) { f.Lines[0].Quantity = 99 })
	ref.Version = 2
	h.amended(ref, "PO-1", func(f *ordering.OrderForm) {
		f.Lines[0].Quantity = 100
		f.EndCustomer.Company = "Globex SA"
	})
	p := problem(t, h.Lead.decide(ref.ID, `{"accept":true,"reason":"asked"}`), 412, rules.VersionMismatch)
	require.ElementsMatch(t, []string{"/lines/0/quantity CHANGED", "/end_customer/company CHANGED"}, codes(p.Errors))
}
