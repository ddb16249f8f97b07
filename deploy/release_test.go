package deploy_test

import (
	"errors"
	"os"
	"os/exec"
	"testing"

	"github.com/stretchr/testify/require"
)

// Whatever builds a program says which version it is.
func TestEveryBuildIsStamped(t *testing.T) {
	for _, file := range []string{"Dockerfile", "Makefile", "scripts/release.sh"} {
		text, err := os.ReadFile(root + file)
		require.NoError(t, err)
		require.Contains(t, string(text), "-X main.version=", file)
	}
}

// A release that says nothing of itself is refused before anything is built.
func TestReleaseRefusesAVersionThatNobodyTellsOf(t *testing.T) {
	for _, version := range []string{"", "1.2.3", "latest", "v99.0.0"} {
		out, err := exec.Command(root+"scripts/release.sh", version).CombinedOutput()
		var ended *exec.ExitError
		require.True(t, errors.As(err, &ended), version)
		require.Equal(t, 2, ended.ExitCode(), string(out))
	}
}
