package cover

import (
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/calendar"
	"roomcover.dev/roomcover/rules/catalogue"
	"roomcover.dev/roomcover/rules/rulestest"
	"roomcover.dev/roomcover/rules/testday"
)

func TestR25b_OlderDeviceIsCoveredUntilContractEndOrCap(t *testing.T) {
	for _, c := range []struct{ name, bought, from, to, hardware, support string }{
		{"bought two years ago", "2024-06-01", "2026-06-01", "2028-06-01", "2028-06-01", "2028-06-01"},
		{"capped", "2024-06-01", "2026-06-01", "2031-06-01", "2029-06-01", "2031-06-01"},
		{"bought the same day", "2026-06-01", "2026-06-01", "2031-06-01", "2031-06-01", "2031-06-01"},
		{"leap day", "2020-02-29", "2024-03-01", "2027-03-01", "2025-03-01", "2027-03-01"},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := withSelect(t, inRoom(t, oneDevice(t, "RALLY-BAR", c.bought)), c.from, c.to)
			a := Cover(f, rulestest.Noon(t, c.from), ForHardware)
			require.True(t, a.Covered)
			require.NoError(t, a.Refusal())
			require.Equal(t, c.hardware, endDay(t, a.HardwareUntil))
			require.Equal(t, c.hardware, endDay(t, a.Until))
			require.Equal(t, c.support, endDay(t, a.SupportUntil))
			require.Equal(t, BySelect, a.Entitlement.Kind)
			require.Equal(t, "con_lic_1", a.Entitlement.ContractID)
			require.Equal(t, "lic_1", a.Entitlement.LicenceID)
			require.Equal(t, c.hardware != c.support, a.Has(ReasonCapped))
		})
	}
}

func TestR125b_R125c_CapEndsHardwareAndSupportContinues(t *testing.T) {
	f := withSelect(t, inRoom(t, oneDevice(t, "RALLY-BAR", "2024-06-01")), "2026-06-01", "2031-06-01")
	last := Cover(f, rulestest.Midnight(t, "2029-06-01").Add(-1), ForHardware)
	require.True(t, last.Covered)
	require.Equal(t, "2029-05-31", lastDay(t, last.HardwareUntil))
	after := Cover(f, rulestest.Midnight(t, "2029-06-01"), ForHardware)
	require.False(t, after.Covered)
	require.Equal(t, rules.WarrantyCap, after.Code)
	require.Equal(t, rules.WarrantyCap, rules.CodeOf(after.Refusal()))
	require.Equal(t, []string{rules.WarrantyCap, ReasonSupportContinues, ReasonSyncPremium}, codes(after))
	require.Nil(t, after.HardwareUntil)
	require.Equal(t, "2031-06-01", endDay(t, after.SupportUntil))
	require.True(t, Cover(f, rulestest.Noon(t, "2031-05-31"), ForTechnical).Covered)
	require.False(t, Cover(f, rulestest.Midnight(t, "2031-06-01"), ForTechnical).Covered)
}

func TestR125b_DeviceOlderThanFiveYearsHasTicketsButNoRMA(t *testing.T) {
	f := withSelect(t, inRoom(t, oneDevice(t, "RALLY-BAR", "2018-01-01")), "2026-06-01", "2027-06-01")
	require.Equal(t, rules.WarrantyCap, Cover(f, rulestest.Noon(t, "2026-07-01"), ForHardware).Code)
	require.True(t, Cover(f, rulestest.Noon(t, "2026-07-01"), ForTechnical).Covered)
	f.Licences = nil
	require.Equal(t, rules.WarrantyCap, Cover(f, rulestest.Noon(t, "2026-07-01"), ForHardware).Code,
		"no licence could cover it either")
}

func TestR125b_CapIsTheProgramsOwn(t *testing.T) {
	f := withSelect(t, inRoom(t, oneDevice(t, "RALLY-BAR", "2026-01-01")), "2026-01-01", "2031-01-01")
	for years, want := range map[int]string{
		3:  "2029-01-01",
		5:  "2031-01-01",
		0:  "2031-01-01",
		-1: "2031-01-01",
		7:  "2031-01-01",
	} {
		f.CapYears = years
		require.Equal(t, want, endDay(t, Cover(f, rulestest.Noon(t, "2026-02-01"), ForHardware).HardwareUntil), years)
	}
}

