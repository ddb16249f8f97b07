package mail

import (
	"bytes"
	"mime"
	"net/mail"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// rawSubject is the header as it stands in the message, with its folds.
func rawSubject(t require.TestingT, subject string) string {
	c, failure := compose(Message{
		ID:          "ntf_1",
		FromName:    "S",
		FromAddress: "s@services.example",
		To:          "a@acme.example",
		Subject:     subject,
		Text:        "x",
	}, "")
	if failure != nil {
		require.FailNow(t, failure.Error())
	}
	header := string(c.content[:bytes.Index(c.content, []byte("\r\n\r\n"))+2])
	from := strings.Index(header, "Subject:")
	require.NotEqual(t, -1, from)
	end := from
	for {
		end += strings.Index(header[end:], "\r\n") + 2
		if end >= len(header) || header[end] != ' ' {
			return header[from:end]
		}
	}
}

// The literal subjects stand on one line, so that no reader shows more than
// they say.
func TestR96_R119_SubjectsStandOnTheLineOfTheirName(t *testing.T) {
	require.Equal(t, "Subject: =?UTF-8?q?Detalhes_do_contrato_de_servi=C3=A7o_do_Logitech_Select?=\r\n",
		rawSubject(t, "Detalhes do contrato de serviço do Logitech Select"))
	require.Equal(t, "Subject: Boas-vindas ao Logitech Select\r\n", rawSubject(t, "Boas-vindas ao Logitech Select"))
}

func TestSubject_AnyTextArrivesAsItIs(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		subject := rapid.StringOfN(rapid.RuneFrom([]rune("abcXYZ09 ç–é漢🙂=?_.,:;<>@\"()-")), 1, 200, -1).Draw(
			t, "subject",
		)
		if !headerText(subject) || strings.TrimSpace(subject) == "" ||
			strings.Join(strings.Fields(subject), " ") != subject {
			t.Skip("no subject")
		}
		raw := rawSubject(t, subject)
		for i, line := range strings.Split(strings.TrimSuffix(raw, "\r\n"), "\r\n") {
			require.NotEmpty(t, strings.TrimSpace(strings.TrimPrefix(line, "Subject:")), "line %d says nothing", i)
			if strings.Contains(line, "=?") {
				require.LessOrEqual(t, len(line), 76)
			}
		}
		m, err := mail.ReadMessage(strings.NewReader(raw + "\r\n"))
		require.NoError(t, err)
		got, err := new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject"))
		require.NoError(t, err)
		require.Equal(t, subject, got)
	})
}
