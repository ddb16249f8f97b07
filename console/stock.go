package console

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/logistics"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/catalogue"
	"roomcover.dev/roomcover/rules/shipping"
	"roomcover.dev/roomcover/web"
)

const (
	stockPath        = Root + "/stock"
	stockEntriesPath = stockPath + "/entries"
	depotsPath       = stockPath + "/depots"
)

// stockEntriesList is the ledger of stock, the newest first.
func stockEntriesList() listing {
	return listing{
		path:  stockEntriesPath,
		words: "console.stockentries",
		needs: may(rules.ViewProcesses),
		columns: []web.Column{
			{Name: "what"},
			{Name: "quantity", Number: true},
			{Name: "model"},
			{Name: "depot"},
			{Name: "for"},
			{Name: "by"},
			{Name: "when"},
			{Name: "reason"},
		},
		search: true,
		read:   readStockEntries,
	}
}

func stockRoutes() []route {
	view, manage := may(rules.ViewProcesses), may(rules.ManageStock)
	routes := append(stockEntriesList().routes(),
		route{method: get, path: stockPath, access: view, do: showStock},
		route{method: get, path: stockPath + "/models/:code", access: view, do: showStockOfModel},
		route{method: get, path: depotsPath + "/:id", access: view, do: showDepot},
	)
	for path, do := range map[string]handler{
		stockPath + "/receive":     receiveStock,
		stockPath + "/adjust":      adjustStock,
		stockPath + "/new-depot":   addDepot,
		depotsPath + "/:id/change": changeDepot,
	} {
		routes = append(routes,
			route{method: get, path: path, access: manage, do: do},
			route{method: post, path: path, access: manage, do: do})
	}
	return routes
}

// showStock shows what each depot has, and what is waited for.
func showStock(v *visit) (answer, error) {
	depots, err := v.logistics.ListDepots(v.scope())
	if err != nil {
		return answer{}, err
	}
	levels, err := v.logistics.StockLevels(v.scope(), logistics.StockFilter{})
	if err != nil {
		return answer{}, err
	}
	wanted, err := v.logistics.WantedUnits(v.scope())
	if err != nil {
		return answer{}, err
	}

	p := sheetPage{
		Sub:  v.say("console.stock.sub"),
		Acts: v.stockActs("", ""),
		Parts: []sheetPart{
			v.wantedPart(levels, wanted),
		},
	}
	p.Acts = append(p.Acts, web.ListAct{
		Link: stockEntriesPath, Label: v.say("console.stockentries.title"), Icon: "scroll-text",
	})
	if len(wanted) == 0 {
		p.Parts = nil
	}
	for _, d := range depots {
		p.Parts = append(p.Parts, v.depotPart(d, levels, wanted))
	}
	if len(depots) == 0 {
		p.Parts = append(p.Parts, sheetPart{
			Title: v.say("console.stock.nodepot"),
			Empty: v.say("console.stock.nodepot.text"),
		})
	}
	if v.mayDo(rules.ManageStock) {
		p.Acts = append(p.Acts, web.ListAct{
			Link: stockPath + "/new-depot", Label: v.say("console.stock.adddepot"), Icon: "plus",
		})
	}
	return sheet(v.say("console.stock.title"), p), nil
}

// stockActs lead to the forms that enter units, for who may.
func (v *visit) stockActs(depotID, model string) []web.ListAct {
	if !v.mayDo(rules.ManageStock) {
		return nil
	}
	return []web.ListAct{
		{
			Link:  web.ListAddress(stockPath+"/receive", "depot", depotID, "model", model),
			Label: v.say("console.stock.receive"),
			Icon:  "upload",
			Main:  true,
		},
		{
			Link:  web.ListAddress(stockPath+"/adjust", "depot", depotID, "model", model),
			Label: v.say("console.stock.adjust"),
			Icon:  "scan-line",
		},
	}
}

