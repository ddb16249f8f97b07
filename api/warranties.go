package api

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"roomcover.dev/roomcover/models/entitlement"
	"roomcover.dev/roomcover/models/warranty"
	"roomcover.dev/roomcover/roomfile"
	"roomcover.dev/roomcover/rowfile"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/licensing"
	"roomcover.dev/roomcover/strictjson"
)

// warrantyHandlers answer what is asked about extended warranties.
type warrantyHandlers struct{ warranties *warranty.Warranties }

func (h warrantyHandlers) routes(api huma.API) {
	read := route{
		Tag:        "Warranties",
		Scope:      AccountsRead,
		Capability: rules.ViewAccount,
		NoSellers:  true,
	}

	write := route{
		Tag:        "Warranties",
		Scope:      RoomsWrite,
		Capability: rules.ManageRooms,
		NoSellers:  true,
	}

	file := route{
		Tag:          "Warranties",
		Scope:        AccountsWrite,
		Capability:   rules.ReviewOrders,
		OperatorOnly: true,
	}

	mount(api, read.get("list-attachments", "/v1/warranties/attachments",
		"List extended warranties attached to serial numbers, newest first"), h.listAttachments)
	mountJSON(api, write.post("attach-warranty", "/v1/warranties/attachments",
		"Attach a unit of an extended warranty to a serial number").
		answers(http.StatusCreated).idempotent().refuses(404, 409), h.attachWarranty)
	mountJSON(api, write.post("detach-warranty", "/v1/warranties/attachments/{id}/release",
		"Take a unit of an extended warranty off its serial number").
		idempotent().refuses(404, 409), h.detachWarranty)
	mount(api, read.get("list-warranties", "/v1/warranties",
		"List imported and claimed warranties from before, newest first"), h.listWarranties)
	mountJSON(api, write.post("claim-warranty", "/v1/warranties/claims",
		"Claim an extended warranty that is missing among the contracts").
		answers(http.StatusCreated).idempotent().refuses(404), h.claimWarranty)

	mountRaw(api, file.post("import-warranties", "/v1/warranties/import",
		"Import extended warranties from before").
		idempotent().takesFile(maxBody, licensing.EarlierWarrantyForm{}), h.importWarranties)
}

// AttachmentRequest attaches a unit of an extended warranty.
type AttachmentRequest struct {
	LicenceID string `json:"licence_id" doc:"Id of an available license of the extended warranty"`
	Serial    string `json:"serial" doc:"Serial number of a device that is registered in the account"`
	Reason    string `json:"reason,omitempty" doc:"Why, in your words: required of operators, and kept in the audit"`
}

// AttachmentView is a stay of a unit with a serial number.
type AttachmentView struct {
	ID         string                    `json:"id" doc:"Id of the attachment, such as wat_01kb…"`
	AccountID  string                    `json:"account_id" doc:"Id of the customer's account, such as acc_01kb…"`
	ContractID string                    `json:"contract_id" doc:"Id of the contract of the license"`
	LicenceID  string                    `json:"licence_id" doc:"Id of the license that covers the device"`
	Serial     string                    `json:"serial" doc:"Serial number that is covered"`
	DeviceID   string                    `json:"device_id,omitempty" doc:"Id of the device with this serial; missing while it is not registered"`
	From       time.Time                 `json:"from" doc:"From when it covers the device; an instant in UTC"`
	To         *time.Time                `json:"to,omitempty" doc:"When it ended: an instant in UTC that is not covered any more; missing while it lasts"`
	EndReason  entitlement.AssignmentEnd `json:"end_reason,omitempty" enum:"RELEASED,CANCELLED" doc:"Why it ended; missing while it lasts"`
	EndsOn     string                    `json:"ends_on,omitempty" format:"date" doc:"End of the device's extended warranty while this lasts, YYYY-MM-DD: the first day that is not covered any more; missing while its date of purchase is unknown"`
}

func attachmentView(a warranty.AttachmentDetail) AttachmentView {
	return AttachmentView{
		ID:         a.ID,
		AccountID:  a.AccountID,
		ContractID: a.ContractID,
		LicenceID:  a.LicenceID,
		Serial:     a.Serial,
		DeviceID:   a.DeviceID,
		From:       a.FromAt,
		To:         a.ToAt,
		EndReason:  a.EndReason,
		EndsOn:     a.EndsOn,
	}
}

