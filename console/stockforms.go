package console

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/logistics"
	"roomcover.dev/roomcover/models/program"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/catalogue"
	"roomcover.dev/roomcover/rules/shipping"
	"roomcover.dev/roomcover/web"
)

// stockForm is what the forms of a receipt and a count have in common: a model at a depot, with
// its level.
type stockForm struct {
	depot, model web.Field
	level        logistics.StockLevel
	once         string // names the form: a second press of its button makes no second entry
}

// stockForm reads the form, and the level of what it names.
func (v *visit) stockForm() (stockForm, error) {
	v.resume(v.request.URL.Path)
	ref, err := v.programs.Reference(v.ctx)
	if err != nil {
		return stockForm{}, err
	}
	depots, err := v.logistics.ListDepots(v.scope())
	if err != nil {
		return stockForm{}, err
	}

	f := stockForm{
		once: v.typed("once", ""),
		depot: web.Field{
			Name:  "depot_id",
			Label: v.say("console.stock.depot"),
			Kind:  "choice",
			Value: v.typed("depot_id", v.query("depot")),
		},
		model: web.Field{
			Name:  "model",
			Label: v.say("console.stock.model"),
			Kind:  "choice",
			Value: v.typed("model", v.query("model")),
		},
	}
	if f.once == "" {
		f.once = db.NewID("once")
	}
	for _, d := range depots {
		f.depot.Choices = append(f.depot.Choices, web.Choice{
			Value:  d.ID,
			Label:  d.Name + " (" + d.Code + ")",
			Chosen: d.ID == f.depot.Value,
		})
	}
	f.depot.Value = chosenOf(f.depot)
	f.model.Choices = v.stockedModels(ref, f.model.Value)
	f.model.Value = chosenOf(f.model)

	levels, err := v.logistics.StockLevels(v.scope(), logistics.StockFilter{
		DepotID: f.depot.Value, ModelCode: f.model.Value,
	})
	if err != nil || f.depot.Value == "" || f.model.Value == "" {
		return f, err
	}
	f.level = logistics.StockLevel{DepotID: f.depot.Value, ModelCode: f.model.Value}
	if len(levels) > 0 {
		f.level = levels[0]
	}
	return f, nil
}

// chosenOf is the value of a choice: the chosen one, else the first, as a browser sends it.
func chosenOf(f web.Field) string {
	for _, c := range f.Choices {
		if c.Chosen {
			return c.Value
		}
	}
	if len(f.Choices) > 0 {
		return f.Choices[0].Value
	}
	return ""
}

// stockedModels are the models of which there are units: hardware and accessories.
func (v *visit) stockedModels(ref program.Reference, chosen string) []web.Choice {
	var choices []web.Choice
	for code, versions := range ref.Models {
		kind := versions[len(versions)-1].Kind
		if kind != catalogue.KindHardware && kind != catalogue.KindAccessory {
			continue
		}
		choices = append(choices, web.Choice{
			Value:  code,
			Label:  v.modelName(code, v.now) + " (" + code + ")",
			Chosen: code == catalogue.NormaliseModelCode(chosen),
		})
	}
	slices.SortFunc(choices, func(a, b web.Choice) int { return strings.Compare(a.Label, b.Label) })
	return choices
}

// seen names the level that the form showed.
func (f stockForm) seen() string {
	return strconv.Itoa(f.level.OnHand) + "/" + strconv.Itoa(f.level.Reserved)
}

// after says what the depot will have, and what will be free.
func (v *visit) afterStock(f stockForm, quantity int) ([]string, error) {
	delta, err := shipping.DeltaOf(shipping.StockAdjustment, quantity)
	if err != nil {
		return nil, err
	}
	now := f.level.Level()
	next, err := now.Apply(delta)
	if err != nil {
		return nil, err
	}
	number := func(n int) string { return v.language.Number(int64(n)) }
	return []string{
		v.say("console.stock.will",
			"model", v.modelName(f.model.Value, v.now),
			"depot", labelOfField(f.depot),
			"before", number(now.OnHand), "after", number(next.OnHand)),
		v.say("console.stock.willfree",
			"before", number(now.Free()), "after", number(next.Free())),
	}, nil
}

// labelOfField is the label of a choice's value.
func labelOfField(f web.Field) string {
	for _, c := range f.Choices {
		if c.Value == f.Value {
			return c.Label
		}
	}
	return f.Value
}

// wholeNumber reads a typed number.
func wholeNumber(f web.Field) (int, error) {
	n, err := strconv.Atoi(strings.TrimPrefix(strings.TrimSpace(f.Value), "+"))
	if err != nil {
		return 0, rules.Invalid([]rules.FieldError{{
			Pointer: "/" + f.Name,
			Code:    rules.OutOfRange,
			Message: "This is not a whole number.",
			Remedy:  "Type digits.",
		}})
	}
	return n, nil
}

