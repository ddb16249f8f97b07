package activities_test

import (
	"context"
	"mime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/mail/smtptest"
	"roomcover.dev/roomcover/mail/thread"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/session"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/models/ticket"
	"roomcover.dev/roomcover/rules"
	rulesession "roomcover.dev/roomcover/rules/session"
	rule "roomcover.dev/roomcover/rules/ticket"
)

// A ticket's mail brings the way back: the signed address and the signed Message-ID.
func TestS44_AnAnswerToATicketsMailFindsTheTicket(t *testing.T) {
	b := newBench(t)
	b.mail.Keys = thread.NewKeys([]byte("a key for tests, thirty-two bytes long"))
	c := b.Covered(t)
	member := db.WithScope(context.Background(), db.Scope{
		AccountIDs: []string{c.Account},
		Actor:      db.Actor{ID: c.Admin.ID, Role: rules.CustomerAdmin},
	})
	tk, err := b.Tickets.Open(member, ticket.NewTicket{
		RoomID:   c.Room.ID,
		Category: rule.Hardware,
		Usable:   rule.UsableNo, // it is told of at once
		Summary:  "Sem imagem",
		Text:     "A tela fica escura.",
	})
	require.NoError(t, err)
	_, err = b.send(tk.ID)
	require.NoError(t, err)

	messages := b.smtp.Messages()
	require.Len(t, messages, 1)
	m := messages[0]
	require.Equal(t, "["+tk.Number+"] Sem imagem", m.Subject)
	require.Equal(t, "auto-generated", m.Header.Get("Auto-Submitted"))
	named, ok := b.mail.Keys.TicketOfAddress(strings.Trim(m.Header.Get("Reply-To"), "<>"))
	require.True(t, ok)
	require.Equal(t, tk.Number, named)
	own, ok := b.mail.Keys.ParseMessageID(m.MessageID)
	require.True(t, ok)
	require.Equal(t, tk.Number, own.Ticket)
	require.Contains(t, m.Header.Get("In-Reply-To"), tk.ID, "all its mails are one conversation")
	require.Contains(t, m.Header.Get("References"), tk.ID)
	require.Regexp(t, `(?m)^--- .+ ---\r?$`, m.Text)
}

// A mail names those that its reader has of the ticket, and what people answered by mail: the first
// of all, the last ones, and the one before it.
func TestS44_TheMailsOfATicketAreOneThread(t *testing.T) {
	b := newBench(t)
	b.mail.Keys = thread.NewKeys([]byte("a key for tests, thirty-two bytes long"))
	c := b.Covered(t)
	member := db.WithScope(context.Background(), db.Scope{
		AccountIDs: []string{c.Account},
		Actor:      db.Actor{ID: c.Admin.ID, Role: rules.CustomerAdmin},
	})
	tk, err := b.Tickets.Open(member, ticket.NewTicket{
		RoomID:   c.Room.ID,
		Category: rule.Hardware,
		Usable:   rule.UsableNo, // it is told of at once
		Summary:  "Sem imagem",
		Text:     "A tela fica escura.",
	})
	require.NoError(t, err)
	got := 0
	next := func() smtptest.Message {
		t.Helper()
		_, err := b.send(tk.ID)
		require.NoError(t, err)
		messages := b.smtp.Messages()
		require.Len(t, messages, got+1)
		got++
		return messages[got-1]
	}
	says := func(text string) {
		t.Helper()
		_, err := b.Tickets.Do(storetest.Operator(), tk.ID, ticket.Command{Name: rule.DoAnswer, Text: text})
		require.NoError(t, err)
	}
	named := func(m smtptest.Message, name string) []string {
		return strings.Fields(m.Header.Get(name))
	}

	first := next()
	root := named(first, "References")
	require.Len(t, root, 1)
	require.Equal(t, root, named(first, "In-Reply-To"))
	require.Empty(t, first.Header.Get("Thread-Index"))

	says("Is the cable in?")
	second := next()
	require.Equal(t, []string{"<" + strings.Trim(first.MessageID, "<>") + ">"}, named(second, "In-Reply-To"))
	require.Equal(t, append(root, named(second, "In-Reply-To")...), named(second, "References"))
	require.NotEqual(t, first.MessageID, second.MessageID)

	const theirs, index = "CAF+abc=1@mail.acme.example", "AQHbQ5Zkq0m7m1m6a0uH9yqJr2n4Fg=="
	require.NoError(t, b.DB.Write(b.Context, func(tx *db.Tx) error {
		scope := tx.Scope
		scope.System = false
		scope.AccountIDs = []string{c.Account}
		scope.Actor = db.Actor{ID: c.Admin.ID, Role: rules.CustomerAdmin}
		_, err := b.Tickets.ReplyByMail(tx.As(scope), tk.ID, ticket.MailReply{
			Once:        "one",
			Text:        "It is.",
			MessageID:   theirs,
			ThreadIndex: index,
		})
		return err
	}))
	says("Then restart it.")
	third := next()
	require.Equal(t, []string{"<" + theirs + ">"}, named(third, "In-Reply-To"))
	require.Equal(t, slices.Concat(named(second, "References"),
		[]string{"<" + strings.Trim(second.MessageID, "<>") + ">", "<" + theirs + ">"}),
		named(third, "References"))
	require.Equal(t, index, third.Header.Get("Thread-Index"))
	require.Equal(t, third.Subject, decodedHeader(t, third.Header.Get("Thread-Topic")))

	// Of a long conversation the first stays, with the last ones.
	for range 25 {
		says("Still there?")
		last := next()
		require.LessOrEqual(t, len(named(last, "References")), 20)
		require.Equal(t, root[0], named(last, "References")[0])
		require.Equal(t, named(last, "In-Reply-To")[0],
			named(last, "References")[len(named(last, "References"))-1])
	}
}

