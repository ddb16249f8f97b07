package cover

import (
	"slices"

	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/catalogue"
)

// refuse settles the code of a refusal and explains it. Codes of what can never be
// covered come first, then of what is missing, then that nothing applies.
func (s *subject) refuse(a *Answer) {
	a.Code = s.refusal(a.Purpose)
	a.Held = a.Code == rules.ProofRequired
	a.explain(a.Code)

	switch a.Code {
	case rules.ModelNotSupported, rules.NotHardware:
		return
	case rules.WarrantyCap:
		if a.SupportUntil != nil {
			a.explain(ReasonSupportContinues)
		}
		return
	case rules.ProofRequired:
		if s.warranty.proofHeld() {
			a.explain(ReasonProofUnread)
		}
		return
	}

	a.explain(s.details(a.Purpose)...)
}

func (s *subject) refusal(purpose Purpose) string {
	gone := s.Device != nil && !before(s.Device.GoneAt).contains(s.at)
	hardware := purpose == ForHardware
	switch {
	case (s.Device != nil || s.modelCode != "") && s.model == nil:
		return rules.ModelNotSupported
	case hardware && s.model != nil &&
		(s.model.Kind == catalogue.KindSoftware || s.model.Kind == catalogue.KindBundle):
		return rules.NotHardware
	case gone:
		return rules.NotCovered
	case hardware && s.needsProof():
		return rules.ProofRequired
	case hardware && s.overCap():
		return rules.WarrantyCap
	case s.Device != nil && s.roomID == "":
		return rules.Unplaced
	case s.countryRefuses():
		return rules.CountryNotSupported
	}

	return rules.NotCovered
}

// needsProof reports whether only the unknown purchase date stands between the
// device and its cover: a licence serves its room, or a warranty may be in force.
func (s *subject) needsProof() bool {
	if _, known := s.warranty.Purchase(); known || !s.isSerialised() {
		return false
	}
	served := func(v roomService) bool { return v.served.contains(s.at) }
	return s.warranty.mayApply(s.at, s.today) ||
		slices.ContainsFunc(inRoomNow(s.selects, s.roomID), served)
}

func (s *subject) overCap() bool {
	capped, known := s.warranty.CapOn(s.CapYears)
	return s.isSerialised() && known && !s.today.Before(capped)
}

// countryRefuses reports whether a licence would serve the room if its country were
// served (R78b). Nothing is known of a room that is not among the facts.
func (s *subject) countryRefuses() bool {
	return s.room.ID != "" && !s.inArchivedRoom() &&
		slices.ContainsFunc(inRoomNow(s.selects, s.roomID), func(v roomService) bool {
			return v.paid.contains(s.at) && !v.served.contains(s.at)
		})
}

func (s *subject) inArchivedRoom() bool {
	return s.room.ArchivedAt != nil && !s.at.Before(*s.room.ArchivedAt)
}

// details explains why nothing applies.
func (s *subject) details(purpose Purpose) []string {
	var codes []string
	if s.Device != nil && !before(s.Device.GoneAt).contains(s.at) {
		return []string{ReasonDeviceGone}
	}
	if purpose == ForHardware && s.model != nil && s.Device == nil && !s.model.FollowsRoom() {
		return []string{ReasonSerialRequired}
	}
	if s.inArchivedRoom() {
		codes = append(codes, ReasonRoomArchived)
	}

	codes = append(codes, s.licenceDetails()...)
	switch {
	case purpose == ForHardware && s.isSerialised():
		codes = append(codes, ReasonWarrantyEnded)
	case purpose == ForSetup && slices.ContainsFunc(s.JumpStarts, func(c ContractFacts) bool {
		return c.Period != nil && !s.at.Before(c.Period.End)
	}):
		codes = append(codes, ReasonJumpStartEnded)
	}

	return codes
}

// licenceDetails explains why no licence serves the room.
func (s *subject) licenceDetails() []string {
	var codes []string
	for _, v := range inRoomNow(s.selects, s.roomID) {
		stay := v.assigned.contains(s.at)
		contract := v.licence.Contract
		switch {
		case v.licence.RevokedAt != nil && !s.at.Before(*v.licence.RevokedAt),
			contract.CancelledAt != nil && !s.at.Before(*contract.CancelledAt):
			codes = append(codes, ReasonCancelled)
		case !stay:
		case contract.State == rules.ContractCancelled && contract.CancelledAt == nil:
			codes = append(codes, ReasonCancelled)
		case contract.Period == nil || s.at.Before(contract.Period.Start):
			codes = append(codes, ReasonNotStarted)
		case !s.at.Before(contract.Period.End):
			codes = append(codes, ReasonContractEnded)
		case !v.paid.contains(s.at):
			codes = append(codes, ReasonSuspended)
		}
	}

	if s.roomID != "" && len(codes) == 0 && !s.countryRefuses() {
		codes = append(codes, ReasonNoAssignment)
	}

	return codes
}
