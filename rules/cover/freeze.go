package cover

import (
	"time"

	"roomcover.dev/roomcover/rules/calendar"
)

// Frozen is the entitlement under which a ticket or RMA was opened (R28d). It is
// stored with it as JSON and never changes: moves, expiry and changes of terms
// leave the ticket or RMA alone (S3).
type Frozen struct {
	At          time.Time         `json:"at"`
	Purpose     Purpose           `json:"purpose"`
	RoomID      string            `json:"room_id,omitempty"`
	Entitlement Entitlement       `json:"entitlement"`
	RMASpeed    calendar.RMASpeed `json:"rma_speed,omitempty"`
	Languages   []string          `json:"languages,omitempty"`
	Features    []Feature         `json:"features,omitempty"`
	SLAPolicy   string            `json:"sla_policy,omitempty"`
	SLAVersion  int               `json:"sla_version,omitempty"`
	// Policies are all that apply, the best first, as they were promised (R32a).
	Policies []SLAPolicy `json:"policies,omitempty"`
}

// Freeze returns the part of an answer that a ticket or RMA keeps. For an answer that
// does not cover it returns the answer's refusal.
func Freeze(a Answer) (Frozen, error) {
	if err := a.Refusal(); err != nil {
		return Frozen{}, err
	}

	return Frozen{
		At:          a.At,
		Purpose:     a.Purpose,
		RoomID:      a.RoomID,
		Entitlement: *a.Entitlement,
		RMASpeed:    a.RMASpeed,
		Languages:   a.Languages,
		Features:    a.Features,
		SLAPolicy:   a.SLAPolicy,
		SLAVersion:  a.SLAVersion,
		Policies:    a.Policies,
	}, nil
}

// Answer is the answer for the ticket or RMA at a later time: covered as on the
// day it was opened, with no end.
func (z Frozen) Answer(at time.Time) Answer {
	e := z.Entitlement
	a := Answer{
		At:          at,
		Purpose:     z.Purpose,
		RoomID:      z.RoomID,
		Covered:     true,
		Entitlement: &e,
		RMASpeed:    z.RMASpeed,
		Languages:   z.Languages,
		Features:    z.Features,
		SLAPolicy:   z.SLAPolicy,
		SLAVersion:  z.SLAVersion,
		Policies:    z.Policies,
	}

	a.explain(ReasonFrozen)
	return a
}
