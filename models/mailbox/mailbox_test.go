package mailbox_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/mail/inbound"
	"roomcover.dev/roomcover/mail/thread"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/models/mailbox"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
)

const help = "help@support.example"

var keys = thread.NewKeys([]byte("a key for tests, thirty-two bytes long"))

// desk stands for the tickets: one ticket, its participants, and what became of it.
type desk struct {
	account  string
	resolved bool
	members  []string
	taken    []mailbox.Reply
}

func (d *desk) FindTicket(_ *db.Tx, number string) (*mailbox.Ticket, error) {
	if number != "TK-10023" {
		return nil, nil
	}
	return &mailbox.Ticket{
		ID: "tkt_1", Number: number, AccountID: d.account, Reopens: d.resolved,
	}, nil
}

func (d *desk) HadGuests(*db.Tx, mailbox.Ticket) (bool, error) { return false, nil }

func (d *desk) Participant(
	_ *db.Tx, _ mailbox.Ticket, email string,
) (*mailbox.Participant, error) {
	if !slices.Contains(d.members, email) {
		return nil, nil
	}
	return &mailbox.Participant{Kind: "CUSTOMER", ID: "usr_1", OfCustomer: true}, nil
}

func (d *desk) AcceptMail(
	_ *db.Tx, _ mailbox.Ticket, _ mailbox.Participant, r mailbox.Reply,
) error {
	d.taken = append(d.taken, r)
	return nil
}

func (d *desk) OpenTicket(*db.Tx, mailbox.NewTicket) (string, error) { return "tkt_1", nil }

func newDesk(env storetest.Env) *desk {
	d := &desk{members: []string{"ana@alfa.example", "rui@alfa.example"}}
	env.Mailbox.RegisterTickets(d)
	env.Configure(mailbox.Options{
		Options: inbound.Options{
			Keys:        keys,
			AuthServIDs: []string{"mx.support.example"},
			Hops:        1,
		},
		Addresses: []string{help},
	})
	return d
}

// letter is a mail as a mail server hands it over.
type letter struct {
	from, to, subject, text, id string
	auth                        string // pass, fail or empty
	more                        string // further header lines
	null                        bool
}

var written int

func (l letter) raw() string {
	written++
	if l.id == "" {
		l.id = fmt.Sprintf("m%d@sender.example", written)
	}
	_, domain, _ := strings.Cut(l.from, "@")
	results := ""
	if l.auth != "" {
		results = "Authentication-Results: mx.support.example; dmarc=" + l.auth +
			" header.from=" + domain + "\r\n"
	}
	return results + "From: <" + l.from + ">\r\nTo: <" + l.to + ">\r\nSubject: " + l.subject +
		"\r\nMessage-ID: <" + l.id + ">\r\n" + l.more +
		"Content-Type: text/plain; charset=utf-8\r\n\r\n" + l.text + "\r\n"
}

func deliver(t testing.TB, env storetest.Env, l letter) mailbox.InboundMail {
	t.Helper()
	return deliverRaw(t, env, l, l.raw())
}

func deliverRaw(t testing.TB, env storetest.Env, l letter, text string) (m mailbox.InboundMail) {
	t.Helper()
	raw, err := mailbox.ReadRaw(strings.NewReader(text), mailbox.MaxMail)
	require.NoError(t, err)
	e := inbound.Envelope{From: l.from, To: l.to, Known: true}
	if l.null {
		e.From = ""
	}
	id, _, err := env.Receive(t.Context(), e, raw)
	require.NoError(t, err)
	require.NoError(t, env.Sort(t.Context(), id))
	require.NoError(t, env.DB.Read(env.Context, func(tx *db.Tx) error {
		return tx.First(&m, "id = ?", id).Error
	}))
	return m
}

func items(t testing.TB, env storetest.Env) []mailbox.InboxItem {
	t.Helper()
	out, _, err := env.ListItems(storetest.Operator(), mailbox.ItemFilter{Page: db.Page{Limit: 200}})
	require.NoError(t, err)
	return out
}

