package operations

import (
	"context"
	"fmt"
	"strconv"
	"time"

	_ "embed"

	"roomcover.dev/roomcover/models/db"
)

// stalledSQL counts what nobody has worked at since @late, by what it is.
//
//go:embed stalled.sql
var stalledSQL string

// stalledRemindersSQL counts the invitations that lack a reminder.
//
//go:embed stalledreminders.sql
var stalledRemindersSQL string

// stalledAfter is how many times the patience (15 minutes) a mail, a file or a reminder may
// wait before somebody should look: two hours, which is longer than the longest pause
// between two attempts at a mail.
const stalledAfter = 8

// reminderWindow is for how long after a reminder's day its absence is looked for; what the
// workflow does later than that, the next reminder shows.
const reminderWindow = 48 * time.Hour

// stalledKinds are what WatchStalled looks for; each has a task of its own, whose subject it
// is. Prefix is that of what has the workflows that work at it.
var stalledKinds = []struct{ What, Prefix string }{
	{"mails", db.PrefixNotification},
	{"imports", db.PrefixImport},
	{"review reminders", db.PrefixOrder},
	{"invitation reminders", db.PrefixInvitation},
}

// stalledPrefix is the kind of ids whose workflows work at what a task stands for; empty
// where its subject is no such kind.
func stalledPrefix(subject string) string {
	for _, kind := range stalledKinds {
		if kind.What == subject {
			return kind.Prefix
		}
	}
	return ""
}

// WatchStalled asks an operator when mails, files or reminders wait for workflows that
// do not come: one task for each of the four, however many wait, which closes itself once
// none does. It sees what WatchOverdue does not, as the next step of these is in no row. It
// returns how many wait, by what they are.
func (s *Operations) WatchStalled(ctx context.Context) (map[string]int, error) {
	ref, err := s.programs.Reference(ctx)
	if err != nil {
		return nil, err
	}

	waiting := map[string]int{}
	err = s.db.Write(ctx, func(tx *db.Tx) error {
		clear(waiting)
		if err := tx.Scope.Service(); err != nil {
			return err
		}

		now := tx.Now()
		late := now.Add(-stalledAfter * s.db.Patience())
		review := late.AddDate(0, 0, -firstDay(ref.Program.ReviewReminderDays)-1)

		var rows []struct {
			What string
			N    int
		}
		err := tx.Raw(stalledSQL, map[string]any{
			"late":        late,
			"review_late": review,
			"review_from": review.Add(-reminderWindow),
		}).Scan(&rows).Error
		if err != nil {
			return err
		}
		for _, row := range rows {
			waiting[row.What] = row.N
		}

		for _, day := range ref.Program.InviteReminderDays {
			n := 0
			due := late.AddDate(0, 0, -day)
			err := tx.Raw(stalledRemindersSQL, map[string]any{
				"now":   now,
				"late":  due,
				"from":  due.Add(-reminderWindow),
				"epoch": "d+" + strconv.Itoa(day),
			}).Scan(&n).Error
			if err != nil {
				return err
			}
			waiting["invitation reminders"] += n
		}

		return askAboutStalled(tx, waiting)
	})

	return waiting, err
}

func askAboutStalled(tx *db.Tx, waiting map[string]int) error {
	for _, kind := range stalledKinds {
		n := waiting[kind.What]
		if n == 0 {
			err := tx.Settle(db.TaskProcessStuck, kind.What, "none waits any more")
			if err != nil {
				return err
			}
			continue
		}

		task := db.OperatorTask{
			Kind:      db.TaskProcessStuck,
			SubjectID: kind.What,
			What: "See that a worker runs, then retry: it starts the workflows that are " +
				"missing, as roomcover temporal reconcile does for everything.",
			Why: fmt.Sprintf("Nobody works at %d %s.", n, kind.What),
		}
		if err := tx.Raise(task); err != nil {
			return err
		}
		// One that was open before is about another number by now.
		if err := tx.ExplainTask(task); err != nil {
			return err
		}
	}

	return nil
}

// firstDay is the first of the days; a program without any looks for none in a hundred years.
func firstDay(days []int) int {
	if len(days) == 0 {
		return 36500
	}
	return days[0]
}
