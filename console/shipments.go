package console

import (
	"bytes"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/logistics"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/processes"
	"roomcover.dev/roomcover/rules/shipping"
	"roomcover.dev/roomcover/web"
)

const (
	shipmentsPath     = Root + "/shipments"
	carrierEventsPath = Root + "/carrier-events"
)

// shipmentsList is the list of parcels, the newest first.
var shipmentsList = listing{
	path:  shipmentsPath,
	words: "console.shipments",
	needs: may(rules.ViewProcesses),
	columns: []web.Column{
		{Name: "parcel"},
		{Name: "for"},
		{Name: "customer"},
		{Name: "state"},
		{Name: "scan"},
		{Name: "promised"},
		{Name: "created", Hidden: true},
	},
	search: true,
	read:   readShipments,
}

// carrierEventsList is the list of what carriers sent, as it came, the newest first.
var carrierEventsList = listing{
	path:  carrierEventsPath,
	words: "console.carrierevents",
	needs: may(rules.ViewProcesses),
	columns: []web.Column{
		{Name: "parcel"},
		{Name: "event"},
		{Name: "happened"},
		{Name: "received"},
		{Name: "became"},
	},
	search: true,
	read:   readCarrierEvents,
}

func shipmentRoutes() []route {
	view := may(rules.ViewProcesses)
	return slices.Concat(shipmentsList.routes(), carrierEventsList.routes(), []route{
		{method: get, path: shipmentsPath + "/:id", access: view, do: showShipment},
		{method: get, path: shipmentsPath + "/:id/paper/:paper", access: view, do: showPaper},
		{method: get, path: carrierEventsPath + "/:id", access: view, do: showCarrierEvent},
	})
}

// quietFor is after how long without a scan a parcel counts as silent, as the program says.
func (v *visit) quietFor() time.Duration {
	return time.Duration(v.program.Replacement.CarrierSilenceDays) * 24 * time.Hour
}

func readShipments(v *visit, q web.ListQuery) (web.ListResult, error) {
	f := logistics.ShipmentFilter{
		AccountID: v.query("account"),
		Direction: shipping.ShipmentDirection(v.query("direction")),
		State:     shipping.ShipmentState(v.query("state")),
		Page:      db.Page{After: q.After, Limit: q.Limit},
	}
	switch v.query("look") {
	case "quiet":
		f.QuietSince = v.now.Add(-v.quietFor())
	case "contradicted":
		f.Contradicted = true
	}
	if q.Text != "" {
		id, err := v.operations.IDOf(v.scope(), q.Text)
		if err != nil {
			return web.ListResult{}, err
		}
		switch db.KindOf(id) {
		case db.PrefixRMA, db.PrefixSpareUnit:
			f.SubjectID = id
		case db.PrefixAccount:
			f.AccountID = id
		default:
			f.Tracking = q.Text
		}
	}
	found, next, err := v.logistics.ListShipments(v.scope(), f)
	if err != nil {
		return web.ListResult{}, err
	}

	ids := []string{f.AccountID}
	for _, sh := range found {
		ids = append(ids, sh.AccountID, sh.SubjectID)
	}
	known, err := v.operations.NamesOf(v.scope(), ids)
	if err != nil {
		return web.ListResult{}, err
	}
	names, zones := map[string]string{}, map[string]string{}
	for _, n := range known {
		names[n.ID], zones[n.ID] = n.Name, n.TimeZone
	}

	r := web.ListResult{
		Next:   next,
		Facets: v.shipmentFacets(found, names),
		Acts: []web.ListAct{{
			Link: web.ListAddress(
				carrierEventsPath, "state", string(logistics.CarrierEventUnknown)),
			Label: v.say("console.shipments.unknown"),
			Icon:  "package-search",
		}},
		Empty: web.EmptyState{
			Icon:  "truck",
			Title: v.say("console.shipments.empty.title"),
			Text:  v.say("console.shipments.empty.text"),
		},
	}
	for _, sh := range found {
		r.Lines = append(r.Lines, v.shipmentLine(sh, names, zones[sh.SubjectID]))
	}
	return r, nil
}

