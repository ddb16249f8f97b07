package api_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"go/format"
	"io"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// ruleNumber is the number of a rule of the specification, which strangers do not have.
var ruleNumber = regexp.MustCompile(`\b[RSAC][0-9]{1,3}[a-z]?\b`)

// description is the OpenAPI document as a reader of the served file sees it.
type description struct {
	Info       struct{ Description string }
	Paths      map[string]map[string]describedOperation
	Components struct{ Schemas map[string]schema }
}

type describedOperation struct {
	OperationID string
	Summary     string
	Description string
	Parameters  []struct {
		Name, In, Description string
		Schema                schema
	}
	Responses map[string]struct {
		Headers map[string]struct{ Description string }
	}
	Samples []struct{ Lang, Label, Source string } `json:"x-codeSamples"`
}

type schema struct {
	Description string
	Format      string
	Enum        []any
	Meanings    map[string]string `json:"x-enumDescriptions"`
	Items       *schema
	Properties  map[string]schema
}

func served(t *testing.T) description {
	a := client{house: sqlite(t)}.get("/v1/openapi.json")
	require.Equal(t, 200, a.Status)
	var d description
	require.NoError(t, json.Unmarshal(a.Body, &d))
	return d
}

// Every field of every request and answer, every parameter, every header and every value
// of a fixed set is explained, and days and instants say which they are.
func TestEveryFieldParameterAndValueIsExplained(t *testing.T) {
	d := served(t)
	require.Greater(t, len(d.Components.Schemas), 100, "the test reads the description")

	var missing []string
	lacks := func(where, what string) { missing = append(missing, where+": "+what) }

	explains := func(where, text string) {
		if len(strings.Fields(text)) < 2 {
			lacks(where, "no description")
		}
		if number := ruleNumber.FindString(text); number != "" {
			lacks(where, "a rule's number, "+number)
		}
	}
	values := func(where string, s schema) {
		for _, v := range s.Enum {
			if s.Meanings[fmt.Sprint(v)] == "" {
				lacks(where, fmt.Sprintf("values.json does not explain %v of %v", v, s.Enum))
			}
		}
	}

	var walk func(where string, s schema)
	walk = func(where string, s schema) {
		values(where, s)
		if s.Items != nil {
			walk(where, *s.Items)
		}
		for name, p := range s.Properties {
			at := where + "." + name
			explains(at, p.Description)
			switch p.Format {
			case "date-time":
				if !strings.Contains(p.Description, "UTC") && !strings.Contains(p.Description, "RFC 3339") {
					lacks(at, "an instant that does not say UTC or RFC 3339")
				}
			case "date":
				if !strings.Contains(p.Description, "YYYY-MM-DD") {
					lacks(at, "a day that does not say YYYY-MM-DD")
				}
			}
			walk(at, p)
		}
	}

	for name, s := range d.Components.Schemas {
		walk(name, s)
	}
	for _, item := range d.Paths {
		for _, op := range item {
			explains(op.OperationID, op.Summary)
			// The cover's answer names rules by their numbers, which are explained there.
			number := ruleNumber.FindString(op.Description)
			if number != "" && op.OperationID != "get-coverage" {
				lacks(op.OperationID, "a rule's number, "+number)
			}
			for _, p := range op.Parameters {
				at := op.OperationID + ", parameter " + p.Name
				explains(at, p.Description)
				values(at, p.Schema)
			}
			for status, r := range op.Responses {
				for name, h := range r.Headers {
					explains(op.OperationID+", header "+name+" of "+status, h.Description)
				}
			}
		}
	}

	slices.Sort(missing)
	require.Empty(t, strings.Join(missing, "\n"))
}

// A set of values that no field has any more is left in nobody's way.
func TestEveryExplainedValueIsOneOfAField(t *testing.T) {
	content, err := os.ReadFile("values.json")
	require.NoError(t, err)
	var sets []map[string]string
	require.NoError(t, json.Unmarshal(content, &sets))

	stored, err := os.ReadFile("openapi.json")
	require.NoError(t, err)
	var compact bytes.Buffer
	require.NoError(t, json.Compact(&compact, stored))
	for _, set := range sets {
		meanings, err := json.Marshal(set)
		require.NoError(t, err)
		require.Contains(t, compact.String(), `"x-enumDescriptions":`+string(meanings),
			"no field has these values")
	}
}

// The samples of every operation are made from the example that the tests run. Those in Go
// are formatted as gofmt does, so they are Go; none keeps a placeholder of its path.
func TestEveryOperationHasSamplesInThreeLanguages(t *testing.T) {
	for _, item := range served(t).Paths {
		for _, op := range item {
			var languages []string
			for _, s := range op.Samples {
				languages = append(languages, s.Label)
				require.NotContains(t, s.Source, "/{", op.OperationID)
				require.NotContains(t, s.Source, "/_01kb", "%s: what ids has its collection?", op.OperationID)
				require.Contains(t, s.Source, "ROOMCOVER_URL", op.OperationID)
				if s.Lang == "Go" {
					formatted, err := format.Source([]byte(s.Source + "\n"))
					require.NoError(t, err, "%s\n%s", op.OperationID, s.Source)
					require.Equal(t, strings.TrimSpace(string(formatted)), s.Source, op.OperationID)
				}
			}
			want := []string{"curl", "Go", "Python"}
			if op.OperationID == "act-on-rma" {
				want = append(want, "curl: tell", "Go: tell", "Python: tell")
			}
			require.Equal(t, want, languages, op.OperationID)
		}
	}
}

