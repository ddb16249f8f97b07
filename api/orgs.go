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

	mount(api, read.get("list-orgs", "/v1/orgs", "List organizations"), h.listOrgs)
	mount(api, read.get("get-org", "/v1/orgs/{id}", "Read an organization").refuses(404), h.getOrg)
	mountJSON(api, write.put("put-org", "/v1/orgs", "Add an organization that sells, or change it"),
		h.putOrg)
	mountJSON(api, write.put("change-org", "/v1/orgs/{id}",
		"Change an organization that sells, its name and country too").
		refuses(404), h.changeOrg)
	mountJSON(api, write.put("put-org-mail", "/v1/orgs/{id}/mail",
		"Record an organization's mail domains and its address for notices").
		refuses(404), h.putOrgMail)
	mountJSON(api, write.put("put-org-spellings", "/v1/orgs/{id}/spellings",
		"Record other names under which an organization is known").
		refuses(404), h.putOrgSpellings)
	mountJSON(api, write.put("relate-orgs", "/v1/orgs/{id}/resellers/{reseller_id}",
		"Record that a distributor orders in a reseller's name").
		refuses(404), h.relateOrgs)
	mountJSON(api, write.post("unrelate-orgs", "/v1/orgs/{id}/resellers/{reseller_id}/removal",
		"Record that a distributor no longer orders in a reseller's name").
		refuses(404), h.unrelateOrgs)
	mountJSON(api, write.post("merge-parent", "/v1/orgs/{id}/merge",
		"Merge a customer's parent into another").
		idempotent().refuses(404, 409), h.mergeParent)

	mountJSON(api, write.post("split-parent", "/v1/orgs/{id}/split",
		"Move accounts of a customer's parent to another").
		idempotent().refuses(404, 409), h.splitParent)
}

// OrgRequest is an organisation that sells or serves.
type OrgRequest struct {
	Kind            account.OrgKind `json:"kind" enum:"RESELLER,DISTRIBUTOR,PARTNER" doc:"What kind of organization it is"`
	Name            string          `json:"name" doc:"Full name, with the legal form: with the country it says which organization it is"`
	Country         string          `json:"country,omitempty" doc:"ISO 3166, such as BR. Missing: the only one of this name"`
	AuthorisedFrom  string          `json:"authorised_from,omitempty" doc:"First day on which it may sell, YYYY-MM-DD; missing: not authorized"`
	AuthorisedUntil string          `json:"authorised_until,omitempty" doc:"First day on which it may not sell any more, YYYY-MM-DD; missing: without end"`
	Suspended       bool            `json:"suspended,omitempty" doc:"Whether its tokens and orders are refused for the time being"`
}

// OrgChangeRequest replaces what the organisation of an id is.
type OrgChangeRequest struct {
	Kind            account.OrgKind `json:"kind" enum:"RESELLER,DISTRIBUTOR,PARTNER" doc:"Its kind; it cannot change"`
	Name            string          `json:"name" doc:"Full name, with the legal form"`
	Country         string          `json:"country,omitempty" doc:"ISO 3166, such as BR; missing: not on record"`
	AuthorisedFrom  string          `json:"authorised_from,omitempty" doc:"YYYY-MM-DD; missing: not authorized"`
	AuthorisedUntil string          `json:"authorised_until,omitempty" doc:"Exclusive; missing: without end"`
	Suspended       bool            `json:"suspended,omitempty" doc:"Whether its tokens and orders are refused for the time being"`
	Reason          string          `json:"reason" doc:"Why, in your words: required, and kept in the audit"`
}

// OrgMailRequest is how an organisation is reached, as an operator knows it.
type OrgMailRequest struct {
	Domains   []string `json:"domains" nullable:"false" doc:"Domains of its people's addresses: a contact in one of them is reviewed. At most 50"`
	NoticesTo string   `json:"notices_to,omitempty" doc:"Address that is told of orders that a distributor sends in its name"`
	Locale    string   `json:"locale,omitempty" doc:"Language of mails to these addresses, as BCP 47: pt-BR or en; missing: that of the customer's order"`
	Reason    string   `json:"reason" doc:"Why, in your words: required, and kept in the audit"`
}

