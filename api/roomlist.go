package api

import (
	"context"

	"roomcover.dev/roomcover/models"
	"roomcover.dev/roomcover/rules"
)

// RoomItem is a room of a list.
type RoomItem struct {
	RoomView
	Coverage *rules.Answer `json:"coverage,omitempty" doc:"Where the list is asked for it"`
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

func (h roomHandlers) listRooms(ctx context.Context, in *listRoomsInput) (*pageOf[RoomItem], error) {
	rooms, next, err := h.store.ListRooms(ctx, models.RoomFilter{AccountID: in.AccountID, Site: in.Site, Country: in.Country, Platform: rules.Platform(in.Platform),
		State: rules.RoomState(in.State), Search: in.Search, Sort: sorted(in.Sort), Page: in.page()})
	if err != nil {
		return nil, err
	}
	items := viewed(rooms, func(r models.Room) RoomItem { return RoomItem{RoomView: roomView(r)} })
	if in.Coverage != "" {
		err = h.addCoverage(ctx, items, purpose(in.Coverage))
	}
	return listed(items, next, err, func(i RoomItem) RoomItem { return i })
}

// addCoverage answers for all rooms of a page in one question.
func (h roomHandlers) addCoverage(ctx context.Context, rooms []RoomItem, purpose rules.Purpose) error {
	answers, err := h.store.Coverage(ctx, viewed(rooms, func(r RoomItem) models.CoverSubject { return models.CoverSubject{RoomID: r.ID} }), h.store.Clock().Now(), purpose)
	for i := range answers {
		rooms[i].Coverage = &answers[i].Answer
	}
	return err
}
