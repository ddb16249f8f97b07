package entitlement

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"gorm.io/gorm"

	"roomcover.dev/roomcover/models/account"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/catalogue"
	"roomcover.dev/roomcover/rules/licensing"
)

// EntrySource says what a line of the contract register is read from.
type EntrySource string

// The sources of a register's line.
const (
	EntryContract EntrySource = "CONTRACT"         // what an order line bought
	EntryOrder    EntrySource = "ORDER"            // a line of an order under way (R111c)
	EntryEarlier  EntrySource = "EARLIER_WARRANTY" // linked from before this service (R111a)
)

// ContractEntry is a line of the contract register (R38). The contract of a line
// of another source is made up of what is known there; its id is the line's.
type ContractEntry struct {
	ServiceContract
	Source   EntrySource
	Serial   string // of an earlier warranty
	InForce  int64  // units that are neither cancelled nor expired
	Assigned int64  // of them, to a room or a serial
}

// ContractSort is the order of the register.
type ContractSort string

// The orders of the register. What has no end yet stands last by end.
const (
	ContractsNewest ContractSort = ""
	ContractsOldest ContractSort = "oldest"
	ContractsEnding ContractSort = "ending"
)

// ContractFilter narrows the register; empty fields do not narrow. ExpiringWithin
// keeps contracts that run and end within that many local days; nil keeps all.
type ContractFilter struct {
	AccountID      string
	OrderID        string
	Type           catalogue.ServiceType
	State          rules.ContractState
	ExpiringWithin *int
	Sort           ContractSort
	Page           db.Page // After is a cursor that Contracts gave
}

// Contracts lists a page of the contract register (R38): every type and state, those
// cancelled too, with orders under way (R111c) and earlier warranties (R111a). A cursor
// that it never gave answers VALIDATION_FAILED.
func (s *Entitlements) Contracts(
	ctx context.Context, f ContractFilter,
) ([]ContractEntry, string, error) {
	var out []ContractEntry
	var next string
	err := s.db.Read(ctx, func(tx *db.Tx) error {
		r := register{
			tx:     tx,
			now:    tx.Now(),
			filter: f,
		}

		keys, more, err := r.keys()
		if err != nil {
			return err
		}
		if out, err = r.entries(keys); err != nil {
			return err
		}

		if next = ""; more && len(out) > 0 {
			next = r.cursor(out[len(out)-1])
		}

		return nil
	})

	return out, next, err
}

// Contract reads one line of the register by its id; NOT_FOUND where none in scope has
// it.
func (s *Entitlements) Contract(ctx context.Context, id string) (ContractEntry, error) {
	var out ContractEntry
	err := s.db.Read(ctx, func(tx *db.Tx) error {
		r := register{
			tx:  tx,
			now: tx.Now(),
			id:  id,
		}

		keys, _, err := r.keys()
		if err != nil {
			return err
		}

		if len(keys) == 0 {
			return db.NotFound()
		}

		entries, err := r.entries(keys)
		if err != nil {
			return err
		}

		out = entries[0]
		return nil
	})

	return out, err
}

// register reads the lines of one page.
type register struct {
	tx *db.Tx

	now    time.Time
	filter ContractFilter
	id     string // of the one line asked for

	behind   time.Time // where the page before ended; zero: nowhere
	behindID string
}

type registerKey struct {
	ID     string
	Source EntrySource
}

// entries reads the lines of the keys, in their order.
func (r register) entries(keys []registerKey) ([]ContractEntry, error) {
	ids := map[EntrySource][]string{}
	for _, k := range keys {
		ids[k.Source] = append(ids[k.Source], k.ID)
	}

	lines := map[string]ContractEntry{}
	if err := r.readContracts(ids[EntryContract], lines); err != nil {
		return nil, err
	}
	if err := r.readOrderLines(ids[EntryOrder], lines); err != nil {
		return nil, err
	}
	if err := r.readEarlier(ids[EntryEarlier], lines); err != nil {
		return nil, err
	}

	out := make([]ContractEntry, len(keys))
	for i, k := range keys {
		out[i] = lines[k.ID]
	}

	return out, nil
}

