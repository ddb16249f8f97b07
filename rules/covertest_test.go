package rules

import (
	"time"

	"github.com/stretchr/testify/require"
)

// The facts that the tests of cover start from: one account in São Paulo, one
// room of it, one device, one Select contract. Times are local days; something
// happens at noon of its day unless it is a period.

const testZone = "America/Sao_Paulo"

func noon(t require.TestingT, d string) time.Time {
	return StartOfDay(day(t, d), zone(t, testZone)).Add(12 * time.Hour)
}

func midnight(t require.TestingT, d string) time.Time {
	return StartOfDay(day(t, d), zone(t, testZone))
}

func noonPtr(t require.TestingT, d string) *time.Time {
	at := noon(t, d)
	return &at
}

func period(t require.TestingT, from, to string) *Period {
	return &Period{midnight(t, from), midnight(t, to)}
}

// plainRoom is a room in Brazil with nothing in it and no licence.
func plainRoom(t require.TestingT) CoverFacts {
	return CoverFacts{Zone: zone(t, testZone), CapYears: 5, RoomID: "room_a",
		Rooms:  []RoomFacts{{ID: "room_a", Country: "BR"}, {ID: "room_b", Country: "DE"}},
		Models: DefaultModels(), Terms: DefaultCountryTerms()}
}

// oneDevice is a device that is in no room.
func oneDevice(t require.TestingT, model, purchased string) CoverFacts {
	f := plainRoom(t)
	f.RoomID = ""
	f.Device = &DeviceFacts{ID: "dev_1", ModelCode: model}
	if purchased != "" {
		f.Device.Warranty.PurchasedOn = datePtr(t, purchased)
	}
	return f
}

// inRoom places the device in room_a for good.
func inRoom(t require.TestingT, f CoverFacts) CoverFacts {
	f.Device.Placements = append(f.Device.Placements, Placement{RoomID: "room_a", From: noon(t, "2000-01-01")})
	return f
}

// withSelect assigns a Select licence to room_a, from noon of the first day.
func withSelect(t require.TestingT, f CoverFacts, from, to string) CoverFacts {
	f.Licences = append(f.Licences, selectLicence(t, "lic_1", "room_a", from, to))
	return f
}

func selectLicence(t require.TestingT, id, room, from, to string) LicenceFacts {
	return LicenceFacts{ID: id, Contract: ContractFacts{ID: "con_" + id, Type: ServiceSelect, State: ContractActive, Period: period(t, from, to)},
		Assignments: []Assignment{{RoomID: room, From: noon(t, from)}}}
}

func jumpStart(t require.TestingT, purchased string) ContractFacts {
	p := JumpStartPeriod(day(t, purchased), zone(t, testZone))
	return ContractFacts{ID: "con_js", Type: ServiceJumpStart, State: ContractActive, Period: &p}
}

// lastDay gives the last covered local day of an exclusive end, "" for none.
func lastDay(t require.TestingT, end *time.Time) string {
	if end == nil {
		return ""
	}
	return LastCoveredDay(*end, zone(t, testZone)).String()
}

// endDay gives the local day on which something ends, exclusively.
func endDay(t require.TestingT, end *time.Time) string {
	if end == nil {
		return ""
	}
	return DateIn(*end, zone(t, testZone)).String()
}

func codes(a Answer) (codes []string) {
	for _, r := range a.Reasons {
		codes = append(codes, r.Code)
	}
	return codes
}
