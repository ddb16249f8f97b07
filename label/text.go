package label

import (
	_ "embed"
	"slices"
	"strings"
	"sync"
	"unicode"

	"codeberg.org/go-pdf/fpdf"
	"github.com/go-text/typesetting/segmenter"
	"golang.org/x/image/font/sfnt"
	"golang.org/x/text/unicode/bidi"
	"golang.org/x/text/unicode/norm"
)

//go:embed fonts/DejaVuSans.ttf
var sans []byte

//go:embed fonts/DejaVuSans-Bold.ttf
var sansBold []byte

//go:embed fonts/DroidSansFallbackFull.ttf
var eastAsian []byte

//go:embed fonts/NanumSquareR.ttf
var korean []byte

const (
	familySans   = "sans"
	familyEast   = "east"
	familyKorean = "korean"
)

// families are asked for a letter in this order.
var families = []string{familySans, familyEast, familyKorean}

// faces are the fonts, parsed once, to be asked for their letters.
var faces = sync.OnceValue(func() map[string]*sfnt.Font {
	out := map[string]*sfnt.Font{}
	for family, content := range map[string][]byte{
		familySans:   sans,
		familyEast:   eastAsian,
		familyKorean: korean,
	} {
		f, err := sfnt.Parse(content)
		if err != nil {
			panic("label: a font that is built in cannot be read: " + err.Error())
		}
		out[family] = f
	}

	return out
})

// familyOf is the font that has a letter; ok is false when none has. Letters beyond
// the basic plane cannot be written, only drawn.
func familyOf(r rune) (family string, ok bool) {
	if family := drawnFamily(r); family != "" {
		return family, true
	}

	for _, family := range families {
		if i, err := faces()[family].GlyphIndex(nil, r); err == nil && i != 0 && r <= 0xFFFF {
			return family, true
		}
	}

	return rareHan, hasGlyph(rareHan, r)
}

// Unreadable lists the letters of a text that no font here has, each once. Where it
// is not empty, a box stands on the paper, and a person should write by hand.
func Unreadable(text string) []rune {
	var out []rune
	seen := map[rune]bool{}
	for _, r := range norm.NFC.String(text) {
		_, ok := familyOf(r)
		if !ok && !unicode.IsSpace(r) && plain(r) > 0 && !joiner(r) && !seen[r] {
			seen[r] = true
			out = append(out, r)
		}
	}

	return out
}

// box stands for a letter that no font has.
const box = '\u25A1'

// run is a part of a line in one font.
type run struct {
	family string
	text   string
}

// visual gives a line as it is set, from left to right, by font: Hebrew and Arabic
// are turned around, and Arabic is joined.
func visual(line string) (out []run) {
	for _, r := range leftToRight(line) {
		family, ok := familyOf(r)
		switch {
		case joiner(r) && (len(out) == 0 || !isDrawn(out[len(out)-1].family)):
			continue // there is nothing to join
		case joiner(r):
			family = out[len(out)-1].family
		case !ok:
			family, r = familySans, box
		}

		n := len(out)
		goesOn := n > 0 && (out[n-1].family == family || r == ' ' && out[n-1].family != rareHan)
		if goesOn {
			out[n-1].text += string(r)
			continue
		}

		out = append(out, run{family, string(r)})
	}

	return out
}

func leftToRight(line string) string {
	line = strings.Map(plain, norm.NFC.String(line))
	var p bidi.Paragraph
	if _, err := p.SetString(line); err != nil {
		return line
	}

	order, err := p.Order()
	if err != nil {
		return line
	}

	var out strings.Builder
	for _, r := range inOrder(order, beginsLeftToRight(line)) {
		if r.Direction() == bidi.RightToLeft {
			out.WriteString(bidi.ReverseString(string(joinArabic([]rune(r.String())))))
		} else {
			out.WriteString(r.String())
		}
	}

	return out.String()
}

// beginsLeftToRight says which way the first letter of a line is written.
func beginsLeftToRight(line string) bool {
	for _, r := range line {
		switch properties, _ := bidi.LookupRune(r); properties.Class() {
		case bidi.L:
			return true
		case bidi.R, bidi.AL:
			return false
		}
	}

	return true
}

// inOrder puts the runs of a line side by side as they are read: all turned around
// where the line begins with Hebrew or Arabic, and elsewhere those that hold
// together such text and the numbers in it. The library gives them as they were
// typed.
func inOrder(order bidi.Ordering, leftToRight bool) []bidi.Run {
	runs := make([]bidi.Run, order.NumRuns())
	for i := range runs {
		runs[i] = order.Run(i)
	}

	if !leftToRight {
		slices.Reverse(runs)
		return runs
	}

	for from := 0; from < len(runs); from++ {
		if runs[from].Direction() != bidi.RightToLeft {
			continue
		}

		to := from
		for next := from + 1; next < len(runs) && (runs[next].Direction() == bidi.RightToLeft ||
			!strings.ContainsFunc(runs[next].String(), unicode.IsLetter)); next++ {
			if runs[next].Direction() == bidi.RightToLeft {
				to = next
			}
		}

		slices.Reverse(runs[from : to+1])
		from = to
	}

	return runs
}