// readContracts adds the contracts with the ids, and how many of their units are in
// force.
func (r register) readContracts(ids []string, lines map[string]ContractEntry) error {
	if len(ids) == 0 {
		return nil
	}

	var rows []ServiceContract
	if err := r.tx.Where("id IN ?", ids).Find(&rows).Error; err != nil {
		return err
	}

	for _, c := range rows {
		lines[c.ID] = ContractEntry{ServiceContract: c, Source: EntryContract}
	}
	return countInForce(r.tx, ids, lines)
}

// countInForce adds to contracts, by their ids, how many of their units are in force.
func countInForce(tx *db.Tx, ids []string, lines map[string]ContractEntry) error {
	inForce := []rules.LicenceState{rules.LicenceAvailable, rules.LicenceAssigned}
	var counts []struct {
		ContractID string
		InForce    int64
		Assigned   int64
	}

	err := tx.Model(&Licence{}).
		Select(`contract_id, count(*) AS in_force,
			sum(CASE WHEN state = ? THEN 1 ELSE 0 END) AS assigned`, rules.LicenceAssigned).
		Where("contract_id IN ? AND state IN ?", ids, inForce).
		Group("contract_id").
		Scan(&counts).Error
	if err != nil {
		return err
	}

	for _, n := range counts {
		e := lines[n.ContractID]
		e.InForce = n.InForce
		e.Assigned = n.Assigned
		lines[n.ContractID] = e
	}

	return nil
}

// ContractsOf returns the contracts of an order in scope by line, with how many of their
// units are in force; none to a seller (S36).
func ContractsOf(tx *db.Tx, orderID string) ([]ContractEntry, error) {
	var rows []ServiceContract
	err := tx.Scope.Accounts(tx.DB, "account_id").
		Where("order_id = ?", orderID).
		Order("id").
		Find(&rows).Error
	if err != nil || len(rows) == 0 {
		return nil, err
	}

	lines := make(map[string]ContractEntry, len(rows))
	for _, c := range rows {
		lines[c.ID] = ContractEntry{ServiceContract: c, Source: EntryContract}
	}
	if err := countInForce(tx, idsOf(rows), lines); err != nil {
		return nil, err
	}

	out := make([]ContractEntry, len(rows))
	for i, c := range rows {
		out[i] = lines[c.ID]
	}
	return out, nil
}

// readOrderLines adds the lines, with the ids, of orders that are not fulfilled yet
// (R111c).
func (r register) readOrderLines(ids []string, lines map[string]ContractEntry) error {
	if len(ids) == 0 {
		return nil
	}

	var rows []struct {
		ID          string
		OrderID     string
		ServiceType catalogue.ServiceType
		Quantity    int64
		TermYears   int
		AccountID   string
		TimeZone    string
		CreatedAt   time.Time
	}

	err := r.tx.Table("order_lines AS l").
		Select("l.*, o.account_id, o.time_zone, o.created_at").
		Joins("JOIN orders o ON o.id = l.order_id").
		Where("l.id IN ?", ids).
		Scan(&rows).Error
	if err != nil {
		return err
	}

	for _, l := range rows {
		lines[l.ID] = ContractEntry{
			Source: EntryOrder,
			ServiceContract: ServiceContract{
				ID:          l.ID,
				AccountID:   l.AccountID,
				OrderID:     l.OrderID,
				OrderLineID: l.ID,
				Type:        l.ServiceType,
				State:       rules.ContractProcessing,
				Quantity:    l.Quantity,
				TermYears:   l.TermYears,
				TimeZone:    l.TimeZone,
				CreatedAt:   l.CreatedAt,
			},
		}
	}

	return nil
}

