package console

import (
	"net/url"
	"time"

	"roomcover.dev/roomcover/web"
)

// listing is a list of the console: what it shows and how that is read, who may see it, and what
// can be done with many of its lines at once.
type listing struct {
	path    string
	words   string // its texts begin with this, such as console.orders: .title, .column.NAME
	needs   access
	columns []web.Column
	search  bool // it can be narrowed by a text, the parameter "q"
	read    func(*visit, web.ListQuery) (web.ListResult, error)
	bulk    []bulkAct
}

func (l listing) routes() []route {
	show := route{method: get, path: l.path, access: l.needs, do: l.show}
	return append([]route{show}, bulkRoutes(l.path, l.bulk)...)
}

func (l listing) list() web.Listing[*visit] {
	return web.Listing[*visit]{
		Path:    l.path,
		Words:   l.words,
		Columns: l.columns,
		Search:  l.search,
		Read:    l.read,
	}
}

func (l listing) show(v *visit) (answer, error) {
	list := l.list()
	if web.AsksForFile(v) {
		content, err := list.File(v)
		return answer{
			file: &download{
				name: list.FileName(v.now),
				kind: "text/csv; charset=utf-8",
				body: content,
			},
		}, err
	}

	p, err := list.Page(v)
	if err != nil {
		return answer{}, err
	}
	views, err := v.viewsFacet(l.path)
	if err != nil {
		return answer{}, err
	}
	p.Facets = append(p.Facets, views)
	p.Choosable(v, v.bulkBar(l.path, l.bulk, len(p.Lines)))
	return answer{page: "list", title: v.language.Say(l.words + ".title"), data: p, live: true}, nil
}

// tableOf puts lines under columns whose names stand in the catalogue under words.
func (v *visit) tableOf(words string, columns []web.Column, lines []web.Line) *web.Table {
	return web.Listing[*visit]{Words: words, Columns: columns}.Table(v, lines)
}

// Address, Say, OpenCursor and SignCursor are what a list asks of a visit.

// Address is what was asked for.
func (v *visit) Address() *url.URL { return v.request.URL }

// Say is a text of the reader's language.
func (v *visit) Say(key string) string { return v.language.Say(key) }

// OpenCursor returns the position at which the request's page begins; empty: the list's first.
func (v *visit) OpenCursor(list string) (string, error) {
	cursor := v.query(web.CursorParameter)
	if cursor == "" {
		return "", nil
	}
	position, ok := v.db.Secrets().OpenCursor("console\x00"+list, cursor)
	if !ok {
		return "", errBadCursor
	}
	return position, nil
}

// SignCursor is a position of a list as an address carries it.
func (v *visit) SignCursor(list, position string) string {
	return v.db.Secrets().SignCursor("console\x00"+list, position)
}

// when is a cell with an instant that has passed, by the clock of a zone; empty: the desk's.
func (v *visit) when(at *time.Time, zone string) web.Cell { return v.reader().When(at, zone) }

// day is a cell with a day of the calendar, YYYY-MM-DD.
func (v *visit) day(date string) web.Cell { return v.reader().Day(date) }
