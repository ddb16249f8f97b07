package db

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"

	"gorm.io/gorm"

	"roomcover.dev/roomcover/rules"
)

// permanentClasses are the classes of SQLSTATE that say that the statement is wrong or its
// values are: data that do not fit, a constraint, a name or a right that is not there, a
// limit of the program. The same statement fails for ever.
var permanentClasses = []string{"22", "23", "42", "54"}

// permanentCodes are the primary result codes of SQLite of the same meaning: a wrong
// statement, too big, a constraint, a wrong type, a parameter out of range.
var permanentCodes = []int{1, 18, 19, 20, 25}

// unencodable are what the driver says of values that it cannot send.
var unencodable = []string{"extended protocol limited to", "failed to encode", "unable to encode"}

// Permanent reports whether an error says that the same write will never succeed, however
// often it is tried: somebody has to change the data or the program.
func Permanent(err error) bool {
	if err == nil || Unavailable(err) {
		return false
	}

	if state := stateOf(err); len(state) == 5 {
		return slices.Contains(permanentClasses, state[:2])
	}
	if code, ok := sqliteCode(err); ok {
		return slices.Contains(permanentCodes, code)
	}

	for _, met := range []error{
		gorm.ErrDuplicatedKey, gorm.ErrForeignKeyViolated, gorm.ErrCheckConstraintViolated,
		gorm.ErrInvalidField,
	} {
		if errors.Is(err, met) {
			return true
		}
	}
	return slices.ContainsFunc(unencodable, func(words string) bool {
		return strings.Contains(err.Error(), words)
	})
}

// TimedOut reports whether PostgreSQL ended a statement that ran too long. Another one
// may well succeed.
func TimedOut(err error) bool { return stateOf(err) == "57014" }

// BlamesRows reports whether an error is that of the rows that were worked on, so that
// others may go on: not that of a database that does not answer, nor of a command that
// was ended.
func (d *DB) BlamesRows(ctx context.Context, err error) bool {
	if ctx.Err() != nil || d.Ping(ctx) != nil {
		return false
	}
	return !Unavailable(err) || TimedOut(err)
}

// CauseOf says what an error is, for operators: a rule's code or the database's. It holds
// nothing of the data, which the error itself may.
func CauseOf(err error) string {
	var refusal *rules.Error
	if errors.As(err, &refusal) {
		return refusal.Code
	}
	if state := stateOf(err); state != "" {
		return "the database answers with SQLSTATE " + state
	}
	if code, ok := sqliteCode(err); ok {
		return "the database answers with code " + strconv.Itoa(code)
	}
	if Permanent(err) {
		return "the database cannot take the values"
	}
	return "an error of the program"
}
