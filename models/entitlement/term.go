package entitlement

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"roomcover.dev/roomcover/models/account"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/program"
	"roomcover.dev/roomcover/rules"
)

// SweepBatch is how many contracts one transaction of the sweep reads.
const SweepBatch = 500

// SweepStep is what the sweep does to contracts that are due for it. Do works on all of
// them set by set: it costs as many statements for a batch as for one contract. The
// contracts are locked.
type SweepStep struct {
	Name string // in what tasks are told apart by
	Does string
	Due  func(ref program.Reference, now time.Time) (where string, args []any) // empty: none is
	Do   func(tx *db.Tx, ref program.Reference, due []ServiceContract) (changed int, err error)
}

// Lock reads and locks one batch of the contracts that are due behind the id after; where
// some are named, those alone. It returns the last id too.
func (s SweepStep) Lock(
	tx *db.Tx, ref program.Reference, after string, only ...string,
) (due []ServiceContract, last string, err error) {
	where, args := s.Due(ref, tx.Now())
	if where == "" {
		return nil, after, nil
	}

	q := tx.DB
	if tx.Postgres() {
		q = tx.Clauses(clause.Locking{Strength: "UPDATE", Options: "SKIP LOCKED"})
	}
	if len(only) > 0 {
		q = q.Where("id IN ?", only)
	}

	// The conditions spell the states as the partial indexes do: PostgreSQL uses such an
	// index only for a condition that it can recognise. The order is no bare column: the index
	// of the ids has that order, so PostgreSQL would walk through every contract there is in
	// the belief that the first of many due ones comes soon.
	err = q.Where("id > ?", after).Where(where, args...).Order("id || ''").Limit(SweepBatch).
		Find(&due).Error
	if len(due) > 0 {
		after = due[len(due)-1].ID
	}
	return due, after, err
}

func idsOf(contracts []ServiceContract) []string {
	return db.IdsOf(contracts, func(c ServiceContract) string { return c.ID })
}

// startOn gives the contract its half-open period (C2, S2) from the local day of the
// instant.
func (c *ServiceContract) startOn(at time.Time, reason StartReason) error {
	loc, err := time.LoadLocation(c.TimeZone)
	if err != nil {
		return err
	}
	c.start(rules.ContractPeriod(rules.DateIn(at, loc), c.TermYears, loc), reason)
	return nil
}

// StartDue starts contracts that nobody began to use in 60 days (S1, V4).
var StartDue = SweepStep{
	Name: "start",
	Does: "start contracts",
	Due: func(_ program.Reference, now time.Time) (string, []any) {
		return "state = 'PENDING_START' AND fallback_start_at <= ?", []any{now}
	},
	Do: startContracts,
}

func startContracts(
	tx *db.Tx, _ program.Reference, due []ServiceContract,
) (changed int, err error) {
	for i := range due {
		c := &due[i]
		if err := c.startOn(c.FallbackStartAt, StartFallback); err != nil {
			return 0, err
		}

		started := db.Entry{
			Verb:     "contract.started",
			ObjectID: c.ID,
			Details: map[string]any{
				"start_at": c.StartAt,
				"end_at":   c.EndAt,
				"reason":   c.StartReason,
			},
		}

		if err := account.Audit(tx, c.AccountID, started); err != nil {
			return 0, err
		}
	}

	return len(due), tx.Model(&ServiceContract{}).
		Where("id IN ?", idsOf(due)).
		Updates(map[string]any{
			"state":        rules.ContractActive,
			"start_reason": StartFallback,
			"start_at": byContract(due, "start_at",
				func(c ServiceContract) any { return *c.StartAt }),
			"end_at": byContract(due, "end_at",
				func(c ServiceContract) any { return *c.EndAt }),
		}).Error
}

// byContract is the SQL of a column's new value, another one for each contract.
func byContract(
	contracts []ServiceContract, column string, value func(ServiceContract) any,
) clause.Expr {
	args := make([]any, 0, 2*len(contracts))
	for _, c := range contracts {
		args = append(args, c.ID, value(c))
	}
	whens := strings.Repeat(" WHEN ? THEN ?", len(contracts))
	return gorm.Expr("CASE id"+whens+" ELSE "+column+" END", args...)
}

// EndDue says which contracts are over (S3).
func EndDue(_ program.Reference, now time.Time) (where string, args []any) {
	return "state IN ('ACTIVE','SUSPENDED') AND end_at <= ?", []any{now}
}

// EndContracts ends contracts with their licences and assignments at their end (S3), and
// hands their rooms over to what renews them (S4). The caller has locked the contracts,
// their accounts and the accounts' parents.
func EndContracts(tx *db.Tx, ref program.Reference, due []ServiceContract) error {
	return keepCounts(tx, due, func() error {
		inTurn, err := renewedFirst(tx, due)
		if err != nil {
			return err
		}
		for _, some := range inTurn {
			if err := endContracts(tx, ref, some); err != nil {
				return err
			}
		}
		return nil
	})
}

