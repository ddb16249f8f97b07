package mail

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/textproto"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"roomcover.dev/roomcover/mail/smtptest"
)

func TestS17_RefusedRecipientIsPermanent(t *testing.T) {
	server, sender := catcher(t, nil)
	server.Refuse(func(rcpt string) *smtptest.Error {
		return &smtptest.Error{Code: 550, EnhancedCode: [3]int{5, 1, 1}, Message: "<" + rcpt + ">: no such user"}
	})
	_, err := sender.Send(t.Context(), sample("ntf_1"))
	failure := requireKind(t, err, Permanent, 550, StepRcpt)
	require.Equal(t, "5.1.1", failure.Enhanced)

	server.Refuse(nil)
	_, err = sender.Send(t.Context(), sample("ntf_2"))
	require.NoError(t, err, "the next recipient is served")
	require.Equal(t, 1, server.Connections(), "on the same connection")
}

func TestSendError_TemporaryRefusal(t *testing.T) {
	server, sender := catcher(t, nil)
	server.FailTemporarily(2)
	for range 2 {
		_, err := sender.Send(t.Context(), sample("ntf_1"))
		failure := requireKind(t, err, Temporary, 451, StepRcpt)
		require.Equal(t, "4.3.0", failure.Enhanced)
	}
	_, err := sender.Send(t.Context(), sample("ntf_1"))
	require.NoError(t, err)
	require.Len(t, server.Messages(), 1)
}

func TestSendError_AnswerToTheFinalDotIsDefinite(t *testing.T) {
	for code, kind := range map[int]Kind{452: Temporary, 421: Temporary, 552: Permanent, 554: Permanent} {
		server, sender := catcher(t, nil)
		server.RefuseNextData(&smtptest.Error{Code: code, Message: "no"})
		_, err := sender.Send(t.Context(), sample("ntf_1"))
		requireKind(t, err, kind, code, StepEnd)
		require.Empty(t, server.Messages())
		_, err = sender.Send(t.Context(), sample("ntf_2"))
		require.NoError(t, err)
	}
}

func TestC7_LostDuringContentIsUnknown(t *testing.T) {
	server, sender := catcher(t, nil)
	server.DropNextMidData()
	_, err := sender.Send(t.Context(), sample("ntf_1"))
	var failure *SendError
	require.ErrorAs(t, err, &failure)
	require.Equal(t, Unknown, failure.Kind)
	require.Empty(t, server.Messages(), "the server did not keep it, but we cannot know")

	_, err = sender.Send(t.Context(), sample("ntf_2"))
	require.NoError(t, err, "the next mail gets a new connection")
	require.Len(t, server.Messages(), 1)
}

func TestC7_LostAfterTheFinalDotIsUnknownAndNotRepeated(t *testing.T) {
	server, sender := catcher(t, nil)
	_, err := sender.Send(t.Context(), sample("ntf_0"))
	require.NoError(t, err)
	server.DropNextAfterDot()
	_, err = sender.Send(t.Context(), sample("ntf_1")) // on a reused connection
	requireKind(t, err, Unknown, 0, StepEnd)
	require.Len(t, server.Messages(), 2, "delivered once, and never again by itself")
}

func TestC7_EndOfContextWhileWaitingForTheAnswerIsUnknown(t *testing.T) {
	server, sender := catcher(t, nil)
	_, err := sender.Send(t.Context(), sample("ntf_0"))
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var release func()
	server.Refuse(func(string) *smtptest.Error { // the last moment before DATA
		release = server.HoldAnswers()
		return nil
	})
	go func() {
		_, _ = server.WaitFor(t.Context(), func(m smtptest.Message) bool {
			return m.MessageID == "<ntf_1@mail.example.com>"
		})
		cancel()
	}()
	_, err = sender.Send(ctx, sample("ntf_1"))
	failure := requireKind(t, err, Unknown, 0, StepEnd)
	require.ErrorIs(t, failure, context.Canceled)
	release()
}

func TestSendError_EndOfContextBeforeContentIsTemporary(t *testing.T) {
	server, sender := catcher(t, nil)
	ctx, cancel := context.WithCancel(t.Context())
	server.RefuseSender(func(string) *smtptest.Error {
		server.HoldAnswers() // RCPT will wait; Close lets it go
		cancel()
		return nil
	})
	_, err := sender.Send(ctx, sample("ntf_1"))
	var failure *SendError
	require.ErrorAs(t, err, &failure)
	require.Equal(t, Temporary, failure.Kind)
	require.ErrorIs(t, err, context.Canceled)
	require.Empty(t, server.Messages())
}

func TestSendError_TimeoutBeforeContentIsTemporary(t *testing.T) {
	server, sender := catcher(t, func(o *Options) { o.Timeout = 100 * time.Millisecond })
	_, err := sender.Send(t.Context(), sample("ntf_0"))
	require.NoError(t, err)
	release := server.HoldAnswers()
	defer release()
	_, err = sender.Send(t.Context(), sample("ntf_1"))
	var failure *SendError
	require.ErrorAs(t, err, &failure)
	require.Equal(t, Temporary, failure.Kind)
	require.Len(t, server.Messages(), 1)
}

