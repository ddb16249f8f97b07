package account

import (
	"context"
	_ "embed"
	"maps"
	"slices"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/rules"
)

// An account's activity is that part of its audit which its members may read: what its people
// did, and what the program and its support did for it. How the house works stays with the
// operators: their notes, their stock, their mails, the reasons that they give each other.

// ActivityKind is what a line of an account's activity is about; empty: members do not see it.
type ActivityKind string

// The kinds of activity.
const (
	ActivityPeople       ActivityKind = "people"
	ActivityRooms        ActivityKind = "rooms"
	ActivityDevices      ActivityKind = "devices"
	ActivityOrders       ActivityKind = "orders" // with the contracts and licences that they bring
	ActivityReplacements ActivityKind = "replacements"
	ActivitySpares       ActivityKind = "spares"
	ActivityTickets      ActivityKind = "tickets"
	ActivityAccount      ActivityKind = "account"

	notShown ActivityKind = ""
)

// ActivityKinds are the kinds in the order in which they are offered.
func ActivityKinds() []ActivityKind {
	return []ActivityKind{
		ActivityPeople, ActivityRooms, ActivityDevices, ActivityOrders, ActivityReplacements,
		ActivitySpares, ActivityTickets, ActivityAccount,
	}
}

// activity says of each verb of the audit what it is about, or that members do not see it.
// One that is missing here is not seen.
var activity = map[string]ActivityKind{
	"account.corrected":         ActivityAccount,
	"account.created":           ActivityAccount,
	"account.csm_assigned":      ActivityAccount,
	"account.domain_forgotten":  ActivityPeople,
	"account.domain_recorded":   ActivityPeople,
	"account.language_changed":  ActivityAccount,
	"account.look_begun":        ActivityAccount,
	"account.look_ended":        ActivityAccount,
	"account.parent_changed":    notShown,
	"account.site_mails_held":   notShown,
	"account.time_zone_changed": ActivityAccount,
	"act.held":                  notShown,
	"act.not_done":              notShown,
	"act.taken_back":            notShown,
	"audit.sealed":              notShown,
	"calendar.added":            notShown,
	"calendar.changed":          notShown,
	"calendar.corrected":        notShown,
	"calendar.holiday_added":    notShown,
	"calendar.holiday_removed":  notShown,
	"calendar.loaded":           notShown,
	"cancellation.completed":    notShown, // the order says it
	"catalogue.changed":         notShown,
	"contact.asked":             ActivityPeople,
	"contact.confirmed":         ActivityPeople,
	"contact.refused":           ActivityPeople,
	"contact.withdrawn":         ActivityPeople,
	"contract.cancelled":        ActivityOrders,
	"contract.created":          ActivityOrders,
	"contract.expired":          ActivityOrders,
	"contract.resumed":          ActivityOrders,
	"contract.started":          ActivityOrders,
	"contract.suspended":        ActivityOrders,
	"country.terms_published":   notShown,
	"sla_policy.published":      notShown,
	"csm.changed":               notShown,
	"csm.created":               notShown,
	"delegation.accepted":       ActivityPeople,
	"delegation.asked":          ActivityPeople,
	"delegation.ended":          ActivityPeople,
	"delegation.expired":        ActivityPeople,
	"delegation.limited":        ActivityPeople,
	"delegation.refused":        ActivityPeople,
	"depot.changed":             notShown,
	"directory.grant_added":     ActivityPeople,
	"directory.grant_removed":   ActivityPeople,
	"directory.group_changed":   notShown, // what follows for people says itself
	"directory.person_changed":  notShown,
	"directory.token_created":   ActivityPeople,
	"directory.token_revoked":   ActivityPeople,
	"device.changed":            ActivityDevices,
	"device.claim_decided":      ActivityDevices,
	"device.claimed":            ActivityDevices,
	"device.ended":              ActivityDevices,
	"device.lost":               ActivityDevices,
	"device.moved":              ActivityDevices,
	"device.registered":         ActivityDevices,
	"device.retired":            ActivityDevices,
	"import.created":            ActivityRooms,
	"incident.closed":           notShown,
	"incident.recorded":         notShown,
	"incident.told":             notShown,
	"invitation.accepted":       ActivityPeople,
	"invitation.bounced":        ActivityPeople,
	"invitation.expired":        ActivityPeople,
	"invitation.issued":         ActivityPeople,
	"invitation.reissued":       ActivityPeople,
	"invitation.requested":      ActivityPeople,
	"invitation.revoked":        ActivityPeople,
	"invitation.wrong_person":   ActivityPeople,
	"licence.assigned":          ActivityRooms,
	"licence.ended":             ActivityRooms,
	"licence.moved":             ActivityRooms,
	"licence.released":          ActivityRooms,
	"mail.delivered":            notShown,
	"mail.resend_undone":        notShown,
	"mail.resent":               notShown,
	"membership.changed":        ActivityPeople,
	"membership.created":        ActivityPeople,
	"model.changed":             notShown,

	"operator.added":                notShown,
	"operator.app_set_up":           notShown,
	"operator.armed":                notShown,
	"operator.disabled":             notShown,
	"operator.disarmed":             notShown,
	"operator.emergency_looked_at":  notShown,
	"operator.enabled":              notShown,
	"operator.factor_reset":         notShown,
	"operator.passkey_added":        notShown,
	"operator.passkey_refused":      notShown,
	"operator.passkey_removed":      notShown,
	"operator.passkey_renamed":      notShown,
	"operator.recovery_code_used":   notShown,
	"operator.recovery_codes_made":  notShown,
	"operator.role_changed":         notShown,
	"operator.set_up":               notShown,
	"operator.sign_in_failed":       notShown,
	"operator.sign_in_refused":      notShown,
	"operator.signed_in":            notShown,
	"operator.signed_out":           notShown,
	"operator.signed_out_by_issuer": notShown,

	"order.accepted":            ActivityOrders,
	"order.amended":             ActivityOrders,
	"order.cancelled":           ActivityOrders,
	"order.fulfilled":           ActivityOrders,
	"order.needs_review":        notShown, // the reasons are the house's
	"order.partially_cancelled": ActivityOrders,
	"order.received":            ActivityOrders,
	"order.rejected":            notShown, // the seller's affair
	"order.reopened":            notShown,
	"org.changed":               notShown,
	"org.mail_changed":          notShown,
	"org.name_released":         notShown,
	"org.relation_recorded":     notShown,
	"org.relation_removed":      notShown,
	"org.spellings_changed":     notShown,
	"parent.merged":             notShown,
	"parent.split":              notShown,
	"partner.made":              notShown,
	"privacy.decided":           notShown, // between the person and the house
	"privacy.erased":            notShown,
	"privacy.fetched":           notShown,
	"privacy.requested":         notShown,
	"program.changed":           notShown,

	"rma.allocated":          notShown, // stock
	"rma.appealed":           ActivityReplacements,
	"rma.approved":           ActivityReplacements,
	"rma.backordered":        ActivityReplacements,
	"rma.breached":           ActivityReplacements,
	"rma.changed":            ActivityReplacements,
	"rma.delivered":          ActivityReplacements,
	"rma.fee_asked":          notShown, // among operators
	"rma.fee_billed":         ActivityReplacements,
	"rma.fee_credited":       ActivityReplacements,
	"rma.fee_waived":         ActivityReplacements,
	"rma.fee_withdrawn":      notShown,
	"rma.inspected":          ActivityReplacements,
	"rma.no_return_required": ActivityReplacements,
	"rma.parcel_awaited":     notShown,
	"rma.parcel_lost":        ActivityReplacements,
	"rma.parcel_silent":      notShown,
	"rma.parcel_told_lost":   notShown,
	"rma.picked_up":          ActivityReplacements,
	"rma.readdressed":        ActivityReplacements,
	"rma.rejected":           ActivityReplacements,
	"rma.reminded":           ActivityReplacements,
	"rma.requested":          ActivityReplacements,
	"rma.return_booked_anew": ActivityReplacements,
	"rma.return_overdue":     ActivityReplacements,
	"rma.return_received":    ActivityReplacements,
	"rma.return_scanned":     ActivityReplacements,
	"rma.shipment_forgotten": notShown,
	"rma.shipped":            ActivityReplacements,
	"rma.spare_used":         ActivityReplacements,
	"rma.taken_back":         ActivityReplacements,
	"rma.withdrawn":          ActivityReplacements,

	"room.archived":                 ActivityRooms,
	"room.changed":                  ActivityRooms,
	"room.created":                  ActivityRooms,
	"room.restored":                 ActivityRooms,
	"shipment.called_off":           notShown, // what a parcel does, its replacement says
	"shipment.cancellation_refused": notShown,
	"shipment.created":              notShown,
	"shipment.moved":                notShown,
	"shipment.scanned":              notShown,
	"site.changed":                  ActivityRooms,
	"site.created":                  ActivityRooms,

	"spare.agreed":             ActivitySpares,
	"spare.billed":             ActivitySpares,
	"spare.billed_again":       ActivitySpares,
	"spare.changed":            ActivitySpares,
	"spare.choice_asked":       ActivitySpares,
	"spare.consumed":           ActivitySpares,
	"spare.earned":             ActivitySpares,
	"spare.fee_asked":          notShown,
	"spare.fee_withdrawn":      notShown,
	"spare.on_site":            ActivitySpares,
	"spare.parcel_lost":        ActivitySpares,
	"spare.picked_up":          ActivitySpares,
	"spare.recall_booked_anew": ActivitySpares,
	"spare.recall_pending":     notShown,
	"spare.recall_reminded":    ActivitySpares,
	"spare.recall_requested":   ActivitySpares,
	"spare.recall_scanned":     ActivitySpares,
	"spare.recall_withdrawn":   ActivitySpares,
	"spare.replenishing":       ActivitySpares,
	"spare.returned":           ActivitySpares,
	"spare.selected":           ActivitySpares,
	"spare.shipment_forgotten": notShown,
	"spare.shipped":            ActivitySpares,
	"spare.taken_back":         ActivitySpares,
	"spare.voided":             ActivitySpares,
	"spare.waived":             ActivitySpares,
	"spares.counted":           notShown,

	"stock.adjustment":          notShown,
	"stock.receipt":             notShown,
	"stock.release":             notShown,
	"stock.reservation":         notShown,
	"stock.shipment":            notShown,
	"task.assigned":             notShown,
	"task.noted":                notShown,
	"task.reopened":             notShown,
	"task.resolved":             notShown,
	"inbox.decided":             notShown,
	"inbox.proved":              notShown,
	"inbox.code_sent":           notShown,
	"inbox.sorted":              notShown,
	"participant.added":         notShown,
	"participant.ended":         notShown,
	"participant.removed":       notShown,
	"participant.signed_in":     notShown,
	"session.agreed":            notShown,
	"session.cancelled":         notShown,
	"session.ended":             notShown,
	"session.proposed":          notShown,
	"session.reminded":          notShown,
	"session.scheduled":         notShown,
	"attachment.blocked":        notShown,
	"queue.downloaded":          notShown,
	"reply.changed":             notShown,
	"reply.created":             notShown,
	"attachment.stored":         notShown,
	"ticket.mail_added":         notShown,
	"ticket.automatic_mail":     notShown,
	"ticket.answer_taken_back":  ActivityTickets,
	"ticket.answered":           ActivityTickets,
	"ticket.assigned":           notShown,
	"ticket.closed":             ActivityTickets,
	"ticket.commented":          ActivityTickets,
	"ticket.duplicate":          notShown,
	"ticket.moved":              ActivityTickets,
	"ticket.noted":              notShown,
	"ticket.opened":             ActivityTickets,
	"ticket.reminded":           notShown,
	"ticket.reopened":           ActivityTickets,
	"ticket.reopening_undone":   ActivityTickets,
	"ticket.resolved_by_itself": ActivityTickets,
	"ticket.rma_approved":       notShown,
	"ticket.rma_ended":          notShown,
	"ticket.rma_linked":         ActivityTickets,
	"ticket.rma_shipped":        notShown,
	"ticket.room_well":          ActivityTickets,
	"ticket.severity":           ActivityTickets,
	"ticket.severity_kept":      notShown,
	"ticket.watcher_added":      notShown,
	"ticket.watcher_removed":    notShown,
	"ticket.worse":              ActivityTickets,

	"sync.certificate_added":        ActivityRooms,
	"sync.certificate_removed":      ActivityRooms,
	"sync.connected":                ActivityRooms,
	"sync.disconnected":             ActivityRooms,
	"sync.group_placed":             ActivityRooms,
	"sync.room_linked":              ActivityRooms,
	"sync.room_unlinked":            ActivityRooms,
	"sync.secret_ended":             ActivityRooms,
	"sync.secret_made":              ActivityRooms,
	"connection.changed":            ActivityPeople,
	"connection.drafted":            ActivityPeople,
	"connection.enabled":            ActivityPeople,
	"connection.metadata_changed":   ActivityPeople,
	"connection.off":                ActivityPeople,
	"domain.claimed":                ActivityPeople,
	"domain.found":                  ActivityPeople,
	"domain.missing":                ActivityPeople,
	"domain.proved":                 ActivityPeople,
	"domain.removed":                ActivityPeople,
	"token.created":                 ActivityPeople,
	"token.revoked":                 ActivityPeople,
	"user.language_changed":         notShown, // the person's own
	"user.name_changed":             notShown,
	"user.time_zone_changed":        notShown,
	"user.password_changed":         notShown,
	"user.sign_in_failed":           notShown,
	"user.signed_in":                notShown,
	"user.sso_bound":                notShown,
	"view.removed":                  notShown,
	"view.shared":                   notShown,
	"view.withdrawn":                notShown,
	"warranty.attached":             ActivityDevices,
	"warranty.claimed":              ActivityDevices,
	"warranty.detached":             ActivityDevices,
	"warranty.imported":             ActivityDevices,
	"warranty.linked":               ActivityDevices,
	"warranty.refused":              ActivityDevices,
	"connection.enforced":           ActivityPeople,
	"connection.enforcement_lifted": ActivityPeople,
	"break_glass.added":             ActivityPeople,
	"break_glass.removed":           ActivityPeople,
	"break_glass.used":              ActivityPeople,
	"membership.factor_reset":       ActivityPeople,
	"user.app_set_up":               notShown,
	"user.app_removed":              notShown,
	"user.passkey_added":            notShown,
	"user.passkey_removed":          notShown,
	"user.passkey_refused":          notShown,
	"user.recovery_codes_made":      notShown,
	"user.recovery_code_used":       notShown,
}

