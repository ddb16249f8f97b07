package mailbox_test

import (
	"encoding/base64"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/mail"
	"roomcover.dev/roomcover/mail/inbound"
	"roomcover.dev/roomcover/models/attachment"
	"roomcover.dev/roomcover/models/mailbox"
	"roomcover.dev/roomcover/models/storetest"
)

// part is a file of a mail.
type part struct{ name, content string }

// withFiles is an answer to a mail that carries files.
func (s support) withFiles(from, text, id string, to mail.Message, parts ...part) mailbox.InboundMail {
	s.t.Helper()
	l := reply(from, text, to)
	body := "--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n" + text + "\r\n"
	for _, p := range parts {
		body += "--b\r\nContent-Type: application/octet-stream; name=\"" + p.name + "\"\r\n" +
			"Content-Disposition: attachment; filename=\"" + p.name + "\"\r\n" +
			"Content-Transfer-Encoding: base64\r\n\r\n" +
			base64.StdEncoding.EncodeToString([]byte(p.content)) + "\r\n"
	}
	raw := "From: <" + from + ">\r\nTo: <" + l.to + ">\r\nSubject: " + l.subject + "\r\n" +
		"Message-ID: <" + id + ">\r\n" + l.more +
		"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + body + "--b--\r\n"
	return deliverRaw(s.t, s.Env, l, raw)
}

// An answer with files is a message with them. What is not taken is named in its place, to the
// customer and the agent alike; nobody has to look into an inbox.
func TestS44_S43_TheFilesOfAReplyHangOnItsMessage(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		s := newSupport(t, env)
		first := s.written()[0]
		log := strings.Repeat("02:14 no signal\n", 400)
		sent := []part{
			{"sala.log", log},
			{"page.html", "<html><script>x</script></html>"},
			{"empty.txt", ""},
			{"sign.txt", "-- Ana"},
		}
		m := s.withFiles(s.address, "Segue o log.", "f1@alfa", first, sent...)
		require.Equal(t, inbound.BecomesMessage, m.Outcome)
		require.Empty(t, items(t, env))

		messages := s.messages()
		said := messages[len(messages)-1]
		require.Equal(t, "Segue o log.", said.Text)
		for _, ctx := range []string{"customer", "operator"} {
			who := s.member
			if ctx == "operator" {
				who = storetest.Operator()
			}
			files, err := env.Attachments.OfGroup(who, s.id)
			require.NoError(t, err)
			standing := map[string]attachment.Standing{}
			for _, f := range files {
				require.Equal(t, said.ID, f.OwnerID)
				standing[f.Name] = env.Attachments.StandingOf(f)
			}
			require.Equal(t, attachment.StandsReady, standing["sala.log"], ctx)
			require.Equal(t, attachment.StandsRefused, standing["page.html"], ctx)
			require.Len(t, files, 3+boolInt(standing["empty.txt"] != ""), ctx)

			_, content, err := env.Tickets.OpenFile(who, files[0].ID)
			require.NoError(t, err)
			got, err := io.ReadAll(content)
			require.NoError(t, err)
			require.Equal(t, log, string(got))
		}

		// The same mail again, and the picture of a signature again: nothing is kept twice.
		before := env.Count(t, "SELECT count(*) FROM attachments")
		s.withFiles(s.address, "Segue o log.", "f1@alfa", first, sent...)
		s.withFiles(s.address, "Algo mais.", "f2@alfa", first, part{"sign.txt", "-- Ana"})
		require.Equal(t, before, env.Count(t, "SELECT count(*) FROM attachments"))

		// Nothing but a file is a message, too.
		m = s.withFiles(s.address, "", "f3@alfa", first, part{"foto.txt", "the second room"})
		require.Equal(t, inbound.BecomesMessage, m.Outcome)
		messages = s.messages()
		require.Contains(t, messages[len(messages)-1].Text, "foto.txt")

		// A stranger's file reaches no ticket until an operator says so.
		before = env.Count(t, "SELECT count(*) FROM attachments")
		m = s.withFiles("mallory@evil.example", "Open it.", "f4@evil", first, part{"x.txt", "boo"})
		require.Equal(t, inbound.BecomesItem, m.Outcome)
		require.Equal(t, before, env.Count(t, "SELECT count(*) FROM attachments"))
		item := items(t, env)[0]
		_, err := env.AddToTicket(storetest.Operator(), item.ID, item.Version)
		require.NoError(t, err)
		require.Equal(t, before+1, env.Count(t, "SELECT count(*) FROM attachments"))
	})
}

func boolInt(is bool) int {
	if is {
		return 1
	}
	return 0
}
