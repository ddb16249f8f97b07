package health

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

var noon = time.Date(2026, 12, 1, 12, 0, 0, 0, time.UTC)

// letters are how the tests below write what is read in a minute: h healthy, n needs attention,
// o offline, u unknown, - the place is missing, and a dot for a poll that failed.
var letters = map[rune]State{'h': Healthy, 'n': NeedsAttention, 'o': Offline, 'u': Unknown}

// walk reads a timeline, a letter a minute, and says what was believed at each, with the notices.
func walk(t *testing.T, timeline string) (states string, told []string, last Course) {
	t.Helper()
	var c Course
	var before time.Time
	for i, letter := range []rune(strings.ReplaceAll(timeline, " ", "")) {
		at := noon.Add(time.Duration(i) * time.Minute)
		if letter != '.' {
			var notice Notice
			c, notice = Step(c, Poll{
				At: at, Before: before, Missing: letter == '-', Reading: letters[letter],
			})
			before = at
			if notice != NoNotice {
				told = append(told, string(notice)+" "+at.Format("15:04"))
			}
		}
		states += map[State]string{
			Healthy: "h", NeedsAttention: "n", Offline: "o", Unknown: "u", "": "u",
		}[c.Shown(at, before, true)]
	}
	return states, told, c
}

func TestS29_TwoReadingsInARowAreBelieved(t *testing.T) {
	for _, c := range []struct{ timeline, want string }{
		{"hhhh", "uhhh"},
		{"hhohhh", "uhhhhh"},         // one bad poll is none
		{"hhoohohh", "uhhooooh"},     // and one good one does not clear it
		{"hhonn", "uhhnn"},           // two bad ones that differ: the milder holds
		{"hhnooo", "uhhnoo"},         //
		{"oonoonn", "uooooon"},       //
		{"hho.oo", "uhhhoo"},         // a poll that failed says nothing
		{"hho......o", "uhhhhhhhuh"}, // what is long ago confirms nothing; nor is it known
		{"hhhuu", "uhhhu"},
		{"oo--oo", "uoouoo"},
	} {
		got, _, _ := walk(t, c.timeline)
		require.Equal(t, c.want, got, c.timeline)
	}
}

func TestS29_AnOutageIsUnknownAndChangesNothing(t *testing.T) {
	states, told, c := walk(t, "hhhh"+strings.Repeat(".", 60)+"hh")
	require.Equal(t, "uhhh"+"hhhhh"+strings.Repeat("u", 55)+"hh", states)
	require.Empty(t, told)
	require.Equal(t, noon.Add(time.Minute), c.Since)

	// Sync lets the connection in no more: nothing is known at once.
	require.Equal(t, Unknown, c.Shown(noon, noon, false))
}

// Each is a room that goes down and up, a minute or more each, until it stays as it ends.
func TestS57_AFlappingRoomIsToldOfTwiceAtMost(t *testing.T) {
	well, down := strings.Repeat("h", 90), strings.Repeat("o", 90)
	for name, c := range map[string]struct {
		timeline string
		told     []string
	}{
		"stays well": {"hh" + strings.Repeat("oooohhhh", 10) + well,
			[]string{"DOWN 12:03", "WELL 14:19"}},
		"stays down":       {"hh" + strings.Repeat("oooohhhh", 10) + down, []string{"DOWN 12:03"}},
		"it was down once": {"hhooooo" + well, []string{"DOWN 12:03", "WELL 12:23"}},
		"it gets worse":    {"hhnnoo" + well, []string{"DOWN 12:03", "DOWN 12:05", "WELL 12:22"}},
		"it gets better without being well": {"hhoonnnn" + strings.Repeat("n", 90),
			[]string{"DOWN 12:03"}},
		"blips of one poll": {"hh" + strings.Repeat("oh", 60), nil},
	} {
		_, told, last := walk(t, c.timeline)
		require.Equal(t, c.told, told, name)
		require.False(t, last.Flapping, name)
	}

	// The fifth change within an hour makes it flap: from UNKNOWN, and four more.
	_, _, c := walk(t, "hh oo hh oo h")
	require.False(t, c.Flapping)
	_, _, c = walk(t, "hh oo hh oo hh")
	require.True(t, c.Flapping)
	_, _, c = walk(t, "hh oo hh oo hh"+strings.Repeat("h", 59))
	require.True(t, c.Flapping, "an hour is not quiet yet")
	_, _, c = walk(t, "hh oo hh oo hh"+strings.Repeat("h", 60))
	require.False(t, c.Flapping)

	// Changes that an hour holds no five of are told, each.
	_, told, c := walk(t, strings.Repeat("oo"+strings.Repeat("h", 28), 4))
	require.Len(t, told, 8)
	require.False(t, c.Flapping)
}

