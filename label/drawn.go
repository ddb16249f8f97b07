package label

import (
	"embed"
	"encoding/hex"
	"math"
	"strings"
	"sync"
	"unicode"
	"unicode/utf16"

	"github.com/go-text/typesetting/di"
	"github.com/go-text/typesetting/font"
	"github.com/go-text/typesetting/font/opentype"
	"github.com/go-text/typesetting/language"
	"github.com/go-text/typesetting/shaping"
	"golang.org/x/image/math/fixed"
)

//go:embed fonts/NotoSans*
var notoFonts embed.FS

// rareHan is the font of the letters that no other East Asian font has.
const rareHan = "CJK-Rare.otf"

// drawnScripts are the scripts whose letters find their places and shapes beside each
// other, by rules of the font: the PDF library knows none of them, so such text is shaped
// here, and drawn.
var drawnScripts = []struct {
	script *unicode.RangeTable
	family string
}{
	{unicode.Thai, "Thai-Regular.ttf"},
	{unicode.Lao, "Lao-Regular.ttf"},
	{unicode.Khmer, "Khmer-Regular.ttf"},
	{unicode.Myanmar, "Myanmar-Regular.ttf"},
	{unicode.Devanagari, "Devanagari-Regular.ttf"},
	{unicode.Bengali, "Bengali-Regular.ttf"},
	{unicode.Gurmukhi, "Gurmukhi-Regular.ttf"},
	{unicode.Gujarati, "Gujarati-Regular.ttf"},
	{unicode.Oriya, "Oriya-Regular.ttf"},
	{unicode.Tamil, "Tamil-Regular.ttf"},
	{unicode.Telugu, "Telugu-Regular.ttf"},
	{unicode.Kannada, "Kannada-Regular.ttf"},
	{unicode.Malayalam, "Malayalam-Regular.ttf"},
	{unicode.Sinhala, "Sinhala-Regular.ttf"},
	{unicode.Ethiopic, "Ethiopic-Regular.ttf"},
	{danda, "Devanagari-Regular.ttf"},
}

// danda ends a sentence in several scripts of India, and belongs to none.
var danda = &unicode.RangeTable{R16: []unicode.Range16{{Lo: 0x0964, Hi: 0x0965, Stride: 1}}}

// drawnFont returns a font that is drawn, parsed once.
func drawnFont(family string) *font.Font { return drawnFonts()[family] }

var drawnFonts = sync.OnceValue(func() map[string]*font.Font {
	out := map[string]*font.Font{}
	entries, err := notoFonts.ReadDir("fonts")
	if err != nil {
		panic("label: no fonts are built in: " + err.Error())
	}

	for _, e := range entries {
		content, err := notoFonts.ReadFile("fonts/" + e.Name())
		if err != nil {
			panic("label: a font that is built in cannot be read: " + err.Error())
		}
		face, err := font.ParseTTF(strings.NewReader(string(content)))
		if err != nil {
			panic("label: a font that is built in cannot be read: " + err.Error())
		}
		out[strings.TrimPrefix(e.Name(), "NotoSans")] = face.Font
	}
	return out
})

// isDrawn reports whether a family's text is drawn rather than written.
func isDrawn(family string) bool { return strings.Contains(family, ".") }

// drawnFamily returns the font of a letter of a script that is drawn; empty for others.
func drawnFamily(r rune) string {
	for _, s := range drawnScripts {
		if unicode.Is(s.script, r) && hasGlyph(s.family, r) {
			return s.family
		}
	}
	return ""
}

func hasGlyph(family string, r rune) bool {
	_, ok := drawnFont(family).NominalGlyph(r)
	return ok
}

// joiner reports whether a rune only says how its neighbours join.
func joiner(r rune) bool { return r == '\u200c' || r == '\u200d' }

// shape puts a text's letters where they belong, in units of the font.
func shape(family, text string) shaping.Output {
	runes := []rune(text)
	face := font.NewFace(drawnFont(family))
	script := language.Latin
	for _, r := range runes {
		if s := language.LookupScript(r); s != language.Common && s != language.Inherited {
			script = s
			break
		}
	}

	var shaper shaping.HarfbuzzShaper
	return shaper.Shape(shaping.Input{
		Text:      runes,
		RunEnd:    len(runes),
		Direction: di.DirectionLTR,
		Face:      face,
		Size:      fixed.I(int(face.Upem())),
		Script:    script,
		Language:  language.NewLanguage("en"),
	})
}

