package portal

import (
	"net/http"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/replacement"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/rma"
	"roomcover.dev/roomcover/rules/spare"
)

// sparesFor are the spares on site of the account that can take the place of the
// faulty device: of the same model (R88c).
func (v *visit) sparesFor(r replacement.RMA, chosen string) ([]choice, error) {
	units, _, err := v.replacements.ListSpareUnits(v.acting(), replacement.SpareFilter{
		AccountID: r.AccountID,
		State:     spare.SpareOnSite,
		ModelCode: r.ModelCode,
		Page:      db.Page{Limit: mostSpares},
	})
	if err != nil || len(units) == 0 {
		return nil, err
	}

	sites, err := v.siteNames()
	var out []choice
	for _, u := range units {
		if spare.MayUseSpare(u.SpareFacts, r.ModelCode, u.ModelCode) == nil && u.SiteID != nil {
			out = append(out, choice{u.ID, u.Serial + " · " + sites[*u.SiteID], u.ID == chosen})
		}
	}

	sortChoices(out)
	return out, err
}

// useSpare is "used my spare": the outage ends without waiting for a shipment
// (R35d).
func useSpare(v *visit) (answer, error) {
	typed := replacementActions{Spare: v.form("spare")}
	if typed.Spare == "" {
		typed.SpareProblem = "usespare.choose"
		return v.actionAgain(typed)
	}

	r, err := v.replacements.DoRMA(v.acting(), v.param("id"), replacement.ReplacementCommand{
		Name:        rma.RMAUseSpare,
		SpareUnitID: typed.Spare,
	})
	switch rules.CodeOf(err) {
	case rma.NotLikeForLike:
		typed.SpareProblem = "usespare.wrongmodel"
		return v.actionAgain(typed)
	case "":
		if err == nil {
			return v.done(replacementsPath+"/"+r.ID, "flash.spare.used"), nil
		}
	}

	return answer{}, err
}

// actionAgain shows the replacement with what was typed and what is wrong with it.
func (v *visit) actionAgain(typed replacementActions) (answer, error) {
	a, err := v.replacementPage(typed)
	a.status = http.StatusUnprocessableEntity
	return a, err
}
