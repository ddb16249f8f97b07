package portal

import (
	"bytes"
	"mime/multipart"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/entitlement"
	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/models/importjob"
	"roomcover.dev/roomcover/roomfile"
)

// upload sends a file as a browser does.
func (g *guest) upload(path, name string, content []byte, pairs ...string) reply {
	g.t.Helper()
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	part, err := w.CreateFormFile("file", name)
	require.NoError(g.t, err)
	_, err = part.Write(content)
	require.NoError(g.t, err)
	for i := 0; i+1 < len(pairs); i += 2 {
		require.NoError(g.t, w.WriteField(pairs[i], pairs[i+1]))
	}
	require.NoError(g.t, w.Close())
	req, err := http.NewRequest(http.MethodPost, g.url+path, &body)
	require.NoError(g.t, err)
	req.Header.Set("Content-Type", w.FormDataContentType())
	req.Header.Set("Sec-Fetch-Site", "same-origin")
	return g.do(req)
}

// works does the worker's part of the import that a page shows: it checks the rows, and stores
// them where the job is not dry and no row keeps them out.
func (w *world) works(page reply) importjob.ImportJob {
	w.t.Helper()
	id := page.path[strings.LastIndexByte(page.path, '/')+1:]
	job, err := w.Jobs.GetImport(w.Context, id, true)
	require.NoError(w.t, err)
	var rows []entitlement.RoomOfFile
	for row, err := range roomfile.Read(bytes.NewReader(job.Content), job.Format) {
		require.NoError(w.t, err)
		rows = append(rows, entitlement.RoomOfFile{No: row.No, Form: row.Form, Err: row.Err})
	}
	reports, err := w.CheckRooms(w.Context, job, rows)
	require.NoError(w.t, err)
	job.Count(reports)
	job.RowsChecked = len(rows)
	job.State = importjob.ImportDone
	switch {
	case job.DryRun:
		for i := range reports {
			if reports[i].Outcome == importjob.RowStored {
				reports[i].Outcome = importjob.RowValid
				reports[i].RoomID, reports[i].DeviceID = nil, nil
			}
		}
		job.RowsStored = 0
		require.NoError(w.t, w.Jobs.PutImportRows(w.Context, reports))
	case job.RowsRefused > 0 && job.AllOrNothing:
		job.State = importjob.ImportRefused
		job.RowsStored = 0
		for i := range reports {
			if reports[i].Outcome != importjob.RowRefused {
				continue
			}
			require.NoError(w.t, w.Jobs.PutImportRows(w.Context, reports[i:i+1]))
		}
	default:
		job.RowsStored, job.RowsUnchanged, job.RowsRefused = 0, 0, 0
		job.State = importjob.ImportStoring
		require.NoError(w.t, w.Jobs.ImportProgress(w.Context, job))
		job, err = w.StoreRooms(w.Context, job, rows)
		require.NoError(w.t, err)
		job.State = importjob.ImportDone
	}
	require.NoError(w.t, w.Jobs.ImportProgress(w.Context, job))
	return job
}

const twoRows = "sala;local;país;plataforma;número_de_série;modelo;comprado_em\n" +
	"Sala Ipê;HQ;BR;ZOOM_PC;IM-1;RALLY-BAR;2026-06-01\n" +
	"Sala Jatobá;HQ;BR;MTR_ANDROID;;;\n"

// S35: a file is checked by the very same validators and reported row by row; all of it is
// stored or nothing; the same file again changes nothing.
func TestS35_AFileIsCheckedReportedAndStoredOnce(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		ana, inv := w.admin()
		rows := func() int { return w.Count(t, "SELECT count(*) FROM rooms") }

		dry := ana.upload("/rooms/import", "salas.csv", []byte(twoRows), "do", "check")
		require.True(t, strings.HasPrefix(dry.path, "/rooms/import/imp_"), dry.path)
		require.Equal(t, "3", dry.header.Get("Refresh"), "the page asks again without scripts")
		require.Contains(t, dry.body, "Waiting")
		w.works(dry)
		checked := ana.get(dry.path)
		require.Empty(t, checked.header.Get("Refresh"))
		require.Contains(t, checked.body, "All rows are right")
		require.Contains(t, checked.body, "Send the file to import it")
		require.Equal(t, 2, strings.Count(checked.body, `<span class="badge green">Right</span>`))
		require.Zero(t, rows(), "a dry run stores nothing")

		bad := strings.Replace(twoRows, "Sala Jatobá;HQ;BR;MTR_ANDROID;;;", "Sala Jatobá;HQ;XX;MTR;n/a;;2031-01-01", 1)
		refused := ana.upload("/rooms/import", "salas.csv", []byte(bad), "do", "import")
		w.works(refused)
		report := ana.get(refused.path).body
		for _, words := range []string{
			"so nothing was stored", "Nothing stored", "country: This is not a country", "platform: Use MTR_WINDOWS",
			"serial: This stands for a missing number", "model: Fill in this field", "purchased_on: This day lies ahead",
		} {
			require.Contains(t, report, words)
		}
		require.Zero(t, rows(), "all or nothing")

		stored := ana.upload("/rooms/import", "salas.csv", []byte(twoRows), "do", "import")
		w.works(stored)
		require.Contains(t, ana.get(stored.path).body, "Everything is stored.")
		require.Equal(t, 2, rows())
		again := ana.upload("/rooms/import", "salas.csv", []byte(twoRows), "do", "import")
		require.NotEqual(t, stored.path, again.path)
		job := w.works(again)
		require.Equal(t, 2, job.RowsUnchanged)
		require.Contains(t, ana.get(again.path).body, "Everything was there already")
		require.Equal(t, 2, rows())

		lenient := ana.upload("/rooms/import", "salas.csv", []byte(bad+"Sala 3;HQ;BR;OTHER;;;\n"), "do", "import", "lenient", "yes")
		w.works(lenient)
		require.Contains(t, ana.get(lenient.path+"?outcome=REFUSED").body, "Partly stored")
		require.Equal(t, 3, rows())
		require.Contains(t, ana.get("/rooms/import").body, "Import of 2 rows")

		bruno := w.member(inv.AccountID, "bruno@acme.example", identity.RoleReadOnly)
		require.Equal(t, 200, bruno.get(stored.path).status)
		require.Contains(t, ana.get(stored.path).body, `href="/rooms/assign"`, "what to do next")
		require.NotContains(t, ana.get(dry.path).body, `href="/rooms/assign"`, "nothing was stored")
		require.NotContains(t, bruno.get(stored.path).body, `href="/rooms/assign"`)
		require.NotContains(t, bruno.get(stored.path).body, `href="/rooms/import"><svg`)
		require.Equal(t, 403, bruno.upload("/rooms/import", "salas.csv", []byte(twoRows)).status)
		gil, _ := w.site("gil@globex.example")
		require.Equal(t, 404, gil.get(stored.path).status)
		require.Equal(t, 404, ana.get("/rooms/import/imp_missing").status)
		w.AuditHolds(t)
	})
}