// readEarlier adds the earlier warranties with the ids, which were linked (R111a).
func (r register) readEarlier(ids []string, lines map[string]ContractEntry) error {
	if len(ids) == 0 {
		return nil
	}

	var rows []struct {
		ID        string
		AccountID string
		Serial    string
		StartAt   time.Time
		EndAt     time.Time
		CreatedAt time.Time
		TimeZone  string
	}

	err := r.tx.Table("earlier_warranties AS w").
		Select("w.*, a.time_zone").
		Joins("JOIN accounts a ON a.id = w.account_id").
		Where("w.id IN ?", ids).
		Scan(&rows).Error
	if err != nil {
		return err
	}

	for _, w := range rows {
		e := ContractEntry{
			Source: EntryEarlier,
			Serial: w.Serial,
			ServiceContract: ServiceContract{
				ID:        w.ID,
				AccountID: w.AccountID,
				Type:      catalogue.ServiceExtWarranty,
				State:     stateOfPeriod(w.StartAt, w.EndAt, r.now),
				Quantity:  1,
				TimeZone:  w.TimeZone,
				StartAt:   &w.StartAt,
				EndAt:     &w.EndAt,
				CreatedAt: w.CreatedAt,
			},
		}
		if e.State != rules.ContractExpired {
			e.InForce = 1
			e.Assigned = 1
		}

		lines[w.ID] = e
	}

	return nil
}

// stateOfPeriod derives the state of what has a period and no contract: no sweep keeps
// it (S32).
func stateOfPeriod(start, end, now time.Time) rules.ContractState {
	switch {
	case !now.Before(end):
		return rules.ContractExpired
	case now.Before(start):
		return rules.ContractPendingStart
	}
	return rules.ContractActive
}

// noEnd stands for the end of what has none, so that it sorts last.
var noEnd = time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)

// noEndSQL is noEnd as the indexes of the contracts' ends write it.
func noEndSQL(postgres bool) string {
	if postgres {
		return "timestamptz '9999-01-01 00:00:00+00'"
	}
	return "'9999-01-01 00:00:00+00:00'"
}

// keys reads which lines stand on the page: one union over what a line can be, each
// part narrowed by the scope. more reports whether another page follows.
func (r *register) keys() (keys []registerKey, more bool, err error) {
	if r.behind, r.behindID, err = r.position(); err != nil {
		return nil, false, err
	}

	union, err := r.union()
	if err != nil {
		return nil, false, err
	}

	size := r.filter.Page.Size()
	q := r.tx.Table("(?) AS r", union).
		Select("id, source").
		Order(r.order("created_at", "end_at", "id")).
		Limit(size + 1)
	if err := q.Scan(&keys).Error; err != nil {
		return nil, false, err
	}

	if len(keys) > size {
		return keys[:size], true, nil
	}

	return keys, false, nil
}

// union is the page of each kind of line that the scope and the filter keep: contracts,
// linked earlier warranties and the lines of orders under way. The page of all is among
// them, and each is read by an index in its order. What is asked for by its end within days
// leaves out orders, which have none.
func (r register) union() (*gorm.DB, error) {
	forever := noEndSQL(r.tx.Postgres())
	contracts := r.selectPart(registerPart{
		table:   "service_contracts AS c",
		source:  EntryContract,
		id:      "c.id",
		created: "c.created_at",
		end:     "COALESCE(c.end_at, " + forever + ")",
		account: "c.account_id",
		order:   "c.order_id",
		service: "c.type",
		state:   "c.state",
	})

	earlier := r.selectPart(registerPart{
		table:   "earlier_warranties AS w",
		source:  EntryEarlier,
		id:      "w.id",
		created: "w.created_at",
		end:     "w.end_at",
		account: "w.account_id",
		order:   "''",
		service: "'EXT_WARRANTY'",
		state: `CASE
			WHEN w.end_at <= ? THEN 'EXPIRED'
			WHEN w.start_at > ? THEN 'PENDING_START'
			ELSE 'ACTIVE' END`,
		stateArgs: []any{r.now, r.now},
	}).
		Joins("JOIN accounts a ON a.id = w.account_id").
		Where("w.state = 'LINKED'")

	if r.filter.ExpiringWithin != nil {
		zones, err := r.zones()
		if err != nil {
			return nil, err
		}

		contracts = contracts.
			Where("c.state = ?", rules.ContractActive).
			Where(r.expiring(zones, "c.end_at", "c.time_zone"))

		earlier = earlier.
			Where("w.end_at > ?", r.now).
			Where(r.expiring(zones, "w.end_at", "a.time_zone"))
		return r.unionOf(contracts, earlier), nil
	}

	underWay := []rules.OrderState{rules.OrderAccepted, rules.OrderProvisioning}
	lines := r.selectPart(registerPart{
		table:   "order_lines AS l",
		source:  EntryOrder,
		id:      "l.id",
		created: "o.created_at",
		end:     forever,
		account: "o.account_id",
		order:   "o.id",
		service: "l.service_type",
		state:   "'PROCESSING'",
	}).
		Joins("JOIN orders o ON o.id = l.order_id").
		Where("o.account_id IS NOT NULL AND o.state IN ?", underWay)
	return r.unionOf(contracts, earlier, lines), nil
}

