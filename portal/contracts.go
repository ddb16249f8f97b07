package portal

import (
	"slices"
	"strconv"

	"roomcover.dev/roomcover/messages"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/entitlement"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/catalogue"
	"roomcover.dev/roomcover/web"
)

const contractsPath = "/contracts"

func contractPath(id string) string { return contractsPath + "/" + id }

// contractsList is the register of the account's contracts (R38): every type and state, with
// orders in progress (R111c) and warranties from before (R111a), the newest first.
var contractsList = web.Listing[*visit]{
	Path:  contractsPath,
	Words: "contracts",
	Columns: []web.Column{
		{Name: "service"},
		{Name: "state"},
		{Name: "units"},
		{Name: "start"},
		{Name: "last"},
		{Name: "order"},
	},
	Read: readContracts,
}

// contractsPage is the register with what is due above it.
type contractsPage struct {
	web.ListPage
	Due     []dueView
	MoreDue string // says how many there are beyond those; empty: none
	Claim   string // address of the form for a warranty that is missing; empty: not for a reader
}

// dueView is a contract that ends soon and is not renewed, with what to do about it.
type dueView struct{ Link, Title, Do string }

// mostDue bounds the renewals that stand above the register; it counts the rest.
const mostDue = 5

func showContracts(v *visit) (answer, error) {
	if web.AsksForFile(v) {
		return showList(v, contractsList, nil)
	}
	list, err := contractsList.Page(v)
	if err != nil {
		return answer{}, err
	}
	p := contractsPage{ListPage: list}
	if p.Tiles, err = v.balances(); err != nil {
		return answer{}, err
	}

	due, err := v.entitlements.RenewalsDue(v.acting(), v.who.account().ID)
	if err != nil {
		return answer{}, err
	}
	for _, c := range due[:min(len(due), mostDue)] {
		p.Due = append(p.Due, v.dueView(c))
	}
	if more := len(due) - mostDue; more > 0 {
		p.MoreDue = v.language.Count("contracts.due.more", int64(more))
	}
	if v.isAdmin() && v.base == "" {
		p.Claim = claimPath
	}
	return answer{page: "contracts", title: "contracts.title", data: p, here: contractsPath}, nil
}

func (v *visit) dueView(c entitlement.DueRenewal) dueView {
	return dueView{
		Link: contractPath(c.ID),
		Title: v.language.Count("contracts.due", c.Unrenewed, messages.Args{
			"service": v.serviceName(c.Type),
			"day":     v.lastCovered(*c.EndAt, c.TimeZone),
		}),
		Do: v.say("contracts.due.do", "order", db.Text(c.VendorOrderNo)),
	}
}

// balances are the account's licences by service: how many are free of those in force (R25c).
func (v *visit) balances() ([]web.Tile, error) {
	counts, err := v.entitlements.Balance(v.acting(), v.who.account().ID)
	if err != nil {
		return nil, err
	}

	var tiles []web.Tile
	for _, service := range contractTypes {
		free := counts[service][rules.LicenceAvailable]
		all := free + counts[service][rules.LicenceAssigned]
		if all == 0 {
			continue
		}
		tiles = append(tiles, web.Tile{
			Label:  v.serviceName(service),
			Number: v.free(free, all),
			Small:  v.language.Count("contracts.licences", all),
			Link:   contractsPath + "?type=" + string(service),
		})
	}
	return tiles, nil
}

func (v *visit) free(free, all int64) string {
	return v.say("contracts.free", "free", v.language.Number(free), "all", v.language.Number(all))
}

var contractTypes = []catalogue.ServiceType{
	catalogue.ServiceSelect,
	catalogue.ServiceSyncPlus,
	catalogue.ServiceExtWarranty,
	catalogue.ServiceJumpStart,
}

// registerStates are those of contracts, after that of an order in progress (R111c).
func registerStates() []rules.ContractState {
	return append([]rules.ContractState{rules.ContractProcessing}, rules.ContractStates()...)
}

