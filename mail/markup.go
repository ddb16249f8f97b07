package mail

import (
	"html/template"
	"strings"

	"roomcover.dev/roomcover/messages"
)

// markup are the functions of HTML templates for sentences with emphasis or a link
// in them: the sentence is one text of the catalogue, and what stands out is the
// value of a placeholder. Whatever is not markup of ours is escaped as the
// template would.
func markup(l *messages.Language, layout *template.Template) map[string]any {
	fragment := func(name string) func(any) (template.HTML, error) {
		return func(value any) (template.HTML, error) {
			var out strings.Builder
			err := layout.ExecuteTemplate(&out, name, value)
			return template.HTML(out.String()), err
		}
	}
	return map[string]any{
		"strong":  fragment("strong"),
		"mailto":  fragment("mailto"),
		"link":    fragment("link"),
		"newline": func() template.HTML { return "<br>" },
		"markup": func(key string, pairs ...any) (template.HTML, error) {
			return sayMarkup(l, key, argsOf(pairs))
		},
	}
}

// sayMarkup fills the placeholders of a text with marks, escapes the text, and
// puts the values in the place of their marks: no value is read as markup unless
// it is a fragment, and none is searched for marks.
func sayMarkup(l *messages.Language, key string, values messages.Args) (template.HTML, error) {
	marks := messages.Args{}
	var inPlace []string
	for name, value := range values {
		html, ok := value.(template.HTML)
		if !ok {
			html = escaped(value)
		}

		mark := "\ue000" + name + "\ue001" // of the private use area: no text has them
		marks[name] = mark
		inPlace = append(inPlace, mark, string(html))
	}

	text, err := say(l, key, marks)
	if err != nil {
		return "", err
	}

	return template.HTML(strings.NewReplacer(inPlace...).Replace(string(escaped(text)))), nil
}

var plain = template.Must(template.New("plain").Parse("{{.}}"))

// escaped returns a value as a template shows it between tags.
func escaped(value any) template.HTML {
	var out strings.Builder
	if err := plain.Execute(&out, value); err != nil {
		return "" // a Builder takes everything
	}
	return template.HTML(out.String())
}
