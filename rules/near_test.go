package rules

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestNearestNamesWhatSomebodyMayHaveMeant(t *testing.T) {
	names := []string{"RALLY-BAR", "RALLY-BAR-MINI", "RALLY", "MEETUP", "São Paulo", "TAP-IP"}
	for said, want := range map[string][]string{
		"RALY-BAR":       {"RALLY-BAR"},
		"rally-bra":      {"RALLY-BAR"},
		"RALLY-BAR-MNII": {"RALLY-BAR-MINI"},
		"meetpu":         {"MEETUP"},
		"sao paolo":      {"São Paulo"},
		"RALLY-B":        {"RALLY-BAR", "RALLY-BAR-MINI"},
		"rally":          {"RALLY", "RALLY-BAR", "RALLY-BAR-MINI"}, // the nearest first
		"TAP":            {"TAP-IP"},
		"SYNC":           {},
		"RB":             nil,
		"":               nil,
	} {
		require.Equal(t, want, Nearest(said, names), said)
	}
	require.Empty(t, Nearest("PROJECTOR", names))
}
