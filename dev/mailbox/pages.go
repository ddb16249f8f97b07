package mailbox

import (
	"bytes"
	"html/template"
	"net/http"
	"regexp"
	"strings"
	"time"

	"roomcover.dev/roomcover/mail/smtptest"
)

// frameRules lets a mail show itself and nothing else: no scripts, nothing
// loaded from elsewhere, links open in a new tab.
const frameRules = "sandbox allow-popups allow-popups-to-escape-sandbox; " +
	"default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'"

type listPage struct {
	To      string
	Mails   []smtptest.Message
	Total   int
	Refresh bool
}

type mailPage struct {
	smtptest.Message
	Show    string
	Headers string
}

func (h handler) list(w http.ResponseWriter, r *http.Request) {
	to := r.URL.Query().Get("to")
	mails, total := h.mails(to, newest)
	render(w, http.StatusOK, "list.html", listPage{
		To:      to,
		Mails:   mails,
		Total:   total,
		Refresh: true,
	})
}

func (h handler) show(w http.ResponseWriter, r *http.Request) {
	m, ok := h.find(r)
	if !ok {
		missing(w)
		return
	}

	headers, _, _ := strings.Cut(strings.ReplaceAll(string(m.Raw), "\r\n", "\n"), "\n\n")
	render(w, http.StatusOK, "mail.html",
		mailPage{Message: m, Show: shown(m, r.URL.Query().Get("show")), Headers: headers})
}

// shown is the part asked for, or the one a mail program would show.
func shown(m smtptest.Message, asked string) string {
	switch {
	case asked == "headers", asked == "text":
		return asked
	case m.HTML != "":
		return "html"
	case m.Text != "":
		return "text"
	default:
		return "headers"
	}
}

func (h handler) html(w http.ResponseWriter, r *http.Request) {
	m, ok := h.find(r)
	if !ok || m.HTML == "" {
		missing(w)
		return
	}

	w.Header().Set("Content-Security-Policy", frameRules)
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = w.Write([]byte(inNewTab(m.HTML)))
}

func (h handler) raw(w http.ResponseWriter, r *http.Request) {
	m, ok := h.find(r)
	if !ok {
		missing(w)
		return
	}

	w.Header().Set("Content-Type", "message/rfc822")
	w.Header().Set("Content-Disposition", `attachment; filename="`+m.ID+`.eml"`)
	_, _ = w.Write(m.Raw)
}

func style(w http.ResponseWriter, r *http.Request) {
	http.ServeFileFS(w, r, files, "templates/style.css")
}

func missing(w http.ResponseWriter) {
	render(w, http.StatusNotFound, "missing.html", listPage{})
}

// render writes a whole page or an error, never half a page.
func render(w http.ResponseWriter, status int, name string, data any) {
	var page bytes.Buffer
	if err := pages.ExecuteTemplate(&page, name, data); err != nil {
		http.Error(w, "the page could not be made: "+err.Error(), http.StatusInternalServerError)
		return
	}

	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = page.WriteTo(w)
}

var head = regexp.MustCompile(`(?i)<head[^>]*>`)

// inNewTab makes the links of a mail open in a tab of their own: inside the
// frame the portal would refuse to be shown.
func inNewTab(html string) string {
	const base = `<base target="_blank">`
	if at := head.FindStringIndex(html); at != nil {
		return html[:at[1]] + base + html[at[1]:]
	}
	return base + html
}

var address = regexp.MustCompile(`https?://[^\s<>"]+[^\s<>".,;:!?)\]]`)

// linked escapes a plain text and makes its web addresses clickable.
func linked(text string) template.HTML {
	var b strings.Builder
	last := 0
	for _, at := range address.FindAllStringIndex(text, -1) {
		url := template.HTMLEscapeString(text[at[0]:at[1]])
		b.WriteString(template.HTMLEscapeString(text[last:at[0]]))
		b.WriteString(`<a target="_blank" rel="noopener" href="` + url + `">` + url + `</a>`)
		last = at[1]
	}

	b.WriteString(template.HTMLEscapeString(text[last:]))
	return template.HTML(b.String()) // every part is escaped above
}

// when is the time of receipt, in the zone of the machine.
func when(t time.Time) string { return t.Local().Format("2006-01-02 15:04:05") }
