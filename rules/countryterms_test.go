package rules

import (
	"testing"

	"cloud.google.com/go/civil"
	"github.com/stretchr/testify/require"
)

func TestR78c_Speeds(t *testing.T) {
	for _, c := range []struct {
		speed RMASpeed
		days  int
		valid bool
	}{{"NBD", 1, true}, {"1BD", 1, true}, {"3BD", 3, true}, {"10BD", 10, true}, {"99BD", 99, true}, {"STANDARD", 0, true},
		{"", 0, false}, {"0BD", 0, false}, {"03BD", 0, false}, {"100BD", 0, false}, {"3bd", 0, false}, {"BD", 0, false}, {"-1BD", 0, false}} {
		days, ok := c.speed.BusinessDays()
		require.Equal(t, c.days, days, c.speed)
		require.Equal(t, c.days > 0, ok, c.speed)
		require.Equal(t, c.valid, c.speed.Valid(), c.speed)
	}
	ordered := []RMASpeed{"NBD", "2BD", "3BD", "10BD", "STANDARD"}
	for i, a := range ordered {
		for j, b := range ordered {
			require.Equal(t, i < j, a.FasterThan(b), "%s %s", a, b)
		}
	}
	require.False(t, RMASpeed("1BD").FasterThan("NBD"))
	require.False(t, RMASpeed("").FasterThan("STANDARD"))
}

func TestR78d_TermsOfADay(t *testing.T) {
	list := []CountryTerms{
		termsFrom("BR", "2026-05-01", 3, true, "NBD", "en"),
		termsFrom("BR", "2026-01-01", 1, true, "3BD", "pt-BR"),
		termsFrom("DE", "2026-01-01", 7, true, "2BD", "de"),
		termsFrom("BR", "2026-05-01", 2, false, "STANDARD"),
	}
	for on, want := range map[string]int{"2025-12-31": 0, "2026-01-01": 1, "2026-04-30": 1, "2026-05-01": 3, "2030-01-01": 3} {
		v, ok := TermsOn(list, "BR", day(t, on))
		require.Equal(t, want, v.Version, on)
		require.Equal(t, want != 0, ok, on)
	}
	_, ok := TermsOn(list, "US", day(t, "2026-05-01"))
	require.False(t, ok)
	require.Equal(t, 3, list[0].Version, "the list keeps its order")
}

func TestR78e_TermsDiffer(t *testing.T) {
	a := termsFrom("BR", "2026-01-01", 1, true, "NBD", "pt-BR", "en")
	for _, c := range []struct {
		b    CountryTerms
		want bool
	}{
		{termsFrom("DE", "2025-01-01", 9, true, "NBD", "en", "pt-BR"), false},
		{termsFrom("BR", "2026-01-01", 1, false, "NBD", "pt-BR", "en"), true},
		{termsFrom("BR", "2026-01-01", 1, true, "2BD", "pt-BR", "en"), true},
		{termsFrom("BR", "2026-01-01", 1, true, "NBD", "pt-BR"), true},
		{termsFrom("BR", "2026-01-01", 1, true, "NBD", "pt-BR", "de"), true},
	} {
		require.Equal(t, c.want, TermsDiffer(a, c.b))
		require.Equal(t, c.want, TermsDiffer(c.b, a))
	}
	require.Equal(t, []string{"pt-BR", "en"}, a.Languages, "comparing sorts no one's list")
}

