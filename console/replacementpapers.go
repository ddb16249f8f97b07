package console

import (
	"archive/zip"
	"bytes"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/logistics"
	"roomcover.dev/roomcover/models/replacement"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/web"
)

const (
	labelsPath = replacementsPath + "/labels"
	// mostLabels and mostLabelBytes bound the labels of one file.
	mostLabels     = 50
	mostLabelBytes = 50 << 20
)

// labelsAct prints the labels of the replacements that are chosen in the list.
var labelsAct = bulkAct{
	name:  "labels",
	label: "console.labels.title",
	says:  "console.labels.text",
	icon:  "printer",
	needs: may(rules.ViewAccount),
	check: func(v *visit, ids []string) ([]bulkLine, error) {
		lines := make([]bulkLine, len(ids))
		for i, id := range ids {
			lines[i] = bulkLine{ID: id}
		}
		return lines, nil
	},
	instead: func(_ *visit, lines []bulkLine) answer {
		return redirect(labelsAddress(db.IdsOf(lines, func(l bulkLine) string { return l.ID })))
	},
}

func labelsAddress(ids []string) string { return web.Address(labelsPath, url.Values{"id": ids}) }

// labelsPage lists replacements whose labels are printed together, and those that have none.
type labelsPage struct {
	Summary  string
	Rows     []web.Row
	Without  []web.Row
	Download string // address of the file; empty: there is none
	Count    string
	Problem  string
	Empty    web.EmptyState
}

// showLabels shows which labels are printed together, or hands out the file with all of them.
// Without names in the address they are those that are ready to hand over.
func showLabels(v *visit) (answer, error) {
	f := replacement.DeskFilter{
		Step: replacement.DeskShip,
		Page: db.Page{Limit: mostLabels},
	}
	ids := v.request.URL.Query()["id"]
	tooMany := len(ids) > mostLabels
	if len(ids) > 0 {
		f = replacement.DeskFilter{
			IDs:  ids[:min(len(ids), mostLabels)],
			Page: db.Page{Limit: mostLabels},
		}
	}
	found, _, err := v.replacements.Desk(v.scope(), f)
	if err != nil {
		return answer{}, err
	}
	var ready, without []replacement.DeskLine
	for _, l := range found {
		if labelOf(l.Parcel) {
			ready = append(ready, l)
			continue
		}
		without = append(without, l)
	}
	slices.Reverse(ready) // the longest waiting first

	p := labelsPage{
		Summary: v.language.Count("console.labels.ready", int64(len(ready))),
		Count:   v.language.Number(int64(len(ready))),
		Empty: web.EmptyState{
			Icon:     "printer",
			Title:    v.say("console.labels.empty.title"),
			Text:     v.say("console.labels.empty.text"),
			Link:     replacementsPath,
			LinkText: v.say("console.replacements.title"),
		},
	}
	if tooMany {
		p.Problem = v.say("console.labels.toomany", "most", v.language.Number(mostLabels))
	}
	if v.query("format") == "zip" && len(ready) > 0 && !tooMany {
		file, fit, err := v.labelsFile(ready)
		if err != nil {
			return answer{}, err
		}
		if file != nil {
			return answer{file: file}, nil
		}
		p.Problem = v.language.Count("console.labels.toolarge", int64(fit))
	}

	for _, l := range ready {
		r := v.labelRow(l)
		r.Link = shipmentsPath + "/" + l.Parcel.ID + "/paper/label"
		p.Rows = append(p.Rows, r)
	}
	for _, l := range without {
		p.Without = append(p.Without, v.labelRow(l))
	}
	if len(ready) > 0 {
		q := url.Values{"format": {"zip"}}
		for _, l := range ready {
			q.Add("id", l.ID)
		}
		p.Download = web.Address(labelsPath, q)
	}
	a := answer{page: "labels", title: v.say("console.labels.title"), data: p}
	if p.Problem != "" {
		a.status = http.StatusUnprocessableEntity
	}
	return a, nil
}

func (v *visit) labelRow(l replacement.DeskLine) web.Row {
	r := web.Row{
		Link:  replacementPath(l.Name()),
		Title: web.Joined(l.Name(), v.pieces(l.RMA)),
		Sub:   web.Joined(l.AccountName, l.SiteName),
		Badge: v.rmaState(l.RMA),
	}
	if l.Parcel != nil {
		r.Sub = web.Joined(r.Sub, l.Parcel.Carrier, db.Text(l.Parcel.Tracking))
	}
	if until := l.WaitsUntil(); until != nil {
		r.Due = v.dueAt(*until, l.SiteZone)
	}
	return r
}

// labelOf reports whether there is a label to print for a parcel: nobody has handed it over.
func labelOf(sh *logistics.Shipment) bool {
	return sh != nil && sh.Tracking != nil && sh.State.Live()
}

// labelsFile is one file with the labels of replacements, each as the PDF that the carrier or the
// service made: nobody reads what a carrier sent. Where they are too large together it returns
// no file, and how many of them fit.
func (v *visit) labelsFile(lines []replacement.DeskLine) (file *download, fit int, err error) {
	var out bytes.Buffer
	packed := zip.NewWriter(&out)
	size := 0
	for i, l := range lines {
		p, err := v.logistics.PaperOf(v.scope(), l.Parcel.ID)
		if err != nil {
			return nil, 0, err
		}
		content, err := v.logistics.LabelPDF(v.scope(), p)
		if err != nil {
			return nil, 0, err
		}
		if size += len(content); size > mostLabelBytes {
			return nil, i, nil
		}
		// Stored as they are: PDFs are compressed already.
		w, err := packed.CreateHeader(&zip.FileHeader{
			Name:     labelFileName(l),
			Method:   zip.Store,
			Modified: v.now.UTC(),
		})
		if err != nil {
			return nil, 0, err
		}
		if _, err := w.Write(content); err != nil {
			return nil, 0, err
		}
	}
	if err := packed.Close(); err != nil {
		return nil, 0, err
	}
	return &download{
		name: "labels-" + v.now.UTC().Format("2006-01-02-1504") + ".zip",
		kind: "application/zip",
		body: out.Bytes(),
	}, 0, nil
}

// labelFileName is safe on every system that people unpack it on.
func labelFileName(l replacement.DeskLine) string {
	safe := func(r rune) rune {
		plain := r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9'
		if !plain && r != '-' {
			return '_'
		}
		return r
	}
	name := l.Name() + "-" + strings.ToLower(string(l.Parcel.Direction))
	return strings.Map(safe, name) + ".pdf"
}
