package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"

	"roomcover.dev/roomcover/api"
)

// warrantyCommands are about extended warranties from before this service.
type warrantyCommands struct {
	List warrantyListCommand `cmd:"" help:"List imported and claimed warranties from before."`
}

type warrantyListCommand struct {
	output
	apiOptions
	Account string `placeholder:"ACCOUNT" help:"Only those of this account: its id or the company's name."`
	State   string `enum:",unmatched,linked,refused" default:"" help:"Only those in this state."`
	Source  string `enum:",import,claim" default:"" help:"Only those that were imported, or claimed by a customer."`
	Serial  string `placeholder:"SERIAL" help:"Only those of this serial."`
	Limit   int    `default:"200" help:"At most so many, the newest first; 0 for all."`
}

// Help is shown by --help.
func (warrantyListCommand) Help() string {
	return `Decide about one that is unmatched with roomcover task do.

Examples:
  roomcover warranty list --state unmatched
  roomcover warranty list --serial SN-100`
}

// Run lists.
func (c warrantyListCommand) Run(ctx context.Context, a *app) error {
	client, err := c.client()
	if err != nil {
		return err
	}

	account, err := client.accountID(ctx, c.Account)
	if err != nil {
		return err
	}

	list, err := every[api.WarrantyView](ctx, client, "/v1/warranties", filters(map[string]string{
		"account_id": account,
		"state":      strings.ToUpper(c.State),
		"source":     strings.ToUpper(c.Source),
		"serial":     c.Serial,
	}), c.Limit)
	if err != nil {
		return err
	}

	return c.showNamed(ctx, a, client, list, func(out io.Writer, w *words) {
		if len(list) == 0 {
			fmt.Fprintln(out, "No warranties from before.")
			return
		}

		t := a.table(out, "serial", "whose", "came by", "state", "why", "last day", "id")
		for _, one := range list {
			t.AppendRow([]any{
				one.Serial,
				dash(whose(w, one)),
				plain(string(one.Source)),
				plain(string(one.State)),
				dash(w.code(string(one.Why))),
				dash(w.day(one.LastDay)),
				one.ID,
			})
		}
		t.Render()
		fmt.Fprintf(out, "\n%d in all.\n", len(list))
	})
}

// whose names the account, or the company and address that matched none.
func whose(w *words, one api.WarrantyView) string {
	if one.AccountID != "" {
		return w.name(one.AccountID)
	}
	text := one.Company
	if one.Address != nil {
		text += ", " + addressOf(*one.Address)
	}
	return strings.Trim(text, ", ")
}

// importWarrantiesCommand uploads a file of extended warranties.
type importWarrantiesCommand struct {
	output
	apiOptions
	File   string `arg:"" type:"existingfile" help:"CSV or JSON file of up to 1,000 rows."`
	DryRun bool   `help:"Check and match every row and store none."`
	Reason string `placeholder:"TEXT" help:"Why; it goes into the audit."`
}

// Help is shown by --help.
func (importWarrantiesCommand) Help() string {
	return `Each row is matched to an account by company and address. One that matches none is
kept, and is a task. One refused row, and nothing is stored. What is there already stays as it
is, so running the command again is safe. Exit code 3 when a row was refused.

Examples:
  roomcover import warranties warranties.csv --dry-run
  roomcover import warranties warranties.csv --reason "list of the old system"`
}

// Run uploads and reports.
func (c importWarrantiesCommand) Run(ctx context.Context, a *app) error {
	client, err := c.client()
	if err != nil {
		return err
	}

	content, media, err := readUpload(c.File)
	if err != nil {
		return err
	}

	query := filters(map[string]string{"reason": c.Reason})
	query.Set("dry_run", strconv.FormatBool(c.DryRun))
	var report api.WarrantyImportView
	err = client.call(ctx, request{
		method:      http.MethodPost,
		path:        "/v1/warranties/import",
		query:       query,
		body:        content,
		contentType: media,
		key:         newKey(),
	}, &report)
	if err != nil {
		return err
	}

	refused := 0
	for _, r := range report.Rows {
		if len(r.Errors) > 0 {
			refused++
		}
	}

	err = c.showNamed(ctx, a, client, report,
		func(out io.Writer, w *words) { a.warrantyReport(out, w, report) })
	if err == nil && refused > 0 {
		return refusedRows{fmt.Sprintf("%d of %d rows are refused", refused, len(report.Rows))}
	}
	return err
}

func (a *app) warrantyReport(out io.Writer, w *words, report api.WarrantyImportView) {
	t := a.table(out, "row", "outcome", "customer", "why")
	for _, r := range report.Rows {
		why := w.code(string(r.Why))
		for _, wrong := range r.Errors {
			why = strings.TrimSpace(why + " " + a.spelling.field(wrong.Pointer) + ": " +
				wrong.Message)
		}
		t.AppendRow([]any{
			r.Row,
			plain(string(r.Outcome)),
			dash(w.name(r.AccountID)),
			dash(why),
		})
	}
	t.Render()

	fmt.Fprintln(out)
	switch {
	case report.DryRun:
		fmt.Fprintf(out, "%s were checked; nothing was stored.\n", count(len(report.Rows), "row"))
	case report.Stored:
		fmt.Fprintf(out, "%s are stored.\n", count(len(report.Rows), "row"))
	default:
		fmt.Fprintln(out, "Nothing was stored.")
	}
}
