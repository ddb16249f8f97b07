package console

import (
	"errors"
	"strconv"
	"time"

	"roomcover.dev/roomcover/models/account"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/sso"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/web"
)

// Operators see how a customer's people sign in at their own company (S48), prove a mail domain
// where the customer cannot add a record, and let passwords in again where the company's own
// sign-in was the only way and does not work (S49): each with a reason, after a fresh sign-in.

func ownSignInRoutes() []route {
	const (
		proves = accountsPath + "/:id/domains/:domain/prove"
		lifts  = accountsPath + "/:id/connections/:connection/lift"
	)
	manage := may(rules.ManageCatalogue)
	return []route{
		{method: get, path: proves, access: manage, do: askToProveDomain, fresh: true},
		{method: post, path: proves, access: manage, do: proveDomain, fresh: true},
		{method: get, path: lifts, access: manage, do: askToLift, fresh: true},
		{method: post, path: lifts, access: manage, do: liftEnforcement, fresh: true},
	}
}

// ownSignInSections show the connections and the mail domains of an account's organisation; none
// where it has neither.
func (v *visit) ownSignInSections(acc account.Account) ([]web.Section, error) {
	shown, err := v.sso.ShowTo(v.scope(), acc.ID)
	if err != nil {
		return nil, err
	}

	var ways []web.Line
	for _, c := range shown.Connections {
		l := web.Line{Cells: map[string]web.Cell{
			"provider": {Text: c.Issuer, Small: string(c.Kind)},
			"state": {Badge: web.Badge{
				Text: v.language.Say("console.ownsignin.state." + string(c.State)),
				Color: map[sso.State]string{
					sso.Draft:    "amber",
					sso.Enabled:  "green",
					sso.Enforced: "blue",
				}[c.State],
			}},
			"came":        {Text: v.say("console.operators.never")},
			"certificate": v.certificateLeft(c),
		}}
		if came, ok := shown.Came[c.ID]; ok {
			l.Cells["came"] = v.when(&came, acc.TimeZone)
		}
		if c.State == sso.Enforced {
			l.Link = accountPath(acc.ID) + "/connections/" + c.ID + "/lift"
		}
		ways = append(ways, l)
	}
	for _, b := range shown.BreakGlass {
		used := web.Cell{Text: v.say("console.operators.never")}
		if b.UsedAt != nil {
			used = v.when(b.UsedAt, acc.TimeZone)
		}
		ways = append(ways, web.Line{Cells: map[string]web.Cell{
			"provider": {Text: b.Name, Small: v.say("console.ownsignin.glass")},
			"state":    {},
			"came":     used,
		}})
	}

	var domains []web.Line
	for _, d := range shown.Domains {
		l := web.Line{Cells: map[string]web.Cell{
			"domain": {Text: d.Domain},
			"state":  {Badge: web.Badge{Text: v.say("console.ownsignin.claimed"), Color: "amber"}},
			"since":  {},
		}}
		if d.Proved() {
			l.Cells["state"] = v.domainState(d, acc.TimeZone)
			l.Cells["since"] = v.when(d.ProvedAt, acc.TimeZone)
		}
		if !d.Counts(db.RealNow()) {
			l.Link = accountPath(acc.ID) + "/domains/" + d.ID + "/prove"
		}
		domains = append(domains, l)
	}

	var out []web.Section
	if len(ways) > 0 {
		s := v.listSection(acc, "ways", []web.Column{
			{Name: "provider"}, {Name: "state"}, {Name: "came"}, {Name: "certificate"},
		}, ways, "")
		s.Title = v.say("console.ownsignin.ways")
		out = append(out, s)
	}
	if len(domains) > 0 {
		s := v.listSection(acc, "domains", []web.Column{
			{Name: "domain"}, {Name: "state"}, {Name: "since"},
		}, domains, "")
		s.Title = v.say("console.ownsignin.domains")
		out = append(out, s)
	}
	return out, nil
}

// domainState says how a proved domain stands: once its record has been missing for too long it
// signs nobody in, and whoever reads this reads what to do.
func (v *visit) domainState(d sso.Domain, zone string) web.Cell {
	day := v.dayAt(d.Until(), zone).Text
	switch {
	case d.MissingAt == nil:
		return web.Cell{Badge: web.Badge{
			Text:  v.language.Say("console.ownsignin.proved." + string(d.ProvedBy)),
			Color: "green",
		}}
	case d.Counts(db.RealNow()):
		return web.Cell{
			Badge: web.Badge{Text: v.say("console.ownsignin.missing"), Color: "amber"},
			Small: v.say("console.ownsignin.missing.do", "record", d.Record(), "day", day),
		}
	}
	return web.Cell{
		Badge: web.Badge{Text: v.say("console.ownsignin.lapsed"), Color: "red"},
		Small: v.say("console.ownsignin.lapsed.do", "record", d.Record(), "day", day),
	}
}

