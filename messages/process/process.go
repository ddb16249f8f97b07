// Package process says in a sentence or two what something under way waits for, until
// when, what comes then, and who can move it (S55). The states are those of
// rules/processes, the words the catalogue's (process.json); docs/processes.md shows them
// all.
package process

import (
	"time"

	"roomcover.dev/roomcover/clock"
	"roomcover.dev/roomcover/messages"
	"roomcover.dev/roomcover/rules/processes"
)

// Standing is where something under way stands.
type Standing struct {
	Kind     processes.Kind
	State    string
	WaitsFor string
	Until    *time.Time // nil: not known, or without an end
	Zone     string     // IANA name, of the place where it is done; empty: of no place
}

// Sentence says in the locale's language where something stands. It gives the end in the
// time of the place, and says how far off it is where that is less than a day, or past. Where
// the cover promises no day, it says that.
func Sentence(s Standing, now time.Time, locale string) string {
	l := messages.In(locale)
	for _, c := range processes.Charts() {
		if c.Name != s.Kind.Name() {
			continue
		}
		waits, who := Texts(c, s.State, s.WaitsFor, deadline(l, s, now), locale)
		key := c.Text(s.State, s.WaitsFor)
		if s.Until == nil && l.Has("process."+key+".undated") {
			waits = l.Say("process." + key + ".undated")
		}
		return l.Say("process.sentence", messages.Args{"waits": waits, "who": who})
	}

	return ""
}

// Texts returns what a process of a chart waits for in a state, and who can move it. An
// empty until stands for the rule that its end follows.
func Texts(c processes.Chart, state, wait, until, locale string) (waits, who string) {
	l := messages.In(locale)
	key := c.Text(state, wait)
	if rule := "process." + key + ".until"; until == "" && l.Has(rule) {
		until = l.Say(rule)
	}
	waits = l.Say("process."+key+".waits", messages.Args{"until": until})
	return waits, l.Say("process." + key + ".who")
}

// Title names the process of a chart.
func Title(c processes.Chart, locale string) string {
	return messages.In(locale).Say("process." + c.Name + ".title")
}

// Deadline says until when in the locale's language: "Mon 30 Nov, 18:00 in Oslo". An end at
// midnight is that of the day before, so that day stands without a time. Within a day it
// says how far off the end is, and once it is past, how late.
func Deadline(until time.Time, zone string, now time.Time, locale string) string {
	return deadline(messages.In(locale), Standing{Until: &until, Zone: zone}, now)
}

// deadline is Deadline of where something stands; empty where no end is known.
func deadline(l *messages.Language, s Standing, now time.Time) string {
	if s.Until == nil {
		return ""
	}

	zone := clock.ZoneOf(s.Zone)
	at, here := s.Until.In(zone), now.In(zone)

	key, last := "process.until.moment", at
	if at.Hour() == 0 && at.Minute() == 0 && at.Second() == 0 {
		key, last = "process.until.day", at.Add(-time.Nanosecond)
	}

	until := l.Say(key, messages.Args{
		"day":   l.NearDate(last, here),
		"time":  at.Format("15:04"),
		"place": l.Place(s.Zone),
	})

	if distance := distance(l, at.Sub(now)); distance != "" {
		return l.Say("process.until.near", messages.Args{"until": until, "distance": distance})
	}

	return until
}

// distance says how far off something is in less than a day, or how late.
func distance(l *messages.Language, ahead time.Duration) string {
	const day = 24 * time.Hour
	late := ahead <= 0
	switch d := ahead.Abs(); {
	case !late && d < time.Hour:
		return l.Count("process.ahead.minutes", int64(d/time.Minute))
	case !late && d < day:
		return l.Count("process.ahead.hours", int64(d/time.Hour))
	case !late:
		return ""
	case d < time.Hour:
		return l.Count("process.late.minutes", int64(d/time.Minute))
	case d < day:
		return l.Count("process.late.hours", int64(d/time.Hour))
	default:
		return l.Count("process.late.days", int64(d/day))
	}
}