// SpellingRequest is a name in a country that means an organisation.
type SpellingRequest struct {
	Name    string `json:"name" doc:"The other name, as it comes in orders"`
	Country string `json:"country,omitempty" doc:"ISO 3166-1, two letters, such as BR; missing: in every country"`
}

// OrgSpellingsRequest lists all other names under which an organisation is known.
type OrgSpellingsRequest struct {
	Spellings []SpellingRequest `json:"spellings" nullable:"false" doc:"All of them; at most 50"`
	Reason    string            `json:"reason" doc:"Why, in your words: required, and kept in the audit"`
}

// OrgView is an organisation.
type OrgView struct {
	ID              string          `json:"id" doc:"Id of the organization, such as org_01kb…"`
	Kind            account.OrgKind `json:"kind" doc:"OPERATOR, CUSTOMER_PARENT, DISTRIBUTOR, RESELLER or PARTNER"`
	Name            string          `json:"name" doc:"Its full name, with the legal form"`
	Country         string          `json:"country,omitempty" doc:"ISO 3166-1, two letters, such as BR; missing: not on record"`
	AuthorisedFrom  string          `json:"authorised_from,omitempty" doc:"First day on which it may sell, YYYY-MM-DD; missing: not authorized"`
	AuthorisedUntil string          `json:"authorised_until,omitempty" doc:"First day on which it may not sell any more, YYYY-MM-DD; missing: without end"`
	Suspended       bool            `json:"suspended" doc:"Whether its tokens and orders are refused for the time being"`
	Authorised      bool            `json:"authorised" doc:"Whether it may sell today"`
	MergedInto      string          `json:"merged_into,omitempty" doc:"Of a customer's parent: the one that took over"`
	CreatedAt       time.Time       `json:"created_at" doc:"When it was recorded; an instant in UTC"`
}

// OrgDetail is an organisation with what operators keep about it.
type OrgDetail struct {
	OrgView
	MailDomains    []string          `json:"mail_domains" nullable:"false" doc:"Domains of its people's addresses, such as revenda.example: an order whose contact has one of them is reviewed"`
	NoticesTo      string            `json:"notices_to,omitempty" doc:"Address that is told of orders that a distributor sends in its name; missing: nobody is told"`
	Locale         string            `json:"locale,omitempty" doc:"Language of mails to these addresses, as BCP 47; missing: that of the customer's order"`
	Spellings      []SpellingRequest `json:"spellings" nullable:"false" doc:"Other names under which it is known"`
	ResellerIDs    []string          `json:"reseller_ids" nullable:"false" doc:"Of a distributor: in whose names it orders"`
	DistributorIDs []string          `json:"distributor_ids" nullable:"false" doc:"Of a reseller: who orders in its name"`
	Alike          []OrgView         `json:"alike" nullable:"false" doc:"Others of its kind whose name it resembles: another legal form, spelling or country"`
}

