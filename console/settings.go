package console

import (
	"slices"
	"strings"

	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/web"
)

const settingsPath = Root + "/settings"

func settingsRoutes() []route {
	return slices.Concat(
		[]route{{
			method: get, path: settingsPath, access: may(rules.ViewProcesses), do: showSettings,
		}},
		calendarRoutes(),
		sellerRoutes(),
		csmRoutes(),
		privacyRoutes(),
		catalogueRoutes(),
		policyRoutes(),
		replyRoutes(),
		programRoutes(),
	)
}

// settings are the pages of what the service goes by: who reads them, and where they are.
var settings = []struct {
	name, label, path string
	needs             access
}{
	{"program", "console.settings.program", programPath, may(rules.ViewProcesses)},
	{"catalogue", "console.settings.catalogue", cataloguePath, may(rules.ViewProcesses)},
	{"models", "console.settings.models", modelsPath, may(rules.ViewProcesses)},
	{"terms", "console.settings.terms", termsPath, may(rules.ViewProcesses)},
	{"policies", "console.policies.title", policiesPath, may(rules.ViewProcesses)},
	{"replies", "console.replies.title", repliesPath, may(rules.ViewProcesses)},
	{"calendars", "console.calendars.title", calendarsPath, may(rules.ViewProcesses)},
	{"sellers", "console.sellers.title", sellersPath, may(rules.ViewProcesses)},
	{"csms", "console.csms.title", csmsPath, may(rules.ViewProcesses)},
	{"privacy", "console.privacy.title", privacyPath, may(rules.WorkTasks)},
	{"incidents", "console.incidents.title", incidentsPath, may(rules.WorkTasks)},
	{"tokens", "console.tokens.title", tokensPath, may(rules.ManageCatalogue)},
	{"operators", "console.operators.title", operatorsPath, may(rules.ManageOperators)},
}

// showSettings says of each page what is kept there, in a sentence.
func showSettings(v *visit) (answer, error) {
	var lines []sheetLine
	for _, s := range settings {
		if !(route{access: s.needs}).allows(v.who.Role) {
			continue
		}
		lines = append(lines, sheetLine{s.path, []web.Cell{
			{Text: v.language.Say(s.label)},
			{Text: v.language.Say("console.settings." + s.name + ".says")},
		}})
	}
	return sheet(v.say("console.settings.title"), sheetPage{
		Parts: []sheetPart{{
			Table: linesUnder([]sheetColumn{
				{label: v.say("console.settings.what")},
				{label: v.say("console.settings.about")},
			}, lines),
		}},
	}), nil
}

// typedFields are the fields of a change, each with what was typed, else with what holds.
type typedFields struct {
	v    *visit
	list []web.Field
}

func (f *typedFields) add(kind, name, label, holds string, required bool) {
	f.list = append(f.list, web.Field{
		Name:     name,
		Label:    label,
		Kind:     kind,
		Value:    f.v.typed(name, holds),
		Required: required,
	})
}

// choose adds a choice; the labels stand beside their values.
func (f *typedFields) choose(name, label, holds string, choices ...web.Choice) {
	chosen := f.v.typed(name, holds)
	for i := range choices {
		choices[i].Chosen = choices[i].Value == chosen
	}
	added := web.Field{Name: name, Label: label, Kind: "choice", Choices: choices}
	added.Value = chosenOf(added)
	f.list = append(f.list, added)
}

// yesOrNo adds a choice of two.
func (f *typedFields) yesOrNo(name, label string, holds bool) {
	now := "no"
	if holds {
		now = "yes"
	}
	f.choose(name, label, now,
		web.Choice{Value: "yes", Label: f.v.say("console.settings.yes")},
		web.Choice{Value: "no", Label: f.v.say("console.settings.no")})
}

func (f *typedFields) value(name string) string {
	for _, one := range f.list {
		if one.Name == name {
			return one.Value
		}
	}
	return ""
}

// help says more below the field that was added last.
func (f *typedFields) help(text string) { f.list[len(f.list)-1].Help = text }

// differences say for each field what holds and what is to hold; holds is by the fields' names.
func (f *typedFields) differences(holds map[string]string) []string {
	var says []string
	for _, one := range f.list {
		before, known := holds[one.Name]
		if !known {
			continue
		}
		was := one
		was.Value = before
		says = append(says, f.v.changeOf(one.Label, labelOfField(was), labelOfField(one)))
	}
	return f.v.changes(says...)
}

// holding is what the fields hold as long as nothing is typed, by their names.
func holding(pairs ...string) map[string]string {
	out := map[string]string{}
	for i := 0; i+1 < len(pairs); i += 2 {
		out[pairs[i]] = pairs[i+1]
	}
	return out
}

// wordsOf are the parts of a text that commas, semicolons or line breaks set apart.
func wordsOf(text string) []string {
	var out []string
	for _, part := range strings.FieldsFunc(text, func(r rune) bool {
		return strings.ContainsRune(",;\n", r)
	}) {
		if part = strings.TrimSpace(part); part != "" {
			out = append(out, part)
		}
	}
	return out
}
