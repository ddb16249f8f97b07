package chart

import (
	"html/template"
	"unicode/utf8"

	"roomcover.dev/roomcover/messages"
)

// States is a chart of the states of something and the arrows between them, drawn from top to
// bottom. Its texts are in the reader's language already.
type States struct {
	ID          string // names it on its page
	Title       string
	Description string
	States      []State // in the order in which people meet them
	Arrows      []Arrow
}

// State is one state of the chart.
type State struct {
	Key   string
	Name  string
	Phase Phase
}

// Phase says what a state is to the thing that is shown.
type Phase string

// The phases. A state without one is neither where it is, nor was, nor goes next.
const (
	Past Phase = "past" // it has been there
	Now  Phase = "now"  // it is there
	Next Phase = "next" // an arrow leads there from where it is
)

// Arrow leads from one state to another; both are keys.
type Arrow struct{ From, To string }

// The picture of states, in tenths of its units.
const (
	boxWidth  = 1760
	boxHeight = 320
	betweenX  = 240
	betweenY  = 240
	edge      = 20
	margin    = 160 // at either side, for arrows that lead back
)

// box is a state as it is drawn.
type box struct {
	X, Y, Width, Height tenths
	TextX, TextY        tenths
	Class               string
	Name                string
	Now                 bool
}

// edgeLine is an arrow as it is drawn: a curve from one box to another.
type edgeLine struct {
	Path  string
	Class string
	Head  string // id of its head's shape
}

type statesPicture struct {
	States
	Width, Height tenths
	Boxes         []box
	Lines         []edgeLine
	Now           string // name of the state where it is; empty: in none of them
}

// SVG draws the chart, with its title and its description.
func (s States) SVG(_ *messages.Language) (template.HTML, error) {
	return render("states.html", s.draw())
}

// rows put each state below all that lead to it, as far as the arrows go forward.
func (s States) rows() [][]int {
	place := map[string]int{}
	for i, state := range s.States {
		place[state.Key] = i
	}

	level := make([]int, len(s.States))
	var rows [][]int
	for i := range s.States {
		for _, a := range s.Arrows {
			from, known := place[a.From]
			if known && place[a.To] == i && from < i {
				level[i] = max(level[i], level[from]+1)
			}
		}
		for len(rows) <= level[i] {
			rows = append(rows, nil)
		}
		rows[level[i]] = append(rows[level[i]], i)
	}
	return rows
}

// draw lays the picture out.
func (s States) draw() statesPicture {
	rows := s.rows()
	widest := 1
	for _, row := range rows {
		widest = max(widest, len(row))
	}

	p := statesPicture{
		States: s,
		Width:  tenths(widest*(boxWidth+betweenX) - betweenX + 2*margin),
		Height: tenths(max(len(rows), 1)*(boxHeight+betweenY) - betweenY + 2*edge),
	}
	boxes := map[string]box{}
	for level, row := range rows {
		used := len(row)*(boxWidth+betweenX) - betweenX
		for i, n := range row {
			state := s.States[n]
			b := box{
				X:      tenths((int(p.Width)-used)/2 + i*(boxWidth+betweenX)),
				Y:      tenths(edge + level*(boxHeight+betweenY)),
				Width:  boxWidth,
				Height: boxHeight,
				Class:  "state",
				Name:   shortenName(state.Name),
				Now:    state.Phase == Now,
			}
			if state.Phase != "" {
				b.Class += " " + string(state.Phase)
			}
			b.TextX, b.TextY = b.X+boxWidth/2, b.Y+boxHeight/2+40
			boxes[state.Key] = b
			p.Boxes = append(p.Boxes, b)
			if b.Now {
				p.Now = state.Name
			}
		}
	}

	var next []edgeLine // drawn last, so that they lie above
	for _, a := range s.Arrows {
		from, knowsFrom := boxes[a.From]
		to, knowsTo := boxes[a.To]
		switch {
		case !knowsFrom || !knowsTo:
		case from.Now:
			next = append(next, edgeLine{curve(from, to), "arrow next", s.ID + "-head-next"})
		default:
			p.Lines = append(p.Lines, edgeLine{curve(from, to), "arrow", s.ID + "-head"})
		}
	}
	p.Lines = append(p.Lines, next...)
	return p
}

// curve leads from the foot of a box to the head of one below it, and from the side of a box
// to that of one above or beside it.
func curve(from, to box) string {
	if to.Y > from.Y {
		x, y := from.X+boxWidth/2, from.Y+boxHeight
		bend := (to.Y - y) / 2
		end := to.X + boxWidth/2
		return "M" + x.String() + " " + y.String() +
			"C" + x.String() + " " + (y + bend).String() + " " +
			end.String() + " " + (to.Y - bend).String() + " " +
			end.String() + " " + to.Y.String()
	}

	x, y := from.X+boxWidth, from.Y+boxHeight/2
	end, endY := to.X+boxWidth, to.Y+boxHeight/2
	beside := max(x, end) + betweenX/2
	if from.Y == to.Y { // along the row
		x, end = from.X+boxWidth, to.X
		if to.X < from.X {
			x, end = from.X, to.X+boxWidth
		}
		return "M" + x.String() + " " + y.String() + "L" + end.String() + " " + endY.String()
	}
	return "M" + x.String() + " " + y.String() +
		"C" + beside.String() + " " + y.String() + " " +
		beside.String() + " " + endY.String() + " " +
		end.String() + " " + endY.String()
}

// shortenName keeps a name within its box.
func shortenName(name string) string {
	const most = 27
	if utf8.RuneCountInString(name) <= most {
		return name
	}
	return string([]rune(name)[:most-1]) + "…"
}
