package mail

import (
	"bytes"
	"cmp"
	"net/mail"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	gomail "github.com/wneessen/go-mail"
	"golang.org/x/net/idna"
)

// composed is a message as it goes over the wire, with its envelope.
type composed struct {
	from, to   string // from is the header's; see nullSender
	nullSender bool
	messageID  string // with angle brackets
	// What it answers, with angle brackets: the last one first of all, and the whole thread, which
	// may begin with a message that nobody sent.
	inReplyTo  string
	references []string
	content    []byte
}

var (
	idPattern     = regexp.MustCompile(`^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*$`)
	domainPattern = regexp.MustCompile(
		`^[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*$`,
	)
	// foreignID is a Message-ID that somebody else made, without angle brackets.
	foreignID          = regexp.MustCompile(`^[!-;=?-~]{1,400}$`)
	threadIndexPattern = regexp.MustCompile(`^[A-Za-z0-9+/=]{0,200}$`)
	localePattern      = regexp.MustCompile(`^[A-Za-z0-9]{2,8}(-[A-Za-z0-9]{1,8})*$`)
)

const (
	maxHeaderText = 300 // runes of a subject or display name
	maxReferences = 20  // Message-IDs that a mail answers
)

// compose builds the whole mail in memory before anything is sent, so that a
// fault in the message can never break off a mail in its middle. Everything
// that reaches the header is checked here; the error never repeats it.
func compose(m Message, domain string) (composed, *SendError) {
	c := composed{nullSender: m.NullSender}
	for _, a := range []struct {
		field, in string
		out       *string
	}{{"sender address", m.FromAddress, &c.from}, {"recipient address", m.To, &c.to}} {
		var ok bool
		if *a.out, ok = wireAddress(a.in); !ok {
			return c, refused("the " + a.field + " is malformed")
		}
	}

	if reason := wrongHeaderText(m); reason != "" {
		return c, refused(reason)
	}
	if domain == "" {
		domain = c.from[strings.LastIndex(c.from, "@")+1:]
	}

	c.messageID = "<" + cmp.Or(m.MessageID, m.ID) + "@" + domain + ">"
	c.answer(m, domain)

	msg, failure := build(m, c)
	if failure != nil {
		return c, failure
	}

	var buffer bytes.Buffer
	if _, err := msg.WriteTo(&buffer); err != nil {
		return c, refused("the message cannot be encoded")
	}

	c.content = buffer.Bytes()
	return c, nil
}

// answer names what the message answers. An id without a domain is of a mail of ours.
func (c *composed) answer(m Message, domain string) {
	named := func(id string) string {
		if !strings.Contains(id, "@") {
			id += "@" + domain
		}
		return "<" + id + ">"
	}

	if m.Thread != "" {
		c.inReplyTo = named(m.Thread)
		c.references = append(c.references, named(m.Thread))
	}
	for _, id := range m.References {
		c.references = append(c.references, named(id))
	}
	if m.InReplyTo != "" {
		c.inReplyTo = named(m.InReplyTo)
	}
}

// build sets the header and the parts; the text comes first, so that readers
// which can show both choose the HTML.
func build(m Message, c composed) (*gomail.Msg, *SendError) {
	msg := gomail.NewMsg(gomail.WithNoDefaultUserAgent())
	msg.FromMailAddress(&mail.Address{Name: m.FromName, Address: c.from})
	msg.ToMailAddress(&mail.Address{Address: c.to})

	if m.ReplyTo != "" {
		replyTo, ok := wireAddress(m.ReplyTo)
		if !ok {
			return nil, refused("the reply address is malformed")
		}
		msg.ReplyToMailAddress(&mail.Address{Address: replyTo})
	}

	msg.SetGenHeaderPreformatted(gomail.HeaderSubject, subjectHeader(m.Subject))
	msg.SetDate()
	msg.SetGenHeader(gomail.HeaderMessageID, c.messageID)
	setThread(msg, m, c)
	setOrigin(msg, m.Origin)
	if m.Locale != "" {
		msg.SetGenHeader(gomail.HeaderContentLang, m.Locale)
	}

	msg.SetBodyString(gomail.TypeTextPlain, m.Text)
	if m.HTML != "" {
		msg.AddAlternativeString(gomail.TypeTextHTML, m.HTML)
	}
	if m.Invite != nil {
		if err := addInvite(msg, *m.Invite); err != nil {
			return nil, refused("the invitation cannot be attached")
		}
	}

	return msg, nil
}

// addInvite adds a calendar message: the last alternative, without a disposition, with the
// method that stands in it, and invite.ics beside the alternatives.
func addInvite(msg *gomail.Msg, i Invite) error {
	kind := gomail.ContentType("text/calendar; method=" + i.Method)
	msg.AddAlternativeString(kind, string(i.Content), gomail.WithPartEncoding(gomail.EncodingB64))
	return msg.AttachReader("invite.ics", bytes.NewReader(i.Content),
		gomail.WithFileContentType("application/ics"),
		gomail.WithFileEncoding(gomail.EncodingB64))
}

