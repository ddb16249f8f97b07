package main

import (
	"bufio"
	"bytes"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"runtime/debug"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/models/storetest/pgserver"
)

// process is the command as a process of its own.
type process struct {
	t   *testing.T
	cmd *exec.Cmd

	mu   sync.Mutex
	said bytes.Buffer
}

func (p *process) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.said.Write(b)
}

func (p *process) output() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.said.String()
}

// launch starts a command with an environment that is right, on the database.
func launch(t *testing.T, database string, more []string, args ...string) *process {
	t.Helper()
	p := &process{t: t, cmd: exec.Command(os.Args[0], args...)}
	p.cmd.Env = append(os.Environ(), runMain+"=1",
		"ROOMCOVER_DATABASE_URL="+database,
		"ROOMCOVER_KEY="+strings.Repeat("0123456789abcdef", 4),
		"ROOMCOVER_PUBLIC_URL=http://localhost:8080",
		"ROOMCOVER_TEMPORAL_ADDRESS="+freeAddress(t),
		"ROOMCOVER_SMTP_TLS=none",
	)
	if args[0] == "migrate" {
		p.cmd.Env = append(p.cmd.Env, "ROOMCOVER_OWNER_DATABASE_URL="+pgserver.Owner(database))
	}
	p.cmd.Env = append(p.cmd.Env, more...)
	p.cmd.Stdout, p.cmd.Stderr = p, p
	require.NoError(t, p.cmd.Start())
	t.Cleanup(func() { _ = p.cmd.Process.Kill() })
	return p
}

// exitCode waits for the process's end and returns its exit code.
func (p *process) exitCode() int {
	p.t.Helper()
	ended := make(chan error, 1)
	go func() { ended <- p.cmd.Wait() }()
	select {
	case <-ended:
	case <-time.After(time.Minute):
		require.Fail(p.t, "it does not end", p.output())
	}
	return p.cmd.ProcessState.ExitCode()
}

func (p *process) signal(s os.Signal) { require.NoError(p.t, p.cmd.Process.Signal(s)) }

// awaitWord waits until the process has said a word.
func (p *process) awaitWord(word string) {
	p.t.Helper()
	require.Eventually(p.t, func() bool { return strings.Contains(p.output(), word) },
		time.Minute, 10*time.Millisecond, word)
}

// begun opens a request whose body is not sent yet: it is under way until the rest comes.
func begun(t *testing.T, address string) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", address)
	require.NoError(t, err)
	t.Cleanup(func() { _ = c.Close() })
	_, err = io.WriteString(c, "POST /sign-in HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n"+
		"Content-Type: application/x-www-form-urlencoded\r\n\r\n")
	require.NoError(t, err)
	time.Sleep(100 * time.Millisecond) // the server has to have read it
	return c
}

