package portal

import (
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"roomcover.dev/roomcover/messages"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/web"
)

// The two sides of a delegation: a customer's page about its partners, and a partner's about its
// customers.
const (
	partnersPath  = "/partners"
	customersPath = "/customers"
)

// How often a side asks in a day.
const (
	mostPartnersAsked  = 20
	mostCustomersAsked = 50
)

// delegationPart is a delegation or a request as one of its sides reads of it.
type delegationPart struct {
	ID      string
	Name    string // of the other side
	Role    web.Badge
	State   web.Badge
	Says    string
	Answers bool   // the reader's side answers the request
	Takes   bool   // the reader may end it, or take it back
	Sites   string // for which it is; empty: all of them
	Limits  bool   // the reader may change them
	People  []partnerPart
	Keys    []partnerKeyPart
	NewKey  string   // address of the page that makes one; empty: the reader makes none
	Work    []string // what is to be done there, of a partner's customer
	Open    string   // address of the customer's rooms; empty: the reader does not act there
}

// partnerPart is somebody of a partner who may act.
type partnerPart struct {
	Name string
	Last string
	Did  string // address of what they did
}

// delegationForm is what one side asks the other for.
type delegationForm struct {
	Action, Field, Value, Role, Days string
	Most                             int
	Problem, DaysProblem             string // message keys
	PassProblem, SitesProblem        string
	AskPassword                      bool
	Sites                            []siteChoice // of the customer that asks
}

// delegationsPage is the page of either side.
type delegationsPage struct {
	Side    string // partners or customers: what its messages begin with
	Lead    string
	Base    string // of the addresses of its forms
	Waiting []delegationPart
	Active  []delegationPart
	Over    []delegationPart
	More    string          // address of those that come behind; empty: these are the last
	Paged   bool            // others stand before these
	Form    *delegationForm // nil: the reader asks for nothing
}

// isPartner reports whether the account at hand holds the people of a service partner.
func (v *visit) isPartner() bool {
	return v.who != nil && len(v.who.accounts) > 0 && v.who.partners[v.who.account().ID] != ""
}

// onPartnerSide reports whether the page at hand is that of a partner about its customers.
func (v *visit) onPartnerSide() bool {
	return strings.HasPrefix(v.request.URL.Path, customersPath)
}

// sidePath is the page of the reader's side.
func (v *visit) sidePath() string {
	if v.onPartnerSide() {
		return customersPath
	}
	return partnersPath
}

func showPartners(v *visit) (answer, error) {
	v.resumes(partnersPath)
	return v.delegationsPage(v.typedDelegation())
}

func showCustomers(v *visit) (answer, error) {
	if !v.isPartner() {
		return answer{}, errNoPage
	}
	v.resumes(customersPath)
	return v.delegationsPage(v.typedDelegation())
}

// typedDelegation is what was typed into the form that asks, or what it begins with.
func (v *visit) typedDelegation() delegationForm {
	f := delegationForm{
		Action: v.sidePath(),
		Field:  "partner",
		Role:   v.form("role"),
		Days:   strings.TrimSpace(v.form("days")),
		Most:   rules.MostDelegationDays,
	}
	if v.onPartnerSide() {
		f.Field = "email"
	}
	f.Value = strings.TrimSpace(v.form(f.Field))
	if f.Role == "" {
		f.Role = string(identity.RoleReadOnly)
	}
	if f.Days == "" {
		f.Days = strconv.Itoa(rules.DefaultDelegationDays)
	}
	return f
}

func (v *visit) delegationsPage(f delegationForm) (answer, error) {
	p := delegationsPage{Side: "partners", Base: v.sidePath()}
	read := v.partnerSections
	if v.onPartnerSide() {
		p.Side = "customers"
		read = v.customerSections
	}
	after, err := v.openCursor(p.Base)
	if err != nil {
		return answer{}, err
	}
	p.Lead = v.say(p.Side+".lead", "company", v.who.account().LegalName)
	if err := read(&p); err != nil {
		return answer{}, err
	}
	p.page(v, after)
	if v.isAdmin() {
		f.AskPassword = !v.provedLately()
		if !v.onPartnerSide() {
			if f.Sites, err = v.siteChoices(v.chosenSites()); err != nil {
				return answer{}, err
			}
		}
		p.Form = &f
	}

	a := answer{page: "delegations", title: p.Side + ".title", data: p, here: p.Base}
	if f.Problem != "" || f.DaysProblem != "" || f.PassProblem != "" || f.SitesProblem != "" {
		a.status = http.StatusUnprocessableEntity
	}
	return a, nil
}

// mostActive is how many of those that act a page shows: of a partner with hundreds of customers
// the rest is on the next ones.
const mostActive = 50

