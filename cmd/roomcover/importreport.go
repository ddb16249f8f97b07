package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/schollz/progressbar/v3"

	"roomcover.dev/roomcover/api"
	"roomcover.dev/roomcover/models/importjob"
)

// progress shows how far an import is: a bar at a terminal, plain lines
// elsewhere. It writes beside the report, so that the report stays clean.
type progress struct {
	w    io.Writer
	bar  *progressbar.ProgressBar
	live bool
	last string
}

func (a *app) progress() *progress { return &progress{w: a.errs, live: a.terminal} }

// importSteps counts the steps of an import: every order is checked, and then stored
// unless it is a dry run.
func importSteps(j api.ImportView) (done, all int) {
	done, all = j.RowsChecked, j.RowsTotal
	if !j.DryRun {
		done, all = done+j.RowsStored+j.RowsUnchanged, 2*all
	}
	if importOver(j) {
		done = all
	}
	return done, all
}

func (p *progress) show(j api.ImportView) {
	done, all := importSteps(j)
	if !p.live {
		// A line for each state and for each tenth.
		line := plain(string(j.State))
		if all > 0 {
			line += " " + strconv.Itoa(done*10/all*10) + " %"
		}
		if line != p.last {
			fmt.Fprintln(p.w, line)
		}

		p.last = line
		return
	}

	if p.bar == nil && all > 0 {
		p.bar = progressbar.NewOptions(all, progressbar.OptionSetWriter(p.w),
			progressbar.OptionSetWidth(30),
			progressbar.OptionThrottle(50*time.Millisecond), progressbar.OptionClearOnFinish())
	}

	if p.bar != nil {
		p.bar.Describe(plain(string(j.State)))
		_ = p.bar.Set(done)
	}
}

func (p *progress) end() {
	if p.bar != nil {
		_ = p.bar.Exit()
		_ = p.bar.Clear()
	}
}

// report shows the counts and every row that needs a look.
func (c importOptions) report(
	ctx context.Context, a *app, client *apiClient,
	job api.ImportView, rows []api.ImportRowView, what string,
) error {
	report := map[string]any{"import": job, "rows": rows}
	return c.showNamed(ctx, a, client, report, func(w io.Writer, named *words) {
		a.rowTable(w, named, rows)
		kind := "Import"
		if job.DryRun {
			kind = "Dry run"
		}

		fmt.Fprintf(w, "%s %s: %d %s, %d stored, %d unchanged, %d refused.  %s\n", kind,
			plain(string(job.State)), job.RowsTotal, what, job.RowsStored, job.RowsUnchanged,
			job.RowsRefused, job.ID)
		if job.Error != "" {
			fmt.Fprintln(w, job.Error)
		}
		if job.State == importjob.ImportRefused {
			fmt.Fprintln(w,
				"Nothing was stored. Correct the rows above and import the file again, "+
					"or store the others with --partial.")
		}
	})
}

func (a *app) rowTable(w io.Writer, named *words, rows []api.ImportRowView) {
	t := a.table(w, "row", "outcome", "field", "what to do", "order or room", "id")
	for _, r := range rows {
		id := cmp.Or(r.OrderID, r.RoomID)
		for _, doubt := range r.Warnings {
			t.AppendRow([]any{
				r.Row,
				plain(string(r.Outcome)) + ", doubtful",
				dash(spelling{}.field(doubt.Pointer)),
				doubt.Message + " " + doubt.Remedy,
				dash(named.known(id)),
				dash(id),
			})
		}
		if len(r.Errors)+len(r.Warnings) == 0 {
			t.AppendRow([]any{
				r.Row,
				plain(string(r.Outcome)),
				"-",
				"-",
				dash(named.known(id)),
				dash(id),
			})
		}

		for _, e := range r.Errors {
			t.AppendRow([]any{
				r.Row,
				a.late(plain(string(r.Outcome))),
				dash(spelling{}.field(e.Pointer)),
				e.Message + " " + e.Remedy,
				dash(named.known(id)),
				dash(id),
			})
		}
	}

	if len(rows) > 0 {
		t.Render()
		fmt.Fprintln(w)
	}
}
