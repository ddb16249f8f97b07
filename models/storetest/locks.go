package storetest

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"

	"roomcover.dev/roomcover/models/db"
)

// Every transaction of every test on PostgreSQL is held to the one order of locks
// (db.LockOrder): a table of which it has locked no row yet comes behind those of which
// it has. A row that is locked again, or another one of a table that was locked, is not
// told apart: of one table rows are locked in the order of their ids.

var (
	// locking finds how far down a statement locks, and of which tables where it says so.
	locking = regexp.MustCompile(`FOR (?:NO KEY )?UPDATE(?: OF "?(\w+)"?)?`)
	// from finds the table that a statement reads first.
	from = regexp.MustCompile(`FROM "?(\w+)"?`)
)

// lockedTables returns the tables of which a statement locks rows, in their order.
func lockedTables(sql string) (tables []string) {
	if strings.Contains(sql, "roomcover_audit_ends(") {
		return []string{"audit_heads"}
	}

	for _, lock := range locking.FindAllStringSubmatch(sql, -1) {
		if lock[1] != "" {
			tables = append(tables, lock[1])
		} else if read := from.FindStringSubmatch(sql); read != nil {
			tables = append(tables, read[1])
		}
	}
	return tables
}

// locks are those that the transactions of a test hold.
type locks struct {
	mu   sync.Mutex
	held map[any][]string // tables, by transaction
}

// take notes what a statement of a transaction locks. It returns what is wrong with it;
// empty: nothing.
func (l *locks) take(transaction any, sql string) string {
	if transaction == nil {
		return ""
	}

	l.mu.Lock()
	defer l.mu.Unlock()
	for _, table := range lockedTables(sql) {
		level := lockLevel(table)
		if level < 0 || slices.Contains(l.held[transaction], table) {
			continue
		}
		for _, before := range l.held[transaction] {
			if lockLevel(before) > level {
				return fmt.Sprintf(
					"%s is locked behind %s; see db.LockOrder:\n%s", table, before, sql,
				)
			}
		}
		if l.held == nil {
			l.held = map[any][]string{}
		}
		l.held[transaction] = append(l.held[transaction], table)
	}
	return ""
}

// lockLevel returns the place of a table in the order of locks; -1 where it has none.
func lockLevel(table string) int { return slices.Index(db.LockOrder, table) }
