package smtptest

import (
	"sync"
	"time"

	"github.com/emersion/go-smtp"
)

// Error is an SMTP refusal, for example
// &Error{Code: 550, EnhancedCode: [3]int{5, 1, 1}, Message: "no such user"}.
type Error = smtp.SMTPError

type dataFault struct {
	kind dataFaultKind
	err  *Error
}

type dataFaultKind int

const (
	noFault dataFaultKind = iota
	dropMidData
	dropAfterDot
	refuseData
)

// faults are the failures asked for and not yet delivered.
type faults struct {
	mu       sync.Mutex
	refuse   func(rcpt string) *Error
	mail     func(from string) *Error
	soft     int
	queue    []dataFault
	delay    time.Duration
	held     chan struct{}
	closing  chan struct{}
	stopOnce sync.Once
}

// Refuse asks f about every recipient; a non-nil Error is the answer to RCPT.
// A nil f accepts everyone again.
func (s *Server) Refuse(f func(rcpt string) *Error) {
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	s.faults.refuse = f
}

// RefuseSender asks f about every sender; a non-nil Error is the answer to
// MAIL. A nil f accepts everyone again.
func (s *Server) RefuseSender(f func(from string) *Error) {
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	s.faults.mail = f
}

// FailTemporarily answers the next n RCPT commands with 451 4.3.0.
func (s *Server) FailTemporarily(n int) {
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	s.faults.soft = n
}

// RefuseNextData answers e to the final dot of the next message, which is
// not kept.
func (s *Server) RefuseNextData(e *Error) { s.queueFault(dataFault{refuseData, e}) }

// DropNextMidData closes the connection while the next message is being
// sent; the message is not kept.
func (s *Server) DropNextMidData() { s.queueFault(dataFault{kind: dropMidData}) }

// DropNextAfterDot keeps the next message and closes the connection instead
// of answering the final dot, as a server does that dies at the worst moment.
func (s *Server) DropNextAfterDot() { s.queueFault(dataFault{kind: dropAfterDot}) }

func (s *Server) queueFault(f dataFault) {
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	s.faults.queue = append(s.faults.queue, f)
}

// SlowAnswers delays the answers to MAIL, RCPT and the final dot by d.
func (s *Server) SlowAnswers(d time.Duration) {
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	s.faults.delay = d
}

// HoldAnswers withholds the answers to MAIL, RCPT and the final dot until
// release is called or the server is closed. A message whose answer is held
// is already kept.
func (s *Server) HoldAnswers() (release func()) {
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	held := make(chan struct{})

	s.faults.held = held
	return sync.OnceFunc(func() {
		s.faults.mu.Lock()
		defer s.faults.mu.Unlock()
		s.faults.held = nil
		close(held)
	})
}

func (f *faults) wait() {
	f.mu.Lock()
	held, delay := f.held, f.delay
	f.mu.Unlock()

	if held != nil {
		select {
		case <-held:
		case <-f.closing:
		}
	}

	if delay > 0 {
		select {
		case <-time.After(delay):
		case <-f.closing:
		}
	}
}

func (f *faults) sender(from string) *Error {
	f.mu.Lock()
	ask := f.mail
	f.mu.Unlock()
	if ask == nil {
		return nil
	}
	return ask(from) // without the lock: it may ask for further faults
}

func (f *faults) recipient(to string) *Error {
	f.mu.Lock()
	ask, soft := f.refuse, f.soft > 0
	if soft {
		f.soft--
	}

	f.mu.Unlock()
	if soft {
		return &Error{
			Code:         451,
			EnhancedCode: smtp.EnhancedCode{4, 3, 0},
			Message:      "Try again later",
		}
	}

	if ask == nil {
		return nil
	}

	return ask(to)
}

func (f *faults) data() dataFault {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.queue) == 0 {
		return dataFault{}
	}

	next := f.queue[0]
	f.queue = f.queue[1:]
	return next
}

func (f *faults) stop() { f.stopOnce.Do(func() { close(f.closing) }) }