// shipmentLine is a parcel, late where the promised day is over at its site, whose zone it is.
func (v *visit) shipmentLine(
	sh logistics.Shipment, names map[string]string, zone string,
) web.Line {
	created := sh.CreatedAt
	promised := v.day(sh.PromisedOn)
	today := rules.DateIn(v.now, db.ZoneOf(zone)).String()
	if sh.State.Live() && sh.PromisedOn != "" && sh.PromisedOn < today {
		promised.Badge = web.Badge{Text: v.say("console.shipments.late"), Color: "red"}
	}
	state := web.Cell{Badge: v.shipmentState(sh)}
	scan := v.when(sh.LastScanAt, "")
	if v.quiet(sh) {
		scan.Badge = web.Badge{Text: v.say("console.shipments.look.quiet"), Color: "amber"}
	}
	return web.Line{
		ID:   sh.ID,
		Link: shipmentsPath + "/" + sh.ID,
		Cells: map[string]web.Cell{
			"parcel": {
				Text:  v.parcelNumber(sh.Tracking),
				Small: sh.Carrier,
			},
			"for": {
				Text:  v.language.Say("console.shipments.direction." + string(sh.Direction)),
				Small: names[sh.SubjectID],
			},
			"customer": {Text: names[sh.AccountID]},
			"state":    state,
			"scan":     scan,
			"promised": promised,
			"created":  v.when(&created, ""),
		},
	}
}

// parcelNumber is the carrier's number of a parcel, or that it has none yet.
func (v *visit) parcelNumber(tracking *string) string {
	if tracking == nil {
		return v.say("console.shipments.unnumbered")
	}
	return *tracking
}

// quiet reports whether a parcel is under way and nobody has told anything of it for long.
func (v *visit) quiet(sh logistics.Shipment) bool {
	last := sh.CreatedAt
	if sh.LastScanAt != nil {
		last = *sh.LastScanAt
	}
	return sh.State.Live() && last.Before(v.now.Add(-v.quietFor()))
}

func (v *visit) shipmentFacets(found []logistics.Shipment, names map[string]string) []web.Facet {
	look := v.choiceOf(shipmentsPath, "look", v.say("console.shipments.look"), []web.FacetOption{
		{Label: v.say("console.shipments.look.quiet")},
		{Label: v.say("console.shipments.look.contradicted")},
	}, []string{"quiet", "contradicted"})

	var states []web.FacetOption
	var stateValues []string
	for _, s := range shipping.ShipmentStates() {
		states = append(states, web.FacetOption{Label: v.stateName(processes.Shipment, string(s))})
		stateValues = append(stateValues, string(s))
	}

	var ways []web.FacetOption
	var wayValues []string
	for _, d := range shipmentDirections {
		ways = append(ways, web.FacetOption{
			Label: v.language.Say("console.shipments.direction." + string(d)),
		})
		wayValues = append(wayValues, string(d))
	}

	var accounts []string
	for _, sh := range found {
		accounts = append(accounts, sh.AccountID)
	}
	return []web.Facet{
		look,
		v.choiceOf(shipmentsPath, "state", v.say("console.shipments.column.state"),
			states, stateValues),
		v.choiceOf(shipmentsPath, "direction", v.say("console.shipments.column.for"),
			ways, wayValues),
		v.accountFacet(shipmentsPath, accounts, names),
	}
}

var shipmentDirections = []shipping.ShipmentDirection{
	shipping.ShipOut, shipping.ShipReturn, shipping.ShipSpare, shipping.ShipRecall,
}

