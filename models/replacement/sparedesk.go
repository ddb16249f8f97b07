package replacement

import (
	"context"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/rules/spare"
)

// SpareCounts are how many spare units of a parent are in each state.
type SpareCounts map[spare.SpareState]int

// Of adds up several states.
func (c SpareCounts) Of(states ...spare.SpareState) (n int) {
	for _, s := range states {
		n += c[s]
	}
	return n
}

// CountSpareUnits counts the units of parents by state, in one statement. For the service and
// its operators.
func (s *Replacements) CountSpareUnits(
	ctx context.Context, parentIDs []string,
) (map[string]SpareCounts, error) {
	out := map[string]SpareCounts{}
	if len(parentIDs) == 0 {
		return out, nil
	}
	var rows []struct {
		ParentOrgID string
		State       spare.SpareState
		N           int
	}
	err := s.db.Read(ctx, func(tx *db.Tx) error {
		if err := tx.Scope.Service(); err != nil {
			return err
		}
		return tx.Model(&SpareUnit{}).
			Select("parent_org_id, state, COUNT(*) AS n").
			Where("parent_org_id IN ?", parentIDs).
			Group("parent_org_id, state").
			Scan(&rows).Error
	})
	for _, r := range rows {
		if out[r.ParentOrgID] == nil {
			out[r.ParentOrgID] = SpareCounts{}
		}
		out[r.ParentOrgID][r.State] = r.N
	}
	return out, err
}

// SpareLineAt is a spare unit with the names that people know its things by.
type SpareLineAt struct {
	SpareUnit
	ParentName  string
	AccountName string // empty: no site is chosen
	SiteName    string
	SiteCity    string
	SiteCountry string
	SiteZone    string
	RMANumber   string `gorm:"column:rma_number"` // of the replacement that used it last
}

// SpareDesk reads spare units with their names, newest first: those of a parent, or the one that
// is named by its id or its number. For the service and its operators.
func (s *Replacements) SpareDesk(
	ctx context.Context, parentID, name string, page db.Page,
) ([]SpareLineAt, string, error) {
	var out []SpareLineAt
	err := s.db.Read(ctx, func(tx *db.Tx) error {
		if err := tx.Scope.Service(); err != nil {
			return err
		}
		which := tx.Model(&SpareUnit{})
		if parentID != "" {
			which = page.Apply(which.Where("parent_org_id = ?", parentID))
		} else {
			which = which.Where(namedSpare("spare_units", name))
		}
		return tx.Table("(?) AS u", which).
			Select(`u.*,
				p.name AS parent_name,
				COALESCE(a.legal_name, '') AS account_name,
				COALESCE(s.name, '') AS site_name,
				COALESCE(s.city, '') AS site_city,
				COALESCE(s.country, '') AS site_country,
				COALESCE(s.time_zone, '') AS site_zone,
				COALESCE(r.number, '') AS rma_number`).
			Joins("JOIN orgs p ON p.id = u.parent_org_id").
			Joins("LEFT JOIN accounts a ON a.id = u.account_id").
			Joins("LEFT JOIN sites s ON s.id = u.site_id").
			Joins("LEFT JOIN rmas r ON r.id = u.rma_id").
			Order("u.id DESC").
			Scan(&out).Error
	})
	next := ""
	if parentID != "" {
		out, next = db.Cut(page, out, func(l SpareLineAt) string { return l.ID })
	} else if err == nil && len(out) == 0 {
		err = db.NotFound()
	}
	return out, next, err
}

// WaitsFor is what the unit waits for, as the list of processes says it; empty: nothing.
func (u SpareUnit) WaitsFor() string { return u.waitsFor() }
