package console

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/notification"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
)

// mailed is a console with an order's mails; the invitation is in the state, after the error.
func mailed(t *testing.T, state rules.NotificationState, why string) (*world, notification.Notification) {
	w := issuerWorld(t)
	_, n := w.mailed(state, why)
	return w, n
}

func (w *world) mailed(state rules.NotificationState, why string) (po string, n notification.Notification) {
	w.t.Helper()
	o, inv := storetest.FulfilledWithInvitation(w.t, w.Env)
	for _, m := range w.Mails(w.t, rules.TemplateInvitation) {
		if m.SubjectID == inv.ID {
			n = m
		}
	}
	require.NotEmpty(w.t, n.ID)
	w.fail(n.ID, state, why)
	return o.PONumber, n
}

// fail gives a mail the state, with the task that it raises.
func (w *world) fail(id string, state rules.NotificationState, why string) {
	w.t.Helper()
	require.NoError(w.t, w.Exec(fmt.Sprintf("UPDATE notifications SET state = '%s', last_error = '%s', attempts = 1, "+
		"sent_at = '2026-11-23 12:00:00+00:00' WHERE id = '%s'", state, why, id)))
	switch state {
	case rules.NotificationUnknown:
		w.raise(db.TaskMailUnknown, id)
	case rules.NotificationHardBounced:
		w.raise(db.TaskMailUndeliverable, id)
	}
}

func (w *world) stateOf(id string) rules.NotificationState {
	w.t.Helper()
	n, err := w.Domains.Notifications.GetNotification(w.system(), id)
	require.NoError(w.t, err)
	return n.State
}

// settled requires that the tasks of a kind are done.
func (w *world) settled(kind db.TaskKind) {
	w.t.Helper()
	for _, task := range w.Tasks(w.t, kind) {
		require.Equal(w.t, db.TaskDone, task.State)
	}
}

// Somebody "cannot find the invitation": an operator sees whether it left, when, under which
// subject and sender, and why it did not arrive.
func TestR119_AnOperatorSeesWhatBecameOfAnInvitation(t *testing.T) {
	eachIssuerWorld(t, func(t *testing.T, w *world) {
		po, n := w.mailed(rules.NotificationHardBounced, "mail: permanent failure at rcpt: server answered 550 5.1.1")
		b := w.signedIn(byRole[rules.OperatorManager])

		for _, asked := range []string{"", "?q=" + n.Recipient[:5], "?q=" + n.Recipient, "?q=" + po, "?state=failed", "?kind=invitation"} {
			list := b.get(mailsPath + asked)
			require.Equal(t, http.StatusOK, list.status, asked)
			require.Contains(t, list.body, mailsPath+"/"+n.ID, asked)
			require.Contains(t, list.body, "Bounced")
		}
		for _, asked := range []string{"?q=nobody@else.example", "?state=SENT", "?kind=rma_update", "?q=" + n.Recipient[1:]} {
			require.NotContains(t, b.get(mailsPath+asked).body, n.ID, asked)
		}

		page := b.get(mailsPath + "/" + n.ID)
		require.Contains(t, page.body, "knows no such mailbox")
		require.Contains(t, page.body, "invite anew")
		require.Contains(t, page.body, "Boas-vindas ao Logitech Select")
		require.Contains(t, page.body, "Serviços de suporte da Logitech")
		require.NotContains(t, page.body, "/do/", "a manager reads")
	})
}

// The mail is shown as its reader got it, but for what lets somebody in.
func TestR119_AMailIsShownWithoutItsSecrets(t *testing.T) {
	w, n := mailed(t, rules.NotificationSent, "")
	b := w.signedIn(byRole[rules.OperatorLead])
	token := w.Domains.DB.Secrets().InvitationToken(n.SubjectID)

	page := b.get(mailsPath + "/" + n.ID)
	require.Contains(t, page.body, "/invitation?token=••••••")
	require.Contains(t, page.body, `<iframe class="letter" src="`+mailsPath+"/"+n.ID+`/letter" sandbox`)
	require.Contains(t, page.header.Get("Content-Security-Policy"), "frame-src 'self'")
	letter := b.get(mailsPath + "/" + n.ID + "/letter")
	require.Contains(t, letter.body, "<!DOCTYPE html>")
	for _, r := range []reply{page, letter} {
		require.NotContains(t, r.body, token)
	}

	policy := letter.header.Get("Content-Security-Policy")
	for _, part := range []string{"sandbox;", "default-src 'none'", "img-src data:", "frame-ancestors 'self'"} {
		require.Contains(t, policy, part)
	}
	require.NotContains(t, policy, "script")
	require.NotContains(t, policy, "allow-")
}

func TestR119_AFailedMailIsSentAgainOnce(t *testing.T) {
	eachIssuerWorld(t, func(t *testing.T, w *world) {
		_, n := w.mailed(rules.NotificationUnknown, "mail: unknown failure at end: EOF")
		b := w.signedIn(byRole[rules.OperatorAgent])
		path := mailsPath + "/" + n.ID + "/do/resend"
		ask := b.get(path)
		require.Contains(t, ask.body, n.Recipient)
		seen := hiddenIn(ask.body, "seen")

		require.Equal(t, http.StatusPreconditionFailed, b.post(path, "seen", "SENT/1", "confirmed", "yes").status)
		require.Equal(t, rules.NotificationUnknown, w.stateOf(n.ID))
		require.Contains(t, b.post(path, "seen", seen, "confirmed", "yes").body, "on its way again")
		require.Equal(t, rules.NotificationQueued, w.stateOf(n.ID))
		w.settled(db.TaskMailUnknown)
		require.Contains(t, w.verbs(n.ID), "mail.resent")

		require.GreaterOrEqual(t, b.post(path, "seen", seen, "confirmed", "yes").status, 400, "pressed twice")
	})
}

