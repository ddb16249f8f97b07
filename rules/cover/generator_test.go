package cover

import (
	"fmt"
	"math/rand/v2"
	"time"

	"cloud.google.com/go/civil"

	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/calendar"
	"roomcover.dev/roomcover/rules/catalogue"
)

// history draws facts at random from a seed: small enough in time for a slow
// check, with every kind of fact and every order of events. Whatever happens,
// happens at local midnight or noon.
type history struct {
	*rand.Rand
	loc *time.Location
}

var historyZones = []string{
	"UTC", "America/Sao_Paulo", "Europe/Berlin", "Asia/Tokyo", "America/New_York", "Pacific/Auckland",
}

func newHistory(seed uint64) history {
	h := history{Rand: rand.New(rand.NewPCG(seed, 4))}
	loc, err := time.LoadLocation(historyZones[h.IntN(len(historyZones))])
	if err != nil {
		panic(err)
	}
	h.loc = loc
	return h
}

func (h history) chance(percent int) bool { return h.IntN(100) < percent }

// from draws from [low, high].
func (h history) from(low, high int) int { return low + h.IntN(high-low+1) }

func (h history) date(offset int) civil.Date {
	return civil.Date{Year: 2026, Month: 1, Day: 1}.AddDays(offset)
}

func (h history) dateIn(low, high int) *civil.Date {
	d := h.date(h.from(low, high))
	return &d
}

func (h history) midnight(offset int) time.Time {
	return time.Date(2026, 1, 1+offset, 0, 0, 0, 0, h.loc).UTC()
}

// event is local midnight or noon of a day.
func (h history) event(offset int) time.Time {
	return time.Date(2026, 1, 1+offset, 12*h.IntN(2), 0, 0, 0, h.loc).UTC()
}

func (h history) eventPtr(low, high int) *time.Time {
	at := h.event(h.from(low, high))
	return &at
}

var historySpeeds = []calendar.RMASpeed{"NBD", "2BD", "3BD", "STANDARD"}
var historyLanguages = [][]string{{"en"}, {"pt-BR"}, {"pt-BR", "en"}, {"de", "en"}}

func (h history) facts() CoverFacts {
	f := CoverFacts{Zone: h.loc, CapYears: h.from(1, 2), Models: h.models()}
	for _, id := range []string{"r1", "r2"} {
		r := RoomFacts{ID: id, Country: []string{"BR", "DE", "BR", "DE", "BR", "DE", "AQ"}[h.IntN(7)]}
		if h.chance(12) {
			r.ArchivedAt = h.eventPtr(0, 300)
		}
		f.Rooms = append(f.Rooms, r)
	}
	for _, country := range []string{"BR", "DE"} {
		for v := 1; v <= h.from(1, 4); v++ {
			f.Terms = append(f.Terms, h.terms(country, v, h.from(-400, 250)))
		}
	}
	h.Shuffle(len(f.Terms), func(i, j int) { f.Terms[i], f.Terms[j] = f.Terms[j], f.Terms[i] })
	h.licences(&f)
	for range h.IntN(3) {
		f.JumpStarts = append(f.JumpStarts, h.contract(catalogue.ServiceJumpStart, h.from(-50, 150), 91))
	}
	h.subject(&f)
	return f
}

func (h history) models() []catalogue.ProductModel {
	models := []catalogue.ProductModel{
		{Code: "BAR", Kind: catalogue.KindHardware, Serialised: true, StandardWarrantyYears: h.from(0, 2)},
		{Code: "CABLE", Kind: catalogue.KindAccessory},
		{Code: "APP", Kind: catalogue.KindSoftware},
		{Code: "KIT", Kind: catalogue.KindBundle},
	}
	if h.chance(15) {
		models[0].EffectiveTo = h.dateIn(0, 200)
	}
	if h.chance(15) {
		models[h.IntN(2)].EffectiveFrom = h.dateIn(-100, 100)
	}
	if h.chance(15) {
		models = append(models, catalogue.ProductModel{
			Code:                  "bar ",
			Kind:                  catalogue.KindHardware,
			Serialised:            true,
			StandardWarrantyYears: h.from(0, 2),
			EffectiveFrom:         h.dateIn(0, 200),
			EffectiveTo:           h.dateIn(100, 300),
		})
	}
	return models
}

func (h history) terms(country string, version, from int) catalogue.CountryTerms {
	return catalogue.CountryTerms{
		Country:       country,
		Version:       version,
		EffectiveFrom: h.date(from),
		Available:     h.chance(85),
		RMASpeed:      historySpeeds[h.IntN(4)],
		Languages:     historyLanguages[h.IntN(4)],
	}
}

func (h history) contract(service catalogue.ServiceType, start, length int) ContractFacts {
	c := ContractFacts{ID: fmt.Sprintf("c%09d", h.IntN(1e9)), Type: service, State: rules.ContractActive,
		Period: &rules.Period{Start: h.midnight(start), End: h.midnight(start + length)}}
	switch n := h.IntN(100); {
	case n < 6:
		c.State, c.Period = rules.ContractPendingStart, nil
	case n < 12:
		c.State = rules.ContractCancelled
		if h.chance(80) {
			c.CancelledAt = h.eventPtr(start, start+length)
		}
	case n < 16:
		c.State = rules.ContractSuspended
		if h.chance(80) {
			c.Suspensions = append(c.Suspensions, Suspension{From: h.event(h.from(start, start+length))})
		}
	case n < 20:
		c.State = rules.ContractExpired
	}
	if h.chance(10) {
		c.Suspensions = append(c.Suspensions, Suspension{
			h.event(h.from(start, start+20)), h.eventPtr(start+21, start+60),
		})
	}
	return c
}

