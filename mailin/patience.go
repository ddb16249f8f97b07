package mailin

import (
	"crypto/tls"
	"errors"
	"net"
	"os"
	"sync"
	"time"
)

// How long a client may take, unless the options say otherwise.
const (
	// dataTime is for one mail, from when a slot is free for it to its last byte: 25 MiB in it are
	// 210 KiB a second. Whoever is slower tries again, and holds no slot of the others.
	dataTime = 2 * time.Minute
	// sessionTime is for a whole conversation, beside the mail that is under way at its end.
	sessionTime = 30 * time.Minute
)

// patientListener gives each connection its time.
type patientListener struct {
	net.Listener
	session time.Duration
}

// Accept waits for the next connection.
func (l patientListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &patientConn{Conn: c, end: time.Now().Add(l.session)}, nil
}

// patientConn is a connection whose reads have an end that no single command moves.
type patientConn struct {
	net.Conn

	mu      sync.Mutex
	end     time.Time // of the conversation
	dataEnd time.Time // of the mail under way; zero: there is none
	over    bool      // a mail was cut: what follows would be read as commands
}

// patienceOf returns the connection below its encryption.
func patienceOf(c net.Conn) *patientConn {
	if encrypted, ok := c.(*tls.Conn); ok {
		c = encrypted.NetConn()
	}
	p, ok := c.(*patientConn)
	if !ok {
		return &patientConn{Conn: c}
	}
	return p
}

// beginData has the mail under way end within a time.
func (p *patientConn) beginData(within time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.dataEnd = time.Now().Add(within)
	_ = p.Conn.SetReadDeadline(p.dataEnd) // of one that is closed nothing is read anyway
}

// endData goes on with commands.
func (p *patientConn) endData() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.dataEnd = time.Time{}
}

// Read reads on. Once a mail has taken too long, nothing more is read.
func (p *patientConn) Read(b []byte) (int, error) {
	n, err := p.Conn.Read(b)
	if errors.Is(err, os.ErrDeadlineExceeded) {
		p.mu.Lock()
		p.over = p.over || !p.dataEnd.IsZero()
		p.mu.Unlock()
	}
	return n, err
}

// SetReadDeadline sets when the next read ends, if nothing else ends before.
func (p *patientConn) SetReadDeadline(t time.Time) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case p.over:
		t = time.Unix(1, 0)
	case !p.dataEnd.IsZero():
		t = p.dataEnd
	case !p.end.IsZero() && (t.IsZero() || t.After(p.end)):
		t = p.end
	}
	return p.Conn.SetReadDeadline(t)
}
