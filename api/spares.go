package api

import (
	"context"
	"time"

	"roomcover.dev/roomcover/models"
	"roomcover.dev/roomcover/rules"
)

func (s *service) spareRoutes() {
	read := route{Method: get, Tag: "Spares", Scope: RoomsRead, Capability: rules.ViewAccount, NoSellers: true}
	list := read.at("list-spares", "/v1/spares", "List the spares that customers' parents have earned")
	list.Description = "One spare for each full number of licences that the program says, over all accounts of the parent (R81). A customer sees its own parent's number only (R82b)."
	mount(s, list, s.listSpares)
	mount(s, read.at("get-spares", "/v1/spares/{id}", "Read the spares that a customer's parent has earned", 404), s.getSpares)
	lines := read.at("list-spare-lines", "/v1/spares/{id}/ledger", "List what granted and took a parent's spares, newest first", 404)
	lines.OperatorOnly, lines.NoSellers = true, false
	lines.Description = "A grant names the order that crossed the threshold (R81b)."
	mount(s, lines, s.listSpareLines)
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

func (s *service) listSpares(ctx context.Context, in *ListInput) (*pageOf[SparesView], error) {
	all, next, err := s.store.ListSpares(ctx, in.page())
	return listed(all, next, err, sparesView(callOf(ctx).token.Role.IsOperator()))
}

func (s *service) getSpares(ctx context.Context, in *IDInput) (*one[SparesView], error) {
	p, err := s.store.GetSpares(ctx, in.ID)
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

func (s *service) listSpareLines(ctx context.Context, in *listSpareLinesInput) (*pageOf[SpareLineView], error) {
	lines, next, err := s.store.ListSpareLines(ctx, in.ID, in.page())
	return listed(lines, next, err, spareLineView)
}
