package console

import (
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"roomcover.dev/roomcover/messages"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/operations"
	"roomcover.dev/roomcover/models/order"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/ordering"
	"roomcover.dev/roomcover/rules/processes"
	"roomcover.dev/roomcover/web"
)

// reviewPage is an order in review side by side: what was sent, the accounts that it may be for,
// and each check that failed with its remedy.
type reviewPage struct {
	Badge      web.Badge
	Sentence   string
	Problem    string   // why the decision was not taken
	English    bool     // the problem is a sentence of the service
	Changed    []string // fields that were amended meanwhile
	Checks     []failedCheck
	Sent       []sentPart
	Lines      orderTable
	Candidates []candidateView
	New        candidateView
	Fields     []web.Field
	Record     bool   // the mail domain is to be recorded
	Domain     string // of the contact; empty: it cannot be recorded
	Decides    bool   // the operator may decide
	Action     string
	Reject     string
	Amend      string // empty: the operator may not
	Back       string
	Version    int64
	Email      string
}

// failedCheck is why a person has to look at the order, and what to do about it.
type failedCheck struct{ What, Remedy, Link, LinkText string }

// sentPart is a party of the order as it was sent.
type sentPart struct {
	Title string
	Facts []web.Fact
}

// candidateView is an account beside the order: why it may be its, and where it differs.
type candidateView struct {
	ID, Name, Address string
	Why               []string
	Small             string
	Link              string
	Choosable, Chosen bool
	Barred            bool // it stands here to be seen, and cannot be chosen
}

// reviewed reads an order that is in review; one that is not is refused with its state.
func (v *visit) reviewed() (order.Order, error) {
	o, err := v.orders.GetOrder(v.scope(), v.param("id"))
	if err == nil && o.State != rules.OrderNeedsReview {
		err = rules.Refuse(rules.StateConflict, "The order is not in review.",
			"Read the order again to see its state.")
	}
	return o, err
}

func showReview(v *visit) (answer, error) {
	o, err := v.reviewed()
	if err != nil {
		return answer{}, err
	}
	v.resume(orderPath(o.ID) + "/review/accept")
	return v.reviewOf(o, nil)
}

// reviewOf shows the review with what was typed, and why a decision was refused.
func (v *visit) reviewOf(o order.Order, refused *rules.Error) (answer, error) {
	candidates, err := v.orders.Candidates(v.scope(), o)
	if err != nil {
		return answer{}, err
	}
	events, err := v.db.Timeline(v.scope(), o.ID)
	if err != nil {
		return answer{}, err
	}
	resembles := resembled(events)
	names, err := v.orderNames(append(resembles.all(), o.ResellerID, o.SubmittedBy)...)
	if err != nil {
		return answer{}, err
	}

	customer := o.Payload.EndCustomer
	p := reviewPage{
		Badge:    v.orderState(o.State),
		Sentence: v.orderSentence(o, processes.WaitsForDecision),
		Checks:   v.failedChecks(o, resembles, names),
		Sent:     v.sentParts(o),
		Lines:    v.orderLines(o.Lines),
		Decides:  v.mayDo(rules.ReviewOrders),
		Action:   orderPath(o.ID) + "/review/accept",
		Reject:   orderPath(o.ID) + "/reject",
		Back:     orderPath(o.ID),
		Version:  o.Version,
		Email:    customer.Email,
		Record:   v.form("record_domain") == "yes",
	}
	if rules.OwnMailDomain(rules.EmailDomain(customer.Email)) && len(candidates) > 0 {
		p.Domain = rules.EmailDomain(customer.Email)
	}
	if v.mayDo(rules.SubmitOrders) {
		p.Amend = orderPath(o.ID) + "/amend"
	}
	v.addCandidates(&p, o, candidates)
	p.Fields = v.decisionFields(o, refused)

	a := answer{page: "review", title: v.orderTitle(o)}
	if refused != nil {
		a.status = http.StatusUnprocessableEntity
		said := v.worded(refused)
		p.Problem = said.Message + " " + said.Remedy
		p.English = said.Message == refused.Message
		if refused.Code == rules.VersionMismatch {
			a.status = http.StatusPreconditionFailed
			p.Problem = v.say("console.order.review.amended")
			p.English = false
			for _, f := range refused.Fields {
				p.Changed = append(p.Changed, v.orderField(f.Pointer))
			}
		} else if len(refused.Fields) > 0 {
			p.Problem = said.Fields[0].Message + " " + said.Fields[0].Remedy
			p.English = said.Fields[0].Message == refused.Fields[0].Message
		}
	}
	a.data = p
	return a, nil
}

