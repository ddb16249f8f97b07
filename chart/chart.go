// Package chart draws numbers as SVG on the server, and says the same as a table. A chart has
// no inline style: its colors are the classes of web/static/chart.css, which stand on the tokens
// of the pages. What it draws depends on its values and its language alone.
package chart

import (
	"embed"
	"html/template"
	"math"
	"strings"
	"unicode/utf8"

	"roomcover.dev/roomcover/messages"
)

//go:embed templates
var files embed.FS

var pages = template.Must(template.ParseFS(files, "templates/*.html"))

// Kind is how a chart shows its values.
type Kind string

// The kinds of charts.
const (
	Bars    Kind = "bars"    // of one series, or of several side by side
	Stacked Kind = "stacked" // several series on top of each other, which add up
	Line    Kind = "line"    // what is not known leaves a gap
	Ranked  Kind = "ranked"  // a lying bar for each label, which may be long; of the first series
	Strip   Kind = "strip"   // a row of fields for each series, darker where there is more
)

// Unit is what the values are.
type Unit string

// The units of values.
const (
	Count    Unit = "count"
	PerMille Unit = "permille" // shown in percent, with tenths
	Seconds  Unit = "seconds"  // shown in seconds, minutes, hours or days, as the largest is
)

// Tone is the color of a series, by what it means.
type Tone string

// The tones, as the pages have them. A series without one has the accent.
const (
	Accent Tone = "accent"
	Green  Tone = "green"
	Amber  Tone = "amber"
	Red    Tone = "red"
	Blue   Tone = "blue"
	Violet Tone = "violet"
	Grey   Tone = "grey"
)

// Value is one value, which is not negative; nil: none is known.
type Value *int64

// Known is a value.
func Known(n int64) Value { return &n }

// Series are values under one name, one for each label.
type Series struct {
	Name   string
	Tone   Tone
	Values []Value
}

// Chart is what is drawn. Its texts are in the reader's language already.
type Chart struct {
	ID          string // names it on its page
	Kind        Kind
	Unit        Unit
	Title       string
	Description string // what is to be seen, in a sentence
	LabelName   string // what labels are, such as Week
	Labels      []string
	Series      []Series
}

// SVG draws the chart, with its title and its description.
func (c Chart) SVG(l *messages.Language) (template.HTML, error) {
	return render("svg.html", c.draw(l))
}

// Table says the same as a table, each value with its number for programs. Values that can be
// added have a row with their sum.
func (c Chart) Table(l *messages.Language) (template.HTML, error) {
	return render("table.html", c.tabulate(l))
}

func render(name string, data any) (template.HTML, error) {
	var out strings.Builder
	err := pages.ExecuteTemplate(&out, name, data)
	return template.HTML(out.String()), err
}

// The picture, in tenths of its units so that it is drawn with whole numbers.
const (
	width  = 6400
	height = 2000
	left   = 480  // of the plot
	names  = 1400 // left of a strip
	right  = 6320
	top    = 120
	bottom = 1640
	row    = 320 // of a strip
	rank   = 400 // of a lying bar, with the label above it
)

// tenths are a coordinate.
type tenths int64

func (t tenths) String() string {
	return strings.TrimSuffix(decimal(int64(t), "."), ".0")
}

// mark is one value of the picture: a bar, a field or a point.
type mark struct {
	X, Y, Width, Height tenths
	Class               string
	Value               int64
	Text                string // the label, the series and the value
}

// stroke is a line through known values that follow each other; one alone is its point only.
type stroke struct {
	Class  string
	Points string
}

// tick is a line of the grid, with the value that it stands for.
type tick struct {
	Y, TextY tenths
	Text     string
	Wide     bool // it stands on the line, since there is no room beside it
}

// caption is a text of an axis.
type caption struct {
	X, Y tenths
	Text string
}

// legend names a series beside its color.
type legend struct {
	X, TextX, Y, TextY tenths
	Class              string
	Text               string
}

type picture struct {
	Chart
	Width, Height, Left, Right tenths
	LegendY                    tenths
	Ticks                      []tick
	Captions                   []caption
	Marks                      []mark
	Strokes                    []stroke
	Legend                     []legend
	Empty                      string // said where nothing is known
}

// draw lays the picture out.
func (c Chart) draw(l *messages.Language) picture {
	p := picture{Chart: c, Width: width, Height: height, Left: left, Right: right}
	s := c.scale(l)
	if !c.known() {
		p.Empty = l.Say("chart.empty")
	}

	switch c.Kind {
	case Strip:
		p.Height = tenths(top + row*len(c.Series) + 360)
		p.drawStrip(s)
		p.caption(top + row*len(c.Series))
		return p
	case Ranked:
		p.Height = tenths(20 + rank*max(len(c.Labels), 1))
		p.drawRanks(s)
		return p
	case Line:
		p.drawLines(s)
	case Stacked:
		p.drawStacks(s)
	default:
		p.drawBars(s)
	}

	for _, value := range s.ticks() {
		t := tick{Y: s.y(float64(value)), Text: s.text(value)}
		t.Wide = utf8.RuneCountInString(t.Text) > 7
		t.TextY = t.Y + 40
		if t.Wide {
			t.TextY = t.Y - 20
		}
		p.Ticks = append(p.Ticks, t)
	}
	p.caption(bottom)
	if len(c.Series) > 1 {
		p.nameSeries()
	}

	return p
}

// known reports whether there is any value.
func (c Chart) known() bool {
	for _, series := range c.Series {
		for _, v := range series.Values {
			if v != nil {
				return true
			}
		}
	}
	return false
}