func TestS31_BetterTerms(t *testing.T) {
	old := termsFrom("BR", "2026-01-01", 1, true, "2BD", "pt-BR")
	for _, c := range []struct {
		name string
		new  CountryTerms
		want CountryTerms
	}{
		{"worse", termsFrom("BR", "2026-02-01", 2, true, "5BD", "pt-BR"), old},
		{"no longer available", termsFrom("BR", "2026-02-01", 2, false, "NBD", "en"), old},
		{"faster", termsFrom("BR", "2026-02-01", 2, true, "NBD", "pt-BR"), termsFrom("BR", "2026-02-01", 2, true, "NBD", "pt-BR")},
		{"a language more", termsFrom("BR", "2026-02-01", 2, true, "2BD", "en"), termsFrom("BR", "2026-02-01", 2, true, "2BD", "en", "pt-BR")},
		{"mixed", termsFrom("BR", "2026-02-01", 2, true, "5BD", "en"), termsFrom("BR", "2026-02-01", 2, true, "2BD", "en", "pt-BR")},
		{"the same", termsFrom("BR", "2026-02-01", 2, true, "2BD", "pt-BR"), old},
	} {
		require.Equal(t, c.want, BetterTerms(old, c.new), c.name)
	}
	closed := termsFrom("BR", "2026-01-01", 1, false, "NBD", "pt-BR")
	opened := termsFrom("BR", "2026-02-01", 2, true, "5BD", "en")
	require.Equal(t, opened, BetterTerms(closed, opened), "what was not available cannot be kept")
}

func TestR78_PublishedTermsAreChecked(t *testing.T) {
	require.NoError(t, termsFrom("BR", "2026-01-01", 1, true, "3BD", "pt-BR", "en").Validate())
	require.NoError(t, termsFrom("BR", "2026-01-01", 1, false, "STANDARD").Validate())
	err := CountryTerms{Country: "xx", RMASpeed: "fast", Available: true}.Validate()
	require.ErrorContains(t, err, ValidationFailed)
	var pointers []string
	for _, f := range err.(*Error).Fields {
		pointers = append(pointers, f.Pointer)
	}
	require.Equal(t, []string{"/country", "/version", "/effective_from", "/rma_speed", "/languages"}, pointers)
	err = CountryTerms{Country: "BR", Version: 1, EffectiveFrom: civil.Date{Year: 2026, Month: 1, Day: 1}, RMASpeed: "NBD", Languages: []string{"en", "Klingon"}}.Validate()
	require.Equal(t, "/languages/1", err.(*Error).Fields[0].Pointer)
}

func TestR78b_R78e_TermsForAssignment(t *testing.T) {
	list := []CountryTerms{
		termsFrom("BR", "2026-01-01", 1, true, "NBD", "pt-BR"),
		termsFrom("PT", "2026-01-01", 1, true, "NBD", "pt-BR"),
		termsFrom("DE", "2026-01-01", 4, true, "3BD", "de"),
		termsFrom("DE", "2026-06-01", 5, true, "2BD", "de"),
		termsFrom("CU", "2026-01-01", 2, false, "STANDARD"),
	}
	for _, c := range []struct {
		home, room, on string
		acknowledged   int
		code           string
	}{
		{"BR", "BR", "2026-02-01", 0, ""},
		{"BR", "PT", "2026-02-01", 0, ""}, // the same terms
		{"BR", "DE", "2026-02-01", 0, TermsAckRequired},
		{"BR", "DE", "2026-02-01", 4, ""},
		{"BR", "DE", "2026-06-01", 4, TermsAckRequired}, // an old version
		{"BR", "DE", "2026-06-01", 5, ""},
		{"DE", "DE", "2026-02-01", 0, ""},
		{"BR", "CU", "2026-02-01", 2, CountryNotSupported},
		{"BR", "FR", "2026-02-01", 1, CountryNotSupported}, // nothing published
		{"BR", "DE", "2025-12-31", 4, CountryNotSupported},
		{"FR", "DE", "2026-02-01", 0, TermsAckRequired}, // nothing to compare with
		{"CU", "DE", "2026-02-01", 0, TermsAckRequired},
	} {
		terms, err := TermsForAssignment(list, c.home, c.room, day(t, c.on), c.acknowledged)
		require.Equal(t, c.code, CodeOf(err), "%s to %s on %s", c.home, c.room, c.on)
		require.Equal(t, c.code == "", terms.Country == c.room)
	}
}
