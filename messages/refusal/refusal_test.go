package refusal

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/messages"
	"roomcover.dev/roomcover/rules/cover"
)

// machines are the folders whose refusals no page shows: they are of how a program asks, or of
// the command line.
var machines = []string{"api", "cmd", "dev", "scim"}

// pagesOfTheirOwn are the files whose refusals lead to pages with words of their own.
var pagesOfTheirOwn = []string{"console/refusal.go", "portal/refusal.go"}

// refusing are the functions that refuse, with the places of message and remedy among what they
// are given; -1: they say it themselves.
var refusing = map[string][2]int{
	"Refuse":            {1, 2},
	"TooMany":           {0, 1},
	"ReasonMissing":     {0, -1},
	"tokenConflict":     {0, 1},
	"enoughInvitations": {0, -1},
}

// passedOn are the sentences that a place hands on from elsewhere, as the place writes them, and
// where they are looked for instead.
var passedOn = map[string]string{
	"message":                    "those who call one of refusing",
	"remedy":                     "the same",
	"f.Message":                  "a field's, which has the words of its code too",
	"f.Remedy":                   "the same",
	"v.say(...)":                 "said in the reader's language already",
	"Join(...)":                  "the same",
	"ReasonFor(...).Message":     "cover.ReasonFor, below",
	"cover.RefusalRemedies[...]": "cover.RefusalRemedies, below",
	"RefusalRemedies[...]":       "the same",
	"known.remedy":               "the list strangers of rowfile",
}

// said are the sentences of the refusals in the code, with where they stand.
type said struct {
	fset *token.FileSet
	at   map[string]string
	t    *testing.T
}

// S55: whoever is refused something reads, in their language, what is wrong with this and what to
// do about this. Each refusal in the code has both sentences in the catalogue, word for word, and
// the catalogue has no other.
func TestS55_EachRefusalHasItsSentencesInTheCatalogue(t *testing.T) {
	s := &said{fset: token.NewFileSet(), at: map[string]string{}, t: t}
	require.NoError(t, filepath.WalkDir("../..", s.readFile))
	require.Greater(t, len(s.at), 500)
	for code, remedy := range cover.RefusalRemedies {
		s.at[cover.ReasonFor(code).Message] = "rules/cover"
		s.at[remedy] = "rules/cover"
	}

	american := messages.In("en")
	known := map[string]bool{}
	for _, key := range american.Keys(Prefix) {
		known[shape(american.Say(key))] = true
		for _, locale := range messages.Locales() {
			require.True(t, messages.In(locale).Has(key), "%s: %s", locale, key)
		}
	}
	for sentence, where := range s.at {
		assert.True(t, known[sentence], "%s: add to refused.json of each language: %s", where, sentence)
		delete(known, sentence)
	}
	assert.Empty(t, known, "nobody refuses with these")
}

func (s *said) readFile(path string, d fs.DirEntry, err error) error {
	relative := strings.TrimPrefix(filepath.ToSlash(path), "../../")
	folder, _, _ := strings.Cut(relative, "/")
	switch {
	case err != nil:
		return err
	case d.IsDir() && (d.Name() == "node_modules" || d.Name() == ".git" ||
		slices.Contains(machines, folder)):
		return fs.SkipDir
	case d.IsDir(), !strings.HasSuffix(path, ".go"), strings.HasSuffix(path, "_test.go"),
		slices.Contains(pagesOfTheirOwn, relative):
		return nil
	}

	file, err := parser.ParseFile(s.fset, path, nil, 0)
	if err != nil {
		return err
	}
	ast.Inspect(file, func(n ast.Node) bool {
		if call, ok := n.(*ast.CallExpr); ok {
			s.readCall(call)
		}
		if list, ok := n.(*ast.ValueSpec); ok && list.Names[0].Name == "strangers" {
			for _, e := range list.Values[0].(*ast.CompositeLit).Elts {
				row := e.(*ast.CompositeLit).Elts
				s.note(row[len(row)-1])
			}
		}
		return true
	})
	return nil
}

// readCall notes the sentences of a call that refuses.
func (s *said) readCall(call *ast.CallExpr) {
	places, ok := refusing[nameOf(call.Fun)]
	if !ok {
		return
	}
	for _, i := range places {
		if i >= 0 && i < len(call.Args) {
			s.note(call.Args[i])
		}
	}
}

