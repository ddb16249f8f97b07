package rules

import "time"

// The bounds of a delegation to a service partner (S51), in days. Two years are 731 days where
// one of them is a leap year.
const (
	LeastDelegationDays   = 1
	MostDelegationDays    = 731
	DefaultDelegationDays = 365

	// DelegationAnswerDays is how long a request waits for the other side.
	DelegationAnswerDays = 90
)

// CheckDelegationDays refuses a delegation for less than a day or more than two years (S51):
// none is for ever.
func CheckDelegationDays(days int) []FieldError {
	if days >= LeastDelegationDays && days <= MostDelegationDays {
		return nil
	}
	return []FieldError{{
		Pointer: "/days",
		Code:    OutOfRange,
		Message: "A delegation lasts from 1 day to 2 years.",
		Remedy:  "Send 1 to 731 days.",
	}}
}

// DelegationReminder returns how many days before its end a delegation is due to be reminded
// of at an instant: 30, 7 or 1; zero: it is not. One that lasts no longer than that anyway is
// not reminded of from its first day on.
func DelegationReminder(start, end, now time.Time) int {
	for _, days := range []int{1, 7, 30} {
		span := time.Duration(days) * 24 * time.Hour
		if end.Sub(now) <= span {
			if end.Sub(start) <= span || !now.Before(end) {
				return 0
			}
			return days
		}
	}
	return 0
}

// DelegatedRole is what a person of a partner may in a customer's account: never more than the
// delegation says, and never more than the person may in the partner's own organisation. An
// administrator needs a second factor (S52); without one they read.
func DelegatedRole(delegated, own Role, secondFactor bool) Role {
	if delegated == PartnerAdmin && own == CustomerAdmin && secondFactor {
		return PartnerAdmin
	}
	return PartnerReadOnly
}
