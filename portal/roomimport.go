package portal

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"net/http"
	"path"
	"strconv"
	"strings"
	"time"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/importjob"
	"roomcover.dev/roomcover/roomfile"
	"roomcover.dev/roomcover/rowfile"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/web"
)

const (
	importPath   = roomsPath + "/import"
	templatePath = importPath + "/template"

	rowsDiffer   = rowfile.RowsDiffer
	wrongColumns = rowfile.WrongColumns

	maxUpload     = 32 << 20 // octets of a file, as the API takes
	fileTooLarge  = "FILE_TOO_LARGE"
	fileNoText    = "FILE_NO_TEXT" // a workbook or an archive
	mostUploads   = 60             // files that one person sends in an hour
	latestImports = 5
	reportPage    = 100             // rows
	refreshAfter  = 3 * time.Second // while the job runs
)

// columnHelp is a column of the file with what goes into it.
type columnHelp struct {
	Name, Other, Help, Example string
	Needed                     bool
}

// importPage is the form of a file, with the imports before it.
type importPage struct {
	Problem  string
	Details  []string // of the file's header
	Text     string
	Lenient  bool // the good rows are stored although others are wrong
	Columns  []columnHelp
	Before   []web.Row
	Template string
}

// columnExamples are what a row may say, by the column.
var columnExamples = map[string]string{
	"room":             "Sala Ipê",
	"site":             "Paulista 1000",
	"street":           "Av. Paulista, 1000",
	"postal_code":      "01310-100",
	"city":             "São Paulo",
	"region":           "SP",
	"country":          "BR",
	"platform":         "MTR_WINDOWS",
	"criticality":      "NORMAL",
	"time_zone":        "America/Sao_Paulo",
	"serial":           "2310LZ0A1B2C",
	"model":            "RALLY-BAR",
	"purchased_on":     "2026-06-01",
	"purchase_proof":   "NF 4711",
	"std_warranty_end": "2028-06-01",
	"ext_warranty_end": "2029-06-01",
}

var neededColumns = map[string]bool{"room": true, "country": true, "platform": true}

// columnNames are the columns' names in the reader's language, and in the other one.
func (v *visit) columnNames() (own, other []string) {
	if strings.HasPrefix(v.language.Locale(), "pt") {
		return roomfile.PortugueseColumns(), roomfile.Columns()
	}
	return roomfile.Columns(), roomfile.PortugueseColumns()
}

func showImport(v *visit) (answer, error) { return v.importForm(importPage{}, 0) }

func (v *visit) importForm(p importPage, status int) (answer, error) {
	own, other := v.columnNames()
	for i, name := range roomfile.Columns() {
		p.Columns = append(p.Columns, columnHelp{
			Name:    own[i],
			Other:   other[i],
			Help:    v.language.Say("import.column." + name),
			Example: columnExamples[name],
			Needed:  neededColumns[name],
		})
	}
	p.Template = templatePath

	jobs, err := v.imports.ListImports(v.acting(), v.who.account().ID, latestImports)
	for _, j := range jobs {
		p.Before = append(p.Before, web.Row{
			Link:  importPath + "/" + j.ID,
			Title: v.importTitle(j),
			Sub:   v.moment(j.CreatedAt, v.who.account().TimeZone),
			Badge: v.importState(j),
		})
	}
	return answer{
		page:   "roomimport",
		title:  "import.title",
		data:   p,
		here:   importPath,
		status: status,
	}, err
}

// importTitle says what a job does with how many rows.
func (v *visit) importTitle(j importjob.ImportJob) string {
	key := "import.rows"
	if j.DryRun {
		key = "import.checks"
	}
	return v.language.Count(key, int64(j.RowsTotal))
}

func (v *visit) importState(j importjob.ImportJob) web.Badge {
	colors := map[importjob.ImportState]string{
		importjob.ImportQueued:   "blue",
		importjob.ImportChecking: "blue",
		importjob.ImportStoring:  "blue",
		importjob.ImportDone:     "green",
		importjob.ImportRefused:  "red",
		importjob.ImportFailed:   "red",
	}
	b := web.Badge{
		Text:  v.language.Say("import.state." + string(j.State)),
		Color: colors[j.State],
	}
	if j.State == importjob.ImportDone && j.RowsRefused > 0 {
		b = web.Badge{Text: v.say("import.state.partly"), Color: "amber"}
	}
	return b
}

