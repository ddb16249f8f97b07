package mail

import (
	"html"
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/messages"
	"roomcover.dev/roomcover/rules/spare"
)

// spareSteps are the steps of a spare unit of which the customer and the site's contact are told.
var spareSteps = []string{
	"SELECTED", "VOIDED", "SHIPPED", "ON_SITE", "RECALL_REQUESTED", "RECALL_REMINDER",
	"RECALL_OVERDUE", "RECALL_WITHDRAWN", "RETURNED", "BILLED", "WAIVED",
	"CORRECTED",
}

func TestSpare_EveryStepIsToldInBothLanguages(t *testing.T) {
	seen := map[string]bool{}
	for _, name := range spareSteps {
		for _, locale := range messages.Locales() {
			l := messages.In(locale)
			title := l.Say("mail.spare_update." + name + ".title")
			text, html := render(t, "spare_update", locale, map[string]any{"step": name})
			require.Contains(t, text, title, name)
			require.Contains(t, text, l.Say("mail.spare_update."+name+".text"), name)
			require.Contains(t, text, "SN900", name)
			require.Contains(t, html, "TRK9", name)
			require.Contains(t, html, "Matriz &lt;1&gt;", name)
			require.NotContains(t, text, "{{", name)
			require.False(t, seen[title], "each has a title of its own: %s", name)
			seen[title] = true
		}
	}
}

func TestS9_TheMailOfARecallNamesItsLastDay(t *testing.T) {
	text, _ := render(t, "spare_update", "pt-BR", nil)
	require.Regexp(t, `Devolver até: 22\s?.*dezembro de.*2026`, text)
	text, _ = render(t, "spare_update", "en", map[string]any{"step": "RECALL_WITHDRAWN", "return_on": nil})
	require.NotContains(t, text, "Return by")
}

func TestS62_TheMailOfACorrectionSaysWhatWasWrongAndWhatHolds(t *testing.T) {
	for _, locale := range messages.Locales() {
		l := messages.In(locale)
		for _, wrong := range []string{
			"SHIPPED", "PICKED_UP", "DELIVERED", "RECALL_SCANNED", "RECALL_RECEIVED",
		} {
			for _, holds := range spare.SpareStates() {
				text, page := render(t, "spare_update", locale, map[string]any{
					"step": "CORRECTED", "wrong": wrong, "holds": string(holds), "fee_withdrawn": true,
				})
				for _, said := range []string{
					"wrong." + wrong, "holds." + string(holds), "fee_withdrawn",
				} {
					words := l.Say("mail.spare_update." + said)
					require.Contains(t, text, words)
					require.Contains(t, page, html.EscapeString(words))
				}
			}
		}
	}
	text, _ := render(t, "spare_update", "en", map[string]any{"step": "ON_SITE"})
	require.NotContains(t, text, "wrong")
}

func TestSpare_AnUnknownStepIsNotSent(t *testing.T) {
	_, _, _, err := Render(sampleContent(t, "spare_update", "en", map[string]any{"step": "DANCED"}))
	require.ErrorIs(t, err, errNoWords)
}