func TestR125b_S32_UnknownPurchaseDateHoldsTheRMA(t *testing.T) {
	f := withSelect(t, inRoom(t, oneDevice(t, "RALLY-BAR", "")), "2026-06-01", "2027-06-01")
	a := Cover(f, rulestest.Noon(t, "2026-07-01"), ForHardware)
	require.False(t, a.Covered)
	require.True(t, a.Held)
	require.Equal(t, rules.ProofRequired, a.Code)
	require.False(t, a.Has(ReasonProofUnread))
	require.True(t, Cover(f, rulestest.Noon(t, "2026-07-01"), ForTechnical).Covered, "tickets do not depend on it")

	f.Device.Warranty.ProofHeld = true
	require.True(t, Cover(f, rulestest.Noon(t, "2026-07-01"), ForHardware).Has(ReasonProofUnread))
	f.Device.Warranty.PurchasedOn = testday.DatePtr(t, "2025-01-01")
	require.True(t, Cover(f, rulestest.Noon(t, "2026-07-01"), ForHardware).Covered, "the date was read")
}

func TestS32_UnknownPurchaseDateIsNoMatterWhereNothingCouldCover(t *testing.T) {
	f := oneDevice(t, "RALLY-BAR", "")
	at := rulestest.Noon(t, "2026-07-01")
	require.Equal(t, rules.ProofRequired, Cover(f, at, ForHardware).Code, "a standard warranty may be in force")
	f.Device.Warranty.StandardEnd = testday.DatePtr(t, "2026-07-02")
	require.Equal(t, rules.ProofRequired, Cover(f, at, ForHardware).Code)
	f.Device.Warranty.StandardEnd = testday.DatePtr(t, "2026-07-01")
	require.Equal(t, rules.Unplaced, Cover(f, at, ForHardware).Code)
	f = inRoom(t, f)
	require.Equal(t, rules.NotCovered, Cover(f, at, ForHardware).Code)
	f.Device.Warranty.ExtendedEnd = testday.DatePtr(t, "2026-07-02")
	require.Equal(t, rules.ProofRequired, Cover(f, at, ForHardware).Code)
	f.Device.Warranty.ExtendedEnd = nil
	f.Device.Warranty.ExtendedYears = 1
	require.Equal(t, rules.ProofRequired, Cover(f, at, ForHardware).Code)
}

func TestS32_AbsoluteDatesWinOverDerivedOnes(t *testing.T) {
	for _, c := range []struct {
		name               string
		w                  Warranty
		standard, extended string
	}{
		{"derived", Warranty{PurchasedOn: testday.DatePtr(t, "2026-01-15"), StandardYears: 2}, "2028-01-15", ""},
		{"leap day", Warranty{PurchasedOn: testday.DatePtr(t, "2024-02-29"), StandardYears: 2}, "2026-03-01", ""},
		{"absolute earlier", Warranty{
			PurchasedOn:   testday.DatePtr(t, "2026-01-15"),
			StandardYears: 2,
			StandardEnd:   testday.DatePtr(t, "2027-01-01"),
		}, "2027-01-01", ""},
		{"absolute later", Warranty{
			PurchasedOn:   testday.DatePtr(t, "2026-01-15"),
			StandardYears: 2,
			StandardEnd:   testday.DatePtr(t, "2029-01-01"),
		}, "2029-01-01", ""},
		{"extended derived", Warranty{
			PurchasedOn:   testday.DatePtr(t, "2026-01-15"),
			StandardYears: 2,
			ExtendedYears: 1,
		}, "2028-01-15", "2029-01-15"},
		{"extended after absolute", Warranty{
			PurchasedOn:   testday.DatePtr(t, "2026-01-15"),
			StandardEnd:   testday.DatePtr(t, "2027-01-01"),
			ExtendedYears: 3,
		}, "2027-01-01", "2030-01-01"},
		{"extended absolute", Warranty{
			PurchasedOn:   testday.DatePtr(t, "2026-01-15"),
			StandardYears: 2,
			ExtendedYears: 1,
			ExtendedEnd:   testday.DatePtr(t, "2030-05-05"),
		}, "2028-01-15", "2030-05-05"},
		{"no purchase date", Warranty{StandardYears: 2, ExtendedYears: 1}, "", ""},
		{"no years", Warranty{PurchasedOn: testday.DatePtr(t, "2026-01-15")}, "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			end, ok := c.w.StandardEndsOn()
			require.Equal(t, c.standard != "", ok)
			if ok {
				require.Equal(t, c.standard, end.String())
			}
			end, ok = c.w.ExtendedEndsOn()
			require.Equal(t, c.extended != "", ok)
			if ok {
				require.Equal(t, c.extended, end.String())
			}
		})
	}
}

