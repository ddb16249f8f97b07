package console

import (
	"regexp"
	"strings"

	"roomcover.dev/roomcover/models/notification"
	"roomcover.dev/roomcover/rules"
)

// serverReply is how the error of a mail names the server's answer: the step of the
// conversation, the reply code, and the enhanced status code of RFC 3463 where there is one.
var serverReply = regexp.MustCompile(
	`at (\w+): server answered (\d{3})(?: ([245]\.\d{1,3}\.\d{1,3}))?`)

// troubleOf is why a mail did not arrive, and what to do about it, as ends of keys; empty where
// nothing is wrong with it.
func troubleOf(n notification.Notification) (why, remedy string) {
	switch n.State {
	case rules.NotificationUnknown:
		if strings.Contains(n.LastError, "restored") {
			return "restored", "ask"
		}
		return "broke", "ask"
	case rules.NotificationHardBounced:
		why := bounceOf(n.LastError)
		return why, remedyOf(why, n)
	case rules.NotificationQueued, rules.NotificationSoftFail:
		if n.LastError != "" {
			return "later", "wait"
		}
	}
	return "", ""
}

// bounceOf reads why a mail was refused for good from what the service kept of it.
func bounceOf(text string) string {
	m := serverReply.FindStringSubmatch(text)
	if m == nil {
		switch {
		case strings.Contains(text, "recipient address is malformed"):
			return "address"
		case strings.Contains(text, "template"), strings.Contains(text, "at compose"):
			return "ours"
		}
		return "gaveup"
	}

	step, enhanced := m[1], m[3]
	class, detail := "", ""
	if parts := strings.Split(enhanced, "."); len(parts) == 3 {
		class, detail = parts[1], parts[2]
	}
	switch {
	case class == "1" && (detail == "2" || detail == "10"):
		return "domain"
	case class == "1":
		return "address"
	case class == "2" && detail == "2":
		return "full"
	case class == "2":
		return "closed"
	case class == "3":
		return "size"
	case class == "4":
		return "domain"
	case class == "7":
		return "policy"
	case step == "mail":
		return "sender"
	case step == "rcpt":
		return "address"
	}
	return "content"
}

// remedyOf is what helps against it.
func remedyOf(why string, n notification.Notification) string {
	invites := n.Template == rules.TemplateInvitation ||
		n.Template == rules.TemplateInvitationReminder
	switch why {
	case "address", "domain", "closed":
		if invites {
			return "reissue"
		}
		return "correct"
	case "full":
		return "again"
	case "policy", "sender", "content", "size":
		return "policy"
	case "ours":
		return "engineer"
	}
	return "again"
}
