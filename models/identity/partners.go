package identity

import (
	"context"
	"errors"
	"strings"
	"time"

	"gorm.io/gorm"

	"roomcover.dev/roomcover/models/account"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/rules"
)

// Partner is a service partner: an organisation whose people are the members of an account of
// its own. They come in there as everybody does, by invitations, and have its roles.
type Partner struct {
	OrgID     string `gorm:"primaryKey"`
	AccountID string // the account of its people
	CreatedAt time.Time
}

// MakePartner makes the members of an account the people of a partner organisation. An operator
// does so, with a reason. Again it changes nothing. An organisation that is no partner answers
// NOT_FOUND, as does an unknown account; one that has its people elsewhere, and an account of
// another partner, answer STATE_CONFLICT.
func (s *People) MakePartner(
	ctx context.Context, orgID, accountID, reason string,
) (Partner, error) {
	scope, err := db.ScopeFrom(ctx)
	if err != nil {
		return Partner{}, err
	}
	if err := scope.Service(); err != nil {
		return Partner{}, err
	}
	if err := rules.MayManageUsers(scope.Actor.Role, rules.ActInviteExtra); err != nil {
		return Partner{}, err
	}
	if err := rules.CheckReason(reason); err != nil {
		return Partner{}, err
	}

	var p Partner
	err = s.db.Write(ctx, func(tx *db.Tx) error {
		p = Partner{}
		if _, err := account.Lock(tx, accountID); err != nil {
			return err
		}
		var org account.Org
		err := tx.ForUpdate().First(&org, "id = ? AND kind = ?", orgID, account.OrgPartner).Error
		if err != nil {
			return db.Found(err)
		}

		err = tx.First(&p, "org_id = ? OR account_id = ?", orgID, accountID).Error
		if err == nil && p.OrgID == orgID && p.AccountID == accountID {
			return nil
		}
		if err == nil {
			return rules.Refuse(rules.StateConflict, "The partner has its people already.",
				"Invite people into the account that it has.")
		}
		if !errors.Is(err, gorm.ErrRecordNotFound) {
			return err
		}

		p = Partner{OrgID: orgID, AccountID: accountID, CreatedAt: tx.Now()}
		if err := tx.Create(&p).Error; err != nil {
			return err
		}
		return account.Audit(tx, accountID, db.Entry{
			Verb:     "partner.made",
			ObjectID: orgID,
			Details:  db.WithReason(reason, map[string]any{"account": accountID}),
		})
	})
	return p, err
}

// PartnerOf returns the partner organisation whose people are the members of an account in
// scope; ok is false where the account is none of a partner.
func (s *People) PartnerOf(
	ctx context.Context, accountID string,
) (org account.Org, ok bool, err error) {
	err = s.db.WriteAcross(ctx, func(tx *db.Tx) error {
		org, ok = account.Org{}, false
		if !tx.Scope.Sees(accountID) {
			return nil
		}
		var found []account.Org
		err := tx.Table("orgs").
			Joins("JOIN partners p ON p.org_id = orgs.id").
			Where("p.account_id = ?", accountID).
			Find(&found).Error
		if len(found) > 0 {
			org, ok = found[0], true
		}
		return err
	})
	return org, ok, err
}

// Delegated is a customer's account in which a person of a partner acts.
type Delegated struct {
	Delegation
	Partner string     // its name
	Home    string     // the account of the partner's people
	OwnRole MemberRole // of the person among them
	// SecondFactor is whether the person signs in with two factors; an administrator of a
	// customer has to (S52).
	SecondFactor bool
	// Spellings are the names of its sites as the account's rows have them; none: all sites.
	Spellings []string `gorm:"-"`
	// Customer is the account itself: each page for it shows whose it is.
	Customer account.Account `gorm:"embedded;embeddedPrefix:customer_"`
}

// Scope is what the person sees and does in the customer's account: by the delegation, which
// each transaction holds to the end (R41d), and at its sites alone (S51).
func (d Delegated) Scope(actor db.Actor) db.Scope {
	return db.Scope{
		AccountIDs: []string{d.AccountID},
		Actor:      actor,
		Delegated:  d.Held(),
	}
}

// Held is the delegation as a scope carries it.
func (d Delegated) Held() *db.Delegated {
	return &db.Delegated{
		ID:        d.Delegation.ID,
		Sites:     d.Sites(),
		Spellings: d.Spellings,
	}
}

