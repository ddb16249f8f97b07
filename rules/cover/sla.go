package cover

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"cloud.google.com/go/civil"

	"roomcover.dev/roomcover/rules"
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

// SLATarget is one promised time: Within, of a clock that always runs or of the working
// time of the room's calendar, as the policy says; or whole business days, to the end of
// the last one. Both zero means no promise.
type SLATarget struct {
	Within       time.Duration `json:"within,omitempty"`
	BusinessDays int           `json:"business_days,omitempty"`
	// WarnBefore is how much of the counted time is left when a warning is due; zero means
	// a quarter of it (S41).
	WarnBefore time.Duration `json:"warn_before,omitempty"`
}

// Promised reports whether the target promises anything.
func (t SLATarget) Promised() bool { return t.Within != 0 || t.BusinessDays != 0 }

// SLAPromise is what a policy promises for a severity.
type SLAPromise struct {
	FirstResponse SLATarget `json:"first_response"`
	Updates       SLATarget `json:"updates"` // from one to the next
	// Restore is until the room works again; without it the time is measured (S39).
	Restore SLATarget `json:"restore,omitzero"`
}

// SLAPolicy is one version of the promises of a service, on the local days
// [EffectiveFrom, EffectiveTo); nil means no bound. A ticket keeps the version it
// was opened under.
type SLAPolicy struct {
	Code     string                `json:"code"`
	Version  int                   `json:"version"`
	Service  catalogue.ServiceType `json:"service"`
	AlwaysOn bool                  `json:"always_on"` // 24×7×365 (R35a)
	// ThirdPartyPauses says that a ticket's clocks stand still while it waits for a third
	// party; else that is ours to pursue, and they run.
	ThirdPartyPauses bool                    `json:"third_party_pauses,omitempty"`
	Promises         map[Severity]SLAPromise `json:"promises"`
	EffectiveFrom    *civil.Date             `json:"effective_from,omitempty"`
	EffectiveTo      *civil.Date             `json:"effective_to,omitempty"`
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

// BetterPolicy returns the policy that answers sooner (R32a), a when they promise
// the same.
func BetterPolicy(a, b SLAPolicy) SLAPolicy {
	if b.BetterThan(a) {
		return b
	}
	return a
}

// BetterThan reports whether p answers sooner than q: the severities are compared
// from the first on, first responses before updates before restoring; of two that
// promise the same, the one whose clock always runs is better.
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

		if restored, other := mine.Restore.atBest(),
			theirs.Restore.atBest(); restored != other {
			return restored < other
		}
	}

	return p.AlwaysOn && !q.AlwaysOn
}

// atBest is the least time a target can take: a business day is never over in
// less than 24 hours. No promise is the longest.
func (t SLATarget) atBest() time.Duration {
	if !t.Promised() {
		return 1<<63 - 1
	}
	return t.Within + time.Duration(t.BusinessDays)*24*time.Hour
}

// Severities lists the severities, the gravest first.
func Severities() []Severity { return []Severity{Sev1, Sev2, Sev3, Sev4} }

// AnsweredServices lists the services whose tickets are answered by a policy of their own:
// only those bring support (R29, R31).
func AnsweredServices() []catalogue.ServiceType {
	return []catalogue.ServiceType{catalogue.ServiceSelect, catalogue.ServiceJumpStart}
}

// InvalidTarget is the code of a promised time that cannot be kept or read.
const InvalidTarget = "INVALID_TARGET"

// Bounds of a promised time.
const (
	longestTarget     = 90 * 24 * time.Hour
	mostTargetDays    = 60
	shortestTarget    = time.Minute
	leastCountedAtAll = 24 * time.Hour // a business day counts from midnight to midnight
)

// Validate checks a version of a policy, and names every error: whose tickets it is for,
// and for each severity a first response that is promised, with nothing promised that
// cannot be counted.
func (p SLAPolicy) Validate() error {
	var k rules.Checker
	if !slices.Contains(AnsweredServices(), p.Service) {
		k.Fail("/service", rules.OutOfRange, "No tickets are answered by this service.",
			"Send SELECT or JUMPSTART.")
	}

	for _, s := range Severities() {
		at := fmt.Sprintf("/promises/%d", s)
		promise := p.Promises[s]
		if !promise.FirstResponse.Promised() {
			k.Fail(at+"/first_response", rules.Required, "A first response is promised always.",
				"Send until when a person answers, such as 4H or 1BD.")
		}
		promise.FirstResponse.check(&k, at+"/first_response")
		promise.Updates.check(&k, at+"/updates")
		promise.Restore.check(&k, at+"/restore")
	}

	return rules.Invalid(k.Fields)
}

// check holds a promised time against its bounds.
func (t SLATarget) check(k *rules.Checker, at string) {
	all := t.Within
	if t.BusinessDays > 0 {
		all = time.Duration(t.BusinessDays) * leastCountedAtAll
	}

	switch {
	case t.Within != 0 && t.BusinessDays != 0:
		k.Fail(at, InvalidTarget, "A time is promised in hours or in business days.",
			"Send one of the two.")
	case t.BusinessDays < 0 || t.BusinessDays > mostTargetDays, t.Within < 0,
		t.Within > longestTarget, t.Within%shortestTarget != 0:
		k.Fail(at, InvalidTarget, "The promised time is too long, or no whole minutes.",
			"Send 1 minute to 90 days, or 1 to 60 business days.")
	case t.WarnBefore < 0, t.WarnBefore%shortestTarget != 0,
		t.WarnBefore > 0 && t.WarnBefore >= all:
		k.Fail(at, InvalidTarget, "The warning is not before the promised time is over.",
			"Send a shorter time, in whole minutes, or leave it out.")
	}
}

var targetForm = regexp.MustCompile(`^([0-9]{1,6})(M|H|BD)(?:/([0-9]{1,6})(M|H))?$`)

// ParseSLATarget reads a promised time as people type it: 30M, 4H or 1BD, with /1H for a
// warning an hour before; an empty text promises nothing. Upper and lower case are the
// same, and spaces mean nothing.
func ParseSLATarget(text string) (t SLATarget, ok bool) {
	text = strings.ToUpper(strings.Join(strings.Fields(text), ""))
	if text == "" {
		return t, true
	}

	m := targetForm.FindStringSubmatch(text)
	if m == nil {
		return t, false
	}

	if n, _ := strconv.Atoi(m[1]); m[2] == "BD" {
		t.BusinessDays = n
	} else {
		t.Within = time.Duration(n) * unitOf(m[2])
	}
	if m[3] != "" {
		n, _ := strconv.Atoi(m[3])
		t.WarnBefore = time.Duration(n) * unitOf(m[4])
	}
	return t, t.Promised()
}

func unitOf(letter string) time.Duration {
	if letter == "H" {
		return time.Hour
	}
	return time.Minute
}

// String returns the target as ParseSLATarget reads it.
func (t SLATarget) String() string {
	if !t.Promised() {
		return ""
	}

	text := inUnits(t.Within)
	if t.BusinessDays > 0 {
		text = strconv.Itoa(t.BusinessDays) + "BD"
	}
	if t.WarnBefore > 0 {
		text += "/" + inUnits(t.WarnBefore)
	}
	return text
}

func inUnits(d time.Duration) string {
	if d%time.Hour == 0 {
		return strconv.Itoa(int(d/time.Hour)) + "H"
	}
	return strconv.Itoa(int(d/time.Minute)) + "M"
}
