package replacement

import (
	"context"

	"roomcover.dev/roomcover/models/account"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/catalogue"
	"roomcover.dev/roomcover/rules/spare"
)

// SpareAid helps a CSM choose which spares a customer's parent gets, and where they lie
// (R84). Names of rooms and sites are the customer's.
type SpareAid struct {
	Parent      account.Org
	Models      []spare.AidModel // by deployed count over all accounts
	Suggestions []spare.AidSuggestion
	Critical    []CriticalRoom // at most criticalRooms
	Sites       map[string]account.AccountSite
	Unreliable  []account.AccountSite // by name
}

// CriticalRoom is a room without an alternative, and one of its models.
type CriticalRoom struct {
	RoomID    string
	AccountID string
	Name      string
	Site      string
	SiteID    string `gorm:"-"` // empty: the room names no known site
	ModelCode string // empty: no device stands there
}

// criticalRooms bounds the list; a parent with more of them has no short list.
const criticalRooms = 500

// deployedRow counts the devices of a model in the rooms of a site.
type deployedRow struct {
	AccountID string
	Site      string
	ModelCode string
	Units     int
	Critical  int // rooms among them that are critical
}

// SelectionAid ranks models and sites for a parent's spares, for the service and its
// operators: it looks over all the parent's accounts (R82b). It takes four statements,
// however much is deployed. A parent that does not exist answers NOT_FOUND.
func (s *Replacements) SelectionAid(ctx context.Context, parentID string) (SpareAid, error) {
	ref, err := s.programs.Reference(ctx)
	if err != nil {
		return SpareAid{}, err
	}

	var aid SpareAid
	err = s.db.Read(ctx, func(tx *db.Tx) error {
		aid = SpareAid{}
		if err := tx.Scope.Service(); err != nil {
			return err
		}

		err := account.ParentsInScope(tx).First(&aid.Parent, "id = ?", parentID).Error
		if err != nil {
			return db.Found(err)
		}

		sites, err := aid.readSites(tx)
		if err != nil {
			return err
		}
		if err := aid.readCritical(tx, sites); err != nil {
			return err
		}

		deployed, err := deployedBySite(tx, parentID, sites)
		if err != nil {
			return err
		}

		supported := func(code string) bool {
			m, ok := catalogue.ModelOn(ref.Model(code), code, db.TodayUTC(tx.Now()))
			return ok && m.Kind == catalogue.KindHardware
		}

		aid.Models = spare.DeployedModels(deployed, supported)
		unreliable := func(id string) bool { return aid.Sites[id].CourierUnreliable }
		aid.Suggestions = spare.SuggestSpares(deployed, supported, unreliable)
		return nil
	})

	return aid, err
}

// siteName is what a room and its site have in common.
type siteName struct{ accountID, key string }

func (a *SpareAid) readSites(tx *db.Tx) (map[siteName]string, error) {
	var all []account.AccountSite
	accounts := tx.Model(&account.Account{}).Select("id").Where("parent_org_id = ?", a.Parent.ID)
	err := tx.Where("account_id IN (?)", accounts).Order("name_key, id").Find(&all).Error
	if err != nil {
		return nil, err
	}

	a.Sites = make(map[string]account.AccountSite, len(all))
	byName := make(map[siteName]string, len(all))
	for _, site := range all {
		a.Sites[site.ID] = site
		byName[siteName{site.AccountID, site.NameKey}] = site.ID
		if site.CourierUnreliable {
			a.Unreliable = append(a.Unreliable, site)
		}
	}

	return byName, nil
}

func (a *SpareAid) readCritical(tx *db.Tx, sites map[siteName]string) error {
	// Each room is a line at least, so that no further rooms are needed.
	err := tx.Raw(`
		SELECT DISTINCT r.id AS room_id,
			r.account_id,
			r.name,
			r.site,
			COALESCE(d.model_code, '') AS model_code
		FROM (
			SELECT r.id, r.account_id, r.name, r.site
			FROM rooms r
			JOIN accounts a ON a.id = r.account_id
			WHERE a.parent_org_id = ? AND r.state = 'ACTIVE' AND r.criticality = 'CRITICAL'
			ORDER BY r.site, r.name, r.id
			LIMIT ?
		) AS r
		LEFT JOIN device_placements p ON p.room_id = r.id AND p.to_at IS NULL
		LEFT JOIN devices d ON d.id = p.device_id
		ORDER BY r.site, r.name, r.id, model_code
		LIMIT ?`, a.Parent.ID, criticalRooms, criticalRooms).Scan(&a.Critical).Error

	for i, r := range a.Critical {
		a.Critical[i].SiteID = sites[siteName{r.AccountID, rules.SiteKey(r.Site)}]
	}

	return err
}

// deployedBySite counts devices in active rooms by model and known site. Two ways to
// write a site's name are one site. Placements, devices and rooms are each read by their accounts
// and then joined: the limits, which nobody reaches, keep PostgreSQL from looking up one device
// after another, of which it expects few.
func deployedBySite(
	tx *db.Tx, parentID string, sites map[siteName]string,
) ([]spare.AidDeployment, error) {
	var rows []deployedRow
	err := tx.Raw(`
		SELECT r.account_id,
			r.site,
			m.model_code,
			CAST(sum(m.units) AS bigint) AS units,
			sum(CASE WHEN r.criticality = 'CRITICAL' THEN 1 ELSE 0 END) AS critical
		FROM (
			SELECT p.room_id, d.model_code, count(*) AS units
			FROM (
				SELECT p.device_id, p.room_id
				FROM accounts a
				JOIN device_placements p ON p.account_id = a.id AND p.to_at IS NULL
				WHERE a.parent_org_id = @parent
				LIMIT 1000000000
			) AS p
			JOIN (
				SELECT d.id, d.model_code
				FROM accounts a
				JOIN devices d ON d.account_id = a.id
				WHERE a.parent_org_id = @parent
				LIMIT 1000000000
			) AS d ON d.id = p.device_id
			GROUP BY p.room_id, d.model_code
		) AS m
		JOIN (
			SELECT r.id, r.account_id, r.site, r.criticality
			FROM accounts a
			JOIN rooms r ON r.account_id = a.id AND r.state = 'ACTIVE'
			WHERE a.parent_org_id = @parent
			LIMIT 1000000000
		) AS r ON r.id = m.room_id
		GROUP BY r.account_id, r.site, m.model_code
		ORDER BY 1, 2, 3`, map[string]any{"parent": parentID}).Scan(&rows).Error
	if err != nil {
		return nil, err
	}

	type place struct{ model, siteID string }
	at := map[place]int{}
	var out []spare.AidDeployment
	for _, r := range rows {
		p := place{r.ModelCode, sites[siteName{r.AccountID, rules.SiteKey(r.Site)}]}
		i, known := at[p]
		if !known {
			i = len(out)
			at[p] = i
			out = append(out, spare.AidDeployment{Model: p.model, SiteID: p.siteID})
		}

		out[i].Units += r.Units
		out[i].Critical += r.Critical
	}

	return out, nil
}
