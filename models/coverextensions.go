package models

import (
	"time"

	"cloud.google.com/go/civil"

	"roomcover.dev/roomcover/rules"
)

// extensionRow is what extends the warranty of a serial in an account: an attached
// unit with what its contract sold, or an earlier warranty with its own end.
type extensionRow struct {
	AccountID  string
	Serial     string
	ContractID string
	Years      int
	EndsOn     string
	FromAt     time.Time
	ToAt       *time.Time
}

// extensionsOf leaves out suspended contracts: refusing is the safer error. The
// first part tells SQLite that ends_on is a text; a column without a type would be
// read as a time.
const extensionsOf = `SELECT account_id, serial, id AS contract_id, 0 AS years, ends_on, start_at AS from_at, NULL AS to_at FROM earlier_warranties
	WHERE serial IN @serials AND account_id IN @owners AND state = 'LINKED'
	UNION ALL SELECT a.account_id, a.serial, c.id, c.term_years, '', a.from_at, a.to_at
	FROM warranty_attachments a JOIN licences l ON l.id = a.licence_id JOIN service_contracts c ON c.id = l.contract_id
	WHERE a.serial IN @serials AND a.account_id IN @owners AND c.state <> 'SUSPENDED'`

// readExtensions reads what extends the warranties of the devices: attached units
// (R39a) and earlier warranties that were linked (R111a). Both stand with a serial
// in an account, so that a device registered later has them too.
func (g *coverFacts) readExtensions() error {
	g.extensions = map[string][]rules.Extension{}
	serials, owners := map[string]bool{}, map[string]bool{}
	for _, d := range g.byID {
		if d.Serial != nil {
			serials[*d.Serial], owners[d.AccountID] = true, true
		}
	}
	if len(serials) == 0 {
		return nil
	}
	var rows []extensionRow
	err := g.tx.Raw(extensionsOf, map[string]any{"serials": keysOf(serials), "owners": keysOf(owners)}).Scan(&rows).Error
	for _, r := range rows {
		key := extensionKey(r.AccountID, r.Serial)
		g.extensions[key] = append(g.extensions[key], rules.Extension{ContractID: r.ContractID, Years: r.Years, EndsOn: dateOf(r.EndsOn), From: r.FromAt, To: r.ToAt})
	}
	return err
}

func extensionKey(accountID, serial string) string { return accountID + "/" + serial }

// warrantyOn gives a device's warranties with the years of its model on the day.
func (g *coverFacts) warrantyOn(d Device, on civil.Date) rules.Warranty {
	m, _ := rules.ModelOn(g.ref.model(d.ModelCode), d.ModelCode, on)
	return g.warranty(d, 0).WithStandardYears(m.StandardWarrantyYears)
}
