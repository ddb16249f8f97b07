package entitlement

import (
	"time"

	_ "embed"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/catalogue"
	"roomcover.dev/roomcover/rules/licensing"
)

// endingSQL reads what runs and ends before @latest: a row for each instant, zone and type,
// since ends are at midnight and so are few.
//
//go:embed ending.sql
var endingSQL string

// EndingCover counts the lines of the register that run and end within so many days, and those
// of them that are due to be renewed: that have a licence which none renews.
type EndingCover struct {
	Type  catalogue.ServiceType
	Days  int
	Lines int64
	Due   int64
}

// CountEnding counts what ListContracts lists as expiring within each of the numbers of days,
// which are counted in the zone of each contract. It takes one statement.
func CountEnding(tx *db.Tx, days ...int) ([]EndingCover, error) {
	if err := tx.Scope.Service(); err != nil {
		return nil, err
	}

	furthest := 0
	for _, n := range days {
		furthest = max(furthest, n)
	}

	var rows []struct {
		Type     catalogue.ServiceType
		TimeZone string
		EndAt    time.Time
		N        int64
		Due      int64
	}
	now := tx.Now()
	err := tx.Raw(endingSQL, map[string]any{
		"now":    now,
		"latest": now.AddDate(0, 0, furthest+2), // of any zone
	}).Scan(&rows).Error
	if err != nil {
		return nil, err
	}

	var out []EndingCover
	at := map[EndingCover]int{}
	for _, row := range rows {
		loc := db.ZoneOf(row.TimeZone)
		for _, n := range days {
			if !row.EndAt.Before(licensing.ExpiringBefore(rules.DateIn(now, loc), n, loc)) {
				continue
			}

			key := EndingCover{Type: row.Type, Days: n}
			if _, known := at[key]; !known {
				at[key] = len(out)
				out = append(out, key)
			}
			out[at[key]].Lines += row.N
			out[at[key]].Due += row.Due
		}
	}

	return out, nil
}
