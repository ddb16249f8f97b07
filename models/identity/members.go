package identity

import (
	"context"
	"errors"
	"maps"
	"strings"
	"time"

	"gorm.io/gorm"

	"roomcover.dev/roomcover/models/account"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/notification"
	"roomcover.dev/roomcover/rules"
)

// MemberRole is a person's role in an account (R42).
type MemberRole string

// The roles of a member.
const (
	RoleAdmin    MemberRole = "ADMIN"
	RoleReadOnly MemberRole = "READ_ONLY"
)

// Membership is a user's place in an account.
type Membership struct {
	ID           string
	AccountID    string
	UserID       string
	Role         MemberRole
	State        rules.MembershipState
	InvitationID *string
	// Provisioned says that the company's directory made the membership (S50).
	Provisioned bool
	// BlockedAt is when the directory ended the access; nil: it did not. It may stand beside the
	// state ACTIVE, of the last administrator (S18): the person does not get in.
	BlockedAt *time.Time
	CreatedAt time.Time
}

// Member is a membership with its person.
type Member struct {
	Membership
	Name   string
	Email  string
	Locale string // of the person's mails
}

// MembersOf lists the people of an account.
func (s *People) MembersOf(ctx context.Context, accountID string) ([]Member, error) {
	var out []Member
	err := s.db.Read(ctx, func(tx *db.Tx) error {
		q := tx.Scope.Accounts(tx.Table("memberships"), "account_id")
		return q.Select("memberships.*, u.name, u.email, u.locale").
			Joins("JOIN users u ON u.id = memberships.user_id").
			Where("account_id = ? AND state <> ?", accountID, rules.MembershipRemoved).
			Order("memberships.id").
			Scan(&out).Error
	})

	return out, err
}

// PersonOf reads a user with the roles of their active memberships by account, in one statement,
// and of those accounts that have a service partner's people the partner.
func (s *People) PersonOf(
	ctx context.Context, id string,
) (u User, roles map[string]MemberRole, partners map[string]string, err error) {
	p, err := s.PersonBy(ctx, id, "")
	return p.User, p.Roles, p.Partners, err
}

// Person is a user with what one of their sessions reaches.
type Person struct {
	User
	Roles        map[string]MemberRole // by account
	Partners     map[string]string     // partner organisation whose people the account has
	SecondFactor bool                  // beside the password
}

// byPassword are the memberships that somebody reaches who came by password: not those of an
// organisation that enforces its own sign-in, unless as its break-glass administrator, who still
// administers one of its accounts (S49).
const byPassword = ` AND NOT EXISTS (
	SELECT 1 FROM accounts a
	JOIN sso_connections c ON c.org_id = a.parent_org_id AND c.state = 'ENFORCED'
	WHERE a.id = m.account_id AND NOT EXISTS (
		SELECT 1 FROM sso_break_glass b
		JOIN memberships g ON g.user_id = b.user_id
			AND g.role = 'ADMIN' AND g.state = 'ACTIVE' AND g.blocked_at IS NULL
		JOIN accounts h ON h.id = g.account_id AND h.parent_org_id = b.org_id
		WHERE b.org_id = c.org_id AND b.user_id = m.user_id))`

// byConnection are those that somebody reaches who came by an organisation's own sign-in: its own
// accounts alone. Another organisation never agreed that this provider says who its people are.
const byConnection = ` AND EXISTS (
	SELECT 1 FROM accounts a JOIN sso_connections c ON c.org_id = a.parent_org_id
	WHERE a.id = m.account_id AND c.id = ? AND c.state IN ('ENABLED','ENFORCED'))`

