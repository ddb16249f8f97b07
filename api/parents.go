package api

import (
	"context"

	"roomcover.dev/roomcover/models"
	"roomcover.dev/roomcover/rules"
)

func (s *service) parentRoutes() {
	change := route{Method: post, Tag: "Organisations", Scope: CatalogueWrite, Capability: rules.ManageCatalogue, OperatorOnly: true, Idempotent: true}
	merge := change.at("merge-parent", "/v1/orgs/{id}/merge", "Merge a customer's parent into another", 404, 409)
	merge.Body = MergeRequest{}
	merge.Description = "Its accounts, its spares and the company's later accounts go to the other; only growth of the count grants a spare (S27). The same merge again changes nothing."
	mount(s, merge, s.mergeParent)
	split := change.at("split-parent", "/v1/orgs/{id}/split", "Move accounts of a customer's parent to another", 404, 409)
	split.Body = SplitRequest{}
	split.Description = "To the parent of the name, which is added where there is none. Each is then counted by its own licences (S27). Accounts that are there already stay."
	mount(s, split, s.splitParent)
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

func parentChangeView(c models.ParentChange) ParentChangeView {
	view := sparesView(true)
	return ParentChangeView{view(c.From), view(c.Into), append([]string{}, c.Moved...)}
}

func (s *service) mergeParent(ctx context.Context, in *IDInput) (*one[ParentChangeView], error) {
	r, err := decode[MergeRequest](ctx)
	if err != nil {
		return nil, err
	}
	c, err := s.store.MergeParents(ctx, in.ID, r.Into, r.Reason)
	return single(c, err, parentChangeView)
}

func (s *service) splitParent(ctx context.Context, in *IDInput) (*one[ParentChangeView], error) {
	r, err := decode[SplitRequest](ctx)
	if err != nil {
		return nil, err
	}
	c, err := s.store.SplitParent(ctx, in.ID, models.SplitRequest{Name: r.Name, AccountIDs: r.AccountIDs, Reason: r.Reason})
	return single(c, err, parentChangeView)
}
