package chaos

import (
	"context"
	"io"
	"net"
	"net/url"
	"sync"
	"time"
)

// slowness is how long every request to the database is on its way while it is slow.
const slowness = 2 * time.Second

// DatabaseProxy stands between every program of the service and PostgreSQL, so that the way can
// become slow.
type DatabaseProxy struct {
	// DSN is the address of the database by way of the proxy.
	DSN string

	listener net.Listener
	backend  string

	mu   sync.Mutex
	slow chan struct{} // closed when the way is quick again; nil while it is
	held int           // requests that were held up since it became slow
}

// NewDatabaseProxy listens on a free loopback port and forwards to the server of the address. A
// client whose server is down is hung up on at once.
func NewDatabaseProxy(dsn string) (*DatabaseProxy, error) {
	u, err := url.Parse(dsn)
	if err != nil {
		return nil, err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	p := &DatabaseProxy{listener: l, backend: u.Host}
	u.Host = l.Addr().String()
	p.DSN = u.String()
	go accept(p.listener, p.connect)
	return p, nil
}

// Close stops listening.
func (p *DatabaseProxy) Close() error { return p.listener.Close() }

// begin makes the way slow.
func (p *DatabaseProxy) begin() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.slow, p.held = make(chan struct{}), 0
}

// end makes the way quick again, also for what is on it, and tells how many requests it has held
// up.
func (p *DatabaseProxy) end() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	close(p.slow)
	p.slow = nil
	return p.held
}

// hold keeps a request for as long as the way is slow, at most for the slowness.
func (p *DatabaseProxy) hold() {
	p.mu.Lock()
	slow := p.slow
	if slow != nil {
		p.held++
	}
	p.mu.Unlock()
	if slow == nil {
		return
	}

	select {
	case <-slow:
	case <-time.After(slowness):
	}
}

func (p *DatabaseProxy) connect(client net.Conn) {
	defer client.Close()
	server, err := net.Dial("tcp", p.backend)
	if err != nil {
		return
	}
	defer server.Close()

	go func() {
		_, _ = io.Copy(client, server)
		_ = client.Close()
		_ = server.Close()
	}()

	buffer := make([]byte, 32<<10)
	for {
		n, err := client.Read(buffer)
		if n > 0 {
			p.hold()
			if _, werr := server.Write(buffer[:n]); werr != nil {
				return
			}
		}

		if err != nil {
			return
		}
	}
}

// slowDatabase has the way to PostgreSQL take two seconds for some.
func (p *Plan) slowDatabase(ctx context.Context, kind Kind, lasts time.Duration) {
	p.Stack.DatabaseProxy.begin()
	pause(ctx, lasts)
	if p.Stack.DatabaseProxy.end() > 0 {
		p.killed(kind)
	}
}