// PersonBy is PersonOf for a session that began by a connection; empty: by password.
func (s *People) PersonBy(ctx context.Context, id, connectionID string) (Person, error) {
	reach, args := byPassword, []any{rules.MembershipActive}
	if connectionID != "" {
		reach = byConnection
		args = append(args, connectionID)
	}

	var rows []struct {
		User
		AccountID    *string
		Role         *MemberRole
		PartnerID    *string
		SecondFactor bool
	}
	err := s.db.Read(db.WithSystem(ctx), func(tx *db.Tx) error {
		return tx.Table("users AS u").
			Select("u.*, m.account_id, m.role, p.org_id AS partner_id, ("+hasFactor+
				") AS second_factor").
			Joins(`LEFT JOIN memberships m ON m.user_id = u.id AND m.state = ?
				AND m.blocked_at IS NULL`+reach, args...).
			Joins("LEFT JOIN partners p ON p.account_id = m.account_id").
			Where("u.id = ?", id).
			Scan(&rows).Error
	})
	if err == nil && len(rows) == 0 {
		err = db.NotFound()
	}
	if err != nil {
		return Person{}, err
	}

	p := Person{
		User:         rows[0].User,
		Roles:        map[string]MemberRole{},
		Partners:     map[string]string{},
		SecondFactor: rows[0].SecondFactor,
	}
	for _, r := range rows {
		if r.AccountID != nil && r.Role != nil {
			p.Roles[*r.AccountID] = *r.Role
		}
		if r.AccountID != nil && r.PartnerID != nil {
			p.Partners[*r.AccountID] = *r.PartnerID
		}
	}
	return p, nil
}

// MembershipsOf lists a user's active memberships, oldest first.
func (s *People) MembershipsOf(ctx context.Context, userID string) ([]Membership, error) {
	var out []Membership
	err := s.db.Read(db.WithSystem(ctx), func(tx *db.Tx) error {
		return tx.Where("user_id = ?", userID).
			Where(reaches).
			Order("id").
			Find(&out).Error
	})
	return out, err
}

// GetMembership reads one membership.
func (s *People) GetMembership(ctx context.Context, id string) (Membership, error) {
	var m Membership
	err := s.db.Read(ctx, func(tx *db.Tx) error {
		return db.Found(tx.Scope.Accounts(tx.DB, "account_id").First(&m, "id = ?", id).Error)
	})
	return m, err
}

// join makes the user a member; the first person of an account becomes its
// administrator (R47b), and a member who was removed comes back.
func join(tx *db.Tx, acc account.Account, inv Invitation, u User) (Membership, error) {
	if err := tx.ForUpdate().First(&acc, "id = ?", acc.ID).Error; err != nil {
		return Membership{}, err
	}

	admins, err := countAdmins(tx, acc.ID)
	if err != nil {
		return Membership{}, err
	}

	if err := endedSince(tx, acc, inv, u); err != nil {
		return Membership{}, err
	}

	m := Membership{
		ID:           db.NewID(db.PrefixMembership),
		AccountID:    acc.ID,
		UserID:       u.ID,
		Role:         inv.Role,
		State:        rules.MembershipActive,
		InvitationID: &inv.ID,
		CreatedAt:    tx.Now(),
	}

	if admins == 0 {
		m.Role = RoleAdmin
	}

	var old Membership
	err = tx.First(&old, "account_id = ? AND user_id = ?", acc.ID, u.ID).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		if err := tx.Create(&m).Error; err != nil {
			return m, err
		}
		return m, reachableWith(tx, m)
	}
	if err != nil {
		return m, err
	}

	if old.State == rules.MembershipSuspended || old.BlockedAt != nil {
		return m, rules.Refuse(rules.Forbidden, "Your access to this account is suspended.",
			"Ask an administrator of the account to restore it.")
	}

	m.ID = old.ID
	m.CreatedAt = old.CreatedAt
	err = tx.Model(&Membership{}).Where("id = ?", m.ID).
		Select("role", "state", "invitation_id", "provisioned").Updates(&m).Error
	if err != nil {
		return m, err
	}
	return m, reachableWith(tx, m)
}

