package mail

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/url"
	"regexp"
	"strings"
	"time"
	"unicode"

	"roomcover.dev/roomcover/messages"
)

// kind is what a parameter must be, as decoded from JSON.
type kind int

const (
	asText   kind = iota // non-empty string, shown on one line
	asName               // asText that somebody typed, of which no mail program makes a link
	asDate               // "2006-01-02", shown in the locale's long form
	asWhole              // whole number, zero or more
	asFlag               // true or false
	asLink               // absolute http or https address
	asList               // list of strings
	asLines              // list of order lines, see orderLine
	asParts              // list of what happened to a ticket, see ticketPart
	asWords              // what a person wrote, line by line
	asRooms              // list of rooms as Sync tells of them, see roomLine
	asCauses             // list of what is wrong with one, see causeLine
)

// parameter is one parameter of a template.
type parameter struct {
	name     string
	kind     kind
	optional bool
}

func need(name string, k kind) parameter { return parameter{name: name, kind: k} }
func may(name string, k kind) parameter  { return parameter{name: name, kind: k, optional: true} }

// orderLine are the parameters of one line of an order: what is bought, either
// as a description or by its service type.
var orderLine = []parameter{
	need("sku", asText), need("quantity", asWhole), need("term_years", asWhole),
	may("description", asText), may("service_type", asText), may("end_on", asDate),
}

// ticketPart are the parameters of one thing that happened to a ticket: step is one that
// mail.json has words for.
var ticketPart = []parameter{
	need("step", asText), may("text", asWords), may("day", asWhole), may("at", asText),
}

// roomLine are the parameters of a room that went down or is well again: state is that of
// package health, at is since when by RFC 3339, which is shown by the clock of zone; page is the
// path of its page.
var roomLine = []parameter{
	need("room", asName), may("site", asName), need("page", asText), need("state", asText),
	need("at", asText), may("zone", asText), may("causes", asCauses),
}

// causeLine are the parameters of one thing that is wrong with a room.
var causeLine = []parameter{
	need("cause", asText), may("device", asName), may("part", asName),
}

