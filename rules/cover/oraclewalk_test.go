package cover

import (
	"slices"
	"sort"
	"strings"
	"time"

	"cloud.google.com/go/civil"

	"roomcover.dev/roomcover/rules/catalogue"
)

func (o *oracle) hardware(t time.Time) (claims []claim) {
	if !o.reached(t) || (o.model == nil && o.asked != "") {
		return nil
	}
	if o.model != nil && (o.model.Kind == catalogue.KindSoftware || o.model.Kind == catalogue.KindBundle ||
		(o.f.Device == nil && o.model.Kind == catalogue.KindHardware)) {
		return nil
	}
	if !o.ages() {
		claims, _ = o.roomClaims(catalogue.ServiceSelect, t)
		return claims
	}
	chain, today := o.chain, o.day(t)
	newest, first := chain[0], chain[len(chain)-1]
	if n := today.DaysSince(newest.ReplacedOn); newest.Replaces != nil && n >= 0 && n < 30 {
		claims = append(claims, claim{kind: "REPLACEMENT_WARRANTY", days: 1000, speed: "STANDARD"})
	}
	if first.PurchasedOn == nil || !today.Before(yearsOn(*first.PurchasedOn, o.f.CapYears)) {
		return claims
	}
	began := first.PurchasedOn
	if newest.Replaces != nil {
		began = &newest.ReplacedOn
	}
	for i, kind := range []string{"STANDARD_WARRANTY", "EXTENDED_WARRANTY"} {
		if end := o.ends[i]; end != nil && today.Before(*end) && !today.Before(*began) {
			claims = append(claims, claim{kind: kind, days: 1000, speed: "STANDARD"})
		}
	}
	for _, x := range attachedTo(chain) {
		if today.Before(*x.EndsOn) && !today.Before(*began) && !t.Before(x.From) && !past(t, x.To) {
			claims = append(claims, claim{
				kind:     "EXTENDED_WARRANTY",
				contract: x.ContractID,
				days:     1000,
				speed:    "STANDARD",
			})
		}
	}
	byLicence, _ := o.roomClaims(catalogue.ServiceSelect, t)
	return append(claims, byLicence...)
}

func (o *oracle) support(t time.Time, setup bool) (claims []claim) {
	if !o.reached(t) {
		return nil
	}
	claims, _ = o.roomClaims(catalogue.ServiceSelect, t)
	room, _ := o.facts(o.where(t))
	if !setup || past(t, room.ArchivedAt) {
		return claims
	}
	for _, c := range o.f.JumpStarts {
		if paidFor(c, t) {
			claims = append(claims, claim{kind: "JUMPSTART", contract: c.ID, days: 1000})
		}
	}
	return claims
}

// walk goes on by half days until holds no longer does.
func (o *oracle) walk(t time.Time, holds func(time.Time) bool) time.Time {
	if !holds(t) {
		return time.Time{}
	}
	local := t.In(o.f.Zone)
	for half := local.Hour()/12 + 1; ; half++ {
		next := time.Date(local.Year(), local.Month(), local.Day()+half/2, 12*(half%2), 0, 0, 0, o.f.Zone)
		if !holds(next) {
			return next.UTC()
		}
	}
}

func (o *oracle) claims(t time.Time, purpose Purpose) []claim {
	if purpose == ForHardware {
		return o.hardware(t)
	}
	return o.support(t, purpose == ForSetup)
}

func (o *oracle) until(t time.Time, purpose Purpose) time.Time {
	return o.walk(t, func(t time.Time) bool { return len(o.claims(t, purpose)) > 0 })
}

func (o *oracle) untilOf(c claim, t time.Time, purpose Purpose) time.Time {
	return o.walk(t, func(t time.Time) bool {
		return slices.ContainsFunc(o.claims(t, purpose), func(d claim) bool {
			return d.kind == c.kind && d.contract == c.contract && d.licence == c.licence && d.stay.Equal(c.stay)
		})
	})
}

