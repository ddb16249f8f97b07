package cover

import (
	"slices"
	"time"

	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/catalogue"
)

// Cover answers whether the subject of the facts is covered at an instant for a
// purpose: until when, how fast, by which entitlement and why. It is the only
// place that decides about cover; nothing of its answer is ever stored but what
// Freeze takes. Support needs a Select licence assigned to the room (R39c), for
// setup JumpStart does too (R29). Hardware has the best of its warranties and
// Select until purchase plus five years (S38, R125b), an accessory follows its
// room (R74) and software has none (R75).
func Cover(f CoverFacts, at time.Time, purpose Purpose) Answer {
	s := newSubject(f, at)
	hardware, technical := s.hardwareRights(), s.supportRights(ForTechnical)
	rights := technical

	switch purpose {
	case ForHardware:
		rights = hardware
	case ForSetup:
		rights = s.supportRights(ForSetup)
	}

	a := Answer{
		At:            at,
		Purpose:       purpose,
		RoomID:        s.roomID,
		Until:         s.unbroken(rights),
		HardwareUntil: s.unbroken(hardware),
		SupportUntil:  s.unbroken(technical),
	}

	if inForce := s.inForce(hardware); len(inForce) > 0 {
		a.RMASpeed = s.speed(inForce[0])
	}

	chosen := s.inForce(rights)
	a.Covered = len(chosen) > 0
	if a.Covered {
		a.Entitlement = s.entitlement(chosen[0])
		s.accept(&a, chosen)
	} else {
		s.refuse(&a)
	}

	s.describe(&a)
	return a
}

func newSubject(f CoverFacts, at time.Time) *subject {
	if f.Zone == nil {
		f.Zone = time.UTC
	}
	if len(f.Policies) == 0 {
		f.Policies = DefaultPolicies()
	}

	s := &subject{
		CoverFacts: f,
		at:         at,
		today:      rules.DateIn(at, f.Zone),
		roomID:     f.roomAt(at),
		modelCode:  f.ModelCode,
		reach:      before(nil),
	}

	s.room, _ = f.room(s.roomID)
	if f.Device != nil {
		s.modelCode, s.reach = f.Device.ModelCode, before(f.Device.GoneAt)
	}

	if f.Device != nil || s.modelCode != "" {
		s.reach = s.reach.and(supportedSpans(f.Models, s.modelCode, f.Zone))
		if m, ok := catalogue.ModelOn(f.Models, s.modelCode, s.today); ok {
			s.model = &m
		}
	}

	if f.Device != nil && s.model != nil {
		s.warranty = f.Device.Warranty.WithStandardYears(s.model.StandardWarrantyYears)
	}

	s.selects, s.syncPluses = f.services(catalogue.ServiceSelect),
		f.services(catalogue.ServiceSyncPlus)
	return s
}

var reasonOfKind = map[EntitlementKind]string{
	BySelect:              ReasonSelect,
	ByExtendedWarranty:    ReasonExtended,
	ByStandardWarranty:    ReasonStandard,
	ByReplacementWarranty: ReasonReplacement,
	ByJumpStart:           ReasonJumpStart,
}

// accept explains a cover and chooses the SLA of a ticket: the best of those that
// apply (R32a).
func (s *subject) accept(a *Answer, chosen []right) {
	for _, r := range chosen {
		a.explain(reasonOfKind[r.kind])
	}

	if a.Purpose == ForHardware {
		s.acceptHardware(a, chosen)
		return
	}

	s.choosePolicy(a, chosen)
}

func (s *subject) acceptHardware(a *Answer, chosen []right) {
	if s.model != nil && s.model.FollowsRoom() {
		a.explain(ReasonThroughRoom)
	}
	if len(chosen) > 1 {
		a.explain(ReasonFastest)
	}
	if s.capCuts(*a) {
		a.explain(ReasonCapped, ReasonSupportContinues)
	}
}

// capCuts reports whether the hardware's cover ends by its age while support goes on.
func (s *subject) capCuts(a Answer) bool {
	if !s.isSerialised() || a.HardwareUntil == nil || a.SupportUntil == nil ||
		!a.HardwareUntil.Before(*a.SupportUntil) {
		return false
	}
	capped, known := s.warranty.CapOn(s.CapYears)
	return known && !a.HardwareUntil.Before(rules.StartOfDay(capped, s.Zone))
}

func (s *subject) choosePolicy(a *Answer, chosen []right) {
	var best SLAPolicy
	kinds := map[EntitlementKind]bool{}
	for _, r := range chosen {
		service := catalogue.ServiceSelect
		if r.kind == ByJumpStart {
			service = catalogue.ServiceJumpStart
		}

		p, ok := PolicyOn(s.Policies, service, s.today)
		if ok && !kinds[r.kind] {
			a.Policies = append(a.Policies, p)
		}
		if ok && (best.Code == "" || p.BetterThan(best)) {
			best, a.Entitlement = p, s.entitlement(r)
		}
		kinds[r.kind] = true
	}

	slices.SortStableFunc(a.Policies, func(p, q SLAPolicy) int {
		switch {
		case p.BetterThan(q):
			return -1
		case q.BetterThan(p):
			return 1
		}
		return 0
	})

	a.SLAPolicy, a.SLAVersion = best.Code, best.Version
	if len(kinds) > 1 {
		a.explain(ReasonBestPolicy)
	}
}

// describe adds what the room has at that time whatever was asked: languages and
// features, of Select or of SyncPlus (R34a, R78c).
func (s *subject) describe(a *Answer) {
	for _, v := range inRoomNow(s.selects, s.roomID) {
		if !v.served.contains(s.at) {
			continue
		}

		terms, kept := s.terms(v, s.at)
		a.Languages = catalogue.SortedSet(append(a.Languages, terms.Languages...))
		a.Features = []Feature{SyncPremium}
		if kept {
			a.explain(ReasonTermsKept)
		}
	}

	if slices.ContainsFunc(inRoomNow(s.syncPluses, s.roomID), func(v roomService) bool {
		return v.served.contains(s.at)
	}) {
		a.Features = []Feature{SyncPremium}
	}

	if a.Features != nil {
		a.explain(ReasonSyncPremium)
	}
	if a.Covered && a.Languages == nil && a.Entitlement.Kind == ByJumpStart {
		terms, _ := catalogue.TermsOn(s.Terms, s.room.Country, s.today)
		a.Languages = catalogue.SortedSet(terms.Languages)
	}
}
