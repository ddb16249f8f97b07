package smtptest

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"strings"
	"time"
)

// Message is one mail as the server received it, and what a reader sees.
type Message struct {
	// ID is the catcher's own id, increasing with time of receipt.
	ID string
	// From is the envelope sender, To are the envelope recipients.
	From string
	To   []string
	// TLS says whether the mail came over an encrypted connection.
	TLS bool
	// ReceivedAt is in UTC.
	ReceivedAt time.Time
	// Raw is the message exactly as sent: header, empty line, body.
	Raw []byte

	// Header is the undecoded header.
	Header mail.Header
	// MessageID is the Message-ID with its angle brackets.
	MessageID string
	// Subject is decoded.
	Subject string
	// FromName and FromAddress are the decoded From header.
	FromName, FromAddress string
	// Text and HTML are the decoded parts; empty if absent.
	Text, HTML string
}

// envelope is what SMTP says about a mail beside its content.
type envelope struct {
	from string
	to   []string
	tls  bool
	at   time.Time
}

// parse decodes raw. A mail that cannot be decoded is still a Message, with
// Raw and the envelope only, so that nothing received is ever hidden.
func parse(id string, e envelope, raw []byte) Message {
	m := Message{
		ID:         id,
		From:       e.from,
		To:         e.to,
		TLS:        e.tls,
		ReceivedAt: e.at,
		Raw:        raw,
	}

	parsed, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		return m
	}

	m.Header = parsed.Header
	m.MessageID = parsed.Header.Get("Message-ID")
	var words mime.WordDecoder
	if m.Subject, err = words.DecodeHeader(parsed.Header.Get("Subject")); err != nil {
		m.Subject = parsed.Header.Get("Subject")
	}
	if from, err := mail.ParseAddress(parsed.Header.Get("From")); err == nil {
		m.FromName, m.FromAddress = from.Name, from.Address
	}

	_ = m.readPart(parsed.Header.Get, parsed.Body)
	return m
}

// readPart walks the MIME tree and fills Text and HTML.
func (m *Message) readPart(header func(string) string, body io.Reader) error {
	mediaType, params, err := mime.ParseMediaType(header("Content-Type"))
	if err != nil {
		mediaType = "text/plain"
	}

	if strings.HasPrefix(mediaType, "multipart/") {
		return m.readParts(multipart.NewReader(body, params["boundary"]))
	}

	content, err := io.ReadAll(decoded(header("Content-Transfer-Encoding"), body))
	if err != nil {
		return fmt.Errorf("smtptest: part: %w", err)
	}

	switch text := strings.ReplaceAll(string(content), "\r\n", "\n"); mediaType {
	case "text/plain":
		m.Text = text
	case "text/html":
		m.HTML = text
	}

	return nil
}

func (m *Message) readParts(r *multipart.Reader) error {
	for {
		p, err := r.NextRawPart()
		if err != nil {
			return err
		}
		if err := m.readPart(p.Header.Get, p); err != nil {
			return err
		}
	}
}

func decoded(encoding string, body io.Reader) io.Reader {
	switch strings.ToLower(encoding) {
	case "quoted-printable":
		return quotedprintable.NewReader(body)
	case "base64":
		return base64.NewDecoder(base64.StdEncoding, body)
	}
	return body
}