// Role is what the person may in the customer's account.
func (d Delegated) Role() rules.Role {
	delegated, own := rules.PartnerReadOnly, rules.CustomerReadOnly
	if d.Delegation.Role == RoleAdmin {
		delegated = rules.PartnerAdmin
	}
	if d.OwnRole == RoleAdmin {
		own = rules.CustomerAdmin
	}
	return rules.DelegatedRole(delegated, own, d.SecondFactor)
}

// Actor names the person as the audit has it: who, of which partner, for which account (R41e).
func (d Delegated) Actor(userID, ip, requestID string) db.Actor {
	return db.Actor{
		ID:         userID,
		Role:       d.Role(),
		OrgID:      d.PartnerOrgID,
		OnBehalfOf: d.AccountID,
		IP:         ip,
		RequestID:  requestID,
	}
}

// DelegatedTo reads, from rows and at this instant, as whom a person acts in a customer's
// account (R41c, R41d). Without an active delegation to the person's partner it answers
// NOT_FOUND, as for an account that does not exist.
func (s *People) DelegatedTo(ctx context.Context, userID, accountID string) (Delegated, error) {
	var d Delegated
	err := s.db.Read(db.WithSystem(ctx), func(tx *db.Tx) (err error) {
		d, err = s.DelegatedIn(tx, userID, accountID)
		return err
	})
	return d, err
}

// DelegatedIn is DelegatedTo in the caller's transaction, which sees every account.
func (s *People) DelegatedIn(tx *db.Tx, userID, accountID string) (Delegated, error) {
	return s.delegatedWhere(tx, userID, "d.account_id = ?", accountID)
}

// delegatedWhere is DelegatedIn by the delegation of which a condition is true.
func (s *People) delegatedWhere(
	tx *db.Tx, userID, where, is string,
) (Delegated, error) {
	customer, err := customerColumns(tx)
	if err != nil {
		return Delegated{}, err
	}
	var found []Delegated
	err = liveDelegations(tx).
		Select("d.*, o.name AS partner, p.account_id AS home, m.role AS own_role, ("+hasFactor+
			") AS second_factor, "+customer).
		Joins(reachesPartner, rules.MembershipActive).
		Joins("JOIN users u ON u.id = m.user_id").
		Joins("JOIN accounts a ON a.id = d.account_id").
		Where("m.user_id = ?", userID).
		Where(where, is).
		Order("d.role, d.id").
		Limit(1).
		Scan(&found).Error
	if err != nil {
		return Delegated{}, err
	}
	if len(found) == 0 {
		return Delegated{}, db.NotFound()
	}
	d := found[0]
	d.Spellings, err = spellingsOf(tx, d.AccountID, d.Sites())
	return d, err
}

// customerColumns are the columns of an account a, as Delegated has them.
func customerColumns(tx *db.Tx) (string, error) {
	as := &gorm.Statement{DB: tx.DB}
	if err := as.Parse(&account.Account{}); err != nil {
		return "", err
	}
	columns := make([]string, len(as.Schema.DBNames))
	for i, name := range as.Schema.DBNames {
		columns[i] = "a." + name + " AS customer_" + name
	}
	return strings.Join(columns, ", "), nil
}

// reachesPartner joins those whom the partner lets in; whom its directory has blocked it does not,
// though the last administrator's membership stays as it is (S18).
const reachesPartner = "JOIN memberships m ON m.account_id = p.account_id AND m.state = ? " +
	"AND m.blocked_at IS NULL"

// liveDelegations are those by which somebody may act now.
func liveDelegations(tx *db.Tx) *gorm.DB {
	return tx.Table("delegations AS d").
		Joins("JOIN partners p ON p.org_id = d.partner_org_id").
		Joins("JOIN orgs o ON o.id = p.org_id AND NOT o.suspended").
		Where("d.state = ? AND d.starts_at <= ? AND d.ends_at > ?",
			DelegationActive, tx.Now(), tx.Now())
}

// PartnerPerson is somebody of a partner who may act in an account, with when they last did.
type PartnerPerson struct {
	DelegationID string
	UserID       string
	Name         string
	Admin        bool // may administer the account, where a second factor is there too
	LastActed    *time.Time
}

