package replacement

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"time"

	"cloud.google.com/go/civil"
	"gorm.io/gorm/clause"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/logistics"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/calendar"
	"roomcover.dev/roomcover/rules/cover"
	"roomcover.dev/roomcover/rules/licensing"
	"roomcover.dev/roomcover/rules/processes"
	"roomcover.dev/roomcover/rules/rma"
)

// RMA is the replacement of one device, or of some pieces of an accessory. The
// facts decide; what follows from them is stored too, under names of its own. The only
// person's name in it is that of who takes the parcel, in ShipTo.
type RMA struct {
	ID           string
	Number       string // for people, such as RMA-7F3K2; empty in a row of an earlier release
	AccountID    string
	DeviceID     *string // nil: an accessory (R74)
	RoomID       *string // where the subject was when it was requested
	SiteID       string  // the ship-to
	ModelCode    string
	Quantity     int
	FaultySerial string // normalised; empty: an accessory
	Fault        string // what is wrong, in the words of who requested
	SerialProof  string // where the proof is kept that the serial is the account's (S25)
	RequestedBy  string
	TicketID     *string // the ticket that waits for it; nil: none does
	OnceKey      *string // names the request, where its caller may send it again
	Unprintable  string  // letters of the address that no label can print; empty: none

	// Where it goes since it was approved; nil: not approved, or by an earlier release.
	ShipTo *logistics.ShipTo `gorm:"serializer:json"`

	Held           bool          // waits for the proof of purchase (R125)
	ReviewReasons  []string      `gorm:"serializer:json"`
	Frozen         *cover.Frozen `gorm:"serializer:json"` // nil while held (S3, S38)
	CoverKind      cover.EntitlementKind
	CoverLicenceID string // S10
	Speed          calendar.RMASpeed

	rma.RMAFacts
	RejectCode string

	FirstPromise        *calendar.Promise `gorm:"serializer:json"`
	Promise             *calendar.Promise `gorm:"serializer:json"` // the current one
	PromisedUntil       *time.Time        // exclusive end of the current one
	ReplacementModel    string            // offered or allocated
	ReplacementSerial   string
	ReplacementDeviceID *string
	SpareUnitID         *string // the spare that was used (R35d)
	Carrier             string
	Tracking            string
	DepotID             *string             // which sends the replacement; nil: none is known
	ReturnParcels       int                 // made so far; number the parcels back
	ReservationID       *string             // the ledger's open entry for its units
	ReturnBaseAt        *time.Time          // since when the return plan counts
	ReturnPlan          *calendar.ReturnDue `gorm:"serializer:json"`
	NoReturnProof       string              // where the photo is kept
	FeeCorrections      int                 // fees and credits that finance was told to be wrong
	CreditedAt          *time.Time          // when the fee was credited, since the unit came

	// What followed from the facts at the last change, so that lists can be narrowed.
	// Whoever decides asks the facts.
	StoredState    rma.RMAState      `gorm:"column:state"`
	StoredOutbound rma.OutboundState `gorm:"column:outbound"`
	StoredReturn   rma.ReturnState   `gorm:"column:return_track"`

	StateSince time.Time
	ClosedAt   *time.Time
	NextTimer  rma.RMATimerKind // empty: none
	NextAt     *time.Time
	LastError  string
	CreatedAt  time.Time
	Version    int64
}

// TableName is the table of RMAs.
func (RMA) TableName() string { return "rmas" }

// bookingKey names the outbound parcel of the RMA: the one that follows a parcel
// declared lost is another one.
func (r RMA) bookingKey() string { return fmt.Sprintf("%s/out/%d", r.ID, r.Reships+1) }

// stockKey names the reservation of the replacement that is under way, which is another
// one after a parcel was declared lost.
func (r RMA) stockKey() string { return fmt.Sprintf("%s/stock/%d", r.ID, r.Reships+1) }

// wantsReturn reports whether the faulty unit is to come back in a parcel.
func (r RMA) wantsReturn() bool {
	if r.NoReturnAt != nil || r.InspectedAt != nil {
		return false
	}

	switch out := r.RMAFacts.Outbound(); out {
	case rma.OutboundApproved, rma.OutboundBackordered:
		return r.Reships > 0
	default:
		return out == rma.OutboundAllocated || out == rma.OutboundShipped || out.Done()
	}
}

// faultyEnd returns how the faulty device ends; empty while it has to come back.
func (r RMA) faultyEnd(now time.Time) licensing.DeviceState {
	switch r.RMAFacts.Return(now) {
	case rma.ReturnInspected:
		return licensing.DeviceReturned
	case rma.ReturnNotRequired:
		return licensing.DeviceRetired
	case rma.ReturnBilled:
		return licensing.DeviceLost
	}

	return ""
}