// ChangeMembership changes a member's role or state. The last active administrator can
// be neither demoted nor removed: LAST_ADMIN (S18). Only an operator may remove a wrong
// person who accepted, with a reason (R51b); the account then waits for another one. Nor does
// the last break-glass administrator of an enforced sign-in go: see KeepBreakGlass. A
// state that the membership cannot take answers STATE_CONFLICT. Who may do what decides
// rules.MayManageUsers: roles are the customer's to give. Every administrator, the one
// concerned too, is told by mail when one of them loses the role, for whatever reason
// (S15), and the tokens that this one made end. What is so already stays, without a word.
func (s *People) ChangeMembership(
	ctx context.Context, id string, role MemberRole, state rules.MembershipState, reason string,
) (Membership, error) {
	if err := rules.CheckOptionalReason(reason); err != nil {
		return Membership{}, err
	}

	var m Membership
	err := s.db.Write(ctx, func(tx *db.Tx) error {
		err := tx.Scope.Accounts(tx.DB, "account_id").First(&m, "id = ?", id).Error
		if err != nil {
			return db.Found(err)
		}

		var acc account.Account
		if err := tx.ForUpdate().First(&acc, "id = ?", m.AccountID).Error; err != nil {
			return err
		}
		if err := tx.First(&m, "id = ?", id).Error; err != nil {
			return err
		}

		if err := rules.MayManageUsers(tx.Scope.Actor.Role, changeOf(m, role)); err != nil {
			return err
		}

		if role == m.Role && state == m.State {
			return nil
		}
		if state != m.State && !m.State.CanBecome(state) {
			return rules.Refuse(rules.StateConflict, "The membership's state does not allow this.",
				"Read the membership again.")
		}

		removedByOperator := tx.Scope.Actor.Role.IsOperator() && state == rules.MembershipRemoved &&
			strings.TrimSpace(reason) != ""
		if err := keepsAdmin(tx, m, role, state); err != nil && !removedByOperator {
			return err
		}
		if state != m.State {
			if err := heldByDirectory(tx, acc, m, state); err != nil {
				return err
			}
		}

		if err := tellOfLostAdmin(tx, acc, m, role, state); err != nil {
			return err
		}

		before := map[string]any{"role": m.Role, "state": m.State}
		m.Role = role
		m.State = state

		if state == rules.MembershipRemoved {
			m.BlockedAt = nil
		}

		err = KeepBreakGlass(tx, []string{acc.ParentOrgID}, func() error {
			return tx.Model(&Membership{}).Where("id = ?", id).
				Select("role", "state", "blocked_at").Updates(&m).Error
		})
		if err != nil {
			return err
		}
		if role == RoleAdmin && state == rules.MembershipActive {
			if err := keepReachable(tx, m.AccountID); err != nil {
				return err
			}
		}

		details := map[string]any{
			"before": before,
			"after":  map[string]any{"role": role, "state": state},
			"reason": reason,
		}
		if role != RoleAdmin || state != rules.MembershipActive {
			revoked, err := revokeTokensOf(tx, m)
			if err != nil {
				return err
			}
			details["tokens_revoked"] = revoked
		}

		return account.Audit(tx, m.AccountID, db.Entry{
			Verb:     "membership.changed",
			ObjectID: m.ID,
			Details:  details,
		})
	})

	return m, err
}

// changeOf names what a change does to a member.
func changeOf(m Membership, role MemberRole) rules.UserAct {
	if role != m.Role {
		return rules.ActChangeRole
	}
	return rules.ActRemoveMember
}

// mayInviteExtra decides whether the caller may invite one more person with the role
// (RULES 4, R105).
func mayInviteExtra(tx *db.Tx, n NewInvite) error {
	if n.Kind != InvitationForExtra {
		return nil
	}
	if err := rules.MayManageUsers(tx.Scope.Actor.Role, rules.ActInviteExtra); err != nil {
		return err
	}
	return mayMakeAdmin(tx, n.AccountID, n.Role)
}

// mayReissue decides whether the caller may send an invitation again, to the same person
// or to another one (RULES 4, R51).
func mayReissue(tx *db.Tx, old Invitation, email string) error {
	if rules.NormaliseEmail(email) == old.Email {
		return rules.MayManageUsers(tx.Scope.Actor.Role, rules.ActResendInvitation)
	}
	if err := rules.MayManageUsers(tx.Scope.Actor.Role, rules.ActRedirectInvitation); err != nil {
		return err
	}
	return mayMakeAdmin(tx, old.AccountID, old.Role)
}

func mayMakeAdmin(tx *db.Tx, accountID string, role MemberRole) error {
	if role != RoleAdmin || !tx.Scope.Actor.Role.IsOperator() {
		return nil
	}

	// One whom the directory has ended counts for nothing: somebody else has to be let in (S18).
	admins, err := otherAdmins(tx, Membership{AccountID: accountID})
	if err != nil {
		return err
	}
	return rules.MayMakeAdmin(tx.Scope.Actor.Role, admins)
}

