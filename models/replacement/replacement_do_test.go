package replacement_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/replacement"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/rma"
	"roomcover.dev/roomcover/rules/spare"
)

// What stands in a replacement's or a spare's commands can be done.
func TestEveryCommandThatIsOfferedIsDone(t *testing.T) {
	h := storetest.SQLite(t)
	ctx := storetest.Operator()
	for _, c := range []rma.RMACommand{
		rma.RMAApprove, rma.RMAReject, rma.RMAAppeal, rma.RMAWithdraw, rma.RMAUseSpare,
		rma.RMAAllocate, rma.RMABackorder, rma.RMAReaddress, rma.RMAShip, rma.RMAReship,
		rma.RMAWait, rma.RMAReceive, rma.RMAInspect, rma.RMAKeepUnit, rma.RMABill, rma.RMAWaive,
		rma.RMATell, rma.RMATakeBack,
	} {
		_, err := h.DoRMA(ctx, "rma_none", replacement.ReplacementCommand{
			Name:            c,
			Reason:          "asked by phone",
			DefectConfirmed: true,
			Code:            "NO_DEFECT",
			ExpectedOn:      "2027-01-04",
			Serial:          "2345ABCDE",
			Outcome:         rma.OutcomeDefect,
			Photo:           "file 7",
			SpareUnitID:     "spu_none",
			Fact:            rma.FactDelivered,
		})
		require.Equal(t, rules.NotFound, rules.CodeOf(err), c)
	}
	for _, c := range []spare.SpareCommand{
		spare.SpareSelect, spare.SpareAgree, spare.SpareShip, spare.SpareReceive, spare.SpareBill,
		spare.SpareWaive, spare.SpareTell, spare.SpareTakeBack,
	} {
		_, err := h.DoSpare(ctx, "spu_none", replacement.SpareUnitCommand{
			Name:   c,
			Model:  "RALLY-BAR",
			SiteID: "sit_none",
			Serial: "2345ABCDE",
			Fact:   spare.SpareFact("DELIVERED"),
			Reason: "asked by phone",
		})
		require.Equal(t, rules.NotFound, rules.CodeOf(err), c)
	}
}
