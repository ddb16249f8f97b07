package main

import (
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// asMeasurer is the first argument of this program where go test starts a test binary by way of it.
const asMeasurer = "measure"

// measures names the environment variable of the folder in which the measurer leaves its files.
const measures = "ROOMCOVER_TEST_MEASURES"

// measuring has go test start each binary by way of this program, which leaves in the folder how
// long the binary kept the processors busy: how long it took says little where others work too.
func measuring(dir string) (args, env []string, err error) {
	program, err := os.Executable()
	if err != nil {
		return nil, nil, err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, nil, err
	}
	return []string{"-exec", "'" + program + "' " + asMeasurer}, []string{measures + "=" + dir}, nil
}

// measure runs a test binary, notes what it and all that it started used, and returns its code.
func measure(command []string) (int, error) {
	cmd := exec.Command(command[0], command[1:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	runtime.LockOSThread() // the death signal follows the thread that started the command
	defer runtime.UnlockOSThread()

	// By these go test asks for the stacks of a test that takes too long.
	asked := make(chan os.Signal, 4)
	signal.Notify(asked, os.Interrupt, syscall.SIGTERM, syscall.SIGQUIT)
	if err := cmd.Start(); err != nil {
		return 0, err
	}
	go func() {
		for s := range asked {
			_ = cmd.Process.Signal(s)
		}
	}()

	err := cmd.Wait()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		return 0, err
	}

	used := cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	dir, err := os.Getwd() // that of the package
	if err != nil {
		return 0, err
	}
	file := measureOf(os.Getenv(measures), dir)
	if err := os.WriteFile(file, []byte(used.String()), 0o644); err != nil {
		return 0, err
	}

	if code := cmd.ProcessState.ExitCode(); code >= 0 {
		return code, nil
	}
	return 2, nil // a signal ended it
}

func measureOf(dir, packageDir string) string {
	return filepath.Join(dir, url.PathEscape(packageDir))
}

// measured is what the binary of a package used, 0 where it did not run to its end.
func measured(dir, packageDir string) time.Duration {
	text, err := os.ReadFile(measureOf(dir, packageDir))
	if err != nil {
		return 0
	}
	used, err := time.ParseDuration(string(text))
	if err != nil {
		return 0
	}
	return used
}

// usedByProcess is how long a process that still runs and those of its children that have ended
// kept the processors busy; pid is a text, as in an environment variable.
func usedByProcess(pid string) (time.Duration, error) {
	text, err := os.ReadFile("/proc/" + pid + "/stat")
	if err != nil {
		return 0, err
	}

	// The name of the program, in brackets, may hold anything.
	_, rest, _ := strings.Cut(string(text), ") ")
	fields := strings.Fields(rest)
	const utime, cstime = 11, 14 // proc(5) counts from pid, which is 1
	if len(fields) <= cstime {
		return 0, fmt.Errorf("unknown line %q", text)
	}

	var ticks time.Duration
	for _, field := range fields[utime : cstime+1] {
		n, err := strconv.Atoi(field)
		if err != nil {
			return 0, err
		}
		ticks += time.Duration(n)
	}
	const perSecond = 100 // of these, on every Linux
	return ticks * time.Second / perSecond, nil
}
