package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"
)

// event is a line of go test -json.
type event struct {
	Action      string
	Package     string
	ImportPath  string // of what was built
	Test        string
	Output      string
	Elapsed     float64 // seconds
	FailedBuild string
}

// timing is how long something took.
type timing struct {
	name string
	took time.Duration
	used time.Duration // of the processors, 0 where that is not known
	note string
}

// tally counts the tests of all passes, of which several run at once. A test that has subtests
// is not counted beside them.
type tally struct {
	mu  sync.Mutex // guards everything below
	out io.Writer

	passed, failed, skipped int

	passes   []timing
	packages []timing
	tests    []timing
}

func newTally(out io.Writer) *tally { return &tally{out: out} }

// running is what is known of one pass while it runs.
type running struct {
	*tally
	pass    pass
	done    int
	parents map[string]bool
	output  map[string]*strings.Builder // of tests and packages that have not ended
	ends    map[string]string           // how each test ended
}

// read follows the events of a pass to their end.
func (t *tally) read(p pass, events io.Reader) error {
	r := running{
		tally:   t,
		pass:    p,
		parents: map[string]bool{},
		output:  map[string]*strings.Builder{},
		ends:    map[string]string{},
	}

	lines := bufio.NewReader(events)
	for {
		line, err := lines.ReadString('\n')
		if line != "" {
			r.readLine(line)
		}

		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

func (r *running) readLine(line string) {
	r.mu.Lock()
	defer r.mu.Unlock()

	var e event
	if json.Unmarshal([]byte(line), &e) == nil && e.Action != "" {
		r.take(e)
		return
	}
	fmt.Fprint(r.out, line)
}

func (r *running) take(e event) {
	key := e.Package + " " + e.Test
	switch e.Action {
	case "build-output":
		fmt.Fprint(r.out, e.Output)
	case "output":
		b := r.output[key]
		if b == nil {
			b = &strings.Builder{}
			r.output[key] = b
		}
		b.WriteString(e.Output)
	case "run":
		if i := strings.LastIndex(e.Test, "/"); i >= 0 {
			r.parents[e.Package+" "+e.Test[:i]] = true
		}
	case "pass", "fail", "skip":
		if e.Test == "" {
			r.packageEnded(e)
		} else {
			r.testEnded(key, e)
		}
		delete(r.output, key)
	}
}

func (r *running) testEnded(key string, e event) {
	if text := r.output[key]; e.Action != "pass" && text != nil {
		fmt.Fprint(r.out, shortened(e.Action, text.String()))
	}

	if !strings.Contains(e.Test, "/") {
		r.tests = append(r.tests, timing{
			name: short(e.Package) + " " + e.Test,
			took: seconds(e.Elapsed),
			note: r.pass.name,
		})
	}

	r.ends[key] = e.Action
	if r.parents[key] {
		return
	}

	switch e.Action {
	case "pass":
		r.passed++
	case "fail":
		r.failed++
	case "skip":
		r.skipped++
	}
}

// say prints a line of its own.
func (t *tally) say(format string, args ...any) {
	t.mu.Lock()
	defer t.mu.Unlock()
	fmt.Fprintf(t.out, format+"\n", args...)
}

// packageEnded tells how far the pass is.
func (r *running) packageEnded(e event) {
	if !slices.Contains(r.pass.packages, e.Package) {
		return
	}

	r.done++
	failed := r.endings(e.Package, "fail")
	word := "ok"

	if e.Action == "fail" {
		word = "FAILED"
		if failed == 0 { // it was not built, panicked or ran out of time
			r.failed++
		}
		r.unfinished(e.Package)
	}

	used := r.pass.usedBy(e.Package)
	fmt.Fprintf(r.out, "%s%3d of %d  %6.1f s  %6.1f s of CPU  %-6s  %s\n",
		r.pass.mark, r.done, len(r.pass.packages),
		e.Elapsed, used.Seconds(), word, short(e.Package))
	r.packages = append(r.packages, timing{
		name: short(e.Package),
		took: seconds(e.Elapsed),
		used: used,
		note: r.pass.name,
	})
}

// usedBy is what the binary of a package, and what it started, used of the processors.
func (p pass) usedBy(path string) time.Duration {
	root, err := os.Getwd()
	if err != nil {
		return 0
	}
	return measured(p.measures, filepath.Join(root, short(path)))
}

// unfinished shows what a package that failed said itself, and what its tests said that
// never ended.
func (r *running) unfinished(path string) {
	for key, text := range r.output {
		if name, test, _ := strings.Cut(key, " "); name == path && r.ends[key] == "" {
			if test != "" {
				fmt.Fprintf(r.out, "--- NOT ENDED: %s\n", test)
			}
			fmt.Fprint(r.out, shortened("fail", text.String()))
		}
	}
}

func (r *running) endings(path, action string) int {
	n := 0
	for key, end := range r.ends {
		if name, _, _ := strings.Cut(key, " "); name == path && end == action {
			n++
		}
	}
	return n
}

// short is a package's path without the module's, "." for the module's root.
func short(path string) string {
	const module = "roomcover.dev/roomcover"
	if path == module {
		return "."
	}
	return strings.TrimPrefix(path, module+"/")
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

var frame = regexp.MustCompile(`(?m)^ *=== (RUN|PAUSE|CONT|NAME).*\n`)

// shortened leaves out go test's own lines, and the middle of what is very long.
func shortened(action, text string) string {
	const most = 40_000
	text = frame.ReplaceAllString(text, "")
	if len(text) > most {
		text = text[:most/2] + "\n[…]\n" + text[len(text)-most/2:]
	}
	return text
}
