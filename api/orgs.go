package api

import (
	"context"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"roomcover.dev/roomcover/models/account"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/operations"
	"roomcover.dev/roomcover/rules"
)

// orgHandlers answer what is asked about organisations.
type orgHandlers struct {
	db         *db.DB
	accounts   *account.Accounts
	operations *operations.Operations
}

func (h orgHandlers) routes(api huma.API) {
	read := route{
		Tag:          "Organisations",
		Scope:        CatalogueRead,
		Capability:   rules.ViewProcesses,
		OperatorOnly: true,
	}

	write := route{
		Tag:          "Organisations",
		Scope:        CatalogueWrite,
		Capability:   rules.ManageCatalogue,
		OperatorOnly: true,
	}

	mount(api, read.get("list-orgs", "/v1/orgs", "List organisations"), h.listOrgs)
	mount(api, read.get("get-org", "/v1/orgs/{id}", "Read an organisation").refuses(404), h.getOrg)
	mountJSON(api, write.put("put-org", "/v1/orgs", "Add an organisation that sells, or change it"),
		h.putOrg)
	mountJSON(api, write.post("merge-parent", "/v1/orgs/{id}/merge",
		"Merge a customer's parent into another").
		idempotent().refuses(404, 409), h.mergeParent)

	mountJSON(api, write.post("split-parent", "/v1/orgs/{id}/split",
		"Move accounts of a customer's parent to another").
		idempotent().refuses(404, 409), h.splitParent)
}

// OrgRequest is an organisation that sells or serves.
type OrgRequest struct {
	Kind            account.OrgKind `json:"kind" enum:"RESELLER,DISTRIBUTOR,PARTNER"`
	Name            string          `json:"name"`
	AuthorisedFrom  string          `json:"authorised_from,omitempty" doc:"YYYY-MM-DD; missing: not authorised"`
	AuthorisedUntil string          `json:"authorised_until,omitempty" doc:"Exclusive; missing: without end"`
	Suspended       bool            `json:"suspended,omitempty"`
}

// OrgView is an organisation.
type OrgView struct {
	ID              string          `json:"id"`
	Kind            account.OrgKind `json:"kind"`
	Name            string          `json:"name"`
	AuthorisedFrom  string          `json:"authorised_from,omitempty"`
	AuthorisedUntil string          `json:"authorised_until,omitempty"`
	Suspended       bool            `json:"suspended"`
	Authorised      bool            `json:"authorised" doc:"Today"`
	MergedInto      string          `json:"merged_into,omitempty" doc:"Of a customer's parent: the one that took over (S27)"`
	CreatedAt       time.Time       `json:"created_at"`
}

func (h orgHandlers) orgView(o account.Org) OrgView {
	return OrgView{
		ID:              o.ID,
		Kind:            o.Kind,
		Name:            o.Name,
		AuthorisedFrom:  o.AuthorisedFrom,
		AuthorisedUntil: o.AuthorisedUntil,
		Suspended:       o.Suspended,
		Authorised:      o.Authorised(h.db.Clock().Now()),
		MergedInto:      text(o.MergedInto),
		CreatedAt:       o.CreatedAt,
	}
}

type listOrgsInput struct {
	ListInput
	Kind string `query:"kind" enum:"OPERATOR,CUSTOMER_PARENT,DISTRIBUTOR,RESELLER,PARTNER" doc:"Only this kind"`
}

func (h orgHandlers) listOrgs(ctx context.Context, in *listOrgsInput) (*pageOf[OrgView], error) {
	orgs, next, err := h.accounts.ListOrgs(ctx, account.OrgKind(in.Kind), in.page())
	return listed(orgs, next, err, h.orgView)
}

func (h orgHandlers) getOrg(ctx context.Context, in *IDInput) (*one[OrgView], error) {
	org, err := h.accounts.GetOrg(ctx, in.ID)
	return single(org, err, h.orgView)
}

func (h orgHandlers) putOrg(ctx context.Context, _ *struct{}, r OrgRequest) (*one[OrgView], error) {
	var f fieldCheck
	f.fail(r.Kind != account.OrgReseller && r.Kind != account.OrgDistributor &&
		r.Kind != account.OrgPartner, "/kind", "UNKNOWN_KIND",
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

	org, err := h.accounts.PutOrg(ctx, account.OrgChange(r))
	return single(org, err, h.orgView)
}

// MergeRequest names the parent that takes over.
type MergeRequest struct {
	Into   string `json:"into" doc:"The parent that stays"`
	Reason string `json:"reason" doc:"Required; goes into the audit of both"`
}

// SplitRequest names what moves where.
type SplitRequest struct {
	Name       string   `json:"name" doc:"Name of the parent that takes the accounts"`
	AccountIDs []string `json:"account_ids" nullable:"false" doc:"At most 1000"`
	Reason     string   `json:"reason" doc:"Required; goes into the audit of both"`
}

// ParentChangeView is what a merge or split did.
type ParentChangeView struct {
	From  SparesView `json:"from"`
	Into  SparesView `json:"into"`
	Moved []string   `json:"moved_account_ids" nullable:"false" doc:"Accounts that have another parent now"`
}

func parentChangeView(c operations.ParentChange) ParentChangeView {
	view := sparesView(true)
	return ParentChangeView{view(c.From), view(c.Into), append([]string{}, c.Moved...)}
}

func (h orgHandlers) mergeParent(
	ctx context.Context, in *IDInput, r MergeRequest,
) (*one[ParentChangeView], error) {
	c, err := h.operations.MergeParents(ctx, in.ID, r.Into, r.Reason)
	return single(c, err, parentChangeView)
}

func (h orgHandlers) splitParent(
	ctx context.Context, in *IDInput, r SplitRequest,
) (*one[ParentChangeView], error) {
	c, err := h.operations.SplitParent(ctx, in.ID, operations.SplitRequest{
		Name:       r.Name,
		AccountIDs: r.AccountIDs,
		Reason:     r.Reason,
	})
	return single(c, err, parentChangeView)
}