// wantedPart is what replacements and spares wait for, held against what is free in all depots.
func (v *visit) wantedPart(
	levels []logistics.StockLevel, wanted map[string]int,
) sheetPart {
	free := map[string]int{}
	for _, l := range levels {
		free[l.ModelCode] += l.Level().Free()
	}
	var models []string
	for model := range wanted {
		models = append(models, model)
	}
	slices.SortFunc(models, func(a, b string) int {
		return cmp.Or(cmp.Compare(wanted[b]-free[b], wanted[a]-free[a]), cmp.Compare(a, b))
	})

	var lines []sheetLine
	for _, model := range models {
		state := web.Badge{Text: v.say("console.stock.enough"), Color: "green"}
		if missing := wanted[model] - free[model]; missing > 0 {
			state = web.Badge{
				Text:  v.language.Count("console.stock.missing", int64(missing)),
				Color: "red",
			}
		}
		lines = append(lines, sheetLine{stockPath + "/models/" + model, []web.Cell{
			{Text: v.modelName(model, v.now), Small: model},
			{Text: v.language.Number(int64(wanted[model]))},
			{Text: v.language.Number(int64(free[model]))},
			{Badge: state},
		}})
	}
	return sheetPart{
		Title: v.say("console.stock.wanted"),
		Table: linesUnder([]sheetColumn{
			{label: v.say("console.stock.model")},
			{label: v.say("console.stock.waits"), number: true},
			{label: v.say("console.stock.free"), number: true},
			{label: v.say("console.stock.state")},
		}, lines),
	}
}

// depotPart is what one depot has.
func (v *visit) depotPart(
	d logistics.Depot, levels []logistics.StockLevel,
	wanted map[string]int,
) sheetPart {
	part := sheetPart{
		Title: d.Name,
		Count: d.Code,
		Acts: []web.ListAct{{
			Link: depotsPath + "/" + d.ID, Label: v.say("console.stock.open"), Icon: "warehouse",
		}},
		Table: v.levelTable(levels, func(l logistics.StockLevel) (web.Cell, bool) {
			return web.Cell{
				Text:  v.modelName(l.ModelCode, v.now),
				Small: l.ModelCode,
			}, l.DepotID == d.ID
		}, wanted),
	}
	if part.Table == nil {
		part.Empty = v.say("console.stock.nothing")
	}
	return part
}

// levelTable lists levels, each by the cell that names it; those that it does not name are left
// out. A line leads to the page of its model.
func (v *visit) levelTable(
	levels []logistics.StockLevel,
	naming func(logistics.StockLevel) (web.Cell, bool), wanted map[string]int,
) *sheetTable {
	var lines []sheetLine
	for _, l := range levels {
		name, ok := naming(l)
		if !ok {
			continue
		}
		free := l.Level().Free()
		state := web.Badge{}
		switch {
		case free == 0 && wanted[l.ModelCode] > 0:
			state = web.Badge{Text: v.say("console.stock.none.wanted"), Color: "red"}
		case free == 0:
			state = web.Badge{Text: v.say("console.stock.none"), Color: "amber"}
		}
		updated := l.UpdatedAt
		lines = append(lines, sheetLine{stockPath + "/models/" + l.ModelCode, []web.Cell{
			name,
			{Text: v.language.Number(int64(l.OnHand))},
			{Text: v.language.Number(int64(l.Reserved))},
			{Text: v.language.Number(int64(free))},
			{Badge: state},
			v.when(&updated, ""),
		}})
	}
	return linesUnder([]sheetColumn{
		{label: v.say("console.stock.model")},
		{label: v.say("console.stock.onhand"), number: true},
		{label: v.say("console.stock.reserved"), number: true},
		{label: v.say("console.stock.free"), number: true},
		{label: v.say("console.stock.state")},
		{label: v.say("console.stock.moved")},
	}, lines)
}

// showDepot shows one depot: where it is, what it has, and its last entries.
func showDepot(v *visit) (answer, error) {
	d, err := v.logistics.GetDepot(v.scope(), v.param("id"))
	if err != nil {
		return answer{}, err
	}
	levels, err := v.logistics.StockLevels(v.scope(), logistics.StockFilter{DepotID: d.ID})
	if err != nil {
		return answer{}, err
	}
	wanted, err := v.logistics.WantedUnits(v.scope())
	if err != nil {
		return answer{}, err
	}
	ledger, err := v.ledgerPart(logistics.StockFilter{DepotID: d.ID})
	if err != nil {
		return answer{}, err
	}

	stock := v.depotPart(d, levels, wanted)
	stock.Title, stock.Count, stock.Acts = v.say("console.stock.has"), "", nil
	acts := v.stockActs(d.ID, "")
	if v.mayDo(rules.ManageStock) {
		acts = append(acts, web.ListAct{
			Link:  depotsPath + "/" + d.ID + "/change",
			Label: v.say("console.stock.changedepot"),
			Icon:  "pencil",
		})
	}
	where := sheetPart{
		Title: v.say("console.stock.where"),
		Facts: knownFacts(
			web.Fact{Term: v.say("console.stock.code"), Value: d.Code, Mono: true},
			web.Fact{Term: v.say("console.stock.street"), Value: d.Street},
			web.Fact{Term: v.say("console.stock.city"), Value: townOf(d)},
			web.Fact{Term: v.say("console.stock.country"), Value: d.Country},
			web.Fact{Term: v.say("console.fact.clock"), Value: v.clockAt(d.TimeZone)},
		),
	}
	return sheet(d.Name, sheetPage{
		Sub:   d.Code,
		Acts:  acts,
		Parts: []sheetPart{stock, ledger, where},
	}), nil
}

