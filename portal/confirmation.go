package portal

import (
	"slices"

	"roomcover.dev/roomcover/messages"
)

// confirmation asks before an act that cannot be undone: what will happen, in sentences,
// and two ways on. Its texts are in the reader's language already.
type confirmation struct {
	Title  string
	Says   []string
	Names  []string // under the sentences: the rooms that lose cover, for example
	Lists  []string // in their place: sentences of a list, below each other
	Final  bool     // it cannot be undone, which is said last
	Action string   // where the answer goes
	Fields []hidden // that go with it
	Submit string   // the verb of the act
	Keep   string   // the verb of leaving it
	Back   string   // address of leaving it
}

// hidden is a field that a confirmation sends along.
type hidden struct{ Name, Value string }

// confirmed reports whether this form is the answer to a confirmation.
func (v *visit) confirmed() bool {
	return v.request.Method == post && v.form(fieldConfirms) == "yes"
}

// ask shows a confirmation instead of acting.
func (v *visit) ask(c confirmation) (answer, error) {
	c.Says = slices.DeleteFunc(c.Says, func(text string) bool { return text == "" })
	if c.Keep == "" {
		c.Keep = v.language.Say("confirm.keep")
	}

	here := c.Back
	if pagePath(v.request.URL.Path) {
		here = v.request.URL.Path
	}

	return answer{page: "confirm", label: c.Title, data: c, here: here}, nil
}

// say is a text of the reader's language; pairs are names and values of its placeholders.
func (v *visit) say(key string, pairs ...any) string {
	args := messages.Args{}
	for i := 0; i+1 < len(pairs); i += 2 {
		args[pairs[i].(string)] = pairs[i+1]
	}
	return v.language.Say(key, args)
}
