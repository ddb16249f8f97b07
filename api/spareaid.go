package api

import (
	"context"

	"roomcover.dev/roomcover/models"
	"roomcover.dev/roomcover/rules"
)

// SpareAidView is what helps to choose spares.
type SpareAidView struct {
	ParentOrgID string              `json:"parent_org_id"`
	Models      []AidModelView      `json:"models" nullable:"false" doc:"Supported models, the commonest first"`
	Suggestions []AidSuggestionView `json:"suggestions" nullable:"false" doc:"The best first, 200 at most"`
	Critical    []AidRoomView       `json:"critical_rooms" nullable:"false" doc:"Rooms without an alternative, by model; 500 at most"`
	Unreliable  []AidSiteView       `json:"unreliable_sites" nullable:"false" doc:"Sites whose courier is unreliable"`
}

// AidModelView is a model with how many of it stand in rooms.
type AidModelView struct {
	Model    string `json:"model"`
	Deployed int    `json:"deployed" doc:"In rooms of all the parent's accounts"`
}

// AidSuggestionView is a model and a site, with what speaks for them.
type AidSuggestionView struct {
	Model    string        `json:"model"`
	Site     AidSiteView   `json:"site"`
	Deployed int           `json:"deployed" doc:"At this site"`
	Score    int           `json:"score" doc:"Sum of the points"`
	Reasons  []AidPartView `json:"reasons" nullable:"false"`
}

// AidPartView is one reason.
type AidPartView struct {
	Code   rules.AidReason `json:"code" enum:"COMMONLY_DEPLOYED,CRITICAL_ROOMS,COURIER_UNRELIABLE"`
	Points int             `json:"points" minimum:"0" maximum:"100"`
	Text   string          `json:"text"`
}

// AidSiteView is a site of one of the parent's accounts.
type AidSiteView struct {
	ID        string `json:"id"`
	AccountID string `json:"account_id"`
	Name      string `json:"name"`
	Country   string `json:"country"`
}

// AidRoomView is a room without an alternative, and one of its models.
type AidRoomView struct {
	RoomID    string `json:"room_id"`
	AccountID string `json:"account_id"`
	Name      string `json:"name"`
	Site      string `json:"site,omitempty" doc:"As the room names it"`
	SiteID    string `json:"site_id,omitempty" doc:"Missing: the room names no known site, so nothing can be sent there"`
	Model     string `json:"model,omitempty" doc:"Missing: no device stands there"`
}

// mostSuggestions bounds the answer.
const mostSuggestions = 200

func aidSiteView(s models.AccountSite) AidSiteView {
	return AidSiteView{s.ID, s.AccountID, s.Name, s.Country}
}

func spareAidView(a models.SpareAid) SpareAidView {
	v := SpareAidView{ParentOrgID: a.Parent.ID,
		Models:     viewed(a.Models, func(m rules.AidModel) AidModelView { return AidModelView{m.Model, m.Units} }),
		Unreliable: viewed(a.Unreliable, aidSiteView),
		Critical: viewed(a.Critical, func(r models.CriticalRoom) AidRoomView {
			return AidRoomView{r.RoomID, r.AccountID, r.Name, r.Site, r.SiteID, r.ModelCode}
		})}
	best := a.Suggestions[:min(len(a.Suggestions), mostSuggestions)]
	v.Suggestions = viewed(best, func(s rules.AidSuggestion) AidSuggestionView {
		parts := viewed(s.Parts, func(p rules.AidPart) AidPartView { return AidPartView{p.Reason, p.Points, p.Text} })
		return AidSuggestionView{s.Model, aidSiteView(a.Sites[s.SiteID]), s.Units, s.Score, parts}
	})
	return v
}

func (h spareHandlers) getSelectionAid(ctx context.Context, in *IDInput) (*one[SpareAidView], error) {
	aid, err := h.store.SelectionAid(ctx, in.ID)
	return single(aid, err, spareAidView)
}
