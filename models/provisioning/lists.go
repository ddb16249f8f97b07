package provisioning

import (
	"context"
	"slices"
	"strings"

	"gorm.io/gorm"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/rules"
)

// The bounds of what is kept for an organisation, and of what is read to answer a filter that no
// index knows.
const (
	mostPeople  = 20_000
	mostGroups  = 2_000
	mostScanned = 5_000
)

// roomFor refuses one more row of an organisation where there are as many as are kept. model is
// the row, where narrows those that count, what is what the directory calls them.
func (h *house) roomFor(model any, where string, most int64, what string) error {
	var have int64
	err := h.Model(model).Where("org_id = ?", h.orgID).Where(where).Count(&have).Error
	if err == nil && have >= most {
		err = &Refusal{
			Why: TooMany,
			Detail: "An organization has at most " + spelledNumber(most) + " " + what +
				" here. Delete some, or assign fewer.",
		}
	}
	return err
}

// spelledNumber writes a bound as people read it.
func spelledNumber(n int64) string {
	text := []byte{}
	for i := 0; n > 0 || i == 0; i++ {
		if i > 0 && i%3 == 0 {
			text = append(text, ',')
		}
		text = append(text, byte('0'+n%10))
		n /= 10
	}
	slices.Reverse(text)
	return string(text)
}

// Narrow narrows a list of people to those with a value, which the database finds; nil does not.
type Narrow struct{ ID, UserName, ExternalID, Email *string }

// NarrowGroups is Narrow for groups.
type NarrowGroups struct{ ID, Name, ExternalID *string }

// tooManyToScan refuses a filter for which too many rows would be read.
func tooManyToScan() error {
	return &Refusal{
		Why: TooMany,
		Detail: "There are too many to look through. Search by userName, externalId or emails, " +
			"or by displayName for groups.",
	}
}

// People lists people whom the directory manages, or could, in the order of their ids: of those
// that n finds the ones that keep says, nil: all, from the start-th on, which is 1 for the first.
// total is how many there are. Without keep a page costs what it holds, however many there are;
// with it more than mostScanned that n leaves over are refused with TooMany.
func (s *Provisioning) People(
	ctx context.Context, d Directory, n Narrow, keep func(Person) bool, start, count int,
) (page []Person, total int, err error) {
	err = s.look(ctx, d.OrgID, func(h *house) error {
		if keep == nil {
			page, total, err = h.pageOfPeople(n, start, count)
		} else {
			page, err = h.candidates(n)
			page = slices.DeleteFunc(page, func(p Person) bool { return !keep(p) })
			total = len(page)
			page = cut(page, start, count)
		}
		if err != nil {
			return err
		}

		some := make([]*Person, len(page))
		for i := range page {
			some[i] = &page[i]
		}
		return h.fillGroups(some)
	})
	return page, total, err
}

// cut is a page of a list; start is 1 for the first.
func cut[T any](all []T, start, count int) []T {
	from := min(max(start, 1)-1, len(all))
	return slices.Clone(all[from:min(from+max(count, 0), len(all))])
}

// managed are the rows of people with the values that are asked for.
func (h *house) managed(n Narrow) *gorm.DB {
	q := h.Where("org_id = ? AND deleted_at IS NULL", h.orgID)
	if n.ID != nil {
		q = q.Where("id = ?", *n.ID)
	}
	if n.UserName != nil {
		q = q.Where("name_key = ?", nameKey(*n.UserName))
	}
	if n.ExternalID != nil {
		q = q.Where("external_id = ?", *n.ExternalID)
	}
	if n.Email != nil {
		// The address by which the person is known, or another one in what was sent.
		q = q.Where("(email = ? OR "+h.attributesText()+" LIKE ? ESCAPE '!')",
			rules.NormaliseEmail(*n.Email), "%"+likely(strings.ToLower(*n.Email))+"%")
	}
	return q
}

// attributesText is the SQL of what was sent of a person, in lower case.
func (h *house) attributesText() string {
	return "lower(CAST(attributes AS text))"
}

// likely escapes a text for LIKE. What JSON writes in another way matches anything.
func likely(text string) string {
	var out strings.Builder
	for _, r := range text {
		switch r {
		case '!', '%', '_':
			out.WriteByte('!')
			out.WriteRune(r)
		case '&', '<', '>', '"', '\\', '\u2028', '\u2029':
			out.WriteByte('%')
		default:
			out.WriteRune(r)
		}
	}
	return out.String()
}

