package console

import (
	"encoding/json"
	"html"
	"net/http"
	"os"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/order"
	"roomcover.dev/roomcover/rules"
)

// onNoPage are the refusals that no page of the console meets: they are of how a request of a
// machine is made, or of a page of its own, which has its own words.
var onNoPage = []string{
	"IDEMPOTENCY_KEY_INVALID", "IDEMPOTENCY_KEY_CONFLICT", "PRECONDITION_REQUIRED", "BODY_NOT_READ",
	"INVALID_CURSOR", "UNAUTHENTICATED", "METHOD_NOT_ALLOWED", "NOT_ACCEPTABLE", "INTERNAL_ERROR",
	"WEBHOOK_NOT_CONFIGURED", "WEBHOOK_TIMESTAMP_MISSING", "WEBHOOK_TIMESTAMP_INVALID", "WEBHOOK_TOO_OLD",
	"WEBHOOK_IN_FUTURE", "WEBHOOK_SIGNATURE_MISSING", "WEBHOOK_SIGNATURE_INVALID",
	"INVITATION_WRONG_PERSON", "SIGN_IN_REQUIRED", // the portal's
}

// Each code by which the service refuses something has words in the reader's language, and in
// English the service's own, which say more.
func TestS55_EachRefusalSpeaksTheReadersLanguage(t *testing.T) {
	text, err := os.ReadFile("../api/errors.json")
	require.NoError(t, err)
	var codes []struct{ Code, Of string }
	require.NoError(t, json.Unmarshal(text, &codes))

	portuguese := &visit{language: languageOf("pt-BR")}
	american := &visit{language: languageOf("en")}
	known := 0
	for _, c := range codes {
		if c.Of != "refusal" && c.Of != "field" || slices.Contains(onNoPage, c.Code) {
			continue
		}
		known++
		refused := rules.Refuse(c.Code, "It is so.", "Do this.")
		refused.Fields = []rules.FieldError{{Code: c.Code, Message: "It is so.", Remedy: "Do this."}}
		require.Equal(t, refused, american.worded(refused), c.Code)
		said := portuguese.worded(refused)
		for _, words := range []string{said.Message + said.Remedy, said.Fields[0].Message + said.Fields[0].Remedy} {
			require.NotContains(t, words, "It is so.", "%s: add console.wrong.%s", c.Code, c.Code)
			require.NotContains(t, words, "Do this.", c.Code)
		}
		require.Equal(t, "It is so.", refused.Message, "what was refused is not changed")
	}
	require.Greater(t, known, 150)
}

// Refused on a page, an operator who reads Portuguese reads Portuguese: beside the field, above
// the form, and in the lists of what the service has refused to others.
func TestS55_RefusalsOnPagesAreInPortuguese(t *testing.T) {
	w := issuerWorld(t)
	acme, _, _ := w.customers()
	b := w.signedIn(byRole[rules.OperatorLead])
	w.choosesLanguage(byRole[rules.OperatorLead].Email, "pt-BR")

	path := accountPath(acme) + "/correct"
	for page, send := range map[string]struct {
		path string
		form []string
		says string
	}{
		"a correction without a reason": {
			path, w.correctionOf(acme, "legal_name", "Acme Indústria Ltda", fieldStep, stepDo),
			"Informe o motivo.",
		},
		"a correction to no country": {
			path, w.correctionOf(acme, "country", "XX", fieldStep, stepDo, "reason", "moved"),
			"Este país não existe.",
		},
	} {
		r := b.post(send.path, send.form...)
		body := html.UnescapeString(r.body)
		require.Equal(t, http.StatusUnprocessableEntity, r.status, page)
		require.Contains(t, body, send.says, page)
		for _, words := range []string{"There is no such", "Send ", "is required", "Give a reason"} {
			require.NotContains(t, body, words, page)
		}
	}

	seller := w.Reseller(t, "Revenda Sul")
	require.NoError(t, w.RefuseOrder(w.Context, seller.ID, "h", []rules.FieldError{{
		Pointer: "/lines/1/quantity", Code: rules.QuantityTooSmall,
		Message: "The quantity must be at least 1.", Remedy: "Send a whole number.",
	}}))
	found, _, err := w.ListRefusals(w.system(), seller.ID, order.OrderFilter{}.Page)
	require.NoError(t, err)
	for _, page := range []string{refusalsPath, refusalsPath + "/" + found[0].ID} {
		body := html.UnescapeString(b.get(page).body)
		require.Contains(t, body, "A quantidade é menor que 1. Informe um número inteiro a partir de 1.", page)
		require.NotContains(t, body, "Send a whole number.", page)
	}
}

// choosesLanguage sets the language of the operator with the address.
func (w *world) choosesLanguage(email, lang string) {
	w.t.Helper()
	people, err := w.Domains.Operators.ListOperators(w.system())
	require.NoError(w.t, err)
	for _, o := range people {
		if o.Email == email {
			require.NoError(w.t, w.Domains.Operators.ChooseOperatorLanguage(w.system(), o.ID, lang))
		}
	}
}
