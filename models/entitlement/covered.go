package entitlement

import (
	"time"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/program"
	"roomcover.dev/roomcover/rules/cover"
)

// CoveredSubject is the answer to a question about cover with what it is about: the
// device and the room, empty where the account has none such.
type CoveredSubject struct {
	Answer cover.Answer
	Device Device
	Room   Room
}

// CoverForHardware answers whether the hardware of a subject of the account is covered
// at an instant, for a caller that has locked the account.
func CoverForHardware(
	tx *db.Tx, ref program.Reference,
	accountID string, subject CoverSubject, at time.Time,
) (CoveredSubject, error) {
	g := &coverFacts{
		tx:    tx,
		scope: db.Scope{AccountIDs: []string{accountID}, Actor: tx.Scope.Actor},
		ref:   ref,
	}

	if err := g.gather([]CoverSubject{subject}); err != nil {
		return CoveredSubject{}, err
	}

	c := g.cover(subject, at, cover.ForHardware)
	return CoveredSubject{
		Answer: c.Answer,
		Device: g.byID[c.DeviceID],
		Room:   g.rooms[c.Answer.RoomID],
	}, nil
}
