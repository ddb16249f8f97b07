package console

import (
	"slices"
	"strings"

	"roomcover.dev/roomcover/messages"
	"roomcover.dev/roomcover/models/account"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/web"
)

const sellersPath = settingsPath + "/resellers"

// sellersList is the list of who sells or serves, the newest first.
var sellersList = listing{
	path:  sellersPath,
	words: "console.sellers",
	needs: may(rules.ViewProcesses),
	columns: []web.Column{
		{Name: "name"},
		{Name: "country"},
		{Name: "state"},
		{Name: "until"},
		{Name: "notices", Hidden: true},
	},
	read: readSellers,
}

// sellerKinds are the kinds of organizations that sell or serve.
var sellerKinds = []account.OrgKind{
	account.OrgReseller, account.OrgDistributor, account.OrgPartner,
}

func sellerRoutes() []route {
	const one = sellersPath + "/:id"
	manage := may(rules.ManageCatalogue)
	return append(sellersList.routes(),
		route{method: get, path: one, access: may(rules.ViewProcesses), do: showSeller},
		route{method: get, path: one + "/edit/:what", access: manage, do: changeSeller},
		route{method: post, path: one + "/edit/:what", access: manage, do: changeSeller},
		route{method: get, path: settingsPath + "/new-reseller", access: manage, do: addSeller},
		route{method: post, path: settingsPath + "/new-reseller", access: manage, do: addSeller},
	)
}

// kindOfSeller is the kind that the address chooses: resellers by itself.
func (v *visit) kindOfSeller() account.OrgKind {
	if kind := account.OrgKind(v.query("kind")); slices.Contains(sellerKinds, kind) {
		return kind
	}
	return account.OrgReseller
}

func readSellers(v *visit, q web.ListQuery) (web.ListResult, error) {
	found, next, err := v.accounts.ListOrgs(v.scope(), v.kindOfSeller(),
		db.Page{After: q.After, Limit: q.Limit})
	if err != nil {
		return web.ListResult{}, err
	}

	var kinds []web.FacetOption
	var values []string
	for _, k := range sellerKinds {
		kinds = append(kinds, web.FacetOption{
			Label: v.language.Say("console.sellers.kind." + string(k)),
		})
		values = append(values, string(k))
	}
	kind := v.choiceOf(sellersPath, "kind", v.say("console.facet.kind"), kinds, values)
	kind.Options = kind.Options[1:]
	kind.Value = v.language.Say("console.sellers.kind." + string(v.kindOfSeller()))

	r := web.ListResult{
		Next:   next,
		Facets: []web.Facet{kind},
		Empty: web.EmptyState{
			Icon:  "building-2",
			Title: v.say("console.sellers.empty.title"),
			Text:  v.say("console.sellers.empty.text"),
		},
	}
	if v.mayDo(rules.ManageCatalogue) {
		r.Acts = []web.ListAct{{
			Link:  settingsPath + "/new-reseller",
			Label: v.say("console.sellers.add"), Icon: "plus", Main: true,
		}}
	}
	for _, o := range found {
		r.Lines = append(r.Lines, web.Line{
			ID:   o.ID,
			Link: sellersPath + "/" + o.ID,
			Cells: map[string]web.Cell{
				"name":    {Text: o.Name},
				"country": {Text: o.Country},
				"state":   {Badge: v.sellerState(o)},
				"until":   v.day(o.AuthorisedUntil),
				"notices": {Text: o.NoticesTo},
			},
		})
	}
	return r, nil
}

func (v *visit) sellerState(o account.Org) web.Badge {
	switch {
	case o.Suspended:
		return web.Badge{Text: v.say("console.sellers.suspended"), Color: "red"}
	case o.Authorised(v.now):
		return web.Badge{Text: v.say("console.sellers.authorized"), Color: "green"}
	case o.AuthorisedFrom == "":
		return web.Badge{Text: v.say("console.sellers.never"), Color: "amber"}
	}
	return web.Badge{Text: v.say("console.sellers.notnow"), Color: "amber"}
}

