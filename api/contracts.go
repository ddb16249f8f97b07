package api

import (
	"context"
	"encoding/csv"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/entitlement"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/catalogue"
	"roomcover.dev/roomcover/rules/licensing"
)

// contractHandlers answer what is asked about contracts.
type contractHandlers struct {
	db           *db.DB
	entitlements *entitlement.Entitlements
}

func (h contractHandlers) routes(api huma.API) {
	read := route{
		Tag:        "Contracts",
		Scope:      AccountsRead,
		Capability: rules.ViewAccount,
		NoSellers:  true,
	}

	mount(api, read.get("list-contracts", "/v1/contracts",
		"List contracts of every type and state"), h.listContracts)
	mount(api, read.get("export-contracts", "/v1/contracts.csv", "Get the contracts as a CSV file").
		produces(mediaCSV), h.exportContracts)
	mount(api, read.get("get-contract", "/v1/contracts/{id}", "Read a contract with its history").
		refuses(404), h.getContract)
	stop := route{
		Tag:          "Contracts",
		Scope:        AccountsWrite,
		Capability:   rules.ReviewOrders,
		OperatorOnly: true,
	}
	mountJSON(api, stop.post("suspend-contract", "/v1/contracts/{id}/suspend",
		"Suspend a contract while a dispute is settled").
		idempotent().refuses(404, 409), h.suspendContract)
	mountJSON(api, stop.post("resume-contract", "/v1/contracts/{id}/resume",
		"Resume a suspended contract").
		idempotent().refuses(404, 409), h.resumeContract)
	mount(api, read.get("list-licences", "/v1/contracts/{id}/licences",
		"List a contract's licenses").
		refuses(404), h.listLicences)
}

// ContractView is what one order line bought, or will buy, or an extended warranty
// from before. Until it starts it has the day on which it starts at the latest; days
// are those of its time zone.
type ContractView struct {
	ID            string                  `json:"id" doc:"Id of the entry: of a contract, of an order that is being fulfilled, or of an earlier warranty"`
	Source        entitlement.EntrySource `json:"source" enum:"CONTRACT,ORDER,EARLIER_WARRANTY" doc:"What the entry is made from"`
	AccountID     string                  `json:"account_id" doc:"Id of the customer's account, such as acc_01kb…"`
	OrderID       string                  `json:"order_id,omitempty" doc:"Id of the order that it came from, such as ord_01kb…"`
	Type          catalogue.ServiceType   `json:"type" enum:"SELECT,SYNC_PLUS,EXT_WARRANTY,JUMPSTART,ENTERPRISE" doc:"The service"`
	State         rules.ContractState     `json:"state" enum:"PROCESSING,PENDING_START,ACTIVE,SUSPENDED,EXPIRED,CANCELLED" doc:"Where it stands in its life"`
	Expiring      bool                    `json:"expiring" doc:"Whether it runs and ends within 90 days"`
	Quantity      int64                   `json:"quantity" doc:"How many licenses were bought"`
	InForce       int64                   `json:"in_force" doc:"How many licenses are neither canceled nor expired"`
	Assigned      int64                   `json:"assigned" doc:"How many of those in force are assigned to a room or attached to a serial number"`
	TermYears     int                     `json:"term_years" doc:"Length of the term in years; 0 where the service has none of its own"`
	MaxRooms      int64                   `json:"max_rooms,omitempty" doc:"Of an enterprise plan: how many rooms it covers at most"`
	Serial        string                  `json:"serial,omitempty" doc:"Of an earlier warranty: the serial number that it covers"`
	TimeZone      string                  `json:"time_zone" doc:"IANA name of the time zone by which days count here, such as America/Sao_Paulo"`
	StartOn       string                  `json:"start_on,omitempty" format:"date" doc:"First covered day, YYYY-MM-DD in time_zone; missing while it has not started"`
	LastDay       string                  `json:"last_day,omitempty" format:"date" doc:"Last covered day, YYYY-MM-DD in time_zone"`
	StartReason   entitlement.StartReason `json:"start_reason,omitempty" doc:"Why it started on that day: FIRST_ASSIGNMENT, FALLBACK_60_DAYS, PURCHASE or RENEWAL"`
	LatestStartOn string                  `json:"latest_start_on,omitempty" format:"date" doc:"While it has not started: the day on which it starts by itself, YYYY-MM-DD"`
	CancelledAt   *time.Time              `json:"cancelled_at,omitempty" doc:"When it was canceled; an instant in UTC"`
	CreatedAt     time.Time               `json:"created_at" doc:"When it was recorded; an instant in UTC"`
}

