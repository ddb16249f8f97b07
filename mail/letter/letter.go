// Package letter makes of a queued notification the mail that it is, in the program's name: for
// who sends it, and for who looks at it afterwards.
package letter

import (
	"cmp"
	"maps"
	"slices"

	"roomcover.dev/roomcover/mail"
	"roomcover.dev/roomcover/mail/thread"
	"roomcover.dev/roomcover/models/notification"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/catalogue"
)

// Secrets are what only a mail's reader may have. They are derived when the mail is written,
// and stand nowhere else.
type Secrets interface {
	InvitationToken(invitationID string) string
	OneTimeCode(challengeID string) string
	ResetToken(challengeID string) string
	// ReplyAddress and MessageID sign what an answer to a ticket's mail brings back; see
	// thread.Keys. Empty: such mails are as any other.
	ReplyAddress(mailbox, ticket string) string
	MessageID(ticket, message, recipient string) string
}

// Hidden are the secrets of a mail that somebody else than its reader looks at: none.
var Hidden Secrets = hidden{}

type hidden struct{}

const hiddenSecret = "••••••"

func (hidden) InvitationToken(string) string { return hiddenSecret }
func (hidden) OneTimeCode(string) string     { return hiddenSecret }
func (hidden) ResetToken(string) string      { return hiddenSecret }

func (hidden) ReplyAddress(string, string) string      { return "" }
func (hidden) MessageID(string, string, string) string { return "" }

// Thread is what was written before a mail of a ticket, which it names, so that the programs of its
// reader show it with that (S44).
type Thread struct {
	Before []Named // the oldest first
	Index  string  // the Thread-Index that their program gave; empty: none
}

// Named is a mail that another names.
type Named struct {
	Own       string // the notification's id, of one of ours to the same reader
	MessageID string // of somebody else's
}

// namedBefore is how many mails one names, beside the first of the ticket: of a long thread the
// last ones.
const namedBefore = 18

// Render makes the mail of a notification, in the program's name (R1). The portal is at the
// address.
func Render(
	p catalogue.Program, n notification.Notification, portal string, s Secrets,
) (mail.Message, error) {
	return RenderIn(p, n, portal, s, Thread{})
}

// RenderIn is Render of a mail that goes on with a thread.
func RenderIn(
	p catalogue.Program, n notification.Notification, portal string, s Secrets, before Thread,
) (mail.Message, error) {
	locale := p.Locale(n.Locale)
	wanted := p.Subject(n.Template, locale)
	content := mail.Content{
		Template:   n.Template,
		Locale:     locale,
		Subject:    wanted,
		Written:    originOf(n) == mail.Written,
		OwnSubject: wanted != rules.DefaultSubjects(p.Name)[n.Template][locale],
		Params:     params(n, portal, locale, s),
		Brand: mail.Brand{
			Name:              p.Name,
			SenderName:        p.Sender(locale),
			SenderAddress:     p.SenderAddress,
			Mailbox:           p.Mailbox,
			PortalURL:         portal,
			MenuServiceOrders: p.ServiceOrdersLabel(locale),
		},
	}

	replyTo, messageID := answered(p, n, s)
	if replyTo != "" {
		content.ReplyMarker = thread.ReplyMarker(locale)
	}
	subject, text, html, err := mail.Render(content)
	if err != nil {
		return mail.Message{}, err
	}

	invite, err := inviteOf(p, n, locale)
	if err != nil {
		return mail.Message{}, err
	}

	inReplyTo, _ := n.Params[ParamInReplyTo].(string)
	references := thread.ReferencesAfter(nil, inReplyTo)
	topic := ""
	if messageID != "" {
		references = before.references(n, s)
		if len(references) > 0 {
			inReplyTo = references[len(references)-1]
		}
		if before.Index != "" {
			topic = subject
		}
	}
	return mail.Message{
		ID:          n.ID,
		Thread:      threadOf(n),
		FromName:    content.Brand.SenderName,
		FromAddress: p.SenderAddress,
		MessageID:   messageID,
		ReplyTo:     cmp.Or(replyTo, p.Mailbox),
		To:          n.Recipient,
		Subject:     subject,
		Text:        text,
		HTML:        html,
		Invite:      invite,
		Locale:      locale,
		Template:    n.Template,
		InReplyTo:   inReplyTo,
		References:  references,
		ThreadIndex: before.Index,
		ThreadTopic: topic,
		Origin:      originOf(n),
		NullSender:  n.Template == rules.TemplateMailboxReceived,
	}, nil
}

