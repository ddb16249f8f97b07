package mail

import (
	"context"
	"time"
)

// startIdleTimer closes the kept connection after a while without a send.
// The caller has the turn.
func (s *Sender) startIdleTimer() {
	if s.conn == nil {
		return
	}

	s.timer = time.AfterFunc(s.idle, func() {
		select {
		case <-s.turn:
			s.hangUp()
			s.turn <- struct{}{}
		default: // a send is under way; it starts a new timer
		}
	})
}

func (s *Sender) stopIdleTimer() {
	if s.timer != nil {
		s.timer.Stop()
		s.timer = nil
	}
}

// hangUp says QUIT, as RFC 5321 asks of a client, without waiting long for a
// server that may be gone. The caller has the turn.
func (s *Sender) hangUp() {
	if s.conn == nil {
		return
	}
	s.conn.wire.patience(context.Background(), min(s.options.Timeout, 2*time.Second))
	_ = s.conn.smtp.Quit()
	_ = s.conn.wire.Close()
	s.conn = nil
}
