package operations_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/storetest"
)

// calendarTasks counts the open tasks of a kind by subject.
func calendarTasks(t *testing.T, env storetest.Env, kind db.TaskKind) map[string]db.TaskState {
	out := map[string]db.TaskState{}
	for _, task := range env.Tasks(t, kind) {
		out[task.SubjectID] = task.State
	}
	return out
}

func TestC3_CalendarWithoutHolidaysIsToldOnceAndClosesItself(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		_, accountID := storetest.AcmeForm(t, env)
		const kind = db.TaskCalendarNoHolidays
		watch := func() {
			_, err := env.WatchCalendars(env.Context)
			require.NoError(t, err)
		}
		env.Room(t, accountID, "São Paulo")
		watch()
		require.Empty(t, calendarTasks(t, env, kind), "no room counts on a calendar that lacks something")
		room := env.RoomIn(t, accountID, "Pune", "IN")
		env.RoomIn(t, accountID, "Mumbai", "IN")
		env.RoomIn(t, accountID, "Shanghai", "CN")
		watch()
		watch()
		require.Equal(t, map[string]db.TaskState{"IN": db.TaskOpen, "CN": db.TaskOpen}, calendarTasks(t, env, kind))
		require.Len(t, env.Tasks(t, kind), 2)

		// A person closes one: it stays closed.
		for _, task := range env.Tasks(t, kind) {
			if task.SubjectID == "CN" {
				_, err := env.ResolveTask(storetest.Operator(), task.ID, "asked the courier")
				require.NoError(t, err)
			}
		}
		watch()
		require.Equal(t, map[string]db.TaskState{"IN": db.TaskOpen, "CN": db.TaskDone}, calendarTasks(t, env, kind))

		// The other closes by itself with the first holiday, and opens with the last.
		_, err := env.AddHoliday(storetest.Operator(), storetest.CalendarChange("IN"),
			storetest.DateOf(t, "2027-01-26"), "Republic Day")
		require.NoError(t, err)
		require.Equal(t, db.TaskDone, calendarTasks(t, env, kind)["IN"])
		_, err = env.RemoveHoliday(storetest.Operator(), storetest.CalendarChange("IN"),
			storetest.DateOf(t, "2027-01-26"))
		require.NoError(t, err)
		require.Equal(t, db.TaskOpen, calendarTasks(t, env, kind)["IN"])

		// With its last room the need goes too.
		for _, r := range []string{room.ID, env.Strings(t, "SELECT id FROM rooms WHERE name = 'Mumbai'")[0]} {
			_, err = env.ArchiveRoom(env.Context, r, "")
			require.NoError(t, err)
		}
		watch()
		require.Equal(t, db.TaskDone, calendarTasks(t, env, kind)["IN"])
		require.Len(t, env.Tasks(t, kind), 2)
		env.AuditHolds(t)
	})
}

func TestC3_CalendarWithoutABusinessDayInAFortnightIsTold(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		_, accountID := storetest.AcmeForm(t, env)
		env.RoomIn(t, accountID, "Munich", "DE") // no region: the country's calendar
		today := storetest.DateOf(t, "2026-11-23")
		for i := range 14 {
			_, err := env.AddHoliday(storetest.Operator(), storetest.CalendarChange("DE"), today.AddDays(i), "closed")
			require.NoError(t, err)
			open := calendarTasks(t, env, db.TaskCalendarNoWorkingTime)
			if i < 11 { // the last two days of the fortnight are a weekend
				require.Empty(t, open)
			} else {
				require.Equal(t, map[string]db.TaskState{"DE": db.TaskOpen}, open)
			}
		}
		env.Calendar.Set(storetest.Now.AddDate(0, 0, 2))
		n, err := env.WatchCalendars(env.Context)
		require.NoError(t, err)
		require.Zero(t, n)
		require.Equal(t, map[string]db.TaskState{"DE": db.TaskDone},
			calendarTasks(t, env, db.TaskCalendarNoWorkingTime))
	})
}
