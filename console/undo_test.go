package console

import (
	"context"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/mail/inbound"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/mailbox"
	"roomcover.dev/roomcover/models/replacement"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/models/ticket"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/cover"
	"roomcover.dev/roomcover/rules/rma"
	rule "roomcover.dev/roomcover/rules/ticket"
)

// Why an act of the console is held for ten seconds, or is not.
const (
	heldTen    = "held"
	ofItsOwn   = "held by its domain, which shows it at once"
	staysHere  = "nothing leaves the house"
	namesFirst = "asks, shows or only leads on"
	undone     = "is what takes back"
)

// undoing says of each form of the console, and of each command that shares one, whether it can
// be taken back within ten seconds, or why not.
var undoing = map[string]string{
	"/console/sign-in": staysHere, "/console/sign-in/emergency": staysHere, "/console/sign-in/passkey": staysHere,
	"/console/sign-in/second": staysHere, "/console/sign-in/fresh": staysHere, "/console/sign-out": staysHere,
	"/console/sign-out/issuer": staysHere, "/console/language": staysHere, "/console/set-up": staysHere,
	"/console/me/passkeys/new": staysHere, "/console/me/passkeys/:id/:change": staysHere,
	"/console/me/app": staysHere, "/console/me/codes": staysHere, "/console/views/new": staysHere,
	"/console/views/:id/:change": staysHere,

	"/console/undo": undone, "/console/mails/:id/undo": undone, "/console/tickets/:id/undo": undone,

	"/console/queue/pull": staysHere, "/console/queue/:id/take": staysHere, "/console/queue/:id/hand-back": staysHere,
	"/console/queue/:id/give": staysHere, "/console/queue/:id/notes": staysHere, "/console/queue/~take": staysHere,
	"/console/queue/~give": staysHere, "/console/queue/~hand-back": staysHere,
	"/console/queue/~close": staysHere,
	"/console/queue/~retry": "what stands still goes on: it was decided long ago",
	// Its resend is held by its domain; what it decides about people or serials opens or refuses
	// access, which another decision answers.
	"/console/queue/:id/do/:action": "asks first; a decision about access is not left open for seconds",

	"/console/orders/:id/review/accept": heldTen, "/console/orders/:id/reject": heldTen,
	"/console/orders/:id/cancel": heldTen, "/console/orders/:id/terminate": heldTen,
	"/console/orders/:id/reopen": heldTen, "/console/orders/~reject": heldTen,
	"/console/orders/:id/amend": "shows what follows; two who amend at once must see each other's words",

	"/console/accounts/:id/look": staysHere, "/console/accounts/:id/look/end": staysHere,
	"/console/accounts/:id/partner":                      "shows what follows; it is ended by another act",
	"/console/delegations/:id/end":                       "an access that ends, ends now",
	"/console/accounts/:id/domains/:domain/prove":        "asks first, with a reason; the domain can be removed again",
	"/console/accounts/:id/connections/:connection/lift": "asks first, with a reason; an administrator makes it the only way in again",
	"/console/accounts/:id/correct":                      "shows what follows; another correction takes it back",
	"/console/rooms/:id/do/:action":                      "restore and archive take each other back", "/console/devices/:id/do/:action": "asks first; nobody outside is told",
	"/console/contracts/:id/do/:action": "suspend and resume take each other back",

	"/console/mails/:id/do/:act": ofItsOwn, "/console/mails/~resend": ofItsOwn,

	"/console/inbox/:id/do/:action": "", "/console/inbox/~spam": staysHere,
	"inbox.find": namesFirst, "inbox.note_call": staysHere, "inbox.set_kind": staysHere,
	"inbox.prove": staysHere, "inbox.spam": staysHere,
	"inbox.send_code":       "the seller waits on the telephone",
	"inbox.reissue":         "shows what follows; the invitation is withdrawn by another act",
	"inbox.redirect":        "shows what follows; the old invitation ends now, so that no wrong person uses it",
	"inbox.add_person":      "shows what follows; the invitation is withdrawn by another act",
	"inbox.decide_warranty": "shows what follows; nothing is sent or booked",
	"inbox.open_ticket":     "its mails are held with its first answer (two minutes); canceling takes it back",
	"inbox.add_to_ticket":   "its mails are held for two minutes",
	"inbox.answer":          "shows the whole answer before it is sent, and closes the request",

	"/console/tickets/new":                              "who calls waits for the number; canceling takes it back",
	"/console/tickets/:id/reply":                        ofItsOwn,
	"/console/tickets/:id/notes":                        staysHere,
	"/console/tickets/:id/drafts":                       staysHere,
	"/console/tickets/:id/give":                         staysHere,
	"/console/tickets/:id/canned":                       staysHere,
	"/console/tickets/~give":                            staysHere,
	"/console/tickets/~severity":                        heldTen,
	"/console/tickets/:id/do/:action":                   "",
	"ticket.wait_for_replacement":                       heldTen,
	"ticket.set_severity":                               heldTen,
	"ticket.resume":                                     heldTen,
	"ticket.reopen":                                     heldTen,
	"ticket.undo_reopening":                             heldTen,
	"ticket.cancel":                                     heldTen,
	"ticket.link_duplicate":                             staysHere,
	"/console/tickets/:id/sessions/propose":             "its mails are held for two minutes; calling it off takes it back",
	"/console/tickets/:id/sessions/:session/do/:action": "a place in calendars is changed by the next version of it",
	"/console/tickets/:id/guests/new":                   "removing the guest takes it back at once",
	"/console/tickets/:id/guests/:guest/remove":         "an access that ends, ends now",

	"/console/replacements/new":     "shows the promise first; withdraw takes it back, and is held itself",
	"/console/replacements/~labels": namesFirst, "/console/replacements/~approve": heldTen,
	"/console/replacements/:id/do/:action": "", "/console/spares/units/:id/do/:action": "",
	"rma.approve": heldTen, "rma.reject": heldTen, "rma.appeal": heldTen, "rma.withdraw": heldTen,
	"rma.use_spare": heldTen, "rma.allocate": heldTen, "rma.backorder": heldTen, "rma.readdress": heldTen,
	"rma.ship": heldTen, "rma.reship": heldTen, "rma.inspect": heldTen, "rma.no_return": heldTen,
	"rma.bill": heldTen, "rma.waive": heldTen, "rma.take_back": heldTen,
	"rma.wait": staysHere, "rma.receive": "take_back takes it back", "rma.tell": "take_back takes it back",
	"spare.select": heldTen, "spare.ship": heldTen, "spare.bill": heldTen, "spare.waive": heldTen,
	"spare.take_back": heldTen,
	"spare.receive":   "take_back takes it back", "spare.tell": "take_back takes it back",

	"/console/stock/receive": staysHere, "/console/stock/adjust": staysHere, "/console/stock/new-depot": staysHere,
	"/console/stock/depots/:id/change": staysHere,
}

