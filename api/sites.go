package api

import (
	"context"
	"net/http"
	"slices"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"roomcover.dev/roomcover/models/account"
	"roomcover.dev/roomcover/models/replacement"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/rma"
)

// siteHandlers answer what is asked about sites.
type siteHandlers struct {
	accounts     *account.Accounts
	replacements *replacement.Replacements
}

func (h siteHandlers) routes(api huma.API) {
	read := route{
		Tag:        "Sites",
		Scope:      RoomsRead,
		Capability: rules.ViewAccount,
		NoSellers:  true,
	}

	write := route{
		Tag:        "Sites",
		Scope:      RoomsWrite,
		Capability: rules.ManageRooms,
		NoSellers:  true,
	}

	courier := route{
		Tag:          "Sites",
		Scope:        RoomsWrite,
		Capability:   rules.ManageRooms,
		OperatorOnly: true,
	}

	mount(api, read.get("list-sites", "/v1/sites", "List sites, newest first"), h.listSites)
	mount(api, read.get("get-site", "/v1/sites/{id}", "Read a site").refuses(404), h.getSite)
	mountJSON(api, write.post("create-site", "/v1/sites", "Add a site that parcels go to").
		answers(http.StatusCreated).idempotent().refuses(404), h.createSite)
	mountJSON(api, write.put("put-site", "/v1/sites/{id}", "Change a site").
		refuses(404, 409, 412, 428), h.putSite)
	mountJSON(api, courier.post("mark-courier", "/v1/sites/{id}/courier",
		"Note whether a site's courier is unreliable").
		idempotent().refuses(404), h.markCourier)
}

// SiteRequest is a site to add, or what is told of it from now on.
type SiteRequest struct {
	AccountID    string        `json:"account_id,omitempty" doc:"Operators: whose site it is; a customer's token has its own"`
	Name         string        `json:"name" doc:"Name of the site, such as São Paulo office"`
	Address      rules.Address `json:"address" doc:"Where parcels are delivered"`
	TimeZone     string        `json:"time_zone,omitempty" doc:"IANA name, such as America/Sao_Paulo; missing: that of the region or country"`
	ContactName  string        `json:"contact_name,omitempty" doc:"Who takes parcels there"`
	ContactEmail string        `json:"contact_email,omitempty" doc:"Address that is told of each step of a replacement"`
	Reason       string        `json:"reason,omitempty" doc:"Why, in your words: required of operators, and kept in the audit"`
}

func (r SiteRequest) form() rules.SiteForm {
	return rules.SiteForm{
		Name:         r.Name,
		Address:      r.Address,
		TimeZone:     r.TimeZone,
		ContactName:  r.ContactName,
		ContactEmail: r.ContactEmail,
	}
}

// SiteView is a site.
type SiteView struct {
	ID                string        `json:"id" doc:"Id of the site, such as sit_01kb…"`
	AccountID         string        `json:"account_id" doc:"Id of the customer's account, such as acc_01kb…"`
	Name              string        `json:"name" doc:"Name of the site"`
	Address           rules.Address `json:"address" doc:"Where parcels are delivered"`
	TimeZone          string        `json:"time_zone" doc:"IANA name of the time zone by which days count here, such as America/Sao_Paulo"`
	ContactName       string        `json:"contact_name,omitempty" doc:"Who takes parcels there"`
	ContactEmail      string        `json:"contact_email,omitempty" doc:"Address that is told of each step of a replacement"`
	CourierUnreliable bool          `json:"courier_unreliable" doc:"Whether parcels often come late there: a reason to keep a spare on site"`
	CreatedAt         time.Time     `json:"created_at" doc:"When it was recorded; an instant in UTC"`
	Version           int64         `json:"version" doc:"Grows by one with each change; it is the ETag of the object"`
}

func siteView(s account.AccountSite) SiteView {
	return SiteView{
		ID:        s.ID,
		AccountID: s.AccountID,
		Name:      s.Name,
		Address: rules.Address{
			Street:     s.Street,
			City:       s.City,
			Region:     s.Region,
			PostalCode: s.PostalCode,
			Country:    s.Country,
		},
		TimeZone:          s.TimeZone,
		ContactName:       s.ContactName,
		ContactEmail:      s.ContactEmail,
		CourierUnreliable: s.CourierUnreliable,
		CreatedAt:         s.CreatedAt,
		Version:           s.Version,
	}
}

