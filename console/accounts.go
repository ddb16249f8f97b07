package console

import (
	"roomcover.dev/roomcover/models/account"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/operations"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/web"
)

const accountsPath = Root + "/accounts"

func accountPath(id string) string { return accountsPath + "/" + id }

// accountsList is the list of customers, the newest first.
var accountsList = listing{
	path:   accountsPath,
	words:  "console.accounts",
	needs:  may(rules.ViewProcesses),
	search: true,
	columns: []web.Column{
		{Name: "company", Sorts: true},
		{Name: "clock"},
		{Name: "csm"},
		{Name: "rooms", Number: true},
		{Name: "licenses", Number: true},
		{Name: "ending"},
		{Name: "replacements", Number: true},
		{Name: "tasks", Number: true},
		{Name: "mode", Hidden: true},
		{Name: "since", Hidden: true},
	},
	read: readAccounts,
}

func readAccounts(v *visit, q web.ListQuery) (web.ListResult, error) {
	f := account.AccountFilter{
		Search:  q.Text,
		CSMID:   v.query("csm"),
		Country: v.query("country"),
		Mode:    account.AccountMode(v.query("mode")),
		Page:    db.Page{After: q.After, Limit: q.Limit},
	}
	if q.Sort == "company" {
		f.Sort = account.AccountsByName
		if q.Descending {
			f.Sort = account.AccountsByZToA
		}
	}
	found, next, err := v.accounts.ListAccounts(v.scope(), f)
	if err != nil {
		return web.ListResult{}, err
	}

	ids := make([]string, len(found))
	for i, a := range found {
		ids[i] = a.ID
	}
	figures, err := v.operations.AccountFigures(v.scope(), ids)
	if err != nil {
		return web.ListResult{}, err
	}
	facets, err := v.accountFacets()
	if err != nil {
		return web.ListResult{}, err
	}

	r := web.ListResult{
		Next:   next,
		Facets: facets,
		Acts: []web.ListAct{{
			Link:  contractsPath,
			Label: v.say("console.contracts.title"),
			Icon:  "file-text",
		}},
		Empty: web.EmptyState{
			Icon:  "building-2",
			Title: v.say("console.accounts.empty.title"),
			Text:  v.say("console.accounts.empty.text"),
		},
	}
	if v.request.URL.RawQuery != "" {
		r.Empty.Text = v.say("console.accounts.empty.narrowed")
		r.Empty.Link = accountsPath
		r.Empty.LinkText = v.say("console.accounts.empty.all")
	}
	for _, a := range found {
		r.Lines = append(r.Lines, v.accountLine(a, figures[a.ID]))
	}
	return r, nil
}

func (v *visit) accountLine(a account.Account, f operations.AccountFigures) web.Line {
	opened := a.CreatedAt
	l := web.Line{
		ID:   a.ID,
		Link: accountPath(a.ID),
		Cells: map[string]web.Cell{
			"company": {Text: a.LegalName, Small: a.City + ", " + a.Country, Plain: a.LegalName},
			"clock":   {Text: v.clockAt(a.TimeZone), Plain: a.TimeZone},
			"csm":     {Owner: web.FaceOf(db.Text(a.CSMID), f.CSM)},
			"rooms":   {Text: v.language.Number(f.Rooms)},
			"licenses": {
				Text: v.say("console.accounts.inuse",
					"used", v.language.Number(f.Assigned),
					"all", v.language.Number(f.Assigned+f.Available)),
			},
			"replacements": {Text: v.unlessNone(f.OpenRMAs)},
			"tasks":        {Text: v.unlessNone(f.OpenTasks)},
			"mode":         {Text: v.accountMode(a.Mode)},
			"since":        v.when(&opened, a.TimeZone),
		},
	}
	if f.CSM == "" {
		l.Cells["csm"] = web.Cell{
			Badge: web.Badge{Text: v.say("console.accounts.nobody"), Color: "amber"},
		}
	}
	if f.EndsNext != nil {
		l.Cells["ending"] = web.Cell{Due: v.dueAt(*f.EndsNext, a.TimeZone)}
	}
	if f.LateRMAs > 0 {
		l.Cells["replacements"] = web.Cell{
			Text: v.language.Number(f.OpenRMAs),
			Badge: web.Badge{
				Text:  v.language.Count("console.accounts.late", f.LateRMAs),
				Color: "red",
			},
			Plain: v.language.Number(f.OpenRMAs),
		}
	}
	return l
}

// unlessNone is a number of what waits for somebody; nothing where nothing does, so that the
// others stand out.
func (v *visit) unlessNone(n int64) string {
	if n == 0 {
		return ""
	}
	return v.language.Number(n)
}

func (v *visit) accountMode(m account.AccountMode) string {
	return v.language.Say("console.accountmode." + string(m))
}

// accountFacets are who looks after the accounts, where they are, and what they cover.
func (v *visit) accountFacets() ([]web.Facet, error) {
	csms, _, err := v.accounts.ListCSMs(v.scope(), db.Page{Limit: 200})
	if err != nil {
		return nil, err
	}
	countries, err := v.accounts.Countries(v.scope())
	if err != nil {
		return nil, err
	}

	managers := []web.FacetOption{{Label: v.say("console.accounts.nobody")}}
	ids := []string{account.WithoutCSM}
	for _, c := range csms {
		if c.Active {
			managers = append(managers, web.FacetOption{Label: c.Name})
			ids = append(ids, c.ID)
		}
	}
	var places []web.FacetOption
	for _, code := range countries {
		places = append(places, web.FacetOption{Label: code})
	}
	var modes []web.FacetOption
	var modeNames []string
	for _, m := range []account.AccountMode{account.ModeConsolidated, account.ModeSite} {
		modes = append(modes, web.FacetOption{Label: v.accountMode(m)})
		modeNames = append(modeNames, string(m))
	}

	choice := func(name string, options []web.FacetOption, values []string) web.Facet {
		label := v.language.Say("console.accounts.facet." + name)
		return v.choiceOf(accountsPath, name, label, options, values)
	}
	return []web.Facet{
		choice("csm", managers, ids),
		choice("country", places, countries),
		choice("mode", modes, modeNames),
	}, nil
}
