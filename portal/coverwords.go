package portal

import (
	"time"

	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/cover"
	"roomcover.dev/roomcover/web"
)

// coverBadge says whether something is covered.
func (v *visit) coverBadge(a cover.Answer) web.Badge {
	switch {
	case a.Covered:
		return web.Badge{Text: v.say("console.account.covered"), Color: "green"}
	case a.Held:
		return web.Badge{Text: v.say("console.account.held"), Color: "amber"}
	}
	return web.Badge{Text: v.say("console.account.uncovered"), Color: "red"}
}

// coverReason says in words why something is covered or not: of a refusal, what led to it where
// that is known.
func (v *visit) coverReason(a cover.Answer) string {
	if len(a.Reasons) == 0 {
		return ""
	}
	r := a.Reasons[0]
	if r.Code == rules.NotCovered && len(a.Reasons) > 1 {
		r = a.Reasons[1]
	}
	return v.language.Say("console.cover." + r.Code)
}

// coverReasons are all the steps of an answer, the deciding one first.
func (v *visit) coverReasons(a cover.Answer) []string {
	var out []string
	for _, r := range a.Reasons {
		out = append(out, v.language.Say("console.cover."+r.Code))
	}
	return out
}

// coverUntil is a cell with the last day of cover; empty for what is not covered.
func (v *visit) coverUntil(a cover.Answer) web.Cell {
	if !a.Covered || a.Until == nil {
		return web.Cell{}
	}
	return v.lastDayCell(*a.Until)
}

// dayCell is a cell with the day of an instant, by the account's clock.
func (v *visit) dayCell(at time.Time) web.Cell {
	local := at.In(location(v.who.account().TimeZone))
	now := v.db.Clock().Now()
	return web.Cell{
		Text:  v.language.NearDate(local, now),
		Plain: local.Format(time.DateOnly),
		Whole: true,
	}
}

// lastDayCell is a cell with the last day before an exclusive end, by the account's clock (C1, C2).
func (v *visit) lastDayCell(end time.Time) web.Cell {
	return v.dayCell(rules.LastCoveredMoment(end, location(v.who.account().TimeZone)))
}
