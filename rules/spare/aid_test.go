package spare

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestR84_SuggestionsAreRankedByTheThreeCriteria(t *testing.T) {
	for name, c := range map[string]struct {
		deployed   []AidDeployment
		unreliable string
		want       []string // model site score
	}{
		"nothing": {nil, "", []string{}},
		"commonest model first": {
			[]AidDeployment{{"TAP", "a", 2, 0}, {"BAR", "a", 10, 0}}, "", []string{"BAR a 100", "TAP a 20"},
		},
		"counted over all sites": {
			[]AidDeployment{{"TAP", "a", 6, 0}, {"BAR", "a", 4, 0}, {"BAR", "b", 4, 0}},
			"",
			[]string{"BAR a 100", "BAR b 100", "TAP a 75"},
		},
		"critical rooms": {[]AidDeployment{{"BAR", "a", 5, 0}, {"BAR", "b", 5, 2}, {"BAR", "c", 5, 4}}, "", []string{
			"BAR c 200", "BAR b 150", "BAR a 100",
		}},
		"unreliable courier": {
			[]AidDeployment{{"BAR", "a", 9, 0}, {"BAR", "b", 1, 0}}, "b", []string{"BAR b 200", "BAR a 100"},
		},
		"all three": {
			[]AidDeployment{{"BAR", "a", 9, 1}, {"TAP", "b", 3, 2}}, "b", []string{"TAP b 233", "BAR a 150"},
		},
		"equal: more units at the site": {
			[]AidDeployment{{"BAR", "a", 2, 0}, {"BAR", "b", 3, 0}}, "", []string{"BAR b 100", "BAR a 100"},
		},
		"equal: by name": {[]AidDeployment{{"TAP", "b", 2, 0}, {"TAP", "a", 2, 0}, {"BAR", "a", 2, 0}}, "", []string{
			"TAP a 100", "TAP b 100", "BAR a 50",
		}},
		"R88b: unsupported not at all": {
			[]AidDeployment{{"OLD", "a", 50, 9}, {"BAR", "a", 1, 1}}, "", []string{"BAR a 200"},
		},
		"R88b: not deployed not at all": {[]AidDeployment{{"BAR", "a", 0, 0}}, "a", []string{}},
		"S25: an unknown site counts on": {
			[]AidDeployment{{"BAR", "", 8, 3}, {"TAP", "a", 4, 0}}, "", []string{"TAP a 50"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			got := []string{}
			for _, s := range SuggestSpares(c.deployed, supportedButOld, func(id string) bool {
				return id == c.unreliable
			}) {
				got = append(got, fmt.Sprint(s.Model, " ", s.SiteID, " ", s.Score))
			}
			require.Equal(t, c.want, got)
		})
	}
}

func supportedButOld(code string) bool { return code != "OLD" }

func TestR84_EachSuggestionSaysWhy(t *testing.T) {
	all := []AidDeployment{{"BAR", "a", 9, 1}, {"TAP", "b", 3, 2}}
	got := SuggestSpares(all, supportedButOld, func(id string) bool { return id == "b" })
	require.Equal(t, AidSuggestion{"TAP", "b", 3, 233, []AidPart{
		{AidDeployed, 33, "3 units in rooms of this customer."},
		{AidCritical, 100, "2 rooms without an alternative at this site."},
		{AidUncertain, 100, "The courier is unreliable at this site."},
	}}, got[0])
	require.Equal(t, []AidPart{
		{AidDeployed, 100, "9 units in rooms of this customer."},
		{AidCritical, 50, "1 room without an alternative at this site."},
	}, got[1].Parts)
}

func TestR84_ModelsByHowManyAreDeployed(t *testing.T) {
	all := []AidDeployment{
		{"TAP", "a", 3, 0},
		{"BAR", "a", 2, 0},
		{"BAR", "", 2, 0},
		{"OLD", "a", 9, 0},
		{"CAM", "b", 3, 0},
		{"NIL", "b", 0, 0},
	}
	require.Equal(t, []AidModel{{"BAR", 4}, {"CAM", 3}, {"TAP", 3}}, DeployedModels(all, supportedButOld))
}

// Whatever is deployed, in whatever order it is read: the same ranking, each score
// the sum of its parts, no part above 100, and more of a criterion never ranks lower.
func TestR84_RankingHoldsForAnyDeployment(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		one := rapid.Custom(func(t *rapid.T) AidDeployment {
			return AidDeployment{
				rapid.SampledFrom([]string{"BAR", "TAP", "OLD"}).Draw(t, "model"),
				rapid.SampledFrom([]string{"", "a", "b", "c"}).Draw(t, "site"), rapid.IntRange(0, 20).Draw(t, "units"),
				rapid.IntRange(0, 5).Draw(t, "critical"),
			}
		})
		all := rapid.SliceOfNDistinct(one, 0, 12, func(d AidDeployment) string { return d.Model + d.SiteID }).Draw(
			t, "deployed",
		)
		unreliable := func(id string) bool { return id == "a" }
		got := SuggestSpares(all, supportedButOld, unreliable)
		require.Equal(t, got, SuggestSpares(rapid.Permutation(all).Draw(t, "order"), supportedButOld, unreliable))
		for i, s := range got {
			sum := 0
			for _, p := range s.Parts {
				require.True(t, p.Points >= 0 && p.Points <= 100, p)
				require.NotEmpty(t, p.Text)
				sum += p.Points
			}
			require.Equal(t, sum, s.Score)
			require.True(t, s.SiteID != "" && s.Model != "OLD" && s.Units > 0)
			require.True(t, i == 0 || got[i-1].Score >= s.Score)
		}
	})
}