// page keeps of those that act the ones behind an id, the newest first, as many as a page holds.
func (p *delegationsPage) page(v *visit, after string) {
	if after != "" {
		p.Paged = true
		p.Active = slices.DeleteFunc(p.Active, func(d delegationPart) bool { return d.ID >= after })
	}
	if len(p.Active) > mostActive {
		p.Active = p.Active[:mostActive]
		p.More = v.olderThan(p.Base, p.Active[mostActive-1].ID)
	}
}

// mostOver is how many of those that are over a page shows.
const mostOver = 20

// partnerSections are the delegations of the account at hand to partners.
func (v *visit) partnerSections(p *delegationsPage) error {
	id := v.who.account().ID
	all, err := v.people.DelegationsOf(v.acting(), id)
	if err != nil {
		return err
	}
	people, err := v.people.PartnerPeopleOf(v.acting(), id)
	if err != nil {
		return err
	}

	keys, err := v.partnerKeys()
	if err != nil {
		return err
	}
	for _, d := range all {
		part := v.delegationPart(d, d.Partner, identity.SideCustomer)
		part.Keys = keys[d.ID]
		part.Limits = part.Takes
		for _, who := range people {
			if who.DelegationID == d.ID {
				part.People = append(part.People, v.partnerPart(who))
			}
		}
		p.sort(d, part)
	}
	return nil
}

func (v *visit) partnerPart(who identity.PartnerPerson) partnerPart {
	out := partnerPart{
		Name: who.Name,
		Last: v.say("partners.people.never"),
		Did:  activityPath + "?" + activityPerson + "=" + who.UserID,
	}
	if who.LastActed != nil {
		at := v.moment(*who.LastActed, v.who.account().TimeZone)
		out.Last = v.say("partners.people.last", "when", at)
	}
	return out
}

// customerSections are the customers of the partner whose people the account at hand has, with
// what is to be done for each.
func (v *visit) customerSections(p *delegationsPage) error {
	id := v.who.account().ID
	all, err := v.people.PartnerDelegationsOf(v.acting(), id)
	if err != nil {
		return err
	}
	customers, err := v.people.CustomersOf(v.acting(), id)
	if err != nil {
		return err
	}

	keys, err := v.partnerKeys()
	if err != nil {
		return err
	}
	seen := map[string]identity.Customer{}
	for _, c := range customers {
		seen[c.Delegation.ID] = c
	}
	for _, d := range all {
		part := v.delegationPart(d, d.Customer, identity.SidePartner)
		if c, acts := seen[d.ID]; acts {
			part.Open = forPrefix + c.AccountID + "/"
			part.Work = v.workOf(c)
			part.Keys = keys[d.ID]
			if v.isAdmin() {
				part.NewKey = customersPath + "/" + d.ID + "/keys"
			}
		}
		p.sort(d, part)
	}
	return nil
}

// workOf says what is down, what is due and what waits at a customer's.
func (v *visit) workOf(c identity.Customer) (says []string) {
	for _, one := range []struct {
		key string
		n   int64
	}{
		{"customers.down", c.Down}, {"customers.due", c.Due}, {"customers.waiting", c.Waiting},
	} {
		if one.n > 0 {
			says = append(says, v.language.Count(one.key, one.n))
		}
	}
	if len(says) == 0 {
		says = append(says, v.say("customers.quiet"))
	}
	return says
}

// sort puts a delegation under what it is: waiting, active or over.
func (p *delegationsPage) sort(d identity.DelegationSeen, part delegationPart) {
	switch {
	case part.State.Color == "amber":
		p.Waiting = append(p.Waiting, part)
	case part.State.Color == "green":
		p.Active = append(p.Active, part)
	case len(p.Over) < mostOver:
		p.Over = append(p.Over, part)
	}
}

var delegationColors = map[identity.DelegationState]string{
	identity.DelegationProposed: "amber",
	identity.DelegationActive:   "green",
}