// at is a value of a series, and whether it is known.
func (s Series) at(i int) (int64, bool) {
	if i >= len(s.Values) || s.Values[i] == nil {
		return 0, false
	}
	return *s.Values[i], true
}

func (s Series) tone() string {
	if s.Tone == "" {
		return string(Accent)
	}
	return string(s.Tone)
}

// column is where the label of a number stands, from its left to its right.
func (c Chart) column(i int) (from, to int64) {
	begin := int64(left)
	if c.Kind == Strip {
		begin = names
	}
	n := int64(max(len(c.Labels), 1))
	from = begin + (right-begin)*int64(i)/n
	return from, begin + (right-begin)*int64(i+1)/n
}

func (p *picture) drawBars(s scale) {
	for i, label := range p.Labels {
		from, to := p.column(i)
		gap := (to - from) / 5
		n := int64(max(len(p.Series), 1))
		for j, series := range p.Series {
			value, known := series.at(i)
			if !known {
				continue
			}
			x := from + gap/2 + (to-from-gap)*int64(j)/n
			end := from + gap/2 + (to-from-gap)*int64(j+1)/n
			y := s.y(float64(value))
			p.Marks = append(p.Marks, mark{
				X:      tenths(x),
				Y:      y,
				Width:  tenths(end - x),
				Height: bottom - y,
				Class:  "bar " + series.tone(),
				Value:  value,
				Text:   p.describe(label, series, s.text(value)),
			})
		}
	}
}

func (p *picture) drawStacks(s scale) {
	for i, label := range p.Labels {
		from, to := p.column(i)
		gap := (to - from) / 5
		below := 0.0
		for _, series := range p.Series {
			value, known := series.at(i)
			if !known {
				continue
			}
			// Each bar begins where the one below ends, so that rounding leaves no gap.
			foot := s.y(below)
			below += float64(value)
			y := s.y(below)
			p.Marks = append(p.Marks, mark{
				X:      tenths(from + gap/2),
				Y:      y,
				Width:  tenths(to - from - gap),
				Height: foot - y,
				Class:  "bar " + series.tone(),
				Value:  value,
				Text:   p.describe(label, series, s.text(value)),
			})
		}
	}
}

func (p *picture) drawLines(s scale) {
	for _, series := range p.Series {
		var points []string
		draw := func() {
			if len(points) > 1 {
				p.Strokes = append(p.Strokes, stroke{
					Class:  "stroke " + series.tone(),
					Points: strings.Join(points, " "),
				})
			}
			points = nil
		}

		for i, label := range p.Labels {
			value, known := series.at(i)
			if !known {
				draw()
				continue
			}
			from, to := p.column(i)
			x, y := tenths((from+to)/2), s.y(float64(value))
			points = append(points, x.String()+","+y.String())
			p.Marks = append(p.Marks, mark{
				X:     x,
				Y:     y,
				Class: "point " + series.tone(),
				Value: value,
				Text:  p.describe(label, series, s.text(value)),
			})
		}
		draw()
	}
}

// drawRanks writes each label above its bar, and the value behind it.
func (p *picture) drawRanks(s scale) {
	const widest = right - 600
	if len(p.Series) == 0 {
		return
	}
	for i, label := range p.Labels {
		y := tenths(rank * i)
		p.Captions = append(p.Captions, caption{X: 0, Y: y + 160, Text: label})
		value, known := p.Series[0].at(i)
		if !known {
			continue
		}
		width := max(tenths(float64(value)/s.largest()*widest), 20)
		p.Marks = append(p.Marks, mark{
			X:      0,
			Y:      y + 220,
			Width:  width,
			Height: 120,
			Class:  "bar " + p.Series[0].tone(),
			Value:  value,
			Text:   p.describe(label, p.Series[0], s.text(value)),
		})
		p.Captions = append(p.Captions, caption{X: width + 250, Y: y + 320, Text: s.text(value)})
	}
}

// levels are how many shades a strip has besides that of nothing.
const levels = 4

func (p *picture) drawStrip(s scale) {
	for j, series := range p.Series {
		y := tenths(top + row*j)
		p.Captions = append(p.Captions, caption{X: 0, Y: y + 200, Text: series.Name})
		for i, label := range p.Labels {
			value, known := series.at(i)
			if !known {
				continue
			}
			from, to := p.column(i)
			level := math.Ceil(float64(value) / s.largest() * levels)
			p.Marks = append(p.Marks, mark{
				X:      tenths(from + 10),
				Y:      y,
				Width:  tenths(to - from - 20),
				Height: row - 40,
				Class:  "field " + series.tone() + " level" + string(rune('0'+int(level))),
				Value:  value,
				Text:   p.describe(label, series, s.text(value)),
			})
		}
	}
}

func (p *picture) describe(label string, series Series, value string) string {
	if len(p.Series) == 1 {
		return label + ": " + value
	}
	return label + ", " + series.Name + ": " + value
}

// caption writes labels below the plot, as many as have room.
func (p *picture) caption(y int) {
	const most = 12
	every := (len(p.Labels) + most - 1) / most
	for i, label := range p.Labels {
		if i%every == 0 {
			from, to := p.column(i)
			p.Captions = append(p.Captions, caption{
				X:    tenths((from + to) / 2),
				Y:    tenths(y + 160),
				Text: label,
			})
		}
	}
}

// nameSeries writes the legend below the labels.
func (p *picture) nameSeries() {
	step := int64(right-left) / int64(len(p.Series))
	for i, series := range p.Series {
		x := tenths(left + step*int64(i))
		p.Legend = append(p.Legend, legend{
			X:     x,
			TextX: x + 150,
			Y:     height - 110,
			TextY: height - 20,
			Class: "key " + series.tone(),
			Text:  series.Name,
		})
	}
}