// parameters are every template's. Dates named …_on are local calendar dates;
// end_on is the last covered day. Others than these are ignored, so that a
// link or code cannot reach a mail that is not meant to carry it (R100c).
var parameters = map[string][]parameter{
	// order_confirmation needs start_on if the contracts have started, else
	// latest_start_on (S1).
	"order_confirmation": {
		need("vendor_order_no", asText),
		need("po_number", asName),
		need("company", asName),
		need("lines", asLines),
		may("total_licences", asWhole),
		may("start_on", asDate),
		may("end_on", asDate),
		may("latest_start_on", asDate),
		may("seller", asFlag), // to the reseller or the distributor
	},
	"order_review_reminder": {
		need("order_id", asText),
		need("reasons", asList),
		may("po_number", asName),
		may("company", asName),
		may("seller", asName),
		may("reject_on", asDate),
	},
	"order_rejected": {
		need("po_number", asName),
		need("reason", asText),
		may("company", asName),
	},
	"order_cancelled": {
		need("vendor_order_no", asText),
		need("po_number", asName),
		need("quantity", asWhole),
		need("whole", asFlag),
		may("company", asName),
		may("remaining", asWhole),
		may("seller", asFlag), // to the reseller or the distributor
		may("by", asText),     // CUSTOMER, RESELLER, DISTRIBUTOR or OPERATOR
		may("reason", asName),
		may("replacements", asText), // numbers of what ended beside the licenses
		may("voided", asText),
		may("recalled", asText),
	},
	"order_reopened": {
		need("po_number", asName),
	},
	// To a reseller: nothing here may say who the end customer is.
	"order_in_your_name": {
		need("po_number", asName),
		need("distributor", asName),
		need("reseller", asName),
	},
	// role is ADMIN or READ_ONLY; expires_on is the last day the link works.
	"invitation": {
		need("contact_name", asName),
		need("company", asName),
		need("link", asLink),
		need("expires_on", asDate),
		need("role", asText),
	},
	// Without a link the reminder points to the first mail.
	"invitation_reminder": {
		need("contact_name", asName),
		need("company", asName),
		need("expires_on", asDate),
		may("role", asText),
		may("link", asLink),
	},
	// Nothing here may identify the invited person.
	"invitation_unclaimed": {
		need("vendor_order_no", asText),
		need("po_number", asName),
		may("company", asName),
		may("latest_start_on", asDate),
	},
	"invitation_undeliverable": {
		need("vendor_order_no", asText),
		need("po_number", asName),
		may("company", asName),
	},
	"one_time_code": {
		need("code", asText),
		need("minutes", asWhole),
	},
	"mailbox_received": {},
	"mailbox_answer": {
		need("paragraphs", asList),
	},
	// To a reseller: who asks, and for which other address, is not told.
	"mailbox_code": {
		need("company", asName),
		need("po_number", asName),
		need("code", asText),
		need("days", asWhole),
	},
	"password_reset": {
		need("link", asLink),
		need("minutes", asWhole),
	},
	// sent_by is who sent the order, where it is not the seller.
	"admin_notice": {
		need("company", asName),
		may("role", asText),
		may("invitee", asName),
		may("email", asText),
		may("vendor_order_no", asText),
		may("seller", asName),
		may("sent_by", asName),
	},
	// question is the id of the page that answers; answer_on is the last day on which only
	// administrators answer.
	"contact_question": {
		need("company", asName),
		need("invitee", asName),
		need("email", asText),
		need("vendor_order_no", asText),
		need("seller", asName),
		may("sent_by", asName),
		need("question", asText),
		need("answer_on", asDate),
	},
	// change is REMOVED, SUSPENDED or DEMOTED; without by it was the service's operator. self
	// says that the reader is the person, own_act that the reader made the change.
	"admin_removed": {
		need("company", asName),
		need("person", asName),
		need("change", asText),
		may("by", asName),
		may("self", asFlag),
		may("own_act", asFlag),
	},
	// what is ASKED, ACCEPTED, ENDS, ENDED or EXPIRED; side is the reader's, CUSTOMER or PARTNER;
	// role is ADMIN or READ_ONLY. until_on is the last day to answer, or on which it holds.
	"delegation": {
		need("what", asText),
		need("side", asText),
		need("partner", asName),
		need("customer", asName),
		need("role", asText),
		need("days", asWhole),
		need("until_on", asDate),
	},
	// what is CERTIFICATE, of a provider, which ends on until_on; or DOMAIN, with the record that
	// is not there any more, and until_on, from which nobody of it is signed in; or BREAK_GLASS, of
	// a person who came in by password beside it, on until_on.
	"own_sign_in": {
		need("what", asText),
		need("company", asName),
		need("until_on", asDate),
		may("provider", asName),
		may("domain", asName),
		may("record", asText),
		may("person", asName),
	},
	// To administrators: where hardware may be sent to from now on. by is who did it: a person's
	// name, or, without one, what by_kind says: OPERATOR or PROGRAM. before is the address until
	// now; count is how many sites a file brought, and then none of them is named. last: no other
	// one comes on that day, whatever changes.
	"site_notice": {
		need("company", asName),
		need("by_kind", asText),
		may("by", asName),
		may("site", asName),
		may("before", asName),
		may("after", asName),
		may("count", asWhole),
		may("last", asFlag),
	},
	// what is NEW_SIGN_IN, PASSWORD_CHANGED or what became of a second factor; at is an instant
	// by RFC 3339, which is shown by the clock of zone.
	"security_notice": {
		need("what", asText),
		need("at", asText),
		may("zone", asText),
		may("browser", asName),
	},
	// page is the path of the page that hands the file out; days is how long it does.
	"export_ready": {
		need("person", asName),
		need("page", asText),
		need("days", asWhole),
	},
	// what is DOWN or WELL: one with a room that is down is DOWN. down and well are the rooms that
	// it names, down_more and well_more how many there are beside them; list is the path of all.
	"room_health": {
		need("what", asText),
		need("company", asName),
		need("down_count", asWhole),
		need("well_count", asWhole),
		need("list", asText),
		may("down", asRooms),
		may("down_more", asWhole),
		may("well", asRooms),
		may("well_more", asWhole),
	},
	// step is one that mail.json has words for, as in spare_update; rma and spare are numbers
	// for people; explanation_… tell the promise in each language.
	"rma_update": {
		need("step", asText),
		need("rma", asText),
		may("service_type", asText),
		need("model", asText),
		need("quantity", asWhole),
		may("serial", asName),
		may("site", asName),
		may("room", asName),
		may("company", asName),
		may("replacement_serial", asName),
		may("carrier", asName),
		may("tracking", asName),
		may("promised_on", asDate),
		may("explanation_en", asText),
		may("explanation_pt", asText),
		may("return_on", asDate),
		may("other_model", asText),
		may("code", asText),
		may("outcome", asText),
		may("expected_on", asDate),
		may("day", asWhole),
		may("damage", asFlag),
		may("overdue", asFlag),
		may("wrong", asName),
		may("holds", asText),
		may("fee_withdrawn", asFlag),
		may("cancelled_order", asName), // whose cancellation ended the replacement
	},
	// return_on is the last day on which a recalled unit may
	// be handed to the carrier.
	"spare_update": {
		need("step", asText),
		need("spare", asText),
		need("model", asText),
		may("site", asName),
		may("company", asName),
		may("serial", asName),
		may("carrier", asName),
		may("tracking", asName),
		may("return_on", asDate),
		may("overdue", asFlag),
		may("day", asWhole),
		may("wrong", asName),
		may("holds", asText),
		may("fee_withdrawn", asFlag),
	},
	// thread names the conversation that all mails of a ticket are; number is for people. What
	// operators note stands in no parameter (S42).
	"ticket": {
		need("ticket", asText),
		need("thread", asText),
		need("number", asText),
		need("summary", asName),
		need("state", asText),
		need("severity", asWhole),
		need("parts", asParts),
		may("room", asName),
		may("company", asName),
		may("reason", asWords),
		may("due", asText),
		may("time_zone", asText),
	},
	// step is PROPOSED, INVITED, CHANGED, REMINDED or CANCELLED; slots and when are times from an
	// instant to another, as ISO 8601 has them, which are shown by the clock of time_zone. page is
	// the path of the portal's page on which its reader sees the ticket. uid, sequence and stamp
	// are of the calendar message that goes with it. Whose ticket it is stands in none: a reader
	// who sees one ticket alone does not see the account (S47).
	"session": {
		need("step", asText),
		need("ticket", asText),
		need("thread", asText),
		need("number", asText),
		need("summary", asName),
		need("time_zone", asText),
		may("name", asName),
		may("room", asName),
		may("slots", asList),
		may("when", asText),
		may("link", asLink),
		may("page", asText),
	},
	"participant": {
		need("name", asName),
		need("number", asText),
		need("summary", asName),
		need("page", asText),
	},
	"renewal_reminder": {
		need("days_left", asWhole),
		need("end_on", asDate),
		may("company", asName),
		may("contract", asName),
		may("service_type", asText),
		may("quantity", asWhole),
		may("seller", asFlag),    // to the seller, since nobody at the customer's is there
		may("unclaimed", asFlag), // to the order's contact, who has not accepted the invitation
	},
}

