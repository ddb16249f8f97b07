package api_test

import (
	"bytes"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"
	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/api"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
)

func (c client) probe(method, path, body string) answer {
	return c.send(method, strings.ReplaceAll(path, " ", "%20"), body, "X-Request-Id", "same-for-both", "If-Match",
		`"1"`)
}

// Two accounts with the same data: every operation of the API, every place in its
// path, query and body that names something, every role that a tenant can have. A
// foreign id is answered like one that nothing has, to the byte, and nothing of
// either account changes (C5, S36, R109).
func TestC5_EveryForeignIDAnswersLikeARandomOne(t *testing.T) {
	h := open(t, storetest.Postgres(t))
	a, b := h.side(t, 1), h.side(t, 2)
	before := h.contents(t)
	asked := 0
	for _, pair := range [][2]side{{a, b}, {b, a}} {
		own, foreign := pair[0], pair[1]
		for _, op := range slices.Sorted(maps.Keys(probes)) {
			method, _, _ := strings.Cut(op, " ")
			p := probes[op]
			text := p.path + "\n" + p.body
			for n, kind := range own.kinds(text) {
				for role, c := range own.roles {
					ask := func(id string) answer {
						filled, _ := own.request(text, n, id)
						path, body, _ := strings.Cut(filled, "\n")
						got := c.probe(method, path, body)
						// cover names its subjects
						got.Body = bytes.ReplaceAll(got.Body, []byte(id), []byte("what was asked"))
						return got
					}
					there := ask(foreign.ids[kind])
					none := ask(random(foreign.ids[kind]))
					require.Equal(t, none.Status, there.Status, "%s, %s in place %d, as %s: %s", op, kind, n, role,
						there.Body)
					require.Equal(t, string(none.Body), string(there.Body), "%s, %s in place %d, as %s", op, kind, n,
						role)
					requireNothingOf(t, foreign, there.Body, op)
					if method != "GET" && op != "POST /v1/coverage" {
						require.Contains(t, []int{403, 404, 422}, there.Status, "%s, %s in place %d, as %s: %s", op,
							kind, n, role, there.Body)
					}
					asked++
				}
			}
		}
	}
	require.Greater(t, asked, 500)
	require.Equal(t, before, h.contents(t), "nothing changed")
	h.answersToOwn(t, a, b)
}

// operatorsQuery are parameters of sellers' operations that only operators send.
var operatorsQuery = regexp.MustCompile(`^(/v1/(?:orders|refusals)[^?]*)[?].*`)

// answersToOwn shows that the probes ask for what they mean to: with the caller's
// own ids a role that may is not told that there is nothing, nor that the request
// is malformed. It changes data, so it comes last.
func (h *house) answersToOwn(t *testing.T, own, foreign side) {
	for _, op := range slices.Sorted(maps.Keys(probes)) {
		method, _, _ := strings.Cut(op, " ")
		p := probes[op]
		target := operatorsQuery.ReplaceAllString(p.path, "$1") // which sellers may not send
		filled, _ := own.request(target+"\n"+p.body, -1, "")
		path, body, _ := strings.Cut(filled, "\n")
		reached := false
		var last []string
		for _, role := range []rules.Role{rules.CustomerAdmin, rules.Reseller} {
			got := own.roles[role].probe(method, path, body)
			requireNothingOf(t, foreign, got.Body, op)
			changed := got.Status == 409 || got.Status == 412 || // by a probe before it
				bytes.Contains(got.Body, []byte(rules.NotCovered))
			reached = reached || got.Status < 400 || changed
			last = append(last, fmt.Sprintf("%s: %d %s", role, got.Status, got.Body))
		}
		signed := op == "POST /v1/carrier/events" || op == "POST /v1/mail/inbound"
		if !signed && !strings.Contains(unprobed[op+" account_id"], "cannot change") {
			require.True(t, reached, "%s: %v", op, last)
		}
	}
}

func requireNothingOf(t *testing.T, s side, body []byte, op string) {
	t.Helper()
	for kind, id := range s.ids {
		if kind != "form" && kind != "amendment" {
			require.NotContains(t, string(body), id, "%s tells of the other's %s", op, kind)
		}
	}
}

// contents is a digest of every table but those that note who called.
func (h *house) contents(t *testing.T) map[string]string {
	out := map[string]string{}
	for _, table := range h.Strings(
		t, "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'",
	) {
		if !slices.Contains([]string{"api_tokens", "idempotency_keys", "order_refusals", "throttles"}, table) {
			out[table] = strings.Join(
				h.Strings(t, "SELECT md5(string_agg(r::text, '' ORDER BY r::text)) FROM "+table+" r"), "",
			)
		}
	}
	return out
}

