package mail

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/mail/thread"
)

// What a person wrote is not called automatic; what nobody wrote is, and an answer to a mail goes
// out with the null sender, so that nothing can answer it again (RFC 3834).
func TestS44_TheHeaderSaysWhetherAPersonWrote(t *testing.T) {
	server, sender := catcher(t, nil)
	keys := thread.NewKeys([]byte("one"))
	var references []string
	for i := range 30 {
		references = thread.ReferencesAfter(references, fmt.Sprintf("m%d@elsewhere.example", i))
	}

	for _, origin := range []Origin{Generated, AutoReplied, Written} {
		m := sample(fmt.Sprintf("ntf_%d", origin))
		m.MessageID = keys.MessageID("TK-10023", m.ID, m.To)
		m.ReplyTo = keys.ReplyAddress("help@services.example", "TK-10023")
		m.InReplyTo = "m29@elsewhere.example"
		m.References = references
		m.ThreadIndex, m.ThreadTopic = "AQHbQ5Zkq0m7", "[TK-10023] Sala Ipê"
		m.Origin, m.NullSender = origin, origin == AutoReplied
		_, err := sender.Send(t.Context(), m)
		require.NoError(t, err)
	}

	mails := server.Messages()
	require.Len(t, mails, 3)
	for i, want := range []struct{ submitted, suppress, from string }{
		{"auto-generated", "OOF, AutoReply", "no-reply@services.example"},
		{"auto-replied", "OOF, AutoReply", ""},
		{"", "", "no-reply@services.example"},
	} {
		h := mails[i].Header
		require.Equal(t, want.submitted, h.Get("Auto-Submitted"))
		require.Equal(t, want.suppress, h.Get("X-Auto-Response-Suppress"))
		require.Equal(t, want.from, mails[i].From)
		require.Equal(t, "<m29@elsewhere.example>", h.Get("In-Reply-To"))
		require.Len(t, strings.Fields(h.Get("References")), 20)
		require.Equal(t, "AQHbQ5Zkq0m7", h.Get("Thread-Index"))
		own, ok := keys.ParseMessageID(mails[i].MessageID)
		require.True(t, ok)
		require.Equal(t, "TK-10023", own.Ticket)
		_, ok = keys.TicketOfAddress(strings.Trim(h.Get("Reply-To"), "<>"))
		require.True(t, ok)
		for line := range strings.Lines(string(mails[i].Raw)) {
			require.LessOrEqual(t, len(line), 998)
		}
	}
}

func TestS44_WhatIsAnsweredCannotAddToTheHeader(t *testing.T) {
	_, sender := catcher(t, nil)
	for name, change := range map[string]func(*Message, string){
		"In-Reply-To":  func(m *Message, v string) { m.InReplyTo = v },
		"References":   func(m *Message, v string) { m.References = []string{v} },
		"Thread-Index": func(m *Message, v string) { m.ThreadIndex = v },
		"Message-ID":   func(m *Message, v string) { m.MessageID = v },
	} {
		for _, evil := range []string{"a\r\nBcc: b@evil.example", "a>\n <b", "a b", "a>b"} {
			m := sample("ntf_1")
			change(&m, evil)
			_, err := sender.Send(t.Context(), m)
			require.Error(t, err, "%s %q", name, evil)
		}
	}
	require.Equal(t, []string{"a@b"}, thread.ReferencesAfter([]string{"x y", "a@b"}, "c\r\nd"))
}
