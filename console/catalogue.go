package console

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"cloud.google.com/go/civil"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/program"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/calendar"
	"roomcover.dev/roomcover/rules/catalogue"
	"roomcover.dev/roomcover/web"
)

const (
	cataloguePath = settingsPath + "/catalogue"
	modelsPath    = settingsPath + "/models"
	termsPath     = settingsPath + "/terms"
)

func catalogueRoutes() []route {
	view, manage := may(rules.ViewProcesses), may(rules.ManageCatalogue)
	return []route{
		{method: get, path: cataloguePath, access: view, do: showCatalogue},
		{method: get, path: cataloguePath + "/:code", access: manage, do: changeSKU},
		{method: post, path: cataloguePath + "/:code", access: manage, do: changeSKU},
		{method: get, path: modelsPath, access: view, do: showModels},
		{method: get, path: modelsPath + "/:code", access: manage, do: changeModel},
		{method: post, path: modelsPath + "/:code", access: manage, do: changeModel},
		{method: get, path: termsPath, access: view, do: showTerms},
		{method: get, path: termsPath + "/:country", access: manage, do: publishTerms},
		{method: post, path: termsPath + "/:country", access: manage, do: publishTerms},
	}
}

// newOne stands in an address for something that is to be added.
const newOne = "new"

// adding is the button that adds one, for who may.
func (v *visit) adding(path, label string) []web.ListAct {
	if !v.mayDo(rules.ManageCatalogue) {
		return nil
	}
	return []web.ListAct{{Link: path + "/" + newOne, Label: label, Icon: "plus", Main: true}}
}

// changing is the address of a change, for who may.
func (v *visit) changing(address string) string {
	if !v.mayDo(rules.ManageCatalogue) {
		return ""
	}
	return address
}

// inEffect says whether something is in effect today, by its first day and the first one after.
func (v *visit) inEffect(from, to *civil.Date) web.Badge {
	today := db.TodayUTC(v.now)
	switch {
	case from != nil && today.Before(*from):
		return web.Badge{Text: v.say("console.settings.later"), Color: "blue"}
	case to != nil && !today.Before(*to):
		return web.Badge{Text: v.say("console.settings.over")}
	}
	return web.Badge{Text: v.say("console.settings.now"), Color: "green"}
}

func showCatalogue(v *visit) (answer, error) {
	skus, err := v.programs.ListSKUs(v.scope())
	if err != nil {
		return answer{}, err
	}
	var lines []sheetLine
	for _, k := range skus {
		lines = append(lines, sheetLine{v.changing(cataloguePath + "/" + k.Code), []web.Cell{
			{Text: k.Code},
			{Text: v.serviceName(k.ServiceType)},
			{Text: v.language.Number(int64(k.TermYears))},
			{Badge: v.inEffect(db.DateOf(k.EffectiveFrom), db.DateOf(k.EffectiveTo))},
			v.day(k.EffectiveFrom),
			v.day(k.EffectiveTo),
		}})
	}
	return sheet(v.say("console.settings.catalogue"), sheetPage{
		Sub:  v.say("console.settings.catalogue.says"),
		Acts: v.adding(cataloguePath, v.say("console.catalogue.add")),
		Parts: []sheetPart{{Table: linesUnder([]sheetColumn{
			{label: "SKU"},
			{label: v.say("console.catalogue.service")},
			{label: v.say("console.catalogue.years"), number: true},
			{label: v.say("console.stock.state")},
			{label: v.say("console.settings.from")},
			{label: v.say("console.settings.to")},
		}, lines)}},
	}), nil
}

