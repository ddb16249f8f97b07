package console

import (
	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/models/notification"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/catalogue"
)

// The states of what several screens show, as badges: the word, and the color by what it means.
// A state that is not among the colors is neutral.

var contractColors = map[rules.ContractState]string{
	rules.ContractProcessing:   "blue",
	rules.ContractPendingStart: "blue",
	rules.ContractActive:       "green",
	rules.ContractSuspended:    "amber",
}

func (v *visit) contractState(s rules.ContractState) badge {
	return badge{Text: v.language.Say("contract." + string(s)), Color: contractColors[s]}
}

var invitationColors = map[rules.InvitationState]string{
	rules.InvitationIssued:     "blue",
	rules.InvitationSent:       "blue",
	rules.InvitationBounced:    "red",
	rules.InvitationAccepted:   "green",
	rules.InvitationHasExpired: "amber",
}

// invitationState is how an invitation stands for people: one whose time is over is expired,
// though its workflow may store it a moment later.
func (v *visit) invitationState(i identity.Invitation) badge {
	state := i.State
	if state.Live() && !v.now.Before(i.ExpiresAt) {
		state = rules.InvitationHasExpired
	}
	return badge{
		Text:  v.language.Say("console.invitationstate." + string(state)),
		Color: invitationColors[state],
	}
}

var mailColors = map[rules.NotificationState]string{
	rules.NotificationQueued:      "blue",
	rules.NotificationSending:     "blue",
	rules.NotificationSent:        "green",
	rules.NotificationDelivered:   "green",
	rules.NotificationSoftFail:    "amber",
	rules.NotificationHardBounced: "red",
	rules.NotificationUnknown:     "amber",
}

func (v *visit) mailState(s rules.NotificationState) badge {
	return badge{Text: v.language.Say("console.mails.state." + string(s)), Color: mailColors[s]}
}

// mailDelivery says where a mail is, and why it did not arrive (R119).
func (v *visit) mailDelivery(n notification.Notification) cell {
	c := cell{Badge: v.mailState(n.State)}
	if mailColors[n.State] != "green" {
		c.Small = n.LastError
	}
	return c
}

// templateName is what a kind of mail is for, in a few words.
func (v *visit) templateName(template string) string {
	if v.language.Has("console.mails.kind." + template) {
		return v.language.Say("console.mails.kind." + template)
	}
	return template
}

// serviceName is what a service is called here.
func (v *visit) serviceName(s catalogue.ServiceType) string {
	if s == catalogue.ServiceSelect {
		return v.program.Name
	}
	return v.language.Say("service." + string(s))
}
