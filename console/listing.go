package console

import (
	"bytes"
	"encoding/csv"
	"net/url"
	"slices"
	"strings"
	"time"
)

// listing is a list with columns, as a screen defines it: what it shows, and how that is read.
// The page around it, the choice and the order of its columns, its further pages and its file
// are the same for all lists.
type listing struct {
	path    string
	words   string // its texts begin with this, such as console.orders: .title, .column.NAME
	needs   access
	columns []column
	search  bool // it can be narrowed by a text, the parameter "q"
	read    func(*visit, listQuery) (listResult, error)
	bulk    []bulkAct // what can be done with many lines at once
}

// column is a column of a list. The first column of a list leads to the line's page.
type column struct {
	name   string
	sorts  bool // the list can be ordered by it
	number bool
	hidden bool // shown only where it is chosen
}

// listQuery is what the address asks of a list beside the screen's own facets.
type listQuery struct {
	Text       string // what is searched for; empty: everything
	Sort       string // name of the column; empty: the order that the list has by itself
	Descending bool
	After      string // position behind which the page begins; empty: the first page
	Limit      int
}

// listResult is a page of a list, in the reader's language.
type listResult struct {
	Summary string // what the list amounts to
	Warning string // said above everything; empty: nothing
	Tiles   []tile // numbers above the list; none: no row of them
	Facets  []facet
	Lines   []line
	Next    string // position of the next page; empty: there is none
	Acts    []listAct
	Empty   emptyState
}

// line is a line of a list, its cells by the name of their column.
type line struct {
	ID, Link string
	Cells    map[string]cell
}

// cell is what stands in a column: text with a smaller line under it, a badge, an instant or a
// face, whichever are given.
type cell struct {
	Text, Small string
	Badge       badge
	Due         due
	Owner       face
	Mono        bool
	Whole       bool   // its text is not broken within a word
	Link        string // page of what it names, beside that of its line
	Plain       string // what the file says; empty: Text
}

// listAct is a button above a list that leads to a page.
type listAct struct {
	Link, Label, Icon string
	Main              bool
}

// Lines of a page, and of a file.
const (
	listPageSize = 50
	listFileSize = 10_000
)

func (l listing) routes() []route {
	show := route{method: get, path: l.path, access: l.needs, do: l.show}
	return append([]route{show}, bulkRoutes(l.path, l.bulk)...)
}

// listPage is what the template of lists is told.
type listPage struct {
	listResult
	Path     string
	Columns  []heading
	Rows     []listRow
	Chooser  facet
	Text     string // what is searched for
	Searches bool
	Kept     []hidden // the rest of the address, for the form of the search
	Further  string
	Download string
	Bulk     *bulkBar // nil: nothing can be done with many lines at once
}

// heading is a column's head. Link orders the list by it; Sorted is "ascending", "descending"
// or empty. Before one with Pick stands the column of the boxes that choose lines.
type heading struct {
	Label, Link, Sorted string
	Number, Pick        bool
}

// listRow is a line; Pick is what its box sends, empty: it has none.
type listRow struct {
	Link, Pick, Name string
	Chosen           bool
	Cells            []listCell
}

// listCell is a cell with the head of its column, which a phone shows beside it.
type listCell struct {
	cell
	Label, Link string
	Number      bool
}

func (l listing) show(v *visit) (answer, error) {
	if v.query("format") == "csv" {
		return l.file(v)
	}
	q, err := l.query(v)
	if err != nil {
		return answer{}, err
	}
	found, err := l.read(v, q)
	if err != nil {
		return answer{}, err
	}

	views, err := v.viewsFacet(l.path)
	if err != nil {
		return answer{}, err
	}
	found.Facets = append(found.Facets, views)

	shown := l.shown(v)
	p := listPage{
		listResult: found,
		Path:       l.path,
		Chooser:    l.chooser(v, shown),
		Text:       q.Text,
		Searches:   l.search,
		Further:    v.further(l.path, found.Next),
		Download:   v.narrowed(l.path, "format", "csv"),
		Bulk:       v.bulkBar(l.path, l.bulk, len(found.Lines)),
	}
	for _, c := range shown {
		p.Columns = append(p.Columns, l.heading(v, c, q))
	}
	p.Columns[0].Pick = p.Bulk != nil
	for _, line := range found.Lines {
		r := l.row(v, line, shown)
		if p.Bulk != nil {
			r.Pick = line.ID
			r.Chosen = v.allChosen()
		}
		p.Rows = append(p.Rows, r)
	}
	for name, values := range v.request.URL.Query() {
		if name != "q" && name != cursorParameter && name != chosenParameter {
			p.Kept = append(p.Kept, hidden{name, values[0]})
		}
	}
	slices.SortFunc(p.Kept, func(a, b hidden) int { return strings.Compare(a.Name, b.Name) })
	return answer{page: "list", title: v.language.Say(l.words + ".title"), data: p, live: true}, nil
}

