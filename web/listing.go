package web

import (
	"bytes"
	"cmp"
	"encoding/csv"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// Listing is a list with columns, as a page defines it: what it shows, and how that is read. The
// choice and the order of its columns, its search, its further pages and its file are the same
// for all lists. V is the visit that reads it.
type Listing[V Visitor] struct {
	Path    string
	Words   string // its texts begin with this, such as console.orders: .title, .column.NAME
	Columns []Column
	Search  bool // it can be narrowed by a text, the parameter "q"
	Lines   int  // of a page; 0: ListPageSize
	Read    func(V, ListQuery) (ListResult, error)
}

// Visitor is a request for a list, of somebody who reads a language.
type Visitor interface {
	// Address is what was asked for.
	Address() *url.URL
	// Say is a text of the reader's language.
	Say(key string) string
	// OpenCursor returns the position at which the request's page of a list begins; empty: the
	// first page. It refuses what this service did not give.
	OpenCursor(list string) (string, error)
	// SignCursor is a position of a list as an address carries it.
	SignCursor(list, position string) string
}

// Column is a column of a list. The first column of a list leads to the line's page.
type Column struct {
	Name   string
	Sorts  bool // the list can be ordered by it
	Number bool
	Hidden bool // shown only where it is chosen
}

// ListQuery is what the address asks of a list beside the page's own facets.
type ListQuery struct {
	Text       string // what is searched for; empty: everything
	Sort       string // name of the column; empty: the order that the list has by itself
	Descending bool
	After      string // position behind which the page begins; empty: the first page
	Limit      int
}

// ListResult is a page of a list, in the reader's language.
type ListResult struct {
	Summary string // what the list amounts to
	Warning string // said above everything; empty: nothing
	Tiles   []Tile // numbers above the list; none: no row of them
	Facets  []Facet
	Absent  []string // names of columns that this reader has nothing in: they are not shown
	Aside   []string // names of columns that are hidden by themselves, see Column
	Lines   []Line
	Next    string // position of the next page; empty: there is none
	Acts    []ListAct
	Empty   EmptyState
}

// Line is a line of a list, its cells by the name of their column.
type Line struct {
	ID, Link string
	Cells    map[string]Cell
}

// Cell is what stands in a column: text with a smaller line under it, a badge, an instant or a
// face, whichever are given.
type Cell struct {
	Text, Small string
	Badge       Badge
	Due         Due
	Owner       Face
	Mono        bool
	Whole       bool   // its text is not broken within a word
	Link        string // page of what it names, beside that of its line
	Plain       string // what the file says; empty: Text
}

// ListAct is a button above a list that leads to a page; one without a link cannot be pressed now.
type ListAct struct {
	Link, Label, Icon string
	Main              bool
}

// Parameters in the address of a list, and the lines of a page and of a file.
const (
	// CursorParameter is where a link to further lines carries the place at which it goes on.
	CursorParameter = "after"
	// ChosenParameter chooses lines without scripts: all of them.
	ChosenParameter = "chosen"

	ListPageSize  = 50     // lines of a page
	ListFilePage  = 200    // lines that a file is read by
	ListFileSize  = 10_000 // lines of a file at most
	LongestSearch = 100    // characters
)

// ListPage is what the template of lists is given.
type ListPage struct {
	ListResult
	Path     string
	Columns  []Heading
	Rows     []ListRow
	Chooser  Facet
	Text     string // what is searched for
	Searches bool
	Kept     []Hidden // the rest of the address, for the form of the search
	Further  string
	Download string
	Bulk     *BulkBar // nil: nothing can be done with many lines at once
}

// BulkBar is the form under a list that sends the chosen lines.
type BulkBar struct {
	Acts []BulkButton
	Back string // address of the list as it is narrowed
	All  string // address at which all lines that are shown are chosen
	Many string // says how many lines all of them are
	// Chosen says how many lines are chosen, with # for the number.
	Chosen string
}

// BulkButton sends the chosen lines to the page of an act.
type BulkButton struct {
	Action, Label, Icon string
	Danger              bool
}

// Heading is a column's head. Link orders the list by it; Sorted is "ascending", "descending"
// or empty. Before one with Pick stands the column of the boxes that choose lines.
type Heading struct {
	Label, Link, Sorted string
	Number, Pick        bool
}

// ListRow is a line; Pick is what its box sends, empty: it has none.
type ListRow struct {
	Link, Pick, Name string
	Chosen           bool
	Cells            []ListCell
}

// ListCell is a cell with the head of its column, which a phone shows beside it.
type ListCell struct {
	Cell   Cell // by a name: a template takes long to look for what is embedded
	Label  string
	Number bool
}

// Table is a table with its heads.
type Table struct {
	Columns []Heading
	Rows    []ListRow
}

// Page is the page of the list that the address asks for.
func (l Listing[V]) Page(v V) (ListPage, error) {
	q, err := l.query(v)
	if err != nil {
		return ListPage{}, err
	}
	found, err := l.Read(v, q)
	if err != nil {
		return ListPage{}, err
	}

	l = l.shaped(found)
	shown := l.shown(v)
	table := l.table(v, shown, found.Lines, q)
	p := ListPage{
		ListResult: found,
		Path:       l.Path,
		Columns:    table.Columns,
		Rows:       table.Rows,
		Chooser:    l.chooser(v, shown),
		Text:       q.Text,
		Searches:   l.Search,
		Further:    Further(v, l.Path, found.Next),
		Download:   Narrowed(v, l.Path, "format", "csv"),
	}
	for name, values := range v.Address().Query() {
		if name != "q" && name != CursorParameter && name != ChosenParameter {
			p.Kept = append(p.Kept, Hidden{name, values[0]})
		}
	}
	slices.SortFunc(p.Kept, func(a, b Hidden) int { return strings.Compare(a.Name, b.Name) })
	return p, nil
}

// Choosable puts a box before each line, which the bar's acts are sent with.
func (p *ListPage) Choosable(v Visitor, bar *BulkBar) {
	if bar == nil {
		return
	}
	p.Bulk = bar
	p.Columns[0].Pick = true
	for i, line := range p.Lines {
		p.Rows[i].Pick = line.ID
		p.Rows[i].Chosen = AllChosen(v)
	}
}

// AllChosen reports whether the address chooses all lines that are shown.
func AllChosen(v Visitor) bool { return v.Address().Query().Get(ChosenParameter) == "all" }

// AsksForFile reports whether the address asks for the list as a file.
func AsksForFile(v Visitor) bool { return v.Address().Query().Get("format") == "csv" }

// query reads from the address how the list is ordered, searched and paged.
func (l Listing[V]) query(v V) (ListQuery, error) {
	after, err := v.OpenCursor(l.Path)
	if err != nil {
		return ListQuery{}, err
	}
	address := v.Address().Query()
	q := ListQuery{After: after, Limit: cmp.Or(l.Lines, ListPageSize)}
	if l.Search {
		q.Text = Shortened(address.Get("q"), LongestSearch)
	}
	name, descending := strings.CutPrefix(address.Get("sort"), "-")
	for _, c := range l.Columns {
		if c.Sorts && c.Name == name {
			q.Sort, q.Descending = name, descending
		}
	}
	return q, nil
}

// Shortened is a text without blanks around it, and no longer than so many characters.
func Shortened(text string, most int) string {
	letters := []rune(strings.TrimSpace(text))
	return string(letters[:min(len(letters), most)])
}

// shown are the columns that the address chooses, in the list's order; the first always.
func (l Listing[V]) shown(v V) []Column {
	choice := v.Address().Query().Get("columns")
	chosen := strings.Split(choice, ",")
	var shown []Column
	for i, c := range l.Columns {
		byItself := choice == "" && !c.Hidden
		if i == 0 || byItself || slices.Contains(chosen, c.Name) {
			shown = append(shown, c)
		}
	}
	return shown
}

// shaped is the list with the columns that what was found leaves it.
func (l Listing[V]) shaped(found ListResult) Listing[V] {
	l.Columns = slices.DeleteFunc(slices.Clone(l.Columns), func(c Column) bool {
		return slices.Contains(found.Absent, c.Name)
	})
	for i, c := range l.Columns {
		l.Columns[i].Hidden = c.Hidden || slices.Contains(found.Aside, c.Name)
	}
	return l
}

// chooser is the facet that shows and hides columns.
func (l Listing[V]) chooser(v V, shown []Column) Facet {
	f := Facet{
		Label: v.Say("list.columns"),
		On:    v.Address().Query().Get("columns") != "",
	}
	for _, c := range l.Columns[1:] {
		var names []string
		for _, other := range l.Columns {
			if slices.Contains(shown, other) != (other == c) {
				names = append(names, other.Name)
			}
		}
		f.Options = append(f.Options, FacetOption{
			Label:   l.label(v, c),
			Link:    Narrowed(v, l.Path, "columns", strings.Join(names, ",")),
			Current: slices.Contains(shown, c),
		})
	}
	return f
}

func (l Listing[V]) label(v V, c Column) string {
	return v.Say(l.Words + ".column." + c.Name)
}

// Table puts lines under all of the list's columns, as a part of another page shows them.
func (l Listing[V]) Table(v V, lines []Line) *Table {
	unsorted := slices.Clone(l.Columns)
	for i := range unsorted {
		unsorted[i].Sorts = false
	}
	return l.table(v, unsorted, lines, ListQuery{})
}

func (l Listing[V]) table(v V, columns []Column, lines []Line, q ListQuery) *Table {
	t := &Table{}
	for _, c := range columns {
		t.Columns = append(t.Columns, l.heading(v, c, q))
	}
	for _, one := range lines {
		t.Rows = append(t.Rows, l.row(v, one, columns))
	}
	return t
}

func (l Listing[V]) heading(v V, c Column, q ListQuery) Heading {
	h := Heading{Label: l.label(v, c), Number: c.Number}
	if !c.Sorts {
		return h
	}
	next := c.Name
	if q.Sort == c.Name {
		h.Sorted = "ascending"
		next = "-" + c.Name
		if q.Descending {
			h.Sorted = "descending"
			next = ""
		}
	}
	h.Link = Narrowed(v, l.Path, "sort", next)
	return h
}

func (l Listing[V]) row(v V, line Line, shown []Column) ListRow {
	r := ListRow{Link: line.Link, Name: line.Cells[l.Columns[0].Name].said()}
	for i, c := range shown {
		cell := ListCell{
			Cell:   line.Cells[c.Name],
			Label:  l.label(v, c),
			Number: c.Number,
		}
		if i == 0 {
			cell.Cell.Link = line.Link
		}
		r.Cells = append(r.Cells, cell)
	}
	return r
}

// File is the list as it is narrowed, every page of it, with the columns that are shown, as
// values between the sign at which a spreadsheet in the reader's language splits them.
func (l Listing[V]) File(v V) ([]byte, error) {
	q, err := l.query(v)
	if err != nil {
		return nil, err
	}

	var out bytes.Buffer
	out.WriteString("\ufeff") // by this spreadsheets know that it is UTF-8
	w := csv.NewWriter(&out)
	w.Comma, _ = utf8.DecodeRuneInString(v.Say("list.separator"))

	var shown []Column
	q.After = ""
	q.Limit = ListFilePage
	for n := 0; n < ListFileSize; {
		found, err := l.Read(v, q)
		if err != nil {
			return nil, err
		}
		if shown == nil { // the first page: which columns there are is known now
			shown = l.shaped(found).shown(v)
			var head []string
			for _, c := range shown {
				head = append(head, l.label(v, c))
			}
			_ = w.Write(head)
		}
		for _, line := range found.Lines {
			var fields []string
			for _, c := range shown {
				fields = append(fields, line.Cells[c.Name].InFile())
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
	return out.Bytes(), w.Error()
}

// FileName is the name under which a browser keeps the list's file.
func (l Listing[V]) FileName(now time.Time) string {
	name := l.Path[strings.LastIndexByte(l.Path, '/')+1:]
	return name + "-" + now.UTC().Format(time.DateOnly) + ".csv"
}

// InFile is what a file says of the cell. What a spreadsheet would compute is kept from it by
// an apostrophe, also where it splits the cell's text at another sign than the file's.
func (c Cell) InFile() string {
	text := c.said()
	before := '\n'
	for _, sign := range text {
		if strings.ContainsRune(";,\t\r\n", before) && strings.ContainsRune(computing, sign) {
			return "'" + text
		}
		before = sign
	}
	return text
}

// computing are the signs with which a text begins that a spreadsheet computes.
const computing = "=+-@|%＝＋－＠\t\r"

func (c Cell) said() string {
	text := c.Plain
	for _, other := range []string{c.Text, c.Badge.Text, c.Due.Instant, c.Due.Text, c.Owner.Name} {
		if text == "" {
			text = other
		}
	}
	return text
}

// Narrowed is the address of a list with another value of one of its parameters; empty takes
// the parameter away. The page within the list is always the first, with no line chosen.
func Narrowed(v Visitor, list, name, value string) string {
	q := v.Address().Query()
	q.Del(CursorParameter)
	q.Del(ChosenParameter)
	if value == "" {
		q.Del(name)
	} else {
		q.Set(name, value)
	}
	return Address(list, q)
}

// Further is the address of a list's page behind the position; empty: there is none.
func Further(v Visitor, list, position string) string {
	if position == "" {
		return ""
	}
	q := v.Address().Query()
	q.Del(ChosenParameter)
	q.Set(CursorParameter, v.SignCursor(list, position))
	return Address(list, q)
}

// ChoiceFacet is a facet of a list: one of the options, or none of them. The options have the
// values in the same order.
func ChoiceFacet(
	v Visitor, list, name, label string, options []FacetOption, values []string,
) Facet {
	f := Facet{Label: label, Value: v.Say("list.all")}
	chosen := v.Address().Query().Get(name)
	f.Options = append(f.Options, FacetOption{
		Label:   v.Say("list.all"),
		Link:    Narrowed(v, list, name, ""),
		Current: chosen == "",
	})
	for i, o := range options {
		o.Link = Narrowed(v, list, name, values[i])
		o.Current = values[i] == chosen
		if o.Current {
			f.Value = o.Label
			f.On = true
		}
		f.Options = append(f.Options, o)
	}
	return f
}

// Address is a path with a query, where there is one.
func Address(path string, q url.Values) string {
	if len(q) == 0 {
		return path
	}
	return path + "?" + q.Encode()
}

// ListAddress is the address of a list that is narrowed; pairs are names and values.
func ListAddress(list string, pairs ...string) string {
	q := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			q.Set(pairs[i], pairs[i+1])
		}
	}
	return Address(list, q)
}
