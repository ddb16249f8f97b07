package portal

import (
	"cmp"
	"slices"
	"time"

	"roomcover.dev/roomcover/models/account"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/replacement"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/rma"
	"roomcover.dev/roomcover/rules/shipping"
	"roomcover.dev/roomcover/rules/spare"
)

// mostToDos bounds what the start page lists of one kind; the lists have the rest.
const mostToDos = 10

// toDoView is something that a person has to do, with the way to it.
type toDoView struct {
	Icon  string
	What  string // a sentence: the act and its object
	When  string // until when, by the clock of the place; empty: no day is set
	Late  bool
	Path  string
	Go    string // the verb on the way
	Label string // address of a parcel's label; empty: there is none
	due   time.Time
}

// toDos lists what waits for this person, the earliest first; what has no day comes last.
func (v *visit) toDos() ([]toDoView, error) {
	var all []toDoView
	for _, list := range []func() ([]toDoView, error){
		v.returnsDue, v.recallsDue, v.questionsToAnswer, v.invitationsToAnswer, v.sparesToAgree,
		v.proofsToSend,
	} {
		some, err := list()
		if err != nil {
			return nil, err
		}
		all = append(all, some...)
	}

	slices.SortStableFunc(all, func(a, b toDoView) int {
		return cmp.Or(rank(a.due.IsZero())-rank(b.due.IsZero()), a.due.Compare(b.due))
	})
	return all, nil
}

// returnsDue are the faulty units that have to go back: each names the device, its room and
// the day by the clock of the site, and leads to its label.
func (v *visit) returnsDue() ([]toDoView, error) {
	var due []replacement.RMA
	for _, state := range []rma.RMAState{rma.RMAOverdue, rma.RMAAwaitingReturn} {
		some, _, err := v.replacements.ListRMAs(v.acting(), replacement.RMAFilter{
			AccountID: v.who.account().ID,
			State:     state,
			Page:      db.Page{Limit: mostToDos},
		})
		if err != nil {
			return nil, err
		}
		due = append(due, some...)
	}

	views, err := v.replacementViews(due)
	if err != nil {
		return nil, err
	}

	sites, err := v.sitesByID()
	if err != nil {
		return nil, err
	}

	now := v.db.Clock().Now()
	var out []toDoView
	for i, r := range due {
		if r.ReturnPlan == nil {
			continue
		}

		label, err := v.labelPath(views[i].Path, r.ID, shipping.ShipReturn)
		if err != nil {
			return nil, err
		}

		zone := v.who.account().TimeZone
		if site, ok := sites[r.SiteID]; ok {
			zone = site.TimeZone
		}

		late := r.RMAFacts.State(now) == rma.RMAOverdue
		out = append(out, toDoView{
			Icon:  "package",
			What:  v.say("home.todo.return", "device", deviceLine(views[i])),
			When:  v.until(*r.ReturnUntil(), zone, late),
			Late:  late,
			Path:  views[i].Path,
			Go:    v.say("home.todo.return.open"),
			Label: label,
			due:   *r.ReturnUntil(),
		})
	}

	return out, nil
}

// until names the last day of a period by the clock of a place; the period's end is
// exclusive.
func (v *visit) until(end time.Time, zone string, late bool) string {
	last := rules.LastCoveredDay(end, location(zone)).In(time.UTC)
	now := rules.DateIn(v.db.Clock().Now(), location(zone)).In(time.UTC)
	day, place := v.language.NearDate(last, now), v.language.Place(zone)
	if late {
		return v.say("home.todo.was", "day", day, "place", place)
	}
	return v.say("home.todo.until", "day", day, "place", place)
}

func (v *visit) sitesByID() (map[string]account.AccountSite, error) {
	sites, err := v.accounts.EverySite(v.acting(), v.who.account().ID)
	out := map[string]account.AccountSite{}
	for _, s := range sites {
		out[s.ID] = s
	}
	return out, err
}

