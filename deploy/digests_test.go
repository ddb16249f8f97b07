package deploy_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// make digests pins each image in place, again too, and touches nothing else.
func TestDigestsArePinnedInPlace(t *testing.T) {
	dir := t.TempDir()
	registry := func(answer string) []string {
		require.NoError(t, os.WriteFile(filepath.Join(dir, "crane"), []byte("#!/bin/sh\n"+answer+"\n"), 0o700))
		return append(os.Environ(), "PATH="+dir+":"+os.Getenv("PATH"))
	}
	pin := func(env []string, file string) error {
		cmd := exec.CommandContext(t.Context(), "../scripts/digests.sh", file)
		cmd.Env = env
		return cmd.Run()
	}
	digest := func(letter string) string { return "sha256:" + strings.Repeat(letter, 64) }

	for _, name := range []string{"Dockerfile", "docker-compose.yml"} {
		before, err := os.ReadFile(root + name)
		require.NoError(t, err)
		file := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(file, before, 0o600))
		for _, letter := range []string{"a", "b"} {
			require.NoError(t, pin(registry("echo "+digest(letter)), file))
			after, err := os.ReadFile(file)
			require.NoError(t, err)
			require.Equal(t, withDigests(string(before), digest(letter)), string(after))
		}
		require.Error(t, pin(registry("echo not found"), file))
		after, err := os.ReadFile(file)
		require.NoError(t, err)
		require.Contains(t, string(after), digest("b"), "what is no digest is not written")
	}
}

// withDigests is a file in which every image of others has the digest.
func withDigests(text, digest string) string {
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		words := strings.Fields(line)
		if len(words) < 2 || (words[0] != "FROM" && words[0] != "image:") || strings.Contains(line, "$") {
			continue
		}
		name, _, _ := strings.Cut(words[1], "@")
		lines[i] = strings.Replace(line, words[1], name+"@"+digest, 1)
	}
	return strings.Join(lines, "\n")
}
