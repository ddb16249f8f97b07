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
	"roomcover.dev/roomcover/roomfile"
	"roomcover.dev/roomcover/rowfile"
	"roomcover.dev/roomcover/rules"
)

var importMedia = []string{"text/csv", mediaJSON, "application/x-ndjson"}

func (s *service) importRoutes() {
	mount(s, route{ID: "import-orders", Method: post, Path: "/v1/orders/import", Tag: "Imports", Summary: "Import a file of orders",
		Description: "CSV with the documented columns, a JSON array of orders, or one order per line; up to 10000 orders and 32 MiB. The job runs by itself: follow Location. " +
			"A dry run checks everything and stores nothing. The same file again changes nothing (S35).",
		Scope: OrdersWrite, Capability: rules.SubmitOrders, Media: importMedia, MaxBody: maxImport, Status: http.StatusAccepted, Idempotent: true, Intake: true}, s.importOrders)
	mount(s, route{ID: "import-rooms", Method: post, Path: "/v1/rooms/import", Tag: "Imports", Summary: "Import a file of rooms with their devices",
		Description: "CSV with a row for each device and its room, a JSON array of rooms, or one room per line, each with its `devices`; up to 100000 rows and 32 MiB. " +
			"The job runs by itself: follow Location. A dry run checks everything and stores nothing. A room is known by its name and site, a device by its serial; " +
			"what is there already stays as it is, so that the same file again changes nothing (S35). A serial of another account is refused, and an operator is asked (R27c).",
		Scope: RoomsWrite, Capability: rules.ManageRooms, NoSellers: true, Body: roomfile.Room{}, Media: importMedia, MaxBody: maxImport, Status: http.StatusAccepted, Idempotent: true, Errors: []int{404}}, s.importRooms)
	read := route{Method: get, Tag: "Imports", Scope: OrdersRead, OrScope: RoomsRead, Capability: rules.ViewAccount, Everyone: true}
	mount(s, read.at("get-import", "/v1/imports/{id}", "Read an import's progress", 404), s.getImport)
	mount(s, read.at("list-import-rows", "/v1/imports/{id}/rows", "Read an import's report, row by row", 404), s.importRows)
}

// ImportView is the progress of an import.
type ImportView struct {
	ID            string             `json:"id"`
	Kind          models.ImportKind  `json:"kind" enum:"ORDERS,ROOMS"`
	AccountID     string             `json:"account_id,omitempty" doc:"Whose rooms they are"`
	State         models.ImportState `json:"state" enum:"QUEUED,CHECKING,STORING,DONE,REFUSED,FAILED"`
	Format        string             `json:"format" enum:"csv,json"`
	DryRun        bool               `json:"dry_run"`
	AllOrNothing  bool               `json:"all_or_nothing"`
	RowsTotal     int                `json:"rows_total"`
	RowsChecked   int                `json:"rows_checked"`
	RowsStored    int                `json:"rows_stored"`
	RowsUnchanged int                `json:"rows_unchanged"`
	RowsRefused   int                `json:"rows_refused"`
	Error         string             `json:"error,omitempty" doc:"What concerns the file as a whole"`
	CreatedAt     time.Time          `json:"created_at"`
	FinishedAt    *time.Time         `json:"finished_at,omitempty"`
}

func importView(j models.ImportJob) ImportView {
	return ImportView{j.ID, j.Kind, text(j.AccountID), j.State, j.Format, j.DryRun, j.AllOrNothing, j.RowsTotal, j.RowsChecked, j.RowsStored, j.RowsUnchanged, j.RowsRefused, j.Error, j.CreatedAt, j.FinishedAt}
}

type importInput struct {
	ForInput
	DryRun       bool `query:"dry_run" doc:"Check only"`
	AllOrNothing bool `query:"all_or_nothing" default:"true" doc:"Store nothing when a row is refused"`
}

