package api

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/operations"
	"roomcover.dev/roomcover/rules"
)

// nameHandlers answer what people call what the API names by ids.
type nameHandlers struct {
	db         *db.DB
	operations *operations.Operations
}

func (h nameHandlers) routes(api huma.API) {
	read := route{
		Tag:        "Names",
		Scope:      RoomsRead,
		Capability: rules.ViewAccount,
		NoSellers:  true,
	}

	mount(api, read.get("list-names", "/v1/names", "Say what people call things, by their ids"),
		h.listNames)
}

// NameView is what people call something.
type NameView struct {
	ID       string `json:"id" doc:"The id that was asked about"`
	Name     string `json:"name" doc:"What people call it, such as a company, a room, or a device with its serial"`
	TimeZone string `json:"time_zone,omitempty" doc:"IANA zone of its place; missing: it has none"`
}

// NamesView are the names that were found, with the service's time.
type NamesView struct {
	Items []NameView `json:"items" nullable:"false" doc:"Sorted by id; what is unknown is left out"`
	Now   time.Time  `json:"now" doc:"The present by the service's calendar, by which it counts what is late; an instant in UTC"`
}

// maxNames bounds one question, so that its address stays short.
const maxNames = 100

type namesInput struct {
	IDs string `query:"ids" required:"true" maxLength:"6500" doc:"Ids, separated by commas; at most 100. Those of persons, invitations, orders, contracts, mails and tokens are named to a token that has the scope with which they are read elsewhere"`
}

// scopesToName are the scopes of which one has to be held to learn the name of a kind of
// thing, by the prefix of its ids, beside that of the route: those with which the thing is
// read elsewhere. A person's name is shown with the address.
var scopesToName = map[string][]string{
	db.PrefixInvitation:   {AccountsRead, Operator},
	db.PrefixQuestion:     {AccountsRead, Operator},
	db.PrefixMembership:   {AccountsRead, Operator},
	db.PrefixUser:         {AccountsRead, Operator},
	db.PrefixCSM:          {AccountsRead, Operator},
	db.PrefixOrder:        {OrdersRead, AccountsRead, Operator},
	db.PrefixContract:     {AccountsRead, OrdersRead, Operator},
	db.PrefixNotification: {Operator},
	db.PrefixToken:        {TokensWrite, Operator},
}

// mayName reports whether the caller's token may learn what an id names.
func mayName(ctx context.Context, id string) bool {
	scopes, asked := scopesToName[db.KindOf(id)]
	return !asked || slices.ContainsFunc(scopes, callOf(ctx).token.HasScope)
}

func (h nameHandlers) listNames(ctx context.Context, in *namesInput) (*one[NamesView], error) {
	ids := strings.Split(in.IDs, ",")
	if len(ids) > maxNames {
		return nil, invalidParameter("/query/ids", "These are more than 100 ids.")
	}

	ids = slices.DeleteFunc(ids, func(id string) bool { return !mayName(ctx, id) })
	found, err := h.operations.NamesOf(ctx, ids)
	return single(found, err, func(found []operations.Name) NamesView {
		slices.SortFunc(found, func(a, b operations.Name) int { return cmp.Compare(a.ID, b.ID) })
		return NamesView{
			Items: viewed(found, func(n operations.Name) NameView { return NameView(n) }),
			Now:   h.db.Clock().Now(),
		}
	})
}
