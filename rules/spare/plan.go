package spare

import (
	"cmp"
	"slices"
	"time"
)

// PlannedSpare is a spare unit as the plan sees it. Ids sort by age.
type PlannedSpare struct {
	ID string
	SpareFacts
}

// SparePlan is what brings a parent's units in line with its balance (S9).
type SparePlan struct {
	Earn   int      // units to create
	Keep   []string // recalls to withdraw, those pending for an arrival included
	Void   []string // units that were not shipped
	Recall []string // units on site
	Await  []string // units under way: they are recalled when they arrive
}

// PlanSpares compares a parent's units with its balance. Growth withdraws recalls
// before it earns new units: first of what is under way, then of those on site, the
// most urgent first. Loss takes the newest units first: those not shipped, then
// those on site, then those under way (S9).
func PlanSpares(units []PlannedSpare, balance int, now time.Time) SparePlan {
	live := 0
	for _, u := range units {
		if u.Live() {
			live++
		}
	}

	if live < balance {
		return growSpares(units, balance-live, now)
	}
	return shrinkSpares(units, live-max(balance, 0))
}

func growSpares(units []PlannedSpare, n int, now time.Time) (p SparePlan) {
	var back []PlannedSpare
	for _, u := range units {
		if u.RecallPending || u.WithdrawableAt(now) {
			back = append(back, u)
		}
	}

	urgency := func(u PlannedSpare) time.Time {
		if u.RecallPending {
			return time.Time{}
		}
		return *u.RecallDueAt
	}

	slices.SortFunc(back, func(a, b PlannedSpare) int {
		return cmp.Or(urgency(a).Compare(urgency(b)), cmp.Compare(a.ID, b.ID))
	})
	for _, u := range back[:min(n, len(back))] {
		p.Keep = append(p.Keep, u.ID)
	}

	p.Earn = n - len(p.Keep)
	return p
}

func shrinkSpares(units []PlannedSpare, n int) (p SparePlan) {
	rank := func(u PlannedSpare) int {
		switch {
		case u.UnderWay():
			return 2
		case u.State == SpareOnSite:
			return 1
		}
		return 0
	}

	live := slices.DeleteFunc(slices.Clone(units), func(u PlannedSpare) bool { return !u.Live() })
	slices.SortFunc(live, func(a, b PlannedSpare) int {
		return cmp.Or(rank(a)-rank(b), cmp.Compare(b.ID, a.ID))
	})

	for _, u := range live[:n] {
		switch rank(u) {
		case 0:
			p.Void = append(p.Void, u.ID)
		case 1:
			p.Recall = append(p.Recall, u.ID)
		default:
			p.Await = append(p.Await, u.ID)
		}
	}

	return p
}
