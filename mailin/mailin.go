// Package mailin takes mails by SMTP or LMTP from a mail server of ours. It answers that it has a
// mail only once the mail is stored (S44); reading it comes afterwards, and loses nothing when the
// process dies before.
package mailin

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"log/slog"
	"math"
	"net"
	"runtime/debug"
	"time"

	"github.com/emersion/go-smtp"

	"roomcover.dev/roomcover/mail/inbound"
	"roomcover.dev/roomcover/models/mailbox"
)

// Options configure a Server.
type Options struct {
	Listen   string
	Hostname string
	LMTP     bool
	MaxBytes int64
	TLS      *tls.Config // nil: no STARTTLS
	// StopTimeout is how long mails under way may take once the server is told to stop.
	StopTimeout time.Duration
	// SortEvery is how often mails are looked for that nobody has sorted; 0: five seconds.
	SortEvery time.Duration
	// DataTimeout is how long a client may take for one mail, and wait for its turn before; 0: two
	// minutes. SessionTimeout is how long for all that it says; 0: half an hour.
	DataTimeout    time.Duration
	SessionTimeout time.Duration
	Log            *slog.Logger
}

// The limits of what is taken at once.
const (
	maxRecipients = 20
	// atOnce is how many mails are read into memory at a time; others wait.
	atOnce = 2
	// waiting is how many stored mails may wait to be sorted; the rest is found by looking.
	waiting = 1000
)

// memory is how much the program may hold before it collects what it needs no more: itself, and the
// largest mail.
const memory = 42 << 20

// large is a mail whose bytes are let go as soon as it is stored: it is read again piece by piece,
// and what is decoded of it is not to stand beside them.
const large = 4 << 20

// BoundMemory keeps the program from growing by mails that are over. What is in use may be more.
func BoundMemory() {
	if debug.SetMemoryLimit(-1) == math.MaxInt64 { // nobody has set another
		debug.SetMemoryLimit(memory)
	}
}

// Server takes mails.
type Server struct {
	box     *mailbox.Mailbox
	options Options
	slots   chan struct{}
	stored  chan string
}

// New returns a server that stores mails in the mailbox.
func New(box *mailbox.Mailbox, o Options) *Server {
	if o.SortEvery <= 0 {
		o.SortEvery = 5 * time.Second
	}
	if o.DataTimeout <= 0 {
		o.DataTimeout = dataTime
	}
	if o.SessionTimeout <= 0 {
		o.SessionTimeout = sessionTime
	}
	return &Server{
		box:     box,
		options: o,
		slots:   make(chan struct{}, atOnce),
		stored:  make(chan string, waiting),
	}
}

// Run takes mails until ctx ends; then it finishes those under way.
func (s *Server) Run(ctx context.Context) error {
	listener, err := net.Listen("tcp", s.options.Listen)
	if err != nil {
		return err
	}
	return s.Serve(ctx, listener)
}

// Serve is Run on a listener, which it closes.
func (s *Server) Serve(ctx context.Context, listener net.Listener) error {
	server := smtp.NewServer(smtp.BackendFunc(func(c *smtp.Conn) (smtp.Session, error) {
		return &session{
			server:   s,
			ctx:      context.WithoutCancel(ctx),
			patience: patienceOf(c.Conn()),
		}, nil
	}))
	server.Domain = s.options.Hostname
	server.LMTP = s.options.LMTP
	server.MaxMessageBytes = s.options.MaxBytes
	server.MaxRecipients = maxRecipients
	server.MaxLineLength = 4000
	server.ReadTimeout = 5 * time.Minute
	server.WriteTimeout = time.Minute
	server.EnableSMTPUTF8 = true
	server.TLSConfig = s.options.TLS
	server.ErrorLog = slog.NewLogLogger(s.options.Log.Handler(), slog.LevelWarn)

	sorted := make(chan struct{})
	go func() {
		defer close(sorted)
		s.sortStored(ctx)
	}()

	served := make(chan error, 1)
	patient := patientListener{Listener: listener, session: s.options.SessionTimeout}
	go func() { served <- server.Serve(patient) }()
	s.options.Log.Info("taking mails", "address", listener.Addr().String(), "lmtp", server.LMTP)

	select {
	case err := <-served:
		return err
	case <-ctx.Done():
	}
	stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.options.StopTimeout)
	defer cancel()
	err := server.Shutdown(stop)
	<-sorted
	if errors.Is(err, context.DeadlineExceeded) {
		return server.Close()
	}
	return err
}

