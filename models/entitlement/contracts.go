package entitlement

import (
	"context"
	"slices"
	"time"

	"cloud.google.com/go/civil"
	"gorm.io/gorm/clause"

	"roomcover.dev/roomcover/models/account"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/program"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/catalogue"
	"roomcover.dev/roomcover/rules/licensing"
)

// ServiceContract is what one order line bought. StartAt and EndAt are empty
// until it starts; the period is half-open (C2).
type ServiceContract struct {
	ID              string
	AccountID       string
	OrderID         string
	OrderLineID     string
	Type            catalogue.ServiceType
	State           rules.ContractState
	Quantity        int64
	TermYears       int
	TimeZone        string
	FallbackStartAt time.Time // S1: starts then at the latest
	StartAt         *time.Time
	EndAt           *time.Time
	StartReason     StartReason
	RemindedDays    int // the last renewal reminder sent, in days before the end; -1 for none (S5)
	CancelledAt     *time.Time
	MaxRooms        *int64 // of an enterprise plan, which is assigned to no room (S37)
	CreatedAt       time.Time
}

func (c ServiceContract) period() *rules.Period {
	if c.StartAt == nil || c.EndAt == nil {
		return nil
	}
	return &rules.Period{Start: *c.StartAt, End: *c.EndAt}
}

// StartReason says why a contract started when it did.
type StartReason string

// The reasons for a start.
const (
	StartNone            StartReason = ""
	StartFallback        StartReason = licensing.StartFallback
	StartFirstAssignment StartReason = licensing.StartFirstAssignment
	StartPurchase        StartReason = licensing.StartPurchase
	StartRenewal         StartReason = licensing.StartRenewal
)

// Licence is one unit of a contract.
type Licence struct {
	ID              string
	AccountID       string
	ContractID      string
	Seq             int64
	State           rules.LicenceState
	RenewsLicenceID *string
	StateSince      time.Time
}

// ContractWith returns the contract with the id; one without an id where there is none.
func ContractWith(contracts []ServiceContract, id string) *ServiceContract {
	for i := range contracts {
		if contracts[i].ID == id {
			return &contracts[i]
		}
	}
	return &ServiceContract{}
}

// LockContractsOf locks all contracts of the order that the licence belongs to; a
// licence that is not in scope is not found.
func LockContractsOf(
	tx *db.Tx, licenceID string,
) ([]ServiceContract, error) {
	order := tx.Table("licences AS l").
		Select("c.order_id").
		Joins("JOIN service_contracts c ON c.id = l.contract_id").
		Where("l.id = ?", licenceID)

	var contracts []ServiceContract
	err := db.ForUpdate(tx.Scope.Accounts(tx.DB, "account_id")).
		Where("order_id = (?)", order).
		Order("id").
		Find(&contracts).Error
	if err != nil {
		return nil, err
	}

	if len(contracts) == 0 {
		return nil, db.NotFound()
	}

	return contracts, nil
}

// LicencesOf lists the licences of a contract in scope by number; a foreign contract
// has none.
func (s *Entitlements) LicencesOf(ctx context.Context, contractID string) ([]Licence, error) {
	var out []Licence
	err := s.db.Read(ctx, func(tx *db.Tx) error {
		return tx.Scope.Accounts(tx.DB, "account_id").
			Where("contract_id = ?", contractID).
			Order("seq").
			Find(&out).Error
	})
	return out, err
}

// Purchase is an order that buys contracts, one by each of its lines.
type Purchase struct {
	OrderID     string
	ReceivedAt  time.Time
	PurchasedOn string // effective purchase date (S6), YYYY-MM-DD
	Lines       []PurchaseLine
}

// PurchaseLine is one line of a purchase.
type PurchaseLine struct {
	ID        string
	Type      catalogue.ServiceType
	TermYears int
	Quantity  int64
	Renews    string // the contract whose licences these renew (S4); empty for none
}

// CreateContracts writes one contract for each line of a purchase, with one licence for
// each unit that is assigned or registered by unit. A bundle's JumpStart runs from the
// purchase (R29, R30a) and has no licences. The caller holds the lock on the account,
// which keeps two purchases from renewing the same licences.
func CreateContracts(
	tx *db.Tx, ref program.Reference, acc account.Account, p Purchase,
) ([]ServiceContract, error) {
	loc, err := time.LoadLocation(acc.TimeZone)
	if err != nil {
		return nil, err
	}

	pool, err := renewable(tx, p.Lines, acc.ID)
	if err != nil {
		return nil, err
	}

	contracts := make([]ServiceContract, len(p.Lines))
	var licences []Licence
	for i, l := range p.Lines {
		c := ServiceContract{
			ID:              db.NewID(db.PrefixContract),
			AccountID:       acc.ID,
			OrderID:         p.OrderID,
			OrderLineID:     l.ID,
			Type:            l.Type,
			State:           rules.ContractPendingStart,
			Quantity:        l.Quantity,
			TermYears:       l.TermYears,
			TimeZone:        acc.TimeZone,
			RemindedDays:    -1,
			FallbackStartAt: rules.FallbackStart(p.ReceivedAt, ref.Program.StartFallbackDays, loc),
			CreatedAt:       tx.Now(),
		}

		if l.Type == catalogue.ServiceJumpStart {
			c.startAtPurchase(p.PurchasedOn, loc)
		} else {
			licences = append(licences, pool.renewBy(l, c.newLicences())...)
		}

		contracts[i] = c
	}

	if err := pool.start(ref, p, loc, contracts); err != nil {
		return nil, err
	}

	if err := tx.Create(&contracts).Error; err != nil {
		return nil, err
	}
	if len(licences) == 0 {
		return contracts, nil
	}

	err = tx.CreateInBatches(&licences, db.RowsPerStatement(licences)).Error
	if err != nil {
		return nil, err
	}
	return contracts, countNew(tx, acc.ID, contracts, licences)
}