// townOf is where a depot is, in a line.
func townOf(d logistics.Depot) string {
	return strings.Join(strings.Fields(d.PostalCode+" "+d.City+" "+d.Region), " ")
}

// showStockOfModel shows a model in all depots, with who waits for it.
func showStockOfModel(v *visit) (answer, error) {
	code := catalogue.NormaliseModelCode(v.param("code"))
	ref, err := v.programs.Reference(v.ctx)
	if err != nil {
		return answer{}, err
	}
	levels, err := v.logistics.StockLevels(v.scope(), logistics.StockFilter{ModelCode: code})
	if err != nil {
		return answer{}, err
	}
	waiting, err := v.logistics.WaitingForStock(v.scope(), code)
	if err != nil {
		return answer{}, err
	}
	if len(levels) == 0 && len(waiting) == 0 && len(ref.Model(code)) == 0 {
		return answer{}, errNoPage
	}
	depots, err := v.depotNames()
	if err != nil {
		return answer{}, err
	}
	ledger, err := v.ledgerPart(logistics.StockFilter{ModelCode: code})
	if err != nil {
		return answer{}, err
	}

	has := sheetPart{
		Title: v.say("console.stock.has"),
		Table: v.levelTable(levels, func(l logistics.StockLevel) (web.Cell, bool) {
			return web.Cell{Text: depots[l.DepotID]}, true
		}, map[string]int{code: len(waiting)}),
	}
	if has.Table == nil {
		has.Empty = v.say("console.stock.never")
	} else {
		has.Table.Columns[0].Label = v.say("console.stock.depot")
		for i := range has.Table.Rows {
			has.Table.Rows[i].Cells[0].Label = v.say("console.stock.depot")
			has.Table.Rows[i].Cells[0].Cell.Link = depotsPath + "/" + levels[i].DepotID
		}
	}
	return sheet(v.modelName(code, v.now), sheetPage{
		Sub:   code,
		Acts:  v.stockActs("", code),
		Parts: []sheetPart{v.waitingPart(waiting), has, ledger},
	}), nil
}

// waitingPart is who waits for a unit, whose promised day comes first.
func (v *visit) waitingPart(waiting []logistics.StockWaiting) sheetPart {
	part := sheetPart{
		Title: v.say("console.stock.waiting"),
		Empty: v.say("console.stock.nobodywaits"),
	}
	var lines []sheetLine
	for _, w := range waiting {
		approved := w.ApprovedAt
		kind := v.say("console.stock.replacement")
		if w.Spare {
			kind = v.say("console.stock.spare")
		}
		lines = append(lines, sheetLine{v.pageOfThing(w.SubjectID, ""), []web.Cell{
			{Text: cmp.Or(w.Number, kind), Small: kind},
			{Text: v.language.Number(int64(w.Quantity))},
			{Text: w.Country},
			v.day(w.PromisedOn()),
			v.when(&approved, ""),
		}})
	}
	part.Table = linesUnder([]sheetColumn{
		{label: v.say("console.stock.who")},
		{label: v.say("console.stock.units"), number: true},
		{label: v.say("console.stock.country")},
		{label: v.say("console.stock.promised")},
		{label: v.say("console.stock.since")},
	}, lines)
	if part.Table != nil {
		part.Empty = ""
		part.Note = v.say("console.stock.waiting.note")
	}
	return part
}

// depotNames are the names of the depots by their ids.
func (v *visit) depotNames() (map[string]string, error) {
	depots, err := v.logistics.ListDepots(v.scope())
	names := map[string]string{}
	for _, d := range depots {
		names[d.ID] = d.Name + " (" + d.Code + ")"
	}
	return names, err
}

