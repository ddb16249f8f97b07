package api

import (
	"bytes"
	"context"
	"net/http"
	"slices"
	"strconv"
	"time"

	"roomcover.dev/roomcover/models"
	"roomcover.dev/roomcover/orderfile"
	"roomcover.dev/roomcover/rules"
)

var importMedia = []string{"text/csv", mediaJSON, "application/x-ndjson"}

func (s *service) importRoutes() {
	mount(s, route{ID: "import-orders", Method: post, Path: "/v1/orders/import", Tag: "Imports", Summary: "Import a file of orders",
		Description: "CSV with the documented columns, a JSON array of orders, or one order per line; up to 10000 orders and 32 MiB. The job runs by itself: follow Location. " +
			"A dry run checks everything and stores nothing. The same file again changes nothing (S35).",
		Scope: OrdersWrite, Capability: rules.SubmitOrders, Media: importMedia, MaxBody: maxImport, Status: http.StatusAccepted, Idempotent: true, Intake: true}, s.importOrders)
	mount(s, route{ID: "get-import", Method: get, Path: "/v1/imports/{id}", Tag: "Imports", Summary: "Read an import's progress",
		Scope: OrdersRead, Capability: rules.SubmitOrders, Errors: []int{404}}, s.getImport)
	mount(s, route{ID: "list-import-rows", Method: get, Path: "/v1/imports/{id}/rows", Tag: "Imports", Summary: "Read an import's report, row by row",
		Scope: OrdersRead, Capability: rules.SubmitOrders, Errors: []int{404}}, s.importRows)
}

// ImportView is the progress of an import.
type ImportView struct {
	ID            string             `json:"id"`
	State         models.ImportState `json:"state" enum:"QUEUED,CHECKING,STORING,DONE,REFUSED,FAILED"`
	Format        string             `json:"format" enum:"csv,json"`
	DryRun        bool               `json:"dry_run"`
	AllOrNothing  bool               `json:"all_or_nothing"`
	RowsTotal     int                `json:"rows_total"`
	RowsChecked   int                `json:"rows_checked"`
	RowsStored    int                `json:"rows_stored"`
	RowsUnchanged int                `json:"rows_unchanged"`
	RowsRefused   int                `json:"rows_refused"`
	Error         string             `json:"error,omitempty"`
	CreatedAt     time.Time          `json:"created_at"`
	FinishedAt    *time.Time         `json:"finished_at,omitempty"`
}

func importView(j models.ImportJob) ImportView {
	return ImportView{j.ID, j.State, j.Format, j.DryRun, j.AllOrNothing, j.RowsTotal, j.RowsChecked, j.RowsStored, j.RowsUnchanged, j.RowsRefused, j.Error, j.CreatedAt, j.FinishedAt}
}

type importInput struct {
	ForInput
	DryRun       bool `query:"dry_run" doc:"Check only"`
	AllOrNothing bool `query:"all_or_nothing" default:"true" doc:"Store nothing when a row is refused"`
}

type importOutput struct {
	Location string `header:"Location"`
	Body     ImportView
}

func (s *service) importOrders(ctx context.Context, in *importInput) (*importOutput, error) {
	ctx, sender, err := s.sender(ctx, in.ForInput)
	if err != nil {
		return nil, err
	}
	c := callOf(ctx)
	format := orderfile.JSON
	if c.media == "text/csv" {
		format = orderfile.CSV
	}
	orders, err := orderfile.Check(bytes.NewReader(c.body), format)
	if err != nil {
		return nil, s.recordRefusal(ctx, sender.ID, err)
	}
	job, err := s.store.CreateImport(ctx, models.ImportJob{OrgID: sender.ID, Format: format, DryRun: in.DryRun, AllOrNothing: in.AllOrNothing, Content: c.body, RowsTotal: orders})
	if err != nil {
		return nil, err
	}
	return &importOutput{Location: "/v1/imports/" + job.ID, Body: importView(job)}, nil
}

func (s *service) getImport(ctx context.Context, in *IDInput) (*one[ImportView], error) {
	job, err := s.store.GetImport(ctx, in.ID, false)
	return single(job, err, importView)
}

// ImportRowView is the report of one order of a file.
type ImportRowView struct {
	Row     int                  `json:"row" doc:"Line of a CSV file, or place in a JSON file, from 1"`
	Outcome models.ImportOutcome `json:"outcome" enum:"VALID,STORED,UNCHANGED,REFUSED"`
	OrderID string               `json:"order_id,omitempty"`
	Errors  []rules.FieldError   `json:"errors" nullable:"false"`
}

type importRowsInput struct {
	IDInput
	Cursor  int    `query:"cursor" minimum:"0" doc:"next_cursor of the page before"`
	Limit   int    `query:"limit" minimum:"1" maximum:"1000" default:"200" doc:"How many at most"`
	Outcome string `query:"outcome" enum:"VALID,STORED,UNCHANGED,REFUSED" doc:"Only rows that ended so"`
}

func (s *service) importRows(ctx context.Context, in *importRowsInput) (*pageOf[ImportRowView], error) {
	rows, err := s.store.ImportRows(ctx, in.ID, models.ImportOutcome(in.Outcome), in.Cursor, in.Limit+1)
	next := ""
	if len(rows) > in.Limit {
		rows = slices.Clip(rows[:in.Limit])
		next = strconv.Itoa(rows[in.Limit-1].RowNo)
	}
	return listed(rows, next, err, func(r models.ImportRow) ImportRowView {
		return ImportRowView{r.RowNo, r.Outcome, text(r.OrderID), append([]rules.FieldError{}, r.Errors...)}
	})
}
