package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strings"

	"roomcover.dev/roomcover/api"
	"roomcover.dev/roomcover/messages"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/rules"
)

// mailCommands are about the mails that the service sends.
type mailCommands struct {
	List  mailListCommand  `cmd:"" help:"List mails and whether they arrived."`
	Show  mailShowCommand  `cmd:"" help:"Show one with what the mail server said last."`
	Again mailAgainCommand `cmd:"" help:"Send a mail again that failed or whose fate is unknown."`
}

type mailListCommand struct {
	output
	apiOptions
	Order string `xor:"about" placeholder:"ORDER" help:"Only those that an order led to: its number or id."`
	RMA   string `xor:"about" name:"rma" placeholder:"REPLACEMENT" help:"Only those about a replacement: its number, id or a serial."`
	About string `xor:"about" placeholder:"ID" help:"Only those about what has this id, such as an invitation."`
	State string `enum:",queued,sending,sent,delivered,soft_fail,hard_bounced,suppressed,unknown" default:"" help:"Only those in this state: queued, sending, sent, delivered, soft_fail, hard_bounced, suppressed or unknown."`
	Limit int    `default:"50" help:"At most so many, the newest first; 0 for all."`
}

// Help is shown by --help.
func (mailListCommand) Help() string {
	return `Examples:
  roomcover mail list --order PO-2026-0017
  roomcover mail list --rma SN-100
  roomcover mail list --state hard_bounced`
}

// Run lists.
func (c mailListCommand) Run(ctx context.Context, a *app) error {
	client, err := c.client()
	if err != nil {
		return err
	}

	order := ""
	if c.Order != "" {
		if order, err = client.orderID(ctx, c.Order); err != nil {
			return err
		}
	}
	about := c.About
	if c.RMA != "" {
		if about, err = client.parcelOf(ctx, c.RMA, ""); err != nil {
			return err
		}
	}

	list, err := every[api.MailView](ctx, client, "/v1/notifications", filters(map[string]string{
		"order_id":   order,
		"subject_id": about,
		"state":      strings.ToUpper(c.State),
	}), c.Limit)
	if err != nil {
		return err
	}

	return c.showNamed(ctx, a, client, list, func(out io.Writer, w *words) {
		if len(list) == 0 {
			fmt.Fprintln(out, "No mails.")
			return
		}

		t := a.table(out, "mail", "to", "about", "state", "queued", "id")
		for _, m := range list {
			t.AppendRow([]any{
				mailName(m),
				m.Recipient,
				dash(mailSubject(w, m)),
				mailState(a, m),
				w.since(m.CreatedAt, mailZone(w, m)),
				m.ID,
			})
		}
		t.Render()
		fmt.Fprintf(out, "\n%s.\n", count(len(list), "mail"))
	})
}

// mailName says what a mail is: "order confirmation", or what one about a replacement or a
// spare unit tells: "the replacement is on its way".
func mailName(m api.MailView) string {
	l := messages.In("en")
	key := "mail.rma_update." + m.Step + ".subject"
	if m.Template == rules.TemplateSpare {
		key = "mail.spare_update." + m.Step + ".subject"
	}
	if m.Step != "" && l.Has(key) {
		return l.Say(key)
	}

	first, rest, more := strings.Cut(m.Template, "_")
	name := cmp.Or(subjects[first], first)
	if more {
		name += " " + plain(rest)
	}
	return name
}

// mailSubject names what a mail is about: what is called something, or else its order or account.
func mailSubject(w *words, m api.MailView) string {
	return cmp.Or(w.known(m.SubjectID), w.known(m.OrderID), w.known(m.AccountID))
}

// mailState marks what did not arrive.
func mailState(a *app, m api.MailView) string {
	state := plain(string(m.State))
	switch state {
	case "hard bounced", "suppressed", "unknown":
		return a.late(state)
	}
	return state
}

// mailZone is the zone of the place that a mail is about.
func mailZone(w *words, m api.MailView) string {
	return w.zone(m.AccountID, m.SubjectID, m.OrderID)
}

// oneMail names the mail that a command is about.
type oneMail struct {
	output
	apiOptions
	Mail string `arg:"" help:"The mail's id, from mail list."`
}

// Validate is called by kong.
func (c oneMail) Validate() error {
	if !isID(c.Mail, db.PrefixNotification) {
		return errors.New("MAIL: give the id that roomcover mail list shows")
	}
	return nil
}

func (c oneMail) path() string { return "/v1/notifications/" + url.PathEscape(c.Mail) }

// showMail answers with a mail.
func (o output) showMail(ctx context.Context, a *app, client *apiClient, m api.MailView) error {
	return o.showNamed(ctx, a, client, m, func(out io.Writer, w *words) {
		zone := mailZone(w, m)
		sent := ""
		if m.SentAt != nil {
			sent = w.at(*m.SentAt, zone)
		}

		fmt.Fprintf(out, "%s to %s: %s\n\n", mailName(m), m.Recipient, mailState(a, m))
		writeFacts(out,
			fact{"About", mailSubject(w, m)},
			fact{"Customer", w.name(m.AccountID)},
			fact{"Order", w.name(m.OrderID)},
			fact{"Language", m.Locale},
			fact{"Queued", w.at(m.CreatedAt, zone)},
			fact{"Handed over", count(m.Attempts, "time")},
			fact{"Taken by the mail server", sent},
			fact{"The mail server's own id", m.ProviderID},
			fact{"It said", m.LastError},
		)
		fmt.Fprintf(out, "\n%s\n", m.ID)
	})
}

type mailShowCommand struct{ oneMail }

// Help is shown by --help.
func (mailShowCommand) Help() string {
	return `Example:
  roomcover mail show ntf_01kb7w3c9v5n2m8q4r6t0x1y2z`
}

// Run shows.
func (c mailShowCommand) Run(ctx context.Context, a *app) error {
	client, err := c.client()
	if err != nil {
		return err
	}

	var m api.MailView
	if err := client.read(ctx, c.path(), &m); err != nil {
		return err
	}
	return c.showMail(ctx, a, client, m)
}

type mailAgainCommand struct{ oneMail }

// Help is shown by --help.
func (mailAgainCommand) Help() string {
	return `A mail whose fate is unknown may have arrived: it comes twice then. An address that
is wrong is corrected where it stands: an invitation's by roomcover invite again.

Example:
  roomcover mail again ntf_01kb7w3c9v5n2m8q4r6t0x1y2z`
}

// Run sends it again.
func (c mailAgainCommand) Run(ctx context.Context, a *app) error {
	client, err := c.client()
	if err != nil {
		return err
	}

	var m api.MailView
	if err := client.post(ctx, c.path()+"/resend", struct{}{}, &m); err != nil {
		return err
	}
	return c.showMail(ctx, a, client, m)
}
