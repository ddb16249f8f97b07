package roomcover_test

import (
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/stretchr/testify/require"
)

var (
	// codeBlock is left out: what stands there are commands and pictures.
	codeBlock = regexp.MustCompile("(?ms)^ *```.*?^ *```$")
	quoted    = regexp.MustCompile("`([^`\n]+)`")
	link      = regexp.MustCompile(`\]\(([^)#:]+)\)`)

	// A path of ours may hold an asterisk, or NAME for a name that the reader chooses: then
	// something has to match it.
	filePath    = regexp.MustCompile(`^[\w.*-]+(/[\w.*-]+)*/?$`)
	fileName    = regexp.MustCompile(`^[\w.*-]+\.(go|sql|sh|md|html|csv|txt|json|yml)$`)
	testName    = regexp.MustCompile(`^Test[A-Z]\w*$`)
	exportedOf  = regexp.MustCompile(`^(\w+)\.([A-Z]\w*)$`)
	declaration = regexp.MustCompile(`(?m)^(?:func (?:\([^)]*\) )?|type |var |const |\t)([A-Z]\w*)\b`)
)

// notOurs are what documents name that looks like a file of ours and is none.
var notOurs = []string{
	"package/lib/frequency_lists.js", // in the archive that the list of passwords comes from
}

// tree is what documents may name.
type tree struct {
	paths    []string            // of files and folders, with slashes
	declared map[string][]string // names that begin with a capital letter, by package folder
}

// TestDocumentsNameOnlyWhatThereIs holds every document to the code: a file, a test or an
// exported name that moves has to move in the documents too.
func TestDocumentsNameOnlyWhatThereIs(t *testing.T) {
	ours := readTree(t)
	checked := 0
	for _, document := range ours.paths {
		if path.Ext(document) != ".md" {
			continue
		}

		raw, err := os.ReadFile(document)
		require.NoError(t, err)
		text := codeBlock.ReplaceAllString(string(raw), "")

		for _, found := range quoted.FindAllStringSubmatch(text, -1) {
			checked++
			if why := ours.missing(path.Dir(document), found[1]); why != "" {
				t.Errorf("%s names `%s`: %s", document, found[1], why)
			}
		}

		for _, found := range link.FindAllStringSubmatch(text, -1) {
			checked++
			if strings.HasPrefix(document, "portal/help/") {
				continue // its links are pages of the portal: TestR2_EveryLinkOfTheHelpLeadsSomewhere
			}
			target := path.Join(path.Dir(document), found[1])
			if !slices.Contains(ours.paths, target) {
				t.Errorf("%s leads to %s, which does not exist", document, found[1])
			}
		}
	}

	require.Greater(t, checked, 500, "the documents were read")
}

// missing says why a quoted word names nothing of ours; empty where it does, or where it
// is no such name.
func (ours tree) missing(from, word string) string {
	word = strings.ReplaceAll(strings.TrimSuffix(word, "/"), "NAME", "*")
	switch {
	case slices.Contains(notOurs, word):
		return ""
	case testName.MatchString(word):
		return ours.undeclared("", word)
	case fileName.MatchString(word):
		if ours.holds(word) || ours.holds("*/"+word) {
			return ""
		}
		return "there is no file of this name"
	case strings.Contains(word, "/") && filePath.MatchString(word):
		root, _, _ := strings.Cut(word, "/")
		isFile := fileName.MatchString(path.Base(word))
		if !isFile && !slices.Contains(ours.paths, root) {
			return "" // a media type, a network, an id
		}
		if ours.holds(word) || ours.holds(path.Join(from, word)) {
			return ""
		}
		return "there is no such file or folder"
	}

	if parts := exportedOf.FindStringSubmatch(word); parts != nil {
		return ours.undeclared(parts[1], parts[2])
	}
	return ""
}

