package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"
)

// pass is one run of go test.
type pass struct {
	name     string
	dir      string // of the module
	env      []string
	args     []string
	packages []string            // those that have tests, the longest first
	tests    map[string][]string // of each package; of a pass that leaves some out, those it runs
	halves   map[string][]string // of these, those that run something on each database
	leaves   []string            // the tests that it leaves to another pass
	leavesPG []string            // those of which it leaves the half on PostgreSQL
	profile  string
	missing  string // why it cannot run here
	detects  bool   // it runs with the race detector
	lane     string // the passes of one lane run one after the other
	mark     string // stands before each of its lines
	measures string // the folder of what each package's binary used of the processors
}

// plan lists the passes; patterns name the packages of the program, all without any.
func (o options) plan(patterns []string) ([]pass, error) {
	if len(patterns) == 0 {
		patterns = []string{"./..."}
	}

	var out []pass
	for _, name := range strings.Split(o.passes, ",") {
		var p pass
		var err error
		switch name {
		case "program":
			p, err = o.program(patterns)
		case "race":
			p, err = race(patterns)
		case "dev":
			p, err = development()
		case "alerts":
			p, err = alerts()
		default:
			err = fmt.Errorf("there is no pass %q", name)
		}
		if err != nil {
			return nil, err
		}

		out = append(out, p)
	}

	leaveToTheDetector(out)
	return out, nil
}

// program runs tests without the race detector, with the coverage of all packages by all of
// them.
func (o options) program(patterns []string) (pass, error) {
	p := pass{
		name:    "the program",
		dir:     ".",
		env:     []string{"CGO_ENABLED=0"},
		lane:    "program",
		profile: o.profile,
		tests:   map[string][]string{},
		halves:  map[string][]string{},
		args: []string{
			"-timeout", "25m",
			"-covermode=set", "-coverpkg=./...", "-coverprofile=" + o.profile,
		},
	}

	err := eachPackage(p.dir, patterns, func(path string, files []string) error {
		declared, err := parse(files)
		p.tests[path], p.halves[path] = declared.tests, declared.onEachDatabase()
		p.packages = append(p.packages, path)
		return err
	})
	return p, err
}

// leaveToTheDetector takes the tests out of the program's pass that another one runs with the race
// detector: run twice, they prove no more. Of those that run on each database the detector runs one
// half, and the program's pass the other.
func leaveToTheDetector(passes []pass) {
	for i, p := range passes {
		for _, other := range passes {
			if p.profile == "" || !other.detects || other.missing != "" {
				continue
			}
			for _, name := range runTwice(p.tests, other.tests) {
				if p.halved(name) {
					p.leavesPG = append(p.leavesPG, name)
				} else {
					p.leaves = append(p.leaves, name)
				}
			}
			if pattern := p.leftOut(); pattern != "" {
				p.args = append(p.args, "-skip", pattern)
			}
			passes[i] = p
		}
	}
}

// halved reports whether a test of this name runs on each database, in any package.
func (p pass) halved(name string) bool {
	for _, names := range p.halves {
		if slices.Contains(names, name) {
			return true
		}
	}
	return false
}

// leftOut is the pattern, for go test, of what the pass leaves to another one.
func (p pass) leftOut() string {
	var patterns []string
	if len(p.leaves) > 0 {
		patterns = append(patterns, anyOf(p.leaves))
	}
	if len(p.leavesPG) > 0 {
		patterns = append(patterns, anyOf(p.leavesPG)+"/^postgres$")
	}
	return strings.Join(patterns, "|")
}

// runTwice names the tests that both run. A name stands for the tests of all packages that declare
// it, so one that other does not run in all of them is not among these; nor are those of the
// packages of which other runs everything, whose coverage is theirs alone.
func runTwice(all, other map[string][]string) []string {
	var out []string
	left := map[string]bool{}
	for path, names := range all {
		for _, name := range names {
			if slices.Contains(manyAtOnce, short(path)) || !slices.Contains(other[path], name) {
				left[name] = true
			}
		}
	}

	for _, names := range other {
		for _, name := range names {
			if !left[name] {
				out = append(out, name)
			}
		}
	}
	return out
}

