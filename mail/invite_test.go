package mail

import (
	"bytes"
	"encoding/base64"
	"io"
	"mime"
	"mime/multipart"
	"net/mail"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const calendarMessage = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nMETHOD:REQUEST\r\n" +
	"BEGIN:VEVENT\r\nSUMMARY:São Paulo – sessão\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"

// parts reads the parts of a multipart body.
func parts(t *testing.T, contentType string, body io.Reader, want string) (out []*part) {
	t.Helper()
	kind, params, err := mime.ParseMediaType(contentType)
	require.NoError(t, err)
	require.Equal(t, want, kind)
	for r := multipart.NewReader(body, params["boundary"]); ; {
		p, err := r.NextRawPart()
		if err == io.EOF {
			return out
		}
		require.NoError(t, err)
		content, err := io.ReadAll(p)
		require.NoError(t, err)
		kind, params, err := mime.ParseMediaType(p.Header.Get("Content-Type"))
		require.NoError(t, err)
		out = append(out, &part{p, kind, params, content})
	}
}

type part struct {
	*multipart.Part
	kind    string
	params  map[string]string
	content []byte
}

// decoded is the content of a part in base64.
func (p *part) decoded(t *testing.T) string {
	t.Helper()
	require.Equal(t, "base64", p.Header.Get("Content-Transfer-Encoding"))
	plain := strings.NewReplacer("\r", "", "\n", "").Replace(string(p.content))
	text, err := base64.StdEncoding.DecodeString(plain)
	require.NoError(t, err)
	return string(text)
}

func TestS46_AnInvitationIsTheLastAlternativeAndAFile(t *testing.T) {
	m := sample("ntf_1")
	m.Invite = &Invite{Method: "REQUEST", Content: []byte(calendarMessage)}
	c, failure := compose(m, "x.example")
	require.Nil(t, failure)

	whole, err := mail.ReadMessage(bytes.NewReader(c.content))
	require.NoError(t, err)
	mixed := parts(t, whole.Header.Get("Content-Type"), whole.Body, "multipart/mixed")
	require.Len(t, mixed, 2)

	alternatives := parts(t, mixed[0].Header.Get("Content-Type"),
		bytes.NewReader(mixed[0].content), "multipart/alternative")
	require.Len(t, alternatives, 3)
	require.Equal(t, "text/plain", alternatives[0].kind)
	require.Equal(t, "text/html", alternatives[1].kind)
	calendar := alternatives[2]
	require.Equal(t, "text/calendar", calendar.kind)
	require.Equal(t, "REQUEST", calendar.params["method"])
	require.Equal(t, "UTF-8", calendar.params["charset"])
	require.Empty(t, calendar.Header.Get("Content-Disposition"))
	require.Equal(t, calendarMessage, calendar.decoded(t))

	file := mixed[1]
	require.Equal(t, "invite.ics", file.FileName())
	require.True(t, strings.HasPrefix(file.Header.Get("Content-Disposition"), "attachment"))
	require.Equal(t, calendarMessage, file.decoded(t))
}

func TestS46_AnInvitationSaysTheMethodThatStandsInIt(t *testing.T) {
	for _, wrong := range []Invite{
		{Method: "CANCEL", Content: []byte(calendarMessage)},
		{Method: "REQUEST\r\nX: y", Content: []byte(calendarMessage)},
		{Method: "", Content: []byte(calendarMessage)},
		{Method: "REQUEST"},
		{Method: "REQUEST", Content: []byte("\r\nMETHOD:REQUEST\r\n\xff")},
	} {
		m := sample("ntf_1")
		m.Invite = &wrong
		_, failure := compose(m, "x.example")
		require.NotNil(t, failure)
		require.Equal(t, Permanent, failure.Kind)
	}
}