// ReturnOn returns the last day on which the customer may return the unit in time, in the
// zone of its site; the return has a plan.
func (r RMA) ReturnOn() civil.Date {
	later := r.ReturnUntil().Sub(r.ReturnPlan.Until)
	return r.ReturnPlan.On.AddDays(int(math.Round(later.Hours() / 24)))
}

// openToDecide reports whether an agent has to approve or reject.
func (r RMA) openToDecide() bool {
	if r.StoredState == rma.RMARequested {
		return true
	}
	return r.ID != "" && r.SwappedAt != nil && r.ApprovedAt == nil && !r.StoredState.Over()
}

// Name returns what people call the RMA: its number, or its id where it has none yet.
func (r RMA) Name() string { return cmp.Or(r.Number, r.ID) }

// processStatus returns what the row says that the RMA's workflow does next.
func (r RMA) processStatus() db.ProcessStatus {
	return db.ProcessStatus{
		Version: r.Version,
		Timer:   string(r.NextTimer),
		At:      r.NextAt,
		Closed:  r.ClosedAt != nil,

		State:    string(r.StoredState),
		WaitsFor: r.waitsFor(),
		Coming:   r.coming(),
	}
}

// waitsFor is what the list of processes says of the row, too (processes.sql); empty: nothing.
func (r RMA) waitsFor() string {
	switch state := r.StoredState; {
	case r.ClosedAt != nil:
		return ""
	case state == rma.RMARequested:
		return processes.WaitsForDecision
	case state == rma.RMAApproved, state == rma.RMABackordered:
		return processes.WaitsForStock
	case state == rma.RMAAllocated:
		return processes.WaitsForShipping
	case state == rma.RMAShipped && r.SilenceAskedAt != nil:
		return processes.WaitsForLossDecision
	case state == rma.RMAShipped:
		return processes.WaitsForDelivery
	case state == rma.RMAReturnInTransit:
		return processes.WaitsForReturnParcel
	case state == rma.RMAReturnReceived:
		return processes.WaitsForInspection
	case state == rma.RMAInspected, state == rma.RMAOverdue && r.FeeAskedAt != nil:
		return processes.WaitsForFeeDecision
	}

	return processes.WaitsForReturn
}

// coming lists what the RMA's workflow will do and when, the earliest first.
func (r RMA) coming() []db.ComingStep {
	var steps []db.ComingStep
	for _, t := range r.Timers(r.ReturnPlan) {
		steps = append(steps, db.ComingStep{Name: string(t.Kind), At: t.At})
	}

	slices.SortStableFunc(steps, func(a, b db.ComingStep) int { return a.At.Compare(b.At) })
	return steps
}

// GetRMA returns one RMA, which is named by its id or its number.
func (s *Replacements) GetRMA(ctx context.Context, name string) (RMA, error) {
	var r RMA
	err := s.db.Read(ctx, func(tx *db.Tx) error {
		q := tx.Scope.Accounts(tx.DB, "account_id").Where(namedRMA("rmas", name))
		return db.Found(q.First(&r).Error)
	})
	return r, err
}

// RMAFilter narrows a list of RMAs; empty fields do not narrow. Serial finds that of
// the faulty unit or of its replacement.
type RMAFilter struct {
	AccountID string
	State     rma.RMAState
	RoomID    string
	DeviceID  string
	TicketID  string
	SiteID    string
	Serial    string
	Open      bool
	Late      bool // the first promise was, or is being, missed (S21)
	Page      db.Page
}

// ListRMAs lists the RMAs in scope, newest first.
func (s *Replacements) ListRMAs(ctx context.Context, f RMAFilter) ([]RMA, string, error) {
	var out []RMA
	err := s.db.Read(ctx, func(tx *db.Tx) error {
		q := tx.Scope.Accounts(tx.DB, "account_id")
		for column, value := range map[string]string{
			"account_id": f.AccountID,
			"state":      string(f.State),
			"room_id":    f.RoomID,
			"device_id":  f.DeviceID,
			"ticket_id":  f.TicketID,
			"site_id":    f.SiteID,
		} {
			if value != "" {
				q = q.Where(clause.Eq{Column: column, Value: value})
			}
		}

		if serial := rules.NormaliseSerial(f.Serial); serial != "" {
			q = q.Where("(faulty_serial = ? OR replacement_serial = ?)", serial, serial)
		}
		if f.Open {
			q = q.Where("closed_at IS NULL")
		}

		if f.Late {
			q = q.Where(`promise_due_at IS NOT NULL
				AND withdrawn_at IS NULL
				AND promise_due_at <= COALESCE(delivered_at, swapped_at, ?)`, tx.Now())
		}

		return f.Page.Apply(q).Find(&out).Error
	})

	out, next := db.Cut(f.Page, out, func(r RMA) string { return r.ID })
	return out, next, err
}

