package api

import (
	"bytes"
	"cmp"
	_ "embed"
	"encoding/json"
	"fmt"
	"html/template"
	"maps"
	"net/http"
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

var referencePage = template.Must(template.New("reference").
	Funcs(template.FuncMap{"prose": prose}).
	Parse(referenceHTML))

// The reference page's view of the API.
type (
	referenceView struct {
		Title, Version, Description string
		Groups                      []groupView
		Codes                       []codeView
		Scopes                      []roleScopes
		Columns, RoomColumns        []string
	}
	groupView struct {
		Name       string
		Operations []operationView
	}
	operationView struct {
		ID, Method, Path, Summary, Description string
		Parameters, Fields, Answer             []fieldView
		Request, Response                      string
		Status                                 string
		Refusals                               []string
	}
	fieldView struct {
		Name, In, Type, Doc string
		Depth               int
		Required            bool
	}
	codeView struct {
		Anchor, Code, Title string
		Status              int
	}
	roleScopes struct {
		Role   rules.Role
		Scopes []string
	}
)

// groupOrder is the order of the groups on the reference page.
var groupOrder = []string{
	"Orders",
	"Imports",
	"Rooms",
	"Devices",
	"Assignments",
	"Coverage",
	"Sites",
	"RMAs",
	"Contracts",
	"Warranties",
	"Spares",
	"Countries",
	"Calendars",
	"Shipments",
	"Stock",
	"Accounts",
	"Customer success managers",
	"Invitations",
	"Mail",
	"Operator tasks",
	"Processes",
	"Events",
	"Program",
	"Organisations",
	"Tokens",
}

// renderReference makes the reference page from the description: one page, no
// script, nothing from elsewhere.
func renderReference(api *huma.OpenAPI) ([]byte, error) {
	v := referenceView{
		Title:       api.Info.Title,
		Version:     api.Info.Version,
		Description: api.Info.Description,
		Codes:       codes(),
		Columns:     orderfile.Columns(),
		RoomColumns: roomfile.Columns(),
	}

	for _, role := range Roles() {
		v.Scopes = append(v.Scopes, roleScopes{role, ScopesFor(role)})
	}

	groups := map[string]int{}
	for _, op := range operationsOf(api) {
		i, ok := groups[op.Tags[0]]
		if !ok {
			i = len(v.Groups)
			groups[op.Tags[0]] = i
			v.Groups = append(v.Groups, groupView{Name: op.Tags[0]})
		}

		v.Groups[i].Operations = append(v.Groups[i].Operations, viewOperation(api, op))
	}

	slices.SortStableFunc(v.Groups, func(a, b groupView) int {
		return cmp.Compare(slices.Index(groupOrder, a.Name), slices.Index(groupOrder, b.Name))
	})

	var page bytes.Buffer
	err := referencePage.Execute(&page, v)
	return page.Bytes(), err
}

func codes() []codeView {
	var out []codeView
	for code, status := range statuses {
		out = append(out, codeView{
			Anchor: anchor(code),
			Code:   code,
			Title:  http.StatusText(status),
			Status: status,
		})
	}

	slices.SortFunc(out, func(a, b codeView) int {
		return cmp.Or(cmp.Compare(a.Status, b.Status), cmp.Compare(a.Code, b.Code))
	})
	return out
}

func viewOperation(api *huma.OpenAPI, op *huma.Operation) operationView {
	v := operationView{
		ID:          op.OperationID,
		Method:      op.Method,
		Path:        op.Path,
		Summary:     op.Summary,
		Description: op.Description,
	}

	for _, p := range op.Parameters {
		v.Parameters = append(v.Parameters, fieldView{
			Name:     p.Name,
			In:       p.In,
			Type:     typeName(p.Schema),
			Doc:      withValues(p.Description, p.Schema),
			Required: p.Required,
		})
	}

	if op.RequestBody != nil {
		body := op.RequestBody.Content[mediaJSON]
		v.Fields, v.Request = fields(api, body.Schema, 0), pretty(body.Example)
	}

	for _, status := range sortedKeys(op.Responses) {
		if status >= "300" {
			v.Refusals = append(v.Refusals, status)
			continue
		}

		v.Status = status
		if body := op.Responses[status].Content[mediaJSON]; body != nil {
			v.Answer = fields(api, body.Schema, 0)
			v.Response = pretty(body.Example)
		}
	}

	return v
}

const maxDepth = 5

// fields lists a schema's fields, those of inner objects indented below.
func fields(api *huma.OpenAPI, s *huma.Schema, depth int) []fieldView {
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
		target := resolve(api, p)
		doc := withValues(cmp.Or(p.Description, target.Description), target)

		out = append(out, fieldView{
			Name:     name,
			Type:     typeName(target),
			Doc:      doc,
			Depth:    depth,
			Required: slices.Contains(s.Required, name),
		})

		out = append(out, fields(api, p, depth+1)...)
	}

	return out
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

func typeName(s *huma.Schema) string {
	switch {
	case s == nil:
		return ""
	case s.Type == "array" && s.Items != nil:
		if s.Items.Type == "" {
			return "array"
		}
		return "array of " + s.Items.Type
	case s.Format != "" && s.Type == "string":
		return s.Format
	}

	return s.Type
}

// withValues adds what the schema allows, where that is a fixed set.
func withValues(doc string, s *huma.Schema) string {
	if len(s.Enum) == 0 {
		return doc
	}

	var values []string
	for _, v := range s.Enum {
		values = append(values, fmt.Sprint(v))
	}

	if doc != "" && !strings.HasSuffix(doc, ".") {
		doc += "."
	}
	return strings.TrimSpace(doc + " One of " + strings.Join(values, ", ") + ".")
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

// prose turns paragraphs and `code` into HTML.
func prose(text string) template.HTML {
	var out strings.Builder
	for paragraph := range strings.SplitSeq(text, "\n\n") {
		out.WriteString("<p>")
		for i, part := range strings.Split(template.HTMLEscapeString(paragraph), "`") {
			if i%2 == 1 {
				part = "<code>" + part + "</code>"
			}
			out.WriteString(part)
		}

		out.WriteString("</p>")
	}

	return template.HTML(out.String()) //nolint:gosec // every part is escaped above
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
