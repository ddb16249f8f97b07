package api_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/api"
	"roomcover.dev/roomcover/models/account"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/cover"
	"roomcover.dev/roomcover/rules/licensing"
)

// A customer's administrator at the public door, for the rules of rooms, devices
// and licences (RULES 5, lines 27 and 28).
type adminOf struct {
	client
	storetest.Covered
}

func (h *house) admin(t *testing.T) adminOf {
	c := h.Covered(t)
	return adminOf{h.customer(c.Account, rules.CustomerAdmin), c}
}

func (a adminOf) room(t *testing.T, name string) string {
	return as[api.RoomView](t, a.post("/v1/rooms", map[string]any{
		"name":     name,
		"site":     "HQ",
		"country":  "BR",
		"platform": "OTHER",
	}), 201).ID
}

// covered asks about a room or a serial now, for a purpose.
func (a adminOf) covered(t *testing.T, query string) cover.Answer {
	t.Helper()
	return *as[api.CoveredView](t, a.get("/v1/coverage?"+query), 200).Answer
}

func (a adminOf) move(t *testing.T, from, to string, what map[string]any) {
	t.Helper()
	what["to_room_id"] = to
	require.Equal(t, 200, a.post("/v1/rooms/"+from+"/move", what).Status)
}

func TestR27a_DevicesGoIntoRoomsBySerial(t *testing.T) {
	h := sqlite(t)
	a := h.admin(t)
	room := a.room(t, "Lab")
	d := as[api.DeviceView](t,
		a.post("/v1/devices", map[string]any{"room_id": room, "serial": "ab-12 34", "model": "MEETUP"}), 201)
	require.Equal(t, "AB1234", d.Serial)
	detail := as[api.RoomDetail](t, a.get("/v1/rooms/"+room), 200)
	require.Equal(t, []string{d.ID}, []string{detail.Devices[0].ID})
	found := as[items[api.RoomView]](t, a.get("/v1/rooms?q=b-123"), 200).Items
	require.Len(t, found, 1, "a room is found by a part of its device's serial")
	require.Equal(t, room, found[0].ID)
	// R27c
	p := problem(t, a.post("/v1/devices", map[string]any{"serial": "AB1234", "model": "MEETUP"}), 409,
		licensing.SerialRegistered)
	require.Equal(t, "/v1/rooms/"+room, p.Existing)
}

func TestR27b_ADeviceIsInOneRoomAtATime(t *testing.T) {
	h := sqlite(t)
	a := h.admin(t)
	other := a.room(t, "Lab")
	device := "/v1/devices/" + a.Device.ID
	require.Equal(t, 200, a.post(device+"/placement", map[string]any{"room_id": other}).Status)
	require.Empty(t, as[api.RoomDetail](t, a.get("/v1/rooms/"+a.Room.ID), 200).Devices)
	require.Len(t, as[api.RoomDetail](t, a.get("/v1/rooms/"+other), 200).Devices, 1)
	stays := as[api.DeviceDetail](t, a.get(device), 200).Stays
	require.Len(t, stays, 2)
	require.Equal(t, stays[0].To.UTC(), stays[1].From.UTC())
	require.Nil(t, stays[1].To)
	require.Equal(t, 200, a.post(device+"/placement", map[string]any{"room_id": other}).Status, "where it is already")
	require.Len(t, as[api.DeviceDetail](t, a.get(device), 200).Stays, 2)
	require.Error(t, h.Exec("INSERT INTO device_placements SELECT 'plc_x', account_id, device_id, '"+a.Room.ID+
		"', from_at, NULL, 'x' FROM device_placements WHERE to_at IS NULL"))
}

func TestR28a_ADeviceMovedToAnUncoveredRoomIsUncovered(t *testing.T) {
	h := sqlite(t)
	a := h.admin(t)
	to := a.room(t, "Uncovered")
	serial := "serial=" + *a.Device.Serial + "&for="
	require.Equal(t, "SELECT", string(a.covered(t, serial+"hardware").Entitlement.Kind))
	a.move(t, a.Room.ID, to, map[string]any{"device_ids": []string{a.Device.ID}})
	require.Equal(t, rules.NotCovered, a.covered(t, serial+"technical").Code)
	require.Equal(t, cover.ByStandardWarranty, a.covered(t, serial+"hardware").Entitlement.Kind,
		"its own warranty goes with it")
	stays := as[api.DeviceDetail](t, a.get("/v1/devices/"+a.Device.ID), 200).Stays
	require.Equal(t, []string{a.Room.ID, to}, []string{stays[0].RoomID, stays[1].RoomID})
	require.Equal(t, stays[0].To.UTC(), stays[1].From.UTC(), "no overlap and no gap")
	events, err := h.Timeline(h.Context, a.Device.ID)
	require.NoError(t, err)
	last := events[len(events)-1]
	require.Equal(t, "device.moved", last.Verb)
	require.Equal(t, []any{a.Room.ID, to}, []any{last.Details["before"], last.Details["after"]})
	require.Equal(t, a.tokenID, last.ActorID)
}