// changeSKU adds what is sold, or changes it.
func changeSKU(v *visit) (answer, error) {
	skus, err := v.programs.ListSKUs(v.scope())
	if err != nil {
		return answer{}, err
	}
	var k program.CatalogueSKU
	code := v.param("code")
	if code != newOne {
		at := slices.IndexFunc(skus, func(k program.CatalogueSKU) bool { return k.Code == code })
		if at < 0 {
			return answer{}, errNoPage
		}
		k = skus[at]
	}
	v.resume(v.request.URL.Path)

	f := typedFields{v: v}
	if code == newOne {
		f.add("text", "code", "SKU", "", true)
		k.TermYears = 1
	}
	var services []web.Choice
	for _, s := range []catalogue.ServiceType{
		catalogue.ServiceSelect, catalogue.ServiceSyncPlus, catalogue.ServiceExtWarranty,
		catalogue.ServiceJumpStart,
	} {
		services = append(services, web.Choice{Value: string(s), Label: v.serviceName(s)})
	}
	f.choose("service_type", v.say("console.catalogue.service"), string(k.ServiceType), services...)
	f.add("number", "term_years", v.say("console.catalogue.years"), strconv.Itoa(k.TermYears), true)
	f.help(v.say("console.catalogue.years.help"))
	f.add("date", "effective_from", v.say("console.settings.from"), k.EffectiveFrom, false)
	f.add("date", "effective_to", v.say("console.settings.to"), k.EffectiveTo, false)
	f.help(v.say("console.settings.to.help"))
	holds := holding("service_type", string(k.ServiceType), "term_years", strconv.Itoa(k.TermYears),
		"effective_from", k.EffectiveFrom, "effective_to", k.EffectiveTo)
	f.list = append(f.list, v.reasonField())

	service := catalogue.ServiceType(f.value("service_type"))
	years, _ := strconv.Atoi(f.value("term_years")) // 0 is refused where years are needed
	next := program.CatalogueSKU{
		Code:          catalogue.NormaliseSKU(cmp.Or(f.value("code"), k.Code)),
		ServiceType:   service,
		TermYears:     years,
		Bundle:        service == catalogue.ServiceJumpStart,
		EffectiveFrom: f.value("effective_from"),
		EffectiveTo:   f.value("effective_to"),
	}
	title := v.say("console.catalogue.add")
	if code != newOne {
		title = v.say("console.catalogue.change", "code", k.Code)
	}
	return v.runEdit(edit{
		Title:  title,
		Says:   []string{v.say("console.catalogue.says")},
		Fields: f.list,
		Seen:   stateOf(k),
		Submit: v.say("console.settings.save"),
		Back:   cataloguePath,
		Follows: func() ([]string, error) {
			if err := next.Check(); err != nil {
				return nil, err
			}
			if err := rules.CheckReason(v.form("reason")); err != nil {
				return nil, err
			}
			known := slices.ContainsFunc(skus, func(k program.CatalogueSKU) bool {
				return k.Code == next.Code
			})
			switch {
			case code == newOne && known:
				return nil, taken("/code")
			case code == newOne:
				return []string{v.say("console.catalogue.will.add", "code", next.Code)}, nil
			}
			return append(f.differences(holds), v.say("console.catalogue.will.change")), nil
		},
		Make: func() (string, string, error) {
			return cataloguePath, "console.flash.setting", v.programs.ChangeSKU(v.acting(""),
				program.SKUChange{SKU: next, Seen: &k, Reason: v.form("reason")})
		},
	})
}

// taken refuses the name of something that is there already.
func taken(pointer string) error {
	return rules.Invalid([]rules.FieldError{{
		Pointer: pointer,
		Code:    rules.Duplicate,
		Message: "There is one with this code already.",
		Remedy:  "Change that one, or give another code.",
	}})
}

// modelVersion names a version of a model in an address: its code and its first day.
func modelVersion(m catalogue.ProductModel) string {
	return m.Code + "." + db.DateText(m.EffectiveFrom)
}

func showModels(v *visit) (answer, error) {
	models, err := v.programs.ListModels(v.scope())
	if err != nil {
		return answer{}, err
	}
	var lines []sheetLine
	for _, m := range models {
		lines = append(lines, sheetLine{v.changing(modelsPath + "/" + modelVersion(m)), []web.Cell{
			{Text: m.Name, Small: m.Code},
			{Text: v.language.Say("console.models.kind." + string(m.Kind))},
			{Text: v.language.Number(int64(m.StandardWarrantyYears))},
			{Badge: v.inEffect(m.EffectiveFrom, m.EffectiveTo)},
			v.day(db.DateText(m.EffectiveFrom)),
			v.day(db.DateText(m.EffectiveTo)),
		}})
	}
	return sheet(v.say("console.settings.models"), sheetPage{
		Sub:  v.say("console.settings.models.says"),
		Acts: v.adding(modelsPath, v.say("console.models.add")),
		Parts: []sheetPart{{Table: linesUnder([]sheetColumn{
			{label: v.say("console.stock.model")},
			{label: v.say("console.facet.kind")},
			{label: v.say("console.models.warranty"), number: true},
			{label: v.say("console.stock.state")},
			{label: v.say("console.settings.from")},
			{label: v.say("console.settings.to")},
		}, lines)}},
	}), nil
}

