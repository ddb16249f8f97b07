package mailbox_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/mail/inbound"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/models/mailbox"
	"roomcover.dev/roomcover/models/operations"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/models/ticket"
	"roomcover.dev/roomcover/rules"
	rule "roomcover.dev/roomcover/rules/ticket"
)

// One mail is one message with its files, whoever brings it to the ticket: the mail itself, or an
// operator who adds a copy of it that came to another address.
func TestS44_S43_AMailThatIsOnTheTicketIsNotAddedAgain(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		s := newSupport(t, env)
		first := s.written()[0]
		log := part{"sala.log", "no signal"}
		m := s.withFiles(s.address, "Segue o log.", "f1@alfa", first, log)
		require.Equal(t, inbound.BecomesMessage, m.Outcome)
		counted := func() [2]int {
			return [2]int{
				env.Count(t, "SELECT count(*) FROM ticket_messages"),
				env.Count(t, "SELECT count(*) FROM attachments"),
			}
		}
		before := counted()

		// The copy names the ticket by a header alone, which no domain vouches for.
		first.ReplyTo = help
		m = s.withFiles(s.address, "Segue o log.", "f1@alfa", first, log)
		require.Equal(t, inbound.BecomesItem, m.Outcome)
		item := items(t, env)[0]
		added, err := env.AddToTicket(storetest.Operator(), item.ID, item.Version)
		require.NoError(t, err)
		require.Equal(t, mailbox.AddedToTicket, added.Decision)
		require.Equal(t, before, counted())

		// The other way round, and pressed twice.
		m = s.withFiles(s.address, "Outro log.", "f2@alfa", first, part{"b.log", "still none"})
		require.Equal(t, inbound.BecomesItem, m.Outcome)
		item = items(t, env)[0]
		for _, code := range []string{"", rules.StateConflict} {
			_, err = env.AddToTicket(storetest.Operator(), item.ID, 0)
			require.Equal(t, code, rules.CodeOf(err))
		}
		after := counted()
		require.Equal(t, [2]int{before[0] + 1, before[1] + 1}, after)
		first.ReplyTo = keys.ReplyAddress(help, s.conversation().Ticket.Number)
		m = s.withFiles(s.address, "Outro log.", "f2@alfa", first, part{"b.log", "still none"})
		require.Equal(t, inbound.BecomesMessage, m.Outcome)
		require.Equal(t, after, counted())
		env.AuditHolds(t)
	})
}

// Two mails of one name and the same words are two where somebody else wrote them, or where other
// files came with them: nothing is lost. Once the bytes of a mail have gone, what its item keeps
// says which mail it was.
func TestS44_S43_AMailWithOtherFilesOrOfSomebodyElseIsAnother(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		s := newSupport(t, env)
		first := s.written()[0]
		inv, err := env.Invite(s.member, identity.NewInvite{
			AccountID:   s.conversation().Ticket.AccountID,
			Email:       "bia@acme.example",
			ContactName: "Bia",
			Role:        identity.RoleAdmin,
			Kind:        identity.InvitationForColleague,
		})
		require.NoError(t, err)
		bia, _ := env.Join(t, inv)
		counted := func() [2]int {
			return [2]int{
				env.Count(t, "SELECT count(*) FROM ticket_messages"),
				env.Count(t, "SELECT count(*) FROM attachments"),
			}
		}
		before := counted()
		for i, sent := range []struct {
			from string
			file part
		}{
			{s.address, part{"scan.txt", "page one"}},
			{s.address, part{"scan.txt", "page two"}}, // of the same size
			{s.address, part{"scan2.txt", "the third"}},
			{bia.Email, part{"scan.txt", "page four"}},
		} {
			m := s.withFiles(sent.from, "Segue.", "scan@alfa", first, sent.file)
			require.Equal(t, inbound.BecomesMessage, m.Outcome, i)
			require.Equal(t, [2]int{before[0] + 1 + i, before[1] + 1 + i}, counted())
		}
		messages := s.messages()
		require.Equal(t, bia.ID, messages[len(messages)-1].AuthorID)

		// A copy of each that an operator adds is none, though its bytes have gone.
		after := counted()
		first.ReplyTo = help
		s.withFiles(s.address, "Segue.", "scan@alfa", first, part{"scan.txt", "page two"})
		s.withFiles(bia.Email, "Segue.", "scan@alfa", first, part{"scan.txt", "page four"})
		require.NoError(t, env.Exec("DELETE FROM inbound_mail_chunks"))
		for _, item := range items(t, env) {
			_, err := env.AddToTicket(storetest.Operator(), item.ID, item.Version)
			require.NoError(t, err)
		}
		require.Equal(t, after, counted())
		env.AuditHolds(t)
	})
}

