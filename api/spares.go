package api

import (
	"context"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"roomcover.dev/roomcover/models/account"
	"roomcover.dev/roomcover/models/replacement"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/spare"
)

// spareHandlers answer what is asked about the spares that parents have earned.
type spareHandlers struct{ replacements *replacement.Replacements }

func (h spareHandlers) routes(api huma.API) {
	read := route{
		Tag:        "Spares",
		Scope:      RoomsRead,
		Capability: rules.ViewAccount,
		NoSellers:  true,
	}

	ledger := route{
		Tag:          "Spares",
		Scope:        RoomsRead,
		Capability:   rules.ViewAccount,
		OperatorOnly: true,
	}

	advise := route{
		Tag:          "Spares",
		Scope:        RoomsRead,
		Capability:   rules.WorkTasks,
		OperatorOnly: true,
	}

	mount(api, read.get("list-spares", "/v1/spares",
		"List the spares that customers' parents have earned"), h.listSpares)
	mount(api, read.get("get-spares", "/v1/spares/{id}",
		"Read the spares that a customer's parent has earned").
		refuses(404), h.getSpares)
	mount(api, ledger.get("list-spare-lines", "/v1/spares/{id}/ledger",
		"List what granted and took a parent's spares, newest first").
		refuses(404), h.listSpareLines)

	mount(api, advise.get("get-selection-aid", "/v1/spares/{id}/selection-aid",
		"Rank models and sites for a parent's spares").
		refuses(404), h.getSelectionAid)
}

// SparesView is what a customer's parent has earned.
type SparesView struct {
	ParentOrgID string `json:"parent_org_id" doc:"Id of the customer's parent: the accounts of one company, which earn spares together"`
	Name        string `json:"name" doc:"Name of the customer's parent"`
	MergedInto  string `json:"merged_into,omitempty" doc:"Id of the parent that took over; missing: none did"`
	Entitled    int    `json:"entitled" doc:"Spare units that the parent is entitled to: the sum of its ledger"`
	Licences    *int   `json:"licences_in_force,omitempty" doc:"Operators only: Select licenses in force over all its accounts, assigned or not"`
}

func sparesView(operator bool) func(replacement.Spares) SparesView {
	return func(p replacement.Spares) SparesView {
		v := SparesView{
			ParentOrgID: p.ParentOrgID,
			Name:        p.Name,
			MergedInto:  p.MergedInto,
			Entitled:    p.Entitled,
		}

		if operator {
			v.Licences = &p.Licences
		}
		return v
	}
}

func (h spareHandlers) listSpares(ctx context.Context, in *ListInput) (*pageOf[SparesView], error) {
	all, next, err := h.replacements.ListSpares(ctx, in.page())
	return listed(all, next, err, sparesView(callOf(ctx).token.Role.IsOperator()))
}

func (h spareHandlers) getSpares(ctx context.Context, in *IDInput) (*one[SparesView], error) {
	p, err := h.replacements.GetSpares(ctx, in.ID)
	return single(p, err, sparesView(callOf(ctx).token.Role.IsOperator()))
}

// SpareLineView is one line of the ledger.
type SpareLineView struct {
	ID        string           `json:"id" doc:"Id of the line, such as spl_01kb…"`
	Number    int64            `json:"number" doc:"Number of the line, from 1 without gaps"`
	Delta     int              `json:"delta" doc:"By how many units it changed the balance; negative: fewer"`
	Cause     spare.SpareCause `json:"cause" enum:"ORDER,CANCELLATION,EXPIRY,MERGE,SPLIT,TRANSFER" doc:"Why the balance changed"`
	SourceID  string           `json:"source_id" doc:"Id of the order, cancellation, contract or other parent that caused it"`
	Licences  int64            `json:"licences_in_force" doc:"Select licenses in force after the change"`
	CreatedAt time.Time        `json:"created_at" doc:"When it was recorded; an instant in UTC"`
}

func spareLineView(l replacement.SpareLine) SpareLineView {
	return SpareLineView{
		ID:        l.ID,
		Number:    l.Seq,
		Delta:     l.Delta,
		Cause:     l.Cause,
		SourceID:  l.SourceID,
		Licences:  l.Licences,
		CreatedAt: l.CreatedAt,
	}
}

type listSpareLinesInput struct {
	IDInput
	ListInput
}

func (h spareHandlers) listSpareLines(
	ctx context.Context, in *listSpareLinesInput,
) (*pageOf[SpareLineView], error) {
	lines, next, err := h.replacements.ListSpareLines(ctx, in.ID, in.page())
	return listed(lines, next, err, spareLineView)
}

