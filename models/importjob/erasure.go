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

// PruneFiles empties the files of jobs that are done. The end of a job does so; this holds for the
// rows of earlier releases and of a restored backup.
func PruneFiles(tx *db.Tx, limit int) (int64, error) {
	res := tx.Exec(`UPDATE import_jobs SET content = ? WHERE id IN (
		SELECT id FROM import_jobs
		WHERE finished_at IS NOT NULL AND length(content) > 0
		ORDER BY id
		LIMIT ?)`, []byte{}, limit)
	return res.RowsAffected, res.Error
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