func TestS38_Month18OfTwoYearStandardWithOneYearSelectIsStandard(t *testing.T) {
	f := withSelect(t, inRoom(t, oneDevice(t, "RALLY-BAR", "2026-01-01")), "2026-01-01", "2027-01-01")
	early := Cover(f, rulestest.Noon(t, "2026-07-01"), ForHardware)
	require.Equal(t, BySelect, early.Entitlement.Kind)
	require.Equal(t, calendar.SpeedNBD, early.RMASpeed)
	require.Equal(t, "2027-01-01", endDay(t, &early.Entitlement.Until))
	require.Equal(t, "2028-01-01", endDay(t, early.HardwareUntil), "the longest of all")
	require.Equal(t, []string{ReasonSelect, ReasonStandard, ReasonFastest, ReasonSyncPremium}, codes(early))

	late := Cover(f, rulestest.Noon(t, "2027-07-01"), ForHardware)
	require.True(t, late.Covered)
	require.Equal(t, ByStandardWarranty, late.Entitlement.Kind)
	require.Equal(t, calendar.SpeedStandard, late.RMASpeed)
	require.Equal(t, calendar.SpeedStandard, late.Entitlement.RMASpeed)
	require.Equal(t, "2028-01-01", endDay(t, late.HardwareUntil))
	require.Nil(t, late.SupportUntil)
	require.Empty(t, late.Features)
	require.Equal(t, rules.NotCovered, Cover(f, rulestest.Noon(t, "2028-01-01"), ForHardware).Code)
}

func TestS38_LongestOfStandardExtendedAndSelectWithinTheCap(t *testing.T) {
	for _, c := range []struct{ name, standard, extended, sel, want string }{
		{"select", "2028-01-01", "", "2029-01-01", "2029-01-01"},
		{"standard", "2028-01-01", "", "2027-01-01", "2028-01-01"},
		{"extended", "2028-01-01", "2030-01-01", "2029-01-01", "2030-01-01"},
		{"standard beyond the cap", "2033-01-01", "", "2027-01-01", "2031-01-01"},
		{"extended beyond the cap", "2028-01-01", "2032-01-01", "2027-01-01", "2031-01-01"},
		{"select beyond the cap", "2028-01-01", "", "2031-06-01", "2031-01-01"},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := withSelect(t, inRoom(t, oneDevice(t, "RALLY-BAR", "2026-01-01")), "2026-06-01", c.sel)
			f.Device.Warranty.StandardEnd = testday.DatePtr(t, c.standard)
			if c.extended != "" {
				f.Device.Warranty.ExtendedEnd = testday.DatePtr(t, c.extended)
			}
			require.Equal(t, c.want, endDay(t, Cover(f, rulestest.Noon(t, "2026-07-01"), ForHardware).HardwareUntil))
		})
	}
}

func TestS38_ExtendedWarrantyServesAfterTheStandardOne(t *testing.T) {
	f := oneDevice(t, "RALLY-BAR", "2026-01-01")
	f.Device.Warranty.ExtendedYears = 1
	a := Cover(f, rulestest.Noon(t, "2028-07-01"), ForHardware)
	require.Equal(t, ByExtendedWarranty, a.Entitlement.Kind, "in no room: it belongs to the serial (R39a)")
	require.Equal(t, calendar.SpeedStandard, a.RMASpeed)
	require.Equal(t, "2029-01-01", endDay(t, a.Until))
	require.Equal(t, rules.Unplaced, Cover(f, rulestest.Noon(t, "2029-01-01"), ForHardware).Code)
}