// downloadTemplate is an empty file with the columns' names, as a spreadsheet in the reader's
// language separates them.
func downloadTemplate(v *visit) (answer, error) {
	names, _ := v.columnNames()
	var out bytes.Buffer
	out.WriteString("\ufeff") // by this spreadsheets know that it is UTF-8
	w := csv.NewWriter(&out)
	name := "rooms.csv"
	if strings.HasPrefix(v.language.Locale(), "pt") {
		w.Comma = ';'
		name = "salas.csv"
	}
	_ = w.Write(names)
	w.Flush()
	return answer{file: &file{
		mediaType: "text/csv; charset=utf-8",
		name:      name,
		content:   out.Bytes(),
	}}, w.Error()
}

// upload is a file that came with a form, or the rows that were pasted into it.
type upload struct {
	name    string
	content []byte
	does    string // "check" or "import"
	lenient bool
	pasted  bool
}

// uploaded reads the form of a file. Its body is bounded by maxUpload, and how many one person
// sends by mostUploads; see bodyBound and callHandler. Of a body that says itself that it is
// longer, nothing is read.
func (v *visit) uploaded() (upload, error) {
	if v.request.ContentLength > maxUpload {
		return upload{}, refuseLargeFile()
	}
	parts, err := v.request.MultipartReader()
	if errors.Is(err, http.ErrNotMultipart) {
		return upload{
			content: []byte(v.form("text")),
			does:    v.form("do"),
			lenient: v.form("lenient") == "yes",
			pasted:  true,
		}, nil
	}
	if err != nil {
		return upload{}, errBadForm
	}

	var u upload
	for {
		part, err := parts.NextPart()
		if errors.Is(err, io.EOF) {
			return u, nil
		}
		var content []byte
		if err == nil {
			content, err = readRows(part)
		}
		var large *http.MaxBytesError
		switch {
		case errors.As(err, &large):
			return u, refuseLargeFile()
		case err != nil:
			return u, errBadForm
		}

		switch part.FormName() {
		case "file":
			if len(content) > 0 {
				u.name = path.Base(part.FileName())
				u.content = content
				u.pasted = false
			}
		case "text":
			if len(u.content) == 0 && len(bytes.TrimSpace(content)) > 0 {
				u.content = content
				u.pasted = true
			}
		case "do":
			u.does = string(content)
		case "lenient":
			u.lenient = string(content) == "yes"
		}
	}
}

func refuseLargeFile() error {
	return rules.Refuse(fileTooLarge, "The file is larger than 32 MiB.", "Split it.")
}

// readRows reads a part of the form. Of a workbook it keeps how it begins alone: it is refused
// by that, and whatever else the form has is wanted all the same.
func readRows(part io.Reader) ([]byte, error) {
	in := bufio.NewReader(part)
	begin, err := in.Peek(len(zipBegins))
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	if isWorkbook(begin) {
		kept := bytes.Clone(begin)
		_, err := io.Copy(io.Discard, in)
		return kept, err
	}
	return io.ReadAll(in)
}

// How the files of workbooks begin.
const (
	zipBegins   = "PK\x03\x04"
	excelBegins = "\xd0\xcf"
)

func isWorkbook(begin []byte) bool {
	return bytes.HasPrefix(begin, []byte(zipBegins)) || bytes.HasPrefix(begin, []byte(excelBegins))
}

// format is how the file is read: by how it begins.
func (u upload) format() (string, error) {
	begin := bytes.TrimSpace(bytes.TrimPrefix(u.content, []byte("\ufeff")))
	switch {
	case len(begin) == 0:
		return "", rules.Refuse(rowfile.Empty, "There is no file.", "Choose one.")
	case isWorkbook(begin):
		return "", rules.Refuse(fileNoText, "The file is a workbook.", "Save it as CSV.")
	case begin[0] == '[', begin[0] == '{':
		return rowfile.JSON, nil
	}
	return rowfile.CSV, nil
}

// importRooms takes a file in: to check it alone, or to store what it says (S35). The same
// file sent again while it waits is the same import.
func importRooms(v *visit) (answer, error) {
	u, err := v.uploaded()
	if err != nil {
		return v.importRefused(u, err)
	}
	format, err := u.format()
	if err != nil {
		return v.importRefused(u, err)
	}
	rows, err := roomfile.Check(bytes.NewReader(u.content), format)
	if err != nil {
		return v.importRefused(u, err)
	}

	accountID := v.who.account().ID
	job, err := v.imports.CreateImportOnce(v.acting(), importjob.ImportJob{
		Kind:         importjob.ImportRooms,
		AccountID:    &accountID,
		Format:       format,
		Content:      u.content,
		RowsTotal:    rows,
		DryRun:       u.does == "check",
		AllOrNothing: !u.lenient,
	})
	if rules.CodeOf(err) == rules.RateLimited {
		return v.tooMany(err, "imports"), nil
	}
	if err != nil {
		return answer{}, err
	}
	return redirect(importPath + "/" + job.ID), nil
}

