package console

import (
	"time"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/logistics"
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

// coverReason says why something is covered or not. A refusal is explained by what led to it,
// where that is known.
func (v *visit) coverReason(a cover.Answer) string {
	if len(a.Reasons) == 0 {
		return ""
	}
	r := a.Reasons[0]
	if r.Code == rules.NotCovered && len(a.Reasons) > 1 {
		r = a.Reasons[1]
	}
	return v.reasonText(r)
}

// coverReasons are all the steps of an answer, the deciding one first.
func (v *visit) coverReasons(a cover.Answer) []string {
	var out []string
	for _, r := range a.Reasons {
		out = append(out, v.reasonText(r))
	}
	return out
}

func (v *visit) reasonText(r cover.Reason) string {
	return v.language.Say("console.cover." + r.Code)
}

// coverUntil is the last day of cover.
func (v *visit) coverUntil(a cover.Answer, zone string) web.Cell {
	if !a.Covered || a.Until == nil {
		return web.Cell{}
	}
	return v.lastDay(*a.Until, zone)
}

// dayAt is a cell with the day of an instant, by the clock of a zone.
func (v *visit) dayAt(at time.Time, zone string) web.Cell {
	local := at.In(web.Zone(zone))
	return web.Cell{
		Text:  v.language.NearDate(local, v.now),
		Plain: local.Format(time.DateOnly),
		Whole: true,
	}
}

// lastDay is a cell with the last day before an exclusive end (C2).
func (v *visit) lastDay(end time.Time, zone string) web.Cell {
	return v.dayAt(rules.LastCoveredMoment(end, web.Zone(zone)), zone)
}

// modelName is what people call a model on the day of an instant; its code where nobody named it.
func (v *visit) modelName(code string, at time.Time) string {
	ref, err := v.programs.Reference(v.ctx)
	if err != nil || code == "" {
		return code
	}
	return logistics.ModelName(ref, code, db.TodayUTC(at))
}
