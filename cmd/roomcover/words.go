package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"cloud.google.com/go/civil"

	"roomcover.dev/roomcover/api"
	"roomcover.dev/roomcover/messages"
	sentence "roomcover.dev/roomcover/messages/process"
	"roomcover.dev/roomcover/rules/cover"
	"roomcover.dev/roomcover/rules/processes"
)

// words turns what the API answers with, ids, codes and instants in UTC, into what people
// read: names, plain words and the time of the place.
type words struct {
	language *messages.Language
	names    map[string]api.NameView
	now      time.Time // by the service's calendar
}

var (
	idForm = regexp.MustCompile(`\b[a-z]{3}_[0-9a-hjkmnp-tv-z]{26}\b`)
	// a code of several words; of one word only those that are looked up as a whole
	codeForm = regexp.MustCompile(`\b[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+\b`)
)

// namesAtOnce is how many ids the API names in one answer.
const namesAtOnce = 100

// words asks the API for the names of everything that stands in what is to be shown. A
// token that may not ask gets words without names.
func (c *apiClient) words(ctx context.Context, shown ...any) (*words, error) {
	w := &words{
		language: messages.In("en"),
		names:    map[string]api.NameView{},
		now:      time.Now(),
	}

	text, err := json.Marshal(shown)
	if err != nil {
		return nil, err
	}

	ids := idForm.FindAllString(string(text), -1)
	slices.Sort(ids)
	ids = slices.Compact(ids)
	if len(ids) == 0 {
		ids = []string{"none"} // the time is asked for all the same
	}
	for part := range slices.Chunk(ids, namesAtOnce) {
		var found api.NamesView
		err := c.call(ctx, request{
			method: http.MethodGet,
			path:   "/v1/names",
			query:  url.Values{"ids": {strings.Join(part, ",")}},
		}, &found)
		if refusedAs(err, http.StatusForbidden) {
			return w, nil
		}
		if err != nil {
			return nil, err
		}

		w.now = found.Now
		for _, n := range found.Items {
			w.names[n.ID] = n
		}
	}

	return w, nil
}

// name returns what people call the thing of an id; an id without a name stays as it is.
func (w *words) name(id string) string {
	return cmp.Or(strings.TrimSpace(w.names[id].Name), id)
}

// known returns the name of an id, and nothing where there is none.
func (w *words) known(id string) string { return w.names[id].Name }

// zone returns the zone of the first of the things that has a place.
func (w *words) zone(ids ...string) string {
	for _, id := range ids {
		if zone := w.names[id].TimeZone; zone != "" {
			return zone
		}
	}
	return ""
}

// place says whose clock it is: "in São Paulo".
func (w *words) place(zone string) string { return w.language.Place(zone) }

// moment returns an instant by the clock of a zone, without naming it.
func (w *words) moment(at time.Time, zone string) string {
	here := in(at, zone)
	return w.language.NearDate(here, in(w.now, zone)) + ", " + here.Format("15:04")
}

// day returns a calendar date: "Thu 26 Nov", or "28 Nov 2029".
func (w *words) day(date string) string {
	at, err := time.Parse(time.DateOnly, date)
	if err != nil {
		return date
	}
	return w.language.NearDate(at, w.now)
}

// dayBefore returns the last day of a period whose end, a date, is the first day after it.
func (w *words) dayBefore(end string) string {
	d, err := civil.ParseDate(end)
	if err != nil {
		return end
	}
	return w.day(d.AddDays(-1).String())
}

// at returns an instant by the clock of a place, and says whose clock that is.
func (w *words) at(at time.Time, zone string) string {
	return w.moment(at, zone) + " " + w.place(zone)
}

// until returns a deadline by the clock of a place, with how far off it is within a day.
func (w *words) until(at time.Time, zone string) string {
	return sentence.Deadline(at, zone, w.now, w.language.Locale())
}

// since says how long ago something was, and beyond a day when, at the place.
func (w *words) since(at time.Time, zone string) string {
	switch ago := w.now.Sub(at); {
	case ago < 0 || ago >= 24*time.Hour:
		return w.at(at, zone)
	case ago < time.Minute:
		return "just now"
	case ago < time.Hour:
		return fmt.Sprintf("%d min ago", ago/time.Minute)
	default:
		return fmt.Sprintf("%d h ago", ago/time.Hour)
	}
}

