package ticket

import (
	"fmt"
	"strings"
	"time"

	"cloud.google.com/go/civil"
	"gorm.io/gorm/clause"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/rules/calendar"
	"roomcover.dev/roomcover/rules/cover"
	rule "roomcover.dev/roomcover/rules/ticket"
)

// Terms are what a ticket was promised, frozen as a whole: neither a new version of a policy
// nor of a calendar moves what is due (R28d).
type Terms struct {
	Policy   cover.SLAPolicy   `json:"policy"`
	Also     []cover.SLAPolicy `json:"also,omitempty"` // of its other entitlements (R32a)
	Calendar termsCalendar     `json:"calendar"`
	// Rerouted says that JumpStart was asked, and Select answers (R32b).
	Rerouted bool `json:"rerouted,omitempty"`
}

// termsCalendar is the room's calendar, with the holidays of the time that a ticket may take.
type termsCalendar struct {
	Code     string                 `json:"code"`
	Version  int64                  `json:"version"`
	Weekend  []calendar.Weekday     `json:"weekend"`
	Hours    []calendar.WorkingTime `json:"hours"`
	Holidays map[civil.Date]string  `json:"holidays"`
}

// holidaysKept is how many days' holidays a ticket keeps.
const holidaysKept = 400

// freezeCalendar returns the part of a calendar that a ticket keeps which is opened on a day.
func freezeCalendar(c calendar.Calendar, opened civil.Date) termsCalendar {
	kept := termsCalendar{
		Code:     c.Code,
		Version:  c.Version,
		Weekend:  c.Weekend,
		Hours:    c.Hours,
		Holidays: map[civil.Date]string{},
	}
	last := opened.AddDays(holidaysKept)
	for on, name := range c.Holidays {
		if !on.Before(opened.AddDays(-1)) && !on.After(last) {
			kept.Holidays[on] = name
		}
	}
	return kept
}

func (t *Terms) calendar() calendar.Calendar {
	return calendar.Calendar{
		Code:     t.Calendar.Code,
		Version:  t.Calendar.Version,
		Weekend:  t.Calendar.Weekend,
		Hours:    t.Calendar.Hours,
		Holidays: t.Calendar.Holidays,
	}
}

// rule returns the terms as the clocks take them; nil where nothing is promised.
func (t *Terms) rule(zone *time.Location) *rule.Terms {
	if t == nil || t.Policy.Code == "" {
		return nil
	}
	return &rule.Terms{
		Policy:   t.Policy,
		Also:     t.Also,
		Calendar: t.calendar(),
		Zone:     zone,
	}
}

// Clock is a clock of a ticket as it was when it last changed. What a page shows of one that
// runs is computed again (see Conversation): the row's elapsed time is of then.
type Clock struct {
	ID              string
	TicketID        string
	AccountID       string
	Kind            rule.ClockKind
	Seq             int64 // of the event that started it
	Severity        cover.Severity
	State           rule.ClockState
	StartedAt       time.Time
	WarnAt          *time.Time
	DueAt           *time.Time
	WarnedAt        *time.Time
	BreachedAt      *time.Time
	EndedAt         *time.Time
	ElapsedSeconds  int64
	Explanation     []rule.Stretch `gorm:"serializer:json"`
	PolicyCode      string
	PolicyVersion   int
	CalendarCode    string
	CalendarVersion int64
}

// TableName is the table of clocks.
func (Clock) TableName() string { return "ticket_clocks" }

// ClockMark is a warning or a breach of a clock, of which each is there once (S41).
type ClockMark struct {
	ClockID   string   `gorm:"primaryKey"`
	Kind      MarkKind `gorm:"primaryKey"`
	AccountID string
	At        time.Time // when it was
	NoticedAt time.Time // when it was written
}

// TableName is the table of marks.
func (ClockMark) TableName() string { return "ticket_clock_marks" }

// MarkKind says what a clock has come to.
type MarkKind string

// The kinds of marks.
const (
	MarkWarning MarkKind = "WARNING" // most of the time is over
	MarkBreach  MarkKind = "BREACH"  // all of it is
)

// clockID names a clock for good, so that storing it again stores the same.
func clockID(ticketID string, c rule.Clock) string {
	_, own, _ := strings.Cut(ticketID, "_")
	kind := strings.ToLower(string(c.Kind[:2]))
	return fmt.Sprintf("%s_%s-%s%d", db.PrefixClock, own, kind, c.Seq)
}