func decodedHeader(t *testing.T, text string) string {
	t.Helper()
	out, err := new(mime.WordDecoder).DecodeHeader(text)
	require.NoError(t, err)
	return out
}

// The reminder of a session that is called off while it waits for its sender is not sent, nor that
// to somebody who was removed meanwhile; that of one that is held is.
func TestS46_AReminderThatIsOverIsNotSent(t *testing.T) {
	for name, holds := range map[string]bool{"held": true, "called off": false, "removed": false} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			c := b.Covered(t)
			tk := b.OpenedTicket(t, c)
			start := b.Calendar.Now().UTC().Truncate(time.Minute).Add(5 * time.Hour)
			slots := []rulesession.Slot{{Start: start, End: start.Add(time.Hour)}}
			s, err := b.Tickets.ProposeSession(storetest.Operator(), tk.ID, slots)
			require.NoError(t, err)
			_, err = b.Tickets.AgreeToSession(storetest.Customer(c.Account), tk.ID, s.ID, slots,
				rulesession.TextVersion)
			require.NoError(t, err)
			_, err = b.Tickets.ScheduleSession(storetest.Operator(), tk.ID, s.ID, slots[0],
				session.Way{
					Provider: rulesession.Pasted,
					Link:     "https://teams.microsoft.com/l/meetup-join/1",
				})
			require.NoError(t, err)
			b.Calendar.Set(start.Add(-time.Hour))
			_, err = b.Tickets.RunTicketTimers(b.Context, tk.ID)
			require.NoError(t, err)
			switch name {
			case "called off":
				_, err = b.Tickets.CancelSession(storetest.Operator(), tk.ID, s.ID)
				require.NoError(t, err)
			case "removed":
				require.NoError(t, b.Exec("UPDATE memberships SET state = 'REMOVED'"))
			}

			_, err = b.send(s.ID)
			require.NoError(t, err)
			reminders := 0
			for _, m := range b.smtp.Messages() {
				if strings.Contains(m.Subject, "em breve") || strings.Contains(m.Subject, "soon") {
					reminders++
				}
			}
			suppressed := b.states(s.ID)[rules.NotificationSuppressed]
			if holds {
				require.NotZero(t, reminders)
				require.Zero(t, suppressed)
			} else {
				require.Zero(t, reminders)
				require.NotZero(t, suppressed)
			}
			require.Empty(t, b.tasks(db.TaskMailUndeliverable))
		})
	}
}
