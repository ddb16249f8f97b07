package api

import (
	"context"
	"net/http"
	"time"

	"roomcover.dev/roomcover/models"
	"roomcover.dev/roomcover/rules"
)

func (s *service) warrantyRoutes() {
	read := route{Method: get, Tag: "Warranties", Scope: AccountsRead, Capability: rules.ViewAccount, NoSellers: true}
	write := route{Method: post, Tag: "Warranties", Scope: RoomsWrite, Capability: rules.ManageRooms, NoSellers: true, Idempotent: true}
	mount(s, read.at("list-attachments", "/v1/warranties/attachments", "List extended warranties attached to serial numbers, newest first"), s.listAttachments)
	attach := write.at("attach-warranty", "/v1/warranties/attachments", "Attach a unit of an extended warranty to a serial number", 404, 409)
	attach.Body, attach.Status = AttachmentRequest{}, http.StatusCreated
	attach.Description = "It adds the contract's years to the standard warranty of the device, within the program's cap (R39a, S38). The first one of an order starts its contracts (S1)."
	mount(s, attach, s.attachWarranty)
	detach := write.at("detach-warranty", "/v1/warranties/attachments/{id}/release", "Take a unit of an extended warranty off its serial number", 404, 409)
	detach.Body, detach.Description = RoomReasonRequest{}, "What it covered until then stays covered; the unit goes back to the balance."
	mount(s, detach, s.detachWarranty)

	list := read.at("list-warranties", "/v1/warranties", "List imported and claimed warranties from before, newest first")
	list.Description = "Operators: the queue of those that matched no account is `state=UNMATCHED` (R111b)."
	mount(s, list, s.listWarranties)
	claim := write.at("claim-warranty", "/v1/warranties/claims", "Claim an extended warranty that is missing among the contracts", 404)
	claim.Body, claim.Status = WarrantyClaimRequest{}, http.StatusCreated
	claim.Description = "An operator decides (R111c). The same serial number again, while undecided, answers the claim that is there."
	mount(s, claim, s.claimWarranty)
	mount(s, route{ID: "import-warranties", Method: post, Path: "/v1/warranties/import", Tag: "Warranties", Summary: "Import extended warranties from before",
		Description: "CSV, a JSON array, or one object per line; up to 1000 rows. Each is matched by company, address and serial number: what matches stands among the account's contracts, " +
			"what does not becomes an operator task (R111). All rows or none; the same row again changes nothing (S35).",
		Scope: AccountsWrite, Capability: rules.ReviewOrders, OperatorOnly: true, Media: importMedia, Row: rules.EarlierWarrantyForm{}, Idempotent: true}, s.importWarranties)
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

func (s *service) attachWarranty(ctx context.Context, _ *struct{}) (*one[AttachedView], error) {
	r, err := decode[AttachmentRequest](ctx)
	if err != nil {
		return nil, err
	}
	out, err := s.store.AttachWarranty(ctx, models.AttachRequest{LicenceID: r.LicenceID, Serial: r.Serial, Reason: r.Reason})
	if err != nil {
		return nil, err
	}
	a, err := s.store.WarrantyAttachment(ctx, out.Attachment.ID)
	return single(a, err, func(a models.AttachmentDetail) AttachedView {
		return AttachedView{attachmentView(a), append([]string{}, out.Started...)}
	})
}

func (s *service) detachWarranty(ctx context.Context, in *IDInput) (*one[AttachmentView], error) {
	r, err := decode[RoomReasonRequest](ctx)
	if err != nil {
		return nil, err
	}
	if _, err := s.store.DetachWarranty(ctx, in.ID, r.Reason); err != nil {
		return nil, err
	}
	a, err := s.store.WarrantyAttachment(ctx, in.ID)
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

func (s *service) listAttachments(ctx context.Context, in *listAttachmentsInput) (*pageOf[AttachmentView], error) {
	rows, next, err := s.store.ListWarrantyAttachments(ctx, models.AttachmentFilter{AccountID: in.AccountID, ContractID: in.ContractID, LicenceID: in.LicenceID, Serial: in.Serial,
		Open: in.Open, Page: in.page()})
	return listed(rows, next, err, attachmentView)
}
