package cover

import (
	"slices"
	"strings"
	"time"

	"cloud.google.com/go/civil"

	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/calendar"
	"roomcover.dev/roomcover/rules/catalogue"
)

// oracle answers as Cover does, in another way: it knows no periods. It looks at
// one moment at a time, by the calendar on the wall, and finds an end by walking
// half a day at a time until something no longer holds.
type oracle struct {
	f      CoverFacts
	model  *catalogue.ProductModel // on the day asked about
	asked  string                  // its code, "" for a room
	byID   map[string]LicenceFacts
	served map[string]map[civil.Date]catalogue.CountryTerms // country and day to terms
	lives  map[life]catalogue.CountryTerms
	chain  []Warranty     // of the device and those it replaced
	ends   [2]*civil.Date // of the standard and the extended warranty
}

// finding is the part of an answer that can be compared.
type finding struct {
	covered, held         bool
	code, kind, id, room  string
	until, hardware, help time.Time
	own                   time.Time // the end of the one right used
	speed, policy, langs  string
	premium               bool
	version               int
}

// claim is one right that holds at a moment.
type claim struct {
	kind, contract, licence string
	stay                    time.Time // what tells two stays of one licence apart
	days                    int       // promised, 1000 for no promise
	speed                   calendar.RMASpeed
	langs                   []string
	version                 int
}

// stand is a licence standing in a room at a moment.
type stand struct {
	room   string
	since  time.Time
	frozen *catalogue.CountryTerms
}

func newOracle(f CoverFacts, at time.Time) *oracle {
	o := &oracle{
		f:      f,
		asked:  f.ModelCode,
		byID:   map[string]LicenceFacts{},
		served: map[string]map[civil.Date]catalogue.CountryTerms{},
		lives:  map[life]catalogue.CountryTerms{},
	}
	for _, l := range f.Licences {
		o.byID[l.ID] = l
	}
	if f.Device != nil {
		o.asked = f.Device.ModelCode
	}
	for i := range f.Models {
		m := f.Models[i]
		if o.named(m) && o.listed(m, at) && (o.model == nil || o.model.EffectiveFrom == nil ||
			(m.EffectiveFrom != nil && !m.EffectiveFrom.Before(*o.model.EffectiveFrom))) {
			o.model = &m
		}
	}
	if f.Device != nil {
		o.chain = o.units()
		o.ends[0], o.ends[1] = warrantyEnds(o.chain)
	}
	return o
}

func (o *oracle) day(t time.Time) civil.Date { return civil.DateOf(t.In(o.f.Zone)) }

func (o *oracle) named(m catalogue.ProductModel) bool {
	return strings.EqualFold(strings.TrimSpace(m.Code), strings.TrimSpace(o.asked))
}

func (o *oracle) listed(m catalogue.ProductModel, t time.Time) bool {
	d := o.day(t)
	return (m.EffectiveFrom == nil || d.DaysSince(*m.EffectiveFrom) >= 0) &&
		(m.EffectiveTo == nil || d.DaysSince(*m.EffectiveTo) < 0)
}

// termsFor finds a country's terms of one day, and remembers them.
func (o *oracle) termsFor(country string, d civil.Date) (catalogue.CountryTerms, bool) {
	if o.served[country] == nil {
		o.served[country] = map[civil.Date]catalogue.CountryTerms{}
	}
	best, ok := o.served[country][d]
	if ok {
		return best, best.Version > 0
	}
	for _, v := range o.f.Terms {
		age := d.DaysSince(v.EffectiveFrom)
		newer := best.Version == 0 || age < d.DaysSince(best.EffectiveFrom) ||
			(v.EffectiveFrom == best.EffectiveFrom && v.Version > best.Version)
		if v.Country == country && age >= 0 && newer {
			best = v
		}
	}
	o.served[country][d] = best
	return best, best.Version > 0
}

// lived gives what a licence that came into a room has of the country's terms by
// the end of a day: what it had the day before, and whatever is new and better.
// Nothing good is ever taken away.
func (o *oracle) lived(country string, s stand, d civil.Date) catalogue.CountryTerms {
	key := life{country, s.since, s.frozen, d}
	if have, ok := o.lives[key]; ok {
		return have
	}
	now, known := o.termsFor(country, d)
	have := now
	if first := o.day(s.since); d.After(first) {
		have = o.lived(country, s, d.AddDays(-1))
		if before, _ := o.termsFor(country, d.AddDays(-1)); known &&
			(before.Version != now.Version || before.EffectiveFrom != now.EffectiveFrom) {
			have = merged(have, now)
		}
	} else if s.frozen != nil {
		have = *s.frozen
	}
	o.lives[key] = have
	return have
}

// life names what a stay in a country has on a day.
type life struct {
	country string
	since   time.Time
	frozen  *catalogue.CountryTerms
	day     civil.Date
}