func (v *visit) delegationPart(
	d identity.DelegationSeen, other string, side identity.DelegationSide,
) delegationPart {
	state := d.State
	if d.Over(v.db.Now()) && (state == identity.DelegationProposed ||
		state == identity.DelegationActive) {
		state = identity.DelegationExpired // its row says so with the next sweep
	}
	zone := db.ZoneOf(v.who.account().TimeZone)
	until := d.AnswerUntil
	if d.EndsAt != nil {
		until = *d.EndsAt
	}
	if d.ClosedAt != nil {
		until = d.ClosedAt.Add(24 * time.Hour)
	}

	asked := "theirs"
	if d.AskedSide == side {
		asked = "ours"
	}
	key := "delegation.says." + string(state)
	if state == identity.DelegationProposed {
		key += "." + asked
		if asked == "theirs" && side == identity.SidePartner {
			key = "delegation.says.OFFERED" // a customer gives access, and asks for none
		}
	}
	return delegationPart{
		ID:    d.ID,
		Name:  other,
		Sites: v.sitesPart(d.Delegation),
		Role:  web.Badge{Text: v.roleName(d.Role)},
		State: web.Badge{
			Text:  v.say("delegation.state." + string(state)),
			Color: delegationColors[state],
		},
		Says: v.language.Count(key, int64(d.Days),
			messages.Args{"day": v.day(rules.LastCoveredDay(until, zone))}),
		Answers: v.isAdmin() && state == identity.DelegationProposed && asked == "theirs",
		Takes: v.isAdmin() && (state == identity.DelegationActive ||
			state == identity.DelegationProposed && asked == "ours"),
	}
}

// terms are what the form asks for; what is wrong with it stands in the form.
func (f *delegationForm) terms() (identity.DelegationTerms, bool) {
	days, err := strconv.Atoi(f.Days)
	if err != nil || len(rules.CheckDelegationDays(days)) > 0 {
		f.DaysProblem = "delegation.days.wrong"
	}
	terms := identity.DelegationTerms{
		Role: identity.MemberRole(f.Role),
		Days: days,
	}
	return terms, f.DaysProblem == "" && f.Problem == ""
}

// askPartner asks a partner to act for the account. It lets somebody in, so the person proves
// the password unless they typed it a moment ago (S52).
func askPartner(v *visit) (answer, error) {
	f := v.typedDelegation()
	if f.Role != string(identity.RoleAdmin) && f.Role != string(identity.RoleReadOnly) {
		return answer{}, errBadForm
	}
	if f.Value == "" {
		f.Problem = "partners.unknown"
	}
	terms, right := f.terms()
	if !right {
		return v.delegationsPage(f)
	}
	if problem, err := v.proveAgain(); err != nil || problem != "" {
		f.PassProblem = problem
		a, wrong := v.delegationsPage(f)
		return a, errors.Join(err, wrong)
	}
	terms.Sites = v.chosenSites()
	id := v.who.account().ID
	if err := v.throttle("partners/"+id, mostPartnersAsked, 24*time.Hour); err != nil {
		return answer{}, err
	}

	_, err := v.people.AskPartner(v.acting(), id, f.Value, terms)
	switch rules.CodeOf(err) {
	case rules.ValidationFailed:
		f.Problem = "partners.unknown"
		if pointsTo(err, "/sites") {
			f.Problem, f.SitesProblem = "", "delegation.sites.wrong"
		}
		return v.delegationsPage(f)
	case rules.StateConflict:
		if v.askedJustNow(f.Value) {
			return v.done(partnersPath, "flash.delegation.asked"), nil
		}
		f.Problem = "partners.before"
		return v.delegationsPage(f)
	}
	if err != nil {
		return answer{}, err
	}
	return v.done(partnersPath, "flash.delegation.asked"), nil
}

// askedJustNow reports whether this person asked this partner a moment ago: a second press of
// the button.
func (v *visit) askedJustNow(name string) bool {
	all, err := v.people.DelegationsOf(v.acting(), v.who.account().ID)
	if err != nil {
		return false
	}
	since := v.db.Now().Add(-sentWithin)
	for _, d := range all {
		if d.State == identity.DelegationProposed && d.AskedBy == v.who.user.ID &&
			d.AskedAt.After(since) && rules.FullNameKey(d.Partner) == rules.FullNameKey(name) {
			return true
		}
	}
	return false
}

// askCustomer asks a customer by the address of one of its administrators. The answer is the
// same, and takes the same time, whether there is one. By asking the partner has agreed already,
// so it asks for a fresh proof (S52).
func askCustomer(v *visit) (answer, error) {
	if !v.isPartner() {
		return answer{}, errNoPage
	}
	f := v.typedDelegation()
	if f.Role != string(identity.RoleAdmin) && f.Role != string(identity.RoleReadOnly) {
		return answer{}, errBadForm
	}
	if !rules.ValidEmail(f.Value) {
		f.Problem = "email.invalid"
	}
	terms, right := f.terms()
	if !right {
		return v.delegationsPage(f)
	}
	if a, ok := v.needFresh(customersPath); !ok {
		return a, nil
	}
	id := v.who.account().ID
	if err := v.throttle("customers/"+id, mostCustomersAsked, 24*time.Hour); err != nil {
		return answer{}, err
	}

	err := v.constantTime(func() error {
		return v.people.AskCustomer(v.acting(), id, f.Value, terms)
	})
	if err != nil {
		return answer{}, err
	}
	return v.done(customersPath, "flash.customer.asked"), nil
}