// resemblances are what the audit says that an order in review resembles.
type resemblances struct{ doubles, orgs []string }

func (r resemblances) all() []string { return slices.Concat(r.doubles, r.orgs) }

// resembled reads the latest of what the checks found.
func resembled(events []db.AuditEvent) (r resemblances) {
	for _, e := range events {
		if e.Verb != "order.needs_review" && e.Verb != "order.amended" {
			continue
		}
		r = resemblances{
			doubles: textsOf(e.Details["possible_double_of"]),
			orgs:    textsOf(e.Details["name_resembles"]),
		}
	}
	return r
}

func textsOf(list any) (texts []string) {
	all, _ := list.([]any)
	for _, one := range all {
		if text, ok := one.(string); ok {
			texts = append(texts, text)
		}
	}
	return texts
}

// failedChecks are the reasons of the review, each with what to do about it.
func (v *visit) failedChecks(
	o order.Order, r resemblances, names map[string]string,
) (checks []failedCheck) {
	for _, reason := range o.ReviewReasons {
		c := failedCheck{
			What: v.language.Say("console.order.check."+reason, messages.Args{
				"seller": names[o.ResellerID],
				"email":  o.Payload.EndCustomer.Email,
				"date":   v.day(o.Payload.PurchasedOn).Text,
			}),
			Remedy: v.language.Say("console.order.check." + reason + ".remedy"),
		}
		if alike := namesAmong(r.orgs, names); len(alike) > 0 && resemblesName(reason) {
			c.What += " " + v.say("console.order.check.alike", "names", v.language.List(alike))
		}
		if reason == ordering.ReasonPossibleDouble && len(r.doubles) > 0 {
			c.Link = orderPath(r.doubles[0])
			c.LinkText = names[r.doubles[0]]
		}
		checks = append(checks, c)
	}
	return checks
}

// resemblesName reports whether a reason is that a seller's name only resembles another.
func resemblesName(reason string) bool {
	return reason == ordering.ReasonResellerUnclear || reason == ordering.ReasonDistributorUnclear
}

func namesAmong(ids []string, names map[string]string) (out []string) {
	for _, id := range ids {
		if names[id] != "" {
			out = append(out, names[id])
		}
	}
	return out
}

// sentParts are the parties as the order names them.
func (v *visit) sentParts(o order.Order) []sentPart {
	f := o.Payload
	return []sentPart{
		{v.say("console.order.field.end_customer"), v.partyFacts(
			f.EndCustomer.Company, f.EndCustomer.ContactName, f.EndCustomer.Email,
			f.EndCustomer.Address)},
		{v.say("console.order.field.reseller"), v.partyFacts(
			f.Reseller.Company, "", f.Reseller.Email, f.Reseller.Address)},
		{v.say("console.order.field.distributor"), v.partyFacts(
			f.Distributor.Company, "", f.Distributor.Email, f.Distributor.Address)},
	}
}

func (v *visit) partyFacts(company, contact, email string, a rules.Address) []web.Fact {
	facts := []web.Fact{
		{Term: v.say("console.order.field.company"), Value: company},
		{Term: v.say("console.order.field.contact_name"), Value: contact},
		{Term: v.say("console.order.field.email"), Value: email},
		{Term: v.say("console.order.field.address"), Value: addressLine(a)},
	}
	return slices.DeleteFunc(facts, func(f web.Fact) bool { return f.Value == "" })
}

