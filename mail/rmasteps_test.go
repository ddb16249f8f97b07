package mail

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/messages"
)

// rmaSteps are the steps of a replacement of which the customer and the site's contact are told.
var rmaSteps = []string{
	"REQUESTED", "APPEALED", "REJECTED", "WITHDRAWN", "APPROVED", "BACKORDERED", "RESHIPPED",
	"SHIPPED", "DELIVERED", "SWAPPED", "REMINDER", "OVERDUE", "WRONG_UNIT", "INSPECTED",
	"NO_RETURN", "BILLED", "WAIVED", "CORRECTED", "DELIVERED_LAST", "SWAPPED_LAST",
	"BILLED_DAMAGE", "REJECTED_FINAL", "APPROVED_SWAPPED", "APPROVED_SWAPPED_LAST", "APPROVED_NO_SPARE",
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
	require.Contains(t, text, "How this date was set: approved Monday at 10:00, by the 15:00 cutoff; promised for Tuesday")
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

// Who has to return something reads how: what to pack, where the label is, until which day.
func TestS22_TheMailSaysHowToReturn(t *testing.T) {
	for _, c := range []struct {
		name, template, locale string
		changes                map[string]any
		steps                  []string
	}{
		{"return", "rma_update", "en", map[string]any{"step": "DELIVERED", "return_on": "2026-12-22"}, []string{
			"1. Pack the faulty device well", "Check that its serial number is SN100.",
			"2. Print the return label and attach it to the package: https://portal.services.example/replacements/RMA-7F3K2",
			"3. Hand the package to the carrier by 22 December 2026.",
		}},
		{"accessory", "rma_update", "en",
			map[string]any{"step": "DELIVERED", "return_on": "2026-12-22", "serial": nil},
			[]string{"ideally in the box of the device that replaced it.\n"}},
		{"late", "rma_update", "pt-BR", map[string]any{"step": "OVERDUE", "return_on": "2026-12-22"},
			[]string{"o quanto antes: o prazo era 22 de dezembro de 2026."}},
		{"late by then", "rma_update", "en",
			map[string]any{"step": "BILLED", "overdue": true, "return_on": "2026-12-22"},
			[]string{"3. Hand the package to the carrier right away"}},
		{"spare", "spare_update", "pt-BR", map[string]any{}, []string{
			"1. Embale bem o sobressalente",
			"2. Imprima a etiqueta de devolução e cole-a no pacote: https://portal.services.example/spares",
			"3. Entregue o pacote à transportadora até 22 de dezembro de 2026.",
		}},
		{"late spare", "spare_update", "en", map[string]any{"step": "RECALL_OVERDUE"},
			[]string{"3. Hand the package to the carrier right away: it was due on 22 December 2026."}},
	} {
		text, html := render(t, c.template, c.locale, c.changes)
		for _, step := range c.steps {
			require.Contains(t, strings.ReplaceAll(text, noBreak, " "), step, c.name)
		}
		require.Equal(t, 3, strings.Count(html, "<li>"), c.name)
	}

	text, _ := render(t, "rma_update", "en", map[string]any{"step": "DELIVERED_LAST"})
	require.NotContains(t, text, "label")
}

// No amount is known to the service: the contract has it. The mail says what is billed, by
// whom, and nothing under a condition that its reader has to check.
func TestS22_AFeeIsToldPlainly(t *testing.T) {
	for _, locale := range messages.Locales() {
		lost, _ := render(t, "rma_update", locale, map[string]any{"step": "BILLED"})
		damaged, _ := render(t, "rma_update", locale, map[string]any{"step": "BILLED", "damage": true})
		spare, _ := render(t, "spare_update", locale, map[string]any{"step": "BILLED", "return_on": nil})

		contract, invoice, credit := "service contract", "We send the invoice separately", "credited"
		if locale == "pt-BR" {
			contract, invoice, credit = "contrato de serviço", "Enviaremos a fatura separadamente", "creditado"
		}
		for _, text := range []string{lost, damaged, spare} {
			require.Contains(t, text, contract)
			require.Contains(t, text, invoice)
		}
		require.Contains(t, lost, credit)
		require.Contains(t, spare, credit)
		require.NotContains(t, damaged, credit, "a damage stays one")
	}
}
