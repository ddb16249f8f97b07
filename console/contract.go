package console

import (
	"errors"
	"slices"

	"roomcover.dev/roomcover/messages"
	"roomcover.dev/roomcover/models/account"
	"roomcover.dev/roomcover/models/entitlement"
	"roomcover.dev/roomcover/models/operations"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/processes"
	"roomcover.dev/roomcover/web"
)

func contractPath(id string) string { return contractsPath + "/" + id }

func contractRoutes() []route {
	const one = contractsPath + "/:id"
	see, change := may(rules.ViewProcesses), may(rules.ReviewOrders)
	return append(contractsList.routes(), []route{
		{method: get, path: one, access: see, do: showContract},
		{method: get, path: one + "/do/:action", access: change, do: askContractAct},
		{method: post, path: one + "/do/:action", access: change, do: doContractAct},
	}...)
}

// contractOwned is a contract with the account that it belongs to.
type contractOwned struct {
	entitlement.ContractEntry
	acc account.Account
}

func (v *visit) contract() (c contractOwned, err error) {
	if c.ContractEntry, err = v.entitlements.Contract(v.scope(), v.param("id")); err != nil {
		return c, err
	}
	c.acc, err = v.accounts.GetAccount(v.scope(), c.AccountID)
	return c, err
}

// showContract is a contract with its units, its days and what happened to it.
func showContract(v *visit) (answer, error) {
	c, err := v.contract()
	if err != nil {
		return answer{}, err
	}
	events, err := v.db.Timeline(v.scope(), c.ID)
	if err != nil {
		return answer{}, err
	}
	ids := []string{c.OrderID}
	for _, e := range events {
		ids = append(ids, e.ActorID)
	}
	names, err := namesFrom(v, ids, func(id string) []string { return []string{id} })
	if err != nil {
		return answer{}, err
	}

	facts := []web.Fact{
		{
			Term:  v.say("console.account.column.order"),
			Value: names[c.OrderID],
			Link:  v.linkTo(processes.Order, c.OrderID),
		},
		{
			Term: v.say("console.account.column.units"),
			Value: v.say("console.accounts.inuse",
				"used", v.language.Number(c.Assigned), "all", v.language.Number(c.InForce)),
		},
	}
	if c.StartAt != nil {
		facts = append(facts, web.Fact{
			Term:  v.say("console.account.column.start"),
			Value: v.dayAt(*c.StartAt, c.TimeZone).Text,
		})
	}
	if c.EndAt != nil {
		facts = append(facts, web.Fact{
			Term:  v.say("console.account.column.last"),
			Value: v.lastDay(*c.EndAt, c.TimeZone).Text,
		})
	}
	history := web.Section{Title: v.say("console.account.tab.timeline")}
	for _, e := range slices.Backward(events) {
		history.Events = append(history.Events,
			v.eventOf(c.acc, operations.AccountEvent{AuditEvent: e, Actor: names[e.ActorID]}))
	}

	r := web.Record{
		Sub:   c.acc.LegalName,
		Badge: v.contractState(c.State),
		Up:    web.Fact{Value: c.acc.LegalName, Link: accountTab(c.acc.ID, "contracts")},
		Sections: []web.Section{
			{
				Title: v.serviceName(c.Type),
				Facts: slices.DeleteFunc(facts, func(f web.Fact) bool { return f.Value == "" }),
			},
			history,
		},
	}
	if act := contractAct(c.State); act != "" && v.mayDo(rules.ReviewOrders) {
		r.Acts = []web.ListAct{{
			Link:  contractPath(c.ID) + "/do/" + act,
			Label: v.language.Say("console.contract.act." + act),
			Icon:  map[string]string{"suspend": "pause", "resume": "play"}[act],
		}}
	}
	title := v.serviceName(c.Type)
	return answer{page: "record", title: title, data: r, live: true, shared: true}, nil
}

// contractAct is what an operator may do with a contract in a state; empty: nothing.
func contractAct(s rules.ContractState) string {
	switch s {
	case rules.ContractActive:
		return "suspend"
	case rules.ContractSuspended:
		return "resume"
	}
	return ""
}

func askContractAct(v *visit) (answer, error) {
	c, err := v.contract()
	if err != nil {
		return answer{}, err
	}
	v.resume(v.request.URL.Path)
	return v.askAboutContract(c, nil)
}

// askAboutContract says what stops, or goes on, and asks why.
func (v *visit) askAboutContract(c contractOwned, refused *rules.Error) (answer, error) {
	act := v.param("action")
	if act != "suspend" && act != "resume" {
		return answer{}, errNoPage
	}
	if refused == nil && act != contractAct(c.State) {
		return answer{}, errChanged
	}
	page := confirmation{
		Title: v.language.Say("console.contract.act."+act) + " · " + v.serviceName(c.Type),
		Says: []string{
			v.language.Count("console.contract.units."+act, c.Assigned, messages.Args{
				"company": c.acc.LegalName,
			}),
			v.language.Say("console.contract.says." + act),
		},
		Action: v.request.URL.Path,
		Submit: v.language.Say("console.contract.act." + act),
		Danger: act == "suspend",
		Back:   contractPath(c.ID),
		Fields: []web.Field{v.reasonField()},
	}
	return v.askRefused(page, refused)
}

func doContractAct(v *visit) (answer, error) {
	c, err := v.contract()
	if err != nil {
		return answer{}, err
	}
	if !v.confirmed() {
		return v.askAboutContract(c, nil)
	}

	change := v.entitlements.SuspendContract
	switch act := v.param("action"); {
	case act != "suspend" && act != "resume":
		return answer{}, errNoPage
	case act != contractAct(c.State): // somebody else was quicker
		return answer{}, errChanged
	case act == "resume":
		change = v.entitlements.ResumeContract
	}
	_, err = change(v.acting(c.AccountID), c.ID, v.form("reason"))
	if err == nil {
		return v.done(contractPath(c.ID), "console.flash.acted"), nil
	}
	var refused *rules.Error
	if errors.As(err, &refused) && (refused.Code == rules.ReasonRequired ||
		refused.Code == rules.ValidationFailed) {
		return v.askAboutContract(c, refused)
	}
	return answer{}, err
}
