package byhand

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	htmltemplate "html/template"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	gomail "github.com/wneessen/go-mail"
	"github.com/wneessen/go-mail/smtp"

	"roomcover.dev/roomcover/activities"
	"roomcover.dev/roomcover/mail"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/catalogue"
)

// queued is a mail as SendMails claims it.
type queued struct {
	id, template, subject, recipient, locale string
	params                                   map[string]any
}

// claimMails takes what is queued under a key. A mail goes out in the language that its reader
// has chosen meanwhile.
const claimMails = `UPDATE notifications SET state = 'SENDING', attempts = attempts + 1,
		claimed_at = $2, held_until = NULL, locale = COALESCE(
			(SELECT u.locale FROM users u WHERE u.email = recipient AND u.locale <> ''),
			(SELECT o.locale FROM orgs o
				WHERE o.locale <> '' AND (o.notices_to = recipient OR EXISTS (
					SELECT 1 FROM org_mail_domains d
					WHERE d.org_id = o.id AND recipient LIKE '%@' || d.domain))
				ORDER BY o.id LIMIT 1),
			locale)
	WHERE subject_id = $1 AND state = 'QUEUED' AND (held_until IS NULL OR held_until <= $2)
	RETURNING id, template, subject_id, recipient, locale, params`

const recordMail = `UPDATE notifications
	SET state = $2, provider_id = $3, last_error = $4, sent_at = $5
	WHERE id = $1 AND state = 'SENDING'`

// sendMails sends what is queued under a key, in two round trips: each mail is claimed before
// SMTP, and how all ended is recorded together.
func (p *Program) sendMails(
	ctx context.Context, in activities.SendMails,
) (sent activities.MailsSent, err error) {
	var mails []queued
	var claim batch
	claim.ask(claimMails, func(r rows) error {
		var m queued
		var params string
		err := r.Scan(&m.id, &m.template, &m.subject, &m.recipient, &m.locale, &params)
		if err != nil {
			return err
		}
		mails = append(mails, m)
		return json.Unmarshal([]byte(params), &mails[len(mails)-1].params)
	}, in.Key, now())
	if !strings.HasPrefix(in.Key, "ord_") {
		// The workflow runs: that it was told needs no statement before.
		claim.add(`UPDATE outbox_events SET delivered_at = $2
			WHERE subject_id = $1 AND delivered_at IS NULL`, in.Key, now())
	}
	if err := p.db.do(ctx, &claim); err != nil || len(mails) == 0 {
		return sent, err
	}

	var record batch
	var failed error
	for _, m := range mails {
		answer, state, err := p.mailer.send(m, invitationToken(p.options.Key, m.subject))
		if err != nil {
			failed = errors.Join(failed, err)
			record.add(recordMail, m.id, state, "", err.Error(), nil)
			continue
		}
		sent.Sent++
		record.add(recordMail, m.id, state, answer, "", now())
	}
	return sent, errors.Join(p.db.do(ctx, &record), failed)
}

// mailer composes mails and hands them over on one connection that it keeps.
type mailer struct {
	port    int
	portal  string
	program catalogue.Program

	mu      sync.Mutex // whoever has it uses the connection
	conn    *smtp.Client
	letters sync.Map // by their shapes, see letterOf
}

func newMailer(port int, portal string, program catalogue.Program) *mailer {
	return &mailer{port: port, portal: portal, program: program}
}

const mailTimeout = 10 * time.Second

// send hands a mail to the server, and returns its answer and what has become of the mail.
func (m *mailer) send(q queued, token string) (answer, state string, err error) {
	content, err := m.compose(q, token)
	if err != nil {
		return "", string(rules.NotificationHardBounced), err
	}

	m.mu.Lock()
	defer m.mu.Unlock()
	state = string(rules.NotificationQueued)
	if m.conn == nil {
		if m.conn, err = m.connect(); err != nil {
			return "", state, err
		}
	}
	defer func() {
		if err != nil {
			_ = m.conn.Close()
			m.conn = nil
		}
	}()

	if err = m.conn.UpdateDeadline(mailTimeout); err != nil {
		return "", state, err
	}
	if err = m.conn.Mail("<" + m.program.SenderAddress + ">"); err != nil {
		return "", state, err
	}
	if err = m.conn.Rcpt("<" + q.recipient + ">"); err != nil {
		return "", state, err
	}
	writer, err := m.conn.Data()
	if err != nil {
		return "", state, err
	}

	state = string(rules.NotificationUnknown) // nobody knows whether it arrives
	if _, err = writer.Write(content); err != nil {
		return "", state, err
	}
	if err = writer.Close(); err != nil {
		return "", state, err
	}
	answer = writer.(*smtp.DataCloser).ServerResponse()
	return strings.Join(strings.Fields(answer), " "), string(rules.NotificationSent), nil
}

