package entitlement

import (
	"time"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/program"
	"roomcover.dev/roomcover/rules/catalogue"
	"roomcover.dev/roomcover/rules/cover"
)

// SupportQuestion is what a ticket is about: a room, else a device, else a contract.
type SupportQuestion struct {
	AccountID  string
	RoomID     string
	DeviceID   string
	ContractID string
}

// SupportAnswer is what covers a ticket. Hardware says, of a device, whether it would be
// replaced: support goes on where its cover has ended (R125c). Rerouted says that JumpStart was
// asked, and Select answers (R32b).
type SupportAnswer struct {
	CoveredSubject
	Hardware *cover.Answer
	Rerouted bool
}

// contractRooms is how many of a contract's rooms are asked about at most.
const contractRooms = 50

// CoverForSupport answers whether a ticket of the account is covered at an instant, for a
// purpose of support. Of a contract it is where one of its rooms is; JumpStart belongs to the
// account and needs none in particular (R29). Where a contract of JumpStart is named, whatever of
// the account answers soonest does (R32b). What the account does not have answers NOT_FOUND.
func CoverForSupport(
	tx *db.Tx, ref program.Reference,
	q SupportQuestion, at time.Time, purpose cover.Purpose,
) (SupportAnswer, error) {
	contract, err := namedContract(tx, q)
	if err != nil {
		return SupportAnswer{}, err
	}
	subjects, err := supportSubjects(tx, q, contract)
	if err != nil {
		return SupportAnswer{}, err
	}

	g := factsOf(tx, ref, q.AccountID)
	if err := g.gather(subjects); err != nil {
		return SupportAnswer{}, err
	}

	var out SupportAnswer
	for i, subject := range subjects {
		one := g.covered(subject, at, purpose)
		if i == 0 || one.Answer.BetterSupport(out.Answer) {
			out.CoveredSubject = one
		}
	}
	if e := out.Answer.Entitlement; e != nil && e.Kind == cover.BySelect {
		out.Rerouted = contract.Type == catalogue.ServiceJumpStart
	}
	if q.DeviceID != "" {
		hardware := g.cover(subjects[0], at, cover.ForHardware).Answer
		out.Hardware = &hardware
	}
	if len(subjects) == 0 {
		out.Answer = cover.Cover(cover.CoverFacts{}, at, purpose)
		if contract.Type == catalogue.ServiceJumpStart {
			if out.Answer, err = g.withoutRooms(q.AccountID, at, purpose); err != nil {
				return out, err
			}
		}
	}
	if q.RoomID != "" {
		out.Room = g.rooms[q.RoomID]
		if out.Room.ID == "" {
			return out, db.NotFound()
		}
	}
	return out, nil
}

// withoutRooms answers for an account that has no room yet: JumpStart belongs to the account and
// needs none (R30b), least of all where the first one is being set up.
func (g *coverFacts) withoutRooms(
	accountID string, at time.Time, purpose cover.Purpose,
) (cover.Answer, error) {
	var owner struct{ TimeZone, Country string }
	err := g.tx.Table("accounts").Select("time_zone", "country").
		Where("id = ?", accountID).Take(&owner).Error
	if err != nil {
		return cover.Answer{}, db.Found(err)
	}

	g.zones[accountID] = owner.TimeZone
	if err := g.readLicences(nil); err != nil {
		return cover.Answer{}, err
	}
	return cover.Cover(cover.CoverFacts{
		CapYears:   g.ref.Program.WarrantyCapYears,
		Zone:       db.ZoneOf(owner.TimeZone),
		JumpStarts: g.jumpStarts[accountID],
		Terms:      g.ref.TermsIn(owner.Country),
		Policies:   g.ref.Policies,
	}, at, purpose), nil
}

// namedContract is the contract that the question names; the zero one where it names none.
func namedContract(tx *db.Tx, q SupportQuestion) (c ServiceContract, err error) {
	if q.ContractID == "" {
		return c, nil
	}
	err = tx.First(&c, "id = ? AND account_id = ?", q.ContractID, q.AccountID).Error
	return c, db.Found(err)
}

// supportSubjects are those about whose cover is asked.
func supportSubjects(
	tx *db.Tx, q SupportQuestion, contract ServiceContract,
) ([]CoverSubject, error) {
	switch {
	case q.DeviceID != "":
		return deviceSubject(tx, q)
	case q.RoomID != "":
		return []CoverSubject{{RoomID: q.RoomID}}, nil
	}

	var rooms []string
	query := tx.Table("licence_assignments AS la").
		Select("DISTINCT la.room_id").
		Joins("JOIN licences l ON l.id = la.licence_id").
		Where("l.contract_id = ? AND la.to_at IS NULL", contract.ID)
	if contract.Type == catalogue.ServiceJumpStart {
		// Those with a license come first: of very many rooms not all are asked about.
		query = tx.Table("rooms AS r").
			Select("r.id AS room_id").
			Where("r.account_id = ? AND r.archived_at IS NULL", q.AccountID).
			Order(`EXISTS (SELECT 1 FROM licence_assignments la
				WHERE la.room_id = r.id AND la.to_at IS NULL) DESC`)
	}
	if err := query.Order("room_id").Limit(contractRooms).Scan(&rooms).Error; err != nil {
		return nil, err
	}

	subjects := make([]CoverSubject, len(rooms))
	for i, id := range rooms {
		subjects[i] = CoverSubject{RoomID: id}
	}
	return subjects, nil
}

// deviceSubject is a device by its serial; one without is what it is in its room.
func deviceSubject(tx *db.Tx, q SupportQuestion) ([]CoverSubject, error) {
	var d struct {
		Serial    *string
		ModelCode string
		RoomID    *string
	}
	res := tx.Table("devices AS d").
		Select("d.serial, d.model_code, p.room_id").
		Joins("LEFT JOIN device_placements p ON p.device_id = d.id AND p.to_at IS NULL").
		Where("d.id = ? AND d.account_id = ?", q.DeviceID, q.AccountID).
		Limit(1).
		Scan(&d)
	switch {
	case res.Error != nil:
		return nil, res.Error
	case res.RowsAffected == 0:
		return nil, db.NotFound()
	case d.Serial != nil:
		return []CoverSubject{{Serial: *d.Serial}}, nil
	}
	return []CoverSubject{{RoomID: db.Text(d.RoomID), ModelCode: d.ModelCode}}, nil
}