func in(at time.Time, zone string) time.Time {
	loc, err := time.LoadLocation(zone)
	if err != nil {
		loc = time.UTC
	}
	return at.In(loc)
}

// dateForm is a date that stands alone, and not within a number such as PO-2026-08-11.
var dateForm = regexp.MustCompile(`(^|[\s(])(\d{4}-\d{2}-\d{2})\b`)

// prose replaces ids by names, dates by days and codes by words in a text that the service wrote.
func (w *words) prose(s string) string {
	s = idForm.ReplaceAllStringFunc(s, w.name)
	s = dateForm.ReplaceAllStringFunc(s, func(found string) string {
		at := len(found) - len(time.DateOnly)
		return found[:at] + w.day(found[at:])
	})
	return codeForm.ReplaceAllStringFunc(s, w.code)
}

// code returns a code in words: the catalogue's where it has some.
func (w *words) code(code string) string {
	for _, key := range []string{"mail.reason." + code, "reject." + code} {
		if w.language.Has(key) {
			return w.language.Say(key)
		}
	}
	if text, ok := codeTexts[code]; ok {
		return text
	}
	if text := cover.ReasonFor(code).Message; text != "" {
		return strings.TrimSuffix(text, ".")
	}
	return plain(code)
}

// reason says in a sentence why a task is needed, which may be codes alone.
func (w *words) reason(why string) string {
	text := w.prose(why)
	if text == "" {
		return ""
	}

	first, size := utf8.DecodeRuneInString(text)
	text = string(unicode.ToUpper(first)) + text[size:]
	if !strings.HasSuffix(text, ".") {
		text += "."
	}
	return text
}

// codes joins codes as a sentence does.
func (w *words) codes(codes []string) string {
	out := make([]string, len(codes))
	for i, code := range codes {
		out[i] = w.code(code)
	}
	return strings.Join(out, "; ")
}

// state returns the state of one of our processes in a word or two.
func (w *words) state(chart, state string) string {
	if key := chart + "." + state; chart == "rma" && w.language.Has(key) {
		return strings.ToLower(w.language.Say(key))
	}
	return plain(state)
}

// kind returns what a process is called.
func (w *words) kind(k processes.Kind) string {
	if k == processes.Task {
		return "Task"
	}
	return w.language.Say("process." + k.Name() + ".title")
}

// standing says what something that is not under way any more waits for.
func (w *words) standing(kind processes.Kind, state string) string {
	for _, c := range processes.Charts() {
		if c.Name == kind.Name() && slices.Contains(c.States, state) {
			waits, who := sentence.Texts(c, state, "", "", w.language.Locale())
			return waits + " " + who
		}
	}
	return ""
}

// happened says in a sentence what an event of a timeline was.
func (w *words) happened(verb string) string {
	if text, ok := eventTexts[verb]; ok {
		return text
	}

	subject, past, _ := strings.Cut(verb, ".")
	if key := "event." + past; subject == "rma" && w.language.Has(key) {
		return w.language.Say(key)
	}
	return "The " + cmp.Or(subjects[subject], plain(subject)) + " was " + plain(past) + "."
}

// by names who did something: a person, a program's token, or the service itself.
func (w *words) by(e api.EventView) string {
	switch name := w.known(e.Actor); {
	case name != "":
		return name
	case e.Actor == "" || e.Role == "SYSTEM":
		return ""
	default:
		return w.code(string(e.Role))
	}
}

// subjects are what timelines are about, as people call them.
var subjects = map[string]string{
	"rma":    "replacement",
	"spare":  "spare unit",
	"csm":    "customer success manager",
	"mail":   "mail",
	"user":   "person",
	"device": "device",
}

