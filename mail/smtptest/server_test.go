package smtptest

import (
	"context"
	"crypto/tls"
	"errors"
	"net/smtp"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

const plainMail = "From: =?utf-8?q?Servi=C3=A7os?= <a@x.example>\r\nTo: <b@x.example>\r\n" +
	"Subject: =?utf-8?q?Ol=C3=A1?=\r\nMessage-ID: <1@x.example>\r\n\r\nOl\xc3\xa1\r\n..dot\r\n"

func start(t *testing.T, opts ...Option) *Server {
	t.Helper()
	s, err := Start("127.0.0.1:0", opts...)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s
}

func send(s *Server, to ...string) error {
	return smtp.SendMail(s.Addr(), nil, "a@x.example", to, []byte(plainMail))
}

func TestServer_KeepsAndDecodesAMail(t *testing.T) {
	s := start(t)
	require.NoError(t, send(s, "b@x.example", "c@x.example"))
	got := s.Messages()
	require.Len(t, got, 1)
	m := got[0]
	require.Equal(t, "a@x.example", m.From)
	require.Equal(t, []string{"b@x.example", "c@x.example"}, m.To)
	require.Equal(t, "Serviços", m.FromName)
	require.Equal(t, "a@x.example", m.FromAddress)
	require.Equal(t, "Olá", m.Subject)
	require.Equal(t, "<1@x.example>", m.MessageID)
	require.Equal(t, "Olá\n..dot\n", m.Text)
	require.Equal(t, plainMail, string(m.Raw))
	require.False(t, m.TLS)
	require.Equal(t, time.UTC, m.ReceivedAt.Location())
}

func TestServer_KeepsWhatItCannotDecode(t *testing.T) {
	s := start(t)
	require.NoError(t, smtp.SendMail(s.Addr(), nil, "a@x.example", []string{"b@x.example"}, []byte("no header at all")))
	require.Equal(t, "no header at all\r\n", string(s.Messages()[0].Raw))
}

func TestDir_MailsSurviveARestart(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "mails")
	first := start(t, Dir(dir))
	require.NoError(t, send(first, "b@x.example", "c@x.example"))
	require.NoError(t, send(first, "d@x.example"))
	kept := first.Messages()
	require.NoError(t, first.Close())

	second := start(t, Dir(dir))
	require.Equal(t, kept, second.Messages())
	require.NoError(t, send(second, "e@x.example"))
	require.Len(t, second.Messages(), 3)
	require.Greater(t, second.Messages()[2].ID, kept[1].ID)

	files, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, files, 3, "no half-written files are left")
}

func TestDir_ThatIsNotUsableIsAnError(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	_, err := Start("127.0.0.1:0", Dir(file))
	require.Error(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(filepath.Dir(file), "zzz.eml"), nil, 0o600))
	_, err = Start("127.0.0.1:0", Dir(filepath.Dir(file)))
	require.Error(t, err)
}

func TestStart_RefusesAWrongAddress(t *testing.T) {
	_, err := Start("not an address")
	require.Error(t, err)
}

func TestWaitFor_EarlierAndLaterMails(t *testing.T) {
	s := start(t)
	to := func(addr string) func(Message) bool { return func(m Message) bool { return m.To[0] == addr } }
	require.NoError(t, send(s, "b@x.example"))
	_, err := s.WaitFor(t.Context(), to("b@x.example"))
	require.NoError(t, err)

	done := make(chan error)
	go func() {
		_, err := s.WaitFor(t.Context(), to("d@x.example"))
		done <- err
	}()
	require.NoError(t, send(s, "c@x.example"))
	require.NoError(t, send(s, "d@x.example"))
	require.NoError(t, <-done)

	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errors.New("enough"))
	_, err = s.WaitFor(ctx, to("e@x.example"))
	require.ErrorContains(t, err, "no such mail among 3: enough")
}

func TestFaults_Refusals(t *testing.T) {
	s := start(t)
	s.FailTemporarily(1)
	require.ErrorContains(t, send(s, "b@x.example"), "451")
	s.Refuse(func(rcpt string) *Error {
		if rcpt == "gone@x.example" {
			return &Error{Code: 550, Message: "gone"}
		}
		return nil
	})
	require.ErrorContains(t, send(s, "gone@x.example"), "550")
	s.RefuseSender(func(string) *Error { return &Error{Code: 553, Message: "who"} })
	require.ErrorContains(t, send(s, "b@x.example"), "553")
	s.RefuseSender(nil)
	s.RefuseNextData(&Error{Code: 554, Message: "spam"})
	require.ErrorContains(t, send(s, "b@x.example"), "554")
	require.Empty(t, s.Messages())
	require.NoError(t, send(s, "b@x.example"))
}

func TestFaults_LostConnections(t *testing.T) {
	s := start(t)
	s.DropNextMidData()
	require.Error(t, send(s, "b@x.example"))
	require.Empty(t, s.Messages())
	s.DropNextAfterDot()
	require.Error(t, send(s, "b@x.example"))
	require.Len(t, s.Messages(), 1)
}

func TestFaults_HeldAndSlowAnswers(t *testing.T) {
	s := start(t)
	s.SlowAnswers(time.Millisecond)
	release := s.HoldAnswers()
	done := make(chan error, 1)
	go func() { done <- send(s, "b@x.example") }()
	select {
	case err := <-done:
		t.Fatal("answered while held", err)
	default:
	}
	release()
	release()
	require.NoError(t, <-done)
}

func TestSTARTTLS_WithTheServersOwnCertificate(t *testing.T) {
	s := start(t, STARTTLS(), Auth("u", "p"))
	c, err := smtp.Dial(s.Addr())
	require.NoError(t, err)
	defer func() { _ = c.Close() }()
	require.NoError(t, c.StartTLS(&tls.Config{ServerName: "127.0.0.1", RootCAs: s.RootCAs()}))
	require.Error(t, c.Mail("a@x.example"), "sign in first")
	require.NoError(t, c.Auth(smtp.PlainAuth("", "u", "p", "127.0.0.1")))
	require.NoError(t, c.Mail("a@x.example"))
}

func TestClose_Twice(t *testing.T) {
	s := start(t)
	require.NoError(t, s.Close())
	require.NoError(t, s.Close())
}
