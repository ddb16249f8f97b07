package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"roomcover.dev/roomcover/models/entitlement"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/licensing"
)

// deviceHandlers answer what is asked about devices.
type deviceHandlers struct{ entitlements *entitlement.Entitlements }

func (h deviceHandlers) routes(api huma.API) {
	read := route{
		Tag:        "Devices",
		Scope:      RoomsRead,
		Capability: rules.ViewAccount,
		NoSellers:  true,
	}

	write := route{
		Tag:        "Devices",
		Scope:      RoomsWrite,
		Capability: rules.ManageRooms,
		NoSellers:  true,
	}

	mount(api, read.get("list-devices", "/v1/devices", "List devices, newest first"), h.listDevices)
	mount(api, read.get("get-device", "/v1/devices/{id}", "Read a device with its stays").
		refuses(404), h.getDevice)
	mountJSON(api, write.post("register-device", "/v1/devices", "Register a device by its serial").
		answers(http.StatusCreated).idempotent().refuses(404, 409), h.registerDevice)
	mountJSON(api, write.put("put-device", "/v1/devices/{id}", "Change a device").
		refuses(404, 409, 412, 428), h.putDevice)
	mountJSON(api, write.post("place-device", "/v1/devices/{id}/placement",
		"Put a device into a room, or out of it").
		idempotent().refuses(404, 409), h.placeDevice)

	end := write
	end.NoSellers = false
	end.OperatorOnly = true
	mountJSON(api, end.post("end-device-use", "/v1/devices/{id}/end",
		"Mark a device as lost or retired").
		idempotent().refuses(404, 409), h.endDeviceUse)
}

// DeviceRequest is a device to register, or what is told of it from now on.
type DeviceRequest struct {
	AccountID      string `json:"account_id,omitempty" doc:"Operators, without a room: whose device it is"`
	RoomID         string `json:"room_id,omitempty" doc:"Id of the room that it is in; only when it is registered"`
	Serial         string `json:"serial,omitempty" doc:"As it stands on the device; spaces, dashes and case do not matter"`
	Model          string `json:"model" doc:"Code of the model; one that is not supported is kept, and never covered"`
	PurchasedOn    string `json:"purchased_on,omitempty" format:"date" doc:"Day of purchase, YYYY-MM-DD; missing: not known"`
	PurchaseProof  string `json:"purchase_proof,omitempty" doc:"Where the proof of purchase is kept, such as the number of an invoice"`
	StdWarrantyEnd string `json:"std_warranty_end,omitempty" format:"date" doc:"End of the maker's warranty, YYYY-MM-DD: the first day that is not covered any more; missing: by the model"`
	ExtWarrantyEnd string `json:"ext_warranty_end,omitempty" format:"date" doc:"End of the extended warranty, YYYY-MM-DD: the first day that is not covered any more"`
	Reason         string `json:"reason,omitempty" doc:"Why, in your words: required of operators, and to change a date that is stored; kept in the audit"`
}

func (r DeviceRequest) form() licensing.DeviceForm {
	return licensing.DeviceForm{
		Serial:         r.Serial,
		ModelCode:      r.Model,
		PurchasedOn:    r.PurchasedOn,
		PurchaseProof:  r.PurchaseProof,
		StdWarrantyEnd: r.StdWarrantyEnd,
		ExtWarrantyEnd: r.ExtWarrantyEnd,
	}
}

