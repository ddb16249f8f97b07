// Package sqlitedb is the SQLite dialect, for dev and tests only: production
// runs on PostgreSQL and never links it.
package sqlitedb

import (
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"gorm.io/driver/sqlite"
	"gorm.io/gorm"
	modernc "modernc.org/sqlite"
)

// uriPath escapes what would end or change the path of a file: URI.
var uriPath = strings.NewReplacer("%", "%25", "?", "%3f", "#", "%23")

// Open returns the dialector for a database file. Writers wait for one another; times
// are kept as UTC text.
func Open(path string) gorm.Dialector {
	opened := connector{dsn: "file:" + uriPath.Replace(path) +
		"?_pragma=journal_mode(WAL)" +
		"&_pragma=synchronous(NORMAL)" +
		"&_pragma=busy_timeout(10000)" +
		"&_pragma=foreign_keys(1)" +
		"&_txlock=immediate" +
		"&_time_format=sqlite" +
		"&_texttotime=1" +
		"&_timezone=UTC"}

	return dialect{sqlite.New(sqlite.Config{Conn: sql.OpenDB(opened)}).(*sqlite.Dialector)}
}

// dialect translates the errors of the pure-Go driver, which the stock dialect
// does not know.
type dialect struct{ *sqlite.Dialector }

// The extended result codes of SQLite that gorm has names for.
const (
	codeUnique     = 2067
	codePrimaryKey = 1555
	codeForeignKey = 787
	codeCheck      = 275
)

// Translate returns gorm's error for SQLite's; that of a unique key says which key it is.
func (d dialect) Translate(err error) error {
	var e *modernc.Error
	if !errors.As(err, &e) {
		return err
	}

	switch e.Code() {
	case codeUnique, codePrimaryKey:
		return fmt.Errorf("%w: %w", gorm.ErrDuplicatedKey, e)
	case codeForeignKey:
		return gorm.ErrForeignKeyViolated
	case codeCheck:
		return gorm.ErrCheckConstraintViolated
	}

	return err
}
