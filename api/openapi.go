package api

import (
	"cmp"
	"embed"
	"encoding/json"
	"errors"
	"io/fs"
	"net/http"
	"reflect"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gin-gonic/gin"

	"roomcover.dev/roomcover/signing"
)

// exampleFiles hold one request and one response for each operation, named
// after it. A test runs every request and holds the answers against them.
//
//go:embed all:examples
var exampleFiles embed.FS

const docsPath = "/v1/docs"

// config describes the API. huma's own pages, hooks and schema links stay off:
// its reference page loads scripts from elsewhere.
func config() (huma.Config, error) {
	overview, err := readProse("overview.md")
	if err != nil {
		return huma.Config{}, err
	}

	token := &huma.SecurityScheme{
		Type:        "http",
		Scheme:      "bearer",
		Description: "An API token with scopes.",
	}

	signature := &huma.SecurityScheme{
		Type: "apiKey",
		In:   "header",
		Name: signing.StandardSignature,
		Description: "A signature as Standard Webhooks say, with a secret of a connection to " +
			"Sync, which the parameter connection names.",
	}

	formats := map[string]huma.Format{
		mediaJSON: huma.DefaultJSONFormat,
		"json":    huma.DefaultJSONFormat,
	}
	return huma.Config{
		OpenAPI: &huma.OpenAPI{
			OpenAPI: "3.1.0",
			Info:    &huma.Info{Title: "Roomcover API", Version: "1", Description: overview},
			Components: &huma.Components{
				SecuritySchemes: map[string]*huma.SecurityScheme{
					"signature": signature,
					"token":     token,
				},
			},
		},
		Formats:                      formats,
		DefaultFormat:                mediaJSON,
		RejectUnknownQueryParameters: true,
	}, nil
}

// document adds what the types do not tell, and serves the description and its
// reference page. It changes the description now, while nobody is served by it.
func (s *service) document(router *gin.Engine) error {
	api := s.api.OpenAPI()
	for _, op := range operationsOf(api) {
		if err := errors.Join(addExamples(api, op), addSamples(op)); err != nil {
			return err
		}
	}
	describeHeaders(api)
	if err := describeValues(api); err != nil {
		return err
	}

	files := []staticFile{
		{"/v1/openapi.json", "application/openapi+json", func() ([]byte, error) {
			return json.MarshalIndent(api, "", "  ")
		}},
		{"/v1/openapi.yaml", "application/openapi+yaml", api.YAML},
		{docsPath, "text/html; charset=utf-8", func() ([]byte, error) {
			return renderReference(api)
		}},
		{docsPath + ".css", "text/css; charset=utf-8", embedded(referenceCSS)},
		{docsPath + ".js", "text/javascript; charset=utf-8", embedded(referenceJS)},
	}
	for _, f := range files {
		f.serve(router)
	}

	return nil
}

// describeHeaders has the headers of answers say what huma knows of them: it leaves the
// text of their fields in the schema, where few readers look.
func describeHeaders(api *huma.OpenAPI) {
	for _, op := range operationsOf(api) {
		for _, answer := range op.Responses {
			for _, h := range answer.Headers {
				h.Description = cmp.Or(h.Description, h.Schema.Description)
			}
		}
	}
}

// operationsOf lists the operations of a description, by path and then method.
func operationsOf(api *huma.OpenAPI) []*huma.Operation {
	var out []*huma.Operation
	for _, path := range sortedKeys(api.Paths) {
		item := api.Paths[path]
		for _, op := range []*huma.Operation{
			item.Get, item.Post, item.Put, item.Patch, item.Delete,
		} {
			if op != nil {
				out = append(out, op)
			}
		}
	}

	return out
}

func addExamples(api *huma.OpenAPI, op *huma.Operation) error {
	r := op.Metadata["route"].(route)
	if r.Media != nil {
		describeFile(api, op, r)
	}

	if r.Produces != "" {
		text := &huma.MediaType{Schema: &huma.Schema{Type: "string"}}
		op.Responses["200"].Content = map[string]*huma.MediaType{r.Produces: text}
	}

	request, err := readExample(op.OperationID + ".request.json")
	if err != nil {
		return err
	}

	if request != nil && op.RequestBody != nil {
		op.RequestBody.Content[mediaJSON].Example = request
	}

	status := r.Status
	if status == 0 {
		status = http.StatusOK
	}

	response, err := readExample(op.OperationID + ".response.json")
	if answer := op.Responses[strconv.Itoa(status)]; err == nil && response != nil &&
		answer.Content[mediaJSON] != nil {
		answer.Content[mediaJSON].Example = response
	}

	return err
}

func readExample(name string) (any, error) {
	content, err := exampleText(name)
	if err != nil || content == "" {
		return nil, err
	}

	var v any
	err = json.Unmarshal([]byte(content), &v)
	return v, err
}

// exampleText returns an example as it was written, its fields in the order of the
// writer; "" where there is none.
func exampleText(name string) (string, error) {
	content, err := exampleFiles.ReadFile("examples/" + name)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	return strings.TrimSpace(string(content)), err
}

// fileRow describes the rows of a file.
type fileRow struct {
	schema string // of a row
	csv    string // what a CSV file holds
	lines  string // what a file of lines holds
}

var fileRows = map[string]fileRow{
	"import-orders": {
		schema: "OrderForm",
		csv:    "A header of the documented columns, then one row per order line.",
		lines:  "One order per line.",
	},
	"import-rooms": {
		schema: "Room",
		csv: "A header of the documented columns, then one row per device with its room, " +
			"or for a room alone.",
		lines: "One room per line.",
	},
	"import-warranties": {
		schema: "EarlierWarrantyForm",
		csv:    "A header of the documented columns, then one row per serial number.",
		lines:  "One warranty per line.",
	},
}

// describeFile documents a body that is a file: an import, or a mail.
func describeFile(api *huma.OpenAPI, op *huma.Operation, r route) {
	if r.Streams {
		op.RequestBody = &huma.RequestBody{
			Required: true,
			Content: map[string]*huma.MediaType{mailMedia[0]: {Schema: &huma.Schema{
				Type:        "string",
				Format:      "binary",
				Description: "The mail as it came, with its header.",
			}}},
		}
		return
	}

	row := fileRows[op.OperationID]
	if r.Row != nil {
		api.Components.Schemas.Schema(reflect.TypeOf(r.Row), true, "")
	}

	op.RequestBody = &huma.RequestBody{
		Required: true,
		Content: map[string]*huma.MediaType{
			mediaJSON: {Schema: &huma.Schema{
				Type:  "array",
				Items: &huma.Schema{Ref: "#/components/schemas/" + row.schema},
			}},
			"text/csv":             {Schema: &huma.Schema{Type: "string", Description: row.csv}},
			"application/x-ndjson": {Schema: &huma.Schema{Type: "string", Description: row.lines}},
		},
	}

	if csv, err := exampleFiles.ReadFile("examples/" + op.OperationID +
		".request.csv"); err == nil {
		op.RequestBody.Content["text/csv"].Example = string(csv)
	}
}
