package models

import (
	"time"

	"roomcover.dev/roomcover/rules"
)

// coveredSubject is what a question about cover found: the answer, and the device and
// the room that it is about; empty where the account has none such.
type coveredSubject struct {
	answer rules.Answer
	device Device
	room   Room
}

// coverForHardware answers whether the hardware of a subject of the account is covered
// at an instant, for a caller that has locked the account.
func coverForHardware(
	tx *Tx, ref Reference,
	accountID string, subject CoverSubject, at time.Time,
) (coveredSubject, error) {
	g := &coverFacts{
		tx:    tx,
		scope: Scope{AccountIDs: []string{accountID}, Actor: tx.Scope.Actor},
		ref:   ref,
	}
	if err := g.gather([]CoverSubject{subject}); err != nil {
		return coveredSubject{}, err
	}
	c := g.cover(subject, at, rules.ForHardware)
	return coveredSubject{
		answer: c.Answer,
		device: g.byID[c.DeviceID],
		room:   g.rooms[c.Answer.RoomID],
	}, nil
}