func TestR35b_CatalogueDeviceInACoveredRoomPastItsWarranty(t *testing.T) {
	at := rulestest.Noon(t, "2029-01-01")
	f := withSelect(t, inRoom(t, oneDevice(t, "RALLY-BAR", "2026-01-01")), "2028-06-01", "2030-06-01")
	a := Cover(f, at, ForHardware)
	require.True(t, a.Covered)
	require.Equal(t, BySelect, a.Entitlement.Kind)

	unplaced := f
	unplaced.Device = &DeviceFacts{ID: "dev_1", ModelCode: "RALLY-BAR", Warranty: f.Device.Warranty}
	for _, purpose := range []Purpose{ForHardware, ForTechnical, ForSetup} {
		require.Equal(t, rules.Unplaced, Cover(unplaced, at, purpose).Code, purpose)
	}
	for _, model := range []string{"WINDOWS-PC", "OTHER-VENDOR-CAMERA", ""} {
		foreign := withSelect(t, inRoom(t, oneDevice(t, model, "2026-01-01")), "2028-06-01", "2030-06-01")
		require.Equal(t, rules.ModelNotSupported, Cover(foreign, at, ForHardware).Code, model)
	}
}

func TestR59b_UnsupportedModelIsNeverCovered(t *testing.T) {
	f := withSelect(t, inRoom(t, oneDevice(t, "NEW-BAR", "2026-01-01")), "2026-06-01", "2027-06-01")
	for _, purpose := range []Purpose{ForHardware, ForTechnical, ForSetup} {
		a := Cover(f, rulestest.Noon(t, "2026-07-01"), purpose)
		require.Equal(t, rules.ModelNotSupported, a.Code)
		require.Equal(t, "room_a", a.RoomID, "it may be inventoried")
	}
	f.Models = append(f.Models, catalogue.ProductModel{
		Code:                  "NEW-BAR",
		Kind:                  catalogue.KindHardware,
		Serialised:            true,
		StandardWarrantyYears: 2,
		EffectiveFrom:         testday.DatePtr(t, "2026-08-01"),
	})
	require.Equal(t, rules.ModelNotSupported, Cover(f, rulestest.Noon(t, "2026-07-31"), ForHardware).Code)
	require.True(t, Cover(f, rulestest.Noon(t, "2026-08-01"), ForHardware).Covered, "R59a: a row makes it coverable")
}

func TestR59a_WithdrawnModelEndsCover(t *testing.T) {
	f := withSelect(t, inRoom(t, oneDevice(t, "OLD-BAR", "2026-01-01")), "2026-06-01", "2027-06-01")
	f.Models = []catalogue.ProductModel{{
		Code:        "OLD-BAR",
		Kind:        catalogue.KindHardware,
		Serialised:  true,
		EffectiveTo: testday.DatePtr(t, "2027-01-01"),
	}}
	require.Equal(t, "2027-01-01", endDay(t, Cover(f, rulestest.Noon(t, "2026-07-01"), ForHardware).HardwareUntil))
	require.Equal(t, rules.ModelNotSupported, Cover(f, rulestest.Noon(t, "2027-01-01"), ForHardware).Code)
}

func TestR74_AccessoryFollowsItsRoom(t *testing.T) {
	f := plainRoom(t)
	f.ModelCode = "STRONG-USB-CABLE"
	require.Equal(t, rules.NotCovered, Cover(f, rulestest.Noon(t, "2026-07-01"), ForHardware).Code)
	f = withSelect(t, f, "2026-06-01", "2027-06-01")
	a := Cover(f, rulestest.Noon(t, "2026-07-01"), ForHardware)
	require.True(t, a.Covered)
	require.Equal(t, "2027-06-01", endDay(t, a.HardwareUntil))
	require.True(t, a.Has(ReasonThroughRoom))
	require.Equal(t, calendar.SpeedNBD, a.RMASpeed)
	f.RoomID = "room_b"
	require.Equal(t, rules.NotCovered, Cover(f, rulestest.Noon(t, "2026-07-01"), ForHardware).Code)
}

