// Package smtptest is an SMTP server that keeps every mail it is given, for
// development and for tests. It speaks real SMTP over TCP, with STARTTLS if
// asked for, and makes the failures of real servers happen on request.
package smtptest

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"time"

	"github.com/emersion/go-smtp"
)

// Server is a running SMTP catcher. All methods are safe for concurrent use.
type Server struct {
	smtp     *smtp.Server
	listener net.Listener
	served   chan struct{}
	roots    *x509.CertPool

	implicitTLS bool
	startTLS    bool
	username    string
	password    string
	box         mailbox
	faults      faults

	mu          sync.Mutex
	connections int
	open        map[net.Conn]struct{}
}

// Option changes a Server before it starts.
type Option func(*Server)

// Dir keeps the mails as .eml files in the folder at path, which is created
// if it does not exist; mails already there are read back at the start.
func Dir(path string) Option { return func(s *Server) { s.box.dir = path } }

// Discard keeps no mail and calls seen with each recipient of an accepted one,
// possibly from several goroutines at once; for benchmarks.
func Discard(seen func(recipient string)) Option { return func(s *Server) { s.box.seen = seen } }

// STARTTLS makes the server offer STARTTLS with a fresh self-signed
// certificate; RootCAs trusts it.
func STARTTLS() Option { return func(s *Server) { s.startTLS = true } }

// ImplicitTLS makes the server speak TLS from the first byte, with a fresh
// self-signed certificate; RootCAs trusts it.
func ImplicitTLS() Option { return func(s *Server) { s.implicitTLS = true } }

// Auth makes the server refuse mail from clients that have not signed in with
// these credentials. AUTH PLAIN is offered only over TLS.
func Auth(username, password string) Option {
	return func(s *Server) { s.username, s.password = username, password }
}

// Start listens on addr, for example "127.0.0.1:0", and serves until Close.
func Start(addr string, opts ...Option) (*Server, error) {
	s := &Server{served: make(chan struct{}), open: map[net.Conn]struct{}{}}
	s.box.changed = make(chan struct{})
	s.faults.closing = make(chan struct{})
	for _, o := range opts {
		o(s)
	}
	if err := s.box.load(); err != nil {
		return nil, err
	}

	listener, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("smtptest: listen: %w", err)
	}

	s.listener = listener
	if err := s.configure(); err != nil {
		return nil, errors.Join(err, listener.Close())
	}

	go s.serve()
	return s, nil
}

// configure builds the SMTP server, with its certificate if TLS is on.
func (s *Server) configure() error {
	s.smtp = smtp.NewServer(smtp.BackendFunc(s.newSession))
	s.smtp.Domain = "smtptest.localhost"
	s.smtp.MaxMessageBytes = 16 << 20
	s.smtp.MaxRecipients = 50
	s.smtp.ReadTimeout = 10 * time.Minute
	s.smtp.WriteTimeout = time.Minute
	s.smtp.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelDebug)
	if !s.startTLS && !s.implicitTLS {
		return nil
	}

	cert, roots, err := selfSigned()
	if err != nil {
		return fmt.Errorf("smtptest: certificate: %w", err)
	}

	s.roots = roots
	s.smtp.TLSConfig = &tls.Config{
		Certificates: []tls.Certificate{cert},
		MinVersion:   tls.VersionTLS12,
	}

	return nil
}

func (s *Server) serve() {
	defer close(s.served)
	var l net.Listener = &countingListener{Listener: s.listener, server: s}
	if s.implicitTLS {
		l = tls.NewListener(l, s.smtp.TLSConfig)
	}
	_ = s.smtp.Serve(l) // returns when Close closes the listener
}

// Addr is the address listened on, host and port.
func (s *Server) Addr() string { return s.listener.Addr().String() }

// Port is the TCP port listened on.
func (s *Server) Port() int { return s.listener.Addr().(*net.TCPAddr).Port }

// RootCAs trusts the server's self-signed certificate, which is valid for
// "localhost", 127.0.0.1 and ::1. It is nil for a server without TLS.
func (s *Server) RootCAs() *x509.CertPool { return s.roots }

// Connections is how many TCP connections were accepted since the start.
func (s *Server) Connections() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.connections
}

// DropConnections closes every open connection without a word, as a server
// does that is restarted or a firewall that forgets an idle connection.
func (s *Server) DropConnections() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.open {
		_ = c.Close()
	}
}

// Close stops listening and closes all connections. Mails stay readable
// through Messages and, with Dir, on disk.
func (s *Server) Close() error {
	s.faults.stop()
	err := s.smtp.Close()
	_ = s.listener.Close() // the library forgets it if Serve has not begun yet
	<-s.served
	if errors.Is(err, smtp.ErrServerClosed) || errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}
