package api

import (
	"bytes"
	"context"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"roomcover.dev/roomcover/models/importjob"
	"roomcover.dev/roomcover/orderfile"
	"roomcover.dev/roomcover/roomfile"
	"roomcover.dev/roomcover/rowfile"
	"roomcover.dev/roomcover/rules"
)

var importMedia = []string{"text/csv", mediaJSON, "application/x-ndjson"}

// importHandlers answer what is asked about imports.
type importHandlers struct {
	jobs   *importjob.Jobs
	intake intake
}

func (h importHandlers) routes(api huma.API) {
	orders := route{Tag: "Imports", Scope: OrdersWrite, Capability: rules.SubmitOrders}
	rooms := route{
		Tag:        "Imports",
		Scope:      RoomsWrite,
		Capability: rules.ManageRooms,
		NoSellers:  true,
	}

	read := route{
		Tag:        "Imports",
		Scope:      OrdersRead,
		OrScope:    RoomsRead,
		Capability: rules.ViewAccount,
		Everyone:   true,
	}

	mountRaw(api, orders.post("import-orders", "/v1/orders/import", "Import a file of orders").
		answers(http.StatusAccepted).idempotent().takesFile(maxImport, nil).takesOrders(),
		h.importOrders)

	mountRaw(api, rooms.post("import-rooms", "/v1/rooms/import",
		"Import a file of rooms with their devices").
		answers(http.StatusAccepted).idempotent().refuses(404).
		takesFile(maxImport, roomfile.Room{}), h.importRooms)

	mount(api, read.get("get-import", "/v1/imports/{id}", "Read an import's progress").
		refuses(404), h.getImport)
	mount(api, read.get("list-import-rows", "/v1/imports/{id}/rows",
		"Read an import's report, row by row").
		refuses(404), h.importRows)
}

// ImportView is the progress of an import.
type ImportView struct {
	ID            string                `json:"id" doc:"Id of the import, such as imp_01kb…"`
	Kind          importjob.ImportKind  `json:"kind" enum:"ORDERS,ROOMS" doc:"What the file holds"`
	AccountID     string                `json:"account_id,omitempty" doc:"Of rooms: id of the account that they belong to"`
	State         importjob.ImportState `json:"state" enum:"QUEUED,CHECKING,STORING,DONE,REFUSED,FAILED" doc:"How far it is"`
	Format        string                `json:"format" enum:"csv,json" doc:"How the file was read"`
	DryRun        bool                  `json:"dry_run" doc:"Whether the rows are only checked and nothing is stored"`
	AllOrNothing  bool                  `json:"all_or_nothing" doc:"Whether one refused row has nothing stored"`
	RowsTotal     int                   `json:"rows_total" doc:"How many orders or rooms the file holds"`
	RowsChecked   int                   `json:"rows_checked" doc:"How many were checked so far"`
	RowsStored    int                   `json:"rows_stored" doc:"How many were stored"`
	RowsUnchanged int                   `json:"rows_unchanged" doc:"How many were there already, with the same content"`
	RowsRefused   int                   `json:"rows_refused" doc:"How many were refused"`
	Error         string                `json:"error,omitempty" doc:"What is wrong with the file as a whole; missing: nothing"`
	CreatedAt     time.Time             `json:"created_at" doc:"When the file came in; an instant in UTC"`
	FinishedAt    *time.Time            `json:"finished_at,omitempty" doc:"When it was done; an instant in UTC, missing while it runs"`
}

func importView(j importjob.ImportJob) ImportView {
	return ImportView{
		ID:            j.ID,
		Kind:          j.Kind,
		AccountID:     text(j.AccountID),
		State:         j.State,
		Format:        j.Format,
		DryRun:        j.DryRun,
		AllOrNothing:  j.AllOrNothing,
		RowsTotal:     j.RowsTotal,
		RowsChecked:   j.RowsChecked,
		RowsStored:    j.RowsStored,
		RowsUnchanged: j.RowsUnchanged,
		RowsRefused:   j.RowsRefused,
		Error:         j.Error,
		CreatedAt:     j.CreatedAt,
		FinishedAt:    j.FinishedAt,
	}
}

type importInput struct {
	ForInput
	DryRun       bool `query:"dry_run" doc:"Check the rows and store nothing"`
	AllOrNothing bool `query:"all_or_nothing" default:"true" doc:"Store nothing when a row is refused"`
}

type importRoomsInput struct {
	AccountID    string `query:"account_id" maxLength:"64" doc:"Operators: whose rooms they are"`
	Reason       string `query:"reason" maxLength:"500" doc:"Why, in your words: required of operators, and kept in the audit"`
	DryRun       bool   `query:"dry_run" doc:"Check the rows and store nothing"`
	AllOrNothing bool   `query:"all_or_nothing" default:"true" doc:"Store nothing when a row is refused"`
}

type importOutput struct {
	Location string `header:"Location" doc:"Path of the object"`
	Body     ImportView
}

