package mail

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"roomcover.dev/roomcover/mail/smtptest"
)

// catcher starts a server and a sender for it, closed at the test's end.
func catcher(t *testing.T, change func(*Options), opts ...smtptest.Option) (*smtptest.Server, *Sender) {
	t.Helper()
	server, err := smtptest.Start("127.0.0.1:0", opts...)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, server.Close()) })
	return server, senderFor(t, server, change)
}

func senderFor(t *testing.T, server *smtptest.Server, change func(*Options)) *Sender {
	t.Helper()
	o := Options{Host: "127.0.0.1", Port: server.Port(), TLS: "none", Timeout: 10 * time.Second,
		MessageIDDomain: "mail.example.com", RootCAs: server.RootCAs()}
	if change != nil {
		change(&o)
	}
	sender, err := NewSender(o)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, sender.Close()) })
	return sender
}

func sample(id string) Message {
	return Message{
		ID: id, FromName: "Serviços de suporte da Logitech", FromAddress: "no-reply@services.example",
		ReplyTo: "mailbox@services.example", To: "ana@acme.example",
		Subject: "Detalhes do contrato de serviço do Logitech Select",
		Text:    "Olá\n.linha com ponto\nção", HTML: "<p>Olá ção</p>", Locale: "pt-BR", Template: "order_confirmation",
	}
}

func requireKind(t *testing.T, err error, kind Kind, code int, step Step) *SendError {
	t.Helper()
	var failure *SendError
	require.ErrorAs(t, err, &failure)
	require.Equal(t, kind, failure.Kind, "%v", err)
	require.Equal(t, code, failure.Code, "%v", err)
	require.Equal(t, step, failure.Step, "%v", err)
	require.NotContains(t, err.Error(), "@", "an error's text never carries an address")
	return failure
}

func TestR96_R119_SubjectAndSenderDecodeExactly(t *testing.T) {
	for _, subject := range []string{
		"Detalhes do contrato de serviço do Logitech Select", // R96, R100
		"Boas-vindas ao Logitech Select",                     // R119
		strings.Repeat("Ação com acentuação e emoji 🎉, vírgula; ", 6) + "fim",
	} {
		server, sender := catcher(t, nil)
		m := sample("ntf_01")
		m.Subject = subject
		_, err := sender.Send(t.Context(), m)
		require.NoError(t, err)

		got := server.Messages()
		require.Len(t, got, 1, "one message to the customer")
		require.Equal(t, subject, got[0].Subject)
		require.Equal(t, "Serviços de suporte da Logitech", got[0].FromName)
		require.Equal(t, "no-reply@services.example", got[0].FromAddress)
		require.Equal(t, "no-reply@services.example", got[0].From)
		require.Equal(t, []string{"ana@acme.example"}, got[0].To)
		require.Equal(t, "Olá\n.linha com ponto\nção", strings.TrimRight(got[0].Text, "\n"))
		require.Equal(t, "<p>Olá ção</p>", strings.TrimRight(got[0].HTML, "\n"))
	}
}

func TestC7_HeaderOfAMail(t *testing.T) {
	server, sender := catcher(t, nil)
	provider, err := sender.Send(t.Context(), sample("ntf_01hzy.confirmation"))
	require.NoError(t, err)
	_, err = sender.Send(t.Context(), sample("ntf_01hzy.confirmation"))
	require.NoError(t, err)

	got := server.Messages()
	require.Equal(t, "2.0.0 OK: queued as "+got[0].ID, provider)
	require.Equal(t, "<ntf_01hzy.confirmation@mail.example.com>", got[0].MessageID)
	require.Equal(t, got[0].MessageID, got[1].MessageID, "the same notification has the same Message-ID")
	header := got[0].Header
	require.Equal(t, "auto-generated", header.Get("Auto-Submitted"))
	require.Equal(t, "pt-BR", header.Get("Content-Language"))
	require.Equal(t, "<mailbox@services.example>", header.Get("Reply-To"))
	require.Equal(t, "<ana@acme.example>", header.Get("To"))
	date, err := header.Date()
	require.NoError(t, err)
	require.WithinDuration(t, got[0].ReceivedAt, date, time.Minute)
	require.Empty(t, header.Get("User-Agent"))
	require.Empty(t, header.Get("X-Mailer"))
	for _, line := range strings.Split(string(got[0].Raw), "\r\n") {
		require.LessOrEqual(t, len(line), 998)
		require.False(t, strings.ContainsFunc(line, func(r rune) bool { return r > 0x7e }), "the wire is ASCII: %q",
			line)
	}
}

