package activities_test

import (
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/mail/thread"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/ticket"
	"roomcover.dev/roomcover/rules"
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