// startAtPurchase starts a JumpStart contract on the day of its purchase (R30a).
func (c *ServiceContract) startAtPurchase(purchasedOn string, loc *time.Location) {
	day, err := civil.ParseDate(purchasedOn)
	if err != nil {
		return
	}
	c.start(rules.JumpStartPeriod(day, loc), StartPurchase)
}

// start makes the contract run for the period.
func (c *ServiceContract) start(p rules.Period, reason StartReason) {
	c.State = rules.ContractActive
	c.StartAt = &p.Start
	c.EndAt = &p.End
	c.StartReason = reason
}

// newLicences makes one licence for each unit of the contract.
func (c *ServiceContract) newLicences() []Licence {
	out := make([]Licence, c.Quantity)
	for i := range out {
		out[i] = Licence{
			ID:         db.NewID(db.PrefixLicence),
			AccountID:  c.AccountID,
			ContractID: c.ID,
			Seq:        int64(i + 1),
			State:      rules.LicenceAvailable,
			StateSince: c.CreatedAt,
		}
	}

	return out
}

// StartOnAssignment starts those of an order's contracts that wait for the first
// assignment (S1, S4), names them in out and returns their audit.
func StartOnAssignment(
	tx *db.Tx, ref program.Reference, acc account.Account,
	contracts []ServiceContract, out *Assigned,
) ([]db.Entry, error) {
	started, err := startedByAssignment(tx, ref, acc, contracts)
	if err != nil {
		return nil, err
	}

	var entries []db.Entry
	for _, c := range started {
		out.Started = append(out.Started, c.ID)

		entries = append(entries, db.Entry{
			Verb:     "contract.started",
			ObjectID: c.ID,
			Details: map[string]any{
				"before":   rules.ContractPendingStart,
				"after":    c.State,
				"start_at": c.StartAt,
				"end_at":   c.EndAt,
				"reason":   c.StartReason,
			},
		})
	}

	if len(started) == 0 {
		return nil, nil
	}

	changed := []string{"state", "start_at", "end_at", "start_reason"}
	err = tx.Clauses(clause.OnConflict{
		Columns:   []clause.Column{{Name: "id"}},
		DoUpdates: clause.AssignmentColumns(changed),
	}).Create(&started).Error
	return entries, err
}

// startedByAssignment has those of an order's contracts run that wait and that an assignment now
// starts (S1), and returns them; nothing is stored.
func startedByAssignment(
	tx *db.Tx, ref program.Reference, acc account.Account, contracts []ServiceContract,
) ([]ServiceContract, error) {
	waits := slices.ContainsFunc(contracts, func(c ServiceContract) bool {
		return c.State == rules.ContractPendingStart
	})
	if !waits {
		return nil, nil
	}

	order, err := orderStart(tx, ref, acc, contracts)
	if err != nil {
		return nil, err
	}

	var started []ServiceContract
	for _, start := range licensing.StartOnAssignment(order, tx.Now()) {
		c := ContractWith(contracts, start.ContractID)
		c.start(start.Period, StartReason(start.Reason))
		started = append(started, *c)
	}
	return started, nil
}

// orderStart reads what rules need to start contracts of one order.
func orderStart(
	tx *db.Tx, ref program.Reference, acc account.Account, contracts []ServiceContract,
) (licensing.OrderStart, error) {
	ids := db.IdsOf(contracts, func(c ServiceContract) string { return c.ID })
	var rows []struct {
		CreatedAt   time.Time
		PurchasedOn string `gorm:"column:purchased_day;serializer:day"`
		ContractID  *string
		RenewedEnd  *time.Time
	}

	err := tx.Table("orders AS o").
		Select("DISTINCT o.created_at, o.purchased_day, l.contract_id, oc.end_at AS renewed_end").
		Joins(`LEFT JOIN licences l
			ON l.contract_id IN ? AND l.renews_licence_id IS NOT NULL`, ids).
		Joins("LEFT JOIN licences ol ON ol.id = l.renews_licence_id").
		Joins("LEFT JOIN service_contracts oc ON oc.id = ol.contract_id").
		Where("o.id = ?", contracts[0].OrderID).
		Scan(&rows).Error
	if err != nil {
		return licensing.OrderStart{}, err
	}

	o := licensing.OrderStart{
		Zone:         db.ZoneOf(acc.TimeZone),
		FallbackDays: ref.Program.StartFallbackDays,
	}

	if len(rows) > 0 { // all are of the one order
		o.CreatedAt = rows[0].CreatedAt
		if on := db.DateOf(rows[0].PurchasedOn); on != nil {
			o.PurchasedOn = *on
		}
	}

	for _, c := range contracts {
		w := c.toStart()
		for _, r := range rows {
			if db.Text(r.ContractID) == c.ID && r.RenewedEnd != nil {
				w.RenewedEnds = append(w.RenewedEnds, *r.RenewedEnd)
			}
		}

		o.Contracts = append(o.Contracts, w)
	}

	return o, nil
}