func merged(have, now catalogue.CountryTerms) catalogue.CountryTerms {
	if !have.Available || !now.Available {
		if !have.Available {
			return now
		}
		return have
	}
	out := have
	languages := map[string]bool{}
	for _, l := range append(append([]string{}, have.Languages...), now.Languages...) {
		languages[l] = true
	}
	gained := daysOf(now.RMASpeed) < daysOf(have.RMASpeed)
	for _, l := range now.Languages {
		gained = gained || !slices.Contains(have.Languages, l)
	}
	if !gained {
		return have
	}
	out.Version = now.Version
	if daysOf(now.RMASpeed) < daysOf(have.RMASpeed) {
		out.RMASpeed = now.RMASpeed
	}
	out.Languages = nil
	for l := range languages {
		out.Languages = append(out.Languages, l)
	}
	return out
}

func daysOf(s calendar.RMASpeed) int {
	return map[calendar.RMASpeed]int{"NBD": 1, "2BD": 2, "3BD": 3, "STANDARD": 1000}[s]
}

func past(t time.Time, limit *time.Time) bool { return limit != nil && !t.Before(*limit) }

// stands tells where a licence stands at t; a renewal stands where the licence it
// renews still does, once that one's contract is over.
func (o *oracle) stands(l LicenceFacts, t time.Time, depth int) (all []stand) {
	if past(t, l.RevokedAt) || depth > 6 {
		return nil
	}
	started := false
	for _, a := range l.Assignments {
		if t.Before(a.From) {
			continue
		}
		started = true
		if !past(t, a.To) {
			all = append(all, stand{a.RoomID, a.From, a.Terms})
		}
	}
	old, ok := o.byID[l.Renews]
	if started || !ok || old.Contract.Period == nil || l.Contract.Period == nil ||
		old.Contract.Type != l.Contract.Type {
		return all
	}
	end := old.Contract.Period.End
	if t.Before(end) || end.Before(l.Contract.Period.Start) || past(t, old.Contract.CancelledAt) {
		return all
	}
	for _, s := range o.stands(old, t, depth+1) {
		if s.since.Before(end) {
			s.since = end
		}
		all = append(all, stand{room: s.room, since: s.since})
	}
	return all
}

func paidFor(c ContractFacts, t time.Time) bool {
	if c.Period == nil || t.Before(c.Period.Start) || !t.Before(c.Period.End) || past(t, c.CancelledAt) {
		return false
	}
	if c.State == rules.ContractCancelled && c.CancelledAt == nil {
		return false
	}
	endless := false
	for _, s := range c.Suspensions {
		if !t.Before(s.From) && !past(t, s.To) {
			return false
		}
		endless = endless || s.To == nil
	}
	return c.State != rules.ContractSuspended || endless
}

func (o *oracle) where(t time.Time) string {
	if o.f.Device == nil {
		return o.f.RoomID
	}
	for _, p := range o.f.Device.Placements {
		if !t.Before(p.From) && !past(t, p.To) {
			return p.RoomID
		}
	}
	return ""
}

func (o *oracle) facts(room string) (RoomFacts, bool) {
	for _, r := range o.f.Rooms {
		if r.ID == room {
			return r, true
		}
	}
	return RoomFacts{}, false
}

// roomClaims are the licences that serve the subject's room at t; blocked tells
// that one would if the country were served.
func (o *oracle) roomClaims(service catalogue.ServiceType, t time.Time) (claims []claim, blocked bool) {
	room, ok := o.facts(o.where(t))
	if !ok || past(t, room.ArchivedAt) {
		return nil, false
	}
	for _, l := range o.f.Licences {
		if l.Contract.Type != service || !paidFor(l.Contract, t) {
			continue
		}
		for _, s := range o.stands(l, t, 0) {
			if s.room != room.ID {
				continue
			}
			c := claim{kind: "SELECT", contract: l.Contract.ID, licence: l.ID, stay: s.since}
			if service == catalogue.ServiceSelect {
				have := o.lived(room.Country, s, o.day(t))
				if !have.Available {
					blocked = true
					continue
				}
				c.days = daysOf(have.RMASpeed)
				c.speed = have.RMASpeed
				c.langs = have.Languages
				c.version = have.Version
			}
			claims = append(claims, c)
		}
	}
	return claims, blocked
}

// reached tells whether the subject may be covered by anything at t at all.
func (o *oracle) reached(t time.Time) bool {
	if o.f.Device != nil && past(t, o.f.Device.GoneAt) {
		return false
	}
	if o.f.Device == nil && o.asked == "" {
		return true
	}
	return slices.ContainsFunc(o.f.Models, func(m catalogue.ProductModel) bool { return o.named(m) && o.listed(m, t) })
}

func (o *oracle) ages() bool {
	return o.f.Device != nil && o.model != nil && o.model.Kind != catalogue.KindAccessory
}
