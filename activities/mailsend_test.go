package activities_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/activities"
	"roomcover.dev/roomcover/mail"
	"roomcover.dev/roomcover/mail/smtptest"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/domains"
	"roomcover.dev/roomcover/models/notification"
	"roomcover.dev/roomcover/models/order"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
)

// fulfilled is an order with three mails of its own and an invitation.
func (b *bench) fulfilled() order.Order {
	b.t.Helper()
	return b.Fulfilled(b.t, b.Reseller(b.t, "Revenda Sul"), storetest.Form("PO-1"))
}

// states counts an order's own mails by their state.
func (b *bench) states(orderID string) map[rules.NotificationState]int {
	b.t.Helper()
	out, _, err := b.ListNotifications(b.Context, notification.NotificationFilter{SubjectID: orderID})
	require.NoError(b.t, err)
	states := map[rules.NotificationState]int{}
	for _, n := range out {
		states[n.State]++
	}
	return states
}

// byRecipient answers one recipient with the error.
func byRecipient(to string, e smtptest.Error) func(string) *smtptest.Error {
	return func(rcpt string) *smtptest.Error {
		if rcpt == to {
			return &e
		}
		return nil
	}
}

func TestS17_RefusedRecipientIsATaskAndTheOthersAreSent(t *testing.T) {
	b := newBench(t)
	o := b.fulfilled()
	b.smtp.Refuse(byRecipient("orders@norte.example",
		smtptest.Error{Code: 550, EnhancedCode: [3]int{5, 1, 1}, Message: "orders@norte.example is unknown"}))
	sent, err := b.send(o.ID)
	require.NoError(t, err)
	require.Equal(t, activities.MailsSent{Sent: 2, Refused: 1}, sent)
	require.Equal(t, map[rules.NotificationState]int{rules.NotificationSent: 2, rules.NotificationHardBounced: 1},
		b.states(o.ID))
	tasks := b.tasks(db.TaskMailUndeliverable)
	require.Len(t, tasks, 1)
	require.Contains(t, tasks[0].Why, "550 5.1.1")
	require.NotContains(t, tasks[0].Why, "norte", "the server's words may repeat the address")
}

func TestC7_TemporaryRefusalWaitsAndTheOthersAreSent(t *testing.T) {
	b := newBench(t)
	o := b.fulfilled()
	b.smtp.FailTemporarily(1)
	_, err := b.send(o.ID)
	require.ErrorContains(t, err, activities.ErrMailLater.Error())
	require.Equal(t, map[rules.NotificationState]int{rules.NotificationSent: 2, rules.NotificationQueued: 1},
		b.states(o.ID))
	sent, err := b.send(o.ID)
	require.NoError(t, err)
	require.Equal(t, 1, sent.Sent)
	require.Len(t, b.smtp.Messages(), 3)
}

func TestC7_ServerThatIsDownIsTriedAgain(t *testing.T) {
	b := newBench(t)
	o := b.fulfilled()
	require.NoError(t, b.smtp.Close())
	_, err := b.send(o.ID)
	require.Error(t, err)
	require.Equal(t, map[rules.NotificationState]int{rules.NotificationQueued: 3}, b.states(o.ID))
	require.Empty(t, b.tasks(db.TaskMailUnknown))
}

func TestC7_CrashInDataIsUnknownAndNeverSentAgain(t *testing.T) {
	for name, drop := range map[string]func(*smtptest.Server){
		"while the content is sent": (*smtptest.Server).DropNextMidData,
		"before the last answer":    (*smtptest.Server).DropNextAfterDot,
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			o := b.fulfilled()
			drop(b.smtp)
			sent, err := b.send(o.ID)
			require.NoError(t, err)
			require.Equal(t, activities.MailsSent{Sent: 2, Unknown: 1}, sent)
			taken := len(b.smtp.Messages())
			for range 3 {
				_, err := b.send(o.ID)
				require.NoError(t, err)
			}
			require.Len(t, b.smtp.Messages(), taken, "nothing is sent again by itself")
			tasks := b.tasks(db.TaskMailUnknown)
			require.Len(t, tasks, 1)

			require.NoError(t, b.ResendMail(b.operator(), tasks[0].SubjectID))
			again, err := b.send(tasks[0].SubjectID)
			require.NoError(t, err)
			require.Equal(t, 1, again.Sent, "an operator may")
		})
	}
}