func TestSender_MessageIDDomainDefaultsToTheSenders(t *testing.T) {
	server, sender := catcher(t, func(o *Options) { o.MessageIDDomain = "" })
	_, err := sender.Send(t.Context(), sample("ntf_1"))
	require.NoError(t, err)
	require.Equal(t, "<ntf_1@services.example>", server.Messages()[0].MessageID)
}

func TestSender_ReusesOneConnection(t *testing.T) {
	server, sender := catcher(t, nil)
	const n = 20
	for i := range n {
		_, err := sender.Send(t.Context(), sample(fmt.Sprintf("ntf_%d", i)))
		require.NoError(t, err)
	}
	require.Len(t, server.Messages(), n)
	require.Equal(t, 1, server.Connections())
}

func TestSender_ConcurrentSendsShareOneConnection(t *testing.T) {
	server, sender := catcher(t, nil)
	const n = 30
	var group sync.WaitGroup
	for i := range n {
		group.Go(func() {
			_, err := sender.Send(context.Background(), sample(fmt.Sprintf("ntf_%d", i)))
			if err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	ids := map[string]bool{}
	for _, m := range server.Messages() {
		ids[m.MessageID] = true
	}
	require.Len(t, ids, n)
	require.Equal(t, 1, server.Connections())
}

func TestSender_ReplacesAStaleConnectionWithoutError(t *testing.T) {
	server, sender := catcher(t, nil)
	_, err := sender.Send(t.Context(), sample("ntf_1"))
	require.NoError(t, err)
	server.DropConnections()
	_, err = sender.Send(t.Context(), sample("ntf_2"))
	require.NoError(t, err)
	require.Len(t, server.Messages(), 2)
	require.Equal(t, 2, server.Connections())
}

func TestSender_ReplacesAConnectionThatTheServerEndsWith421(t *testing.T) {
	server, sender := catcher(t, nil)
	_, err := sender.Send(t.Context(), sample("ntf_1"))
	require.NoError(t, err)
	said := false
	server.RefuseSender(func(string) *smtptest.Error {
		if said {
			return nil
		}
		said = true
		return &smtptest.Error{Code: 421, EnhancedCode: [3]int{4, 4, 2}, Message: "idle time-out"}
	})
	_, err = sender.Send(t.Context(), sample("ntf_2"))
	require.NoError(t, err)
	require.Equal(t, 2, server.Connections())
}

func TestSender_ClosesAnIdleConnection(t *testing.T) {
	server, sender := catcher(t, nil)
	sender.idle = time.Millisecond
	_, err := sender.Send(t.Context(), sample("ntf_1"))
	require.NoError(t, err)
	require.Eventually(t, func() bool {
		<-sender.turn
		defer func() { sender.turn <- struct{}{} }()
		return sender.conn == nil
	}, 10*time.Second, time.Millisecond)
	_, err = sender.Send(t.Context(), sample("ntf_2"))
	require.NoError(t, err)
	require.Equal(t, 2, server.Connections())
}

func TestSender_RefusesAfterClose(t *testing.T) {
	_, sender := catcher(t, nil)
	require.NoError(t, sender.Close())
	_, err := sender.Send(t.Context(), sample("ntf_1"))
	requireKind(t, err, Temporary, 0, StepConnect)
}

func TestNewSender_RefusesWrongOptions(t *testing.T) {
	for name, o := range map[string]Options{
		"no host":         {Port: 25},
		"no port":         {Host: "localhost", Port: -1},
		"unknown TLS":     {Host: "localhost", Port: 25, TLS: "maybe"},
		"domain with LF":  {Host: "localhost", Port: 25, MessageIDDomain: "a\nb"},
		"HELO with space": {Host: "localhost", Port: 25, HelloName: "a b"},
	} {
		_, err := NewSender(o)
		require.Error(t, err, name)
	}
}
