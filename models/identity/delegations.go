package identity

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strconv"
	"time"

	"gorm.io/gorm"

	"roomcover.dev/roomcover/models/account"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/notification"
	"roomcover.dev/roomcover/rules"
)

// Delegation lets the people of a partner act in a customer's account (R41). One side asks, the
// other accepts, and either ends it at once; it is never for ever (S51). Nothing is cached:
// whoever acts is looked up at each request, see DelegatedTo.
type Delegation struct {
	ID           string
	AccountID    string // the customer's
	PartnerOrgID string
	Role         MemberRole // the most that anybody of the partner may
	SiteLines    string     `gorm:"column:sites"` // see Sites
	State        DelegationState
	Days         int // how long it lasts from when it is accepted
	AskedSide    DelegationSide
	AskedBy      string
	AskedAt      time.Time
	AnswerUntil  time.Time // exclusive
	AnsweredBy   string
	StartsAt     *time.Time
	EndsAt       *time.Time // exclusive
	ClosedSide   DelegationSide
	ClosedBy     string
	ClosedAt     *time.Time
}

// Sites are the names of the account's sites that it is for; none: all of them (S51).
func (d Delegation) Sites() []string { return db.ReadSites(d.SiteLines) }

// DelegationState says how a Delegation stands.
type DelegationState string

// The states of a Delegation.
const (
	DelegationProposed DelegationState = "PROPOSED"
	DelegationActive   DelegationState = "ACTIVE"
	DelegationRefused  DelegationState = "REFUSED"
	DelegationEnded    DelegationState = "ENDED" // by a person; a request: taken back
	DelegationExpired  DelegationState = "EXPIRED"
)

// DelegationSide is a side of a Delegation.
type DelegationSide string

// The sides, and who stands above them; empty: time alone.
const (
	SideCustomer DelegationSide = "CUSTOMER"
	SidePartner  DelegationSide = "PARTNER"
	SideOperator DelegationSide = "OPERATOR"
)

// DelegationTerms are what is asked for.
type DelegationTerms struct {
	Role  MemberRole
	Days  int
	Sites []string // of the customer; none: all. A partner that asks names none
}

func (t DelegationTerms) check() error {
	wrong := rules.CheckDelegationDays(t.Days)
	if t.Role != RoleAdmin && t.Role != RoleReadOnly {
		wrong = append(wrong, rules.FieldError{
			Pointer: "/role",
			Code:    "INVALID_ROLE",
			Message: "There is no such role.",
			Remedy:  "Send ADMIN or READ_ONLY.",
		})
	}
	return rules.Invalid(wrong)
}

// AskPartner asks a partner, by its whole name, to act in an account of the caller's, who
// administers it. It answers VALIDATION_FAILED where no one partner is known by the name, and
// STATE_CONFLICT where one is asked or acts already.
func (s *People) AskPartner(
	ctx context.Context, accountID, name string, terms DelegationTerms,
) (Delegation, error) {
	if err := terms.check(); err != nil {
		return Delegation{}, err
	}

	var d Delegation
	err := s.db.WriteAcross(ctx, func(tx *db.Tx) error {
		if err := mayDelegate(tx, accountID); err != nil {
			return err
		}
		var partners []Partner
		err := tx.Table("partners").Select("partners.*").
			Joins("JOIN orgs o ON o.id = partners.org_id AND NOT o.suspended").
			Where("o.full_key = ? AND partners.account_id <> ?",
				rules.FullNameKey(name), accountID).
			Limit(2).
			Find(&partners).Error
		if err != nil {
			return err
		}
		if len(partners) != 1 {
			return rules.Invalid([]rules.FieldError{{
				Pointer: "/partner",
				Code:    "UNKNOWN_PARTNER",
				Message: "No single partner is known by this name.",
				Remedy:  "Send the partner's whole name, as its contract has it.",
			}})
		}

		terms.Sites, err = sitesNamed(tx, accountID, terms.Sites)
		if err != nil {
			return err
		}
		d, err = requestDelegation(tx, accountID, partners[0], SideCustomer, terms)
		return err
	})
	return d, err
}

// mostAsked is how many accounts of one administrator a partner asks at once.
const mostAsked = 20

