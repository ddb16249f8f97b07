package models

import (
	"context"
	"fmt"

	"roomcover.dev/roomcover/rules"
)

// SpareChoice is what a CSM proposes for a spare: which model, and which known site
// of the parent's accounts it is to lie at.
type SpareChoice struct {
	ModelCode string
	SiteID    string
	Reason    string // optional; goes into the audit
}

// SelectSpare proposes model and site, or other ones until the customer has agreed,
// whom it asks by mail (R88a). Refusals: those of rules.MaySpare, MODEL_NOT_DEPLOYED
// (R88b), UNKNOWN_SITE.
func (s *Store) SelectSpare(ctx context.Context, id string, c SpareChoice) (SpareUnit, error) {
	c.ModelCode = rules.NormaliseModelCode(c.ModelCode)
	if err := c.validate(); err != nil {
		return SpareUnit{}, err
	}
	chosen := func(u SpareUnit) bool {
		return u.State == rules.SpareSelectionPending && u.ModelCode == c.ModelCode && text(u.SiteID) == c.SiteID
	}
	return s.changeSpare(ctx, id, rules.SpareSelect, c.Reason, chosen, func(w *spareWork) error {
		if err := w.takeSite(c.SiteID); err != nil {
			return err
		}
		if err := w.deployed(c.ModelCode); err != nil {
			return err
		}
		w.ModelCode, w.SelectedAt = c.ModelCode, &w.now
		w.note("spare.selected", map[string]any{"model": w.ModelCode, "site": c.SiteID, "account": *w.AccountID})
		w.mail("SELECTED", nil)
		return nil
	})
}

func (c SpareChoice) validate() error {
	var fields []rules.FieldError
	for pointer, value := range map[string]string{"/model": c.ModelCode, "/site_id": c.SiteID} {
		if value == "" {
			fields = append(fields, rules.FieldError{Pointer: pointer, Code: rules.Required, Message: "This field is missing or empty.", Remedy: "Name the model and the site."})
		}
	}
	if err := rules.Invalid(fields); err != nil {
		return err
	}
	return rules.CheckOptionalReason(c.Reason)
}

// takeSite has the unit belong to the site's account; only sites of the parent's
// own accounts are known.
func (w *spareWork) takeSite(siteID string) error {
	var sites []struct {
		AccountSite
		LegalName, Locale, AccountZone string
		Admins                         *string
	}
	err := w.tx.Table("sites AS s").Select("s.*, a.legal_name, a.locale, a.time_zone AS account_zone, "+fmt.Sprintf(adminsOf, "a.id")+" AS admins").Joins("JOIN accounts a ON a.id = s.account_id").
		Where("s.id = ? AND a.parent_org_id = ?", siteID, w.ParentOrgID).Scan(&sites).Error
	if err != nil {
		return err
	}
	if len(sites) == 0 {
		return rules.Invalid([]rules.FieldError{{Pointer: "/site_id", Code: rules.SiteUnknown, Message: "No account of the customer has such a site.", Remedy: "Name a site of one of the parent's accounts, or add it first."}})
	}
	site := sites[0]
	w.AccountID, w.SiteID = &site.AccountID, &site.ID
	w.AccountName, w.AccountLocale, w.AccountZone, w.SiteName, w.SiteContact, w.SiteCountry, w.Admins = site.LegalName, site.Locale, site.AccountZone, site.Name, site.ContactEmail, site.Country, site.Admins
	return nil
}

// deployed refuses a model of which the parent has no device in a room: a spare is
// for a direct swap (R88b).
func (w *spareWork) deployed(model string) error {
	var n int64
	err := w.tx.Model(&Device{}).Where("model_code = ? AND state IN ? AND account_id IN (?)", model, []rules.DeviceState{rules.DeviceInRoom, rules.DeviceInRMA},
		w.tx.Model(&Account{}).Select("id").Where("parent_org_id = ?", w.ParentOrgID)).Limit(1).Count(&n).Error
	if err != nil || n > 0 {
		return err
	}
	return rules.Refuse(rules.ModelNotDeployed, "The customer has no device of this model in a room.", "Choose a model that is deployed.")
}

// AgreeSpare is the customer's consent to model and site: the unit is approved and
// may be shipped (R88a). version is that of the proposal that the customer read; 0
// for any. STATE_CONFLICT where the CSM has proposed something else meanwhile.
func (s *Store) AgreeSpare(ctx context.Context, id string, version int64) (SpareUnit, error) {
	agreed := func(u SpareUnit) bool { return u.AgreedAt != nil }
	return s.changeSpare(ctx, id, rules.SpareAgree, "", agreed, func(w *spareWork) error {
		if err := versioned(w.Version, version); err != nil {
			return err
		}
		if err := w.become(rules.SpareApproved); err != nil {
			return err
		}
		w.AgreedAt = &w.now
		w.note("spare.agreed", map[string]any{"model": w.ModelCode, "site": text(w.SiteID)})
		return nil
	})
}
