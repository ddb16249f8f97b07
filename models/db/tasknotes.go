package db

import (
	"context"
	"errors"
	"strings"
	"time"
	"unicode/utf8"

	"gorm.io/gorm"

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

// NewTaskNote is what somebody notes.
type NewTaskNote struct {
	TaskID   string
	AuthorID string
	Note     string
	// Once names the form: the same note of it again is answered with the one that is there.
	// Empty: not named.
	Once string
}

// id is that of the note: a form that is sent twice makes the same one.
func (n NewTaskNote) id() string {
	if n.Once == "" {
		return NewID(PrefixTaskNote)
	}
	once := HashSecret(strings.Join([]string{n.TaskID, n.AuthorID, n.Note, n.Once}, "\x00"))
	return PrefixTaskNote + "_" + once[:32]
}

// AddTaskNote adds a note of the author's to a task, open or done. It may have several lines;
// an empty one, or one of more than 4,000 characters, answers VALIDATION_FAILED. The audit says
// that something was noted, not what.
func (d *DB) AddTaskNote(ctx context.Context, asked NewTaskNote) (TaskNote, error) {
	note := strings.TrimSpace(strings.ReplaceAll(asked.Note, "\r\n", "\n"))
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
		n = TaskNote{}
		if err := tx.Scope.Service(); err != nil {
			return err
		}
		t, err := tx.lockTask(asked.TaskID)
		if err != nil {
			return err
		}
		id := asked.id()
		err = tx.First(&n, "id = ?", id).Error
		if !errors.Is(err, gorm.ErrRecordNotFound) { // under the task's lock
			return err
		}
		n = TaskNote{
			ID:        id,
			TaskID:    t.ID,
			AuthorID:  asked.AuthorID,
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
