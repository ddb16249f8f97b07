package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"roomcover.dev/roomcover/models/entitlement"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/catalogue"
	"roomcover.dev/roomcover/rules/licensing"
)

// assignmentHandlers answer what is asked about assignments.
type assignmentHandlers struct{ entitlements *entitlement.Entitlements }

func (h assignmentHandlers) routes(api huma.API) {
	read := route{
		Tag:        "Assignments",
		Scope:      RoomsRead,
		Capability: rules.ViewAccount,
		NoSellers:  true,
	}

	write := route{
		Tag:        "Assignments",
		Scope:      RoomsWrite,
		Capability: rules.ManageRooms,
		NoSellers:  true,
	}

	mount(api, read.get("list-assignments", "/v1/assignments",
		"List assignments of licenses, newest first"), h.listAssignments)
	mountJSON(api, write.post("assign", "/v1/assignments", "Assign a license to a room").
		answers(http.StatusCreated).idempotent().refuses(404, 409), h.assign)
	mountJSON(api, write.post("assign-many", "/v1/contracts/{id}/assignments",
		"Assign licenses of a contract to rooms, one each").
		answers(http.StatusCreated).idempotent().refuses(404, 409), h.assignMany)

	mountJSON(api, write.post("release", "/v1/assignments/{id}/release", "End an assignment").
		idempotent().refuses(404, 409), h.release)
}

// AssignmentRequest assigns a licence.
type AssignmentRequest struct {
	LicenceID         string `json:"licence_id" doc:"Id of an available license of Select or Sync+"`
	RoomID            string `json:"room_id" doc:"Id of the room that gets the license"`
	AcknowledgedTerms int    `json:"acknowledged_terms,omitempty" doc:"Version of the terms of the room's country that you have read; required where they differ from those of the account's country"`
	Reason            string `json:"reason,omitempty" doc:"Why, in your words: required of operators, and kept in the audit"`
}

// AssignmentView is a stay of a licence in a room.
type AssignmentView struct {
	ID             string                    `json:"id" doc:"Id of the object; it never changes"`
	AccountID      string                    `json:"account_id" doc:"Id of the customer's account, such as acc_01kb…"`
	LicenceID      string                    `json:"licence_id" doc:"Id of the license that covers the room"`
	RoomID         string                    `json:"room_id" doc:"Id of the room that is covered"`
	ServiceType    catalogue.ServiceType     `json:"service_type" enum:"SELECT,SYNC_PLUS" doc:"The service of the license"`
	From           time.Time                 `json:"from" doc:"From when the license covers the room; an instant in UTC"`
	To             *time.Time                `json:"to,omitempty" doc:"When it ended: an instant in UTC that is not covered any more; missing while it lasts"`
	EndReason      entitlement.AssignmentEnd `json:"end_reason,omitempty" enum:"RELEASED,MOVED,ROOM_ARCHIVED,CANCELLED,EXPIRED" doc:"Why it ended; missing while it lasts"`
	TermsVersion   int                       `json:"terms_version,omitempty" doc:"Version of the terms of the room's country when it was assigned"`
	AcknowledgedAt *time.Time                `json:"acknowledged_at,omitempty" doc:"When differing terms were acknowledged; an instant in UTC"`
	AcknowledgedBy string                    `json:"acknowledged_by,omitempty" doc:"Id of the user or token that acknowledged them"`
}

func assignmentView(a entitlement.LicenceAssignment) AssignmentView {
	v := AssignmentView{
		ID:             a.ID,
		AccountID:      a.AccountID,
		LicenceID:      a.LicenceID,
		RoomID:         a.RoomID,
		ServiceType:    a.ServiceType,
		From:           a.FromAt,
		To:             a.ToAt,
		EndReason:      a.EndReason,
		AcknowledgedAt: a.AcknowledgedAt,
		AcknowledgedBy: a.AcknowledgedBy,
	}

	if a.Terms != nil {
		v.TermsVersion = a.Terms.Version
	}
	return v
}

