package mail

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	gomail "github.com/wneessen/go-mail"
	"go.opentelemetry.io/otel/trace"

	"roomcover.dev/roomcover/tracing"
)

// Options configure a Sender.
type Options struct {
	// Host and Port are the SMTP server's; Host is also the name its
	// certificate must carry.
	Host string
	Port int
	// Username and Password sign in to the server; an empty Username sends
	// without authentication. They are never sent over an unencrypted
	// connection, except to this machine.
	Username, Password string
	// TLS is "required" (default: STARTTLS is mandatory), "implicit" (TLS
	// from the first byte) or "none" (only for a catcher on this machine).
	TLS string
	// RootCAs verifies the server's certificate; nil means the system's.
	RootCAs *x509.CertPool
	// Timeout bounds each step of the conversation; default 30 s. The answer
	// to the final dot may take four times as long, because giving up there
	// makes the mail's fate unknown.
	Timeout time.Duration
	// MessageIDDomain is the domain part of every Message-ID; empty means the
	// domain of the sender's address.
	MessageIDDomain string
	// HelloName is the name given in EHLO; empty means the host's name.
	HelloName string
}

const (
	defaultTimeout = 30 * time.Second
	// finalAnswerFactor: RFC 5321 4.5.3.2.6 asks for a long patience here.
	finalAnswerFactor = 4
	// idleAfter is how long an unused connection is kept; shorter than the
	// idle time-out of common servers (Postfix: 300 s).
	idleAfter = 30 * time.Second
)

// Sender keeps one SMTP connection and reuses it, closing it when idle. It is
// safe for concurrent use; concurrent sends take turns.
type Sender struct {
	options Options
	client  []gomail.Option
	idle    time.Duration

	// turn holds the one token; its owner may use the fields below.
	turn   chan struct{}
	conn   *conversation
	timer  *time.Timer
	closed bool
}

// NewSender checks the options; it does not connect.
func NewSender(o Options) (*Sender, error) {
	if o.Timeout <= 0 {
		o.Timeout = defaultTimeout
	}
	if o.MessageIDDomain != "" && !validDomain(o.MessageIDDomain) {
		return nil, fmt.Errorf("mail: %q is not a domain for Message-IDs", o.MessageIDDomain)
	}
	if o.HelloName != "" && !validDomain(strings.Trim(o.HelloName, "[]")) {
		return nil, fmt.Errorf("mail: %q is not a name for EHLO", o.HelloName)
	}

	s := &Sender{options: o, idle: idleAfter, turn: make(chan struct{}, 1)}
	var err error
	if s.client, err = s.clientOptions(); err != nil {
		return nil, err
	}
	if _, err = gomail.NewClient(o.Host, s.client...); err != nil {
		return nil, fmt.Errorf("mail: options: %w", err)
	}

	s.turn <- struct{}{}
	return s, nil
}

func (s *Sender) clientOptions() ([]gomail.Option, error) {
	o := s.options
	opts := []gomail.Option{
		gomail.WithPort(o.Port),
		gomail.WithTimeout(o.Timeout),
		gomail.WithTLSConfig(s.tlsConfig()),
		// Our header is ASCII and so are our addresses; asking for SMTPUTF8
		// would only narrow the way to servers that have it.
		gomail.WithoutSMTPUTF8(),
	}

	switch o.TLS {
	case "", "required":
		opts = append(opts, gomail.WithTLSPolicy(gomail.TLSMandatory))
	case "implicit":
		opts = append(opts, gomail.WithSSL())
	case "none":
		opts = append(opts, gomail.WithTLSPolicy(gomail.NoTLS))
	default:
		return nil, fmt.Errorf("mail: TLS is %q, not required, implicit or none", o.TLS)
	}

	if o.HelloName != "" {
		opts = append(opts, gomail.WithHELO(o.HelloName))
	}

	if o.Username != "" {
		opts = append(opts, gomail.WithUsername(o.Username), gomail.WithPassword(o.Password),
			gomail.WithOpportunisticSMTPAuth(gomail.SMTPAuthSCRAMSHA256, gomail.SMTPAuthPlain,
				gomail.SMTPAuthLogin))
	}

	return slices.Clip(opts), nil
}

func (s *Sender) tlsConfig() *tls.Config {
	return &tls.Config{
		ServerName: s.options.Host,
		RootCAs:    s.options.RootCAs,
		MinVersion: tls.VersionTLS12,
	}
}

// Send delivers one message. It returns the server's answer to it, which
// usually holds the server's queue id, and otherwise a *SendError. Once ctx
// ends, Send returns at once; if content was already under way the error's
// Kind is Unknown.
func (s *Sender) Send(ctx context.Context, m Message) (providerID string, err error) {
	ctx, span := tracing.Span(ctx, trace.SpanKindClient, "smtp send")
	defer func() { tracing.End(span, err) }()

	content, failure := compose(m, s.options.MessageIDDomain)
	if failure != nil {
		return "", failure
	}

	select {
	case <-s.turn:
	case <-ctx.Done():
		return "", classify(StepConnect, ctx.Err())
	}

	defer func() { s.turn <- struct{}{} }()
	if s.closed {
		return "", classify(StepConnect, errors.New("sender is closed"))
	}

	reply, failure := s.sendInTurn(ctx, content)
	if failure != nil {
		return "", failure
	}

	if reply == "" {
		reply = content.messageID
	}

	return reply, nil
}

// sendInTurn uses the kept connection. A server may have closed it meanwhile;
// then, and only if no content was sent, a new one is tried at once.
func (s *Sender) sendInTurn(ctx context.Context, c composed) (string, *SendError) {
	s.stopIdleTimer()
	reused := s.conn != nil
	reply, failure := s.attempt(ctx, c)
	if failure != nil && reused && failure.hungUp() && ctx.Err() == nil {
		reply, failure = s.attempt(ctx, c)
	}

	s.startIdleTimer()
	return reply, failure
}

// attempt connects if there is no connection, and sends. Afterwards s.conn is
// nil if the connection can no longer be used.
func (s *Sender) attempt(ctx context.Context, c composed) (string, *SendError) {
	if s.conn == nil {
		conn, err := s.connect(ctx)
		if err != nil {
			return "", classify(StepConnect, err)
		}
		s.conn = conn
	}

	reply, failure := s.conn.sendMessage(ctx, c)
	if s.conn.broken {
		s.conn.abandon()
		s.conn = nil
	}

	return reply, failure
}

// Close says QUIT on the idle connection and refuses further sends. A send
// under way is finished first.
func (s *Sender) Close() error {
	<-s.turn
	defer func() { s.turn <- struct{}{} }()
	s.closed = true
	s.stopIdleTimer()
	s.hangUp()
	return nil
}