// unmanagedWith lists the people with the values whom the directory does not manage yet, in the
// order of their ids. Their number is bounded by that of the accounts' members.
func (h *house) unmanagedWith(n Narrow) ([]Person, error) {
	if n.ExternalID != nil { // nobody has given them one
		return nil, nil
	}
	where, args := "1 = 1", []any{}
	for _, address := range []*string{n.UserName, n.Email} {
		if address != nil {
			where += " AND u.email = ?"
			args = append(args, rules.NormaliseEmail(*address))
		}
	}
	found, err := h.insideUnmanaged(where, args...)
	if err != nil {
		return nil, err
	}
	var out []Person
	for _, m := range found {
		if n.ID == nil || *n.ID == m.ID {
			out = append(out, h.unmanaged(m))
		}
	}
	slices.SortFunc(out, func(a, b Person) int { return strings.Compare(a.ID, b.ID) })
	return out, nil
}

// candidates are all the people with the values.
func (h *house) candidates(n Narrow) ([]Person, error) {
	var all []Person
	err := h.managed(n).Order("id").Limit(mostScanned + 1).Find(&all).Error
	if err != nil {
		return nil, err
	}
	if len(all) > mostScanned {
		return nil, tooManyToScan()
	}
	others, err := h.unmanagedWith(n)
	if err != nil {
		return nil, err
	}
	all = append(all, others...)
	slices.SortFunc(all, func(a, b Person) int { return strings.Compare(a.ID, b.ID) })
	return all, nil
}

// pageOfPeople is a page of the people with the values. Of those whom the directory manages it
// reads the ids among which the page has to lie: as many before it as there are others, who stand
// between them.
func (h *house) pageOfPeople(n Narrow, start, count int) (page []Person, total int, err error) {
	others, err := h.unmanagedWith(n)
	if err != nil {
		return nil, 0, err
	}
	var managed int64
	if err := h.managed(n).Model(&Person{}).Count(&managed).Error; err != nil {
		return nil, 0, err
	}
	total = int(managed) + len(others)
	from := max(start, 1) - 1
	if count <= 0 || from >= total {
		return nil, total, nil
	}

	first := max(0, from-len(others))
	var ids []string
	err = h.managed(n).Model(&Person{}).Order("id").
		Offset(first).Limit(from+count-first).Pluck("id", &ids).Error
	if err != nil {
		return nil, 0, err
	}

	wanted, known := pageAmong(ids, first, others, from, count)
	for some := range db.Batches(wanted, 1000) {
		var rows []Person
		err := h.Find(&rows, "org_id = ? AND id IN ?", h.orgID, some).Error
		if err != nil {
			return nil, 0, err
		}
		page = append(page, rows...)
	}
	page = append(page, known...)
	slices.SortFunc(page, func(a, b Person) int { return strings.Compare(a.ID, b.ID) })
	return page, total, nil
}

// pageAmong finds, of two lists in the order of their ids that are one, who stands on a page: ids
// are those of the one list from its first-th on, others is the whole of the other list.
func pageAmong(
	ids []string, first int, others []Person, from, count int,
) (wanted []string, known []Person) {
	i, j := 0, 0
	for i < len(ids) || j < len(others) {
		ofIDs := j == len(others) || i < len(ids) && ids[i] < others[j].ID
		at := first + i + j
		if at >= from+count {
			break
		}
		switch {
		case ofIDs:
			if at >= from {
				wanted = append(wanted, ids[i])
			}
			i++
		default:
			if at >= from {
				known = append(known, others[j])
			}
			j++
		}
	}
	return wanted, known
}

// Groups lists groups in the order of their ids; see People. withPeople reads who is in them.
func (s *Provisioning) Groups(
	ctx context.Context, d Directory, n NarrowGroups, keep func(Group) bool, start, count int,
	withPeople bool,
) (page []Group, total int, err error) {
	err = s.look(ctx, d.OrgID, func(h *house) error {
		page = nil
		q := h.groupsWith(n)
		if keep == nil {
			var all int64
			if err := h.groupsWith(n).Model(&Group{}).Count(&all).Error; err != nil {
				return err
			}
			total = int(all)
			if count <= 0 {
				return nil
			}
			err := q.Order("id").Offset(max(start, 1) - 1).Limit(count).Find(&page).Error
			if err != nil {
				return err
			}
		} else {
			if err := q.Order("id").Limit(mostScanned + 1).Find(&page).Error; err != nil {
				return err
			}
			if len(page) > mostScanned {
				return tooManyToScan()
			}
			page = slices.DeleteFunc(page, func(g Group) bool { return !keep(g) })
			total = len(page)
			page = cut(page, start, count)
		}
		if !withPeople {
			return nil
		}

		some := make([]*Group, len(page))
		for i := range page {
			some[i] = &page[i]
		}
		return h.fillPeople(some)
	})
	return page, total, err
}

// groupsWith are the rows of groups with the values that are asked for.
func (h *house) groupsWith(n NarrowGroups) *gorm.DB {
	q := h.Where("org_id = ?", h.orgID)
	if n.ID != nil {
		q = q.Where("id = ?", *n.ID)
	}
	if n.Name != nil {
		q = q.Where("name_key = ?", nameKey(*n.Name))
	}
	if n.ExternalID != nil {
		q = q.Where("external_id = ?", *n.ExternalID)
	}
	return q
}
