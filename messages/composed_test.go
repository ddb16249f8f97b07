package messages

import (
	"strings"
	"time"

	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/catalogue"
	"roomcover.dev/roomcover/rules/ordering"
	"roomcover.dev/roomcover/rules/processes"
	"roomcover.dev/roomcover/rules/rma"
	"roomcover.dev/roomcover/rules/shipping"
	"roomcover.dev/roomcover/rules/spare"
)

// composed are the keys that code puts together: what they begin with, and every
// end that the code can give them. An end that no list of the rules names is
// listed here, and stands somewhere in the code as a string.
var composed = map[string][]string{
	"month.":            monthNames(),
	"weekday.":          weekdayNames(),
	"shortmonth.":       monthNames(),
	"shortweekday.":     weekdayNames(),
	"place.":            placeNames,
	"promise.approved.": weekdayNames(),
	"process.":          processTexts(),

	// The console.
	"console.role.": names(rules.OperatorAgent, rules.OperatorLead, rules.OperatorCSM, rules.OperatorManager),
	"console.kind.": {
		"REVIEW_ORDER", "MAIL_UNDELIVERABLE", "MAIL_UNKNOWN", "INVITATION_UNCLAIMED", "INVITATION_REQUESTED",
		"DECIDE_CONTACT", "PROCESS_STUCK", "OUTBOX_STUCK", "SWEEP_LATE", "SWEEP_FAILED", "SERIAL_CLAIMED",
		"SHIPMENT_CONTRADICTED", "CALENDAR_WITHOUT_HOLIDAYS", "CALENDAR_WITHOUT_WORKING_TIME", "WARRANTY_UNMATCHED",
		"WARRANTY_CLAIMED", "ONE_PARENT", "NEAR_ACCOUNT", "ASSIGN_CSM", "DECIDE_RMA", "RMA_LATE", "RMA_PARCEL_SILENT",
		"AWAITING_STOCK", "RMA_WRONG_UNIT", "RMA_FEE", "LABEL_UNREADABLE", "CHOOSE_SPARE", "SPARE_FEE", "BREAK_GLASS_USED",
	},
	"console.subject.": {"order", "mail", "invitation", "service", "device", "shipment", "calendar", "warranty",
		"customer", "replacement", "return", "spare"},
	"console.orders.column.": {"number", "customer", "service", "state", "purchased", "received", "vendor"},
	"console.thing.": {"task", "order", "replacement", "spare", "shipment", "mail", "customer", "room", "device",
		"company", "person", "invitation"},
	"console.orderstate.":   names(rules.OrderStates()...),
	"console.process.":      {"ORDER", "INVITATION", "RMA", "SPARE", "SHIPMENT", "CONTACT", "CSM"},
	"console.tokenrole.":    names(rules.Reseller, rules.Distributor, rules.CustomerAdmin, rules.CustomerReadOnly),
	"console.operators.by.": {"ISSUER", "PASSWORD"},
	"console.invite.":       {"NONE", "READ_ONLY", "ADMIN"},
	"console.field.":        {"account_id", "invite_as", "email", "contact_name", "starts_on", "last_day", "csm_id"},
	"console.action.": ends([]string{"accept", "reject", "resend", "mark_delivered", "reissue", "retry", "move", "link",
		"refuse", "assign", "close"}, "", ".says"),
	"console.problem.": ends([]string{"notfound", "internal", "unavailable", "origin", "forbidden", "form", "cursor",
		"issuer", "lostway", "norole", "disabled", "stepup", "limited", "changed", "conflict", "setup"}, ".title", ".text"),

	// The console's mails, shipments, stock and settings.
	"console.mails.column.": {"what", "state", "to", "customer", "when", "queued", "attempts", "language"},
	"console.mails.state.":  ends(names(rules.NotificationStates()...), "", ".says"),
	"console.mails.kind.":   rules.Templates(),
	"console.mails.why.": {"address", "domain", "full", "closed", "size", "policy", "sender", "content", "ours", "gaveup",
		"broke", "restored", "later"},
	"console.mails.remedy.": {"reissue", "correct", "again", "policy", "engineer", "ask", "wait"},
	"console.shipments.column.":     {"parcel", "for", "customer", "state", "scan", "promised", "created"},
	"console.shipments.direction.":  names(shipping.ShipOut, shipping.ShipReturn, shipping.ShipSpare, shipping.ShipRecall),
	"console.shipments.state.":      names(shipping.ShipmentStates()...),
	"console.shipments.scan.":       names(shipping.ScanKinds()...),
	"console.shipments.source.":     {"CARRIER", "DEPOT", "OPERATOR", "SERVICE"},
	"console.carrierevents.column.": {"parcel", "event", "happened", "received", "became"},
	"console.carrierevents.state.":  ends([]string{"RECEIVED", "APPLIED", "UNKNOWN", "UNREADABLE"}, "", ".says"),

	"console.stock.kind.":           {"RECEIPT", "RESERVATION", "RELEASE", "SHIPMENT", "ADJUSTMENT"},
	"console.stockentries.column.":  {"what", "quantity", "model", "depot", "for", "by", "when", "reason"},

	"console.mails.do.":     ends([]string{"resend", "delivered", "reissue"}, "", ".says"),

	// The portal's orders and claims.
	"service.": names(catalogue.ServiceSelect, catalogue.ServiceSyncPlus, catalogue.ServiceExtWarranty,
		catalogue.ServiceJumpStart),
	"contract.": names(rules.ContractProcessing, rules.ContractPendingStart, rules.ContractActive,
		rules.ContractSuspended,
		rules.ContractExpired, rules.ContractCancelled),
	"claimstate.": {"UNMATCHED", "LINKED", "REFUSED"},

	// The portal's replacements and spares.
	"rma.": names(rma.RMAStates()...),
	"next.": append(names(rma.RMAStates()...),
		"REQUESTED.proof", "REQUESTED.again", "REJECTED.final", "AWAITING_RETURN.wrong", "AWAITING_RETURN.swapped",
		"NO_RETURN_REQUIRED.waived", "SHIPPED.late"),
	"reject.":  rma.RejectCodes(),
	"fee.":     names(rma.FeeAsked, rma.FeeBilled, rma.FeeCredited, rma.FeeWaived),
	"outcome.": names(rma.OutcomeDefect, rma.OutcomeNoFault, rma.OutcomeDamage),
	"event.": {
		"requested", "appealed", "rejected", "withdrawn", "approved", "spare_used", "backordered", "allocated",
		"shipped", "picked_up", "delivered", "breached", "parcel_lost", "reminded", "return_overdue", "return_scanned",
		"return_received", "return_booked_anew", "inspected", "no_return_required", "fee_billed", "fee_credited",
		"fee_waived", "fee_withdrawn", "taken_back", "readdressed",
	},
	"refusal.": {rma.SerialMissing, rma.SerialNotRegistered, rma.RMAOpen,
		rma.SiteUnknown, rules.NotCovered, rules.WarrantyCap,
		rules.ModelNotSupported, rules.NotHardware, rules.CountryNotSupported, rules.Unplaced, rules.StateConflict,
		rma.SerialTooNew, "device", "room", "model", "quantity", "fault"},
	"spare.":     names(spare.SpareStates()...),
	"sparenext.": names(spare.SpareStates()...),

	// Mails, and the steps that they tell.
	"mail.invitation.role.": {"ADMIN", "READ_ONLY"},
	"mail.reason.": {
		ordering.ReasonResellerNotAuthorised, ordering.ReasonAmbiguousAccount, "CONTACT_AT_RESELLER_DOMAIN",
		"CONTACT_AT_DISTRIBUTOR_DOMAIN", "CONTACT_AT_FREE_MAIL", "PURCHASE_DATE_IN_FUTURE",
		ordering.ReasonResellerUnclear, ordering.ReasonDistributorUnclear, ordering.ReasonWithoutRelation,
		ordering.ReasonResellerNotTold, ordering.ReasonPossibleDouble, ordering.ReasonAddressNearlyKnown,
		ordering.ReasonContactUnknown,
	},
	"mail.renewal_reminder.":       ends([]string{"title", "subject", "seller.title", "seller.subject"}, "", ".today"),
	"mail.order_cancelled.by.":     {"CUSTOMER", "RESELLER", "DISTRIBUTOR", "OPERATOR"},
	"mail.site_notice.by.":         {"OPERATOR", "PROGRAM"},
	"mail.admin_removed.":          {"REMOVED", "SUSPENDED", "DEMOTED"},
	"mail.admin_removed.you.":      {"REMOVED", "SUSPENDED", "DEMOTED"},
	"mail.admin_removed.youtitle.": {"REMOVED", "SUSPENDED", "DEMOTED"},
	"mail.rma_update.outcome.":     names(rma.OutcomeDefect, rma.OutcomeNoFault, rma.OutcomeDamage, rma.OutcomeWrongUnit),
	"mail.rma_update.": ends([]string{
		"REQUESTED", "APPEALED", "REJECTED", "WITHDRAWN", "APPROVED", "BACKORDERED",
		"RESHIPPED", "SHIPPED", "DELIVERED", "SWAPPED", "REMINDER", "OVERDUE", "WRONG_UNIT",
		"INSPECTED", "NO_RETURN", "BILLED", "BILLED_DAMAGE", "WAIVED", "CORRECTED", "DELIVERED_LAST",
		"SWAPPED_LAST", "REJECTED_FINAL", "APPROVED_SWAPPED", "APPROVED_SWAPPED_LAST", "APPROVED_NO_SPARE",
	}, ".subject", ".title", ".text"),
	"mail.rma_update.wrong.": {
		"SHIPPED", "DELIVERED", "RETURN_SCANNED", "RETURN_RECEIVED", "INSPECTED", "WRONG_UNIT", "DAYS",
	},
	"mail.rma_update.holds.": append(names(rma.RMAStates()...), "REJECTED_FINAL"),
	"mail.spare_update.": ends([]string{
		"SELECTED", "VOIDED", "SHIPPED", "ON_SITE", "RECALL_REQUESTED", "RECALL_REMINDER",
		"RECALL_OVERDUE", "RECALL_WITHDRAWN", "RETURNED", "BILLED", "WAIVED", "CORRECTED",
	}, ".subject", ".title", ".text"),
	"mail.spare_update.wrong.": {
		"SHIPPED", "PICKED_UP", "DELIVERED", "RECALL_SCANNED", "RECALL_RECEIVED",
	},
	"mail.spare_update.holds.": names(spare.SpareStates()...),

	// The portal's problems and first steps.
	"problem.": ends([]string{"window", "notfound", "readonly", "origin", "form", "limited", "lastadmin", "userlimit", "sitelimit",
		"conflict", "internal", "cursor", "unavailable", "strange", "mails", "claims"},
		".title", ".text"),
	"onboarding.": ends([]string{"colleague", "room", "devices", "licence"}, ".title", ".text"),
}

