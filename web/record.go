package web

import "html/template"

// Record is a page about one thing: who it is about, its tabs, and its sections, what needs
// somebody first. Its texts are in the reader's language.
type Record struct {
	Sub      string // beside the title
	Badge    Badge
	Up       Fact // what it belongs to; empty: nothing
	Acts     []ListAct
	Tabs     []Tab
	Tiles    []Tile
	Sections []Section
}

// Tab is a page of a record.
type Tab struct {
	Link, Label string
	Current     bool
}

// Section is a card of a record, with whichever of its parts are given.
type Section struct {
	Title, Count string
	Says         []string
	Rows         []Row
	Facts        []Fact
	Table        *Table
	Events       []Event
	Chart        template.HTML // drawn on the server
	Numbers      template.HTML // the same as a table
	Acts         []ListAct
	Empty        EmptyState
	Nothing      bool   // Empty is shown
	Further      string // address of what follows; empty: nothing does
}

// Event is an entry of a timeline: who did what to what, when and why. Ours are those of the
// service and its operators.
type Event struct {
	Who, What   string
	About, Link string
	Reason      string
	When        Due
	Ours        bool
}
