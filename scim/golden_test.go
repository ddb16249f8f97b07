package scim_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/storetest"
)

var update = flag.Bool("update", false, "write the answers into testdata")

var (
	idOnPage   = regexp.MustCompile(`\b(?:scp|scg|mem)_[0-9a-z]{26}\b`)
	timeOnPage = regexp.MustCompile(`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ`)
)

// names gives each id the number of its first appearance, and back.
type names struct{ byID, byName map[string]string }

func (n names) hide(text string) string {
	text = timeOnPage.ReplaceAllString(text, "<time>")
	return idOnPage.ReplaceAllStringFunc(text, func(id string) string {
		if n.byID[id] == "" {
			name := fmt.Sprintf("<%s %d>", id[:3], len(n.byID)+1)
			n.byID[id], n.byName[name] = name, id
		}
		return n.byID[id]
	})
}

func (n names) show(text string) string {
	for name, id := range n.byName {
		text = strings.ReplaceAll(text, name, id)
	}
	return text
}

// What Okta and Entra ID send, as they document it, and what they are answered: see the files in
// testdata. Requests follow each other; what stands behind "---" is the answer.
func TestS50_TheRequestsOfDirectoriesAreAnswered(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	require.NoError(t, err)
	require.Len(t, files, 3)
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		_ = env
		for _, file := range files {
			t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
				one := env
				if file != files[0] {
					one = another(t, env)
				}
				replay(t, newTown(t, one), file)
			})
		}
	})
}

// another is a new database of the same kind.
func another(t *testing.T, env storetest.Env) storetest.Env {
	if env.DSN != "" {
		return storetest.Postgres(t)
	}
	return storetest.SQLite(t)
}

func replay(t *testing.T, w *town, file string) {
	raw, err := os.ReadFile(file)
	require.NoError(t, err)
	n := names{map[string]string{}, map[string]string{}}
	var written []string
	for _, story := range strings.Split(strings.TrimRight(string(raw), "\n"), "\n===\n") {
		asked, want, _ := strings.Cut(story, "\n---")
		lines := strings.Split(asked, "\n")
		for len(lines) > 0 && (strings.HasPrefix(lines[0], "#") || lines[0] == "") {
			lines = lines[1:]
		}
		method, path, ok := strings.Cut(lines[0], " ")
		require.True(t, ok, story)

		r := w.send(method, n.show(path), n.show(strings.Join(lines[1:], "\n")))
		got := fmt.Sprintf(" %d\n", r.status)
		if r.body != nil {
			body, err := json.MarshalIndent(r.body, "", "  ")
			require.NoError(t, err)
			shown := strings.NewReplacer(`\u003c`, "<", `\u003e`, ">", `\u0026`, "&").
				Replace(string(body))
			got += n.hide(shown)
		}
		got = strings.TrimRight(got, "\n")
		written = append(written, strings.TrimRight(asked, "\n")+"\n---"+got)
		if !*update {
			require.Equal(t, strings.TrimRight(want, "\n"), got, asked)
		}
	}
	if *update {
		text := strings.Join(written, "\n===\n") + "\n"
		require.NoError(t, os.WriteFile(file, []byte(text), 0o644))
	}
}
