package replacement

import (
	"context"
	"strings"
	"time"

	"gorm.io/gorm"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/logistics"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/catalogue"
	"roomcover.dev/roomcover/rules/rma"
	"roomcover.dev/roomcover/rules/shipping"
)

// DeskStep is what a replacement waits for, as the desk divides its work.
type DeskStep string

// The steps, in their order.
const (
	DeskDecide   DeskStep = "DECIDE"
	DeskAllocate DeskStep = "ALLOCATE"
	DeskShip     DeskStep = "SHIP"
	DeskTransit  DeskStep = "TRANSIT" // the replacement is with the carrier
	DeskReturn   DeskStep = "RETURN"  // the faulty unit is to come back
	DeskInspect  DeskStep = "INSPECT"
	DeskFee      DeskStep = "FEE"
	DeskOver     DeskStep = "OVER" // nothing is left to do
)

// DeskSteps lists the steps at which something is left to do.
func DeskSteps() []DeskStep {
	return []DeskStep{
		DeskDecide, DeskAllocate, DeskShip, DeskTransit, DeskReturn, DeskInspect, DeskFee,
	}
}

// DeskStep returns what the replacement waits for; deskStepSQL says the same of its row.
func (r RMA) DeskStep() DeskStep {
	switch state := r.StoredState; {
	case r.ClosedAt != nil:
		return DeskOver
	case r.openToDecide():
		return DeskDecide
	case state == rma.RMAApproved, state == rma.RMABackordered:
		return DeskAllocate
	case state == rma.RMAAllocated:
		return DeskShip
	case state == rma.RMAShipped:
		return DeskTransit
	case state == rma.RMAReturnReceived:
		return DeskInspect
	case state == rma.RMAInspected, state == rma.RMAOverdue && r.FeeAskedAt != nil:
		return DeskFee
	}
	return DeskReturn
}

const deskStepSQL = `CASE
	WHEN closed_at IS NOT NULL THEN 'OVER'
	WHEN state = 'REQUESTED' OR (swapped_at IS NOT NULL AND approved_at IS NULL) THEN 'DECIDE'
	WHEN state IN ('APPROVED','BACKORDERED') THEN 'ALLOCATE'
	WHEN state = 'ALLOCATED' THEN 'SHIP'
	WHEN state = 'SHIPPED' THEN 'TRANSIT'
	WHEN state = 'RETURN_RECEIVED' THEN 'INSPECT'
	WHEN state = 'INSPECTED' OR (state = 'OVERDUE' AND fee_asked_at IS NOT NULL) THEN 'FEE'
	ELSE 'RETURN'
END`

// deskDueSQL is by when the step of a row is to be done, for the order of a column: the first
// promise while the customer waits for a unit, then the day of the return, else since when it
// stands there.
const deskDueSQL = `CASE
	WHEN state IN ('APPROVED','BACKORDERED','ALLOCATED','SHIPPED') THEN promise_due_at
	WHEN state IN ('AWAITING_RETURN','OVERDUE','RETURN_IN_TRANSIT') THEN return_due_at
	ELSE state_since
END`

// WaitsFor is what the replacement waits for, as the list of processes says it; empty: nothing.
func (r RMA) WaitsFor() string { return r.waitsFor() }

// WaitsUntil is until when it waits: for a unit by the promise of now, for the faulty one by
// the return. nil: without an end.
func (r RMA) WaitsUntil() *time.Time {
	switch r.StoredState {
	case rma.RMAApproved, rma.RMABackordered, rma.RMAAllocated, rma.RMAShipped:
		return r.PromisedUntil
	case rma.RMAAwaitingReturn, rma.RMAOverdue:
		return r.ReturnUntil()
	}
	return nil
}

