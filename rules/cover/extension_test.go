package cover

import (
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/rulestest"
	"roomcover.dev/roomcover/rules/testday"
)

// attachedYear is one extended year on the device's serial, attached at noon.
func attachedYear(t *testing.T, from, to string) Extension {
	x := Extension{ContractID: "con_ext", Years: 1, From: rulestest.Noon(t, from)}
	if to != "" {
		x.To = rulestest.NoonPtr(t, to)
	}
	return x
}

func TestR39a_AttachedExtensionFollowsTheStandardWarranty(t *testing.T) {
	f := oneDevice(t, "RALLY-BAR", "2026-01-01")
	f.Device.Warranty.Extensions = []Extension{attachedYear(t, "2026-03-01", "")}
	a := Cover(f, rulestest.Noon(t, "2028-07-01"), ForHardware)
	require.Equal(t, ByExtendedWarranty, a.Entitlement.Kind, "in no room: it belongs to the serial")
	require.Equal(t, "con_ext", a.Entitlement.ContractID)
	require.Equal(t, "2029-01-01", endDay(t, a.Until))
	require.Equal(t, "2029-01-01", endDay(t, Cover(f, rulestest.Noon(t, "2026-07-01"), ForHardware).HardwareUntil),
		"one cover after the other, without a gap")
	require.False(t, Cover(f, rulestest.Noon(t, "2029-01-01"), ForHardware).Covered)
}

func TestR39a_ExtensionServesWhileItIsAttached(t *testing.T) {
	f := oneDevice(t, "RALLY-BAR", "2026-01-01")
	f.Device.Warranty.Extensions = []Extension{attachedYear(t, "2028-03-01", "2028-09-01")}
	require.False(t, Cover(f, rulestest.Noon(t, "2028-02-01"), ForHardware).Covered,
		"the standard warranty is over, the extension not yet there")
	during := Cover(f, rulestest.Noon(t, "2028-05-01"), ForHardware)
	require.True(t, during.Covered)
	require.Equal(t, *rulestest.NoonPtr(t, "2028-09-01"), *during.Until)
	require.False(t, Cover(f, rulestest.Noon(t, "2028-10-01"), ForHardware).Covered)
}

func TestR111a_EarlierWarrantyHasItsOwnEndWithinTheCap(t *testing.T) {
	f := oneDevice(t, "RALLY-BAR", "2026-01-01")
	earlier := Extension{
		ContractID: "war_1",
		EndsOn:     testday.DatePtr(t, "2030-03-01"),
		From:       rulestest.Midnight(t, "2026-01-01"),
	}
	f.Device.Warranty.Extensions = []Extension{earlier}
	require.Equal(t, "2030-03-01", endDay(t, Cover(f, rulestest.Noon(t, "2029-01-01"), ForHardware).HardwareUntil))
	earlier.EndsOn = testday.DatePtr(t, "2035-01-01")
	f.Device.Warranty.Extensions = []Extension{earlier}
	require.Equal(t, "2031-01-01",
		endDay(t, Cover(f, rulestest.Noon(t, "2029-01-01"), ForHardware).HardwareUntil), "R125b")
}

func TestS32_AStoredEndWinsOverWhatIsAttached(t *testing.T) {
	f := oneDevice(t, "RALLY-BAR", "2026-01-01")
	f.Device.Warranty.Extensions = []Extension{attachedYear(t, "2026-03-01", "")}
	f.Device.Warranty.ExtendedEnd = testday.DatePtr(t, "2028-03-01")
	a := Cover(f, rulestest.Noon(t, "2026-07-01"), ForHardware)
	require.Equal(t, "2028-03-01", endDay(t, a.HardwareUntil))
}

func TestS23_ReplacementKeepsTheExtensionOfTheOriginal(t *testing.T) {
	f := oneDevice(t, "RALLY-BAR", "")
	original := Warranty{
		PurchasedOn: testday.DatePtr(t, "2026-01-01"),
		Extensions:  []Extension{attachedYear(t, "2026-03-01", "")},
	}
	f.Device.Warranty.Replaces, f.Device.Warranty.ReplacedOn = &original, testday.Day(t, "2027-06-01")
	require.Equal(t, "2029-01-01", endDay(t, Cover(f, rulestest.Noon(t, "2028-07-01"), ForHardware).HardwareUntil))
}

func TestR125b_ExtensionWithAnUnknownPurchaseDateWaitsForProof(t *testing.T) {
	f := oneDevice(t, "RALLY-BAR", "")
	f.Device.Warranty.Extensions = []Extension{
		{ContractID: "war_1", EndsOn: testday.DatePtr(t, "2030-03-01"), From: rulestest.Midnight(t, "2026-01-01")},
	}
	require.Equal(t, rules.ProofRequired, Cover(f, rulestest.Noon(t, "2029-06-01"), ForHardware).Code)
	f.Device.Warranty.Extensions[0].To = rulestest.NoonPtr(t, "2027-01-01")
	f.Device.Warranty.StandardEnd = testday.DatePtr(t, "2027-01-01")
	require.Equal(t, rules.Unplaced, Cover(f, rulestest.Noon(t, "2029-06-01"), ForHardware).Code,
		"taken off: no proof would help")
}

func TestR39a_MayExtend(t *testing.T) {
	year := Extension{Years: 1}
	for _, c := range []struct {
		name  string
		w     Warranty
		x     Extension
		today string
		code  string
	}{
		{"new", Warranty{PurchasedOn: testday.DatePtr(t, "2026-01-01"), StandardYears: 2}, year, "2026-02-01", ""},
		{"last day", Warranty{PurchasedOn: testday.DatePtr(t, "2026-01-01"), StandardYears: 2}, year, "2028-12-31", ""},
		{"over", Warranty{
			PurchasedOn:   testday.DatePtr(t, "2026-01-01"),
			StandardYears: 2,
		}, year, "2029-01-01", ExtensionOver},
		{"over the cap", Warranty{
			PurchasedOn: testday.DatePtr(t, "2026-01-01"),
			StandardEnd: testday.DatePtr(t, "2032-01-01"),
		}, year, "2031-01-01", ExtensionOver},
		{"unknown purchase", Warranty{StandardYears: 2}, year, "2031-01-01", ""},
		{"absolute", Warranty{
			PurchasedOn: testday.DatePtr(t, "2026-01-01"),
		}, Extension{EndsOn: testday.DatePtr(t, "2027-01-01")}, "2027-01-01", ExtensionOver},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := MayExtend(c.w, c.x, testday.Day(t, c.today), 5)
			require.Equal(t, c.code, rules.CodeOf(err))
		})
	}
}
