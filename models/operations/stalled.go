package operations

import (
	"context"
	"fmt"

	_ "embed"

	"roomcover.dev/roomcover/models/db"
)

// stalledSQL counts what nobody has worked at since @late, by what it is.
//
//go:embed stalled.sql
var stalledSQL string

// stalledAfter is how many times the patience (15 minutes) a mail or a file may wait
// before somebody should look: two hours, which is longer than the longest pause
// between two attempts at a mail.
const stalledAfter = 8

// stalledKinds are what WatchStalled looks for; each has a task of its own, whose subject it
// is. Prefix is that of what has the workflows that work at it.
var stalledKinds = []struct{ What, Prefix string }{
	{"mails", db.PrefixNotification},
	{"imports", db.PrefixImport},
}

// earlierStalled are what an earlier release looked for as well. WatchOverdue does now, one by
// one; what was asked about all of them is closed.
var earlierStalled = []string{"review reminders", "invitation reminders"}

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

// WatchStalled asks an operator when mails or files wait for workflows that do not come: one
// task for each of the two, however many wait, which closes itself once none does. It sees
// what WatchOverdue does not, as these are no processes. It returns how many wait, by what
// they are.
func (s *Operations) WatchStalled(ctx context.Context) (map[string]int, error) {
	waiting := map[string]int{}
	err := s.db.Write(ctx, func(tx *db.Tx) error {
		clear(waiting)
		if err := tx.Scope.Service(); err != nil {
			return err
		}

		var rows []struct {
			What string
			N    int
		}
		late := tx.Now().Add(-stalledAfter * s.db.Patience())
		err := tx.Raw(stalledSQL, map[string]any{"late": late}).Scan(&rows).Error
		if err != nil {
			return err
		}
		for _, row := range rows {
			waiting[row.What] = row.N
		}

		for _, what := range earlierStalled {
			err := tx.Settle(db.TaskProcessStuck, what, "each is watched by itself")
			if err != nil {
				return err
			}
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
