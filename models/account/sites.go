package account

import (
	"context"
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"time"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/rules"
)

// AccountSite is where an account's parcels go to: one of its known ship-to addresses
// (S25). A room is at the site whose name it gives; see rules.SiteKey. The contact
// is a person: name and address leave the database in labels and mails only.
type AccountSite struct {
	ID                string
	AccountID         string
	Name              string
	NameKey           string // rules.SiteKey of Name; unique in the account
	Street            string
	City              string
	Region            string // ISO 3166-2 without the country; empty: unknown
	PostalCode        string
	Country           string // ISO 3166
	TimeZone          string // IANA name
	ContactName       string
	ContactEmail      string
	CourierUnreliable bool       // R84
	AddressTypedAt    *time.Time // when the customer typed the address; nil: see noteTyped
	CreatedAt         time.Time
	OnceKey           *string // names the form that added it; nil: none did
	Version           int64
}

// TableName is the table of sites.
func (AccountSite) TableName() string { return "sites" }

// facts are what the audit says of the site. Its address is there as a fingerprint: that it
// changed is seen, and not where to.
func (s AccountSite) facts(tx *db.Tx) map[string]any {
	a := s.Address().Normalised()
	address := strings.Join([]string{a.Street, a.City, a.PostalCode}, "\n")
	return map[string]any{
		"address":            tx.Secrets().Fingerprint("site", address)[:16],
		"name":               s.Name,
		"country":            s.Country,
		"region":             s.Region,
		"time_zone":          s.TimeZone,
		"courier_unreliable": s.CourierUnreliable,
		"contact":            s.contactFingerprint(tx),
	}
}

// contactFingerprint tells, in the audit, that the contact changed, and not who it is.
func (s AccountSite) contactFingerprint(tx *db.Tx) string {
	if s.ContactName == "" && s.ContactEmail == "" {
		return ""
	}
	return tx.Secrets().Fingerprint("site-contact", s.ContactName+"\n"+s.ContactEmail)[:16]
}

// fill takes the site's data from a form, or refuses it.
func (s *AccountSite) fill(f rules.SiteForm) error {
	f = f.Normalised()
	a := f.Address
	if err := f.Validate(); err != nil {
		return err
	}

	s.Name = f.Name
	s.NameKey = rules.SiteKey(f.Name)
	s.TimeZone = f.TimeZone
	s.ContactName = f.ContactName
	s.ContactEmail = f.ContactEmail
	s.Street = a.Street
	s.City = a.City
	s.Region = a.Region
	s.PostalCode = a.PostalCode
	s.Country = a.Country
	return nil
}

// Address is where the site is.
func (s AccountSite) Address() rules.Address {
	return rules.Address{
		Street:     s.Street,
		City:       s.City,
		Region:     s.Region,
		PostalCode: s.PostalCode,
		Country:    s.Country,
	}
}

// noteTyped keeps since when the site has been at an address that a customer typed; before
// is where it was until now. Where an operator puts it, and the account's own address, are
// known at once (S25).
func (s *AccountSite) noteTyped(tx *db.Tx, acc Account, before rules.Address) {
	role := tx.Scope.Actor.Role
	moved := !rules.ExactAddress(before, s.Address())
	switch {
	case !moved:
	case role.IsOperator(), role == "SYSTEM", rules.ExactAddress(acc.Address(), s.Address()):
		s.AddressTypedAt = nil
	default:
		now := tx.Now()
		s.AddressTypedAt = &now
	}
}

