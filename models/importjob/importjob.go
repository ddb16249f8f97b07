// Package importjob keeps files of rows on their way in: a job for each file, a report
// for each row. What a row means is the business of the domain that reads it.
package importjob

import (
	"roomcover.dev/roomcover/models/db"
)

// Jobs keeps the jobs of imported files.
// It is safe for concurrent use.
type Jobs struct {
	db *db.DB
}

// New returns the domain on a database, with the domains below that it uses.
func New(
	database *db.DB,
) *Jobs {
	return &Jobs{
		db: database,
	}
}
