package mail

import (
	"fmt"
	"strings"

	"roomcover.dev/roomcover/messages"
)

// mostOfName bounds a name in a subject, in characters: what happened stands behind it.
const mostOfName = 60

// filledSubject fills in what a program's subject asks for: {what} happened to which device
// or contract, and the {number} of the replacement, the spare unit or the order. Where a mail
// has no number, the parentheses around it go too. Where a part of an order was canceled, the
// subject says so, unless the program has words of its own.
func filledSubject(c Content, p map[string]any) string {
	number := inSubject(subjectNumber(c.Template, p))
	pairs := []string{"{number}", number}
	if number == "" {
		pairs = append([]string{" ({number})", ""}, pairs...)
	}

	subject := c.Subject
	switch l := messages.In(c.Locale); c.Template {
	case "order_cancelled":
		if p["whole"] != true && !c.OwnSubject {
			program := messages.Args{"program": c.Brand.Name}
			subject = l.Say("mail.order_cancelled.subject.part", program) + " ({number})"
		}
	case "rma_update", "spare_update":
		pairs = append(pairs, "{what}", whatHappened(l, c.Template, p))
	case "ticket":
		pairs = append(pairs, "{what}", inSubject(p["summary"]))
	case "room_health":
		pairs = append(pairs, "{what}", howRoomsAre(l, p))
	case "session":
		step, _ := p["step"].(string)
		pairs = append(pairs, "{what}", l.Say("mail.session."+step+".subject"))
	case "renewal_reminder":
		pairs = append(pairs, "{what}", whatEnds(l, c.Brand.Name, p))
	}

	return strings.NewReplacer(pairs...).Replace(subject)
}

// subjectNumber returns the number by which the mail's reader knows what it is about. The
// seller's number of an order is its purchase order; a customer did not give that one.
func subjectNumber(template string, p map[string]any) any {
	switch {
	case template == "rma_update":
		return p["rma"]
	case template == "spare_update":
		return p["spare"]
	case template == "ticket" || template == "session" || template == "participant":
		return p["number"]
	case template == "renewal_reminder":
		return p["contract"]
	case template == "order_cancelled" && p["seller"] != true:
		return p["vendor_order_no"]
	case template == "order_review_reminder" && p["po_number"] == nil:
		return p["order_id"]
	}
	return p["po_number"]
}

// whatHappened says which step a replacement or a spare unit made.
func whatHappened(l *messages.Language, template string, p map[string]any) string {
	step, _ := p["step"].(string)
	happened := l.Say("mail.rma_update." + step + ".subject")
	if template == "spare_update" {
		happened = l.Say("mail.spare_update." + step + ".subject")
	}

	return l.Say("mail.subject.what", messages.Args{
		"about": stepAbout(l, template, p),
		"what":  happened,
	})
}

// whatEnds says whose contract ends when. A contract about another service is not called
// the program's.
func whatEnds(l *messages.Language, program string, p map[string]any) string {
	days, _ := p["days_left"].(int)
	args := messages.Args{
		"program": program,
		"company": inSubject(p["company"]),
		"days":    l.Count("count.days", int64(days)),
	}

	key := "mail.renewal_reminder."
	if p["seller"] == true && args["company"] != "" {
		key += "seller."
	}
	if ofAnotherService(p) {
		key += "title"
	} else {
		key += "subject"
	}
	if days == 0 {
		key += ".today"
	}
	return l.Say(key, args)
}

// howRoomsAre says how a room is, by its name, or of several how many are so.
func howRoomsAre(l *messages.Language, p map[string]any) string {
	what, _ := p["what"].(string)
	n, _ := p["down_count"].(int)
	lines, _ := p["down"].([]map[string]any)
	if what == "WELL" {
		n, _ = p["well_count"].(int)
		lines, _ = p["well"].([]map[string]any)
	}
	if n == 1 && len(lines) == 1 {
		state, _ := lines[0]["state"].(string)
		room := inSubject(lines[0]["room"])
		return l.Say("mail.room_health.one."+state, messages.Args{"room": room})
	}
	return l.Count("mail.room_health.title."+what, int64(n))
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
