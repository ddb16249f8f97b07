package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/entitlement"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/cover"
	"roomcover.dev/roomcover/rules/licensing"
)

// roomHandlers answer what is asked about rooms.
type roomHandlers struct {
	db           *db.DB
	entitlements *entitlement.Entitlements
}

func (h roomHandlers) routes(api huma.API) {
	read := route{
		Tag:        "Rooms",
		Scope:      RoomsRead,
		Capability: rules.ViewAccount,
		NoSellers:  true,
	}

	write := route{
		Tag:        "Rooms",
		Scope:      RoomsWrite,
		Capability: rules.ManageRooms,
		NoSellers:  true,
	}

	mount(api, read.get("list-rooms", "/v1/rooms", "List rooms, newest first"), h.listRooms)
	mount(api, read.get("get-room", "/v1/rooms/{id}", "Read a room with its devices and licenses").
		refuses(404), h.getRoom)
	mountJSON(api, write.post("create-room", "/v1/rooms", "Add a room").
		answers(http.StatusCreated).idempotent().refuses(404), h.createRoom)
	mountJSON(api, write.put("put-room", "/v1/rooms/{id}", "Change a room").
		refuses(404, 409, 412, 428), h.putRoom)
	mountJSON(api, write.post("archive-room", "/v1/rooms/{id}/archive", "Archive a room").
		idempotent().refuses(404, 409), h.archiveRoom)
	restore := write
	restore.NoSellers = false
	restore.OperatorOnly = true
	mountJSON(api, restore.post("restore-room", "/v1/rooms/{id}/restore",
		"Restore an archived room").
		idempotent().refuses(404, 409), h.restoreRoom)
	mountJSON(api, write.post("move", "/v1/rooms/{id}/move",
		"Move devices, licenses or both to another room").
		idempotent().refuses(404, 409), h.move)

	mountJSON(api, write.post("add-bundle", "/v1/rooms/{id}/bundles",
		"Place a bundle: one device for each part").
		answers(http.StatusCreated).idempotent().refuses(404, 409), h.addBundle)
}

// RoomRequest is a room to add, or what is told of it from now on.
type RoomRequest struct {
	AccountID   string            `json:"account_id,omitempty" doc:"Operators: whose room it is; a customer's token has its own"`
	Name        string            `json:"name" doc:"Name of the room, as people on site say it"`
	Site        string            `json:"site,omitempty" doc:"Building or site that the room is in, such as Paulista 1000"`
	Country     string            `json:"country" doc:"ISO 3166-1, two letters, such as BR; decides how soon a replacement arrives, and the languages of support"`
	Region      string            `json:"region,omitempty" doc:"Region in ISO 3166-2, with or without the country, such as SP: whose holidays count; missing: the country's own"`
	Platform    rules.Platform    `json:"platform" enum:"MTR_WINDOWS,MTR_ANDROID,ZOOM_PC,ZOOM_APPLIANCE,OTHER" doc:"What the room runs on"`
	Criticality rules.Criticality `json:"criticality,omitempty" enum:"NORMAL,HIGH,CRITICAL" doc:"How much depends on the room; missing: NORMAL"`
	TimeZone    string            `json:"time_zone,omitempty" doc:"IANA name, such as America/Sao_Paulo; missing: that of the region or country"`
	Reason      string            `json:"reason,omitempty" doc:"Why, in your words: required of operators, and kept in the audit"`
}

func (r RoomRequest) form() licensing.RoomForm {
	return licensing.RoomForm{
		Name:        r.Name,
		Site:        r.Site,
		Country:     r.Country,
		Region:      r.Region,
		Platform:    r.Platform,
		Criticality: r.Criticality,
		TimeZone:    r.TimeZone,
	}
}

// RoomReasonRequest says why.
type RoomReasonRequest struct {
	Reason string `json:"reason,omitempty" doc:"Why, in your words: required of operators, and kept in the audit"`
}

// RoomView is a room.
type RoomView struct {
	ID          string              `json:"id" doc:"Id of the room, such as rom_01kb…"`
	AccountID   string              `json:"account_id" doc:"Id of the customer's account, such as acc_01kb…"`
	Name        string              `json:"name" doc:"Name of the room, as people on site say it"`
	Site        string              `json:"site,omitempty" doc:"Building or site that the room is in"`
	Country     string              `json:"country" doc:"ISO 3166-1, two letters, such as BR"`
	Region      string              `json:"region,omitempty" doc:"Region in ISO 3166-2 without the country, such as SP"`
	Platform    rules.Platform      `json:"platform" enum:"MTR_WINDOWS,MTR_ANDROID,ZOOM_PC,ZOOM_APPLIANCE,OTHER" doc:"What the room runs on"`
	Criticality rules.Criticality   `json:"criticality" enum:"NORMAL,HIGH,CRITICAL" doc:"How much depends on the room; critical rooms come first when spares are placed"`
	TimeZone    string              `json:"time_zone" doc:"IANA name of the time zone by which days count here, such as America/Sao_Paulo"`
	State       licensing.RoomState `json:"state" enum:"ACTIVE,ARCHIVED" doc:"Whether the room is in use"`
	ArchivedAt  *time.Time          `json:"archived_at,omitempty" doc:"When it was archived; an instant in UTC"`
	CreatedAt   time.Time           `json:"created_at" doc:"When it was recorded; an instant in UTC"`
	Version     int64               `json:"version" doc:"Grows by one with each change; it is the ETag of the object"`
}

