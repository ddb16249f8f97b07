package api

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"cloud.google.com/go/civil"
	"github.com/danielgtaylor/huma/v2"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/program"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/calendar"
	"roomcover.dev/roomcover/rules/catalogue"
)

// countryHandlers answer what is asked about country terms and supported products.
type countryHandlers struct {
	db       *db.DB
	programs *program.Programs
}

func (h countryHandlers) routes(api huma.API) {
	public := route{Tag: "Countries", Public: true}
	write := route{
		Tag:          "Countries",
		Scope:        CatalogueWrite,
		Capability:   rules.ManageCatalogue,
		OperatorOnly: true,
	}

	sell := route{
		Tag:        "Countries",
		Scope:      CatalogueRead,
		Capability: rules.ViewAccount,
		Everyone:   true,
	}

	mount(api, public.get("list-countries", "/v1/countries",
		"The terms of every country, with their versions and changes"), h.listCountries)
	mountJSON(api, write.post("publish-terms", "/v1/countries/{country}/terms",
		"Publish the next version of a country's terms").
		answers(http.StatusCreated).idempotent(), h.publishTerms)
	mount(api, sell.get("list-models", "/v1/models",
		"List the supported products with their effective dates"), h.listModels)
	mountJSON(api, write.put("put-model", "/v1/models/{code}",
		"Add or change a version of a supported product"), h.putModel)
}

// TermsView is one version of a country's terms.
type TermsView struct {
	Country       string            `json:"country"`
	Version       int               `json:"version"`
	EffectiveFrom string            `json:"effective_from" format:"date"`
	Available     bool              `json:"available"`
	RMASpeed      calendar.RMASpeed `json:"rma_speed" doc:"NBD, STANDARD or business days such as 3BD"`
	Languages     []string          `json:"languages" nullable:"false"`
	Note          string            `json:"note,omitempty" doc:"What changed"`
	PublishedAt   time.Time         `json:"published_at"`
}

func termsView(v program.CountryTermsVersion) TermsView {
	return TermsView{
		Country:       v.Country,
		Version:       v.Version,
		EffectiveFrom: v.EffectiveFrom,
		Available:     v.Available,
		RMASpeed:      v.RMASpeed,
		Languages:     append([]string{}, v.Languages...),
		Note:          v.Note,
		PublishedAt:   v.PublishedAt,
	}
}

// TermsRequest is the next version of a country's terms.
type TermsRequest struct {
	EffectiveFrom string            `json:"effective_from" format:"date" doc:"Today or later"`
	Available     *bool             `json:"available" nullable:"false" doc:"Required: false ends the service in the country"`
	RMASpeed      calendar.RMASpeed `json:"rma_speed"`
	Languages     []string          `json:"languages,omitempty" nullable:"false"`
	Note          string            `json:"note" doc:"What changes; shown in the public change log"`
}

type countryInput struct {
	Country string `path:"country" maxLength:"2" doc:"ISO 3166, two letters"`
}

func (h countryHandlers) publishTerms(
	ctx context.Context, in *countryInput, r TermsRequest,
) (*one[TermsView], error) {
	t := catalogue.CountryTerms{
		Country:   in.Country,
		Available: r.Available != nil && *r.Available,
		RMASpeed:  r.RMASpeed,
		Languages: r.Languages,
	}

	t.EffectiveFrom, _ = civil.ParseDate(r.EffectiveFrom) // the zero date is refused below
	var f fieldCheck
	f.fail(r.Available == nil, "/available", rules.Required, "This field is missing.",
		"Send true or false.")
	f.fail(r.Note == "", "/note", rules.Required, "This field is missing or empty.", "Fill it in.")
	f.fail(len(r.Note) > 500, "/note", rules.TooLong, "The text has more than 500 octets.",
		"Shorten it.")
	if err := rules.Invalid(f.fields); err != nil {
		return nil, err
	}

	v, err := h.programs.PublishTerms(ctx, t, r.Note)
	return single(v, err, termsView)
}

// ModelRequest is a version of a supported product.
type ModelRequest struct {
	Name                  string              `json:"name"`
	Kind                  catalogue.ModelKind `json:"kind" enum:"HARDWARE,ACCESSORY,SOFTWARE,BUNDLE"`
	Serialised            bool                `json:"serialised,omitempty"`
	StandardWarrantyYears int                 `json:"standard_warranty_years,omitempty" minimum:"0" maximum:"10"`
	Platform              rules.Platform      `json:"platform,omitempty" enum:"MTR_WINDOWS,MTR_ANDROID,ZOOM_PC,ZOOM_APPLIANCE,OTHER"`
	Components            []ModelPartRequest  `json:"components,omitempty" nullable:"false" doc:"Of a bundle"`
	EffectiveFrom         string              `json:"effective_from,omitempty" format:"date"`
	EffectiveTo           string              `json:"effective_to,omitempty" format:"date" doc:"Exclusive"`
}

