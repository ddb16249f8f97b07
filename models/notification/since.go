package notification

import (
	"time"

	"gorm.io/gorm"

	"roomcover.dev/roomcover/models/db"
)

// RemindedSinceNext selects the mails of a template about a row of a table that were made since
// the instant that the row says to be next: its workflow went on, and nobody noted it.
func RemindedSinceNext(tx *db.Tx, template, table string) *gorm.DB {
	return tx.Model(&Notification{}).Select("1").
		Where("template = ? AND subject_id = "+table+".id", template).
		Where("created_at >= " + table + ".next_at")
}

// LastMadeAt is when the last mail of a template about a subject was made; there is one.
func LastMadeAt(tx *db.Tx, template, subjectID string) (time.Time, error) {
	var last Notification
	err := tx.Select("created_at").
		Where("template = ? AND subject_id = ?", template, subjectID).
		Order("created_at DESC").
		Limit(1).Find(&last).Error
	return last.CreatedAt, err
}