// mayMove refuses a customer, with STATE_CONFLICT, another address of a site to which a
// replacement is under way, or where a spare is kept or proposed: it would follow, and nobody
// would look at where it goes (S25).
func (s *AccountSite) mayMove(tx *db.Tx, before rules.Address) error {
	if tx.Scope.Actor.Role.IsOperator() || rules.ExactAddress(before, s.Address()) {
		return nil
	}

	var waiting bool
	err := tx.Raw(`
		SELECT EXISTS (SELECT 1 FROM rmas WHERE account_id = @account AND site_id = @site
				AND closed_at IS NULL AND outbound <> 'DELIVERED')
			OR EXISTS (SELECT 1 FROM spare_units WHERE account_id = @account AND site_id = @site
				AND state NOT IN ('CONSUMED', 'RETURNED', 'BILLED', 'WAIVED', 'VOIDED'))`,
		map[string]any{"account": s.AccountID, "site": s.ID}).Scan(&waiting).Error
	if err != nil || !waiting {
		return err
	}

	e := rules.Refuse(
		rules.StateConflict,
		"A replacement is under way to this site, or a spare is kept there or proposed for it.",
		"Add a site with the other address, or ask the service's mailbox to change this one.",
	)
	e.Fields = []rules.FieldError{{
		Pointer: "/address/street",
		Code:    rules.StateConflict,
		Message: e.Message,
		Remedy:  e.Remedy,
	}}
	return e
}

// created is the audit's entry of a site that is new.
func (s AccountSite) created(tx *db.Tx, reason string) db.Entry {
	return db.Entry{
		Verb:     "site.created",
		ObjectID: s.ID,
		Details:  db.WithReason(reason, map[string]any{"after": s.facts(tx)}),
	}
}

// SiteFrom makes a site of a form, or refuses it; it stores nothing.
func SiteFrom(tx *db.Tx, acc Account, f rules.SiteForm) (AccountSite, error) {
	site := AccountSite{
		ID:        db.NewID(db.PrefixSite),
		AccountID: acc.ID,
		CreatedAt: tx.Now(),
		Version:   1,
	}

	err := site.fill(f)
	site.noteTyped(tx, acc, rules.Address{})
	return site, err
}

// SitesNamed reads the account's sites of the names, by rules.SiteKey.
func SitesNamed(tx *db.Tx, accountID string, names []string) (map[string]AccountSite, error) {
	found := map[string]AccountSite{}
	if len(names) == 0 {
		return found, nil
	}

	keys := make([]string, len(names))
	for i, name := range names {
		keys[i] = rules.SiteKey(name)
	}

	var sites []AccountSite
	err := tx.Where("account_id = ? AND name_key IN ?", accountID, keys).Find(&sites).Error
	for _, s := range sites {
		found[s.NameKey] = s
	}
	return found, err
}

// EverySite reads all sites of an account in scope, newest first; none of another one. An
// account has as many as its rooms have places.
func (s *Accounts) EverySite(ctx context.Context, accountID string) ([]AccountSite, error) {
	var out []AccountSite
	err := s.db.Read(ctx, func(tx *db.Tx) error {
		return tx.Scope.Accounts(tx.DB, "account_id").
			Where("account_id = ?", accountID).
			Order("id DESC").
			Find(&out).Error
	})
	return out, err
}

// SiteAt finds the account's site at an address: one that is written so, else one like it
// (rules.SameSiteAddress), and of those rather one that is known than one that a customer
// typed. found is false where it has none there.
func SiteAt(
	tx *db.Tx, accountID string, a rules.Address,
) (site AccountSite, found bool, err error) {
	if strings.TrimSpace(a.Street) == "" || strings.TrimSpace(a.City) == "" {
		return AccountSite{}, false, nil
	}

	var sites []AccountSite
	err = tx.Where("account_id = ? AND country = ?", accountID, a.Normalised().Country).
		Order("id").
		Find(&sites).Error
	for _, s := range sites {
		switch {
		case rules.ExactAddress(s.Address(), a):
			return s, true, err
		case rules.SameSiteAddress(s.Address(), a) && (!found || site.AddressTypedAt != nil):
			site, found = s, true
		}
	}
	return site, found, err
}

// mayAddSites refuses, with SITE_LIMIT, more sites than an account may have; the caller has
// locked the account.
func mayAddSites(tx *db.Tx, accountID string, more int) error {
	sites, err := CountSites(tx, accountID)
	if err != nil {
		return err
	}
	return rules.MayAddSites(sites, more)
}

