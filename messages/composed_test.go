package messages

import (
	"slices"
	"strings"
	"time"

	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/catalogue"
	"roomcover.dev/roomcover/rules/cover"
	"roomcover.dev/roomcover/rules/licensing"
	"roomcover.dev/roomcover/rules/ordering"
	"roomcover.dev/roomcover/rules/processes"
	"roomcover.dev/roomcover/rules/rma"
	"roomcover.dev/roomcover/rules/session"
	"roomcover.dev/roomcover/rules/shipping"
	"roomcover.dev/roomcover/rules/spare"
	"roomcover.dev/roomcover/rules/ticket"
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
	"sla.severity.":     {"1", "2", "3", "4"},
	"sla.paused.": {
		string(ticket.PendingCustomer), string(ticket.PendingThirdParty), string(ticket.PendingRMA),
		string(ticket.Resolved),
	},
	"process.": processTexts(),

	// The portal's rooms.
	"portal.rooms.column.": {"health", "room", "site", "platform", "license", "cover", "until", "replacements", "tickets", "devices"},
	"portal.room.act.":     {"ticket", "assign", "edit", "move", "archive"},
	"portal.room.fact.":    {"until", "speed", "languages", "site", "country", "platform", "criticality", "time"},
	"portal.room.column.": {"service", "state", "since", "until", "device", "hardware", "why", "ask", "number", "promise",
		"asked", "from", "to", "ended", "what", "before", "after"},
	"portal.room.past.":      {"licenses", "placements"},
	"portal.room.past.none.": {"licenses", "placements"},
	"portal.room.did.":       {"room.created", "room.changed", "room.archived", "room.restored"},
	"portal.room.field.": {"name", "site", "site.help", "country", "country.help", "region", "region.help", "platform",
		"criticality", "criticality.help", "time_zone"},
	"portal.assign.why.": {licensing.RoomIsArchived, licensing.RoomHasLicence, rules.CountryNotSupported,
		cover.TermsAckRequired, rules.StateConflict},
	"portal.assign.capped.": {licensing.WarnHardwareCapped, licensing.WarnHardwareOverCap, licensing.WarnPurchaseUnknown},
	// A company's own sign-in, in the portal.
	"sso.fault.": {"ISSUER_ADDRESS", "ISSUER_OF_MANY", "UNREACHABLE", "ISSUER_DIFFERS", "PROVIDER_REFUSED",
		"NOT_ASSIGNED", "CLIENT_REFUSED", "CODE_REFUSED", "SIGNATURE", "TOKEN_ISSUER", "TOKEN_AUDIENCE",
		"TOKEN_NONCE", "TOKEN_EXPIRED", "CLOCK", "TOKEN_SUBJECT", "TOKEN_TENANT", "NO_EMAIL", "NOT_FRESH",
		"SSO_OFF", "SSO_INCOMPLETE", "SSO_ELSEWHERE", "SSO_DOMAIN_UNPROVED", "SSO_EMAIL_UNVERIFIED",
		"SSO_NOT_INVITED", "SSO_OTHER_PERSON", "SSO_STATE_UNKNOWN", "OTHER_PERSON_CAME"},
	"saml.fault.": {"TOO_LARGE", "MALFORMED", "ASSERTIONS", "ENCRYPTED", "NOT_ASKED_FOR", "REPLAYED",
		"DESTINATION", "AUDIENCE", "ISSUER", "SIGNATURE", "CERTIFICATE", "CERTIFICATE_OVER", "METADATA_OVER",
		"CLOCK", "CONDITIONS", "REFUSED_THERE", "SUBJECT", "NOT_FRESH", "SESSION_OVER"},
	"saml.wrong.": {"TOO_LARGE", "MALFORMED", "METADATA_OVER", "NO_PROVIDER", "NO_SIGN_IN_ADDRESS",
		"NO_CERTIFICATE", "WEAK_KEY", "CERTIFICATE_OVER", "UNREACHABLE"},
	"ownsignin.wrong.": {"ISSUER_ADDRESS", "ISSUER_OF_MANY", "UNREACHABLE", "ISSUER_DIFFERS"},
	"ownsignin.cannot.": {"SSO_INCOMPLETE", "SSO_DOMAIN_UNPROVED", "SSO_NOT_REHEARSED", "SSO_OFF",
		"SSO_NO_ADMIN_CAME", "SSO_NO_BREAK_GLASS", "SSO_OUTSIDERS", "SSO_NEEDS_FACTOR", "STATE_CONFLICT"},
	"ownsignin.fault.": {"CLIENT_REFUSED", "CLOCK", "CODE_REFUSED", "ISSUER_DIFFERS", "NOT_ASSIGNED",
		"NO_EMAIL", "PROVIDER_REFUSED", "SSO_DOMAIN_UNPROVED", "TOKEN_AUDIENCE", "UNREACHABLE"},
	"ownsignin.state.":  {"DRAFT", "ENABLED", "ENFORCED"},
	"ownsignin.proved.": {"DNS", "OPERATOR"},
	// The portal's tickets.
	"tickets.column.":    {"number", "summary", "room", "severity", "turn", "due", "last", "age", "category", "by"},
	"tickets.show.":      {"open", "waits", "resolved", "closed"},
	"ticket.severity.":   {"1", "2", "3", "4"},
	"ticket.category.":   names(ticket.Categories()...),
	"ticket.state.":      {"RESOLVED", "CLOSED", "CANCELLED"},
	"ticket.turn.":       {"US", "CUSTOMER", "THIRD_PARTY", "CARRIER"},
	"ticket.usable.":     names(ticket.Usables()...),
	"ticket.promise.":    {"room", "severity", "policy", "until", "languages"},
	"ticket.policy.":     {"always", "business"},
	"ticket.clock.":      {"FIRST_RESPONSE", "UPDATE", "RESTORE"},
	"ticket.clockstate.": {"RUNNING", "PAUSED", "MET", "BREACHED"},
	"ticket.channel.":    {"MAIL", "PHONE"},
	"ticket.fact.":       {"room", "site", "time", "device", "category", "opened", "by"},
	"ticket.cover.":      {"by", "until", "policy", "languages", "speed"},
	"ticket.act.":        {"send", "worse", "solve", "thanks", "reopen"},
	"ticket.link.":       {"follows", "followed", "duplicate"},
	"ticket.cover.kind.": names(cover.BySelect, cover.ByExtendedWarranty, cover.ByStandardWarranty,
		cover.ByReplacementWarranty, cover.ByJumpStart),
	"ticket.way.": {"archived", "suspended", "notstarted", "unplaced", "model", "country", "assign", "askadmin",
		"jumpstart", "ended"},
	"ticket.way.open.": {"suspended", "notstarted", "unplaced", "assign", "ended"},
	"ticket.next.": append(ends([]string{"NEW", "OPEN", "IN_PROGRESS"}, "", ".undated", ".late"),
		"PENDING_CUSTOMER.CUSTOMER_REMINDER", "PENDING_CUSTOMER.AUTO_RESOLVE", "PENDING_CUSTOMER.undated",
		"PENDING_THIRD_PARTY", "PENDING_RMA", "PENDING_RMA.shipped", "RESOLVED", "RESOLVED.undated", "CLOSED",
		"CLOSED.followed", "CANCELLED"),
	"ticket.event.": {"OPENED", "MOVED.OPEN", "MOVED.IN_PROGRESS", "MOVED.PENDING_CUSTOMER", "MOVED.PENDING_THIRD_PARTY",
		"MOVED.PENDING_RMA", "MOVED.RESOLVED", "MOVED.CLOSED", "MOVED.CANCELLED", "SEVERITY", "WORSE", "THANKS",
		"WATCHER_ADDED", "WATCHER_REMOVED", "DUPLICATE", "FOLLOWED", "RMA_LINKED", "RMA_APPROVED", "RMA_SHIPPED",
		"RMA_ENDED", "RMA_ENDED.DELIVERED", "RMA_ENDED.SWAPPED", "RMA_ENDED.REJECTED", "RMA_ENDED.WITHDRAWN",
		"REMINDED", "REOPENED", "REOPENING_UNDONE",
		"SESSION_PROPOSED", "SESSION_AGREED", "SESSION_SCHEDULED", "SESSION_MOVED",
		"SESSION_RELINKED", "SESSION_CANCELLED", "SESSION_HELD", "SESSION_NO_SHOW", "ROOM_WELL"},
	"ticket.sync.summary.": {"OFFLINE", "NEEDS_ATTENTION"},
	"ticket.sync.text.":    {"OFFLINE", "NEEDS_ATTENTION"},
	"roomhelp.says.":       {"OFFLINE", "NEEDS_ATTENTION", "HEALTHY", "UNKNOWN"},
	"roomhelp.state.":      {"OFFLINE", "NEEDS_ATTENTION", "HEALTHY", "UNKNOWN"},
	"roomhelp.refused.":    {"ROOM_HEALTHY", "ROOM_HEALTH_UNKNOWN", "ROOM_NOT_IN_SYNC"},
	"roomhelp.status.":     {"ONLINE", "IN_USE", "OFFLINE", "none"},
	"roomhelp.health.":     {"NO_ISSUES", "WARNING", "ERROR", "none"},
	"roomhelp.change.": {"STATE", "FLAPPING", "QUIET", "VANISHED", "RETURNED", "RENAMED", "MOVED", "DEVICE_IN",
		"DEVICE_OUT", "LICENCE_IN", "LICENCE_OUT"},
	// The files of tickets.
	"file.state.":   {"CHECKING", "BLOCKED", "GONE", "REFUSED"},
	"file.refused.": {"ATTACHMENT_REFUSED", "ATTACHMENT_TOO_LARGE"},
	"file.wrong.":   {"empty", "kind", "file", "message", "ticket", "often", "cut"},
	// The portal's devices.
	"equip.":             {"room", "site", "region", "street", "postal_code", "city"},
	"equip.criticality.": {"NORMAL", "HIGH", "CRITICAL"},
	"wrong.": {
		"REQUIRED", "TOO_LONG", "DUPLICATE", "INVALID_DATE", "IN_THE_FUTURE", "INVALID_COUNTRY", "INVALID_REGION",
		"INVALID_TIME_ZONE", "CONTROL_CHARACTERS", "INVALID_UTF8", "TOO_MANY_NAMED", "SERIAL_TOO_SHORT",
		"SERIAL_INVALID_CHARACTERS", "SERIAL_CONFUSABLE", "SERIAL_PLACEHOLDER", "SERIAL_REGISTERED", "SERIAL_CLAIMED",
		"INVALID_PLATFORM", "INVALID_CRITICALITY", "ROOM_DIFFERS", "ROOM_AMBIGUOUS", "SITE_DIFFERS", "DEVICE_DIFFERS",
		"ROWS_DIFFER", "WRONG_COLUMNS", "UNKNOWN_MODEL",
	},
	// The portal's Sync.
	"sync.state.":         {"live", "waits", "silent", "refused"},
	"sync.trouble.":       ends([]string{"REFUSED", "THROTTLED", "UNREACHABLE", "UNEXPECTED"}, "", ".remedy"),
	"sync.fact.":          {"organization", "region", "answered", "asked", "next", "budget"},
	"sync.rooms.":         {"title"},
	"sync.rooms.column.":  {"room", "kind", "about", "site", "devices"},
	"sync.groups.":        {"title"},
	"sync.groups.column.": {"group", "site", "country", "platform"},
	"sync.kind.":          {"NEW", "LIKE", "SAME", "RENAMED", "MOVED", "VANISHED", "ARCHIVED"},
	"sync.about.":         {"NEW", "SAME", "ARCHIVED"},
	"sync.like.":          {"NAME", "SERIAL", "SITE"},
	"sync.act.":           {"add", "follow"},
	"sync.applied.":       {"added", "followed", "same"},
	"sync.place.":         {"room", "group", "site", "location", "seats", "device"},
	"home.todo.":          {"down", "attention"},
	"health.":             {"OFFLINE", "NEEDS_ATTENTION", "HEALTHY", "UNKNOWN"},
	"health.says.":        {"OFFLINE", "NEEDS_ATTENTION", "HEALTHY", "UNKNOWN"},
	"health.fact.":        {"asof", "since"},
	"health.column.":      {"device", "state", "says"},
	"health.device.":      {"ONLINE", "IN_USE", "OFFLINE", "UNTOLD"},
	"health.complaint.":   {"NO_ISSUES", "WARNING", "ERROR"},
	"devices.column.":     {"serial", "model", "room", "cover", "until", "state", "bought", "replacement"},
	"devices.cover.":      {"ending", "overcap", "undated"},
	"device.column.":      {"room", "from", "to", "number", "state", "asked"},
	"device.":             {"purchased_on", "purchased_on.help", "purchase_proof", "purchase_proof.help", "reason", "reason.help"},
	"import.column.": {
		"room", "site", "street", "postal_code", "city", "region", "country", "platform", "criticality", "time_zone",
		"serial", "model", "purchased_on", "purchase_proof", "std_warranty_end", "ext_warranty_end",
	},
	"importrow.column.": {"row", "outcome", "problem", "room"},
	"import.state.":     {"QUEUED", "CHECKING", "STORING", "DONE", "REFUSED", "FAILED"},
	"import.outcome.":   {"VALID", "STORED", "UNCHANGED", "REFUSED"},
	"import.file.":      {"FILE_UNREADABLE", "FILE_EMPTY", "TOO_MANY_ROWS", "FILE_TOO_LARGE", "FILE_NO_TEXT"},

	// The console.
	"console.role.": names(rules.OperatorAgent, rules.OperatorLead, rules.OperatorCSM, rules.OperatorManager),
	"console.kind.": {
		"REVIEW_ORDER", "MAIL_UNDELIVERABLE", "MAIL_UNKNOWN", "INVITATION_UNCLAIMED", "INVITATION_REQUESTED",
		"DECIDE_CONTACT", "PROCESS_STUCK", "OUTBOX_STUCK", "SWEEP_LATE", "SWEEP_FAILED", "SERIAL_CLAIMED",
		"SHIPMENT_CONTRADICTED", "CALENDAR_WITHOUT_HOLIDAYS", "CALENDAR_WITHOUT_WORKING_TIME", "WARRANTY_UNMATCHED",
		"WARRANTY_CLAIMED", "ONE_PARENT", "NEAR_ACCOUNT", "ASSIGN_CSM", "DECIDE_RMA", "RMA_LATE", "RMA_PARCEL_SILENT",
		"AWAITING_STOCK", "RMA_WRONG_UNIT", "RMA_FEE", "LABEL_UNREADABLE", "CHOOSE_SPARE", "SPARE_FEE", "BREAK_GLASS_USED",
		"PRIVACY_INCIDENT", "PRIVACY_TEXTS", "TICKET", "TICKET_WORSE", "MAILBOX_REQUEST", "NO_ADMIN_REACHABLE",
		"SIGN_IN_ENDS",
		"SYNC_CONNECTION",
	},
	"console.today.tile.": {"late", "due", "ahead", "mine"},
	"console.facet.due.":  {"late", "today", "week"},
	"console.many.":       {"take", "give", "hand_back", "retry", "close"},
	"console.told.code.": {"SAME_NAME_OTHER_FORM_OR_COUNTRY", "JOINED_BY_AN_EARLIER_RELEASE", "ADDRESS_NEARLY_THE_SAME",
		"UNUSUALLY_MANY_RMAS", "SERIAL_NEW", "SHIP_TO_NEW", "PROOF_REQUIRED", "NO_ACCOUNT", "SEVERAL_ACCOUNTS",
		"SERIAL_ELSEWHERE", "THE_SAME_IS_THERE", "SSO_NO_BREAK_GLASS", "SSO_OUTSIDERS"},
	"console.subject.": {"order", "mail", "invitation", "service", "device", "shipment", "calendar", "warranty",
		"customer", "replacement", "return", "spare", "person", "ticket"},
	"console.thing.": {"task", "order", "replacement", "spare", "shipment", "mail", "customer", "room", "device",
		"company", "person", "invitation", "contract", "refusal", "depot", "privacy", "incident", "ticket", "inbox"},
	"activity.":        {"title"},
	"activity.column.": {"what", "about", "when", "kind", "behalf"},
	"export.": {"audit", "directory", "you", "email", "invitations", "language", "made", "mails", "memberships",
		"name", "orders", "profile", "replacements", "sessions", "sites", "timezone", "title", "tokens"},
	"privacy.says.": {"EXPORT.ASKED", "EXPORT.READY", "EXPORT.EXPIRED", "ERASURE.ASKED", "ERASURE.DECIDE",
		"ERASURE.DONE"},
	"privacy.rows.": {"attachment_chunks", "inbox_items", "inbound_mail_chunks", "inbound_mails", "ticket_messages",
		"session_attendees", "ticket_participants", "ticket_drafts", "ticket_watchers", "api_tokens", "audit_events", "carrier_events", "challenges", "contact_questions",
		"idempotency_keys", "identities", "import_jobs", "invitations", "notification_attempts", "notifications",
		"orders", "orgs", "rmas", "sessions", "shipment_labels", "sign_in_places", "sites", "users",
		"scim_group_people", "scim_people", "scim_requests", "sso_break_glass", "user_passkeys",
		"user_recovery_codes"},
	"console.privacy.column.":   {"who", "kind", "state", "asked"},
	"console.incidents.column.": {"what", "state", "noticed", "due"},
	"console.privacy.state.":    {"ASKED", "READY", "DECIDE", "DONE", "EXPIRED"},
	"console.privacy.says.":     {"ASKED", "READY", "DECIDE", "DONE", "EXPIRED"},
	"console.privacy.kind.":     {"EXPORT", "ERASURE"},
	"console.privacy.text.":     {"OPEN", "REPLACED", "KEPT"},
	"console.orders.column.": {"number", "customer", "service", "quantity", "seller", "state", "review", "purchased",
		"received", "vendor", "sender"},
	"console.contracts.column.": {"service", "customer", "state", "order", "units", "last"},
	"console.queue.column.":     {"kind", "subject", "customer", "due", "raised", "who", "zone"},
	"console.refusals.column.":  {"received", "seller", "wrong", "remedy", "errors"},
	"console.order.column.": {"sku", "service", "term", "quantity", "contract", "inforce", "start", "end", "state", "person",
		"role", "delivery", "since", "mail", "cancelled", "ended"},
	"console.order.check.":     append(ends(reviewReasons, "", ".remedy"), "alike"),
	"console.order.candidate.": {"same", "near", "name", "domain", "contracts", "administrators"},
	"console.order.accept.invite.": names(rules.InviteNone, rules.InviteKeep, rules.InviteSupersede, rules.InviteIssue,
		rules.InviteIssueWithNotice, rules.InviteAsk, rules.InviteReview),
	"console.order.cancel.says.": {"rooms", "withdrawn", "goon", "voided", "recalled", "invitations", "questions"},
	"console.order.question.":    {"OPEN", "CONFIRMED", "REFUSED", "WITHDRAWN"},
	"console.order.field.": {"po_number", "purchased_on", "lines", "sku", "quantity", "renews", "end_customer", "reseller",
		"distributor", "company", "contact_name", "email", "address", "street", "city", "region", "postal_code", "country"},
	"console.accounts.column.": {"company", "clock", "csm", "rooms", "licenses", "ending", "replacements", "tasks",
		"mode", "since"},
	"console.tickets.column.": {"number", "summary", "room", "customer", "severity", "state", "turn", "due", "who", "age",
		"words", "category"},
	"console.severity.":     {"1", "2", "3", "4"},
	"console.state.ticket.": names(ticket.States()...),
	"console.turn.":         names(ticket.Turns()...),
	"console.waits.":        names(ticket.Turns()...),
	"console.category.":     names(ticket.Categories()...),
	"console.usable.":       names(ticket.Usables()...),
	"console.author.": names(ticket.FromCustomer, ticket.FromPartner, ticket.FromTSP, ticket.FromAgent,
		ticket.FromSystem),
	"console.channel.": names(ticket.Channels()...),
	"console.clock.":   names(ticket.FirstResponse, ticket.Update, ticket.Restore),
	"console.clockstate.": names(ticket.Running, ticket.Paused, ticket.Met, ticket.Breached,
		ticket.ClockCancelled),
	"console.stretch.": names(ticket.Counted, ticket.Off, ticket.Holiday, ticket.Pause),
	"console.ticketevent.": {"OPENED", "MOVED", "SEVERITY", "WORSE", "THANKS", "ASSIGNED", "ASSIGNED.nobody",
		"ASSIGNED.self",
		"WATCHER_ADDED", "WATCHER_REMOVED", "DUPLICATE", "DUPLICATE.none", "FOLLOWED", "RMA_LINKED", "RMA_APPROVED",
		"RMA_SHIPPED", "RMA_ENDED", "RMA_ENDED.DELIVERED", "RMA_ENDED.SWAPPED", "RMA_ENDED.REJECTED",
		"RMA_ENDED.WITHDRAWN", "REMINDED", "REOPENED", "REOPENING_UNDONE",
		"SESSION_PROPOSED", "SESSION_AGREED", "SESSION_SCHEDULED", "SESSION_MOVED",
		"SESSION_RELINKED", "SESSION_CANCELLED", "SESSION_HELD", "SESSION_NO_SHOW", "ROOM_WELL"},
	"console.ticketact.": ends([]string{"wait_for_replacement", "set_severity", "resume", "reopen", "undo_reopening",
		"link_duplicate", "cancel"}, "", ".says"),
	"console.ticketfield.":   {"device", "site", "fault", "text", "severity", "reason", "ticket"},
	"console.session.state.": names(sessionStates...),
	"console.session.says.":  append(names(sessionStates...), "SCHEDULED.waits"),
	"console.session.act.": {"propose", "schedule", "schedule.says", "held", "held.says", "no_show", "no_show.says",
		"cancel", "cancel.says", "cancel.says.nobody"},
	"console.session.field.":    {"first", "second", "third", "minutes", "slot", "slot.help", "provider", "link", "link.help"},
	"console.session.provider.": names(session.Pasted, session.Teams, session.Zoom),
	"console.guest.field.":      {"name", "email", "company"},
	"session.state.":            names(sessionStates...),
	"session.says.":             append(names(sessionStates...), "SCHEDULED.waits"),
	"guest.state.": names(ticket.New, ticket.Open, ticket.InProgress, ticket.PendingCustomer,
		ticket.PendingThirdParty, ticket.PendingRMA, ticket.Resolved),
	"console.ticket.then.":    {"wait_for_customer", "wait_for_third_party", "resolve"},
	"console.accounts.facet.": {"csm", "country", "mode"},
	"console.accountmode.":    {"CONSOLIDATED", "SITE"},
	"console.account.tab.": {
		"overview", "contracts", "rooms", "devices", "people", "tickets", "replacements", "mails", "tasks", "timeline",
	},
	"console.account.column.": {
		"service", "state", "order", "units", "start", "last", "room", "covered", "why", "until", "platform",
		"matters", "device", "person", "email", "role", "access", "since", "mail", "issued", "valid", "number",
		"promised", "asked", "site", "to", "about", "delivery", "when", "partner", "provider", "came",
		"certificate", "domain", "key", "sites",
	},
	"console.account.none.": {
		"contracts", "rooms", "devices", "people", "invitations", "tickets", "replacements", "spares", "mails", "tasks",
		"timeline", "partners",
	},
	"console.account.access.": {
		"ACTIVE", "SUSPENDED", "REMOVED",
	},
	"console.platform.": {
		"MTR_WINDOWS", "MTR_ANDROID", "ZOOM_PC", "ZOOM_APPLIANCE", "OTHER",
	},
	"console.criticality.": {
		"NORMAL", "HIGH", "CRITICAL",
	},
	"console.roomstate.": {
		"ACTIVE", "ARCHIVED",
	},
	"console.devicestate.": {
		"UNPLACED", "IN_ROOM", "SPARE_ON_SITE", "IN_RMA", "RETURNED", "RETIRED", "LOST",
	},
	"activity.kind.": {"people", "rooms", "devices", "orders", "replacements", "spares", "tickets", "account"},
	"directory.outcome.": {
		"PERSON_CREATED", "PERSON_CHANGED", "PERSON_SAME", "PERSON_ENDED",
		"PERSON_RESTORED", "PERSON_DELETED", "PERSON_READ", "PERSON_FOUND",
		"PERSON_NOT_FOUND", "PEOPLE_LISTED", "GROUP_CREATED", "GROUP_CHANGED",
		"GROUP_SAME", "GROUP_DELETED", "GROUP_READ", "GROUPS_LISTED",
		"SETUP_READ", "REFUSED_NOT_UNIQUE", "REFUSED_NOT_VALID", "REFUSED_NOT_PROVED",
		"REFUSED_NOT_FOUND", "REFUSED_VERSION", "REFUSED_LIMIT", "REFUSED_FILTER",
		"REFUSED_TOO_MANY",
		"REFUSED_SYNTAX", "REFUSED_METHOD", "REFUSED_RATE", "REFUSED_FAILED",
	},
	"activity.did.": {
		"account.corrected", "account.created", "account.csm_assigned", "account.domain_forgotten",
		"account.domain_recorded", "account.language_changed", "account.look_begun",
		"account.look_ended", "account.time_zone_changed", "contact.asked", "contact.confirmed",
		"contact.refused", "contact.withdrawn", "contract.cancelled", "contract.created",
		"contract.expired", "contract.resumed", "contract.started", "contract.suspended",
		"delegation.accepted", "delegation.asked", "delegation.ended", "delegation.expired",
		"delegation.limited", "delegation.refused", "device.changed", "device.claim_decided", "device.claimed",
		"device.ended", "device.lost",
		"directory.grant_added", "directory.grant_removed", "directory.token_created",
		"directory.token_revoked",
		"device.moved", "device.registered", "device.retired", "import.created", "invitation.accepted",
		"invitation.bounced", "invitation.expired", "invitation.issued", "invitation.reissued",
		"invitation.requested", "invitation.revoked", "invitation.wrong_person", "licence.assigned", "licence.ended",
		"licence.moved", "licence.released", "membership.changed", "membership.created",
		"order.accepted", "order.amended", "order.cancelled", "order.fulfilled",
		"order.partially_cancelled", "order.received", "rma.appealed", "rma.approved", "rma.backordered",
		"rma.breached", "rma.changed", "rma.delivered", "rma.fee_billed", "rma.fee_credited",
		"rma.fee_waived", "rma.inspected", "rma.no_return_required", "rma.parcel_lost", "rma.picked_up",
		"rma.readdressed", "rma.rejected", "rma.reminded", "rma.requested", "rma.return_booked_anew",
		"rma.return_overdue", "rma.return_received", "rma.return_scanned", "rma.shipped",
		"rma.spare_used", "rma.taken_back", "rma.withdrawn", "room.archived", "room.changed",
		"room.created", "room.restored", "site.changed", "site.created", "spare.agreed", "spare.billed",
		"spare.billed_again", "spare.changed", "spare.choice_asked", "spare.consumed", "spare.earned",
		"spare.on_site", "spare.parcel_lost", "spare.picked_up", "spare.recall_booked_anew",
		"spare.recall_reminded", "spare.recall_requested", "spare.recall_scanned",
		"spare.recall_withdrawn", "spare.replenishing", "spare.returned", "spare.selected",
		"spare.shipped", "spare.taken_back", "spare.voided", "spare.waived", "connection.changed",
		"sync.certificate_added", "sync.certificate_removed", "sync.connected", "sync.disconnected",
		"sync.group_placed", "sync.room_linked", "sync.room_unlinked", "sync.secret_ended",
		"sync.secret_made",
		"connection.drafted", "connection.enabled", "connection.enforced",
		"connection.enforcement_lifted", "break_glass.added", "break_glass.removed",
		"break_glass.used", "membership.factor_reset", "connection.metadata_changed", "connection.off",
		"domain.claimed",
		"domain.found", "domain.missing", "domain.proved", "domain.removed", "token.created",
		"ticket.answer_taken_back", "ticket.answered", "ticket.closed", "ticket.commented", "ticket.moved", "ticket.opened",
		"ticket.reopened", "ticket.reopening_undone", "ticket.resolved_by_itself", "ticket.rma_linked", "ticket.room_well",
		"ticket.severity", "ticket.worse", "token.revoked", "warranty.attached", "warranty.claimed", "warranty.detached",
		"warranty.imported", "warranty.linked", "warranty.refused", "membership.removed",
		"membership.suspended", "membership.restored", "membership.promoted", "membership.demoted",
	},
	"console.did.": endsOf("console.did."), // the console holds the verbs of the audit to them
	"console.account.field.": {
		"legal_name", "street", "postal_code", "city", "region", "country", "time_zone", "locale", "mode",
	},
	"console.account.corrected.": {
		"legal_name", "address", "time_zone", "locale", "mode",
	},
	"console.account.effect.": {
		"NAME_IN_MAILS", "ORDERS_MATCH_ANEW", "NEAR_ANOTHER_ACCOUNT", "PARENT_STAYS", "HOME_TERMS",
		"DAYS_COUNT_ANEW", "LANGUAGE_OF_PAPERS", "BALANCE_STAYS",
	},
	"console.room.": {"licenses", "placements", "rooms"},
	"console.room.act.": {
		"assign", "move", "release", "archive", "restore",
	},
	"console.room.says.": {
		"assign", "move", "release", "archive", "restore",
	},
	"console.room.none.": {
		"licenses", "placements", "rooms",
	},
	"console.room.column.": {
		"service", "from", "to", "ended", "what",
	},
	"console.room.ended.": {
		"RELEASED", "MOVED", "ROOM_ARCHIVED", "CANCELLED", "EXPIRED",
	},
	"console.device.act.": {
		"place", "takeout", "lost", "retire",
	},
	"console.device.says.": {
		"place", "takeout", "lost", "retire",
	},
	"console.contract.act.": {
		"suspend", "resume",
	},
	"console.contract.units.": {
		"suspend", "resume",
	},
	"console.contract.says.": {
		"suspend", "resume",
	},
	"console.state.": slices.Concat(
		ends([]string{"order."}, names(rules.OrderStates()...)...),
		ends([]string{"invitation."}, names(rules.InvitationStates()...)...),
		ends([]string{"rma."}, names(rma.RMAStates()...)...),
		[]string{"rma.DELIVERED", "rma.SWAPPED", "rma.NOT_DUE"}, // of a track only
		ends([]string{"spare."}, names(spare.SpareStates()...)...),
		ends([]string{"shipment."}, names(shipping.ShipmentStates()...)...),
		[]string{"csm.OPEN", "csm.DONE", "contact.OPEN", "contact.CONFIRMED", "contact.REFUSED"},
	),
	"console.process.":      names(processes.Kinds()...),
	"console.tokenrole.":    names(rules.Reseller, rules.Distributor, rules.CustomerAdmin, rules.CustomerReadOnly),
	"console.operators.by.": {"ISSUER", "PASSWORD"},
	"console.invite.":       {"NONE", "READ_ONLY", "ADMIN"},
	"console.field.":        {"account_id", "invite_as", "email", "contact_name", "starts_on", "last_day", "csm_id"},
	"console.action.": ends([]string{"accept", "reject", "resend", "mark_delivered", "reissue", "retry", "move", "link",
		"refuse", "assign", "close"}, "", ".says"),
	"console.problem.": ends([]string{"notfound", "internal", "unavailable", "origin", "forbidden", "form", "cursor",
		"issuer", "lostway", "norole", "disabled", "stepup", "limited", "changed", "conflict", "setup",
		"filechecking", "fileblocked", "filegone"}, ".title", ".text"),

	// The console's mails, shipments, stock and settings.
	"console.mails.column.": {"what", "state", "to", "customer", "when", "queued", "attempts", "language"},
	"console.inbox.column.": {"asks", "state", "sender", "customer", "came"},
	"console.inbox.state.":  {"OPEN", "FILED", "DONE", "SPAM"},
	"console.inbox.kind.":   append(requestKinds(), "REPLY_BY_STRANGER"),
	"console.inbox.canned.": append(requestKinds(), "REPLY_BY_STRANGER"),
	"console.inbox.reason.": {"PROVED", "NO_TICKET", "STRANGER", "FORGED", "UNPROVED", "AUTOMATIC", "REPORT", "TOO_MANY",
		"MANY_REOPENED", "TICKET_GONE", "NOT_COVERED", "UNREADABLE"},
	"console.inbox.verdict.": {"PASS", "FAIL", "NONE"},
	"console.inbox.proof.":   {"CALL", "CODE"},
	"console.inbox.act.": {"reissue", "redirect", "add_person", "decide_warranty", "open_ticket", "add_to_ticket",
		"answer", "spam", "note_call", "send_code", "prove", "set_kind", "find"},
	"console.inbox.decision.": {"ANSWERED", "SPAM", "REISSUED", "RECIPIENT_CHANGED", "PERSON_ADDED",
		"WARRANTY_DECIDED", "ADDED_TO_TICKET", "TICKET_OPENED"},
	"console.inbox.why.": {"DISOWNED", "NOT_PROVED", "NOT_ADMIN", "NO_SENDER", "NO_SELLER", "ACCEPTED", "ROLE",
		"DECIDED", "TEXT_GONE", "ENOUGH_CODES"},
	"askhelp.kind.": requestKinds(),

	"console.mails.state.": ends(names(rules.NotificationStates()...), "", ".says"),
	"console.mails.kind.":  rules.Templates(),
	"console.mails.why.": {"address", "domain", "full", "closed", "size", "policy", "sender", "content", "ours", "gaveup",
		"broke", "restored", "later"},
	"console.mails.remedy.":         {"reissue", "correct", "again", "policy", "engineer", "ask", "wait"},
	"console.shipments.column.":     {"parcel", "for", "customer", "state", "scan", "promised", "created"},
	"console.shipments.direction.":  names(shipping.ShipOut, shipping.ShipReturn, shipping.ShipSpare, shipping.ShipRecall),
	"console.shipments.scan.":       names(shipping.ScanKinds()...),
	"console.shipments.source.":     {"CARRIER", "DEPOT", "OPERATOR", "SERVICE"},
	"console.carrierevents.column.": {"parcel", "event", "happened", "received", "became"},
	"console.carrierevents.state.":  ends([]string{"RECEIVED", "APPLIED", "UNKNOWN", "UNREADABLE"}, "", ".says"),

	"console.settings.": ends([]string{"program", "catalogue", "models", "terms", "calendars", "sellers", "csms", "tokens",
		"privacy", "incidents",
		"operators"}, ".says"),
	"console.calendars.column.": {"code", "next", "hours", "state", "through"},
	"console.calendars.origin.": {"LOADED", "OPERATOR"},
	"console.sellers.column.":   {"name", "country", "state", "until", "notices"},
	"console.sellers.kind.":     {"RESELLER", "DISTRIBUTOR", "PARTNER"},
	"console.sellers.edit.":     {"record", "mail", "spellings"},
	"console.csms.column.":      {"name", "email", "phone", "state"},
	"console.models.kind.":      {"HARDWARE", "ACCESSORY", "SOFTWARE", "BUNDLE"},
	"console.program.": {"name", "sender_name", "sender_address", "mailbox", "invite_days", "invite_reminder_days",
		"cancel_days", "start_fallback_days", "po_max_age_days", "spare_ratio", "warranty_cap_years", "review_reject_days",
		"user_limit", "renewal_reminder_days", "cut_off", "return_days", "fee_confirm_days", "carrier_silence_days",
		"serial_known_hours", "spare_recall_days"},
	"console.stock.kind.":          {"RECEIPT", "RESERVATION", "RELEASE", "SHIPMENT", "ADJUSTMENT"},
	"console.stockentries.column.": {"what", "quantity", "model", "depot", "for", "by", "when", "reason"},

	"console.mails.do.": ends([]string{"resend", "delivered", "reissue"}, "", ".says"),
	// What managers look at.
	"console.processes.column.": {
		"process", "waits", "standing", "actor", "since", "until", "state", "error",
	},
	"console.processes.facet.": {
		"kind", "standing", "actor", "state",
	},
	"console.processes.stands.": {
		"late", "still", "today",
	},
	"console.processes.actor.": {
		"OPERATOR", "CUSTOMER", "CARRIER", "SYSTEM", "NOBODY",
	},
	"console.processes.tile.": {
		"late", "late.small", "today", "today.small", "ours", "ours.small", "still", "still.small",
	},
	"console.processes.failure.": {
		"carrier", "mail", "database", "fault", "other",
	},
	"console.numbers.period.": {
		"week", "month", "quarter", "year",
	},
	"console.numbers.tile.": {
		"kept", "kept.small", "contract", "contract.small", "claimed", "claimed.small", "renewals",
		"renewals.small",
	},
	"console.numbers.group.": {
		"tickets", "orders", "replacements", "ahead",
	},
	"console.numbers.chart.": {
		"orders", "orders.text", "reviewed", "reviewed.text", "reasons", "reasons.text", "refused",
		"refused.text", "claimed", "claimed.text", "replacements", "replacements.text", "kept", "kept.text",
		"deliver", "deliver.text", "return", "return.text", "outcomes", "outcomes.text", "fees", "fees.text",
		"spares", "spares.text", "ending", "ending.text", "trouble", "trouble.text", "tickets", "tickets.text",
		"answered", "answered.text", "answered_1", "answered_1.text", "answered_2", "answered_2.text",
		"answered_3", "answered_3.text", "answered_4", "answered_4.text", "backlog", "backlog.text",
		"breached", "breached.text", "breach_causes", "breach_causes.text", "orders_took", "orders_took.text",
		"kept_by_country", "kept_by_country.text",
	},
	"console.numbers.series.": {
		"received", "ended", "half", "ninety", "reviewed", "count", "day7", "day30", "asked", "closed", "kept",
		"missed", "earned", "placed", "sparesended", "ending", "renewals", "bounced", "stuck", "opened",
		"resolved", "severity1", "severity2", "severity3", "severity4", "eightyfive", "ninetyfive", "us",
		"customer", "others", "carrier", "broken",
	},
	"console.numbers.part.": {
		"orders.reviewed", "orders.refused", "replacements.ended", "replacements.fees", "tickets.breached",
	},
	"console.numbers.key.": {
		"DEFECT", "NO_FAULT_FOUND", "DAMAGE", "NO_RETURN_REQUIRED", "REJECTED", "WITHDRAWN",
		"NON_RETURN_BILLED", "CLOSED", "DAMAGE_BILLED", "WAIVED", "CREDITED", "BILLED", "SEVERITY_RAISED",
		"NOT_TAKEN", "NOT_ANSWERED", "NO_NEWS", "WAITED_FOR_OTHERS", "CAME_BACK", "NOT_RESTORED",
	},
	"console.numbers.list.": {
		"orders.received", "orders.ended", "orders.reviewed", "orders.refused", "invitations.claimed_7",
		"invitations.claimed_30", "replacements.requested", "replacements.ended", "replacements.promise_kept",
		"replacements.to_deliver", "replacements.to_return", "replacements.fees", "spares.earned",
		"spares.placed", "spares.ended", "mails.bounced", "processes.stuck", "cover.ending", "renewals.due",
		"tickets.opened", "tickets.resolved", "tickets.answered_1", "tickets.answered_2", "tickets.answered_3",
		"tickets.answered_4", "tickets.breached", "tickets.backlog_us", "tickets.backlog_customer",
		"tickets.backlog_third_party", "tickets.backlog_carrier", "open",
	},
	"console.audit.field.": {
		"person", "account", "thing", "since", "until", "verb",
	},
	"console.audit.column.": {
		"when", "who", "role", "what", "thing", "customer", "reason",
	},
	"console.audit.role.": {
		"CUSTOMER_ADMIN", "CUSTOMER_READ_ONLY", "PARTNER_ADMIN", "PARTNER_READ_ONLY", "RESELLER", "DISTRIBUTOR",
		"OPERATOR_AGENT", "OPERATOR_LEAD", "OPERATOR_CSM", "OPERATOR_MANAGER", "SYSTEM", "VISITOR",
	},
	"console.audit.kind.": {
		"order", "invitation", "account", "membership", "user", "contract", "licence", "room", "device",
		"warranty", "rma", "spare", "shipment", "mail", "task", "operator", "token", "org", "contact", "calendar",
		"depot", "csm", "site", "parent", "program", "audit", "ticket", "inbox",
	},
	"console.audit.thing.": {
		"lic", "tsk", "imp", "asg", "war", "wat", "clm", "can", "usr", "tok", "mem", "opr", "plc", "stk",
		"syc", "act",
	},
	"console.standstill.": {"NO_WORKER", "NO_WORKFLOWS"},
	// The console's replacements.
	"console.replacements.column.": {"number", "device", "place", "customer", "state", "promise", "next", "parcel",
		"requested", "fee"},
	"console.step.": append(ends([]string{"DECIDE", "ALLOCATE", "SHIP", "TRANSIT", "RETURN", "INSPECT", "FEE"},
		"", ".next", ".title"), "OVER.title"),
	"console.review.":    {rma.ReviewRMARate, rma.ReviewShipToNew, rma.ReviewSerialNew},
	"console.rma.event.": {"allocated", "reminded", "fee_asked", "parcel_awaited", "parcel_silent", "parcel_told_lost", "shipment_forgotten"},
	"console.rma.": ends([]string{"approve", "reject", "appeal", "withdraw", "use_spare", "allocate", "backorder",
		"readdress", "ship", "reship", "wait", "receive", "inspect", "no_return", "bill", "waive", "tell", "take_back"},
		"", ".says"),
	"console.rmafield.": {"reason", "defect", "code", "model", "expected_on", "serial", "carrier", "tracking", "outcome",
		"photo", "fact", "at", "spare_unit_id", "site_id"},
	"console.rmafield.serial.help.": {"ship", "inspect"},
	"console.outcome.":              names(rma.OutcomeDefect, rma.OutcomeNoFault, rma.OutcomeDamage, rma.OutcomeWrongUnit),
	"console.told.": names(rma.FactShipped, rma.FactPickedUp, rma.FactDelivered, rma.FactReturnScanned,
		rma.FactReturnReceived, rma.FactInspected),
	"console.wrong.": endsOf("console.wrong."), // the console holds them to the codes that there are
	"refused.":       endsOf("refused."),       // messages/refusal holds them to what is refused
	"console.refused.": {
		"UNKNOWN_VARIABLE", "TICKET_CLOSED", "NOT_REOPENED", "SAME_SEVERITY", "NOTHING_CHANGES", "UNKNOWN_MEMBER", "NOT_COVERED", "TOO_LONG",
		rma.DefectOpen, shipping.OutOfStock, rma.NotLikeForLike, rma.ReshipLimit, rma.ParcelNotLost, rma.FeeNotDue,
		rma.PhotoMissing, "SERIAL_REGISTERED", rules.ReasonRequired, rules.Required, rules.InvalidDate, rules.OutOfRange,
		rules.ValidationFailed, rules.StateConflict, rma.RMAOpen, "UNKNOWN_FACT", rma.CarrierSaysSo, rules.ProofRequired,
		rma.SerialNotRegistered, rma.SiteUnknown, rma.SerialTooNew, spare.SpareNotChosen, spare.ModelNotDeployed,
		session.NotAgreed, session.LinkRefused, session.NoService,
	},
	"console.cover.": {
		rules.NotCovered, rules.WarrantyCap, rules.ModelNotSupported, rules.NotHardware, rules.CountryNotSupported,
		rules.ProofRequired, rules.Unplaced, cover.ReasonSelect, cover.ReasonJumpStart, cover.ReasonStandard,
		cover.ReasonExtended, cover.ReasonReplacement, cover.ReasonThroughRoom, cover.ReasonFrozen, cover.ReasonFastest,
		cover.ReasonCapped, cover.ReasonSupportContinues, cover.ReasonBestPolicy, cover.ReasonTermsKept,
		cover.ReasonSyncPremium, cover.ReasonNoAssignment, cover.ReasonNotStarted, cover.ReasonContractEnded,
		cover.ReasonCancelled, cover.ReasonSuspended, cover.ReasonWarrantyEnded, cover.ReasonJumpStartEnded,
		cover.ReasonRoomArchived, cover.ReasonDeviceGone, cover.ReasonSerialRequired, cover.ReasonProofUnread,
	},

	// The console's spares.
	"console.roomsdown.column.": {"customer", "room", "now", "since", "falls", "ticket"},
	"console.spares.column.":    {"customer", "licences", "earned", "choose", "underway", "onsite", "used", "recalled"},
	"console.sparenext.":        names(spare.SpareStates()...),
	"console.sparecause.": names(spare.SpareByOrder, spare.SpareByCancellation, spare.SpareByExpiry, spare.SpareByMerge,
		spare.SpareBySplit, spare.SpareByTransfer),
	"console.aid.":   names(spare.AidDeployed, spare.AidCritical, spare.AidUncertain),
	"console.spare.": ends([]string{"select", "ship", "receive", "bill", "waive", "tell", "take_back"}, "", ".says"),
	"console.sparetold.": names(spare.FactShipped, spare.SparePickedUp, spare.SpareDelivered, spare.SpareRecallScanned,
		spare.SpareRecallReceived),
	"console.spareevent.": {
		"earned", "choice_asked", "selected", "agreed", "shipped", "picked_up", "on_site", "consumed", "replenishing",
		"parcel_lost", "shipment_forgotten", "taken_back", "voided", "recall_pending", "recall_requested",
		"recall_reminded", "recall_scanned", "recall_withdrawn", "recall_booked_anew", "returned", "fee_asked", "billed",
		"billed_again", "waived", "fee_withdrawn",
	},

	// The portal's orders and claims.
	"service.": names(catalogue.ServiceSelect, catalogue.ServiceSyncPlus, catalogue.ServiceExtWarranty,
		catalogue.ServiceJumpStart),
	"contract.": names(rules.ContractProcessing, rules.ContractPendingStart, rules.ContractActive,
		rules.ContractSuspended,
		rules.ContractExpired, rules.ContractCancelled),
	"account.scope.":         {"CONSOLIDATED", "SITE"},
	"contracts.column.":      {"service", "state", "units", "start", "last", "order"},
	"contract.units.column.": {"number", "state", "where", "since"},
	"contract.gives.": names(catalogue.ServiceSelect, catalogue.ServiceSyncPlus,
		catalogue.ServiceExtWarranty, catalogue.ServiceJumpStart),
	"contract.start.": {"FALLBACK_60_DAYS", "FIRST_ASSIGNMENT", "PURCHASE", "RENEWAL"},
	"contract.unit.": names(rules.LicenceAvailable, rules.LicenceAssigned, rules.LicenceExpired,
		rules.LicenceRevoked),
	"contract.units.only.": names(rules.LicenceAvailable, rules.LicenceAssigned),
	"sessions.way.":        {"password", "invitation", "own"},
	"claimstate.":          {"UNMATCHED", "LINKED", "REFUSED"},

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
	"mail.renewal_reminder.":   ends([]string{"title", "subject", "seller.title", "seller.subject"}, "", ".today"),
	"mail.order_cancelled.by.": {"CUSTOMER", "RESELLER", "DISTRIBUTOR", "OPERATOR"},
	"mail.site_notice.by.":     {"OPERATOR", "PROGRAM"},
	"partners.": {"title", "new", "new.text", "who", "role", "ask", "active", "none", "lead", "answer", "approve.ask",
		"approve.says.ADMIN", "approve.says.READ_ONLY", "approve.end"},
	"customers.": {"title", "new", "new.text", "who", "role", "ask", "active", "none", "lead", "answer", "approve.ask",
		"approve.says.ADMIN", "approve.says.READ_ONLY", "approve.end"},
	"console.ownsignin.state.":  {"DRAFT", "ENABLED", "ENFORCED"},
	"console.ownsignin.proved.": {"DNS", "OPERATOR"},
	"console.delegation.state.": {"PROPOSED", "ACTIVE", "REFUSED", "ENDED", "EXPIRED"},
	"delegation.state.":         {"PROPOSED", "ACTIVE", "REFUSED", "ENDED", "EXPIRED"},
	"delegation.says.": {"PROPOSED.ours", "PROPOSED.theirs", "ACTIVE", "REFUSED", "ENDED",
		"EXPIRED"},
	"mail.own_sign_in.title.": {"CERTIFICATE", "DOMAIN", "BREAK_GLASS"},
	"mail.own_sign_in.text.":  {"CERTIFICATE", "DOMAIN", "BREAK_GLASS"},
	"mail.room_health.title.": {"DOWN", "WELL"},
	"mail.room_health.one.":   {"OFFLINE", "NEEDS_ATTENTION", "HEALTHY"},
	"mail.room_health.state.": {"OFFLINE", "NEEDS_ATTENTION", "HEALTHY"},
	"mail.room_health.cause.": {"ALL_OFFLINE", "PRIMARY_OFFLINE", "DEVICE_OFFLINE", "DEVICE_WARNING",
		"DEVICE_ERROR", "PART_MISSING"},
	"mail.delegation.title.": {"ASKED", "ACCEPTED", "ENDS", "ENDED", "EXPIRED"},
	"mail.delegation.role.":  {"ADMIN", "READ_ONLY"},
	"mail.delegation.": {
		"ASKED.CUSTOMER", "ASKED.PARTNER", "ACCEPTED.CUSTOMER", "ACCEPTED.PARTNER",
		"ENDS.CUSTOMER", "ENDS.PARTNER", "ENDED.CUSTOMER", "ENDED.PARTNER",
		"EXPIRED.CUSTOMER", "EXPIRED.PARTNER",
	},
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
	"mail.ticket.": ends([]string{"OPENED", "ANSWERED", "REMINDER", "RESOLVED", "CLOSED", "CANCELLED"},
		".title", ".text"),
	"mail.session.": append(ends([]string{"PROPOSED", "INVITED", "CHANGED", "REMINDED", "CANCELLED"},
		".title", ".text", ".subject"), "PROPOSED.open", "CANCELLED.open"),
	"mail.ticket.state.": names(ticket.States()...),

	// The portal's problems and first steps.
	"problem.": ends([]string{"window", "imports", "notfound", "readonly", "origin", "form", "limited", "lastadmin", "userlimit", "sitelimit",
		"directory", "conflict", "internal", "cursor", "unavailable", "strange", "mails", "claims", "lookover", "lookchanges",
		"lookfile", "needsfactor", "filechecking", "fileblocked", "filegone"},
		".title", ".text"),
	"onboarding.": ends([]string{"colleague", "room", "devices", "licence"}, ".title", ".text", ".open"),
}

