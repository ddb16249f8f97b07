// Package promise says in one sentence how a promised day came about. The steps
// are those of calendar.Promise, the words the catalogue's (promise.json).
package promise

import (
	"strings"
	"time"

	"cloud.google.com/go/civil"

	"roomcover.dev/roomcover/messages"
	"roomcover.dev/roomcover/rules/calendar"
)

// Text returns the sentence in the locale's language: "approved Friday at 15:01, after
// the 15:00 cutoff; Monday is a holiday; promised for Wednesday". A day a week or more after
// the approval stands with its date. Where the calendar knew no holidays, the sentence
// says so (C3). A promise without steps has no sentence.
func Text(p calendar.Promise, locale string) string {
	if len(p.Steps) == 0 {
		return ""
	}

	first, last := p.Steps[0], p.Steps[len(p.Steps)-1]
	w := words{messages.In(locale), first.On}

	reasons := []string{w.approval(first)}
	var holidays []string
	for _, s := range p.Steps {
		switch {
		case s.Code == calendar.PromiseHoliday:
			holidays = append(holidays, w.day(s.On))
		case s.Code == calendar.PromiseCountedFrom && first.Code == calendar.PromiseNonBusiness:
			reasons = append(reasons, w.closed(holidays)...)
			reasons = append(reasons, w.Say("promise.counted", messages.Args{"day": w.day(s.On)}))
			holidays = nil
		}
	}

	reasons = append(reasons, w.closed(holidays)...)

	if last.Code != calendar.PromisePromised {
		reasons = append(reasons, w.Say("promise.undated"))
		return strings.Join(reasons, "; ")
	}
	if last.Days > 1 {
		reasons = append(reasons, w.Count("promise.days", int64(last.Days)))
	}
	if p.WithoutHolidays {
		reasons = append(reasons, w.Say("promise.without_holidays"))
	}

	return w.Say("promise.sentence", messages.Args{
		"reasons": strings.Join(reasons, "; "),
		"day":     w.day(last.On),
	})
}

// words speak a language on the day of an approval.
type words struct {
	*messages.Language
	approved civil.Date
}

// approval says when it was approved, or for when a unit is expected, and how that day counts.
func (w words) approval(s calendar.PromiseStep) string {
	day := s.On.In(time.UTC)
	weekday := strings.ToLower(day.Weekday().String())
	approved := messages.Args{
		"approved": w.Say("promise.approved."+weekday, messages.Args{"time": shortTime(s)}),
		"cutoff":   s.CutOff,
	}

	expected := s.At == ""
	if expected {
		approved["approved"] = w.Say("promise.expected", messages.Args{
			"day": w.WeekdayAndDate(day),
		})
	}

	switch {
	case expected && s.Code != calendar.PromiseNonBusiness:
		return approved["approved"].(string)
	case s.Code == calendar.PromiseByCutOff:
		return w.Say("promise.by_cutoff", approved)
	case s.Code == calendar.PromiseAfterCutOff:
		return w.Say("promise.after_cutoff", approved)
	case s.Holiday != "":
		return w.Say("promise.on_holiday", approved)
	}

	return w.Say("promise.on_day_off", approved)
}

// shortTime is the wall clock of an approval without its seconds, unless they alone put it after
// the cut-off.
func shortTime(s calendar.PromiseStep) string {
	hour, rest, _ := strings.Cut(s.At, ":")
	minute, _, _ := strings.Cut(rest, ":")
	if short := hour + ":" + minute; short != s.CutOff {
		return short
	}
	return s.At
}

// closed says which days are holidays, if any.
func (w words) closed(days []string) []string {
	if len(days) == 0 {
		return nil
	}
	return []string{
		w.Count("promise.holidays", int64(len(days)), messages.Args{"days": w.List(days)}),
	}
}

// day names a day as somebody would who speaks on the day of the approval.
func (w words) day(d civil.Date) string {
	at := d.In(time.UTC)
	if d.DaysSince(w.approved) < 7 {
		return w.Weekday(at.Weekday())
	}
	return w.WeekdayAndDate(at)
}
