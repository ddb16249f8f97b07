package replacement

import (
	"context"
	"maps"
	"time"

	_ "embed"

	"roomcover.dev/roomcover/models/account"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/entitlement"
	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/models/program"
	"roomcover.dev/roomcover/rules/catalogue"
	"roomcover.dev/roomcover/rules/spare"
)

// SpareLine is one line of a parent's ledger of spares: the sum of the deltas is
// what it is entitled to (R81a). Lines are added, never changed. SourceID is the
// order, cancellation, contract or other parent that caused it; an order, a
// cancellation or an expired contract writes at most one line of a parent.
type SpareLine struct {
	ID          string
	ParentOrgID string
	Seq         int64 // from 1, without gaps
	Delta       int
	Cause       spare.SpareCause
	SourceID    string
	Licences    int64 // in force after the change (R81c)
	CreatedAt   time.Time
}

// TableName is the table of the ledger.
func (SpareLine) TableName() string { return "spare_ledger" }

// Spares is what a parent has earned. Licences are those in force over all its
// accounts; a customer does not see them (R82b). To a customer whose account only has the
// name of the parent's others, Entitled and Name are its own alone (S60).
type Spares struct {
	ParentOrgID string
	Name        string
	MergedInto  string // the parent that took over, or ""
	Entitled    int
	Licences    int
}

// spareCount is what a parent's spares follow from.
type spareCount struct {
	ParentID string
	Licences int   // in force (R81c)
	Balance  int   // of the ledger
	LastSeq  int64 // of the ledger
}

const countSparesSQL = `
	SELECT n.parent_id, n.licences,
		(SELECT CAST(COALESCE(sum(s.delta), 0) AS bigint)
			FROM spare_ledger s WHERE s.parent_org_id = n.parent_id) AS balance,
		(SELECT COALESCE(max(s.seq), 0)
			FROM spare_ledger s WHERE s.parent_org_id = n.parent_id) AS last_seq
	FROM (` + entitlement.CountSelectSQL + `) n`

// countSpares counts parents' Select licences in force over all their accounts
// (R80, R82a) and their ledgers, in one statement, by the counts that entitlement keeps.
// It says in SQL what spare.CountLicences says in Go. A count to write by comes after the
// lock on the parents: in one statement with it, it would not see what the transaction
// wrote that held the lock before.
func countSpares(tx *db.Tx, parents ...string) (map[string]spareCount, error) {
	var rows []spareCount
	err := tx.Raw(countSparesSQL, map[string]any{
		"parents": append([]string{""}, parents...),
		"now":     tx.Now(),
	}).Scan(&rows).Error
	if err != nil {
		return nil, err
	}

	out := make(map[string]spareCount, len(rows))
	for _, r := range rows {
		out[r.ParentID] = r
	}

	return out, nil
}

// countLicencesSQL counts the licences of some accounts alone, one by one: a renewal does
// not count beside what it renews (S4), which is looked up by its key.
const countLicencesSQL = `
	WITH force AS (
		SELECT l.id, l.renews_licence_id
		FROM licences l
		JOIN service_contracts c ON c.id = l.contract_id
		WHERE l.account_id IN @accounts
			AND l.state IN ('AVAILABLE','ASSIGNED')
			AND c.type = 'SELECT'
			AND c.state NOT IN ('CANCELLED','EXPIRED')
			AND (c.end_at IS NULL OR c.end_at > @now))
	SELECT count(*)
		- count(DISTINCT CASE WHEN f.renews_licence_id IS NOT NULL THEN (
			SELECT old.id
			FROM licences old
			JOIN service_contracts oc ON oc.id = old.contract_id
			WHERE old.id = f.renews_licence_id
				AND old.id <> f.id
				AND old.account_id IN @accounts
				AND old.state IN ('AVAILABLE','ASSIGNED')
				AND oc.type = 'SELECT'
				AND oc.state NOT IN ('CANCELLED','EXPIRED')
				AND (oc.end_at IS NULL OR oc.end_at > @now)) END)
	FROM force f`

// countLicences counts the Select licences in force of accounts.
func countLicences(tx *db.Tx, accountIDs []string) (int, error) {
	var n int
	err := tx.Raw(countLicencesSQL, map[string]any{
		"accounts": append([]string{""}, accountIDs...),
		"now":      tx.Now(),
	}).Scan(&n).Error
	return n, err
}