// DeviceView is a device.
type DeviceView struct {
	ID             string                `json:"id" doc:"Id of the device, such as dev_01kb…"`
	AccountID      string                `json:"account_id" doc:"Id of the customer's account, such as acc_01kb…"`
	Serial         string                `json:"serial,omitempty" doc:"Serial number in the one spelling that is compared; missing: a part of a bundle that was not read yet"`
	Model          string                `json:"model" doc:"Code of the model, such as RALLY-BAR"`
	State          licensing.DeviceState `json:"state" enum:"UNPLACED,IN_ROOM,SPARE_ON_SITE,IN_RMA,RETURNED,RETIRED,LOST" doc:"Where the device is in its life"`
	PurchasedOn    string                `json:"purchased_on,omitempty" format:"date" doc:"Day of purchase, YYYY-MM-DD; missing: not known"`
	PurchaseProof  string                `json:"purchase_proof,omitempty" doc:"Where the proof of purchase is kept, such as the number of an invoice; missing: none is known"`
	StdWarrantyEnd string                `json:"std_warranty_end,omitempty" format:"date" doc:"End of the maker's warranty, YYYY-MM-DD: the first day that is not covered any more"`
	ExtWarrantyEnd string                `json:"ext_warranty_end,omitempty" format:"date" doc:"End of the extended warranty, YYYY-MM-DD: the first day that is not covered any more"`
	Warnings       []rules.FieldError    `json:"warnings" nullable:"false" doc:"What is doubtful and kept all the same: UNKNOWN_MODEL, a model that the catalog has never had, with those that are spelled nearly so"`
	CreatedAt      time.Time             `json:"created_at" doc:"When it was recorded; an instant in UTC"`
	Version        int64                 `json:"version" doc:"Grows by one with each change; it is the ETag of the object"`
}

// deviceViews returns the view of devices, which warns of models that nobody knows.
func deviceViews(
	ctx context.Context, entitlements *entitlement.Entitlements,
) (func(entitlement.Device) DeviceView, error) {
	doubts, err := entitlements.DoubtfulModels(ctx)
	return func(d entitlement.Device) DeviceView {
		v := deviceView(d)
		v.Warnings = append(v.Warnings, doubts(d.ModelCode)...)
		return v
	}, err
}

func deviceView(d entitlement.Device) DeviceView {
	return DeviceView{
		Warnings:       []rules.FieldError{},
		ID:             d.ID,
		AccountID:      d.AccountID,
		Serial:         text(d.Serial),
		Model:          d.ModelCode,
		State:          d.State,
		PurchasedOn:    d.PurchasedOn,
		PurchaseProof:  d.PurchaseProof,
		StdWarrantyEnd: d.StdWarrantyEnd,
		ExtWarrantyEnd: d.ExtWarrantyEnd,
		CreatedAt:      d.CreatedAt,
		Version:        d.Version,
	}
}

// StayView is a stay of a device in a room.
type StayView struct {
	RoomID string     `json:"room_id" doc:"Id of the room that the device was in"`
	From   time.Time  `json:"from" doc:"When it came into the room; an instant in UTC"`
	To     *time.Time `json:"to,omitempty" doc:"When it left the room: an instant in UTC; missing while it is there"`
}

// DeviceDetail is a device with its stays.
type DeviceDetail struct {
	DeviceView
	Stays []StayView `json:"stays" nullable:"false" doc:"Rooms that it was in, oldest first"`
}

type listDevicesInput struct {
	ListInput
	AccountID string `query:"account_id" maxLength:"64" doc:"Only devices of this account"`
	RoomID    string `query:"room_id" maxLength:"64" doc:"Only devices that are in this room now"`
	Model     string `query:"model" maxLength:"64" doc:"Only devices of this model"`
	State     string `query:"state" enum:"UNPLACED,IN_ROOM,SPARE_ON_SITE,IN_RMA,RETURNED,RETIRED,LOST" doc:"Only devices in this state"`
	Search    string `query:"q" maxLength:"100" doc:"Part of the serial or of the model's code"`
	Sort      string `query:"sort" enum:"newest,oldest,name" doc:"newest first (the default), oldest first, or by serial"`
}

func (h deviceHandlers) listDevices(
	ctx context.Context, in *listDevicesInput,
) (*pageOf[DeviceView], error) {
	devices, next, err := h.entitlements.ListDevices(ctx, entitlement.DeviceFilter{
		AccountID: in.AccountID,
		RoomID:    in.RoomID,
		ModelCode: in.Model,
		State:     licensing.DeviceState(in.State),
		Search:    in.Search,
		Sort:      sorted(in.Sort),
		Page:      in.page(),
	})
	if err != nil {
		return nil, err
	}

	view, err := deviceViews(ctx, h.entitlements)
	return listed(devices, next, err, view)
}

