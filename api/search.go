package api

import (
	"context"

	"github.com/danielgtaylor/huma/v2"

	"roomcover.dev/roomcover/models/operations"
	"roomcover.dev/roomcover/rules"
)

// searchHandlers find what operators look for, of all kinds at once.
type searchHandlers struct {
	operations *operations.Operations
}

func (h searchHandlers) routes(api huma.API) {
	read := route{
		Tag:          "Names",
		Scope:        Operator,
		Capability:   rules.ViewProcesses,
		OperatorOnly: true,
	}

	mount(api, read.get("search", "/v1/search",
		"Find things by what people know of them"),
		h.search)
}

// HitView is something that was found.
type HitView struct {
	ID          string `json:"id" doc:"Its id, whose first letters say what it is" example:"rma_01m8prqee102w20sxnnvvcjf03"`
	Name        string `json:"name" doc:"What people call it; of a person or an invitation with the address"`
	TimeZone    string `json:"time_zone,omitempty" doc:"IANA zone of its place; missing: it has none"`
	AccountID   string `json:"account_id,omitempty" doc:"The account that it belongs to; missing: none"`
	AccountName string `json:"account_name,omitempty" doc:"The company of that account"`
	Exact       bool   `json:"exact" doc:"Whether what was asked for is its number, serial, address or name, not a part of it"`
}

// HitsView are the things that were found.
type HitsView struct {
	Items []HitView `json:"items" nullable:"false" doc:"Exact ones first; of each kind at most twelve"`
}

type searchInput struct {
	Text string `query:"q" required:"true" minLength:"1" maxLength:"100" doc:"Number of an order, a replacement or a spare, serial or tracking number, e-mail address, company or room; of companies, rooms and serials also a part of three letters or more, of purchase order numbers the beginning"`
}

func (h searchHandlers) search(ctx context.Context, in *searchInput) (*one[HitsView], error) {
	found, err := h.operations.Search(ctx, in.Text)
	return single(found, err, func(found []operations.Hit) HitsView {
		return HitsView{Items: viewed(found, func(h operations.Hit) HitView {
			return HitView{
				ID:          h.ID,
				Name:        h.Name.Name,
				TimeZone:    h.TimeZone,
				AccountID:   h.AccountID,
				AccountName: h.AccountName,
				Exact:       h.Exact,
			}
		})}
	})
}
