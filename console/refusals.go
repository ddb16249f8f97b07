package console

import (
	"strconv"
	"strings"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/order"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/web"
)

const refusalsPath = Root + "/refusals"

// refusalsList is the list of orders that were refused at the door, so that no order exists,
// the newest first.
var refusalsList = listing{
	path:  refusalsPath,
	words: "console.refusals",
	needs: may(rules.ViewProcesses),
	columns: []web.Column{
		{Name: "received"},
		{Name: "seller"},
		{Name: "wrong"},
		{Name: "remedy"},
		{Name: "errors", Number: true},
	},
	read: readRefusals,
}

func refusalRoutes() []route {
	return append(refusalsList.routes(), route{
		method: get,
		path:   refusalsPath + "/:id",
		access: may(rules.ViewProcesses),
		do:     showRefusal,
	})
}

func readRefusals(v *visit, q web.ListQuery) (web.ListResult, error) {
	found, next, err := v.orders.ListRefusals(v.scope(), v.query("seller"),
		db.Page{After: q.After, Limit: q.Limit})
	if err != nil {
		return web.ListResult{}, err
	}
	bySeller, err := v.orders.RefusalsBySeller(v.scope())
	if err != nil {
		return web.ListResult{}, err
	}
	var ids []string
	for _, r := range found {
		ids = append(ids, r.OrgID)
	}
	for _, s := range bySeller {
		ids = append(ids, s.OrgID)
	}
	names, err := v.orderNames(ids...)
	if err != nil {
		return web.ListResult{}, err
	}

	r := web.ListResult{
		Next:    next,
		Summary: v.refusalsSummary(bySeller),
		Facets:  []web.Facet{v.refusingSellers(bySeller, names)},
		Acts: []web.ListAct{{
			Link:  ordersPath,
			Label: v.say("console.orders.title"),
			Icon:  "receipt",
		}},
		Empty: web.EmptyState{
			Icon:  "circle-check",
			Title: v.say("console.refusals.empty.title"),
			Text:  v.say("console.refusals.empty.text"),
		},
	}
	for _, f := range found {
		r.Lines = append(r.Lines, v.refusalLine(f, names))
	}
	return r, nil
}

// refusalsSummary counts the refusals that are kept, and who sent them.
func (v *visit) refusalsSummary(bySeller []order.SellerRefusals) string {
	var total int64
	for _, s := range bySeller {
		total += s.N
	}
	if total == 0 {
		return ""
	}
	return v.language.Count("console.refusals.summary", total) + " " +
		v.language.Count("console.refusals.sellers", int64(len(bySeller)))
}

// refusingSellers is the facet of the sellers, those with the most refusals first.
func (v *visit) refusingSellers(
	bySeller []order.SellerRefusals, names map[string]string,
) web.Facet {
	var options []web.FacetOption
	var values []string
	for _, s := range bySeller {
		options = append(options, web.FacetOption{
			Label: names[s.OrgID],
			Count: v.language.Number(s.N),
		})
		values = append(values, s.OrgID)
	}
	return v.choiceOf(refusalsPath, "seller", v.say("console.orders.column.seller"),
		options, values)
}

func (v *visit) refusalLine(r order.OrderRefusal, names map[string]string) web.Line {
	l := web.Line{
		ID:   r.ID,
		Link: refusalsPath + "/" + r.ID,
		Cells: map[string]web.Cell{
			"received": v.refusedAt(r),
			"seller":   {Text: names[r.OrgID]},
			"errors":   {Text: v.language.Number(int64(len(r.Errors)))},
		},
	}
	if len(r.Errors) > 0 {
		first := r.Errors[0]
		wrong, remedy := v.wordsOf(first.Code, first.Message, first.Remedy)
		l.Cells["wrong"] = web.Cell{Text: v.orderField(first.Pointer), Small: wrong}
		l.Cells["remedy"] = web.Cell{Text: remedy}
	}
	return l
}

// refusedAt is when it was, as the text of the line's link.
func (v *visit) refusedAt(r order.OrderRefusal) web.Cell {
	at := v.pastAt(r.CreatedAt, "")
	return web.Cell{
		Text:  at.Text,
		Small: at.Small,
		Plain: at.Instant,
	}
}

// refusalPage is one refused order: every error with its remedy, and none of its values, which
// nobody keeps.
type refusalPage struct {
	Facts  []web.Fact
	Errors []fieldError
	Count  int64
	More   string // address of the seller's other refusals
}

// fieldError is an error of a form: the field in the reader's language, what is wrong with it
// and what to do in the service's.
type fieldError struct{ Field, Message, Remedy string }

func showRefusal(v *visit) (answer, error) {
	r, err := v.orders.GetRefusal(v.scope(), v.param("id"))
	if err != nil {
		return answer{}, err
	}
	names, err := v.orderNames(r.OrgID)
	if err != nil {
		return answer{}, err
	}

	p := refusalPage{
		Facts: []web.Fact{
			{Term: v.say("console.refusals.column.seller"), Value: names[r.OrgID]},
			{Term: v.say("console.refusals.column.received"), Value: v.moment(r.CreatedAt, "")},
			{Term: v.say("console.refusals.request"), Value: r.RequestID, Mono: true},
		},
		Count: int64(len(r.Errors)),
		More:  web.ListAddress(refusalsPath, "seller", r.OrgID),
	}
	for _, f := range r.Errors {
		wrong, remedy := v.wordsOf(f.Code, f.Message, f.Remedy)
		p.Errors = append(p.Errors, fieldError{v.orderField(f.Pointer), wrong, remedy})
	}
	return answer{
		page:  "refusal",
		title: v.say("console.refusals.one", "seller", names[r.OrgID]),
		data:  p,
	}, nil
}

// orderField names a field of an order form by its JSON pointer, as in "Customer · City" and
// "Line 2 · Quantity".
func (v *visit) orderField(pointer string) string {
	var words []string
	for part := range strings.SplitSeq(strings.TrimPrefix(pointer, "/"), "/") {
		n, err := strconv.Atoi(part)
		switch {
		case err == nil:
			words = []string{v.say("console.order.line", "n", n+1)}
		case v.language.Has("console.order.field." + part):
			words = append(words, v.language.Say("console.order.field."+part))
		case part != "":
			words = append(words, part)
		}
	}
	return strings.Join(words, " · ")
}
