package console

import (
	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/models/logistics"
	"roomcover.dev/roomcover/models/notification"
	"roomcover.dev/roomcover/models/replacement"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/catalogue"
	"roomcover.dev/roomcover/rules/processes"
	"roomcover.dev/roomcover/rules/rma"
	"roomcover.dev/roomcover/rules/shipping"
	"roomcover.dev/roomcover/rules/spare"
	"roomcover.dev/roomcover/web"
)

// The states of what several screens show, as badges: the word, and the color by what it means.
// A state that is not among the colors is neutral. What the portal says to customers is not
// for here: a state has one name for operators, on every screen.

// stateName is what operators call a state of a kind.
func (v *visit) stateName(kind processes.Kind, state string) string {
	if !v.language.Has("console.state." + kind.Name() + "." + state) {
		return state
	}
	return v.language.Say("console.state." + kind.Name() + "." + state)
}

var contractColors = map[rules.ContractState]string{
	rules.ContractProcessing:   "blue",
	rules.ContractPendingStart: "blue",
	rules.ContractActive:       "green",
	rules.ContractSuspended:    "amber",
}

func (v *visit) contractState(s rules.ContractState) web.Badge {
	return web.Badge{Text: v.language.Say("contract." + string(s)), Color: contractColors[s]}
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
func (v *visit) invitationState(i identity.Invitation) web.Badge {
	state := i.State
	if state.Live() && !v.now.Before(i.ExpiresAt) {
		state = rules.InvitationHasExpired
	}
	return web.Badge{
		Text:  v.stateName(processes.Invitation, string(state)),
		Color: invitationColors[state],
	}
}

var orderColors = map[rules.OrderState]string{
	rules.OrderReceived:           "blue",
	rules.OrderNeedsReview:        "amber",
	rules.OrderAccepted:           "blue",
	rules.OrderProvisioning:       "blue",
	rules.OrderFulfilled:          "green",
	rules.OrderRejected:           "red",
	rules.OrderPartiallyCancelled: "amber",
}

func (v *visit) orderState(s rules.OrderState) web.Badge {
	return web.Badge{Text: v.stateName(processes.Order, string(s)), Color: orderColors[s]}
}

var rmaColors = map[rma.RMAState]string{
	rma.RMARequested:       "blue",
	rma.RMAApproved:        "amber",
	rma.RMABackordered:     "amber",
	rma.RMAAllocated:       "blue",
	rma.RMAShipped:         "violet",
	rma.RMAAwaitingReturn:  "blue",
	rma.RMAReturnInTransit: "violet",
	rma.RMAReturnReceived:  "blue",
	rma.RMAOverdue:         "red",
	rma.RMAInspected:       "amber",
	rma.RMARejected:        "red",
	rma.RMANonReturnBilled: "red",
	rma.RMAClosed:          "green",
	rma.RMANoReturn:        "green",
}

func (v *visit) rmaState(r replacement.RMA) web.Badge {
	state := r.RMAFacts.State(v.now)
	return web.Badge{Text: v.stateName(processes.RMA, string(state)), Color: rmaColors[state]}
}

var spareColors = map[spare.SpareState]string{
	spare.SpareEarned:           "amber",
	spare.SpareSelectionPending: "amber",
	spare.SpareApproved:         "blue",
	spare.SpareShipped:          "violet",
	spare.SpareOnSite:           "green",
	spare.SpareConsumed:         "amber",
	spare.SpareReplenishing:     "blue",
	spare.SpareRecallRequested:  "red",
	spare.SpareBilled:           "red",
}

// spareState is how a spare unit stands; one that is chosen waits for the customer.
func (v *visit) spareState(u replacement.SpareUnit) web.Badge {
	text := v.stateName(processes.Spare, string(u.State))
	if u.State == spare.SpareSelectionPending && u.SelectedAt != nil {
		text = v.say("console.state.proposed")
	}
	return web.Badge{Text: text, Color: spareColors[u.State]}
}

var shipmentColors = map[shipping.ShipmentState]string{
	shipping.ShipmentLabelled:         "blue",
	shipping.ShipmentPickedUp:         "violet",
	shipping.ShipmentInTransit:        "violet",
	shipping.ShipmentDelivered:        "green",
	shipping.ShipmentException:        "amber",
	shipping.ShipmentLost:             "red",
	shipping.ShipmentReturnedToSender: "red",
}

// shipmentState is how a parcel stands; scans that contradict each other need a person first.
func (v *visit) shipmentState(sh logistics.Shipment) web.Badge {
	if sh.Contradicted {
		return web.Badge{Text: v.say("console.shipments.look.contradicted"), Color: "red"}
	}
	return web.Badge{
		Text:  v.stateName(processes.Shipment, string(sh.State)),
		Color: shipmentColors[sh.State],
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

func (v *visit) mailState(s rules.NotificationState) web.Badge {
	return web.Badge{Text: v.language.Say("console.mails.state." + string(s)), Color: mailColors[s]}
}

// mailDelivery says where a mail is, and why it did not arrive (R119).
func (v *visit) mailDelivery(n notification.Notification) web.Cell {
	c := web.Cell{Badge: v.mailState(n.State)}
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
