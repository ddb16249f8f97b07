package models

import "gorm.io/gorm"

// Page is one page of a list that runs from new to old by id.
type Page struct {
	After string // the cursor that the page before gave; empty for the first
	Limit int    // 1 to 200; 0 means 50
}

func (p Page) size() int {
	if p.Limit <= 0 {
		return 50
	}
	return min(p.Limit, 200)
}

// apply reads one row more than asked for, to know whether another page is.
func (p Page) apply(q *gorm.DB) *gorm.DB {
	if p.After != "" {
		q = q.Where("id < ?", p.After)
	}
	return q.Order("id DESC").Limit(p.size() + 1)
}

// cut drops the extra row and gives the cursor of the next page, empty at the end.
func cut[T any](p Page, rows []T, id func(T) string) ([]T, string) {
	if len(rows) <= p.size() {
		return rows, ""
	}
	rows = rows[:p.size()]
	return rows, id(rows[len(rows)-1])
}