func replyTo() string { return keys.ReplyAddress(help, "TK-10023") }

func TestS44_AReplyBecomesAMessageOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		d := newDesk(env)
		l := letter{from: "ana@alfa.example", to: replyTo(), subject: "Re", text: "Ligou.", id: "a@x"}
		text := l.raw()
		for range 3 {
			m := deliverRaw(t, env, l, text)
			require.Equal(t, inbound.BecomesMessage, m.Outcome, m.Reason)
		}
		require.Len(t, d.taken, 1, "delivered three times")
		require.Equal(t, "Ligou.", d.taken[0].Text)
		require.False(t, d.taken[0].Automatic)
		require.Empty(t, items(t, env))
		require.Empty(t, env.Mails(t, rules.TemplateMailboxReceived))

		// Rui, who was in copy, answers Ana's mail, which is none of ours.
		l = letter{from: "rui@alfa.example", to: help, auth: "pass", text: "Confirmo.",
			more: "References: <a@x>\r\n"}
		require.Equal(t, inbound.BecomesMessage, deliver(t, env, l).Outcome)
		l.auth = ""
		require.Equal(t, inbound.ReasonUnproved, deliver(t, env, l).Reason)
	})
}

// A stranger with the right Message-ID or address, a spoofed member, an absence note: the ticket
// stays as it is.
func TestS44_AForgedReplyLeavesTheTicketUnchanged(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		d := newDesk(env)
		ours := "<" + keys.MessageID("TK-10023", "ntf_1", "ana@alfa.example") + "@support.example>"
		for reason, l := range map[inbound.Reason]letter{
			inbound.ReasonStranger: {from: "paul@fremd.example", to: help, auth: "pass",
				more: "References: " + ours + "\r\nCc: boss@alfa.example\r\n"},
			inbound.ReasonForged: {from: "ana@alfa.example", to: replyTo(), auth: "fail"},
		} {
			m := deliver(t, env, l)
			require.Equal(t, reason, m.Reason)
		}
		require.Empty(t, d.taken)
		got := items(t, env)
		require.Len(t, got, 2)
		for _, i := range got {
			require.Equal(t, inbound.ReplyByStranger, i.Kind)
			require.Equal(t, mailbox.ItemOpen, i.State)
		}
		require.Len(t, env.Tasks(t, db.TaskMailboxRequest), 2)
	})
}

func TestS44_AutomaticMailIsFoldedAndNeverAnswered(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		d := newDesk(env)
		d.resolved = true
		away := letter{from: "ana@alfa.example", to: replyTo(), text: "Férias",
			more: "Auto-Submitted: auto-replied\r\n"}
		m := deliver(t, env, away)
		require.Equal(t, inbound.BecomesAutomaticReply, m.Outcome)
		require.False(t, m.Reopened)
		require.True(t, d.taken[0].Automatic)

		list := letter{from: "news@lists.example", to: help, more: "List-Id: <x>\r\n"}
		require.Equal(t, inbound.BecomesFiled, deliver(t, env, list).Outcome)
		require.Equal(t, mailbox.ItemFiled, items(t, env)[0].State)
		require.Empty(t, env.Tasks(t, db.TaskMailboxRequest))
		require.Empty(t, env.Mails(t, rules.TemplateMailboxReceived))
	})
}

func TestS44_ManyMessagesGoToAnOperator(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		d := newDesk(env)
		for range 12 {
			deliver(t, env, letter{from: "ana@alfa.example", to: replyTo(), text: "x"})
		}
		require.Len(t, d.taken, 10)
		require.Equal(t, inbound.ReasonTooMany, items(t, env)[0].Reason)
		require.Equal(t, inbound.BecomesMessage,
			deliver(t, env, letter{from: "rui@alfa.example", to: replyTo()}).Outcome, "each sender")
		env.Calendar.Set(env.Calendar.Now().Add(61 * time.Minute))
		require.Equal(t, inbound.BecomesMessage,
			deliver(t, env, letter{from: "ana@alfa.example", to: replyTo()}).Outcome)

		d.resolved = true
		for range 4 {
			env.Calendar.Set(env.Calendar.Now().Add(time.Hour))
			deliver(t, env, letter{from: "ana@alfa.example", to: replyTo(), text: "again"})
		}
		require.Equal(t, 3, env.Count(t, "SELECT count(*) FROM inbound_mails WHERE reopened"))
		require.Equal(t, inbound.ReasonReopens, items(t, env)[0].Reason)
	})
}