// eventTexts are the events whose verbs make no sentence.
var eventTexts = map[string]string{
	"account.csm_assigned":      "The customer success manager was named.",
	"account.domain_recorded":   "A mail domain was recorded as the account's own.",
	"account.parent_changed":    "The account was moved to another parent.",
	"account.time_zone_changed": "The account was moved to another time zone.",
	"contact.asked":             "The administrators were asked about the person in the order.",
	"contact.confirmed":         "The person named in the order was confirmed.",
	"contact.refused":           "The person named in the order was refused.",
	"contract.cancelled":        "The suspended contract was canceled with its order.",
	"contract.expired":          "The contract ended.",
	"invitation.bounced":        "The invitation bounced.",
	"invitation.expired":        "The invitation expired.",
	"invitation.requested":      "A new link was asked for.",
	"invitation.wrong_person":   "Somebody else tried to accept the invitation.",
	"order.needs_review":        "The order was held for a decision.",
	"rma.allocated":             "A unit was set aside for it.",
	"shipment.scanned":          "The carrier scanned the parcel.",
	"spare.choice_asked":        "The customer success manager was asked for a model and a site.",
	"spare.agreed":              "The customer agreed to the model and the site.",
	"spare.selected":            "A model and a site were proposed.",
	"spare.on_site":             "The spare unit arrived on site.",
	"spare.recall_reminded":     "The customer was reminded to send the spare unit back.",
	"spare.recall_overdue":      "The deadline to send the spare unit back passed.",
	"spare.fee_asked":           "An operator was asked about the fee.",
}

// codeTexts are the codes that say little as plain words, and have no sentence elsewhere.
var codeTexts = map[string]string{
	"JOINED_BY_AN_EARLIER_RELEASE":    "an earlier release put them together",
	"SAME_NAME_OTHER_FORM_OR_COUNTRY": "the names differ in their legal form or country only",
	"SSO_NO_BREAK_GLASS":              "nobody would come in beside an enforced sign-in",
	"SSO_OUTSIDERS":                   "an enforced sign-in would lock people out",
	"ADDRESS_NEARLY_THE_SAME":         "the addresses are nearly the same",
	"UNUSUALLY_MANY_RMAS":             "the account has asked for unusually many replacements",
	"SERIAL_NEW":                      "nobody has checked the proof of the new serial number",
	"SHIP_TO_NEW":                     "the customer typed an address that nobody has checked yet",
	"HARDWARE_OVER_CAP":               "too old for hardware coverage: support only",
	"HARDWARE_CAPPED":                 "hardware coverage ends before the contract, by its age",
	"COMMONLY_DEPLOYED":               "the model is common there",
	"COURIER_UNRELIABLE":              "the courier is unreliable there",
	"NBD":                             "next business day",
	"STANDARD":                        "standard speed",
	"SELECT":                          "the Select license of the room",
	"JUMPSTART":                       "JumpStart",
	"IN_RMA":                          "being replaced",
	"OPERATOR_AGENT":                  "a support agent",
	"OPERATOR_LEAD":                   "a support lead",
	"OPERATOR_CSM":                    "a customer success manager",
	"CUSTOMER_ADMIN":                  "an administrator of the customer",
	"CUSTOMER_READ_ONLY":              "a reader of the customer",
	"RESELLER":                        "the reseller",
	"DISTRIBUTOR":                     "the distributor",
	"MTR_WINDOWS":                     "Microsoft Teams Rooms on Windows",
	"MTR_ANDROID":                     "Microsoft Teams Rooms on Android",
	"ZOOM_PC":                         "Zoom Rooms on a PC",
	"ZOOM_APPLIANCE":                  "Zoom Rooms on an appliance",
}

// american is how codes that are spelled the British way are said.
var american = strings.NewReplacer("cancelled", "canceled", "licence", "license",
	"labelled", "labeled", "organisation", "organization", "authorised", "authorized")

// plain writes a code as words.
func plain(code string) string {
	return american.Replace(strings.ToLower(strings.ReplaceAll(code, "_", " ")))
}

// coded returns the code that a word of a state was said for: CANCELLED for canceled.
func coded(said string) string {
	code := strings.ReplaceAll(strings.ToUpper(said), " ", "_")
	return strings.NewReplacer("CANCELED", "CANCELLED", "LABELED", "LABELLED").Replace(code)
}

// count names a number of things: "1 task", "2 tasks".
func count(n int, one string) string {
	switch {
	case n == 1:
		return "1 " + one
	case strings.HasSuffix(one, "y"):
		return fmt.Sprintf("%d %sies", n, strings.TrimSuffix(one, "y"))
	}
	return fmt.Sprintf("%d %ss", n, one)
}
