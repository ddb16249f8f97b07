package console

import (
	"strconv"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/entitlement"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/web"
)

const contractsPath = Root + "/contracts"

// contractsList is the register of all customers' contracts (R38), the newest first.
var contractsList = listing{
	path:  contractsPath,
	words: "console.contracts",
	needs: may(rules.ViewProcesses),
	columns: []web.Column{
		{Name: "service"},
		{Name: "customer"},
		{Name: "state"},
		{Name: "order"},
		{Name: "units", Number: true},
		{Name: "last", Sorts: true},
	},
	read: readContracts,
}

// endsWithin is the parameter that keeps what ends within so many days.
const endsWithin = "within"

// withinDays are how far ahead the facet of ending contracts looks.
var withinDays = []string{"30", "60", "90"}

func readContracts(v *visit, q web.ListQuery) (web.ListResult, error) {
	f := entitlement.ContractFilter{
		AccountID: v.query("account"),
		State:     rules.ContractState(v.query("state")),
		Page:      db.Page{After: q.After, Limit: q.Limit},
	}
	if days, err := strconv.ParseUint(v.query(endsWithin), 10, 12); err == nil {
		most := int(days)
		f.ExpiringWithin = &most
		f.Sort = entitlement.ContractsEnding
	}
	if q.Sort == "last" && !q.Descending {
		f.Sort = entitlement.ContractsEnding
	}
	found, next, err := v.entitlements.Contracts(v.scope(), f)
	if err != nil {
		return web.ListResult{}, err
	}
	var ids, accounts []string
	for _, c := range found {
		accounts = append(accounts, c.AccountID)
		ids = append(ids, c.OrderID, c.AccountID)
	}
	names, err := v.namesOf(ids...)
	if err != nil {
		return web.ListResult{}, err
	}

	r := web.ListResult{
		Next:   next,
		Facets: v.contractFacets(accounts, names),
		Empty: web.EmptyState{
			Icon:  "file-text",
			Title: v.say("console.contracts.empty.title"),
			Text:  v.say("console.contracts.empty.text"),
		},
	}
	for _, c := range found {
		r.Lines = append(r.Lines, v.contractLine(c, names))
	}
	return r, nil
}

// contractFacets narrow the list by when cover ends, by state and by customer.
func (v *visit) contractFacets(accounts []string, names map[string]string) []web.Facet {
	var ends, states []web.FacetOption
	var stateValues []string
	for _, days := range withinDays {
		ends = append(ends, web.FacetOption{Label: v.say("console.contracts.within", "days", days)})
	}
	for _, s := range rules.ContractStates() {
		states = append(states, web.FacetOption{Label: v.contractState(s).Text})
		stateValues = append(stateValues, string(s))
	}
	return []web.Facet{
		v.choiceOf(contractsPath, endsWithin, v.say("console.contracts.facet.within"),
			ends, withinDays),
		v.choiceOf(contractsPath, "state", v.say("console.contracts.column.state"),
			states, stateValues),
		v.accountFacet(contractsPath, accounts, names),
	}
}

func (v *visit) contractLine(c entitlement.ContractEntry, names map[string]string) web.Line {
	l := web.Line{
		ID: c.ID,
		Cells: map[string]web.Cell{
			"service":  {Text: v.serviceName(c.Type), Small: c.Serial},
			"customer": {Text: names[c.AccountID], Link: v.pageOfThing("", c.AccountID)},
			"state":    {Badge: v.contractState(c.State)},
			"order":    {Text: names[c.OrderID], Link: v.pageOfThing(c.OrderID, "")},
			"units": {Text: v.say("console.accounts.inuse",
				"used", v.language.Number(c.Assigned), "all", v.language.Number(c.InForce))},
		},
	}
	if c.EndAt != nil {
		l.Cells["last"] = v.lastDay(*c.EndAt, c.TimeZone)
	}
	if c.Source == entitlement.EntryContract {
		l.Link = contractPath(c.ID)
	}
	return l
}
