package api

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"cloud.google.com/go/civil"

	"roomcover.dev/roomcover/models"
)

// CountriesView is what the public page shows.
type CountriesView struct {
	Version   int         `json:"version" doc:"Grows by one with every change of any country's terms"`
	Countries []TermsView `json:"countries" nullable:"false" doc:"The version of each country that counts today, in UTC"`
	Changes   []TermsView `json:"changes" nullable:"false" doc:"Every version after a country's first, newest first"`
}

// countriesInput tells which page the caller has.
type countriesInput struct {
	IfNoneMatch string `header:"If-None-Match" doc:"The ETag of the page that you have; answered 304 while it is the latest"`
}

type countriesOutput struct {
	Status       int
	ETag         string `header:"ETag"`
	CacheControl string `header:"Cache-Control"`
	Body         CountriesView
}

func (h countryHandlers) listCountries(ctx context.Context, in *countriesInput) (*countriesOutput, error) {
	all, err := h.store.ListCountryTerms(ctx)
	if err != nil {
		return nil, err
	}
	today := civil.DateOf(h.store.Clock().Now().UTC()).String()
	out := &countriesOutput{Status: http.StatusOK, CacheControl: "public, max-age=300", Body: publishedTerms(all, today)}
	// A day can bring a version into force without any change.
	out.ETag = fmt.Sprintf(`"%d-%s"`, out.Body.Version, today)
	if etagListed(in.IfNoneMatch, out.ETag) {
		out.Status = http.StatusNotModified
	}
	return out, nil
}

// etagListed tells whether If-None-Match names the tag. It is compared weakly, as a
// cache on the way may have marked it so (RFC 9110, 13.1.2).
func etagListed(header, tag string) bool {
	for one := range strings.SplitSeq(header, ",") {
		if one = strings.TrimSpace(one); one == "*" || strings.TrimPrefix(one, "W/") == tag {
			return true
		}
	}
	return false
}

// publishedTerms is the page of a day, from all versions by country and version.
func publishedTerms(all []models.CountryTermsVersion, today string) CountriesView {
	out := CountriesView{Version: 1, Countries: []TermsView{}, Changes: []TermsView{}}
	for _, v := range all {
		last := len(out.Countries) - 1
		switch {
		case v.EffectiveFrom > today:
		case last >= 0 && out.Countries[last].Country == v.Country:
			if v.EffectiveFrom >= out.Countries[last].EffectiveFrom {
				out.Countries[last] = termsView(v)
			}
		default:
			out.Countries = append(out.Countries, termsView(v))
		}
		if v.Version > 1 {
			out.Version++
			out.Changes = append(out.Changes, termsView(v))
		}
	}
	slices.SortStableFunc(out.Changes, func(a, b TermsView) int {
		return cmp.Or(b.PublishedAt.Compare(a.PublishedAt), cmp.Compare(a.Country, b.Country), cmp.Compare(b.Version, a.Version))
	})
	return out
}