// SpareChange is why a parent's spares are counted again, and how many licences earn
// one.
type SpareChange struct {
	Ratio  int
	Cause  spare.SpareCause
	Source string
}

// FulfilledOrder is the order whose licences are counted, and the parent that earns by
// them.
type FulfilledOrder struct {
	ID        string
	ParentID  string
	NewParent bool // the order created it
}

// RecountOrder grants what a fulfilled order earned its parent, stamped with the
// order (R81b): in the transaction that wrote the licences and under the lock on
// the parent's row. An order never takes: what ended since the last count is for
// the sweep, which stamps it with the contract.
func (s *Replacements) RecountOrder(
	tx *db.Tx, ref program.Reference,
	o FulfilledOrder, contracts []entitlement.ServiceContract,
) error {
	if !entitlement.CountsForSpares(contracts) {
		return nil
	}

	count := spareCount{ParentID: o.ParentID}
	if o.NewParent { // nobody else can have seen it: its licences are this order's
		for _, c := range contracts {
			if c.Type == catalogue.ServiceSelect {
				count.Licences += int(c.Quantity)
			}
		}
	} else {
		counts, err := countSpares(tx, o.ParentID)
		if err != nil {
			return err
		}
		count = counts[o.ParentID]
	}

	ratio := ref.Program.SpareRatio
	if !o.NewParent && spare.SparesEarned(count.Licences, ratio) > count.Balance {
		counts := map[string]spareCount{o.ParentID: count}
		if err := recountOneByOne(tx, counts, ratio); err != nil {
			return err
		}
		count = counts[o.ParentID]
	}
	if spare.SparesEarned(count.Licences, ratio) <= count.Balance {
		return nil
	}

	return s.recount(tx, count, SpareChange{Ratio: ratio, Cause: spare.SpareByOrder, Source: o.ID})
}

// RecountParent counts the spares of a parent again. The caller holds its lock.
func (s *Replacements) RecountParent(tx *db.Tx, parentID string, why SpareChange) error {
	return s.RecountParents(tx, map[string]string{parentID: why.Source}, why.Ratio, why.Cause)
}

// RecountParents counts the spares of parents again; sources names what caused it by
// parent. The caller holds their locks.
func (s *Replacements) RecountParents(
	tx *db.Tx, sources map[string]string, ratio int, cause spare.SpareCause,
) error {
	parents := db.KeysOf(sources)
	counts, err := countSpares(tx, parents...)
	if err != nil {
		return err
	}

	if err := recountOneByOne(tx, counts, ratio); err != nil {
		return err
	}

	for _, p := range parents {
		err := s.recount(tx, counts[p],
			SpareChange{Ratio: ratio, Cause: cause, Source: sources[p]})
		if err != nil {
			return err
		}
	}

	return nil
}

// recountOneByOne counts the licences again, one by one, of those parents whose ledger the
// kept counts would change: a worker of an earlier release, which does not keep them, may
// run beside this one. The caller holds the locks on the parents.
func recountOneByOne(tx *db.Tx, counts map[string]spareCount, ratio int) error {
	var doubtful []string
	for _, id := range db.KeysOf(counts) {
		if spare.SparesEarned(counts[id].Licences, ratio) != counts[id].Balance {
			doubtful = append(doubtful, id)
		}
	}
	if len(doubtful) == 0 {
		return nil
	}

	wrong, err := entitlement.PutCountsRight(tx, doubtful...)
	if err != nil || !wrong {
		return err
	}
	again, err := countSpares(tx, doubtful...)
	maps.Copy(counts, again)
	return err
}

// correctionSQL finds what a line of @parent that was missed is stamped with: the newest
// order of what it grants, or the newest end or cancellation of what it takes, that has no
// line yet.
//
//go:embed sparecorrection.sql
var correctionSQL string

