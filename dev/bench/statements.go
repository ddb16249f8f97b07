package bench

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"gorm.io/gorm/logger"
)

// Statement is how often one kind of SQL statement runs for each that is counted.
type Statement struct {
	Kind string  `json:"kind"`
	Each float64 `json:"each"`
}

// polls are the questions of the relay and of the worker's watches for what is due.
var polls = []string{
	"UPDATE outbox_events",
	"SELECT attachments", "SELECT ticket_sessions", "SELECT privacy_requests",
}

// statements counts SQL statements while it is asked to. BEGIN and COMMIT do
// not pass here. When it is not counting it costs next to nothing.
type statements struct {
	logger.Interface
	counting atomic.Bool
	mu       sync.Mutex
	kinds    map[string]int
}

func newStatements() *statements { return &statements{Interface: logger.Discard} }

// LogMode is gorm's: the counter stays the same.
func (s *statements) LogMode(logger.LogLevel) logger.Interface { return s }

// Trace is called by gorm after each statement.
func (s *statements) Trace(_ context.Context, _ time.Time, fc func() (string, int64), _ error) {
	if !s.counting.Load() {
		return
	}
	sql, rows := fc()

	kind := kindOf(sql)
	if rows == 0 && slices.Contains(polls, kind) {
		return // an idle poll costs by the second, not by the order
	}

	s.mu.Lock()
	s.kinds[kind]++
	s.mu.Unlock()
}

func (s *statements) start() {
	s.mu.Lock()
	s.kinds = map[string]int{}
	s.mu.Unlock()
	s.counting.Store(true)
}

// stop ends the count and shares it among those that were counted, the most frequent first.
func (s *statements) stop(among int) []Statement {
	s.counting.Store(false)
	s.mu.Lock()
	defer s.mu.Unlock()

	out := make([]Statement, 0, len(s.kinds))
	for kind, n := range s.kinds {
		out = append(out, Statement{kind, float64(n) / float64(among)})
	}

	slices.SortFunc(out, func(a, b Statement) int {
		return cmp.Or(cmp.Compare(b.Each, a.Each), strings.Compare(a.Kind, b.Kind))
	})
	return out
}

func total(kinds []Statement) (sum float64) {
	for _, k := range kinds {
		sum += k.Each
	}
	return sum
}

// kindOf is a statement's verb and its first table.
func kindOf(sql string) string {
	words := strings.Fields(sql)
	if len(words) == 0 {
		return ""
	}

	verb, before := strings.ToUpper(words[0]), "FROM"
	if verb == "WITH" {
		verb = "SELECT"
		for i, w := range words[1:] {
			if strings.EqualFold(w, "UPDATE") && !strings.EqualFold(words[i], "FOR") {
				verb = "UPDATE"
			}
		}
	}

	switch verb {
	case "INSERT":
		before = "INTO"
	case "UPDATE":
		before = "UPDATE"
	}

	for i, w := range words[:len(words)-1] {
		if strings.EqualFold(w, before) && !strings.EqualFold(words[i+1], "SKIP") {
			// FOR UPDATE SKIP LOCKED
			table, _, _ := strings.Cut(words[i+1], "(")
			return verb + " " + strings.Trim(table, "\"`")
		}
	}

	return verb
}
