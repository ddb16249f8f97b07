package main

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const module = "roomcover.dev/roomcover/"

func read(t *testing.T, packages []string, events ...string) (*tally, string) {
	t.Helper()
	var out bytes.Buffer
	total := newTally(&out)
	p := pass{name: "the program", packages: packages}
	require.NoError(t, total.read(p, strings.NewReader(strings.Join(events, "\n"))))
	return total, out.String()
}

func TestTestsWithSubtestsAreNotCountedBesideThem(t *testing.T) {
	total, out := read(t, []string{module + "a", module + "b"},
		`{"Action":"run","Package":"roomcover.dev/roomcover/a","Test":"TestX"}`,
		`{"Action":"run","Package":"roomcover.dev/roomcover/a","Test":"TestX/sqlite"}`,
		`{"Action":"output","Package":"roomcover.dev/roomcover/a","Test":"TestX/sqlite","Output":"=== RUN   TestX/sqlite\n"}`,
		`{"Action":"output","Package":"roomcover.dev/roomcover/a","Test":"TestX/sqlite","Output":"    x_test.go:7: no disk\n"}`,
		`{"Action":"fail","Package":"roomcover.dev/roomcover/a","Test":"TestX/sqlite","Elapsed":0.5}`,
		`{"Action":"run","Package":"roomcover.dev/roomcover/a","Test":"TestX/postgres"}`,
		`{"Action":"output","Package":"roomcover.dev/roomcover/a","Test":"TestX/postgres","Output":"    SKIPPED: no server\n"}`,
		`{"Action":"skip","Package":"roomcover.dev/roomcover/a","Test":"TestX/postgres","Elapsed":0}`,
		`{"Action":"fail","Package":"roomcover.dev/roomcover/a","Test":"TestX","Elapsed":0.6}`,
		`{"Action":"fail","Package":"roomcover.dev/roomcover/a","Elapsed":0.7}`,
		`{"Action":"run","Package":"roomcover.dev/roomcover/b","Test":"TestY"}`,
		`{"Action":"output","Package":"roomcover.dev/roomcover/b","Test":"TestY","Output":"of no interest\n"}`,
		`{"Action":"pass","Package":"roomcover.dev/roomcover/b","Test":"TestY","Elapsed":0.1}`,
		`{"Action":"pass","Package":"roomcover.dev/roomcover/b","Elapsed":12.3}`,
	)
	require.Equal(t, "1 passed, 1 failed, 1 skipped", total.count())
	require.Equal(t, `    x_test.go:7: no disk
    SKIPPED: no server
  1 of 2     0.7 s     0.0 s of CPU  FAILED  a
  2 of 2    12.3 s     0.0 s of CPU  ok      b
`, out)
}

func TestPackagesThatDoNotBuildOrEndCountAsOneFailure(t *testing.T) {
	total, out := read(t, []string{module + "a", module + "b"},
		`{"ImportPath":"roomcover.dev/roomcover/a","Action":"build-output","Output":"a.go:1:1: no such thing\n"}`,
		`{"Action":"fail","Package":"roomcover.dev/roomcover/a","Elapsed":0,"FailedBuild":"roomcover.dev/roomcover/a"}`,
		`{"Action":"run","Package":"roomcover.dev/roomcover/b","Test":"TestY"}`,
		`{"Action":"output","Package":"roomcover.dev/roomcover/b","Test":"TestY","Output":"panic: test timed out\n"}`,
		`{"Action":"fail","Package":"roomcover.dev/roomcover/b","Elapsed":1}`,
	)
	require.Equal(t, "0 passed, 2 failed, 0 skipped", total.count())
	require.Contains(t, out, "no such thing")
	require.Contains(t, out, "--- NOT ENDED: TestY\npanic: test timed out")
}

func TestTestsThatStartGoroutinesAreFound(t *testing.T) {
	dir := t.TempDir()
	source := `package a

func TestPlain(t *testing.T)      { helper() }
func TestStarts(t *testing.T)     { go helper() }
func TestByAHelper(t *testing.T)  { several() }
func TestAtOnce(t *testing.T)     { storetest.AtOnce(2, nil) }
func TestOnBoth(t *testing.T)     { both() }
func both()                       { storetest.Each(nil) }
func TestProcesses(t *testing.T)  { several(); launch() }
func launch()                     { exec.Command("sh").Run() }
func TestByAMethod(t *testing.T)  { w := world{}; w.many() }
func TestByItsValue(t *testing.T) { each((world).many) }
func TestOfOneName(t *testing.T)  { w := world{}; w.several() }
func (w world) several()          { helper() }
func (w world) many()             { several() }
func TestMain(m *testing.M)       { several() }
func helper()                     { helper() }
func several()                    { several(); group.Go(helper) }
`
	file := filepath.Join(dir, "a_test.go")
	require.NoError(t, os.WriteFile(file, []byte(source), 0o600))
	declared, err := parse([]string{file})
	require.NoError(t, err)
	require.Equal(t,
		[]string{"TestStarts", "TestByAHelper", "TestAtOnce", "TestByAMethod", "TestByItsValue"},
		declared.atOnce())
	require.Equal(t, []string{"TestOnBoth"}, declared.onEachDatabase())
	require.Len(t, declared.tests, 9)
}

