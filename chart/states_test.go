package chart_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/chart"
	"roomcover.dev/roomcover/messages"
	"roomcover.dev/roomcover/rules/processes"
)

// statesOf is the chart of a process, by the names that its states have in the rules.
func statesOf(c processes.Chart, now string) chart.States {
	drawn := chart.States{ID: c.Name, Title: "Where it <stands>", Description: "It is at " + now + "."}
	for _, state := range c.States {
		s := chart.State{Key: state, Name: state}
		if state == now {
			s.Phase = chart.Now
		}
		drawn.States = append(drawn.States, s)
	}
	for _, a := range c.Arrows {
		drawn.Arrows = append(drawn.Arrows, chart.Arrow{From: a.From, To: a.To})
	}
	return drawn
}

func TestS55_StatesAreDrawnAsBefore(t *testing.T) {
	for _, c := range processes.Charts() {
		now := c.States[min(2, len(c.States)-1)]
		svg, err := statesOf(c, now).SVG(messages.In("en"))
		require.NoError(t, err)
		requireWellFormed(t, string(svg))
		require.NotContains(t, svg, "style", "the pages' policy forbids it")
		require.NotContains(t, svg, "<stands>")

		file := filepath.Join("testdata", fmt.Sprintf("states.%s.svg", c.Name))
		if *update {
			require.NoError(t, os.WriteFile(file, []byte(svg), 0o600))
		}
		want, err := os.ReadFile(file)
		require.NoError(t, err)
		require.Equal(t, string(want), string(svg), file)
	}
}

// Each state has one box, the one where it is alone is marked, and each arrow has one line.
func TestS55_EveryStateAndEveryArrowIsDrawn(t *testing.T) {
	for _, c := range processes.Charts() {
		for _, now := range c.States {
			svg, err := statesOf(c, now).SVG(messages.In("en"))
			require.NoError(t, err)
			text := string(svg)
			require.Equal(t, len(c.States), strings.Count(text, `<g class="state`), c.Name)
			require.Equal(t, 1, strings.Count(text, `<g class="state now"`), c.Name)
			require.Contains(t, text[strings.Index(text, `<g class="state now"`):], ">"+now+"</text></g>")
			arrows, next := 0, 0
			for _, a := range c.Arrows {
				if a.From != "" {
					arrows++
				}
				if a.From == now {
					next++
				}
			}
			require.Equal(t, arrows, strings.Count(text, "marker-end="), c.Name)
			require.Equal(t, next, strings.Count(text, `class="arrow next"`), c.Name)
		}
	}
}