func TestSendError_SilentServerEndsWithTheContext(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0") // accepts, and never greets
	require.NoError(t, err)
	defer func() { _ = listener.Close() }()
	sender, err := NewSender(Options{
		Host:    "127.0.0.1",
		Port:    listener.Addr().(*net.TCPAddr).Port,
		TLS:     "none",
		Timeout: time.Hour,
	})
	require.NoError(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Millisecond)
	defer cancel()
	_, err = sender.Send(ctx, sample("ntf_1"))
	requireKind(t, err, Temporary, 0, StepConnect)
	require.ErrorIs(t, err, context.DeadlineExceeded)
}

func TestSendError_ConnectionRefusedIsTemporary(t *testing.T) {
	server, sender := catcher(t, nil)
	require.NoError(t, server.Close())
	_, err := sender.Send(t.Context(), sample("ntf_1"))
	requireKind(t, err, Temporary, 0, StepConnect)
}

func TestSendError_TLSRequiredRefusesAPlaintextServer(t *testing.T) {
	server, sender := catcher(t, func(o *Options) { o.TLS = "" })
	_, err := sender.Send(t.Context(), sample("ntf_1"))
	requireKind(t, err, Temporary, 0, StepConnect)
	require.Contains(t, err.Error(), "STARTTLS")
	require.Empty(t, server.Messages())
}

func TestSender_EncryptsAndSignsIn(t *testing.T) {
	for mode, option := range map[string]smtptest.Option{
		"required": smtptest.STARTTLS(),
		"implicit": smtptest.ImplicitTLS(),
	} {
		t.Run(mode, func(t *testing.T) {
			server, sender := catcher(t, func(o *Options) {
				o.TLS = mode
				o.Username = "relay@x.example"
				o.Password = "secret"
			},
				option, smtptest.Auth("relay@x.example", "secret"))
			_, err := sender.Send(t.Context(), sample("ntf_1"))
			require.NoError(t, err)
			require.True(t, server.Messages()[0].TLS)

			wrong := senderFor(t, server, func(o *Options) {
				o.TLS = mode
				o.Username = "relay@x.example"
				o.Password = "guess"
			})
			_, err = wrong.Send(t.Context(), sample("ntf_2"))
			requireKind(t, err, Temporary, 535, StepConnect) // our fault, never a bounce

			untrusting := senderFor(t, server, func(o *Options) {
				o.TLS = mode
				o.RootCAs = nil
			})
			_, err = untrusting.Send(t.Context(), sample("ntf_3"))
			requireKind(t, err, Temporary, 0, StepConnect)

			anonymous := senderFor(t, server, func(o *Options) { o.TLS = mode })
			_, err = anonymous.Send(t.Context(), sample("ntf_4"))
			requireKind(t, err, Temporary, 530, StepMail)
			require.Len(t, server.Messages(), 1)
		})
	}
}

func TestSender_NeverSignsInOverPlaintext(t *testing.T) {
	server, err := smtptest.Start("127.0.0.1:0", smtptest.Auth("u", "p"))
	require.NoError(t, err)
	defer func() { require.NoError(t, server.Close()) }()
	sender := senderFor(t, server, func(o *Options) {
		o.Username = "u"
		o.Password = "p"
	})
	_, err = sender.Send(t.Context(), sample("ntf_1"))
	requireKind(t, err, Temporary, 0, StepConnect)
}

func TestClassify(t *testing.T) {
	reply := func(code int, msg string) error { return &textproto.Error{Code: code, Msg: msg} }
	lost := errors.New("read tcp: connection reset by peer")
	for _, c := range []struct {
		step Step
		err  error
		want Kind
	}{
		{StepConnect, lost, Temporary}, {StepConnect, reply(554, "go away"), Temporary},
		{StepMail, lost, Temporary}, {StepMail, reply(550, "5.7.1 sender refused"), Permanent},
		{StepMail, reply(530, "login"), Temporary},
		{StepRcpt, lost, Temporary}, {StepRcpt, reply(
			450, "greylisted",
		), Temporary}, {StepRcpt, reply(553, ""), Permanent},
		{StepData, lost, Temporary}, {StepData, reply(554, ""), Permanent}, {StepData, reply(250, "odd"), Temporary},
		{StepContent, lost, Unknown},
		{StepEnd, lost, Unknown}, {StepEnd, reply(
			251, "odd",
		), Unknown}, {StepEnd, textproto.ProtocolError("short"), Unknown},
		{StepEnd, reply(451, ""), Temporary}, {StepEnd, reply(550, ""), Permanent},
	} {
		require.Equal(t, c.want, classify(c.step, c.err).Kind, "%s %v", c.step, c.err)
	}
}

func TestSendError_TextHoldsNoAddress(t *testing.T) {
	for _, err := range []error{
		&textproto.Error{Code: 550, Msg: "5.1.1 <ana@acme.example> unknown, Ana Lima"},
		errors.New("cannot send to ana@acme.example"),
		fmt.Errorf("wrapped: %w", &textproto.Error{Code: 535, Msg: "ana@acme.example: bad password"}),
	} {
		e := classify(StepRcpt, err)
		require.NotContains(t, e.Error(), "acme")
		require.NotContains(t, e.Unwrap().Error(), "acme")
		require.NotContains(t, e.Error(), "Ana")
	}
	require.Equal(t, "mail: permanent failure at rcpt: server answered 550 5.1.1",
		classify(StepRcpt, &textproto.Error{Code: 550, Msg: "5.1.1 x"}).Error())
	require.Equal(t, "unknown", Unknown.String())
	require.Equal(t, "kind(9)", Kind(9).String())
}
