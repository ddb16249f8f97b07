package ticket

import (
	"gorm.io/gorm"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/session"
)

// Erasures is what becomes of rows of tickets that tell of a person (S33): what they had begun
// to write goes, as does what their mails were called, and they are told of nothing more.
func Erasures() []db.Erasure {
	return []db.Erasure{
		{
			Table: "ticket_messages", // the words themselves are free text
			Rows: func(tx *db.Tx, p db.Person) *gorm.DB {
				guests := tx.Model(&session.Participant{}).Select("id").Where("email = ?", p.Email)
				return tx.Where("(author_id = ? AND author_id <> '' OR author_id IN (?))",
					p.UserID, guests).
					Where("(mail_message_id <> '' OR mail_thread_index <> '')")
			},
			Erase: func(tx *db.Tx, _ db.Person, ids []string) error {
				return tx.Model(&Message{}).Where("id IN ?", ids).
					Updates(map[string]any{"mail_message_id": "", "mail_thread_index": ""}).Error
			},
		},
		{
			Table: "ticket_drafts",
			Rows: func(tx *db.Tx, p db.Person) *gorm.DB {
				return tx.Where("author_id = ? AND author_id <> ''", p.UserID)
			},
			Erase: func(tx *db.Tx, _ db.Person, ids []string) error {
				return tx.Where("id IN ?", ids).Delete(&Draft{}).Error
			},
		},
		{
			Table: "ticket_watchers",
			Key:   "ticket_watchers.ticket_id || '/' || ticket_watchers.user_id",
			Rows: func(tx *db.Tx, p db.Person) *gorm.DB {
				return tx.Where("user_id = ? AND user_id <> ''", p.UserID)
			},
			Erase: func(tx *db.Tx, _ db.Person, keys []string) error {
				return tx.Where("ticket_id || '/' || user_id IN ?", keys).Delete(&Watcher{}).Error
			},
		},
	}
}

// FreeTexts are the columns of tickets that people write.
func FreeTexts() []db.FreeText {
	write := func(entity any, column string) func(*db.Tx, string, string) error {
		return func(tx *db.Tx, id, text string) error {
			return tx.Model(entity).Where("id = ?", id).Update(column, text).Error
		}
	}
	return []db.FreeText{
		{Place: "tickets.summary", Write: write(&Ticket{}, "summary")},
		{Place: "tickets.waiting_reason", Write: write(&Ticket{}, "waiting_reason")},
		{Place: "ticket_messages.text", Write: write(&Message{}, "text")},
		{
			Place: "ticket_events.details",
			Field: "reason",
			Write: func(tx *db.Tx, id, text string) error {
				var e Event
				if err := tx.ForUpdate().First(&e, "id = ?", id).Error; err != nil {
					return db.Found(err)
				}
				e.Details.Reason = text
				return tx.Model(&Event{}).Where("id = ?", id).Select("details").Updates(&e).Error
			},
		},
	}
}
