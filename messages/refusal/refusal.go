// Package refusal says in the reader's language what the service refuses, and what to do about
// it. The service says both in English, for programs and for logs. Each of these sentences stands
// in the catalogue as well, in English as the service says it, so that it is found, and in every
// other language; TestS55_EachRefusalHasItsSentencesInTheCatalogue holds the two together.
package refusal

import (
	"cmp"
	"regexp"
	"slices"
	"strings"

	"roomcover.dev/roomcover/messages"
)

// Prefix begins the key of each sentence.
const Prefix = "refused."

// sentences are those of the catalogue, by what the service says.
var sentences = read(messages.In("en"))

type index struct {
	whole map[string]string // the key of a sentence without values
	parts []pattern         // sentences with values, those that say most themselves first
}

// pattern finds the values of a sentence, such as the state in "The order is in state HELD."
type pattern struct {
	key   string
	names []string
	match *regexp.Regexp
	own   int // how long the sentence is without its values
}

var placeholder = regexp.MustCompile(`\{(\w+)\}`)

func read(l *messages.Language) index {
	out := index{whole: map[string]string{}}
	for _, key := range l.Keys(Prefix) {
		sentence := l.Say(key)
		found := placeholder.FindAllStringSubmatchIndex(sentence, -1)
		if len(found) == 0 {
			out.whole[sentence] = key
			continue
		}

		p := pattern{key: key, own: len(sentence)}
		expression, from := "^", 0
		for _, at := range found {
			expression += regexp.QuoteMeta(sentence[from:at[0]]) + "(.+)"
			from = at[1]
			p.names = append(p.names, sentence[at[2]:at[3]])
			p.own -= at[1] - at[0]
		}
		p.match = regexp.MustCompile(expression + regexp.QuoteMeta(sentence[from:]) + "$")
		out.parts = append(out.parts, p)
	}

	slices.SortFunc(out.parts, func(a, b pattern) int {
		return cmp.Or(cmp.Compare(b.own, a.own), strings.Compare(a.key, b.key))
	})
	return out
}

// Words returns the two sentences of a refusal in a language. It reports false where the catalogue
// lacks one of them: a refusal is never said in two languages. A remedy may be empty.
func Words(l *messages.Language, message, remedy string) (said, toDo string, ok bool) {
	said, ok = sentence(l, message)
	if !ok || remedy == "" {
		return said, "", ok
	}
	toDo, ok = sentence(l, remedy)
	return said, toDo, ok
}

func sentence(l *messages.Language, english string) (string, bool) {
	if key, ok := sentences.whole[english]; ok {
		return l.Say(key), true
	}
	for _, p := range sentences.parts {
		found := p.match.FindStringSubmatch(english)
		if found == nil {
			continue
		}
		values := messages.Args{}
		for i, name := range p.names {
			values[name] = found[i+1]
		}
		return l.Say(p.key, values), true
	}
	return "", false
}
