package db

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"io"
	"net"
	"slices"
	"strings"
	"syscall"

	"github.com/jackc/pgx/v5/pgconn"
)

// RetryAfter is how many seconds a caller should wait before it asks again a database
// that could not do its work.
const RetryAfter = "10"

// unavailableClasses are the classes of SQLSTATE that say that PostgreSQL cannot do its
// work at present: no connection, no permission to connect, no resources (a full disk or
// memory, too many connections), the hand of an administrator (a shutdown, a statement
// that ran too long), a fault of the machine.
var unavailableClasses = []string{"08", "28", "53", "57", "58"}

// unavailableStates are single codes of other classes: a database that is not there or
// only reads, a transaction that waited too long for its next statement, a lock that did
// not come in time, two transactions that met too often.
var unavailableStates = []string{"3D000", "25006", "25P03", "55P03", "40001", "40P01"}

// unavailableCodes are the primary result codes of SQLite: locked by others, read-only,
// I/O error, damaged, disk full, cannot open.
var unavailableCodes = []int{5, 6, 8, 10, 11, 13, 14}

// Unavailable reports whether an error says that the database cannot do its work at
// present, whatever is asked of it: the same request may succeed later. Nothing of the
// failed transaction is stored.
func Unavailable(err error) bool {
	if err == nil || errors.Is(err, context.Canceled) {
		return false
	}

	var state interface{ SQLState() string }
	if errors.As(err, &state) {
		code := state.SQLState()
		return len(code) == 5 && (slices.Contains(unavailableClasses, code[:2]) ||
			slices.Contains(unavailableStates, code))
	}

	if code, ok := sqliteCode(err); ok {
		return slices.Contains(unavailableCodes, code)
	}

	for _, met := range []error{errChainMoved, ErrParentMoved, ErrReadOnly} {
		if errors.Is(err, met) {
			return true
		}
	}
	return disconnected(err)
}

// disconnected reports whether the connection could not be made, was lost, or was not
// free in time.
func disconnected(err error) bool {
	for _, lost := range []error{
		driver.ErrBadConn,
		sql.ErrConnDone,
		io.ErrUnexpectedEOF,
		io.EOF,
		context.DeadlineExceeded,
		net.ErrClosed,
		pgconn.ErrConnClosed, // a statement after the one with which it was lost
		syscall.EPIPE,
	} {
		if errors.Is(err, lost) {
			return true
		}
	}

	var network net.Error
	return errors.As(err, &network) || strings.Contains(err.Error(), poolClosed)
}

// poolClosed is how database/sql says that a process which ends asks once more.
const poolClosed = "sql: database is closed"

// sqliteCode returns the primary result code of an error of SQLite, whose driver this
// package does not link.
func sqliteCode(err error) (code int, ok bool) {
	var coded interface {
		error
		Code() int
	}
	if !errors.As(err, &coded) {
		return 0, false
	}
	return coded.Code() & 0xff, true
}