// entered answers the second press of a button: its entry is there already.
func (v *visit) entered(cause, to string) (answer, bool) {
	if !v.confirmed() {
		return answer{}, false
	}
	e, err := v.logistics.StockEntryOf(v.scope(), cause)
	if err != nil || e.EnteredBy != v.who.ID || v.now.Sub(e.CreatedAt) > 10*time.Minute {
		return answer{}, false
	}
	return v.done(to, "console.flash.stockentered"), true
}

// unusedNote refuses a delivery note that has made an entry already.
func (v *visit) unusedNote(cause string) error {
	e, err := v.logistics.StockEntryOf(v.scope(), cause)
	switch {
	case rules.CodeOf(err) == rules.NotFound:
		return nil
	case err != nil:
		return err
	}
	return rules.Invalid([]rules.FieldError{{
		Pointer: "/reference",
		Code:    rules.Duplicate,
		Message: "This delivery note was entered already, with " + strconv.Itoa(e.Quantity) +
			" units.",
		Remedy: "Look at the ledger; correct the level by a count where that was wrong.",
	}})
}

// receiveStock enters units that came to a depot.
func receiveStock(v *visit) (answer, error) {
	f, err := v.stockForm()
	if err != nil {
		return answer{}, err
	}
	quantity := web.Field{
		Name:     "quantity",
		Label:    v.say("console.stock.came"),
		Kind:     "number",
		Value:    v.typed("quantity", ""),
		Required: true,
	}
	reference := web.Field{
		Name:  "reference",
		Label: v.say("console.stock.reference"),
		Help:  v.say("console.stock.reference.help"),
		Kind:  "text",
		Value: v.typed("reference", ""),
	}
	cause := "receipt/" + f.once
	if reference.Value != "" {
		cause = "receipt/" + f.depot.Value + "/" + f.model.Value + "/" + reference.Value
	}
	to := stockPath + "/models/" + f.model.Value
	if a, ok := v.entered(cause, to); ok {
		return a, nil
	}

	return v.runEdit(edit{
		Title:  v.say("console.stock.receive"),
		Fields: []web.Field{f.depot, f.model, quantity, reference},
		Hidden: []web.Hidden{{Name: "once", Value: f.once}},
		Seen:   f.seen(),
		Submit: v.say("console.stock.receive"),
		Back:   stockPath,
		Follows: func() ([]string, error) {
			n, err := wholeNumber(quantity)
			if err != nil {
				return nil, err
			}
			if _, err := shipping.DeltaOf(shipping.StockReceipt, n); err != nil {
				return nil, err
			}
			wrong := rules.CheckLine("/reference", reference.Value, 100)
			if err := rules.Invalid(wrong); reference.Value != "" && err != nil {
				return nil, err
			}
			if err := v.unusedNote(cause); err != nil {
				return nil, err
			}
			says, err := v.afterStock(f, n)
			if err != nil {
				return nil, err
			}
			waiting, err := v.logistics.WaitingForStock(v.scope(), f.model.Value)
			if err == nil && len(waiting) > 0 {
				says = append(says,
					v.language.Count("console.stock.receive.waits", int64(len(waiting))))
			}
			return says, err
		},
		Make: func() (string, string, error) {
			n, err := wholeNumber(quantity)
			if err != nil {
				return "", "", err
			}
			_, err = v.logistics.ReceiveStock(v.acting(""), logistics.StockMove{
				DepotID:   f.depot.Value,
				ModelCode: f.model.Value,
				Quantity:  n,
				Cause:     cause,
			})
			return to, "console.flash.stockentered", err
		},
	})
}

