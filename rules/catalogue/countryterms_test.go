package catalogue_test

import (
	"testing"

	"cloud.google.com/go/civil"
	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/calendar"
	"roomcover.dev/roomcover/rules/catalogue"
	"roomcover.dev/roomcover/rules/cataloguetest"
	"roomcover.dev/roomcover/rules/testday"
)

func TestR78c_Speeds(t *testing.T) {
	for _, c := range []struct {
		speed calendar.RMASpeed
		days  int
		valid bool
	}{{
		"NBD", 1, true,
	}, {"1BD", 1, true}, {"3BD", 3, true}, {"10BD", 10, true}, {"99BD", 99, true}, {"STANDARD", 0, true},
		{"", 0, false}, {
			"0BD", 0, false,
		}, {"03BD", 0, false}, {"100BD", 0, false}, {"3bd", 0, false}, {"BD", 0, false}, {"-1BD", 0, false}} {
		days, ok := c.speed.BusinessDays()
		require.Equal(t, c.days, days, c.speed)
		require.Equal(t, c.days > 0, ok, c.speed)
		require.Equal(t, c.valid, c.speed.Valid(), c.speed)
	}
	ordered := []calendar.RMASpeed{"NBD", "2BD", "3BD", "10BD", "STANDARD"}
	for i, a := range ordered {
		for j, b := range ordered {
			require.Equal(t, i < j, a.FasterThan(b), "%s %s", a, b)
		}
	}
	require.False(t, calendar.RMASpeed("1BD").FasterThan("NBD"))
	require.False(t, calendar.RMASpeed("").FasterThan("STANDARD"))
}

func TestR78d_TermsOfADay(t *testing.T) {
	list := []catalogue.CountryTerms{
		cataloguetest.TermsFrom("BR", "2026-05-01", 3, true, "NBD", "en"),
		cataloguetest.TermsFrom("BR", "2026-01-01", 1, true, "3BD", "pt-BR"),
		cataloguetest.TermsFrom("DE", "2026-01-01", 7, true, "2BD", "de"),
		cataloguetest.TermsFrom("BR", "2026-05-01", 2, false, "STANDARD"),
	}
	for on, want := range map[string]int{
		"2025-12-31": 0,
		"2026-01-01": 1,
		"2026-04-30": 1,
		"2026-05-01": 3,
		"2030-01-01": 3,
	} {
		v, ok := catalogue.TermsOn(list, "BR", testday.Day(t, on))
		require.Equal(t, want, v.Version, on)
		require.Equal(t, want != 0, ok, on)
	}
	_, ok := catalogue.TermsOn(list, "US", testday.Day(t, "2026-05-01"))
	require.False(t, ok)
	require.Equal(t, 3, list[0].Version, "the list keeps its order")
}

func TestR78e_TermsDiffer(t *testing.T) {
	a := cataloguetest.TermsFrom("BR", "2026-01-01", 1, true, "NBD", "pt-BR", "en")
	for _, c := range []struct {
		b    catalogue.CountryTerms
		want bool
	}{
		{cataloguetest.TermsFrom("DE", "2025-01-01", 9, true, "NBD", "en", "pt-BR"), false},
		{cataloguetest.TermsFrom("BR", "2026-01-01", 1, false, "NBD", "pt-BR", "en"), true},
		{cataloguetest.TermsFrom("BR", "2026-01-01", 1, true, "2BD", "pt-BR", "en"), true},
		{cataloguetest.TermsFrom("BR", "2026-01-01", 1, true, "NBD", "pt-BR"), true},
		{cataloguetest.TermsFrom("BR", "2026-01-01", 1, true, "NBD", "pt-BR", "de"), true},
	} {
		require.Equal(t, c.want, catalogue.TermsDiffer(a, c.b))
		require.Equal(t, c.want, catalogue.TermsDiffer(c.b, a))
	}
	require.Equal(t, []string{"pt-BR", "en"}, a.Languages, "comparing sorts no one's list")
}

func TestS31_BetterTerms(t *testing.T) {
	old := cataloguetest.TermsFrom("BR", "2026-01-01", 1, true, "2BD", "pt-BR")
	for _, c := range []struct {
		name string
		new  catalogue.CountryTerms
		want catalogue.CountryTerms
	}{
		{"worse", cataloguetest.TermsFrom("BR", "2026-02-01", 2, true, "5BD", "pt-BR"), old},
		{"no longer available", cataloguetest.TermsFrom("BR", "2026-02-01", 2, false, "NBD", "en"), old},
		{"faster", cataloguetest.TermsFrom("BR", "2026-02-01", 2, true, "NBD", "pt-BR"), cataloguetest.TermsFrom("BR",
			"2026-02-01", 2, true, "NBD", "pt-BR")},
		{"a language more", cataloguetest.TermsFrom("BR", "2026-02-01", 2, true, "2BD",
			"en"), cataloguetest.TermsFrom("BR", "2026-02-01", 2, true, "2BD", "en", "pt-BR")},
		{"mixed", cataloguetest.TermsFrom("BR", "2026-02-01", 2, true, "5BD", "en"), cataloguetest.TermsFrom("BR",
			"2026-02-01", 2, true, "2BD", "en", "pt-BR")},
		{"the same", cataloguetest.TermsFrom("BR", "2026-02-01", 2, true, "2BD", "pt-BR"), old},
	} {
		require.Equal(t, c.want, catalogue.BetterTerms(old, c.new), c.name)
	}
	closed := cataloguetest.TermsFrom("BR", "2026-01-01", 1, false, "NBD", "pt-BR")
	opened := cataloguetest.TermsFrom("BR", "2026-02-01", 2, true, "5BD", "en")
	require.Equal(t, opened, catalogue.BetterTerms(closed, opened), "what was not available cannot be kept")
}

func TestR78_PublishedTermsAreChecked(t *testing.T) {
	require.NoError(t, cataloguetest.TermsFrom("BR", "2026-01-01", 1, true, "3BD", "pt-BR", "en").Validate())
	require.NoError(t, cataloguetest.TermsFrom("BR", "2026-01-01", 1, false, "STANDARD").Validate())
	err := catalogue.CountryTerms{Country: "xx", RMASpeed: "fast", Available: true}.Validate()
	require.ErrorContains(t, err, rules.ValidationFailed)
	var pointers []string
	for _, f := range err.(*rules.Error).Fields {
		pointers = append(pointers, f.Pointer)
	}
	require.Equal(t, []string{"/country", "/version", "/effective_from", "/rma_speed", "/languages"}, pointers)
	err = catalogue.CountryTerms{
		Country:       "BR",
		Version:       1,
		EffectiveFrom: civil.Date{Year: 2026, Month: 1, Day: 1},
		RMASpeed:      "NBD",
		Languages:     []string{"en", "Klingon"},
	}.Validate()
	require.Equal(t, "/languages/1", err.(*rules.Error).Fields[0].Pointer)
}