// references are the Message-IDs that a mail of a ticket names: those of ours without their
// domain, which whoever sends it knows.
func (t Thread) references(n notification.Notification, s Secrets) (ids []string) {
	number, _ := n.Params["number"].(string)
	before := t.Before[max(0, len(t.Before)-namedBefore):]
	for _, m := range before {
		id := m.MessageID
		if m.Own != "" {
			id = s.MessageID(number, m.Own, n.Recipient)
		}
		ids = thread.ReferencesAfter(ids, id)
	}
	return ids
}

// ParamInReplyTo is the parameter of a mail that answers another: its Message-ID.
const ParamInReplyTo = "in_reply_to"

// answered is how an answer to a mail about a ticket finds it: by the address that it goes to,
// and by the mail that it names. Both are empty for other mails.
func answered(
	p catalogue.Program, n notification.Notification, s Secrets,
) (replyTo, messageID string) {
	number, _ := n.Params["number"].(string)
	switch n.Template {
	case rules.TemplateTicket, rules.TemplateSession, rules.TemplateParticipant:
	default:
		return "", ""
	}
	if number == "" {
		return "", ""
	}
	if replyTo = s.ReplyAddress(p.Mailbox, number); replyTo == "" {
		return "", ""
	}
	return replyTo, s.MessageID(number, n.ID, n.Recipient)
}

// originOf says who wrote a mail: an operator, or nobody.
func originOf(n notification.Notification) mail.Origin {
	switch n.Template {
	case rules.TemplateMailboxAnswer:
		return mail.Written
	case rules.TemplateMailboxReceived:
		return mail.AutoReplied
	case rules.TemplateTicket:
		if tellsWords(n.Params["parts"]) {
			return mail.Written
		}
	}
	return mail.Generated
}

// tellsWords reports whether a part of a ticket's mail is what a person wrote to its reader.
func tellsWords(parts any) bool {
	list, _ := parts.([]any)
	return slices.ContainsFunc(list, func(part any) bool {
		fields, _ := part.(map[string]any)
		text, _ := fields["text"].(string)
		return text != ""
	})
}

// threadOf returns what the mails of a replacement, a spare unit or a ticket share, so that they
// are read as one conversation although each subject says what happened; empty for others.
func threadOf(n notification.Notification) string {
	switch n.Template {
	case rules.TemplateRMA, rules.TemplateSpare, rules.TemplateTicket:
		return n.SubjectID
	case rules.TemplateSession: // in the conversation of its ticket
		thread, _ := n.Params["thread"].(string)
		return thread
	}
	return ""
}

// params are a notification's parameters, with the secrets of its template.
func params(
	n notification.Notification, portal, locale string, s Secrets,
) map[string]any {
	params := maps.Clone(n.Params)
	if params == nil {
		params = map[string]any{}
	}

	if name, ok := params["contact_name"]; ok && name == "" {
		// an administrator may invite a colleague by address alone
		params["contact_name"] = n.Recipient
	}

	switch n.Template {
	case rules.TemplateInvitation, rules.TemplateInvitationReminder:
		// the page opens in the mail's language
		params["link"] = portal + "/invitation?token=" +
			s.InvitationToken(n.SubjectID) + "&lang=" + locale
	case rules.TemplateOneTimeCode, rules.TemplateMailboxCode:
		params["code"] = s.OneTimeCode(n.SubjectID)
	case rules.TemplatePasswordReset:
		params["link"] = portal + "/password-reset/new?token=" + s.ResetToken(n.SubjectID)
	}

	return params
}
