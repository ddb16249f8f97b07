package main

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// importCommand uploads a file of orders.
type importCommand struct {
	output
	apiOptions
	File    string        `arg:"" type:"existingfile" help:"CSV or JSON file of orders; examples/ shows both."`
	DryRun  bool          `help:"Check every order and store none."`
	Partial bool          `help:"Store the orders that are right even where others are refused."`
	Refused bool          `name:"only-refused" help:"Report only rows that are refused."`
	For     string        `name:"on-behalf-of" placeholder:"ORG" help:"Operators: id of the seller whose orders these are."`
	Reason  string        `help:"Operators: why; it goes into the audit."`
	Pause   time.Duration `hidden:"" default:"300ms"`
}

// Help is shown by --help.
func (importCommand) Help() string {
	return `Uploads up to 10,000 orders, shows how far the service is, and then the report
by row. By default a file is taken as a whole: one refused row, and nothing is
stored. --dry-run runs the very same checks.

An import runs in the service: Ctrl-C ends the watching, not the import. Running
the command again is safe, since orders that are stored already stay as they are.
Exit code 3 when a row was refused.

Examples:
  roomcover import orders.csv --dry-run
  roomcover import orders.csv
  roomcover import orders.json --partial --json`
}

// Validate is called by kong.
func (c importCommand) Validate() error {
	if (c.For == "") != (c.Reason == "") {
		return fmt.Errorf("--on-behalf-of and --reason go together")
	}
	return nil
}

// importJob is how far the service is.
type importJob struct {
	ID        string `json:"id"`
	State     string `json:"state"`
	DryRun    bool   `json:"dry_run"`
	Total     int    `json:"rows_total"`
	Checked   int    `json:"rows_checked"`
	Stored    int    `json:"rows_stored"`
	Unchanged int    `json:"rows_unchanged"`
	Refused   int    `json:"rows_refused"`
	Error     string `json:"error,omitempty"`
}

func (j importJob) over() bool {
	return j.State == "DONE" || j.State == "REFUSED" || j.State == "FAILED"
}

// importRow is the report of one order.
type importRow struct {
	Row     int        `json:"row"`
	Outcome string     `json:"outcome"`
	OrderID string     `json:"order_id,omitempty"`
	Errors  []rowError `json:"errors,omitempty"`
}

// rowError is one wrong field.
type rowError struct {
	Pointer string `json:"pointer"`
	Code    string `json:"code"`
	Message string `json:"message"`
	Remedy  string `json:"remedy"`
}

// Run uploads, watches and reports.
func (c importCommand) Run(ctx context.Context, a *app) error {
	client, err := c.client()
	if err != nil {
		return err
	}
	job, err := c.upload(ctx, client)
	if err != nil {
		return err
	}
	if job, err = c.watch(ctx, a, client, job); err != nil {
		return err
	}
	rows, err := every[importRow](ctx, client, "/v1/imports/"+job.ID+"/rows", c.rows(), 0)
	if err != nil {
		return err
	}
	if err := c.report(a, job, rows); err != nil {
		return err
	}
	switch {
	case job.State == "FAILED":
		return fmt.Errorf("the import failed: %s", job.Error)
	case job.Refused > 0 || job.State == "REFUSED":
		return refusedRows{fmt.Sprintf("%d of %d orders are refused", job.Refused, job.Total)}
	}
	return nil
}

var mediaOf = map[string]string{".csv": "text/csv", ".json": "application/json", ".ndjson": "application/x-ndjson", ".jsonl": "application/x-ndjson"}

func (c importCommand) upload(ctx context.Context, client *apiClient) (importJob, error) {
	var job importJob
	media := mediaOf[strings.ToLower(filepath.Ext(c.File))]
	if media == "" {
		return job, settingsError{fmt.Errorf("%s: the name must end in .csv, .json or .ndjson", filepath.Base(c.File))}
	}
	content, err := os.ReadFile(c.File)
	if err != nil {
		return job, err
	}
	query := url.Values{"dry_run": {strconv.FormatBool(c.DryRun)}, "all_or_nothing": {strconv.FormatBool(!c.Partial)}}
	if c.For != "" {
		query.Set("on_behalf_of", c.For)
		query.Set("reason", c.Reason)
	}
	return job, client.call(ctx, request{method: http.MethodPost, path: "/v1/orders/import", query: query, body: content, contentType: media, key: newKey()}, &job)
}

func (c importCommand) rows() url.Values {
	if c.Refused {
		return url.Values{"outcome": {"REFUSED"}}
	}
	return url.Values{}
}

// watch shows how far the service is until it is done.
func (c importCommand) watch(ctx context.Context, a *app, client *apiClient, job importJob) (importJob, error) {
	progress := a.progress()
	defer progress.end()
	for {
		progress.show(job)
		if job.over() {
			return job, nil
		}
		select {
		case <-ctx.Done():
			return job, ctx.Err()
		case <-time.After(c.Pause):
		}
		next := importJob{}
		if err := client.call(ctx, request{method: http.MethodGet, path: "/v1/imports/" + job.ID}, &next); err != nil {
			return job, err
		}
		job = next
	}
}