// withoutPortal are the mails that only sellers and operators get, who do not sign in at the
// portal: no address of it stands in them. Nor does one in the copy of another mail that goes
// to a seller.
var withoutPortal = map[string]bool{
	"order_review_reminder":    true,
	"order_rejected":           true,
	"order_reopened":           true,
	"order_in_your_name":       true,
	"invitation_unclaimed":     true,
	"invitation_undeliverable": true,
}

// readsPortal reports whether the mail's reader has access to the portal, or gets it.
func readsPortal(template string, p map[string]any) bool {
	if template == "session" || template == "participant" {
		page, _ := p["page"].(string)
		return strings.HasPrefix(page, "/tickets/")
	}
	return !withoutPortal[template] && p["seller"] != true
}

// overdueSteps are the steps that say that the day of a return has passed.
var overdueSteps = map[any]bool{"OVERDUE": true, "RECALL_OVERDUE": true}

// promiseIsPast are the steps at which nobody waits for the replacement any more: its day says
// nothing then, and would stand beside the day of the return.
var promiseIsPast = map[any]bool{
	"REJECTED": true, "REJECTED_FINAL": true, "WITHDRAWN": true,
	"DELIVERED": true, "DELIVERED_LAST": true, "REMINDER": true, "OVERDUE": true,
	"WRONG_UNIT": true, "INSPECTED": true, "NO_RETURN": true,
	"BILLED": true, "BILLED_DAMAGE": true, "WAIVED": true,
}

