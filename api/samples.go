package api

import (
	"bytes"
	"embed"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"text/template"

	"github.com/danielgtaylor/huma/v2"
)

// sampleFiles are the programs of the samples, one for each language.
//
//go:embed docspage/samples
var sampleFiles embed.FS

var sampleTemplates = template.Must(template.ParseFS(sampleFiles, "docspage/samples/*.txt"))

// samplesExtension is where an operation has its samples; Redoc, Scalar and others read
// it too.
const samplesExtension = "x-codeSamples"

// codeSample is one program that sends an operation's example, or another use of it, which its
// label names behind the language: "curl: tell".
type codeSample struct {
	Lang   string `json:"lang" yaml:"lang"`
	Label  string `json:"label" yaml:"label"`
	Source string `json:"source" yaml:"source"`
}

// Language is what the reference's page calls the sample's language.
func (s codeSample) Language() string {
	language, _, _ := strings.Cut(s.Label, ": ")
	return language
}

// sampleUse is another use of an operation that does several things.
type sampleUse struct {
	Name   string // in labels, and in the address of its place on the page
	Title  string
	Target string // without /v1
	Body   string
}

// sampleUses are the other uses that walks of the page lead to, by the operation.
var sampleUses = map[string]sampleUse{
	"act-on-rma": {
		Name:   "tell",
		Title:  "Tell a fact that the carrier did not",
		Target: "/rmas/rma_01kbexample/tell",
		Body:   "{\n  \"fact\": \"DELIVERED\"\n}",
	},
}

// sampleLanguages are the languages of the samples, in the order in which they are shown.
var sampleLanguages = []codeSample{
	{Lang: "Shell", Label: "curl"},
	{Lang: "Go", Label: "Go"},
	{Lang: "Python", Label: "Python"},
}

// sampleRequest is what the samples of an operation send.
type sampleRequest struct {
	Method, Target string
	Headers        []sampleHeader
	Body           string // JSON, as it stands in the example
	File           string // name of a file that is sent instead
	SaveAs         string // name of a file that takes the answer, where that is no JSON
}

// sampleHeader is a header with its value as an expression of each language.
type sampleHeader struct{ Name, Shell, Go, Python string }

// sampleValues stand for the parameters of paths. Ids are made from the collection that
// they belong to.
var sampleValues = map[string]string{
	"code":        "BR-SP",
	"country":     "BR",
	"date":        "2026-12-25",
	"domain":      "acme.example",
	"sku":         "SELECT-3Y",
	"reseller_id": "org_01kbreseller",
}

// sampleIDs are the prefixes of ids, by the collection.
var sampleIDs = map[string]string{
	"accounts":          "acc",
	"assignments":       "asg",
	"attachments":       "wat",
	"chains":            "acc",
	"contact-questions": "qst",
	"contracts":         "con",
	"csms":              "csm",
	"devices":           "dev",
	"imports":           "imp",
	"invitations":       "inv",
	"mailbox-items":     "inb",
	"memberships":       "mem",
	"notifications":     "ntf",
	"orders":            "ord",
	"orgs":              "org",
	"privacy-requests":  "prv",
	"rmas":              "rma",
	"participants":      "tsp",
	"rooms":             "rom",
	"sessions":          "tse",
	"shipments":         "shp",
	"sites":             "sit",
	"spare-units":       "spu",
	"spares":            "org",
	"tasks":             "tsk",
	"ticket-files":      "fil",
	"tickets":           "tkt",
	"tokens":            "tok",
}

// sampleTargets are paths, without /v1, of operations whose parameters depend on each
// other, or that ask for something.
var sampleTargets = map[string]string{
	"act-on-mailbox-item": "/mailbox-items/inb_01kbexample/commands/answer",
	"act-on-rma":          "/rmas/rma_01kbexample/approve",
	"act-on-spare-unit":   "/spare-units/spu_01kbexample/select",
	"act-on-task":         "/operator/tasks/tsk_01kbexample/accept",
	"act-on-ticket":       "/tickets/tkt_01kbexample/commands/wait_for_customer",
	"get-coverage":        "/coverage?room=rom_01kbexample",
	"put-model":           "/models/RALLY-BAR",
	"import-warranties":   "/warranties/import?dry_run=true",
	"act-on-session":      "/tickets/tkt_01kbexample/sessions/tse_01kbexample/commands/schedule",
}

var pathParameter = regexp.MustCompile(`/([a-z-]+)/\{(\w+)\}`)

// sampleTarget is the path of an operation with examples in it.
func sampleTarget(op *huma.Operation) string {
	if target, ok := sampleTargets[op.OperationID]; ok {
		return "/v1" + target
	}

	return pathParameter.ReplaceAllStringFunc(op.Path, func(part string) string {
		match := pathParameter.FindStringSubmatch(part)
		collection, name := match[1], match[2]
		value, ok := sampleValues[name]
		if !ok {
			value = sampleIDs[collection] + "_01kbexample"
		}
		return "/" + collection + "/" + value
	})
}

