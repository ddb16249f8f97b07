package console

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/operations"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/web"
)

const auditPath = Root + "/audit"

func auditRoutes() []route {
	return []route{
		{method: get, path: auditPath, access: may(rules.ViewAudit), do: showAudit},
		{
			method: get, path: auditPath + "/chain", access: may(rules.ViewAudit),
			do: verifyChain,
		},
	}
}

// auditPage is a page of who did what for whom.
type auditPage struct {
	Fields  []web.Field // what it is narrowed by
	Chips   []web.Facet
	Lines   []auditLine
	Empty   web.EmptyState
	Further string
	Chain   string // address of checking the chain that is looked at; empty: not one chain
	Clear   string // address without what narrows; empty: nothing does
	CSV     string
}

// auditLine is one event of the audit.
type auditLine struct {
	When     web.Due
	Who      web.Face
	Role     string
	WhoLink  string
	What     string
	Verb     string
	Thing    string
	ThingURL string
	Customer string
	Reason   string
	Details  []web.Fact // further facts, by their names in the audit
	Chain    string
}

// auditKinds are the kinds of what is done, as verbs begin.
var auditKinds = []string{
	"order", "invitation", "account", "membership", "user", "contract", "licence", "room",
	"device", "warranty", "rma", "spare", "shipment", "mail", "task", "operator", "token", "org",
	"contact", "calendar", "depot", "csm", "site", "parent", "program", "audit", "ticket",
	"inbox",
}

func showAudit(v *visit) (answer, error) {
	f, wrong, err := v.auditFilter()
	if err != nil {
		return answer{}, err
	}
	if f.Page.After, err = v.OpenCursor(auditPath); err != nil {
		return answer{}, err
	}
	if v.query("format") == "csv" {
		return v.auditFile(f)
	}

	var events []db.AuditEvent
	next := ""
	if !wrong.any() {
		if events, next, err = v.db.AuditTrail(v.scope(), f); err != nil {
			return answer{}, err
		}
	}
	names, err := v.namesOfEvents(events, f)
	if err != nil {
		return answer{}, err
	}

	p := auditPage{
		Fields:  v.auditFields(wrong),
		Chips:   v.auditChips(f, names),
		Further: v.further(auditPath, next),
		CSV:     v.narrowed(auditPath, "format", "csv"),
		Empty: web.EmptyState{
			Icon:  "scroll-text",
			Title: v.say("console.audit.empty.title"),
			Text:  v.say("console.audit.empty.text"),
		},
	}
	for _, e := range events {
		p.Lines = append(p.Lines, v.auditLine(e, names))
	}
	if v.request.URL.RawQuery != "" {
		p.Clear = auditPath
	}
	if chain := f.AccountID; chain != "" {
		p.Chain = chainPath(chain)
	} else if len(events) > 0 && f.Thing != "" {
		p.Chain = chainPath(events[0].ChainID)
	}
	return answer{page: "audit", title: v.say("console.audit.title"), data: p}, nil
}

// chainPath is the address of checking a chain; some have a slash in their name.
func chainPath(id string) string { return web.ListAddress(auditPath+"/chain", "chain", id) }

// auditWrong are the fields of the filter that name nothing, with what is wrong.
type auditWrong map[string]string

func (w auditWrong) any() bool { return len(w) > 0 }

// auditFilter reads from the address how the audit is narrowed. People, customers and things
// may be named as people know them: by a number, a company's name, an address.
func (v *visit) auditFilter() (f db.AuditFilter, wrong auditWrong, err error) {
	f = db.AuditFilter{Page: db.Page{Limit: web.ListPageSize}}
	wrong = auditWrong{}
	if verb := v.query("verb"); verb != "" {
		f.Verb = web.Shortened(verb, web.LongestSearch)
	}

	for name, id := range map[string]*string{
		"person": &f.Person, "account": &f.AccountID, "thing": &f.Thing,
	} {
		typed := web.Shortened(v.query(name), web.LongestSearch)
		if typed == "" {
			continue
		}
		found, err := v.operations.AuditSubject(v.scope(), name, typed)
		var several *operations.SeveralCalled
		if errors.As(err, &several) {
			wrong[name] = v.say("console.audit.several",
				"names", strings.Join(several.Names, "; "))
			continue
		}
		if err != nil {
			return f, wrong, err
		}
		if found == "" {
			wrong[name] = v.say("console.audit.unknown")
		}
		*id = found
	}

	place := db.ZoneOf(v.zone)
	for name, at := range map[string]*time.Time{"since": &f.Since, "until": &f.Until} {
		typed := v.query(name)
		if typed == "" {
			continue
		}
		day := db.DateOf(typed)
		if day == nil {
			wrong[name] = v.say("console.audit.nodate")
			continue
		}
		if name == "until" { // its whole day is meant
			next := day.AddDays(1)
			day = &next
		}
		*at = rules.StartOfDay(*day, place)
	}
	return f, wrong, nil
}

