package label

import (
	"strconv"
	"time"

	"roomcover.dev/roomcover/messages"
)

// Slip is a packing slip: what is in the parcel, and how something goes back.
type Slip struct {
	Locale    string
	From, To  Party
	Reference string // ASCII; stands in the barcode
	Tracking  string
	Date      time.Time
	DateText  string // as it stands on the slip
	Items     []Item
	// Returns says what to do with a faulty unit, and until when; empty for nothing.
	Returns []string
}

// Item is one line of a slip.
type Item struct {
	Model       string
	Description string
	Serial      string
	Quantity    int
}

const (
	a4Width, a4Height = 210.0, 297.0
	margin            = 18.0
	slipWidth         = a4Width - 2*margin
	slipBottom        = a4Height - margin
)

// columns of the table of items: left edges and widths.
var slipColumns = [4][2]float64{{0, 40}, {42, 68}, {112, 44}, {158, slipWidth - 158}}

// PDF draws the slip on A4, on as many pages as its items need.
func (s Slip) PDF() ([]byte, error) {
	w := messages.In(s.Locale)
	p := newPage(a4Width, a4Height, s.Date, w.Say("paper.slip")+" "+s.Reference, s.Locale)
	p.line(margin, margin+4, w.Say("paper.slip"), "B", 20)
	if err := p.barcode(margin+slipWidth-80, margin-4, 80, 14, s.Reference); err != nil {
		return nil, err
	}

	y := margin + 24
	half := slipWidth / 2
	p.caption(margin, y, w.Say("paper.from"))
	p.block(margin, y+1, half-6, 34, s.From.written(), "", 10, 6)
	p.caption(margin+half, y, w.Say("paper.to"))
	p.block(margin+half, y+1, half, 34, s.To.written(), "", 10, 6)
	y += 40
	p.field(margin, y, half, w.Say("paper.date"), s.DateText)
	p.field(margin+half, y, half, w.Say("paper.tracking"), s.Tracking)
	y = s.items(p, w, y+12)

	if len(s.Returns) > 0 {
		if y+30 > slipBottom {
			p.AddPage()
			y = margin
		}
		p.line(margin, y+12, w.Say("paper.returns"), "B", 12)
		p.block(margin, y+14, slipWidth, slipBottom-y-14, s.Returns, "", 10, 7)
	}

	return p.bytes()
}

// items draws the table from y on and gives the y below it.
func (s Slip) items(p pen, w *messages.Language, y float64) float64 {
	y = p.heading(w, y)
	rows := s.Items
	if len(rows) == 0 {
		p.block(margin, y+1, slipWidth, 8, []string{w.Say("paper.empty")}, "", 10, 8)
		return y + 8
	}

	for _, item := range rows {
		cells := [4]string{item.Model, item.Description, item.Serial, strconv.Itoa(item.Quantity)}
		high := p.rowHeight(cells)
		if y+high > slipBottom {
			p.AddPage()
			y = p.heading(w, margin)
		}

		for i, c := range slipColumns {
			p.block(margin+c[0], y+1, c[1], high-1, []string{cells[i]}, "", 10, 10)
		}

		y += high
		p.SetLineWidth(0.1)
		p.Line(margin, y, margin+slipWidth, y)
	}

	return y
}

// maxCellLines is how many lines a cell may have; what is longer is cut.
const maxCellLines = 6

func (p pen) rowHeight(cells [4]string) float64 {
	lines := 1
	for i, c := range slipColumns {
		lines = max(lines, len(p.wrap(cells[i], c[1], "", 10)))
	}
	return float64(min(lines, maxCellLines))*leading(10) + 3
}

func (p pen) heading(w *messages.Language, y float64) float64 {
	for i, text := range [4]string{
		w.Say("paper.model"), w.Say("paper.description"), w.Say("paper.serial"),
		w.Say("paper.quantity"),
	} {
		p.block(margin+slipColumns[i][0], y, slipColumns[i][1], 6, []string{text}, "B", 9, 7)
	}

	p.SetLineWidth(0.4)
	p.Line(margin, y+6, margin+slipWidth, y+6)
	return y + 7
}
