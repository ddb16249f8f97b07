package console

// record is a page about one thing: who it is about, its tabs, and its sections, what needs
// somebody first. Its texts are in the reader's language.
type record struct {
	Sub      string // beside the title
	Badge    badge
	Up       fact // what it belongs to; empty: nothing
	Acts     []listAct
	Tabs     []tab
	Tiles    []tile
	Sections []recordSection
}

// tab is a page of a record.
type tab struct {
	Link, Label string
	Current     bool
}

// recordSection is a card of a record, with whichever of its parts are given.
type recordSection struct {
	Title, Count string
	Says         []string
	Rows         []row
	Facts        []fact
	Table        *tableView
	Events       []event
	Acts         []listAct
	Empty        emptyState
	Nothing      bool   // Empty is shown
	Further      string // address of what follows; empty: nothing does
}

// event is an entry of a timeline: who did what to what, when and why. Ours are those of the
// service and its operators.
type event struct {
	Who, What   string
	About, Link string
	Reason      string
	When        due
	Ours        bool
}

// tableView is a table with its heads.
type tableView struct {
	Columns []heading
	Rows    []listRow
}

// tableOf puts lines under columns whose names stand in the catalogue under words.
func (v *visit) tableOf(words string, columns []column, lines []line) *tableView {
	l := listing{words: words, columns: columns}
	t := &tableView{}
	for _, c := range columns {
		t.Columns = append(t.Columns, l.heading(v, c, listQuery{}))
	}
	for _, one := range lines {
		t.Rows = append(t.Rows, l.row(v, one, columns))
	}
	return t
}
