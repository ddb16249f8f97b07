package api

import (
	"bytes"
	"cmp"
	_ "embed"
	"encoding/json"
	"fmt"
	"html/template"
	"maps"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"roomcover.dev/roomcover/orderfile"
	"roomcover.dev/roomcover/roomfile"
	"roomcover.dev/roomcover/rules"
)

//go:embed docspage/reference.html
var referenceHTML string

//go:embed docspage/reference.css
var referenceCSS []byte

//go:embed docspage/reference.js
var referenceJS []byte

var referencePage = template.Must(template.New("reference").
	Funcs(template.FuncMap{"prose": prose}).
	Parse(referenceHTML))

// The reference page's view of the API.
type (
	referenceView struct {
		Title, Version, Description string
		Parts                       []*partView
		Tables                      []tableView
		Scopes                      []roleScopes
		Columns, RoomColumns        []string
	}
	// partView is what one kind of reader looks for.
	partView struct {
		Anchor, Name string
		Groups       []*groupView
	}
	groupView struct {
		Anchor, Name string
		Operations   []operationView
	}
	otherUseView struct {
		ID, Title string
		Samples   []codeSample
	}
	operationView struct {
		ID, Method, Path, Summary, Description string
		Parameters, Fields, Answer             []fieldView
		Samples                                []codeSample
		OtherUse                               *otherUseView
		Response, Status                       string
		Refusals                               []string
	}
	fieldView struct {
		ID, Name, In, Type, Doc, Limits string
		Depth                           int
		Required                        bool
		Values                          []valueView
	}
	valueView struct{ Value, Means string }
	// tableView is a table of codes that stand in one place of an answer.
	tableView struct {
		Anchor, Name, Intro string
		Codes               []codeView
	}
	roleScopes struct {
		Role   rules.Role
		Scopes []string
	}
)

// The parts of the page, in their order: a seller's work comes first.
const (
	partSellers   = "For sellers"
	partOperators = "For operators"
	partCustomers = "For customers and partners"
)

// chapter is a group of operations with the part that it stands in.
type chapter struct {
	part, name string
	tags       []string // all operations of these tags
	operations []string // or these, in this order, whatever their tag
}

// chapters are the groups of the page in their order. An operation that none of them
// names stands at the end, under its tag.
var chapters = []chapter{
	{part: partSellers, name: "Orders", operations: []string{
		"submit-order", "get-order", "list-orders", "amend-order", "preview-cancellation",
		"cancel-order", "list-refusals",
	}},
	{part: partSellers, name: "Files of orders", operations: []string{
		"import-orders", "get-import", "list-import-rows",
	}},
	{part: partSellers, name: "What can be ordered", operations: []string{
		"list-catalogue", "list-countries", "list-models",
	}},
	{part: partOperators, name: "Order review", operations: []string{
		"decide-order", "reopen-order", "terminate-order",
	}},
	{part: partOperators, name: "Events and webhooks", operations: []string{
		"list-events", "receive-carrier-event", "list-carrier-events", "receive-mail",
	}},
	{part: partOperators, name: "Operator tasks", tags: []string{"Operator tasks"}},
	{part: partOperators, name: "Mailbox", tags: []string{"Mailbox"}},
	{part: partOperators, name: "Processes", tags: []string{"Processes"}},
	{part: partOperators, name: "Audit", tags: []string{"Audit"}},
	{part: partOperators, name: "Accounts", tags: []string{"Accounts"}},
	{part: partOperators, name: "Invitations", tags: []string{"Invitations"}},
	{part: partOperators, name: "Customer success managers",
		tags: []string{"Customer success managers"}},
	{part: partOperators, name: "Organisations", tags: []string{"Organisations"}},
	{part: partOperators, name: "Tokens", tags: []string{"Tokens"}},
	{part: partOperators, name: "Mail", tags: []string{"Mail"}},
	{part: partOperators, name: "Stock", tags: []string{"Stock"}},
	{part: partOperators, name: "Program and calendars",
		tags: []string{"Program", "Countries", "Calendars"}},
	{part: partCustomers, name: "Contracts", tags: []string{"Contracts"}},
	{part: partCustomers, name: "Rooms", tags: []string{"Rooms"},
		operations: []string{"import-rooms"}},
	{part: partCustomers, name: "Devices", tags: []string{"Devices"}},
	{part: partCustomers, name: "Sites", tags: []string{"Sites"}},
	{part: partCustomers, name: "Assignments", tags: []string{"Assignments"}},
	{part: partCustomers, name: "Coverage", tags: []string{"Coverage"}},
	{part: partCustomers, name: "Replacements", tags: []string{"RMAs"}},
	{part: partCustomers, name: "Spares", tags: []string{"Spares"}},
	{part: partCustomers, name: "Shipments", tags: []string{"Shipments"}},
	{part: partCustomers, name: "Warranties", tags: []string{"Warranties"}, operations: []string{
		"import-warranties",
	}},
}

