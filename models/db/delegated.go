package db

import (
	"errors"
	"regexp"
	"slices"
	"strings"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"roomcover.dev/roomcover/rules"
)

// Delegated is the delegation by which somebody of a service partner acts in a customer's
// account (R41). Each transaction that writes holds its row until it has committed: what a
// slow request asked for before the end is not done behind it.
type Delegated struct {
	ID string
	// Sites are those to which the delegation is limited, as its row names them; none: all.
	Sites []string
	// Spellings are the names of the sites as the account's rows have them now.
	Spellings []string
}

// Limited reports whether a part of the account's sites is all that is delegated.
func (d *Delegated) Limited() bool { return d != nil && len(d.Sites) > 0 }

// Covers reports whether a site of that name is delegated; without a delegation, and of one for
// all sites, each is.
func (d *Delegated) Covers(site string) bool {
	if !d.Limited() {
		return true
	}
	key := rules.SiteKey(site)
	return slices.ContainsFunc(d.Sites, func(name string) bool {
		return rules.SiteKey(name) == key
	})
}

// CoversSite refuses, with NOT_FOUND, what would be at a site that is not delegated to the caller.
func (s Scope) CoversSite(site string) error {
	if s.Delegated.Covers(site) {
		return nil
	}
	return NotFound()
}

// holdDelegation locks the delegation of the scope against its end until the transaction is over.
// One that has ended, or is limited otherwise by now, answers NOT_FOUND.
func (tx *Tx) holdDelegation() error {
	d := tx.Scope.Delegated
	if d == nil || tx.Scope.System {
		return nil
	}

	q := LockWith(tx.DB, clause.Locking{Strength: "SHARE"})
	now := tx.Now()
	var sites string
	res := q.Table("delegations").Select("sites").
		Where("id = ? AND account_id IN ? AND state = ?", d.ID, tx.Scope.AccountIDs, "ACTIVE").
		Where("starts_at <= ? AND ends_at > ?", now, now).
		Scan(&sites)
	if res.Error != nil {
		return res.Error
	}
	if res.RowsAffected == 0 || sites != SitesText(d.Sites) {
		return NotFound()
	}
	return nil
}

// sitesSeparator stands between the names of sites in a row. No name has a line's end in it.
const sitesSeparator = "\n"

// SitesText is how names of sites are stored in one text.
func SitesText(sites []string) string { return strings.Join(sites, sitesSeparator) }

// ReadSites reads what SitesText wrote.
func ReadSites(text string) []string {
	if text == "" {
		return nil
	}
	return strings.Split(text, sitesSeparator)
}

// The rooms, sites, devices and tickets of the sites that are delegated.
const (
	delegatedRooms = `SELECT dr.id FROM rooms dr
		WHERE dr.account_id IN @accounts AND dr.site IN @sites`
	delegatedSites = `SELECT ds.id FROM sites ds
		WHERE ds.account_id IN @accounts AND ds.name IN @sites`
	// A device is where it was put last: one that was taken out of its room stays in sight.
	delegatedDevices = `SELECT dp.device_id FROM device_placements dp
		WHERE dp.account_id IN @accounts
			AND dp.room_id IN (` + delegatedRooms + `)
			AND NOT EXISTS (SELECT 1 FROM device_placements dn
				WHERE dn.device_id = dp.device_id AND dn.from_at > dp.from_at)`
	delegatedTickets = `SELECT dt.id FROM tickets dt
		WHERE dt.account_id IN @accounts
			AND (dt.room_id IN (` + delegatedRooms + `)
				OR (dt.room_id IS NULL AND dt.device_id IN (` + delegatedDevices + `)))`
	delegatedRMAs = `SELECT dm.id FROM rmas dm
		WHERE dm.account_id IN @accounts
			AND (dm.room_id IN (` + delegatedRooms + `)
				OR (dm.room_id IS NULL AND dm.site_id IN (` + delegatedSites + `)))`
)