// ledgerPart are the last entries of a depot or a model.
func (v *visit) ledgerPart(f logistics.StockFilter) (sheetPart, error) {
	f.Page = db.Page{Limit: 20}
	entries, further, err := v.logistics.StockEntries(v.scope(), f)
	if err != nil {
		return sheetPart{}, err
	}
	lines, err := v.entryLines(entries)
	if err != nil {
		return sheetPart{}, err
	}

	part := sheetPart{Title: v.say("console.stock.last"), Empty: v.say("console.stock.noentry")}
	shown := []string{"what", "quantity", "model", "depot", "for", "by", "when"}
	var columns []sheetColumn
	for _, name := range shown {
		columns = append(columns, sheetColumn{
			label:  v.language.Say("console.stockentries.column." + name),
			number: name == "quantity",
		})
	}
	var rows []sheetLine
	for _, l := range lines {
		var cells []web.Cell
		for _, name := range shown {
			cells = append(cells, l.Cells[name])
		}
		if reason := l.Cells["reason"].Text; reason != "" {
			cells[0].Small = reason
		}
		rows = append(rows, sheetLine{l.Link, cells})
	}
	part.Table = linesUnder(columns, rows)
	if part.Table != nil {
		part.Empty = ""
	}
	if further != "" {
		part.Further = web.ListAct{
			Link:  web.ListAddress(stockEntriesPath, "depot", f.DepotID, "model", f.ModelCode),
			Label: v.say("list.further"),
		}
	}
	return part, nil
}

// stockKinds are the kinds of entries, in the order of a unit's life.
var stockKinds = []shipping.StockKind{
	shipping.StockReceipt, shipping.StockReservation, shipping.StockRelease,
	shipping.StockShipment, shipping.StockAdjustment,
}

func readStockEntries(v *visit, q web.ListQuery) (web.ListResult, error) {
	f := logistics.StockFilter{
		DepotID:   v.query("depot"),
		ModelCode: v.query("model"),
		Kind:      shipping.StockKind(v.query("kind")),
		Page:      db.Page{After: q.After, Limit: q.Limit},
	}
	if q.Text != "" {
		id, err := v.operations.IDOf(v.scope(), q.Text)
		if err != nil {
			return web.ListResult{}, err
		}
		f.SubjectID = id
		if id == "" {
			f.ModelCode = q.Text
		}
	}
	entries, next, err := v.logistics.StockEntries(v.scope(), f)
	if err != nil {
		return web.ListResult{}, err
	}
	lines, err := v.entryLines(entries)
	if err != nil {
		return web.ListResult{}, err
	}

	var kinds []web.FacetOption
	var values []string
	for _, k := range stockKinds {
		kinds = append(kinds, web.FacetOption{
			Label: v.language.Say("console.stock.kind." + string(k)),
		})
		values = append(values, string(k))
	}
	depots, err := v.logistics.ListDepots(v.scope())
	if err != nil {
		return web.ListResult{}, err
	}
	var places []web.FacetOption
	var ids []string
	for _, d := range depots {
		places = append(places, web.FacetOption{Label: d.Name})
		ids = append(ids, d.ID)
	}
	facets := []web.Facet{
		v.choiceOf(stockEntriesPath, "kind", v.say("console.facet.kind"), kinds, values),
		v.choiceOf(stockEntriesPath, "depot", v.say("console.stock.depot"), places, ids),
	}
	if model := v.query("model"); model != "" {
		facets = append(facets, v.choiceOf(stockEntriesPath, "model", v.say("console.stock.model"),
			[]web.FacetOption{{Label: v.modelName(model, v.now)}}, []string{model}))
	}
	return web.ListResult{
		Summary: v.say("console.stockentries.summary"),
		Lines:   lines,
		Next:    next,
		Facets:  facets,
		Empty: web.EmptyState{
			Icon:  "scroll-text",
			Title: v.say("console.stockentries.empty.title"),
			Text:  v.say("console.stockentries.empty.text"),
		},
	}, nil
}

// entryLines are lines of the ledger, with the names of depots, things and persons.
func (v *visit) entryLines(
	entries []logistics.StockEntry,
) ([]web.Line, error) {
	var ids []string
	for _, e := range entries {
		ids = append(ids, e.DepotID, e.SubjectID, e.EnteredBy)
	}
	names, err := v.namesOf(ids...)
	if err != nil {
		return nil, err
	}

	var lines []web.Line
	for _, e := range entries {
		at := e.CreatedAt
		quantity := strconv.Itoa(e.Quantity)
		if e.OnHandDelta > 0 {
			quantity = "+" + quantity
		}
		by := cmp.Or(names[e.EnteredBy], v.program.Name)
		lines = append(lines, web.Line{
			ID:   e.ID,
			Link: v.pageOfThing(e.SubjectID, ""),
			Cells: map[string]web.Cell{
				"what":     {Text: v.language.Say("console.stock.kind." + string(e.Kind))},
				"quantity": {Text: quantity},
				"model":    {Text: v.modelName(e.ModelCode, v.now)},
				"depot":    {Text: names[e.DepotID]},
				"for":      {Text: names[e.SubjectID]},
				"by":       {Text: by},
				"when":     v.when(&at, ""),
				"reason":   {Text: e.Reason},
			},
		})
	}
	return lines, nil
}
