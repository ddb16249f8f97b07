package ticket

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// A breach that a pause had come at its end comes later once a reopening shows that the clock stood
// still for longer: it is noted once, for when it is.
func TestS41_AMarkIsOfTheInstantAtWhichItsClockHasIt(t *testing.T) {
	early := time.Date(2027, 1, 2, 15, 14, 0, 0, time.UTC)
	late := early.Add(15 * time.Hour)
	again := early.In(time.FixedZone("", 3600))
	for name, m := range map[string]struct {
		before, at *time.Time
		gone, new  int
	}{
		"comes":          {nil, &early, 0, 1},
		"stays":          {&early, &again, 0, 0},
		"comes later":    {&early, &late, 1, 1},
		"never happened": {&early, nil, 1, 0},
		"is none":        {nil, nil, 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			w := &change{}
			w.mark("clk_1", MarkBreach, m.before, m.at)
			require.Len(t, w.goneMarks, m.gone)
			require.Len(t, w.marks, m.new)
			for _, made := range w.marks {
				require.Equal(t, *m.at, made.At)
			}
		})
	}
}