func roomView(r entitlement.Room) RoomView {
	return RoomView{
		ID:          r.ID,
		AccountID:   r.AccountID,
		Name:        r.Name,
		Site:        r.Site,
		Country:     r.Country,
		Region:      r.Region,
		Platform:    r.Platform,
		Criticality: r.Criticality,
		TimeZone:    r.TimeZone,
		State:       r.State,
		ArchivedAt:  r.ArchivedAt,
		CreatedAt:   r.CreatedAt,
		Version:     r.Version,
	}
}

// RoomDetail is a room with what is in it now.
type RoomDetail struct {
	RoomView
	Devices     []DeviceView     `json:"devices" nullable:"false" doc:"Devices that are in the room now"`
	Assignments []AssignmentView `json:"assignments" nullable:"false" doc:"Licenses that cover the room now"`
}

type roomOutput[T any] struct {
	ETag string `header:"ETag" doc:"Version of the object, for If-Match"`
	Body T
}

func roomAnswer(r entitlement.Room, err error) (*roomOutput[RoomView], error) {
	if err != nil {
		return nil, err
	}
	return &roomOutput[RoomView]{etag(r.Version), roomView(r)}, nil
}

func (h roomHandlers) getRoom(ctx context.Context, in *IDInput) (*roomOutput[RoomDetail], error) {
	r, err := h.entitlements.GetRoom(ctx, in.ID)
	if err != nil {
		return nil, err
	}

	devices, _, err := h.entitlements.ListDevices(ctx, entitlement.DeviceFilter{
		RoomID: r.ID,
		Page:   db.Page{Limit: 200},
	})
	if err != nil {
		return nil, err
	}

	view, err := deviceViews(ctx, h.entitlements)
	if err != nil {
		return nil, err
	}

	open, _, err := h.entitlements.ListAssignments(ctx, entitlement.AssignmentFilter{
		RoomID: r.ID,
		Open:   true,
	})
	detail := RoomDetail{
		roomView(r),
		viewed(devices, view),
		viewed(open, assignmentView),
	}
	return &roomOutput[RoomDetail]{etag(r.Version), detail}, err
}

// accountOf is the account that a request is about: the token's own, unless it
// names one.
func accountOf(ctx context.Context, named string) string {
	if own := callOf(ctx).token.AccountID; named == "" && own != nil {
		return *own
	}
	return named
}

func (h roomHandlers) createRoom(
	ctx context.Context, _ *struct{}, r RoomRequest,
) (*roomOutput[RoomView], error) {
	return roomAnswer(h.entitlements.CreateRoom(ctx, entitlement.NewRoom{
		AccountID: accountOf(ctx, r.AccountID),
		Form:      r.form(),
		Reason:    r.Reason,
	}))
}