func TestR28b_ALicenceMovedOnDay100KeepsStartAndEnd(t *testing.T) {
	h := sqlite(t)
	a := h.admin(t)
	to := a.room(t, "B")
	contract := func() api.ContractView {
		return as[items[api.ContractView]](t, a.get("/v1/contracts"), 200).Items[0]
	}
	before := contract()
	h.Calendar.Set(h.Calendar.Now().AddDate(0, 0, 100))
	a.move(t, a.Room.ID, to, map[string]any{"licence_ids": []string{a.Licence.ID}})
	require.Equal(t, before, contract())
	require.Equal(t, rules.NotCovered, a.covered(t, "room="+a.Room.ID).Code)
	b := a.covered(t, "room="+to)
	require.True(t, b.Covered)
	require.Equal(t, before.LastDay, b.Until.Add(-time.Hour).In(saoPaulo(t)).Format("2006-01-02"))
}

func saoPaulo(t *testing.T) *time.Location {
	loc, err := time.LoadLocation("America/Sao_Paulo")
	require.NoError(t, err)
	return loc
}

func TestR28c_AMoveThatFailsHalfwayChangesNothing(t *testing.T) {
	h := open(t, storetest.Postgres(t))
	a := h.admin(t)
	to := a.room(t, "B")
	both := map[string]any{"to_room_id": to, "device_ids": []string{a.Device.ID}, "licence_ids": []string{a.Licence.ID}}
	state := func() string {
		room := a.get("/v1/rooms/" + a.Room.ID)
		return string(room.Body) + string(a.get("/v1/rooms/"+to).Body) + string(a.get("/v1/assignments").Body) +
			fmt.Sprint(h.Count(t, "SELECT count(*) FROM audit_events"))
	}
	before := state()
	for _, wrong := range []map[string]any{
		{"to_room_id": to, "device_ids": []string{a.Device.ID, "dev_none"}, "licence_ids": []string{a.Licence.ID}},
		{"to_room_id": to, "device_ids": []string{a.Device.ID}, "licence_ids": []string{a.Licence.ID, "lic_none"}},
	} {
		problem(t, a.post("/v1/rooms/"+a.Room.ID+"/move", wrong), 404, rules.NotFound)
		require.Equal(t, before, state())
	}
	for _, table := range []string{"device_placements", "licence_assignments"} {
		require.NoError(
			t, h.Exec("ALTER TABLE "+table+" ADD CONSTRAINT injected CHECK (from_at < '2000-01-01') NOT VALID"),
		)
		require.Equal(t, 500, a.post("/v1/rooms/"+a.Room.ID+"/move", both).Status, table)
		require.Equal(t, before, state(), table)
		require.NoError(t, h.Exec("ALTER TABLE "+table+" DROP CONSTRAINT injected"))
	}
	require.Equal(t, 200, a.post("/v1/rooms/"+a.Room.ID+"/move", both).Status)
	require.NotEqual(t, before, state())
}

func TestR28d_AnOpenReplacementShipsAfterTheLicenceMoved(t *testing.T) {
	h := sqlite(t)
	a := h.admin(t)
	agent := h.client(account.OperatorOrgID, rules.OperatorAgent)
	r := as[rmaAnswer](t, a.post("/v1/rmas", map[string]any{"serial": *a.Device.Serial, "fault": "No picture"}), 201)
	a.move(t, a.Room.ID, a.room(t, "B"), map[string]any{"licence_ids": []string{a.Licence.ID}})
	require.Equal(t, rules.NotCovered, a.covered(t, "room="+a.Room.ID).Code)
	r = h.act(t, agent, r.ID, "approve", map[string]any{"defect_confirmed": true})
	require.Equal(t, []string{"NBD", "SELECT"}, []string{r.Speed, r.Cover}, "frozen when it was asked for")
	h.act(t, agent, r.ID, "allocate", map[string]any{})
	r = h.act(t, agent, r.ID, "ship", map[string]any{"serial": "NEW-1", "carrier": "sim", "tracking": "TRK1"})
	require.Equal(t, "SHIPPED", r.State)
}
