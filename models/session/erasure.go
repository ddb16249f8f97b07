package session

import (
	"gorm.io/gorm"

	"roomcover.dev/roomcover/models/db"
)

// Erasures is what becomes of people who are invited to a session or see one ticket (S33): that
// somebody was, stays; who it was does not. Who sees a ticket sees it no more.
func Erasures() []db.Erasure {
	return []db.Erasure{
		{
			Table: "session_attendees",
			Rows: func(tx *db.Tx, p db.Person) *gorm.DB {
				return tx.Where("email = ?", p.Email)
			},
			Erase: func(tx *db.Tx, p db.Person, ids []string) error {
				for _, id := range ids {
					err := tx.Model(&Attendee{}).Where("id = ?", id).
						Updates(map[string]any{"email": db.Nobody(id), "name": p.Pseudonym}).Error
					if err != nil {
						return err
					}
				}
				return nil
			},
		},
		{
			Table: "ticket_participants",
			Rows: func(tx *db.Tx, p db.Person) *gorm.DB {
				return tx.Where("email = ?", p.Email)
			},
			Erase: func(tx *db.Tx, p db.Person, ids []string) error {
				if err := end(tx, ids); err != nil {
					return err
				}
				for _, id := range ids {
					err := tx.Model(&Participant{}).Where("id = ?", id).
						Updates(map[string]any{
							"email":        db.Nobody(id),
							"name":         p.Pseudonym,
							"browser_hash": "",
							"code_hash":    "",
						}).Error
					if err != nil {
						return err
					}
				}
				return nil
			},
		},
	}
}

// NamedOutside reports whether a session or a ticket of another account names the person.
func NamedOutside(tx *db.Tx, p db.Person, accountID string) (bool, error) {
	for _, table := range []string{"ticket_participants", "session_attendees"} {
		var n int64
		err := tx.Table(table).
			Where("email = ? AND account_id <> ?", p.Email, accountID).
			Count(&n).Error
		if err != nil || n > 0 {
			return n > 0, err
		}
	}
	return false, nil
}
