package api

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/entitlement"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/cover"
)

// coverageHandlers answer what is asked about coverage.
type coverageHandlers struct {
	db           *db.DB
	entitlements *entitlement.Entitlements
}

func (h coverageHandlers) routes(api huma.API) {
	ask := route{
		Tag:        "Coverage",
		Scope:      RoomsRead,
		Capability: rules.ViewAccount,
		NoSellers:  true,
	}

	mount(api, ask.get("get-coverage", "/v1/coverage",
		"Is this room or device covered, for what, until when, and why?").
		refuses(404), h.getCoverage)
	mountJSON(api, ask.post("list-coverage", "/v1/coverage",
		"The same for up to 1,000 rooms and serials"), h.listCoverage)
}

// CoveredView is the answer for one subject.
type CoveredView struct {
	RoomID   string        `json:"room_id,omitempty" doc:"Id of the room, where there is one"`
	Serial   string        `json:"serial,omitempty" doc:"Serial number of the device, where one was asked about"`
	Model    string        `json:"model,omitempty" doc:"Code of the model, where it is known"`
	Found    bool          `json:"found" doc:"Whether the room or the device is known in the account"`
	DeviceID string        `json:"device_id,omitempty" doc:"Id of the device, where one was found"`
	Answer   *cover.Answer `json:"answer,omitempty" doc:"Whether it is covered, and why; missing when the subject was not found"`
}

func coveredView(c entitlement.Covered) CoveredView {
	v := CoveredView{
		RoomID:   c.Subject.RoomID,
		Serial:   c.Subject.Serial,
		Model:    c.Subject.ModelCode,
		Found:    c.Found,
		DeviceID: c.DeviceID,
	}

	if c.Found {
		v.Answer = &c.Answer
	}
	return v
}

type coverageInput struct {
	Room   string `query:"room" maxLength:"64" doc:"Id of a room"`
	Serial string `query:"serial" maxLength:"100" doc:"Serial of a device, as it stands on it"`
	Model  string `query:"model" maxLength:"64" doc:"With a room: model of an accessory or software in it"`
	At     string `query:"at" maxLength:"40" doc:"The instant that is asked about, in RFC 3339, such as 2026-11-27T16:00:00Z; missing: now"`
	For    string `query:"for" enum:"hardware,technical,setup" default:"technical" doc:"What coverage is asked for"`
}

func (h coverageHandlers) getCoverage(
	ctx context.Context, in *coverageInput,
) (*one[CoveredView], error) {
	if (in.Room == "") == (in.Serial == "") {
		return nil, invalidParameter("/query/room", "Name either a room or a serial.")
	}

	at, err := h.instant("/query/at", in.At)
	if err != nil {
		return nil, err
	}

	out, err := h.entitlements.Coverage(ctx, []entitlement.CoverSubject{{
		RoomID:    in.Room,
		Serial:    in.Serial,
		ModelCode: in.Model,
	}}, at, purpose(in.For))
	if err != nil {
		return nil, err
	}

	if !out[0].Found {
		return nil, rules.Refuse(rules.NotFound, "There is nothing under this id.",
			"Check the id; it must belong to you.")
	}

	return single(out[0], nil, coveredView)
}

// purpose reads what cover is asked for; missing is technical.
func purpose(name string) cover.Purpose {
	if name == "" {
		return cover.ForTechnical
	}
	return cover.Purpose(strings.ToUpper(name))
}

// instant reads a time; missing is now.
func (h coverageHandlers) instant(pointer, text string) (time.Time, error) {
	if text == "" {
		return h.db.Clock().Now(), nil
	}

	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return at, wrong(pointer, "INVALID_TIME", "This is not an instant.",
			"Send RFC 3339, such as 2026-11-23T12:00:00Z.")
	}

	return at.UTC(), nil
}

// CoverageRequest asks about many subjects.
type CoverageRequest struct {
	Subjects []CoverageSubject `json:"subjects" nullable:"false" maxItems:"1000" doc:"What is asked about: rooms, serial numbers or models in a room"`
	At       string            `json:"at,omitempty" format:"date-time" doc:"The instant that is asked about, in RFC 3339; missing: now"`
	For      string            `json:"for,omitempty" enum:"hardware,technical,setup" doc:"What coverage is asked for; missing: technical"`
}

// CoverageSubject is a room or a serial.
type CoverageSubject struct {
	Room   string `json:"room,omitempty" doc:"Id of a room; alone, or with the model of something in it that has no serial"`
	Serial string `json:"serial,omitempty" doc:"Serial number of a device; spaces, dashes and case do not matter"`
	Model  string `json:"model,omitempty" doc:"Code of the model of an accessory or of software in the room"`
}

func (h coverageHandlers) listCoverage(
	ctx context.Context, _ *struct{}, r CoverageRequest,
) (*pageOf[CoveredView], error) {
	var f fieldCheck
	subjects := make([]entitlement.CoverSubject, len(r.Subjects))
	for i, q := range r.Subjects {
		f.fail((q.Room == "") == (q.Serial == ""), fmt.Sprintf("/subjects/%d", i), rules.Required,
			"Neither or both of room and serial are named.", "Name either a room or a serial.")
		subjects[i] = entitlement.CoverSubject{RoomID: q.Room, Serial: q.Serial, ModelCode: q.Model}
	}

	f.fail(!purpose(r.For).Valid(), "/for", "UNKNOWN_PURPOSE", "There is no such purpose.",
		"Send hardware, technical or setup.")
	if err := rules.Invalid(f.fields); err != nil {
		return nil, err
	}

	at, err := h.instant("/at", r.At)
	if err != nil {
		return nil, err
	}

	out, err := h.entitlements.Coverage(ctx, subjects, at, purpose(r.For))
	return listed(out, "", err, coveredView)
}
