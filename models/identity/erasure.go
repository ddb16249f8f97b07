package identity

import (
	"gorm.io/gorm"

	"roomcover.dev/roomcover/models/account"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/rules"
)

// Leave takes a person out of every account at once (S33): the first thing that an erasure
// does, in the transaction of whoever asks for it. The last administrator of an account does
// not leave: LAST_ADMIN (S18), nor does the last break-glass administrator of an enforced sign-in:
// SSO_NO_BREAK_GLASS (S49). Sessions end with it, and tokens that the person made. Again it
// changes nothing.
func Leave(tx *db.Tx, userID string) error {
	var orgs []string
	err := tx.Table("sso_break_glass").Where("user_id = ?", userID).
		Order("org_id").Pluck("org_id", &orgs).Error
	if err != nil {
		return err
	}
	return KeepBreakGlass(tx, orgs, func() error { return leave(tx, userID) })
}

func leave(tx *db.Tx, userID string) error {
	var places []Membership
	err := tx.Order("account_id").
		Find(&places, "user_id = ? AND state <> ?", userID, rules.MembershipRemoved).Error
	if err != nil {
		return err
	}

	for _, m := range places {
		var acc account.Account
		if err := tx.ForUpdate().First(&acc, "id = ?", m.AccountID).Error; err != nil {
			return err
		}
		if err := keepsAdmin(tx, m, m.Role, rules.MembershipRemoved); err != nil {
			return err
		}

		before := m.State
		m.State = rules.MembershipRemoved
		err := tx.Model(&Membership{}).Where("id = ?", m.ID).
			Updates(map[string]any{"state": m.State, "blocked_at": nil}).Error
		if err != nil {
			return err
		}

		err = account.Audit(tx, m.AccountID, db.Entry{
			Verb:     "membership.changed",
			ObjectID: m.ID,
			Details: map[string]any{
				"before": map[string]any{"role": m.Role, "state": before},
				"after":  map[string]any{"role": m.Role, "state": m.State},
				"reason": "erasure",
			},
		})
		if err != nil {
			return err
		}
	}

	err = tx.Model(&APIToken{}).Where("created_by = ? AND revoked_at IS NULL", userID).
		Update("revoked_at", db.RealNow()).Error
	if err != nil {
		return err
	}
	return tx.Delete(&Session{}, "user_id = ?", userID).Error
}

// LastAdminOf returns the accounts that the person may not leave: nobody else administers
// them (S18).
func LastAdminOf(tx *db.Tx, userID string) (accounts []string, err error) {
	err = tx.Table("memberships AS m").
		Where("m.user_id = ? AND m.role = ? AND m.state = ?",
			userID, RoleAdmin, rules.MembershipActive).
		Where(`NOT EXISTS (
			SELECT 1 FROM memberships o
			WHERE o.account_id = m.account_id AND o.id <> m.id
				AND o.role = 'ADMIN' AND o.state = 'ACTIVE')`).
		Order("m.account_id").
		Pluck("m.account_id", &accounts).Error
	return accounts, err
}