// renewedFirst parts contracts that end at once, so that each ends before what renews it:
// a renewal that is over too still takes the rooms over for its own time (S4).
func renewedFirst(tx *db.Tx, due []ServiceContract) ([][]ServiceContract, error) {
	if len(due) == 1 {
		return [][]ServiceContract{due}, nil
	}

	var pairs []struct{ Renewed, Renewal string }
	ids := idsOf(due)
	err := tx.Table("licences AS r").
		Distinct("l.contract_id AS renewed, r.contract_id AS renewal").
		Joins("JOIN licences l ON l.id = r.renews_licence_id").
		Where("r.contract_id IN ? AND l.contract_id IN ? AND r.contract_id <> l.contract_id",
			ids, ids).
		Scan(&pairs).Error
	if err != nil {
		return nil, err
	}

	renewed := map[string][]string{}
	for _, p := range pairs {
		renewed[p.Renewal] = append(renewed[p.Renewal], p.Renewed)
	}

	inOrder := slices.SortedFunc(slices.Values(due), func(a, b ServiceContract) int {
		return cmp.Or(a.EndAt.Compare(*b.EndAt), cmp.Compare(a.ID, b.ID))
	})
	turnOf := map[string]int{} // from 1
	var inTurn [][]ServiceContract
	for _, c := range inOrder {
		turn := 1
		for _, id := range renewed[c.ID] {
			turn = max(turn, turnOf[id]+1)
		}
		turnOf[c.ID] = turn

		if turn > len(inTurn) {
			inTurn = append(inTurn, nil)
		}
		inTurn[turn-1] = append(inTurn[turn-1], c)
	}

	return inTurn, nil
}

func endContracts(tx *db.Tx, ref program.Reference, due []ServiceContract) error {
	ids := idsOf(due)
	err := tx.Model(&ServiceContract{}).
		Where("id IN ?", ids).
		Update("state", rules.ContractExpired).Error
	if err != nil {
		return err
	}

	inForce := []rules.LicenceState{rules.LicenceAvailable, rules.LicenceAssigned}
	err = tx.Model(&Licence{}).Where("contract_id IN ? AND state IN ?", ids, inForce).
		Updates(map[string]any{"state": rules.LicenceExpired, "state_since": tx.Now()}).Error
	if err != nil {
		return err
	}

	rooms, err := renewedRooms(tx, ids)
	if err != nil {
		return err
	}

	released, err := endAssignmentsOf(tx, ids)
	if err != nil {
		return err
	}

	taken, err := takeOverRooms(tx, ref, due, rooms)
	if err != nil {
		return err
	}

	for _, c := range due {
		ended := db.Entry{
			Verb:     "contract.expired",
			ObjectID: c.ID,
			Details: map[string]any{
				"before":            c.State,
				"after":             rules.ContractExpired,
				"assignments_ended": released[c.ID],
				"renewed":           len(taken[c.ID]),
			},
		}

		err := account.Audit(tx, c.AccountID, append([]db.Entry{ended}, taken[c.ID]...)...)
		if err != nil {
			return err
		}
	}

	return nil
}

// endAssignmentsOf ends the contracts' assignments at the end of each, however late the
// sweep is: history then says what the cover was. It returns how many of each contract it
// ended.
func endAssignmentsOf(tx *db.Tx, contractIDs []string) (map[string]int64, error) {
	var rows []struct {
		ContractID string
		Ended      int64
	}
	err := tx.Table("licence_assignments AS a").
		Select("l.contract_id, count(*) AS ended").
		Joins("JOIN licences l ON l.id = a.licence_id").
		Where("a.to_at IS NULL AND l.contract_id IN ?", contractIDs).
		Group("l.contract_id").
		Scan(&rows).Error
	if err != nil || len(rows) == 0 {
		return nil, err
	}

	ended := make(map[string]int64, len(rows))
	for _, r := range rows {
		ended[r.ContractID] = r.Ended
	}

	licences := tx.Model(&Licence{}).Select("id").Where("contract_id IN ?", contractIDs)
	return ended, tx.Model(&LicenceAssignment{}).
		Where("to_at IS NULL AND licence_id IN (?)", licences).
		Updates(endedWithContract()).Error
}

// endedWithContract are the values of assignments that end at the end of their contracts.
func endedWithContract() map[string]any {
	end := `(
		SELECT c.end_at FROM licences l
		JOIN service_contracts c ON c.id = l.contract_id
		WHERE l.id = licence_assignments.licence_id)`
	return map[string]any{
		"to_at":      gorm.Expr("CASE WHEN from_at > " + end + " THEN from_at ELSE " + end + " END"),
		"end_reason": EndExpired,
	}
}
