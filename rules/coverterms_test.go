package rules

import (
	"testing"

	"cloud.google.com/go/civil"
	"github.com/stretchr/testify/require"
)

func termsFrom(country, from string, version int, available bool, speed RMASpeed, languages ...string) CountryTerms {
	d, err := civil.ParseDate(from)
	if err != nil {
		panic(err)
	}
	return CountryTerms{country, version, d, available, speed, languages}
}

func TestR78b_R78c_RoomsCountrySetsAvailabilitySpeedAndLanguages(t *testing.T) {
	f := withSelect(t, inRoom(t, oneDevice(t, "RALLY-BAR", "2026-01-01")), "2026-01-01", "2027-01-01")
	f.Terms = []CountryTerms{termsFrom("BR", "2020-01-01", 1, true, "3BD", "pt-BR")}
	a := Cover(f, noon(t, "2026-02-01"), ForHardware)
	require.Equal(t, RMASpeed("3BD"), a.RMASpeed)
	require.Equal(t, []string{"pt-BR"}, a.Languages)
	require.Equal(t, 1, a.Entitlement.TermsVersion)

	f.Terms[0].Available = false
	f.Device.Warranty.StandardEnd = datePtr(t, "2026-01-10")
	for _, purpose := range []Purpose{ForHardware, ForTechnical, ForSetup} {
		require.Equal(t, []string{CountryNotSupported}, codes(Cover(f, noon(t, "2026-02-01"), purpose))[:1])
	}
	f.Terms = append(f.Terms, termsFrom("BR", "2026-03-01", 2, true, "NBD", "en"))
	require.True(t, Cover(f, noon(t, "2026-03-01"), ForTechnical).Covered, "available since")
	f.Rooms = nil
	require.Equal(t, NotCovered, Cover(f, noon(t, "2026-03-01"), ForTechnical).Code, "an unknown room")
}

func TestR78a_NoCountryLock(t *testing.T) {
	f := plainRoom(t)
	f.RoomID = "room_b" // in Germany, the account in Brazil
	f.Licences = []LicenceFacts{selectLicence(t, "lic_1", "room_b", "2026-01-01", "2027-01-01")}
	require.True(t, Cover(f, noon(t, "2026-02-01"), ForTechnical).Covered)
}

func TestS31_ExistingAssignmentKeepsTheBetterTerms(t *testing.T) {
	f := withSelect(t, plainRoom(t), "2026-01-01", "2027-01-01")
	f.Terms = []CountryTerms{
		termsFrom("BR", "2020-01-01", 1, true, "2BD", "pt-BR"),
		termsFrom("BR", "2026-03-01", 2, true, "NBD", "en"),
		termsFrom("BR", "2026-05-01", 3, true, "5BD", "pt-BR"),
		termsFrom("BR", "2026-07-01", 4, false, "STANDARD"),
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
		a := Cover(f, noon(t, c.on), ForTechnical)
		require.True(t, a.Covered, c.on)
		require.Equal(t, RMASpeed(c.speed), a.RMASpeed, c.on)
		require.Equal(t, c.languages, a.Languages, c.on)
		require.Equal(t, c.kept, a.Has(ReasonTermsKept), c.on)
	}
	moved := noon(t, "2026-06-01") // a new assignment takes the new terms
	f.Licences[0].Assignments = []Assignment{{RoomID: "room_a", From: moved}}
	require.Equal(t, RMASpeed("5BD"), Cover(f, noon(t, "2026-06-02"), ForTechnical).RMASpeed)
	stored := termsFrom("BR", "2026-03-01", 2, true, "NBD", "en")
	f.Licences[0].Assignments[0].Terms = &stored
	require.Equal(t, RMASpeed("NBD"), Cover(f, noon(t, "2026-06-02"), ForTechnical).RMASpeed, "those stored with the assignment")
	f.Licences[0].Assignments = []Assignment{{RoomID: "room_a", From: noon(t, "2026-07-01")}}
	require.Equal(t, CountryNotSupported, Cover(f, noon(t, "2026-07-02"), ForTechnical).Code)
}
