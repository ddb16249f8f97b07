package spare

import (
	"cmp"
	"fmt"
	"slices"
)

// AidReason says why a spare of a model belongs to a site (R84).
type AidReason string

// The three criteria of R84. Each gives 0 to 100 points, and they weigh the same
// (ours): the FAQ names them without an order.
const (
	// 100 for the model that the parent has most of, others in proportion
	AidDeployed AidReason = "COMMONLY_DEPLOYED"
	// 100 for the most critical rooms of one model at one site, others in proportion
	AidCritical  AidReason = "CRITICAL_ROOMS"
	AidUncertain AidReason = "COURIER_UNRELIABLE" // 100 for a site whose courier is unreliable
)

// AidDeployment is how much of a model stands at a known site of a customer's parent.
type AidDeployment struct {
	Model    string // code
	SiteID   string // empty: the rooms name no known site, so nothing can be sent there (S25)
	Units    int    // in rooms
	Critical int    // rooms without an alternative that have the model
}

// AidPart is one reason with its points.
type AidPart struct {
	Reason AidReason
	Points int
	Text   string // English, for a CSM
}

// AidSuggestion is a model and a site for a spare, with what speaks for it.
type AidSuggestion struct {
	Model  string
	SiteID string
	Units  int // of the model at the site
	Score  int // the sum of the parts
	Parts  []AidPart
}

// AidModel is a model with how many of it the parent has deployed.
type AidModel struct {
	Model string
	Units int
}

// DeployedModels ranks the models of a parent by how many stand in its rooms, the
// commonest first; those that are not supported are left out (R88b).
func DeployedModels(all []AidDeployment, supported func(code string) bool) []AidModel {
	units := map[string]int{}
	for _, d := range all {
		if d.Units > 0 && supported(d.Model) {
			units[d.Model] += d.Units
		}
	}

	out := make([]AidModel, 0, len(units))
	for model, n := range units {
		out = append(out, AidModel{model, n})
	}

	slices.SortFunc(out, func(a, b AidModel) int {
		return cmp.Or(cmp.Compare(b.Units, a.Units), cmp.Compare(a.Model, b.Model))
	})
	return out
}

// SuggestSpares ranks models and sites for a parent's spares by the criteria of R84,
// the best first; of equals, the one with more units at the site. Only what is deployed
// at a known site and supported is suggested (R88b, S25). unreliable reports whether a
// site's courier is.
func SuggestSpares(
	all []AidDeployment, supported func(code string) bool, unreliable func(siteID string) bool,
) []AidSuggestion {
	models := DeployedModels(all, supported)
	deployed := map[string]int{}
	for _, m := range models {
		deployed[m.Model] = m.Units
	}

	critical := 0
	for _, d := range all {
		if d.SiteID != "" && deployed[d.Model] > 0 {
			critical = max(critical, d.Critical)
		}
	}

	out := []AidSuggestion{}
	for _, d := range all {
		if d.SiteID == "" || d.Units == 0 || deployed[d.Model] == 0 {
			continue
		}

		s := AidSuggestion{Model: d.Model, SiteID: d.SiteID, Units: d.Units}
		s.add(AidDeployed, 100*deployed[d.Model]/models[0].Units, fmt.Sprintf(
			"%s in rooms of this customer.", counted(deployed[d.Model], "unit", "units"),
		))

		if d.Critical > 0 {
			s.add(AidCritical, 100*d.Critical/critical, fmt.Sprintf(
				"%s without an alternative at this site.", counted(d.Critical, "room", "rooms"),
			))
		}

		if unreliable(d.SiteID) {
			s.add(AidUncertain, 100, "The courier is unreliable at this site.")
		}

		out = append(out, s)
	}

	slices.SortFunc(out, func(a, b AidSuggestion) int {
		return cmp.Or(cmp.Compare(b.Score, a.Score), cmp.Compare(b.Units, a.Units),
			cmp.Compare(a.Model, b.Model), cmp.Compare(a.SiteID, b.SiteID))
	})

	return out
}

func (s *AidSuggestion) add(reason AidReason, points int, text string) {
	s.Parts = append(s.Parts, AidPart{Reason: reason, Points: points, Text: text})
	s.Score += points
}

func counted(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
