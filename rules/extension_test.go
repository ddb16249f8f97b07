package rules

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// attachedYear is one extended year on the device's serial, attached at noon.
func attachedYear(t *testing.T, from, to string) Extension {
	x := Extension{ContractID: "con_ext", Years: 1, From: noon(t, from)}
	if to != "" {
		x.To = noonPtr(t, to)
	}
	return x
}

func TestR39a_AttachedExtensionFollowsTheStandardWarranty(t *testing.T) {
	f := oneDevice(t, "RALLY-BAR", "2026-01-01")
	f.Device.Warranty.Extensions = []Extension{attachedYear(t, "2026-03-01", "")}
	a := Cover(f, noon(t, "2028-07-01"), ForHardware)
	require.Equal(t, ByExtendedWarranty, a.Entitlement.Kind, "in no room: it belongs to the serial")
	require.Equal(t, "con_ext", a.Entitlement.ContractID)
	require.Equal(t, "2029-01-01", endDay(t, a.Until))
	require.Equal(t, "2029-01-01", endDay(t, Cover(f, noon(t, "2026-07-01"), ForHardware).HardwareUntil), "one cover after the other, without a gap")
	require.False(t, Cover(f, noon(t, "2029-01-01"), ForHardware).Covered)
}

func TestR39a_ExtensionServesWhileItIsAttached(t *testing.T) {
	f := oneDevice(t, "RALLY-BAR", "2026-01-01")
	f.Device.Warranty.Extensions = []Extension{attachedYear(t, "2028-03-01", "2028-09-01")}
	require.False(t, Cover(f, noon(t, "2028-02-01"), ForHardware).Covered, "the standard warranty is over, the extension not yet there")
	during := Cover(f, noon(t, "2028-05-01"), ForHardware)
	require.True(t, during.Covered)
	require.Equal(t, *noonPtr(t, "2028-09-01"), *during.Until)
	require.False(t, Cover(f, noon(t, "2028-10-01"), ForHardware).Covered)
}

func TestR111a_EarlierWarrantyHasItsOwnEndWithinTheCap(t *testing.T) {
	f := oneDevice(t, "RALLY-BAR", "2026-01-01")
	earlier := Extension{ContractID: "war_1", EndsOn: datePtr(t, "2030-03-01"), From: midnight(t, "2026-01-01")}
	f.Device.Warranty.Extensions = []Extension{earlier}
	require.Equal(t, "2030-03-01", endDay(t, Cover(f, noon(t, "2029-01-01"), ForHardware).HardwareUntil))
	earlier.EndsOn = datePtr(t, "2035-01-01")
	f.Device.Warranty.Extensions = []Extension{earlier}
	require.Equal(t, "2031-01-01", endDay(t, Cover(f, noon(t, "2029-01-01"), ForHardware).HardwareUntil), "R125b")
}

func TestS32_AStoredEndWinsOverWhatIsAttached(t *testing.T) {
	f := oneDevice(t, "RALLY-BAR", "2026-01-01")
	f.Device.Warranty.Extensions = []Extension{attachedYear(t, "2026-03-01", "")}
	f.Device.Warranty.ExtendedEnd = datePtr(t, "2028-03-01")
	a := Cover(f, noon(t, "2026-07-01"), ForHardware)
	require.Equal(t, "2028-03-01", endDay(t, a.HardwareUntil))
}

func TestS23_ReplacementKeepsTheExtensionOfTheOriginal(t *testing.T) {
	f := oneDevice(t, "RALLY-BAR", "")
	original := Warranty{PurchasedOn: datePtr(t, "2026-01-01"), Extensions: []Extension{attachedYear(t, "2026-03-01", "")}}
	f.Device.Warranty.Replaces, f.Device.Warranty.ReplacedOn = &original, day(t, "2027-06-01")
	require.Equal(t, "2029-01-01", endDay(t, Cover(f, noon(t, "2028-07-01"), ForHardware).HardwareUntil))
}

func TestR125b_ExtensionWithAnUnknownPurchaseDateWaitsForProof(t *testing.T) {
	f := oneDevice(t, "RALLY-BAR", "")
	f.Device.Warranty.Extensions = []Extension{{ContractID: "war_1", EndsOn: datePtr(t, "2030-03-01"), From: midnight(t, "2026-01-01")}}
	require.Equal(t, ProofRequired, Cover(f, noon(t, "2029-06-01"), ForHardware).Code)
	f.Device.Warranty.Extensions[0].To = noonPtr(t, "2027-01-01")
	f.Device.Warranty.StandardEnd = datePtr(t, "2027-01-01")
	require.Equal(t, Unplaced, Cover(f, noon(t, "2029-06-01"), ForHardware).Code, "taken off: no proof would help")
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
		{"new", Warranty{PurchasedOn: datePtr(t, "2026-01-01"), StandardYears: 2}, year, "2026-02-01", ""},
		{"last day", Warranty{PurchasedOn: datePtr(t, "2026-01-01"), StandardYears: 2}, year, "2028-12-31", ""},
		{"over", Warranty{PurchasedOn: datePtr(t, "2026-01-01"), StandardYears: 2}, year, "2029-01-01", ExtensionOver},
		{"over the cap", Warranty{PurchasedOn: datePtr(t, "2026-01-01"), StandardEnd: datePtr(t, "2032-01-01")}, year, "2031-01-01", ExtensionOver},
		{"unknown purchase", Warranty{StandardYears: 2}, year, "2031-01-01", ""},
		{"absolute", Warranty{PurchasedOn: datePtr(t, "2026-01-01")}, Extension{EndsOn: datePtr(t, "2027-01-01")}, "2027-01-01", ExtensionOver},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := MayExtend(c.w, c.x, day(t, c.today), 5)
			require.Equal(t, c.code, CodeOf(err))
		})
	}
}
