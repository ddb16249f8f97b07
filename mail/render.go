package mail

import (
	"embed"
	"errors"
	"fmt"
	htmltemplate "html/template"
	"io/fs"
	"regexp"
	"slices"
	"strings"
	texttemplate "text/template"

	"roomcover.dev/roomcover/messages"
)

//go:embed templates
var files embed.FS

// page is what a template sees.
type page struct {
	Locale  string
	Subject string
	Brand   Brand
	Portal  bool           // its reader has access to the portal, or gets it
	P       map[string]any // checked and localised parameters

	// Other: the mail is about another service than the program's own, and does not name it.
	Other   bool
	Written bool   // by a person: nothing calls it automatic
	Marker  string // see Content.ReplyMarker
}

// rendering holds one template in one locale.
type rendering struct {
	html *htmltemplate.Template
	text *texttemplate.Template
}

// renderings are parsed once; a broken template stops the program at its
// start rather than at the first mail.
var renderings = mustParse()

// ErrNoTemplate says that this program does not know the template. During a roll-out a
// newer one does.
var ErrNoTemplate = errors.New("mail: there is no template")

// Render turns a Content into subject, plain text and HTML. The error names
// the template and every missing or malformed parameter, never its value.
func Render(c Content) (subject, text, html string, err error) {
	r, ok := renderings[key(c.Template, c.Locale)]
	if !ok {
		return "", "", "", fmt.Errorf("%w %q in locale %q", ErrNoTemplate, c.Template, c.Locale)
	}

	if err := checkBrand(c); err != nil {
		return "", "", "", err
	}

	params, err := localise(c)
	if err != nil {
		return "", "", "", err
	}

	subject = filledSubject(c, params)
	p := page{
		Locale:  c.Locale,
		Subject: subject,
		Brand:   c.Brand,
		Portal:  readsPortal(c.Template, params),
		P:       params,
		Other:   ofAnotherService(params),
		Written: c.Written || c.Template == "mailbox_answer",
		Marker:  c.ReplyMarker,
	}
	if p.Other && strings.Contains(p.Subject, p.Brand.Name) {
		var title strings.Builder
		if err := r.text.ExecuteTemplate(&title, "title", p); err != nil {
			return "", "", "", fmt.Errorf("mail: template %s: %w", c.Template, err)
		}
		p.Subject = oneLine(title.String())
	}

	var h, t strings.Builder
	if err := r.html.ExecuteTemplate(&h, "layout", p); err != nil {
		return "", "", "", fmt.Errorf("mail: template %s: %w", c.Template, err)
	}
	if err := r.text.ExecuteTemplate(&t, "layout", p); err != nil {
		return "", "", "", fmt.Errorf("mail: template %s: %w", c.Template, err)
	}

	return p.Subject, tidyText(t.String()), h.String(), nil
}

// Templates lists the names of all templates, sorted.
func Templates() []string {
	names := make([]string, 0, len(parameters))
	for name := range parameters {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

func key(template, locale string) string { return template + "." + locale }

func mustParse() map[string]rendering {
	out := map[string]rendering{}
	for _, locale := range messages.Locales() {
		l := messages.In(locale)
		h := htmltemplate.New("").Option("missingkey=error").Funcs(functions(l))
		h = htmltemplate.Must(h.Funcs(markup(l, h)).Parse(htmlSource(l, "layout")))
		t := texttemplate.New("").Option("missingkey=error").Funcs(functions(l))
		t = texttemplate.Must(t.Parse(textSource(l, "layout")))

		for _, name := range Templates() {
			out[key(name, locale)] = rendering{
				html: htmltemplate.Must(htmltemplate.Must(h.Clone()).Parse(htmlSource(l, name))),
				text: texttemplate.Must(texttemplate.Must(t.Clone()).Parse(textSource(l, name))),
			}
		}
	}

	return out
}

func htmlSource(l *messages.Language, name string) string {
	return styled(said(l, source(name+".html"), htmltemplate.HTMLEscapeString))
}

func textSource(l *messages.Language, name string) string {
	verbatim := func(words string) string { return words }
	return said(l, source(name+".txt"), verbatim)
}

// plainText finds where a template says a text with nothing to fill in.
var plainText = regexp.MustCompile(`\{\{say "([\w.]+)"\}\}`)

// said puts the texts with nothing to fill in, which are most of a mail's, into a
// template's source, so that no mail looks them up again.
func said(l *messages.Language, source string, escape func(string) string) string {
	return plainText.ReplaceAllStringFunc(source, func(action string) string {
		key := plainText.FindStringSubmatch(action)[1]
		if !l.Has(key) {
			return action // rendering the mail says what is missing
		}
		return escape(l.Say(key))
	})
}

func source(name string) string {
	content, err := fs.ReadFile(files, "templates/"+name)
	if err != nil {
		panic(err)
	}
	return string(content)
}

// checkBrand refuses a mail that would show a gap where the program's
// identity belongs (R1).
func checkBrand(c Content) error {
	var missing []string
	for _, f := range []struct{ name, value string }{
		{"subject", c.Subject},
		{"brand name", c.Brand.Name},
		{"sender name", c.Brand.SenderName},
		{"mailbox", c.Brand.Mailbox},
		{"portal URL", c.Brand.PortalURL},
		{"menu label", c.Brand.MenuServiceOrders},
	} {
		if strings.TrimSpace(f.value) == "" {
			missing = append(missing, f.name)
		}
	}

	if len(missing) > 0 {
		return fmt.Errorf("mail: template %s: the program lacks %s",
			c.Template, strings.Join(missing, ", "))
	}
	if !webAddress(c.Brand.PortalURL) {
		return fmt.Errorf("mail: template %s: the portal URL is not an absolute web address",
			c.Template)
	}

	return nil
}

// tidyText removes trailing blanks and runs of empty lines that conditions in
// a template leave behind. Plain text breaks where its reader likes.
func tidyText(s string) string {
	lines := strings.Split(strings.ReplaceAll(s, noBreak, " "), "\n")
	out := lines[:0]
	for _, line := range lines {
		line = strings.TrimRight(line, " \t")
		if line == "" && (len(out) == 0 || out[len(out)-1] == "") {
			continue
		}
		out = append(out, line)
	}

	return strings.TrimRight(strings.Join(out, "\n"), "\n") + "\n"
}
