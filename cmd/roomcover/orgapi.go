package main

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"

	"roomcover.dev/roomcover/api"
	"roomcover.dev/roomcover/models/account"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/rules"
)

// apiOrgs are the organisations behind the API.
type apiOrgs struct{ client *apiClient }

var _ orgBook = apiOrgs{}
var _ orgBook = (*account.Accounts)(nil)

func orgOf(v api.OrgView) account.Org {
	o := account.Org{
		ID:              v.ID,
		Kind:            v.Kind,
		Name:            v.Name,
		Country:         v.Country,
		FullKey:         rules.FullNameKey(v.Name),
		CompanyKey:      rules.CompanyKey(v.Name),
		AuthorisedFrom:  v.AuthorisedFrom,
		AuthorisedUntil: v.AuthorisedUntil,
		Suspended:       v.Suspended,
		CreatedAt:       v.CreatedAt,
	}
	if v.MergedInto != "" {
		o.MergedInto = &v.MergedInto
	}
	return o
}

func orgDetailOf(v api.OrgDetail) account.Org {
	o := orgOf(v.OrgView)
	o.NoticesTo = v.NoticesTo
	o.Locale = v.Locale
	return o
}

// ListOrgs reads one page.
func (b apiOrgs) ListOrgs(
	ctx context.Context, kind account.OrgKind, p db.Page,
) ([]account.Org, string, error) {
	var page paged[api.OrgView]
	err := b.client.call(ctx, request{
		method: http.MethodGet,
		path:   "/v1/orgs",
		query: filters(map[string]string{
			"kind":   string(kind),
			"cursor": p.After,
			"limit":  strconv.Itoa(p.Limit),
		}),
	}, &page)

	out := make([]account.Org, len(page.Items))
	for i, v := range page.Items {
		out[i] = orgOf(v)
	}
	return out, page.NextCursor, err
}

func (b apiOrgs) detail(ctx context.Context, id string) (api.OrgDetail, error) {
	var v api.OrgDetail
	return v, b.client.read(ctx, "/v1/orgs/"+url.PathEscape(id), &v)
}

// GetOrg reads one.
func (b apiOrgs) GetOrg(ctx context.Context, id string) (account.Org, error) {
	v, err := b.detail(ctx, id)
	return orgDetailOf(v), err
}

// GetOrgRecords reads what is on record about one.
func (b apiOrgs) GetOrgRecords(
	ctx context.Context, o account.Org,
) (account.OrgRecords, error) {
	v, err := b.detail(ctx, o.ID)
	r := account.OrgRecords{
		MailDomains:    v.MailDomains,
		ResellerIDs:    v.ResellerIDs,
		DistributorIDs: v.DistributorIDs,
	}
	for _, s := range v.Spellings {
		r.Spellings = append(r.Spellings, account.OrgSpelling{Name: s.Name, Country: s.Country})
	}
	for _, other := range v.Alike {
		r.Alike = append(r.Alike, orgOf(other))
	}
	return r, err
}

// PutOrg adds an organisation, or changes the one of the name.
func (b apiOrgs) PutOrg(ctx context.Context, c account.OrgChange) (account.Org, error) {
	var v api.OrgDetail
	err := b.client.put(ctx, "/v1/orgs", api.OrgRequest(c), &v)
	return orgDetailOf(v), err
}

// ChangeOrg changes the one of the id.
func (b apiOrgs) ChangeOrg(
	ctx context.Context, id string, c account.OrgChange, reason string,
) (account.Org, error) {
	var v api.OrgDetail
	err := b.client.put(ctx, "/v1/orgs/"+url.PathEscape(id), api.OrgChangeRequest{
		Kind:            c.Kind,
		Name:            c.Name,
		Country:         c.Country,
		AuthorisedFrom:  c.AuthorisedFrom,
		AuthorisedUntil: c.AuthorisedUntil,
		Suspended:       c.Suspended,
		Reason:          reason,
	}, &v)
	return orgDetailOf(v), err
}

// PutOrgMail records mail domains and the address for notices.
func (b apiOrgs) PutOrgMail(
	ctx context.Context, id string, m account.OrgMail, reason string,
) error {
	return b.client.put(ctx, "/v1/orgs/"+url.PathEscape(id)+"/mail", api.OrgMailRequest{
		Domains:   append([]string{}, m.Domains...),
		NoticesTo: m.NoticesTo,
		Locale:    m.Locale,
		Reason:    reason,
	}, &json.RawMessage{})
}

// PutOrgSpellings records other names.
func (b apiOrgs) PutOrgSpellings(
	ctx context.Context, id string, all []account.Spelling, reason string,
) error {
	spellings := make([]api.SpellingRequest, len(all))
	for i, s := range all {
		spellings[i] = api.SpellingRequest(s)
	}
	return b.client.put(ctx, "/v1/orgs/"+url.PathEscape(id)+"/spellings", api.OrgSpellingsRequest{
		Spellings: spellings,
		Reason:    reason,
	}, &json.RawMessage{})
}

// RelateOrgs records that a distributor orders in a reseller's name, or no longer does.
func (b apiOrgs) RelateOrgs(
	ctx context.Context, distributor, reseller string, related bool, reason string,
) error {
	path := "/v1/orgs/" + url.PathEscape(distributor) + "/resellers/" + url.PathEscape(reseller)
	body := api.ReasonRequest{Reason: reason}
	if related {
		return b.client.put(ctx, path, body, &json.RawMessage{})
	}
	return b.client.post(ctx, path+"/removal", body, &json.RawMessage{})
}
