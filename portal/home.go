package portal

import (
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/entitlement"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/catalogue"
)

// tile is a number that leads to its list.
type tile struct{ Label, Number, Small, Link string }

type homePage struct {
	ToDos  []toDoView
	Orders []orderView
	Label  string
	Steps  onboarding
	Tiles  []tile
}

func showHome(v *visit) (answer, error) {
	contracts, err := v.contracts()
	if err != nil {
		return answer{}, err
	}

	steps, err := v.onboarding()
	if err != nil {
		return answer{}, err
	}

	orders, err := v.orderViews(contracts)
	if err != nil {
		return answer{}, err
	}

	todos, err := v.toDos()
	if err != nil {
		return answer{}, err
	}

	p := homePage{
		ToDos:  todos,
		Orders: orders,
		Label:  v.program.ServiceOrdersLabel(v.language.Locale()),
		Steps:  steps,
	}

	var units, live int64
	for _, c := range contracts {
		if c.Source == entitlement.EntryContract &&
			(c.State == rules.ContractActive || c.State == rules.ContractPendingStart) {
			live++
			if c.Type != catalogue.ServiceJumpStart {
				units += c.InForce
			}
		}
	}

	p.Tiles = []tile{
		{Label: v.say("home.licences"), Number: v.language.Number(units),
			Small: v.language.Count("home.units", units), Link: "/service-orders"},
		{Label: p.Label, Number: v.language.Number(live),
			Small: v.language.Count("home.live", live), Link: "/service-orders"},
	}
	return answer{page: "home", title: "home.title", data: p}, nil
}

// switchAccount goes to another account of the same person; a foreign one does
// not exist (C5).
func switchAccount(v *visit) (answer, error) {
	acc, err := v.accounts.GetAccount(v.scoped(), v.form("account"))
	if err != nil {
		return answer{}, err
	}
	v.setValue(keyAccount, acc.ID)
	return redirect("/"), nil
}

// contracts reads the whole register of the account at hand (R38), with orders in
// progress (R111c) and warranties from before (R111a).
func (v *visit) contracts() ([]entitlement.ContractEntry, error) {
	var all []entitlement.ContractEntry
	f := entitlement.ContractFilter{AccountID: v.who.account().ID, Page: db.Page{Limit: 200}}
	for {
		rows, next, err := v.entitlements.Contracts(v.scoped(), f)
		if err != nil {
			return nil, err
		}

		all = append(all, rows...)
		if next == "" {
			return all, nil
		}

		f.Page.After = next
	}
}