func TestC7_RefusedContentIsNotTriedAgain(t *testing.T) {
	b := newBench(t)
	o := b.fulfilled()
	b.smtp.RefuseNextData(&smtptest.Error{Code: 554, EnhancedCode: [3]int{5, 7, 1}, Message: "no"})
	sent, err := b.send(o.ID)
	require.NoError(t, err)
	require.Equal(t, activities.MailsSent{Sent: 2, Refused: 1}, sent)
}

func TestC7_TwoSendersInParallelSendEachMailOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		b := benchOn(t, env)
		o := b.fulfilled()
		var wait sync.WaitGroup
		for range 4 {
			sender := b.newSender()
			wait.Go(func() {
				other := *b
				other.mail = &activities.Mail{
					DB:            b.DB,
					Programs:      b.Programs,
					Notifications: b.Notifications,
					People:        b.People,
					Sessions:      b.Sessions,
					Sender:        sender,
					PortalURL:     portal,
					Log:           b.mail.Log,
				}
				_, _ = other.send(o.ID)
			})
		}
		wait.Wait()
		require.Len(t, b.smtp.Messages(), 3)
		require.Equal(t, map[rules.NotificationState]int{rules.NotificationSent: 3}, b.states(o.ID))
	})
}

// hangs is a mail server that takes the connection and never answers.
type hangs struct{ asked chan struct{} }

func (h hangs) Send(ctx context.Context, _ mail.Message) (string, error) {
	h.asked <- struct{}{}
	<-ctx.Done()
	return "", &mail.SendError{Kind: mail.Temporary, Step: mail.StepConnect}
}

// An attempt that is cut off still records how its mail ended: nothing was
// handed over, so nothing becomes UNKNOWN.
func TestC7_AttemptThatIsCutOffRecordsItsMail(t *testing.T) {
	b := newBench(t)
	o := b.fulfilled()
	h := hangs{make(chan struct{}, 1)}
	b.mail.Sender = h
	ctx, cancel := context.WithCancel(context.Background())
	go func() { <-h.asked; cancel() }()
	err := b.sendIn(ctx, o.ID)
	require.Error(t, err)
	require.Equal(t, map[rules.NotificationState]int{rules.NotificationQueued: 3}, b.states(o.ID))
}

// A program that cannot be read is the database's fault, not the mail's.
func TestC7_DatabaseFaultIsNoBounce(t *testing.T) {
	b := newBench(t)
	o := b.fulfilled()
	other, err := domains.Open(dialectorOf(t, b), domains.Options{Options: db.Options{Key: storetest.Key}})
	require.NoError(t, err)
	t.Cleanup(func() { _ = other.DB.Close() })
	pool, err := other.DB.Pool()
	require.NoError(t, err)
	_, err = pool.Exec("ALTER TABLE programs RENAME TO programs_away")
	require.NoError(t, err)
	b.mail.Programs = other.Programs
	_, err = b.send(o.ID)
	require.ErrorContains(t, err, activities.ErrMailLater.Error())
	require.Equal(t, map[rules.NotificationState]int{rules.NotificationQueued: 3}, b.states(o.ID))
}

// stale makes the mails that are being sent look as old as the lease.
func (b *bench) stale() {
	b.t.Helper()
	pool, err := b.Pool()
	require.NoError(b.t, err)
	_, err = pool.Exec("UPDATE notifications SET claimed_at = ? WHERE state = 'SENDING'",
		time.Now().UTC().Add(-2*activities.MailLease))
	require.NoError(b.t, err)
}

// During a roll-out an old worker may be handed a mail that only the new program can
// write: it leaves it to that one.
func TestMailOfANewerProgramWaitsForIt(t *testing.T) {
	b := newBench(t)
	o := b.fulfilled()
	require.NoError(
		t, b.Exec("UPDATE notifications SET template = 'of_tomorrow' WHERE recipient = 'orders@norte.example'"),
	)
	_, err := b.send(o.ID)
	require.Error(t, err, "it is tried again")
	require.Equal(t, map[rules.NotificationState]int{rules.NotificationSent: 2, rules.NotificationQueued: 1},
		b.states(o.ID))
	require.NoError(
		t, b.Exec("UPDATE notifications SET template = 'order_confirmation' WHERE template = 'of_tomorrow'"),
	)
	_, err = b.send(o.ID)
	require.NoError(t, err)
	require.Equal(t, map[rules.NotificationState]int{rules.NotificationSent: 3}, b.states(o.ID))
	require.Empty(t, b.tasks(db.TaskMailUndeliverable))
}