// localise checks c's parameters against the template's and returns them as
// the template shows them: dates in words, whole numbers as int, texts on one
// line. Every fault is named at once.
func localise(c Content) (map[string]any, error) {
	p, err := localised(parameters[c.Template], c.Params, c.Locale, "")
	if c.Template == "order_confirmation" && err == nil {
		err = completeConfirmation(p, c)
	}
	if err != nil {
		return nil, fmt.Errorf("mail: template %s: %w", c.Template, err)
	}

	if c.Template == "rma_update" || c.Template == "spare_update" {
		p["late"] = p["overdue"] == true || overdueSteps[p["step"]]
	}

	if c.Template == "rma_update" {
		if p["step"] == "BILLED" && p["damage"] == true {
			p["step"] = "BILLED_DAMAGE"
		}
		p["explanation"] = p["explanation_en"]
		if c.Locale == "pt-BR" {
			p["explanation"] = p["explanation_pt"]
		}
		if promiseIsPast[p["step"]] {
			p["promised_on"], p["explanation"] = "", ""
		}
	}

	if c.Template == "security_notice" {
		at, err := time.Parse(time.RFC3339, p["at"].(string))
		if err != nil {
			return nil, fmt.Errorf("mail: template %s: parameter at is malformed", c.Template)
		}
		zone, _ := p["zone"].(string)
		p["at"] = messages.In(c.Locale).DateTimeAt(at, zone)
	}

	if due, ok := p["due"].(string); ok && c.Template == "ticket" {
		at, err := time.Parse(time.RFC3339, due)
		if err != nil {
			return nil, fmt.Errorf("mail: template %s: parameter due is malformed", c.Template)
		}
		zone, _ := p["time_zone"].(string)
		p["due"] = messages.In(c.Locale).DateTimeAt(at, zone)
	}

	if c.Template == "room_health" {
		if err := localiseRooms(p, messages.In(c.Locale)); err != nil {
			return nil, fmt.Errorf("mail: template %s: %w", c.Template, err)
		}
	}

	if c.Template == "session" {
		if err := localiseTimes(p, messages.In(c.Locale)); err != nil {
			return nil, fmt.Errorf("mail: template %s: %w", c.Template, err)
		}
	}

	if c.Template == "renewal_reminder" {
		p["service"] = serviceName(p, c)
	}

	return p, nil
}

// localiseRooms puts into words since when rooms are as they are, by the clock of each, and what is
// wrong with them.
func localiseRooms(p map[string]any, l *messages.Language) error {
	for _, name := range []string{"down", "well"} {
		lines, _ := p[name].([]map[string]any)
		for _, line := range lines {
			at, err := time.Parse(time.RFC3339, line["at"].(string))
			if err != nil {
				return errors.New("parameter at is malformed")
			}
			zone, _ := line["zone"].(string)
			line["at"] = l.DateTimeAt(at, zone)
			line["wrong"] = causesOf(line, l)
		}
	}
	return nil
}