// unionOf puts the pages of the parts together. A part is a query of its own, because SQLite
// sorts and cuts none inside of a union.
func (r register) unionOf(parts ...*gorm.DB) *gorm.DB {
	var sql []string
	var vars []any
	for _, part := range parts {
		sql = append(sql, "SELECT * FROM (?) AS p")
		vars = append(vars, part)
	}
	return r.tx.Raw(strings.Join(sql, " UNION ALL "), vars...)
}

// registerPart is one part of the union: its table, and what the columns that it is sorted
// and narrowed by are called there.
type registerPart struct {
	table     string
	source    EntrySource
	id        string
	created   string
	end       string // noEnd for what has none
	account   string
	order     string
	service   string
	state     string
	stateArgs []any
}

// selectPart selects the page of one part of the union: what the scope may see and the filter
// keeps, behind the cursor.
func (r register) selectPart(p registerPart) *gorm.DB {
	q := r.tx.Scope.Accounts(r.tx.Table(p.table), p.account).
		Select(fmt.Sprintf("%s AS id, '%s' AS source, %s AS created_at, %s AS end_at",
			p.id, p.source, p.created, p.end)).
		Order(r.order(p.created, p.end, p.id)).
		Limit(r.filter.Page.Size() + 1)
	if r.id != "" {
		q = q.Where(p.id+" = ?", r.id)
	}
	if !r.behind.IsZero() {
		q = q.Where(r.behindSQL(p.created, p.end, p.id), r.behind, r.behindID)
	}
	if r.filter.AccountID != "" {
		q = q.Where(p.account+" = ?", r.filter.AccountID)
	}
	if r.filter.OrderID != "" {
		q = q.Where(p.order+" = ?", r.filter.OrderID)
	}
	if r.filter.Type != "" {
		q = q.Where(p.service+" = ?", string(r.filter.Type))
	}
	if r.filter.State != "" {
		q = q.Where(p.state+" = ?", append(p.stateArgs, string(r.filter.State))...)
	}

	return q
}

// zonesOfContracts looks each zone up behind the one before: by an index, whatever the number
// of contracts.
const zonesOfContracts = `WITH RECURSIVE z(time_zone) AS (
		SELECT min(time_zone) FROM service_contracts
		UNION ALL
		SELECT (SELECT min(c.time_zone) FROM service_contracts c WHERE c.time_zone > z.time_zone)
		FROM z
		WHERE z.time_zone IS NOT NULL)
	SELECT time_zone FROM z
	WHERE time_zone IS NOT NULL`

// zones are those in which days are counted for the lines in scope: a contract has the zone
// that its account had when it was made. Of one tenant only the contracts are read whose zone
// decides.
func (r register) zones() ([]string, error) {
	contracts := r.tx.Raw(zonesOfContracts)
	if !r.tx.Scope.System {
		end := "COALESCE(end_at, " + noEndSQL(r.tx.Postgres()) + ")"
		latest := r.now.AddDate(0, 0, *r.filter.ExpiringWithin+2)
		contracts = r.tx.Scope.Accounts(r.tx.Model(&ServiceContract{}), "account_id").
			Select("time_zone").
			Where("state = ? AND "+end+" >= ? AND "+end+" < ?",
				rules.ContractActive, r.expiringAnywhere(), latest)
	}

	accounts := r.tx.Scope.Accounts(r.tx.Model(&account.Account{}), "id").Select("time_zone")
	var zones []string
	err := r.tx.Raw("SELECT * FROM (?) AS z UNION ?", contracts, accounts).Scan(&zones).Error
	return zones, err
}