// All that is set under the settings stays here or shows what follows, apart from what a person's
// rights in their own data ask for, which has days of its own.
const settingsForms = "/console/settings/"

func TestUndo_EachActSaysWhetherItIsHeld(t *testing.T) {
	w := issuerWorld(t)
	seen := map[string]bool{}
	for _, r := range w.site.routes() {
		if r.method != post || strings.HasPrefix(r.path, settingsForms) {
			continue
		}
		_, there := undoing[r.path]
		require.True(t, there, "%s is not in the table", r.path)
		seen[r.path] = true
	}

	add := func(name string, isHeld bool) {
		why, there := undoing[name]
		require.True(t, there, "%s is not in the table", name)
		require.Equal(t, isHeld, why == heldTen, name)
		seen[name] = true
	}
	for c := range commandFields {
		add("rma."+string(c), slices.Contains(heldOfRMA, c))
	}
	for c := range spareFields {
		add("spare."+string(c), slices.Contains(heldOfSpare, c))
	}
	for c := range ticketFields {
		add("ticket."+string(c), slices.Contains(heldOfTicket, c))
	}
	for a := range inboxActs {
		add("inbox."+string(a), false)
	}
	require.ElementsMatch(t, slices.Collect(maps.Keys(undoing)), slices.Collect(maps.Keys(seen)), "nothing else")
	for _, c := range toldByMail { // who is told has ten seconds before
		require.Contains(t, heldOfRMA, c)
	}
}

// heldWorld is a world in which what leaves the house waits.
func heldWorld(t *testing.T, env storetest.Env) *world {
	w := worldOn(t, env, true)
	w.site.holds = true
	return w
}