// DaysLate is by how many days of the site's calendar the first promise was, or is being,
// missed; 0: it was not (S21).
func (r RMA) DaysLate(now time.Time) int {
	if !r.Late(now) || r.FirstPromise == nil {
		return 0
	}
	arrived := now
	if at := r.OutboundDoneAt(); r.RMAFacts.Outbound().Done() && at != nil {
		arrived = *at
		if r.DeliveredAt != nil {
			arrived = *r.DeliveredAt
		}
	}
	zone := db.ZoneOf(r.FirstPromise.Zone)
	return max(1, rules.DateIn(arrived, zone).DaysSince(r.FirstPromise.On))
}

// DeskLine is a replacement with the names that people know its things by.
type DeskLine struct {
	RMA
	AccountName string
	RoomName    string // empty: no room is known
	SiteName    string
	SiteZone    string
	SiteCountry string
	Parcel      *logistics.Shipment `gorm:"-"` // the one that counts now; nil: there is none
}

const deskColumns = `r.*,
	a.legal_name AS account_name,
	COALESCE(m.name, '') AS room_name,
	COALESCE(r.ship_to ->> 'site', s.name) AS site_name,
	COALESCE(r.ship_to ->> 'time_zone', s.time_zone) AS site_zone,
	COALESCE(r.ship_to ->> 'country', s.country) AS site_country`

// deskLines reads replacements with the names around them; which is a query on their table.
func deskLines(tx *db.Tx, which *gorm.DB) *gorm.DB {
	return tx.Table("(?) AS r", which).
		Select(deskColumns).
		Joins("JOIN accounts a ON a.id = r.account_id").
		Joins("JOIN sites s ON s.id = r.site_id").
		Joins("LEFT JOIN rooms m ON m.id = r.room_id")
}

// DeskFilter narrows the desk's list; empty fields do not narrow.
type DeskFilter struct {
	Text      string // a number, a serial of either unit or a tracking number, in any spelling
	AccountID string
	State     rma.RMAState
	Step      DeskStep
	Country   string // of the ship-to
	ModelCode string
	SiteID    string
	RoomID    string
	Open      bool
	Late      bool // the first promise was, or is being, missed (S21)
	IDs       []string
	Page      db.Page
}

// Desk lists replacements of all accounts with their names and parcels, newest first, in two
// statements. For the service and its operators.
func (s *Replacements) Desk(ctx context.Context, f DeskFilter) ([]DeskLine, string, error) {
	var out []DeskLine
	next := ""
	err := s.db.Read(ctx, func(tx *db.Tx) error {
		if err := tx.Scope.Service(); err != nil {
			return err
		}
		which := f.Page.Apply(f.narrow(tx, tx.Model(&RMA{})))
		err := deskLines(tx, which).Order("r.id DESC").Scan(&out).Error
		if err != nil {
			return err
		}
		out, next = db.Cut(f.Page, out, func(l DeskLine) string { return l.ID })
		return addParcels(tx, out)
	})
	return out, next, err
}

func (f DeskFilter) narrow(tx *db.Tx, q *gorm.DB) *gorm.DB {
	for column, value := range map[string]string{
		"account_id": f.AccountID,
		"state":      string(f.State),
		"model_code": catalogue.NormaliseModelCode(f.ModelCode),
		"site_id":    f.SiteID,
		"room_id":    f.RoomID,
		deskStepSQL:  string(f.Step),
	} {
		if value != "" {
			q = q.Where(column+" = ?", value)
		}
	}
	if f.IDs != nil {
		q = q.Where("id IN ?", f.IDs)
	}
	if f.Open {
		q = q.Where("closed_at IS NULL")
	}
	if f.Country != "" {
		q = q.Where(`COALESCE(ship_to ->> 'country',
			(SELECT country FROM sites WHERE id = site_id)) = ?`, f.Country)
	}
	if f.Late {
		q = q.Where(`promise_due_at IS NOT NULL
			AND withdrawn_at IS NULL
			AND promise_due_at <= COALESCE(delivered_at, swapped_at, ?)`, tx.Now())
	}
	if f.Text == "" {
		return q
	}

	if number, ok := db.ReadNumber(db.NumberOfRMA, f.Text); ok {
		return q.Where("number = ?", number)
	}
	tracking := strings.TrimSpace(f.Text)
	serial := rules.NormaliseSerial(f.Text)
	return q.Where(`(id = ? OR faulty_serial = ? OR replacement_serial = ?
		OR id IN (SELECT subject_id FROM shipments WHERE tracking = ?))`,
		tracking, serial, serial, tracking)
}

