package provisioning

import (
	"context"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"

	"roomcover.dev/roomcover/models/db"
)

// Group is a group of a directory. Which accounts its people get into, grants say.
type Group struct {
	ID         string
	OrgID      string
	Name       string
	NameKey    string // unique in the organisation
	ExternalID string
	Attributes Attributes `gorm:"serializer:json"`
	Version    int64
	CreatedAt  time.Time
	UpdatedAt  time.Time

	People []PersonRef `gorm:"-"`
}

// TableName is the table of groups of directories.
func (Group) TableName() string { return "scim_groups" }

// PersonRef names a person who is in a group.
type PersonRef struct {
	GroupID string
	ID      string
	Name    string
}

// groupPerson is a person's place in a group.
type groupPerson struct {
	OrgID    string
	GroupID  string `gorm:"primaryKey"`
	PersonID string `gorm:"primaryKey"`
}

// TableName is the table of who is in which group.
func (groupPerson) TableName() string { return "scim_group_people" }

// WantedGroup is what a directory wants a group to be.
type WantedGroup struct {
	Name       string
	ExternalID string
	Attributes Attributes
	People     []string // ids of persons
}

// CreateGroup adds a group; a name that another one has is refused with NotUnique.
func (s *Provisioning) CreateGroup(
	ctx context.Context, d Directory, w WantedGroup,
) (g Group, err error) {
	err = s.change(ctx, d.OrgID, func(h *house) error {
		g = Group{
			ID:        db.NewID(db.PrefixScimGroup),
			OrgID:     h.orgID,
			CreatedAt: h.Now(),
		}
		if err := h.checkGroup(w, g.ID); err != nil {
			return err
		}
		if err := h.roomFor(&Group{}, "1 = 1", mostGroups, "groups"); err != nil {
			return err
		}
		g.become(w, h.Now())
		if err := h.Create(&g).Error; err != nil {
			return err
		}
		if _, err := h.setPeople(g.ID, w.People); err != nil {
			return err
		}
		if err := h.fillPeople([]*Group{&g}); err != nil {
			return err
		}
		return h.audit("directory.group_changed", g.ID, map[string]any{"outcome": Created})
	})
	return g, err
}

func (g *Group) become(w WantedGroup, now time.Time) {
	g.Name = strings.TrimSpace(w.Name)
	g.NameKey = nameKey(w.Name)
	g.ExternalID = w.ExternalID
	g.Attributes = w.Attributes
	g.Version++
	g.UpdatedAt = now
}

// checkGroup refuses a group that has no name, or another's.
func (h *house) checkGroup(w WantedGroup, self string) error {
	if strings.TrimSpace(w.Name) == "" || len(w.Name) > mostText || len(w.ExternalID) > mostText {
		return Invalid("displayName is missing, or displayName or externalId is too long.")
	}
	var taken int64
	err := h.Model(&Group{}).
		Where("org_id = ? AND name_key = ? AND id <> ?", h.orgID, nameKey(w.Name), self).
		Count(&taken).Error
	if err == nil && taken > 0 {
		return notUnique("A group with this displayName exists.")
	}
	return err
}

// setPeople has exactly those persons be in a group, and reports whether that changed anything.
// Somebody whom the directory cannot find is refused; whom it manages not yet, it does from now
// on. Each whose place changed is settled where the group grants something.
func (h *house) setPeople(groupID string, want []string) (changed bool, err error) {
	var have []string
	err = h.Model(&groupPerson{}).Where("org_id = ? AND group_id = ?", h.orgID, groupID).
		Pluck("person_id", &have).Error
	if err != nil {
		return false, err
	}
	var grants int64
	err = h.Model(&Grant{}).Where("org_id = ? AND group_id = ?", h.orgID, groupID).
		Count(&grants).Error
	if err != nil {
		return false, err
	}

	before, after := map[string]bool{}, map[string]bool{}
	for _, id := range have {
		before[id] = true
	}
	for _, id := range want {
		after[id] = true
	}

	var moved []Person
	for _, id := range db.KeysOf(after) {
		if before[id] {
			continue
		}
		p, err := h.adopt(id)
		if err != nil {
			return false, noSuchMember(err)
		}
		moved = append(moved, p)
		err = h.Create(&groupPerson{OrgID: h.orgID, GroupID: groupID, PersonID: p.ID}).Error
		if err != nil {
			return false, err
		}
	}

	var gone []string
	for _, id := range db.KeysOf(before) {
		if !after[id] {
			gone = append(gone, id)
		}
	}
	for some := range db.Batches(gone, 1000) {
		err := h.Delete(&groupPerson{}, "org_id = ? AND group_id = ? AND person_id IN ?",
			h.orgID, groupID, some).Error
		if err != nil {
			return false, err
		}
		var left []Person
		err = h.Order("id").Find(&left, "org_id = ? AND id IN ?", h.orgID, some).Error
		if err != nil {
			return false, err
		}
		moved = append(moved, left...)
	}

	if grants > 0 {
		for _, p := range moved {
			if err := h.settle(p, false); err != nil {
				return false, err
			}
		}
	}
	return len(moved) > 0, nil
}