// changeModel adds a version of a supported product, or changes one. A version that begins on
// another day is another version.
func changeModel(v *visit) (answer, error) {
	models, err := v.programs.ListModels(v.scope())
	if err != nil {
		return answer{}, err
	}
	m := catalogue.ProductModel{Kind: catalogue.KindHardware, Serialised: true}
	fresh := v.param("code") == newOne
	if !fresh {
		at := slices.IndexFunc(models, func(m catalogue.ProductModel) bool {
			return modelVersion(m) == v.param("code")
		})
		if at < 0 {
			return answer{}, errNoPage
		}
		m = models[at]
	}
	v.resume(v.request.URL.Path)

	f := typedFields{v: v}
	if fresh {
		f.add("text", "code", v.say("console.stock.code"), "", true)
	}
	f.add("text", "name", v.say("field.name"), m.Name, true)
	var kinds []web.Choice
	for _, k := range []catalogue.ModelKind{
		catalogue.KindHardware, catalogue.KindAccessory, catalogue.KindSoftware,
		catalogue.KindBundle,
	} {
		kinds = append(kinds, web.Choice{
			Value: string(k), Label: v.language.Say("console.models.kind." + string(k)),
		})
	}
	f.choose("kind", v.say("console.facet.kind"), string(m.Kind), kinds...)
	f.yesOrNo("serialised", v.say("console.models.serial"), m.Serialised)
	f.add("number", "standard_warranty_years", v.say("console.models.warranty"),
		strconv.Itoa(m.StandardWarrantyYears), true)
	f.add("date", "effective_from", v.say("console.settings.from"),
		db.DateText(m.EffectiveFrom), false)
	f.help(v.say("console.models.from.help"))
	f.add("date", "effective_to", v.say("console.settings.to"), db.DateText(m.EffectiveTo), false)
	f.help(v.say("console.settings.to.help"))
	serial := "no"
	if m.Serialised {
		serial = "yes"
	}
	holds := holding("name", m.Name, "kind", string(m.Kind), "serialised", serial,
		"standard_warranty_years", strconv.Itoa(m.StandardWarrantyYears),
		"effective_from", db.DateText(m.EffectiveFrom), "effective_to", db.DateText(m.EffectiveTo))
	f.list = append(f.list, v.reasonField())

	next := m
	next.Code = catalogue.NormaliseModelCode(cmp.Or(f.value("code"), m.Code))
	next.Name = f.value("name")
	next.Kind = catalogue.ModelKind(f.value("kind"))
	next.Serialised = f.value("serialised") == "yes"
	next.StandardWarrantyYears, _ = strconv.Atoi(f.value("standard_warranty_years"))
	next.EffectiveFrom = db.DateOf(f.value("effective_from"))
	next.EffectiveTo = db.DateOf(f.value("effective_to"))
	title := v.say("console.models.add")
	if !fresh {
		title = v.say("console.models.change", "name", m.Name)
	}
	return v.runEdit(edit{
		Title:  title,
		Fields: f.list,
		Seen:   stateOf(m),
		Submit: v.say("console.settings.save"),
		Back:   modelsPath,
		Follows: func() ([]string, error) {
			if err := next.Validate(); err != nil {
				return nil, err
			}
			if err := rules.CheckReason(v.form("reason")); err != nil {
				return nil, err
			}
			there := slices.ContainsFunc(models, func(m catalogue.ProductModel) bool {
				return modelVersion(m) == modelVersion(next)
			})
			switch {
			case fresh && there:
				return nil, taken("/code")
			case !there:
				return []string{
					v.say("console.models.will.add", "name", next.Name, "code", next.Code),
				}, nil
			}
			return append(f.differences(holds), v.say("console.models.will.change")), nil
		},
		Make: func() (string, string, error) {
			seen := m
			if modelVersion(next) != modelVersion(m) {
				seen = catalogue.ProductModel{} // see Follows for one that is there
				at := slices.IndexFunc(models, func(m catalogue.ProductModel) bool {
					return modelVersion(m) == modelVersion(next)
				})
				if at >= 0 {
					seen = models[at]
				}
			}
			_, err := v.programs.ChangeModel(v.acting(""),
				program.ModelChange{Model: next, Seen: &seen, Reason: v.form("reason")})
			return modelsPath, "console.flash.setting", err
		},
	})
}