// showShipment shows a parcel: whose it is, what became of it, and all that its carrier said.
func showShipment(v *visit) (answer, error) {
	sh, err := v.logistics.GetShipment(v.scope(), v.param("id"))
	if err != nil {
		return answer{}, err
	}
	scans, err := v.logistics.ScansOf(v.scope(), sh.ID)
	if err != nil {
		return answer{}, err
	}
	events, further, err := v.logistics.ListCarrierEvents(v.scope(),
		logistics.CarrierEventFilter{ShipmentID: sh.ID, Page: db.Page{Limit: 100}})
	if err != nil {
		return answer{}, err
	}
	names, err := v.namesOf(sh.AccountID, sh.SubjectID, db.Text(sh.SiteID), db.Text(sh.DepotID))
	if err != nil {
		return answer{}, err
	}

	p := sheetPage{
		Badge: v.shipmentState(sh),
		Sub:   sh.Carrier,
		Acts:  v.papersOf(sh),
		Parts: []sheetPart{
			{Title: v.say("console.shipments.facts"), Facts: v.shipmentFacts(sh, names)},
			v.scansPart(scans),
			v.eventsPart(events, further, sh),
		},
	}
	switch {
	case sh.Contradicted:
		p.Alert = v.say("console.shipments.alert.contradicted")
	case v.quiet(sh):
		p.Alert = v.say("console.shipments.alert.quiet",
			"days", v.program.Replacement.CarrierSilenceDays)
	}
	title := v.say("console.shipments.one", "number", v.parcelNumber(sh.Tracking))
	a := sheet(title, p)
	a.live, a.shared = true, true
	return a, nil
}

// papersOf leads to the papers of a parcel to or from a known place. A label needs a tracking
// number.
func (v *visit) papersOf(sh logistics.Shipment) []web.ListAct {
	if _, err := v.logistics.PaperOf(v.scope(), sh.ID); err != nil {
		return nil // showPaper would say so
	}
	acts := []web.ListAct{{
		Link:  shipmentsPath + "/" + sh.ID + "/paper/packing-slip",
		Label: v.say("console.shipments.slip"),
		Icon:  "file-text",
	}}
	if sh.Tracking == nil {
		return acts
	}
	return append(acts, web.ListAct{
		Link:  shipmentsPath + "/" + sh.ID + "/paper/label",
		Label: v.say("console.shipments.label"),
		Icon:  "printer",
		Main:  true,
	})
}

func (v *visit) shipmentFacts(sh logistics.Shipment, names map[string]string) []web.Fact {
	facts := []web.Fact{
		{
			Term:  v.language.Say("console.shipments.direction." + string(sh.Direction)),
			Value: names[sh.SubjectID],
			Link:  v.pageOfThing(sh.SubjectID, ""),
		},
		{
			Term:  v.say("console.fact.customer"),
			Value: names[sh.AccountID],
			Link:  v.pageOfThing(sh.AccountID, ""),
		},
		{Term: v.say("console.shipments.site"), Value: names[db.Text(sh.SiteID)]},
		{
			Term:  v.say("console.shipments.depot"),
			Value: names[db.Text(sh.DepotID)],
			Link:  v.pageOfThing(db.Text(sh.DepotID), ""),
		},
		{Term: v.say("console.shipments.contents"), Value: v.contentsOf(sh)},
		{Term: v.say("console.shipments.column.promised"), Value: v.day(sh.PromisedOn).Text},
		{Term: v.say("console.shipments.service"), Value: v.shippingService(sh.Service)},
		{Term: v.say("console.shipments.column.created"), Value: v.moment(sh.CreatedAt, "")},
	}
	for _, of := range []struct {
		key string
		at  *time.Time
	}{
		{"console.shipments.firstmove", sh.FirstMoveAt},
		{"console.shipments.delivered", sh.DeliveredAt},
		{"console.shipments.calledoff", sh.CancelAskedAt},
	} {
		if of.at != nil {
			facts = append(facts, web.Fact{
				Term:  v.language.Say(of.key),
				Value: v.moment(*of.at, ""),
			})
		}
	}
	return knownFacts(facts...)
}

func (v *visit) contentsOf(sh logistics.Shipment) string {
	if sh.ModelCode == "" {
		return ""
	}
	return strconv.Itoa(sh.Quantity) + " × " + v.modelName(sh.ModelCode, v.now)
}

// shippingService is who was asked to move a parcel.
func (v *visit) shippingService(s shipping.ShipmentService) string {
	if s == "" {
		return v.say("console.shipments.byhand")
	}
	return v.say("console.shipments.booked")
}