// addSamples adds to an operation the programs that send its example. The description
// holds that example already.
func addSamples(op *huma.Operation) error {
	request := sampleRequest{Method: op.Method, Target: sampleTarget(op)}
	r := op.Metadata["route"].(route)
	if !r.Public {
		request.header("Authorization", "Bearer ", "$ROOMCOVER_TOKEN",
			`os.Getenv("ROOMCOVER_TOKEN")`, `os.environ["ROOMCOVER_TOKEN"]`)
	}

	switch {
	case r.Streams:
		request.File = "mail.eml"
		request.header("Content-Type", mailMedia[0], "", "", "")
	case len(r.Media) > 0:
		request.File = strings.TrimPrefix(op.OperationID, "import-") + ".csv"
		request.header("Content-Type", "text/csv", "", "", "")
	case op.RequestBody != nil:
		example, err := exampleText(op.OperationID + ".request.json")
		if err != nil {
			return err
		}
		request.Body = example
		request.header("Content-Type", mediaJSON, "", "", "")
	}

	for _, p := range op.Parameters {
		switch {
		case p.Name == keyHeader && p.In == "header":
			request.header(keyHeader, "", "$(uuidgen)", "rand.Text()", "str(uuid.uuid4())")
		case p.Name == "If-Match" && slices.Contains(r.statuses(), http.StatusPreconditionRequired):
			request.Headers = append(request.Headers, sampleHeader{
				Name:   "If-Match",
				Shell:  `\"1\"`,
				Go:     "`\"1\"`",
				Python: `'"1"'`,
			})
		case p.Name == "Mail-Sender", p.Name == "Mail-Recipient", p.Name == "Mail-Digest":
			variable := strings.ToUpper(strings.TrimPrefix(p.Name, "Mail-"))
			request.header(p.Name, "", "$"+variable,
				`os.Getenv("`+variable+`")`, `os.environ["`+variable+`"]`)
		case p.Name == "Carrier-Timestamp", p.Name == "Mail-Timestamp":
			request.header(p.Name, "", "$(date +%s)",
				"strconv.FormatInt(time.Now().Unix(), 10)", "str(int(time.time()))")
		case p.Name == "Carrier-Signature", p.Name == "Mail-Signature":
			request.header(p.Name, "v1=", "$SIGNATURE",
				`os.Getenv("SIGNATURE")`, `os.environ["SIGNATURE"]`)
		}
	}

	switch r.Produces {
	case "":
	case "text/csv":
		request.SaveAs = strings.TrimPrefix(op.OperationID, "export-") + ".csv"
	case mediaZIP:
		request.SaveAs = strings.TrimPrefix(op.OperationID, "get-") + ".zip"
	case mediaMail:
		request.SaveAs = strings.TrimPrefix(op.OperationID, "get-") + ".eml"
	case mediaFile:
		request.SaveAs = strings.TrimPrefix(op.OperationID, "get-")
	default:
		request.SaveAs = strings.TrimPrefix(op.OperationID, "get-") + ".pdf"
	}

	if err := request.describe(op, ""); err != nil {
		return err
	}
	use, ok := sampleUses[op.OperationID]
	if !ok {
		return nil
	}

	request.Target = "/v1" + use.Target
	request.Body = use.Body
	return request.describe(op, ": "+use.Name)
}

// header adds a header: a text, and behind it an expression of each language.
func (r *sampleRequest) header(name, text, shell, golang, python string) {
	join := func(expression string) string {
		switch {
		case expression == "":
			return `"` + text + `"`
		case text == "":
			return expression
		}
		return fmt.Sprintf("%q + %s", text, expression)
	}

	r.Headers = append(r.Headers, sampleHeader{
		Name:   name,
		Shell:  text + shell,
		Go:     strings.ReplaceAll(join(golang), " + ", "+"),
		Python: join(python),
	})
}

// describe adds the samples to the operation's description; use stands behind their labels.
func (r *sampleRequest) describe(op *huma.Operation, use string) error {
	samples, _ := op.Extensions[samplesExtension].([]codeSample)
	for _, language := range sampleLanguages {
		var source bytes.Buffer
		name := strings.ToLower(language.Label) + ".txt"
		if err := sampleTemplates.ExecuteTemplate(&source, name, r); err != nil {
			return err
		}

		language.Label += use
		language.Source = strings.TrimSpace(source.String())
		samples = append(samples, language)
	}

	if op.Extensions == nil {
		op.Extensions = map[string]any{}
	}
	op.Extensions[samplesExtension] = samples
	return nil
}

// Imports are the packages of the Go sample.
func (r *sampleRequest) Imports() []string {
	all := []string{"fmt", "io", "log", "net/http", "os"}
	if r.Body != "" {
		all = append(all, "strings")
	}
	for _, h := range r.Headers {
		switch {
		case strings.HasPrefix(h.Go, "rand."):
			all = append(all, "crypto/rand")
		case strings.HasPrefix(h.Go, "strconv."):
			all = append(all, "strconv", "time")
		}
	}

	slices.Sort(all)
	return slices.Compact(all)
}

// PythonImports are the modules of the Python sample, urllib.request apart.
func (r *sampleRequest) PythonImports() []string {
	all := []string{"os"}
	for _, h := range r.Headers {
		switch {
		case strings.HasPrefix(h.Python, "str(uuid"):
			all = append(all, "uuid")
		case strings.HasPrefix(h.Python, "str(int(time"):
			all = append(all, "time")
		}
	}

	slices.Sort(all)
	return slices.Compact(all)
}