func showTerms(v *visit) (answer, error) {
	all, err := v.programs.ListCountryTerms(v.ctx)
	if err != nil {
		return answer{}, err
	}
	var lines []sheetLine
	for i, t := range all {
		last := i+1 == len(all) || all[i+1].Country != t.Country
		state := web.Badge{Text: v.say("console.terms.available"), Color: "green"}
		if !t.Available {
			state = web.Badge{Text: v.say("console.terms.unavailable"), Color: "red"}
		}
		l := sheetLine{cells: []web.Cell{
			{Text: t.Country + " · " + strconv.Itoa(t.Version)},
			{Badge: state},
			{Text: v.termsSpeed(t.RMASpeed)},
			{Text: strings.Join(t.Languages, ", ")},
			v.day(t.EffectiveFrom),
			{Text: t.Note},
		}}
		if last {
			l.link = v.changing(termsPath + "/" + t.Country)
		}
		lines = append(lines, l)
	}
	return sheet(v.say("console.settings.terms"), sheetPage{
		Sub:  v.say("console.settings.terms.says"),
		Acts: v.adding(termsPath, v.say("console.terms.add")),
		Parts: []sheetPart{{Table: linesUnder([]sheetColumn{
			{label: v.say("console.terms.country")},
			{label: v.say("console.stock.state")},
			{label: v.say("console.terms.speed")},
			{label: v.say("console.terms.languages")},
			{label: v.say("console.settings.from")},
			{label: v.say("console.terms.note")},
		}, lines)}},
	}), nil
}

// termsSpeed says how soon a replacement arrives after its approval.
func (v *visit) termsSpeed(s calendar.RMASpeed) string {
	switch s {
	case calendar.SpeedNBD:
		return v.say("console.terms.nbd")
	case calendar.SpeedStandard:
		return v.say("console.terms.standard")
	}
	return string(s)
}

// publishTerms publishes the next version of a country's terms; earlier ones stay as they are.
func publishTerms(v *visit) (answer, error) {
	all, err := v.programs.ListCountryTerms(v.ctx)
	if err != nil {
		return answer{}, err
	}
	country := v.param("country")
	last := program.CountryTermsVersion{Available: true, RMASpeed: calendar.SpeedNBD}
	for _, t := range all {
		if t.Country == country {
			last = t
		}
	}
	if country != newOne && last.Country == "" {
		return answer{}, errNoPage
	}
	v.resume(v.request.URL.Path)

	f := typedFields{v: v}
	if country == newOne {
		f.add("text", "country", v.say("console.stock.countryfield"), "", true)
	}
	f.yesOrNo("available", v.say("console.terms.available"), last.Available)
	f.add("text", "rma_speed", v.say("console.terms.speed"), string(last.RMASpeed), true)
	f.help(v.say("console.terms.speed.help"))
	f.add("text", "languages", v.say("console.terms.languages"),
		strings.Join(last.Languages, ", "), false)
	f.add("date", "effective_from", v.say("console.settings.from"),
		v.now.UTC().Format("2006-01-02"), true)
	f.add("area", "note", v.say("console.terms.note"), "", true)
	f.help(v.say("console.terms.note.help"))
	available := "no"
	if last.Available {
		available = "yes"
	}
	holds := holding("available", available, "rma_speed", string(last.RMASpeed),
		"languages", strings.Join(last.Languages, ", "), "effective_from", last.EffectiveFrom)

	next := catalogue.CountryTerms{
		Country:   cmp.Or(rules.NormaliseCode(f.value("country")), last.Country),
		Available: f.value("available") == "yes",
		RMASpeed:  calendar.RMASpeed(strings.ToUpper(f.value("rma_speed"))),
		Languages: wordsOf(f.value("languages")),
	}
	if on := db.DateOf(f.value("effective_from")); on != nil {
		next.EffectiveFrom = *on
	}
	return v.runEdit(edit{
		Title:  v.say("console.terms.publish", "country", last.Country),
		Says:   []string{v.say("console.terms.publish.says")},
		Fields: f.list,
		Seen:   strconv.Itoa(last.Version),
		Submit: v.say("console.terms.do"),
		Danger: true,
		Back:   termsPath,
		Follows: func() ([]string, error) {
			checked := next
			checked.Version = last.Version + 1
			if err := checked.Validate(); err != nil {
				return nil, err
			}
			if note := f.value("note"); note == "" || len(note) > 500 {
				return nil, rules.Invalid([]rules.FieldError{{
					Pointer: "/note",
					Code:    rules.Required,
					Message: "The note is missing or has more than 500 octets.",
					Remedy:  "Say in a sentence what changes.",
				}})
			}
			for _, t := range all {
				if country == newOne && t.Country == next.Country {
					return nil, taken("/country")
				}
			}
			says := f.differences(holds)
			if last.Available && !next.Available {
				says = append(says, v.say("console.terms.will.end", "country", next.Country))
			}
			return append(says, v.say("console.terms.will.publish",
				"country", next.Country, "version", checked.Version)), nil
		},
		Make: func() (string, string, error) {
			_, err := v.programs.PublishTerms(v.acting(""), next, f.value("note"))
			return termsPath, "console.flash.setting", err
		},
	})
}