func (h history) licences(f *CoverFacts) {
	for i := range h.from(1, 5) {
		service, start := catalogue.ServiceSelect, h.from(-100, 150)
		if h.chance(15) {
			service = catalogue.ServiceSyncPlus
		}
		l := LicenceFacts{ID: "l" + string(rune('0'+i)), Contract: h.contract(service, start, h.from(20, 300))}
		if i > 0 && h.chance(45) {
			h.renew(&l, f.Licences[h.IntN(i)])
		}
		if h.chance(6) {
			l.RevokedAt = h.eventPtr(start, start+100)
		}
		if !h.chance(50) || l.Renews == "" {
			l.Assignments = h.assignments(start)
		}
		f.Licences = append(f.Licences, l)
	}
	h.Shuffle(len(f.Licences), func(i, j int) { f.Licences[i], f.Licences[j] = f.Licences[j], f.Licences[i] })
}

// renew makes l renew old, mostly from the very end of it.
func (h history) renew(l *LicenceFacts, old LicenceFacts) {
	l.Renews = old.ID
	if l.Contract.Period == nil || old.Contract.Period == nil || !h.chance(80) {
		return
	}
	end := old.Contract.Period.End
	l.Contract.Period = &rules.Period{
		Start: end,
		End:   rules.StartOfDay(rules.DateIn(end, h.loc).AddDays(h.from(20, 200)), h.loc),
	}
}

func (h history) assignments(start int) []Assignment {
	var all []Assignment
	at := start + h.from(-5, 40)
	from := h.event(at)
	for range h.from(1, 3) {
		a := Assignment{RoomID: h.anyRoom(), From: from}
		if h.chance(20) {
			t := h.terms("BR", 9, at)
			a.Terms = &t
		}
		at += h.from(1, 90)
		if h.chance(70) {
			return append(all, a)
		}
		to := h.event(at)
		if from = to; h.chance(50) {
			at += h.from(1, 20)
			from = h.event(at)
		}
		a.To = &to
		all = append(all, a)
	}
	return all
}

func (h history) anyRoom() string { return []string{"r1", "r1", "r1", "r2"}[h.IntN(4)] }

func (h history) subject(f *CoverFacts) {
	switch n := h.IntN(100); {
	case n < 60:
		f.Device = h.device()
	case n < 78:
		f.RoomID = h.anyRoom()
	default:
		f.RoomID = h.anyRoom()
		f.ModelCode = []string{"CABLE", "cable", "APP", "KIT", "BAR", "NONE"}[h.IntN(6)]
	}
}

func (h history) device() *DeviceFacts {
	d := &DeviceFacts{ID: "d", ModelCode: "BAR", Warranty: h.warranty(h.from(-500, 50), 0)}
	if h.chance(10) {
		d.ModelCode = []string{"CABLE", "APP", "KIT", "NONE", ""}[h.IntN(5)]
	}
	if h.chance(8) {
		d.GoneAt = h.eventPtr(50, 300)
	}
	at := h.from(-200, 50)
	from := h.event(at)
	for range h.from(0, 4) {
		p := Placement{RoomID: h.anyRoom(), From: from}
		at += h.from(1, 200)
		if h.chance(60) {
			d.Placements = append(d.Placements, p)
			break
		}
		to := h.event(at)
		if from = to; h.chance(50) {
			at += h.from(1, 30)
			from = h.event(at)
		}
		p.To = &to
		d.Placements = append(d.Placements, p)
	}
	return d
}

func (h history) warranty(bought, depth int) Warranty {
	w := Warranty{PurchasedOn: h.dateIn(bought, bought), StandardYears: h.IntN(8) / 6, ProofHeld: h.chance(30)}
	if h.chance(10) {
		w.PurchasedOn = nil
	}
	if h.chance(15) {
		w.StandardEnd = h.dateIn(bought, bought+900)
	}
	if h.chance(15) {
		w.ExtendedEnd = h.dateIn(bought, bought+900)
	}
	if h.chance(15) {
		w.ExtendedYears = h.from(1, 2)
	}
	for i := range h.IntN(8) / 6 * h.from(1, 2) {
		x := Extension{
			ContractID: fmt.Sprint("ext", depth, i),
			Years:      h.from(1, 2),
			From:       h.event(bought + h.from(0, 200)),
		}
		if h.chance(40) {
			x.Years, x.EndsOn = 0, h.dateIn(bought, bought+900)
		}
		if h.chance(30) {
			to := h.event(bought + h.from(200, 400))
			x.To = &to
		}
		w.Extensions = append(w.Extensions, x)
	}
	if depth < 2 && h.chance(20) {
		original := h.warranty(bought-h.from(1, 300), depth+1)
		w.Replaces = &original
		w.ReplacedOn = h.date(h.from(bought, max(bought, 250-200*depth)))
	}
	return w
}