// serviceName is what people call a service.
func (v *visit) serviceName(service catalogue.ServiceType) string {
	return v.say("service."+string(service), "program", v.program.Name)
}

func (v *visit) contractState(s rules.ContractState) web.Badge {
	return web.Badge{Text: v.language.Say("contract." + string(s)), Color: tones[s]}
}

// withinDays are how far ahead the facet of contracts that end looks.
var withinDays = []string{"30", "60", "90"}

func readContracts(v *visit, q web.ListQuery) (web.ListResult, error) {
	f := entitlement.ContractFilter{
		AccountID: v.who.account().ID,
		Type:      catalogue.ServiceType(v.query("type")),
		State:     rules.ContractState(v.query("state")),
		Page:      db.Page{After: q.After, Limit: q.Limit},
	}
	if !slices.Contains(contractTypes, f.Type) {
		f.Type = ""
	}
	if !slices.Contains(registerStates(), f.State) {
		f.State = ""
	}
	if slices.Contains(withinDays, v.query("within")) {
		days, _ := strconv.Atoi(v.query("within"))
		f.ExpiringWithin = &days
		f.Sort = entitlement.ContractsEnding
	}

	found, next, err := v.entitlements.Contracts(v.acting(), f)
	if err != nil {
		return web.ListResult{}, err
	}
	numbers, err := v.orders.OrderNumbers(v.acting(), f.AccountID)
	if err != nil {
		return web.ListResult{}, err
	}

	r := web.ListResult{
		Next:   next,
		Facets: v.contractFacets(),
		Empty: web.EmptyState{
			Icon:  "file-text",
			Title: v.language.Say("contracts.empty.title"),
			Text:  v.language.Say("contracts.empty.text"),
		},
	}
	for _, c := range found {
		r.Lines = append(r.Lines, v.contractLine(c, numbers[c.OrderID]))
	}
	return r, nil
}

func (v *visit) contractFacets() []web.Facet {
	var types, states, ends []web.FacetOption
	var typeValues, stateValues []string
	for _, t := range contractTypes {
		types = append(types, web.FacetOption{Label: v.serviceName(t)})
		typeValues = append(typeValues, string(t))
	}
	for _, s := range registerStates() {
		states = append(states, web.FacetOption{Label: v.contractState(s).Text})
		stateValues = append(stateValues, string(s))
	}
	for _, days := range withinDays {
		ends = append(ends, web.FacetOption{Label: v.say("contracts.within", "days", days)})
	}

	facet := func(name, words string, options []web.FacetOption, values []string) web.Facet {
		return web.ChoiceFacet(v, contractsPath, name, v.language.Say(words), options, values)
	}
	return []web.Facet{
		facet("type", "contracts.column.service", types, typeValues),
		facet("state", "contracts.column.state", states, stateValues),
		facet("within", "contracts.facet.within", ends, withinDays),
	}
}

func (v *visit) contractLine(c entitlement.ContractEntry, number string) web.Line {
	o := v.orderView(c)
	l := web.Line{
		ID:   c.ID,
		Link: contractPath(c.ID),
		Cells: map[string]web.Cell{
			"service": {Text: o.Service, Small: web.Joined(o.Term, c.Serial)},
			"state":   {Badge: v.contractState(c.State)},
			"units":   v.unitsCell(c),
			"start":   {Text: o.Start, Small: o.StartNote},
			"last":    {Text: o.End},
			"order":   {Text: number, Whole: true},
		},
	}
	return l
}

// unitsCell says how many of the licences are free; of what has none, how many there are.
func (v *visit) unitsCell(c entitlement.ContractEntry) web.Cell {
	if c.Source != entitlement.EntryContract || c.InForce == 0 {
		return web.Cell{Text: v.language.Number(c.Quantity)}
	}
	cell := web.Cell{Text: v.free(c.InForce-c.Assigned, c.InForce)}
	if c.InForce < c.Quantity {
		cell.Small = v.say("orders.bought", "n", v.language.Number(c.Quantity))
	}
	return cell
}
