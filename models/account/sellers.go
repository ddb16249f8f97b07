package account

import (
	"context"
	"fmt"
	"slices"
	"time"

	"gorm.io/gorm/clause"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/rules"
)

// What operators keep about who sells: other spellings of a name that they confirmed
// (S59), a company's mail domains (R115b), where it is told of orders in its name, and
// which distributors order for which resellers (S65).

// OrgSpelling is another name, spelling or country under which an organisation is known,
// as an operator confirmed.
type OrgSpelling struct {
	Kind       OrgKind `gorm:"primaryKey"`
	FullKey    string  `gorm:"primaryKey"` // rules.FullNameKey of Name
	Country    string  `gorm:"primaryKey"`
	OrgID      string
	Name       string
	CompanyKey string // rules.CompanyKey of Name
}

// OrgMailDomain is a domain in which an organisation's people have their addresses.
type OrgMailDomain struct {
	OrgID  string `gorm:"primaryKey"`
	Domain string `gorm:"primaryKey"` // rules.NormaliseDomain
}

// OrgRelation says that a distributor orders in the name of a reseller.
type OrgRelation struct {
	DistributorID string `gorm:"primaryKey"`
	ResellerID    string `gorm:"primaryKey"`
	CreatedAt     time.Time
}

// MaxOrgEntries bounds the domains, and the spellings, of one organisation.
const MaxOrgEntries = 50

// OrgRecords is what operators keep about an organisation beside its authorisation.
type OrgRecords struct {
	MailDomains    []string
	Spellings      []OrgSpelling
	ResellerIDs    []string // of a distributor: in whose names it orders
	DistributorIDs []string // of a reseller: who orders in its name
	Alike          []Org    // others of its kind whose name it resembles (S59)
}

// GetOrgRecords reads what is on record about an organisation; it is for the service and
// its operators.
func (s *Accounts) GetOrgRecords(ctx context.Context, o Org) (OrgRecords, error) {
	var r OrgRecords
	err := s.db.Read(ctx, func(tx *db.Tx) error {
		if err := tx.Scope.Service(); err != nil {
			return err
		}

		err := tx.Model(&OrgMailDomain{}).Where("org_id = ?", o.ID).
			Order("domain").Pluck("domain", &r.MailDomains).Error
		if err != nil {
			return err
		}

		err = tx.Where("org_id = ?", o.ID).Order("full_key, country").Find(&r.Spellings).Error
		if err != nil {
			return err
		}

		err = tx.Model(&OrgRelation{}).Where("distributor_id = ?", o.ID).
			Order("reseller_id").Pluck("reseller_id", &r.ResellerIDs).Error
		if err != nil {
			return err
		}

		err = tx.Model(&OrgRelation{}).Where("reseller_id = ?", o.ID).
			Order("distributor_id").Pluck("distributor_id", &r.DistributorIDs).Error
		if err != nil {
			return err
		}

		return tx.Where("kind = ? AND company_key = ? AND id <> ?", o.Kind, o.CompanyKey, o.ID).
			Order("id").Limit(MaxOrgEntries).Find(&r.Alike).Error
	})

	return r, err
}

// OrgMail is how an organisation is reached, as an operator keeps it: its mail domains,
// the address that is told of orders in its name, and the language of mails to all of these.
type OrgMail struct {
	Domains   []string
	NoticesTo string // empty: none
	Locale    string // BCP 47; empty: that of the order or country
}

// PutOrgMail replaces what is on record about the mail of a seller (R115b, S65), with a
// reason. VALIDATION_FAILED names a domain that is none or not one company's own, and an
// address that is none or outside of the domains.
func (s *Accounts) PutOrgMail(ctx context.Context, id string, m OrgMail, reason string) error {
	m, err := m.checked(reason)
	if err != nil {
		return err
	}

	if m.Locale != "" {
		ref, err := s.programs.Reference(ctx)
		if err != nil {
			return err
		}
		if err := rules.Invalid(ref.Program.CheckLocale("/locale", m.Locale)); err != nil {
			return err
		}
	}

	return s.db.Write(ctx, func(tx *db.Tx) error {
		o, err := lockSeller(tx, id)
		if err != nil {
			return err
		}

		if err := tx.Delete(&OrgMailDomain{}, "org_id = ?", o.ID).Error; err != nil {
			return err
		}
		for _, domain := range m.Domains {
			if err := tx.Create(&OrgMailDomain{OrgID: o.ID, Domain: domain}).Error; err != nil {
				return err
			}
		}

		err = tx.Model(&Org{}).Where("id = ?", o.ID).Updates(map[string]any{
			"notices_to": m.NoticesTo,
			"locale":     m.Locale,
		}).Error
		if err != nil {
			return err
		}

		return auditRecords(tx, "org.mail_changed", o.ID, reason, map[string]any{
			"domains":     len(m.Domains),
			"has_address": m.NoticesTo != "",
			"locale":      m.Locale,
		})
	})
}