// R27c: of a serial that the account has elsewhere, the report leads to its room; of another
// account's, it says no more than that it is claimed.
func TestR27c_TheReportLeadsToWhatHasTheSerial(t *testing.T) {
	w := newWorld(t)
	ana, inv := w.admin()
	room := w.Room(t, inv.AccountID, "Sala Cedro")
	w.Device(t, room, "IM-1", "RALLY-BAR", "2026-06-01")
	_, acc := w.site("gil@globex.example")
	w.Device(t, w.Room(t, acc.ID, "Globex Lobby"), "GL-900", "MEETUP", "2026-06-01")
	page := ana.upload("/rooms/import", "r.csv", []byte(twoRows+"Sala 3;HQ;BR;OTHER;GL900;MEETUP;\n"), "do", "import")
	w.works(page)
	report := ana.get(page.path).body
	require.Contains(t, report, "Sala Cedro")
	require.Contains(t, report, "already have a device with this serial number")
	require.Contains(t, report, "claimed elsewhere")
	require.NotContains(t, report, "Globex")
}

// A file that cannot be read is refused on the form, with what is wrong with its header; one
// that is too large is not read to its end.
func TestS35_AFileThatCannotBeReadIsToldOnTheForm(t *testing.T) {
	w := newWorld(t)
	ana, _ := w.admin()
	for words, content := range map[string]string{
		"Choose a file with at least one row": "",
		"This is a workbook, not text":        "PK\x03\x04xl/workbook.xml",
		"The column country is missing":       "room,platform\nA,OTHER\n",
		"Column 4 of the header has a name":   "room,country,platform,colour\nA,BR,OTHER,red\n",
	} {
		page := ana.upload("/rooms/import", "r.csv", []byte(content), "do", "import")
		require.Equal(t, 422, page.status, words)
		require.Contains(t, page.body, words)
	}
	large := ana.upload("/rooms/import", "r.csv", bytes.Repeat([]byte("x"), maxUpload+1))
	require.Equal(t, 422, large.status)
	require.Contains(t, large.body, "larger than 32 MiB")
	require.Equal(t, 400, ana.post("/rooms/new", "room", strings.Repeat("x", maxBody)).status,
		"other forms keep their bound")

	pasted := ana.post("/rooms/import", "text", "room\tcountry\tplatform\nSala 1\tBR\tOTHER\n", "do", "import")
	require.True(t, strings.HasPrefix(pasted.path, "/rooms/import/imp_"), pasted.path)
	w.works(pasted)
	require.Equal(t, 1, w.Count(t, "SELECT count(*) FROM rooms"))
	wrong := ana.post("/rooms/import", "text", "room\tcountry\nSala 1\tBR\n")
	require.Contains(t, wrong.body, "Sala 1", "what was pasted stays")
}

// The template has every column, by the names of the reader's language, and is read again.
func TestS35_TheTemplateHasTheColumnsThatAreRead(t *testing.T) {
	w := newWorld(t)
	ana, _ := w.admin()
	for lang, name := range map[string]string{"en": "rooms.csv", "pt-BR": "salas.csv"} {
		page := ana.get("/rooms/import?lang=" + lang)
		file := ana.get("/rooms/import/template")
		require.Contains(t, file.header.Get("Content-Disposition"), name)
		_, err := roomfile.Check(strings.NewReader(file.body+"x;BR;OTHER"), "csv")
		require.NoError(t, err)
		for _, column := range strings.FieldsFunc(strings.Trim(file.body, "\ufeff\n"), func(r rune) bool {
			return r == ',' || r == ';'
		}) {
			require.Contains(t, page.body, `<b class="mono">`+column+`</b>`)
		}
	}
}
