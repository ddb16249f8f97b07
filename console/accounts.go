package console

import (
	"roomcover.dev/roomcover/models/account"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/operations"
	"roomcover.dev/roomcover/rules"
)

const accountsPath = Root + "/accounts"

func accountPath(id string) string { return accountsPath + "/" + id }

// accountsList is the list of customers, the newest first.
var accountsList = listing{
	path:   accountsPath,
	words:  "console.accounts",
	needs:  may(rules.ViewProcesses),
	search: true,
	columns: []column{
		{name: "company", sorts: true},
		{name: "clock"},
		{name: "csm"},
		{name: "rooms", number: true},
		{name: "licenses", number: true},
		{name: "ending"},
		{name: "replacements", number: true},
		{name: "tasks", number: true},
		{name: "mode", hidden: true},
		{name: "since", hidden: true},
	},
	read: readAccounts,
}

func readAccounts(v *visit, q listQuery) (listResult, error) {
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
		return listResult{}, err
	}

	ids := make([]string, len(found))
	for i, a := range found {
		ids[i] = a.ID
	}
	figures, err := v.operations.AccountFigures(v.scope(), ids)
	if err != nil {
		return listResult{}, err
	}
	facets, err := v.accountFacets()
	if err != nil {
		return listResult{}, err
	}

	r := listResult{
		Next:   next,
		Facets: facets,
		Acts: []listAct{{
			Link:  contractsPath,
			Label: v.say("console.contracts.title"),
			Icon:  "file-text",
		}},
		Empty: emptyState{
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

func (v *visit) accountLine(a account.Account, f operations.AccountFigures) line {
	opened := a.CreatedAt
	l := line{
		ID:   a.ID,
		Link: accountPath(a.ID),
		Cells: map[string]cell{
			"company": {Text: a.LegalName, Small: a.City + ", " + a.Country, Plain: a.LegalName},
			"clock":   {Text: v.clockAt(a.TimeZone), Plain: a.TimeZone},
			"csm":     {Owner: faceOf(db.Text(a.CSMID), f.CSM)},
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
		l.Cells["csm"] = cell{Badge: badge{v.say("console.accounts.nobody"), "amber"}}
	}
	if f.EndsNext != nil {
		l.Cells["ending"] = cell{Due: v.dueAt(*f.EndsNext, a.TimeZone)}
	}
	if f.LateRMAs > 0 {
		l.Cells["replacements"] = cell{
			Text:  v.language.Number(f.OpenRMAs),
			Badge: badge{v.language.Count("console.accounts.late", f.LateRMAs), "red"},
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
func (v *visit) accountFacets() ([]facet, error) {
	csms, _, err := v.accounts.ListCSMs(v.scope(), db.Page{Limit: 200})
	if err != nil {
		return nil, err
	}
	countries, err := v.accounts.Countries(v.scope())
	if err != nil {
		return nil, err
	}

	managers := []facetOption{{Label: v.say("console.accounts.nobody")}}
	ids := []string{account.WithoutCSM}
	for _, c := range csms {
		if c.Active {
			managers = append(managers, facetOption{Label: c.Name})
			ids = append(ids, c.ID)
		}
	}
	var places []facetOption
	for _, code := range countries {
		places = append(places, facetOption{Label: code})
	}
	var modes []facetOption
	var modeNames []string
	for _, m := range []account.AccountMode{account.ModeConsolidated, account.ModeSite} {
		modes = append(modes, facetOption{Label: v.accountMode(m)})
		modeNames = append(modeNames, string(m))
	}

	choice := func(name string, options []facetOption, values []string) facet {
		label := v.language.Say("console.accounts.facet." + name)
		return v.choiceOf(accountsPath, name, label, options, values)
	}
	return []facet{
		choice("csm", managers, ids),
		choice("country", places, countries),
		choice("mode", modes, modeNames),
	}, nil
}
