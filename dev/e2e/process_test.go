package e2e

import (
	"bytes"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/freeport"
)

// patience is how long anything may take on a busy machine.
const patience = 2 * time.Minute

// build builds both programs, as make build does.
func build(t *testing.T) (roomcover, dev string) {
	t.Helper()
	roomcover = filepath.Join(t.TempDir(), "roomcover")
	buildOne(t, "../..", roomcover, "./cmd/roomcover")
	return roomcover, buildDev(t)
}

// buildDev builds the program of development, or takes it from ROOMCOVER_DEV_BIN: linking it
// takes long.
func buildDev(t *testing.T) string {
	t.Helper()
	if given := os.Getenv("ROOMCOVER_DEV_BIN"); given != "" {
		return given
	}
	dev := filepath.Join(t.TempDir(), "roomcover-dev")
	buildOne(t, "..", dev, ".")
	return dev
}

func buildOne(t *testing.T, folder, out, source string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", "build", "-ldflags=-s -w", "-o", out, source)
	cmd.Dir = folder
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	text, err := cmd.CombinedOutput()
	require.NoError(t, err, string(text))
}

// output collects what a process says; it is read while the process writes.
type output struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (o *output) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.Write(b)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.String()
}

// process is a program that runs until it is told to stop.
type process struct {
	name  string
	cmd   *exec.Cmd
	out   output
	ended chan struct{}
}

func start(t *testing.T, env []string, name string, args ...string) *process {
	t.Helper()
	p := &process{
		name:  filepath.Base(name) + " " + args[0],
		cmd:   exec.Command(name, args...),
		ended: make(chan struct{}),
	}
	p.cmd.Env = env
	p.cmd.Stdout = &p.out
	p.cmd.Stderr = &p.out
	require.NoError(t, p.cmd.Start())
	go func() { _ = p.cmd.Wait(); close(p.ended) }()
	t.Cleanup(func() {
		_ = p.cmd.Process.Kill()
		<-p.ended
		if t.Failed() {
			t.Logf("== %s\n%s", p.name, p.out.String())
		}
	})
	return p
}

// stop tells the process to stop as a supervisor does, and gives its exit code.
func (p *process) stop(t *testing.T) int {
	t.Helper()
	require.NoError(t, p.cmd.Process.Signal(syscall.SIGTERM))
	select {
	case <-p.ended:
		return p.cmd.ProcessState.ExitCode()
	case <-time.After(patience):
		require.Fail(t, "does not stop", p.name)
		return -1
	}
}

// command runs a program to its end and returns its standard output.
func command(t *testing.T, env []string, name string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), name, args...)
	var out, errs bytes.Buffer
	cmd.Env = env
	cmd.Stdout = &out
	cmd.Stderr = &errs
	require.NoError(t, cmd.Run(), "%v: %s", args, errs.String())
	return out.String()
}

// ask gets a page; an answer other than 200 is an error that can be waited out.
func ask(url string) (string, bool) {
	res, err := http.Get(url)
	if err != nil {
		return "", false
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	return string(b), err == nil && res.StatusCode == http.StatusOK
}

func awaitOK(t *testing.T, url string) {
	t.Helper()
	require.Eventually(t, func() bool { _, ok := ask(url); return ok }, patience, 50*time.Millisecond, url)
}

// free finds different free ports.
func free(t *testing.T, n int) []string {
	t.Helper()
	ports, err := freeport.Find("127.0.0.1", n)
	require.NoError(t, err)
	out := make([]string, n)
	for i, port := range ports {
		out[i] = strconv.Itoa(port)
	}
	return out
}
