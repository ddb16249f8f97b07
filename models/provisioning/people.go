package provisioning

import (
	"context"
	"errors"
	"maps"
	"reflect"
	"strings"
	"time"

	"golang.org/x/text/unicode/norm"
	"gorm.io/gorm"

	"roomcover.dev/roomcover/models/account"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/rules"
)

// Attributes are a SCIM resource as the directory sends it, without what is ours to say.
type Attributes map[string]any

// Person is somebody whom a directory manages. ID is what the directory knows the person by: a
// membership's, of whom it found here, else one of its own. It says nothing about whether the
// service knows the person from elsewhere, and neither does the row that stands behind it.
type Person struct {
	ID         string
	OrgID      string
	UserID     string
	UserName   string
	NameKey    string // of UserName, unique in the organisation
	ExternalID string
	Email      string // normalised
	Name       string
	Attributes Attributes `gorm:"serializer:json"`
	Active     bool
	MadeUser   bool // the user is there because of this directory
	Version    int64
	CreatedAt  time.Time
	UpdatedAt  time.Time
	DeletedAt  *time.Time // the directory sees the person no more

	Groups []GroupRef `gorm:"-"`
}

// TableName is the table of people of directories.
func (Person) TableName() string { return "scim_people" }

// Managed reports whether the directory has said anything about the person yet.
func (p Person) Managed() bool { return p.Version > 0 }

// GroupRef names a group that a person is in.
type GroupRef struct {
	PersonID string
	ID       string
	Name     string
}

// Wanted is what a directory wants a person to be.
type Wanted struct {
	UserName   string
	ExternalID string
	Email      string
	Name       string
	Locale     string // of the mails to a person who is new here
	Active     bool
	Attributes Attributes
}

// Outcome is what became of a person or a group.
type Outcome string

// The outcomes of a change.
const (
	Created  Outcome = "CREATED"
	Changed  Outcome = "CHANGED"
	Same     Outcome = "SAME"
	Ended    Outcome = "ENDED"
	Restored Outcome = "RESTORED"
	Deleted  Outcome = "DELETED"
)

// nameKey is how names are compared: without case, and whatever way they are composed.
func nameKey(name string) string {
	return strings.ToLower(norm.NFC.String(strings.TrimSpace(name)))
}

// CreatePerson lets somebody in for the first time, or again after a deletion. Somebody whom the
// directory could have found, by the name or by the address, is refused with NotUnique: it has
// to change that one. A person whom the service knows from other organisations alone is created
// like anybody else, and nothing in the answer differs.
func (s *Provisioning) CreatePerson(
	ctx context.Context, d Directory, w Wanted,
) (p Person, err error) {
	w.Email = rules.NormaliseEmail(w.Email)
	err = s.change(ctx, d.OrgID, func(h *house) error {
		if err := h.checkPerson(w); err != nil {
			return err
		}
		if err := h.nobodyElse(w, ""); err != nil {
			return err
		}

		if w.Locale == "" {
			if w.Locale, err = h.language(); err != nil {
				return err
			}
		}
		if err := h.roomFor(&Person{}, "deleted_at IS NULL", mostPeople, "users"); err != nil {
			return err
		}
		user, made, err := identity.UserForDirectory(h.Tx, w.Email, w.Name, w.Locale)
		if err != nil {
			return err
		}

		p = Person{}
		err = h.First(&p, "org_id = ? AND user_id = ?", h.orgID, user.ID).Error
		known := err == nil
		switch {
		case known && p.DeletedAt == nil:
			return notUnique("A user with this e-mail address exists.")
		case !known && !errors.Is(err, gorm.ErrRecordNotFound):
			return err
		case !known:
			p = Person{
				ID:        db.NewID(db.PrefixScimPerson),
				OrgID:     h.orgID,
				UserID:    user.ID,
				MadeUser:  made,
				CreatedAt: h.Now(),
			}
		}

		p.DeletedAt = nil
		p.become(w, h.Now())
		if err := h.keepPerson(p, !known); err != nil {
			return err
		}
		if err := h.settle(p, true); err != nil {
			return err
		}
		return h.audit("directory.person_changed", p.ID, map[string]any{"outcome": Created})
	})
	return p, err
}

// language is that of the organisation's oldest account.
func (h *house) language() (string, error) {
	var said []string
	err := h.Model(&account.Account{}).Where("id IN ?", h.accounts).Order("id").Limit(1).
		Pluck("locale", &said).Error
	return strings.Join(said, ""), err
}

// become takes over what the directory wants.
func (p *Person) become(w Wanted, now time.Time) {
	p.UserName = strings.TrimSpace(w.UserName)
	p.NameKey = nameKey(w.UserName)
	p.ExternalID = w.ExternalID
	p.Email = w.Email
	p.Name = strings.TrimSpace(w.Name)
	p.Active = w.Active
	p.Attributes = w.Attributes
	p.Version++
	p.UpdatedAt = now
}

