package models

import (
	"slices"
	"strings"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"
)

// part is a LIKE pattern for a text that stands anywhere.
func part(text string) string {
	return "%" + strings.NewReplacer("!", "!!", "%", "!%", "_", "!_").Replace(text) + "%"
}

// lockRows locks the rows of one table of a join.
func (s *Store) lockRows(tx *gorm.DB, table string) *gorm.DB {
	if !s.postgres() {
		return tx
	}
	return tx.Clauses(clause.Locking{Strength: "UPDATE", Table: clause.Table{Name: table}})
}

func idsOf[T any](rows []T, id func(T) string) []string {
	out := make([]string, len(rows))
	for i, r := range rows {
		out[i] = id(r)
	}
	return out
}

func keysOf[V any](m map[string]V) []string {
	out := make([]string, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}

func batches(ids []string, size int) func(yield func([]string) bool) {
	return func(yield func([]string) bool) {
		for len(ids) > 0 {
			n := min(size, len(ids))
			if !yield(ids[:n]) {
				return
			}
			ids = ids[n:]
		}
	}
}

func joinCodes(codes []string) string { return strings.Join(codes, ", ") }
