package console

import (
	"slices"
	"strconv"

	"roomcover.dev/roomcover/messages/sla"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/program"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/catalogue"
	"roomcover.dev/roomcover/rules/cover"
	"roomcover.dev/roomcover/web"
)

const policiesPath = settingsPath + "/policies"

func policyRoutes() []route {
	view, manage := may(rules.ViewProcesses), may(rules.ManageCatalogue)
	return []route{
		{method: get, path: policiesPath, access: view, do: showPolicies},
		{method: get, path: policiesPath + "/:service", access: manage, do: publishPolicy},
		{method: post, path: policiesPath + "/:service", access: manage, do: publishPolicy},
	}
}

// showPolicies shows of each service what is promised today, and all versions below it.
func showPolicies(v *visit) (answer, error) {
	all, err := v.programs.ListSLAPolicies(v.scope())
	if err != nil {
		return answer{}, err
	}

	var parts []sheetPart
	for _, service := range cover.AnsweredServices() {
		var versions []program.SLAPolicyVersion
		for _, p := range all {
			if p.Service == service {
				versions = append(versions, p)
			}
		}
		parts = append(parts, v.policyPart(service, versions), v.policyVersions(versions))
	}
	return sheet(v.say("console.policies.title"), sheetPage{
		Sub:   v.say("console.settings.policies.says"),
		Parts: parts,
	}), nil
}

// policyOn is the version that counts today.
func (v *visit) policyOn(
	service catalogue.ServiceType, versions []program.SLAPolicyVersion,
) (cover.SLAPolicy, bool) {
	var policies []cover.SLAPolicy
	for _, p := range versions {
		policies = append(policies, p.Policy())
	}
	return cover.PolicyOn(policies, service, db.TodayUTC(v.now))
}

// policyPart is what is promised today, by severity.
func (v *visit) policyPart(
	service catalogue.ServiceType, versions []program.SLAPolicyVersion,
) sheetPart {
	part := sheetPart{Title: v.serviceName(service), Note: v.say("console.policies.none")}
	if link := v.changing(policiesPath + "/" + string(service)); link != "" {
		part.Acts = []web.ListAct{{Link: link, Label: v.say("console.policies.next"), Icon: "plus"}}
	}
	policy, ok := v.policyOn(service, versions)
	if !ok {
		return part
	}

	hours, third := v.say("console.policies.business"), v.say("console.policies.runs")
	if policy.AlwaysOn {
		hours = v.say("console.policies.always")
	}
	if policy.ThirdPartyPauses {
		third = v.say("console.policies.pauses")
	}
	part.Note = v.say("console.policies.now",
		"version", policy.Version, "hours", hours, "third", third)

	var lines []sheetLine
	for _, s := range cover.Severities() {
		p := policy.Promises[s]
		cells := []web.Cell{{Text: sla.Severity(s, v.language.Locale())}}
		for _, t := range []cover.SLATarget{p.FirstResponse, p.Updates, p.Restore} {
			cells = append(cells, web.Cell{
				Text: sla.Target(t, policy.AlwaysOn, v.language.Locale()),
			})
		}
		lines = append(lines, sheetLine{cells: cells})
	}
	part.Table = linesUnder([]sheetColumn{
		{label: v.say("console.policies.severity")},
		{label: v.say("console.policies.first")},
		{label: v.say("console.policies.updates")},
		{label: v.say("console.policies.restore")},
	}, lines)
	return part
}

// policyVersions lists every version of a policy, the latest first.
func (v *visit) policyVersions(versions []program.SLAPolicyVersion) sheetPart {
	var lines []sheetLine
	counting, _ := v.policyOn(serviceOf(versions), versions)
	for _, p := range slices.Backward(versions) {
		from := v.day(p.EffectiveFrom)
		if p.EffectiveFrom == "" {
			from = web.Cell{Text: v.say("console.policies.beginning")}
		}
		state := v.inEffect(db.DateOf(p.EffectiveFrom), nil)
		if state.Color == "green" && p.Version != counting.Version {
			state = web.Badge{Text: v.say("console.policies.replaced")}
		}
		reason := p.Reason
		if reason == "" {
			reason = v.say("console.policies.first_version")
		}
		lines = append(lines, sheetLine{cells: []web.Cell{
			{Text: p.Code + " · " + strconv.Itoa(p.Version)},
			{Badge: state},
			from,
			{Text: reason},
		}})
	}
	return sheetPart{
		Title: v.say("console.policies.versions"),
		Table: linesUnder([]sheetColumn{
			{label: v.say("console.policies.version")},
			{label: v.say("console.stock.state")},
			{label: v.say("console.settings.from")},
			{label: v.say("console.field.reason")},
		}, lines),
	}
}

