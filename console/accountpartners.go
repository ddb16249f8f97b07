package console

import (
	"cmp"
	"errors"
	"slices"
	"strings"
	"time"

	"roomcover.dev/roomcover/models/account"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/web"
)

// Operators see which service partners act for a customer, and end it with a reason (S51). They
// make an account that of a partner's people; whom the partner acts for is between it and its
// customers.

func partnerRoutes() []route {
	const (
		makes = accountsPath + "/:id/partner"
		ends  = "/console/delegations/:id/end"
	)
	manage := may(rules.ManageCatalogue)
	return []route{
		{method: get, path: makes, access: manage, do: askToMakePartner},
		{method: post, path: makes, access: manage, do: makePartner},
		{method: get, path: ends, access: manage, do: askToEndDelegation},
		{method: post, path: ends, access: manage, do: endDelegation},
	}
}

// delegationPath is the page that ends a delegation.
func delegationPath(id string) string { return "/console/delegations/" + id + "/end" }

func askToMakePartner(v *visit) (answer, error) {
	acc, err := v.accounts.GetAccount(v.scope(), v.param("id"))
	if err != nil {
		return answer{}, err
	}
	return v.askPartner(acc, nil)
}

func (v *visit) askPartner(acc account.Account, refused *rules.Error) (answer, error) {
	return v.askRefused(confirmation{
		Title: v.say("console.account.partner.title", "company", acc.LegalName),
		Says: []string{
			v.say("console.account.partner.says", "company", acc.LegalName),
			v.say("console.account.partner.none"),
		},
		Fields: []web.Field{v.reasonField()},
		Action: accountPath(acc.ID) + "/partner",
		Submit: v.say("console.account.partner.do"),
		Back:   accountPath(acc.ID),
	}, refused)
}

// makePartner makes the members of an account the people of a service partner of its name.
func makePartner(v *visit) (answer, error) {
	acc, err := v.accounts.GetAccount(v.scope(), v.param("id"))
	if err != nil {
		return answer{}, err
	}

	err = rules.CheckReason(v.form("reason"))
	if err == nil {
		var org account.Org
		org, err = v.partnerOrg(acc)
		if err == nil {
			_, err = v.people.MakePartner(v.acting(acc.ID), org.ID, acc.ID, v.form("reason"))
		}
	}
	var refused *rules.Error
	if errors.As(err, &refused) && refused.Code != rules.Forbidden &&
		refused.Code != rules.NotFound {
		return v.askPartner(acc, refused)
	}
	if err != nil {
		return answer{}, err
	}
	return v.done(accountTab(acc.ID, "people"), "console.account.partner.made"), nil
}

// partnerOrg is the partner organisation of the account's name and country, a new one where
// there is none.
func (v *visit) partnerOrg(acc account.Account) (account.Org, error) {
	for page := (db.Page{Limit: 200}); ; {
		found, next, err := v.accounts.ListOrgs(v.scope(), account.OrgPartner, page)
		if err != nil {
			return account.Org{}, err
		}
		for _, o := range found {
			if o.FullKey == rules.FullNameKey(acc.LegalName) && o.Country == acc.Country {
				return o, nil
			}
		}
		if next == "" {
			break
		}
		page.After = next
	}
	return v.accounts.PutOrg(v.acting(acc.ID), account.OrgChange{
		Kind:    account.OrgPartner,
		Name:    acc.LegalName,
		Country: acc.Country,
	})
}

// delegationsSections list which partners act for an account, or were asked to: first what waits
// for an answer, then what holds, by its end, then what is over. Their keys follow.
func (v *visit) delegationsSections(acc account.Account) ([]web.Section, error) {
	found, err := v.people.DelegationsOf(v.scope(), acc.ID)
	if err != nil {
		return nil, err
	}
	slices.SortStableFunc(found, v.byWhatIsNext)

	var lines []web.Line
	acts := false
	for _, d := range found {
		acts = acts || d.State == identity.DelegationActive
		asked := d.AskedAt
		l := web.Line{Cells: map[string]web.Cell{
			"partner": {Text: d.Partner},
			"role":    {Text: v.language.Say("console.invite." + string(d.Role))},
			"sites":   {Text: v.sitesOf(d.Delegation)},
			"state": {Badge: web.Badge{
				Text: v.language.Say("console.delegation.state." + string(d.State)),
				Color: map[identity.DelegationState]string{
					identity.DelegationProposed: "amber",
					identity.DelegationActive:   "green",
				}[d.State],
			}},
			"since": v.when(&asked, acc.TimeZone),
			"last":  {},
		}}
		if d.EndsAt != nil {
			l.Cells["last"] = v.lastDay(*d.EndsAt, acc.TimeZone)
		}
		if !d.Over(v.now) {
			l.Link = delegationPath(d.ID)
		}
		lines = append(lines, l)
	}
	s := v.listSection(acc, "partners", []web.Column{
		{Name: "partner"}, {Name: "role"}, {Name: "sites"}, {Name: "state"}, {Name: "since"},
		{Name: "last"},
	}, lines, "")
	s.Title = v.say("console.account.partners")
	if !acts {
		return []web.Section{s}, nil
	}
	keys, err := v.partnerKeysSection(acc, found)
	return append([]web.Section{s}, keys...), err
}

