package main

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/api"
	"roomcover.dev/roomcover/models/importjob"
	"roomcover.dev/roomcover/rules"
)

// theOrder is an order that has a name.
const theOrder = "ord_01kbtqz4vm0000000000000001"

// importer answers like the API, one state of the job after the other.
type importer struct {
	states []api.ImportView
	rows   []api.ImportRowView
	asked  int
	upload *http.Request
	body   string
	report url.Values
	onPoll func()
}

func (i *importer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	answer := func(v any) { _ = json.NewEncoder(w).Encode(v) }
	switch {
	case r.Method == http.MethodPost:
		b, _ := io.ReadAll(r.Body)
		i.upload, i.body = r, string(b)
		w.WriteHeader(http.StatusAccepted)
		answer(api.ImportView{ID: "imp_1", State: importjob.ImportQueued, RowsTotal: i.states[0].RowsTotal})
	case r.URL.Path == "/v1/imports/imp_1":
		if i.onPoll != nil {
			i.onPoll()
		}
		answer(i.states[min(i.asked, len(i.states)-1)])
		i.asked++
	case r.URL.Path == "/v1/imports/imp_1/rows":
		i.report = r.URL.Query()
		answer(paged[api.ImportRowView]{Items: i.rows})
	case r.URL.Path == "/v1/names":
		answer(api.NamesView{Items: []api.NameView{{ID: theOrder, Name: "SO-1RPCG (PO-1)"}}})
	default:
		w.WriteHeader(http.StatusNotFound)
	}
}

func importing(t *testing.T, i *importer) (s *shell, file string) {
	t.Helper()
	web := httptest.NewServer(i)
	t.Cleanup(web.Close)
	s = newShell(t, nil)
	t.Setenv("ROOMCOVER_URL", web.URL)
	file = filepath.Join(t.TempDir(), "orders.csv")
	require.NoError(t, os.WriteFile(file, []byte("po_number\nPO-1\n"), 0o600))
	return s, file
}

func job(state importjob.ImportState, checked, stored, unchanged, refused int) api.ImportView {
	return api.ImportView{
		ID:            "imp_1",
		State:         state,
		RowsTotal:     2,
		RowsChecked:   checked,
		RowsStored:    stored,
		RowsUnchanged: unchanged,
		RowsRefused:   refused,
	}
}

func TestS35_ImportUploadsShowsProgressAndReportsByRow(t *testing.T) {
	i := &importer{
		states: []api.ImportView{job("CHECKING", 1, 0, 0, 0), job("STORING", 2, 1, 0, 0), job("DONE", 2, 1, 1, 0)},
		rows: []api.ImportRowView{
			{Row: 2, Outcome: "STORED", OrderID: theOrder},
			{Row: 3, Outcome: "UNCHANGED", OrderID: "ord_2"},
		},
	}
	s, file := importing(t, i)
	out := s.must("import", file, "--pause", "1ms")
	require.Regexp(t, `2 +stored +- +- +SO-1RPCG \(PO-1\) +`+theOrder+`\n`, out)
	require.Regexp(t, `3 +unchanged +- +- +- +ord_2\n`, out)
	require.Contains(t, out, "2 orders, 1 stored, 1 unchanged, 0 refused")
	require.Contains(t, s.err.String(), "checking 20 %\n")
	require.Contains(t, s.err.String(), "done 100 %\n")
	require.Equal(t, "po_number\nPO-1\n", i.body)
	require.Equal(t, "text/csv", i.upload.Header.Get("Content-Type"))
	require.NotEmpty(t, i.upload.Header.Get("Idempotency-Key"))
	require.Equal(t, "all_or_nothing=true&dry_run=false", i.upload.URL.RawQuery)
}

func TestS35_ImportWithARefusedRowExitsWith3AndTellsTheRemedy(t *testing.T) {
	i := &importer{
		states: []api.ImportView{job("REFUSED", 2, 0, 0, 1)},
		rows: []api.ImportRowView{{
			Row:     3,
			Outcome: "REFUSED",
			Errors: []rules.FieldError{{
				Pointer: "/lines/0/sku",
				Code:    "UNKNOWN_SKU",
				Message: "Unknown.",
				Remedy:  "Use another.",
			}},
		}},
	}
	s, file := importing(t, i)
	require.Equal(t, exitRefused, s.run("import", file, "--dry-run", "--partial", "--only-refused", "--pause", "1ms",
		"--on-behalf-of", "org_1", "--reason", "asked by phone"))
	for _, want := range []string{"line 1, sku", "Unknown.", "Use another.", "Nothing was stored."} {
		require.Contains(t, s.out.String(), want)
	}
	require.Contains(t, s.err.String(), "1 of 2 orders are refused")
	require.Equal(t, "all_or_nothing=false&dry_run=true&on_behalf_of=org_1&reason=asked+by+phone",
		i.upload.URL.RawQuery)
}

func TestImportForProgramsIsJSONAlone(t *testing.T) {
	i := &importer{
		states: []api.ImportView{job("DONE", 2, 2, 0, 0)},
		rows:   []api.ImportRowView{{Row: 2, Outcome: "STORED"}},
	}
	s, file := importing(t, i)
	var report struct {
		Import api.ImportView
		Rows   []api.ImportRowView
	}
	s.json(&report, "import", file, "--pause", "1ms")
	require.Equal(t, 2, report.Import.RowsStored)
	require.Len(t, report.Rows, 1)
}

func TestImportThatFailedExitsWith1(t *testing.T) {
	failed := job("FAILED", 0, 0, 0, 0)
	failed.Error = "the file cannot be read again"
	s, file := importing(t, &importer{states: []api.ImportView{failed}})
	require.Equal(t, exitFailed, s.run("import", file, "--pause", "1ms"))
	require.Contains(t, s.err.String(), "the file cannot be read again")
}

func TestImportInterruptedSaysThatItMayBeRunAgain(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	i := &importer{states: []api.ImportView{job("CHECKING", 1, 0, 0, 0)}, onPoll: stop}
	s, file := importing(t, i)
	require.Equal(t, exitInterrupted, s.runUntil(ctx, "import", file, "--pause", "1ms"))
	require.Contains(t, s.err.String(), "running it again is safe")
}

func TestImportShowsABarAtATerminal(t *testing.T) {
	i := &importer{states: []api.ImportView{job("CHECKING", 1, 0, 0, 0), job("DONE", 2, 2, 0, 0)}}
	s, file := importing(t, i)
	s.app.terminal = true
	s.must("import", file, "--pause", "100ms")
	require.Contains(t, s.err.String(), "checking")
	require.Contains(t, s.err.String(), "\r")
}
