package models

import (
	"strconv"
	"strings"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"roomcover.dev/roomcover/rules"
)

// noEnd stands for the end of what has none, so that it sorts last.
var noEnd = time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)

// keys reads which lines stand on the page: one union over what a line can be, each
// part narrowed by the scope. more tells that another page is.
func (r register) keys() (keys []registerKey, more bool, err error) {
	union, err := r.union()
	if err != nil {
		return nil, false, err
	}
	q := r.tx.Table("(?) AS r", union).Select("id, source")
	if r.id != "" {
		q = q.Where("id = ?", r.id)
	}
	if q, err = r.after(q); err != nil {
		return nil, false, err
	}
	if err := q.Limit(r.filter.Page.size() + 1).Scan(&keys).Error; err != nil {
		return nil, false, err
	}
	if n := r.filter.Page.size(); len(keys) > n {
		return keys[:n], true, nil
	}
	return keys, false, nil
}

func (r register) union() (*gorm.DB, error) {
	contracts := r.part("service_contracts AS c", "c.id, 'CONTRACT' AS source, c.created_at, c.end_at", "c.account_id", "c.order_id", "c.type", "c.state")
	const state = "CASE WHEN w.end_at <= ? THEN 'EXPIRED' WHEN w.start_at > ? THEN 'PENDING_START' ELSE 'ACTIVE' END"
	earlier := r.part("earlier_warranties AS w", "w.id, 'EARLIER_WARRANTY' AS source, w.created_at, w.end_at", "w.account_id", "''", "'EXT_WARRANTY'", state, r.now, r.now).
		Joins("JOIN accounts a ON a.id = w.account_id").Where("w.state = ?", WarrantyLinked)
	if r.filter.ExpiringWithin != nil {
		zones, err := r.zones()
		if err != nil {
			return nil, err
		}
		contracts = contracts.Where("c.state = ?", rules.ContractActive).Where(r.expiring(zones, "c.end_at", "c.time_zone"))
		earlier = earlier.Where("w.end_at > ?", r.now).Where(r.expiring(zones, "w.end_at", "a.time_zone"))
		return r.tx.Raw("? UNION ALL ?", contracts, earlier), nil
	}
	lines := r.part("order_lines AS l", "l.id, 'ORDER' AS source, o.created_at, NULL AS end_at", "o.account_id", "o.id", "l.service_type", "'PROCESSING'").
		Joins("JOIN orders o ON o.id = l.order_id").Where("o.account_id IS NOT NULL AND o.state IN ?", []rules.OrderState{rules.OrderAccepted, rules.OrderProvisioning})
	return r.tx.Raw("? UNION ALL ? UNION ALL ?", contracts, earlier, lines), nil
}

// part is one part of the union, with what its columns are called there.
func (r register) part(table, columns, account, order, service, state string, stateArgs ...any) *gorm.DB {
	q := r.scope.accounts(r.tx.Table(table), account).Select(columns)
	for _, narrow := range []struct {
		column, value string
		args          []any
	}{{account, r.filter.AccountID, nil}, {order, r.filter.OrderID, nil}, {service, string(r.filter.Type), nil}, {state, string(r.filter.State), stateArgs}} {
		if narrow.value != "" {
			q = q.Where(narrow.column+" = ?", append(narrow.args, narrow.value)...)
		}
	}
	return q
}

// zones are those in which days are counted for the lines in scope.
func (r register) zones() ([]string, error) {
	contracts := r.scope.accounts(r.tx.Model(&ServiceContract{}), "account_id").Select("time_zone")
	accounts := r.scope.accounts(r.tx.Model(&Account{}), "id").Select("time_zone")
	var zones []string
	err := r.tx.Raw("? UNION ?", contracts, accounts).Scan(&zones).Error
	return zones, err
}

// expiring compares each line in the zone of its own days (C1).
func (r register) expiring(zones []string, end, zone string) *gorm.DB {
	either := r.tx.Where("1 = 0")
	for _, z := range zones {
		loc := zoneOf(z)
		either = either.Or("("+zone+" = ? AND "+end+" < ?)", z, rules.ExpiringBefore(rules.DateIn(r.now, loc), *r.filter.ExpiringWithin, loc))
	}
	return either
}

// after sorts, and goes on behind the cursor: an instant in nanoseconds and an id.
func (r register) after(q *gorm.DB) (*gorm.DB, error) {
	at, id, err := r.position()
	if err != nil {
		return nil, err
	}
	behind := !at.IsZero()
	switch r.filter.Sort {
	case ContractsEnding:
		if behind {
			q = q.Where("(COALESCE(end_at, ?), id) > (?, ?)", noEnd, at, id)
		}
		return q.Order(clause.OrderBy{Expression: clause.Expr{SQL: "COALESCE(end_at, ?), id", Vars: []any{noEnd}}}), nil
	case ContractsOldest:
		if behind {
			q = q.Where("(created_at, id) > (?, ?)", at, id)
		}
		return q.Order("created_at, id"), nil
	}
	if behind {
		q = q.Where("(created_at, id) < (?, ?)", at, id)
	}
	return q.Order("created_at DESC, id DESC"), nil
}

func (r register) position() (at time.Time, id string, err error) {
	if r.filter.Page.After == "" {
		return time.Time{}, "", nil
	}
	instant, id, _ := strings.Cut(r.filter.Page.After, ".")
	seconds, nanos, _ := strings.Cut(instant, "-")
	s, err1 := strconv.ParseInt(seconds, 36, 64)
	n, err2 := strconv.ParseInt(nanos, 36, 64)
	if err1 != nil || err2 != nil || id == "" {
		return time.Time{}, "", rules.Invalid([]rules.FieldError{{Pointer: "/cursor", Code: "UNKNOWN_CURSOR", Message: "This is no cursor of this list.", Remedy: "Send the next_cursor of the page before, or none."}})
	}
	return time.Unix(s, n).UTC(), id, nil
}

// cursor tells where the page behind the line begins.
func (r register) cursor(e ContractEntry) string {
	at := e.CreatedAt
	if r.filter.Sort == ContractsEnding {
		if at = noEnd; e.EndAt != nil {
			at = *e.EndAt
		}
	}
	return strconv.FormatInt(at.Unix(), 36) + "-" + strconv.FormatInt(int64(at.Nanosecond()), 36) + "." + e.ID
}