func (h roomHandlers) putRoom(
	ctx context.Context, in *IfMatchInput, r RoomRequest,
) (*roomOutput[RoomView], error) {
	room, err := h.entitlements.GetRoom(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	if err := in.matches(room.Version); err != nil {
		return nil, err
	}

	if r.AccountID != "" && r.AccountID != room.AccountID {
		return nil, wrong("/account_id", "UNCHANGEABLE", "A room's account cannot change.",
			"Leave it out, or send the one that you read.")
	}

	return roomAnswer(h.entitlements.ChangeRoom(ctx, in.ID, r.form(), room.Version, r.Reason))
}

func (h roomHandlers) archiveRoom(
	ctx context.Context, in *IDInput, r RoomReasonRequest,
) (*roomOutput[RoomView], error) {
	return roomAnswer(h.entitlements.ArchiveRoom(ctx, in.ID, r.Reason))
}

func (h roomHandlers) restoreRoom(
	ctx context.Context, in *IDInput, r RoomReasonRequest,
) (*roomOutput[RoomView], error) {
	return roomAnswer(h.entitlements.RestoreRoom(ctx, in.ID, r.Reason))
}

// MoveRequest names what moves where.
type MoveRequest struct {
	ToRoomID          string   `json:"to_room_id" doc:"Id of the room that they move to"`
	DeviceIDs         []string `json:"device_ids,omitempty" nullable:"false" doc:"Ids of the devices that move"`
	LicenceIDs        []string `json:"licence_ids,omitempty" nullable:"false" doc:"Ids of the licenses that move"`
	AcknowledgedTerms int      `json:"acknowledged_terms,omitempty" doc:"Version of the terms of the new room's country that you have read; required where they differ from those of the account's country"`
	Reason            string   `json:"reason,omitempty" doc:"Why, in your words: required of operators, and kept in the audit"`
}

func (h roomHandlers) move(
	ctx context.Context, in *IDInput, r MoveRequest,
) (*one[AssignedView], error) {
	out, err := h.entitlements.Move(ctx, entitlement.MoveRequest{
		FromRoomID:   in.ID,
		ToRoomID:     r.ToRoomID,
		DeviceIDs:    r.DeviceIDs,
		LicenceIDs:   r.LicenceIDs,
		Acknowledged: r.AcknowledgedTerms,
		Reason:       r.Reason,
	})
	return single(out, err, assignedView)
}

// BundleRequest names a bundle.
type BundleRequest struct {
	Model         string `json:"model" doc:"Code of the bundle"`
	PurchasedOn   string `json:"purchased_on,omitempty" format:"date" doc:"Day of purchase of the bundle, YYYY-MM-DD; missing: not known"`
	PurchaseProof string `json:"purchase_proof,omitempty" doc:"Where the proof of purchase is kept, such as the number of an invoice"`
	Reason        string `json:"reason,omitempty" doc:"Why, in your words: required of operators, and kept in the audit"`
}

func (h roomHandlers) addBundle(
	ctx context.Context, in *IDInput, r BundleRequest,
) (*pageOf[DeviceView], error) {
	devices, err := h.entitlements.AddBundle(ctx, entitlement.NewDevice{
		RoomID: in.ID,
		Reason: r.Reason,
		Form: licensing.DeviceForm{
			ModelCode:     r.Model,
			PurchasedOn:   r.PurchasedOn,
			PurchaseProof: r.PurchaseProof,
		},
	})
	return listed(devices, "", err, deviceView)
}

// RoomItem is a room of a list.
type RoomItem struct {
	RoomView
	Coverage *cover.Answer `json:"coverage,omitempty" doc:"Whether the room is covered now; only where the list is asked for it"`
}

type listRoomsInput struct {
	ListInput
	AccountID string `query:"account_id" maxLength:"64" doc:"Only rooms of this account"`
	Site      string `query:"site" maxLength:"100" doc:"Only rooms of this site"`
	Country   string `query:"country" maxLength:"2" doc:"Only rooms in this country"`
	Platform  string `query:"platform" enum:"MTR_WINDOWS,MTR_ANDROID,ZOOM_PC,ZOOM_APPLIANCE,OTHER" doc:"Only rooms of this platform"`
	State     string `query:"state" enum:"ACTIVE,ARCHIVED" doc:"Only rooms in this state"`
	Search    string `query:"q" maxLength:"100" doc:"Part of the name or site, or of the serial of a device in the room"`
	Sort      string `query:"sort" enum:"newest,oldest,name" doc:"newest first (the default), oldest first, or by name"`
	Coverage  string `query:"coverage" enum:"hardware,technical,setup" doc:"Tell of each room whether it is covered now for this"`
}

func (h roomHandlers) listRooms(
	ctx context.Context, in *listRoomsInput,
) (*pageOf[RoomItem], error) {
	rooms, next, err := h.entitlements.ListRooms(ctx, entitlement.RoomFilter{
		AccountID: in.AccountID,
		Site:      in.Site,
		Country:   in.Country,
		Platform:  rules.Platform(in.Platform),
		State:     licensing.RoomState(in.State),
		Search:    in.Search,
		Sort:      sorted(in.Sort),
		Page:      in.page(),
	})
	if err != nil {
		return nil, err
	}

	items := viewed(rooms, func(r entitlement.Room) RoomItem {
		return RoomItem{RoomView: roomView(r)}
	})
	if in.Coverage != "" {
		err = h.addCoverage(ctx, items, purpose(in.Coverage))
	}

	return listed(items, next, err, func(i RoomItem) RoomItem { return i })
}

// addCoverage answers for all rooms of a page in one question.
func (h roomHandlers) addCoverage(
	ctx context.Context, rooms []RoomItem, purpose cover.Purpose,
) error {
	answers, err := h.entitlements.Coverage(ctx,
		viewed(rooms,
			func(r RoomItem) entitlement.CoverSubject {
				return entitlement.CoverSubject{RoomID: r.ID}
			}),
		h.db.Clock().Now(), purpose)

	for i := range answers {
		rooms[i].Coverage = &answers[i].Answer
	}
	return err
}