// ModelPartRequest is one sort of part of a bundle.
type ModelPartRequest struct {
	Code     string `json:"code"`
	Quantity int    `json:"quantity"`
}

// ModelView is a version of a supported product.
type ModelView struct {
	Code string `json:"code"`
	ModelRequest
}

func modelView(m catalogue.ProductModel) ModelView {
	r := ModelRequest{
		Name:                  m.Name,
		Kind:                  m.Kind,
		Serialised:            m.Serialised,
		StandardWarrantyYears: m.StandardWarrantyYears,
		Platform:              m.Platform,
	}

	for _, c := range m.Components {
		r.Components = append(r.Components, ModelPartRequest{c.Code, c.Quantity})
	}
	if m.EffectiveFrom != nil {
		r.EffectiveFrom = m.EffectiveFrom.String()
	}
	if m.EffectiveTo != nil {
		r.EffectiveTo = m.EffectiveTo.String()
	}

	return ModelView{m.Code, r}
}

func (h countryHandlers) listModels(ctx context.Context, _ *struct{}) (*pageOf[ModelView], error) {
	all, err := h.programs.ListModels(ctx)
	return listed(all, "", err, modelView)
}

type modelInput struct {
	Code string `path:"code" maxLength:"64" doc:"Code of the model"`
}

func (h countryHandlers) putModel(
	ctx context.Context, in *modelInput, r ModelRequest,
) (*one[ModelView], error) {
	var f fieldCheck
	f.dates("/effective_from", r.EffectiveFrom, "/effective_to", r.EffectiveTo)
	if err := rules.Invalid(f.fields); err != nil {
		return nil, err
	}

	m := catalogue.ProductModel{
		Code:                  in.Code,
		Name:                  r.Name,
		Kind:                  r.Kind,
		Serialised:            r.Serialised,
		StandardWarrantyYears: r.StandardWarrantyYears,
		Platform:              r.Platform,
		EffectiveFrom:         dateOf(r.EffectiveFrom),
		EffectiveTo:           dateOf(r.EffectiveTo),
	}

	for _, c := range r.Components {
		m.Components = append(m.Components, catalogue.Component{Code: c.Code, Quantity: c.Quantity})
	}

	m, err := h.programs.PutModel(ctx, m)
	return single(m, err, modelView)
}

func dateOf(text string) *civil.Date {
	d, err := civil.ParseDate(text)
	if err != nil {
		return nil
	}
	return &d
}

// CountriesView is what the public page shows.
type CountriesView struct {
	Version   int         `json:"version" doc:"Grows by one with every change of any country's terms"`
	Countries []TermsView `json:"countries" nullable:"false" doc:"The version of each country that counts today, in UTC"`
	Changes   []TermsView `json:"changes" nullable:"false" doc:"Every version after a country's first, newest first"`
}

// countriesInput names the version of the page that the caller has.
type countriesInput struct {
	IfNoneMatch string `header:"If-None-Match" doc:"The ETag of the page that you have; answered 304 while it is the latest"`
}

type countriesOutput struct {
	Status       int
	ETag         string `header:"ETag"`
	CacheControl string `header:"Cache-Control"`
	Body         CountriesView
}

func (h countryHandlers) listCountries(
	ctx context.Context, in *countriesInput,
) (*countriesOutput, error) {
	all, err := h.programs.ListCountryTerms(ctx)
	if err != nil {
		return nil, err
	}

	today := civil.DateOf(h.db.Clock().Now().UTC()).String()
	out := &countriesOutput{
		Status:       http.StatusOK,
		CacheControl: "public, max-age=300",
		Body:         publishedTerms(all, today),
	}

	// A day can bring a version into force without any change.
	out.ETag = fmt.Sprintf(`"%d-%s"`, out.Body.Version, today)
	if etagListed(in.IfNoneMatch, out.ETag) {
		out.Status = http.StatusNotModified
	}

	return out, nil
}

// etagListed reports whether If-None-Match names the tag. It is compared weakly, as a
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
func publishedTerms(all []program.CountryTermsVersion, today string) CountriesView {
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
		return cmp.Or(b.PublishedAt.Compare(a.PublishedAt), cmp.Compare(a.Country, b.Country),
			cmp.Compare(b.Version, a.Version))
	})

	return out
}