// fileCodes are what can be wrong with a file as a whole.
var fileCodes = []string{
	rowfile.Unreadable,
	rowfile.Empty,
	roomfile.TooManyRows,
	fileTooLarge,
	fileNoText,
}

// importRefused shows the form again with what is wrong with the file.
func (v *visit) importRefused(u upload, err error) (answer, error) {
	var refusal *rules.Error
	if !errors.As(err, &refusal) {
		return answer{}, err
	}
	p := importPage{Lenient: u.lenient}
	if u.pasted {
		p.Text = string(u.content)
	}
	for _, code := range fileCodes {
		if refusal.Code == code {
			p.Problem = v.language.Say("import.file." + code)
		}
	}
	if p.Problem == "" {
		return answer{}, err
	}
	for _, f := range refusal.Fields {
		p.Details = append(p.Details, v.headerProblem(f))
	}
	return v.importForm(p, http.StatusUnprocessableEntity)
}

// headerProblem says what is wrong with a column of the header.
func (v *visit) headerProblem(f rules.FieldError) string {
	at := strings.TrimPrefix(f.Pointer, "/header/")
	if n, err := strconv.Atoi(at); err == nil {
		key := "import.header.unknown"
		if f.Code == rowfile.DuplicateColumn {
			key = "import.header.double"
		}
		return v.say(key, "n", n+1)
	}
	own, _ := v.columnNames()
	for i, name := range roomfile.Columns() {
		if name == at {
			at = own[i]
		}
	}
	return v.say("import.header.missing", "column", at)
}

// jobPage is an import with its report, row by row.
type jobPage struct {
	Badge    web.Badge
	Running  bool
	Says     string
	Facts    []web.Fact
	Facets   []web.Facet
	Table    *web.Table
	Further  string
	Reload   string
	Form     string
	FormText string
	Assign   bool // rooms were stored, which licences can be assigned to now
}

var reportColumns = web.Listing[*visit]{
	Words: "importrow",
	Columns: []web.Column{
		{Name: "row", Number: true},
		{Name: "outcome"},
		{Name: "problem"},
		{Name: "room"},
	},
}

var outcomes = []importjob.ImportOutcome{
	importjob.RowRefused,
	importjob.RowStored,
	importjob.RowUnchanged,
	importjob.RowValid,
}

// showImportJob is the progress of an import of this account, and what became of each row.
func showImportJob(v *visit) (answer, error) {
	job, err := v.imports.GetImport(v.acting(), v.param("id"), false)
	if err != nil {
		return answer{}, err
	}
	if job.Kind != importjob.ImportRooms {
		return answer{}, errNoPage
	}

	here := importPath + "/" + job.ID
	outcome := importjob.ImportOutcome(v.request.URL.Query().Get("outcome"))
	after, _ := strconv.Atoi(v.request.URL.Query().Get("row")) // none: from the first on
	rows, err := v.imports.ImportRows(v.acting(), job.ID, outcome, after, reportPage+1)
	if err != nil {
		return answer{}, err
	}

	p := jobPage{
		Badge:   v.importState(job),
		Running: job.FinishedAt == nil,
		Facts:   v.importFacts(job),
		Says:    v.importSays(job),
		Reload:  here,
	}
	if job.FinishedAt != nil {
		p.Form = importPath
		p.FormText = v.say("import.again")
		p.Assign = job.RowsStored > 0 && !job.DryRun && v.isAdmin()
		if job.DryRun && job.RowsRefused == 0 && job.State == importjob.ImportDone {
			p.FormText = v.say("import.now")
		}
	}
	if len(rows) > reportPage {
		rows = rows[:reportPage]
		p.Further = web.ListAddress(here, "outcome", string(outcome),
			"row", strconv.Itoa(rows[len(rows)-1].RowNo))
	}

	var options []web.FacetOption
	var values []string
	for _, o := range outcomes {
		options = append(options, web.FacetOption{Label: v.outcome(o).Text})
		values = append(values, string(o))
	}
	p.Facets = []web.Facet{web.ChoiceFacet(v, here, "outcome", v.say("importrow.column.outcome"),
		options, values)}
	p.Facets[0].Options = withoutRow(p.Facets[0].Options)

	names, err := v.entitlements.RoomNames(v.acting(), db.IdsOf(rows, func(
		r importjob.ImportRow,
	) string {
		return db.Text(r.RoomID)
	}))
	if err != nil {
		return answer{}, err
	}
	var lines []web.Line
	for _, r := range rows {
		lines = append(lines, v.rowLine(r, names))
	}
	if len(lines) > 0 {
		p.Table = reportColumns.Table(v, lines)
	}

	a := answer{page: "importjob", label: v.importTitle(job), data: p, here: here}
	if p.Running {
		a.refresh = refreshAfter
	}
	return a, nil
}