// fallDue has the relay's part done: what is held is due now, and each act is done once.
func (w *world) fallDue() {
	w.t.Helper()
	require.NoError(w.t, w.Exec("UPDATE outbox_events SET due_at = '2020-01-01 00:00:00+00:00' WHERE kind = 'act.due'"))
	events, err := w.Domains.DB.LeaseOutbox(w.system(), 1000, time.Minute)
	require.NoError(w.t, err)
	for _, e := range events {
		if e.Kind == db.OutboxActDue {
			require.NoError(w.t, w.Domains.Operations.DoAct(context.Background(), e.SubjectID))
		}
	}
}

// heldActs are the ids of what is held.
func (w *world) heldActs() []string {
	return w.Strings(w.t, "SELECT id FROM held_acts ORDER BY id")
}

// undoOn is the address of the form that takes back what a page says is held.
func undoOn(t *testing.T, page reply) string {
	t.Helper()
	_, rest, found := strings.Cut(page.body, `action="`+undoPath+`?`)
	require.True(t, found, page.body)
	query, _, _ := strings.Cut(rest, `"`)
	return undoPath + "?" + strings.ReplaceAll(query, "&amp;", "&")
}

func TestS53_ADecisionOnAnOrderIsHeldAndTakenBack(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		w := heldWorld(t, env)
		o := w.Accept(t, w.unauthorised("Revenda Norte"), formOf("PO-1", "Globex S.A.", "Revenda Norte"))
		ari, lena := w.agent(), w.signedIn(byRole[rules.OperatorLead])
		reject := func(b *browser) reply {
			return b.post(orderPath(o.ID)+"/reject", "version", "1", "reason", "Apply first.", "confirmed", "yes")
		}

		said := reject(ari)
		require.Contains(t, said.body, "It will be done in ten seconds")
		undo := undoOn(t, said)
		require.Contains(t, lena.get(orderPath(o.ID)).body,
			"Ari Prado has just given a command here.", "so that nobody begins the same")
		require.Equal(t, undo, undoOn(t, ari.get(orderPath(o.ID))), "opened anew, it can still be undone")
		require.Equal(t, undo, undoOn(t, reject(ari)), "a second press is the same")
		require.Equal(t, rules.OrderNeedsReview, w.order(o.ID).State)
		require.Empty(t, w.Mails(t, rules.TemplateOrderRejected))
		other := lena.acceptedFrom(o, "confirmed", "yes")
		require.NotEqual(t, http.StatusOK, other.status, "one subject has one command that is held")
		require.Contains(t, lena.post(undo).body, "Too late", "only who gave it takes it back")
		act := w.heldActs()[0]
		require.Len(t, w.heldActs(), 1)

		back := ari.post(undo)
		require.Equal(t, orderPath(o.ID), back.path)
		require.Contains(t, back.body, "Nothing of it happened")
		require.Equal(t, []string{"act.held", "act.taken_back"}, w.verbs(act))
		require.Contains(t, ari.post(undo).body, "Too late", "pressed twice")
		w.fallDue()
		require.NoError(t, w.Domains.Operations.DoAct(context.Background(), act), "nor is it done by hand")
		require.Equal(t, rules.OrderNeedsReview, w.order(o.ID).State)

		undo = undoOn(t, reject(ari))
		again := w.heldActs()[0]
		w.fallDue()
		require.Equal(t, rules.OrderRejected, w.order(o.ID).State)
		require.NotContains(t, lena.get(orderPath(o.ID)).body, "has just given a command")
		require.Len(t, w.Mails(t, rules.TemplateOrderRejected), 1)
		require.Empty(t, w.heldActs(), "what was typed goes with it")
		require.NoError(t, w.Domains.Operations.DoAct(context.Background(), again), "a second relay")
		require.Len(t, w.Mails(t, rules.TemplateOrderRejected), 1)
		require.Contains(t, ari.post(undo).body, "Too late")
		require.Equal(t, orderPath(o.ID), reject(ari).path)
		require.Empty(t, w.heldActs(), "what is done is not held again")
		require.Equal(t, 1, w.Count(t, `SELECT count(*) FROM audit_events WHERE verb = 'order.rejected'
			AND actor_id = '`+w.operatorOf(staff[1].Email).ID+`' AND request_id = '`+again+`'`), "in the operator's name")
	})
}

