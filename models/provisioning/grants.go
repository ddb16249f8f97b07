package provisioning

import (
	"context"
	"errors"
	"time"

	"gorm.io/gorm"

	"roomcover.dev/roomcover/models/account"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/rules"
)

// Grant lets the people of a group into an account, as readers; without a group everybody whom the
// directory names. It never makes an administrator (S50): that is for one of the account to do.
type Grant struct {
	ID        string
	OrgID     string
	GroupID   *string
	AccountID string
	CreatedBy string
	CreatedAt time.Time
}

// NamedGrant is a grant with the name of its group; empty: it is everybody's.
type NamedGrant struct {
	Grant
	Group string
}

// TableName is the table of what groups grant.
func (Grant) TableName() string { return "scim_grants" }

// AddGrant lets the people of a group into an account, whose administrator asks; an empty group is
// everybody. One that is there stays. Of an organisation with several accounts, it is for an
// administrator who may set the directory up. A group of another organisation answers NOT_FOUND.
func (s *Provisioning) AddGrant(ctx context.Context, accountID, groupID string) error {
	ctx, orgID, err := s.ownOrg(ctx, accountID)
	if err != nil {
		return err
	}
	return s.change(ctx, orgID, func(h *house) error {
		// Who lets a group in reads who is in it: people of the other accounts.
		if err := h.mayLead(); err != nil {
			return err
		}
		return h.addGrant(accountID, groupID)
	})
}

func (h *house) addGrant(accountID, groupID string) error {
	var group *string
	if groupID != "" {
		if _, err := h.group(groupID); err != nil {
			return err
		}
		group = &groupID
	}

	var there int64
	err := h.Model(&Grant{}).
		Where("org_id = ? AND account_id = ? AND COALESCE(group_id, '') = ?",
			h.orgID, accountID, groupID).
		Count(&there).Error
	if err != nil || there > 0 {
		return err
	}

	g := Grant{
		ID:        db.NewID(db.PrefixScimGrant),
		OrgID:     h.orgID,
		GroupID:   group,
		AccountID: accountID,
		CreatedBy: h.Scope.Actor.ID,
		CreatedAt: h.Now(),
	}
	if err := h.Create(&g).Error; err != nil {
		return err
	}
	if err := h.settleGroup(group); err != nil {
		return err
	}
	return account.Audit(h.Tx, accountID, db.Entry{
		Verb:     "directory.grant_added",
		ObjectID: g.ID,
		Details:  map[string]any{"group": groupID},
	})
}

// RemoveGrant ends what a group grants, for an administrator of the account that it is about: who
// came in by it alone gets in no more. Again it changes nothing; one of another account answers
// NOT_FOUND.
func (s *Provisioning) RemoveGrant(ctx context.Context, accountID, id string) error {
	ctx, orgID, err := s.ownOrg(ctx, accountID)
	if err != nil {
		return err
	}
	return s.change(ctx, orgID, func(h *house) error {
		var g Grant
		err := h.First(&g, "org_id = ? AND id = ? AND account_id = ?",
			h.orgID, id, accountID).Error
		if errors.Is(err, gorm.ErrRecordNotFound) {
			return h.wasRemoved(accountID, id)
		}
		if err != nil {
			return err
		}
		if err := h.Delete(&Grant{}, "id = ?", g.ID).Error; err != nil {
			return err
		}
		// An administrator takes it away, and is refused as by any other door; see identity.Block
		// for what the directory itself ends.
		err = identity.KeepBreakGlass(h.Tx, []string{h.orgID}, func() error {
			return h.settleGroup(g.GroupID)
		})
		if err != nil {
			return err
		}
		return account.Audit(h.Tx, accountID, db.Entry{
			Verb:     "directory.grant_removed",
			ObjectID: g.ID,
			Details:  map[string]any{"group": db.Text(g.GroupID)},
		})
	})
}

// wasRemoved answers NOT_FOUND but where the account had such a grant: the audit knows.
func (h *house) wasRemoved(accountID, id string) error {
	var ended int64
	err := h.Model(&db.AuditEvent{}).
		Where("account_id = ? AND object_id = ?", accountID, id).
		Where("verb = 'directory.grant_removed'").
		Count(&ended).Error
	if err == nil && ended == 0 {
		err = db.NotFound()
	}
	return err
}

// settleGroup settles the people of a group; nil: everybody.
func (h *house) settleGroup(groupID *string) error {
	q := h.Where("org_id = ? AND deleted_at IS NULL", h.orgID)
	if groupID != nil {
		q = q.Where(`id IN (SELECT person_id FROM scim_group_people
			WHERE org_id = ? AND group_id = ?)`, h.orgID, *groupID)
	}
	var people []Person
	if err := q.Order("id").Find(&people).Error; err != nil {
		return err
	}
	for _, p := range people {
		if err := h.settle(p, false); err != nil {
			return err
		}
	}
	return nil
}

// Settings are what an administrator sees of the directory.
type Settings struct {
	Tokens []NamedToken // that work, oldest first
	Grants []NamedGrant
	Groups []Group // without their people
	People int     // whom the directory manages, and who are not deleted

	// MayLead reports whether who asks may set the directory up; Leaders are the names of those
	// of the account who may, where not everybody does.
	MayLead bool
	Leaders []string
}

// SettingsOf returns how the directory of an account's organisation is set up, for an
// administrator of the account.
func (s *Provisioning) SettingsOf(ctx context.Context, accountID string) (out Settings, err error) {
	ctx, orgID, err := s.ownOrg(ctx, accountID)
	if err != nil {
		return out, err
	}
	err = s.look(ctx, orgID, func(h *house) error {
		out = Settings{}
		var err error
		if out.Tokens, err = h.liveTokens(); err != nil {
			return err
		}
		err = h.mayLead()
		out.MayLead = err == nil
		if rules.CodeOf(err) == rules.Forbidden {
			out.Leaders, err = h.leadersOf(accountID)
		}
		if err != nil {
			return err
		}
		err = h.Table("scim_grants AS r").
			Select(`r.*, COALESCE(g.name, '') AS "group"`).
			Joins("LEFT JOIN scim_groups g ON g.org_id = r.org_id AND g.id = r.group_id").
			Where("r.org_id = ? AND r.account_id = ?", orgID, accountID).
			Order("r.id").
			Scan(&out.Grants).Error
		if err != nil {
			return err
		}
		if err := h.Order("name_key").Find(&out.Groups, "org_id = ?", orgID).Error; err != nil {
			return err
		}
		var people int64
		err = h.Model(&Person{}).Where("org_id = ? AND deleted_at IS NULL", orgID).
			Count(&people).Error
		out.People = int(people)
		return err
	})
	return out, err
}

func isNotFound(err error) bool { return rules.CodeOf(err) == rules.NotFound }
