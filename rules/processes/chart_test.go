package processes

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestChartsHoldTogether(t *testing.T) {
	charts := map[string]Chart{}
	for _, c := range Charts() {
		charts[c.Name] = c
		entered := map[string]bool{}
		for _, a := range c.Arrows {
			entered[a.To] = true
			require.Contains(t, c.States, a.To, c.Name)
			if a.From != "" {
				require.Contains(t, c.States, a.From, c.Name)
			}
		}
		for _, state := range c.States {
			require.True(t, entered[state], "no arrow leads to %s of %s", state, c.Name)
		}
	}
	for _, s := range Situations() {
		require.Contains(t, charts[s.Kind.Name()].States, s.State, s.Kind)
		require.True(t, KnownWait(s.WaitsFor))
	}
	require.False(t, KnownWait(WaitsForOperator), "a task is no process")
	for _, track := range []string{"outbound", "return"} {
		require.Equal(t, "rma", charts[track].Of)
	}
}

func TestS55_AChartMarksTheCurrentState(t *testing.T) {
	c := Chart{
		Name:   "lamp",
		States: []string{"OFF", "ON", "BROKEN"},
		Arrows: []Arrow{{"", "OFF"}, {"OFF", "ON"}, {"ON", "OFF"}, {"ON", "BROKEN"}},
	}
	require.Equal(t, `stateDiagram-v2
    [*] --> OFF
    OFF --> ON
    ON --> OFF
    ON --> BROKEN
    BROKEN --> [*]
`, c.Mermaid(""))
	require.Contains(t, c.Mermaid("ON"), "\n    class ON current\n")
}