func missing(t *testing.T, what string) {
	t.Helper()
	if os.Getenv("ROOMCOVER_TEST_ALL") != "" {
		t.Fatal(what)
	}
	t.Skip("SKIPPED: " + what)
}

// The page has all its content without its script, loads nothing from elsewhere, and every
// link in it leads somewhere.
func TestReferencePageNeedsNothingFromElsewhere(t *testing.T) {
	h := sqlite(t)
	a := client{house: h}.get("/v1/docs")
	page := string(a.Body)
	require.Equal(t, "text/html; charset=utf-8", a.Header.Get("Content-Type"))

	policy := a.Header.Get("Content-Security-Policy")
	require.Contains(t, policy, "default-src 'none'; script-src 'self'; style-src 'self'")
	for _, loose := range []string{"http", "unsafe", "data:", "*"} {
		require.NotContains(t, policy, loose)
	}

	require.Equal(t, 1, strings.Count(page, "<script"))
	require.Contains(t, page, `<script src="/v1/docs.js" defer></script>`)
	for _, file := range []string{"/v1/docs", "/v1/docs.css", "/v1/docs.js"} {
		served := client{house: h}.get(file)
		require.Equal(t, 200, served.Status)
		for _, loads := range []string{
			`href="http`, `href="//`, `src="http`, "@import", "url(", "fetch(", "eval(", "style=",
		} {
			require.NotContains(t, string(served.Body), loads, file)
		}
	}

	require.Contains(t, page, `<section id="submit-order"`)
	require.Contains(t, page, "end_customer_postal_code")
	require.Less(t, strings.Index(page, `id="submit-order"`), strings.Index(page, `id="get-order"`))
	require.Less(t, strings.Index(page, `id="cancel-order"`), strings.Index(page, `id="decide-order"`))
	require.Less(t, strings.Index(page, `id="for-operators"`), strings.Index(page, `id="for-customers-and-partners"`))

	for _, link := range strings.Split(page, `href="#`)[1:] {
		id, _, _ := strings.Cut(link, `"`)
		require.Contains(t, page, `id="`+id+`"`)
	}
	ids := map[string]bool{}
	for _, m := range regexp.MustCompile(` id="([^"]+)"`).FindAllStringSubmatch(page, -1) {
		require.False(t, ids[m[1]], "%s stands twice", m[1])
		ids[m[1]] = true
	}
}

// A refusal's type leads to the row that explains its code.
func TestTheTypeOfARefusalLeadsToItsMeaning(t *testing.T) {
	h := sqlite(t)
	page := string(client{house: h}.get("/v1/docs").Body)
	for code := range explained(t) {
		require.Contains(t, page, `<tr id="error-`+strings.ToLower(strings.ReplaceAll(code, "_", "-"))+`">`)
	}

	var refusal struct{ Type, Code string }
	require.NoError(t, json.Unmarshal(h.Seller.get("/v1/orders/ord_unknown").Body, &refusal))
	require.Equal(t, "NOT_FOUND", refusal.Code)
	path, id, _ := strings.Cut(refusal.Type, "#")
	require.Equal(t, "/v1/docs", path)
	require.Contains(t, page, `id="`+id+`"`)
}

// The description is large: it comes compressed to who takes that, and not at all to who
// has it.
func TestTheDescriptionIsCompressedAndCached(t *testing.T) {
	c := client{house: sqlite(t)}
	for _, file := range []string{"/v1/docs", "/v1/docs.css", "/v1/docs.js", "/v1/openapi.json", "/v1/openapi.yaml"} {
		plain := c.send("GET", file, nil, "Accept-Encoding", "identity")
		require.Empty(t, plain.Header.Get("Content-Encoding"))

		packed := c.send("GET", file, nil, "Accept-Encoding", "gzip, br")
		require.Equal(t, "gzip", packed.Header.Get("Content-Encoding"))
		require.Equal(t, "Accept-Encoding", packed.Header.Get("Vary"))
		reader, err := gzip.NewReader(bytes.NewReader(packed.Body))
		require.NoError(t, err)
		content, err := io.ReadAll(reader)
		require.NoError(t, err)
		require.Equal(t, string(plain.Body), string(content))
		require.Less(t, len(packed.Body), 300<<10, "what a phone loads of %s", file)

		again := c.send("GET", file, nil, "If-None-Match", plain.Header.Get("ETag"))
		require.Equal(t, 304, again.Status)
		require.Empty(t, again.Body)
	}
}