// scansPart is what is known of a parcel's way, by when it happened: what we and our depots did
// is filled, what the carrier says is hollow.
func (v *visit) scansPart(scans []logistics.ShipmentScan) sheetPart {
	part := sheetPart{
		Title: v.say("console.shipments.way"),
		Empty: v.say("console.shipments.noway"),
	}
	for _, s := range scans {
		what := v.language.Say("console.shipments.scan." + string(s.Kind))
		switch {
		case s.TakenBack:
			what += ", " + v.say("console.shipments.takenback")
		case s.Contradicted:
			what += ", " + v.say("console.shipments.impossible")
		}
		part.Timeline = append(part.Timeline, web.Moment{
			Who:  v.language.Say("console.shipments.source." + string(s.Source)),
			What: what,
			When: v.moment(s.At, ""),
			Ours: s.Source != logistics.ScanByCarrier,
		})
	}
	if len(scans) > 0 {
		part.Empty = ""
	}
	return part
}

// eventsPart is what the carrier sent, as it came.
func (v *visit) eventsPart(
	events []logistics.CarrierEvent, further string, sh logistics.Shipment,
) sheetPart {
	part := sheetPart{
		Title: v.say("console.shipments.events"),
		Note:  v.say("console.shipments.events.note"),
		Empty: v.say("console.shipments.noevents"),
	}
	if len(events) == 0 {
		return part
	}
	part.Empty = ""
	var lines []sheetLine
	for _, e := range events {
		l := v.carrierEventLine(e)
		lines = append(lines, sheetLine{l.Link, []web.Cell{
			l.Cells["event"], l.Cells["happened"], l.Cells["received"], l.Cells["became"],
		}})
	}
	part.Table = linesUnder([]sheetColumn{
		{label: v.say("console.carrierevents.column.event")},
		{label: v.say("console.carrierevents.column.happened")},
		{label: v.say("console.carrierevents.column.received")},
		{label: v.say("console.carrierevents.column.became")},
	}, lines)
	if further != "" {
		part.Further = web.ListAct{
			Link:  web.ListAddress(carrierEventsPath, "q", db.Text(sh.Tracking)),
			Label: v.say("list.further"),
		}
	}
	return part
}

// showPaper hands out the label or the packing slip of a parcel, to be looked at and printed.
func showPaper(v *visit) (answer, error) {
	p, err := v.logistics.PaperOf(v.scope(), v.param("id"))
	if err != nil {
		return answer{}, err
	}
	var content []byte
	switch v.param("paper") {
	case "label":
		content, err = v.logistics.LabelPDF(v.scope(), p)
	case "packing-slip":
		content, err = p.SlipPDF()
	default:
		return answer{}, errNoPage
	}
	if err != nil {
		return answer{}, err
	}
	return answer{file: &download{
		name:   v.param("paper") + "-" + p.Reference() + ".pdf",
		kind:   "application/pdf",
		body:   content,
		inline: true,
	}}, nil
}

func readCarrierEvents(v *visit, q web.ListQuery) (web.ListResult, error) {
	found, next, err := v.logistics.ListCarrierEvents(v.scope(), logistics.CarrierEventFilter{
		State:    logistics.CarrierEventState(v.query("state")),
		Tracking: q.Text,
		Page:     db.Page{After: q.After, Limit: q.Limit},
	})
	if err != nil {
		return web.ListResult{}, err
	}

	var states []web.FacetOption
	var values []string
	for _, s := range []logistics.CarrierEventState{
		logistics.CarrierEventUnknown, logistics.CarrierEventUnreadable,
		logistics.CarrierEventReceived, logistics.CarrierEventApplied,
	} {
		states = append(states, web.FacetOption{
			Label: v.language.Say("console.carrierevents.state." + string(s)),
		})
		values = append(values, string(s))
	}

	r := web.ListResult{
		Summary: v.say("console.carrierevents.summary"),
		Next:    next,
		Facets: []web.Facet{v.choiceOf(carrierEventsPath, "state",
			v.say("console.carrierevents.column.became"), states, values)},
		Acts: []web.ListAct{{
			Link:  shipmentsPath,
			Label: v.say("console.shipments.title"),
			Icon:  "truck",
		}},
		Empty: web.EmptyState{
			Icon:  "package-check",
			Title: v.say("console.carrierevents.empty.title"),
			Text:  v.say("console.carrierevents.empty.text"),
		},
	}
	for _, e := range found {
		r.Lines = append(r.Lines, v.carrierEventLine(e))
	}
	return r, nil
}