func TestS53_WhatIsRefusedWhenItsTimeComesIsNotDone(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		w := heldWorld(t, env)
		c := w.Covered(t)
		storetest.Stocked(t, w.Env, "BR-1", "BR", "RALLY-BAR", 2)
		r := w.Requested(t, c)
		b := w.agent()

		open := b.command(r, "approve")
		require.Equal(t, http.StatusUnprocessableEntity, open.status, "what refuses it is said at once")
		require.Contains(t, open.body, "Nobody has confirmed the defect.")
		require.Empty(t, w.heldActs())

		require.Contains(t, b.command(r, "approve", "defect", "yes").body, "Undo")
		_, err := w.WithdrawRMA(storetest.Customer(c.Account), r.ID, "it works again")
		require.NoError(t, err)
		act := w.heldActs()[0]
		w.fallDue()
		require.Equal(t, []string{"act.held", "act.not_done"}, w.verbs(act))
		require.Equal(t, rma.RMAWithdrawn, storetest.GetRMA(t, w.Env, r.ID).StoredState)

		// Who is let in no more has nothing done in their name.
		two := w.Requested(t, w.CoveredFor(t, "Beta Ltda", "bia@beta.example", "SN-200"))
		require.Contains(t, b.command(two, "approve", "defect", "yes").body, "Undo")
		act = w.heldActs()[0]
		ari := w.operatorOf(staff[1].Email)
		_, err = w.Domains.Operators.DisableOperator(w.system(), ari.ID, "left")
		require.NoError(t, err)
		w.fallDue()
		require.Equal(t, []string{"act.held", "act.not_done"}, w.verbs(act))
		require.Equal(t, rma.RMARequested, storetest.GetRMA(t, w.Env, two.ID).StoredState)
	})
}

// A relay that dies behind the command and before it said so does nothing twice, and does not
// say that nothing was done.
func TestS53_AKillBetweenCommandAndRowDoublesNothing(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		w := heldWorld(t, env)
		c := w.Covered(t)
		r := w.Approved(t, c)
		b := w.agent()
		done := b.command(r, "backorder", "expected_on", "2026-12-01")
		require.Contains(t, done.body, "Undo", done.body)
		act := w.heldActs()[0]
		ari := w.operatorOf(staff[1].Email)
		scope := db.Scope{System: true, Actor: db.Actor{ID: ari.ID, Role: ari.Role, OnBehalfOf: c.Account, RequestID: act}}
		was := storetest.GetRMA(t, w.Env, r.ID)
		_, err := w.DoRMA(db.WithScope(w.Context, scope), r.ID, replacement.ReplacementCommand{
			Name: rma.RMABackorder, ExpectedOn: "2026-12-01", Version: was.Version,
		})
		require.NoError(t, err)
		w.fallDue()
		require.Equal(t, was.Version+1, storetest.GetRMA(t, w.Env, r.ID).Version, "once")
		require.Empty(t, w.heldActs())
		require.Equal(t, []string{"act.held"}, w.verbs(act))
	})
}

func TestManyAreHeldAndTakenBackTogether(t *testing.T) {
	w := heldWorld(t, storetest.SQLite(t))
	one := w.Requested(t, w.Covered(t))
	two := w.Requested(t, w.CoveredFor(t, "Beta Ltda", "bia@beta.example", "SN-200"))
	over := w.Requested(t, w.CoveredFor(t, "Gama Ltda", "gil@gama.example", "SN-300"))
	_, err := w.WithdrawRMA(storetest.Operator(), over.ID, "")
	require.NoError(t, err)
	b := w.agent()
	path := replacementsPath + "/~approve"
	require.Contains(t, b.get(replacementsPath).body, path)
	ask := b.post(path, "id", one.ID, "id", two.ID, "id", over.ID)
	require.Contains(t, ask.body, "2 will be done. 1 would be refused")
	form := []string{"confirmed", "yes", "reason", "seen by video"}
	for _, r := range []replacement.RMA{one, two} {
		form = append(form, "id", r.ID, "seen", "1")
	}
	require.Equal(t, http.StatusUnprocessableEntity, b.post(path, form...).status, "the defect is not confirmed")
	form = append(form, "defect", "yes")
	done := b.post(path, form...)
	require.Contains(t, done.body, "2 done.")
	require.Len(t, w.heldActs(), 2)
	require.Contains(t, b.post(undoOn(t, done)).body, "Nothing of it happened")
	require.Empty(t, w.heldActs())
	require.Equal(t, rma.RMARequested, storetest.GetRMA(t, w.Env, one.ID).StoredState)

	b.post(path, form...)
	w.fallDue()
	for _, r := range []replacement.RMA{one, two} {
		require.NotNil(t, storetest.GetRMA(t, w.Env, r.ID).ApprovedAt)
	}
}