// seller reads the organization of the address; a customer's parent and the operator are none.
func (v *visit) seller() (account.Org, account.OrgRecords, error) {
	o, err := v.accounts.GetOrg(v.scope(), v.param("id"))
	if err != nil {
		return o, account.OrgRecords{}, err
	}
	if !slices.Contains(sellerKinds, o.Kind) {
		return o, account.OrgRecords{}, db.NotFound()
	}
	r, err := v.accounts.GetOrgRecords(v.scope(), o)
	return o, r, err
}

// showSeller shows who sells: whether it may, how it is reached, and under which names it comes.
func showSeller(v *visit) (answer, error) {
	o, r, err := v.seller()
	if err != nil {
		return answer{}, err
	}
	names, err := v.namesOf(append(slices.Clone(r.ResellerIDs), r.DistributorIDs...)...)
	if err != nil {
		return answer{}, err
	}

	var related []sheetLine
	for _, id := range append(slices.Clone(r.ResellerIDs), r.DistributorIDs...) {
		related = append(related, sheetLine{sellersPath + "/" + id, []web.Cell{{Text: names[id]}}})
	}
	var alike []sheetLine
	for _, other := range r.Alike {
		alike = append(alike, sheetLine{sellersPath + "/" + other.ID, []web.Cell{
			{Text: other.Name}, {Text: other.Country}, {Badge: v.sellerState(other)},
		}})
	}
	p := sheetPage{
		Badge: v.sellerState(o),
		Sub:   v.language.Say("console.sellers.kind." + string(o.Kind)),
		Acts:  v.sellerActs(o),
		Parts: []sheetPart{
			{
				Title: v.say("console.sellers.record"),
				Note:  v.say("console.sellers.record.note"),
				Facts: knownFacts(
					web.Fact{Term: v.say("console.stock.country"), Value: o.Country},
					web.Fact{
						Term:  v.say("console.sellers.from"),
						Value: v.day(o.AuthorisedFrom).Text,
					},
					web.Fact{
						Term:  v.say("console.sellers.until"),
						Value: v.day(o.AuthorisedUntil).Text,
					},
					web.Fact{
						Term:  v.say("console.sellers.domains"),
						Value: strings.Join(r.MailDomains, ", "),
					},
					web.Fact{Term: v.say("console.sellers.notices"), Value: o.NoticesTo},
					web.Fact{
						Term:  v.say("console.sellers.language"),
						Value: languageName(o.Locale),
					},
					web.Fact{
						Term:  v.say("console.sellers.spellings"),
						Value: strings.ReplaceAll(spellingsOf(r), "\n", " · "),
					},
				),
			},
		},
	}
	if len(related) > 0 {
		p.Parts = append(p.Parts, sheetPart{
			Title: v.say("console.sellers.related"),
			Table: linesUnder([]sheetColumn{{label: v.say("field.name")}}, related),
		})
	}
	if len(alike) > 0 {
		p.Parts = append(p.Parts, sheetPart{
			Title: v.say("console.sellers.alike"),
			Note:  v.say("console.sellers.alike.note"),
			Table: linesUnder([]sheetColumn{
				{label: v.say("field.name")},
				{label: v.say("console.stock.country")},
				{label: v.say("console.stock.state")},
			}, alike),
		})
	}
	return sheet(o.Name, p), nil
}

func (v *visit) sellerActs(o account.Org) []web.ListAct {
	if !v.mayDo(rules.ManageCatalogue) {
		return nil
	}
	var acts []web.ListAct
	for what, icon := range map[string]string{
		"record": "shield-check", "mail": "mail", "spellings": "languages",
	} {
		acts = append(acts, web.ListAct{
			Link:  sellersPath + "/" + o.ID + "/edit/" + what,
			Label: v.language.Say("console.sellers.edit." + what),
			Icon:  icon,
			Main:  what == "record",
		})
	}
	slices.SortFunc(acts, func(a, b web.ListAct) int { return strings.Compare(a.Link, b.Link) })
	return acts
}