// adjustStock corrects a level by what somebody counted, with a reason.
func adjustStock(v *visit) (answer, error) {
	f, err := v.stockForm()
	if err != nil {
		return answer{}, err
	}
	counted := web.Field{
		Name:     "counted",
		Label:    v.say("console.stock.counted"),
		Help:     v.say("console.stock.counted.help"),
		Kind:     "number",
		Value:    v.typed("counted", ""),
		Required: true,
	}
	cause := "adjustment/" + f.once
	to := stockPath + "/models/" + f.model.Value
	if a, ok := v.entered(cause, to); ok {
		return a, nil
	}

	quantity := func() (int, error) {
		n, err := wholeNumber(counted)
		if err == nil && n == f.level.OnHand {
			err = rules.Invalid([]rules.FieldError{{
				Pointer: "/counted",
				Code:    rules.OutOfRange,
				Message: "The depot has this many already.",
				Remedy:  "There is nothing to correct.",
			}})
		}
		return n - f.level.OnHand, err
	}
	return v.runEdit(edit{
		Title:  v.say("console.stock.adjust"),
		Fields: []web.Field{f.depot, f.model, counted, v.reasonField()},
		Hidden: []web.Hidden{{Name: "once", Value: f.once}},
		Seen:   f.seen(),
		Submit: v.say("console.stock.adjust"),
		Back:   stockPath,
		Follows: func() ([]string, error) {
			if err := rules.CheckReason(v.form("reason")); err != nil {
				return nil, err
			}
			n, err := quantity()
			if err != nil {
				return nil, err
			}
			return v.afterStock(f, n)
		},
		Make: func() (string, string, error) {
			n, err := quantity()
			if err != nil {
				return "", "", err
			}
			_, err = v.logistics.AdjustStock(v.acting(""), logistics.StockMove{
				DepotID:   f.depot.Value,
				ModelCode: f.model.Value,
				Quantity:  n,
				Cause:     cause,
				Reason:    v.form("reason"),
			})
			return to, "console.flash.stockentered", err
		},
	})
}

// addDepot adds a depot.
func addDepot(v *visit) (answer, error) {
	return v.editDepot(logistics.Depot{}, v.say("console.stock.adddepot"), stockPath)
}

// changeDepot changes what is known of a depot; its code stays.
func changeDepot(v *visit) (answer, error) {
	d, err := v.logistics.GetDepot(v.scope(), v.param("id"))
	if err != nil {
		return answer{}, err
	}
	return v.editDepot(d, v.say("console.stock.changedepot"), depotsPath+"/"+d.ID)
}

func (v *visit) editDepot(d logistics.Depot, title, back string) (answer, error) {
	v.resume(v.request.URL.Path)
	text := func(name, label, holds string, required bool) web.Field {
		return web.Field{
			Name:     name,
			Label:    label,
			Kind:     "text",
			Value:    v.typed(name, holds),
			Required: required,
		}
	}
	fields := []web.Field{
		text("name", v.say("field.name"), d.Name, true),
		text("street", v.say("console.stock.street"), d.Street, true),
		text("city", v.say("console.stock.cityfield"), d.City, true),
		text("region", v.say("console.stock.region"), d.Region, false),
		text("postal_code", v.say("console.stock.postal"), d.PostalCode, false),
		text("country", v.say("console.stock.countryfield"), d.Country, true),
		text("time_zone", v.say("console.stock.zone"), d.TimeZone, false),
	}
	code := d.Code
	if d.ID == "" {
		fields = append([]web.Field{text("code", v.say("console.stock.code"), "", true)}, fields...)
		code = fields[0].Value
	}
	value := func(name string) string {
		for _, f := range fields {
			if f.Name == name {
				return f.Value
			}
		}
		return ""
	}
	form := shipping.DepotForm{
		Code:       code,
		Name:       value("name"),
		Street:     value("street"),
		City:       value("city"),
		Region:     value("region"),
		PostalCode: value("postal_code"),
		Country:    value("country"),
		TimeZone:   value("time_zone"),
	}.Normalise()

	before := []string{d.Name, d.Street, d.City, d.Region, d.PostalCode, d.Country, d.TimeZone}
	after := []string{
		form.Name, form.Street, form.City, form.Region, form.PostalCode, form.Country,
		form.TimeZone,
	}
	return v.runEdit(edit{
		Title:  title,
		Says:   []string{v.say("console.stock.depot.says")},
		Fields: fields,
		Seen:   stateOf(d),
		Submit: title,
		Back:   back,
		Follows: func() ([]string, error) {
			if err := form.Validate(); err != nil {
				return nil, err
			}
			if d.ID == "" {
				return v.newDepotFollows(form)
			}
			labels := fields[len(fields)-len(before):]
			var says []string
			for i := range before {
				says = append(says, v.changeOf(labels[i].Label, before[i], after[i]))
			}
			return v.changes(says...), nil
		},
		Make: func() (string, string, error) {
			put := v.logistics.PutDepot
			if d.ID == "" {
				put = v.logistics.AddDepot
			}
			made, err := put(v.acting(""), form)
			return depotsPath + "/" + made.ID, "console.flash.depot", err
		},
	})
}

// newDepotFollows says that a depot is added.
func (v *visit) newDepotFollows(form shipping.DepotForm) ([]string, error) {
	if err := v.logistics.CheckNewDepot(v.scope(), form); err != nil {
		return nil, err
	}
	return []string{v.say("console.stock.newdepot",
		"name", form.Name, "code", form.Code, "country", form.Country)}, nil
}