// AttachedView is what attaching a unit led to.
type AttachedView struct {
	AttachmentView
	StartedContracts []string `json:"started_contracts" nullable:"false" doc:"Ids of the contracts that started by it"`
}

func (h warrantyHandlers) attachWarranty(
	ctx context.Context, _ *struct{}, r AttachmentRequest,
) (*one[AttachedView], error) {
	out, err := h.warranties.AttachWarranty(ctx, warranty.AttachRequest{
		LicenceID: r.LicenceID,
		Serial:    r.Serial,
		Reason:    r.Reason,
	})
	if err != nil {
		return nil, err
	}

	a, err := h.warranties.WarrantyAttachment(ctx, out.Attachment.ID)
	return single(a, err, func(a warranty.AttachmentDetail) AttachedView {
		return AttachedView{attachmentView(a), append([]string{}, out.Started...)}
	})
}

func (h warrantyHandlers) detachWarranty(
	ctx context.Context, in *IDInput, r RoomReasonRequest,
) (*one[AttachmentView], error) {
	if _, err := h.warranties.DetachWarranty(ctx, in.ID, r.Reason); err != nil {
		return nil, err
	}
	a, err := h.warranties.WarrantyAttachment(ctx, in.ID)
	return single(a, err, attachmentView)
}

type listAttachmentsInput struct {
	ListInput
	AccountID  string `query:"account_id" maxLength:"64" doc:"Only those of this account"`
	ContractID string `query:"contract_id" maxLength:"64" doc:"Only those of this contract"`
	LicenceID  string `query:"licence_id" maxLength:"64" doc:"Only those of this unit"`
	Serial     string `query:"serial" maxLength:"100" doc:"Only those of this serial number"`
	Open       bool   `query:"open" doc:"Only those that last"`
}

func (h warrantyHandlers) listAttachments(
	ctx context.Context, in *listAttachmentsInput,
) (*pageOf[AttachmentView], error) {
	rows, next, err := h.warranties.ListWarrantyAttachments(ctx, warranty.AttachmentFilter{
		AccountID:  in.AccountID,
		ContractID: in.ContractID,
		LicenceID:  in.LicenceID,
		Serial:     in.Serial,
		Open:       in.Open,
		Page:       in.page(),
	})
	return listed(rows, next, err, attachmentView)
}

// WarrantyClaimRequest claims an extended warranty from before.
type WarrantyClaimRequest struct {
	AccountID   string `json:"account_id,omitempty" doc:"Operators: who claims; a customer's token has its own"`
	Serial      string `json:"serial" doc:"As it stands on the device; spaces, dashes and case do not matter"`
	SKU         string `json:"sku,omitempty" doc:"What was bought: code of the service, as on the invoice"`
	PONumber    string `json:"po_number,omitempty" doc:"Number of the purchase order; this or sku is required"`
	PurchasedOn string `json:"purchased_on,omitempty" format:"date" doc:"Day of purchase, YYYY-MM-DD; missing: as in the proof"`
	Reason      string `json:"reason,omitempty" doc:"Why, in your words: required of operators, and kept in the audit"`
}

// WarrantyView is an extended warranty from before this service.
type WarrantyView struct {
	ID          string                    `json:"id" doc:"Id of the warranty, such as war_01kb…"`
	Source      warranty.WarrantySource   `json:"source" enum:"IMPORT,CLAIM" doc:"How it came to be known"`
	State       warranty.WarrantyState    `json:"state" enum:"UNMATCHED,LINKED,REFUSED" doc:"Whether it belongs to an account"`
	Why         warranty.WarrantyMismatch `json:"why,omitempty" enum:"NO_ACCOUNT,SEVERAL_ACCOUNTS,SERIAL_ELSEWHERE,THE_SAME_IS_THERE" doc:"Of an imported one: why it matched nothing"`
	AccountID   string                    `json:"account_id,omitempty" doc:"Id of the customer's account; missing while it is not known"`
	Serial      string                    `json:"serial" doc:"Serial number that it covers"`
	StartsOn    string                    `json:"starts_on,omitempty" format:"date" doc:"First covered day, YYYY-MM-DD"`
	LastDay     string                    `json:"last_day,omitempty" format:"date" doc:"Last covered day, YYYY-MM-DD"`
	SKU         string                    `json:"sku,omitempty" doc:"Code of what was bought, as it was claimed"`
	PONumber    string                    `json:"po_number,omitempty" doc:"Number of the purchase order, as it was claimed"`
	PurchasedOn string                    `json:"purchased_on,omitempty" format:"date" doc:"Day of purchase, YYYY-MM-DD, as it was claimed"`
	Company     string                    `json:"company,omitempty" doc:"Name of the customer's company, as it was sent; kept until it is decided"`
	Address     *rules.Address            `json:"address,omitempty" doc:"Address of the customer's company, as it was sent; kept until it is decided"`
	CreatedAt   time.Time                 `json:"created_at" doc:"When it was recorded; an instant in UTC"`
	DecidedAt   *time.Time                `json:"decided_at,omitempty" doc:"When somebody decided about it; an instant in UTC"`
}

