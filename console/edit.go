package console

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"

	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/web"
)

// edit is a change that is typed, then shown with what follows from it, and then made. All three
// are one page: whoever types something else before the last button reads again what follows.
type edit struct {
	Title  string
	Says   []string    // above the fields
	Fields []web.Field // with what was typed, or what holds now
	Hidden []web.Hidden
	Seen   string // names the state that the change is about, such as its version; empty: any
	Submit string // the verb of the change
	Danger bool   // it cannot be undone
	Back   string

	// Follows says what will be so, in sentences; it refuses what cannot be.
	Follows func() ([]string, error)
	// Make makes the change and returns where to go on, with the key of what is said there.
	Make func() (to, flash string, err error)
}

// editPage is what the template is told.
type editPage struct {
	edit
	Action  string
	Follow  []string // empty: not typed yet
	Digest  string   // of what Follow is about
	Problem string
	Remedy  string
	Changed string // somebody else's change, above what was typed
	Show    string // the label of the button that shows what follows
}

// fieldShown carries, in the form of a change, the digest of what it showed what follows from.
const fieldShown = "shown"

// typed is what was typed into a form, else what holds.
func (v *visit) typed(name, holds string) string {
	if _, typed := v.request.PostForm[name]; typed {
		return strings.TrimSpace(v.form(name))
	}
	return holds
}

// typedNow reports whether the form came back, with whatever was typed.
func (v *visit) typedNow() bool { return v.request.Method == post && v.form(fieldShown) != "" }

// runEdit leads through a change. A page that opens a form again after a sign-in calls resume
// before it reads the fields.
func (v *visit) runEdit(e edit) (answer, error) {
	p := editPage{
		edit:   e,
		Action: v.request.URL.Path,
		Show:   v.say("console.edit.show"),
	}
	if !v.typedNow() {
		return v.editAnswer(p, 0), nil
	}

	follow, err := e.Follows()
	if err != nil {
		return v.editAgain(p, err)
	}
	digest := e.digest()
	moved := v.form(fieldSeen) != e.Seen
	if moved || v.form(fieldConfirms) != "yes" || v.form(fieldShown) != digest {
		p.Follow = follow
		p.Digest = digest
		status := 0
		if moved {
			p.Changed = v.say("console.edit.changed")
			status = http.StatusPreconditionFailed
		}
		return v.editAnswer(p, status), nil
	}

	to, flash, err := e.Make()
	if err != nil {
		return v.editAgain(p, err)
	}
	return v.done(to, flash), nil
}

// digest is of what was typed and what was seen.
func (e edit) digest() string {
	h := sha256.New()
	for _, f := range e.Fields {
		value := f.Value
		for _, c := range f.Choices {
			if c.Chosen {
				value = c.Value
			}
		}
		_, _ = h.Write([]byte(f.Name + "\x00" + value + "\x00"))
	}
	for _, f := range e.Hidden {
		_, _ = h.Write([]byte(f.Name + "\x00" + f.Value + "\x00"))
	}
	_, _ = h.Write([]byte(e.Seen))
	return hex.EncodeToString(h.Sum(nil)[:12])
}

// stateOf names a state that has no version, by all that it says.
func stateOf(state any) string {
	text, _ := json.Marshal(state) // it has nothing that JSON lacks
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:12])
}

// editAgain shows the form again with what is wrong, beside the field where one is named. What
// was typed stays; where somebody else was quicker, their change is named above it.
func (v *visit) editAgain(p editPage, err error) (answer, error) {
	var refused *rules.Error
	if !errors.As(err, &refused) {
		return answer{}, err
	}
	status := http.StatusUnprocessableEntity
	switch rules.CodeOf(err) {
	case rules.NotFound, rules.Forbidden, StepUpRequired, rules.RateLimited:
		return answer{}, err
	case rules.VersionMismatch:
		p.Changed = v.say("console.edit.changed")
		return v.editAnswer(p, http.StatusPreconditionFailed), nil
	case rules.StateConflict:
		status = http.StatusConflict
	}

	refused = v.worded(refused)
	p.Problem, p.Remedy = refused.Message, refused.Remedy
	for i, f := range refused.Fields {
		at := p.fieldOf(f.Pointer)
		if i == 0 {
			p.Problem, p.Remedy = f.Message, f.Remedy
		}
		if at >= 0 {
			p.Fields[at].Problem = f.Message + " " + f.Remedy
		}
	}
	return v.editAnswer(p, status), nil
}

// fieldOf is the place of the field that a pointer names, such as /locale, or that has the whole
// pointer as its name; -1 for none.
func (p editPage) fieldOf(pointer string) int {
	whole := slices.IndexFunc(p.Fields, func(f web.Field) bool { return f.Name == pointer })
	if whole >= 0 {
		return whole
	}
	parts := strings.Split(strings.Trim(pointer, "/"), "/")
	return slices.IndexFunc(p.Fields, func(f web.Field) bool {
		return slices.Contains(parts, f.Name)
	})
}

func (v *visit) editAnswer(p editPage, status int) answer {
	return answer{status: status, page: "edit", title: p.Title, data: p}
}

// reasonField asks why.
func (v *visit) reasonField() web.Field {
	return web.Field{
		Name:     "reason",
		Label:    v.say("console.field.reason"),
		Help:     v.say("console.field.reason.help"),
		Kind:     "area",
		Value:    v.typed("reason", ""),
		Required: true,
	}
}

// changeOf says that something is to be another one than now; empty where it stays.
func (v *visit) changeOf(label, before, after string) string {
	if before == after {
		return ""
	}
	none := v.say("console.edit.none")
	if before == "" {
		before = none
	}
	if after == "" {
		after = none
	}
	return v.say("console.edit.change", "what", label, "before", before, "after", after)
}

// changes are those sentences that are not empty; where nothing changes they say so.
func (v *visit) changes(sentences ...string) []string {
	var out []string
	for _, s := range sentences {
		if s != "" {
			out = append(out, s)
		}
	}
	if len(out) == 0 {
		out = append(out, v.say("console.edit.nothing"))
	}
	return out
}
