package mail

import (
	"fmt"
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
		"strong": func(value any) template.HTML {
			return "<strong>" + escaped(value) + "</strong>"
		},
		"mailto":  fragment("mailto"),
		"link":    fragment("link"),
		"newline": func() template.HTML { return "<br>" },
		"markup": func(key string, pairs ...any) (template.HTML, error) {
			return sayMarkup(l, key, argsOf(pairs))
		},
	}
}

// The marks that stand for a value while its sentence is made; they are of the private
// use area, so no text has them.
const (
	markOpens  = "\ue000"
	markCloses = "\ue001"
)

// mark stands for a value. The article before it goes by the value's name.
type mark struct{ place, name string }

func (m mark) String() string { return m.place }

func (m mark) Name() string { return m.name }

// sayMarkup fills the placeholders of a text with marks, escapes the text between them,
// and puts the values in the place of their marks: no value is read as markup unless it
// is a fragment, and none is searched for marks.
func sayMarkup(l *messages.Language, key string, values messages.Args) (template.HTML, error) {
	marks := messages.Args{}
	for name := range values {
		marks[name] = mark{
			place: markOpens + name + markCloses,
			name:  fmt.Sprint(values[name]),
		}
	}

	text, err := say(l, key, marks)
	if err != nil {
		return "", err
	}

	var out strings.Builder
	for {
		words, rest, marked := strings.Cut(text, markOpens)
		out.WriteString(string(escaped(words)))
		if !marked {
			return template.HTML(out.String()), nil
		}

		name, after, _ := strings.Cut(rest, markCloses)
		out.WriteString(string(escaped(values[name])))
		text = after
	}
}

// special are the characters that a template may write otherwise between tags.
const special = "<>&'\"+\x00"

var plain = template.Must(template.New("plain").Parse("{{.}}"))

// escaped returns a value as a template shows it between tags; a fragment is as it is.
func escaped(value any) template.HTML {
	switch v := value.(type) {
	case template.HTML:
		return v
	case string:
		if !strings.ContainsAny(v, special) {
			return template.HTML(v)
		}
	}

	var out strings.Builder
	if err := plain.Execute(&out, value); err != nil {
		return "" // a Builder takes everything
	}
	return template.HTML(out.String())
}