// chapterOf returns the chapter of an operation, and its place in it.
func chapterOf(op *huma.Operation) (in chapter, order, place int) {
	for i, c := range chapters {
		if place := slices.Index(c.operations, op.OperationID); place >= 0 {
			return c, i, place
		}
	}
	for i, c := range chapters {
		if slices.Contains(c.tags, op.Tags[0]) {
			return c, i, len(c.operations)
		}
	}

	return chapter{part: partCustomers, name: op.Tags[0]}, len(chapters), 0
}

// renderReference makes the reference page from the description. It reads without its
// script, which adds search and chooses one language of the samples.
func renderReference(api *huma.OpenAPI) ([]byte, error) {
	v := referenceView{
		Title:       api.Info.Title,
		Version:     api.Info.Version,
		Description: api.Info.Description,
		Columns:     orderfile.Columns(),
		RoomColumns: roomfile.Columns(),
	}

	for _, role := range Roles() {
		v.Scopes = append(v.Scopes, roleScopes{role, ScopesFor(role)})
	}

	tables, err := codeTables()
	if err != nil {
		return nil, err
	}

	v.Tables = tables
	v.Parts = partsOf(api)
	var page bytes.Buffer
	err = referencePage.Execute(&page, v)
	return page.Bytes(), err
}

// partsOf sorts the operations into the page's parts and groups.
func partsOf(api *huma.OpenAPI) []*partView {
	operations := operationsOf(api)
	slices.SortStableFunc(operations, func(a, b *huma.Operation) int {
		inA, orderA, placeA := chapterOf(a)
		inB, orderB, placeB := chapterOf(b)
		return cmp.Or(cmp.Compare(orderA, orderB), cmp.Compare(inA.name, inB.name),
			cmp.Compare(placeA, placeB))
	})

	var parts []*partView
	var part *partView
	var group *groupView
	for _, op := range operations {
		in, _, _ := chapterOf(op)
		if part == nil || part.Name != in.part {
			part = &partView{Anchor: slug(in.part), Name: in.part}
			parts = append(parts, part)
			group = nil
		}
		if group == nil || group.Name != in.name {
			group = &groupView{Anchor: "group-" + slug(in.name), Name: in.name}
			part.Groups = append(part.Groups, group)
		}
		group.Operations = append(group.Operations, viewOperation(api, op))
	}

	return parts
}

func slug(name string) string { return strings.ToLower(strings.ReplaceAll(name, " ", "-")) }

// codeTables are the tables of the codes, by where in an answer they stand.
func codeTables() ([]tableView, error) {
	tables := []tableView{
		{Anchor: "refusal", Name: "Refusals",
			Intro: "The `code` of a refused request, with its HTTP status."},
		{Anchor: "field", Name: "Wrong fields",
			Intro: "The `code` of an entry of `errors`, mostly with 422 `VALIDATION_FAILED`. " +
				"In the report of an import they stand beside the row."},
		{Anchor: "warning", Name: "Warnings",
			Intro: "The `code` of an entry of `warnings`: what was sent is accepted all the same."},
		{Anchor: "review", Name: "Reasons of a review",
			Intro: "Entries of `review_reasons`: a person decides, and nothing has to be sent " +
				"again."},
		{Anchor: "portal", Name: "One-time codes",
			Intro: "What the portal's pages refuse a code with; they say it in words."},
	}

	for i := range tables {
		codes, err := codesOf(tables[i].Anchor)
		if err != nil {
			return nil, err
		}
		tables[i].Codes = codes
	}

	return tables, nil
}

func viewOperation(api *huma.OpenAPI, op *huma.Operation) operationView {
	v := operationView{
		ID:          op.OperationID,
		Method:      op.Method,
		Path:        op.Path,
		Summary:     op.Summary,
		Description: op.Description,
	}

	v.Samples, _ = op.Extensions[samplesExtension].([]codeSample)
	if use, ok := sampleUses[op.OperationID]; ok {
		n := len(sampleLanguages)
		v.OtherUse = &otherUseView{
			ID:      op.OperationID + "." + use.Name,
			Title:   use.Title,
			Samples: v.Samples[n:],
		}
		v.Samples = v.Samples[:n]
	}

	for _, p := range op.Parameters {
		f := viewField(p.Schema, p.Schema, p.Name)
		f.ID = v.ID + "." + p.In + "." + p.Name
		f.In = p.In
		f.Doc = p.Description
		f.Required = p.Required
		v.Parameters = append(v.Parameters, f)
	}

	if op.RequestBody != nil && op.RequestBody.Content[mediaJSON] != nil { // a mail has no fields
		v.Fields = fields(api, op.RequestBody.Content[mediaJSON].Schema, v.ID+".body", 0)
	}

	for _, status := range sortedKeys(op.Responses) {
		if status >= "300" {
			v.Refusals = append(v.Refusals, status)
			continue
		}

		v.Status = status
		if body := op.Responses[status].Content[mediaJSON]; body != nil {
			v.Answer = fields(api, body.Schema, v.ID+".answer", 0)
			v.Response = pretty(body.Example)
		}
	}

	return v
}