func TestS57_APlaceThatVanishesStaysAndSaysSince(t *testing.T) {
	_, told, c := walk(t, "oo-")
	require.Nil(t, c.MissingSince, "once may be a fault of the answer")
	require.Len(t, told, 1)
	_, told, c = walk(t, "oo----")
	require.Equal(t, noon.Add(3*time.Minute), *c.MissingSince)
	require.Equal(t, Offline, c.State, "as it was known last")
	require.Len(t, told, 1, "that it is gone is no recovery")
	require.Equal(t, Unknown, c.Shown(noon, noon, true))
	_, _, c = walk(t, "oo----h")
	require.Nil(t, c.MissingSince)
	require.Equal(t, Offline, c.State, "until it is read twice")
}

// What says nothing new leaves the course as it is: it is no row.
func TestS57_OnlyChangesAreChanges(t *testing.T) {
	for _, timeline := range []string{"hhh", "ooo", "nnn", "uuu", "---", "hhh---"} {
		_, _, before := walk(t, timeline)
		after, notice := Step(before, Poll{
			At:      noon.Add(time.Hour),
			Before:  noon.Add(59 * time.Minute),
			Missing: strings.HasSuffix(timeline, "-"),
			Reading: letters[rune(timeline[0])],
		})
		require.Equal(t, before, after, timeline)
		require.Equal(t, NoNotice, notice)
	}
}

func TestS29_CertificatesAreAlertedAboutThreeTimes(t *testing.T) {
	ends := noon.AddDate(0, 0, 60)
	told := 0
	var alerts []string
	for day := 0; day <= 61; day++ {
		at := noon.AddDate(0, 0, day)
		if days, ok := AlertFor(at, ends, told); ok {
			told = days
			alerts = append(alerts, at.Format("01-02"))
		}
	}
	require.Equal(t, []string{
		ends.AddDate(0, 0, -30).Format("01-02"),
		ends.AddDate(0, 0, -7).Format("01-02"),
		ends.AddDate(0, 0, -1).Format("01-02"),
	}, alerts)

	days, ok := AlertFor(ends.Add(-time.Hour), ends, 0)
	require.True(t, ok)
	require.Equal(t, 1, days, "one that is uploaded late is alerted about once")
}

func TestS29_PollsKeepToTheBudgetAndPausesGrow(t *testing.T) {
	for _, places := range []int{0, 1, 1000, 1001, 5000, 40_000, 1_000_000_000} {
		var took time.Duration
		at := noon
		for range 200 {
			next := NextPoll(at, places, "syc_1")
			require.GreaterOrEqual(t, next.Sub(at), PollEvery*9/10)
			took += next.Sub(at)
			at = next
		}
		perDay := float64(24*time.Hour) / float64(took/200) * float64(RequestsFor(places))
		if places < 10_000_000 {
			require.Less(t, perDay, float64(RequestsPerDay), "%d", places)
		}
	}
	require.Equal(t, 1, RequestsFor(1000))
	require.Equal(t, 5, RequestsFor(5000))
	require.NotEqual(t, NextPoll(noon, 1, "a"), NextPoll(noon, 1, "b"), "not all at once")

	last := time.Duration(0)
	for failures := 1; failures < 6; failures++ {
		pause := RetryAt(noon, failures, 0, "a").Sub(noon)
		require.Greater(t, pause, last)
		last = pause
	}
	require.Less(t, RetryAt(noon, 1000, 0, "a").Sub(noon), 34*time.Minute)
	require.GreaterOrEqual(t, RetryAt(noon, 1, time.Hour, "a").Sub(noon), time.Hour)
}
