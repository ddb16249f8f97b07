package activities

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"go.temporal.io/sdk/activity"

	"roomcover.dev/roomcover/mail"
	"roomcover.dev/roomcover/mail/letter"
	"roomcover.dev/roomcover/mail/thread"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/models/notification"
	"roomcover.dev/roomcover/models/program"
	"roomcover.dev/roomcover/models/session"
	"roomcover.dev/roomcover/models/ticket"
	"roomcover.dev/roomcover/rules"
)

// Sender hands a mail to an SMTP server.
type Sender interface {
	Send(ctx context.Context, m mail.Message) (providerID string, err error)
}

// Mail sends queued mails.
type Mail struct {
	DB            *db.DB
	Programs      *program.Programs
	Notifications *notification.Notifications
	People        *identity.People
	Sessions      *session.Sessions
	Tickets       *ticket.Tickets

	Sender    Sender
	PortalURL string
	Keys      thread.Keys // they sign what answers to the mails of tickets bring back
	Log       *slog.Logger
}

// letterSecrets are what is in mails for their readers alone.
type letterSecrets struct {
	db.Secrets
	thread.Keys
}

// The times of one attempt at sending mails.
const (
	// MailLease is how long an attempt may take. A mail that is still being
	// sent after it belongs to a sender that died.
	MailLease = notification.Lease
	// claimTime is how long an attempt takes on further mails, so that each one
	// has time to be handed over and recorded within the lease.
	claimTime = 25 * time.Second
	// mailBatch is how many mails are claimed at once. Of a sender that is killed
	// all that it holds become UNKNOWN, so it is few.
	mailBatch = 4
	// batchTime is how long after its claim a mail may still begin to be handed
	// over, so that it ends within the lease.
	batchTime = 10 * time.Second
	// recordTime is how long recording a mail's end may take after the attempt
	// itself was cut off.
	recordTime = 10 * time.Second
	// recordPause is between the tries at it: the database may be starting again.
	recordPause = 200 * time.Millisecond
)

// ErrMailLater says that at least one mail has to be tried again later.
var ErrMailLater = errors.New("some mails could not be handed over for now")

// SendMails sends the queued mails of a key, a few at a time. Each is claimed
// before SMTP; the ends of some and the claims of the next are one statement. What an
// attempt that died left half sent becomes UNKNOWN.
func (a *Mail) SendMails(ctx context.Context, in SendMails) (MailsSent, error) {
	later := 0
	if activity.GetInfo(ctx).Attempt > 1 {
		inFlight, err := a.Notifications.SettleStaleMails(system(ctx), in.Key, MailLease)
		if err != nil {
			return MailsSent{}, pausing(ctx, err)
		}
		later = inFlight
	}

	written, err := a.correspond(ctx, in.Key)
	if err != nil {
		return MailsSent{}, pausing(ctx, err)
	}
	sent, waiting, err := a.sendAll(ctx, in.Key, written)
	if err != nil {
		return sent, pausing(ctx, err)
	}

	// A workflow that was begun again because Temporal has lost its data finds what the lost
	// one had claimed: nothing waits then.
	if later == 0 && waiting == 0 && sent == (MailsSent{}) && activity.GetInfo(ctx).Attempt == 1 {
		later, err = a.Notifications.SettleStaleMails(system(ctx), in.Key, MailLease)
		if err != nil {
			return sent, pausing(ctx, err)
		}
	}

	if later+waiting > 0 {
		return sent, pausing(ctx, ErrMailLater)
	}
	return sent, nil
}

// correspond brings the waiting mails of a ticket in line with who is told now, and returns what
// was written before. Other mails need neither.
func (a *Mail) correspond(ctx context.Context, key string) (written correspondences, err error) {
	written = correspondences{}
	if db.KindOf(key) == db.PrefixTicket {
		var c ticket.Correspondence
		c, err = a.Tickets.Correspond(system(ctx), key)
		written[key] = &c
	}
	return written, err
}