// toStart is what rules need of a contract to start it; what it renews is for the
// caller to add.
func (c ServiceContract) toStart() licensing.ContractToStart {
	return licensing.ContractToStart{
		ID:        c.ID,
		Type:      c.Type,
		State:     c.State,
		Period:    c.period(),
		TermYears: c.TermYears,
	}
}

// SetLicences stores the state of licences from now on.
func SetLicences(tx *db.Tx, to rules.LicenceState, ids ...string) error {
	return tx.Model(&Licence{}).
		Where("id IN ?", ids).
		Updates(map[string]any{"state": to, "state_since": tx.Now()}).Error
}

// LockContractsOfOrder reads and locks an order's contracts.
func LockContractsOfOrder(tx *db.Tx, orderID string) (contracts []ServiceContract, err error) {
	err = tx.ForUpdate().
		Where("order_id = ?", orderID).
		Order("id").
		Find(&contracts).Error
	return contracts, err
}

// LockUnitsInForce reads and locks the licences in force of contracts, those with the
// highest numbers first. The caller has locked the contracts, and the account and its
// parent after them.
func LockUnitsInForce(tx *db.Tx, contracts []ServiceContract) (units []Licence, err error) {
	inForce := []rules.LicenceState{rules.LicenceAvailable, rules.LicenceAssigned}
	err = tx.ForUpdate().
		Where("contract_id IN ? AND state IN ?", idsOf(contracts), inForce).
		Order("contract_id, seq DESC").
		Find(&units).Error
	return units, err
}

// CountUnitsInForce returns how many licences in force an order has.
func CountUnitsInForce(tx *db.Tx, orderID string) (int64, error) {
	var n int64
	err := tx.Model(&Licence{}).
		Where("contract_id IN (?)",
			tx.Model(&ServiceContract{}).Select("id").Where("order_id = ?", orderID)).
		Where("state IN ?",
			[]rules.LicenceState{rules.LicenceAvailable, rules.LicenceAssigned}).
		Count(&n).Error
	return n, err
}

// RevokeUnits ends the chosen licences with their assignments, and each contract that
// has none left or is cancelled as a whole, a suspended one as well; start and end stay for the
// history (S8).
// Extended warranties that the licences were attached as are for the caller to end. The
// caller holds the locks on the contracts and their account.
func RevokeUnits(
	tx *db.Tx, contracts []ServiceContract, units []Licence, chosen []string, whole bool,
) error {
	return keepCounts(tx, contracts, func() error {
		return revokeUnits(tx, contracts, units, chosen, whole)
	})
}

// EndsWhen reports whether a cancellation ends the contract: it is of the whole order, or leaves
// none of the contract's licences.
func (c ServiceContract) EndsWhen(left int, whole bool) bool {
	return (whole || left == 0) && c.State.CanBecome(rules.ContractCancelled)
}

func revokeUnits(
	tx *db.Tx, contracts []ServiceContract, units []Licence, chosen []string, whole bool,
) error {
	now := tx.Now()
	for ids := range db.Batches(chosen, 1000) {
		if err := SetLicences(tx, rules.LicenceRevoked, ids...); err != nil {
			return err
		}

		err := endAssignments(tx.Where("licence_id IN ?", ids), EndCancelled, now)
		if err != nil {
			return err
		}
	}

	gone := map[string]bool{}
	for _, id := range chosen {
		gone[id] = true
	}

	left := map[string]int{} // by contract
	for _, u := range units {
		if !gone[u.ID] {
			left[u.ContractID]++
		}
	}

	for _, c := range contracts {
		if !c.EndsWhen(left[c.ID], whole) {
			continue
		}

		err := tx.Model(&ServiceContract{}).Where("id = ?", c.ID).Updates(map[string]any{
			"state":        rules.ContractCancelled,
			"cancelled_at": now,
		}).Error
		if err != nil {
			return err
		}
		if c.State != rules.ContractSuspended {
			continue // the cancellation says it
		}
		err = account.Audit(tx, c.AccountID, db.Entry{
			Verb:     "contract.cancelled",
			ObjectID: c.ID,
			Details: map[string]any{
				"before": c.State,
				"after":  rules.ContractCancelled,
			},
		})
		if err != nil {
			return err
		}
	}

	return nil
}
