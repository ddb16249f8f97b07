package chaos

import (
	"bufio"
	"io"
	"net"
	"sync"
)

// Moment is a place in an SMTP conversation at which something can be killed.
type Moment int

// The moments. MidData is after some lines of the content; AfterDot is when
// the whole content was handed over and the answer has not come back.
const (
	MidData Moment = iota + 1
	AfterDot
)

// midDataLines is how many lines of content pass before MidData.
const midDataLines = 12

// SMTPProxy stands between one worker and the SMTP server, so that a kill can
// hit an exact moment of a mail on its way.
type SMTPProxy struct {
	listener net.Listener
	backend  string
	greylist *Greylist // nil: everybody is taken

	mu    sync.Mutex
	armed map[Moment]func()
}

// NewSMTPProxy listens on a free loopback port and forwards to the backend. A
// client whose backend is down is hung up on at once.
func NewSMTPProxy(backend string, greylist *Greylist) (*SMTPProxy, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	p := &SMTPProxy{
		listener: l,
		backend:  backend,
		greylist: greylist,
		armed:    map[Moment]func(){},
	}
	go accept(p.listener, p.connect)
	return p, nil
}

// Port is the port listened on.
func (p *SMTPProxy) Port() int { return p.listener.Addr().(*net.TCPAddr).Port }

// Close stops listening.
func (p *SMTPProxy) Close() error { return p.listener.Close() }

// Arm runs strike once, when a mail next reaches the moment; nothing passes in
// either direction meanwhile. A newer strike replaces one that still waits.
func (p *SMTPProxy) Arm(m Moment, strike func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.armed[m] = strike
}

// Disarm forgets every strike that still waits.
func (p *SMTPProxy) Disarm() {
	p.mu.Lock()
	defer p.mu.Unlock()
	clear(p.armed)
}

func (p *SMTPProxy) take(m Moment) func() {
	p.mu.Lock()
	defer p.mu.Unlock()
	strike := p.armed[m]
	delete(p.armed, m)
	return strike
}

func (p *SMTPProxy) connect(client net.Conn) {
	defer client.Close()
	server, err := net.Dial("tcp", p.backend)
	if err != nil {
		return
	}
	defer server.Close()

	var pass sync.Mutex // held while a strike runs: no answer gets past it
	go func() {
		passAnswers(server, client, &pass)
		_ = client.Close()
		_ = server.Close()
	}()

	p.commands(client, server, &pass)
}

func passAnswers(server io.Reader, client io.Writer, pass *sync.Mutex) {
	buffer := make([]byte, 4096)
	for {
		n, err := server.Read(buffer)
		if n > 0 {
			pass.Lock()
			_, werr := client.Write(buffer[:n])
			pass.Unlock()
			if werr != nil {
				return
			}
		}

		if err != nil {
			return
		}
	}
}

// commands forwards the client's lines and knows where in a mail it is.
func (p *SMTPProxy) commands(client io.ReadWriter, server io.Writer, pass *sync.Mutex) {
	r := bufio.NewReader(client)
	content := -1 // lines of content so far; -1 outside of DATA
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			return
		}

		moment := Moment(0)
		switch {
		case content < 0 && p.greylist.answer(line, client):
			continue
		case content < 0 && line == "DATA\r\n":
			content = 0
		case content >= 0 && line == ".\r\n":
			content, moment = -1, AfterDot
		case content >= 0:
			if content++; content == midDataLines {
				moment = MidData
			}
		}

		if !p.forward(line, moment, server, pass) {
			return
		}
	}
}

func (p *SMTPProxy) forward(line string, moment Moment, server io.Writer, pass *sync.Mutex) bool {
	strike := p.take(moment)
	if strike != nil {
		pass.Lock()
		defer pass.Unlock()
	}

	_, err := io.WriteString(server, line)
	if strike != nil {
		strike()
	}
	return err == nil
}