// AskCustomer asks the customers whose accounts the person of an address administers. The
// caller administers the account of a partner's people. Whether there is such a person is not
// said (R41c): it answers the same, and those that are asked already are left alone.
func (s *People) AskCustomer(
	ctx context.Context, homeID, email string, terms DelegationTerms,
) error {
	if err := terms.check(); err != nil {
		return err
	}
	terms.Sites = nil

	return s.db.WriteAcross(ctx, func(tx *db.Tx) error {
		if err := mayDelegate(tx, homeID); err != nil {
			return err
		}
		var p Partner
		err := tx.Table("partners").Select("partners.*").
			Joins("JOIN orgs o ON o.id = partners.org_id AND NOT o.suspended").
			Where("partners.account_id = ?", homeID).
			Take(&p).Error
		if err != nil {
			return db.Found(err)
		}

		var accounts []string
		err = tx.Table("memberships AS m").
			Joins("JOIN users u ON u.id = m.user_id").
			Where("m.blocked_at IS NULL").
			Where("u.email = ? AND m.role = ? AND m.state = ? AND m.account_id <> ?",
				rules.NormaliseEmail(email), RoleAdmin, rules.MembershipActive, homeID).
			Order("m.account_id").
			Limit(mostAsked).
			Pluck("m.account_id", &accounts).Error
		if err != nil {
			return err
		}

		for _, id := range accounts {
			_, err := requestDelegation(tx, id, p, SidePartner, terms)
			if err != nil && rules.CodeOf(err) != rules.StateConflict {
				return err
			}
		}
		return nil
	})
}

// mayDelegate refuses who does not administer the account, and an account out of scope.
func mayDelegate(tx *db.Tx, accountID string) error {
	if tx.Scope.System || !tx.Scope.Sees(accountID) {
		return db.NotFound()
	}
	return rules.MayManageUsers(tx.Scope.Actor.Role, rules.ActChangeRole)
}

// requestDelegation stores a request, under the lock of the customer's account, and writes to
// whoever has to answer it.
func requestDelegation(
	tx *db.Tx, accountID string, p Partner, side DelegationSide, terms DelegationTerms,
) (Delegation, error) {
	acc, err := lockCustomer(tx, accountID)
	if err != nil {
		return Delegation{}, err
	}

	var open Delegation
	err = tx.Where("account_id = ? AND partner_org_id = ? AND state IN ?",
		accountID, p.OrgID, []DelegationState{DelegationProposed, DelegationActive}).
		First(&open).Error
	if err == nil && !open.Over(tx.Now()) {
		return open, rules.Refuse(rules.StateConflict, "This partner is asked or acts already.",
			"Look at the request or the delegation that there is.")
	}
	if err == nil {
		err = expire(tx, acc, &open)
	} else if errors.Is(err, gorm.ErrRecordNotFound) {
		err = nil
	}
	if err != nil {
		return Delegation{}, err
	}

	d := Delegation{
		ID:           db.NewID(db.PrefixDelegation),
		AccountID:    accountID,
		PartnerOrgID: p.OrgID,
		Role:         terms.Role,
		SiteLines:    db.SitesText(terms.Sites),
		State:        DelegationProposed,
		Days:         terms.Days,
		AskedSide:    side,
		AskedBy:      tx.Scope.Actor.ID,
		AskedAt:      tx.Now(),
		AnswerUntil: rules.AllowedUntil(account.Today(tx, acc), rules.DelegationAnswerDays,
			db.ZoneOf(acc.TimeZone)),
	}
	if err := tx.Create(&d).Error; err != nil {
		return d, err
	}

	asked := SidePartner
	if side == SidePartner {
		asked = SideCustomer
	}
	if err := tellSides(tx, acc, d, "ASKED", "1", asked); err != nil {
		return d, err
	}
	return d, auditDelegation(tx, d, side, "delegation.asked", "")
}

// Over reports whether time alone has ended a delegation or a request.
func (d Delegation) Over(now time.Time) bool {
	switch d.State {
	case DelegationProposed:
		return !now.Before(d.AnswerUntil)
	case DelegationActive:
		return !now.Before(*d.EndsAt)
	}
	return true
}

func lockCustomer(tx *db.Tx, accountID string) (account.Account, error) {
	var acc account.Account
	err := tx.ForUpdate().First(&acc, "id = ?", accountID).Error
	return acc, db.Found(err)
}