func TestWhatTheDetectorRunsIsNotRunTwice(t *testing.T) {
	all := map[string][]string{
		module + "a":      {"TestBoth", "TestPlain", "TestOfTwo", "TestAtOnceInA"},
		module + "b":      {"TestOfTwo"},
		module + "c":      {"TestAtOnceInA", "TestSessions"},
		module + "worker": {"TestWorker"},
	}
	detector := map[string][]string{
		module + "a":      {"TestBoth", "TestOfTwo", "TestAtOnceInA"},
		module + "c":      {"TestAtOnceInA"},
		module + "worker": {"TestWorker"},
	}
	twice := slices.Compact(slices.Sorted(slices.Values(runTwice(all, detector))))
	require.Equal(t, []string{"TestAtOnceInA", "TestBoth"}, twice,
		"b has a TestOfTwo that runs here alone; the worker's coverage is its tests' alone")

	passes := []pass{
		{name: "program", profile: "cover.out", tests: all},
		{name: "race", detects: true, tests: detector},
	}
	leaveToTheDetector(passes)
	require.Equal(t, []string{"-skip", "^(TestAtOnceInA|TestBoth)$"}, passes[0].args)
	require.Empty(t, passes[1].args)

	halves := map[string][]string{module + "c": {"TestAtOnceInA"}}
	passes[0] = pass{name: "program", profile: "cover.out", tests: all, halves: halves}
	leaveToTheDetector(passes)
	require.Equal(t, []string{"-skip", "^(TestBoth)$|^(TestAtOnceInA)$/^postgres$"}, passes[0].args,
		"the other half runs here")

	passes[0] = pass{name: "program", profile: "cover.out", tests: all}
	passes[1].missing = "there is no C compiler"
	leaveToTheDetector(passes)
	require.Empty(t, passes[0].args)
}

func TestWhatIsHeardElsewhereIsHeard(t *testing.T) {
	t.Chdir("../..")
	passes, err := options{passes: "race"}.plan(nil)
	require.NoError(t, err)
	var heard []string
	for _, names := range passes[0].tests {
		heard = append(heard, names...)
	}
	for left, by := range heardElsewhere {
		require.Contains(t, heard, by, left)
	}
}

// Each test of the repository is in the program's pass or in the detector's; one that runs on
// each database is in the program's, with the half that the detector leaves.
func TestNoTestIsLeftOut(t *testing.T) {
	t.Chdir("../..")
	passes, err := options{passes: "program,race", profile: "cover.out"}.plan(nil)
	require.NoError(t, err)
	program, detector := passes[0], passes[1]
	require.Greater(t, len(program.packages), 50)
	if detector.missing != "" {
		require.NotContains(t, program.args, "-skip")
		return
	}

	run := detector.args[slices.Index(detector.args, "-run")+1]
	runs := regexp.MustCompile(run)
	left := slices.Concat(program.leaves, program.leavesPG)
	require.NotEmpty(t, program.leaves)
	require.NotEmpty(t, program.leavesPG)
	for path, names := range program.tests {
		for _, name := range names {
			if slices.Contains(left, name) {
				require.True(t, runs.MatchString(name), name)
				require.Contains(t, detector.packages, path, name)
			}
			if slices.Contains(program.halves[path], name) {
				require.NotContains(t, program.leaves, name)
			}
		}
	}
}

func TestTheLongestPackagesBegin(t *testing.T) {
	t.Chdir("../..")
	var sizes []int
	err := eachPackage(".", []string{"./..."}, func(_ string, files []string) error {
		size := 0
		for _, file := range files {
			text, err := os.ReadFile(file)
			require.NoError(t, err)
			size += len(text)
		}
		sizes = append(sizes, size)
		return nil
	})
	require.NoError(t, err)
	slices.Reverse(sizes)
	require.True(t, slices.IsSorted(sizes))
}

func TestCoverageJoinsWhatAllBinariesRan(t *testing.T) {
	profile := filepath.Join(t.TempDir(), "cover.out")
	require.NoError(t, os.WriteFile(profile, []byte(`mode: set
roomcover.dev/roomcover/a/a.go:1.2,3.4 3 0
roomcover.dev/roomcover/a/a.go:5.2,6.4 1 0
roomcover.dev/roomcover/a/a.go:1.2,3.4 3 1
roomcover.dev/roomcover/a/a.go:1.2,3.4 3 0
`), 0o600))
	covered, err := coverage(profile)
	require.NoError(t, err)
	require.InDelta(t, 75, covered, 1e-9)

	var out bytes.Buffer
	require.False(t, newTally(&out).checkCoverage(profile, 88))
	require.Contains(t, out.String(), "the coverage is below 88.0 %")
}

func TestWhatAPackageUsedOfTheProcessorsIsNoted(t *testing.T) {
	dir, here := t.TempDir(), t.TempDir()
	t.Setenv(measures, dir)
	t.Chdir(here)

	code, err := measure([]string{"sh", "-c", "i=0; while [ $i -lt 99999 ]; do i=$((i+1)); done; exit 3"})
	require.NoError(t, err)
	require.Equal(t, 3, code, "as go test sees it")
	require.Positive(t, measured(dir, here))
	require.Zero(t, measured(dir, t.TempDir()), "a package that has not ended")

	used, err := usedByProcess(strconv.Itoa(os.Getpid()))
	require.NoError(t, err)
	require.Positive(t, used)
	_, err = usedByProcess("")
	require.Error(t, err, "there is no server")
}