// expiringAnywhere is the instant before which a line ends soon by the days of any zone.
func (r register) expiringAnywhere() time.Time {
	return r.now.AddDate(0, 0, *r.filter.ExpiringWithin-1).UTC()
}

// expiring compares each line in the zone of its own days (C1).
func (r register) expiring(zones []string, end, zone string) *gorm.DB {
	either := r.tx.Where(end+" < ?", r.expiringAnywhere())
	for _, z := range zones {
		loc := db.ZoneOf(z)
		either = either.Or("("+zone+" = ? AND "+end+" < ?)",
			z, licensing.ExpiringBefore(rules.DateIn(r.now, loc), *r.filter.ExpiringWithin, loc))
	}
	return either
}

// order is the order of the register in the columns of a part.
func (r register) order(created, end, id string) string {
	switch r.filter.Sort {
	case ContractsEnding:
		return end + ", " + id
	case ContractsOldest:
		return created + ", " + id
	}
	return created + " DESC, " + id + " DESC"
}

// behindSQL is the condition of what stands behind an instant and an id in that order.
func (r register) behindSQL(created, end, id string) string {
	switch r.filter.Sort {
	case ContractsEnding:
		return "(" + end + ", " + id + ") > (?, ?)"
	case ContractsOldest:
		return "(" + created + ", " + id + ") > (?, ?)"
	}
	return "(" + created + ", " + id + ") < (?, ?)"
}

// position is where the page before ended; zero for the first page.
func (r register) position() (at time.Time, id string, err error) {
	if r.filter.Page.After == "" {
		return time.Time{}, "", nil
	}

	instant, id, _ := strings.Cut(r.filter.Page.After, ".")
	seconds, nanos, _ := strings.Cut(instant, "-")
	s, err1 := strconv.ParseInt(seconds, 36, 64)

	n, err2 := strconv.ParseInt(nanos, 36, 64)
	if err1 != nil || err2 != nil || id == "" {
		return time.Time{}, "", rules.Invalid([]rules.FieldError{{
			Pointer: "/cursor",
			Code:    "UNKNOWN_CURSOR",
			Message: "This is not a valid cursor of this list.",
			Remedy:  "Send the next_cursor of the page before, or none.",
		}})
	}

	return time.Unix(s, n).UTC(), id, nil
}

// cursor says where the page behind the line begins.
func (r register) cursor(e ContractEntry) string {
	at := e.CreatedAt
	if r.filter.Sort == ContractsEnding {
		if at = noEnd; e.EndAt != nil {
			at = *e.EndAt
		}
	}

	return strconv.FormatInt(at.Unix(), 36) + "-" + strconv.FormatInt(
		int64(at.Nanosecond()),
		36,
	) + "." + e.ID
}

// ContractNames are what people know the lines of the register by.
type ContractNames struct {
	Company  map[string]string // by account
	PONumber map[string]string // by order
}

// NamesOf reads the names that belong to lines of the register, for its file.
func (s *Entitlements) NamesOf(
	ctx context.Context, entries []ContractEntry,
) (ContractNames, error) {
	n := ContractNames{Company: map[string]string{}, PONumber: map[string]string{}}
	err := s.db.Read(ctx, func(tx *db.Tx) error {
		var accounts []account.Account
		err := tx.Scope.Accounts(tx.DB, "id").
			Select("id", "legal_name").
			Where("id IN ?",
				db.IdsOf(entries, func(e ContractEntry) string { return e.AccountID })).
			Find(&accounts).Error
		if err != nil {
			return err
		}

		for _, a := range accounts {
			n.Company[a.ID] = a.LegalName
		}

		var orders []struct{ ID, PONumber string }
		err = tx.Scope.Orders(tx.Table("orders")).
			Select("id", "po_number").
			Where("id IN ?", db.IdsOf(entries, func(e ContractEntry) string { return e.OrderID })).
			Scan(&orders).Error
		if err != nil {
			return err
		}

		for _, o := range orders {
			n.PONumber[o.ID] = o.PONumber
		}

		return nil
	})

	return n, err
}
