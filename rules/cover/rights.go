package cover

import (
	"cmp"
	"slices"
	"time"

	"cloud.google.com/go/civil"

	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/calendar"
	"roomcover.dev/roomcover/rules/catalogue"
)

// right is one entitlement with the times at which it covers the subject.
type right struct {
	kind       EntitlementKind
	contractID string
	service    *roomService // of Select
	covers     spans
}

// rank orders entitlements of equal speed: what customers pay for comes first.
var rank = map[EntitlementKind]int{
	BySelect:              0,
	ByExtendedWarranty:    1,
	ByStandardWarranty:    2,
	ByReplacementWarranty: 3,
	ByJumpStart:           4,
}

// subject holds what Cover works out once for all purposes.
type subject struct {
	CoverFacts
	at         time.Time
	today      civil.Date
	roomID     string
	room       RoomFacts
	model      *catalogue.ProductModel // nil: a room, or a model that is not supported
	modelCode  string
	warranty   Warranty
	reach      spans // while the model is supported and the device not gone
	selects    []roomService
	syncPluses []roomService
}

// supportRights are what tickets rest on: Select through the room, and for setup
// also JumpStart, which belongs to the account and needs no room (R29, R30b).
func (s *subject) supportRights(purpose Purpose) []right {
	rights := s.selectRights(before(nil))
	if purpose != ForSetup {
		return rights
	}

	for _, c := range s.JumpStarts {
		if c.Type == catalogue.ServiceJumpStart {
			rights = append(rights, right{
				kind:       ByJumpStart,
				contractID: c.ID,
				covers:     c.inForce().and(s.reach).without(s.archived()),
			})
		}
	}

	return rights
}

// archived returns the times at which the subject is in an archived room.
func (s *subject) archived() spans {
	var all spans
	for _, r := range s.Rooms {
		if r.ArchivedAt != nil {
			all = all.or(s.inRoom(r.ID).and(between(*r.ArchivedAt, nil)))
		}
	}
	return all
}

func (s *subject) selectRights(limit spans) []right {
	var rights []right
	for i := range s.selects {
		v := &s.selects[i]
		covers := v.served.and(s.inRoom(v.room.ID)).and(s.reach).and(limit)
		rights = append(rights, right{
			kind:       BySelect,
			contractID: v.licence.Contract.ID,
			service:    v,
			covers:     covers,
		})
	}

	return rights
}

// hardwareRights are what an RMA rests on (S38): Select and the warranties, cut
// by the cap (R125b), and the replacement's own 30 days, which the cap does not
// cut (S23). With an unknown purchase date only the latter is certain.
func (s *subject) hardwareRights() []right {
	if s.hasNoHardware() {
		return nil
	}
	if !s.isSerialised() {
		return s.selectRights(before(nil))
	}

	w := s.warranty
	var rights []right
	if end, ok := w.ReplacementEndsOn(); ok {
		span := newSpans(daysBetween(&w.ReplacedOn, &end, s.Zone))
		rights = append(rights, right{kind: ByReplacementWarranty, covers: span.and(s.reach)})
	}

	capped, known := w.CapOn(s.CapYears)
	if !known {
		return rights
	}

	limit := newSpans(daysBetween(nil, &capped, s.Zone))
	first, _ := w.begins()
	if end, ok := w.StandardEndsOn(); ok {
		span := newSpans(daysBetween(&first, &end, s.Zone))
		rights = append(rights, right{
			kind:   ByStandardWarranty,
			covers: span.and(limit).and(s.reach),
		})
	}

	if end, ok := w.ExtendedEndsOn(); ok {
		span := newSpans(daysBetween(&first, &end, s.Zone))
		rights = append(rights, right{
			kind:   ByExtendedWarranty,
			covers: span.and(limit).and(s.reach),
		})
	}

	rights = append(rights, s.extensionRights(first, limit)...)
	return append(rights, s.selectRights(limit)...)
}

// hasNoHardware reports that nothing of the subject can be replaced, or that only a
// serial number can say what (R74, R75).
func (s *subject) hasNoHardware() bool {
	if s.model == nil {
		return s.modelCode != ""
	}
	return s.model.Kind == catalogue.KindSoftware || s.model.Kind == catalogue.KindBundle ||
		(s.Device == nil && !s.model.FollowsRoom())
}

// isSerialised reports whether age and warranties of a device count. Rooms have
// none, nor have accessories that follow their room (R74).
func (s *subject) isSerialised() bool {
	return s.Device != nil && s.model != nil && !s.model.FollowsRoom()
}

// speed is what a right promises for a replacement at the time asked about.
func (s *subject) speed(r right) calendar.RMASpeed {
	if r.service == nil {
		return calendar.SpeedStandard
	}
	terms, _ := s.terms(*r.service, s.at)
	return terms.RMASpeed
}

// inForce returns the rights that cover the subject at the time asked about, the
// one to use first: the fastest (S38), then by rank, the later end and the id.
func (s *subject) inForce(rights []right) []right {
	kept := slices.DeleteFunc(slices.Clone(rights), func(r right) bool {
		return !r.covers.contains(s.at)
	})

	slices.SortStableFunc(kept, func(a, b right) int {
		mine, theirs := s.speed(a), s.speed(b)
		if mine.FasterThan(theirs) {
			return -1
		}

		if theirs.FasterThan(mine) {
			return 1
		}

		untilA, _ := a.covers.until(s.at)
		untilB, _ := b.covers.until(s.at)
		return cmp.Or(cmp.Compare(rank[a.kind], rank[b.kind]), untilB.Compare(untilA),
			cmp.Compare(a.contractID, b.contractID))
	})

	return kept
}

// unbroken returns the end of cover by all rights together; nil when not covered.
func (s *subject) unbroken(rights []right) *time.Time {
	var all spans
	for _, r := range rights {
		all = all.or(r.covers)
	}

	end, ok := all.until(s.at)
	if !ok {
		return nil
	}

	return &end
}

func (s *subject) entitlement(r right) *Entitlement {
	end, _ := r.covers.until(s.at)
	e := &Entitlement{Kind: r.kind, ContractID: r.contractID, Until: end}
	if r.kind != ByJumpStart {
		e.RMASpeed = s.speed(r)
	}
	if r.service != nil {
		terms, _ := s.terms(*r.service, s.at)
		e.LicenceID, e.TermsVersion = r.service.licence.ID, terms.Version
	}

	return e
}

// supportedSpans returns the times at which a model is supported; days are those of loc.
func supportedSpans(models []catalogue.ProductModel, code string, loc *time.Location) spans {
	var all []rules.Period
	for _, m := range models {
		if catalogue.NormaliseModelCode(m.Code) == catalogue.NormaliseModelCode(code) {
			all = append(all, daysBetween(m.EffectiveFrom, m.EffectiveTo, loc))
		}
	}
	return newSpans(all...)
}