// holds reports whether a path matches; a pattern that begins with "*/" matches in any
// folder.
func (ours tree) holds(pattern string) bool {
	anywhere := strings.HasPrefix(pattern, "*/")
	pattern = strings.TrimPrefix(pattern, "*/")
	return slices.ContainsFunc(ours.paths, func(p string) bool {
		if anywhere {
			p = path.Base(p)
		}
		match, err := path.Match(pattern, p)
		return err == nil && match
	})
}

// undeclared says that no package of ours with this folder's name declares the name; an
// empty folder, or the name of a type, stands for all of them.
func (ours tree) undeclared(folder, name string) string {
	if folder != "" && unicode.IsUpper(rune(folder[0])) {
		if why := ours.undeclared("", folder); why != "" {
			return why
		}
		folder = ""
	}

	known := folder == ""
	for in, names := range ours.declared {
		if folder != "" && path.Base(in) != folder {
			continue
		}
		if known = true; slices.Contains(names, name) {
			return ""
		}
	}

	if !known {
		return "" // of another module
	}
	return "nothing of this name is declared"
}

func readTree(t *testing.T) tree {
	t.Helper()
	ours := tree{declared: map[string][]string{}}
	err := filepath.WalkDir(".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}

		name = filepath.ToSlash(name)
		if entry.IsDir() {
			switch name {
			case ".git", "bin", "data", "portal/node_modules":
				return fs.SkipDir
			}
		}
		ours.paths = append(ours.paths, name)

		if path.Ext(name) != ".go" {
			return nil
		}
		text, err := os.ReadFile(name)
		for _, found := range declaration.FindAllSubmatch(text, -1) {
			ours.declared[path.Dir(name)] = append(ours.declared[path.Dir(name)], string(found[1]))
		}
		return err
	})
	require.NoError(t, err)
	return ours
}

func TestMissingNamesWhatDocumentsGetWrong(t *testing.T) {
	ours := tree{
		paths:    []string{"models", "models/db", "models/db/tx.go", "workflows/testdata/rma_longest.json"},
		declared: map[string][]string{"models/db": {"Tx", "Enqueue", "TestC5_Scope"}},
	}
	for _, sound := range []string{
		"models/db", "models/db/", "models/db/tx.go", "models/*/tx.go", "tx.go", "rma_longest.json", "db.Tx", "Tx.Enqueue",
		"TestC5_Scope", "time.Time", "application/pdf", "order/<id>", "make dev", "ROOMCOVER_LONG",
	} {
		require.Empty(t, ours.missing(".", sound), sound)
	}
	for _, wrong := range []string{
		"models/db/store.go", "models/rma", "store.go", "db.Store", "Store.NextMail", "TestC6_Gone", "elsewhere/store.go",
	} {
		require.NotEmpty(t, ours.missing(".", wrong), wrong)
	}
}

// The manual says twice which commands talk to the API: in a sentence about their settings,
// and in the table of all commands.
func TestTheManualNamesEveryCommandOfTheAPI(t *testing.T) {
	raw, err := os.ReadFile("docs/operations.md")
	require.NoError(t, err)
	source, err := os.ReadFile("cmd/roomcover/main.go")
	require.NoError(t, err)
	_, after, _ := strings.Cut(string(raw), "These talk to the API instead: ")
	sentence, _, found := strings.Cut(after, ";")
	require.True(t, found)

	read := func(pattern, text string) []string {
		var names []string
		for _, found := range regexp.MustCompile(pattern).FindAllStringSubmatch(text, -1) {
			names = append(names, strings.ToLower(found[1]))
		}
		slices.Sort(names)
		return slices.Compact(names)
	}
	named := read("`([a-z]+)`", sentence)
	require.Equal(t, read(`(?m)^\t([A-Z]\w+) .*\(by the API\)\.`, string(source)), named)

	apart := []string{"org", "demo"} // which the sentence names behind the semicolon
	require.Equal(t, read("(?m)^\\| `([a-z]+)[^|]*\\|[^|]*\\| API \\|$", string(raw)),
		slices.Sorted(slices.Values(append(apart, named...))))
}