// spellingsOf are the other names of a seller, a line each: "Name; BR".
func spellingsOf(r account.OrgRecords) string {
	var out []string
	for _, s := range r.Spellings {
		text := s.Name
		if s.Country != "" {
			text += "; " + s.Country
		}
		out = append(out, text)
	}
	return strings.Join(out, "\n")
}

func changeSeller(v *visit) (answer, error) {
	o, r, err := v.seller()
	if err != nil {
		return answer{}, err
	}
	v.resume(v.request.URL.Path)
	e := edit{
		Seen:   stateOf([]any{o, r.MailDomains, spellingsOf(r)}),
		Submit: v.say("console.settings.save"),
		Back:   sellersPath + "/" + o.ID,
	}
	switch v.param("what") {
	case "record":
		return v.changeRecord(e, o)
	case "mail":
		return v.changeSellersMail(e, o, r)
	case "spellings":
		return v.changeSpellings(e, o, r)
	}
	return answer{}, errNoPage
}

// sellerFields are the fields of an organization's record.
func (v *visit) sellerFields(o account.Org) typedFields {
	f := typedFields{v: v}
	f.add("text", "name", v.say("console.sellers.fullname"), o.Name, true)
	f.add("text", "country", v.say("console.stock.countryfield"), o.Country, false)
	f.add("date", "authorised_from", v.say("console.sellers.from"), o.AuthorisedFrom, false)
	f.add("date", "authorised_until", v.say("console.sellers.until"), o.AuthorisedUntil, false)
	f.help(v.say("console.sellers.until.help"))
	f.yesOrNo("suspended", v.say("console.sellers.suspended"), o.Suspended)
	return f
}

func sellerChange(kind account.OrgKind, f typedFields) account.OrgChange {
	return account.OrgChange{
		Kind:            kind,
		Name:            rules.NormaliseText(f.value("name")),
		Country:         rules.NormaliseCode(f.value("country")),
		AuthorisedFrom:  f.value("authorised_from"),
		AuthorisedUntil: f.value("authorised_until"),
		Suspended:       f.value("suspended") == "yes",
	}
}

// maySell says what an authorization means for the orders that come.
func (v *visit) maySell(c account.OrgChange) string {
	o := account.Org{
		AuthorisedFrom:  c.AuthorisedFrom,
		AuthorisedUntil: c.AuthorisedUntil,
		Suspended:       c.Suspended,
	}
	switch {
	case c.Suspended:
		return v.say("console.sellers.will.suspend")
	case o.Authorised(v.now):
		return v.say("console.sellers.will.sell")
	}
	return v.say("console.sellers.will.review")
}

func (v *visit) changeRecord(e edit, o account.Org) (answer, error) {
	f := v.sellerFields(o)
	suspended := "no"
	if o.Suspended {
		suspended = "yes"
	}
	holds := holding("name", o.Name, "country", o.Country, "authorised_from", o.AuthorisedFrom,
		"authorised_until", o.AuthorisedUntil, "suspended", suspended)
	f.list = append(f.list, v.reasonField())
	change := sellerChange(o.Kind, f)
	e.Title = v.say("console.sellers.edit.record.of", "name", o.Name)
	e.Fields = f.list
	e.Follows = func() ([]string, error) {
		if err := rules.CheckReason(v.form("reason")); err != nil {
			return nil, err
		}
		if err := change.Check(); err != nil {
			return nil, err
		}
		return append(f.differences(holds), v.maySell(change)), nil
	}
	e.Make = func() (string, string, error) {
		_, err := v.accounts.ChangeOrg(v.acting(""), o.ID, change, v.form("reason"))
		return e.Back, "console.flash.seller", err
	}
	return v.runEdit(e)
}

