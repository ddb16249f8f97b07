package ticket

import (
	"cmp"
	"context"
	"strings"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/rules"
)

// Watcher is a member of the account who is told of a ticket beside the one whose it is.
type Watcher struct {
	TicketID  string `gorm:"primaryKey"`
	UserID    string `gorm:"primaryKey"`
	AccountID string
	AddedBy   string
	AddedAt   time.Time
}

// TableName is the table of watchers.
func (Watcher) TableName() string { return "ticket_watchers" }

// watch adds or removes a watcher. Only a member of the account can be one (S44: nobody is
// told because a mail named them).
func (w *change) watch(c Command) error {
	user := cmp.Or(c.User, w.actor().ID)

	if c.Unwatch {
		res := w.tx.Where("ticket_id = ? AND user_id = ?", w.ID, user).Delete(&Watcher{})
		if res.Error != nil || res.RowsAffected == 0 {
			w.unchanged = true
			return res.Error
		}
		w.happen(WatcherRemoved, EventDetails{User: user}, nil)
		w.note("ticket.watcher_removed", map[string]any{"user": user})
		return nil
	}

	var members int64
	err := w.tx.Table("memberships").
		Where("user_id = ? AND account_id = ? AND state = ? AND blocked_at IS NULL",
			user, w.AccountID, rules.MembershipActive).
		Count(&members).Error
	if err != nil {
		return err
	}
	if members == 0 {
		return rules.Invalid([]rules.FieldError{{
			Pointer: "/user_id",
			Code:    "UNKNOWN_MEMBER",
			Message: "Nobody of that id is a member of the account.",
			Remedy:  "Name an active member of the account.",
		}})
	}

	res := w.tx.Clauses(clause.OnConflict{DoNothing: true}).Create(&Watcher{
		TicketID:  w.ID,
		UserID:    user,
		AccountID: w.AccountID,
		AddedBy:   w.actor().ID,
		AddedAt:   w.now,
	})
	if res.Error != nil || res.RowsAffected == 0 {
		w.unchanged = true
		return res.Error
	}
	w.happen(WatcherAdded, EventDetails{User: user}, nil)
	w.note("ticket.watcher_added", map[string]any{"user": user})
	return nil
}

// Draft is what somebody has begun to write to a ticket, or, inside, to a note about it: it
// survives a closed page, and is nobody else's to see.
type Draft struct {
	ID        string
	TicketID  string
	AuthorID  string
	AccountID string
	Internal  bool
	Text      string
	UpdatedAt time.Time
}

// TableName is the table of drafts.
func (Draft) TableName() string { return "ticket_drafts" }

// KeepDraft keeps what the caller has begun to write; an empty text forgets it.
func (s *Tickets) KeepDraft(ctx context.Context, name string, internal bool, text string) error {
	if strings.TrimSpace(text) != "" {
		if err := rules.Invalid(textProblems("/text", text)); err != nil {
			return err
		}
	}

	return s.db.Write(ctx, func(tx *db.Tx) error {
		t, err := mayDraft(tx, name, internal)
		if err != nil {
			return err
		}
		if strings.TrimSpace(text) == "" {
			return EndDraft(tx, t.ID, internal)
		}
		return keepDraft(tx, t, internal, text)
	})
}

// keepDraft is KeepDraft of a text, in the caller's transaction.
func keepDraft(tx *db.Tx, t Ticket, internal bool, text string) error {
	return tx.Clauses(clause.OnConflict{
		Columns: []clause.Column{
			{Name: "ticket_id"}, {Name: "author_id"}, {Name: "internal"},
		},
		DoUpdates: clause.AssignmentColumns([]string{"text", "updated_at"}),
	}).Create(&Draft{
		ID:        db.NewID(db.PrefixTicketDraft),
		TicketID:  t.ID,
		AuthorID:  tx.Scope.Actor.ID,
		AccountID: t.AccountID,
		Internal:  internal,
		Text:      text,
		UpdatedAt: tx.Now(),
	}).Error
}

// EndDraft forgets what the caller had begun to write, in the transaction that sends it.
func EndDraft(tx *db.Tx, ticketID string, internal bool) error {
	return ownDraft(tx, ticketID, internal).Delete(&Draft{}).Error
}

// DraftOf returns what the caller has begun to write; empty where there is nothing.
func (s *Tickets) DraftOf(ctx context.Context, name string, internal bool) (string, error) {
	var drafts []Draft
	err := s.db.Read(ctx, func(tx *db.Tx) error {
		t, err := mayDraft(tx, name, internal)
		if err != nil {
			return err
		}
		return ownDraft(tx, t.ID, internal).Find(&drafts).Error
	})
	if err != nil || len(drafts) == 0 {
		return "", err
	}
	return drafts[0].Text, nil
}

func mayDraft(tx *db.Tx, name string, internal bool) (Ticket, error) {
	t, err := get(tx, name)
	if err != nil || !internal {
		return t, err
	}
	return t, tx.Scope.Service()
}

func ownDraft(tx *db.Tx, ticketID string, internal bool) *gorm.DB {
	return tx.Where("ticket_id = ? AND author_id = ? AND internal = ?",
		ticketID, tx.Scope.Actor.ID, internal)
}