func warrantyView(w warranty.EarlierWarranty) WarrantyView {
	return WarrantyView{
		ID:          w.ID,
		Source:      w.Source,
		State:       w.State,
		Why:         w.Why,
		AccountID:   text(w.AccountID),
		Serial:      w.Serial,
		StartsOn:    w.StartsOn,
		LastDay:     w.LastDay(),
		SKU:         w.SKU,
		PONumber:    w.PONumber,
		PurchasedOn: w.PurchasedOn,
		Company:     w.Company,
		Address:     w.Address,
		CreatedAt:   w.CreatedAt,
		DecidedAt:   w.DecidedAt,
	}
}

func (h warrantyHandlers) claimWarranty(
	ctx context.Context, _ *struct{}, r WarrantyClaimRequest,
) (*one[WarrantyView], error) {
	w, err := h.warranties.ClaimWarranty(ctx, warranty.WarrantyClaim{
		AccountID: accountOf(ctx, r.AccountID),
		Form: licensing.WarrantyClaimForm{
			Serial:      r.Serial,
			SKU:         r.SKU,
			PONumber:    r.PONumber,
			PurchasedOn: r.PurchasedOn,
		},
		Reason: r.Reason,
	})
	return single(w, err, warrantyView)
}

type listWarrantiesInput struct {
	ListInput
	AccountID string `query:"account_id" maxLength:"64" doc:"Only those of this account"`
	State     string `query:"state" enum:"UNMATCHED,LINKED,REFUSED" doc:"Only those in this state"`
	Source    string `query:"source" enum:"IMPORT,CLAIM" doc:"Only those that came so"`
	Serial    string `query:"serial" maxLength:"100" doc:"Only those of this serial number"`
}

func (h warrantyHandlers) listWarranties(
	ctx context.Context, in *listWarrantiesInput,
) (*pageOf[WarrantyView], error) {
	rows, next, err := h.warranties.ListWarranties(ctx, warranty.WarrantyFilter{
		AccountID: in.AccountID,
		State:     warranty.WarrantyState(in.State),
		Source:    warranty.WarrantySource(in.Source),
		Serial:    in.Serial,
		Page:      in.page(),
	})
	return listed(rows, next, err, warrantyView)
}

// warrantyColumns are those of a CSV file of earlier warranties.
var warrantyColumns = []rowfile.Column{
	{Name: "company", Needed: true},
	{Name: "street", Needed: true},
	{Name: "city", Needed: true},
	{Name: "region", Optional: true},
	{Name: "postal_code", Optional: true},
	{Name: "country", Needed: true},
	{Name: "serial", Needed: true},
	{Name: "starts_on", Needed: true},
	{Name: "last_day", Needed: true},
}

// warrantyField is where a column's text goes, in the order of warrantyColumns.
func warrantyField(f *licensing.EarlierWarrantyForm, column int) *string {
	return []*string{
		&f.Company,
		&f.Address.Street,
		&f.Address.City,
		&f.Address.Region,
		&f.Address.PostalCode,
		&f.Address.Country,
		&f.Serial,
		&f.StartsOn,
		&f.LastDay,
	}[column]
}

type importWarrantiesInput struct {
	DryRun bool   `query:"dry_run" doc:"Check and match the rows and store nothing"`
	Reason string `query:"reason" maxLength:"500" doc:"Why, in your words: kept in the audit"`
}

// WarrantyImportView is the report of an import.
type WarrantyImportView struct {
	DryRun bool              `json:"dry_run" doc:"Whether the rows were only checked"`
	Stored bool              `json:"stored" doc:"Whether anything was stored: not in a dry run, nor when a row was refused"`
	Rows   []WarrantyRowView `json:"rows" nullable:"false" doc:"What became of each row, in the order of the file"`
}

