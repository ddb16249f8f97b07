package catalogue

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/rulestest"
	"roomcover.dev/roomcover/rules/testday"
)

func TestR96_R119_DefaultProgramHasTheLiteralNames(t *testing.T) {
	p := DefaultProgram()
	require.NoError(t, p.Validate())
	require.Equal(t, "Detalhes do contrato de serviço do Logitech Select",
		p.Subject(rules.TemplateOrderConfirmation, "pt-BR"))
	require.Equal(t, "Boas-vindas ao Logitech Select", p.Subject(rules.TemplateInvitation, "pt-BR"))
	require.Equal(t, "Serviços de suporte da Logitech", p.Sender("pt-BR"))
	require.Equal(t, "Serviços de suporte da Logitech", p.SenderName)
	require.Equal(t, "Select@logitech.com", p.Mailbox)
	require.Equal(t, "Welcome to Logitech Select", p.Subject(rules.TemplateInvitation, "en"))
	require.Equal(t, "Logitech Support Services", p.Sender("en"))
}

func TestR98_MenuLabel(t *testing.T) {
	require.Equal(t, "Pedidos de serviço", DefaultProgram().ServiceOrdersLabel("pt-BR"))
	require.Equal(t, "Service orders", DefaultProgram().ServiceOrdersLabel("en"))
}

func TestC8_UnknownLocaleFallsBackToTheFirst(t *testing.T) {
	p := DefaultProgram()
	require.Equal(t, "pt-BR", p.Locale("fr"))
	require.Equal(t, "Pedidos de serviço", p.ServiceOrdersLabel("fr"))
	require.Equal(t, p.SenderName, p.Sender("fr"))
	require.Equal(t, "fr", Program{}.Locale("fr"), "no locale at all")
}

func TestR1_NamedProgramSaysItsNameEverywhere(t *testing.T) {
	p := DefaultProgram().Named(" Rooms Plus ")
	require.NoError(t, p.Validate())
	for _, template := range rules.Templates() {
		switch template {
		case rules.TemplateRMA, rules.TemplateSpare, rules.TemplateRenewalReminder,
			rules.TemplateTicket, rules.TemplateSession, rules.TemplateRoomHealth:
			continue // they say what happened to what; the sender's name stands before
		}
		for _, locale := range p.Locales {
			require.Contains(t, p.Subject(template, locale), "Rooms Plus")
			require.NotContains(t, p.Subject(template, locale), "Logitech")
			require.NotContains(t, strings.ReplaceAll(p.Subject(template, locale), "{number}", ""), "{")
		}
	}
	require.Equal(t, "Boas-vindas ao Logitech Select",
		DefaultProgram().Subject(rules.TemplateInvitation, "pt-BR"), "the default is untouched")
}

func TestProgramDefaultsAreTheTimersOfTheRules(t *testing.T) {
	p := DefaultProgram()
	require.Equal(t, []int{30, 30, 60, 60, 50, 5, 30, 100},
		[]int{
			p.InviteDays, p.CancelDays, p.StartFallbackDays, p.POMaxAgeDays, p.SpareRatio, p.WarrantyCapYears,
			p.ReviewRejectDays, p.UserLimit,
		})
	require.Equal(t, []int{1, 3}, p.ReviewReminderDays)
}