func TestR74_HardwareWithoutItsSerialIsRefused(t *testing.T) {
	f := withSelect(t, plainRoom(t), "2026-06-01", "2027-06-01")
	f.ModelCode = "RALLY-BAR"
	a := Cover(f, rulestest.Noon(t, "2026-07-01"), ForHardware)
	require.Equal(t, []string{rules.NotCovered, ReasonSerialRequired, ReasonSyncPremium}, codes(a))
	require.True(t, Cover(f, rulestest.Noon(t, "2026-07-01"), ForTechnical).Covered)
}

func TestR75_SoftwareHasTicketsButNoRMA(t *testing.T) {
	for _, code := range []string{"SYNC", "COLLABOS", "TAP-BUNDLE-TEAMS"} {
		f := withSelect(t, plainRoom(t), "2026-06-01", "2027-06-01")
		f.ModelCode = code
		require.Equal(t, rules.NotHardware, Cover(f, rulestest.Noon(t, "2026-07-01"), ForHardware).Code)
		require.True(t, Cover(f, rulestest.Noon(t, "2026-07-01"), ForTechnical).Covered)
		require.True(t, Cover(f, rulestest.Noon(t, "2026-07-01"), ForSetup).Covered)
		f.Licences = nil
		require.Equal(t, rules.NotCovered, Cover(f, rulestest.Noon(t, "2026-07-01"), ForTechnical).Code)
	}
}

func TestDeviceThatIsGoneIsNotCovered(t *testing.T) {
	f := withSelect(t, inRoom(t, oneDevice(t, "RALLY-BAR", "2026-01-01")), "2026-06-01", "2027-06-01")
	f.Device.GoneAt = rulestest.NoonPtr(t, "2026-08-01")
	a := Cover(f, rulestest.Noon(t, "2026-07-01"), ForHardware)
	require.True(t, a.Covered)
	require.Equal(t, rulestest.Noon(t, "2026-08-01"), *a.HardwareUntil)
	for _, purpose := range []Purpose{ForHardware, ForTechnical, ForSetup} {
		gone := Cover(f, rulestest.Noon(t, "2026-08-01"), purpose)
		require.Equal(t, rules.NotCovered, gone.Code)
		require.True(t, gone.Has(ReasonDeviceGone))
	}
}

func TestS32_ProofIsAskedOnlyIfItCouldHelp(t *testing.T) {
	at := rulestest.Noon(t, "2029-01-01")
	f := oneDevice(t, "RALLY-BAR", "")
	f.Device.Warranty = Warranty{Replaces: &Warranty{}, ReplacedOn: testday.Day(t, "2026-06-01")}
	require.Equal(t, rules.Unplaced, Cover(f, at, ForHardware).Code,
		"replaced more than two years ago, so bought before")
	f.Device.Warranty.ReplacedOn = testday.Day(t, "2027-06-01")
	require.Equal(t, rules.ProofRequired, Cover(f, at, ForHardware).Code)
	f.Device.Warranty.StandardEnd = testday.DatePtr(t, "2028-01-01")
	f.Device.Warranty.Replaces = &Warranty{StandardEnd: testday.DatePtr(t, "2030-01-01")}
	require.Equal(t, rules.Unplaced, Cover(f, at, ForHardware).Code, "the replacement's own absolute end counts")
	f.Device.Warranty.Replaces = &Warranty{ExtendedEnd: testday.DatePtr(t, "2030-01-01")}
	require.Equal(t, rules.ProofRequired, Cover(f, at, ForHardware).Code)
}

func TestR60_DefaultHardwareIsCovered(t *testing.T) {
	for _, m := range catalogue.DefaultModels() {
		if m.Kind == catalogue.KindHardware {
			f := inRoom(t, oneDevice(t, m.Code, "2026-01-01"))
			require.True(t, Cover(f, rulestest.Noon(t, "2026-06-01"), ForHardware).Covered, m.Name)
		}
	}
}