// The workflow of a mail that is begun again, as Temporal has lost the one that had claimed it,
// settles it in its first attempt, once nobody can be sending it any more.
func TestC7_MailThatWasClaimedBeforeTemporalLostItsDataIsSettled(t *testing.T) {
	b := newBench(t)
	o := b.fulfilled()
	n, ok, err := b.NextMail(b.Context, o.ID, notification.MailResult{}, nil)
	require.NoError(t, err)
	require.True(t, ok)
	_, err = b.send(n.ID)
	require.ErrorContains(t, err, activities.ErrMailLater.Error(), "it may be on its way")
	require.Equal(t, 1, b.states(o.ID)[rules.NotificationSending])

	b.stale()
	_, err = b.send(n.ID)
	require.NoError(t, err)
	require.Equal(t, map[rules.NotificationState]int{
		rules.NotificationUnknown: 1, rules.NotificationQueued: 2,
	}, b.states(o.ID))
	require.Len(t, b.tasks(db.TaskMailUnknown), 1)
}

func TestC7_GivingUpSettlesWhatADeadSenderLeft(t *testing.T) {
	b := newBench(t)
	o := b.fulfilled()
	_, ok, err := b.NextMail(b.Context, o.ID, notification.MailResult{}, nil) // claimed by a sender that dies
	require.NoError(t, err)
	require.True(t, ok)
	give := activities.GiveUpMails{Key: o.ID, Reason: "no success in three days"}
	require.ErrorIs(t, b.mail.GiveUp(context.Background(), give), activities.ErrMailLater, "it may still be on its way")
	b.stale()
	require.NoError(t, b.mail.GiveUp(context.Background(), give))
	require.Equal(t, map[rules.NotificationState]int{rules.NotificationUnknown: 1, rules.NotificationHardBounced: 2},
		b.states(o.ID))
	require.Len(t, b.tasks(db.TaskMailUnknown), 1)
	require.Len(t, b.tasks(db.TaskMailUndeliverable), 2)
}

func TestC7_CodeThatEndedWhileItsMailWaitedIsNotSent(t *testing.T) {
	b := newBench(t)
	inv := b.InvitationOf(t, b.fulfilled().ID)
	c, err := b.ChallengeInvited(b.Context, inv.ID, "browser", "en")
	require.NoError(t, err)
	b.smtp.FailTemporarily(1)
	_, err = b.send(c.ID)
	require.ErrorContains(t, err, activities.ErrMailLater.Error())
	require.NoError(t, b.Exec("UPDATE challenges SET expires_at = '2020-01-01 00:00:00+00:00'"))

	_, err = b.send(c.ID)
	require.NoError(t, err)
	require.Equal(t, map[rules.NotificationState]int{rules.NotificationSuppressed: 1}, b.states(c.ID))
	require.Empty(t, b.smtp.Messages())
	require.Empty(t, b.tasks(db.TaskMailUndeliverable), "nobody can help with it")
	require.Empty(t, b.tasks(db.TaskMailUnknown))
}

// What else has a sender look for an order's mails sends none that can still be taken back.
func TestC7_AMailThatIsHeldIsNotSentByAnotherSender(t *testing.T) {
	b := newBench(t)
	o := b.fulfilled()
	_, err := b.send(o.ID)
	require.NoError(t, err)
	sent := b.states(o.ID)[rules.NotificationSent]
	mails, _, err := b.ListNotifications(b.Context, notification.NotificationFilter{SubjectID: o.ID, Page: db.Page{Limit: 1}})
	require.NoError(t, err)
	id := mails[0].ID
	require.NoError(t, b.Exec("UPDATE notifications SET state = 'UNKNOWN' WHERE id = '"+id+"'"))
	require.NoError(t, b.ResendMailSoon(b.operator(), id))
	for _, key := range []string{o.ID, id} {
		again, err := b.send(key)
		require.NoError(t, err)
		require.Zero(t, again.Sent, key)
	}
	require.Equal(t, 1, b.states(o.ID)[rules.NotificationQueued])

	require.NoError(t, b.Exec("UPDATE notifications SET held_until = '2020-01-01 00:00:00+00:00'"))
	again, err := b.send(id)
	require.NoError(t, err)
	require.Equal(t, 1, again.Sent)
	require.Equal(t, sent, b.states(o.ID)[rules.NotificationSent])
}