func (s *said) note(e ast.Expr) {
	where := s.fset.Position(e.Pos()).String()
	sentence, ok := english(e)
	if !ok {
		assert.Contains(s.t, passedOn, written(e), "%s: say where its words come from", where)
		return
	}
	assert.NotEmpty(s.t, sentence, "%s: it says no remedy", where)
	s.at[sentence] = where
}

// english is a sentence with {} for each value in it.
func english(e ast.Expr) (string, bool) {
	switch e := e.(type) {
	case *ast.BasicLit:
		text, err := strconv.Unquote(e.Value)
		return text, err == nil
	case *ast.BinaryExpr:
		left, first := english(e.X)
		right, second := english(e.Y)
		if !first {
			left = "{}"
		}
		if !second {
			right = "{}"
		}
		return left + right, first || second
	case *ast.CallExpr:
		if nameOf(e.Fun) == "Sprintf" {
			format, ok := english(e.Args[0])
			return verb.ReplaceAllString(format, "{}"), ok
		}
	}
	return "", false
}

var verb = regexp.MustCompile(`%[a-z]`)

// shape is a sentence of the catalogue with {} for each value in it.
func shape(sentence string) string { return placeholder.ReplaceAllString(sentence, "{}") }

// nameOf is the name of what is called, without its package.
func nameOf(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.Ident:
		return e.Name
	case *ast.SelectorExpr:
		return e.Sel.Name
	}
	return ""
}

// written is how code writes a value, with ... for what differs.
func written(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.Ident:
		return e.Name
	case *ast.SelectorExpr:
		if called, ok := e.X.(*ast.CallExpr); ok {
			return written(called) + "." + e.Sel.Name
		}
		return written(e.X) + "." + e.Sel.Name
	case *ast.IndexExpr:
		return written(e.X) + "[...]"
	case *ast.CallExpr:
		if s, ok := e.Fun.(*ast.SelectorExpr); ok && s.Sel.Name == "say" {
			return "v.say(...)"
		}
		return nameOf(e.Fun) + "(...)"
	}
	return ""
}

// remediesAlone are the texts of codes that only say what to do: what is wrong is plain from it.
var remediesAlone = []string{
	"console.refused.PHOTO_MISSING", "console.refused.REASON_REQUIRED", "console.refused.REQUIRED",
	"console.refused.UNKNOWN_FACT",
}

// The words of a code, which stand in for a refusal of which the catalogue has no sentences, say
// what to do as well as what is wrong.
func TestS55_TheWordsOfACodeSayWhatToDo(t *testing.T) {
	n := 0
	for _, locale := range messages.Locales() {
		l := messages.In(locale)
		for _, key := range slices.Concat(l.Keys("console.wrong."), l.Keys("console.refused.")) {
			if n++; !slices.Contains(remediesAlone, key) {
				assert.Regexp(t, `[.:] \pL.*\pL`, l.Say(key), "%s: %s", locale, key)
			}
		}
	}
	require.Greater(t, n, 300)
}

// A refusal with values in it keeps them in the reader's language, and one of which the catalogue
// lacks a sentence is not said by half.
func TestS55_ARefusalIsSaidWithItsValues(t *testing.T) {
	portuguese := messages.In("pt-BR")
	said, toDo, ok := Words(portuguese, "Too few licenses are available; 3 more must be named.",
		"Name 3 more of the assigned licenses.")
	require.True(t, ok)
	require.Equal(t, "Há poucas licenças disponíveis; é preciso indicar mais 3.", said)
	require.Equal(t, "Indique mais 3 das licenças atribuídas.", toDo)

	said, toDo, ok = Words(portuguese, "A message takes 5 files and 25 MiB.", "")
	require.True(t, ok)
	require.Equal(t, "Uma mensagem aceita 5 arquivos e 25 MiB.", said)
	require.Empty(t, toDo)

	said, _, ok = Words(messages.In("en"), "The order is not in review.", "Split the file.")
	require.True(t, ok)
	require.Equal(t, "The order is not in review.", said)

	_, _, ok = Words(portuguese, "The order is not in review.", "Do what nobody says.")
	require.False(t, ok)
	_, _, ok = Words(portuguese, "What nobody says.", "")
	require.False(t, ok)
}