// withoutRow lets a choice begin with the first row.
func withoutRow(options []web.FacetOption) []web.FacetOption {
	for i, o := range options {
		address, query, _ := strings.Cut(o.Link, "?")
		kept := strings.FieldsFunc(query, func(r rune) bool { return r == '&' })
		query = ""
		for _, pair := range kept {
			if !strings.HasPrefix(pair, "row=") {
				query += "&" + pair
			}
		}
		options[i].Link = address
		if query != "" {
			options[i].Link += "?" + query[1:]
		}
	}
	return options
}

func (v *visit) outcome(o importjob.ImportOutcome) web.Badge {
	colors := map[importjob.ImportOutcome]string{
		importjob.RowRefused: "red",
		importjob.RowStored:  "green",
		importjob.RowValid:   "green",
	}
	return web.Badge{Text: v.language.Say("import.outcome." + string(o)), Color: colors[o]}
}

// importSays is what became of the file, in a sentence.
func (v *visit) importSays(j importjob.ImportJob) string {
	switch {
	case j.State == importjob.ImportFailed:
		return v.say("import.says.failed")
	case j.FinishedAt == nil:
		return v.say("import.says.running")
	case j.DryRun && j.RowsRefused > 0:
		return v.say("import.says.checkedwrong")
	case j.DryRun:
		return v.say("import.says.checked")
	case j.State == importjob.ImportRefused:
		return v.say("import.says.refused")
	case j.RowsRefused > 0:
		return v.say("import.says.partly")
	case j.RowsStored == 0:
		return v.say("import.says.unchanged")
	}
	return v.say("import.says.done")
}

func (v *visit) importFacts(j importjob.ImportJob) []web.Fact {
	number := func(key string, n int) web.Fact {
		return web.Fact{Term: v.language.Say(key), Value: v.language.Number(int64(n))}
	}
	facts := []web.Fact{number("import.total", j.RowsTotal)}
	if j.FinishedAt == nil {
		facts = append(facts, number("import.checked", j.RowsChecked))
	}
	if !j.DryRun {
		facts = append(facts, number("import.stored", j.RowsStored),
			number("import.unchanged", j.RowsUnchanged))
	}
	return append(facts, number("import.refused", j.RowsRefused))
}

// rowLine is what became of a row. Of one that is refused for a serial of the account's own,
// the room is the one where that device is (R27c).
func (v *visit) rowLine(r importjob.ImportRow, names map[string]string) web.Line {
	room := web.Cell{}
	switch {
	case r.RoomID != nil && names[*r.RoomID] != "":
		room.Text = names[*r.RoomID]
		if path := roomPath(*r.RoomID); pagePath(path) {
			room.Link = path
		}
	case r.DeviceID != nil && r.Outcome == importjob.RowRefused:
		room.Text = v.say("equip.there.device")
		room.Link = devicePath(*r.DeviceID)
	}

	var problems []string
	for _, f := range r.Errors {
		problems = append(problems, v.fieldProblem(f))
	}
	var doubts []string
	for _, f := range r.Warnings {
		doubts = append(doubts, v.fieldProblem(f))
	}
	return web.Line{Cells: map[string]web.Cell{
		"row":     {Text: v.language.Number(int64(r.RowNo))},
		"outcome": {Badge: v.outcome(r.Outcome)},
		"problem": {Text: strings.Join(problems, " "), Small: strings.Join(doubts, " ")},
		"room":    room,
	}}
}

// fieldColumns are the columns that the rules' pointers are about.
var fieldColumns = map[string]string{
	"/name":          "room",
	"/address":       "street",
	"serial":         "serial",
	"model":          "model",
	"purchased_on":   "purchased_on",
	"/site":          "site",
	"/country":       "country",
	"/region":        "region",
	"/platform":      "platform",
	"/criticality":   "criticality",
	"/time_zone":     "time_zone",
	"street":         "street",
	"city":           "city",
	"postal_code":    "postal_code",
	"purchase_proof": "purchase_proof",
}

// fieldProblem says what is wrong with which column of a row.
func (v *visit) fieldProblem(f rules.FieldError) string {
	column := fieldColumns[f.Pointer]
	if column == "" {
		column = fieldColumns[path.Base(f.Pointer)]
	}
	own, _ := v.columnNames()
	for i, name := range roomfile.Columns() {
		if name == column {
			return v.say("import.field", "column", own[i], "problem", v.wrongWords(f.Code))
		}
	}
	return v.wrongWords(f.Code)
}
