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
		"List assignments of licences, newest first"), h.listAssignments)
	mountJSON(api, write.post("assign", "/v1/assignments", "Assign a licence to a room").
		answers(http.StatusCreated).idempotent().refuses(404, 409), h.assign)
	mountJSON(api, write.post("assign-many", "/v1/contracts/{id}/assignments",
		"Assign licences of a contract to rooms, one each").
		answers(http.StatusCreated).idempotent().refuses(404, 409), h.assignMany)

	mountJSON(api, write.post("release", "/v1/assignments/{id}/release", "End an assignment").
		idempotent().refuses(404, 409), h.release)
}

// AssignmentRequest assigns a licence.
type AssignmentRequest struct {
	LicenceID         string `json:"licence_id"`
	RoomID            string `json:"room_id"`
	AcknowledgedTerms int    `json:"acknowledged_terms,omitempty" doc:"Version of the terms of the room's country that was read"`
	Reason            string `json:"reason,omitempty" doc:"Operators: required; goes into the audit"`
}

// AssignmentView is a stay of a licence in a room.
type AssignmentView struct {
	ID             string                    `json:"id"`
	AccountID      string                    `json:"account_id"`
	LicenceID      string                    `json:"licence_id"`
	RoomID         string                    `json:"room_id"`
	ServiceType    catalogue.ServiceType     `json:"service_type" enum:"SELECT,SYNC_PLUS"`
	From           time.Time                 `json:"from"`
	To             *time.Time                `json:"to,omitempty" doc:"Exclusive; missing while it lasts"`
	EndReason      entitlement.AssignmentEnd `json:"end_reason,omitempty" enum:"RELEASED,MOVED,ROOM_ARCHIVED,CANCELLED,EXPIRED"`
	TermsVersion   int                       `json:"terms_version,omitempty" doc:"Of the room's country, when it was made"`
	AcknowledgedAt *time.Time                `json:"acknowledged_at,omitempty" doc:"When differing terms were acknowledged"`
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
	DeviceID string `json:"device_id"`
	Code     string `json:"code" enum:"HARDWARE_CAPPED,HARDWARE_OVER_CAP,PURCHASE_DATE_UNKNOWN"`
	EndsOn   string `json:"ends_on,omitempty" format:"date" doc:"Exclusive end of its hardware cover"`
}

// AssignedView is what an assignment or a move led to.
type AssignedView struct {
	Assignments      []AssignmentView `json:"assignments" nullable:"false"`
	Warnings         []WarningView    `json:"warnings" nullable:"false"`
	StartedContracts []string         `json:"started_contracts" nullable:"false" doc:"Contracts that started by it"`
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
	RoomIDs           []string       `json:"room_ids" nullable:"false"`
	AcknowledgedTerms map[string]int `json:"acknowledged_terms,omitempty" doc:"By the rooms' country: version of its terms that was read, where they differ from home"`
	Reason            string         `json:"reason,omitempty" doc:"Operators: required; goes into the audit"`
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
	LicenceID string `query:"licence_id" maxLength:"64" doc:"Only assignments of this licence"`
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
