package label

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"time"

	"codeberg.org/go-pdf/fpdf"
	"codeberg.org/go-pdf/fpdf/contrib/gofpdi"
)

// Document is a PDF to be printed with others, such as a carrier's own label.
type Document struct {
	Name    string // what people call it by, where it cannot be read
	Content []byte
}

// NotJoined names a document whose pages cannot be taken over: it has to be printed by itself.
type NotJoined struct{ Name string }

// Error says which document it is.
func (e NotJoined) Error() string {
	return fmt.Sprintf("label: the pages of %s cannot be joined with others", e.Name)
}

// Join puts the pages of documents behind one another, each in its own size. date is written
// into it instead of the present time, so that the same data gives the same bytes. It returns an
// NotJoined for the first document whose pages cannot be taken over.
func Join(date time.Time, documents ...Document) ([]byte, error) {
	pdf := fpdf.NewCustom(&fpdf.InitType{UnitStr: "pt"})
	pdf.SetCatalogSort(true)
	pdf.SetCreationDate(date.UTC())
	pdf.SetModificationDate(date.UTC())
	pdf.SetProducer("Roomcover", true)
	for _, d := range documents {
		if err := addPages(pdf, d); err != nil {
			return nil, err
		}
	}

	var out bytes.Buffer
	if err := pdf.Output(&out); err != nil {
		return nil, errors.New("label: the documents cannot be joined")
	}
	return out.Bytes(), nil
}

// addPages takes over the pages of a document. The library panics at what it cannot read.
func addPages(pdf *fpdf.Fpdf, d Document) (err error) {
	defer func() {
		if recover() != nil {
			err = NotJoined{d.Name}
		}
	}()
	if !whole(d.Content) {
		return NotJoined{d.Name}
	}

	reader := gofpdi.NewImporter()
	var source io.ReadSeeker = bytes.NewReader(d.Content)
	const box = "/MediaBox"
	page := reader.ImportPageFromStream(pdf, &source, 1, box)
	sizes := reader.GetPageSizes()
	if len(sizes) == 0 {
		return NotJoined{d.Name}
	}
	for n := 1; n <= len(sizes); n++ {
		if n > 1 {
			page = reader.ImportPageFromStream(pdf, &source, n, box)
		}
		wide, high := sizes[n][box]["w"], sizes[n][box]["h"]
		pdf.AddPageFormat("P", fpdf.SizeType{Wd: wide, Ht: high})
		reader.UseImportedTemplate(pdf, page, 0, 0, wide, high)
	}
	return pdf.Error()
}

// ending is how a PDF ends: with the place of its table of contents.
var ending = regexp.MustCompile(`startxref\s+(\d{1,9})\s+%%EOF\s*$`)

// whole reports whether a document is a PDF with its table of contents where it says. Without
// one the library looks for it for ever; one that is compressed it may not read.
func whole(content []byte) bool {
	m := ending.FindSubmatch(content[max(0, len(content)-1024):])
	if m == nil || !bytes.HasPrefix(content, []byte("%PDF-")) {
		return false
	}
	at, err := strconv.Atoi(string(m[1]))
	return err == nil && at < len(content) && bytes.HasPrefix(content[at:], []byte("xref"))
}
