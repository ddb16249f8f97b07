package api

import (
	"context"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"roomcover.dev/roomcover/models"
	"roomcover.dev/roomcover/rules"
)

// spareHandlers answer what is asked about the spares that parents have earned.
type spareHandlers struct{ store *models.Store }

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
	ParentOrgID string `json:"parent_org_id"`
	Name        string `json:"name"`
	MergedInto  string `json:"merged_into,omitempty" doc:"The parent that took over (S27)"`
	Entitled    int    `json:"entitled" doc:"Spare units that the parent is entitled to: the sum of its ledger"`
	Licences    *int   `json:"licences_in_force,omitempty" doc:"Operators only: Select licences in force over all its accounts, assigned or not (R81c)"`
}

func sparesView(operator bool) func(models.Spares) SparesView {
	return func(p models.Spares) SparesView {
		v := SparesView{ParentOrgID: p.ParentOrgID, Name: p.Name, MergedInto: p.MergedInto, Entitled: p.Entitled}
		if operator {
			v.Licences = &p.Licences
		}
		return v
	}
}

func (h spareHandlers) listSpares(ctx context.Context, in *ListInput) (*pageOf[SparesView], error) {
	all, next, err := h.store.ListSpares(ctx, in.page())
	return listed(all, next, err, sparesView(callOf(ctx).token.Role.IsOperator()))
}

func (h spareHandlers) getSpares(ctx context.Context, in *IDInput) (*one[SparesView], error) {
	p, err := h.store.GetSpares(ctx, in.ID)
	return single(p, err, sparesView(callOf(ctx).token.Role.IsOperator()))
}

// SpareLineView is one line of the ledger.
type SpareLineView struct {
	ID        string           `json:"id"`
	Number    int64            `json:"number" doc:"From 1, without gaps"`
	Delta     int              `json:"delta"`
	Cause     rules.SpareCause `json:"cause" enum:"ORDER,CANCELLATION,EXPIRY,MERGE,SPLIT,TRANSFER"`
	SourceID  string           `json:"source_id" doc:"The order, cancellation, contract or other parent"`
	Licences  int64            `json:"licences_in_force" doc:"After the change"`
	CreatedAt time.Time        `json:"created_at"`
}

func spareLineView(l models.SpareLine) SpareLineView {
	return SpareLineView{l.ID, l.Seq, l.Delta, l.Cause, l.SourceID, l.Licences, l.CreatedAt}
}

type listSpareLinesInput struct {
	IDInput
	ListInput
}

func (h spareHandlers) listSpareLines(ctx context.Context, in *listSpareLinesInput) (*pageOf[SpareLineView], error) {
	lines, next, err := h.store.ListSpareLines(ctx, in.ID, in.page())
	return listed(lines, next, err, spareLineView)
}
