package console

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/account"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
)

// correctionOf is the form of a correction with the account's own values, and those given.
func (w *world) correctionOf(id string, changes ...string) []string {
	w.t.Helper()
	acc, err := w.Domains.Accounts.GetAccount(w.system(), id)
	require.NoError(w.t, err)
	values := map[string]string{
		"legal_name": acc.LegalName, "street": acc.Street, "postal_code": acc.PostalCode, "city": acc.City,
		"region": acc.Region, "country": acc.Country, "time_zone": acc.TimeZone, "locale": acc.Locale,
		"mode": string(acc.Mode), "version": "1", fieldConfirms: "yes",
	}
	for i := 0; i < len(changes); i += 2 {
		values[changes[i]] = changes[i+1]
	}
	var pairs []string
	for name, value := range values {
		pairs = append(pairs, name, value)
	}
	return pairs
}

func TestR107a_AnAccountIsCorrectedWithAReasonAndAPreviewOfWhatFollows(t *testing.T) {
	eachIssuerWorld(t, func(t *testing.T, w *world) {
		acme, beta, _ := w.customers()
		agent := w.signedIn(staff[1])
		path := accountPath(acme) + "/correct"
		require.Contains(t, agent.get(path).body, `value="Acme Ltda"`)

		change := []string{"legal_name", "Acme Indústria Ltda", "time_zone", "America/Manaus"}
		preview := agent.post(path, w.correctionOf(acme, change...)...)
		require.Equal(t, http.StatusOK, preview.status)
		for _, text := range []string{
			"Company: “Acme Ltda” becomes “Acme Indústria Ltda”.", "Orders find the account by the new name",
			"what was promised does not move", "Time zone: “America/Sao_Paulo” becomes “America/Manaus”.",
		} {
			require.Contains(t, preview.body, text)
		}
		acc, err := w.Domains.Accounts.GetAccount(w.system(), acme)
		require.NoError(t, err)
		require.Equal(t, "Acme Ltda", acc.LegalName, "a preview stores nothing")
		require.EqualValues(t, 1, acc.Version)

		change = append(change, fieldStep, stepDo)
		require.Equal(t, http.StatusUnprocessableEntity, agent.post(path, w.correctionOf(acme, change...)...).status)
		form := w.correctionOf(acme, append(change, "reason", "the company was renamed")...)
		done := agent.post(path, form...)
		require.Contains(t, done.body, "The account is corrected.")
		require.Contains(t, done.body, "Acme Indústria Ltda")
		require.Contains(t, w.verbs(acme), "account.corrected")
		require.Contains(t, agent.get(accountTab(acme, "timeline")).body, "the company was renamed")
		require.Equal(t, http.StatusPreconditionFailed, agent.post(path, form...).status, "it was another version")

		order := w.Accept(t, w.Reseller(t, "Revenda Sul"), storetest.FormFor("PO-9", "Acme Indústria Ltda", "ana.souza@acme.example"))
		require.Equal(t, acme, *order.AccountID, "orders find it by its new name")

		taken := agent.post(accountPath(beta)+"/correct", w.correctionOf(beta, "legal_name", "Acme Indústria Ltda")...)
		require.Equal(t, http.StatusUnprocessableEntity, taken.status)
		require.Contains(t, taken.body, "Another account has this company and address.")
		wrong := agent.post(accountPath(beta)+"/correct", w.correctionOf(beta, "country", "Brazil", "time_zone", "Here")...)
		require.Contains(t, wrong.body, "This is not a time zone.")
		require.Contains(t, wrong.body, `value="Brazil"`, "what was typed stays")
	})
}

// The preview says what happens: the same change, once asked for and once made, has the same
// fields and effects.
func TestS61_ThePreviewOfACorrectionEqualsWhatHappens(t *testing.T) {
	w := issuerWorld(t)
	acme, _, _ := w.customers()
	near := storetest.FormFor("PO-3", "Acme Ltda", "ana.souza@acme.example").EndCustomer
	near.Address.Street = "Rua Nova, 7"
	_, err := w.Domains.Accounts.CreateAccount(w.system(), near, "", account.ModeSite)
	require.NoError(t, err)
	ctx := storetest.Operator()
	near.Address.PostalCode = ""
	for _, c := range []account.Correction{
		{Mode: account.ModeSite}, {Locale: "en"}, {TimeZone: "America/Manaus"}, {LegalName: "ACME LTDA"},
		{Address: near.Address}, {LegalName: "Outra Ltda", Mode: account.ModeConsolidated}, {Locale: "en"},
	} {
		c.AccountID, c.Reason = acme, "r"
		would, err := w.Domains.Accounts.PreviewCorrection(ctx, c)
		require.NoError(t, err)
		done, err := w.Domains.Accounts.Correct(ctx, c)
		require.NoError(t, err)
		require.Equal(t, would.Fields, done.Fields)
		require.Equal(t, would.Effects, done.Effects)
	}
	_, err = w.Domains.Accounts.Correct(storetest.CSM(), account.Correction{AccountID: acme, Locale: "en", Reason: "r"})
	storetest.RequireCode(t, rules.Forbidden, err)
}

// The audit keeps everything for good, so it says which fields were corrected and not to what:
// names and addresses are there as fingerprints.
func TestS33_TheAuditOfACorrectionHoldsNeitherNameNorAddress(t *testing.T) {
	eachIssuerWorld(t, func(t *testing.T, w *world) {
		acme, _, _ := w.customers()
		agent := w.signedIn(staff[1])
		correct := func(changes ...string) {
			t.Helper()
			version := w.Strings(t, "SELECT CAST(version AS text) FROM accounts WHERE id = '"+acme+"'")[0]
			changes = append(changes, fieldStep, stepDo, "version", version, "reason", "moved")
			done := agent.post(accountPath(acme)+"/correct", w.correctionOf(acme, changes...)...)
			require.Contains(t, done.body, "The account is corrected.")
		}
		correct("legal_name", "Canariozinho Ltda", "street", "Rua do Canarinho, 77", "city", "Canariolandia",
			"postal_code", "77777-777", "time_zone", "America/Manaus")
		correct("legal_name", "Outra Ltda", "street", "Rua Outra, 1", "city", "Campinas", "postal_code", "13010-000")

		details := strings.Join(w.Strings(t,
			"SELECT CAST(details AS text) FROM audit_events WHERE verb = 'account.corrected'"), "\n")
		for _, canary := range []string{
			"Acme", "Canariozinho", "Canarinho", "Canariolandia", "77777", "Outra", "Campinas",
		} {
			require.NotContains(t, details, canary)
		}
		for _, known := range []string{
			"America/Manaus", "America/Sao_Paulo", `"legal_name"`, `"address"`, `"country"`, `"region"`, "moved",
		} {
			require.Contains(t, details, known)
		}
	})
}