// WarningView says that a device is covered for less than the contract (R125d).
type WarningView struct {
	DeviceID string `json:"device_id" doc:"Id of the device that the warning is about"`
	Code     string `json:"code" enum:"HARDWARE_CAPPED,HARDWARE_OVER_CAP,PURCHASE_DATE_UNKNOWN" doc:"What is to be known about the device's cover"`
	EndsOn   string `json:"ends_on,omitempty" format:"date" doc:"End of the device's hardware coverage, YYYY-MM-DD: the first day that is not covered any more"`
}

// AssignedView is what an assignment or a move led to.
type AssignedView struct {
	Assignments      []AssignmentView `json:"assignments" nullable:"false" doc:"The assignments that were made, or were there already"`
	Warnings         []WarningView    `json:"warnings" nullable:"false" doc:"What is to be known all the same: devices whose hardware is covered for less than the contract"`
	StartedContracts []string         `json:"started_contracts" nullable:"false" doc:"Ids of the contracts that started by it"`
}

func assignedView(a entitlement.Assigned) AssignedView {
	return AssignedView{
		Assignments:      viewed(a.Assignments, assignmentView),
		Warnings:         viewed(a.Warnings, warningView),
		StartedContracts: append([]string{}, a.Started...),
	}
}

func warningView(w licensing.CapWarning) WarningView {
	v := WarningView{DeviceID: w.DeviceID, Code: w.Code}
	if w.EndsOn != nil {
		v.EndsOn = w.EndsOn.String()
	}
	return v
}

func (h assignmentHandlers) assign(
	ctx context.Context, _ *struct{}, r AssignmentRequest,
) (*one[AssignedView], error) {
	out, err := h.entitlements.Assign(ctx, entitlement.AssignRequest{
		LicenceID:    r.LicenceID,
		RoomID:       r.RoomID,
		Acknowledged: r.AcknowledgedTerms,
		Reason:       r.Reason,
	})
	return single(out, err, assignedView)
}

// ManyAssignmentsRequest assigns licences of a contract.
type ManyAssignmentsRequest struct {
	RoomIDs           []string       `json:"room_ids" nullable:"false" doc:"Ids of the rooms that get a license each"`
	AcknowledgedTerms map[string]int `json:"acknowledged_terms,omitempty" doc:"Version of the terms that you have read, by the rooms' country, where they differ from those of the account's country, such as {AR: 2}"`
	Reason            string         `json:"reason,omitempty" doc:"Why, in your words: required of operators, and kept in the audit"`
}

func (h assignmentHandlers) assignMany(
	ctx context.Context, in *IDInput, r ManyAssignmentsRequest,
) (*one[AssignedView], error) {
	out, err := h.entitlements.AssignMany(ctx, entitlement.AssignManyRequest{
		ContractID:   in.ID,
		RoomIDs:      r.RoomIDs,
		Acknowledged: r.AcknowledgedTerms,
		Reason:       r.Reason,
	})
	return single(out, err, assignedView)
}

func (h assignmentHandlers) release(
	ctx context.Context, in *IDInput, r RoomReasonRequest,
) (*one[AssignmentView], error) {
	a, err := h.entitlements.Release(ctx, in.ID, r.Reason)
	return single(a, err, assignmentView)
}

type listAssignmentsInput struct {
	ListInput
	AccountID string `query:"account_id" maxLength:"64" doc:"Only assignments of this account"`
	RoomID    string `query:"room_id" maxLength:"64" doc:"Only assignments to this room"`
	LicenceID string `query:"licence_id" maxLength:"64" doc:"Only assignments of this license"`
	Open      bool   `query:"open" doc:"Only those that last"`
}

func (h assignmentHandlers) listAssignments(
	ctx context.Context, in *listAssignmentsInput,
) (*pageOf[AssignmentView], error) {
	rows, next, err := h.entitlements.ListAssignments(ctx, entitlement.AssignmentFilter{
		AccountID: in.AccountID,
		RoomID:    in.RoomID,
		LicenceID: in.LicenceID,
		Open:      in.Open,
		Page:      in.page(),
	})
	return listed(rows, next, err, assignmentView)
}