// causesOf says what is wrong with a room. A cause of a newer release has no words yet: the state
// says enough without it.
func causesOf(line map[string]any, l *messages.Language) []string {
	causes, _ := line["causes"].([]map[string]any)
	var said []string
	for _, cause := range causes {
		key := "mail.room_health.cause." + fmt.Sprint(cause["cause"])
		device, named := cause["device"].(string)
		if !named {
			device = l.Say("mail.room_health.nameless")
		}
		if l.Has(key) {
			part, _ := cause["part"].(string)
			said = append(said, l.Say(key, messages.Args{"device": device, "part": part}))
		}
	}
	return said
}

// localiseTimes puts the times of a session into words: by the clock of the zone that the mail
// names, whose place is said.
func localiseTimes(p map[string]any, l *messages.Language) error {
	zone, _ := p["time_zone"].(string)
	said := func(text string) (string, error) {
		from, until, ok := ReadInterval(text)
		if !ok {
			return "", errors.New("a time is malformed")
		}
		return l.SpanAt(from, until, zone), nil
	}

	var err error
	if when, ok := p["when"].(string); ok {
		if p["when"], err = said(when); err != nil {
			return err
		}
	}
	slots, _ := p["slots"].([]string)
	for i, slot := range slots {
		if slots[i], err = said(slot); err != nil {
			return err
		}
	}
	return nil
}

// ReadInterval reads a time from an instant to another as parameters have it: two instants by
// RFC 3339 with a slash between them.
func ReadInterval(text string) (from, until time.Time, ok bool) {
	first, second, _ := strings.Cut(text, "/")
	from, wrong := time.Parse(time.RFC3339, first)
	until, also := time.Parse(time.RFC3339, second)
	return from, until, wrong == nil && also == nil && until.After(from)
}

func localised(spec []parameter, in map[string]any, locale, path string) (map[string]any, error) {
	out := make(map[string]any, len(spec))
	var faults []error
	for _, p := range spec {
		v := in[p.name]
		if s, ok := v.(string); v == nil || ok && strings.TrimSpace(s) == "" {
			out[p.name] = nil
			if !p.optional {
				faults = append(faults, fmt.Errorf("parameter %s is missing", path+p.name))
			}
			continue
		}

		shown, err := p.show(v, locale, path)
		if err != nil {
			faults = append(faults, err)
		}

		out[p.name] = shown
	}

	return out, errors.Join(faults...)
}

func (p parameter) show(v any, locale, path string) (any, error) {
	switch p.kind {
	case asText:
		if s, ok := v.(string); ok {
			return oneLine(s), nil
		}
	case asName:
		if s, ok := v.(string); ok {
			return unlinked(oneLine(s)), nil
		}
	case asDate:
		s, _ := v.(string)
		if d, err := time.Parse(time.DateOnly, s); err == nil {
			return messages.In(locale).Date(d), nil
		}
	case asWhole:
		if n, ok := wholeNumber(v); ok {
			return n, nil
		}
	case asFlag:
		if b, ok := v.(bool); ok {
			return b, nil
		}
	case asLink:
		if s, ok := v.(string); ok && webAddress(s) {
			return s, nil
		}
	case asList:
		if l, ok := texts(v); ok {
			return l, nil
		}
	case asLines:
		return p.showLines(orderLine, v, locale, path)
	case asParts:
		return p.showLines(ticketPart, v, locale, path)
	case asRooms:
		return p.showLines(roomLine, v, locale, path)
	case asCauses:
		return p.showLines(causeLine, v, locale, path)
	case asWords:
		if s, ok := v.(string); ok {
			return lineByLine(s), nil
		}
	}

	return nil, fmt.Errorf("parameter %s is malformed", path+p.name)
}

func (p parameter) showLines(
	spec []parameter, v any, locale, path string,
) (any, error) {
	var items []any
	switch l := v.(type) {
	case []any:
		items = l
	case []map[string]any:
		for _, m := range l {
			items = append(items, m)
		}
	}

	if len(items) == 0 {
		return nil, fmt.Errorf("parameter %s is malformed", path+p.name)
	}

	var out []map[string]any
	var faults []error
	for i, item := range items {
		m, _ := item.(map[string]any)
		line, err := localised(spec, m, locale, fmt.Sprintf("%s%s[%d].", path, p.name, i))
		out, faults = append(out, line), append(faults, err)
	}

	return out, errors.Join(faults...)
}