func TestManyOrdersMailsRequestsAndTicketsAreDoneFromTheirLists(t *testing.T) {
	w := issuerWorld(t)
	b, manager := w.agent(), w.signedIn(byRole[rules.OperatorManager])
	both := func(list, act string, fine string, refused string, more ...string) reply {
		t.Helper()
		path := list + "/~" + act
		require.Contains(t, b.get(list).body, path)
		require.NotContains(t, manager.get(list).body, path)
		ids := []string{"id", fine}
		if refused != "" {
			ids = append(ids, "id", refused)
		}
		ask := b.post(path, ids...)
		require.Contains(t, ask.body, "1 will be done.", list)
		if refused != "" {
			require.Contains(t, ask.body, "1 would be refused", list)
		}
		seen := hiddenIn(ask.body, "seen")
		require.NotEmpty(t, seen, list)
		stale := b.post(path, append([]string{"confirmed", "yes", "id", fine, "seen", "99"}, more...)...)
		require.Contains(t, stale.body, "1 refused.", "%s of another state", list)
		form := append([]string{"confirmed", "yes", "id", fine, "seen", seen}, more...)
		require.Contains(t, b.post(path, form...).body, "1 done.", list)
		return b.post(path, form...)
	}

	_, mail := w.mailed(rules.NotificationUnknown, "mail: unknown failure at end: EOF")
	twice := both(mailsPath, "resend", mail.ID, "")
	require.Contains(t, twice.body, "1 done.")
	require.Equal(t, rules.NotificationQueued, w.stateOf(mail.ID))
	require.Zero(t, w.leaving(mail.ID))
	require.Contains(t, b.post(undoPath+"?id="+mail.ID+"&back="+mailsPath).body, "Nothing of it happened")
	require.Equal(t, rules.NotificationUnknown, w.stateOf(mail.ID))

	in := w.Accept(t, w.unauthorised("Revenda Norte"), formOf("PO-91", "Globex S.A.", "Revenda Norte"))
	require.Contains(t, both(ordersPath, "reject", in.ID, db.Text(mail.OrderID), "reason", "Apply first.").body, "1 done.")
	require.Equal(t, rules.OrderRejected, w.order(in.ID).State)
	require.Len(t, w.Mails(t, rules.TemplateOrderRejected), 1)

	w.askedOnTheWeb("one@acme.example", "Buy watches")
	item := w.askedOnTheWeb("two@acme.example", "Buy more watches")
	require.Equal(t, inbound.WrongPerson, item.Kind)
	require.Contains(t, both(inboxPath, "spam", item.ID, "").body, "1 done.")
	item, err := w.Domains.Mailbox.GetItem(w.system(), item.ID)
	require.NoError(t, err)
	require.Equal(t, mailbox.ItemSpam, item.State)

	c := w.CoveredFor(t, "Beta Ltda", "bia@beta.example", "SN-200")
	tk, other := w.OpenedTicket(t, c), w.OpenedTicket(t, c)
	_, err = w.Domains.Tickets.Do(storetest.Operator(), other.ID, ticket.Command{Name: rule.DoCancel, Reason: "a double"})
	require.NoError(t, err)
	ari := w.operatorOf(staff[1].Email)
	require.Contains(t, both(ticketsPath, "give", tk.ID, other.ID, "operator", ari.ID).body, "1 done.")
	require.Equal(t, ari.ID, db.Text(w.atDesk(tk.Number).AssigneeID))
	graded := both(ticketsPath, "severity", tk.ID, other.ID, "severity", "1", "reason", "the whole floor is down")
	require.Contains(t, graded.body, "1 done.")
	require.Equal(t, cover.Sev1, w.atDesk(tk.Number).Severity)
}