// Two mailboxes and a vacation robot write to each other for a thousand minutes: what they send
// stays bounded.
func TestS44_MailboxesAndARobotDoNotAnswerEachOtherForEver(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		newDesk(env)
		const other, robot = "desk@elsewhere.example", "eva@alfa.example"
		answered := 0
		seen := map[string]bool{}
		for minute := range 1000 {
			if minute%10 == 0 { // what the others send by themselves, well-behaved or not
				deliver(t, env, letter{from: robot, to: help, null: minute%20 == 0,
					subject: "Re", more: "Auto-Submitted: auto-replied\r\n"})
				deliver(t, env, letter{from: other, to: help, subject: "We got your mail"})
			}
			for _, n := range env.Mails(t, rules.TemplateMailboxReceived) {
				if !seen[n.ID] {
					seen[n.ID] = true
					answered++
					require.Equal(t, other, n.Recipient, "the robot is never answered")
				}
			}
			env.Calendar.Set(env.Calendar.Now().Add(time.Minute))
			if answered > 3 {
				break
			}
		}
		require.LessOrEqual(t, answered, 2, "once on each of the days that the minutes touch")
		require.NotZero(t, answered)
	})
}

// R40a: a mail never makes a ticket. It is an operator's item, and its sender is told where
// tickets are made: the same words to a customer and to nobody.
func TestR40a_AMailMakesAnItemAndNoTicket(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		d := newDesk(env)
		o, inv := storetest.FulfilledWithInvitation(t, env)
		for _, from := range []string{inv.Email, "nobody@fremd.example"} {
			deliver(t, env, letter{from: from, to: help, subject: "Convite", auth: "pass",
				text: "Não recebi o convite"})
		}
		require.Empty(t, d.taken)
		got := items(t, env)
		require.Len(t, got, 2)
		require.Equal(t, []string{inv.ID}, got[1].Matches.Invitations)
		require.Empty(t, got[0].Matches.Invitations)
		require.Equal(t, inbound.LostInvitation, got[0].Kind)

		mails := env.Mails(t, rules.TemplateMailboxReceived)
		require.Len(t, mails, 2)
		require.Equal(t, mails[0].Locale, mails[1].Locale)
		delete(mails[0].Params, "in_reply_to")
		delete(mails[1].Params, "in_reply_to")
		require.Equal(t, mails[0].Params, mails[1].Params)
		require.Nil(t, mails[0].AccountID)
		_ = o
	})
}

// A report about a mail of ours moves its state and makes no message.
func TestS44_ADeliveryReportMovesTheMailsState(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		newDesk(env)
		o, inv := storetest.FulfilledWithInvitation(t, env)
		_ = o
		env.Deliver(t, inv.ID)
		n := env.Mails(t, rules.TemplateInvitation)[0]
		report := "Return-Path: <>\r\nFrom: MAILER-DAEMON@x.example\r\nMessage-ID: <r@x>\r\n" +
			"Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n" +
			"--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; x\r\n\r\n" +
			"Final-Recipient: rfc822; a@b\r\nAction: failed\r\nStatus: 5.1.1\r\n\r\n" +
			"--b\r\nContent-Type: text/rfc822-headers\r\n\r\nMessage-ID: <" + n.ID +
			"@support.example>\r\n--b--\r\n"
		for range 2 {
			m := deliverRaw(t, env, letter{to: help, null: true}, report)
			require.Equal(t, inbound.BecomesDelivery, m.Outcome)
		}
		require.Equal(t, rules.NotificationHardBounced, env.Mails(t, rules.TemplateInvitation)[0].State)
		require.Empty(t, items(t, env))
		after, err := env.GetInvitation(storetest.Operator(), inv.ID)
		require.NoError(t, err)
		require.Equal(t, rules.InvitationBounced, after.State)
	})
}