// byWhatIsNext orders delegations by what is to be done about them.
func (v *visit) byWhatIsNext(a, b identity.DelegationSeen) int {
	rank := func(d identity.DelegationSeen) (int, time.Time) {
		switch {
		case d.Over(v.now):
			return 2, time.Time{}
		case d.EndsAt != nil:
			return 1, *d.EndsAt
		}
		return 0, d.AnswerUntil
	}
	first, ends := rank(a)
	second, later := rank(b)
	return cmp.Or(cmp.Compare(first, second), ends.Compare(later))
}

// sitesShown is how many sites of a delegation are named in its line.
const sitesShown = 5

// sitesOf says for which sites a delegation is.
func (v *visit) sitesOf(d identity.Delegation) string {
	sites := d.Sites()
	switch {
	case len(sites) == 0:
		return v.say("console.delegation.sites.all")
	case len(sites) > sitesShown:
		return v.say("console.delegation.sites.more",
			"sites", strings.Join(sites[:sitesShown], " · "), "n", len(sites)-sitesShown)
	}
	return strings.Join(sites, " · ")
}

// partnerKeysSection lists the keys by which partners' programs act for an account; none where
// there are none.
func (v *visit) partnerKeysSection(
	acc account.Account, delegations []identity.DelegationSeen,
) ([]web.Section, error) {
	tokens, err := v.people.DelegatedTokensOf(v.scope(), acc.ID)
	if err != nil || len(tokens) == 0 {
		return nil, err
	}
	partners := map[string]string{}
	for _, d := range delegations {
		partners[d.ID] = d.Partner
	}

	var lines []web.Line
	for _, t := range tokens {
		role := identity.RoleReadOnly
		if t.Role == rules.PartnerAdmin {
			role = identity.RoleAdmin
		}
		made := t.CreatedAt
		lines = append(lines, web.Line{Cells: map[string]web.Cell{
			"key":     {Text: t.Label, Small: t.Prefix + "…"},
			"partner": {Text: partners[db.Text(t.DelegationID)]},
			"person":  {Text: t.Maker},
			"role":    {Text: v.language.Say("console.invite." + string(role))},
			"since":   v.when(&made, acc.TimeZone),
			"last":    v.lastDay(t.ExpiresAt, acc.TimeZone),
		}})
	}
	s := v.listSection(acc, "partnerkeys", []web.Column{
		{Name: "key"}, {Name: "partner"}, {Name: "person"}, {Name: "role"}, {Name: "since"},
		{Name: "last"},
	}, lines, "")
	s.Title = v.say("console.account.partnerkeys")
	return []web.Section{s}, nil
}

func askToEndDelegation(v *visit) (answer, error) { return v.askEndOfDelegation(nil) }

func (v *visit) askEndOfDelegation(refused *rules.Error) (answer, error) {
	d, err := v.people.GetDelegation(v.scope(), v.param("id"))
	if err != nil {
		return answer{}, err
	}
	return v.askRefused(confirmation{
		Title: v.say("console.delegation.end.title", "partner", d.Partner, "company", d.Customer),
		Says: []string{
			v.say("console.delegation.end.says", "partner", d.Partner, "company", d.Customer),
			v.say("console.delegation.end.told"),
		},
		Fields: []web.Field{v.reasonField()},
		Action: delegationPath(d.ID),
		Submit: v.say("console.delegation.end.do"),
		Danger: true,
		Back:   accountTab(d.AccountID, "people"),
	}, refused)
}

// endDelegation ends what a partner may do for a customer at once, or takes its request away.
func endDelegation(v *visit) (answer, error) {
	d, err := v.people.GetDelegation(v.scope(), v.param("id"))
	if err != nil {
		return answer{}, err
	}
	err = rules.CheckReason(v.form("reason"))
	if err == nil {
		_, err = v.people.EndDelegation(v.acting(d.AccountID), d.ID, v.form("reason"))
	}
	var refused *rules.Error
	if errors.As(err, &refused) && refused.Code != rules.Forbidden &&
		refused.Code != rules.NotFound {
		return v.askEndOfDelegation(refused)
	}
	if err != nil {
		return answer{}, err
	}
	return v.done(accountTab(d.AccountID, "people"), "console.delegation.ended"), nil
}
