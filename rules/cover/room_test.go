package cover

import (
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/catalogue"
	"roomcover.dev/roomcover/rules/rulestest"
	"roomcover.dev/roomcover/rules/testday"
)

// The facts that the tests of cover start from: one account in São Paulo, one
// room of it, one device, one Select contract. Times are local days; something
// happens at noon of its day unless it is a period.

// plainRoom is a room in Brazil with nothing in it and no licence.
func plainRoom(t require.TestingT) CoverFacts {
	return CoverFacts{Zone: testday.Zone(t, testday.TestZone), CapYears: 5, RoomID: "room_a",
		Rooms:  []RoomFacts{{ID: "room_a", Country: "BR"}, {ID: "room_b", Country: "DE"}},
		Models: catalogue.DefaultModels(), Terms: catalogue.DefaultCountryTerms()}
}

// oneDevice is a device that is in no room.
func oneDevice(t require.TestingT, model, purchased string) CoverFacts {
	f := plainRoom(t)
	f.RoomID = ""
	f.Device = &DeviceFacts{ID: "dev_1", ModelCode: model}
	if purchased != "" {
		f.Device.Warranty.PurchasedOn = testday.DatePtr(t, purchased)
	}
	return f
}

// inRoom places the device in room_a for good.
func inRoom(t require.TestingT, f CoverFacts) CoverFacts {
	f.Device.Placements = append(f.Device.Placements, Placement{
		RoomID: "room_a",
		From:   rulestest.Noon(t, "2000-01-01"),
	})
	return f
}

// withSelect assigns a Select licence to room_a, from noon of the first day.
func withSelect(t require.TestingT, f CoverFacts, from, to string) CoverFacts {
	f.Licences = append(f.Licences, selectLicence(t, "lic_1", "room_a", from, to))
	return f
}

func selectLicence(t require.TestingT, id, room, from, to string) LicenceFacts {
	return LicenceFacts{
		ID: id,
		Contract: ContractFacts{
			ID:     "con_" + id,
			Type:   catalogue.ServiceSelect,
			State:  rules.ContractActive,
			Period: rulestest.Period(t, from, to),
		},
		Assignments: []Assignment{{RoomID: room, From: rulestest.Noon(t, from)}},
	}
}

func jumpStart(t require.TestingT, purchased string) ContractFacts {
	p := rules.JumpStartPeriod(testday.Day(t, purchased), testday.Zone(t, testday.TestZone))
	return ContractFacts{ID: "con_js", Type: catalogue.ServiceJumpStart, State: rules.ContractActive, Period: &p}
}

// lastDay gives the last covered local day of an exclusive end, "" for none.
func lastDay(t require.TestingT, end *time.Time) string {
	if end == nil {
		return ""
	}
	return rules.LastCoveredDay(*end, testday.Zone(t, testday.TestZone)).String()
}

// endDay gives the local day on which something ends, exclusively.
func endDay(t require.TestingT, end *time.Time) string {
	if end == nil {
		return ""
	}
	return rules.DateIn(*end, testday.Zone(t, testday.TestZone)).String()
}

func codes(a Answer) (codes []string) {
	for _, r := range a.Reasons {
		codes = append(codes, r.Code)
	}
	return codes
}
