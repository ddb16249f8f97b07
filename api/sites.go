package api

import (
	"context"
	"net/http"
	"time"

	"roomcover.dev/roomcover/models"
	"roomcover.dev/roomcover/rules"
)

func (s *service) siteRoutes() {
	read := route{Method: get, Tag: "Sites", Scope: RoomsRead, Capability: rules.ViewAccount, NoSellers: true}
	write := route{Method: post, Tag: "Sites", Scope: RoomsWrite, Capability: rules.ManageRooms, NoSellers: true}
	mount(s, read.at("list-sites", "/v1/sites", "List sites, newest first"), s.listSites)
	mount(s, read.at("get-site", "/v1/sites/{id}", "Read a site", 404), s.getSite)
	create := write.at("create-site", "/v1/sites", "Add a site that parcels go to", 404)
	create.Body, create.Status, create.Idempotent = SiteRequest{}, http.StatusCreated, true
	create.Description = "Replacements and spares go to known sites only (S25). A room is at the site whose name it gives; case, accents and blanks do not matter."
	mount(s, create, s.createSite)
	change := write.at("put-site", "/v1/sites/{id}", "Change a site", 404, 409, 412, 428)
	change.Method, change.Body = put, SiteRequest{}
	mount(s, change, s.putSite)
	courier := write.at("mark-courier", "/v1/sites/{id}/courier", "Note whether a site's courier is unreliable", 404)
	courier.Body, courier.Idempotent, courier.OperatorOnly, courier.NoSellers = CourierRequest{}, true, true, false
	courier.Description = "It weighs in the choice of spares (R84)."
	mount(s, courier, s.markCourier)
}

// SiteRequest is a site to add, or what is told of it from now on.
type SiteRequest struct {
	AccountID    string        `json:"account_id,omitempty" doc:"Operators: whose site it is; a customer's token has its own"`
	Name         string        `json:"name"`
	Address      rules.Address `json:"address"`
	TimeZone     string        `json:"time_zone,omitempty" doc:"IANA name; missing: that of the region or country"`
	ContactName  string        `json:"contact_name,omitempty" doc:"Who takes parcels there"`
	ContactEmail string        `json:"contact_email,omitempty" doc:"Is told of each step of a replacement"`
	Reason       string        `json:"reason,omitempty" doc:"Operators: required; goes into the audit"`
}

func (r SiteRequest) form() rules.SiteForm {
	return rules.SiteForm{Name: r.Name, Address: r.Address, TimeZone: r.TimeZone, ContactName: r.ContactName, ContactEmail: r.ContactEmail}
}

// SiteView is a site.
type SiteView struct {
	ID                string        `json:"id"`
	AccountID         string        `json:"account_id"`
	Name              string        `json:"name"`
	Address           rules.Address `json:"address"`
	TimeZone          string        `json:"time_zone"`
	ContactName       string        `json:"contact_name,omitempty"`
	ContactEmail      string        `json:"contact_email,omitempty"`
	CourierUnreliable bool          `json:"courier_unreliable"`
	CreatedAt         time.Time     `json:"created_at"`
	Version           int64         `json:"version"`
}

func siteView(s models.AccountSite) SiteView {
	return SiteView{s.ID, s.AccountID, s.Name, rules.Address{Street: s.Street, City: s.City, Region: s.Region, PostalCode: s.PostalCode, Country: s.Country},
		s.TimeZone, s.ContactName, s.ContactEmail, s.CourierUnreliable, s.CreatedAt, s.Version}
}

func siteAnswer(site models.AccountSite, err error) (*roomOutput[SiteView], error) {
	if err != nil {
		return nil, err
	}
	return &roomOutput[SiteView]{etag(site.Version), siteView(site)}, nil
}

type listSitesInput struct {
	ListInput
	AccountID string `query:"account_id" maxLength:"64" doc:"Only sites of this account"`
}

func (s *service) listSites(ctx context.Context, in *listSitesInput) (*pageOf[SiteView], error) {
	sites, next, err := s.store.ListSites(ctx, in.AccountID, in.page())
	return listed(sites, next, err, siteView)
}

func (s *service) getSite(ctx context.Context, in *IDInput) (*roomOutput[SiteView], error) {
	return siteAnswer(s.store.GetSite(ctx, in.ID))
}

func (s *service) createSite(ctx context.Context, _ *struct{}) (*roomOutput[SiteView], error) {
	r, err := decode[SiteRequest](ctx)
	if err != nil {
		return nil, err
	}
	return siteAnswer(s.store.CreateSite(ctx, models.NewSite{AccountID: account(ctx, r.AccountID), Form: r.form(), Reason: r.Reason}))
}

func (s *service) putSite(ctx context.Context, in *IfMatchInput) (*roomOutput[SiteView], error) {
	r, err := decode[SiteRequest](ctx)
	if err != nil {
		return nil, err
	}
	site, err := s.store.GetSite(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	if err := in.matches(site.Version); err != nil {
		return nil, err
	}
	if r.AccountID != "" && r.AccountID != site.AccountID {
		return nil, wrong("/account_id", "UNCHANGEABLE", "A site's account cannot change.", "Leave it out, or send the one that you read.")
	}
	return siteAnswer(s.store.ChangeSite(ctx, in.ID, r.form(), site.Version, r.Reason))
}

// CourierRequest says whether the courier is unreliable.
type CourierRequest struct {
	Unreliable bool   `json:"unreliable"`
	Reason     string `json:"reason" doc:"Required; goes into the audit"`
}

func (s *service) markCourier(ctx context.Context, in *IDInput) (*roomOutput[SiteView], error) {
	r, err := decode[CourierRequest](ctx)
	if err != nil {
		return nil, err
	}
	return siteAnswer(s.store.MarkCourier(ctx, in.ID, r.Unreliable, r.Reason))
}