func (v *visit) changeSellersMail(
	e edit, o account.Org, r account.OrgRecords,
) (answer, error) {
	f := typedFields{v: v}
	domains := strings.Join(r.MailDomains, "\n")
	f.add("area", "domains", v.say("console.sellers.domains"), domains, false)
	f.help(v.say("console.sellers.domains.help"))
	f.add("email", "notices_to", v.say("console.sellers.notices"), o.NoticesTo, false)
	languages := []web.Choice{{Value: "", Label: v.say("console.sellers.language.order")}}
	for _, locale := range messages.Locales() {
		languages = append(languages, web.Choice{Value: locale, Label: languageName(locale)})
	}
	f.choose("locale", v.say("console.sellers.language"), o.Locale, languages...)
	holds := holding("domains", domains, "notices_to", o.NoticesTo, "locale", o.Locale)
	f.list = append(f.list, v.reasonField())
	e.Title = v.say("console.sellers.edit.mail.of", "name", o.Name)
	e.Fields = f.list
	e.Follows = func() ([]string, error) {
		if err := rules.CheckReason(v.form("reason")); err != nil {
			return nil, err
		}
		return append(f.differences(holds), v.say("console.sellers.will.mail")), nil
	}
	e.Make = func() (string, string, error) {
		err := v.accounts.PutOrgMail(v.acting(""), o.ID, account.OrgMail{
			Domains:   wordsOf(f.value("domains")),
			NoticesTo: f.value("notices_to"),
			Locale:    f.value("locale"),
		}, v.form("reason"))
		return e.Back, "console.flash.seller", err
	}
	return v.runEdit(e)
}

func (v *visit) changeSpellings(
	e edit, o account.Org, r account.OrgRecords,
) (answer, error) {
	f := typedFields{v: v}
	f.add("area", "spellings", v.say("console.sellers.spellings"), spellingsOf(r), false)
	f.help(v.say("console.sellers.spellings.help"))
	holds := holding("spellings", spellingsOf(r))
	f.list = append(f.list, v.reasonField())
	var spellings []account.Spelling
	for l := range strings.SplitSeq(f.value("spellings"), "\n") {
		name, country, _ := strings.Cut(l, ";")
		if name = strings.TrimSpace(name); name != "" {
			spellings = append(spellings, account.Spelling{
				Name: name, Country: rules.NormaliseCode(country),
			})
		}
	}
	e.Title = v.say("console.sellers.edit.spellings.of", "name", o.Name)
	e.Fields = f.list
	e.Follows = func() ([]string, error) {
		if err := rules.CheckReason(v.form("reason")); err != nil {
			return nil, err
		}
		return append(f.differences(holds),
			v.say("console.sellers.will.spell", "name", o.Name)), nil
	}
	e.Make = func() (string, string, error) {
		err := v.accounts.PutOrgSpellings(v.acting(""), o.ID, spellings, v.form("reason"))
		return e.Back, "console.flash.seller", err
	}
	return v.runEdit(e)
}

// addSeller enters an organization that sells or serves.
func addSeller(v *visit) (answer, error) {
	v.resume(v.request.URL.Path)
	kinds := typedFields{v: v}
	var choices []web.Choice
	for _, k := range sellerKinds {
		choices = append(choices, web.Choice{
			Value: string(k), Label: v.language.Say("console.sellers.kind." + string(k)),
		})
	}
	kinds.choose("kind", v.say("console.facet.kind"), string(account.OrgReseller), choices...)
	f := v.sellerFields(account.Org{AuthorisedFrom: v.now.UTC().Format("2006-01-02")})
	f.list = append(kinds.list, f.list...)
	change := sellerChange(account.OrgKind(f.value("kind")), f)
	return v.runEdit(edit{
		Title:  v.say("console.sellers.add"),
		Says:   []string{v.say("console.sellers.add.says")},
		Fields: f.list,
		Submit: v.say("console.sellers.add"),
		Back:   sellersPath,
		Follows: func() ([]string, error) {
			if err := change.Check(); err != nil {
				return nil, err
			}
			return []string{
				v.say("console.sellers.will.add", "name", change.Name, "country", change.Country),
				v.maySell(change),
			}, nil
		},
		Make: func() (string, string, error) {
			o, err := v.accounts.PutOrg(v.acting(""), change)
			return sellersPath + "/" + o.ID, "console.flash.seller", err
		},
	})
}
