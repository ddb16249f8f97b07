package cover

import (
	"time"

	"cloud.google.com/go/civil"

	"roomcover.dev/roomcover/rules/catalogue"
)

// Severity of a ticket: 1 is a room that is down, 4 a question.
type Severity int

// The severities.
const (
	Sev1 Severity = 1 + iota
	Sev2
	Sev3
	Sev4
)

// SLATarget is one promised time: hours of a clock that always runs, or business
// days. Zero means no promise.
type SLATarget struct {
	Within       time.Duration `json:"within,omitempty"`
	BusinessDays int           `json:"business_days,omitempty"`
}

// SLAPromise is what a policy promises for a severity.
type SLAPromise struct {
	FirstResponse SLATarget `json:"first_response"`
	Updates       SLATarget `json:"updates"` // from one to the next
}

// SLAPolicy is one version of the promises of a service, on the local days
// [EffectiveFrom, EffectiveTo); nil means no bound. A ticket keeps the version it
// was opened under.
type SLAPolicy struct {
	Code          string                  `json:"code"`
	Version       int                     `json:"version"`
	Service       catalogue.ServiceType   `json:"service"`
	AlwaysOn      bool                    `json:"always_on"` // 24×7×365 (R35a)
	Promises      map[Severity]SLAPromise `json:"promises"`
	EffectiveFrom *civil.Date             `json:"effective_from,omitempty"`
	EffectiveTo   *civil.Date             `json:"effective_to,omitempty"`
}

// DefaultPolicies are the SLAs of RULES 3 (ours; JumpStart's is public). What is
// not covered has none.
func DefaultPolicies() []SLAPolicy {
	hours := func(n int) SLATarget { return SLATarget{Within: time.Duration(n) * time.Hour} }
	nextDay := SLAPromise{FirstResponse: SLATarget{BusinessDays: 1}}
	return []SLAPolicy{
		{
			Code:     "SELECT",
			Version:  1,
			Service:  catalogue.ServiceSelect,
			AlwaysOn: true,
			Promises: map[Severity]SLAPromise{
				Sev1: {FirstResponse: hours(1), Updates: hours(4)},
				Sev2: {FirstResponse: hours(4), Updates: hours(24)},
				Sev3: {FirstResponse: hours(8)},
				Sev4: {FirstResponse: hours(24)},
			},
		},
		{
			Code:    "JUMPSTART",
			Version: 1,
			Service: catalogue.ServiceJumpStart,
			Promises: map[Severity]SLAPromise{
				Sev1: nextDay,
				Sev2: nextDay,
				Sev3: nextDay,
				Sev4: nextDay,
			},
		},
	}
}

// PolicyOn finds the version of a service's policy that counts on the day; of
// several, the highest.
func PolicyOn(
	policies []SLAPolicy, service catalogue.ServiceType, on civil.Date,
) (best SLAPolicy, ok bool) {
	for _, p := range policies {
		inForce := (p.EffectiveFrom == nil || !on.Before(*p.EffectiveFrom)) &&
			(p.EffectiveTo == nil || on.Before(*p.EffectiveTo))
		if p.Service == service && inForce && (!ok || p.Version > best.Version) {
			best, ok = p, true
		}
	}

	return best, ok
}

// FirstResponseDue returns when the first response to a ticket is due by a policy
// whose clock always runs: the promised time after it was opened, whatever day or
// hour it is at the room (R35a). ok is false for a policy that counts business time,
// and where nothing is promised.
func (p SLAPolicy) FirstResponseDue(s Severity, opened time.Time) (due time.Time, ok bool) {
	target := p.Promises[s].FirstResponse
	if !p.AlwaysOn || target.Within == 0 || target.BusinessDays != 0 {
		return time.Time{}, false
	}
	return opened.Add(target.Within), true
}

// BetterPolicy returns the policy that answers sooner (R32a), a when they promise
// the same.
func BetterPolicy(a, b SLAPolicy) SLAPolicy {
	if b.BetterThan(a) {
		return b
	}
	return a
}

// BetterThan reports whether p answers sooner than q: the severities are compared
// from the first on, first responses before updates; of two that promise the
// same, the one whose clock always runs is better.
func (p SLAPolicy) BetterThan(q SLAPolicy) bool {
	for s := Sev1; s <= Sev4; s++ {
		mine, theirs := p.Promises[s], q.Promises[s]
		if first, other := mine.FirstResponse.atBest(),
			theirs.FirstResponse.atBest(); first != other {
			return first < other
		}

		if next, other := mine.Updates.atBest(), theirs.Updates.atBest(); next != other {
			return next < other
		}
	}

	return p.AlwaysOn && !q.AlwaysOn
}

// atBest is the least time a target can take: a business day is never over in
// less than 24 hours. No promise is the longest.
func (t SLATarget) atBest() time.Duration {
	if t == (SLATarget{}) {
		return 1<<63 - 1
	}
	return t.Within + time.Duration(t.BusinessDays)*24*time.Hour
}
