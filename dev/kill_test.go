package main

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// asProgram makes the test binary behave as roomcover-dev, so that a test can
// have a process of its own to kill.
const asProgram = "ROOMCOVER_DEV_AS_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) == "" {
		os.Exit(m.Run())
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

func TestDataFolderBelongsToOneServerUntilItIsKilled(t *testing.T) {
	data, n := t.TempDir(), free(t, 2)
	args := func(port string) []string {
		return []string{"temporal", "--data", data, "--temporal-port", port, "--temporal-ui-port", "0"}
	}
	holder := spawn(t, args(n[0])...)

	var errs bytes.Buffer
	require.Equal(t, exitFailed, run(t.Context(), args(n[1]), io.Discard, &errs))
	require.Contains(t, errs.String(), "is in use by another Temporal server")
	require.Contains(t, errs.String(), "--data")

	require.NoError(t, holder.Process.Kill())
	require.Error(t, holder.Wait(), "it was killed")
	next := start(t, args(n[0])...)
	next.awaitLine(t, "Temporal ready at")
	require.Zero(t, next.stop(t), next.errs.String())
}

// spawn starts the program as another process and returns at its first line.
func spawn(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command(os.Args[0], args...)
	cmd.Env = append(os.Environ(), asProgram+"=1")
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	t.Cleanup(func() { _ = cmd.Process.Kill() })
	_, err = bufio.NewReader(out).ReadString('\n')
	require.NoError(t, err)
	return cmd
}