// checked returns the mail as it is stored, or refuses it.
func (m OrgMail) checked(reason string) (OrgMail, error) {
	if err := rules.CheckReason(reason); err != nil {
		return m, err
	}

	var k rules.Checker
	if len(m.Domains) > MaxOrgEntries {
		k.Fail("/domains", rules.TooManyNamed, "More than 50 domains are named.",
			"Name the domains from which its people write.")
		return m, rules.Invalid(k.Fields)
	}

	out := OrgMail{NoticesTo: rules.NormaliseEmail(m.NoticesTo), Locale: m.Locale}
	for i, text := range m.Domains {
		domain := rules.NormaliseDomain(text)
		wrong := rules.CheckMailDomain(fmt.Sprintf("/domains/%d", i), domain)
		k.Fields = append(k.Fields, wrong...)
		if len(wrong) == 0 && !slices.Contains(out.Domains, domain) {
			out.Domains = append(out.Domains, domain)
		}
	}

	if out.NoticesTo != "" {
		k.Email("/notices_to", out.NoticesTo)
		at := rules.EmailDomain(out.NoticesTo)
		if len(k.Fields) == 0 && len(out.Domains) > 0 && !rules.AtOneOf(at, out.Domains) {
			k.Fail("/notices_to", rules.InvalidEmail,
				"The address is at none of the organization's domains.",
				"Name an address of the organization, or its domain too.")
		}
	}

	return out, rules.Invalid(k.Fields)
}

// Spelling is a name and country that mean an organisation.
type Spelling struct {
	Name    string
	Country string // ISO 3166; empty: in every country
}

// PutOrgSpellings replaces the other names under which a seller is known (S59), with a
// reason: an operator answers so that a name in an order is this organisation's.
// VALIDATION_FAILED names one that is missing, twice, or another organisation's.
func (s *Accounts) PutOrgSpellings(
	ctx context.Context, id string, spellings []Spelling, reason string,
) error {
	if err := rules.CheckReason(reason); err != nil {
		return err
	}
	if len(spellings) > MaxOrgEntries {
		return rules.Invalid([]rules.FieldError{{
			Pointer: "/spellings",
			Code:    rules.TooManyNamed,
			Message: "More than 50 spellings are named.",
			Remedy:  "Name those that orders use.",
		}})
	}

	return s.db.Write(ctx, func(tx *db.Tx) error {
		o, err := lockSeller(tx, id)
		if err != nil {
			return err
		}

		if err := tx.Delete(&OrgSpelling{}, "org_id = ?", o.ID).Error; err != nil {
			return err
		}

		rows, err := spellingRows(tx, o, spellings)
		if err != nil {
			return err
		}
		if len(rows) > 0 {
			if err := tx.Create(&rows).Error; err != nil {
				return err
			}
		}

		return auditRecords(tx, "org.spellings_changed", o.ID, reason,
			map[string]any{"spellings": len(rows)})
	})
}

// spellingRows checks the spellings of an organisation against every name on record.
func spellingRows(tx *db.Tx, o Org, spellings []Spelling) ([]OrgSpelling, error) {
	var k rules.Checker
	var rows []OrgSpelling
	seen := map[string]bool{}
	for i, spelling := range spellings {
		name := rules.NormaliseText(spelling.Name)
		at := fmt.Sprintf("/spellings/%d", i)
		if !k.Text(at+"/name", name, rules.MaxCompany) {
			continue
		}
		if spelling.Country != "" && !rules.ValidCountry(spelling.Country) {
			k.Country(at+"/country", spelling.Country)
			continue
		}

		row := OrgSpelling{
			Kind:       o.Kind,
			FullKey:    rules.FullNameKey(name),
			Country:    spelling.Country,
			OrgID:      o.ID,
			Name:       name,
			CompanyKey: rules.CompanyKey(name),
		}

		owner, err := releasedName(tx, o, row)
		switch key := row.FullKey + "|" + row.Country; {
		case err != nil:
			return nil, err
		case owner != "" && owner != o.ID:
			k.Fields = append(k.Fields, nameTaken(at+"/name", owner))
		case seen[key] || owner == o.ID:
			k.Fail(at+"/name", rules.Duplicate, "This name stands here already.",
				"Leave it out: the organization is known by it.")
		default:
			seen[key] = true
			rows = append(rows, row)
		}
	}

	return rows, rules.Invalid(k.Fields)
}

