package mail

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/textproto"
	"strings"
	"sync"
	"time"

	gomail "github.com/wneessen/go-mail"
	"github.com/wneessen/go-mail/smtp"
)

// conversation is one SMTP session, ready for the next message.
//
// It drives go-mail's SMTP client step by step rather than through
// gomail.Client.Send, because the step is what decides between "may be sent
// again" and "never again by itself".
type conversation struct {
	smtp    *smtp.Client
	wire    *wire
	timeout time.Duration
	// broken: the session's state is unknown; it must not be used again.
	broken bool
}

// connect dials, greets, encrypts and signs in.
func (s *Sender) connect(ctx context.Context) (*conversation, error) {
	ctx, cancel := context.WithTimeout(ctx, s.options.Timeout)
	defer cancel()
	var w *wire

	client, err := gomail.NewClient(s.options.Host, append(s.client, gomail.WithDialContextFunc(
		func(dialCtx context.Context, network, addr string) (net.Conn, error) {
			raw, err := (&net.Dialer{}).DialContext(dialCtx, network, addr)
			if err != nil {
				return nil, err
			}

			w = &wire{Conn: raw}
			// The library heeds a context while dialling only; a server that
			// accepts and then says nothing must not hold us longer than ctx.
			w.watched = context.AfterFunc(ctx, w.interrupt)
			return s.encrypted(dialCtx, w)
		}))...)
	if err != nil {
		return nil, err
	}

	session, err := client.DialToSMTPClientWithContext(ctx)
	if w != nil && !w.watched() {
		err = errors.Join(ctx.Err(), err)
	}
	if err != nil {
		if w != nil {
			_ = w.Close() // the library leaves it open on a failed EHLO, TLS or AUTH
		}
		return nil, err
	}

	return &conversation{smtp: session, wire: w, timeout: s.options.Timeout}, nil
}

// encrypted is w itself, or TLS over it if the server expects that from the
// first byte.
func (s *Sender) encrypted(ctx context.Context, w *wire) (net.Conn, error) {
	if s.options.TLS != "implicit" {
		return w, nil
	}

	c := tls.Client(w, s.tlsConfig())
	if err := c.HandshakeContext(ctx); err != nil {
		return nil, err
	}

	return c, nil
}

// sendMessage gives one message to the server and returns the answer's text.
func (c *conversation) sendMessage(ctx context.Context, m composed) (string, *SendError) {
	c.wire.patience(ctx, c.timeout)
	defer context.AfterFunc(ctx, c.wire.interrupt)()
	sender := "<" + m.from + ">"
	if m.nullSender {
		sender = "<>"
	}
	for _, command := range []struct {
		step Step
		run  func() error
	}{
		{StepMail, func() error { return c.smtp.Mail(sender) }},
		{StepRcpt, func() error { return c.smtp.Rcpt("<" + m.to + ">") }},
	} {
		if err := command.run(); err != nil {
			return "", c.fail(ctx, command.step, err)
		}
	}

	writer, err := c.smtp.Data()
	if err != nil {
		return "", c.fail(ctx, StepData, err)
	}
	if _, err = writer.Write(m.content); err != nil {
		return "", c.fail(ctx, StepContent, err)
	}

	c.wire.patience(ctx, finalAnswerFactor*c.timeout)
	if err = writer.Close(); err != nil {
		return "", c.fail(ctx, StepEnd, err)
	}

	answer := writer.(*smtp.DataCloser).ServerResponse()
	return providerAnswer(answer), nil
}

// fail classifies and decides whether the session can go on: only after a
// plain refusal, and never after 421, which announces the server's hang-up.
func (c *conversation) fail(ctx context.Context, step Step, err error) *SendError {
	var reply *textproto.Error
	answered := errors.As(err, &reply)
	if !answered && ctx.Err() != nil {
		err = errors.Join(ctx.Err(), err)
	}

	failure := classify(step, err)
	c.broken = !answered || reply.Code == 421 || step == StepContent
	if !c.broken && step != StepEnd {
		c.broken = c.smtp.Reset() != nil
	}

	return failure
}

// abandon closes without QUIT: in an unknown state it could be taken for
// content.
func (c *conversation) abandon() { _ = c.wire.Close() }

// providerAnswer is the server's answer as one short line without addresses.
func providerAnswer(text string) string {
	text = strings.Join(strings.Fields(text), " ")
	text = addressPattern.ReplaceAllString(text, "<address>")
	if len(text) > 200 {
		text = strings.ToValidUTF8(text[:200], "")
	}
	return text
}

// wire is a connection whose waiting can be ended from another goroutine, for
// good: deadlines set later no longer count.
type wire struct {
	net.Conn

	// watched ends the watch of the connecting context; false means that the
	// context ended first and the connection is of no use.
	watched func() bool

	mu          sync.Mutex
	interrupted bool
}

// interrupt ends every read and write, now and later.
func (w *wire) interrupt() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.interrupted = true
	_ = w.Conn.SetDeadline(time.Unix(1, 0))
}

// patience sets the deadline to d from now, or ctx's if that is earlier.
func (w *wire) patience(ctx context.Context, d time.Duration) {
	until := time.Now().Add(d)
	if end, ok := ctx.Deadline(); ok && end.Before(until) {
		until = end
	}
	_ = w.SetDeadline(until)
}

// SetDeadline is net.Conn's, without effect after interrupt.
func (w *wire) SetDeadline(t time.Time) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.interrupted {
		return nil
	}
	return w.Conn.SetDeadline(t)
}
