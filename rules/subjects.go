package rules

import (
	_ "embed"
	"encoding/json"
	"strings"
)

// Mail templates. Their names are part of the mail's dedupe key (C7).
const (
	TemplateOrderConfirmation   = "order_confirmation"    // customer, reseller, distributor
	TemplateOrderReviewReminder = "order_review_reminder" // operators
	TemplateOrderRejected       = "order_rejected"        // reseller
	TemplateOrderReopened       = "order_reopened"        // reseller
	TemplateOrderCancelled      = "order_cancelled"       // customer, reseller, distributor
	TemplateOrderInYourName     = "order_in_your_name"    // reseller (S65)
	// the designated person only (R103)
	TemplateInvitation              = "invitation"
	TemplateInvitationReminder      = "invitation_reminder"      // the designated person
	TemplateInvitationUnclaimed     = "invitation_unclaimed"     // reseller (S16)
	TemplateInvitationUndeliverable = "invitation_undeliverable" // reseller (S17)
	TemplateOneTimeCode             = "one_time_code"            // the person who signs in
	TemplatePasswordReset           = "password_reset"           // the user
	TemplateAdminNotice             = "admin_notice"             // current admins (S15)
	TemplateSecurityNotice          = "security_notice"          // the user
	TemplateExportReady             = "export_ready"             // who asked for it (S33)
	TemplateContactQuestion         = "contact_question"         // current admins (S15)
	TemplateAdminRemoved            = "admin_removed"            // current admins (S15)
	TemplateSiteNotice              = "site_notice"              // current admins (S25)
	TemplateRenewalReminder         = "renewal_reminder"         // customer (S5)
	// customer and site: each step of a replacement
	TemplateRMA = "rma_update"
	// customer and site: each step of a spare on loan
	TemplateSpare = "spare_update"
	// who opened a ticket and who watches it: what was said and what became of it
	TemplateTicket = "ticket"
	// whom a session on a ticket is for: the proposed times, and the calendar message (S46)
	TemplateSession = "session"
	// who sees one ticket from now on: where (S47)
	TemplateParticipant = "participant"
	// whoever wrote to the mailbox: that it came in, and where the portal is (S56)
	TemplateMailboxReceived = "mailbox_received"
	// whoever wrote to the mailbox: what an operator answers (S56)
	TemplateMailboxAnswer = "mailbox_answer"
	// reseller: a code for who asks for another recipient of an order's invitation (S56)
	TemplateMailboxCode = "mailbox_code"
	// administrators of a customer and of its service partner: what becomes of a delegation (S51)
	TemplateDelegation = "delegation"
	// administrators who look after a company's own sign-in: what will end it (S48)
	TemplateOwnSignIn = "own_sign_in"
	// current admins: which rooms went down or are well again, as their Sync tells (S57)
	TemplateRoomHealth = "room_health"
)

// Templates lists every mail template.
func Templates() []string {
	return []string{
		TemplateOrderConfirmation, TemplateOrderReviewReminder,
		TemplateOrderRejected, TemplateOrderReopened, TemplateOrderCancelled,
		TemplateOrderInYourName, TemplateInvitation,
		TemplateInvitationReminder, TemplateInvitationUnclaimed, TemplateInvitationUndeliverable,
		TemplateOneTimeCode, TemplatePasswordReset, TemplateAdminNotice, TemplateSecurityNotice,
		TemplateContactQuestion, TemplateAdminRemoved, TemplateSiteNotice, TemplateRenewalReminder,
		TemplateRMA, TemplateSpare, TemplateExportReady, TemplateTicket, TemplateMailboxReceived,
		TemplateMailboxAnswer, TemplateMailboxCode, TemplateSession, TemplateParticipant,
		TemplateDelegation, TemplateOwnSignIn, TemplateRoomHealth,
	}
}

//go:embed subjects.json
var subjectsFile []byte

// subjectForms are the default program's subjects, by template and locale, with
// {program} for its name.
var subjectForms = readSubjectForms()

func readSubjectForms() map[string]map[string]string {
	var forms map[string]map[string]string
	if err := json.Unmarshal(subjectsFile, &forms); err != nil {
		panic("rules: subjects.json: " + err.Error())
	}
	return forms
}

// formerSubjects are the defaults of earlier releases, where those of today say more or say
// it better.
var formerSubjects = map[string]map[string]string{
	TemplateOrderReviewReminder: {
		"pt-BR": "Pedido do {program} aguarda análise",
		"en":    "{program} order waits for review",
	},
	TemplateOrderRejected: {
		"pt-BR": "Pedido do {program} recusado",
		"en":    "{program} order rejected",
	},
	TemplateOrderCancelled: {
		"pt-BR": "Cancelamento de pedido do {program}",
		"en":    "{program} order cancelled",
	},
	TemplateOrderInYourName: {
		"pt-BR": "Pedido do {program} enviado em nome da sua empresa",
		"en":    "{program} order sent in your company's name",
	},
	TemplateInvitationUnclaimed: {
		"pt-BR": "Convite do {program} não utilizado",
		"en":    "{program} invitation not used",
	},
	TemplateInvitationUndeliverable: {
		"pt-BR": "Convite do {program} não entregue",
		"en":    "{program} invitation not delivered",
	},
	TemplateAdminNotice: {
		"pt-BR": "Uma pessoa foi convidada no {program}",
	},
	TemplateContactQuestion: {
		"pt-BR": "Uma pessoa espera a sua resposta no {program}",
		"en":    "A person waits for your answer in {program}",
	},
	TemplateAdminRemoved: {
		"pt-BR": "Mudança de administrador no {program}",
		"en":    "Change of administrator in {program}",
	},
	TemplateRenewalReminder: {
		"pt-BR": "Seu contrato do {program} está próximo do fim",
		"en":    "Your {program} contract ends soon",
	},
	TemplateRMA: {
		"pt-BR": "Sua substituição de equipamento do {program}",
		"en":    "Your {program} hardware replacement",
	},
	TemplateSpare: {
		"pt-BR": "Seu equipamento sobressalente do {program}",
		"en":    "Your {program} spare unit",
	},
}

// RenewedSubjects returns a template's subjects by locale as a program has them, with the
// present default in place of one of an earlier release: nobody chose that.
func RenewedSubjects(program, template string, own map[string]string) map[string]string {
	renewed := make(map[string]string, len(own))
	for locale, subject := range own {
		former := formerSubjects[template][locale]
		if former != "" && subject == named(former, program) {
			subject = named(subjectForms[template][locale], program)
		}
		renewed[locale] = subject
	}
	return renewed
}

func named(form, program string) string { return strings.ReplaceAll(form, "{program}", program) }

// DefaultSubjects returns the subjects of every template for a program's name.
// They are configuration that a program may replace (C8), not the catalogue's.
// The first two in pt-BR are the FAQ's to the letter (R96, R119). Subjects hold
// nothing personal: they are visible on locked screens and in mail logs. Those of a
// replacement and of a spare unit say {what} happened to which device, and its {number};
// that of a contract's end says {what} ends when. {number} in another is the order's.
func DefaultSubjects(program string) map[string]map[string]string {
	subjects := make(map[string]map[string]string, len(subjectForms))
	for template, forms := range subjectForms {
		subjects[template] = map[string]string{}
		for locale, form := range forms {
			subjects[template][locale] = named(form, program)
		}
	}

	return subjects
}