// CountSites counts the sites of an account.
func CountSites(tx *db.Tx, accountID string) (int, error) {
	var n int64
	err := tx.Model(&AccountSite{}).Where("account_id = ?", accountID).Count(&n).Error
	return int(n), err
}

// StoreSites stores new sites of an account that the caller has locked, with their audit, and
// tells the administrators. It refuses as mayAddSites does.
func StoreSites(tx *db.Tx, accountID, reason string, sites []AccountSite) error {
	if len(sites) == 0 {
		return nil
	}
	if err := mayAddSites(tx, accountID, len(sites)); err != nil {
		return err
	}
	if err := tx.Create(&sites).Error; err != nil {
		return err
	}
	if err := noticeOfSites(sites).tellAdmins(tx, accountID); err != nil {
		return err
	}

	entries := make([]db.Entry, len(sites))
	for i, s := range sites {
		entries[i] = s.created(tx, reason)
	}
	return Audit(tx, accountID, entries...)
}

// NewSite is a site to add. An empty time zone is that of the region or country.
type NewSite struct {
	AccountID string
	Form      rules.SiteForm
	Reason    string // operators
	// Once names the request, where the caller may send it again: the same one again
	// answers with its site. Empty: not named.
	Once string
}

// onceKey returns the request's name as it is stored, by who sends it and what the form
// says: another form under the same name is another request.
func (n NewSite) onceKey(actor db.Actor) (*string, error) {
	if n.Once == "" {
		return nil, nil
	}

	form, err := json.Marshal(n.Form.Normalised())
	key := db.HashSecret(strings.Join([]string{actor.Requester(), n.Once, string(form)}, "\n"))
	return &key, err
}

// errAddedBefore ends the transaction of a request that added its site before.
var errAddedBefore = errors.New("models: the request added its site before")

// CreateSite adds a known ship-to to an account (S25). A name that the account has
// already answers VALIDATION_FAILED with DUPLICATE.
func (s *Accounts) CreateSite(ctx context.Context, n NewSite) (AccountSite, error) {
	var site AccountSite
	err := s.db.Write(ctx, func(tx *db.Tx) error {
		return CreateInAccount(tx, n.AccountID, n.Reason, func(acc Account) (db.Entry, error) {
			key, err := n.onceKey(tx.Scope.Actor)
			if err != nil {
				return db.Entry{}, err
			}

			var before []AccountSite
			err = tx.Where("account_id = ? AND once_key = ?", acc.ID, db.Text(key)).
				Limit(1).
				Find(&before).Error
			if err != nil {
				return db.Entry{}, err
			}
			if len(before) > 0 {
				site = before[0]
				return db.Entry{}, errAddedBefore
			}

			if site, err = SiteFrom(tx, acc, n.Form); err != nil {
				return db.Entry{}, err
			}
			site.OnceKey = key
			if err := freeSiteName(tx, site); err != nil {
				return db.Entry{}, err
			}
			if err := mayAddSites(tx, acc.ID, 1); err != nil {
				return db.Entry{}, err
			}
			if err := tx.Create(&site).Error; err != nil {
				return db.Entry{}, err
			}
			if err := noticeOfSite(site, "").tellAdmins(tx, acc.ID); err != nil {
				return db.Entry{}, err
			}
			return site.created(tx, n.Reason), nil
		})
	})
	if errors.Is(err, errAddedBefore) {
		return site, nil
	}

	return site, err
}

// ChangeSite replaces a site's data. version is the one that the caller read, 0 for
// any; another one answers STATE_CONFLICT. An RMA under way keeps what it promised.
func (s *Accounts) ChangeSite(
	ctx context.Context, id string, f rules.SiteForm, version int64, reason string,
) (AccountSite, error) {
	return s.changeSite(ctx, id, version, reason, func(
		tx *db.Tx, acc Account, site *AccountSite,
	) error {
		before := site.Address()
		if err := site.fill(f); err != nil {
			return err
		}
		// Another site's name would have its rooms' hardware sent here.
		if err := tx.Scope.CoversSite(site.Name); err != nil {
			return err
		}

		if err := site.mayMove(tx, before); err != nil {
			return err
		}

		site.noteTyped(tx, acc, before)
		return freeSiteName(tx, *site)
	})
}