// ActivityOf returns what a verb of the audit is about; decided is false for one that nobody
// has said of whether members see it.
func ActivityOf(verb string) (kind ActivityKind, decided bool) {
	kind, decided = activity[verb]
	return kind, decided
}

// ActivityVerbs are the verbs that members see, of one kind or, empty, of all.
func ActivityVerbs(kind ActivityKind) []string {
	var out []string
	for _, verb := range slices.Sorted(maps.Keys(activity)) {
		if k := activity[verb]; k != notShown && (kind == "" || k == kind) {
			out = append(out, verb)
		}
	}
	return out
}

// Who did something, where it is no single person.
const (
	ActivityBySupport = "support"
	ActivityByService = "service"
)

// ActivityFilter narrows an account's activity; empty fields do not narrow.
type ActivityFilter struct {
	AccountID string
	Person    string // id of a user, ActivityBySupport or ActivityByService
	Kind      ActivityKind
	Page      db.Page
}

// ActivityEvent is one line of an account's activity.
type ActivityEvent struct {
	db.AuditEvent
	Actor  string // name of the person or token of the account who did it; empty: none of it
	Object string // what people call the thing; empty: it has no name, or none any more
}

// Reason returns why it was done, where whoever wrote it knew that members read it.
func (e ActivityEvent) Reason() string {
	if e.Verb != "account.look_begun" {
		return ""
	}
	reason, _ := e.Details["reason"].(string)
	return reason
}

