// Package sla says how the due instant of a ticket's clock came about, and what is
// promised (S41). The stretches are those of ticket.Clock, the words the catalogue's
// (sla.json).
package sla

import (
	"strconv"
	"strings"
	"time"

	"roomcover.dev/roomcover/messages"
	"roomcover.dev/roomcover/rules/cover"
	"roomcover.dev/roomcover/rules/ticket"
)

// Explain returns a sentence in the locale's language, by the wall clock of a zone: "1
// hour from 03:00; around the clock; due 04:00", or "4 business hours from Monday 17:00:
// 1 h until 18:00, closed, 3 h from Tuesday 08:00; due 11:00". Where nothing is promised it
// says how much was measured, and in a pause how much of the time is used up.
func Explain(c ticket.Clock, zone *time.Location, locale string) string {
	w := &words{Language: messages.In(locale), zone: zone, start: c.StartedAt.In(zone)}
	target := w.target(c.Target, c.AlwaysOn)

	switch {
	case c.DueAt != nil && c.Target.BusinessDays > 0:
		return w.byDays(c, target)
	case c.DueAt != nil:
		return w.byHours(c, target)
	case c.Target.Promised() && c.State == ticket.Paused:
		return w.Say("sla.waiting", messages.Args{
			"elapsed": w.short(c.Elapsed),
			"target":  target,
			"paused":  w.stopped(lastReason(c)),
		})
	}

	return w.Say("sla.measured", messages.Args{
		"start":   w.moment(w.start),
		"elapsed": w.short(c.Elapsed),
	})
}

// Target returns what a policy promises: "4 business hours", "1 business day", or that it
// promises nothing; with when a warning comes, where the policy says so.
func Target(t cover.SLATarget, alwaysOn bool, locale string) string {
	w := &words{Language: messages.In(locale)}
	text := w.target(t, alwaysOn)
	if t.WarnBefore == 0 {
		return text
	}
	return w.Say("sla.warn", messages.Args{"target": text, "before": w.short(t.WarnBefore)})
}

// Severity returns what a severity means, in a few words.
func Severity(s cover.Severity, locale string) string {
	return messages.In(locale).Say("sla.severity." + strconv.Itoa(int(s)))
}

// words speak a language by the wall clock of a zone. The day that was named last is not
// named again.
type words struct {
	*messages.Language
	zone  *time.Location
	start time.Time
	named string
}

func (w *words) byHours(c ticket.Clock, target string) string {
	due := c.DueAt.In(w.zone)
	parts := len(c.Explanation)
	if parts == 1 && dayOf(due) == dayOf(w.start) {
		w.named = dayOf(due)
	}

	head := w.Say("sla.from", messages.Args{"target": target, "start": w.moment(w.start)})
	switch {
	case parts > 1:
		head = w.Say("sla.parts", messages.Args{"head": head, "parts": w.parts(c)})
	case c.AlwaysOn:
		head += "; " + w.Say("sla.always")
	}
	return head + "; " + w.Say("sla.due", messages.Args{"due": w.moment(due)})
}

// byDays names what does not count, and the last day that does.
func (w *words) byDays(c ticket.Clock, target string) string {
	head := w.Say("sla.after", messages.Args{"target": target, "day": w.day(w.start)})
	var left []string
	for _, s := range c.Explanation {
		if s.Kind == ticket.Holiday || s.Kind == ticket.Pause {
			left = append(left, w.idle(s))
		}
	}
	if len(left) > 0 {
		head = w.Say("sla.parts", messages.Args{
			"head": head, "parts": strings.Join(w.shortened(left), ", "),
		})
	}

	due := c.DueAt.In(w.zone)
	if hour, minute, _ := due.Clock(); hour+minute > 0 {
		return head + "; " + w.Say("sla.due", messages.Args{"due": w.moment(due)})
	}
	last := due.Add(-time.Minute)
	return head + "; " + w.Say("sla.due_day", messages.Args{"day": w.day(last)})
}

// parts lists the stretches of an explanation.
func (w *words) parts(c ticket.Clock) string {
	var parts []string
	for i, s := range c.Explanation {
		length := w.short(s.To.Sub(s.From))
		switch {
		case s.Kind != ticket.Counted:
			parts = append(parts, w.idle(s))
		case i == 0:
			parts = append(parts, w.Say("sla.until", messages.Args{
				"time": length, "to": w.moment(s.To.In(w.zone)),
			}))
		default:
			parts = append(parts, w.Say("sla.on", messages.Args{
				"time": length, "from": w.moment(s.From.In(w.zone)),
			}))
		}
	}
	return strings.Join(w.shortened(parts), ", ")
}

// mostParts is how many parts a sentence has at most.
const mostParts = 12

// shortened leaves out the middle of a list that nobody would read.
func (w *words) shortened(parts []string) []string {
	if len(parts) <= mostParts {
		return parts
	}
	short := append([]string{}, parts[:mostParts/2]...)
	short = append(short, w.Say("sla.more"))
	return append(short, parts[len(parts)-mostParts/2+1:]...)
}

// idle says why a stretch does not count.
func (w *words) idle(s ticket.Stretch) string {
	switch s.Kind {
	case ticket.Holiday:
		return w.Say("sla.holiday", messages.Args{"name": s.Reason})
	case ticket.Pause:
		return w.stopped(s.Reason)
	}
	return w.Say("sla.closed")
}

func (w *words) stopped(reason string) string { return w.Say("sla.paused." + reason) }

func lastReason(c ticket.Clock) string {
	for i := len(c.Explanation) - 1; i >= 0; i-- {
		if s := c.Explanation[i]; s.Kind == ticket.Pause {
			return s.Reason
		}
	}
	return string(ticket.PendingCustomer)
}

// moment is a time of day, with its day where another one was named before.
func (w *words) moment(at time.Time) string {
	clock := at.Format("15:04")
	if dayOf(at) == w.named {
		return clock
	}
	return w.Say("sla.at", messages.Args{"day": w.day(at), "time": clock})
}

// day names a day as somebody would who speaks on the day of the start.
func (w *words) day(at time.Time) string {
	w.named = dayOf(at)
	if at.Sub(w.start) < 6*24*time.Hour {
		return w.Weekday(at.Weekday())
	}
	return w.WeekdayAndDate(at)
}

func dayOf(at time.Time) string { return at.Format(time.DateOnly) }

// target returns a promised time in full.
func (w *words) target(t cover.SLATarget, alwaysOn bool) string {
	minutes := int64(t.Within / time.Minute)
	hours := minutes%60 == 0
	switch {
	case t.BusinessDays > 0:
		return w.Count("sla.business_days", int64(t.BusinessDays))
	case minutes == 0:
		return w.Say("sla.none")
	case alwaysOn && hours:
		return w.Count("sla.hours", minutes/60)
	case alwaysOn:
		return w.Count("sla.minutes", minutes)
	case hours:
		return w.Count("sla.business_hours", minutes/60)
	}
	return w.Count("sla.business_minutes", minutes)
}

// short returns a length of time in hours and minutes; what is less than a minute counts
// as none.
func (w *words) short(d time.Duration) string {
	hours, minutes := int64(d/time.Hour), int64(d%time.Hour/time.Minute)
	h := w.Say("sla.h", messages.Args{"n": hours})
	m := w.Say("sla.min", messages.Args{"n": minutes})
	switch {
	case hours == 0:
		return m
	case minutes == 0:
		return h
	}
	return w.Say("sla.both", messages.Args{"hours": h, "minutes": m})
}