// lockDelegation locks the customer's account of a delegation that the caller is a side of, or,
// as an operator, may see. Any other answers NOT_FOUND.
func lockDelegation(tx *db.Tx, id string) (Delegation, account.Account, DelegationSide, error) {
	var d struct {
		Delegation
		Home string
	}
	err := tx.Table("delegations AS d").Select("d.*, p.account_id AS home").
		Joins("JOIN partners p ON p.org_id = d.partner_org_id").
		Where("d.id = ?", id).
		Take(&d).Error
	if err != nil {
		return Delegation{}, account.Account{}, "", db.Found(err)
	}

	side := SideOperator
	switch {
	case tx.Scope.System:
	case slices.Contains(tx.Scope.AccountIDs, d.AccountID):
		side = SideCustomer
	case slices.Contains(tx.Scope.AccountIDs, d.Home):
		side = SidePartner
	default:
		return Delegation{}, account.Account{}, "", db.NotFound()
	}
	if side != SideOperator {
		if err := rules.MayManageUsers(tx.Scope.Actor.Role, rules.ActChangeRole); err != nil {
			return Delegation{}, account.Account{}, "", err
		}
	}

	// Its own row first: commands by the delegation hold it before they lock anything else.
	now := Delegation{}
	if err := tx.ForUpdate().Select("id").First(&now, "id = ?", id).Error; err != nil {
		return Delegation{}, account.Account{}, "", db.Found(err)
	}
	acc, err := lockCustomer(tx, d.AccountID)
	if err != nil {
		return Delegation{}, acc, "", err
	}
	now = Delegation{}
	err = tx.First(&now, "id = ?", id).Error
	// A request by a partner is not shown to it: it would say who is a customer.
	if err == nil && side == SidePartner && now.AskedSide == SidePartner &&
		now.StartsAt == nil {
		err = db.NotFound()
	}
	return now, acc, side, db.Found(err)
}

// AnswerDelegation accepts or refuses what the other side has asked for. Accepted, it lasts
// from now for the days that were asked for, to the end of the last one where the account is.
// The same answer again changes nothing; a request that is over, and one's own, answer
// STATE_CONFLICT. A customer who accepts may name the sites that it is for.
func (s *People) AnswerDelegation(
	ctx context.Context, id string, accept bool, sites ...string,
) (Delegation, error) {
	var d Delegation
	err := s.db.WriteAcross(ctx, func(tx *db.Tx) error {
		var acc account.Account
		var side DelegationSide
		var err error
		d, acc, side, err = lockDelegation(tx, id)
		if err != nil {
			return err
		}
		if side == SideOperator {
			return rules.MayManageUsers(tx.Scope.Actor.Role, rules.ActChangeRole)
		}

		wanted, verb := DelegationRefused, "delegation.refused"
		if accept {
			wanted, verb = DelegationActive, "delegation.accepted"
		}
		switch {
		case d.AskedSide == side:
			return rules.Refuse(rules.StateConflict, "The other side answers this request.",
				"Wait for its answer, or take the request back.")
		case d.State == wanted && !d.Over(tx.Now()), d.State == wanted && !accept:
			return nil
		case d.State != DelegationProposed || d.Over(tx.Now()):
			return errDelegationOver()
		}

		if accept && side == SideCustomer {
			named, err := sitesNamed(tx, d.AccountID, sites)
			if err != nil {
				return err
			}
			d.SiteLines = db.SitesText(named)
		}
		now := tx.Now()
		d.State = wanted
		d.AnsweredBy = tx.Scope.Actor.ID
		if accept {
			end := rules.AllowedUntil(account.Today(tx, acc), d.Days, db.ZoneOf(acc.TimeZone))
			d.StartsAt = &now
			d.EndsAt = &end
		} else {
			d.ClosedSide = side
			d.ClosedBy = tx.Scope.Actor.ID
			d.ClosedAt = &now
		}
		if err := storeDelegation(tx, d); err != nil {
			return err
		}
		if accept {
			err := tellSides(tx, acc, d, "ACCEPTED", "1", SideCustomer, SidePartner)
			if err != nil {
				return err
			}
		}
		return auditDelegation(tx, d, side, verb, "")
	})
	return d, err
}

func errDelegationOver() error {
	return rules.Refuse(rules.StateConflict, "The delegation is over.",
		"Ask for another one.")
}

