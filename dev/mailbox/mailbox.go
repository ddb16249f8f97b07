// Package mailbox shows the mails that the SMTP catcher has kept: a page for
// people and JSON for programs. It is made for one developer on one machine
// and asks nobody for a password.
package mailbox

import (
	"embed"
	"html/template"
	"net/http"
	"slices"
	"strings"

	"roomcover.dev/roomcover/mail/smtptest"
)

// newest is how many mails a list holds when nothing else is asked for.
const newest = 200

//go:embed templates
var files embed.FS

var pages = template.Must(template.New("").Funcs(template.FuncMap{
	"when": when, "linked": linked,
}).ParseFS(files, "templates/*.html"))

// Source is where the mails come from; *smtptest.Server is one.
type Source interface {
	// Messages returns all mails, oldest first.
	Messages() []smtptest.Message
}

type handler struct{ source Source }

// Handler serves these addresses:
//
//	GET /                    the mails, newest first; ?to= filters by recipient
//	GET /mails/{id}          one mail; ?show=html, text or headers
//	GET /mails/{id}/html     its HTML part alone, for the page's frame
//	GET /mails/{id}/raw      the mail as it was received, as a .eml file
//	GET /api/mails           the same list as JSON; ?to= and ?limit=
//	GET /api/mails/{id}      one mail as JSON
func Handler(source Source) http.Handler {
	h := handler{source}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", h.list)
	mux.HandleFunc("GET /mails/{id}", h.show)
	mux.HandleFunc("GET /mails/{id}/html", h.html)
	mux.HandleFunc("GET /mails/{id}/raw", h.raw)
	mux.HandleFunc("GET /api/mails", h.listJSON)
	mux.HandleFunc("GET /api/mails/{id}", h.showJSON)
	mux.HandleFunc("GET /style.css", style)
	return secured(mux)
}

// secured sets what holds for every answer. The mails hold links that sign
// people in, so nothing is cached and no address is passed on.
func secured(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		header := w.Header()
		header.Set("Cache-Control", "no-store")
		header.Set("Referrer-Policy", "no-referrer")
		header.Set("X-Content-Type-Options", "nosniff")
		header.Set("Content-Security-Policy",
			"default-src 'none'; style-src 'self'; frame-src 'self'; form-action 'self'; "+
				"base-uri 'none'; frame-ancestors 'none'")
		next.ServeHTTP(w, r)
	})
}

// mails are the newest mails to a recipient, newest first, at most limit, and
// how many there are in all. An empty recipient means everyone; otherwise it
// is compared as part of an address, without regard to case.
func (h handler) mails(to string, limit int) ([]smtptest.Message, int) {
	all := h.source.Messages()
	slices.Reverse(all)
	if to = strings.ToLower(strings.TrimSpace(to)); to != "" {
		all = slices.DeleteFunc(all, func(m smtptest.Message) bool {
			return !slices.ContainsFunc(m.To, func(address string) bool {
				return strings.Contains(strings.ToLower(address), to)
			})
		})
	}

	return all[:min(limit, len(all))], len(all)
}

func (h handler) find(r *http.Request) (smtptest.Message, bool) {
	id := r.PathValue("id")
	all := h.source.Messages()
	i := slices.IndexFunc(all, func(m smtptest.Message) bool { return m.ID == id })
	if i < 0 {
		return smtptest.Message{}, false
	}
	return all[i], true
}
