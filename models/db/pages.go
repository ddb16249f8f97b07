package db

import (
	"strings"

	"gorm.io/gorm"
)

// Page is one page of a list that runs from new to old by id.
type Page struct {
	After string // the cursor that came with the page before; empty for the first
	Limit int    // 1 to 200; 0 means 50
}

// Size returns the number of rows of a page: Limit within its bounds, or the default.
func (p Page) Size() int {
	if p.Limit <= 0 {
		return 50
	}
	return min(p.Limit, 200)
}

// Apply puts the page's order, cursor and size on a query. It reads one row more than
// asked for, to know whether another page follows.
func (p Page) Apply(q *gorm.DB) *gorm.DB {
	if p.After != "" {
		q = q.Where("id < ?", p.After)
	}
	return q.Order("id DESC").Limit(p.Size() + 1)
}

// Cut drops the extra row and returns the cursor of the next page, empty at the end.
func Cut[T any](p Page, rows []T, id func(T) string) ([]T, string) {
	if len(rows) <= p.Size() {
		return rows, ""
	}
	rows = rows[:p.Size()]
	return rows, id(rows[len(rows)-1])
}

// Sort is the order of a list that a person may choose.
type Sort string

// The orders of lists. SortName is by what a person knows the row by: a room's
// name, a device's serial.
const (
	SortNewest Sort = ""
	SortOldest Sort = "oldest"
	SortName   Sort = "name"
)

// ApplySorted is Apply in the order asked for. name is the expression that SortName
// sorts by. The cursor is still the last row's id: the query looks up where that row
// stands in the order, so that a page goes on behind it although other rows came or
// went. within are the rows in scope: another's row is nowhere in the order, and nothing
// stands behind it.
func (p Page) ApplySorted(q, within *gorm.DB, sort Sort, name string) *gorm.DB {
	key := ""
	switch sort {
	case SortOldest:
		key = "id"
	case SortName:
		key = name + ", id"
	default:
		return p.Apply(q)
	}

	if p.After != "" {
		q = q.Where("("+key+") > (?)", within.Select(key).Where("id = ?", p.After))
	}

	return q.Order(key).Limit(p.Size() + 1)
}

// ApplyBy is ApplySorted by columns of the caller's, down from the last where it says so. Rows
// that are equal in them stand in the order of their ids.
func (p Page) ApplyBy(q, within *gorm.DB, descending bool, columns ...string) *gorm.DB {
	columns = append(columns, "id")
	key := strings.Join(columns, ", ")
	behind, order := ">", key
	if descending {
		behind, order = "<", strings.Join(columns, " DESC, ")+" DESC"
	}

	if p.After != "" {
		q = q.Where("("+key+") "+behind+" (?)", within.Select(key).Where("id = ?", p.After))
	}
	return q.Order(order).Limit(p.Size() + 1)
}

// Part returns the LIKE pattern that finds a text anywhere in a value; its escape
// character is "!".
func Part(text string) string {
	return "%" + strings.NewReplacer("!", "!!", "%", "!%", "_", "!_").Replace(text) + "%"
}

// Beginning is the pattern of Part for a text at the beginning of a value.
func Beginning(text string) string { return Part(text)[1:] }
