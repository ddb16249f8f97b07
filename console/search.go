package console

import (
	"net/url"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/operations"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/web"
)

const searchPath = Root + "/search"

func searchRoutes() []route {
	return []route{
		{method: get, path: searchPath, access: may(rules.ViewProcesses), do: showSearch},
	}
}

// searchPage is what was found for the search box of the top bar.
type searchPage struct {
	Query   string
	Summary string
	Exact   []web.Row // what was typed is its number, address or name
	Similar []web.Row
	Tasks   []web.Row // what waits about the one thing that was found
	Empty   web.EmptyState
}

// showSearch finds what is known by what was typed, exactly before similarly. A number that
// only one thing has leads to its page at once.
func showSearch(v *visit) (answer, error) {
	p := searchPage{Query: web.Shortened(v.query("q"), web.LongestSearch)}
	if p.Query == "" {
		return redirect(Root), nil
	}

	id, err := v.operations.IDOf(v.scope(), p.Query)
	if err != nil {
		return answer{}, err
	}
	if page := v.pageOfThing(id, ""); page != "" {
		return redirect(page), nil
	}
	hits, err := v.operations.Search(v.scope(), p.Query)
	if err != nil {
		return answer{}, err
	}
	if id == "" && len(hits) > 0 && hits[0].Exact && (len(hits) == 1 || !hits[1].Exact) {
		id = hits[0].ID
	}
	for _, h := range hits {
		if h.Exact {
			p.Exact = append(p.Exact, v.hitRow(h))
		} else {
			p.Similar = append(p.Similar, v.hitRow(h))
		}
	}
	if p.Tasks, err = v.tasksAbout(id); err != nil {
		return answer{}, err
	}

	p.Summary = v.say("console.search.found", "query", p.Query)
	p.Empty = web.EmptyState{
		Icon:     "search",
		Title:    v.say("console.search.empty.title", "query", p.Query),
		Text:     v.say("console.search.empty.text"),
		Link:     queuePath + "?" + url.Values{"who": {takenByOthers}}.Encode(),
		LinkText: v.say("console.queue.empty.all"),
	}
	return answer{page: "search", title: v.say("console.search.title"), data: p}, nil
}

// hitRow is something that was found, as a line: what it is called, and whose it is.
func (v *visit) hitRow(h operations.Hit) web.Row {
	r := web.Row{
		Link:   v.pageOfThing(h.ID, h.AccountID),
		Title:  h.Name.Name,
		Badge:  v.thingBadge(h.ID),
		Beside: v.clockAt(h.TimeZone),
	}
	if h.AccountID != h.ID {
		r.Sub = h.AccountName
	}
	return r
}

// tasksAbout are the open tasks about what an id names.
func (v *visit) tasksAbout(id string) ([]web.Row, error) {
	if id == "" {
		return nil, nil
	}
	q := operations.QueueQuery{Subject: id, Zone: v.zone, Uncounted: true}
	if db.KindOf(id) == db.PrefixAccount {
		q = operations.QueueQuery{AccountID: id, Zone: v.zone, Uncounted: true}
	}
	found, err := v.operations.Queue(v.scope(), q)
	if err != nil {
		return nil, err
	}
	var rows []web.Row
	for _, t := range found.Items {
		rows = append(rows, v.taskRow(t))
	}
	return rows, nil
}