// carrierEventColors are what became of messages by what it means; the others are neutral.
var carrierEventColors = map[logistics.CarrierEventState]string{
	logistics.CarrierEventReceived:   "blue",
	logistics.CarrierEventApplied:    "green",
	logistics.CarrierEventUnknown:    "amber",
	logistics.CarrierEventUnreadable: "red",
}

func (v *visit) carrierEventState(e logistics.CarrierEvent) web.Badge {
	if e.Contradicted {
		return web.Badge{Text: v.say("console.shipments.impossible"), Color: "violet"}
	}
	return web.Badge{
		Text:  v.language.Say("console.carrierevents.state." + string(e.State)),
		Color: carrierEventColors[e.State],
	}
}

// eventName is what an event says, in words where it is one that we know.
func (v *visit) eventName(kind string) string {
	if kind == "" {
		return v.say("console.carrierevents.nameless")
	}
	if v.language.Has("console.shipments.scan." + kind) {
		return v.language.Say("console.shipments.scan." + kind)
	}
	return kind
}

func (v *visit) carrierEventLine(e logistics.CarrierEvent) web.Line {
	received := e.ReceivedAt
	number := e.Tracking
	if number == "" {
		number = v.say("console.shipments.unnumbered")
	}
	return web.Line{
		ID:   e.ID,
		Link: carrierEventsPath + "/" + e.ID,
		Cells: map[string]web.Cell{
			"parcel":   {Text: number, Small: e.Carrier},
			"event":    {Text: v.eventName(e.Kind)},
			"happened": v.when(e.OccurredAt, ""),
			"received": v.when(&received, ""),
			"became":   {Badge: v.carrierEventState(e)},
		},
	}
}

// showCarrierEvent shows one message of a carrier, as it came.
func showCarrierEvent(v *visit) (answer, error) {
	e, err := v.logistics.GetCarrierEvent(v.scope(), v.param("id"))
	if err != nil {
		return answer{}, err
	}

	facts := []web.Fact{
		{Term: v.say("console.carrierevents.carrier"), Value: e.Carrier},
		{Term: v.say("console.carrierevents.id"), Value: e.EventID, Mono: true},
		{
			Term:  v.say("console.carrierevents.column.parcel"),
			Value: e.Tracking,
			Link:  v.pageOfThing(db.Text(e.ShipmentID), ""),
			Mono:  true,
		},
		{Term: v.say("console.carrierevents.column.received"), Value: v.moment(e.ReceivedAt, "")},
	}
	if e.OccurredAt != nil {
		facts = append(facts, web.Fact{
			Term:  v.say("console.carrierevents.column.happened"),
			Value: v.moment(*e.OccurredAt, ""),
		})
	}

	raw := sheetPart{Title: v.say("console.carrierevents.raw"), Text: printed(e.Raw)}
	if raw.Text == "" {
		raw.Empty = v.say("console.carrierevents.pruned")
	}
	return sheet(v.eventName(e.Kind), sheetPage{
		Badge: v.carrierEventState(e),
		Sub:   v.say("console.carrierevents.title"),
		Parts: []sheetPart{
			{
				Title: v.say("console.carrierevents.facts"),
				Note:  v.language.Say("console.carrierevents.state." + string(e.State) + ".says"),
				Facts: knownFacts(facts...),
			},
			raw,
		},
	}), nil
}

// printed is a message as people read it: JSON with its lines, anything else as it is.
func printed(raw []byte) string {
	var out bytes.Buffer
	if json.Indent(&out, raw, "", "  ") == nil {
		return out.String()
	}
	if utf8.Valid(raw) {
		return string(raw)
	}
	return strings.ToValidUTF8(string(raw), "�")
}
