package rulestest

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/testday"
)

// Movable is any of the state types.
type Movable[S any] interface {
	~string
	CanBecome(S) bool
}

// ExpectMoves checks every pair of states against a written list: "A>B+C" means that A
// may become B and C. A state that stands only on the right is final.
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

// Noon returns noon of a day in TestZone.
func Noon(t require.TestingT, d string) time.Time {
	return rules.StartOfDay(testday.Day(t, d), testday.Zone(t, testday.TestZone)).
		Add(12 * time.Hour)
}

// Midnight returns the start of a day in TestZone.
func Midnight(t require.TestingT, d string) time.Time {
	return rules.StartOfDay(testday.Day(t, d), testday.Zone(t, testday.TestZone))
}

// NoonPtr is Noon for a field that may be nil.
func NoonPtr(t require.TestingT, d string) *time.Time {
	at := Noon(t, d)
	return &at
}

// Period returns the time from the start of one day to the start of another in
// TestZone.
func Period(t require.TestingT, from, to string) *rules.Period {
	return &rules.Period{Start: Midnight(t, from), End: Midnight(t, to)}
}

// Found lists "pointer code" of every field error.
func Found(err error) []string {
	refusal, ok := err.(*rules.Error)
	if !ok {
		return nil
	}

	var all []string
	for _, f := range refusal.Fields {
		all = append(all, f.Pointer+" "+f.Code)
	}

	return all
}

// EveryRole lists the roles.
var EveryRole = []rules.Role{
	rules.CustomerAdmin, rules.CustomerReadOnly, rules.PartnerAdmin, rules.PartnerReadOnly,
	rules.Reseller, rules.Distributor, rules.OperatorAgent, rules.OperatorLead, rules.OperatorCSM,
}
