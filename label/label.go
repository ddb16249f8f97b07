package label

import (
	"image"
	"time"

	"roomcover.dev/roomcover/messages"
)

// Label is a shipping label. Dates are texts, as they are to stand on it.
type Label struct {
	Locale    string // BCP 47: pt-BR or en
	From, To  Party
	Carrier   string
	Service   string
	Tracking  string // ASCII, at most 80 characters; stands in the barcode
	Reference string
	DeliverBy string // empty: nothing was promised
	Contents  string
	Date      time.Time // of the document; the same data gives the same bytes
}

const (
	a6Width, a6Height = 105.0, 148.0
	edge              = 5.0
)

// PDF draws the label on A6.
func (l Label) PDF() ([]byte, error) {
	w := messages.In(l.Locale)
	p := newPage(a6Width, a6Height, l.Date, l.Tracking, l.Locale)
	inner := a6Width - 2*edge
	p.SetLineWidth(0.4)
	p.Rect(edge-2, edge-2, inner+4, a6Height-2*edge+4, "D")

	p.block(edge, edge-1, inner*0.6, 9, []string{l.Carrier}, "B", 16, 8)
	p.block(edge+inner*0.62, edge-1, inner*0.38, 9, []string{l.Service}, "B", 12, 7)
	p.rule(edge + 9)

	p.caption(edge, edge+13, w.Say("paper.from"))
	p.block(edge, edge+13.5, inner, 17, l.From.written(), "", 8, 5)
	p.rule(edge + 32)

	p.caption(edge, edge+36, w.Say("paper.to"))
	y := p.block(edge, edge+36.5, inner, 17, legibleAll(l.To.Name), "B", 15, 8)
	p.block(edge, y+0.5, inner, edge+79-y-1, legibleAll(l.To.lines()...), "", 12, 6)
	p.rule(edge + 80)

	half := inner / 2
	p.field(edge, edge+84, half, w.Say("paper.reference"), l.Reference)
	p.field(edge+half, edge+84, half, w.Say("paper.deliverby"), l.DeliverBy)
	p.field(edge, edge+94, inner, w.Say("paper.contents"), l.Contents)
	p.rule(edge + 103)
	if err := p.barcode(edge, edge+106, inner, 25, l.Tracking); err != nil {
		return nil, err
	}

	return p.bytes()
}

// rule draws a line across the page.
func (p pen) rule(y float64) {
	width, _ := p.GetPageSize()
	p.SetLineWidth(0.2)
	p.Line(edge-2, y, width-edge+2, y)
}

// caption names what stands below it; y is its baseline.
func (p pen) caption(x, y float64, text string) {
	p.SetTextColor(90, 90, 90)
	p.line(x, y, text, "", 6.5)
	p.SetTextColor(0, 0, 0)
}

// field is a caption with a short text below; nothing where the text is empty.
func (p pen) field(x, y, w float64, caption, text string) {
	if text == "" {
		return
	}
	p.caption(x, y, caption)
	p.block(x, y+0.5, w-2, 5, []string{text}, "", 9, 6)
}

func black(code image.Image, x int) bool {
	r, _, _, _ := code.At(x, 0).RGBA()
	return r == 0
}