const maxDepth = 5

// fields lists a schema's fields, those of inner objects indented below. Their ids begin
// with at.
func fields(api *huma.OpenAPI, s *huma.Schema, at string, depth int) []fieldView {
	s = resolve(api, s)
	if s != nil && s.Items != nil {
		s = resolve(api, s.Items)
	}

	if s == nil || depth > maxDepth {
		return nil
	}

	var out []fieldView
	for _, name := range propertyOrder(s) {
		p := s.Properties[name]
		f := viewField(p, resolve(api, p), name)
		f.ID = at + "." + name
		f.Depth = depth
		f.Required = slices.Contains(s.Required, name)

		out = append(out, f)
		out = append(out, fields(api, p, f.ID, depth+1)...)
	}

	return out
}

// viewField describes a field by its schema and the one that it refers to.
func viewField(s, target *huma.Schema, name string) fieldView {
	f := fieldView{
		Name:   name,
		Type:   typeName(target),
		Doc:    cmp.Or(s.Description, target.Description),
		Limits: limits(target),
	}

	enum := target
	if target.Items != nil {
		enum = target.Items
	}
	meanings, _ := enum.Extensions[valuesExtension].(map[string]string)
	for _, value := range enumOf(enum) {
		f.Values = append(f.Values, valueView{value, meanings[value]})
	}

	return f
}

// limits says which numbers, and how many entries, a schema takes.
func limits(s *huma.Schema) string {
	var out []string
	switch {
	case s.Minimum != nil && s.Maximum != nil:
		out = append(out, fmt.Sprintf("%v to %v", *s.Minimum, *s.Maximum))
	case s.Minimum != nil:
		out = append(out, fmt.Sprintf("from %v", *s.Minimum))
	case s.Maximum != nil:
		out = append(out, fmt.Sprintf("up to %v", *s.Maximum))
	}
	if s.MaxLength != nil {
		out = append(out, fmt.Sprintf("up to %d characters", *s.MaxLength))
	}
	if s.MaxItems != nil {
		out = append(out, fmt.Sprintf("up to %d entries", *s.MaxItems))
	}
	if s.Default != nil {
		out = append(out, fmt.Sprintf("%v if missing", s.Default))
	}

	return strings.Join(out, ", ")
}

// propertyOrder keeps the required fields first, each part by name.
func propertyOrder(s *huma.Schema) []string {
	names := sortedKeys(s.Properties)
	slices.SortStableFunc(names, func(a, b string) int {
		return cmp.Compare(btoi(!slices.Contains(s.Required, a)),
			btoi(!slices.Contains(s.Required, b)))
	})
	return names
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

func resolve(api *huma.OpenAPI, s *huma.Schema) *huma.Schema {
	if s != nil && s.Ref != "" {
		return api.Components.Schemas.SchemaFromRef(s.Ref)
	}
	return s
}

// typeName says in words what a value is; those of days and instants name their form.
func typeName(s *huma.Schema) string {
	switch {
	case s == nil:
		return ""
	case s.Type == "array" && s.Items != nil:
		if s.Items.Type == "" {
			return "list of objects"
		}
		return "list of " + typeName(s.Items)
	case s.Format == "date-time":
		return "instant, RFC 3339"
	case s.Format == "date":
		return "day, YYYY-MM-DD"
	case s.Type == "string":
		return "text"
	case s.Type == "integer":
		return "whole number"
	case s.Type == "boolean":
		return "true or false"
	}

	return s.Type
}

func pretty(v any) string {
	if v == nil {
		return ""
	}
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if e.Encode(v) != nil {
		return ""
	}
	return strings.TrimSpace(out.String())
}

// prose turns paragraphs, headings and `code` into HTML.
func prose(text string) template.HTML {
	var out strings.Builder
	for paragraph := range strings.SplitSeq(text, "\n\n") {
		element := "p"
		if heading, ok := strings.CutPrefix(paragraph, "## "); ok {
			element, paragraph = "h2", heading
		}

		out.WriteString("<" + element + ">")
		for i, part := range strings.Split(template.HTMLEscapeString(paragraph), "`") {
			if i%2 == 1 {
				part = "<code>" + part + "</code>"
			}
			out.WriteString(part)
		}

		out.WriteString("</" + element + ">")
	}

	return template.HTML(out.String()) //nolint:gosec // every part is escaped above
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