func serviceOf(versions []program.SLAPolicyVersion) (s catalogue.ServiceType) {
	for _, p := range versions {
		s = p.Service
	}
	return s
}

// publishPolicy publishes the next version of a policy; earlier ones stay as they are.
func publishPolicy(v *visit) (answer, error) {
	service := catalogue.ServiceType(v.param("service"))
	if !slices.Contains(cover.AnsweredServices(), service) {
		return answer{}, errNoPage
	}
	all, err := v.programs.ListSLAPolicies(v.scope())
	if err != nil {
		return answer{}, err
	}
	var last program.SLAPolicyVersion
	for _, p := range all {
		if p.Service == service {
			last = p
		}
	}
	v.resume(v.request.URL.Path)

	f := typedFields{v: v}
	holds := map[string]string{}
	f.yesOrNo("always_on", v.say("console.policies.field.always"), last.AlwaysOn)
	f.yesOrNo("third_party_pauses", v.say("console.policies.field.pauses"), last.ThirdPartyPauses)
	holds["always_on"], holds["third_party_pauses"] = "no", "no"
	if last.AlwaysOn {
		holds["always_on"] = "yes"
	}
	if last.ThirdPartyPauses {
		holds["third_party_pauses"] = "yes"
	}

	next := cover.SLAPolicy{
		Service:          service,
		AlwaysOn:         f.value("always_on") == "yes",
		ThirdPartyPauses: f.value("third_party_pauses") == "yes",
		Promises:         map[cover.Severity]cover.SLAPromise{},
	}
	first, updates := v.say("console.policies.first"), v.say("console.policies.updates")
	restore := v.say("console.policies.restore")
	wrong := ""
	for _, s := range cover.Severities() {
		holding := last.Promises[s]
		target := func(kind, what string, was cover.SLATarget) cover.SLATarget {
			name := "/promises/" + strconv.Itoa(int(s)) + "/" + kind
			f.add("text", name, v.say("console.policies.field.target",
				"severity", sla.Severity(s, v.language.Locale()), "what", what),
				was.String(), kind == "first_response")
			holds[name] = was.String()
			t, ok := cover.ParseSLATarget(f.value(name))
			if !ok {
				wrong = name
			}
			return t
		}
		next.Promises[s] = cover.SLAPromise{
			FirstResponse: target("first_response", first, holding.FirstResponse),
			Updates:       target("updates", updates, holding.Updates),
			Restore:       target("restore", restore, holding.Restore),
		}
		f.help(v.say("console.policies.target.help"))
	}
	f.add("date", "effective_from", v.say("console.settings.from"),
		v.now.UTC().Format("2006-01-02"), true)
	next.EffectiveFrom = db.DateOf(f.value("effective_from"))
	f.list = append(f.list, v.reasonField())

	change := program.PolicyChange{Policy: next, Seen: &last.Version, Reason: v.form("reason")}
	return v.runEdit(edit{
		Title:  v.say("console.policies.publish", "service", v.serviceName(service)),
		Says:   []string{v.say("console.policies.publish.says")},
		Fields: f.list,
		Seen:   strconv.Itoa(last.Version),
		Submit: v.say("console.terms.do"),
		Danger: true,
		Back:   policiesPath,
		Follows: func() ([]string, error) {
			if wrong != "" {
				return nil, notATarget(wrong)
			}
			if err := program.CheckSLAPolicy(change, v.now); err != nil {
				return nil, err
			}
			return append(f.differences(holds),
				v.say("console.policies.will.publish", "version", last.Version+1,
					"day", v.day(f.value("effective_from")).Text),
				v.say("console.policies.will.forever")), nil
		},
		Make: func() (string, string, error) {
			_, err := v.programs.PublishSLAPolicy(v.acting(""), change)
			return policiesPath, "console.flash.setting", err
		},
	})
}

// notATarget refuses a promised time that cannot be read, in the field of its name.
func notATarget(pointer string) error {
	return rules.Invalid([]rules.FieldError{{
		Pointer: pointer,
		Code:    cover.InvalidTarget,
		Message: "This is not a promised time.",
		Remedy:  "Send minutes, hours or business days, such as 30M, 4H, 1BD or 4H/1H.",
	}})
}