// MarkCourier records whether the courier is unreliable at a site (R84), which decides
// where spares lie. A tenant answers FORBIDDEN.
func (s *Accounts) MarkCourier(
	ctx context.Context, id string, unreliable bool, reason string,
) (AccountSite, error) {
	return s.changeSite(ctx, id, 0, reason, func(
		tx *db.Tx, _ Account, site *AccountSite,
	) error {
		if !tx.Scope.System {
			return rules.Refuse(rules.Forbidden,
				"Only an operator may mark a site's courier.", "Ask the service's mailbox.")
		}
		site.CourierUnreliable = unreliable
		return nil
	})
}

// changeSite locks a site with its account, calls fn to change it and increments its
// version; what is so already stays as it is.
func (s *Accounts) changeSite(
	ctx context.Context,
	id string,
	version int64,
	reason string,
	change func(tx *db.Tx, acc Account, site *AccountSite) error,
) (AccountSite, error) {
	var site AccountSite
	err := s.db.Write(ctx, func(tx *db.Tx) error {
		return ChangeInAccount(tx, "sites", id, reason, func(acc Account) (db.Entry, error) {
			site = AccountSite{}
			if err := db.Found(tx.ForUpdate().First(&site, "id = ?", id).Error); err != nil {
				return db.Entry{}, err
			}
			if err := db.Versioned(site.Version, version); err != nil {
				return db.Entry{}, err
			}

			stored, before, was := site, site.facts(tx), site.Address()
			if err := change(tx, acc, &site); err != nil {
				return db.Entry{}, err
			}
			if reflect.DeepEqual(site, stored) {
				return db.Entry{}, nil
			}

			site.Version++
			err := tx.Select("*").
				Omit("id", "account_id", "created_at", "once_key").
				Where("id = ?", id).
				Updates(&site).Error
			if err != nil {
				return db.Entry{}, err
			}

			if !rules.ExactAddress(was, site.Address()) {
				err := noticeOfSite(site, addressLine(was)).tellAdmins(tx, acc.ID)
				if err != nil {
					return db.Entry{}, err
				}
			}

			return db.Entry{
				Verb:     "site.changed",
				ObjectID: site.ID,
				Details: db.WithReason(reason, map[string]any{
					"before": before,
					"after":  site.facts(tx),
				}),
			}, nil
		})
	})

	return site, err
}

// freeSiteName refuses a name that another site of the account has; the unique key
// is the authority.
func freeSiteName(tx *db.Tx, site AccountSite) error {
	var n int64
	err := tx.Model(&AccountSite{}).
		Where("account_id = ? AND name_key = ? AND id <> ?", site.AccountID, site.NameKey, site.ID).
		Count(&n).Error
	if err != nil || n == 0 {
		return err
	}

	return rules.Invalid([]rules.FieldError{{
		Pointer: "/name",
		Code:    rules.Duplicate,
		Message: "The account has a site of this name.",
		Remedy:  "Change that site, or choose another name.",
	}})
}

// GetSite reads one site.
func (s *Accounts) GetSite(ctx context.Context, id string) (AccountSite, error) {
	var site AccountSite
	err := s.db.Read(ctx, func(tx *db.Tx) error {
		return db.Found(tx.Scope.Accounts(tx.DB, "account_id").First(&site, "id = ?", id).Error)
	})
	return site, err
}

// ListSites lists the sites in scope, newest first; accountID may be empty.
func (s *Accounts) ListSites(
	ctx context.Context, accountID string, page db.Page,
) ([]AccountSite, string, error) {
	var out []AccountSite
	err := s.db.Read(ctx, func(tx *db.Tx) error {
		q := tx.Scope.Accounts(tx.DB, "account_id")
		if accountID != "" {
			q = q.Where("account_id = ?", accountID)
		}
		return page.Apply(q).Find(&out).Error
	})

	out, next := db.Cut(page, out, func(s AccountSite) string { return s.ID })
	return out, next, err
}
