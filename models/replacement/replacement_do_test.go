package replacement_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/replacement"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
)

// What stands in a replacement's or a spare's commands can be done.
func TestEveryCommandThatIsOfferedIsDone(t *testing.T) {
	h := storetest.SQLite(t)
	ctx := storetest.Operator()
	for _, c := range []rules.RMACommand{
		rules.RMAApprove, rules.RMAReject, rules.RMAAppeal, rules.RMAWithdraw, rules.RMAUseSpare,
		rules.RMAAllocate, rules.RMABackorder, rules.RMAShip, rules.RMAReship, rules.RMAWait,
		rules.RMAReceive, rules.RMAInspect, rules.RMAKeepUnit, rules.RMABill, rules.RMAWaive,
		replacement.RMATell,
	} {
		_, err := h.DoRMA(ctx, "rma_none", replacement.ReplacementCommand{
			Name:            c,
			Reason:          "asked by phone",
			DefectConfirmed: true,
			Code:            "NO_DEFECT",
			ExpectedOn:      "2027-01-04",
			Serial:          "2345ABCDE",
			Outcome:         rules.OutcomeDefect,
			Photo:           "file 7",
			SpareUnitID:     "spu_none",
			Fact:            rules.FactDelivered,
		})
		require.Equal(t, rules.NotFound, rules.CodeOf(err), c)
	}
	for _, c := range []rules.SpareCommand{
		rules.SpareSelect, rules.SpareAgree, rules.SpareShip, rules.SpareReceive, rules.SpareBill,
		rules.SpareWaive, replacement.SpareTell,
	} {
		_, err := h.DoSpare(ctx, "spu_none", replacement.SpareUnitCommand{
			Name:   c,
			Model:  "RALLY-BAR",
			SiteID: "sit_none",
			Serial: "2345ABCDE",
			Fact:   rules.SpareFact("DELIVERED"),
			Reason: "asked by phone",
		})
		require.Equal(t, rules.NotFound, rules.CodeOf(err), c)
	}
}