func (h deviceHandlers) getDevice(
	ctx context.Context, in *IDInput,
) (*roomOutput[DeviceDetail], error) {
	d, err := h.entitlements.GetDevice(ctx, in.ID)
	if err != nil {
		return nil, err
	}

	stays, err := h.entitlements.PlacementsOf(ctx, d.ID)
	if err != nil {
		return nil, err
	}

	view, err := deviceViews(ctx, h.entitlements)
	if err != nil {
		return nil, err
	}

	v := DeviceDetail{
		DeviceView: view(d),
		Stays: viewed(stays, func(p entitlement.DevicePlacement) StayView {
			return StayView{p.RoomID, p.FromAt, p.ToAt}
		}),
	}
	return &roomOutput[DeviceDetail]{etag(d.Version), v}, nil
}

// answer answers with a device that was changed. What is done is answered as done, also where
// its model cannot be looked up any more.
func (h deviceHandlers) answer(
	ctx context.Context, d entitlement.Device, err error,
) (*roomOutput[DeviceView], error) {
	if err != nil {
		return nil, err
	}

	view, err := deviceViews(ctx, h.entitlements)
	if err != nil {
		logAfterCommit(ctx, "whether a model is known is not known", err)
		view = deviceView
	}
	return &roomOutput[DeviceView]{etag(d.Version), view(d)}, nil
}

func (h deviceHandlers) registerDevice(
	ctx context.Context, _ *struct{}, r DeviceRequest,
) (*roomOutput[DeviceView], error) {
	d, err := h.entitlements.RegisterDevice(ctx, entitlement.NewDevice{
		AccountID: accountOf(ctx, r.AccountID),
		RoomID:    r.RoomID,
		Form:      r.form(),
		Reason:    r.Reason,
	})
	return h.answer(ctx, d, err)
}

func (h deviceHandlers) putDevice(
	ctx context.Context, in *IfMatchInput, r DeviceRequest,
) (*roomOutput[DeviceView], error) {
	d, err := h.entitlements.GetDevice(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	if err := in.matches(d.Version); err != nil {
		return nil, err
	}

	if r.RoomID != "" || (r.AccountID != "" && r.AccountID != d.AccountID) {
		return nil, wrong("/room_id", "UNCHANGEABLE", "Room and account do not change here.",
			"Leave them out; place the device instead.")
	}

	d, err = h.entitlements.ChangeDevice(ctx, in.ID, r.form(), d.Version, r.Reason)
	return h.answer(ctx, d, err)
}

// PlacementRequest says where a device is.
type PlacementRequest struct {
	RoomID string `json:"room_id,omitempty" doc:"Id of the room that it comes into; missing: into none"`
	Reason string `json:"reason,omitempty" doc:"Why, in your words: required of operators, and kept in the audit"`
}

// EndOfUseRequest says how the use of a device ended.
type EndOfUseRequest struct {
	State  licensing.DeviceState `json:"state" enum:"LOST,RETIRED" doc:"What became of it; a retired one frees its serial number"`
	Reason string                `json:"reason" doc:"Why, in your words: required, and kept in the audit"`
}

func (h deviceHandlers) endDeviceUse(
	ctx context.Context, in *IDInput, r EndOfUseRequest,
) (*roomOutput[DeviceView], error) {
	d, err := h.entitlements.EndUse(ctx, in.ID, r.State, 0, r.Reason)
	return h.answer(ctx, d, err)
}

func (h deviceHandlers) placeDevice(
	ctx context.Context, in *IDInput, r PlacementRequest,
) (*roomOutput[DeviceView], error) {
	d, err := h.entitlements.PlaceDevice(ctx, in.ID, r.RoomID, r.Reason)
	return h.answer(ctx, d, err)
}