// correspondences are what was written by mail about tickets, by their ids.
type correspondences map[string]*ticket.Correspondence

// threadOf is what was written before a mail.
func (w correspondences) threadOf(n notification.Notification) (t letter.Thread) {
	c := w[n.SubjectID]
	if c == nil {
		return t
	}
	before, index := c.ThreadWith(n.Recipient)
	for _, m := range before {
		t.Before = append(t.Before, letter.Named{Own: m.Own, MessageID: m.MessageID})
	}
	t.Index = index
	return t
}

// sendAll sends one batch after another and counts the mails that wait for a later
// attempt.
func (a *Mail) sendAll(
	ctx context.Context, key string, written correspondences,
) (sent MailsSent, later int, err error) {
	until := time.Now().Add(claimTime)
	var ended []notification.MailResult
	var skip []string
	for {
		if ctx.Err() != nil || time.Now().After(until) {
			return sent, later + 1, a.recordEnds(ctx, ended)
		}

		batch, err := a.Notifications.NextMails(system(ctx), key, mailBatch, ended, skip)
		if err != nil {
			return sent, later, errors.Join(err, a.recordEnds(ctx, ended))
		}

		if len(batch) == 0 {
			return sent, later, nil
		}

		ended = a.sendBatch(ctx, batch, written)
		for _, r := range ended {
			sent.count(r.State)
			if r.State == rules.NotificationQueued {
				skip = append(skip, r.ID)
				later++
			}
		}
	}
}

// sendBatch sends the mails that were claimed together. Those whose turn does not
// come in time are put back.
func (a *Mail) sendBatch(
	ctx context.Context, batch []notification.Notification, written correspondences,
) []notification.MailResult {
	until := time.Now().Add(batchTime)
	ended := make([]notification.MailResult, 0, len(batch))
	for i, n := range batch {
		r := notification.MailResult{
			ID:    n.ID,
			State: rules.NotificationQueued,
			Error: "its turn did not come in time",
		}

		if i == 0 || ctx.Err() == nil && time.Now().Before(until) {
			r = a.sendMail(ctx, n, written)
		}
		ended = append(ended, r)
	}

	return ended
}

// recordEnds keeps how the last mails ended and claims no others. It outlives an
// attempt that was cut off and a database that is away for seconds: a mail whose
// end is known should not become UNKNOWN.
func (a *Mail) recordEnds(ctx context.Context, ended []notification.MailResult) error {
	if len(ended) == 0 {
		return nil
	}

	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), recordTime)
	defer cancel()

	for {
		_, err := a.Notifications.NextMails(system(ctx), "", 0, ended, nil)
		if err == nil {
			return nil
		}

		select {
		case <-ctx.Done():
			return err
		case <-time.After(recordPause):
		}
	}
}

func (m *MailsSent) count(state rules.NotificationState) {
	switch state {
	case rules.NotificationSent:
		m.Sent++
	case rules.NotificationHardBounced:
		m.Refused++
	case rules.NotificationUnknown:
		m.Unknown++
	}
}

// GiveUp hands mails that could not be sent in three days to an operator; what
// the last attempt left half sent becomes UNKNOWN.
func (a *Mail) GiveUp(ctx context.Context, in GiveUpMails) error {
	ctx = system(ctx)
	if err := a.Notifications.GiveUpMails(ctx, in.Key, in.Reason, in.QueuedBefore); err != nil {
		return failed(err)
	}

	inFlight, err := a.Notifications.SettleStaleMails(ctx, in.Key, MailLease)
	if err != nil {
		return failed(err)
	}

	if inFlight > 0 {
		return ErrMailLater
	}
	return nil
}

