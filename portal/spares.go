package portal

import (
	"slices"
	"strconv"
	"time"

	"roomcover.dev/roomcover/messages"
	"roomcover.dev/roomcover/models/account"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/replacement"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/shipping"
	"roomcover.dev/roomcover/rules/spare"
)

const sparesPath = "/spares"

// mostSpares bounds how many units the page shows, the newest first.
const mostSpares = 200

// spareView is one spare unit of the account.
type spareView struct {
	ID, Model, Site, Serial   string
	Number                    string // for people
	State, Tone, Text         string
	Carrier, Tracking         string
	Agree                     bool  // it waits for this person's agreement
	Version                   int64 // of the proposal that they read
	Replacement, ReplacedPath string
	Label                     string // address of the label of a recalled one; empty: there is none
	over, proposed            bool
	recallEnds                *time.Time // exclusive; nil: nothing is to be handed over
}

type sparesPage struct {
	Earned   int64 // by the customer's parent, over all its accounts (R82b)
	Ratio    int   // licences for each
	Units    []spareView
	Admin    bool
	Proposed bool // one waits for an agreement
}

var spareTones = map[spare.SpareState]string{
	spare.SpareEarned:           "blue",
	spare.SpareSelectionPending: "amber",
	spare.SpareApproved:         "blue",
	spare.SpareShipped:          "blue",
	spare.SpareOnSite:           "green",
	spare.SpareConsumed:         "blue",
	spare.SpareReplenishing:     "blue",
	spare.SpareRecallRequested:  "amber",
	spare.SpareReturned:         "",
	spare.SpareBilled:           "",
	spare.SpareWaived:           "",
	spare.SpareVoided:           "",
}

// showSpares shows what the customer has earned, and the units of the account at
// hand. A unit is nobody's before its site is proposed, so it is not here yet.
func showSpares(v *visit) (answer, error) {
	p := sparesPage{Ratio: v.program.SpareRatio, Admin: v.isAdmin()}
	earned, err := v.replacements.GetSpares(v.acting(), v.who.account().ParentOrgID)
	if err != nil {
		return answer{}, err
	}

	p.Earned = int64(earned.Entitled)
	if p.Units, err = v.spareViews(replacement.SpareFilter{
		AccountID: v.who.account().ID,
		Page:      db.Page{Limit: mostSpares},
	}); err != nil {
		return answer{}, err
	}

	p.Proposed = slices.ContainsFunc(p.Units, func(u spareView) bool { return u.proposed })
	return answer{page: "spares", title: "spares.title", data: p}, nil
}

// spareViews puts what has come to its end below what has not.
func (v *visit) spareViews(f replacement.SpareFilter) ([]spareView, error) {
	units, _, err := v.replacements.ListSpareUnits(v.acting(), f)
	if err != nil {
		return nil, err
	}
	return v.viewsOf(units)
}

func (v *visit) viewsOf(units []replacement.SpareUnit) ([]spareView, error) {
	sites, err := v.siteNames()
	if err != nil {
		return nil, err
	}

	ref, err := v.programs.Reference(v.ctx)
	if err != nil {
		return nil, err
	}

	var used []string
	for _, u := range units {
		if u.RMAID != nil {
			used = append(used, *u.RMAID)
		}
	}

	names, err := v.replacements.RMANames(v.acting(), used)
	if err != nil {
		return nil, err
	}

	var recalled []string
	for _, u := range units {
		if u.State == spare.SpareRecallRequested {
			recalled = append(recalled, u.ID)
		}
	}
	labelled, err := v.labelled(shipping.ShipRecall, recalled...)
	if err != nil {
		return nil, err
	}

	out := make([]spareView, len(units))
	for i, u := range units {
		out[i] = v.spareView(u, names)
		out[i].Model = nameOn(ref, u.ModelCode, v.db.Clock().Now())
		if u.SiteID != nil {
			out[i].Site = sites[*u.SiteID]
		}

		if labelled[u.ID] {
			out[i].Label = labelPath(sparesPath + "/" + u.ID)
		}
	}

	slices.SortStableFunc(out, func(a, b spareView) int { return rank(a.over) - rank(b.over) })
	return out, nil
}

func rank(over bool) int {
	if over {
		return 1
	}
	return 0
}