// An operator adds a mail with files, killed after every single statement in turn: the message, its
// files and the decision are there together, or none of them is.
func TestC6_S44_AMailThatIsAddedIsWholeOrNotThere(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		s := newSupport(t, env)
		s.withFiles("mallory@evil.example", "See it.", "k1@evil", s.written()[0], part{"x.txt", "boo"})
		item := items(t, env)[0]
		counted := func() [4]int {
			return [4]int{
				env.Count(t, "SELECT count(*) FROM ticket_messages"),
				env.Count(t, "SELECT count(*) FROM attachments"),
				env.Count(t, "SELECT count(*) FROM attachment_chunks"),
				env.Count(t, "SELECT count(*) FROM inbox_items WHERE state = 'OPEN'"),
			}
		}
		before := counted()
		for n := 1; n < 90; n++ {
			ctx, cancel := context.WithCancel(storetest.Operator())
			env.Statements.Reset()
			env.Statements.After(func(count int) {
				if count == n {
					cancel()
				}
			})
			_, err := env.AddToTicket(ctx, item.ID, item.Version)
			env.Statements.After(nil)
			cancel()
			if err == nil {
				break
			}
			require.Equal(t, before, counted(), "killed after statement %d", n)
		}
		require.Equal(t, [4]int{before[0] + 1, before[1] + 1, before[2] + 1, 0}, counted())
		env.AuditHolds(t)
	})
}

// A reply to a closed ticket came to two of our addresses: it opens one ticket with one message.
func TestR40a_ACopyOfAReplyToAClosedTicketIsNoSecondMessage(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		s := newSupport(t, env)
		s.close()
		l := reply(s.address, "Voltou a falhar.", s.written()[0])
		l.auth = "pass"
		text := l.raw()
		for _, to := range []string{l.to, help} {
			l.to = to
			require.Equal(t, inbound.BecomesMessage, deliverRaw(t, env, l, text).Outcome)
		}
		lines, _, err := env.Tickets.List(s.member, ticket.Filter{Open: true})
		require.NoError(t, err)
		require.Len(t, lines, 1)
		s.id = lines[0].ID
		require.Len(t, s.messages(), 1)
	})
}

// close resolves the ticket and lets its days go by.
func (s support) close() {
	s.t.Helper()
	s.does(storetest.Operator(), ticket.Command{Name: rule.DoResolve, Text: "Feito."})
	at := s.conversation().Ticket.ResolvedAt
	storetest.RunTicketUntil(s.t, s.Env, s.id, at.Add(8*24*time.Hour))
	require.Equal(s.t, rule.Closed, s.conversation().Ticket.State)
}

// A mail that would open a ticket which nothing covers is an operator's, who reads why. Its sender
// is answered as anybody is.
func TestS44_R39c_AMailThatNothingCoversSaysSoToTheOperator(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		s := newSupport(t, env)
		first := s.written()[0]
		s.close()
		require.NoError(t, storetest.SecondOf(
			env.ReleaseRoom(env.Context, db.Text(s.conversation().Ticket.RoomID), 0, "x")))

		m := deliver(t, env, reply(s.address, "Voltou a falhar.", first))
		require.Equal(t, inbound.BecomesItem, m.Outcome)
		require.Equal(t, inbound.ReasonNotCovered, m.Reason)
		require.Equal(t, inbound.ReasonNotCovered, items(t, env)[0].Reason)
		theirs := env.Mails(t, rules.TemplateMailboxReceived)
		require.Len(t, theirs, 1)

		deliver(t, env, letter{from: "eva@fremd.example", to: help, text: "Olá"})
		answers := env.Mails(t, rules.TemplateMailboxReceived)
		require.Len(t, answers, 2)
		for _, a := range answers {
			delete(a.Params, "in_reply_to")
			require.Empty(t, a.Params, "the same words to everybody")
		}
	})
}

