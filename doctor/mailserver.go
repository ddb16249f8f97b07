package doctor

import (
	"context"
	"crypto/tls"
	"errors"
	"strings"
	"time"

	"roomcover.dev/roomcover/mail"
)

const aboutMail = "mail server"

// mailServer signs in at the mail server, and sends nothing. It returns when its certificate
// ends; zero where that is not known.
func (r *report) mailServer(ctx context.Context, sender *mail.Sender, from string) time.Time {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()

	ends, err := sender.Check(ctx, from)
	if err == nil {
		return ends
	}

	var failure *mail.SendError
	var certificate *tls.CertificateVerificationError
	errors.As(err, &failure)
	switch {
	case failure != nil && failure.Step == mail.StepMail:
		r.fail(aboutMail, "It does not take mails from our sender: "+answered(failure)+".",
			"Allow the sender's address for this login at the mail server.")
	case errors.As(err, &certificate):
		r.fail(aboutMail, "Its certificate is not accepted: "+certificate.Err.Error()+".",
			"Renew it there, or name in ROOMCOVER_SMTP_HOST the name that is in it.")
	case failure != nil && failure.Code >= 500:
		r.fail(aboutMail, "It refuses the login: "+answered(failure)+".",
			"Look at ROOMCOVER_SMTP_USERNAME and ROOMCOVER_SMTP_PASSWORD.")
	case strings.Contains(err.Error(), "STARTTLS"):
		r.fail(aboutMail, "It offers no STARTTLS, which ROOMCOVER_SMTP_TLS requires.",
			"Turn it on there, or use its port for TLS from the first byte (implicit).")
	case strings.Contains(err.Error(), "AUTH"):
		r.fail(aboutMail, "It offers no login, and ROOMCOVER_SMTP_USERNAME names one.",
			"Turn it on there, or take user and password out.")
	default:
		r.fail(aboutMail, "It does not answer ("+err.Error()+").",
			"Is it running, and reached from here? ROOMCOVER_SMTP_HOST and ROOMCOVER_SMTP_PORT "+
				"say where.")
	}
	return ends
}

// answered is the mail server's answer without its words, which may hold an address.
func answered(e *mail.SendError) string {
	if e.Unwrap() == nil {
		return "no answer"
	}
	return e.Unwrap().Error()
}
