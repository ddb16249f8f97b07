// Command runtests runs every test of the repository in four passes: the program with
// its coverage, and beside it what has goroutines with the race detector, the development
// environment, and the alerts as Prometheus evaluates them. It says which package
// ended, shows what failed or was skipped, and ends with where the time went and a count. It
// ends with a code other than 0 when a test fails, the coverage is too low, or with -all when a
// test is skipped.
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"
)

// options are those of the command line.
type options struct {
	passes   string
	coverage float64
	profile  string
	count    string
	all      bool
}

func main() {
	if len(os.Args) > 2 && os.Args[1] == asMeasurer {
		code, err := measure(os.Args[2:])
		if err != nil {
			fmt.Fprintln(os.Stderr, "runtests:", err)
			code = 1
		}
		os.Exit(code)
	}

	var o options
	flag.StringVar(&o.passes, "passes", "program,race,dev,alerts", "which passes run")
	flag.Float64Var(&o.coverage, "coverage",
		0, "fail below this coverage of the program's statements, in percent")
	flag.StringVar(&o.profile, "coverprofile", "", "keep the program's coverage in this file")
	flag.StringVar(&o.count, "count", "", "write the count into this file too")
	flag.BoolVar(&o.all, "all",
		os.Getenv("ROOMCOVER_TEST_ALL") != "", "fail when a test is skipped")
	flag.Parse()

	ok, err := runAll(o, flag.Args())
	if err != nil {
		fmt.Fprintln(os.Stderr, "runtests:", err)
		os.Exit(1)
	}

	if !ok {
		os.Exit(1)
	}
}

// runAll runs the passes and reports whether all is well.
func runAll(o options, patterns []string) (bool, error) {
	began := time.Now()
	dir, err := os.MkdirTemp(scratch(), "roomcover-tests-")
	if err != nil {
		return false, err
	}
	defer os.RemoveAll(dir)
	if err := keepFilesIn(dir); err != nil {
		return false, err
	}
	if o.profile == "" {
		o.profile = filepath.Join(dir, "cover.out")
	}
	// All packages copy one migrated file of SQLite: to migrate takes the race detector nine
	// seconds, for each package anew.
	if err := os.Setenv("ROOMCOVER_TEST_TEMPLATES", dir); err != nil {
		return false, err
	}

	passes, err := o.plan(patterns)
	if err != nil {
		return false, err
	}

	for i := range passes {
		passes[i].measures = filepath.Join(dir, "measures", passes[i].lane+strconv.Itoa(i))
	}

	total := newTally(os.Stdout)
	ok, err := executeAll(passes, o, total)
	if err != nil {
		return false, err
	}

	total.reportTimes(time.Since(began))
	count := total.count()
	fmt.Println(count)

	if o.count != "" {
		if err := os.WriteFile(o.count, []byte(count+"\n"), 0o644); err != nil {
			return false, err
		}
	}

	return ok && !(o.all && total.skipped > 0), nil
}

// executeAll runs the passes in lanes beside one another, in each lane one after the other: where
// one lane waits the others work. It reports whether all passed.
func executeAll(passes []pass, o options, total *tally) (bool, error) {
	inLane := map[string][]pass{}
	for _, p := range passes {
		inLane[p.lane] = append(inLane[p.lane], p)
	}

	var lanes errgroup.Group
	var failed atomic.Bool
	for _, lane := range inLane {
		lanes.Go(func() error {
			ok, err := executeInTurn(lane, o, total)
			if !ok {
				failed.Store(true)
			}
			return err
		})
	}

	err := lanes.Wait()
	return !failed.Load(), err
}

func executeInTurn(passes []pass, o options, total *tally) (bool, error) {
	ok := true
	for _, p := range passes {
		total.say("== %s%s", p.mark, p.name)
		if p.missing != "" {
			total.say("SKIPPED: %s, because %s.", p.name, p.missing)
			ok = ok && !o.all
			continue
		}

		passed, err := p.execute(total)
		if err != nil {
			return false, err
		}

		ok = ok && passed
		if p.profile != "" && !total.checkCoverage(p.profile, o.coverage) {
			ok = false
		}
	}
	return ok, nil
}