// recountCorrected counts a parent's spares again after a count of its licences was put
// right. By a wrong count a line may have been missed; it is stamped with what it was
// missed at, as nearly as that can be known. The caller holds the lock on the parent.
func (s *Replacements) recountCorrected(tx *db.Tx, parentID string, ratio int) error {
	counts, err := countSpares(tx, parentID)
	if err != nil {
		return err
	}
	if err := recountOneByOne(tx, counts, ratio); err != nil {
		return err
	}

	count := counts[parentID]
	earned := spare.SparesEarned(count.Licences, ratio)
	if earned == count.Balance {
		return nil
	}

	var missed []struct {
		Cause    spare.SpareCause
		SourceID string
	}
	err = tx.Raw(correctionSQL, map[string]any{
		"parent": parentID,
		"grants": earned > count.Balance,
	}).Scan(&missed).Error
	if err != nil || len(missed) == 0 {
		return err
	}

	return s.recount(tx, count, SpareChange{
		Ratio:  ratio,
		Cause:  missed[0].Cause,
		Source: missed[0].SourceID,
	})
}

// recount writes the line that brings a parent's balance to what its licences
// earn, if it differs (R81a, S9). The caller holds the lock on the parent.
func (s *Replacements) recount(tx *db.Tx, count spareCount, why SpareChange) error {
	e, changed := spare.RecountSpares(count.Licences, why.Ratio, count.Balance, why.Cause,
		why.Source)
	if !changed {
		return nil
	}
	return s.writeSpares(tx, count, e)
}

// writeSpares adds lines to a parent's ledger and brings its units in line with it
// (S9), with the lines' audit in the parent's own chain: it names orders of all its
// accounts, so no tenant sees it (R82b).
func (s *Replacements) writeSpares(
	tx *db.Tx, count spareCount, entries ...spare.SpareEntry,
) error {
	if len(entries) == 0 {
		return nil
	}

	lines := make([]SpareLine, len(entries))
	audit := make([]db.Entry, len(entries))
	balance := count.Balance
	for i, e := range entries {
		lines[i] = SpareLine{
			ID:          db.NewID(db.PrefixSpareLine),
			ParentOrgID: count.ParentID,
			Seq:         count.LastSeq + int64(i) + 1,
			Delta:       e.Delta,
			Cause:       e.Cause,
			SourceID:    e.SourceID,
			Licences:    int64(count.Licences),
			CreatedAt:   tx.Now(),
		}

		audit[i] = db.Entry{
			Verb:     "spares.counted",
			ObjectID: count.ParentID,
			Details: map[string]any{
				"before":   balance,
				"after":    balance + e.Delta,
				"cause":    e.Cause,
				"source":   e.SourceID,
				"licences": count.Licences,
			},
		}

		balance += e.Delta
	}

	if err := tx.Create(&lines).Error; err != nil {
		return err
	}
	if err := s.alignSpares(tx, earning(lines), balance); err != nil {
		return err
	}

	return tx.Audit(count.ParentID, nil, false, audit...)
}

// earning returns the line that new units are earned by: the last one that adds.
func earning(lines []SpareLine) SpareLine {
	for i := len(lines) - 1; i >= 0; i-- {
		if lines[i].Delta > 0 {
			return lines[i]
		}
	}
	return lines[len(lines)-1]
}

// ListSpares lists what customers' parents have earned, newest parent first; a
// tenant sees the number of its own parent only (R82b).
func (s *Replacements) ListSpares(ctx context.Context, page db.Page) ([]Spares, string, error) {
	return s.SparesWith(ctx, "", page)
}

// SparesWith lists the same of the parents that have a unit in a state; empty: of all.
func (s *Replacements) SparesWith(
	ctx context.Context, state spare.SpareState, page db.Page,
) ([]Spares, string, error) {
	ref, err := s.programs.Reference(ctx)
	if err != nil {
		return nil, "", err
	}

	var out []Spares
	err = s.db.Read(ctx, func(tx *db.Tx) error {
		var parents []account.Org
		q := account.ParentsInScope(tx)
		if state != "" {
			having := tx.Model(&SpareUnit{}).Select("parent_org_id").Where("state = ?", state)
			q = q.Where("id IN (?)", having)
		}
		err := page.Apply(q).Find(&parents).Error
		if err != nil {
			return err
		}

		out, err = sparesOf(tx, ref, parents)
		return err
	})

	out, next := db.Cut(page, out, func(p Spares) string { return p.ParentOrgID })
	return out, next, err
}

