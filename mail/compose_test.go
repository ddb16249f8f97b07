package mail

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestHeaderInjectionIsImpossible(t *testing.T) {
	evil := []string{"a\r\nBcc: b@evil.example", "a\nBcc: b", "a\rb", "a\x00b", "a\x1bb", "a\u0085b", "a\u2028b",
		"a\u202eb", "=?utf-8?q?a=0ABcc:_b?=", "a\xffb", "a\x7fb"}
	fields := map[string]func(*Message, string){
		"Subject":     func(m *Message, v string) { m.Subject = v },
		"FromName":    func(m *Message, v string) { m.FromName = v },
		"FromAddress": func(m *Message, v string) { m.FromAddress = v + "@x.example" },
		"ReplyTo":     func(m *Message, v string) { m.ReplyTo = v + "@x.example" },
		"To":          func(m *Message, v string) { m.To = v + "@x.example" },
		"ID":          func(m *Message, v string) { m.ID = v },
		"Thread":      func(m *Message, v string) { m.Thread = v },
		"Locale":      func(m *Message, v string) { m.Locale = v },
	}
	server, sender := catcher(t, nil)
	for field, set := range fields {
		for _, v := range evil {
			m := sample("ntf_1")
			set(&m, v)
			_, err := sender.Send(t.Context(), m)
			require.Error(t, err, "%s %q", field, v)
			requireKind(t, err, Permanent, 0, StepCompose)
			require.NotContains(t, err.Error(), "Bcc")
		}
	}
	require.Equal(t, 0, server.Connections(), "not even a connection is made")
}

func TestCompose_RefusesMalformedMessages(t *testing.T) {
	for name, change := range map[string]func(*Message){
		"no recipient":       func(m *Message) { m.To = "" },
		"two recipients":     func(m *Message) { m.To = "a@x.example, b@x.example" },
		"name in address":    func(m *Message) { m.To = "Ana <a@x.example>" },
		"angle brackets":     func(m *Message) { m.To = "<a@x.example>" },
		"SMTP parameter":     func(m *Message) { m.To = "a@x.example> NOTIFY=NEVER" },
		"bad domain":         func(m *Message) { m.To = "a@-x-.example" },
		"local part UTF-8":   func(m *Message) { m.To = "josé@x.example" },
		"no sender":          func(m *Message) { m.FromAddress = "" },
		"empty subject":      func(m *Message) { m.Subject = " " },
		"endless subject":    func(m *Message) { m.Subject = strings.Repeat("a", 301) },
		"empty text":         func(m *Message) { m.Text = "" },
		"text not UTF-8":     func(m *Message) { m.Text = "a\xff" },
		"ID with at":         func(m *Message) { m.ID = "a@b" },
		"ID empty":           func(m *Message) { m.ID = "" },
		"ID ends with a dot": func(m *Message) { m.ID = "a." },
	} {
		m := sample("ntf_1")
		change(&m)
		_, failure := compose(m, "x.example")
		require.NotNil(t, failure, name)
		require.Equal(t, Permanent, failure.Kind, name)
	}
}

func TestCompose_InternationalDomainGoesAsASCII(t *testing.T) {
	m := sample("ntf_1")
	m.To = "ana@ação.example"
	c, failure := compose(m, "")
	require.Nil(t, failure)
	require.Equal(t, "ana@xn--ao-siap.example", c.to)
}

func TestCompose_WithoutHTMLIsPlainText(t *testing.T) {
	m := sample("ntf_1")
	m.HTML = ""
	c, failure := compose(m, "")
	require.Nil(t, failure)
	require.Contains(t, string(c.content), "Content-Type: text/plain; charset=UTF-8")
	require.NotContains(t, string(c.content), "multipart")
}
