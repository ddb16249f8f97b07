package api

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"roomcover.dev/roomcover/mail/inbound"
	"roomcover.dev/roomcover/models/mailbox"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/signing"
)

// mailMedia is what a mail is sent as.
var mailMedia = []string{"message/rfc822"}

// mailsAtOnce is how many mails are read into memory at a time; others wait.
const mailsAtOnce = 2

// mailInHandlers take mails of a mail service, as roomcover mailin takes them of a mail server
// (S44).
type mailInHandlers struct {
	box   *mailbox.Mailbox
	keys  [][]byte
	most  int64
	slots chan struct{}
	log   *slog.Logger
}

func (h mailInHandlers) routes(api huma.API) {
	public := route{Tag: "Mail", Public: true}
	mountRaw(api, public.post("receive-mail", "/v1/mail/inbound", "Take a mail that came in").
		answers(http.StatusAccepted).refuses(400, 401, 404, 413, 415).takesMail(h.most), h.receive)
}

type mailInInput struct {
	Timestamp string `header:"Mail-Timestamp" doc:"Seconds since 1970; within five minutes of now"`
	Sender    string `header:"Mail-Sender" maxLength:"320" doc:"Whom SMTP names as the sender; empty for reports"`
	Recipient string `header:"Mail-Recipient" maxLength:"320" doc:"Whom SMTP names as the recipient: one of the mailbox's addresses"`
	Digest    string `header:"Mail-Digest" maxLength:"64" doc:"The SHA-256 of the mail, in lower-case hex"`
	Signature string `header:"Mail-Signature" doc:"v1= and the HMAC-SHA256, in hex, over timestamp, dot, sender, line feed, recipient, line feed and digest; several are separated by commas"`
}

// signed is what the signature is over: with the mail itself, where it came from and goes to.
func (in mailInInput) signed() []byte {
	return []byte(in.Sender + "\n" + in.Recipient + "\n" + in.Digest)
}

// mailRemedies tell the people of the mail service what to do about each refusal.
var mailRemedies = map[error]string{
	signing.ErrNoTimestamp:  "Send Mail-Timestamp, in seconds since 1970.",
	signing.ErrBadTimestamp: "Send Mail-Timestamp in whole seconds since 1970.",
	signing.ErrTooOld:       "Sign each attempt anew, with the time at which it is sent.",
	signing.ErrInFuture:     "Set the clock, and sign with the time at which it is sent.",
	signing.ErrNoSignature:  "Send Mail-Signature.",
	signing.ErrSignature: "Sign timestamp, sender, recipient and digest as they are sent, " +
		"with the key that is valid now.",
	signing.ErrNoKey: "Ask an operator to set the key of mails.",
}

// MailTaken says under which id a mail is kept.
type MailTaken struct {
	ID string `json:"id" doc:"Id under which the mail is kept"`
}

// receive stores a mail before it answers, and reads it afterwards. Who sent it is known before a
// byte of it is read. The same mail again answers the same, and is stored once.
func (h mailInHandlers) receive(
	ctx context.Context, in *mailInInput, body rawBody,
) (*one[MailTaken], error) {
	err := signing.Verify(in.Timestamp, in.Signature, in.signed(), time.Now(), h.keys...)
	if err != nil {
		return nil, notOfTheService(err)
	}
	ours, err := h.box.Takes(ctx, in.Recipient)
	if err != nil {
		return nil, err
	}
	if !ours {
		return nil, rules.Refuse(rules.NotFound, "There is no such mailbox here.",
			"Send what comes to the addresses of the mailbox alone.")
	}

	select {
	case h.slots <- struct{}{}:
		defer func() { <-h.slots }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	raw, err := mailbox.ReadRaw(body.stream, h.most)
	if err != nil {
		return nil, bodyRefusal(err)
	}
	if raw.Digest() != in.Digest {
		return nil, notOfTheService(signing.ErrSignature)
	}

	e := inbound.Envelope{From: in.Sender, To: in.Recipient, Known: true}
	id, _, err := h.box.Receive(ctx, e, raw)
	if err != nil {
		return nil, err
	}
	// It is stored: what fails from here on, a worker does again.
	if err := h.box.Sort(ctx, id); err != nil && !errors.Is(err, context.Canceled) {
		h.log.WarnContext(ctx, "a mail could not be sorted yet", "mail", id, "error", err)
	}
	return &one[MailTaken]{Body: MailTaken{ID: id}}, nil
}

func notOfTheService(err error) error {
	return rules.Refuse(err.Error(), "The mail is not known to come from the mail service.",
		mailRemedies[err])
}