// How a process ends tells whoever started it what to do: the exit codes of
// docs/operations.md, with real processes and real signals.
func TestExitCodesOfRealProcesses(t *testing.T) {
	database := storetest.PostgresDSN(t)
	migrated := launch(t, database, nil, "migrate")
	require.Equal(t, exitDone, migrated.exitCode(), migrated.output())

	for name, told := range map[string]os.Signal{"SIGTERM": syscall.SIGTERM, "SIGINT": os.Interrupt} {
		t.Run("serve, idle, "+name, func(t *testing.T) {
			address, measured := freeAddress(t), freeAddress(t)
			p := launch(t, database,
				[]string{"ROOMCOVER_LISTEN=" + address, "ROOMCOVER_SERVE_METRICS_LISTEN=" + measured}, "serve")
			await(t, "http://"+address+"/readyz")
			require.Contains(t, await(t, "http://"+measured+"/metrics"), "roomcover_outbox_backlog 0")
			p.signal(told)
			require.Equal(t, exitDone, p.exitCode(), p.output())
			require.Contains(t, p.output(), "stopped serving")
		})
	}

	t.Run("serve finishes the request under way", func(t *testing.T) {
		address := freeAddress(t)
		p := launch(t, database, []string{"ROOMCOVER_LISTEN=" + address}, "serve")
		await(t, "http://"+address+"/readyz")
		c := begun(t, address)
		p.signal(syscall.SIGTERM)
		p.awaitWord("stopping")
		_, err := io.WriteString(c, "a=b&c")
		require.NoError(t, err)
		answer, err := http.ReadResponse(bufio.NewReader(c), nil)
		require.NoError(t, err, "the request was cut off")
		require.NoError(t, answer.Body.Close())
		require.Equal(t, exitDone, p.exitCode(), p.output())
	})

	t.Run("serve says that it cut a request off", func(t *testing.T) {
		address := freeAddress(t)
		p := launch(t, database,
			[]string{"ROOMCOVER_LISTEN=" + address, "ROOMCOVER_STOP_TIMEOUT=300ms"}, "serve")
		await(t, "http://"+address+"/readyz")
		begun(t, address)
		p.signal(syscall.SIGTERM)
		require.Equal(t, exitFailed, p.exitCode(), p.output())
		require.Contains(t, p.output(), "cut off")
	})

	t.Run("worker that waits for Temporal", func(t *testing.T) {
		measured := freeAddress(t)
		p := launch(t, database, []string{"ROOMCOVER_WORKER_METRICS_LISTEN=" + measured}, "worker")
		await(t, "http://"+measured+"/healthz")
		p.awaitWord("Temporal is not ready")
		p.signal(syscall.SIGTERM)
		require.Equal(t, exitDone, p.exitCode(), p.output())
	})

	t.Run("dangerous settings", func(t *testing.T) {
		for _, command := range []string{"serve", "worker"} {
			p := launch(t, database, []string{"ROOMCOVER_KEY=" + strings.Repeat("00", 32)}, command)
			require.Equal(t, exitUsage, p.exitCode(), p.output())
			require.Contains(t, p.output(), "ROOMCOVER_KEY")
		}
	})

	t.Run("no schema", func(t *testing.T) {
		p := launch(t, emptyDatabase(t, database), nil, "serve")
		require.Equal(t, exitFailed, p.exitCode(), p.output())
		require.Contains(t, p.output(), "Run roomcover migrate first.")
	})

	t.Run("a command that is interrupted", func(t *testing.T) {
		asked := make(chan struct{}, 10)
		silent := &http.Server{Handler: http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			asked <- struct{}{}
			<-r.Context().Done()
		})}
		l, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		go func() { _ = silent.Serve(l) }()
		defer silent.Close()
		p := launch(t, database, []string{"ROOMCOVER_TOKEN=rct_x"}, "tasks", "--url", "http://"+l.Addr().String())
		<-asked
		p.signal(os.Interrupt)
		require.Equal(t, exitInterrupted, p.exitCode(), p.output())
	})

	t.Run("health of nobody", func(t *testing.T) {
		p := launch(t, database, nil, "health", "--listen", freeAddress(t))
		require.Equal(t, exitFound, p.exitCode(), p.output())
	})
}

func TestVersionTellsWhatWasBuilt(t *testing.T) {
	for name, c := range map[string]struct {
		info debug.BuildInfo
		want string
	}{
		"a module's version": {debug.BuildInfo{Main: debug.Module{Version: "v1.2.3"}}, "v1.2.3"},
		"a commit": {debug.BuildInfo{
			Main:     debug.Module{Version: "(devel)"},
			Settings: []debug.BuildSetting{{Key: "vcs.revision", Value: "0123456789abcdef"}},
		}, "0123456789ab"},
		"a changed commit": {debug.BuildInfo{Settings: []debug.BuildSetting{
			{Key: "vcs.revision", Value: "0123456789abcdef"}, {Key: "vcs.modified", Value: "true"},
		}}, "0123456789ab-dirty"},
		"nothing": {debug.BuildInfo{}, "development"},
	} {
		require.Equal(t, c.want, builtVersion(&c.info), name)
	}

	s := newShell(t, nil)
	before := version
	defer func() { version = before }()
	version = "v1.2.3"
	require.Equal(t, "v1.2.3\n", s.must("version"))
}
