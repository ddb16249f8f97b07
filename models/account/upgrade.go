package account

import (
	"context"
	"encoding/json"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/ordering"
)

// SeedNames gives the organisations of an earlier release what they are known by (S59,
// S60): their full name, and their country where the data say it. It changes no other row:
// accounts that stand under one parent stay there, and an operator is asked about those of
// several names or countries. Again it changes nothing.
func (s *Accounts) SeedNames(ctx context.Context) error {
	var unnamed []Org
	err := s.db.Read(ctx, func(tx *db.Tx) error {
		return tx.Where("full_key = ''").Order("id").Find(&unnamed).Error
	})
	if err != nil {
		return err
	}

	for _, o := range unnamed {
		err := s.db.Write(ctx, func(tx *db.Tx) error { return nameOrg(tx, o) })
		if err != nil {
			return err
		}
	}
	return nil
}

// nameOrg gives one organisation its keys. A name that another has already is left to that
// one.
func nameOrg(tx *db.Tx, o Org) error {
	country, mixed, err := countryOf(tx, o)
	if err != nil {
		return err
	}

	full := rules.FullNameKey(o.Name)
	if o.ID == OperatorOrgID {
		full = o.NameKey
	}
	if owner, err := ownerOfName(tx, o.Kind, o.Name, country); err != nil {
		return err
	} else if owner != "" || full == "" {
		full += "#" + o.ID
	}

	err = tx.Model(&Org{}).Where("id = ? AND full_key = ''", o.ID).Updates(map[string]any{
		"full_key":    full,
		"company_key": rules.CompanyKey(o.Name),
		"country":     country,
	}).Error
	if err != nil || !mixed {
		return err
	}

	return tx.Raise(db.OperatorTask{
		Kind:      db.TaskOneParent,
		SubjectID: o.ID,
		What: "Accounts of several names or countries stand under this customer's parent. " +
			"Split off those of another company, with a reason, or close the task.",
		Why: "JOINED_BY_AN_EARLIER_RELEASE",
	})
}

// countryOf returns the country that the data give an organisation: a parent's is that of
// its accounts of the same name, a seller's is that of its latest order in which it gives
// its own name. mixed reports that a parent has accounts of other names or countries.
func countryOf(tx *db.Tx, o Org) (country string, mixed bool, err error) {
	switch o.Kind {
	case OrgCustomerParent:
		return countryOfParent(tx, o)
	case OrgReseller, OrgDistributor:
		country, err = countryOfSeller(tx, o)
	}
	return country, false, err
}

func countryOfParent(tx *db.Tx, o Org) (country string, mixed bool, err error) {
	var accounts []Account
	err = tx.Select("id", "legal_name", "country").
		Where("parent_org_id = ?", o.ID).
		Order("id").
		Find(&accounts).Error
	if err != nil || len(accounts) == 0 {
		return "", false, err
	}

	full := rules.FullNameKey(o.Name)
	country = accounts[0].Country
	for _, a := range accounts {
		if rules.FullNameKey(a.LegalName) == full {
			country = a.Country
			break
		}
	}

	for _, a := range accounts {
		mixed = mixed || a.Country != country || rules.FullNameKey(a.LegalName) != full
	}
	return country, mixed, nil
}

func countryOfSeller(tx *db.Tx, o Org) (string, error) {
	var payloads []string
	err := tx.Raw(`
		SELECT CAST(payload AS text) FROM orders
		WHERE submitted_by = ?
		ORDER BY id DESC
		LIMIT 1`, o.ID).Scan(&payloads).Error
	if err != nil || len(payloads) == 0 {
		return "", err
	}

	var form ordering.OrderForm
	if json.Unmarshal([]byte(payloads[0]), &form) != nil {
		return "", nil // nothing can be learnt from it
	}

	named := form.Reseller
	if o.Kind == OrgDistributor {
		named = form.Distributor
	}
	if rules.FullNameKey(named.Company) != rules.FullNameKey(o.Name) {
		return "", nil
	}
	return named.Address.Country, nil
}

// KnownNames lists the names of the organisations of a kind, for many orders at once.
func KnownNames(tx *db.Tx, kind OrgKind) ([]rules.KnownName, error) {
	var names []rules.KnownName
	err := tx.Raw(`
		SELECT id AS org_id, full_key, country FROM orgs WHERE kind = @kind
		UNION ALL
		SELECT org_id, full_key, country FROM org_spellings WHERE kind = @kind`,
		map[string]any{"kind": kind}).Scan(&names).Error
	return names, err
}