func (h *house) keepPerson(p Person, fresh bool) error {
	if fresh {
		return h.Create(&p).Error
	}
	return h.Model(&Person{}).Where("org_id = ? AND id = ?", h.orgID, p.ID).
		Select("user_name", "name_key", "external_id", "email", "name", "attributes", "active",
			"version", "updated_at", "deleted_at").
		Updates(&p).Error
}

func notUnique(detail string) error { return &Refusal{Why: NotUnique, Detail: detail} }

// nobodyElse refuses a name, or an address, that somebody else has whom the directory can find.
func (h *house) nobodyElse(w Wanted, self string) error {
	var taken int64
	err := h.Model(&Person{}).
		Where("org_id = ? AND id <> ? AND deleted_at IS NULL", h.orgID, self).
		Where("name_key = ?", nameKey(w.UserName)).
		Count(&taken).Error
	if err != nil {
		return err
	}

	found, err := h.insideUnmanaged("u.email IN ?",
		[]string{w.Email, rules.NormaliseEmail(w.UserName)})
	if err != nil {
		return err
	}
	for _, m := range found {
		if m.ID != self {
			taken++
		}
	}
	if taken > 0 {
		return notUnique("A user with this userName exists.")
	}
	return nil
}

// GetPerson reads one person; NOT_FOUND for one of another organisation, as for none.
func (s *Provisioning) GetPerson(
	ctx context.Context, d Directory, id string,
) (p Person, err error) {
	err = s.look(ctx, d.OrgID, func(h *house) error {
		if p, err = h.person(id); err != nil {
			return err
		}
		return h.fillGroups([]*Person{&p})
	})
	return p, err
}

// person finds somebody whom the directory manages, or could.
func (h *house) person(id string) (p Person, err error) {
	err = h.First(&p, "org_id = ? AND id = ? AND deleted_at IS NULL", h.orgID, id).Error
	if err == nil || !errors.Is(err, gorm.ErrRecordNotFound) {
		return p, err
	}
	if db.KindOf(id) != db.PrefixMembership {
		return p, db.NotFound()
	}

	found, err := h.insideUnmanaged(`u.id IN (
		SELECT user_id FROM memberships WHERE id = ? AND account_id IN ?)`, id, h.accounts)
	if err != nil {
		return p, err
	}
	for _, m := range found {
		if m.ID == id {
			return h.unmanaged(m), nil
		}
	}
	return p, db.NotFound()
}

// unmanaged is how a directory sees a member whom it has said nothing about yet.
func (h *house) unmanaged(m identity.Member) Person {
	return Person{
		ID:        m.ID,
		OrgID:     h.orgID,
		UserID:    m.UserID,
		UserName:  m.Email,
		NameKey:   nameKey(m.Email),
		Email:     m.Email,
		Name:      m.Name,
		Active:    true,
		CreatedAt: m.CreatedAt,
		UpdatedAt: m.CreatedAt,
		Attributes: Attributes{
			"userName":    m.Email,
			"displayName": m.Name,
			"name":        map[string]any{"formatted": m.Name},
			"emails": []any{
				map[string]any{"value": m.Email, "type": "work", "primary": true},
			},
		},
	}
}

// adopt finds somebody and has the directory manage them from now on; the role stays.
func (h *house) adopt(id string) (Person, error) {
	p, err := h.person(id)
	if err != nil || p.Managed() {
		return p, err
	}
	p.Version = 1
	p.UpdatedAt = h.Now()
	return p, h.Create(&p).Error
}

// AnyVersion has a change be made whatever the version is.
const AnyVersion = int64(-1)

// ChangePerson has somebody be what the directory wants, which fn makes of the attributes that are
// known. It may be called again, and changes nothing then. A version that is not the current one
// answers VERSION_MISMATCH; AnyVersion asks for none.
func (s *Provisioning) ChangePerson(
	ctx context.Context, d Directory, id string, version int64,
	fn func(before Attributes, active bool) (Wanted, error),
) (p Person, out Outcome, err error) {
	err = s.change(ctx, d.OrgID, func(h *house) error {
		if p, err = h.person(id); err != nil {
			return err
		}
		if version != AnyVersion && version != p.Version {
			return versionMoved()
		}

		w, err := fn(maps.Clone(p.Attributes), p.Active)
		if err != nil {
			return err
		}
		w.Email = rules.NormaliseEmail(w.Email)
		// Who is only sent away keeps the address and the name that they had, whatever has become
		// of the domain since: nothing may stand in the way of that.
		leaves := !w.Active && w.Email == p.Email && w.UserName == p.UserName && w.Name == p.Name
		if !leaves {
			if err := h.checkPerson(w); err != nil {
				return err
			}
			if err := h.nobodyElse(w, p.ID); err != nil {
				return err
			}
		}

		before := p
		fresh := !p.Managed()
		p.become(w, h.Now())
		out = outcomeOf(before, p)
		if out == Same && !fresh {
			p = before
			return h.fillGroups([]*Person{&p})
		}

		if err := h.keepPerson(p, fresh); err != nil {
			return err
		}
		if p.MadeUser {
			err := identity.RenameUser(h.Tx, p.UserID, h.accounts, p.Email, p.Name)
			if err != nil {
				return err
			}
		}
		if err := h.settle(p, false); err != nil {
			return err
		}
		if err := h.fillGroups([]*Person{&p}); err != nil {
			return err
		}
		return h.audit("directory.person_changed", p.ID, map[string]any{"outcome": out})
	})
	return p, out, err
}

