package console

import (
	"strings"

	"roomcover.dev/roomcover/web"
)

// sheetPage is a page about one thing: what it is, what can be done with it, and its parts,
// one below the other.
type sheetPage struct {
	Badge web.Badge
	Sub   string // beside the title
	Acts  []web.ListAct
	Alert string // what is wrong with it, and what to do
	Parts []sheetPart
}

// sheetPart is a card of such a page: whichever of its contents are given, in this order.
type sheetPart struct {
	Title, Count string
	Note         string // what the part is about, in a sentence
	Acts         []web.ListAct
	Facts        []web.Fact
	Table        *sheetTable
	Timeline     []web.Moment
	Text         string      // as it came, in letters of one width
	TextLanguage string      // of Text, where it is not the reader's
	Frame        string      // address of a page that is shown within
	Further      web.ListAct // leads to more of it
	Empty        string      // what stands there instead
}

// sheetTable is a table of a part, as a list shows its lines.
type sheetTable struct {
	Columns []web.Heading
	Rows    []web.ListRow
}

// sheetColumn is the head of a column of a part's table.
type sheetColumn struct {
	label  string
	number bool
}

// linesUnder makes the table of a part; nil without lines. The first cell of a line with a link
// leads to it.
func linesUnder(columns []sheetColumn, lines []sheetLine) *sheetTable {
	if len(lines) == 0 {
		return nil
	}
	t := &sheetTable{}
	for _, c := range columns {
		t.Columns = append(t.Columns, web.Heading{Label: c.label, Number: c.number})
	}
	for _, l := range lines {
		r := web.ListRow{Link: l.link}
		for i, c := range l.cells {
			cell := web.ListCell{Cell: c, Label: columns[i].label, Number: columns[i].number}
			if i == 0 {
				cell.Cell.Link = l.link
			}
			r.Cells = append(r.Cells, cell)
		}
		t.Rows = append(t.Rows, r)
	}
	return t
}

// sheetLine is a line of a part's table.
type sheetLine struct {
	link  string
	cells []web.Cell
}

// sheet answers with the page of one thing.
func sheet(title string, p sheetPage) answer {
	return answer{page: "sheet", title: title, data: p}
}

// knownFacts are the facts that have a value.
func knownFacts(facts ...web.Fact) []web.Fact {
	var out []web.Fact
	for _, f := range facts {
		if strings.TrimSpace(f.Value) != "" {
			out = append(out, f)
		}
	}
	return out
}

// namesOf is what people call the things, by their ids; read in one statement for each kind.
func (v *visit) namesOf(ids ...string) (map[string]string, error) {
	found, err := v.operations.NamesOf(v.scope(), ids)
	names := map[string]string{}
	for _, n := range found {
		names[n.ID] = n.Name
	}
	return names, err
}
