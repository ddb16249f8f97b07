package rules

import "strings"

// Mail templates. Their names are part of the mail's dedupe key (C7).
const (
	TemplateOrderConfirmation       = "order_confirmation"       // customer, reseller, distributor
	TemplateOrderReviewReminder     = "order_review_reminder"    // operators
	TemplateOrderRejected           = "order_rejected"           // reseller
	TemplateOrderCancelled          = "order_cancelled"          // customer, reseller, distributor
	TemplateInvitation              = "invitation"               // the designated person only (R103)
	TemplateInvitationReminder      = "invitation_reminder"      // the designated person
	TemplateInvitationUnclaimed     = "invitation_unclaimed"     // reseller (S16)
	TemplateInvitationUndeliverable = "invitation_undeliverable" // reseller (S17)
	TemplateOneTimeCode             = "one_time_code"            // the person who signs in
	TemplatePasswordReset           = "password_reset"           // the user
	TemplateAdminNotice             = "admin_notice"             // current admins (S15)
	TemplateRenewalReminder         = "renewal_reminder"         // customer (S5)
	TemplateRMA                     = "rma_update"               // customer and site: each step of a replacement
	TemplateSpare                   = "spare_update"             // customer and site: each step of a spare on loan
)

// Templates lists every mail template.
func Templates() []string {
	return []string{
		TemplateOrderConfirmation, TemplateOrderReviewReminder,
		TemplateOrderRejected, TemplateOrderCancelled, TemplateInvitation,
		TemplateInvitationReminder, TemplateInvitationUnclaimed, TemplateInvitationUndeliverable,
		TemplateOneTimeCode, TemplatePasswordReset, TemplateAdminNotice, TemplateRenewalReminder,
		TemplateRMA, TemplateSpare,
	}
}

// DefaultSubjects gives the subjects of every template for a program's name. The
// first two in pt-BR are the FAQ's to the letter (R96, R119). Subjects hold
// nothing personal: they are visible on locked screens and in mail logs.
func DefaultSubjects(program string) map[string]map[string]string {
	texts := map[string][2]string{
		TemplateOrderConfirmation:       {"Detalhes do contrato de serviço do {program}", "{program} service contract details"},
		TemplateInvitation:              {"Boas-vindas ao {program}", "Welcome to {program}"},
		TemplateOrderReviewReminder:     {"Pedido do {program} aguarda análise", "{program} order waits for review"},
		TemplateOrderRejected:           {"Pedido do {program} recusado", "{program} order rejected"},
		TemplateOrderCancelled:          {"Cancelamento de pedido do {program}", "{program} order cancelled"},
		TemplateInvitationReminder:      {"Lembrete: seu convite para o {program}", "Reminder: your invitation to {program}"},
		TemplateInvitationUnclaimed:     {"Convite do {program} não utilizado", "{program} invitation not used"},
		TemplateInvitationUndeliverable: {"Convite do {program} não entregue", "{program} invitation not delivered"},
		TemplateOneTimeCode:             {"Seu código de acesso ao {program}", "Your {program} access code"},
		TemplatePasswordReset:           {"Redefinição de senha do {program}", "Reset your {program} password"},
		TemplateAdminNotice:             {"Novo administrador convidado no {program}", "New administrator invited to {program}"},
		TemplateRenewalReminder:         {"Seu contrato do {program} está próximo do fim", "Your {program} contract ends soon"},
		TemplateRMA:                     {"Sua substituição de equipamento do {program}", "Your {program} hardware replacement"},
		TemplateSpare:                   {"Seu equipamento sobressalente do {program}", "Your {program} spare unit"},
	}
	subjects := make(map[string]map[string]string, len(texts))
	for template, text := range texts {
		subjects[template] = map[string]string{
			"pt-BR": strings.ReplaceAll(text[0], "{program}", program),
			"en":    strings.ReplaceAll(text[1], "{program}", program),
		}
	}
	return subjects
}