func (h contractHandlers) contractView(c entitlement.ContractEntry) ContractView {
	days := daysOf(c.ServiceContract)
	v := ContractView{
		ID:            c.ID,
		Source:        c.Source,
		AccountID:     c.AccountID,
		OrderID:       c.OrderID,
		Type:          c.Type,
		State:         c.State,
		Quantity:      c.Quantity,
		InForce:       c.InForce,
		Assigned:      c.Assigned,
		TermYears:     c.TermYears,
		Serial:        c.Serial,
		TimeZone:      c.TimeZone,
		StartOn:       days.start,
		LastDay:       days.last,
		LatestStartOn: days.latestStart,
		StartReason:   c.StartReason,
		CancelledAt:   c.CancelledAt,
		CreatedAt:     c.CreatedAt,
	}

	if c.EndAt != nil {
		zone := zoneOf(c.ServiceContract)
		today := rules.DateIn(h.db.Clock().Now(), zone)
		v.Expiring = c.State == rules.ContractActive &&
			c.EndAt.Before(licensing.ExpiringBefore(today, licensing.ExpiringDays, zone))
	}

	if c.MaxRooms != nil {
		v.MaxRooms = *c.MaxRooms
	}

	return v
}

// ContractsInput narrows and sorts the register.
type ContractsInput struct {
	AccountID      string `query:"account_id" maxLength:"64" doc:"Only contracts of this account"`
	OrderID        string `query:"order_id" maxLength:"64" doc:"Only contracts of this order"`
	Type           string `query:"type" enum:"SELECT,SYNC_PLUS,EXT_WARRANTY,JUMPSTART,ENTERPRISE" doc:"Only contracts of this type"`
	State          string `query:"state" enum:"PROCESSING,PENDING_START,ACTIVE,SUSPENDED,EXPIRED,CANCELLED" doc:"Only contracts in this state"`
	ExpiringWithin int    `query:"expiring_within" minimum:"1" maximum:"3660" doc:"Only contracts that run and end within so many days"`
	Sort           string `query:"sort" enum:"newest,oldest,ending" doc:"newest first (the default), oldest first, or by their end"`
}

func (in ContractsInput) filter() entitlement.ContractFilter {
	f := entitlement.ContractFilter{
		AccountID: in.AccountID,
		OrderID:   in.OrderID,
		Type:      catalogue.ServiceType(in.Type),
		State:     rules.ContractState(in.State),
	}

	if in.ExpiringWithin > 0 {
		f.ExpiringWithin = &in.ExpiringWithin
	}
	if in.Sort != "newest" {
		f.Sort = entitlement.ContractSort(in.Sort)
	}

	return f
}

type listContractsInput struct {
	Cursor string `query:"cursor" doc:"next_cursor of the page before, with the same filters and sort"`
	Limit  int    `query:"limit" minimum:"1" maximum:"200" default:"50" doc:"How many at most"`
	ContractsInput
}

func (h contractHandlers) listContracts(
	ctx context.Context, in *listContractsInput,
) (*pageOf[ContractView], error) {
	f := in.filter()
	f.Page = db.Page{After: in.Cursor, Limit: in.Limit}
	contracts, next, err := h.entitlements.Contracts(ctx, f)
	return listed(contracts, next, err, h.contractView)
}

// ContractDetail is a contract with what happened to it.
type ContractDetail struct {
	ContractView
	History []ContractEvent `json:"history" nullable:"false" doc:"What happened to the contract and its order, oldest first"`
}

// ContractEvent is something that happened to a contract or its order.
type ContractEvent struct {
	At    time.Time `json:"at" doc:"When it happened; an instant in UTC"`
	Event string    `json:"event" doc:"What happened, as a stable word such as order.fulfilled, contract.started or order.cancelled"`
}

func (h contractHandlers) getContract(
	ctx context.Context, in *IDInput,
) (*one[ContractDetail], error) {
	c, err := h.entitlements.Contract(ctx, in.ID)
	if err != nil {
		return nil, err
	}

	objects := slices.DeleteFunc([]string{c.ID, c.OrderID},
		func(id string) bool { return id == "" })
	events, err := h.db.Timeline(ctx, objects...)
	return single(c, err, func(c entitlement.ContractEntry) ContractDetail {
		return ContractDetail{h.contractView(c), viewed(events,
			func(e db.AuditEvent) ContractEvent { return ContractEvent{e.At, e.Verb} })}
	})
}

func (h contractHandlers) suspendContract(
	ctx context.Context, in *IDInput, r ReasonRequest,
) (*one[ContractDetail], error) {
	if _, err := h.entitlements.SuspendContract(ctx, in.ID, r.Reason); err != nil {
		return nil, err
	}
	return h.getContract(ctx, in)
}

func (h contractHandlers) resumeContract(
	ctx context.Context, in *IDInput, r ReasonRequest,
) (*one[ContractDetail], error) {
	if _, err := h.entitlements.ResumeContract(ctx, in.ID, r.Reason); err != nil {
		return nil, err
	}
	return h.getContract(ctx, in)
}

// LicenceView is one licence of a contract.
type LicenceView struct {
	ID         string             `json:"id" doc:"Id of the license, such as lic_01kb…"`
	Number     int64              `json:"number" doc:"From 1 to the contract's quantity"`
	State      rules.LicenceState `json:"state" enum:"AVAILABLE,ASSIGNED,EXPIRED,REVOKED" doc:"Whether it may be assigned to a room"`
	StateSince time.Time          `json:"state_since" doc:"When it came into this state; an instant in UTC"`
	Renews     string             `json:"renews,omitempty" doc:"Id of the license that it continues"`
}