// pick gives the claim to use.
func (o *oracle) pick(t time.Time, purpose Purpose) (claim, time.Time) {
	claims := o.claims(t, purpose)
	ends := make([]time.Time, len(claims))
	order := make([]int, len(claims))
	for i, c := range claims {
		order[i], ends[i] = i, o.untilOf(c, t, purpose)
	}
	weight := func(c claim) int {
		w := strings.Index("SELECT EXTENDED_WARRANTY STANDARD_WARRANTY REPLACEMENT_WARRANTY JUMPSTART", c.kind)
		if purpose == ForHardware || c.kind == "SELECT" {
			return c.days*1000 + w
		}
		return 5_000_000 // JumpStart's SLA is the worse one
	}
	sort.SliceStable(order, func(i, j int) bool {
		a, b := order[i], order[j]
		if weight(claims[a]) != weight(claims[b]) {
			return weight(claims[a]) < weight(claims[b])
		}
		if !ends[a].Equal(ends[b]) {
			return ends[a].After(ends[b])
		}
		return claims[a].contract < claims[b].contract
	})
	return claims[order[0]], ends[order[0]]
}

func (o *oracle) refusal(t time.Time, purpose Purpose) string {
	hardware := purpose == ForHardware
	if (o.f.Device != nil || o.asked != "") && o.model == nil {
		return "MODEL_NOT_SUPPORTED"
	}
	if hardware && o.model != nil && (o.model.Kind == catalogue.KindSoftware || o.model.Kind == catalogue.KindBundle) {
		return "NOT_HARDWARE"
	}
	if o.f.Device != nil && past(t, o.f.Device.GoneAt) {
		return "NOT_COVERED"
	}
	served, blocked := o.roomClaims(catalogue.ServiceSelect, t)
	if hardware && o.ages() {
		chain := o.chain
		bought := chain[len(chain)-1].PurchasedOn
		if bought == nil && (len(served) > 0 || perhaps(chain, t, o.day(t))) {
			return "PROOF_REQUIRED"
		}
		if bought != nil && !o.day(t).Before(yearsOn(*bought, o.f.CapYears)) {
			return "WARRANTY_CAP"
		}
	}
	switch {
	case o.f.Device != nil && o.where(t) == "":
		return "UNPLACED"
	case blocked:
		return "COUNTRY_NOT_SUPPORTED"
	}
	return "NOT_COVERED"
}

// perhaps tells whether a warranty may be running although nobody knows since
// when: it tries days of purchase.
func perhaps(chain []Warranty, t time.Time, today civil.Date) bool {
	for ago := range 1200 {
		bought := today.AddDays(-ago)
		tried := slices.Clone(chain)
		tried[len(tried)-1].PurchasedOn = &bought
		if slices.ContainsFunc(chain, func(u Warranty) bool {
			return u.Replaces != nil && u.ReplacedOn.Before(bought)
		}) {
			continue
		}
		standard, extended := warrantyEnds(tried)
		if (standard != nil && today.Before(*standard)) || (extended != nil && today.Before(*extended)) {
			return true
		}
		for _, x := range attachedTo(tried) {
			if today.Before(*x.EndsOn) && !t.Before(x.From) && !past(t, x.To) {
				return true
			}
		}
	}
	return false
}

func (o *oracle) find(t time.Time, purpose Purpose) finding {
	x := finding{
		room:     o.where(t),
		until:    o.until(t, purpose),
		hardware: o.until(t, ForHardware),
		help:     o.until(t, ForTechnical),
	}
	if !x.hardware.IsZero() {
		best, _ := o.pick(t, ForHardware)
		x.speed = string(best.speed)
	}
	here, _ := o.roomClaims(catalogue.ServiceSelect, t)
	plus, _ := o.roomClaims(catalogue.ServiceSyncPlus, t)
	x.premium = len(here)+len(plus) > 0
	languages := map[string]bool{}
	for _, c := range here {
		for _, l := range c.langs {
			languages[l] = true
		}
	}
	if x.covered = !x.until.IsZero(); x.covered {
		best, end := o.pick(t, purpose)
		x.kind = best.kind
		x.id = best.contract + "/" + best.licence
		x.version = best.version
		x.own = end
		if purpose != ForHardware {
			x.policy = best.kind
		}
		if room, ok := o.facts(x.room); ok && best.kind == "JUMPSTART" {
			now, _ := o.termsFor(room.Country, o.day(t))
			for _, l := range now.Languages {
				languages[l] = true
			}
		}
	} else {
		x.code = o.refusal(t, purpose)
		x.held = x.code == "PROOF_REQUIRED"
	}
	names := []string{}
	for l := range languages {
		names = append(names, l)
	}
	sort.Strings(names)
	x.langs = strings.Join(names, " ")
	return x
}