// GetSpares returns what a parent has earned. A parent that is not the tenant's own
// answers NOT_FOUND.
func (s *Replacements) GetSpares(ctx context.Context, parentID string) (Spares, error) {
	ref, err := s.programs.Reference(ctx)
	if err != nil {
		return Spares{}, err
	}

	var out Spares
	err = s.db.Read(ctx, func(tx *db.Tx) error {
		var parent account.Org
		if err := account.ParentsInScope(tx).First(&parent, "id = ?", parentID).Error; err != nil {
			return db.Found(err)
		}

		all, err := sparesOf(tx, ref, []account.Org{parent})
		if err != nil {
			return err
		}

		out = all[0]
		return nil
	})

	return out, err
}

// sparesOf counts for the service and its operators; for a tenant, who cannot see
// its parent's other accounts, it reads the ledger alone. Of accounts of which a tenant
// knows nothing but that they have its company's name, it tells it nothing (S60).
func sparesOf(tx *db.Tx, ref program.Reference, parents []account.Org) ([]Spares, error) {
	counts, err := countSpares(tx, db.IdsOf(parents, func(o account.Org) string { return o.ID })...)
	if err != nil {
		return nil, err
	}

	out := make([]Spares, len(parents))
	for i, p := range parents {
		out[i] = Spares{
			ParentOrgID: p.ID,
			Name:        p.Name,
			MergedInto:  db.Text(p.MergedInto),
			Entitled:    counts[p.ID].Balance,
		}

		if tx.Scope.System {
			out[i].Licences = counts[p.ID].Licences
			continue
		}
		if err := showOwn(tx, ref, &out[i]); err != nil {
			return nil, err
		}
	}

	return out, nil
}

// showOwn narrows what a tenant sees of its parent to the accounts of which it may know
// that they are one customer with its own.
func showOwn(tx *db.Tx, ref program.Reference, s *Spares) error {
	together, all, err := identity.Together(tx, s.ParentOrgID)
	if err != nil || all {
		return err
	}

	return tx.BeyondFence(func(tx *db.Tx) error {
		licences, err := countLicences(tx, together)
		if err != nil {
			return err
		}
		s.Entitled = spare.SparesEarned(licences, ref.Program.SpareRatio)

		var own account.Account
		err = tx.Select("legal_name").Order("id").
			First(&own, "id IN ? AND parent_org_id = ?", tx.Scope.AccountIDs, s.ParentOrgID).Error
		s.Name = own.LegalName
		return db.Found(err)
	})
}

// ListSpareLines lists a parent's ledger, newest first, for the service and its
// operators only: its lines name orders of all the parent's accounts (R82b).
func (s *Replacements) ListSpareLines(
	ctx context.Context, parentID string, page db.Page,
) ([]SpareLine, string, error) {
	var out []SpareLine
	err := s.db.Read(ctx, func(tx *db.Tx) error {
		if err := tx.Scope.Service(); err != nil {
			return err
		}

		err := account.ParentsInScope(tx).
			Select("id").
			First(&account.Org{}, "id = ?", parentID).Error
		if err != nil {
			return db.Found(err)
		}

		q := tx.Where("parent_org_id = ?", parentID)
		if page.After != "" {
			// lines of one change have ids of one instant: their number is the order
			q = q.Where(`seq < (
				SELECT seq FROM spare_ledger
				WHERE id = ? AND parent_org_id = ?)`, page.After, parentID)
		}

		return q.Order("seq DESC").Limit(page.Size() + 1).Find(&out).Error
	})

	out, next := db.Cut(page, out, func(l SpareLine) string { return l.ID })
	return out, next, err
}

// SpareLines returns the whole ledger of a parent, oldest first, as rules see it.
func (s *Replacements) SpareLines(
	ctx context.Context, parentID string,
) ([]spare.SpareEntry, error) {
	var lines []SpareLine
	err := s.db.Read(ctx, func(tx *db.Tx) error {
		if err := tx.Scope.Service(); err != nil {
			return err
		}
		return tx.Where("parent_org_id = ?", parentID).Order("seq").Find(&lines).Error
	})
	if err != nil {
		return nil, err
	}

	out := make([]spare.SpareEntry, len(lines))
	for i, l := range lines {
		out[i] = spare.SpareEntry{Delta: l.Delta, Cause: l.Cause, SourceID: l.SourceID}
	}

	return out, nil
}
