package simulator

import (
	"bytes"

	"codeberg.org/go-pdf/fpdf"
)

// drawLabel is what a carrier's own label would be: number and reference, no more.
// It is the same for the same parcel.
func drawLabel(p *parcel) ([]byte, error) {
	pdf := fpdf.NewCustom(&fpdf.InitType{UnitStr: "mm", Size: fpdf.SizeType{Wd: 105, Ht: 148}})
	pdf.SetCatalogSort(true)
	pdf.SetCreationDate(p.BookedAt)
	pdf.SetModificationDate(p.BookedAt)
	pdf.AddPage()
	pdf.SetFont("Helvetica", "B", 18)
	pdf.Cell(0, 12, p.Tracking)
	pdf.Ln(14)
	pdf.SetFont("Helvetica", "", 11)
	pdf.Cell(0, 8, string(p.Service)+"  "+p.Reference)
	var out bytes.Buffer
	err := pdf.Output(&out)
	return out.Bytes(), err
}