func (m *mailer) connect() (*smtp.Client, error) {
	client, err := gomail.NewClient("127.0.0.1", gomail.WithPort(m.port),
		gomail.WithTLSPolicy(gomail.NoTLS), gomail.WithHELO("localhost"),
		gomail.WithTimeout(mailTimeout), gomail.WithoutSMTPUTF8())
	if err != nil {
		return nil, err
	}
	return client.DialToSMTPClientWithContext(context.Background())
}

func (m *mailer) close() {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.conn != nil {
		_ = m.conn.Quit()
	}
}

// compose writes the mail as it goes over the wire.
func (m *mailer) compose(q queued, token string) ([]byte, error) {
	locale := m.program.Locale(q.locale)
	if q.template == rules.TemplateInvitation {
		q.params["link"] = m.portal + "/invitation?token=" + token + "&lang=" + locale
	}
	l, err := m.letterOf(q, locale)
	if err != nil {
		return nil, err
	}

	msg := gomail.NewMsg(gomail.WithNoDefaultUserAgent())
	err = errors.Join(
		msg.FromFormat(m.program.Sender(locale), m.program.SenderAddress),
		msg.To(q.recipient),
		msg.ReplyTo(m.program.Mailbox),
	)
	if err != nil {
		return nil, err
	}
	plain, html := fill(q.params)
	msg.Subject(plain.Replace(l.subject))
	msg.SetDate()
	msg.SetGenHeader(gomail.HeaderMessageID, "<"+q.id+"@roomcover.localhost>")
	if q.template == rules.TemplateRMA { // all of a replacement are one conversation
		msg.SetGenHeader(gomail.HeaderInReplyTo, "<"+q.subject+"@roomcover.localhost>")
		msg.SetGenHeader(gomail.HeaderReferences, "<"+q.subject+"@roomcover.localhost>")
	}
	msg.SetGenHeader("Auto-Submitted", "auto-generated")
	msg.SetGenHeader("X-Auto-Response-Suppress", "OOF, AutoReply")
	msg.SetGenHeader(gomail.HeaderContentLang, locale)
	msg.SetBodyString(gomail.TypeTextPlain, plain.Replace(l.text))
	msg.AddAlternativeString(gomail.TypeTextHTML, html.Replace(l.html))

	var wire bytes.Buffer
	_, err = msg.WriteTo(&wire)
	return wire.Bytes(), err
}

// letter is a mail with blanks for what differs from one order to the next.
type letter struct{ subject, text, html string }

// blanks are the parameters that stand in a letter as they are, and what holds their places.
var blanks = map[string]string{
	"vendor_order_no":    "QXNUMBERQX",
	"po_number":          "QXPURCHASEQX",
	"company":            "QXCOMPANYQX",
	"contact_name":       "QXCONTACTQX",
	"link":               "https://qx.example/link",
	"rma":                "QXRMAQX",
	"room":               "QXROOMQX",
	"site":               "QXSITEQX",
	"serial":             "QXSERIALQX",
	"replacement_serial": "QXUNITQX",
	"tracking":           "QXPARCELQX",
}

// fill returns what fills the blanks of a text and of a page.
func fill(params map[string]any) (plain, html *strings.Replacer) {
	var texts, pages []string
	for name, blank := range blanks {
		if value, _ := params[name].(string); value != "" {
			texts = append(texts, blank, value)
			pages = append(pages, blank, htmltemplate.HTMLEscapeString(value))
		}
	}
	return strings.NewReplacer(texts...), strings.NewReplacer(pages...)
}

// letterOf composes the words of a mail once for all mails that differ in their blanks alone.
func (m *mailer) letterOf(q queued, locale string) (letter, error) {
	shape := maps.Clone(q.params)
	for _, name := range slices.Sorted(maps.Keys(blanks)) {
		if value, _ := shape[name].(string); value != "" {
			shape[name] = blanks[name]
		}
	}
	text, err := json.Marshal(shape)
	if err != nil {
		return letter{}, err
	}
	key := q.template + "|" + locale + "|" + string(text)
	if l, known := m.letters.Load(key); known {
		return l.(letter), nil
	}

	var l letter
	l.subject, l.text, l.html, err = mail.Render(mail.Content{
		Template: q.template,
		Locale:   locale,
		Subject:  m.program.Subject(q.template, locale),
		Params:   shape,
		Brand: mail.Brand{
			Name:              m.program.Name,
			SenderName:        m.program.Sender(locale),
			SenderAddress:     m.program.SenderAddress,
			Mailbox:           m.program.Mailbox,
			PortalURL:         m.portal,
			MenuServiceOrders: m.program.ServiceOrdersLabel(locale),
		},
	})
	if err != nil {
		return letter{}, fmt.Errorf("compose %s: %w", q.template, err)
	}
	m.letters.Store(key, l)
	return l, nil
}
