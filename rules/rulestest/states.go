package rulestest

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/rules"
)

// Movable is any of the state types.
type Movable[S any] interface {
	~string
	CanBecome(S) bool
}

// ExpectMoves holds every pair of states against a written list: "A>B+C" means
// that A may become B and C. A state that stands only on the right is final.
func ExpectMoves[S Movable[S]](t *testing.T, table string) {
	want := map[string]map[string]bool{}
	all := map[string]bool{"": true, "NO_SUCH_STATE": true}
	for _, row := range strings.Fields(table) {
		from, next, _ := strings.Cut(row, ">")
		all[from] = true
		want[from] = map[string]bool{}
		for _, to := range strings.Split(next, "+") {
			want[from][to] = true
			all[to] = true
		}
	}

	for from := range all {
		for to := range all {
			require.Equal(t, want[from][to], S(from).CanBecome(S(to)), "%q to %q", from, to)
			code := rules.CodeOf(rules.Move(S(from), S(to)))
			require.Equal(t, want[from][to], code == "", "%q to %q", from, to)
		}
	}
}
