package portal

import (
	"net/url"
	"strings"

	"roomcover.dev/roomcover/web"
)

// Address, Say, OpenCursor and SignCursor make a visit the reader of a list; see web.Visitor.

// Address is what was asked for.
func (v *visit) Address() *url.URL { return v.request.URL }

// Say is a text of the reader's language.
func (v *visit) Say(key string) string { return v.language.Say(key) }

// OpenCursor returns the position at which the request's page of a list begins.
func (v *visit) OpenCursor(list string) (string, error) { return v.openCursor(list) }

// SignCursor is a position of a list as an address carries it.
func (v *visit) SignCursor(list, position string) string {
	return v.db.Secrets().SignCursor(v.cursorPlace(list), position)
}

// reader is who reads this page, by the clock of the account at hand.
func (v *visit) reader() web.Reader {
	return web.Reader{
		Language: v.language,
		Now:      v.db.Clock().Now(),
		Zone:     v.who.account().TimeZone,
	}
}

// query is a parameter of the address.
func (v *visit) query(name string) string { return v.request.URL.Query().Get(name) }

// showList answers with a page of a list, or with the whole list as a file. bar, where there is
// one, is what can be done with many of its lines.
func showList(v *visit, l web.Listing[*visit], bar func(lines int) *web.BulkBar) (answer, error) {
	if web.AsksForFile(v) {
		content, err := l.File(v)
		return answer{file: &file{
			mediaType: "text/csv; charset=utf-8",
			name:      l.FileName(v.db.Clock().Now()),
			content:   content,
		}}, err
	}

	p, err := l.Page(v)
	if err != nil {
		return answer{}, err
	}
	if bar != nil && len(p.Rows) > 0 {
		p.Choosable(v, bar(len(p.Rows)))
	}
	return answer{page: "list", title: l.Words + ".title", data: p, here: l.Path}, nil
}

// offers reports whether there is a page at the address that this person may open.
func (v *visit) offers(path string) bool {
	for _, r := range routes() {
		if r.method == get && r.leadsTo(path) {
			return v.mayOpen(r)
		}
	}
	return false
}

// offeredActs keeps those of the acts whose pages there are and this person may open.
func (v *visit) offeredActs(acts ...web.ListAct) (out []web.ListAct) {
	for _, act := range acts {
		path, _, _ := strings.Cut(act.Link, "?")
		if v.offers(path) {
			out = append(out, act)
		}
	}
	return out
}