// ofNoString are the beginnings whose ends stand in no code as a string: names of
// package time, of cities, and of states that a process gives.
var ofNoString = []string{
	"month.", "weekday.", "shortmonth.", "shortweekday.", "promise.approved.", "place.", "process.",
}

// placeNames are the ends of zones that a language writes in its own way.
var placeNames = strings.Fields(`UTC Amsterdam Asuncion Athens Azores Belem Berlin Bogota
	Brussels Cancun Copenhagen Cuiaba Johannesburg Lisbon London Maceio Madrid Mexico_City
	Montevideo Moscow New_York Panama Prague Rome Sao_Paulo Seoul Shanghai Singapore St_Johns
	Stockholm Tokyo Vienna Warsaw Zurich`)

// processTexts are the ends of the texts of every state of every process: what it waits
// for, until when where that is known, and who can move it.
func processTexts() []string {
	var out []string
	for _, c := range processes.Charts() {
		out = append(out, c.Name+".title")
		for _, key := range c.Texts() {
			out = append(out, key+".waits", key+".who")
			if strings.Contains(languages[fallback].texts["process."+key+".waits"].forms[invariable], "{until}") {
				out = append(out, key+".until")
			}
			if strings.HasPrefix(key, "rma.") && languages[fallback].Has("process."+key+".undated") {
				out = append(out, key+".undated")
			}
		}
	}
	return out
}

// endings are what code puts behind a key that is complete without it.
var endings = map[string][]string{
	".undated": ends(
		[]string{"next."}, names(rma.RMAApproved, rma.RMABackordered, rma.RMAAllocated, rma.RMAShipped)...,
	),
}

func names[T ~string](values ...T) []string {
	out := make([]string, len(values))
	for i, v := range values {
		out[i] = string(v)
	}
	return out
}

// ends puts each end behind each beginning.
func ends(beginnings []string, ends ...string) []string {
	var out []string
	for _, b := range beginnings {
		for _, e := range ends {
			out = append(out, b+e)
		}
	}
	return out
}

func monthNames() []string {
	var out []string
	for m := time.January; m <= time.December; m++ {
		out = append(out, strings.ToLower(m.String()))
	}
	return out
}

func weekdayNames() []string {
	var out []string
	for d := time.Sunday; d <= time.Saturday; d++ {
		out = append(out, strings.ToLower(d.String()))
	}
	return out
}