func TestR119_AMailOfUnknownFateIsMarkedAsDelivered(t *testing.T) {
	w, n := mailed(t, rules.NotificationUnknown, "the sender stopped while the mail was on its way")
	b := w.signedIn(byRole[rules.OperatorCSM])
	path := mailsPath + "/" + n.ID + "/do/delivered"
	require.Contains(t, b.get(mailsPath+"/"+n.ID).body, "may have arrived or not")
	b.post(path, "seen", hiddenIn(b.get(path).body, "seen"), "confirmed", "yes")
	require.Equal(t, rules.NotificationDelivered, w.stateOf(n.ID))
	w.settled(db.TaskMailUnknown)
}

// The remedy for a wrong address is an invitation to the right one: what follows is shown first,
// and it asks for a fresh sign-in, as whatever lets somebody in.
func TestR119_ABouncedInvitationIsSentToTheRightAddress(t *testing.T) {
	w, n := mailed(t, rules.NotificationHardBounced, "mail: permanent failure at rcpt: server answered 550 5.1.1")
	path := mailsPath + "/" + n.ID + "/do/reissue"
	require.Equal(t, http.StatusForbidden, w.signedIn(byRole[rules.OperatorCSM]).get(path).status)

	p := byRole[rules.OperatorAgent]
	b := w.signedIn(p)
	form := b.get(path)
	require.Contains(t, form.body, n.Recipient)
	typed := []string{"email", "rita@acme.example", "contact_name", "Rita Alves", "reason", "asked by phone",
		"seen", hiddenIn(form.body, "seen"), "shown", hiddenIn(form.body, "shown")}
	shown := b.post(path, append(typed, "confirmed", "yes")...)
	require.Contains(t, shown.body, "rita@acme.example gets a new invitation")
	require.Contains(t, shown.body, n.Recipient+" is invited no more")

	typed[len(typed)-1] = hiddenIn(shown.body, "shown")
	w.site.freshFor = 0
	require.Contains(t, b.post(path, append(typed, "confirmed", "yes")...).body, "Sign in again first")
	w.site.freshFor = freshFor
	require.Contains(t, b.get(StartPath+"?fresh=1&next="+path+"&as="+p.Email).body, "rita@acme.example")

	changed := append([]string{}, typed...)
	changed[1] = "other@acme.example"
	require.Contains(t, b.post(path, append(changed, "confirmed", "yes")...).body, "other@acme.example gets a new",
		"what was typed after it was shown is shown again")
	require.Contains(t, b.post(path, append(typed, "confirmed", "yes")...).body, "The new invitation is on its way")
	require.NotEmpty(t, w.Mails(t, rules.TemplateInvitation))
	found, _, err := w.Domains.Notifications.ListNotifications(w.system(),
		notification.NotificationFilter{Recipient: "rita@acme.example"})
	require.NoError(t, err)
	require.Len(t, found, 1)
}

func TestR119_EachBounceIsSaidInWords(t *testing.T) {
	for text, want := range map[string]string{
		"mail: permanent failure at rcpt: server answered 550 5.1.1":               "address",
		"mail: permanent failure at rcpt: server answered 550":                     "address",
		"mail: permanent failure at rcpt: server answered 556 5.1.10":              "domain",
		"mail: permanent failure at rcpt: server answered 550 5.4.4":               "domain",
		"mail: permanent failure at rcpt: server answered 552 5.2.2":               "full",
		"mail: permanent failure at rcpt: server answered 550 5.2.1":               "closed",
		"mail: permanent failure at end: server answered 552 5.3.4":                "size",
		"mail: permanent failure at end: server answered 550 5.7.1":                "policy",
		"mail: permanent failure at mail: server answered 550":                     "sender",
		"mail: permanent failure at end: server answered 554":                      "content",
		"mail: permanent failure at compose: the recipient address is malformed":   "address",
		"mail: permanent failure at compose: the subject is empty":                 "ours",
		"the template cannot be rendered":                                          "ours",
		"no success in the time allowed":                                           "gaveup",
		"mail: temporary failure at connect: dial tcp: connection refused, at end": "gaveup",
	} {
		require.Equal(t, want, bounceOf(text), text)
	}
	invitation := notification.Notification{Template: rules.TemplateInvitation, State: rules.NotificationHardBounced,
		LastError: "mail: permanent failure at rcpt: server answered 550 5.1.1"}
	_, remedy := troubleOf(invitation)
	require.Equal(t, "reissue", remedy)
	invitation.Template = rules.TemplateRMA
	_, remedy = troubleOf(invitation)
	require.Equal(t, "correct", remedy)
}

func TestBudget_Mails(t *testing.T) {
	w := issuerWorld(t)
	w.Shipped(t, w.Covered(t))
	n := w.Mails(t, rules.TemplateRMA)[0]
	for i := range 60 {
		require.NoError(t, w.Exec(strings.NewReplacer("$1", fmt.Sprint("ntf_9", i), "$2", n.ID).Replace(
			`INSERT INTO notifications (id, dedupe_key, program_id, template, subject_id, recipient, epoch, account_id, order_id,
				locale, params, state, attempts, provider_id, last_error, created_at)
			SELECT '$1', '$1', program_id, template, subject_id, recipient, epoch, account_id, order_id, locale, params,
				state, attempts, provider_id, last_error, created_at FROM notifications WHERE id = '$2'`)))
	}
	b := w.signedIn(staff[0])
	for _, path := range []string{mailsPath, mailsPath + "?q=" + n.Recipient, mailsPath + "/" + n.ID} {
		w.withinBudget(b, path)
	}
}