// KeepRMAFailure keeps the last error of a step of an RMA, for people to see.
func KeepRMAFailure(tx *db.Tx, id, reason string) error {
	return tx.Model(&RMA{}).Where("id = ?", id).Update("last_error", reason).Error
}

// mostForCustomer bounds how many RMAs of one state WaitingForCustomer returns, so that many of
// one never hide what another waits for.
const mostForCustomer = 10

// WaitingForCustomer returns the open RMAs of an account that wait for the customer, the oldest
// of each state first: for a unit to come back, or for a proof of purchase. open counts all that
// are open.
func (s *Replacements) WaitingForCustomer(
	ctx context.Context, accountID string,
) (waiting []RMA, open int64, err error) {
	var rows []struct {
		RMA
		Open int64
	}
	err = s.db.Read(ctx, func(tx *db.Tx) error {
		counted := tx.Scope.Accounts(tx.Table("rmas"), "account_id").
			Select("count(*) AS open").
			Where("account_id = ? AND closed_at IS NULL", accountID)
		theirs := tx.Scope.Accounts(tx.Table("rmas"), "account_id").
			Where("account_id = ? AND closed_at IS NULL", accountID).
			Where("state IN ? OR held AND state = ?",
				[]rma.RMAState{rma.RMAAwaitingReturn, rma.RMAOverdue}, rma.RMARequested).
			Select("id, row_number() OVER (PARTITION BY state ORDER BY id) AS nth")
		oldest := tx.Table("(?) AS theirs JOIN rmas ON rmas.id = theirs.id", theirs).
			Select("rmas.*").
			Where("theirs.nth <= ?", mostForCustomer)
		return tx.Table("(?) AS counted LEFT JOIN (?) AS r ON true", counted, oldest).
			Select("r.*, counted.open").
			Order("r.id").
			Scan(&rows).Error
	})
	for _, r := range rows {
		open = r.Open
		if r.ID != "" {
			waiting = append(waiting, r.RMA)
		}
	}
	return waiting, open, err
}

// OpenFor reports of which devices an RMA in scope is open.
func (s *Replacements) OpenFor(
	ctx context.Context, deviceIDs ...string,
) (map[string]bool, error) {
	out := map[string]bool{}
	if len(deviceIDs) == 0 {
		return out, nil
	}

	var open []string
	err := s.db.Read(ctx, func(tx *db.Tx) error {
		return tx.Scope.Accounts(tx.Table("rmas"), "account_id").
			Where("closed_at IS NULL AND device_id IN ?", deviceIDs).
			Pluck("device_id", &open).Error
	})
	for _, id := range open {
		out[id] = true
	}
	return out, err
}

// OpenInRooms returns the open RMAs in scope of each room, by the rooms' ids and the newest
// first: those that were requested there, and those of devices that are there now (S28).
func (s *Replacements) OpenInRooms(
	ctx context.Context, roomIDs ...string,
) (map[string][]RMA, error) {
	out := map[string][]RMA{}
	if len(roomIDs) == 0 {
		return out, nil
	}

	// Each of the two is found by an index; either in one condition would read all that are open.
	const openInRooms = `
		SELECT id FROM rmas
		WHERE closed_at IS NULL AND room_id IN ?
		UNION ALL
		SELECT x.id
		FROM device_placements q
		JOIN rmas x ON x.device_id = q.device_id AND x.closed_at IS NULL
		WHERE q.to_at IS NULL AND q.room_id IN ?`
	var rows []struct {
		RMA
		PlacedIn *string
	}
	err := s.db.Read(ctx, func(tx *db.Tx) error {
		return tx.Scope.Accounts(tx.Table("rmas AS r"), "r.account_id").
			Select("r.*, p.room_id AS placed_in").
			Joins("LEFT JOIN device_placements p ON p.device_id = r.device_id AND p.to_at IS NULL").
			Where("r.closed_at IS NULL AND r.id IN ("+openInRooms+")", roomIDs, roomIDs).
			Order("r.id DESC").
			Scan(&rows).Error
	})

	for _, r := range rows {
		requested, placed := db.Text(r.RoomID), db.Text(r.PlacedIn)
		if requested != "" {
			out[requested] = append(out[requested], r.RMA)
		}
		if placed != "" && placed != requested {
			out[placed] = append(out[placed], r.RMA)
		}
	}
	return out, err
}