func (h orgHandlers) orgView(o account.Org) OrgView {
	return OrgView{
		ID:              o.ID,
		Kind:            o.Kind,
		Name:            o.Name,
		Country:         o.Country,
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

func (h orgHandlers) getOrg(ctx context.Context, in *IDInput) (*one[OrgDetail], error) {
	org, err := h.accounts.GetOrg(ctx, in.ID)
	return h.orgDetail(ctx, org, err)
}

// orgDetail answers with an organisation and what is on record about it.
func (h orgHandlers) orgDetail(
	ctx context.Context, o account.Org, err error,
) (*one[OrgDetail], error) {
	if err != nil {
		return nil, err
	}

	r, err := h.accounts.GetOrgRecords(ctx, o)
	return single(r, err, func(r account.OrgRecords) OrgDetail {
		return OrgDetail{
			OrgView:        h.orgView(o),
			MailDomains:    append([]string{}, r.MailDomains...),
			NoticesTo:      o.NoticesTo,
			Locale:         o.Locale,
			ResellerIDs:    append([]string{}, r.ResellerIDs...),
			DistributorIDs: append([]string{}, r.DistributorIDs...),
			Alike:          viewed(r.Alike, h.orgView),
			Spellings: viewed(r.Spellings, func(s account.OrgSpelling) SpellingRequest {
				return SpellingRequest{Name: s.Name, Country: s.Country}
			}),
		}
	})
}

func (h orgHandlers) putOrg(
	ctx context.Context, _ *struct{}, r OrgRequest,
) (*one[OrgDetail], error) {
	c, err := r.change()
	if err != nil {
		return nil, err
	}

	org, err := h.accounts.PutOrg(ctx, c)
	return h.orgDetail(ctx, org, err)
}

// change is what the request asks to set, once it is checked.
func (r OrgRequest) change() (account.OrgChange, error) {
	var f fieldCheck
	f.fail(r.Kind != account.OrgReseller && r.Kind != account.OrgDistributor &&
		r.Kind != account.OrgPartner, "/kind", "UNKNOWN_KIND",
		"There is no such kind of organization here.", "Send RESELLER, DISTRIBUTOR or PARTNER.")
	f.dates("/authorised_from", r.AuthorisedFrom, "/authorised_until", r.AuthorisedUntil)
	r.Name = f.party(r.Name, nil).Company

	for i, e := range f.fields {
		if e.Pointer == "/company" {
			f.fields[i].Pointer = "/name"
		}
	}

	return account.OrgChange(r), rules.Invalid(f.fields)
}

func (h orgHandlers) changeOrg(
	ctx context.Context, in *IDInput, r OrgChangeRequest,
) (*one[OrgDetail], error) {
	c, err := OrgRequest{
		Kind:            r.Kind,
		Name:            r.Name,
		Country:         r.Country,
		AuthorisedFrom:  r.AuthorisedFrom,
		AuthorisedUntil: r.AuthorisedUntil,
		Suspended:       r.Suspended,
	}.change()
	if err != nil {
		return nil, err
	}

	org, err := h.accounts.ChangeOrg(ctx, in.ID, c, r.Reason)
	return h.orgDetail(ctx, org, err)
}

func (h orgHandlers) putOrgMail(
	ctx context.Context, in *IDInput, r OrgMailRequest,
) (*one[OrgDetail], error) {
	err := h.accounts.PutOrgMail(ctx, in.ID, account.OrgMail{
		Domains:   r.Domains,
		NoticesTo: r.NoticesTo,
		Locale:    r.Locale,
	}, r.Reason)
	if err != nil {
		return nil, err
	}

	return h.getOrg(ctx, in)
}

func (h orgHandlers) putOrgSpellings(
	ctx context.Context, in *IDInput, r OrgSpellingsRequest,
) (*one[OrgDetail], error) {
	spellings := make([]account.Spelling, len(r.Spellings))
	for i, s := range r.Spellings {
		spellings[i] = account.Spelling(s)
	}

	if err := h.accounts.PutOrgSpellings(ctx, in.ID, spellings, r.Reason); err != nil {
		return nil, err
	}
	return h.getOrg(ctx, in)
}

// relationInput names a distributor and a reseller.
type relationInput struct {
	IDInput
	ResellerID string `path:"reseller_id" maxLength:"64" doc:"Id of the reseller"`
}

func (h orgHandlers) relateOrgs(
	ctx context.Context, in *relationInput, r ReasonRequest,
) (*one[OrgDetail], error) {
	return h.setRelation(ctx, in, true, r.Reason)
}

func (h orgHandlers) unrelateOrgs(
	ctx context.Context, in *relationInput, r ReasonRequest,
) (*one[OrgDetail], error) {
	return h.setRelation(ctx, in, false, r.Reason)
}

func (h orgHandlers) setRelation(
	ctx context.Context, in *relationInput, related bool, reason string,
) (*one[OrgDetail], error) {
	err := h.accounts.RelateOrgs(ctx, in.ID, in.ResellerID, related, reason)
	if err != nil {
		return nil, err
	}

	return h.getOrg(ctx, &in.IDInput)
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
	From  SparesView `json:"from" doc:"The parent that the accounts left, as it is now"`
	Into  SparesView `json:"into" doc:"The parent that the accounts belong to now"`
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