// S56: a link goes to the address on the order; another address needs a second proof, whatever
// the mail says of itself.
func TestS56_ALinkToAnotherAddressNeedsASecondProof(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		newDesk(env)
		_, inv := storetest.FulfilledWithInvitation(t, env)
		operator := storetest.Operator()
		deliver(t, env, letter{from: inv.Email, to: help, auth: "fail", subject: "Convite",
			text: "Mandem o convite para o meu novo endereço"})
		spoofed := items(t, env)[0]
		require.False(t, spoofed.MayReissue(inv.ID))
		require.False(t, spoofed.MayChangeRecipient(inv.ID))
		require.False(t, spoofed.MayAddPerson(inv.AccountID))
		require.Empty(t, env.Mails(t, rules.TemplateMailboxReceived), "the spoofed one is not told")
		_, err := env.ReissueInvitation(operator, spoofed.ID, spoofed.Version, inv.ID, "asked by mail")
		storetest.RequireCode(t, rules.StateConflict, err)

		deliver(t, env, letter{from: inv.Email, to: help, auth: "pass", text: "perdi o convite"})
		proved := items(t, env)[0]
		change := identity.Reissue{ID: inv.ID, Email: "novo@alfa.example", ContactName: "Ana Nova",
			Reason: "asked by mail"}
		_, err = env.ChangeRecipient(operator, proved.ID, proved.Version, change)
		storetest.RequireCode(t, rules.StateConflict, err)
		require.Len(t, env.Mails(t, rules.TemplateInvitation), 1, "nothing was sent")

		called, err := env.NoteCall(operator, proved.ID, proved.Version, "called the number on the order")
		require.NoError(t, err)
		_, err = env.ChangeRecipient(operator, proved.ID, proved.Version, change)
		storetest.RequireCode(t, rules.VersionMismatch, err)
		done, err := env.ChangeRecipient(operator, called.ID, called.Version, change)
		require.NoError(t, err)
		require.Equal(t, mailbox.RecipientChanged, done.Decision)
		old, err := env.GetInvitation(operator, inv.ID)
		require.NoError(t, err)
		require.Equal(t, rules.InvitationWasReplaced, old.State, "R51b: the old link is dead")
		_, err = env.MarkSpam(operator, done.ID, done.Version)
		storetest.RequireCode(t, rules.StateConflict, err)
	})
}

func TestS56_AnOperatorReissuesAnswersAndAdds(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		newDesk(env)
		_, inv := storetest.FulfilledWithInvitation(t, env)
		operator := storetest.Operator()
		for range 3 {
			deliver(t, env, letter{from: inv.Email, to: help, auth: "pass", text: "O link expirou"})
		}
		got := items(t, env)
		require.Len(t, env.Mails(t, rules.TemplateMailboxReceived), 1, "once a day")

		again, err := env.ReissueInvitation(operator, got[0].ID, 1, inv.ID, "asked by mail")
		require.NoError(t, err)
		require.NotEqual(t, inv.ID, again.DecisionRef)
		answered, err := env.Answer(operator, got[1].ID, 1, "Enviamos de novo.\n\nAbra o link.", "")
		require.NoError(t, err)
		require.Equal(t, mailbox.Answered, answered.Decision)
		mail := env.Mails(t, rules.TemplateMailboxAnswer)[0]
		require.Equal(t, inv.Email, mail.Recipient)
		_, err = env.Answer(operator, got[1].ID, 1, "x", "")
		storetest.RequireCode(t, rules.VersionMismatch, err)

		more := identity.NewInvite{AccountID: inv.AccountID, Email: "bia@acme.example",
			ContactName: "Bia Reis", Role: identity.RoleReadOnly, Reason: "asked by mail"}
		_, err = env.AddPerson(operator, got[2].ID, 1, more)
		storetest.RequireCode(t, rules.StateConflict, err)
		called, err := env.NoteCall(operator, got[2].ID, 1, "called the customer back")
		require.NoError(t, err)
		added, err := env.AddPerson(operator, called.ID, called.Version, more)
		require.NoError(t, err)
		require.Equal(t, mailbox.PersonAdded, added.Decision)
		require.Equal(t, inv.AccountID, inv.AccountID)

		stranger := db.WithScope(context.Background(), db.Scope{AccountIDs: []string{inv.AccountID}})
		_, err = env.GetItem(stranger, added.ID)
		storetest.RequireCode(t, rules.NotFound, err)
		for _, task := range env.Tasks(t, db.TaskMailboxRequest) {
			require.Equal(t, db.TaskDone, task.State)
		}
	})
}

