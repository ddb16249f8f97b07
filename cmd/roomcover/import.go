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

	"roomcover.dev/roomcover/api"
	"roomcover.dev/roomcover/models/importjob"
)

// importCommands upload files; without a name, of orders.
type importCommands struct {
	Orders importOrdersCommand `cmd:"" default:"withargs" help:"Upload a file of orders; the word may be left out."`
	Rooms  importRoomsCommand  `cmd:"" help:"Upload a file of rooms with their devices."`

	Warranties importWarrantiesCommand `cmd:"" help:"Upload a file of extended warranties from before."`
}

// Help is shown by --help.
func (importCommands) Help() string {
	return `Examples:
  roomcover import orders.csv
  roomcover import rooms rooms.csv
  roomcover import warranties warranties.csv`
}

// importOptions are what both have in common.
type importOptions struct {
	output
	apiOptions
	File    string        `arg:"" type:"existingfile" help:"CSV or JSON file; examples/ shows both."`
	DryRun  bool          `help:"Check every row and store none."`
	Partial bool          `help:"Store the rows that are right even where others are refused."`
	Refused bool          `name:"only-refused" help:"Report only rows that are refused."`
	Pause   time.Duration `hidden:"" default:"300ms"`
}

// importOrdersCommand uploads a file of orders.
type importOrdersCommand struct {
	importOptions
	For    string `name:"on-behalf-of" placeholder:"ORG" help:"Operators: id of the seller whose orders these are."`
	Reason string `help:"Operators: why; it goes into the audit."`
}

// Help is shown by --help.
func (importOrdersCommand) Help() string {
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
func (c importOrdersCommand) Validate() error {
	if (c.For == "") != (c.Reason == "") {
		return fmt.Errorf("--on-behalf-of and --reason go together")
	}
	return nil
}

// Run uploads, watches and reports.
func (c importOrdersCommand) Run(ctx context.Context, a *app) error {
	client, err := c.client()
	if err != nil {
		return err
	}

	query := url.Values{}
	if c.For != "" {
		query.Set("on_behalf_of", c.For)
		query.Set("reason", c.Reason)
	}

	return c.runImport(ctx, a, client, importTarget{
		path:  "/v1/orders/import",
		query: query,
		what:  "orders",
	})
}

// importRoomsCommand uploads a file of rooms.
type importRoomsCommand struct {
	importOptions
	Account string `placeholder:"ACCOUNT" help:"Operators: id or name of the account whose rooms these are."`
	Reason  string `help:"Operators: why; it goes into the audit."`
}

// Help is shown by --help.
func (importRoomsCommand) Help() string {
	return `Uploads up to 100,000 rows, each a room or a device with its room, shows how far
the service is, and then the report by row. By default a file is taken as a whole:
one refused row, and nothing is stored. --dry-run runs the very same checks.

A room is known by its name and site, a device by its serial. What is there already
stays as it is, so running the command again is safe. Exit code 3 when a row was
refused.

Examples:
  roomcover import rooms rooms.csv --dry-run
  roomcover import rooms rooms.csv
  roomcover import rooms rooms.json --account "Acme Ltda" --reason "asked by phone"`
}

// Run uploads, watches and reports.
func (c importRoomsCommand) Run(ctx context.Context, a *app) error {
	client, err := c.client()
	if err != nil {
		return err
	}

	query := url.Values{}
	if c.Account != "" {
		id, err := client.accountID(ctx, c.Account)
		if err != nil {
			return err
		}
		query.Set("account_id", id)
	}

	if c.Reason != "" {
		query.Set("reason", c.Reason)
	}

	return c.runImport(ctx, a, client, importTarget{
		path:  "/v1/rooms/import",
		query: query,
		what:  "rows",
	})
}

// importTarget is where a file goes, and what its rows are called.
type importTarget struct {
	path  string
	query url.Values
	what  string
}

// importOver reports whether the service is done with an import.
func importOver(j api.ImportView) bool {
	return j.State == importjob.ImportDone || j.State == importjob.ImportRefused ||
		j.State == importjob.ImportFailed
}

// runImport uploads, watches and reports.
func (c importOptions) runImport(
	ctx context.Context, a *app, client *apiClient, target importTarget,
) error {
	job, err := c.upload(ctx, client, target)
	if err != nil {
		return err
	}
	if job, err = c.watch(ctx, a, client, job); err != nil {
		return err
	}

	rows, err := every[api.ImportRowView](ctx, client, "/v1/imports/"+job.ID+"/rows",
		c.rows(job), 0)
	if err != nil {
		return err
	}
	if err := c.report(ctx, a, client, job, rows, target.what); err != nil {
		return err
	}

	switch {
	case job.State == importjob.ImportFailed:
		return fmt.Errorf("the import failed: %s", job.Error)
	case job.RowsRefused > 0 || job.State == importjob.ImportRefused:
		return refusedRows{fmt.Sprintf("%d of %d %s are refused", job.RowsRefused, job.RowsTotal,
			target.what)}
	}

	return nil
}

// manyRows is how many rows a person may want to read one by one.
const manyRows = 1000

var mediaOf = map[string]string{
	".csv":    "text/csv",
	".txt":    "text/csv", // a spreadsheet's "Unicode text"
	".tsv":    "text/csv",
	".json":   "application/json",
	".ndjson": "application/x-ndjson",
	".jsonl":  "application/x-ndjson",
}

func (c importOptions) upload(
	ctx context.Context, client *apiClient, target importTarget,
) (api.ImportView, error) {
	var job api.ImportView
	content, media, err := readUpload(c.File)
	if err != nil {
		return job, err
	}

	target.query.Set("dry_run", strconv.FormatBool(c.DryRun))
	target.query.Set("all_or_nothing", strconv.FormatBool(!c.Partial))
	return job, client.call(ctx, request{
		method:      http.MethodPost,
		path:        target.path,
		query:       target.query,
		body:        content,
		contentType: media,
		key:         newKey(),
	}, &job)
}

// readUpload reads a file with its media type, which its name says.
func readUpload(name string) (content []byte, media string, err error) {
	media = mediaOf[strings.ToLower(filepath.Ext(name))]
	if media == "" {
		return nil, "", settingsError{fmt.Errorf(
			"%s: the name must end in .csv, .txt, .json or .ndjson", filepath.Base(name),
		)}
	}

	content, err = os.ReadFile(name)
	return content, media, err
}

// rows are those to report: of a long file that a person reads, only the refused.
func (c importOptions) rows(job api.ImportView) url.Values {
	if c.Refused || (!c.JSON && job.RowsTotal > manyRows) {
		return url.Values{"outcome": {"REFUSED"}}
	}
	return url.Values{}
}

// watch shows how far the service is until it is done.
func (c importOptions) watch(
	ctx context.Context, a *app, client *apiClient, job api.ImportView,
) (api.ImportView, error) {
	progress := a.progress()
	defer progress.end()
	for {
		progress.show(job)
		if importOver(job) {
			return job, nil
		}

		select {
		case <-ctx.Done():
			return job, ctx.Err()
		case <-time.After(c.Pause):
		}

		next := api.ImportView{}
		if err := client.read(ctx, "/v1/imports/"+job.ID, &next); err != nil {
			return job, err
		}

		job = next
	}
}
