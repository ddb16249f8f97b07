package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/api"
	"roomcover.dev/roomcover/models/storetest"
)

func TestS33_APersonIsExportedAndErasedFromTheCommandLine(t *testing.T) {
	env := storetest.SQLite(t)
	s := service(t, env)
	require.Contains(t, s.must("privacy", "list"), "No requests.")
	const person = "rita.reis@acme.example"

	var asked api.PrivacyRequestView
	s.json(&asked, "privacy", "export", person, "--reason", "asked by letter")
	require.Equal(t, "ASKED", asked.State)
	require.Equal(t, exitRefused, s.run("privacy", "export", person), "a reason is missing")
	_, err := env.RunRequests(env.Context)
	require.NoError(t, err)
	require.Contains(t, s.must("privacy", "show", asked.ID), "ready")
	file := filepath.Join(t.TempDir(), "export.zip")
	require.Contains(t, s.must("privacy", "export", asked.ID, "--out", file), "Give it to that person only")
	content, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Equal(t, "PK", string(content[:2]))

	erase := []string{"privacy", "erase", person, "--reason", "asked by letter", "--confirm"}
	require.Equal(t, exitUsage, s.run(erase[:5]...), "nothing is erased without the address once more")
	require.Equal(t, exitRefused, s.run(append(erase, "other@acme.example")...))
	require.Contains(t, s.must(append(erase, person)...), "erasure")
	_, err = env.RunRequests(env.Context)
	require.NoError(t, err)
	out := s.must("privacy", "list", "--kind", "erasure")
	require.Contains(t, out, "done")
	require.NotContains(t, out, person)
}
