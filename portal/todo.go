package portal

import (
	"cmp"
	"slices"
	"time"

	"roomcover.dev/roomcover/models/account"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/entitlement"
	"roomcover.dev/roomcover/models/identity"
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
	When  string // until when, by the clock of the place, or how; empty: no day is set
	Late  bool
	Path  string // empty: there is no page for it
	Go    string // the verb on the way
	Label string // address of a parcel's label; empty: there is none
	due   time.Time
}

// toDos lists what waits for this person, the earliest first; what has no day comes last.
func (v *visit) toDos(at homeFacts) ([]toDoView, error) {
	all := v.roomsToCover(at.standing)
	all = append(all, v.unclaimed(at.invitations)...)
	for _, list := range []func() ([]toDoView, error){
		v.roomsDown,
		func() ([]toDoView, error) { return v.returnsDue(at.waiting) },
		func() ([]toDoView, error) { return v.ticketsToDo(at.tickets) },
		v.sparesToDo,
		v.questionsToAnswer,
		v.answersAwaited,
		func() ([]toDoView, error) { return v.proofsToSend(at.waiting) },
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

// roomsToCover are the rooms that nothing covers, and those whose cover comes to its end; it
// is the administrator's to assign and to renew.
func (v *visit) roomsToCover(s entitlement.Standing) []toDoView {
	if !v.isAdmin() {
		return nil
	}

	var out []toDoView
	if s.Bare > 0 {
		bare := toDoView{
			Icon: "door-open",
			What: v.countBare("home.todo.bare", s.Bare),
			When: v.language.Count("home.todo.bare.free", s.Free),
			Path: assignPath,
			Go:   v.say("home.todo.bare.open"),
		}
		if s.Free == 0 { // there is nothing to assign
			bare.Path = roomsPath + "?" + roomFacet + "=" + showUnlicensed
			bare.Go = v.say("home.todo.bare.see")
		}
		out = append(out, bare)
	}
	if s.Ending > 0 {
		out = append(out, toDoView{
			Icon: "calendar-clock",
			What: v.language.Count("home.todo.ending", s.Ending),
			When: v.say("home.todo.ending.how"),
			Path: "/service-orders",
			Go:   v.say("home.todo.ending.open"),
		})
	}
	return out
}

// unclaimedAfter is how long an invitation may wait for its person before somebody looks.
const unclaimedAfter = 3 * 24 * time.Hour

// unclaimed are the invitations that did not arrive, are over, or have waited for long.
func (v *visit) unclaimed(all []identity.Invitation) []toDoView {
	if !v.isAdmin() {
		return nil
	}

	late := v.db.Clock().Now().Add(-unclaimedAfter)
	var n int64
	for _, inv := range all {
		if inv.State == rules.InvitationBounced || inv.State == rules.InvitationHasExpired ||
			inv.State.Live() && inv.IssuedAt.Before(late) {
			n++
		}
	}
	if n == 0 {
		return nil
	}
	return []toDoView{{
		Icon: "user-plus",
		What: v.language.Count("home.todo.unclaimed", n),
		Path: "/colleagues",
		Go:   v.say("home.todo.unclaimed.open"),
	}}
}

// returnsDue are the faulty units that have to go back: each names the device, its room and
// the day by the clock of the site, and leads to its label.
func (v *visit) returnsDue(open []replacement.RMA) ([]toDoView, error) {
	now := v.db.Clock().Now()
	var due []replacement.RMA
	var ids []string
	for _, state := range []rma.RMAState{rma.RMAOverdue, rma.RMAAwaitingReturn} {
		for _, r := range open {
			if len(due) < mostToDos && r.RMAFacts.State(now) == state {
				due = append(due, r)
				ids = append(ids, r.ID)
			}
		}
	}
	if len(due) == 0 {
		return nil, nil
	}

	views, err := v.replacementViews(due)
	if err != nil {
		return nil, err
	}

	sites, err := v.sitesByID()
	if err != nil {
		return nil, err
	}

	labelled, err := v.labelled(shipping.ShipReturn, ids...)
	if err != nil {
		return nil, err
	}

	var out []toDoView
	for i, r := range due {
		if r.ReturnPlan == nil {
			continue
		}

		label := ""
		if labelled[r.ID] {
			label = labelPath(views[i].Path)
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
	sites, err := v.everySite()
	out := map[string]account.AccountSite{}
	for _, s := range sites {
		out[s.ID] = s
	}
	return out, err
}

// everySite are the account's sites, which a page reads once.
func (v *visit) everySite() (sites []account.AccountSite, err error) {
	if v.sites == nil {
		v.sites, err = v.accounts.EverySite(v.acting(), v.who.account().ID)
	}
	return v.sites, err
}

// sparesToDo are the spares that have to go back and that the carrier does not have yet, and
// the proposals that wait for an administrator.
func (v *visit) sparesToDo() ([]toDoView, error) {
	units, err := v.openSpares()
	if err != nil {
		return nil, err
	}

	now := v.db.Clock().Now()
	var recalled, proposed []toDoView
	for _, u := range units {
		switch {
		case u.recallEnds != nil:
			late := !now.Before(*u.recallEnds)
			recalled = append(recalled, toDoView{
				Icon:  "package",
				What:  v.say("home.todo.recall", "spare", joined(u.Model, u.Serial, u.Site)),
				When:  v.until(*u.recallEnds, v.who.account().TimeZone, late),
				Late:  late,
				Path:  sparesPath,
				Go:    v.say("home.todo.recall.open"),
				Label: u.Label,
				due:   *u.recallEnds,
			})
		case u.Agree:
			proposed = append(proposed, toDoView{
				Icon: "box",
				What: v.say("home.todo.agree", "spare", joined(u.Model, u.Site)),
				Path: sparesPath,
				Go:   v.say("home.todo.agree.open"),
			})
		}
	}

	return append(recalled[:min(len(recalled), mostToDos)],
		proposed[:min(len(proposed), mostToDos)]...), nil
}

// openSpares are the units that ask something of the customer.
func (v *visit) openSpares() ([]spareView, error) {
	units, _, err := v.replacements.ListSpareUnits(v.acting(), replacement.SpareFilter{
		AccountID: v.who.account().ID,
		Open:      true,
		Page:      db.Page{Limit: mostSpares},
	})
	units = slices.DeleteFunc(units, func(u replacement.SpareUnit) bool {
		return u.State != spare.SpareRecallRequested && u.State != spare.SpareSelectionPending
	})
	if err != nil || len(units) == 0 {
		return nil, err
	}
	return v.viewsOf(units)
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

// answersAwaited are the invitations of this person to other accounts, the requests for delegation
// that an administrator of this account answers, and what of that soon comes to its end (S51).
func (v *visit) answersAwaited() ([]toDoView, error) {
	account := ""
	if v.isAdmin() {
		account = v.who.account().ID
	}
	waiting, err := v.people.WaitingFor(v.acting(), v.who.user.Email, account)

	var out []toDoView
	shown := map[identity.WaitingKind]int{}
	for _, w := range waiting {
		if shown[w.Kind]++; shown[w.Kind] <= mostToDos {
			out = append(out, v.awaited(w))
		}
	}
	return out, err
}

// awaited is one of those.
func (v *visit) awaited(w identity.Waiting) toDoView {
	if w.Kind == identity.WaitingInvitation {
		return toDoView{
			Icon: "mail",
			What: v.say("home.todo.invitation", "company", w.Other, "role", v.roleName(w.Role)),
			When: v.until(w.Until, w.Zone, false),
			Path: "/invitation?token=" + v.db.Secrets().InvitationToken(w.ID),
			Go:   v.say("home.todo.invitation.open"),
			due:  w.Until,
		}
	}

	asks, ends := "home.todo.partner", "home.todo.partner.ends"
	list, look := partnersPath, "home.todo.partner.open"
	if w.Kind == identity.WaitingCustomer {
		asks, ends = "home.todo.customer", "home.todo.customer.ends"
		list, look = customersPath, "home.todo.customer.open"
	}
	if w.Ends() {
		return toDoView{
			Icon: "calendar-clock",
			What: v.say(ends, "name", w.Other),
			When: v.until(*w.EndsAt, w.Zone, false),
			Path: list,
			Go:   v.say(look),
			due:  *w.EndsAt,
		}
	}
	return toDoView{
		Icon: "users",
		What: v.say(asks, "name", w.Other, "role", v.roleName(w.Role)),
		When: v.until(w.Until, w.Zone, false),
		Path: list + "/" + w.ID + "/approve",
		Go:   v.say("home.todo.delegation.open"),
		due:  w.Until,
	}
}

// proofsToSend are the requests that wait for a proof of purchase.
func (v *visit) proofsToSend(open []replacement.RMA) ([]toDoView, error) {
	now := v.db.Clock().Now()
	var held []replacement.RMA
	for _, r := range open {
		if r.Held && r.RMAFacts.State(now) == rma.RMARequested {
			held = append(held, r)
		}
	}
	if len(held) == 0 {
		return nil, nil
	}

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