// EndDelegation ends a delegation at once, or takes a request back. Either side does so; an
// operator says why. The next request of whoever acted by it answers NOT_FOUND (R41d). Again it
// changes nothing.
func (s *People) EndDelegation(ctx context.Context, id, reason string) (Delegation, error) {
	if err := rules.CheckOptionalReason(reason); err != nil {
		return Delegation{}, err
	}

	var d Delegation
	err := s.db.WriteAcross(ctx, func(tx *db.Tx) error {
		var acc account.Account
		var side DelegationSide
		var err error
		d, acc, side, err = lockDelegation(tx, id)
		if err != nil {
			return err
		}
		if side == SideOperator {
			err := rules.MayManageUsers(tx.Scope.Actor.Role, rules.ActRemoveMember)
			if err := errors.Join(err, rules.CheckReason(reason)); err != nil {
				return err
			}
		}
		if d.State == DelegationEnded {
			return nil
		}
		if d.State != DelegationProposed && d.State != DelegationActive || d.Over(tx.Now()) {
			return errDelegationOver()
		}
		if d.State == DelegationProposed && d.AskedSide != side && side != SideOperator {
			return rules.Refuse(rules.StateConflict, "This request waits for an answer.",
				"Refuse it.")
		}

		acted := d.State == DelegationActive
		now := tx.Now()
		d.State = DelegationEnded
		d.ClosedSide = side
		d.ClosedBy = tx.Scope.Actor.ID
		d.ClosedAt = &now
		if err := storeDelegation(tx, d); err != nil {
			return err
		}
		if acted {
			err := tellSides(tx, acc, d, "ENDED", "1", SideCustomer, SidePartner)
			if err != nil {
				return err
			}
		}
		return auditDelegation(tx, d, side, "delegation.ended", reason)
	})
	return d, err
}

func storeDelegation(tx *db.Tx, d Delegation) error {
	return tx.Model(&Delegation{}).
		Where("id = ?", d.ID).
		Select("state", "sites", "answered_by", "starts_at", "ends_at", "closed_side", "closed_by",
			"closed_at").
		Updates(&d).Error
}

// auditDelegation writes into the customer's audit. Somebody of the partner stands there as
// such, with the partner and the account (R41e).
func auditDelegation(
	tx *db.Tx, d Delegation, side DelegationSide, verb, reason string,
) error {
	if side == SidePartner {
		tx = asPartner(tx, d)
	}
	details := map[string]any{"role": d.Role, "days": d.Days, "partner": d.PartnerOrgID}
	if d.EndsAt != nil {
		details["ends_at"] = *d.EndsAt
	}
	if sites := d.Sites(); len(sites) > 0 {
		details["sites"] = sites
	}
	return account.Audit(tx, d.AccountID, db.Entry{
		Verb:     verb,
		ObjectID: d.ID,
		Details:  db.WithReason(reason, details),
	})
}

