package rules_test

import (
	"slices"
	"testing"
	"time"

	"cloud.google.com/go/civil"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"roomcover.dev/roomcover/rules"
)

func TestS58_WeeksAreWholeAndMeet(t *testing.T) {
	zones := []string{"UTC", "America/Sao_Paulo", "Europe/Berlin", "Pacific/Apia", "Asia/Kathmandu"}
	rapid.Check(t, func(t *rapid.T) {
		zone, err := time.LoadLocation(rapid.SampledFrom(zones).Draw(t, "zone"))
		require.NoError(t, err)
		first := civil.Date{Year: 2011, Month: time.December, Day: 1}.
			AddDays(rapid.IntRange(0, 6000).Draw(t, "first"))
		last := first.AddDays(rapid.IntRange(0, 400).Draw(t, "days"))

		weeks := rules.WholeWeeks(first, last, zone)
		require.NotEmpty(t, weeks)
		require.False(t, weeks[0].Monday.After(first))
		require.False(t, weeks[len(weeks)-1].Sunday.Before(last))
		require.Less(t, first.DaysSince(weeks[0].Monday), 7)
		require.Less(t, weeks[len(weeks)-1].Sunday.DaysSince(last), 7)
		for i, w := range weeks {
			require.Equal(t, time.Monday, w.Monday.In(time.UTC).Weekday())
			require.Equal(t, rules.StartOfDay(w.Monday, zone), w.Start)
			require.Equal(t, 6, w.Sunday.DaysSince(w.Monday))
			if i > 0 {
				require.Equal(t, weeks[i-1].End, w.Start)
			}
		}
	})
	require.Empty(t, rules.WholeWeeks(civil.Date{Year: 2026, Month: 11, Day: 2},
		civil.Date{Year: 2026, Month: 11, Day: 1}, time.UTC))
}

// A week in which the clock is changed lasts as long as it does.
func TestS58_AWeekHasAnHourMoreOrLessWhereTheClockIsChanged(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	require.NoError(t, err)
	hours := func(day civil.Date) float64 {
		w := rules.WholeWeeks(day, day, berlin)[0]
		return w.End.Sub(w.Start).Hours()
	}
	require.EqualValues(t, 167, hours(civil.Date{Year: 2026, Month: time.March, Day: 29}))
	require.EqualValues(t, 169, hours(civil.Date{Year: 2026, Month: time.October, Day: 25}))
	require.EqualValues(t, 168, hours(civil.Date{Year: 2026, Month: time.October, Day: 26}))
}

func TestS58_APercentileIsOneOfTheValues(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		values := rapid.SliceOfN(rapid.IntRange(0, 50), 1, 60).Draw(t, "values")
		percent := rapid.Int64Range(1, 100).Draw(t, "percent")
		slices.Sort(values)

		p := values[rules.PercentileRank(int64(len(values)), percent)-1]
		within := func(limit int) (n int) {
			for _, v := range values {
				if v <= limit {
					n++
				}
			}
			return n
		}
		require.GreaterOrEqual(t, within(p)*100, len(values)*int(percent))
		require.Less(t, within(p-1)*100, len(values)*int(percent), "no smaller one does")
	})
	require.EqualValues(t, 1, rules.PercentileRank(1, 50))
	require.EqualValues(t, 9, rules.PercentileRank(10, 90))
	require.Zero(t, rules.PercentileRank(0, 90))
}
