package models

import (
	"slices"
	"time"

	"roomcover.dev/roomcover/rules"
)

// coverRow is a contract with one of its licences and one of the stays of that
// licence in a room; or a JumpStart contract alone, which needs no licence (R29).
type coverRow struct {
	LicenceID       *string
	RenewsLicenceID *string
	LicenceState    rules.LicenceState
	StateSince      *time.Time
	RoomID          *string
	FromAt, ToAt    *time.Time
	Terms           *rules.CountryTerms `gorm:"serializer:json"`

	ContractID     string
	AccountID      string
	Type           rules.ServiceType
	State          rules.ContractState
	StartAt, EndAt *time.Time
	CancelledAt    *time.Time
}

func (r coverRow) contract() rules.ContractFacts {
	c := ServiceContract{StartAt: r.StartAt, EndAt: r.EndAt}
	return rules.ContractFacts{ID: r.ContractID, Type: r.Type, State: r.State, Period: c.period(), CancelledAt: r.CancelledAt}
}

func (r coverRow) licence() rules.LicenceFacts {
	f := rules.LicenceFacts{ID: *r.LicenceID, Renews: text(r.RenewsLicenceID), Contract: r.contract()}
	if r.LicenceState == rules.LicenceRevoked {
		f.RevokedAt = r.StateSince
	}
	return f
}

// coverLicences are the licences that were ever assigned to the rooms, with those
// that renew them (S4), their contracts and every stay; and the JumpStart contracts
// of the accounts.
const coverLicences = `WITH RECURSIVE kin(id) AS (
		SELECT licence_id FROM licence_assignments WHERE room_id IN @rooms
		UNION SELECT l.id FROM licences l JOIN kin ON l.renews_licence_id = kin.id)
	SELECT l.id AS licence_id, l.renews_licence_id, l.state AS licence_state, l.state_since, a.room_id, a.from_at, a.to_at, a.terms,
		c.id AS contract_id, c.account_id, c.type, c.state, c.start_at, c.end_at, c.cancelled_at
	FROM licences l JOIN service_contracts c ON c.id = l.contract_id LEFT JOIN licence_assignments a ON a.licence_id = l.id
	WHERE l.id IN (SELECT id FROM kin)
	UNION ALL SELECT NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, c.id, c.account_id, c.type, c.state, c.start_at, c.end_at, c.cancelled_at
	FROM service_contracts c WHERE c.type = 'JUMPSTART' AND c.account_id IN @owners
	ORDER BY licence_id, from_at, contract_id`

func (g *coverFacts) readLicences(rooms []string) error {
	g.inRoom, g.licences, g.renewals, g.jumpStarts = map[string][]string{}, map[string]rules.LicenceFacts{}, map[string][]string{}, map[string][]rules.ContractFacts{}
	if len(g.zones) == 0 {
		return nil
	}
	var rows []coverRow
	err := g.tx.Raw(coverLicences, map[string]any{"rooms": append([]string{""}, rooms...), "owners": keysOf(g.zones)}).Scan(&rows).Error
	for _, r := range rows {
		if r.LicenceID == nil {
			g.jumpStarts[r.AccountID] = append(g.jumpStarts[r.AccountID], r.contract())
		} else {
			g.addStay(r)
		}
	}
	return err
}

// addStay adds a licence, when it comes first, and its stay.
func (g *coverFacts) addStay(r coverRow) {
	l, known := g.licences[*r.LicenceID]
	if !known {
		l = r.licence()
		if l.Renews != "" {
			g.renewals[l.Renews] = append(g.renewals[l.Renews], l.ID)
		}
	}
	if r.RoomID != nil {
		l.Assignments = append(l.Assignments, rules.Assignment{RoomID: *r.RoomID, From: *r.FromAt, To: r.ToAt, Terms: r.Terms})
		if !slices.Contains(g.inRoom[*r.RoomID], l.ID) {
			g.inRoom[*r.RoomID] = append(g.inRoom[*r.RoomID], l.ID)
		}
	}
	g.licences[l.ID] = l
}