// keepsAdmin refuses a change that would leave the account without an administrator.
func keepsAdmin(
	tx *db.Tx, m Membership, role MemberRole, state rules.MembershipState,
) error {
	if !m.losesAdmin(role, state) {
		return nil
	}

	others, err := otherAdmins(tx, m)
	if err != nil {
		return err
	}

	return rules.MayLoseAdmin(others + 1)
}

// losesAdmin reports whether an active administrator is none any more with the role and
// state.
func (m Membership) losesAdmin(role MemberRole, state rules.MembershipState) bool {
	wasAdmin := m.Role == RoleAdmin && m.State == rules.MembershipActive
	return wasAdmin && (role != RoleAdmin || state != rules.MembershipActive)
}

// tellOfLostAdmin queues a mail to every administrator of the account when one of them
// loses the role: who it is, and who did it. The one who is removed is told too: it may be
// a stranger who removes the real one.
func tellOfLostAdmin(
	tx *db.Tx, acc account.Account, m Membership, role MemberRole, state rules.MembershipState,
) error {
	if !m.losesAdmin(role, state) {
		return nil
	}

	admins, err := AdminsOfAccount(tx, acc.ID)
	if err != nil {
		return err
	}

	change := string(state)
	if state == rules.MembershipActive {
		change = lostRole
	}

	params := map[string]any{"company": acc.LegalName, "change": change}
	for _, a := range admins {
		if a.ID == m.UserID {
			params["person"] = a.Name
		}
		if a.ID == tx.Scope.Actor.ID {
			params["by"] = a.Name
		}
	}

	for _, a := range admins {
		read := maps.Clone(params)
		read["self"] = a.ID == m.UserID
		read["own_act"] = a.ID == tx.Scope.Actor.ID

		n := notification.Notification{
			Template:  rules.TemplateAdminRemoved,
			SubjectID: m.ID + "/notice",
			Recipient: a.Email,
			Epoch:     tx.Now().Format(time.RFC3339Nano), // it may happen again
			AccountID: &acc.ID,
			Locale:    a.Locale,
			Params:    read,
		}
		if err := notification.QueueSingle(tx, n); err != nil {
			return err
		}
	}

	return nil
}

// lostRole is what the mail says of an administrator who stays as a reader.
const lostRole = "DEMOTED"

// countAdmins counts the active administrators of an account.
func countAdmins(tx *db.Tx, accountID string) (int, error) {
	var n int64
	err := tx.Model(&Membership{}).
		Where("account_id = ? AND role = ? AND state = ?",
			accountID, RoleAdmin, rules.MembershipActive).
		Count(&n).Error
	return int(n), err
}

// AdminsOfAccounts returns the active administrators of accounts, by account. One whom the
// directory has ended is not among them: nobody writes to that person any more.
func AdminsOfAccounts(tx *db.Tx, accountIDs []string) (map[string][]User, error) {
	var rows []struct {
		User
		AccountID string
	}
	err := tx.Table("users").Joins("JOIN memberships m ON m.user_id = users.id").
		Select("users.*, m.account_id").
		Where("m.account_id IN ? AND m.role = ? AND m.state = ? AND m.blocked_at IS NULL",
			accountIDs, RoleAdmin, rules.MembershipActive).
		Order("users.id").
		Find(&rows).Error

	admins := map[string][]User{}
	for _, r := range rows {
		admins[r.AccountID] = append(admins[r.AccountID], r.User)
	}
	return admins, err
}

// AdminsOfAccount reads the active administrators of an account; see AdminsOfAccounts.
func AdminsOfAccount(tx *db.Tx, accountID string) ([]User, error) {
	var admins []User
	err := tx.Table("users").Joins("JOIN memberships m ON m.user_id = users.id").
		Where("m.account_id = ? AND m.role = ? AND m.state = ? AND m.blocked_at IS NULL",
			accountID, RoleAdmin, rules.MembershipActive).
		Find(&admins).Error
	return admins, err
}
