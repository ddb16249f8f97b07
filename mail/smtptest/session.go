package smtptest

import (
	"bytes"
	"crypto/subtle"
	"io"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

// session is one client's conversation.
type session struct {
	server *Server
	conn   *smtp.Conn
	authed bool
	from   string
	to     []string
}

func (s *Server) newSession(c *smtp.Conn) (smtp.Session, error) {
	return &session{server: s, conn: c, authed: s.username == ""}, nil
}

// AuthMechanisms lists what the server offers; nothing without Auth.
func (se *session) AuthMechanisms() []string {
	if se.server.username == "" {
		return nil
	}
	return []string{sasl.Plain}
}

// Auth checks the credentials given to the Auth option.
func (se *session) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, username, password string) error {
		okName := subtle.ConstantTimeCompare([]byte(username), []byte(se.server.username))
		okPass := subtle.ConstantTimeCompare([]byte(password), []byte(se.server.password))
		if okName&okPass != 1 {
			return smtp.ErrAuthFailed
		}

		se.authed = true
		return nil
	}), nil
}

// Mail starts a message.
func (se *session) Mail(from string, _ *smtp.MailOptions) error {
	se.server.faults.wait()
	if !se.authed {
		return &smtp.SMTPError{
			Code:         530,
			EnhancedCode: smtp.EnhancedCode{5, 7, 0},
			Message:      "Authentication required",
		}
	}

	if e := se.server.faults.sender(from); e != nil {
		return e
	}
	se.from = from
	return nil
}

// Rcpt adds a recipient, or refuses it as the faults say.
func (se *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	se.server.faults.wait()
	if e := se.server.faults.recipient(to); e != nil {
		return e
	}
	se.to = append(se.to, to)
	return nil
}

// Data reads the message, keeps it and answers with its ID, or fails as the
// faults say.
func (se *session) Data(r io.Reader) error {
	switch f := se.server.faults.data(); f.kind {
	case dropMidData:
		_, _ = io.CopyN(io.Discard, r, 64)
		_ = se.conn.Conn().Close()
		return io.ErrUnexpectedEOF
	case refuseData:
		_, _ = io.Copy(io.Discard, r)
		return f.err
	case dropAfterDot:
		if _, err := se.storeMessage(r); err != nil {
			return err
		}
		_ = se.conn.Conn().Close()
		return io.ErrUnexpectedEOF
	}

	id, err := se.storeMessage(r)
	if err != nil {
		return err
	}

	se.server.faults.wait()
	return &smtp.SMTPError{
		Code:         250,
		EnhancedCode: smtp.EnhancedCode{2, 0, 0},
		Message:      "OK: queued as " + id,
	}
}

// storeMessage reads to the end and stores the message.
func (se *session) storeMessage(r io.Reader) (string, error) {
	var raw bytes.Buffer
	if _, err := raw.ReadFrom(r); err != nil {
		return "", err
	}

	_, isTLS := se.conn.TLSConnectionState()
	m, err := se.server.box.add(envelope{from: se.from, to: se.to, tls: isTLS}, raw.Bytes())
	if err != nil {
		return "", &smtp.SMTPError{
			Code:         451,
			EnhancedCode: smtp.EnhancedCode{4, 3, 0},
			Message:      "Could not store the message",
		}
	}

	return m.ID, nil
}

// Reset forgets the message under way.
func (se *session) Reset() { se.from, se.to = "", nil }

// Logout ends the conversation.
func (se *session) Logout() error { return nil }
