package catalogue

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/calendar"
	"roomcover.dev/roomcover/rules/testday"
)

func TestS31_KeptTermsNeverGetWorse(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var list []CountryTerms
		for v := range rapid.IntRange(1, 6).Draw(t, "versions") {
			list = append(list, CountryTerms{"BR", v + 1, testday.Day(t, "2026-01-01").
				AddDays(rapid.IntRange(0, 60).Draw(t, "from")), rapid.Bool().Draw(t, "available"),
				rapid.SampledFrom([]calendar.RMASpeed{"NBD", "2BD", "STANDARD"}).Draw(t, "speed"), []string{
					rapid.SampledFrom([]string{"en", "de"}).Draw(t, "language"),
				}})
		}
		assigned := testday.Day(t, "2026-01-01").AddDays(rapid.IntRange(-5, 60).Draw(t, "assigned"))
		var before CountryTerms
		for n := range 70 {
			now, ok := TermsKept(list, "BR", nil, assigned, assigned.AddDays(n))
			if before.Available {
				require.True(t, ok && now.Available)
				require.False(t, before.RMASpeed.FasterThan(now.RMASpeed))
				require.Subset(t, now.Languages, before.Languages)
			}
			first, ok := AvailableFrom(list, "BR", nil, assigned)
			require.Equal(t, ok && !assigned.AddDays(n).Before(first), now.Available)
			before = now
		}
	})
}

func TestR78_DefaultTermsOfEveryCountry(t *testing.T) {
	list := DefaultCountryTerms()
	require.Len(t, list, len(rules.Countries()))
	own := map[string]int{}
	for i, c := range list {
		require.Equal(t, rules.Countries()[i], c.Country)
		require.NoError(t, c.Validate(), c.Country)
		own[string(c.RMASpeed)]++
		require.Equal(t, c.RMASpeed == calendar.SpeedStandard, !c.Available, c.Country)
	}
	require.Equal(t, map[string]int{"STANDARD": 9, "3BD": 10, "5BD": 25, "NBD": len(list) - 44}, own)
	for _, row := range rules.TableRows(defaultTerms) {
		require.True(t, row[0] == "*" || rules.ValidCountry(row[0]), row)
		require.Contains(t, []string{"true", "false"}, row[1], row)
	}
	from := func(country string) CountryTerms {
		terms, ok := TermsOn(list, country, testday.Day(t, "2026-01-01"))
		require.True(t, ok)
		return terms
	}
	require.False(t, TermsDiffer(from("BR"), from("DE")), "no acknowledgement between the big markets")
	require.False(t, from("CU").Available)
	require.Equal(t, calendar.RMASpeed("5BD"), from("FK").RMASpeed)
}
