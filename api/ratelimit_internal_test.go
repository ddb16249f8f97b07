package api

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestLimitersForgetTheOneThatWasQuietForLongest(t *testing.T) {
	l := newLimiters(0.001, 1)
	_, ok := l.countRequest("first")
	require.True(t, ok)
	_, ok = l.countRequest("first")
	require.False(t, ok)
	for i := range maxLimiters - 1 {
		l.countRequest(fmt.Sprint(i))
	}
	_, ok = l.countRequest("first")
	require.False(t, ok, "still remembered, and used last")
	l.countRequest("one more")
	require.Equal(t, maxLimiters, l.byID.Len())
	require.False(t, l.byID.Contains("0"), "the quietest one is gone")
	require.True(t, l.byID.Contains("first"))
}

// Every code that an answer can have is documented with its status.
func TestEveryStatusIsAnErrorStatus(t *testing.T) {
	for code, status := range statuses {
		require.Greater(t, status, 399, code)
		require.Regexp(t, `^[A-Z_0-9]+$`, code)
	}
}
