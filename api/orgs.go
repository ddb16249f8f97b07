package api

import (
	"context"
	"time"

	"roomcover.dev/roomcover/models"
	"roomcover.dev/roomcover/rules"
)

func (s *service) orgRoutes() {
	mount(s, route{ID: "list-orgs", Method: get, Path: "/v1/orgs", Tag: "Organisations", Summary: "List organisations",
		Scope: CatalogueRead, Capability: rules.ViewProcesses, OperatorOnly: true}, s.listOrgs)
	mount(s, route{ID: "get-org", Method: get, Path: "/v1/orgs/{id}", Tag: "Organisations", Summary: "Read an organisation",
		Scope: CatalogueRead, Capability: rules.ViewProcesses, OperatorOnly: true, Errors: []int{404}}, s.getOrg)
	mount(s, route{ID: "put-org", Method: put, Path: "/v1/orgs", Tag: "Organisations", Summary: "Add an organisation that sells, or change it",
		Description: "Kind and name say which. The dates of its authorisation and its suspension decide whether its orders go to review (R45a).",
		Scope:       CatalogueWrite, Capability: rules.ManageCatalogue, OperatorOnly: true, Body: OrgRequest{}}, s.putOrg)
}

// OrgRequest is an organisation that sells or serves.
type OrgRequest struct {
	Kind            models.OrgKind `json:"kind" enum:"RESELLER,DISTRIBUTOR,PARTNER"`
	Name            string         `json:"name"`
	AuthorisedFrom  string         `json:"authorised_from,omitempty" doc:"YYYY-MM-DD; missing: not authorised"`
	AuthorisedUntil string         `json:"authorised_until,omitempty" doc:"Exclusive; missing: without end"`
	Suspended       bool           `json:"suspended,omitempty"`
}

// OrgView is an organisation.
type OrgView struct {
	ID              string         `json:"id"`
	Kind            models.OrgKind `json:"kind"`
	Name            string         `json:"name"`
	AuthorisedFrom  string         `json:"authorised_from,omitempty"`
	AuthorisedUntil string         `json:"authorised_until,omitempty"`
	Suspended       bool           `json:"suspended"`
	Authorised      bool           `json:"authorised" doc:"Today"`
	MergedInto      string         `json:"merged_into,omitempty" doc:"Of a customer's parent: the one that took over (S27)"`
	CreatedAt       time.Time      `json:"created_at"`
}

func (s *service) orgView(o models.Org) OrgView {
	return OrgView{o.ID, o.Kind, o.Name, o.AuthorisedFrom, o.AuthorisedUntil, o.Suspended, o.Authorised(s.store.Clock().Now()), text(o.MergedInto), o.CreatedAt}
}

type listOrgsInput struct {
	ListInput
	Kind string `query:"kind" enum:"OPERATOR,CUSTOMER_PARENT,DISTRIBUTOR,RESELLER,PARTNER" doc:"Only this kind"`
}

func (s *service) listOrgs(ctx context.Context, in *listOrgsInput) (*pageOf[OrgView], error) {
	orgs, next, err := s.store.ListOrgs(ctx, models.OrgKind(in.Kind), in.page())
	return listed(orgs, next, err, s.orgView)
}

func (s *service) getOrg(ctx context.Context, in *IDInput) (*one[OrgView], error) {
	org, err := s.store.GetOrg(ctx, in.ID)
	return single(org, err, s.orgView)
}

func (s *service) putOrg(ctx context.Context, _ *struct{}) (*one[OrgView], error) {
	r, err := decode[OrgRequest](ctx)
	if err != nil {
		return nil, err
	}
	var f fieldCheck
	f.fail(r.Kind != models.OrgReseller && r.Kind != models.OrgDistributor && r.Kind != models.OrgPartner, "/kind", "UNKNOWN_KIND",
		"There is no such kind of organisation here.", "Send RESELLER, DISTRIBUTOR or PARTNER.")
	f.dates("/authorised_from", r.AuthorisedFrom, "/authorised_until", r.AuthorisedUntil)
	r.Name = f.party(r.Name, nil).Company
	for i, e := range f.fields {
		if e.Pointer == "/company" {
			f.fields[i].Pointer = "/name"
		}
	}
	if err := rules.Invalid(f.fields); err != nil {
		return nil, err
	}
	org, err := s.store.PutOrg(ctx, models.OrgChange(r))
	return single(org, err, s.orgView)
}