func (v *visit) auditFields(wrong auditWrong) []web.Field {
	var fields []web.Field
	for _, name := range []string{"person", "account", "thing", "since", "until"} {
		f := web.Field{
			Name:    name,
			Label:   v.language.Say("console.audit.field." + name),
			Kind:    "text",
			Value:   web.Shortened(v.query(name), web.LongestSearch),
			Problem: wrong[name],
		}
		if name == "since" || name == "until" {
			f.Kind = "date"
		}
		fields = append(fields, f)
	}

	verb := web.Field{
		Name:  "verb",
		Label: v.say("console.audit.field.verb"),
		Kind:  "choice",
		Value: v.query("verb"),
		Choices: []web.Choice{
			{Label: v.say("list.all"), Chosen: v.query("verb") == ""},
		},
	}
	for _, kind := range auditKinds {
		verb.Choices = append(verb.Choices, web.Choice{
			Value:  kind + ".",
			Label:  v.language.Say("console.audit.kind." + kind),
			Chosen: v.query("verb") == kind+".",
		})
	}
	if chosen := verb.Value; chosen != "" && !strings.HasSuffix(chosen, ".") {
		verb.Offer(chosen, v.verbText(chosen), true)
	}
	return append(fields, verb)
}

// auditChips say by name what the audit is narrowed to, each with the way to take it away.
func (v *visit) auditChips(f db.AuditFilter, names map[string]string) []web.Facet {
	var chips []web.Facet
	for _, c := range []struct{ name, id string }{
		{"person", f.Person}, {"account", f.AccountID}, {"thing", f.Thing},
	} {
		if c.id == "" {
			continue
		}
		chips = append(chips, web.Facet{
			Label: v.language.Say("console.audit.field." + c.name),
			Value: v.nameOr(c.id, names),
			On:    true,
			Options: []web.FacetOption{{
				Label: v.say("list.all"),
				Link:  v.narrowed(auditPath, c.name, ""),
			}},
		})
	}
	return chips
}

// namesOfEvents are the names of everybody and everything that events name, by their ids.
func (v *visit) namesOfEvents(events []db.AuditEvent, f db.AuditFilter) (map[string]string, error) {
	ids := map[string]bool{f.Person: true, f.AccountID: true, f.Thing: true}
	for _, e := range events {
		for _, id := range []string{e.ActorID, e.ObjectID, db.Text(e.AccountID), e.ActingOrg} {
			ids[id] = true
		}
		for _, value := range e.Details {
			if text, ok := value.(string); ok && operations.Nameable(text) {
				ids[text] = true
			}
		}
	}
	delete(ids, "")

	found, err := v.operations.NamesOf(v.scope(), slices.Sorted(maps.Keys(ids)))
	names := map[string]string{}
	for _, n := range found {
		names[n.ID] = n.Name
	}
	return names, err
}

// nameOr is the name of an id, or the id where nothing has it any more.
func (v *visit) nameOr(id string, names map[string]string) string {
	if name := names[id]; name != "" {
		return name
	}
	switch id {
	case "system":
		return v.program.Name
	case "visitor":
		return v.say("console.audit.visitor")
	case "command_line":
		return v.say("console.audit.commandline")
	}
	if slices.Contains(auditThings, db.KindOf(id)) {
		return v.language.Say("console.audit.thing." + db.KindOf(id))
	}
	return id
}

// auditThings are the kinds of ids that nothing has a name for: their kind stands for them.
var auditThings = []string{
	db.PrefixLicence, db.PrefixTask, db.PrefixImport, db.PrefixAssignment, db.PrefixEarlier,
	db.PrefixAttachment, db.PrefixClaim, db.PrefixCancellation, db.PrefixUser, db.PrefixToken,
	db.PrefixMembership, db.PrefixOperator, db.PrefixPlacement, db.PrefixStock, db.PrefixSync,
	db.PrefixHeldAct,
}

// actorRole names the role in which something was done.
func (v *visit) actorRole(role rules.Role) string {
	if key := "console.audit.role." + string(role); v.language.Has(key) {
		return v.language.Say("console.audit.role." + string(role))
	}
	return ""
}

func (v *visit) auditLine(e db.AuditEvent, names map[string]string) auditLine {
	account := db.Text(e.AccountID)
	l := auditLine{
		When:     v.pastAt(e.At, v.zone),
		Who:      web.FaceOf(e.ActorID, v.nameOr(e.ActorID, names)),
		Role:     v.actorRole(e.ActorRole),
		WhoLink:  web.ListAddress(auditPath, "person", e.ActorID),
		What:     v.verbText(e.Verb),
		Verb:     e.Verb,
		Thing:    v.nameOr(e.ObjectID, names),
		ThingURL: web.ListAddress(auditPath, "thing", e.ObjectID),
		Chain:    chainPath(e.ChainID),
	}
	if account != "" && account != e.ObjectID {
		l.Customer = v.nameOr(account, names)
	}
	for _, name := range slices.Sorted(maps.Keys(e.Details)) {
		text := detailText(e.Details[name])
		if known := names[text]; known != "" {
			text = known
		}
		if name == "reason" {
			l.Reason = text
			continue
		}
		if text != "" {
			l.Details = append(l.Details, web.Fact{Term: name, Value: text})
		}
	}
	return l
}

