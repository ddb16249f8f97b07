package main

import (
	"bufio"
	"cmp"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"roomcover.dev/roomcover/models/storetest/pgserver"
)

// ended notes how long a pass took, and how much of it the processors worked.
func (t *tally) ended(p pass, took, used time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()

	t.passes = append(t.passes, timing{
		name: p.name,
		took: took,
		note: fmt.Sprintf("%.0f s of CPU, PostgreSQL's apart", used.Seconds()),
	})
}

// reportTimes shows the passes and the slowest packages and tests.
func (t *tally) reportTimes(whole time.Duration) {
	fmt.Fprintln(t.out, "== Where the time went")
	for _, p := range t.passes {
		fmt.Fprintf(t.out, "%7.1f s  %s (%s)\n", p.took.Seconds(), p.name, p.note)
	}
	if used, err := usedByProcess(os.Getenv(pgserver.Process)); err == nil {
		fmt.Fprintf(t.out, "           PostgreSQL beside them (%.0f s of CPU)\n", used.Seconds())
	}
	fmt.Fprintf(t.out, "%7.1f s  in all\n", whole.Seconds())
	t.most("Of the processors, most used the packages:", 15, t.packages, timing.ofProcessors)
	t.most("The slowest tests:", 15, t.tests, timing.ofTheClock)
}

func (x timing) ofProcessors() time.Duration { return x.used }
func (x timing) ofTheClock() time.Duration   { return x.took }

// most shows those of a list that have the most of something.
func (t *tally) most(title string, most int, list []timing, of func(timing) time.Duration) {
	fmt.Fprintln(t.out, title)
	sorted := slices.SortedFunc(slices.Values(list), func(a, b timing) int {
		return cmp.Or(cmp.Compare(of(b), of(a)), cmp.Compare(a.name, b.name))
	})

	for _, x := range sorted[:min(most, len(sorted))] {
		note := ""
		if strings.Contains(x.note, "race") {
			note = " (race)"
		}
		fmt.Fprintf(t.out, "%7.1f s  %s%s\n", of(x).Seconds(), x.name, note)
	}
}

func (t *tally) count() string {
	return fmt.Sprintf("%d passed, %d failed, %d skipped", t.passed, t.failed, t.skipped)
}

// checkCoverage prints the coverage of a profile and reports whether it suffices.
func (t *tally) checkCoverage(profile string, least float64) bool {
	covered, err := coverage(profile)
	if err != nil {
		t.say("FAILED: coverage: %v", err)
		return false
	}

	t.say("Coverage: %.1f %% of the program's statements", covered)
	if covered < least {
		t.say("FAILED: the coverage is below %.1f %%", least)
		return false
	}

	return true
}

// coverage is the share of statements that ran, in percent. A block stands in the profile
// once for each test binary that knows it.
func coverage(profile string) (float64, error) {
	file, err := os.Open(profile)
	if err != nil {
		return 0, err
	}
	defer file.Close()

	type block struct {
		statements int
		ran        bool
	}

	blocks := map[string]block{}
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		fields := strings.Fields(lines.Text()) // file:from,to statements times
		if len(fields) != 3 {
			continue
		}

		n, err := strconv.Atoi(fields[1])
		if err != nil {
			return 0, fmt.Errorf("unknown line %q", lines.Text())
		}

		blocks[fields[0]] = block{n, blocks[fields[0]].ran || fields[2] != "0"}
	}

	if err := lines.Err(); err != nil {
		return 0, err
	}

	all, ran := 0, 0
	for _, b := range blocks {
		all += b.statements
		if b.ran {
			ran += b.statements
		}
	}

	if all == 0 {
		return 0, fmt.Errorf("%s holds no statement", profile)
	}

	return 100 * float64(ran) / float64(all), nil
}
