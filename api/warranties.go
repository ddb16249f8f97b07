package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"roomcover.dev/roomcover/models"
	"roomcover.dev/roomcover/rules"
)

// warrantyHandlers answer what is asked about extended warranties.
type warrantyHandlers struct{ store *models.Store }

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
		idempotent().takesFile(maxBody, rules.EarlierWarrantyForm{}), h.importWarranties)
}

// AttachmentRequest attaches a unit of an extended warranty.
type AttachmentRequest struct {
	LicenceID string `json:"licence_id"`
	Serial    string `json:"serial" doc:"Of a device that is registered in the account"`
	Reason    string `json:"reason,omitempty" doc:"Operators: required; goes into the audit"`
}

// AttachmentView is a stay of a unit with a serial number.
type AttachmentView struct {
	ID         string               `json:"id"`
	AccountID  string               `json:"account_id"`
	ContractID string               `json:"contract_id"`
	LicenceID  string               `json:"licence_id"`
	Serial     string               `json:"serial"`
	DeviceID   string               `json:"device_id,omitempty"`
	From       time.Time            `json:"from"`
	To         *time.Time           `json:"to,omitempty" doc:"Exclusive; missing while it lasts"`
	EndReason  models.AssignmentEnd `json:"end_reason,omitempty" enum:"RELEASED,CANCELLED"`
	EndsOn     string               `json:"ends_on,omitempty" format:"date" doc:"Exclusive end of the device's extended warranty while this lasts; missing while its date of purchase is unknown"`
}

func attachmentView(a models.AttachmentDetail) AttachmentView {
	return AttachmentView{a.ID, a.AccountID, a.ContractID, a.LicenceID, a.Serial, a.DeviceID, a.FromAt, a.ToAt, a.EndReason, a.EndsOn}
}

// AttachedView is what attaching a unit led to.
type AttachedView struct {
	AttachmentView
	StartedContracts []string `json:"started_contracts" nullable:"false" doc:"Contracts that started by it (S1)"`
}

func (h warrantyHandlers) attachWarranty(ctx context.Context, _ *struct{}, r AttachmentRequest) (*one[AttachedView], error) {
	out, err := h.store.AttachWarranty(ctx, models.AttachRequest{LicenceID: r.LicenceID, Serial: r.Serial, Reason: r.Reason})
	if err != nil {
		return nil, err
	}
	a, err := h.store.WarrantyAttachment(ctx, out.Attachment.ID)
	return single(a, err, func(a models.AttachmentDetail) AttachedView {
		return AttachedView{attachmentView(a), append([]string{}, out.Started...)}
	})
}

func (h warrantyHandlers) detachWarranty(ctx context.Context, in *IDInput, r RoomReasonRequest) (*one[AttachmentView], error) {
	if _, err := h.store.DetachWarranty(ctx, in.ID, r.Reason); err != nil {
		return nil, err
	}
	a, err := h.store.WarrantyAttachment(ctx, in.ID)
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

func (h warrantyHandlers) listAttachments(ctx context.Context, in *listAttachmentsInput) (*pageOf[AttachmentView], error) {
	rows, next, err := h.store.ListWarrantyAttachments(ctx, models.AttachmentFilter{AccountID: in.AccountID, ContractID: in.ContractID, LicenceID: in.LicenceID, Serial: in.Serial,
		Open: in.Open, Page: in.page()})
	return listed(rows, next, err, attachmentView)
}