// sortStored sorts mails as they are stored, and looks for those whose receiver died and those that
// came faster than they are sorted: when it begins, now and then, and again at once for as long as
// there are many.
func (s *Server) sortStored(ctx context.Context) {
	ticker := time.NewTicker(s.options.SortEvery)
	defer ticker.Stop()
	look := make(chan struct{}, 1)
	look <- struct{}{}
	sortWaiting := func() error {
		n, err := s.box.SortWaiting(ctx)
		if n == mailbox.SortBatch {
			select {
			case look <- struct{}{}:
			default: // it is due already
			}
		}
		return err
	}

	for {
		var err error
		select {
		case <-ctx.Done():
			return
		case id := <-s.stored:
			err = s.box.Sort(ctx, id)
		case <-look:
			err = sortWaiting()
		case <-ticker.C:
			err = sortWaiting()
		}
		if err != nil && ctx.Err() == nil {
			s.options.Log.Warn("a mail could not be sorted yet", "error", err)
		}
	}
}

// session is one client's conversation.
type session struct {
	server   *Server
	ctx      context.Context
	patience *patientConn
	from     string
	to       []string
}

// Mail begins a mail; an empty sender is that of reports.
func (se *session) Mail(from string, _ *smtp.MailOptions) error {
	se.from, se.to = from, nil
	return nil
}

// Rcpt takes a recipient, if it is ours.
func (se *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	ours, err := se.server.box.Takes(se.ctx, to)
	switch {
	case err != nil:
		se.server.options.Log.Warn("a recipient could not be looked up", "error", err)
		return later
	case !ours:
		return &smtp.SMTPError{
			Code:         550,
			EnhancedCode: smtp.EnhancedCode{5, 1, 1},
			Message:      "No such mailbox here",
		}
	}
	se.to = append(se.to, to)
	return nil
}

// later is the answer while the database is away: the sender keeps the mail and tries again.
var later = &smtp.SMTPError{
	Code:         451,
	EnhancedCode: smtp.EnhancedCode{4, 3, 0},
	Message:      "Cannot store the mail now, try again later",
}

// Data reads a mail and stores it for each recipient. Only then it is accepted: told to try again,
// the sender repeats it for all of them, and it is stored once. Who sends slowly has to try again,
// too, and so has who waits for too many others.
func (se *session) Data(r io.Reader) error {
	within := se.server.options.DataTimeout
	turn := time.NewTimer(within)
	defer turn.Stop()
	se.patience.beginData(2 * within)
	select {
	case se.server.slots <- struct{}{}:
		defer func() { <-se.server.slots }()
	case <-turn.C:
		return later
	}

	se.patience.beginData(within)
	raw, err := mailbox.ReadRaw(r, se.server.options.MaxBytes)
	switch {
	case errors.Is(err, mailbox.ErrTooLarge):
		return smtp.ErrDataTooLarge
	case errors.As(err, new(*smtp.SMTPError)):
		return err
	case err != nil: // cut, or too slow: nothing is kept, and the sender tries again
		return later
	}

	var ids []string
	kept := map[string]bool{}
	for _, to := range se.to {
		route := se.server.box.Route(to)
		if kept[route] {
			continue
		}
		kept[route] = true
		e := inbound.Envelope{From: se.from, To: to, Known: true}
		id, _, err := se.server.box.Receive(se.ctx, e, raw)
		if err != nil {
			se.server.options.Log.Warn("a mail could not be stored", "error", err)
			return later
		}
		ids = append(ids, id)
	}

	if raw.Size() > large { // nothing uses it from here on
		debug.FreeOSMemory()
	}
	for _, id := range ids {
		select {
		case se.server.stored <- id:
		default: // it is found by looking
		}
	}
	return nil
}

// Reset forgets the mail under way.
func (se *session) Reset() {
	se.from, se.to = "", nil
	se.patience.endData()
}

// Logout ends the conversation.
func (se *session) Logout() error { return nil }
