package console

import (
	"fmt"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/logistics"
)

const typePDF = "application/pdf"

// printPaper hands out the label or the packing slip of a parcel of a replacement, as the API
// does.
func printPaper(v *visit) (answer, error) {
	r, err := v.replacements.GetRMA(v.scope(), v.param("id"))
	if err != nil {
		return answer{}, err
	}
	return v.paperOf(r.ID)
}

// paperOf is a paper of the address's parcel, which belongs to the subject.
func (v *visit) paperOf(subjectID string) (answer, error) {
	p, err := v.logistics.PaperOf(v.scope(), v.param("parcel"))
	if err != nil {
		return answer{}, err
	}
	if p.SubjectID != subjectID {
		return answer{}, db.NotFound()
	}

	var content []byte
	name := v.param("paper")
	switch name {
	case "label":
		content, err = v.logistics.LabelPDF(v.scope(), p)
	case "slip":
		content, err = p.SlipPDF()
	default:
		return answer{}, errNoPage
	}
	if err != nil {
		return answer{}, err
	}
	return answer{file: &download{
		name: fmt.Sprintf("%s-%s.pdf", name, p.Reference()),
		kind: typePDF,
		body: content,
	}}, nil
}

// labelOfParcel reports whether there is a label to print for a parcel.
func labelOfParcel(sh *logistics.Shipment) bool {
	return sh != nil && sh.Tracking != nil && sh.State.Live()
}
