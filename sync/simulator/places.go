package simulator

import (
	"embed"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
)

//go:embed examples
var examples embed.FS

// Example returns one of the five answers of the shapes that the vendor documents, 1 to 5.
func Example(number int) []byte {
	files, _ := examples.ReadDir("examples")
	raw, err := examples.ReadFile("examples/" + files[number-1].Name())
	if err != nil {
		panic(err) // it is embedded
	}
	return raw
}

// ExamplePlaces returns the places of an example.
func ExamplePlaces(number int) (out []Place) {
	var answer struct {
		Places []json.RawMessage `json:"places"`
	}
	if err := json.Unmarshal(Example(number), &answer); err != nil {
		panic(err)
	}
	for _, raw := range answer.Places {
		var p Place
		if err := json.Unmarshal(raw, &p); err != nil {
			panic(err)
		}
		p.Raw = raw
		out = append(out, p)
	}
	return out
}

// Place is a place as Sync writes it.
type Place struct {
	ID        string   `json:"id"`
	Type      string   `json:"type,omitempty"`
	Name      string   `json:"name,omitempty"`
	Group     string   `json:"group,omitempty"`
	Location  string   `json:"location,omitempty"`
	SeatCount *int     `json:"seatCount,omitempty"`
	License   string   `json:"license,omitempty"`
	Devices   []Device `json:"devices,omitempty"`
	CreatedAt int64    `json:"createdAt,omitempty"`

	// Raw is written as it is instead, such as an example of the vendor's.
	Raw json.RawMessage `json:"-"`

	// Script says how the place is from one step to the next, of Every each; it stays as it ends,
	// and an empty one is healthy. See Steps.
	Script string        `json:"-"`
	Every  time.Duration `json:"-"`
}

// Steps of a script: healthy, a warning, offline, and a place that is not there.
const Steps = "hno-"

// Device is a device as Sync writes it.
type Device struct {
	ID           string         `json:"id"`
	Type         string         `json:"type,omitempty"`
	Name         string         `json:"name,omitempty"`
	Version      string         `json:"version,omitempty"`
	Serial       string         `json:"serial,omitempty"`
	Status       string         `json:"status,omitempty"`
	HealthStatus string         `json:"healthStatus,omitempty"`
	Peripherals  map[string]any `json:"peripherals,omitempty"`
	LastSeen     int64          `json:"lastSeen,omitempty"`
	CreatedAt    int64          `json:"createdAt,omitempty"`
}

// Room returns a room with a bar and a panel.
func Room(n int, name, group string) Place {
	seats := 4 + n%12
	id := fmt.Sprintf("place-%06d", n)
	made := time.Date(2026, 1, 5, 9, 0, 0, 0, time.UTC).UnixMilli()
	device := func(part, name, serial string) Device {
		return Device{
			ID:           id + "-" + part,
			Type:         "Logitech",
			Name:         name,
			Version:      "1.12.252",
			Serial:       serial,
			Status:       "Online",
			HealthStatus: "NoIssues",
			LastSeen:     made,
			CreatedAt:    made,
		}
	}
	return Place{
		ID:        id,
		Type:      "Room",
		Name:      name,
		Group:     group,
		Location:  fmt.Sprintf("/Building A/Floor %d/", 1+n%20),
		SeatCount: &seats,
		License:   "Select",
		CreatedAt: made,
		Devices: []Device{
			device("bar", "Rally Bar", fmt.Sprintf("SIM%07dB", n)),
			device("tap", "Tap IP", fmt.Sprintf("SIM%07dT", n)),
		},
	}
}

// Rooms returns so many rooms, in groups of a hundred.
func Rooms(n int) []Place {
	out := make([]Place, n)
	for i := range out {
		out[i] = Room(i, fmt.Sprintf("Room %d", i), fmt.Sprintf("/BR/Site %d/", i/100))
	}
	return out
}

// at is the place as it is when its script has run so long; gone: it is not there.
func (p Place) at(runs time.Duration) (now Place, gone bool) {
	step := byte('h')
	if p.Script != "" {
		every := max(p.Every, time.Second)
		step = p.Script[min(int(runs/every), len(p.Script)-1)]
	}
	if step == '-' {
		return p, true
	}
	if step == 'h' {
		return p, false
	}

	p.Devices = slices.Clone(p.Devices)
	for i := range p.Devices {
		d := &p.Devices[i]
		switch {
		case step == 'o':
			d.Status = "Offline"
			d.HealthStatus = "Error"
		case i == 0:
			d.HealthStatus = "Warning"
		}
	}
	return p, false
}

// project leaves of a place what a projection asks for.
func (p Place) project(fields []string) any {
	if p.Raw != nil {
		return p.Raw
	}
	has := func(field string) bool { return slices.Contains(fields, field) }
	out := Place{ID: p.ID}
	if has("place.info") {
		out.Type = p.Type
		out.Name = p.Name
		out.Group = p.Group
		out.Location = p.Location
		out.SeatCount = p.SeatCount
		out.CreatedAt = p.CreatedAt
	}
	if has("place.contract") {
		out.License = p.License
	}
	if !has("place.device") || p.License == "" { // one without a licence tells nothing more
		return out
	}
	for _, d := range p.Devices {
		one := Device{ID: d.ID}
		if has("place.device.info") {
			one = d
			one.Status, one.HealthStatus, one.LastSeen = "", "", 0
		}
		if has("place.device.status") {
			one.Status, one.HealthStatus, one.LastSeen = d.Status, d.HealthStatus, d.LastSeen
		}
		out.Devices = append(out.Devices, one)
	}
	return out
}

var projections = strings.Fields(`
	place.info place.occupancy place.contract place.device place.device.info place.device.status
	place.device.sensors place.device.warranty`)

// readProjection reads the fields that are asked for; ok is false for an unknown one, and for one
// whose parent is not asked for.
func readProjection(text string, given bool) (fields []string, ok bool) {
	if !given {
		text = "place.info,place.occupancy,place.device,place.device.info,place.device.status"
	}
	if text == "" {
		return nil, true
	}
	fields = strings.Split(text, ",")
	for _, f := range fields {
		if !slices.Contains(projections, f) ||
			strings.HasPrefix(f, "place.device.") && !slices.Contains(fields, "place.device") {
			return nil, false
		}
	}
	return fields, true
}