// noSuchMember has the id of a person who is not there read like any other wrong value.
func noSuchMember(err error) error {
	if isNotFound(err) {
		return Invalid("members names a user who does not exist.")
	}
	return err
}

// GetGroup reads one group; NOT_FOUND for one of another organisation, as for none.
func (s *Provisioning) GetGroup(ctx context.Context, d Directory, id string) (g Group, err error) {
	err = s.look(ctx, d.OrgID, func(h *house) error {
		if g, err = h.group(id); err != nil {
			return err
		}
		return h.fillPeople([]*Group{&g})
	})
	return g, err
}

func (h *house) group(id string) (g Group, err error) {
	return g, db.Found(h.First(&g, "org_id = ? AND id = ?", h.orgID, id).Error)
}

// ChangeGroup has a group be what the directory wants, which fn makes of what is known, its people
// included: all under one lock, so that no change of another request is lost. See ChangePerson.
func (s *Provisioning) ChangeGroup(
	ctx context.Context, d Directory, id string, version int64,
	fn func(before Attributes, people []string) (WantedGroup, error),
) (g Group, out Outcome, err error) {
	err = s.change(ctx, d.OrgID, func(h *house) error {
		if g, err = h.group(id); err != nil {
			return err
		}
		if version != AnyVersion && version != g.Version {
			return versionMoved()
		}
		if err := h.fillPeople([]*Group{&g}); err != nil {
			return err
		}

		people := make([]string, len(g.People))
		for i, p := range g.People {
			people[i] = p.ID
		}
		w, err := fn(maps.Clone(g.Attributes), slices.Clone(people))
		if err != nil {
			return err
		}
		if err := h.checkGroup(w, g.ID); err != nil {
			return err
		}
		moved, err := h.setPeople(g.ID, w.People)
		if err != nil {
			return err
		}

		before := g
		g.become(w, h.Now())
		if !moved && before.Name == g.Name && before.ExternalID == g.ExternalID &&
			reflect.DeepEqual(before.Attributes, g.Attributes) {
			g = before
			out = Same
			return nil
		}

		out = Changed
		err = h.Model(&Group{}).Where("org_id = ? AND id = ?", h.orgID, g.ID).
			Select("name", "name_key", "external_id", "attributes", "version", "updated_at").
			Updates(&g).Error
		if err != nil {
			return err
		}
		if err := h.fillPeople([]*Group{&g}); err != nil {
			return err
		}
		return h.audit("directory.group_changed", g.ID, map[string]any{"outcome": out})
	})
	return g, out, err
}

// DeleteGroup removes a group with what it grants: its people stay where something else lets
// them in.
func (s *Provisioning) DeleteGroup(
	ctx context.Context, d Directory, id string, version int64,
) error {
	return s.change(ctx, d.OrgID, func(h *house) error {
		g, err := h.group(id)
		if err != nil {
			return err
		}
		if version != AnyVersion && version != g.Version {
			return versionMoved()
		}
		if _, err := h.setPeople(g.ID, nil); err != nil {
			return err
		}
		err = h.Delete(&Grant{}, "org_id = ? AND group_id = ?", h.orgID, g.ID).Error
		if err != nil {
			return err
		}
		if err := h.Delete(&Group{}, "org_id = ? AND id = ?", h.orgID, g.ID).Error; err != nil {
			return err
		}
		return h.audit("directory.group_changed", g.ID, map[string]any{"outcome": Deleted})
	})
}

// fillPeople reads who is in groups.
func (h *house) fillPeople(groups []*Group) error {
	byID := map[string]*Group{}
	for _, g := range groups {
		g.People = nil
		byID[g.ID] = g
	}
	for some := range db.Batches(db.KeysOf(byID), 1000) {
		var refs []PersonRef
		err := h.Table("scim_group_people AS m").
			Select("m.group_id, p.id, p.name").
			Joins("JOIN scim_people p ON p.org_id = m.org_id AND p.id = m.person_id").
			Where("m.org_id = ? AND m.group_id IN ?", h.orgID, some).
			Order("p.id").
			Scan(&refs).Error
		if err != nil {
			return err
		}
		for _, r := range refs {
			byID[r.GroupID].People = append(byID[r.GroupID].People, r)
		}
	}
	return nil
}
