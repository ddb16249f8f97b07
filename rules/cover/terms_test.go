package cover

import (
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/calendar"
	"roomcover.dev/roomcover/rules/catalogue"
	"roomcover.dev/roomcover/rules/cataloguetest"
	"roomcover.dev/roomcover/rules/rulestest"
	"roomcover.dev/roomcover/rules/testday"
)

func TestR78b_R78c_RoomsCountrySetsAvailabilitySpeedAndLanguages(t *testing.T) {
	f := withSelect(t, inRoom(t, oneDevice(t, "RALLY-BAR", "2026-01-01")), "2026-01-01", "2027-01-01")
	f.Terms = []catalogue.CountryTerms{cataloguetest.TermsFrom("BR", "2020-01-01", 1, true, "3BD", "pt-BR")}
	a := Cover(f, rulestest.Noon(t, "2026-02-01"), ForHardware)
	require.Equal(t, calendar.RMASpeed("3BD"), a.RMASpeed)
	require.Equal(t, []string{"pt-BR"}, a.Languages)
	require.Equal(t, 1, a.Entitlement.TermsVersion)

	f.Terms[0].Available = false
	f.Device.Warranty.StandardEnd = testday.DatePtr(t, "2026-01-10")
	for _, purpose := range []Purpose{ForHardware, ForTechnical, ForSetup} {
		require.Equal(t, []string{rules.CountryNotSupported},
			codes(Cover(f, rulestest.Noon(t, "2026-02-01"), purpose))[:1])
	}
	f.Terms = append(f.Terms, cataloguetest.TermsFrom("BR", "2026-03-01", 2, true, "NBD", "en"))
	require.True(t, Cover(f, rulestest.Noon(t, "2026-03-01"), ForTechnical).Covered, "available since")
	f.Rooms = nil
	require.Equal(t, rules.NotCovered, Cover(f, rulestest.Noon(t, "2026-03-01"), ForTechnical).Code, "an unknown room")
}

func TestR78a_NoCountryLock(t *testing.T) {
	f := plainRoom(t)
	f.RoomID = "room_b" // in Germany, the account in Brazil
	f.Licences = []LicenceFacts{selectLicence(t, "lic_1", "room_b", "2026-01-01", "2027-01-01")}
	require.True(t, Cover(f, rulestest.Noon(t, "2026-02-01"), ForTechnical).Covered)
}

func TestS31_ExistingAssignmentKeepsTheBetterTerms(t *testing.T) {
	f := withSelect(t, plainRoom(t), "2026-01-01", "2027-01-01")
	f.Terms = []catalogue.CountryTerms{
		cataloguetest.TermsFrom("BR", "2020-01-01", 1, true, "2BD", "pt-BR"),
		cataloguetest.TermsFrom("BR", "2026-03-01", 2, true, "NBD", "en"),
		cataloguetest.TermsFrom("BR", "2026-05-01", 3, true, "5BD", "pt-BR"),
		cataloguetest.TermsFrom("BR", "2026-07-01", 4, false, "STANDARD"),
	}
	for _, c := range []struct {
		on, speed string
		languages []string
		kept      bool
	}{
		{"2026-02-01", "2BD", []string{"pt-BR"}, false},
		{"2026-03-01", "NBD", []string{"en", "pt-BR"}, true},
		{"2026-05-01", "NBD", []string{"en", "pt-BR"}, true},
		{"2026-07-01", "NBD", []string{"en", "pt-BR"}, true},
	} {
		a := Cover(f, rulestest.Noon(t, c.on), ForTechnical)
		require.True(t, a.Covered, c.on)
		require.Equal(t, calendar.RMASpeed(c.speed), a.RMASpeed, c.on)
		require.Equal(t, c.languages, a.Languages, c.on)
		require.Equal(t, c.kept, a.Has(ReasonTermsKept), c.on)
	}
	moved := rulestest.Noon(t, "2026-06-01") // a new assignment takes the new terms
	f.Licences[0].Assignments = []Assignment{{RoomID: "room_a", From: moved}}
	require.Equal(t, calendar.RMASpeed("5BD"), Cover(f, rulestest.Noon(t, "2026-06-02"), ForTechnical).RMASpeed)
	stored := cataloguetest.TermsFrom("BR", "2026-03-01", 2, true, "NBD", "en")
	f.Licences[0].Assignments[0].Terms = &stored
	require.Equal(t, calendar.RMASpeed("NBD"), Cover(f, rulestest.Noon(t, "2026-06-02"), ForTechnical).RMASpeed,
		"those stored with the assignment")
	f.Licences[0].Assignments = []Assignment{{RoomID: "room_a", From: rulestest.Noon(t, "2026-07-01")}}
	require.Equal(t, rules.CountryNotSupported, Cover(f, rulestest.Noon(t, "2026-07-02"), ForTechnical).Code)
}
