package mail

import (
	"context"
	"time"
)

// Check reaches the server as Send does: it encrypts, signs in and, where from is given, names
// that sender. It sends nothing. It returns when the server's certificate ends; zero without TLS.
func (s *Sender) Check(ctx context.Context, from string) (ends time.Time, err error) {
	conn, err := s.connect(ctx)
	if err != nil {
		return ends, classify(StepConnect, err)
	}
	defer conn.abandon()

	if state, ok := conn.smtp.TLSConnectionState(); ok {
		ends = state.PeerCertificates[0].NotAfter
	}

	conn.wire.patience(ctx, s.options.Timeout)
	if from != "" {
		if err := conn.smtp.Mail("<" + from + ">"); err != nil {
			return ends, conn.fail(ctx, StepMail, err)
		}
		_ = conn.smtp.Reset()
	}
	_ = conn.smtp.Quit()
	return ends, nil
}