// approvalPage asks before somebody is let in: who, as what, for how long.
type approvalPage struct {
	Title       string
	Says        []string
	Action      string
	Submit      string
	Back        string
	PassProblem string // message key
	AskPassword bool
	Sites       []siteChoice // of a customer that is asked
}

// delegation finds a delegation of the reader's side, and the name of the other one.
func (v *visit) delegation() (d identity.DelegationSeen, other string, err error) {
	id := v.who.account().ID
	var all []identity.DelegationSeen
	switch {
	case !v.onPartnerSide():
		all, err = v.people.DelegationsOf(v.acting(), id)
	case v.isPartner():
		all, err = v.people.PartnerDelegationsOf(v.acting(), id)
	}
	if err != nil {
		return d, "", err
	}
	for _, d := range all {
		if d.ID != v.param("id") {
			continue
		}
		if v.onPartnerSide() {
			return d, d.Customer, nil
		}
		return d, d.Partner, nil
	}
	return d, "", errNoPage
}

func showApproval(v *visit) (answer, error) { return v.approvalPage("") }

func (v *visit) approvalPage(problem string) (answer, error) {
	d, other, err := v.delegation()
	if err != nil {
		return answer{}, err
	}
	side := "partners"
	if v.onPartnerSide() {
		side = "customers"
	}
	if d.State != identity.DelegationProposed || d.Over(v.db.Now()) {
		return answer{}, rules.Refuse(rules.StateConflict, "The request is over.",
			"Read the page again.")
	}

	p := approvalPage{
		Title: v.say(side+".approve.ask", "name", other),
		Says: []string{
			v.language.Count(side+".approve.says."+string(d.Role), int64(d.Days),
				messages.Args{"name": other}),
			v.say(side + ".approve.end"),
		},
		Action:      v.sidePath() + "/" + d.ID + "/approve",
		Submit:      v.say(side + ".answer"),
		Back:        v.sidePath(),
		PassProblem: problem,
		AskPassword: !v.provedLately(),
	}
	if !v.onPartnerSide() {
		if p.Sites, err = v.siteChoices(v.chosenSites()); err != nil {
			return answer{}, err
		}
	} else if says := v.sitesPart(d.Delegation); says != "" {
		p.Says = append(p.Says, says)
	}
	a := answer{page: "approval", label: p.Title, data: p, here: p.Action}
	if problem != "" {
		a.status = http.StatusUnprocessableEntity
	}
	return a, nil
}

// approveDelegation lets the partner in, after a fresh proof (S52).
func approveDelegation(v *visit) (answer, error) {
	if _, _, err := v.delegation(); err != nil {
		return answer{}, err
	}
	if problem, err := v.proveAgain(); err != nil || problem != "" {
		a, wrong := v.approvalPage(problem)
		return a, errors.Join(err, wrong)
	}
	_, err := v.people.AnswerDelegation(v.acting(), v.param("id"), true, v.chosenSites()...)
	if err != nil {
		return answer{}, err
	}
	return v.done(v.sidePath(), "flash.delegation.accepted"), nil
}

func refuseDelegation(v *visit) (answer, error) {
	d, other, err := v.delegation()
	if err != nil {
		return answer{}, err
	}
	if !v.confirmed() {
		return v.ask(confirmation{
			Title:  v.say("delegation.refuse.ask", "name", other),
			Says:   []string{v.say("delegation.refuse.says", "name", other)},
			Action: v.sidePath() + "/" + d.ID + "/refuse",
			Submit: v.say("delegation.refuse"),
			Back:   v.sidePath(),
		})
	}
	if _, err := v.people.AnswerDelegation(v.acting(), d.ID, false); err != nil {
		return answer{}, err
	}
	return v.done(v.sidePath(), "flash.delegation.refused"), nil
}

// endDelegation ends what the partner may at once, or takes a request back.
func endDelegation(v *visit) (answer, error) {
	d, other, err := v.delegation()
	if err != nil {
		return answer{}, err
	}
	if !v.confirmed() {
		says := "delegation.end.says"
		if v.onPartnerSide() {
			says = "customers.end.says"
		}
		if d.State == identity.DelegationProposed {
			says = "delegation.takeback.says"
		}
		return v.ask(confirmation{
			Title:  v.say("delegation.end.ask", "name", other),
			Says:   []string{v.say(says, "name", other)},
			Final:  true,
			Action: v.sidePath() + "/" + d.ID + "/end",
			Submit: v.say("delegation.end"),
			Back:   v.sidePath(),
		})
	}
	if _, err := v.people.EndDelegation(v.acting(), d.ID, ""); err != nil {
		return answer{}, err
	}
	return v.done(v.sidePath(), "flash.delegation.ended"), nil
}
