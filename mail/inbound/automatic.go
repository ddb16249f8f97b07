package inbound

import (
	"slices"
	"strings"

	"roomcover.dev/roomcover/mail/thread"
)

// Mark is what shows that no person wrote a mail.
type Mark string

// The marks of automatic mail (RFC 3834 and what programs really send).
const (
	NullSender       Mark = "NULL_SENDER"
	AutoSubmitted    Mark = "AUTO_SUBMITTED"
	IsReport         Mark = "REPORT"
	Precedence       Mark = "PRECEDENCE"
	MailingList      Mark = "MAILING_LIST"
	Autoresponder    Mark = "AUTORESPONDER"
	RobotAddress     Mark = "ROBOT_ADDRESS"
	CalendarReply    Mark = "CALENDAR_REPLY"
	OurOwn           Mark = "OUR_OWN"
	OutOfOfficeTitle Mark = "OUT_OF_OFFICE_TITLE"
)

var (
	precedences = []string{"bulk", "junk", "list", "auto_reply"}
	listFields  = []string{"list-id", "list-unsubscribe", "list-post"}
	robotFields = []string{
		"x-auto-response-from", "x-autoreply", "x-autorespond", "x-autoresponder",
		"x-mail-autoreply", "x-autoreply-from",
	}
	robots = []string{
		"mailer-daemon", "postmaster", "no-reply", "noreply", "donotreply", "do-not-reply",
		"nao-responda", "naoresponda",
	}
)

// marks are all marks of a mail, in a fixed order. X-Auto-Response-Suppress is none: it asks
// not to be answered, and people's own mails carry it; see asksForNoAnswer.
func marks(h header, e Envelope, keys thread.Keys) (out []Mark) {
	add := func(is bool, mark Mark) {
		if is {
			out = append(out, mark)
		}
	}

	path := h.get("return-path")
	nobody := strings.ReplaceAll(path, " ", "") == "<>"
	add(e.Known && e.From == "" || !e.Known && nobody, NullSender)

	submitted, _, _ := strings.Cut(h.get("auto-submitted"), ";")
	submitted, _, _ = strings.Cut(submitted, "(")
	submitted = strings.ToLower(strings.TrimSpace(submitted))
	add(submitted != "" && submitted != "no", AutoSubmitted)

	kind, params := contentType(h.get("content-type"))
	add(kind == "multipart/report", IsReport)
	precedence := strings.ToLower(strings.TrimSpace(h.get("precedence")))
	add(slices.Contains(precedences, precedence), Precedence)
	add(slices.ContainsFunc(listFields, h.has), MailingList)
	add(slices.ContainsFunc(robotFields, h.has), Autoresponder)
	add(slices.ContainsFunc(h.all("from"), fromRobot), RobotAddress)
	add(kind == "text/calendar" && strings.EqualFold(params["method"], "reply"), CalendarReply)

	own := messageIDs(h.get("message-id"))
	add(len(own) > 0 && isOurs(own[0], keys), OurOwn)
	add(awayTitle(decoded(h.get("subject"))), OutOfOfficeTitle)
	return out
}

func isOurs(messageID string, keys thread.Keys) bool {
	_, ours := keys.ParseMessageID(messageID)
	return ours
}

// fromRobot reports whether a From names an address at which nobody reads.
func fromRobot(from string) bool {
	return slices.ContainsFunc(bareEmail.FindAllString(from, -1), func(address string) bool {
		local, _, _ := strings.Cut(strings.ToLower(address), "@")
		local, _, _ = strings.Cut(local, "+")
		return slices.Contains(robots, local)
	})
}

// awayTitles are how the titles of absence notes begin that some programs send without any
// other mark.
var awayTitles = []string{
	"automatic reply:", "auto reply:", "autoreply:", "out of office:", "out of the office:",
	"resposta automática:", "resposta automatica:", "ausência temporária:",
	"automatische antwort:", "abwesenheitsnotiz:", "abwesend:",
	"respuesta automática:", "réponse automatique :", "réponse automatique:",
}

func awayTitle(subject string) bool {
	subject = strings.ToLower(subject)
	return slices.ContainsFunc(awayTitles, func(title string) bool {
		return strings.HasPrefix(subject, title)
	})
}

// asksForNoAnswer reports whether a sender asks programs to be left alone.
func asksForNoAnswer(h header) bool {
	for _, value := range h.all("x-auto-response-suppress") {
		for word := range strings.SplitSeq(strings.ToLower(value), ",") {
			switch strings.TrimSpace(word) {
			case "all", "oof", "autoreply":
				return true
			}
		}
	}
	return false
}
