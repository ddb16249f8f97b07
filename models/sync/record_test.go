package sync_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules/health"
)

// The strip of a room knows how it was before nobody asked for a while, before Sync was silent and
// before it refused: only what lies between is unknown.
func TestS57_TheStripKnowsHowARoomWasBeforeSilence(t *testing.T) {
	for name, hush := range map[string]func(*world){
		"nobody asks": func(w *world) { *w.clock = w.clock.Add(2 * time.Hour) },
		"no answer": func(w *world) {
			w.trouble = health.Unreachable
			w.minutes(60)
		},
		"silence, then a refusal": func(w *world) {
			w.trouble = health.Unreachable
			w.minutes(60)
			w.trouble = health.Refused
			w.minutes(60)
		},
		"a refusal": func(w *world) {
			w.trouble = health.Refused
			w.minutes(60)
		},
	} {
		w := newWorld(t, storetest.SQLite(t), 1)
		w.minutes(3)
		w.imported(1)
		w.set(health.DeviceOffline, 0)
		w.minutes(60)
		last := *w.connection().AnsweredAt
		hush(w)
		w.trouble = ""
		back := w.clock.Add(70 * time.Second)
		for i := 0; !w.connection().AnsweredAt.After(last); i++ {
			require.Less(t, i, 100)
			back = w.clock.Add(70 * time.Second)
			w.minutes(1)
		}
		w.minutes(30)

		room := w.Strings(t, "SELECT room_id FROM sync_places")[0]
		course, err := w.Sync.CourseOf(w.ctx, room, 30, time.UTC)
		require.NoError(t, err)
		var offline time.Duration
		for _, day := range course.Days {
			offline += day.Offline
		}
		before, after := last.Sub(course.Since), w.clock.Sub(back)
		require.GreaterOrEqual(t, offline, before+after, name)
		// A row says so with the first try that comes after what was known went stale.
		require.LessOrEqual(t, offline, before+after+health.Stale+30*time.Minute, name)
		require.Greater(t, before, 55*time.Minute)
	}
}