// spareView shows a unit; names are those of the replacements, by their ids.
func (v *visit) spareView(u replacement.SpareUnit, names map[string]string) spareView {
	view := spareView{
		ID:       u.ID,
		Number:   u.Name(),
		State:    v.language.Say("spare." + string(u.State)),
		Tone:     spareTones[u.State],
		Version:  u.Version,
		over:     u.State.Over(),
		proposed: u.State == spare.SpareSelectionPending,
		Agree: spare.MaySpare(spare.SpareAgree, v.who.role(), u.SpareFacts,
			v.db.Clock().Now()) == nil,
	}

	if u.State == spare.SpareRecallRequested && u.RecallScannedAt == nil {
		view.recallEnds = u.RecallDueAt
	}
	day := ""
	if u.RecallDueAt != nil {
		day = v.day(rules.LastCoveredDay(*u.RecallDueAt, location(v.who.account().TimeZone)))
	}

	view.Text = v.language.Say("sparenext."+string(u.State), messages.Args{"day": day})
	if u.State == spare.SpareRecallRequested && u.RecallScannedAt != nil {
		view.Tone = "blue"
		view.State = v.language.Say("spare.RECALL_REQUESTED.returning")
		view.Text = v.language.Say("sparenext.RECALL_REQUESTED.returning")
	}
	if u.State == spare.SpareVoided && u.ConsumedAt != nil {
		view.State, view.Text = v.language.Say("spare.VOIDED.used"),
			v.language.Say("sparenext.VOIDED.used")
	}
	if u.UnderWay() {
		view.Carrier, view.Tracking = u.Carrier, u.Tracking
	}
	if u.State != spare.SpareSelectionPending && u.State != spare.SpareApproved &&
		u.State != spare.SpareVoided {
		view.Serial = u.Serial
	}

	if u.RMAID != nil && (u.State == spare.SpareConsumed || u.State == spare.SpareReplenishing) {
		view.Replacement = names[*u.RMAID]
		view.ReplacedPath = replacementsPath + "/" + names[*u.RMAID]
	}

	return view
}

// siteNames gives the account's known ship-to addresses by id.
func (v *visit) siteNames() (map[string]string, error) {
	sites, err := v.everySite()
	out := map[string]string{}
	for _, s := range sites {
		out[s.ID] = siteLine(s)
	}
	return out, err
}

func siteLine(s account.AccountSite) string { return s.Name + " – " + s.Street + ", " + s.City }

// agreeSpare is the customer's consent to the model and the site that they read
// (R88a). Something else that was proposed meanwhile is not agreed to.
func agreeSpare(v *visit) (answer, error) {
	version, err := strconv.ParseInt(v.form("version"), 10, 64)
	if err != nil || version < 1 {
		return answer{}, errBadForm
	}

	if !v.confirmed() {
		return v.askAgreement(version)
	}

	_, err = v.replacements.DoSpare(v.acting(), v.param("id"), replacement.SpareUnitCommand{
		Name:    spare.SpareAgree,
		Version: version,
	})
	switch rules.CodeOf(err) {
	case spare.SpareNotChosen:
		return answer{}, rules.Refuse(rules.StateConflict, "Nothing is proposed.",
			"Read the page again.")
	case "":
		if err == nil {
			return v.done(sparesPath, "flash.spare.agreed"), nil
		}
	}

	return answer{}, err
}

// askAgreement says which unit is sent where once the proposal is agreed to.
func (v *visit) askAgreement(version int64) (answer, error) {
	u, err := v.replacements.GetSpareUnit(v.acting(), v.param("id"))
	if err != nil {
		return answer{}, err
	}
	if u.Version != version || u.State != spare.SpareSelectionPending || u.SiteID == nil {
		return answer{}, rules.Refuse(rules.StateConflict, "Another proposal was made.",
			"Read the page again.")
	}

	sites, err := v.siteNames()
	if err != nil {
		return answer{}, err
	}

	ref, err := v.programs.Reference(v.ctx)
	if err != nil {
		return answer{}, err
	}

	return v.ask(confirmation{
		Title: v.say("agree.ask"),
		Says: []string{
			v.say("agree.says", "model", nameOn(ref, u.ModelCode, v.db.Clock().Now()),
				"site", sites[*u.SiteID]),
			v.say("agree.says.loan"),
		},
		Action: sparesPath + "/" + u.ID + "/agree",
		Fields: []hidden{{"version", strconv.FormatInt(version, 10)}},
		Submit: v.say("agree.do"),
		Keep:   v.say("agree.keep"),
		Back:   sparesPath,
	})
}