func TestProgramValidate(t *testing.T) {
	for _, c := range []struct {
		pointer, code string
		change        func(*Program)
	}{
		{"/id", rules.Required, func(p *Program) { p.ID = "" }},
		{"/name", rules.ControlCharacters, func(p *Program) { p.Name = "a\r\nBcc: x" }},
		{"/sender_name", rules.TooLong, func(p *Program) { p.SenderName = testday.LongText(101) }},
		{"/sender_address", rules.InvalidEmail, func(p *Program) { p.SenderAddress = "nobody" }},
		{"/mailbox", rules.Required, func(p *Program) { p.Mailbox = "" }},
		{"/invite_days", rules.OutOfRange, func(p *Program) { p.InviteDays = 0 }},
		{"/cancel_days", rules.OutOfRange, func(p *Program) { p.CancelDays = -1 }},
		{"/start_fallback_days", rules.OutOfRange, func(p *Program) { p.StartFallbackDays = 4000 }},
		{"/po_max_age_days", rules.OutOfRange, func(p *Program) { p.POMaxAgeDays = -1 }},
		{"/spare_ratio", rules.OutOfRange, func(p *Program) { p.SpareRatio = -1 }},
		{"/warranty_cap_years", rules.OutOfRange, func(p *Program) { p.WarrantyCapYears = 0 }},
		{"/review_reject_days", rules.OutOfRange, func(p *Program) {
			p.ReviewRejectDays = 0
			p.ReviewReminderDays = nil
		}},
		{"/review_reminder_days/1", rules.OutOfRange, func(p *Program) { p.ReviewReminderDays = []int{3, 3} }},
		{"/review_reminder_days/0", rules.OutOfRange, func(p *Program) { p.ReviewReminderDays = []int{30} }},
		{"/user_limit", rules.OutOfRange, func(p *Program) { p.UserLimit = 0 }},
		{"/locales", rules.Required, func(p *Program) { p.Locales = nil }},
		{"/locales/1", rules.InvalidLocale, func(p *Program) { p.Locales[1] = "../en" }},
		{"/subjects/invitation/en", rules.Required, func(p *Program) {
			delete(p.Subjects[rules.TemplateInvitation], "en")
		}},
		{"/subjects/invitation/en", rules.ControlCharacters, func(p *Program) {
			p.Subjects[rules.TemplateInvitation]["en"] = "a\nb"
		}},
		{"/menu_service_orders/pt-BR", rules.Required, func(p *Program) {
			p.MenuServiceOrders = nil
			p.Locales = p.Locales[:1]
		}},
		{"/sender_names/en", rules.ControlCharacters, func(p *Program) { p.SenderNames["en"] = "a\nb" }},
	} {
		t.Run(c.pointer, func(t *testing.T) {
			p := DefaultProgram()
			c.change(&p)
			require.Equal(t, []string{c.pointer + " " + c.code}, rulestest.Found(p.Validate()))
		})
	}
	require.Equal(t, []string{
		"/id REQUIRED", "/name REQUIRED", "/sender_name REQUIRED", "/sender_address REQUIRED", "/mailbox REQUIRED",
		"/invite_days OUT_OF_RANGE", "/warranty_cap_years OUT_OF_RANGE", "/review_reject_days OUT_OF_RANGE",
		"/user_limit OUT_OF_RANGE", "/locales REQUIRED",
	}, rulestest.Found(Program{Replacement: DefaultReplacementTerms()}.Validate()), "all at once")
}

func TestProgramOnTheWire(t *testing.T) {
	body, err := json.Marshal(DefaultProgram())
	require.NoError(t, err)
	var back Program
	require.NoError(t, json.Unmarshal(body, &back))
	require.Equal(t, DefaultProgram(), back)
}

// A program that was stored before a template was added goes on with the default
// subject, and keeps its own ones.
func TestR1_ProgramOfAnEarlierReleaseKnowsNewTemplates(t *testing.T) {
	p := DefaultProgram().Named("Sala Segura")
	delete(p.Subjects, rules.TemplateRMA)
	p.Subjects[rules.TemplateInvitation]["en"] = "Come in"
	require.Error(t, p.Validate())
	done := p.Completed()
	require.NoError(t, done.Validate())
	require.Equal(t, "{what} ({number})", done.Subject(rules.TemplateRMA, "en"))
	require.Equal(t, "Come in", done.Subject(rules.TemplateInvitation, "en"))
	require.NotContains(t, p.Subjects, rules.TemplateRMA, "the program itself is not changed")
}

// Nobody chose the default subject of an earlier release, which did not say what happened.
func TestAnEarlierReleasesDefaultSubjectsAreRenewed(t *testing.T) {
	p := DefaultProgram().Named("Sala Segura")
	p.Subjects[rules.TemplateRMA] = map[string]string{
		"en":    "Your Sala Segura hardware replacement",
		"pt-BR": "Sua substituição de equipamento do Sala Segura",
	}
	p.Subjects[rules.TemplateSpare] = map[string]string{
		"en":    "Your Sala Segura spare unit",
		"pt-BR": "Sobressalente: {what}",
	}
	p.Subjects[rules.TemplateOrderRejected] = map[string]string{
		"en":    "Sala Segura order rejected",
		"pt-BR": "Recusado",
	}
	done := p.Completed()
	require.Equal(t, "Sala Segura order rejected ({number})", done.Subject(rules.TemplateOrderRejected, "en"))
	require.Equal(t, "Recusado", done.Subject(rules.TemplateOrderRejected, "pt-BR"))
	for _, locale := range []string{"en", "pt-BR"} {
		require.Equal(t, "{what} ({number})", done.Subject(rules.TemplateRMA, locale))
	}
	require.Equal(t, "{what} ({number})", done.Subject(rules.TemplateSpare, "en"))
	require.Equal(t, "Sobressalente: {what}", done.Subject(rules.TemplateSpare, "pt-BR"))
}
