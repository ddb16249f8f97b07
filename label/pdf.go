package label

import (
	"bytes"
	"errors"
	"time"

	"codeberg.org/go-pdf/fpdf"
	"github.com/boombuler/barcode/code128"
)

// newPage makes a document of one page size, in mm. date is written into it instead
// of the present time, so that the same data gives the same bytes.
func newPage(w, h float64, date time.Time, title, locale string) pen {
	pdf := fpdf.NewCustom(&fpdf.InitType{UnitStr: "mm", Size: fpdf.SizeType{Wd: w, Ht: h}})
	pdf.SetCatalogSort(true)
	pdf.SetCreationDate(date.UTC())
	pdf.SetModificationDate(date.UTC())
	pdf.SetProducer("Roomcover", true)
	pdf.SetTitle(title, true)
	pdf.SetLang(locale)
	pdf.SetMargins(0, 0, 0)
	pdf.SetAutoPageBreak(false, 0)
	pdf.AddUTF8FontFromBytes(familySans, "", sans)
	pdf.AddUTF8FontFromBytes(familySans, "B", sansBold)
	pdf.AddUTF8FontFromBytes(familyEast, "", eastAsian)
	pdf.AddUTF8FontFromBytes(familyEast, "B", eastAsian) // there is no bold one
	pdf.AddUTF8FontFromBytes(familyKorean, "", korean)
	pdf.AddUTF8FontFromBytes(familyKorean, "B", korean)
	pdf.AddPage()
	return pen{pdf}
}

func (p pen) bytes() ([]byte, error) {
	var out bytes.Buffer
	if err := p.Output(&out); err != nil {
		return nil, errors.New("label: the page cannot be drawn")
	}
	return out.Bytes(), nil
}

// quietModules is the white that a scanner needs on both sides of a Code 128.
const quietModules = 10

// barcode draws a Code 128 as wide as the box, its quiet zones included, and the
// text below it.
func (p pen) barcode(x, y, w, h float64, content string) error {
	code, err := code128.Encode(content)
	if err != nil {
		return errors.New("label: this cannot be a barcode: send 1 to 80 ASCII characters")
	}

	modules := code.Bounds().Dx()
	unit := w / float64(modules+2*quietModules)
	p.SetFillColor(0, 0, 0)

	for from := 0; from < modules; {
		to := from
		for to < modules && black(code, to) {
			to++
		}

		if to > from {
			p.Rect(x+float64(from+quietModules)*unit, y, float64(to-from)*unit, h, "F")
		}

		from = to + 1
	}

	p.line(x+(w-p.width(content, "B", 10))/2, y+h+4.5, content, "B", 10)
	return nil
}
