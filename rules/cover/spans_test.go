package cover

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"roomcover.dev/roomcover/rules"
)

func drawPeriods(t *rapid.T, name string) []rules.Period {
	var all []rules.Period
	for range rapid.IntRange(0, 6).Draw(t, name) {
		from := rapid.IntRange(0, 30).Draw(t, "from")
		all = append(all, rules.Period{
			Start: time.Unix(int64(from), 0),
			End:   time.Unix(int64(from+rapid.IntRange(-2, 8).Draw(t, "length")), 0),
		})
	}
	return all
}

func inAny(all []rules.Period, at time.Time) bool {
	for _, p := range all {
		if p.Contains(at) {
			return true
		}
	}
	return false
}

func TestC2_SpansAreSetsOfInstants(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p, q := drawPeriods(t, "p"), drawPeriods(t, "q")
		a, b := newSpans(p...), newSpans(q...)
		for _, s := range []spans{a, b, a.and(b), a.or(b), a.without(b)} {
			for i := range s {
				require.True(t, s[i].Start.Before(s[i].End))
				require.True(t, i == 0 || s[i-1].End.Before(s[i].Start), "in order, apart")
			}
		}
		for n := range 40 {
			at := time.Unix(int64(n), 0)
			inP, inQ := inAny(p, at), inAny(q, at)
			require.Equal(t, inP, a.contains(at))
			require.Equal(t, inP && inQ, a.and(b).contains(at))
			require.Equal(t, inP || inQ, a.or(b).contains(at))
			require.Equal(t, inP && !inQ, a.without(b).contains(at))
			if end, ok := a.until(at); ok {
				require.False(t, a.contains(end))
				require.True(t, a.contains(end.Add(-1)))
			}
		}
	})
}
