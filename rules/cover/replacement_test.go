package cover

import (
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/calendar"
	"roomcover.dev/roomcover/rules/rulestest"
	"roomcover.dev/roomcover/rules/testday"
)

func TestS23_ReplacementWarrantyIsTheLongerOfRemainderAnd30Days(t *testing.T) {
	for _, c := range []struct{ original, replaced, want string }{
		{"2028-01-01", "2027-01-01", "2028-01-01"},
		{"2028-01-01", "2027-12-02", "2028-01-01"}, // just 30 days left
		{"2028-01-01", "2027-12-03", "2028-01-02"},
		{"2026-01-01", "2027-01-01", "2027-01-31"}, // over already
	} {
		require.Equal(t, c.want,
			ReplacementWarrantyEnd(testday.Day(t, c.original), testday.Day(t, c.replaced)).String())
	}
}

func TestS23_ReplacedTenDaysBeforeTheCap(t *testing.T) {
	f := withSelect(t, inRoom(t, oneDevice(t, "RALLY-BAR", "")), "2026-01-01", "2031-01-01")
	original := Warranty{PurchasedOn: testday.DatePtr(t, "2022-03-15")} // the cap is 2027-03-15
	f.Device.Warranty = Warranty{
		Replaces:    &original,
		ReplacedOn:  testday.Day(t, "2027-03-05"),
		PurchasedOn: testday.DatePtr(t, "2027-03-05"),
	}
	a := Cover(f, rulestest.Noon(t, "2027-03-06"), ForHardware)
	require.Equal(t, BySelect, a.Entitlement.Kind)
	require.Equal(t, "2027-03-15", endDay(t, &a.Entitlement.Until), "Select's hardware cover ends at the cap")
	require.Equal(t, "2027-04-04", endDay(t, a.HardwareUntil))
	require.Equal(t, 20, rules.DateIn(*a.HardwareUntil, f.Zone).DaysSince(testday.Day(t, "2027-03-15")),
		"runs 20 days past it")
	past := Cover(f, rulestest.Noon(t, "2027-03-20"), ForHardware)
	require.Equal(t, ByReplacementWarranty, past.Entitlement.Kind)
	require.Equal(t, calendar.SpeedStandard, past.RMASpeed)
	require.True(t, past.Has(ReasonReplacement))
	require.Equal(t, rules.WarrantyCap, Cover(f, rulestest.Noon(t, "2027-04-04"), ForHardware).Code)
}

func TestS23_ReplacementKeepsAgeAndRemainderOfTheFirstDevice(t *testing.T) {
	first := Warranty{PurchasedOn: testday.DatePtr(t, "2026-01-01"), ExtendedYears: 1}
	second := Warranty{Replaces: &first, ReplacedOn: testday.Day(t, "2026-06-01")}
	f := oneDevice(t, "RALLY-BAR", "")
	f.Device.Warranty = Warranty{Replaces: &second, ReplacedOn: testday.Day(t, "2026-09-01")}
	bought, ok := f.Device.Warranty.Purchase()
	require.True(t, ok)
	require.Equal(t, "2026-01-01", bought.String())
	a := Cover(f, rulestest.Noon(t, "2026-09-15"), ForHardware)
	require.Equal(t, ByExtendedWarranty, a.Entitlement.Kind)
	require.Equal(t, "2029-01-01",
		endDay(t, a.HardwareUntil), "two years of the model and one extended, from the first purchase")
	require.False(t, Cover(f, rulestest.Noon(t, "2026-08-31"), ForHardware).Covered, "not before it was delivered")
	require.False(t, first.StandardYears > 0, "the facts stay as they were")
}

func TestS23_ReplacementOfUnknownAgeHasItsOwn30Days(t *testing.T) {
	f := oneDevice(t, "RALLY-BAR", "")
	f.Device.Warranty = Warranty{Replaces: &Warranty{ProofHeld: true}, ReplacedOn: testday.Day(t, "2026-06-01")}
	a := Cover(f, rulestest.Noon(t, "2026-06-30"), ForHardware)
	require.Equal(t, ByReplacementWarranty, a.Entitlement.Kind)
	require.Equal(t, "2026-07-01", endDay(t, a.HardwareUntil))
	held := Cover(f, rulestest.Noon(t, "2026-07-01"), ForHardware)
	require.Equal(t, rules.ProofRequired, held.Code)
	require.True(t, held.Has(ReasonProofUnread))
}
