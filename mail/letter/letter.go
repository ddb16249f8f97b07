// Package letter makes of a queued notification the mail that it is, in the program's name: for
// who sends it, and for who looks at it afterwards.
package letter

import (
	"maps"

	"roomcover.dev/roomcover/mail"
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
}

// Hidden are the secrets of a mail that somebody else than its reader looks at: none.
var Hidden Secrets = hidden{}

type hidden struct{}

const hiddenSecret = "••••••"

func (hidden) InvitationToken(string) string { return hiddenSecret }
func (hidden) OneTimeCode(string) string     { return hiddenSecret }
func (hidden) ResetToken(string) string      { return hiddenSecret }

// Render makes the mail of a notification, in the program's name (R1). The portal is at the
// address.
func Render(
	p catalogue.Program, n notification.Notification, portal string, s Secrets,
) (mail.Message, error) {
	locale := p.Locale(n.Locale)
	wanted := p.Subject(n.Template, locale)
	content := mail.Content{
		Template:   n.Template,
		Locale:     locale,
		Subject:    wanted,
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

	subject, text, html, err := mail.Render(content)
	if err != nil {
		return mail.Message{}, err
	}

	return mail.Message{
		ID:          n.ID,
		Thread:      threadOf(n),
		FromName:    content.Brand.SenderName,
		FromAddress: p.SenderAddress,
		ReplyTo:     p.Mailbox,
		To:          n.Recipient,
		Subject:     subject,
		Text:        text,
		HTML:        html,
		Locale:      locale,
		Template:    n.Template,
	}, nil
}

// threadOf returns what the mails of a replacement or a spare unit share, so that they are
// read as one conversation although each subject says what happened; empty for others.
func threadOf(n notification.Notification) string {
	switch n.Template {
	case rules.TemplateRMA, rules.TemplateSpare:
		return n.SubjectID
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
	case rules.TemplateOneTimeCode:
		params["code"] = s.OneTimeCode(n.SubjectID)
	case rules.TemplatePasswordReset:
		params["link"] = portal + "/password-reset/new?token=" + s.ResetToken(n.SubjectID)
	}

	return params
}