// SpareAidView is what helps to choose spares.
type SpareAidView struct {
	ParentOrgID string              `json:"parent_org_id" doc:"Id of the customer's parent: the accounts of one company, which earn spares together"`
	Models      []AidModelView      `json:"models" nullable:"false" doc:"Supported models, the commonest first"`
	Suggestions []AidSuggestionView `json:"suggestions" nullable:"false" doc:"The best first, 200 at most"`
	Critical    []AidRoomView       `json:"critical_rooms" nullable:"false" doc:"Rooms without an alternative, by model; 500 at most"`
	Unreliable  []AidSiteView       `json:"unreliable_sites" nullable:"false" doc:"Sites whose courier is unreliable"`
}

// AidModelView is a model with how many of it stand in rooms.
type AidModelView struct {
	Model    string `json:"model" doc:"Code of the model, such as RALLY-BAR"`
	Deployed int    `json:"deployed" doc:"How many stand in rooms of all the parent's accounts"`
}

// AidSuggestionView is a model and a site, with what speaks for them.
type AidSuggestionView struct {
	Model    string        `json:"model" doc:"Code of the model that is suggested"`
	Site     AidSiteView   `json:"site" doc:"Site where a spare of it would help most"`
	Deployed int           `json:"deployed" doc:"How many of the model stand at this site"`
	Score    int           `json:"score" doc:"The sum of the points; the highest comes first"`
	Reasons  []AidPartView `json:"reasons" nullable:"false" doc:"Why, with the points that each reason gave"`
}

// AidPartView is one reason.
type AidPartView struct {
	Code   spare.AidReason `json:"code" enum:"COMMONLY_DEPLOYED,CRITICAL_ROOMS,COURIER_UNRELIABLE" doc:"The reason"`
	Points int             `json:"points" minimum:"0" maximum:"100" doc:"How much the reason weighs, from 0 to 100"`
	Text   string          `json:"text" doc:"The reason as an English sentence"`
}

// AidSiteView is a site of one of the parent's accounts.
type AidSiteView struct {
	ID        string `json:"id" doc:"Id of the site"`
	AccountID string `json:"account_id" doc:"Id of the account that the site belongs to"`
	Name      string `json:"name" doc:"Name of the site"`
	Country   string `json:"country" doc:"ISO 3166-1, two letters, such as BR"`
}

// AidRoomView is a room without an alternative, and one of its models.
type AidRoomView struct {
	RoomID    string `json:"room_id" doc:"Id of the room"`
	AccountID string `json:"account_id" doc:"Id of the customer's account, such as acc_01kb…"`
	Name      string `json:"name" doc:"Name of the room"`
	Site      string `json:"site,omitempty" doc:"Name of the site, as the room gives it"`
	SiteID    string `json:"site_id,omitempty" doc:"Id of that site; missing: it is not known, so nothing can be sent there"`
	Model     string `json:"model,omitempty" doc:"Code of the model that has no alternative; missing: no device stands there"`
}

// mostSuggestions bounds the answer.
const mostSuggestions = 200

func aidSiteView(s account.AccountSite) AidSiteView {
	return AidSiteView{
		ID:        s.ID,
		AccountID: s.AccountID,
		Name:      s.Name,
		Country:   s.Country,
	}
}

func spareAidView(a replacement.SpareAid) SpareAidView {
	v := SpareAidView{
		ParentOrgID: a.Parent.ID,
		Models: viewed(a.Models,
			func(m spare.AidModel) AidModelView { return AidModelView{m.Model, m.Units} }),
		Unreliable: viewed(a.Unreliable, aidSiteView),
		Critical: viewed(a.Critical, func(r replacement.CriticalRoom) AidRoomView {
			return AidRoomView{
				RoomID:    r.RoomID,
				AccountID: r.AccountID,
				Name:      r.Name,
				Site:      r.Site,
				SiteID:    r.SiteID,
				Model:     r.ModelCode,
			}
		}),
	}

	best := a.Suggestions[:min(len(a.Suggestions), mostSuggestions)]
	v.Suggestions = viewed(best, func(s spare.AidSuggestion) AidSuggestionView {
		parts := viewed(s.Parts,
			func(p spare.AidPart) AidPartView { return AidPartView{p.Reason, p.Points, p.Text} })
		return AidSuggestionView{
			Model:    s.Model,
			Site:     aidSiteView(a.Sites[s.SiteID]),
			Deployed: s.Units,
			Score:    s.Score,
			Reasons:  parts,
		}
	})

	return v
}

func (h spareHandlers) getSelectionAid(
	ctx context.Context, in *IDInput,
) (*one[SpareAidView], error) {
	aid, err := h.replacements.SelectionAid(ctx, in.ID)
	return single(aid, err, spareAidView)
}