// tellSides writes to the administrators of sides what became of a delegation.
func tellSides(
	tx *db.Tx, acc account.Account, d Delegation, what, epoch string, sides ...DelegationSide,
) error {
	var p struct{ AccountID, Name string }
	err := tx.Table("partners AS p").Select("p.account_id, o.name").
		Joins("JOIN orgs o ON o.id = p.org_id").
		Where("p.org_id = ?", d.PartnerOrgID).
		Take(&p).Error
	if err != nil {
		return err
	}

	params := map[string]any{
		"what":     what,
		"partner":  p.Name,
		"customer": acc.LegalName,
		"role":     string(d.Role),
		"days":     d.Days,
	}
	until := d.AnswerUntil
	if d.EndsAt != nil {
		until = *d.EndsAt
	}
	params["until_on"] = rules.LastCoveredDay(until, db.ZoneOf(acc.TimeZone)).String()

	for _, side := range sides {
		of := acc.ID
		if side == SidePartner {
			of = p.AccountID
		}
		admins, err := AdminsOfAccount(tx, of)
		if err != nil {
			return err
		}
		read := maps.Clone(params)
		read["side"] = string(side)
		for _, a := range admins {
			err := notification.QueueSingle(tx, notification.Notification{
				Template:  rules.TemplateDelegation,
				SubjectID: d.ID + "/" + what,
				Recipient: a.Email,
				Epoch:     epoch,
				AccountID: &of,
				Locale:    a.Locale,
				Params:    read,
			})
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// expire ends a delegation or a request whose time is over. Nobody acted by it any more: see
// liveDelegations.
func expire(tx *db.Tx, acc account.Account, d *Delegation) error {
	acted := d.State == DelegationActive
	now := tx.Now()
	d.State = DelegationExpired
	d.ClosedAt = &now
	if err := storeDelegation(tx, *d); err != nil {
		return err
	}
	if acted {
		err := tellSides(tx, acc, *d, "EXPIRED", "1", SideCustomer, SidePartner)
		if err != nil {
			return err
		}
	}
	tx = tx.As(db.Scope{System: true, Actor: db.Actor{ID: "system", Role: "SYSTEM"}})
	return auditDelegation(tx, *d, "", "delegation.expired", "")
}

// SweepDelegations reminds both sides of the end of a batch of delegations, 30, 7 and 1 days
// before it (S51), and ends those whose time is over, behind the id after. It returns how many
// it read, and the last id.
func SweepDelegations(tx *db.Tx, after string, limit int) (read int, last string, err error) {
	soon := tx.Now().AddDate(0, 0, 31)
	var due []Delegation
	err = tx.Where("(state = ? AND answer_until <= ?) OR (state = ? AND ends_at <= ?)",
		DelegationProposed, tx.Now(), DelegationActive, soon).
		Where("id > ?", after).
		Order("id").
		Limit(limit).
		Find(&due).Error
	if err != nil {
		return 0, "", err
	}

	for _, found := range due {
		last = found.ID
		acc, err := lockCustomer(tx, found.AccountID)
		if err != nil {
			return 0, "", err
		}
		var d Delegation // as it is behind the lock
		if err := tx.First(&d, "id = ?", found.ID).Error; err != nil {
			return 0, "", err
		}
		if d.State != DelegationProposed && d.State != DelegationActive {
			continue
		}

		if d.Over(tx.Now()) {
			err = expire(tx, acc, &d)
		} else if d.State == DelegationActive {
			days := rules.DelegationReminder(*d.StartsAt, *d.EndsAt, tx.Now())
			if days > 0 {
				err = tellSides(tx, acc, d, "ENDS", strconv.Itoa(days), SideCustomer, SidePartner)
			}
		}
		if err != nil {
			return 0, "", err
		}
	}
	return len(due), last, nil
}

// DelegationSeen is a Delegation with the names of its sides.
type DelegationSeen struct {
	Delegation
	Partner  string
	Customer string
}

// DelegationsOf lists the delegations and requests that an account in scope is the customer of,
// newest first, with those that are over.
func (s *People) DelegationsOf(ctx context.Context, accountID string) ([]DelegationSeen, error) {
	return s.delegationsSeen(ctx, accountID, "d.account_id = ?")
}

// PartnerDelegationsOf lists those of the partner whose people an account in scope has. What
// the partner asked for and nobody accepted is left out: it would say who is a customer.
func (s *People) PartnerDelegationsOf(
	ctx context.Context, homeID string,
) ([]DelegationSeen, error) {
	return s.delegationsSeen(ctx, homeID,
		"p.account_id = ? AND (d.asked_side = 'CUSTOMER' OR d.starts_at IS NOT NULL)")
}

// GetDelegation reads one with the names of its sides, for an operator or for its customer.
func (s *People) GetDelegation(ctx context.Context, id string) (DelegationSeen, error) {
	var d DelegationSeen
	err := s.db.WriteAcross(ctx, func(tx *db.Tx) error {
		return db.Found(tx.Scope.Accounts(tx.Table("delegations AS d"), "d.account_id").
			Select("d.*, o.name AS partner, a.legal_name AS customer").
			Joins("JOIN orgs o ON o.id = d.partner_org_id").
			Joins("JOIN accounts a ON a.id = d.account_id").
			Where("d.id = ?", id).
			Take(&d).Error)
	})
	return d, err
}

// mostDelegations is how many a list holds: those that are over go out of it first.
const mostDelegations = 500

func (s *People) delegationsSeen(
	ctx context.Context, accountID, where string,
) ([]DelegationSeen, error) {
	var out []DelegationSeen
	err := s.db.WriteAcross(ctx, func(tx *db.Tx) error {
		out = nil
		if !tx.Scope.Sees(accountID) {
			return db.NotFound()
		}
		return tx.Table("delegations AS d").
			Select("d.*, o.name AS partner, a.legal_name AS customer").
			Joins("JOIN partners p ON p.org_id = d.partner_org_id").
			Joins("JOIN orgs o ON o.id = p.org_id").
			Joins("JOIN accounts a ON a.id = d.account_id").
			Where(where, accountID).
			Order("CASE WHEN d.state IN ('PROPOSED','ACTIVE') THEN 0 ELSE 1 END, d.id DESC").
			Limit(mostDelegations).
			Scan(&out).Error
	})
	return out, err
}
