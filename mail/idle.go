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

	var timer *time.Timer
	timer = time.AfterFunc(s.idle, func() {
		<-s.turn
		defer func() { s.turn <- struct{}{} }()
		if s.timer == timer { // no send has come meanwhile; it would start a timer of its own
			s.hangUp()
		}
	})
	s.timer = timer
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