// plain makes every space a plain one and drops what is never seen.
func plain(r rune) rune {
	switch {
	case unicode.IsSpace(r):
		return ' '
	case joiner(r):
		return r
	case unicode.IsControl(r), unicode.Is(unicode.Cf, r), unicode.Is(unicode.Variation_Selector, r):
		return -1
	}
	return r
}

// pen writes onto a page.
type pen struct{ *fpdf.Fpdf }

// width is how wide a line is, in mm, at the size and style.
func (p pen) width(line, style string, size float64) (w float64) {
	for _, r := range visual(line) {
		if isDrawn(r.family) {
			w += drawnWidth(r.family, r.text, size)
			continue
		}
		p.SetFont(r.family, style, size)
		w += p.GetStringWidth(r.text)
	}
	return w
}

// line writes one line; y is its baseline.
func (p pen) line(x, y float64, text, style string, size float64) {
	for _, r := range visual(text) {
		if isDrawn(r.family) {
			x += p.draw(x, y, r, style, size)
			continue
		}
		p.SetFont(r.family, style, size)
		p.Text(x, y, r.text)
		x += p.GetStringWidth(r.text)
	}
}

const pointsToMM = 25.4 / 72

// block writes texts below each other, each wrapped to the width, at the largest
// size from size down to least that fits the height; what does not fit even so is
// cut, with an ellipsis. It gives the y below.
func (p pen) block(x, y, w, h float64, texts []string, style string, size, least float64) float64 {
	var lines []string
	tall := tallness(texts)
	for ; ; size -= 0.5 {
		lines = nil
		for _, t := range texts {
			lines = append(lines, p.wrap(t, w, style, size)...)
		}

		if float64(len(lines))*leading(size)*tall <= h || size <= least {
			break
		}
	}

	high := leading(size) * tall
	if fits := max(1, int(h/high)); len(lines) > fits {
		lines = lines[:fits]
		lines[fits-1] = p.cut(lines[fits-1]+"…", w, style, size)
	}

	for _, l := range lines {
		y += high
		p.line(x, y-high*0.25, l, style, size)
	}

	return y
}

// tallness returns by how much lines stand further apart: letters of India and South East
// Asia carry marks above and below.
func tallness(texts []string) float64 {
	for _, text := range texts {
		if strings.ContainsFunc(text, func(r rune) bool { return drawnFamily(r) != "" }) {
			return 1.25
		}
	}
	return 1
}

func leading(size float64) float64 { return size * 1.2 * pointsToMM }

// cut drops letters before the ellipsis until the line fits.
func (p pen) cut(line string, w float64, style string, size float64) string {
	letters := lettersOf(strings.TrimSuffix(line, "…"))
	for len(letters) > 0 && p.width(strings.Join(letters, "")+"…", style, size) > w {
		letters = letters[:len(letters)-1]
	}
	return strings.Join(letters, "") + "…"
}

// lettersOf takes a text apart into what people see as letters, each with its marks.
func lettersOf(text string) (letters []string) {
	var s segmenter.Segmenter
	s.Init([]rune(text))
	for all := s.GraphemeIterator(); all.Next(); {
		letters = append(letters, string(all.Grapheme().Text))
	}
	return letters
}

// wrap breaks a text into lines of at most the width: between words, between East
// Asian letters, and within a word only when it is too long for a line.
func (p pen) wrap(text string, w float64, style string, size float64) (lines []string) {
	line := ""
	for _, piece := range pieces(text) {
		joined := line + piece
		if strings.TrimSpace(line) == "" ||
			p.width(strings.TrimRight(joined, " "), style, size) <= w {
			line = joined
		} else {
			lines = append(lines, strings.TrimRight(line, " "))
			line = strings.TrimLeft(piece, " ")
		}

		for p.width(strings.TrimRight(line, " "), style, size) > w {
			letters := lettersOf(line)
			n := len(letters)
			for n > 1 && p.width(strings.Join(letters[:n], ""), style, size) > w {
				n--
			}
			if n == len(letters) {
				break
			}

			lines = append(lines, strings.Join(letters[:n], ""))
			line = strings.Join(letters[n:], "")
		}
	}

	return append(lines, strings.TrimRight(line, " "))
}

// pieces are where a line may break: each word with the spaces after it, and each
// East Asian letter alone.
func pieces(text string) (out []string) {
	start, runes := 0, []rune(text)
	for i, r := range runes {
		family, _ := familyOf(r)
		if unicode.IsSpace(r) || family == familyEast || family == rareHan {
			out = append(out, string(runes[start:i+1]))
			start = i + 1
		}
	}

	if start < len(runes) {
		out = append(out, string(runes[start:]))
	}
	return out
}
