package storetest

import (
	"flag"
	"os"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
)

// Sized returns how much of something a test does: few in the normal run, many with
// ROOMCOVER_LONG, as make test-long sets it.
func Sized(few, many int) int {
	if os.Getenv("ROOMCOVER_LONG") != "" {
		return many
	}
	return few
}

// Checks sets how many random cases rapid tries in this test, which must not run beside
// another one.
func Checks(t testing.TB, few, many int) {
	t.Helper()
	checks := flag.Lookup("rapid.checks")
	before := checks.Value.String()
	require.NoError(t, checks.Value.Set(strconv.Itoa(Sized(few, many))))
	t.Cleanup(func() { _ = checks.Value.Set(before) })
}