// withinSites is what is true of a row, by its table, that is at a site that is delegated; @row
// stands for the table's name or alias in the statement.
var withinSites = map[string]string{
	"rooms":               "@row.site IN @sites",
	"sites":               "@row.name IN @sites",
	"devices":             "@row.id IN (" + delegatedDevices + ")",
	"device_placements":   "@row.room_id IN (" + delegatedRooms + ")",
	"licence_assignments": "@row.room_id IN (" + delegatedRooms + ")",
	"sync_places":         "@row.room_id IN (" + delegatedRooms + ")",
	"tickets": `(@row.room_id IN (` + delegatedRooms + `)
		OR (@row.room_id IS NULL AND @row.device_id IN (` + delegatedDevices + `)))`,
	"ticket_messages":     "@row.ticket_id IN (" + delegatedTickets + ")",
	"ticket_events":       "@row.ticket_id IN (" + delegatedTickets + ")",
	"ticket_snapshots":    "@row.ticket_id IN (" + delegatedTickets + ")",
	"ticket_watchers":     "@row.ticket_id IN (" + delegatedTickets + ")",
	"ticket_sessions":     "@row.ticket_id IN (" + delegatedTickets + ")",
	"ticket_participants": "@row.ticket_id IN (" + delegatedTickets + ")",
	"attachments":         "@row.group_id IN (" + delegatedTickets + ")",
	"rmas": `(@row.room_id IN (` + delegatedRooms + `)
		OR (@row.room_id IS NULL AND @row.site_id IN (` + delegatedSites + `)))`,
	"spare_units": "@row.site_id IN (" + delegatedSites + ")",
	"shipment_labels": `@row.shipment_id IN (SELECT dh.id FROM shipments dh
		WHERE dh.account_id IN @accounts
			AND (dh.subject_id IN (` + delegatedRMAs + `)
				OR dh.site_id IN (` + delegatedSites + `)))`,
	"shipments": `(@row.subject_id IN (` + delegatedRMAs + `)
		OR @row.site_id IN (` + delegatedSites + `))`,
}

// joined reads which table a statement joins, whole, and by what name. What may be missing, by a
// LEFT JOIN, is a name beside a row that is limited itself.
var joined = regexp.MustCompile(`(?i)^\s*(?:INNER\s+)?JOIN\s+(\w+)(?:\s+AS)?\s+(\w+)\s+ON\b`)

// limitToSites has each statement of a transaction by a delegation that is limited to sites, its
// subqueries too, see and change the rows of those sites alone, whether it reads from a table or
// joins it. Where a replacement goes is the replacement's: sites are not limited where they are
// joined.
func limitToSites(db *gorm.DB) error {
	limit := func(q *gorm.DB) {
		state, ok := q.Statement.Context.Value(stateKey{}).(*txState)
		if !ok || state.beyondSites > 0 || !state.delegated.Limited() ||
			q.Statement.SQL.Len() > 0 || q.Error != nil {
			return
		}

		within := func(table, row string) {
			rule, known := withinSites[table]
			if !known || row == "" {
				return
			}
			where := clause.NamedExpr{
				SQL: strings.ReplaceAll(rule, "@row", row),
				Vars: []any{map[string]any{
					"accounts": state.accounts,
					"sites":    state.delegated.Spellings,
				}},
			}
			q.Statement.AddClause(clause.Where{Exprs: []clause.Expression{where}})
		}

		table := q.Statement.Table
		if from := q.Statement.TableExpr; from != nil {
			table = strings.Trim(firstWord(from.SQL), "`\"")
		}
		within(table, q.Statement.Table)
		for _, join := range q.Statement.Joins {
			if m := joined.FindStringSubmatch(join.Name); m != nil && m[1] != "sites" {
				within(m[1], m[2])
			}
		}
	}

	callbacks := db.Callback()
	return errors.Join(
		callbacks.Query().Before("gorm:query").Register("roomcover:sites", limit),
		callbacks.Row().Before("gorm:row").Register("roomcover:sites", limit),
		callbacks.Update().Before("gorm:update").Register("roomcover:sites", limit),
		callbacks.Delete().Before("gorm:delete").Register("roomcover:sites", limit),
	)
}

func firstWord(text string) string {
	word, _, _ := strings.Cut(strings.TrimSpace(text), " ")
	return word
}

// BeyondSites runs fn in the same transaction over all sites of the account, where a command has
// to count or to compare what its caller does not see.
func (tx *Tx) BeyondSites(fn func(tx *Tx) error) error {
	tx.state.beyondSites++
	defer func() { tx.state.beyondSites-- }()
	return fn(tx)
}

// TablesOfSites lists the tables whose rows a delegation for some sites narrows.
func TablesOfSites() []string {
	var out []string
	for table := range withinSites {
		out = append(out, table)
	}
	slices.Sort(out)
	return out
}