// drawnWidth returns how wide a text is that is drawn, in mm.
func drawnWidth(family, text string, size float64) float64 {
	out := shape(family, text)
	return units(out.Advance) * unitOf(out, size)
}

func units(v fixed.Int26_6) float64 { return float64(v) / 64 }

// unitOf returns how long a unit of the font is, in mm.
func unitOf(out shaping.Output, size float64) float64 {
	return size * pointsToMM / float64(out.Face.Upem())
}

// boldStroke is by how much of its size bold text is thicker: these fonts have no bold one.
const boldStroke = 0.035

// draw draws a text and returns its width; y is its baseline. A reader of the file finds
// the text itself in it, behind letters that are not seen.
func (p pen) draw(x, y float64, r run, style string, size float64) float64 {
	if r.family == rareHan {
		style = "" // its neighbours, of another font, are never bold
	}

	out := shape(r.family, r.text)
	unit := unitOf(out, size)
	width := units(out.Advance) * unit
	p.SetFillColor(p.GetTextColor())
	p.SetDrawColor(p.GetTextColor())
	p.SetLineWidth(boldStroke * size * pointsToMM)
	p.RawWriteStr("/Span <</ActualText <" + utf16Hex(r.text) + ">>> BDC")

	at := x
	for _, g := range out.Glyphs {
		outline, ok := out.Face.GlyphDataOutline(g.GlyphID)
		if ok && len(outline.Segments) > 0 {
			p.outline(outline.Segments,
				at+units(g.XOffset)*unit, y-units(g.YOffset)*unit, unit)
			p.DrawPath(map[string]string{"": "f", "B": "B"}[style])
		}
		at += units(g.Advance) * unit
	}

	p.placeholder(x, y, width, size)
	p.RawWriteStr("EMC")
	return width
}

// placeholder writes unseen letters as wide as what was drawn, for whoever searches the
// file or copies from it.
func (p pen) placeholder(x, y, width, size float64) {
	p.SetFont(familySans, "", size)
	n := max(1, int(math.Round(width/p.GetStringWidth("n"))))
	p.SetTextRenderingMode(3)
	p.Text(x, y, strings.Repeat("n", n))
	p.SetTextRenderingMode(0)
}

// outline adds a glyph's contours to the path, with its origin at x and y.
func (p pen) outline(segments []opentype.Segment, x, y, unit float64) {
	at := func(s opentype.SegmentPoint) (float64, float64) {
		return x + float64(s.X)*unit, y - float64(s.Y)*unit
	}

	var fromX, fromY float64
	for i, s := range segments {
		toX, toY := at(s.Args[0])
		switch s.Op {
		case opentype.SegmentOpMoveTo:
			if i > 0 {
				p.ClosePath()
			}
			p.MoveTo(toX, toY)
		case opentype.SegmentOpLineTo:
			p.LineTo(toX, toY)
		case opentype.SegmentOpQuadTo: // as a cubic one, of which PDF has the only kind
			midX, midY := toX, toY
			toX, toY = at(s.Args[1])
			p.CurveBezierCubicTo(
				fromX+2*(midX-fromX)/3, fromY+2*(midY-fromY)/3,
				toX+2*(midX-toX)/3, toY+2*(midY-toY)/3,
				toX, toY)
		case opentype.SegmentOpCubeTo:
			oneX, oneY := toX, toY
			twoX, twoY := at(s.Args[1])
			toX, toY = at(s.Args[2])
			p.CurveBezierCubicTo(oneX, oneY, twoX, twoY, toX, toY)
		}
		fromX, fromY = toX, toY
	}
	p.ClosePath()
}

// utf16Hex writes a text as PDF's strings hold it.
func utf16Hex(text string) string {
	bytes := []byte{0xFE, 0xFF}
	for _, unit := range utf16.Encode([]rune(text)) {
		bytes = append(bytes, byte(unit>>8), byte(unit))
	}
	return hex.EncodeToString(bytes)
}