var operatorRoles = []rules.Role{
	rules.OperatorAgent, rules.OperatorLead, rules.OperatorCSM, rules.OperatorManager,
}

// Activity reads an account's activity, newest first, with the names of who did what to what.
// An account that the scope does not cover has none.
func (s *Accounts) Activity(
	ctx context.Context, f ActivityFilter,
) ([]ActivityEvent, string, error) {
	var out []ActivityEvent
	next := ""
	err := s.db.Read(ctx, func(tx *db.Tx) error {
		q := tx.Scope.Accounts(tx.Model(&db.AuditEvent{}), "account_id").
			Where("account_id = ? AND verb IN ?", f.AccountID, ActivityVerbs(f.Kind))
		switch f.Person {
		case "":
		case ActivityBySupport:
			q = q.Where("actor_role IN ?", operatorRoles)
		case ActivityByService:
			q = q.Where("actor_role = ?", "SYSTEM")
		default:
			q = q.Where("actor_id = ?", f.Person)
		}

		var found []db.AuditEvent
		if err := f.Page.Apply(q).Find(&found).Error; err != nil {
			return err
		}
		found, next = db.Cut(f.Page, found, func(e db.AuditEvent) string { return e.ID })

		names, err := activityNames(tx, f.AccountID, found)
		if err != nil {
			return err
		}
		partners, err := partnerNames(tx, found)
		if err != nil {
			return err
		}
		out = make([]ActivityEvent, len(found))
		for i, e := range found {
			out[i] = ActivityEvent{AuditEvent: e, Object: names[e.ObjectID]}
			switch {
			case e.ActorRole == rules.PartnerAdmin, e.ActorRole == rules.PartnerReadOnly:
				out[i].Actor = partners[e.ActorID+e.ActingOrg]
			case !e.ActorRole.IsOperator():
				out[i].Actor = names[e.ActorID]
			}
		}
		return nil
	})
	return out, next, err
}