func (t Ticket) clockRow(c rule.Clock) Clock {
	return Clock{
		ID:              clockID(t.ID, c),
		TicketID:        t.ID,
		AccountID:       t.AccountID,
		Kind:            c.Kind,
		Seq:             int64(c.Seq),
		Severity:        c.Severity,
		State:           c.State,
		StartedAt:       c.StartedAt,
		WarnAt:          c.WarnAt,
		DueAt:           c.DueAt,
		WarnedAt:        c.WarnedAt,
		BreachedAt:      c.BreachedAt,
		EndedAt:         c.EndedAt,
		ElapsedSeconds:  int64(c.Elapsed / time.Second),
		Explanation:     append([]rule.Stretch{}, c.Explanation...),
		PolicyCode:      c.Policy,
		PolicyVersion:   c.PolicyVersion,
		CalendarCode:    c.Calendar,
		CalendarVersion: c.CalendarVersion,
	}
}

// sameClock reports whether a clock stands as it did, its elapsed time apart.
func sameClock(a, b rule.Clock) bool {
	return a.State == b.State && a.Severity == b.Severity &&
		a.Policy == b.Policy && a.PolicyVersion == b.PolicyVersion &&
		db.SameInstant(a.DueAt, b.DueAt) &&
		db.SameInstant(a.WarnAt, b.WarnAt) &&
		db.SameInstant(a.WarnedAt, b.WarnedAt) &&
		db.SameInstant(a.BreachedAt, b.BreachedAt) &&
		db.SameInstant(a.EndedAt, b.EndedAt)
}

// moveClocks computes the clocks anew from all that happened (S40), and says which of them
// are to be stored: those that stand otherwise than when they were last stored.
func (w *change) moveClocks() {
	terms := w.Terms.rule(w.Zone())
	var before []rule.Clock
	if !w.fresh {
		before = rule.Clocks(terms, w.factsBefore, w.ClockedAt)
	}
	w.clocks = rule.Clocks(terms, w.facts, w.now)

	stood := map[string]rule.Clock{}
	for _, c := range before {
		stood[clockID(w.ID, c)] = c
	}
	for _, c := range w.clocks {
		id := clockID(w.ID, c)
		old, known := stood[id]
		delete(stood, id)
		if known && sameClock(old, c) {
			continue
		}

		w.movedClocks = append(w.movedClocks, w.clockRow(c))
		w.mark(id, MarkWarning, old.WarnedAt, c.WarnedAt)
		w.mark(id, MarkBreach, old.BreachedAt, c.BreachedAt)
	}
	for id, old := range stood {
		w.goneClocks = append(w.goneClocks, id)
		w.mark(id, MarkWarning, old.WarnedAt, nil)
		w.mark(id, MarkBreach, old.BreachedAt, nil)
	}

	w.ClockedAt = w.now
	w.EffectiveDue = rule.EffectiveDue(w.clocks)
	w.EffectiveClock = ""
	w.Alarm = ""
	for _, c := range w.clocks {
		late := c.State == rule.Breached && c.EndedAt == nil
		if w.EffectiveClock == "" && (late || c.State == rule.Running) &&
			w.EffectiveDue != nil && db.SameInstant(c.DueAt, w.EffectiveDue) {
			w.EffectiveClock = c.Kind
		}
		switch {
		case late:
			w.Alarm = MarkBreach
		case c.State == rule.Running && c.WarnedAt != nil && w.Alarm == "":
			w.Alarm = MarkWarning
		}
	}
}

// mark notes that a clock has come to a warning or a breach that was not noted before, or to one
// at another instant: a reopening has it stand still for longer; or that it never came to one that
// was: it was of a reopening that is undone (S45).
func (w *change) mark(clockID string, kind MarkKind, before, at *time.Time) {
	m := ClockMark{
		ClockID:   clockID,
		Kind:      kind,
		AccountID: w.AccountID,
		NoticedAt: w.now,
	}
	if db.SameInstant(before, at) {
		return
	}
	if before != nil {
		w.goneMarks = append(w.goneMarks, m)
	}
	if at != nil {
		m.At = *at
		w.marks = append(w.marks, m)
	}
}

// storeClocks stores the clocks that moved, and each mark once. What never was goes first:
// a mark points to its clock.
func (w *change) storeClocks() error {
	for _, m := range w.goneMarks {
		if err := w.tx.Delete(&m).Error; err != nil {
			return err
		}
	}
	if len(w.goneClocks) > 0 {
		if err := w.tx.Delete(&Clock{}, "id IN ?", w.goneClocks).Error; err != nil {
			return err
		}
	}
	if len(w.movedClocks) > 0 {
		err := w.tx.Clauses(clause.OnConflict{
			Columns:   []clause.Column{{Name: "id"}},
			UpdateAll: true,
		}).Create(&w.movedClocks).Error
		if err != nil {
			return err
		}
	}
	if len(w.marks) == 0 {
		return nil
	}
	return w.tx.Clauses(clause.OnConflict{DoNothing: true}).Create(&w.marks).Error
}
