// Command testpostgres runs a command beside a throw-away PostgreSQL server, whose
// address it hands over in ROOMCOVER_TEST_POSTGRES, and ends with the command's code.
// The server ends with the command; both end when testpostgres or its parent does.
package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"strconv"
	"syscall"
	"time"

	"roomcover.dev/roomcover/models/storetest/pgserver"
)

func main() {
	if len(os.Args) < 2 {
		fmt.Fprintln(os.Stderr, "Usage: testpostgres COMMAND [ARGUMENT...]")
		os.Exit(2)
	}

	code, err := run(os.Args[1:])
	if err != nil {
		fmt.Fprintln(os.Stderr, "testpostgres:", err)
		os.Exit(1)
	}

	os.Exit(code)
}

func run(command []string) (int, error) {
	parent := os.Getppid()
	asked := make(chan os.Signal, 1)
	signal.Notify(asked, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)

	cmd := exec.Command(command[0], command[1:]...)
	cmd.Stdin = os.Stdin
	cmd.Stdout = os.Stdout
	cmd.Stderr = os.Stderr
	cmd.Env = os.Environ()
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM}

	server, err := pgserver.Start(false)
	switch {
	case errors.Is(err, pgserver.ErrMissing): // the tests say what they skip, or fail
	case err != nil:
		return 0, err
	default:
		defer server.Stop()
		cmd.Env = append(cmd.Env,
			pgserver.Variable+"="+server.Address(),
			pgserver.Process+"="+strconv.Itoa(server.Process()),
		)
	}

	started, ended := make(chan error), make(chan error, 1)
	go func() {
		runtime.LockOSThread() // the death signal follows the thread that started the command
		err := cmd.Start()
		started <- err
		if err == nil {
			ended <- cmd.Wait()
		}
	}()

	if err := <-started; err != nil {
		return 0, err
	}

	watch := time.NewTicker(time.Second)
	defer watch.Stop()
	for {
		select {
		case err := <-ended:
			var exit *exec.ExitError
			if err != nil && !errors.As(err, &exit) {
				return 0, err
			}

			if code := cmd.ProcessState.ExitCode(); code >= 0 {
				return code, nil
			}
			return 1, nil // a signal ended it
		case <-asked:
			_ = cmd.Process.Signal(syscall.SIGTERM)
		case <-watch.C:
			if os.Getppid() != parent {
				_ = cmd.Process.Signal(syscall.SIGTERM)
			}
		}
	}
}