// detailText writes a fact of an event as it stands in the audit.
func detailText(value any) string {
	switch value := value.(type) {
	case nil:
		return ""
	case string:
		return value
	case bool, float64, int64, int, json.Number:
		return fmt.Sprint(value)
	}
	text, err := json.Marshal(value)
	if err != nil || string(text) == "{}" || string(text) == "[]" {
		return ""
	}
	return string(text)
}

// history is the audit of one thing as a timeline, oldest first.
func (v *visit) history(
	events []db.AuditEvent, names map[string]string, zone string,
) []web.Moment {
	var out []web.Moment
	for _, e := range events {
		what := v.verbText(e.Verb)
		if reason, ok := e.Details["reason"].(string); ok && reason != "" {
			what += " (" + reason + ")"
		}
		who := v.nameOr(e.ActorID, names)
		if e.ActorRole == rules.Reseller || e.ActorRole == rules.Distributor {
			who = cmp.Or(names[e.ActingOrg], who) // not the program that sent it
		}
		ours := e.ActorRole.IsOperator() || e.ActorRole == "SYSTEM"
		switch {
		case byItself(e.Verb, e.ActorRole):
			who, ours = v.program.Name, true
		case toldByCarrier(e.Verb, e.ActorRole):
			who, ours = v.say("console.rma.carrier"), false
		}
		out = append(out, web.Moment{
			Who:  who,
			What: what,
			When: v.moment(e.At, cmp.Or(zone, v.zone)),
			Ours: ours,
		})
	}
	return out
}

// byItself reports whether the service decided, though somebody else's request led to it: who
// sends an order neither accepts nor holds it.
func byItself(verb string, actor rules.Role) bool {
	decided := verb == "order.accepted" || verb == "order.needs_review"
	return decided && !actor.IsOperator()
}

// toldByCarrier reports whether the service wrote down what a carrier did with a parcel.
func toldByCarrier(verb string, actor rules.Role) bool {
	_, what, _ := strings.Cut(verb, ".")
	return actor == "SYSTEM" && slices.Contains(byCarrier, what)
}

// namesOfHistory are the names of a process, of its customer, and of who moved it.
func (v *visit) namesOfHistory(
	one operations.Process, events []db.AuditEvent,
) (map[string]string, error) {
	ids := map[string]bool{one.ID: true, db.Text(one.AccountID): true}
	for _, e := range events {
		ids[e.ActorID] = true
		ids[e.ActingOrg] = true
	}
	delete(ids, "")

	found, err := v.operations.NamesOf(v.scope(), slices.Sorted(maps.Keys(ids)))
	names := map[string]string{}
	for _, n := range found {
		names[n.ID] = n.Name
	}
	return names, err
}

// auditFile is the audit as it is narrowed, as a file.
func (v *visit) auditFile(f db.AuditFilter) (answer, error) {
	columns := []string{"when", "who", "role", "what", "thing", "customer", "reason"}
	var head []string
	for _, c := range columns {
		head = append(head, v.language.Say("console.audit.column."+c))
	}
	rows := [][]string{head}

	f.Page = db.Page{Limit: 200}
	for len(rows) <= web.ListFileSize {
		events, next, err := v.db.AuditTrail(v.scope(), f)
		if err != nil {
			return answer{}, err
		}
		names, err := v.namesOfEvents(events, f)
		if err != nil {
			return answer{}, err
		}
		for _, e := range events {
			l := v.auditLine(e, names)
			rows = append(rows, []string{
				e.At.UTC().Format(time.RFC3339), l.Who.Name, l.Role, l.What, l.Thing, l.Customer,
				l.Reason,
			})
		}
		if f.Page.After = next; next == "" {
			break
		}
	}
	return v.tableFile("audit", rows)
}

// chainPage is what a check of one chain found.
type chainPage struct {
	Holds  bool
	Text   string
	Faults []string
	Owner  string
	Back   string
}

// verifyChain checks one chain of the audit, link by link, and says in words what it found.
func verifyChain(v *visit) (answer, error) {
	id := v.query("chain")
	report, err := v.db.VerifyChain(v.scope(), id)
	if err != nil {
		return answer{}, err
	}
	found, err := v.operations.NamesOf(v.scope(), []string{id})
	if err != nil {
		return answer{}, err
	}
	owner := id
	if len(found) > 0 {
		owner = found[0].Name
	}

	p := chainPage{
		Holds: len(report.Faults) == 0,
		Owner: owner,
		Back:  web.ListAddress(auditPath, "thing", id),
	}
	if db.KindOf(id) == db.PrefixAccount {
		p.Back = web.ListAddress(auditPath, "account", id)
	}
	p.Text = v.language.Count("console.audit.chain.holds", report.Events)
	if !p.Holds {
		p.Text = v.language.Count("console.audit.chain.broken", int64(len(report.Faults)))
	}
	for _, f := range report.Faults {
		p.Faults = append(p.Faults, v.say("console.audit.chain.fault",
			"place", v.language.Number(f.Seq), "fault", f.Fault))
	}
	return answer{page: "chain", title: v.say("console.audit.chain.title"), data: p}, nil
}
