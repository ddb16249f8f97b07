package importjob

import (
	"gorm.io/gorm"

	"roomcover.dev/roomcover/models/db"
)

// Erasures is what becomes of files that tell of a person (S33). A job that is done has no file
// any more; one that is under way keeps an erasure waiting.
func Erasures() []db.Erasure {
	return []db.Erasure{{
		Table: "import_jobs",
		Rows: func(tx *db.Tx, p db.Person) *gorm.DB {
			return tx.Where("finished_at IS NOT NULL").
				Where(p.SaysBytes(tx, "content", "account_id"))
		},
		Erase: func(tx *db.Tx, _ db.Person, ids []string) error {
			return tx.Model(&ImportJob{}).Where("id IN ?", ids).Update("content", []byte{}).Error
		},
	}}
}

// UnderWayWith returns the ids of jobs that are not done and whose file names the person.
func UnderWayWith(tx *db.Tx, p db.Person) (ids []string, err error) {
	err = tx.Model(&ImportJob{}).
		Where("finished_at IS NULL").Where(p.SaysBytes(tx, "content", "account_id")).
		Order("id").Limit(10).Pluck("id", &ids).Error
	return ids, err
}

// FreeTexts are the columns of jobs that people write.
func FreeTexts() []db.FreeText {
	return []db.FreeText{
		{Place: "import_jobs.reason", Write: func(tx *db.Tx, id, text string) error {
			return tx.Model(&ImportJob{}).Where("id = ?", id).Update("reason", text).Error
		}},
	}
}
