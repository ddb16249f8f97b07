package health

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "write what the examples are read as")

// examples are answers of the shape of the five that the vendor documents, with what those leave
// out and what they have null.
const examples = "../../sync/simulator/examples/"

func example(t *testing.T, number string) Page {
	t.Helper()
	files, err := filepath.Glob(examples + number + "-*.json")
	require.NoError(t, err)
	require.Len(t, files, 1)
	raw, err := os.ReadFile(files[0])
	require.NoError(t, err)
	page, err := Decode(raw)
	require.NoError(t, err)
	require.Zero(t, page.Unread)
	return page
}

func TestS30_TheDocumentedExamplesAreReadAsTheyAre(t *testing.T) {
	for _, number := range strings.Fields("1 2 3 4 5") {
		got, err := json.MarshalIndent(example(t, number), "", "  ")
		require.NoError(t, err)
		golden := filepath.Join("testdata", number+".json")
		if *update {
			require.NoError(t, os.WriteFile(golden, append(got, '\n'), 0o644))
		}
		want, err := os.ReadFile(golden)
		require.NoError(t, err)
		require.JSONEq(t, string(want), string(got), number)
	}
}

func TestS30_HowTheRoomsOfTheExamplesAre(t *testing.T) {
	for _, c := range []struct {
		example string
		place   int
		want    State
		causes  string
	}{
		{"1", 0, NeedsAttention, "DEVICE_WARNING PART_MISSING"},
		{"1", 1, NeedsAttention, "DEVICE_OFFLINE DEVICE_ERROR"}, // a desk's keyboard
		{"2", 0, Offline, "ALL_OFFLINE DEVICE_OFFLINE DEVICE_ERROR DEVICE_OFFLINE DEVICE_ERROR " +
			"DEVICE_OFFLINE DEVICE_ERROR"},
		{"3", 0, Healthy, ""},
		{"4", 0, Unknown, "NOTHING_TOLD"},
		{"4", 1, Unknown, "NOTHING_TOLD"},
		{"5", 0, Unknown, "NOTHING_TOLD"},
		{"5", 1, Healthy, ""},
	} {
		p := example(t, c.example).Places[c.place]
		state, reasons := Read(p, PrimaryProducts)
		require.Equal(t, c.want, state, "%s %s", c.example, p.ID)
		require.Equal(t, c.causes, causes(reasons))
	}
}

func causes(reasons []Reason) string {
	var out []string
	for _, r := range reasons {
		out = append(out, string(r.Cause))
	}
	return strings.Join(out, " ")
}

func TestS30_WhatARoomIsFollowsFromItsDevices(t *testing.T) {
	bar := Device{ID: "bar", Kind: Maker, Name: "Rally Bar Mini"}
	computer := Device{ID: "pc", Kind: Computer, Name: "ROOM-PC"}
	tap := Device{ID: "tap", Kind: Maker, Name: "Tap"}
	camera := Device{ID: "camera", Kind: Generic, Name: "Camera"}
	is := func(d Device, s Status, c Complaint) Device {
		d.Status, d.Complaint = s, c
		return d
	}
	with := func(d Device, expected, actual int) Device {
		d.Parts = []Parts{{"camera", expected, actual}}
		return d
	}

	for name, c := range map[string]struct {
		devices []Device
		want    State
	}{
		"no device": {nil, Unknown},
		"all well": {[]Device{is(bar, DeviceOnline, NoIssues), is(tap, DeviceInUse, NoIssues)},
			Healthy},
		"the bar is off, and nothing else": {
			[]Device{is(bar, DeviceOffline, Error), is(tap, DeviceOnline, NoIssues)}, Offline},
		"the computer is off": {
			[]Device{is(computer, DeviceOffline, Error), is(bar, DeviceOnline, NoIssues)}, Offline},
		"with a computer the bar runs no meetings": {
			[]Device{is(computer, DeviceOnline, NoIssues), is(bar, DeviceOffline, Error)},
			NeedsAttention},
		"one of two computers is off": {
			[]Device{is(computer, DeviceOnline, NoIssues), is(computer, DeviceOffline, Error)},
			NeedsAttention},
		"all that is managed is off, and a camera is not": {
			[]Device{is(tap, DeviceOffline, Error), is(camera, DeviceOnline, NoIssues)}, Offline},
		"a camera that nobody manages is off": {
			[]Device{is(bar, DeviceOnline, NoIssues), is(camera, DeviceOffline, "")}, NeedsAttention},
		"a camera alone is off": {[]Device{is(camera, DeviceOffline, "")}, NeedsAttention},
		"a warning":             {[]Device{is(bar, DeviceOnline, Warning)}, NeedsAttention},
		"an error":              {[]Device{is(bar, DeviceOnline, Error)}, NeedsAttention},
		"a part is missing":     {[]Device{with(is(bar, DeviceOnline, NoIssues), 2, 1)}, NeedsAttention},
		"a part too many":       {[]Device{with(is(bar, DeviceOnline, NoIssues), 1, 2)}, Healthy},
		"a device of which nothing is told makes nothing offline": {
			[]Device{is(tap, DeviceOffline, NoIssues), is(tap, "", "")}, NeedsAttention},
		"nor does it keep the rest from being well": {
			[]Device{is(bar, DeviceOnline, NoIssues), is(tap, "", "")}, Healthy},
		"a product that only begins like a bar": {
			[]Device{is(Device{Kind: Maker, Name: "Rally Barge"}, DeviceOffline, ""),
				is(tap, DeviceOnline, "")}, NeedsAttention},
	} {
		state, reasons := Read(Place{ID: "p", Devices: c.devices}, PrimaryProducts)
		require.Equal(t, c.want, state, name)
		require.Equal(t, c.want == Healthy, len(reasons) == 0, name)
	}
}