// WarrantyRowView is what became, or in a dry run would become, of one row.
type WarrantyRowView struct {
	Row        int                       `json:"row" doc:"Line of a CSV file, or place in a JSON file, from 1"`
	Outcome    warranty.WarrantyOutcome  `json:"outcome" enum:"MATCHED,UNMATCHED,UNCHANGED,REFUSED,NOT_STORED" doc:"What became of the row"`
	WarrantyID string                    `json:"warranty_id,omitempty" doc:"Id of the warranty that the row became"`
	AccountID  string                    `json:"account_id,omitempty" doc:"Id of the account that it was matched to"`
	Why        warranty.WarrantyMismatch `json:"why,omitempty" enum:"NO_ACCOUNT,SEVERAL_ACCOUNTS,SERIAL_ELSEWHERE,THE_SAME_IS_THERE" doc:"Why it matched nothing"`
	Errors     []rules.FieldError        `json:"errors" nullable:"false" doc:"What is wrong with the row; empty when it was taken"`
}

func (h warrantyHandlers) importWarranties(
	ctx context.Context, in *importWarrantiesInput, body rawBody,
) (*one[WarrantyImportView], error) {
	file, places, err := readWarranties(body)
	if err != nil {
		return nil, err
	}

	file.DryRun, file.Reason = in.DryRun, in.Reason
	rows, err := h.warranties.ImportWarranties(ctx, file)
	if err != nil {
		return nil, err
	}

	v := WarrantyImportView{
		DryRun: in.DryRun,
		Stored: !in.DryRun,
		Rows:   make([]WarrantyRowView, len(rows)),
	}

	for i, r := range rows {
		v.Rows[i] = WarrantyRowView{
			Row:        places[i],
			Outcome:    r.Outcome,
			WarrantyID: r.WarrantyID,
			AccountID:  r.AccountID,
			Why:        r.Why,
			Errors:     append([]rules.FieldError{}, r.Errors...),
		}

		v.Stored = v.Stored && r.Outcome != warranty.WarrantyRowRefused
	}

	return &one[WarrantyImportView]{v}, nil
}

// readWarranties reads the rows of a body with the place of each in the file.
func readWarranties(body rawBody) (file warranty.WarrantyImport, places []int, err error) {
	add := func(place int, f licensing.EarlierWarrantyForm, wrong []rules.FieldError) error {
		if len(places) == warranty.MaxWarrantyRows {
			return rules.Refuse(roomfile.TooManyRows, "The file holds more than 1000 rows.",
				"Split the file.")
		}

		file.Forms = append(file.Forms, f)
		file.Errors = append(file.Errors, wrong)
		places = append(places, place)
		return nil
	}

	if body.media == mediaCSV {
		err = readWarrantyCSV(bytes.NewReader(body.content), add)
	} else {
		err = readWarrantyJSON(bytes.NewReader(body.content), add)
	}
	if err != nil {
		return file, places, err
	}

	if len(places) == 0 {
		err = rules.Refuse(rowfile.Empty, "The file has no rows.", "Send at least one.")
	}

	return file, places, err
}

type addWarranty func(place int, f licensing.EarlierWarrantyForm, wrong []rules.FieldError) error

func readWarrantyCSV(r io.Reader, add addWarranty) error {
	src, err := rowfile.OpenCSV(r, warrantyColumns)
	for err == nil {
		var line int
		var record []string
		if line, record, err = src.Next(); err != nil {
			continue
		}

		var f licensing.EarlierWarrantyForm
		var wrong []rules.FieldError
		if len(record) != len(src.At) {
			wrong = append(wrong, rowfile.WrongWidth())
		}

		for i, text := range record[:min(len(record), len(src.At))] {
			*warrantyField(&f,
				src.At[i]) = strings.Clone(strings.TrimSpace(text)) // the record is used again
		}

		err = add(line, f, wrong)
	}
	if errors.Is(err, io.EOF) {
		return nil
	}

	return err
}

func readWarrantyJSON(r io.Reader, add addWarranty) error {
	place := 0
	for raw, err := range rowfile.Values(r) {
		if err != nil {
			return err
		}
		place++
		var f licensing.EarlierWarrantyForm

		wrong := strictjson.Decode(raw, &f)
		if err := add(place, f, wrong); err != nil {
			return err
		}
	}

	return nil
}
