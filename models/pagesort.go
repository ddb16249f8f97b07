package models

import (
	"fmt"

	"gorm.io/gorm"
)

// Sort is the order of a list that a person may choose.
type Sort string

// The orders of lists. SortName is by what a person knows the row by: a room's
// name, a device's serial.
const (
	SortNewest Sort = ""
	SortOldest Sort = "oldest"
	SortName   Sort = "name"
)

// applySorted is Page.apply in the order asked for. name is the expression that
// SortName sorts by. The cursor stays the last row's id: where its row stands in the
// order is looked up, so that a page goes on behind it although others came or went.
func (p Page) applySorted(q *gorm.DB, sort Sort, table, name string) *gorm.DB {
	key := ""
	switch sort {
	case SortOldest:
		key = "id"
	case SortName:
		key = name + ", id"
	default:
		return p.apply(q)
	}
	if p.After != "" {
		q = q.Where(fmt.Sprintf("(%[1]s) > (SELECT %[1]s FROM %[2]s WHERE id = ?)", key, table), p.After)
	}
	return q.Order(key).Limit(p.size() + 1)
}
