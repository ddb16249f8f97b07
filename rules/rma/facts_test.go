package rma

import (
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

var rmaDay = time.Date(2026, 9, 1, 12, 0, 0, 0, time.UTC)

func rmaAt(day int) time.Time { return rmaDay.AddDate(0, 0, day) }

// rmaHistory reads "approved@1 shipped@2 delivered@3 due@13": what happened, and on
// which day.
func rmaHistory(t require.TestingT, text string) RMAFacts {
	f := RMAFacts{RequestedAt: rmaDay}
	for _, word := range strings.Fields(text) {
		what, day, _ := strings.Cut(word, "@")
		n, err := strconv.Atoi(day)
		require.NoError(t, err, word)
		f = tell(t, f, what, rmaAt(n))
	}
	return f
}

func tell(t require.TestingT, f RMAFacts, what string, at time.Time) RMAFacts {
	plain := map[string]**time.Time{
		"rejected":     &f.RejectedAt,
		"appealed":     &f.AppealedAt,
		"approved":     &f.ApprovedAt,
		"withdrawn":    &f.WithdrawnAt,
		"swapped":      &f.SwappedAt,
		"backordered":  &f.BackorderedAt,
		"allocated":    &f.AllocatedAt,
		"shipped":      &f.ShippedAt,
		"noreturn":     &f.NoReturnAt,
		"billed":       &f.BilledAt,
		"damagebilled": &f.DamageBilledAt,
		"waived":       &f.WaivedAt,
		"promise":      &f.PromiseDueAt,
		"breached":     &f.BreachedAt,
		"silence":      &f.SilenceDueAt,
		"asked":        &f.SilenceAskedAt,
		"due":          &f.ReturnDueAt,
		"overdue":      &f.OverdueAt,
		"confirm":      &f.FeeConfirmAt,
		"feeasked":     &f.FeeAskedAt,
	}
	if field, ok := plain[what]; ok {
		*field = &at
		return f
	}
	switch what {
	case "pickedup":
		return f.With(FactPickedUp, at)
	case "delivered":
		return f.With(FactDelivered, at)
	case "scanned":
		return f.With(FactReturnScanned, at)
	case "received":
		return f.With(FactReturnReceived, at)
	case "defect", "nofault", "damage", "claimed":
		outcome := map[string]RMAOutcome{
			"defect":  OutcomeDefect,
			"nofault": OutcomeNoFault,
			"damage":  OutcomeDamage,
			"claimed": OutcomeWrongUnit,
		}[what]
		return f.Inspected("SN1", "sn-1", outcome, at)
	case "wrong":
		return f.Inspected("SN1", "SN2", OutcomeDefect, at)
	}
	require.Fail(t, "no such fact", what)
	return f
}

// Each arrow of the table of RMAs (RULES 2): what happened, then the state.
func TestRMAStatesByWhatHappened(t *testing.T) {
	for text, want := range map[string]RMAState{
		"":                                                             RMARequested,
		"approved@1":                                                   RMAApproved,
		"rejected@1":                                                   RMARejected,
		"rejected@1 appealed@2":                                        RMARequested,
		"rejected@1 appealed@2 approved@3":                             RMAApproved,
		"appealed@2 rejected@3":                                        RMARejected,
		"withdrawn@1":                                                  RMAWithdrawn,
		"approved@1 withdrawn@2":                                       RMAWithdrawn,
		"approved@1 shipped@2 withdrawn@3":                             RMAWithdrawn,
		"swapped@1":                                                    RMAAwaitingReturn,
		"approved@1 swapped@2":                                         RMAAwaitingReturn,
		"swapped@1 approved@2 rejected@1":                              RMAAwaitingReturn,
		"approved@1 allocated@2":                                       RMAAllocated,
		"approved@1 backordered@2":                                     RMABackordered,
		"approved@1 backordered@2 allocated@3":                         RMAAllocated,
		"approved@1 allocated@2 shipped@3":                             RMAShipped,
		"approved@1 shipped@3 pickedup@3":                              RMAShipped,
		"approved@1 shipped@3 delivered@4":                             RMAAwaitingReturn,
		"approved@1 delivered@4":                                       RMAAwaitingReturn, // told before it was shipped
		"approved@1 scanned@2":                                         RMAApproved,       // sent back ahead
		"delivered@4 noreturn@5":                                       RMANoReturn,
		"delivered@4 due@14 scanned@8":                                 RMAReturnInTransit,
		"delivered@4 due@14 scanned@8 received@9":                      RMAReturnReceived,
		"delivered@4 due@14 received@9":                                RMAReturnReceived,
		"delivered@4 due@6":                                            RMAOverdue, // the test looks on day 30
		"delivered@4 due@6 scanned@7":                                  RMAReturnInTransit,
		"delivered@4 due@6 billed@12":                                  RMANonReturnBilled,
		"delivered@4 due@6 billed@12 scanned@13":                       RMAReturnInTransit,
		"delivered@4 due@6 billed@12 defect@14":                        RMAClosed,
		"delivered@4 due@6 waived@12":                                  RMANoReturn,
		"delivered@4 defect@9":                                         RMAClosed,
		"delivered@4 nofault@9":                                        RMAClosed,
		"delivered@4 damage@9":                                         RMAInspected,
		"delivered@4 damage@9 damagebilled@10":                         RMAClosed,
		"delivered@4 damage@9 waived@10":                               RMAClosed,
		"delivered@4 due@40 scanned@8 received@9 wrong@10":             RMAAwaitingReturn,
		"delivered@4 due@40 scanned@8 claimed@10":                      RMAAwaitingReturn,
		"delivered@4 due@40 scanned@8 received@9 wrong@10 scanned@12":  RMAReturnInTransit,
		"delivered@4 due@40 scanned@8 received@9 wrong@10 received@12": RMAReturnReceived,
		"delivered@4 due@40 scanned@8 received@9 wrong@10 received@12 defect@13": RMAClosed,
	} {
		f := rmaHistory(t, text)
		require.Equal(t, want, f.State(rmaAt(30)), text)
		require.Contains(t, RMAStates(), f.State(rmaAt(30)))
	}
}

func TestS10_WhatTheCarrierHasIsNotWithdrawn(t *testing.T) {
	for _, text := range []string{
		"approved@1 shipped@2 pickedup@3 withdrawn@4", "withdrawn@4 pickedup@3 shipped@2 approved@1",
	} {
		require.Equal(t, RMAShipped, rmaHistory(t, text).State(rmaAt(5)), text)
		require.Equal(t, RMAAwaitingReturn, rmaHistory(t, text+" delivered@5").State(rmaAt(5)), "the return goes on")
	}
}

func TestS22_OnlyAScanBeforeTheDueInstantStopsTheClock(t *testing.T) {
	for text, want := range map[string]bool{
		"delivered@4 due@14 scanned@13":                    true,
		"delivered@4 due@14 scanned@14":                    false,
		"delivered@4 due@14 scanned@15 scanned@13":         true, // told late
		"delivered@4 due@14":                               false,
		"delivered@4 due@30 scanned@8 wrong@10":            false,
		"delivered@4 due@30 scanned@8 wrong@10 scanned@12": true,
	} {
		require.Equal(t, want, rmaHistory(t, text).ReturnStopped(), text)
	}
}

func TestS22_LateReturnCreditsTheFee(t *testing.T) {
	for text, want := range map[string]RMAFee{
		"delivered@4 due@14":                                     FeeNone,
		"delivered@4 due@14 feeasked@20":                         FeeAsked,
		"delivered@4 due@14 feeasked@20 scanned@21":              FeeNone,
		"delivered@4 due@14 feeasked@20 billed@21":               FeeBilled,
		"delivered@4 due@14 feeasked@20 billed@21 received@25":   FeeBilled,
		"delivered@4 due@14 feeasked@20 billed@21 wrong@26":      FeeBilled,
		"delivered@4 due@14 feeasked@20 billed@21 defect@26":     FeeCredited,
		"delivered@4 due@14 feeasked@20 billed@21 nofault@26":    FeeCredited,
		"delivered@4 due@14 feeasked@20 billed@21 damage@26":     FeeAsked,
		"delivered@4 due@14 billed@21 damage@26 damagebilled@27": FeeBilled,
		"delivered@4 due@14 feeasked@20 waived@21":               FeeWaived,
		"delivered@4 damage@9 waived@10":                         FeeWaived,
	} {
		require.Equal(t, want, rmaHistory(t, text).Fee(), text)
	}
}

func TestS21_LateCountsFromTheFirstPromise(t *testing.T) {
	for text, want := range map[string]bool{
		"approved@1":                                  false, // no day was promised
		"approved@1 promise@3":                        true,
		"approved@1 promise@9":                        false,
		"approved@1 promise@3 delivered@2":            false,
		"approved@1 promise@3 delivered@3":            true,
		"approved@1 promise@3 swapped@2":              false,
		"approved@1 promise@3 withdrawn@4":            false,
		"approved@1 promise@3 breached@3 delivered@2": false, // told late
	} {
		require.Equal(t, want, rmaHistory(t, text).Late(rmaAt(5)), text)
	}
}

// Facts may come twice, late and in any order: the same end.
func TestFactsOfAnRMAMayComeInAnyOrder(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		n := rapid.IntRange(1, 9).Draw(r, "n")
		kinds := []string{"pickedup", "delivered", "scanned", "received", "defect", "wrong", "claimed"}
		facts := make([]string, n)
		for i := range facts {
			facts[i] = rapid.SampledFrom(kinds).Draw(r, "kind") + "@" +
				strconv.Itoa(rapid.IntRange(1, 25).Draw(r, "day"))
		}
		start := rapid.SampledFrom([]string{
			"approved@1 shipped@2 due@14 ", "swapped@1 due@11 ", "approved@1 shipped@2 withdrawn@3 due@14 ",
			"approved@1 shipped@2 due@14 billed@20 ",
		}).Draw(r, "start")
		want := rmaHistory(r, start+strings.Join(facts, " "))
		order := rapid.Permutation(append(slices.Clone(facts), facts[:rapid.IntRange(0, n).Draw(r, "twice")]...)).Draw(
			r, "order",
		)
		got := rmaHistory(r, start+strings.Join(order, " "))
		require.Equal(r, want, got)
		for day := range 30 {
			require.Equal(r, want.State(rmaAt(day)), got.State(rmaAt(day)))
		}
		require.Equal(r, want.Fee(), got.Fee())
		require.Equal(r, want.OutboundDoneAt(), got.OutboundDoneAt())
	})
}

func TestS22_AWrongUnitStartsTheWindowAnew(t *testing.T) {
	require.Nil(t, rmaHistory(t, "approved@1 shipped@2").OutboundDoneAt())
	require.Equal(t, rmaAt(4), *rmaHistory(t, "delivered@4 scanned@5").OutboundDoneAt())
	require.Equal(t, rmaAt(3), *rmaHistory(t, "swapped@3").OutboundDoneAt())
	require.Equal(t, rmaAt(9), *rmaHistory(t, "delivered@4 wrong@9").OutboundDoneAt())
}

func TestRMAStatesThatAreOver(t *testing.T) {
	var over []RMAState
	for _, s := range RMAStates() {
		if s.Over() {
			over = append(over, s)
		}
	}
	require.Equal(t, []RMAState{RMARejected, RMAWithdrawn, RMANonReturnBilled, RMANoReturn, RMAClosed}, over)
}