// Whatever one field says wrongly costs that field alone.
func TestS30_AnAnswerIsReadAsFarAsItCanBe(t *testing.T) {
	page, err := Decode([]byte(`{
		"places": [
			null, 7, "text", {"name": "nobody"},
			{"id": 12, "type": "room", "name": "A\u0000B", "seatCount": "12", "devices": null},
			{"id": "b", "type": "Cellar", "name": null, "seatCount": -3, "devices": [
				null, [], {
					"id": "d", "type": "LOGITECH", "status": "in_use", "healthStatus": "Sleeping",
					"peripherals": {"camera": null, "micPod": {"count": {"expected": "2", "actual": 1}},
						"speaker": {"count": {"expected": 1}}},
					"lastSeen": "yesterday", "serial": "ab-12 34"
				}, {"id": "e", "lastSeen": 1769904000000.0, "peripherals": []}
			]},
			{"id": "b", "type": "Room", "name": "told twice", "devices": {}}
		],
		"continuation": null
	}`))
	require.NoError(t, err)
	require.Equal(t, 4, page.Unread)
	require.Empty(t, page.Next)
	require.Equal(t, Place{ID: "12", Kind: Room, Name: "AB", Seats: 12}, page.Places[0])
	require.Equal(t, Place{ID: "b", Kind: Room, Name: "told twice"}, page.Places[1])
	require.Len(t, page.Places, 2)

	page, err = Decode([]byte(`{"places": [{"id": "b", "devices": [{
		"id": "d", "type": "LOGITECH", "status": "in_use", "healthStatus": "Sleeping",
		"peripherals": {"camera": null, "micPod": {"count": {"expected": "2", "actual": 1}}},
		"lastSeen": "yesterday", "serial": "ab-12 34"}]}]}`))
	require.NoError(t, err)
	require.Equal(t, []Device{{
		ID: "d", Kind: Maker, Status: DeviceInUse, Serial: "AB1234",
		Parts: []Parts{{"micPod", 2, 1}},
	}}, page.Places[0].Devices)

	for _, none := range []string{
		"", "null", "[]", "{}", `{"places": null}`, `{"places": {}}`, "<html>Sign in</html>",
	} {
		_, err := Decode([]byte(none))
		require.ErrorIs(t, err, ErrNoAnswer, none)
	}
	page, err = Decode([]byte(`{"places": []}`))
	require.NoError(t, err)
	require.Empty(t, page.Places)
}

func FuzzDecode(f *testing.F) {
	files, err := filepath.Glob(examples + "*.json")
	require.NoError(f, err)
	for _, file := range files {
		raw, err := os.ReadFile(file)
		require.NoError(f, err)
		f.Add(raw)
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		page, err := Decode(raw)
		if err != nil {
			return
		}
		for _, p := range page.Places {
			require.NotEmpty(t, p.ID)
			require.NotContains(t, p.Name, "\x00")
			Read(p, PrimaryProducts)
		}
	})
}