// S43: the files of a mail come with the ticket that an operator makes of it, once.
func TestS56_S43_TheFilesOfAMailComeWithItsTicket(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		s := newSupport(t, env)
		to := s.written()[0]
		to.ReplyTo, to.MessageID = help, "none"
		m := s.withFiles(s.address, "A sala 1 está escura.", "n1@alfa", to,
			part{"sala.log", "no signal"}, part{"page.html", "<html><script>x</script></html>"})
		require.Equal(t, inbound.BecomesItem, m.Outcome)
		item := items(t, env)[0]
		require.Empty(t, item.Ticket)
		done, err := env.OpenTicket(storetest.Operator(), item.ID, item.Version, mailbox.NewTicket{
			RoomID:   db.Text(s.conversation().Ticket.RoomID),
			Category: rule.Hardware,
			Usable:   rule.UsablePartly,
			Summary:  "Sala escura",
			For:      item.Matches.Members[0].UserID,
		})
		require.NoError(t, err)
		files, err := env.Attachments.OfGroup(s.member, done.DecisionRef)
		require.NoError(t, err)
		require.Len(t, files, 2, "one that is not taken is named")
		s.id = done.DecisionRef
		require.Equal(t, s.messages()[0].ID, files[0].OwnerID)
	})
}

// S56, S43: a mail that is nothing but files becomes a ticket, too: it says its subject, or what the
// files are called.
func TestS56_S43_AMailOfFilesAloneBecomesATicket(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		s := newSupport(t, env)
		to := s.written()[0]
		to.ReplyTo, to.MessageID = help, "none"
		to.Subject = "Sala 1 escura"
		s.withFiles(s.address, "", "o1@alfa", to, part{"foto.txt", "the dark room"})
		item := items(t, env)[0]
		require.Empty(t, item.Body)
		require.Equal(t, "Re: Sala 1 escura", item.Words())
		done, err := env.OpenTicket(storetest.Operator(), item.ID, item.Version, mailbox.NewTicket{
			RoomID:   db.Text(s.conversation().Ticket.RoomID),
			Category: rule.Hardware,
			Usable:   rule.UsablePartly,
			Summary:  "Sala escura",
			For:      item.Matches.Members[0].UserID,
		})
		require.NoError(t, err)
		s.id = done.DecisionRef
		require.Equal(t, "Re: Sala 1 escura", s.messages()[0].Text)
		files, err := env.Attachments.OfGroup(s.member, done.DecisionRef)
		require.NoError(t, err)
		require.Len(t, files, 1)

		item.Subject = ""
		require.Equal(t, "foto.txt", item.Words())
	})
}

// Words that an action would keep nowhere are refused, through whatever door they come.
func TestS56_WordsThatNothingKeepsAreRefused(t *testing.T) {
	require.NoError(t, mailbox.ActAnswer.CheckWords("Hello", ""))
	require.NoError(t, mailbox.ActReissue.CheckWords("", "asked by phone"))
	for _, err := range []error{
		mailbox.ActSpam.CheckWords("Hello", ""),
		mailbox.ActSpam.CheckWords("", "why"),
		mailbox.ActReissue.CheckWords("Hello", "why"),
	} {
		storetest.RequireCode(t, rules.ValidationFailed, err)
	}
}

// S56: the task of an item closes with what is decided about it; by hand it is refused while the
// item waits, so that nobody who wrote is forgotten.
func TestS56_TheTaskOfAnOpenItemIsNotClosedByHand(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		newDesk(env)
		deliver(t, env, letter{from: "eva@fremd.example", to: help, text: "Olá"})
		task := env.Tasks(t, db.TaskMailboxRequest)[0]
		closing := operations.TaskAction{Name: operations.ActClose, Reason: "seen"}
		_, err := env.Act(storetest.Operator(), task.ID, closing)
		storetest.RequireCode(t, rules.StateConflict, err)
		require.Equal(t, db.TaskOpen, env.Tasks(t, db.TaskMailboxRequest)[0].State)

		item := items(t, env)[0]
		_, err = env.MarkSpam(storetest.Operator(), item.ID, item.Version)
		require.NoError(t, err)
		require.Equal(t, db.TaskDone, env.Tasks(t, db.TaskMailboxRequest)[0].State)
	})
}