// recallsDue are the spares that have to go back and that the carrier does not have yet.
func (v *visit) recallsDue() ([]toDoView, error) {
	units, err := v.spareViews(replacement.SpareFilter{
		AccountID: v.who.account().ID,
		State:     spare.SpareRecallRequested,
		Page:      db.Page{Limit: mostSpares},
	})
	units = slices.DeleteFunc(units, func(u spareView) bool { return u.recallEnds == nil })
	units = units[:min(len(units), mostToDos)]

	now := v.db.Clock().Now()
	var out []toDoView
	for _, u := range units {
		late := !now.Before(*u.recallEnds)
		out = append(out, toDoView{
			Icon:  "package",
			What:  v.say("home.todo.recall", "spare", joined(u.Model, u.Serial, u.Site)),
			When:  v.until(*u.recallEnds, v.who.account().TimeZone, late),
			Late:  late,
			Path:  sparesPath,
			Go:    v.say("home.todo.recall.open"),
			Label: u.Label,
			due:   *u.recallEnds,
		})
	}

	return out, err
}

// questionsToAnswer are the people whom orders name, about whom an administrator decides
// (S15).
func (v *visit) questionsToAnswer() ([]toDoView, error) {
	questions, err := v.openQuestions()
	if len(questions) > mostToDos {
		questions = questions[:mostToDos]
	}

	var out []toDoView
	for _, q := range questions {
		out = append(out, toDoView{
			Icon: "user-check",
			What: v.say("home.todo.question", "name", q.Name, "email", q.Email),
			When: q.Until,
			Path: q.Path,
			Go:   v.say("question.decide"),
			due:  q.due,
		})
	}

	return out, err
}

// invitationsToAnswer are the invitations of this person to other accounts.
func (v *visit) invitationsToAnswer() ([]toDoView, error) {
	open, err := v.people.OpenInvitationsFor(v.ctx, v.who.user.Email)

	var out []toDoView
	for _, found := range open {
		zone := found.Account.TimeZone
		out = append(out, toDoView{
			Icon: "mail",
			What: v.say("home.todo.invitation", "company", found.Account.LegalName,
				"role", v.roleName(found.Invitation.Role)),
			When: v.until(found.Invitation.ExpiresAt, zone, false),
			Path: "/invitation?token=" + v.db.Secrets().InvitationToken(found.Invitation.ID),
			Go:   v.say("home.todo.invitation.open"),
			due:  found.Invitation.ExpiresAt,
		})
	}

	return out, err
}

// sparesToAgree are the proposals for spares that wait for an administrator.
func (v *visit) sparesToAgree() ([]toDoView, error) {
	units, err := v.spareViews(replacement.SpareFilter{
		AccountID: v.who.account().ID,
		State:     spare.SpareSelectionPending,
		Page:      db.Page{Limit: mostToDos},
	})

	var out []toDoView
	for _, u := range units {
		if u.Agree {
			out = append(out, toDoView{
				Icon: "box",
				What: v.say("home.todo.agree", "spare", joined(u.Model, u.Site)),
				Path: sparesPath,
				Go:   v.say("home.todo.agree.open"),
			})
		}
	}

	return out, err
}

// proofsToSend are the requests that wait for a proof of purchase.
func (v *visit) proofsToSend() ([]toDoView, error) {
	asked, _, err := v.replacements.ListRMAs(v.acting(), replacement.RMAFilter{
		AccountID: v.who.account().ID,
		State:     rma.RMARequested,
		Page:      db.Page{Limit: 200},
	})
	if err != nil {
		return nil, err
	}

	held := slices.DeleteFunc(asked, func(r replacement.RMA) bool { return !r.Held })
	views, err := v.replacementViews(held[:min(len(held), mostToDos)])

	var out []toDoView
	for _, view := range views {
		out = append(out, toDoView{
			Icon: "receipt",
			What: v.say("home.todo.proof", "device", deviceLine(view)),
			Path: view.Path,
			Go:   v.say("home.todo.proof.open"),
		})
	}

	return out, err
}