// query reads from the address how the list is ordered, searched and paged.
func (l listing) query(v *visit) (listQuery, error) {
	after, err := v.openCursor(l.path)
	if err != nil {
		return listQuery{}, err
	}
	q := listQuery{After: after, Limit: listPageSize}
	if l.search {
		q.Text = shortened(v.query("q"), longestSearch)
	}
	name, descending := strings.CutPrefix(v.query("sort"), "-")
	for _, c := range l.columns {
		if c.sorts && c.name == name {
			q.Sort, q.Descending = name, descending
		}
	}
	return q, nil
}

// shortened is a text without blanks around it, and no longer than so many characters.
func shortened(text string, most int) string {
	letters := []rune(strings.TrimSpace(text))
	return string(letters[:min(len(letters), most)])
}

// shown are the columns that the address chooses, in the list's order; the first always.
func (l listing) shown(v *visit) []column {
	chosen := strings.Split(v.query("columns"), ",")
	var shown []column
	for i, c := range l.columns {
		byItself := v.query("columns") == "" && !c.hidden
		if i == 0 || byItself || slices.Contains(chosen, c.name) {
			shown = append(shown, c)
		}
	}
	return shown
}

// chooser is the facet that shows and hides columns.
func (l listing) chooser(v *visit, shown []column) facet {
	f := facet{Label: v.say("console.list.columns"), On: v.query("columns") != ""}
	for _, c := range l.columns[1:] {
		var names []string
		for _, other := range l.columns {
			if slices.Contains(shown, other) != (other == c) {
				names = append(names, other.name)
			}
		}
		f.Options = append(f.Options, facetOption{
			Label:   v.language.Say(l.words + ".column." + c.name),
			Link:    v.narrowed(l.path, "columns", strings.Join(names, ",")),
			Current: slices.Contains(shown, c),
		})
	}
	return f
}

func (l listing) heading(v *visit, c column, q listQuery) heading {
	h := heading{Label: v.language.Say(l.words + ".column." + c.name), Number: c.number}
	if !c.sorts {
		return h
	}
	next := c.name
	if q.Sort == c.name {
		h.Sorted = "ascending"
		next = "-" + c.name
		if q.Descending {
			h.Sorted = "descending"
			next = ""
		}
	}
	h.Link = v.narrowed(l.path, "sort", next)
	return h
}

func (l listing) row(v *visit, line line, shown []column) listRow {
	r := listRow{Link: line.Link, Name: line.Cells[l.columns[0].name].inFile()}
	for i, c := range shown {
		cell := listCell{
			cell:   line.Cells[c.name],
			Label:  v.language.Say(l.words + ".column." + c.name),
			Link:   line.Cells[c.name].Link,
			Number: c.number,
		}
		if i == 0 {
			cell.Link = line.Link
		}
		r.Cells = append(r.Cells, cell)
	}
	return r
}

// file is the list as it is narrowed, every page of it, with the columns that are shown.
func (l listing) file(v *visit) (answer, error) {
	q, err := l.query(v)
	if err != nil {
		return answer{}, err
	}
	shown := l.shown(v)

	var out bytes.Buffer
	out.WriteString("\ufeff") // tells spreadsheets that it is UTF-8
	w := csv.NewWriter(&out)
	var head []string
	for _, c := range shown {
		head = append(head, v.language.Say(l.words+".column."+c.name))
	}
	_ = w.Write(head)

	q.After = ""
	q.Limit = 200
	for n := 0; n < listFileSize; {
		found, err := l.read(v, q)
		if err != nil {
			return answer{}, err
		}
		for _, line := range found.Lines {
			var fields []string
			for _, c := range shown {
				fields = append(fields, line.Cells[c.name].inFile())
			}
			_ = w.Write(fields)
		}
		n += len(found.Lines)
		q.After = found.Next
		if q.After == "" {
			break
		}
	}
	w.Flush()

	name := l.path[strings.LastIndexByte(l.path, '/')+1:]
	return answer{
		file: &download{
			name: name + "-" + v.now.UTC().Format("2006-01-02") + ".csv",
			kind: "text/csv; charset=utf-8",
			body: out.Bytes(),
		},
	}, w.Error()
}

// inFile is what a file says of the cell. What a spreadsheet would compute is kept from it by
// an apostrophe.
func (c cell) inFile() string {
	text := c.Plain
	for _, other := range []string{c.Text, c.Badge.Text, c.Due.Instant, c.Due.Text, c.Owner.Name} {
		if text == "" {
			text = other
		}
	}
	if text != "" && strings.ContainsRune("=+-@\t\r", rune(text[0])) {
		return "'" + text
	}
	return text
}

// listAddress is the address of a list that is narrowed; pairs are names and values.
func listAddress(path string, pairs ...string) string {
	q := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			q.Set(pairs[i], pairs[i+1])
		}
	}
	return address(path, q)
}

// when is a cell with an instant that has passed, by the clock of a zone; empty: the desk's.
func (v *visit) when(at *time.Time, zone string) cell {
	if at == nil || at.IsZero() {
		return cell{}
	}
	return cell{Due: v.pastAt(*at, zone)}
}

// day is a cell with a day of the calendar, YYYY-MM-DD.
func (v *visit) day(date string) cell {
	at, err := time.Parse(time.DateOnly, date)
	if err != nil {
		return cell{Text: date}
	}
	return cell{Text: v.language.NearDate(at, v.now), Plain: date}
}