// Erasures is what becomes of rows about people (S33). What only lets somebody in goes; what
// shows who came in, and when, keeps its shape under the pseudonym.
func Erasures() []db.Erasure {
	return []db.Erasure{
		gone("sessions", "token_hash", "user_id"),
		gone("identities", "", "user_id"),
		gone("user_passkeys", "", "user_id"),
		gone("user_recovery_codes", "code_hash", "user_id"),
		gone("sso_break_glass", "org_id", "user_id"),
		gone("sign_in_places", "place_hash", "user_id"),
		gone("challenges", "", "subject_id"),
		{
			Table: "api_tokens",
			Rows: func(tx *db.Tx, p db.Person) *gorm.DB {
				return p.UserRows(tx, "created_by").
					Where("revoked_at IS NULL OR label <> ?", p.Pseudonym)
			},
			Erase: func(tx *db.Tx, p db.Person, ids []string) error {
				err := tx.Model(&APIToken{}).Where("id IN ? AND revoked_at IS NULL", ids).
					Update("revoked_at", db.RealNow()).Error
				if err != nil {
					return err
				}
				return tx.Model(&APIToken{}).Where("id IN ?", ids).
					Update("label", p.Pseudonym).Error
			},
		},
		{
			Table: "contact_questions",
			Rows: func(tx *db.Tx, p db.Person) *gorm.DB {
				return tx.Where("email = ?", p.Email)
			},
			Erase: eraseQuestions,
		},
		{
			Table: "invitations",
			Rows: func(tx *db.Tx, p db.Person) *gorm.DB {
				return tx.Where("email = ?", p.Email)
			},
			Erase: eraseInvitations,
		},
		{
			Table: "users",
			Rows: func(tx *db.Tx, p db.Person) *gorm.DB {
				return p.UserRows(tx, "id").Where("email = ?", p.Email)
			},
			Erase: func(tx *db.Tx, p db.Person, ids []string) error {
				return tx.Model(&User{}).Where("id IN ?", ids).Updates(map[string]any{
					"email":         db.Nobody(p.UserID),
					"name":          p.Pseudonym,
					"password_hash": "",
					"totp_secret":   "",
					"time_zone":     nil,
				}).Error
			},
		},
	}
}

// gone is the erasure of a table whose rows of a user are deleted.
func gone(table, key, user string) db.Erasure {
	column := "id"
	if key != "" {
		column = key
	}
	return db.Erasure{
		Table: table,
		Key:   column,
		Rows: func(tx *db.Tx, p db.Person) *gorm.DB {
			return p.UserRows(tx, user)
		},
		Erase: func(tx *db.Tx, p db.Person, keys []string) error {
			return tx.Exec("DELETE FROM "+table+" WHERE "+user+" = ? AND "+column+" IN ?",
				p.UserID, keys).Error
		},
	}
}

// eraseQuestions names nobody in questions about the person; an open one needs no answer.
func eraseQuestions(tx *db.Tx, p db.Person, ids []string) error {
	var rows []ContactQuestion
	if err := tx.ForUpdate().Order("id").Find(&rows, "id IN ?", ids).Error; err != nil {
		return err
	}

	now := tx.Now()
	for _, q := range rows {
		q.Email = db.Nobody(q.ID)
		q.ContactName = p.Pseudonym
		if q.State == QuestionOpen {
			q.State = QuestionRefused
			q.WithdrawnAt = &now
		}
		err := tx.Model(&ContactQuestion{}).Where("id = ?", q.ID).
			Select("email", "contact_name", "state", "withdrawn_at").Updates(&q).Error
		if err != nil {
			return err
		}
		if err := tx.Settle(db.TaskDecideContact, q.ID, "the person was erased"); err != nil {
			return err
		}
	}

	return nil
}

// eraseInvitations names nobody in the person's invitations; a live one ends.
func eraseInvitations(tx *db.Tx, p db.Person, ids []string) error {
	var rows []Invitation
	if err := tx.ForUpdate().Order("id").Find(&rows, "id IN ?", ids).Error; err != nil {
		return err
	}

	for _, inv := range rows {
		if inv.State.Live() {
			if err := CloseInvitation(tx, &inv, rules.InvitationWasWithdrawn); err != nil {
				return err
			}
		}
		inv.Email = db.Nobody(inv.ID)
		inv.ContactName = p.Pseudonym
		inv.LastError = ""
		err := tx.Model(&Invitation{}).Where("id = ?", inv.ID).
			Select("email", "contact_name", "last_error").Updates(&inv).Error
		if err != nil {
			return err
		}
	}

	return nil
}

// FreeTexts are the columns of people that people write.
func FreeTexts() []db.FreeText {
	return []db.FreeText{
		{Place: "api_tokens.label", Write: func(tx *db.Tx, id, text string) error {
			return tx.Model(&APIToken{}).Where("id = ?", id).Update("label", text).Error
		}},
		{Place: "operator_views.name", Write: func(tx *db.Tx, id, text string) error {
			return tx.Model(&OperatorView{}).Where("id = ?", id).Update("name", text).Error
		}},
	}
}