// outlived suppresses a one-time code or a reset link whose time ended while the
// mail waited for a later attempt: it would be of no use, and no task for anybody.
func (a *Mail) outlived(
	ctx context.Context, n notification.Notification,
) (notification.MailResult, bool) {
	if n.Template == rules.TemplateSession {
		return a.sessionOutlived(ctx, n)
	}
	secret := n.Template == rules.TemplateOneTimeCode || n.Template == rules.TemplatePasswordReset
	if !secret || n.Attempts <= 1 {
		return notification.MailResult{}, false
	}

	result := notification.MailResult{
		ID:    n.ID,
		State: rules.NotificationSuppressed,
		Error: "its code or link had ended before it could be sent",
	}

	over, err := a.People.ChallengeOver(ctx, n.SubjectID)
	if err == nil && over { // it may be the code of a participant of a ticket
		over, err = a.Sessions.CodeOver(ctx, n.SubjectID)
	}
	if err != nil {
		result.State = rules.NotificationQueued
		result.Error = "the database did not answer"
		over = true
	}

	return result, over
}

// sessionOutlived suppresses a mail about a session to whom may no longer see its ticket, and a
// reminder of one that was moved, called off or given another link since it was queued, or that has
// begun: nobody is sent to a meeting that is not held there.
func (a *Mail) sessionOutlived(
	ctx context.Context, n notification.Notification,
) (notification.MailResult, bool) {
	step, _ := n.Params["step"].(string)
	when, _ := n.Params["when"].(string)
	link, _ := n.Params["link"].(string)
	start, _, ok := mail.ReadInterval(when)
	if !ok { // a proposal has none; of another it cannot be rendered, and says so
		return notification.MailResult{}, false
	}

	over, err := a.Tickets.SessionMailOver(ctx, step, session.Reminder{
		SessionID: n.SubjectID,
		Recipient: n.Recipient,
		Start:     start,
		JoinURL:   link,
	})
	if err != nil {
		return notification.MailResult{
			ID:    n.ID,
			State: rules.NotificationQueued,
			Error: "the database did not answer",
		}, true
	}
	return notification.MailResult{
		ID:    n.ID,
		State: rules.NotificationSuppressed,
		Error: "the session is not held that way any more, or its reader may not see the ticket",
	}, over
}

// sendMail renders and hands over one mail, and returns how it ended.
func (a *Mail) sendMail(
	ctx context.Context, n notification.Notification, written correspondences,
) notification.MailResult {
	if result, over := a.outlived(ctx, n); over {
		return result
	}

	result := notification.MailResult{ID: n.ID, State: rules.NotificationSent}
	ref, err := a.Programs.Reference(ctx)
	if err != nil { // the database's fault, not the mail's
		result.State = rules.NotificationQueued
		result.Error = "the program could not be read"
		return result
	}

	m, err := letter.RenderIn(ref.Program, n, a.PortalURL, letterSecrets{a.DB.Secrets(), a.Keys},
		written.threadOf(n))
	if err != nil {
		a.Log.ErrorContext(ctx, "a mail cannot be rendered",
			"notification", n.ID, "template", n.Template, "error", err)
		result.State = rules.NotificationHardBounced
		result.Error = "the template cannot be rendered"
		if errors.Is(err, mail.ErrNoTemplate) { // a newer worker knows it
			result.State = rules.NotificationQueued
		}
		return result
	}

	if result.ProviderID, err = a.Sender.Send(ctx, m); err == nil {
		if c := written[n.SubjectID]; c != nil {
			c.Sent(n.ID, n.Recipient)
		}
		return result
	}

	a.Log.WarnContext(ctx, "a mail was not handed over",
		"notification", n.ID, "template", n.Template, "attempt", n.Attempts, "error", err)
	result.Error = err.Error()
	result.State = stateOf(err)
	return result
}

// stateOf decides by the kind of failure whether the mail may be sent again.
func stateOf(err error) rules.NotificationState {
	var e *mail.SendError
	if !errors.As(err, &e) {
		return rules.NotificationUnknown
	}

	switch e.Kind {
	case mail.Temporary:
		return rules.NotificationQueued
	case mail.Permanent:
		return rules.NotificationHardBounced
	}

	return rules.NotificationUnknown
}