// completeConfirmation adds what follows from the lines: their names, the name
// of the whole, the total, and whether one end date holds for all of them. What
// has no term of years is counted in units, not in licences (R30a).
func completeConfirmation(p map[string]any, c Content) error {
	if p["start_on"] == nil && p["latest_start_on"] == nil {
		return errors.New("parameter start_on or latest_start_on is missing")
	}

	total := 0
	first := p["lines"].([]map[string]any)[0]
	p["service"] = serviceName(first, c)
	for _, line := range p["lines"].([]map[string]any) {
		line["service"] = serviceName(line, c)
		if line["term_years"] != 0 {
			total += line["quantity"].(int)
		}

		if line["term_years"] != first["term_years"] {
			p["end_on"] = nil // each line ends on a day of its own
		}
		if line["service"] != p["service"] {
			p["service"] = c.Brand.Name
		}
	}

	if p["total_licences"] == nil {
		p["total_licences"] = total
	}

	return nil
}

// ofAnotherService reports whether a mail is about another service than the program's own,
// such as an extended warranty: it then goes without the program's name.
func ofAnotherService(p map[string]any) bool {
	if lines, ok := p["lines"].([]map[string]any); ok && len(lines) > 0 {
		p = lines[0] // one order, one service (R113)
	}
	code, ok := p["service_type"].(string)
	return ok && code != "SELECT"
}

// serviceName is the description, else the service type in words; the
// program's own service goes by the program's name (R1).
func serviceName(p map[string]any, c Content) string {
	if description, ok := p["description"].(string); ok {
		return description
	}
	if code, ok := p["service_type"].(string); ok && code != "SELECT" {
		return wordOrCode(messages.In(c.Locale), "service.", code)
	}
	return c.Brand.Name
}

// lineByLine is oneLine of each line of what a person wrote.
func lineByLine(s string) []string {
	lines := strings.Split(strings.TrimSpace(strings.ReplaceAll(s, "\r\n", "\n")), "\n")
	for i, line := range lines {
		lines[i] = oneLine(line)
	}
	return lines
}

// oneLine keeps a text from breaking the layout of a plain-text mail: control
// characters and direction marks become blanks.
func oneLine(s string) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == '\u2028' || r == '\u2029' ||
			unicode.Is(unicode.Bidi_Control, r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, "\ufffd"))
	return strings.Join(strings.Fields(s), " ")
}

// linkMark is what makes a mail program offer a link: a dot in front of a word, the end of
// a scheme, an at sign.
var linkMark = regexp.MustCompile(`([.．。｡])(\pL{2})|([:@])([/\pL])`)

// unlinked puts a blank of no width behind each mark that would make a link of a name or a
// number: a company may be called Amazon.com, and nobody is to click on it (S64).
func unlinked(name string) string {
	return linkMark.ReplaceAllString(name, "$1$3\u200b$2$4")
}

func wholeNumber(v any) (int, bool) {
	switch n := v.(type) {
	case int:
		return n, n >= 0
	case int64:
		return int(n), n >= 0
	case float64:
		return int(n), n >= 0 && n == math.Trunc(n) && n < 1<<53
	case json.Number:
		i, err := n.Int64()
		return int(i), err == nil && i >= 0
	}

	return 0, false
}

func texts(v any) ([]string, bool) {
	var out []string
	switch l := v.(type) {
	case []string:
		for _, s := range l {
			out = append(out, oneLine(s))
		}
	case []any:
		for _, item := range l {
			s, ok := item.(string)
			if !ok {
				return nil, false
			}
			out = append(out, oneLine(s))
		}
	}

	return out, len(out) > 0
}

func webAddress(s string) bool {
	u, err := url.Parse(s)
	return err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Host != "" &&
		u.User == nil &&
		!strings.ContainsFunc(s, func(r rune) bool {
			return unicode.IsSpace(r) || unicode.IsControl(r)
		})
}