// looksLikeAnID is how fields and parameters are called that name something.
var looksLikeAnID = regexp.MustCompile(`(^|_)(ids?|serial|room|renews|on_behalf_of)$`)

// An operation that a tenant may reach stands among the probes, with every
// parameter and field that names something: a new one cannot be forgotten.
func TestC5_EveryOperationAndEveryIDIsProbed(t *testing.T) {
	require.ElementsMatch(t, []rules.Role{
		rules.Reseller, rules.Distributor, rules.OperatorAgent, rules.OperatorLead, rules.OperatorCSM,
		rules.CustomerAdmin, rules.CustomerReadOnly,
	},
		api.Roles(), "a new role of tenants belongs into the isolation test")
	doc := described(t)
	for path, item := range doc.Paths {
		for _, op := range []*huma.Operation{item.Get, item.Post, item.Put, item.Patch, item.Delete} {
			if op == nil {
				continue
			}
			name := op.Method + " " + path
			path, body, ok := probesOf(name)
			if roles := rolesOf(t, name); roles != public && roles != bySignature &&
				!strings.ContainsAny(roles, "RDKV") {
				require.False(t, ok, "%s is the operators' alone", name)
				continue
			}
			require.True(t, ok, "%s has no entry in the isolation test", name)
			requireEveryIDProbed(t, doc, op, name, path, body)
		}
	}
	for name := range probes {
		_, path, _ := strings.Cut(name, " ")
		path, _, _ = strings.Cut(path, " #")
		require.Contains(t, doc.Paths, path, "%s is no operation any more", name)
	}
}

// probesOf joins the probes of one operation.
func probesOf(name string) (path, body string, ok bool) {
	for key, p := range probes {
		if op, _, _ := strings.Cut(key, " #"); op == name {
			path = p.path
			body = body + p.body
			ok = true
		}
	}
	return path, body, ok
}

// idInPath is a part of a path that names something, such as {id} or {session_id}.
var idInPath = regexp.MustCompile(`\{(\w+_)?id\}`)

func requireEveryIDProbed(t *testing.T, doc *huma.OpenAPI, op *huma.Operation, name, path, body string) {
	target, query, _ := strings.Cut(path, "?")
	require.Equal(t, len(idInPath.FindAllString(name, -1)), len(placeholder.FindAllString(target, -1)),
		"%s: a part of the path is not probed", name)
	for _, p := range op.Parameters {
		if p.In == "query" && looksLikeAnID.MatchString(p.Name) && unprobed[name+" "+p.Name] == "" {
			require.Regexp(t, `(^|&)`+p.Name+`=<`, query, "%s: the parameter %s is not probed", name, p.Name)
		}
	}
	if op.RequestBody == nil || op.RequestBody.Content["application/json"] == nil {
		return
	}
	for _, field := range fieldsNamed(doc, op.RequestBody.Content["application/json"].Schema, 0) {
		if looksLikeAnID.MatchString(field) && unprobed[name+" "+field] == "" && body != "<form>" &&
			body != "<amendment>" {
			require.Regexp(t, `"`+field+`": ?\[?"<`, body, "%s: the field %s is not probed", name, field)
		}
	}
}

// fieldsNamed lists the names of a schema's fields, those of inner objects too.
func fieldsNamed(doc *huma.OpenAPI, s *huma.Schema, depth int) (out []string) {
	if s != nil && s.Ref != "" {
		s = doc.Components.Schemas.SchemaFromRef(s.Ref)
	}
	if s == nil || depth > 6 {
		return nil
	}
	for name, p := range s.Properties {
		out = append(append(out, name), fieldsNamed(doc, p, depth+1)...)
	}
	return append(out, fieldsNamed(doc, s.Items, depth+1)...)
}

// rolesOf finds the operation in the table of permissions.
func rolesOf(t *testing.T, name string) string {
	pattern := regexp.MustCompile(`^` +
		regexp.MustCompile(`\\\{[a-z_]+\\\}`).ReplaceAllString(regexp.QuoteMeta(name), `[^/]+`) + `$`)
	for route, roles := range routeTable {
		if pattern.MatchString(route) {
			return roles
		}
	}
	require.Fail(t, "the operation stands in no table of permissions", name)
	return ""
}

func described(t *testing.T) *huma.OpenAPI {
	h := sqlite(t)
	router := api.NewRouter(api.Options{Domains: h.Domains})
	d, err := api.Register(router, api.Options{Domains: h.Domains})
	require.NoError(t, err)
	return d.OpenAPI()
}