func (h contractHandlers) listLicences(
	ctx context.Context, in *IDInput,
) (*pageOf[LicenceView], error) {
	if _, err := h.entitlements.Contract(ctx, in.ID); err != nil {
		return nil, err
	}

	licences, err := h.entitlements.LicencesOf(ctx, in.ID)
	return listed(licences, "", err, func(l entitlement.Licence) LicenceView {
		return LicenceView{
			ID:         l.ID,
			Number:     l.Seq,
			State:      l.State,
			StateSince: l.StateSince,
			Renews:     text(l.RenewsLicenceID),
		}
	})
}

const mediaCSV = "text/csv"

// contractColumns are the columns of the register's file.
var contractColumns = []string{
	"contract_id",
	"source",
	"type",
	"state",
	"account_id",
	"company",
	"order_id",
	"po_number",
	"serial",
	"quantity",
	"in_force",
	"assigned",
	"term_years",
	"start_on",
	"last_day",
	"latest_start_on",
	"cancelled_at",
	"time_zone",
}

// contractsFileInput is ContractsInput with the reader's language.
type contractsFileInput struct {
	ContractsInput
	Lang   string `query:"lang" enum:"pt-BR,en" doc:"Language of who opens the file: its spreadsheet reads pt-BR with semicolons, en with commas; missing: by Accept-Language, else en"`
	Accept string `header:"Accept-Language" doc:"The browser's languages; read where lang is missing"`
}

// separator returns what a spreadsheet takes for the separator: where the comma divides
// whole numbers from fractions, it is the semicolon.
func (in contractsFileInput) separator() rune {
	lang := in.Lang
	if lang == "" {
		lang = in.Accept
	}

	first, _, _ := strings.Cut(strings.ToLower(strings.TrimSpace(lang)), ",")
	for _, comma := range semicolonLanguages {
		if first == comma || strings.HasPrefix(first, comma+"-") ||
			strings.HasPrefix(first, comma+";") {
			return ';'
		}
	}
	return ','
}

// semicolonLanguages are those in which the comma divides whole numbers from fractions.
var semicolonLanguages = []string{
	"pt", "es", "fr", "de", "it", "nl", "pl", "ru", "sv", "da", "nb", "no", "fi", "cs", "tr",
}

// exportContracts sends the register page by page, so that its size costs no memory.
// The first page is read before anything is sent: what is refused is answered as a
// refusal.
func (h contractHandlers) exportContracts(
	ctx context.Context, in *contractsFileInput,
) (*huma.StreamResponse, error) {
	f := in.filter()
	f.Page.Limit = 200
	first, next, err := h.entitlements.Contracts(ctx, f)
	if err != nil {
		return nil, err
	}

	return &huma.StreamResponse{Body: func(out huma.Context) {
		out.SetHeader("Content-Type", mediaCSV+"; charset=utf-8")
		out.SetHeader("Content-Disposition", `attachment; filename="contracts.csv"`)
		_, _ = io.WriteString(out.BodyWriter(), "\ufeff") // Excel takes it for UTF-8 only then
		file := csv.NewWriter(out.BodyWriter())
		file.Comma = in.separator()
		_ = file.Write(contractColumns) // an error shows when it is flushed

		for page := first; ; {
			if err := h.writeContracts(ctx, file, page); err != nil {
				abort(ctx, err)
			}
			if next == "" {
				return
			}

			f.Page.After = next
			if page, next, err = h.entitlements.Contracts(ctx, f); err != nil {
				abort(ctx, err)
			}
		}
	}}, nil
}

// abort breaks the connection: a file that is cut off must not look whole.
func abort(ctx context.Context, err error) {
	logOf(ctx).ErrorContext(ctx, "a file was cut off", slog.String("request_id", requestID(ctx)),
		slog.Any("error", err))
	panic(http.ErrAbortHandler)
}

func (h contractHandlers) writeContracts(
	ctx context.Context, file *csv.Writer, entries []entitlement.ContractEntry,
) error {
	names, err := h.entitlements.NamesOf(ctx, entries)
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
		_ = file.Write([]string{
			v.ID,
			string(v.Source),
			string(v.Type),
			string(v.State),
			v.AccountID,
			plainCell(names.Company[v.AccountID]),
			v.OrderID,
			plainCell(names.PONumber[v.OrderID]),
			v.Serial,
			number(v.Quantity),
			number(v.InForce),
			number(v.Assigned),
			strconv.Itoa(v.TermYears),
			v.StartOn,
			v.LastDay,
			v.LatestStartOn,
			cancelled,
			v.TimeZone,
		})
	}

	file.Flush()
	return file.Error()
}

// plainCell keeps a spreadsheet from running a text that somebody else wrote as a
// formula: one that begins like a formula, also behind blanks, is marked as text.
func plainCell(text string) string {
	if start := strings.TrimSpace(text); start != "" &&
		strings.ContainsRune("=+-@|%＝＋－＠", []rune(start)[0]) {
		return "'" + text
	}
	if strings.ContainsAny(text, "\t\r\n") {
		return "'" + text
	}
	return text
}