// PartnerPeopleOf lists who may act in an account in scope for whom, by delegation. What they
// did is in the account's activity.
func (s *People) PartnerPeopleOf(ctx context.Context, accountID string) ([]PartnerPerson, error) {
	var out []PartnerPerson
	err := s.db.WriteAcross(ctx, func(tx *db.Tx) error {
		out = nil
		if !tx.Scope.Sees(accountID) {
			return db.NotFound()
		}
		err := liveDelegations(tx).
			Select("d.id AS delegation_id, u.id AS user_id, u.name, "+
				"(d.role = 'ADMIN' AND m.role = 'ADMIN') AS admin").
			Joins(reachesPartner, rules.MembershipActive).
			Joins("JOIN users u ON u.id = m.user_id").
			Where("d.account_id = ?", accountID).
			Order("d.id, m.id").
			Scan(&out).Error
		if err != nil || len(out) == 0 {
			return err
		}

		ids := db.IdsOf(out, func(p PartnerPerson) string { return p.UserID })
		var acts []db.AuditEvent
		err = tx.Select("id", "actor_id", "at").
			Where("id IN (?)", tx.Model(&db.AuditEvent{}).
				Select("MAX(id)").
				Where("account_id = ? AND on_behalf_of = ? AND actor_id IN ?",
					accountID, accountID, ids).
				Group("actor_id")).
			Find(&acts).Error
		for i, p := range out {
			for _, e := range acts {
				if e.ActorID == p.UserID {
					out[i].LastActed = &e.At
				}
			}
		}
		return err
	})
	return out, err
}

// Customer is an account for which a partner acts.
type Customer struct {
	Delegation
	Company string
	City    string
	Zone    string
	// Down counts rooms that cannot be used, by their tickets; Waiting the tickets that wait
	// for the customer's side; Due what ends or has to be sent back within DueSoon.
	Down, Waiting, Due int64
}

// DueSoon is how far a partner's list of its customers looks ahead.
const DueSoon = 30 * 24 * time.Hour

// CustomersOf lists the accounts for which the people of an account in scope may act now, by
// name. An account that is none of a partner has none.
func (s *People) CustomersOf(ctx context.Context, homeID string) ([]Customer, error) {
	var out []Customer
	err := s.db.WriteAcross(ctx, func(tx *db.Tx) error {
		out = nil
		if !tx.Scope.Sees(homeID) {
			return nil
		}
		err := liveDelegations(tx).
			Select("d.*, a.legal_name AS company, a.city, a.time_zone AS zone").
			Joins("JOIN accounts a ON a.id = d.account_id").
			Where("p.account_id = ?", homeID).
			Order("a.legal_name, d.id").
			Scan(&out).Error
		if err != nil || len(out) == 0 {
			return err
		}
		return countWork(tx, out)
	})
	return out, err
}

// The room of what is to be done, by whose site it counts for a partner or not; what has none is
// at no site.
const (
	siteOfWork   = "LEFT JOIN rooms r ON r.id = w.room_id"
	noSiteOfWork = "LEFT JOIN rooms r ON 1 = 0"
)

// countWork counts what is to be done for each customer, in three statements for all of them.
func countWork(tx *db.Tx, customers []Customer) error {
	ids := db.IdsOf(customers, func(c Customer) string { return c.AccountID })
	at := map[string]int{}
	for i, c := range customers {
		at[c.AccountID] = i
	}

	for _, one := range []struct {
		q    *gorm.DB
		into func(c *Customer) *int64
	}{
		{
			tx.Table("tickets AS w").Where("w.severity = 1 AND w.state NOT IN ?",
				[]string{"RESOLVED", "CLOSED", "CANCELLED"}).Joins(siteOfWork),
			func(c *Customer) *int64 { return &c.Down },
		},
		{
			tx.Table("tickets AS w").Where("w.state = ?", "PENDING_CUSTOMER").Joins(siteOfWork),
			func(c *Customer) *int64 { return &c.Waiting },
		},
		{
			tx.Table("service_contracts AS w").
				Where("w.state = ? AND w.end_at > ? AND w.end_at <= ?",
					"ACTIVE", tx.Now(), tx.Now().Add(DueSoon)).
				Joins(noSiteOfWork),
			func(c *Customer) *int64 { return &c.Due },
		},
	} {
		var rows []struct {
			AccountID string
			Site      string
			N         int64
		}
		err := one.q.Select("w.account_id, coalesce(r.site, '') AS site, count(*) AS n").
			Where("w.account_id IN ?", ids).
			Group("w.account_id, coalesce(r.site, '')").
			Scan(&rows).Error
		if err != nil {
			return err
		}
		for _, r := range rows {
			c := &customers[at[r.AccountID]]
			if (&db.Delegated{Sites: c.Sites()}).Covers(r.Site) {
				*one.into(c) += r.N
			}
		}
	}
	return nil
}