// A mail that was kept when its receiver died is sorted by whoever comes next.
func TestS44_AMailThatWasKeptIsSortedLater(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		d := newDesk(env)
		l := letter{from: "ana@alfa.example", to: replyTo(), text: "x"}
		raw, err := mailbox.ReadRaw(strings.NewReader(l.raw()), mailbox.MaxMail)
		require.NoError(t, err)
		_, fresh, err := env.Receive(t.Context(), inbound.Envelope{From: l.from, To: l.to, Known: true}, raw)
		require.NoError(t, err)
		require.True(t, fresh)
		require.Empty(t, d.taken)
		n, err := env.SortWaiting(t.Context())
		require.NoError(t, err)
		require.Equal(t, 1, n)
		require.Len(t, d.taken, 1)
		n, err = env.SortWaiting(t.Context())
		require.NoError(t, err)
		require.Zero(t, n)
	})
}

func TestS33_MailsLeaveAfterTheirTime(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		newDesk(env)
		m := deliver(t, env, letter{from: "eva@fremd.example", to: help, text: "Olá"})
		open := items(t, env)[0]
		keep := db.Retention{InboundMails: 90 * 24 * time.Hour}
		env.Calendar.Set(env.Calendar.Now().Add(91 * 24 * time.Hour))
		out, err := env.Prune(env.Context, keep)
		require.NoError(t, err)
		require.EqualValues(t, 1, out.InboundMails, "the bytes go in time, whoever still has to decide")
		_, err = env.RawMail(storetest.Operator(), m.ID)
		storetest.RequireCode(t, rules.NotFound, err)
		out, err = env.Prune(env.Context, keep)
		require.NoError(t, err)
		require.Zero(t, out.InboundMails)
		require.Equal(t, "Olá", items(t, env)[0].Body, "an operator still has to look at it")

		_, err = env.MarkSpam(storetest.Operator(), open.ID, open.Version)
		require.NoError(t, err)
		out, err = env.Prune(env.Context, keep)
		require.NoError(t, err)
		require.EqualValues(t, 1, out.InboundMails)
		after := items(t, env)[0]
		require.Empty(t, after.Sender+after.Body+after.Subject)
		require.Equal(t, mailbox.Spam, after.Decision)
		out, err = env.Prune(env.Context, keep)
		require.NoError(t, err)
		require.Zero(t, out.InboundMails)
	})
}

func TestS44_OnlyOurOwnRecipientsAreTaken(t *testing.T) {
	env := storetest.SQLite(t)
	newDesk(env)
	for address, want := range map[string]bool{
		help: true, "HELP@Support.Example": true, replyTo(): true, "help+x@support.example": true,
		"help@other.example": false, "ana@support.example": false, "": false, "help": false,
	} {
		got, err := env.Takes(env.Context, address)
		require.NoError(t, err)
		require.Equal(t, want, got, address)
	}
	env.Configure(mailbox.Options{})
	got, err := env.Takes(env.Context, "select@logitech.com")
	require.NoError(t, err)
	require.True(t, got, "without addresses the program's own")
}
