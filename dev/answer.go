package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/mail"
	"net/smtp"
	"net/url"
	"strings"
	"time"

	"roomcover.dev/roomcover/dev/mailbox"
)

// answerCommand answers the last mail about a ticket, as its reader would from a mail program.
type answerCommand struct {
	Data   string `help:"Data folder of the process that is up." default:"./data" type:"path"`
	From   string `help:"Whose mail it is; otherwise the reader of the mail that is answered."`
	Ticket string `arg:"" help:"Number of the ticket, such as TK-7F3K2."`
	Text   string `arg:"" help:"What the mail says."`
}

// Help is shown by --help.
func (answerCommand) Help() string {
	return `The mail goes by SMTP to where make dev takes mails, and becomes a message of it.

Examples:
  bin/roomcover-dev answer TK-7F3K2 "It works again, thank you."
  bin/roomcover-dev answer TK-7F3K2 "Me too" --from stranger@elsewhere.example`
}

// Run sends the mail.
func (c answerCommand) Run(ctx context.Context, out io.Writer) error {
	up, _, err := find(c.Data)
	if err != nil {
		return err
	}
	if up.MailIn == "" {
		return errors.New("no mails are taken: start make dev without --mail-in-port 0")
	}

	last, err := c.lastMail(ctx, up.Mails)
	if err != nil {
		return err
	}
	from, to, content, err := answerTo(last, c.From, c.Text, time.Now())
	if err != nil {
		return err
	}
	if err := smtp.SendMail(up.MailIn, nil, from, []string{to}, content); err != nil {
		return err
	}
	fmt.Fprintf(out, "Answered %s as %s.\n", c.Ticket, from)
	return nil
}

// lastMail is the newest mail about the ticket.
func (c answerCommand) lastMail(ctx context.Context, mails string) (m mailbox.Mail, err error) {
	if mails == "" {
		return m, errors.New("the page of mails is not up: start make dev without --mails-port 0")
	}
	var list mailbox.List
	err = askFor(ctx, http.MethodGet, mails+"/api/mails?limit=500", "", nil, &list)
	if err != nil {
		return m, err
	}
	about := "[" + strings.ToUpper(c.Ticket) + "]"
	for _, found := range list.Mails { // the newest first
		if strings.HasPrefix(found.Subject, about) {
			address := mails + "/api/mails/" + url.PathEscape(found.ID)
			return m, askFor(ctx, http.MethodGet, address, "", nil, &m)
		}
	}
	return m, fmt.Errorf("there is no mail about %s yet: wait two minutes, or see %s",
		c.Ticket, mails)
}

// answerTo writes an answer as mail programs do: to the address for answers, naming what it
// answers.
func answerTo(
	m mailbox.Mail, from, text string, at time.Time,
) (sender, to string, content []byte, err error) {
	read, err := mail.ReadMessage(strings.NewReader(m.Raw))
	if err != nil {
		return "", "", nil, err
	}
	address, err := mail.ParseAddress(read.Header.Get("Reply-To"))
	if err != nil {
		return "", "", nil, fmt.Errorf("the mail has no address for answers: %w", err)
	}
	if sender = from; sender == "" && len(m.To) > 0 {
		sender = m.To[0]
	}
	if _, err := mail.ParseAddress(sender); err != nil {
		return "", "", nil, fmt.Errorf("--from: %w", err)
	}

	named := read.Header.Get("Message-Id")
	content = []byte(strings.Join([]string{
		"From: " + sender,
		"To: " + address.Address,
		"Subject: Re: " + read.Header.Get("Subject"),
		"Date: " + at.Format(time.RFC1123Z),
		fmt.Sprintf("Message-ID: <%d@roomcover.localhost>", at.UnixNano()),
		"In-Reply-To: " + named,
		"References: " + strings.TrimSpace(read.Header.Get("References")+" "+named),
		"MIME-Version: 1.0",
		"Content-Type: text/plain; charset=utf-8",
		"Content-Transfer-Encoding: 8bit",
		"",
		text,
		"",
	}, "\r\n"))
	return sender, address.Address, content, nil
}
