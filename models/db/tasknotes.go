package db

import (
	"context"
	"strings"
	"time"
	"unicode/utf8"

	"roomcover.dev/roomcover/rules"
)

// TaskNote is what an operator noted about a task while working on it. Notes are added, and
// never changed.
type TaskNote struct {
	ID        string
	TaskID    string
	AuthorID  string
	Note      string
	CreatedAt time.Time
}

// TableName says that notes are about the tasks of operators.
func (TaskNote) TableName() string { return "operator_task_notes" }

// longestNote bounds a note, in characters.
const longestNote = 4000

// AddTaskNote adds a note of the author's to a task, open or done. It may have several lines;
// an empty one, or one of more than 4,000 characters, answers VALIDATION_FAILED. The audit says
// that something was noted, not what.
func (d *DB) AddTaskNote(ctx context.Context, id, author, note string) (TaskNote, error) {
	note = strings.TrimSpace(strings.ReplaceAll(note, "\r\n", "\n"))
	var k rules.Checker
	for i, line := range strings.Split(note, "\n") {
		if i == 0 {
			k.Text("/note", line, longestNote)
		} else if len(k.Fields) == 0 {
			k.Optional("/note", line, longestNote)
		}
	}
	if len(k.Fields) == 0 && utf8.RuneCountInString(note) > longestNote {
		k.Fail("/note", rules.TooLong, "The note has more than 4000 characters.",
			"Shorten it, or write two.")
	}
	if err := rules.Invalid(k.Fields); err != nil {
		return TaskNote{}, err
	}

	var n TaskNote
	err := d.Write(ctx, func(tx *Tx) error {
		if err := tx.Scope.Service(); err != nil {
			return err
		}
		t, err := tx.lockTask(id)
		if err != nil {
			return err
		}
		n = TaskNote{
			ID:        NewID(PrefixTaskNote),
			TaskID:    t.ID,
			AuthorID:  author,
			Note:      note,
			CreatedAt: tx.Now(),
		}
		if err := tx.Create(&n).Error; err != nil {
			return err
		}
		return tx.Audit(t.ID, t.AccountID, false, Entry{
			Verb:     "task.noted",
			ObjectID: t.ID,
			Details:  map[string]any{"note": n.ID},
		})
	})
	return n, err
}

// TaskNotes lists what was noted about a task, the oldest first.
func (d *DB) TaskNotes(ctx context.Context, taskID string) ([]TaskNote, error) {
	var out []TaskNote
	err := d.Read(ctx, func(tx *Tx) error {
		if err := tx.Scope.Service(); err != nil {
			return err
		}
		return tx.Where("task_id = ?", taskID).Order("id").Limit(1000).Find(&out).Error
	})
	return out, err
}
