package api

import (
	"context"
	"encoding/csv"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"roomcover.dev/roomcover/models"
)

const mediaCSV = "text/csv"

// contractColumns are the columns of the register's file.
var contractColumns = []string{"contract_id", "source", "type", "state", "account_id", "company", "order_id", "po_number", "serial", "quantity", "in_force", "assigned",
	"term_years", "start_on", "last_day", "latest_start_on", "cancelled_at", "time_zone"}

// exportContracts sends the register page by page, so that its size costs no memory.
// The first page is read before anything is sent: what is refused is answered as a
// refusal.
func (h contractHandlers) exportContracts(ctx context.Context, in *ContractsInput) (*huma.StreamResponse, error) {
	f := in.filter()
	f.Page.Limit = 200
	first, next, err := h.store.Contracts(ctx, f)
	if err != nil {
		return nil, err
	}
	return &huma.StreamResponse{Body: func(out huma.Context) {
		out.SetHeader("Content-Type", mediaCSV+"; charset=utf-8")
		out.SetHeader("Content-Disposition", `attachment; filename="contracts.csv"`)
		file := csv.NewWriter(out.BodyWriter())
		_ = file.Write(contractColumns) // an error shows when it is flushed
		for page := first; ; {
			if err := h.writeContracts(ctx, file, page); err != nil {
				abort(ctx, err)
			}
			if next == "" {
				return
			}
			f.Page.After = next
			if page, next, err = h.store.Contracts(ctx, f); err != nil {
				abort(ctx, err)
			}
		}
	}}, nil
}

// abort breaks the connection: a file that is cut off must not look whole.
func abort(ctx context.Context, err error) {
	logOf(ctx).ErrorContext(ctx, "a file was cut off", slog.String("request_id", requestID(ctx)), slog.Any("error", err))
	panic(http.ErrAbortHandler)
}

func (h contractHandlers) writeContracts(ctx context.Context, file *csv.Writer, entries []models.ContractEntry) error {
	names, err := h.store.NamesOf(ctx, entries)
	if err != nil {
		return err
	}
	for _, e := range entries {
		v := h.contractView(e)
		cancelled := ""
		if v.CancelledAt != nil {
			cancelled = v.CancelledAt.Format(time.RFC3339)
		}
		number := func(n int64) string { return strconv.FormatInt(n, 10) }
		_ = file.Write([]string{v.ID, string(v.Source), string(v.Type), string(v.State), v.AccountID, plainCell(names.Company[v.AccountID]), v.OrderID,
			plainCell(names.PONumber[v.OrderID]), v.Serial, number(v.Quantity), number(v.InForce), number(v.Assigned), strconv.Itoa(v.TermYears),
			v.StartOn, v.LastDay, v.LatestStartOn, cancelled, v.TimeZone})
	}
	file.Flush()
	return file.Error()
}

// plainCell keeps a spreadsheet from running a text that somebody else wrote as a
// formula: one that begins like a formula, also behind blanks, is marked as text.
func plainCell(text string) string {
	if start := strings.TrimSpace(text); start != "" && strings.ContainsRune("=+-@|%＝＋－＠", []rune(start)[0]) {
		return "'" + text
	}
	if strings.ContainsAny(text, "\t\r\n") {
		return "'" + text
	}
	return text
}