func (h importHandlers) importOrders(
	ctx context.Context, in *importInput, body rawBody,
) (*importOutput, error) {
	ctx, sender, err := h.intake.sender(ctx, in.ForInput)
	if err != nil {
		return nil, err
	}

	job := uploaded(body, importjob.ImportJob{
		Kind:         importjob.ImportOrders,
		OrgID:        sender.ID,
		DryRun:       in.DryRun,
		AllOrNothing: in.AllOrNothing,
	})

	if job.RowsTotal, err = orderfile.Check(bytes.NewReader(job.Content), job.Format); err != nil {
		return nil, h.intake.recordRefusal(ctx, sender.ID, body, err)
	}
	return h.queueImport(ctx, job)
}

func (h importHandlers) importRooms(
	ctx context.Context, in *importRoomsInput, body rawBody,
) (out *importOutput, err error) {
	acc := accountOf(ctx, in.AccountID)
	job := uploaded(body, importjob.ImportJob{
		Kind:         importjob.ImportRooms,
		AccountID:    &acc,
		Reason:       in.Reason,
		DryRun:       in.DryRun,
		AllOrNothing: in.AllOrNothing,
	})

	if job.RowsTotal, err = roomfile.Check(bytes.NewReader(job.Content), job.Format); err != nil {
		return nil, err
	}
	return h.queueImport(ctx, job)
}

// uploaded is the job with the request's file.
func uploaded(body rawBody, job importjob.ImportJob) importjob.ImportJob {
	job.Content = body.content
	job.Format = rowfile.JSON
	if body.media == mediaCSV {
		job.Format = rowfile.CSV
	}
	return job
}

func (h importHandlers) queueImport(
	ctx context.Context, job importjob.ImportJob,
) (*importOutput, error) {
	job, err := h.jobs.CreateImport(ctx, job)
	if err != nil {
		return nil, err
	}
	return &importOutput{Location: "/v1/imports/" + job.ID, Body: importView(job)}, nil
}

// importJob reads a job that the token's scopes reach: those of orders and those
// of rooms are two.
func (h importHandlers) importJob(ctx context.Context, id string) (importjob.ImportJob, error) {
	job, err := h.jobs.GetImport(ctx, id, false)
	if err != nil {
		return job, err
	}

	scope := OrdersRead
	if job.Kind == importjob.ImportRooms {
		scope = RoomsRead
	}
	if !callOf(ctx).token.HasScope(scope) {
		return job, lacksScope(scope)
	}

	return job, nil
}

func (h importHandlers) getImport(ctx context.Context, in *IDInput) (*one[ImportView], error) {
	job, err := h.importJob(ctx, in.ID)
	return single(job, err, importView)
}

// ImportRowView is the report of one row of a file.
type ImportRowView struct {
	Row      int                     `json:"row" doc:"Line of a CSV file, or place in a JSON file, from 1"`
	Outcome  importjob.ImportOutcome `json:"outcome" enum:"VALID,STORED,UNCHANGED,REFUSED" doc:"What became of the row"`
	OrderID  string                  `json:"order_id,omitempty" doc:"Id of the order that the row became"`
	RoomID   string                  `json:"room_id,omitempty" doc:"The row's room; of a refused row, the room that has its device already"`
	DeviceID string                  `json:"device_id,omitempty" doc:"The row's device, where it has one; of a refused row, what has its serial already"`
	Errors   []rules.FieldError      `json:"errors" nullable:"false" doc:"What is wrong with the row; empty when it was taken"`
	Warnings []rules.FieldError      `json:"warnings" nullable:"false" doc:"What is doubtful and taken all the same, such as UNKNOWN_MODEL"`
}

type importRowsInput struct {
	IDInput
	Cursor  string `query:"cursor" doc:"next_cursor of the page before, with the same filters"`
	Limit   int    `query:"limit" minimum:"1" maximum:"1000" default:"200" doc:"How many at most"`
	Outcome string `query:"outcome" enum:"VALID,STORED,UNCHANGED,REFUSED" doc:"Only rows that ended so"`
}

func (h importHandlers) importRows(
	ctx context.Context, in *importRowsInput,
) (*pageOf[ImportRowView], error) {
	if _, err := h.importJob(ctx, in.ID); err != nil {
		return nil, err
	}

	after, _ := strconv.Atoi(in.Cursor) // none: from the first row on
	rows, err := h.jobs.ImportRows(ctx, in.ID, importjob.ImportOutcome(in.Outcome), after,
		in.Limit+1)
	next := ""

	if len(rows) > in.Limit {
		rows = slices.Clip(rows[:in.Limit])
		next = strconv.Itoa(rows[in.Limit-1].RowNo)
	}

	return listed(rows, next, err, func(r importjob.ImportRow) ImportRowView {
		return ImportRowView{
			Row:      r.RowNo,
			Outcome:  r.Outcome,
			OrderID:  text(r.OrderID),
			RoomID:   text(r.RoomID),
			DeviceID: text(r.DeviceID),
			Errors:   append([]rules.FieldError{}, r.Errors...),
			Warnings: append([]rules.FieldError{}, r.Warnings...),
		}
	})
}