type importRoomsInput struct {
	AccountID    string `query:"account_id" maxLength:"64" doc:"Operators: whose rooms they are"`
	Reason       string `query:"reason" maxLength:"500" doc:"Operators: required; goes into the audit"`
	DryRun       bool   `query:"dry_run" doc:"Check only"`
	AllOrNothing bool   `query:"all_or_nothing" default:"true" doc:"Store nothing when a row is refused"`
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
	job := uploaded(ctx, models.ImportJob{Kind: models.ImportOrders, OrgID: sender.ID, DryRun: in.DryRun, AllOrNothing: in.AllOrNothing})
	if job.RowsTotal, err = orderfile.Check(bytes.NewReader(job.Content), job.Format); err != nil {
		return nil, s.recordRefusal(ctx, sender.ID, err)
	}
	return s.queueImport(ctx, job)
}

func (s *service) importRooms(ctx context.Context, in *importRoomsInput) (out *importOutput, err error) {
	acc := account(ctx, in.AccountID)
	job := uploaded(ctx, models.ImportJob{Kind: models.ImportRooms, AccountID: &acc, Reason: in.Reason, DryRun: in.DryRun, AllOrNothing: in.AllOrNothing})
	if job.RowsTotal, err = roomfile.Check(bytes.NewReader(job.Content), job.Format); err != nil {
		return nil, err
	}
	return s.queueImport(ctx, job)
}

// uploaded is the job with the request's file.
func uploaded(ctx context.Context, job models.ImportJob) models.ImportJob {
	c := callOf(ctx)
	if job.Content, job.Format = c.body, rowfile.JSON; c.media == "text/csv" {
		job.Format = rowfile.CSV
	}
	return job
}

func (s *service) queueImport(ctx context.Context, job models.ImportJob) (*importOutput, error) {
	job, err := s.store.CreateImport(ctx, job)
	if err != nil {
		return nil, err
	}
	return &importOutput{Location: "/v1/imports/" + job.ID, Body: importView(job)}, nil
}

// importJob reads a job that the token's scopes reach: those of orders and those
// of rooms are two.
func (s *service) importJob(ctx context.Context, id string) (models.ImportJob, error) {
	job, err := s.store.GetImport(ctx, id, false)
	if err != nil {
		return job, err
	}
	scope := OrdersRead
	if job.Kind == models.ImportRooms {
		scope = RoomsRead
	}
	if !callOf(ctx).token.HasScope(scope) {
		return job, lacksScope(scope)
	}
	return job, nil
}

func (s *service) getImport(ctx context.Context, in *IDInput) (*one[ImportView], error) {
	job, err := s.importJob(ctx, in.ID)
	return single(job, err, importView)
}

// ImportRowView is the report of one row of a file.
type ImportRowView struct {
	Row      int                  `json:"row" doc:"Line of a CSV file, or place in a JSON file, from 1"`
	Outcome  models.ImportOutcome `json:"outcome" enum:"VALID,STORED,UNCHANGED,REFUSED"`
	OrderID  string               `json:"order_id,omitempty"`
	RoomID   string               `json:"room_id,omitempty" doc:"The row's room; of a refused row, the room that has its device already"`
	DeviceID string               `json:"device_id,omitempty" doc:"The row's device, where it has one; of a refused row, what has its serial already"`
	Errors   []rules.FieldError   `json:"errors" nullable:"false"`
}

type importRowsInput struct {
	IDInput
	Cursor  int    `query:"cursor" minimum:"0" doc:"next_cursor of the page before"`
	Limit   int    `query:"limit" minimum:"1" maximum:"1000" default:"200" doc:"How many at most"`
	Outcome string `query:"outcome" enum:"VALID,STORED,UNCHANGED,REFUSED" doc:"Only rows that ended so"`
}

func (s *service) importRows(ctx context.Context, in *importRowsInput) (*pageOf[ImportRowView], error) {
	if _, err := s.importJob(ctx, in.ID); err != nil {
		return nil, err
	}
	rows, err := s.store.ImportRows(ctx, in.ID, models.ImportOutcome(in.Outcome), in.Cursor, in.Limit+1)
	next := ""
	if len(rows) > in.Limit {
		rows = slices.Clip(rows[:in.Limit])
		next = strconv.Itoa(rows[in.Limit-1].RowNo)
	}
	return listed(rows, next, err, func(r models.ImportRow) ImportRowView {
		return ImportRowView{r.RowNo, r.Outcome, text(r.OrderID), text(r.RoomID), text(r.DeviceID), append([]rules.FieldError{}, r.Errors...)}
	})
}
