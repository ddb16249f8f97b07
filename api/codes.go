package api

import (
	"cmp"
	_ "embed"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
)

// codesFile explains every code that the service answers with.
//
//go:embed errors.json
var codesFile []byte

// Code is a stable code of an answer, explained.
type Code struct {
	Code string `json:"code"`
	// Of says where the code stands: in the answer's own code (refusal), in an entry of
	// its errors (field) or warnings (warning), in review_reasons (review), or on a page
	// of the portal alone (portal).
	Of    string `json:"of"`
	Means string `json:"means"`
	Do    string `json:"do"`
}

// Statuses returns the HTTP status of every code of a refusal.
func Statuses() map[string]int { return maps.Clone(statuses) }

// codeView is a code on the reference page.
type codeView struct {
	Code
	Anchor, Title string
	Status        int
}

// codesOf returns the codes that stand in one place, in the order of their status.
func codesOf(place string) ([]codeView, error) {
	var explained []Code
	if err := json.Unmarshal(codesFile, &explained); err != nil {
		return nil, fmt.Errorf("errors.json: %w", err)
	}

	var out []codeView
	for _, c := range explained {
		if c.Of == place {
			out = append(out, codeView{
				Code:   c,
				Anchor: anchor(c.Code),
				Title:  http.StatusText(statuses[c.Code]),
				Status: statuses[c.Code],
			})
		}
	}

	slices.SortStableFunc(out, func(a, b codeView) int { return cmp.Compare(a.Status, b.Status) })
	return out, nil
}