// leaving is how many mails the relay would hand over now.
func (w *world) leaving(mailID string) (n int) {
	w.t.Helper()
	events, err := w.Domains.DB.LeaseOutbox(w.system(), 1000, time.Millisecond)
	require.NoError(w.t, err)
	for _, e := range events {
		if e.Kind == db.OutboxNotificationQueued && e.SubjectID == mailID {
			n++
		}
	}
	return n
}

func TestAMailThatIsSentAgainCanBeTakenBack(t *testing.T) {
	eachIssuerWorld(t, func(t *testing.T, w *world) {
		_, n := w.mailed(rules.NotificationUnknown, "mail: unknown failure at end: EOF")
		ari, lena := w.signedIn(byRole[rules.OperatorAgent]), w.signedIn(byRole[rules.OperatorLead])
		path := mailsPath + "/" + n.ID + "/do/resend"
		resend := func() reply {
			return ari.post(path, fieldSeen, hiddenIn(ari.get(path).body, fieldSeen), "confirmed", "yes")
		}

		sent := resend()
		require.Contains(t, sent.body, `action="`+undoAddress(n.ID)+`"`)
		require.NotContains(t, ari.get(queuePath).body, undoAddress(n.ID), "it is offered once")
		require.Zero(t, w.leaving(n.ID), "it has not left")
		require.Contains(t, lena.post(undoAddress(n.ID)).body, "Too late", "only who sent it takes it back")
		require.Equal(t, rules.NotificationQueued, w.stateOf(n.ID))
		w.settled(db.TaskMailUnknown)

		require.Contains(t, ari.post(undoAddress(n.ID)).body, "The mail was not sent")
		require.Equal(t, rules.NotificationUnknown, w.stateOf(n.ID))
		require.Equal(t, db.TaskOpen, w.Tasks(t, db.TaskMailUnknown)[0].State, "its task is there again")
		require.Contains(t, w.verbs(n.ID), "mail.resend_undone")
		task := w.Tasks(t, db.TaskMailUnknown)[0]
		require.Contains(t, w.verbs(task.ID), "task.reopened", "the audit says so")
		require.Contains(t, ari.get(taskPath(task.ID)).body, "put a task back in the queue")
		require.Contains(t, ari.post(undoAddress(n.ID)).body, "Too late", "pressed twice")
		require.NoError(t, w.Exec("UPDATE outbox_events SET due_at = '2020-01-01 00:00:00+00:00'"))
		require.Zero(t, w.leaving(n.ID), "nor will it leave")

		resend()
		require.NoError(t, w.Exec("UPDATE outbox_events SET due_at = '2020-01-01 00:00:00+00:00'"))
		require.Equal(t, 1, w.leaving(n.ID), "after ten seconds it leaves by itself")
		require.Contains(t, ari.post(undoAddress(n.ID)).body, "Too late")
		require.Equal(t, rules.NotificationQueued, w.stateOf(n.ID))
		require.Equal(t, http.StatusNotFound, ari.post(undoAddress("ntf_none")).status)
	})
}

// A mail that a task sends again can be taken back as well.
func TestATaskThatSendsAMailAgainCanBeTakenBack(t *testing.T) {
	w, n := mailed(t, rules.NotificationUnknown, "the sender stopped while the mail was on its way")
	ari := w.signedIn(byRole[rules.OperatorAgent])
	task := w.Tasks(t, db.TaskMailUnknown)[0]
	path := taskPath(task.ID) + "/do/resend"
	ask := ari.get(path)
	sent := ari.post(path, "confirmed", "yes", fieldSeen, hiddenIn(ask.body, fieldSeen),
		"version", hiddenIn(ask.body, "version"))
	require.Contains(t, sent.body, `action="`+undoAddress(n.ID)+`"`)
	require.Zero(t, w.leaving(n.ID))
	require.Contains(t, ari.post(undoAddress(n.ID)).body, "The mail was not sent")
	open, err := w.Domains.DB.GetTask(w.system(), task.ID)
	require.NoError(t, err)
	require.Equal(t, db.TaskOpen, open.State)
	require.Empty(t, open.ResolvedBy)
}