// addParcels gives each replacement the parcel that counts now: until the customer has a
// working unit the one to the customer, then the one that comes back.
func addParcels(tx *db.Tx, lines []DeskLine) error {
	ids := db.IdsOf(lines, func(l DeskLine) string { return l.ID })
	if len(ids) == 0 {
		return nil
	}
	var parcels []logistics.Shipment
	err := tx.Where("subject_id IN ?", ids).Order("id").Find(&parcels).Error
	for i, l := range lines {
		direction := shipping.ShipOut
		if l.RMAFacts.Outbound().Done() {
			direction = shipping.ShipReturn
		}
		for n, p := range parcels {
			if p.SubjectID == l.ID && p.Direction == direction {
				lines[i].Parcel = &parcels[n]
			}
		}
	}
	return err
}

// DeskLine reads one replacement, by its id or its number, with its names and its parcel.
func (s *Replacements) DeskLine(ctx context.Context, name string) (DeskLine, error) {
	var out []DeskLine
	err := s.db.Read(ctx, func(tx *db.Tx) error {
		if err := tx.Scope.Service(); err != nil {
			return err
		}
		which := tx.Model(&RMA{}).Where(namedRMA("rmas", name))
		if err := deskLines(tx, which).Scan(&out).Error; err != nil {
			return err
		}
		if len(out) == 0 {
			return db.NotFound()
		}
		return addParcels(tx, out)
	})
	if err != nil {
		return DeskLine{}, err
	}
	return out[0], nil
}

// DeskColumn is a step of the board: how many stand there, and the first of them.
type DeskColumn struct {
	Step  DeskStep
	Total int64
	Lines []DeskLine
}

// DeskBoard shows what is left to do, step by step: at each the first so many, what is due
// earliest before the others. It takes three statements. For the service and its operators.
func (s *Replacements) DeskBoard(ctx context.Context, each int) ([]DeskColumn, error) {
	var places []struct {
		ID    string
		Step  DeskStep
		Total int64
	}
	var lines []DeskLine
	err := s.db.Read(ctx, func(tx *db.Tx) error {
		if err := tx.Scope.Service(); err != nil {
			return err
		}
		err := tx.Raw(`
			SELECT id, step, total FROM (
				SELECT id, step, due,
					ROW_NUMBER() OVER (PARTITION BY step ORDER BY due IS NULL, due, id) AS place,
					COUNT(*) OVER (PARTITION BY step) AS total
				FROM (
					SELECT id, `+deskStepSQL+` AS step, `+deskDueSQL+` AS due
					FROM rmas
					WHERE closed_at IS NULL
				) open
			) placed
			WHERE place <= ?
			ORDER BY step, place`, each).Scan(&places).Error
		if err != nil || len(places) == 0 {
			return err
		}

		ids := make([]string, len(places))
		for i, p := range places {
			ids[i] = p.ID
		}
		err = deskLines(tx, tx.Model(&RMA{}).Where("id IN ?", ids)).Scan(&lines).Error
		if err != nil {
			return err
		}
		return addParcels(tx, lines)
	})

	byID := map[string]DeskLine{}
	for _, l := range lines {
		byID[l.ID] = l
	}
	var out []DeskColumn
	for _, step := range DeskSteps() {
		c := DeskColumn{Step: step}
		for _, p := range places {
			if p.Step == step {
				c.Total = p.Total
				c.Lines = append(c.Lines, byID[p.ID])
			}
		}
		out = append(out, c)
	}
	return out, err
}