func versionMoved() error {
	return rules.Refuse(rules.VersionMismatch, "This has changed since you read it.",
		"Read it again.")
}

// outcomeOf says what has become of somebody.
func outcomeOf(before, after Person) Outcome {
	switch {
	case before.Active && !after.Active:
		return Ended
	case !before.Active && after.Active:
		return Restored
	case reflect.DeepEqual(before.Attributes, after.Attributes) &&
		before.UserName == after.UserName && before.ExternalID == after.ExternalID &&
		before.Email == after.Email && before.Name == after.Name:
		return Same
	}
	return Changed
}

// DeletePerson ends somebody like a deactivation, and hides them from the directory: created
// again, the person is back. History keeps them until they are erased.
func (s *Provisioning) DeletePerson(
	ctx context.Context, d Directory, id string, version int64,
) error {
	return s.change(ctx, d.OrgID, func(h *house) error {
		p, err := h.person(id)
		if err != nil {
			return err
		}
		if version != AnyVersion && version != p.Version {
			return versionMoved()
		}

		fresh := !p.Managed()
		now := h.Now()
		p.Active = false
		p.DeletedAt = &now
		p.NameKey = "deleted " + p.ID // the name is free for somebody else
		p.Version++
		p.UpdatedAt = now
		if err := h.keepPerson(p, fresh); err != nil {
			return err
		}

		err = h.Delete(&groupPerson{}, "org_id = ? AND person_id = ?", h.orgID, p.ID).Error
		if err != nil {
			return err
		}
		if err := h.settle(p, false); err != nil {
			return err
		}
		return h.audit("directory.person_changed", p.ID, map[string]any{"outcome": Deleted})
	})
}

// settle has the memberships of somebody follow what the directory says: who is active gets into
// each account that is granted to them, and stays where they were before the directory came; who
// is not gets in nowhere, and is signed out. again brings back whom somebody removed by hand.
func (h *house) settle(p Person, again bool) error {
	granted := map[string]bool{}
	if p.Active {
		var ids []string
		err := h.Model(&Grant{}).
			Where("org_id = ? AND account_id IN ?", h.orgID, h.accounts).
			Where(`group_id IS NULL OR group_id IN (
				SELECT group_id FROM scim_group_people WHERE org_id = ? AND person_id = ?)`,
				h.orgID, p.ID).
			Distinct().Order("account_id").Pluck("account_id", &ids).Error
		if err != nil {
			return err
		}
		for _, id := range ids {
			granted[id] = true
			if err := identity.Provision(h.Tx, id, p.UserID, again); err != nil {
				return err
			}
		}
	}

	memberships, err := identity.MembershipsIn(h.Tx, p.UserID, h.accounts)
	if err != nil {
		return err
	}
	for _, m := range memberships {
		stays := p.Active && (!m.Provisioned || granted[m.AccountID])
		if err := identity.Block(h.Tx, m, !stays); err != nil {
			return err
		}
	}

	if p.Active {
		return nil
	}
	return identity.EndSessions(h.Tx, p.UserID)
}

// fillGroups reads the groups of people.
func (h *house) fillGroups(people []*Person) error {
	byID := map[string]*Person{}
	for _, p := range people {
		p.Groups = nil
		byID[p.ID] = p
	}
	for some := range db.Batches(db.KeysOf(byID), 1000) {
		var refs []GroupRef
		err := h.Table("scim_group_people AS m").
			Select("m.person_id, g.id, g.name").
			Joins("JOIN scim_groups g ON g.org_id = m.org_id AND g.id = m.group_id").
			Where("m.org_id = ? AND m.person_id IN ?", h.orgID, some).
			Order("g.id").
			Scan(&refs).Error
		if err != nil {
			return err
		}
		for _, r := range refs {
			byID[r.PersonID].Groups = append(byID[r.PersonID].Groups, r)
		}
	}
	return nil
}