// anyOf is the pattern of the tests of these names, for go test.
func anyOf(names []string) string {
	sorted := slices.Sorted(slices.Values(names))
	return "^(" + strings.Join(slices.Compact(sorted), "|") + ")$"
}

// race runs the tests that have goroutines; the detector makes them several times as slow.
func race(patterns []string) (pass, error) {
	p := pass{
		name:    "what has goroutines, with the race detector",
		dir:     ".",
		env:     []string{"CGO_ENABLED=1", "ROOMCOVER_TEST_DETECTOR=1"},
		args:    []string{"-timeout", "25m", "-race"},
		tests:   map[string][]string{},
		detects: true,
		lane:    "race",
		mark:    "race ",
	}

	if !hasCompiler() {
		p.missing = "there is no C compiler"
	}

	var tests []string
	err := eachPackage(p.dir, patterns, func(path string, files []string) error {
		declared, err := parse(files)
		if err != nil {
			return err
		}

		if strings.HasPrefix(short(path), pure) {
			return nil
		}
		found := declared.atOnce()
		if slices.Contains(manyAtOnce, short(path)) {
			found = declared.tests
		}
		if len(found) > 0 {
			p.packages = append(p.packages, path)
			p.tests[path] = found
			tests = append(tests, found...)
		}

		return nil
	})

	p.args = append(p.args, "-run", anyOf(tests))
	return p, err
}

// development runs the tests of the dev module: whole programs that are killed, and wait for
// the next try, while the processors are free for the other lanes. The embedded Temporal
// server is built without cgo and without the race detector: that way its packages are built
// once, for make dev too.
func development() (pass, error) {
	p := pass{
		name: "the development environment",
		dir:  "dev",
		env:  []string{"CGO_ENABLED=0"},
		args: []string{"-timeout", "60m"},
		lane: "waiting",
		mark: "dev ",
	}
	if os.Getenv("ROOMCOVER_LONG") != "" {
		p.args = append(p.args, "-tags", "long")
	}

	err := eachPackage(p.dir, []string{"./..."}, func(path string, _ []string) error {
		p.packages = append(p.packages, path)
		return nil
	})
	return p, err
}

// alerts evaluates deploy/alerts.yml. Its module is for these tests alone.
func alerts() (pass, error) {
	p := pass{
		name: "the alerts, as Prometheus evaluates them",
		dir:  "deploy/alerts",
		env:  []string{"CGO_ENABLED=0"},
		args: []string{"-timeout", "10m"},
		lane: "waiting",
		mark: "alerts ",
	}

	err := eachPackage(p.dir, []string{"./..."}, func(path string, _ []string) error {
		p.packages = append(p.packages, path)
		return nil
	})
	return p, err
}

func hasCompiler() bool {
	for _, name := range []string{os.Getenv("CC"), "cc", "gcc", "clang"} {
		if _, err := exec.LookPath(name); name != "" && err == nil {
			return true
		}
	}
	return false
}

// execute runs the pass and reports whether it passed. Format and correctness are for
// make lint: go test does not look again.
func (p pass) execute(total *tally) (bool, error) {
	args, env, err := measuring(p.measures)
	if err != nil {
		return false, err
	}
	args = slices.Concat(
		[]string{"test", "-json", "-count=1", "-vet=off"}, args, p.args, p.packages)
	cmd := exec.Command("go", args...)
	cmd.Dir, cmd.Env, cmd.Stderr = p.dir, slices.Concat(os.Environ(), p.env, env), os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM}

	events, err := cmd.StdoutPipe()
	if err != nil {
		return false, err
	}

	runtime.LockOSThread() // the death signal follows the thread that started the command
	defer runtime.UnlockOSThread()
	began := time.Now()
	if err := cmd.Start(); err != nil {
		return false, err
	}
	if err := total.read(p, events); err != nil {
		return false, errors.Join(err, cmd.Process.Kill(), cmd.Wait())
	}

	err = cmd.Wait()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		return false, err
	}

	used := cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	total.ended(p, time.Since(began), used)
	return err == nil, nil
}
