package activities

import (
	"maps"

	"roomcover.dev/roomcover/mail"
	"roomcover.dev/roomcover/models/notification"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/catalogue"
)

// render makes the mail of a notification, in the program's name (R1). Links
// and codes are derived here and stand nowhere but in the mail.
func (a *Mail) render(p catalogue.Program, n notification.Notification) (mail.Message, error) {
	locale := p.Locale(n.Locale)
	wanted := p.Subject(n.Template, locale)
	content := mail.Content{
		Template:   n.Template,
		Locale:     locale,
		Subject:    wanted,
		OwnSubject: wanted != rules.DefaultSubjects(p.Name)[n.Template][locale],
		Params:     a.withSecrets(n, locale),
		Brand: mail.Brand{
			Name:              p.Name,
			SenderName:        p.Sender(locale),
			SenderAddress:     p.SenderAddress,
			Mailbox:           p.Mailbox,
			PortalURL:         a.PortalURL,
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

func (a *Mail) withSecrets(n notification.Notification, locale string) map[string]any {
	params := maps.Clone(n.Params)
	if params == nil {
		params = map[string]any{}
	}

	if name, ok := params["contact_name"]; ok && name == "" {
		// an administrator may invite a colleague by address alone
		params["contact_name"] = n.Recipient
	}

	secrets := a.DB.Secrets()
	switch n.Template {
	case "invitation", "invitation_reminder":
		// the page opens in the mail's language
		params["link"] = a.PortalURL + "/invitation?token=" +
			secrets.InvitationToken(n.SubjectID) + "&lang=" + locale
	case "one_time_code":
		params["code"] = secrets.OneTimeCode(n.SubjectID)
	case "password_reset":
		params["link"] = a.PortalURL + "/password-reset/new?token=" +
			secrets.ResetToken(n.SubjectID)
	}

	return params
}