// addCandidates puts the accounts beside the order. The only one of the same company and
// address is chosen by itself, as is a new one where there is nothing else to choose.
func (v *visit) addCandidates(p *reviewPage, o order.Order, candidates []order.Candidate) {
	chosen := v.form("account_id")
	same, choosable := 0, 0
	for _, c := range candidates {
		if c.Same {
			same++
		}
		if c.Choosable() {
			choosable++
		}
	}
	if chosen == "" && choosable == 0 {
		chosen = order.NewAccount
	}

	for _, c := range candidates {
		view := candidateView{
			ID:        c.ID,
			Name:      c.LegalName,
			Address:   addressLine(c.Address()),
			Choosable: p.Decides && c.Choosable(),
			Barred:    p.Decides && !c.Choosable(),
			Chosen:    chosen == c.ID || chosen == "" && choosable == 1 && c.Same,
			Small: v.language.Count("console.order.candidate.contracts", c.Contracts) + " · " +
				v.language.Count("console.order.candidate.administrators", c.Administrators),
		}
		for _, why := range []struct {
			holds bool
			key   string
		}{{c.Same, "same"}, {c.Near, "near"}, {c.Name, "name"}, {c.Domain, "domain"}} {
			if why.holds {
				view.Why = append(view.Why, v.language.Say("console.order.candidate."+why.key))
			}
		}
		view.Link = v.pageOfThing(c.ID, "")
		p.Candidates = append(p.Candidates, view)
	}
	if same == 0 {
		p.New = candidateView{
			ID:        order.NewAccount,
			Name:      o.Payload.EndCustomer.Company,
			Address:   addressLine(o.Payload.EndCustomer.Address),
			Choosable: true,
			Chosen:    chosen == order.NewAccount,
		}
	}
}

// decisionFields are what an acceptance asks for beside the account.
func (v *visit) decisionFields(o order.Order, refused *rules.Error) []web.Field {
	invite := web.Field{
		Name:  "invite_as",
		Label: v.say("console.field.invite_as"),
		Help:  v.say("console.order.review.invite", "email", o.Payload.EndCustomer.Email),
		Kind:  "choice",
		Value: v.form("invite_as"),
	}
	for _, role := range []string{"", "NONE", "READ_ONLY", "ADMIN"} {
		label := v.say("console.order.review.usual")
		if role != "" {
			label = v.language.Say("console.invite." + role)
		}
		invite.Offer(role, label, role == invite.Value)
	}
	reason := web.Field{
		Name:     "reason",
		Label:    v.say("console.field.reason"),
		Help:     v.say("console.field.reason.help"),
		Kind:     "area",
		Value:    v.form("reason"),
		Required: true,
	}
	if refused != nil && refused.Code == rules.ReasonRequired {
		reason.Problem = v.say("console.order.reason.missing")
	}
	return []web.Field{invite, reason}
}

// decision is what the form says, about the version that was looked at.
func (v *visit) decision(accept bool) (order.Decision, error) {
	version, err := strconv.ParseInt(v.form("version"), 10, 64)
	if err != nil {
		return order.Decision{}, errBadForm
	}
	return order.Decision{
		Version:      version,
		Accept:       accept,
		Reason:       v.form("reason"),
		AccountID:    v.form("account_id"),
		InviteAs:     rules.InviteAs(v.form("invite_as")),
		RecordDomain: v.form("record_domain") == "yes",
		Email:        v.form("email"),
	}, nil
}