// setThread names the mails that the message answers.
func setThread(msg *gomail.Msg, m Message, c composed) {
	if c.inReplyTo != "" {
		msg.SetGenHeader(gomail.HeaderInReplyTo, c.inReplyTo)
	}
	if len(c.references) > 0 {
		named := strings.Join(c.references, "\r\n ")
		msg.SetGenHeaderPreformatted(gomail.HeaderReferences, named)
	}
	if m.ThreadIndex != "" {
		msg.SetGenHeader("Thread-Index", m.ThreadIndex)
	}
	if m.ThreadTopic != "" {
		msg.SetGenHeader("Thread-Topic", m.ThreadTopic)
	}
}

// setOrigin says of what no person wrote that it is automatic, so that no vacation robot answers
// it. It asks for no absence notes, and not for "All": that would keep Exchange from reporting
// that a mail did not arrive.
func setOrigin(msg *gomail.Msg, origin Origin) {
	switch origin {
	case Written:
		return
	case AutoReplied:
		msg.SetGenHeader("Auto-Submitted", "auto-replied")
	default:
		msg.SetGenHeader("Auto-Submitted", "auto-generated")
	}
	msg.SetGenHeader("X-Auto-Response-Suppress", "OOF, AutoReply")
}

// wrongHeaderText names what in m may not become a header; empty if all may.
func wrongHeaderText(m Message) string {
	switch {
	case !idPattern.MatchString(m.ID) || len(m.ID) > 200:
		return "the message's ID is not fit for a Message-ID"
	case m.Thread != "" && !idPattern.MatchString(m.Thread) || len(m.Thread) > 200:
		return "the thread's name is not fit for a Message-ID"
	case m.MessageID != "" && !idPattern.MatchString(m.MessageID) || len(m.MessageID) > 200:
		return "the message's own ID is not fit for a Message-ID"
	case wrongReferences(m):
		return "what the message answers is no Message-ID"
	case !threadIndexPattern.MatchString(m.ThreadIndex):
		return "the Thread-Index is malformed"
	case !headerText(m.ThreadTopic):
		return "the Thread-Topic holds characters that a header may not carry"
	case m.Locale != "" && !localePattern.MatchString(m.Locale):
		return "the locale is not a language tag"
	case strings.TrimSpace(m.Subject) == "":
		return "the subject is empty"
	case !headerText(m.Subject):
		return "the subject holds characters that a header may not carry"
	case !headerText(m.FromName):
		return "the sender's name holds characters that a header may not carry"
	case m.Text == "":
		return "the text is empty"
	case m.Invite != nil && !fitInvite(*m.Invite):
		return "the invitation's method is not the one that stands in it"
	case !utf8.ValidString(m.Text) || !utf8.ValidString(m.HTML):
		return "the body is not UTF-8"
	}

	return ""
}

// fitInvite reports whether a calendar message is what its part will say that it is.
func fitInvite(i Invite) bool {
	return (i.Method == "REQUEST" || i.Method == "CANCEL") && utf8.Valid(i.Content) &&
		bytes.Contains(i.Content, []byte("\r\nMETHOD:"+i.Method+"\r\n"))
}

// wrongReferences reports whether a Message-ID of somebody else may not stand in our header.
func wrongReferences(m Message) bool {
	if m.InReplyTo != "" && !foreignID.MatchString(m.InReplyTo) {
		return true
	}
	return len(m.References) > maxReferences ||
		slices.ContainsFunc(m.References, func(id string) bool {
			return !foreignID.MatchString(id)
		})
}

// headerText refuses line breaks and control characters (header injection),
// invisible direction marks (they can disguise a name), and "=?", with which
// plain text would be decoded by the reader into something else.
func headerText(s string) bool {
	if !utf8.ValidString(s) || utf8.RuneCountInString(s) > maxHeaderText ||
		strings.Contains(s, "=?") {
		return false
	}

	return !strings.ContainsFunc(s, func(r rune) bool {
		return unicode.IsControl(r) || r == '\u2028' || r == '\u2029' ||
			unicode.Is(unicode.Bidi_Control, r)
	})
}

// wireAddress checks a bare address and returns it as SMTP carries it, with
// an international domain in its ASCII form. Local parts beyond ASCII need
// SMTPUTF8 on the whole way and are refused.
func wireAddress(s string) (string, bool) {
	at := strings.LastIndex(s, "@")
	if at < 1 || len(s) > 254 ||
		strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r == 0x7f }) {
		return "", false
	}

	domain, err := idna.Lookup.ToASCII(s[at+1:])
	if err != nil || !validDomain(domain) {
		return "", false
	}

	bare := s[:at] + "@" + domain
	parsed, err := mail.ParseAddress(bare)
	if err != nil || parsed.Name != "" || parsed.Address != bare {
		return "", false
	}

	return bare, !strings.ContainsFunc(bare, func(r rune) bool { return r > 0x7e })
}

func validDomain(s string) bool { return len(s) <= 253 && domainPattern.MatchString(s) }