// releasedName returns who is known by the name of a spelling, as ownerOfName does. A name
// that only an order has given, of an organisation that no operator authorised and that has
// no token, is free for it: that organisation keeps its orders and is named no more.
func releasedName(tx *db.Tx, o Org, row OrgSpelling) (string, error) {
	owner, err := ownerOfName(tx, row.Kind, row.Name, row.Country)
	if err != nil || owner == "" || owner == o.ID {
		return owner, err
	}

	released := tx.Model(&Org{}).
		Where("id = ? AND full_key = ? AND authorised_from_day IS NULL AND NOT suspended",
			owner, row.FullKey).
		Where("NOT EXISTS (SELECT 1 FROM api_tokens WHERE api_tokens.org_id = orgs.id)").
		Where("NOT EXISTS (SELECT 1 FROM orders WHERE orders.submitted_by = orgs.id)").
		Updates(map[string]any{
			"full_key": row.FullKey + "#" + owner,
			"name_key": row.FullKey + "#" + owner,
		})
	if released.Error != nil || released.RowsAffected == 0 {
		return owner, released.Error
	}

	return "", tx.Audit(owner, nil, false, db.Entry{
		Verb:     "org.name_released",
		ObjectID: owner,
		Details:  map[string]any{"to": o.ID},
	})
}

// ownerOfName returns the organisation that is known by exactly this name and country,
// its own or a confirmed spelling; empty for none.
func ownerOfName(tx *db.Tx, kind OrgKind, name, country string) (string, error) {
	var ids []string
	err := tx.Raw(`
		SELECT id FROM orgs WHERE kind = @kind AND full_key = @key AND country = @country
		UNION
		SELECT org_id FROM org_spellings
		WHERE kind = @kind AND full_key = @key AND country = @country`,
		map[string]any{"kind": kind, "key": rules.FullNameKey(name), "country": country},
	).Scan(&ids).Error
	if err != nil || len(ids) == 0 {
		return "", err
	}
	return ids[0], nil
}

// RelateOrgs records whether a distributor orders in the name of a reseller (S65), with a
// reason. Again it changes nothing. An id that is no distributor's, or no reseller's,
// answers NOT_FOUND.
func (s *Accounts) RelateOrgs(
	ctx context.Context, distributorID, resellerID string, related bool, reason string,
) error {
	if err := rules.CheckReason(reason); err != nil {
		return err
	}

	return s.db.Write(ctx, func(tx *db.Tx) error {
		d, err := lockSeller(tx, distributorID)
		if err != nil {
			return err
		}
		r, err := lockSeller(tx, resellerID)
		if err != nil {
			return err
		}
		if d.Kind != OrgDistributor || r.Kind != OrgReseller {
			return db.NotFound()
		}

		relation := OrgRelation{DistributorID: d.ID, ResellerID: r.ID, CreatedAt: tx.Now()}
		verb := "org.relation_recorded"
		changed := tx.Clauses(clause.OnConflict{DoNothing: true})
		if related {
			changed = changed.Create(&relation)
		} else {
			verb = "org.relation_removed"
			changed = tx.Delete(&OrgRelation{},
				"distributor_id = ? AND reseller_id = ?", d.ID, r.ID)
		}
		if changed.Error != nil || changed.RowsAffected == 0 {
			return changed.Error
		}

		return auditRecords(tx, verb, d.ID, reason, map[string]any{"reseller": r.ID})
	})
}

// lockSeller locks an organisation that sells or serves; NOT_FOUND for another kind, and
// for who is not the operator.
func lockSeller(tx *db.Tx, id string) (Org, error) {
	if err := tx.Scope.Service(); err != nil {
		return Org{}, err
	}

	var o Org
	err := tx.ForUpdate().First(&o, "id = ? AND kind IN ?", id,
		[]OrgKind{OrgReseller, OrgDistributor, OrgPartner}).Error
	return o, db.Found(err)
}

func auditRecords(
	tx *db.Tx, verb, orgID, reason string, details map[string]any,
) error {
	return tx.Audit(orgID, nil, false, db.Entry{
		Verb:     verb,
		ObjectID: orgID,
		Details:  db.WithReason(reason, details),
	})
}

// Sellers is what is on record about those whom an order names, and about its sender.
type Sellers struct {
	names     map[OrgKind][]rules.KnownName
	domains   map[string][]string
	resellers []string // in whose names the sender orders
}

// SellerQuery asks for what is on record about an order's sellers.
type SellerQuery struct {
	SenderID    string
	Reseller    string // the names in the order
	Distributor string
	// OneByOne is a number under which orders are looked at one after another, so that
	// two that come at once see each other: the customer's.
	OneByOne int64
}

const sellersSQL = `
	WITH named AS (
		SELECT id AS org_id, kind, full_key, country FROM orgs
		WHERE company_key IN @companies AND kind IN @kinds
		UNION ALL
		SELECT org_id, kind, full_key, country FROM org_spellings
		WHERE company_key IN @companies AND kind IN @kinds
	)
	SELECT 'NAME' AS what, org_id, kind, full_key AS text, country FROM named
	UNION ALL
	SELECT 'DOMAIN', org_id, '', domain, '' FROM org_mail_domains
	WHERE org_id = @sender OR org_id IN (SELECT org_id FROM named)
	UNION ALL
	SELECT 'RELATION', reseller_id, '', '', '' FROM org_relations
	WHERE distributor_id = @sender AND reseller_id IN (SELECT org_id FROM named)`