// acceptOrder accepts an order in review after a page that says what will follow. The account
// and the person that it is decided about are those that the page showed.
func acceptOrder(v *visit) (answer, error) {
	o, err := v.orders.GetOrder(v.scope(), v.param("id"))
	if err != nil {
		return answer{}, err
	}
	d, err := v.decision(true)
	if err != nil {
		return answer{}, err
	}
	if d.AccountID == order.NewAccount {
		choice, err := v.hasChoice(o)
		if err != nil {
			return answer{}, err
		}
		if !choice {
			d.AccountID = "" // there is nothing to choose from
		}
	}
	if o.State == rules.OrderNeedsReview && d.Version == o.Version {
		will, err := v.orders.PreviewDecision(v.scope(), o.ID, d)
		if err != nil {
			return v.notDecided(o, err)
		}
		if !v.confirmed() {
			return v.askAcceptance(o, d, will)
		}
		if d.LetsIn(will) {
			if err := v.needFresh(); err != nil {
				return answer{}, err
			}
		}
	}

	err = v.giveAct(db.Text(o.AccountID), operations.Act{SubjectID: o.ID, Decision: &d})
	if err != nil {
		return v.notDecided(o, err)
	}
	return v.doneAct(orderPath(o.ID), "console.order.flash.accepted"), nil
}

// hasChoice reports whether an account of nearly the order's address could be chosen.
func (v *visit) hasChoice(o order.Order) (bool, error) {
	candidates, err := v.orders.Candidates(v.scope(), o)
	return slices.ContainsFunc(candidates, order.Candidate.Choosable), err
}

// notDecided shows the review again with what was typed and why nothing was decided; a refusal
// that the review has no words for has its own page.
func (v *visit) notDecided(o order.Order, err error) (answer, error) {
	var refused *rules.Error
	code := rules.CodeOf(err)
	if !errors.As(err, &refused) || o.State != rules.OrderNeedsReview ||
		code == rules.NotFound || code == StepUpRequired {
		return answer{}, err
	}
	return v.reviewOf(o, refused)
}

// askAcceptance says what follows from the acceptance.
func (v *visit) askAcceptance(
	o order.Order, d order.Decision, will order.DecisionPreview,
) (answer, error) {
	c := confirmation{
		Title: v.say("console.order.accept.title", "order", v.orderTitle(o)),
		Says: []string{
			v.accountSaid(o, will),
			v.language.Count("console.order.accept.contracts", will.Contracts) + " " +
				v.language.Count("console.order.accept.licenses", will.Licences),
			v.invitationSaid(o, will),
			v.say("console.order.told", "names", strings.Join(will.Told, ", ")),
			v.say("console.order.accept.after"),
		},
		Hidden: []web.Hidden{
			{Name: "version", Value: strconv.FormatInt(d.Version, 10)},
			{Name: "reason", Value: d.Reason},
			{Name: "account_id", Value: d.AccountID},
			{Name: "invite_as", Value: string(d.InviteAs)},
			{Name: "email", Value: d.Email},
		},
		Action: orderPath(o.ID) + "/review/accept",
		Submit: v.say("console.order.accept.do"),
		Back:   orderPath(o.ID) + "/review",
	}
	if d.RecordDomain {
		c.Hidden = append(c.Hidden, web.Hidden{Name: "record_domain", Value: "yes"})
		c.Says = append(c.Says, v.say("console.order.accept.domain",
			"domain", rules.EmailDomain(o.Payload.EndCustomer.Email)))
	}
	return v.ask(c)
}

// accountSaid says whose the contracts become.
func (v *visit) accountSaid(o order.Order, will order.DecisionPreview) string {
	if will.Account.ID == "" {
		return v.say("console.order.accept.new", "company", o.Payload.EndCustomer.Company)
	}
	return v.say("console.order.accept.account",
		"company", will.Account.LegalName, "address", addressLine(will.Account.Address()))
}

// invitationSaid says what becomes of the person whom the order names.
func (v *visit) invitationSaid(o order.Order, will order.DecisionPreview) string {
	return v.language.Say("console.order.accept.invite."+string(will.Invitation),
		messages.Args{"email": o.Payload.EndCustomer.Email})
}
