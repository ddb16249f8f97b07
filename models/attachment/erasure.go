package attachment

import (
	"time"

	"gorm.io/gorm"

	"roomcover.dev/roomcover/models/db"
)

// Erasures is what becomes of files that tell of a person (S33): one in whose plain content the
// person's address stands, or a name beside the account that gives it, loses its content. What
// it was called is decided by somebody, as of every text that people write.
func Erasures() []db.Erasure {
	return []db.Erasure{{
		Table: "attachment_chunks",
		Key:   "attachment_chunks.attachment_id",
		Rows: func(tx *db.Tx, p db.Person) *gorm.DB {
			return tx.Where("account_id IN ?", p.Accounts).
				Where(p.SaysBytes(tx, "content", "account_id"))
		},
		Erase: func(tx *db.Tx, _ db.Person, ids []string) error { return empty(tx, ids) },
	}}
}

// FreeTexts are the columns of files that people write.
func FreeTexts() []db.FreeText {
	return []db.FreeText{
		{Place: "attachments.name", Write: func(tx *db.Tx, id, text string) error {
			return tx.Model(&Attachment{}).Where("id = ?", id).Update("name", text).Error
		}},
		{Place: "attachment_refusals.name", Write: func(tx *db.Tx, id, text string) error {
			return tx.Model(&refusal{}).Where("id = ?", id).Update("name", text).Error
		}},
	}
}

// PruneBatch is how many files lose their content in one transaction: each has many pieces.
const PruneBatch = 50

// Prune deletes the content of files that came before the instant. What they were called, how
// large they were and where they hang stays.
func Prune(tx *db.Tx, before time.Time, limit int) (int64, error) {
	var ids []string
	err := tx.Model(&Attachment{}).
		Where("gone_at IS NULL AND created_at < ?", before).
		Order("created_at").
		Limit(limit).
		Pluck("id", &ids).Error
	if err != nil || len(ids) == 0 {
		return 0, err
	}
	return int64(len(ids)), empty(tx, ids)
}

// empty deletes the contents of files.
func empty(tx *db.Tx, ids []string) error {
	if err := tx.Delete(&chunk{}, "attachment_id IN ?", ids).Error; err != nil {
		return err
	}
	if err := tx.Delete(&thumbnail{}, "attachment_id IN ?", ids).Error; err != nil {
		return err
	}
	if err := tx.SettleAll(db.TaskProcessStuck, ids, "the file is gone"); err != nil {
		return err
	}
	return tx.Model(&Attachment{}).Where("id IN ? AND gone_at IS NULL", ids).
		Updates(map[string]any{"gone_at": tx.Now(), "next_at": nil}).Error
}