func siteAnswer(site account.AccountSite, err error) (*roomOutput[SiteView], error) {
	if err != nil {
		return nil, err
	}
	return &roomOutput[SiteView]{etag(site.Version), siteView(site)}, nil
}

type listSitesInput struct {
	ListInput
	AccountID string `query:"account_id" maxLength:"64" doc:"Only sites of this account"`
}

func (h siteHandlers) listSites(
	ctx context.Context, in *listSitesInput,
) (*pageOf[SiteView], error) {
	sites, next, err := h.accounts.ListSites(ctx, in.AccountID, in.page())
	return listed(sites, next, err, siteView)
}

func (h siteHandlers) getSite(ctx context.Context, in *IDInput) (*roomOutput[SiteView], error) {
	return siteAnswer(h.accounts.GetSite(ctx, in.ID))
}

func (h siteHandlers) createSite(
	ctx context.Context, _ *struct{}, r SiteRequest,
) (*roomOutput[SiteView], error) {
	return siteAnswer(h.accounts.CreateSite(ctx, account.NewSite{
		AccountID: accountOf(ctx, r.AccountID),
		Form:      r.form(),
		Reason:    r.Reason,
	}))
}

func (h siteHandlers) putSite(
	ctx context.Context, in *IfMatchInput, r SiteRequest,
) (*roomOutput[SiteChanged], error) {
	site, err := h.accounts.GetSite(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	if err := in.matches(site.Version); err != nil {
		return nil, err
	}

	if r.AccountID != "" && r.AccountID != site.AccountID {
		return nil, wrong("/account_id", "UNCHANGEABLE", "A site's account cannot change.",
			"Leave it out, or send the one that you read.")
	}

	site, err = h.accounts.ChangeSite(ctx, in.ID, r.form(), site.Version, r.Reason)
	if err != nil {
		return nil, err
	}
	return h.changed(ctx, site), nil
}

// changed answers with a site that was changed, and with the replacements that stay behind.
func (h siteHandlers) changed(
	ctx context.Context, site account.AccountSite,
) *roomOutput[SiteChanged] {
	stay, err := h.replacements.StayWithAddress(ctx, site)
	if err != nil { // the change stands: a refusal would have it sent again
		logAfterCommit(ctx, "what does not follow a site is not known", err)
	}

	may, err := h.replacements.CommandsFor(ctx, stay...)
	if err != nil {
		logAfterCommit(ctx, "what may be readdressed is not known", err)
	}

	changed := SiteChanged{SiteView: siteView(site), Stay: []string{}, MayReaddress: []string{}}
	for _, r := range stay {
		changed.Stay = append(changed.Stay, r.Name())
		if slices.Contains(may[r.ID], rma.RMAReaddress) {
			changed.MayReaddress = append(changed.MayReaddress, r.Name())
		}
	}
	return &roomOutput[SiteChanged]{etag(site.Version), changed}
}

// SiteChanged is a site that was changed, with what does not follow it.
type SiteChanged struct {
	SiteView
	Stay []string `json:"stay" nullable:"false" doc:"Numbers of the replacements that were not sent yet and go to the address that they were approved with, not to this one"`

	MayReaddress []string `json:"may_readdress" nullable:"false" doc:"Of those, the numbers of the ones that readdress still sends to this address: the carrier was asked for the parcels of the others already"`
}

// CourierRequest says whether the courier is unreliable.
type CourierRequest struct {
	Unreliable bool   `json:"unreliable" doc:"Whether parcels often come late there"`
	Reason     string `json:"reason" doc:"Why, in your words: required, and kept in the audit"`
}

func (h siteHandlers) markCourier(
	ctx context.Context, in *IDInput, r CourierRequest,
) (*roomOutput[SiteView], error) {
	return siteAnswer(h.accounts.MarkCourier(ctx, in.ID, r.Unreliable, r.Reason))
}