// partnerNames reads the names of people and of API keys of partners who did something for the
// account, each with the partner's (R41e). They are no members, so they stand beyond the account's
// fence.
func partnerNames(tx *db.Tx, events []db.AuditEvent) (map[string]string, error) {
	names := map[string]string{}
	people, orgs := map[string]bool{}, map[string]bool{}
	for _, e := range events {
		if e.ActorRole == rules.PartnerAdmin || e.ActorRole == rules.PartnerReadOnly {
			people[e.ActorID] = true
			orgs[e.ActingOrg] = true
		}
	}
	if len(people) == 0 {
		return names, nil
	}

	return names, tx.BeyondFence(func(tx *db.Tx) error {
		var rows []struct{ UserID, OrgID, Person, Partner string }
		err := tx.Table("users AS u").
			Select("u.id AS user_id, o.id AS org_id, u.name AS person, o.name AS partner").
			Joins("JOIN orgs o ON o.id IN ? AND o.kind = ?", db.KeysOf(orgs), OrgPartner).
			Where("u.id IN ?", db.KeysOf(people)).
			Scan(&rows).Error
		if err != nil {
			return err
		}

		var keys []struct{ UserID, OrgID, Person, Partner string }
		err = tx.Table("api_tokens AS t").
			Select("t.id AS user_id, o.id AS org_id, t.label AS person, o.name AS partner").
			Joins("JOIN orgs o ON o.id = t.org_id AND o.kind = ?", OrgPartner).
			Where("t.id IN ? AND t.delegation_id IS NOT NULL", db.KeysOf(people)).
			Scan(&keys).Error
		for _, r := range append(rows, keys...) {
			names[r.UserID+r.OrgID] = r.Person + " (" + r.Partner + ")"
		}
		return err
	})
}

//go:embed activity.sql
var activityNamesSQL string

// activityNames reads what the account's people call what the events name, in one statement:
// things of the account alone.
func activityNames(
	tx *db.Tx, accountID string, events []db.AuditEvent,
) (map[string]string, error) {
	ids := map[string]bool{}
	for _, e := range events {
		ids[e.ActorID] = true
		ids[e.ObjectID] = true
	}
	names := map[string]string{}
	if len(ids) == 0 {
		return names, nil
	}

	var rows []struct{ ID, Name string }
	err := tx.Raw(activityNamesSQL, map[string]any{
		"ids":     slices.Sorted(maps.Keys(ids)),
		"account": accountID,
	}).Scan(&rows).Error
	for _, r := range rows {
		names[r.ID] = r.Name
	}
	return names, err
}