const oneByOneSQL = `
	UNION ALL
	SELECT 'LOCK', '', '', CAST(pg_advisory_xact_lock(@number) AS text), ''`

// FindSellers reads what is on record about an order's sellers, in one statement. On
// PostgreSQL another transaction that asks under the same number waits until this one
// ends; SQLite has one writer at a time.
func FindSellers(tx *db.Tx, q SellerQuery) (Sellers, error) {
	query := sellersSQL
	if tx.Postgres() {
		query += oneByOneSQL
	}

	var rows []struct{ What, OrgID, Kind, Text, Country string }
	tx.WaitForLock()
	err := tx.Raw(query, map[string]any{
		"companies": []string{rules.CompanyKey(q.Reseller), rules.CompanyKey(q.Distributor)},
		"kinds":     []OrgKind{OrgReseller, OrgDistributor},
		"sender":    q.SenderID,
		"number":    q.OneByOne,
	}).Scan(&rows).Error

	found := Sellers{
		names:   map[OrgKind][]rules.KnownName{},
		domains: map[string][]string{},
	}

	for _, r := range rows {
		switch r.What {
		case "NAME":
			kind := OrgKind(r.Kind)
			found.names[kind] = append(found.names[kind], rules.KnownName{
				OrgID:   r.OrgID,
				FullKey: r.Text,
				Country: r.Country,
			})
		case "DOMAIN":
			found.domains[r.OrgID] = append(found.domains[r.OrgID], r.Text)
		case "RELATION":
			found.resellers = append(found.resellers, r.OrgID)
		}
	}

	return found, err
}

// WhoIs returns the organisation of the kind that a party of the order means, and those
// that its name only resembles; see rules.WhoIsNamed.
func (s Sellers) WhoIs(kind OrgKind, p rules.OrgParty) (orgID string, alike []string) {
	key := rules.CompanyKey(p.Company)
	full := rules.FullNameKey(p.Company)
	var known []rules.KnownName
	for _, n := range s.names[kind] {
		if n.FullKey == full || rules.CompanyKey(n.FullKey) == key {
			known = append(known, n)
		}
	}
	return rules.WhoIsNamed(p.Company, p.Address.Country, known)
}

// Domains returns the mail domains on record of an organisation, with that of the address
// that the order gives for it.
func (s Sellers) Domains(orgID, typed string) []string {
	return append([]string{rules.EmailDomain(typed)}, s.domains[orgID]...)
}

// Has reports whether an address is at a mail domain on record of the organisation.
func (s Sellers) Has(orgID, email string) bool {
	return rules.AtOneOf(rules.EmailDomain(email), s.domains[orgID])
}

// IsOnRecord reports whether an address is at a mail domain on record of one of the
// organisations.
func IsOnRecord(tx *db.Tx, orgIDs []string, email string) (bool, error) {
	var domains []string
	err := tx.Model(&OrgMailDomain{}).Where("org_id IN ?", orgIDs).Pluck("domain", &domains).Error
	return rules.AtOneOf(rules.EmailDomain(email), domains), err
}

// Relates reports whether the sender, a distributor, orders in the name of the reseller.
func (s Sellers) Relates(resellerID string) bool {
	return slices.Contains(s.resellers, resellerID)
}

// EnsureReseller registers a reseller that a distributor's order names and that is not on
// record: without authorisation, so that its orders are reviewed (R45a, S59). The unique
// name decides between two that come at the same time.
func EnsureReseller(tx *db.Tx, p rules.OrgParty) (Org, error) {
	o, fresh, _, err := insertOrg(tx, OrgReseller, p.Company, p.Address.Country)
	if err != nil || fresh {
		return o, err
	}

	var stored Org
	err = tx.First(&stored, "kind = ? AND full_key = ? AND country = ?",
		o.Kind, o.FullKey, o.Country).Error
	return stored, err
}

// IsSellersDomain reports whether a mail domain is on record as that of an organisation
// that sells or serves.
func IsSellersDomain(tx *db.Tx, domain string) (bool, error) {
	var n int64
	err := tx.Model(&OrgMailDomain{}).Where("domain = ?", domain).Limit(1).Count(&n).Error
	return n > 0, err
}

// ReadOrg reads an organisation in the caller's transaction.
func ReadOrg(tx *db.Tx, id string) (Org, error) {
	var o Org
	err := tx.First(&o, "id = ?", id).Error
	return o, db.Found(err)
}
