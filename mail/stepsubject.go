package mail

import (
	"fmt"
	"strings"

	"roomcover.dev/roomcover/messages"
)

// mostOfName bounds a name in a subject, in characters: what happened stands behind it.
const mostOfName = 60

// stepSubject fills in what a program's subject of a replacement or a spare unit asks for:
// {what} happened to which device, and its {number}. Any other subject stays as it is.
func stepSubject(c Content, p map[string]any) string {
	step, ok := p["step"].(string)
	if !ok {
		return c.Subject
	}

	l := messages.In(c.Locale)
	happened, number := l.Say("mail.rma_update."+step+".subject"), p["rma"]
	if c.Template == "spare_update" {
		happened, number = l.Say("mail.spare_update."+step+".subject"), p["spare"]
	}

	what := l.Say("mail.subject.what", messages.Args{
		"about": stepAbout(l, c.Template, p),
		"what":  happened,
	})

	return strings.NewReplacer("{what}", what, "{number}", inSubject(number)).Replace(c.Subject)
}

// stepAbout names the device and where it is.
func stepAbout(l *messages.Language, template string, p map[string]any) string {
	args := messages.Args{
		"device": inSubject(p["model"]),
		"room":   inSubject(p["room"]),
		"site":   inSubject(p["site"]),
	}
	if n, ok := p["quantity"].(int); ok && n > 1 {
		args["device"] = fmt.Sprintf("%d × %s", n, args["device"])
	}

	switch {
	case template == "spare_update" && args["site"] != "":
		return l.Say("mail.subject.site", args)
	case template == "spare_update":
		return l.Say("mail.subject.spare", args)
	case args["room"] != "":
		return l.Say("mail.subject.room", args)
	}
	return args["device"].(string)
}

// inSubject returns a parameter as it may stand in a header: short, and without the mark
// with which encoded words begin.
func inSubject(v any) string {
	text, _ := v.(string)
	text = strings.ReplaceAll(text, "=?", "= ?")
	if runes := []rune(text); len(runes) > mostOfName {
		text = strings.TrimSpace(string(runes[:mostOfName-1])) + "…"
	}
	return text
}
