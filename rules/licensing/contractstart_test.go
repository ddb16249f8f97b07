package licensing

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/catalogue"
	"roomcover.dev/roomcover/rules/rulestest"
	"roomcover.dev/roomcover/rules/testday"
)

// anOrder was created and purchased on 10 May 2026 in São Paulo.
func anOrder(t *testing.T, contracts ...ContractToStart) OrderStart {
	for i := range contracts {
		contracts[i].ID = fmt.Sprintf("con_%d", i+1)
		if contracts[i].State == "" {
			contracts[i].State = rules.ContractPendingStart
		}
		if contracts[i].Type == "" {
			contracts[i].Type = catalogue.ServiceSelect
		}
	}
	return OrderStart{
		Zone:         testday.Zone(t, testday.TestZone),
		CreatedAt:    rulestest.Noon(t, "2026-05-10"),
		PurchasedOn:  testday.Day(t, "2026-05-10"),
		FallbackDays: 60,
		Contracts:    contracts,
	}
}

func requireStarts(t *testing.T, got []ContractStart, want ...string) {
	t.Helper()
	rows := []string{}
	for _, s := range got {
		loc := testday.Zone(t, testday.TestZone)
		rows = append(rows, fmt.Sprintf("%s %s %s %s",
			s.ContractID, rules.DateIn(s.Period.Start, loc), rules.DateIn(s.Period.End, loc), s.Reason))
	}
	require.Equal(t, append([]string{}, want...), rows)
}

func TestS1_FirstAssignmentStartsAllContractsOfTheOrder(t *testing.T) {
	o := anOrder(t, ContractToStart{TermYears: 1}, ContractToStart{TermYears: 3})
	requireStarts(t, StartOnAssignment(o, rulestest.Noon(t, "2026-05-15")),
		"con_1 2026-05-15 2027-05-15 FIRST_ASSIGNMENT", "con_2 2026-05-15 2029-05-15 FIRST_ASSIGNMENT")
	// the local day counts
	requireStarts(t, StartOnAssignment(o, rulestest.Midnight(t, "2026-05-16").Add(-time.Second)),
		"con_1 2026-05-15 2027-05-15 FIRST_ASSIGNMENT", "con_2 2026-05-15 2029-05-15 FIRST_ASSIGNMENT")
}

func TestS1_StartedContractsStayAndShareTheirDay(t *testing.T) {
	o := anOrder(t, ContractToStart{
		TermYears: 1,
		State:     rules.ContractActive,
		Period:    rulestest.Period(t, "2026-05-12", "2027-05-12"),
	}, ContractToStart{TermYears: 2},
		ContractToStart{TermYears: 2, State: rules.ContractCancelled})
	requireStarts(t, StartOnAssignment(o, rulestest.Noon(t, "2026-06-15")),
		"con_2 2026-05-12 2028-05-12 FIRST_ASSIGNMENT")
	o.Contracts[1].State = rules.ContractActive
	requireStarts(t, StartOnAssignment(o, rulestest.Noon(t, "2026-06-15")))
}

func TestS1_V4_Fallback(t *testing.T) {
	o := anOrder(t, ContractToStart{TermYears: 1}, ContractToStart{TermYears: 3})
	requireStarts(t, StartByFallback(o, rulestest.Midnight(t, "2026-07-09").Add(-1)))
	want := []string{"con_1 2026-07-09 2027-07-09 FALLBACK_60_DAYS", "con_2 2026-07-09 2029-07-09 FALLBACK_60_DAYS"}
	requireStarts(t, StartByFallback(o, rulestest.Midnight(t, "2026-07-09")), want...)
	requireStarts(t, StartByFallback(o, rulestest.Noon(t, "2026-07-20")), want...) // a late sweep
	requireStarts(t, StartOnAssignment(o, rulestest.Noon(t, "2026-07-20")), want...)
	requireStarts(t, StartOnAssignment(o, rulestest.Noon(t, "2026-07-09")),
		"con_1 2026-07-09 2027-07-09 FIRST_ASSIGNMENT", "con_2 2026-07-09 2029-07-09 FIRST_ASSIGNMENT")
	require.Equal(t, "2026-07-09", o.LatestStart(o.Contracts[0]).String())
}

func TestS4_RenewalStartsAtTheOldEnd(t *testing.T) {
	old := rulestest.Midnight(t, "2026-06-09") // bought 30 days early
	o := anOrder(t, ContractToStart{TermYears: 1, RenewedEnds: []time.Time{old}}, ContractToStart{TermYears: 2})
	requireStarts(t, StartRenewals(o), "con_1 2026-06-09 2027-06-09 RENEWAL")
	requireStarts(t, StartOnAssignment(o, rulestest.Noon(t, "2026-05-15")),
		"con_1 2026-06-09 2027-06-09 RENEWAL", "con_2 2026-05-15 2028-05-15 FIRST_ASSIGNMENT")
	require.Equal(t, "2026-06-09", o.LatestStart(o.Contracts[0]).String())

	o.Contracts[0].State, o.Contracts[0].Period = rules.ContractActive, rulestest.Period(t, "2026-06-09", "2027-06-09")
	requireStarts(t, StartOnAssignment(o, rulestest.Noon(t, "2026-05-15")),
		"con_2 2026-05-15 2028-05-15 FIRST_ASSIGNMENT")
}

func TestS4_WhichOldEndCounts(t *testing.T) {
	loc := testday.Zone(t, testday.TestZone)
	for _, c := range []struct {
		name string
		ends []string
		want string
	}{
		{"none", nil, ""},
		{"long before the fallback would be", []string{"2026-12-01"}, "2026-12-01"},
		{"the earliest, so that no room has a gap", []string{"2026-12-01", "2026-08-01", "2027-01-01"}, "2026-08-01"},
		{"bought on the day it ends", []string{"2026-05-10"}, ""},
		{"bought a day before it ends", []string{"2026-05-11"}, "2026-05-11"},
		{"ended before", []string{"2026-03-01", "2026-05-09"}, ""},
		{"one ended, one runs", []string{"2026-03-01", "2026-06-01"}, "2026-06-01"},
	} {
		var ends []time.Time
		for _, e := range c.ends {
			ends = append(ends, rulestest.Midnight(t, e))
		}
		start, ok := RenewalStart(testday.Day(t, "2026-05-10"), ends, loc)
		require.Equal(t, c.want != "", ok, c.name)
		if ok {
			require.Equal(t, c.want, start.String(), c.name)
		}
	}
}

func TestS4_RenewedTooLateStartsLikeAnyOther(t *testing.T) {
	o := anOrder(t, ContractToStart{TermYears: 1, RenewedEnds: []time.Time{rulestest.Midnight(t, "2026-05-01")}})
	requireStarts(t, StartRenewals(o))
	requireStarts(t, StartOnAssignment(o, rulestest.Noon(t, "2026-05-15")),
		"con_1 2026-05-15 2027-05-15 FIRST_ASSIGNMENT")
}

func TestR29_JumpStartStartsAtPurchaseOnly(t *testing.T) {
	o := anOrder(t, ContractToStart{Type: catalogue.ServiceJumpStart}, ContractToStart{
		Type:   catalogue.ServiceJumpStart,
		State:  rules.ContractActive,
		Period: rulestest.Period(t, "2026-05-10", "2026-08-09"),
	}, ContractToStart{TermYears: 1})
	requireStarts(t, StartOnAssignment(o, rulestest.Noon(t, "2026-05-15")),
		"con_3 2026-05-15 2027-05-15 FIRST_ASSIGNMENT")
}
