package entitlement

import (
	"context"
	"fmt"
	"time"

	_ "embed"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/rules/catalogue"
)

// standingSQL counts what Standing has, but for what the list of rooms counts as well.
//
//go:embed standing.sql
var standingSQL string

// standingRoomsSQL counts the rooms of Standing by what the list of rooms goes by.
const standingRoomsSQL = `
	SELECT (SELECT count(*) FROM rooms
			WHERE account_id = @account AND state = 'ACTIVE') AS rooms,
		coalesce(sum(counted.rooms), 0) AS licensed,
		` + lapsedRooms + ` AS lapsed,
		` + endingRooms + ` AS ending,
		coalesce(sum(CASE WHEN c.state = 'ACTIVE' AND c.end_at > @now
			THEN counted.rooms ELSE 0 END), 0) AS covered
	FROM (` + countedLicences + `) AS counted` + withContracts

// Standing is how an account stands, in numbers.
type Standing struct {
	Rooms     int64 // in use
	Covered   int64 // of them, by a Select that runs; Sync Plus covers nothing
	Ending    int64 // of these, until a day within licensing.ExpiringDays, and nothing renews it
	Bare      int64 // rooms in use without a Select; see RoomFilter.Without
	Free      int64 // licenses in force that wait for a room
	Licences  int64 // in force, assigned or not; without JumpStart
	Contracts int64 // that run or are to start
	Devices   int64 // with the customer or under repair
}

// Standing counts an account's rooms, licences, contracts and devices. An end counts by the
// days of the zone.
func (s *Entitlements) Standing(
	ctx context.Context, accountID string, zone *time.Location,
) (Standing, error) {
	var row struct {
		Standing
		Licensed int64 // rooms in use with a licence
		Lapsed   int64 // of them, whose licence is over
	}
	err := s.db.Read(ctx, func(tx *db.Tx) error {
		if !tx.Scope.Sees(accountID) {
			return db.NotFound()
		}
		now := tx.Now()
		all := "SELECT * FROM (" + standingSQL + ") AS account, (" + standingRoomsSQL + ") AS rooms"
		return tx.Raw(all, map[string]any{
			"account":  accountID,
			"now":      now,
			"before":   EndsSoon(now, zone),
			"service":  catalogue.ServiceSelect,
			"services": []catalogue.ServiceType{catalogue.ServiceSelect, catalogue.ServiceSyncPlus},
		}).Scan(&row).Error
	})
	if err != nil {
		return Standing{}, fmt.Errorf("standing: %w", err)
	}
	out := row.Standing
	out.Bare = out.Rooms - row.Licensed + row.Lapsed
	return out, nil
}
