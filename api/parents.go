package api

import (
	"context"

	"roomcover.dev/roomcover/models"
)

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

func (h orgHandlers) mergeParent(ctx context.Context, in *IDInput, r MergeRequest) (*one[ParentChangeView], error) {
	c, err := h.store.MergeParents(ctx, in.ID, r.Into, r.Reason)
	return single(c, err, parentChangeView)
}

func (h orgHandlers) splitParent(ctx context.Context, in *IDInput, r SplitRequest) (*one[ParentChangeView], error) {
	c, err := h.store.SplitParent(ctx, in.ID, models.SplitRequest{Name: r.Name, AccountIDs: r.AccountIDs, Reason: r.Reason})
	return single(c, err, parentChangeView)
}