// certificateLeft is for how many days the last certificate of a SAML provider still counts; none
// once it has ended.
func (v *visit) certificateLeft(c sso.Connection) web.Cell {
	if c.CertificatesUntil == nil {
		return web.Cell{}
	}
	days := max(int64(c.CertificatesUntil.Sub(db.RealNow())/(24*time.Hour)), 0)
	cell := web.Cell{Text: v.language.Count("console.ownsignin.days", days)}
	if days < 30 {
		cell.Badge = web.Badge{Text: strconv.FormatInt(days, 10), Color: "amber"}
	}
	return cell
}

// claimedDomain is the domain that the address names, of the account that it names.
func (v *visit) claimedDomain() (acc account.Account, d sso.Domain, err error) {
	if acc, err = v.accounts.GetAccount(v.scope(), v.param("id")); err != nil {
		return acc, d, err
	}
	shown, err := v.sso.ShowTo(v.scope(), acc.ID)
	for _, d := range shown.Domains {
		if d.ID == v.param("domain") {
			return acc, d, nil
		}
	}
	return acc, d, errors.Join(err, db.NotFound())
}

func askToProveDomain(v *visit) (answer, error) { return v.askProof(nil) }

func (v *visit) askProof(refused *rules.Error) (answer, error) {
	acc, d, err := v.claimedDomain()
	if err != nil {
		return answer{}, err
	}
	return v.askRefused(confirmation{
		Title: v.say("console.ownsignin.prove.title", "domain", d.Domain),
		Says: []string{
			v.say("console.ownsignin.prove.says", "domain", d.Domain, "company", acc.LegalName),
			v.say("console.ownsignin.prove.sure"),
		},
		Fields: []web.Field{v.reasonField()},
		Action: accountPath(acc.ID) + "/domains/" + d.ID + "/prove",
		Submit: v.say("console.ownsignin.prove.do"),
		Back:   accountTab(acc.ID, "people"),
	}, refused)
}

// proveDomain proves a domain in the operator's name.
func proveDomain(v *visit) (answer, error) {
	acc, d, err := v.claimedDomain()
	if err != nil {
		return answer{}, err
	}
	_, err = v.sso.ProveDomain(v.acting(acc.ID), d.ID, v.form("reason"))
	if refused := refusedHere(err); refused != nil {
		return v.askProof(refused)
	}
	if err != nil {
		return answer{}, err
	}
	return v.done(accountTab(acc.ID, "people"), "console.ownsignin.proved"), nil
}

// refusedHere is a refusal that the page shows; nil: none, or one that is a page of its own.
func refusedHere(err error) *rules.Error {
	var refused *rules.Error
	if errors.As(err, &refused) && refused.Code != rules.Forbidden &&
		refused.Code != rules.NotFound {
		return refused
	}
	return nil
}

func askToLift(v *visit) (answer, error) { return v.askLift(nil) }

func (v *visit) askLift(refused *rules.Error) (answer, error) {
	acc, err := v.accounts.GetAccount(v.scope(), v.param("id"))
	if err != nil {
		return answer{}, err
	}
	return v.askRefused(confirmation{
		Title: v.say("console.ownsignin.lift.title", "company", acc.LegalName),
		Says: []string{
			v.say("console.ownsignin.lift.says", "company", acc.LegalName),
			v.say("console.ownsignin.lift.stays"),
		},
		Fields: []web.Field{v.reasonField()},
		Action: v.request.URL.Path,
		Submit: v.say("console.ownsignin.lift.do"),
		Danger: true,
		Back:   accountTab(acc.ID, "people"),
	}, refused)
}

// liftEnforcement lets people sign in by password again.
func liftEnforcement(v *visit) (answer, error) {
	acc, err := v.accounts.GetAccount(v.scope(), v.param("id"))
	if err != nil {
		return answer{}, err
	}
	shown, err := v.sso.ShowTo(v.scope(), acc.ID)
	if err != nil {
		return answer{}, err
	}
	for _, c := range shown.Connections {
		if c.ID != v.param("connection") {
			continue
		}
		_, err := v.sso.LiftEnforcement(v.acting(acc.ID), c.ID, v.form("reason"))
		if refused := refusedHere(err); refused != nil {
			return v.askLift(refused)
		}
		if err != nil {
			return answer{}, err
		}
		return v.done(accountTab(acc.ID, "people"), "console.ownsignin.lifted"), nil
	}
	return answer{}, db.NotFound()
}
