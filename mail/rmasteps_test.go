package mail

import (
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/messages"
)

// rmaSteps are the steps of a replacement of which the customer and the site's contact are told.
var rmaSteps = []string{
	"REQUESTED", "APPEALED", "REJECTED", "WITHDRAWN", "APPROVED", "BACKORDERED", "RESHIPPED",
	"SHIPPED", "DELIVERED", "SWAPPED", "REMINDER", "OVERDUE", "WRONG_UNIT", "INSPECTED",
	"NO_RETURN", "BILLED", "WAIVED", "CORRECTED", "DELIVERED_LAST", "SWAPPED_LAST",
	"REJECTED_FINAL", "APPROVED_SWAPPED", "APPROVED_SWAPPED_LAST", "APPROVED_NO_SPARE",
}

func TestRMA_EveryStepIsToldInBothLanguages(t *testing.T) {
	seen := map[string]bool{}
	for _, name := range rmaSteps {
		for _, locale := range messages.Locales() {
			l := messages.In(locale)
			title := l.Say("mail.rma_update." + name + ".title")
			text, html := render(t, "rma_update",
				locale, map[string]any{"step": name, "return_on": "2026-12-10", "tracking": "TRK1"})
			require.Contains(t, text, title, name)
			require.Contains(t, text, l.Say("mail.rma_update."+name+".text"), name)
			require.Contains(t, html, "TRK1", name)
			require.NotContains(t, text, "{{", name)
			require.False(t, seen[title], "each has a title of its own: %s", name)
			seen[title] = true
		}
	}
}

func TestS20_TheMailExplainsThePromise(t *testing.T) {
	text, _ := render(t, "rma_update", "pt-BR", nil)
	require.Regexp(t, `Entrega prometida até: 22\s?.*de.*dezembro de.*2026`, text)
	require.Contains(t, text, "aprovada na segunda-feira às 10:00")
	require.NotContains(t, text, "approved Monday")
	text, html := render(t, "rma_update", "en", nil)
	require.Contains(t, text, "How this date was set: approved Monday 10:00 by the 15:00 cut-off: Tuesday")
	require.Contains(t, html, "Sala &amp; Cia &lt;1&gt;")
}

func TestRMA_CodesAreToldInWords(t *testing.T) {
	text, _ := render(t, "rma_update",
		"en", map[string]any{"step": "REJECTED", "code": "NO_DEFECT", "promised_on": nil})
	require.Contains(t, text, "Reason: No defect was found")
	text, _ = render(t, "rma_update", "pt-BR", map[string]any{"step": "INSPECTED", "outcome": "DAMAGE"})
	require.Contains(t, text, "Resultado: Dano que a garantia não cobre")
}

func TestRMA_AnUnknownStepIsNotSent(t *testing.T) {
	_, _, _, err := Render(sampleContent(t, "rma_update", "en", map[string]any{"step": "DANCED"}))
	require.Error(t, err)
}
