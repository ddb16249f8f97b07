package console

import (
	"strings"

	"roomcover.dev/roomcover/models/db"
)

// recordPage is a page about one thing: what it is, what can be done with it, and its parts,
// one below the other.
type recordPage struct {
	Badge badge
	Sub   string // beside the title
	Acts  []listAct
	Alert string // what is wrong with it, and what to do
	Parts []recordPart
}

// recordPart is a card of such a page: whichever of its contents are given, in this order.
type recordPart struct {
	Title, Count string
	Note         string // what the part is about, in a sentence
	Acts         []listAct
	Facts        []fact
	Table        *partTable
	Timeline     []moment
	Text         string  // as it came, in letters of one width
	TextLanguage string  // of Text, where it is not the reader's
	Frame        string  // address of a page that is shown within
	Further      listAct // leads to more of it
	Empty        string  // what stands there instead
}

// partTable is a table of a part, as a list shows its lines.
type partTable struct {
	Columns []heading
	Rows    []listRow
}

// tableColumn is the head of a column of a part's table.
type tableColumn struct {
	label  string
	number bool
}

// table makes the table of a part; nil without lines. The first cell of a line with a link leads
// to it.
func table(columns []tableColumn, lines []tableLine) *partTable {
	if len(lines) == 0 {
		return nil
	}
	t := &partTable{}
	for _, c := range columns {
		t.Columns = append(t.Columns, heading{Label: c.label, Number: c.number})
	}
	for _, l := range lines {
		r := listRow{Link: l.link}
		for i, c := range l.cells {
			cell := listCell{cell: c, Label: columns[i].label, Number: columns[i].number}
			if i == 0 {
				cell.Link = l.link
			}
			r.Cells = append(r.Cells, cell)
		}
		t.Rows = append(t.Rows, r)
	}
	return t
}

// tableLine is a line of a part's table.
type tableLine struct {
	link  string
	cells []cell
}

// record answers with the page of one thing.
func record(title string, p recordPage) answer {
	return answer{page: "record", title: title, data: p}
}

// known are the facts that have a value.
func known(facts ...fact) []fact {
	var out []fact
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

// pagesOfKinds are where the things of a kind have their pages, by the prefix of their ids.
var pagesOfKinds = map[string]string{
	db.PrefixOrder:        "/orders/",
	db.PrefixAccount:      "/accounts/",
	db.PrefixRMA:          "/rmas/",
	db.PrefixSpareUnit:    "/spares/",
	db.PrefixShipment:     "/shipments/",
	db.PrefixNotification: "/mails/",
	db.PrefixDepot:        "/stock/depots/",
	db.PrefixTask:         "/queue/",
	db.PrefixOrg:          "/settings/sellers/",
	db.PrefixCSM:          "/settings/managers/",
}

// pageAbout is the address of the page about something; empty where it has none.
func (v *visit) pageAbout(id string) string {
	folder, ok := pagesOfKinds[db.KindOf(id)]
	if !ok || !v.isPage(Root+folder+id) {
		return ""
	}
	return Root + folder + id
}