// ofNoString are the beginnings whose ends stand in no code as a string: names of
// package time, of cities, of states that a process gives, and of what the audit says was done.
var ofNoString = []string{
	"month.", "weekday.", "shortmonth.", "shortweekday.", "promise.approved.", "place.", "process.",
	"ticket.next.", "ticket.event.", "ticket.severity.",
	"console.did.", "directory.outcome.", "export.", "refused.",
}

// sessionStates are the states of online sessions.
var sessionStates = []session.State{
	session.Proposed, session.Agreed, session.Scheduled, session.Held, session.NoShow, session.Cancelled,
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
			if strings.Contains(languages()[fallback].texts["process."+key+".waits"].words, "{until}") {
				out = append(out, key+".until")
			}
			if strings.HasPrefix(key, "rma.") && languages()[fallback].Has("process."+key+".undated") {
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

// endsOf are what the catalogue has behind a beginning, where another test says what it must have.
func endsOf(beginning string) (out []string) {
	for key := range languages()[fallback].texts {
		if end, ok := strings.CutPrefix(key, beginning); ok {
			out = append(out, end)
		}
	}
	return out
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

// reviewReasons are the reasons for which a person looks at an order.
var reviewReasons = []string{
	ordering.ReasonResellerNotAuthorised, ordering.ReasonPurchaseInFuture, ordering.ReasonAmbiguousAccount,
	ordering.ReasonContactAtReseller, ordering.ReasonContactAtDistributor, ordering.ReasonContactAtFreeMail,
	ordering.ReasonResellerUnclear, ordering.ReasonDistributorUnclear, ordering.ReasonWithoutRelation,
	ordering.ReasonResellerNotTold, ordering.ReasonPossibleDouble, ordering.ReasonAddressNearlyKnown,
	ordering.ReasonContactUnknown,
}

// requestKinds are what people ask the mailbox for (S56).
func requestKinds() []string {
	return []string{
		"LOST_INVITATION", "WRONG_PERSON", "EXPIRED_LINK", "EXTRA_PERSON", "MISSING_WARRANTY", "OTHER",
	}
}
