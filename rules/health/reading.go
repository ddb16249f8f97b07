package health

import "strings"

// State is how a room is.
type State string

// The states of a room.
const (
	Healthy        State = "HEALTHY"
	NeedsAttention State = "NEEDS_ATTENTION"
	Offline        State = "OFFLINE"
	Unknown        State = "UNKNOWN" // nothing says how it is
)

// Bad reports whether somebody should look after the room.
func (s State) Bad() bool { return s == Offline || s == NeedsAttention }

// rank orders the states that say something, the worse the higher.
func (s State) rank() int {
	switch s {
	case Offline:
		return 2
	case NeedsAttention:
		return 1
	}
	return 0
}

// Cause says why a room is not healthy.
type Cause string

// The causes.
const (
	AllOffline     Cause = "ALL_OFFLINE"     // every managed device
	PrimaryOffline Cause = "PRIMARY_OFFLINE" // what runs the meetings
	OneOffline     Cause = "DEVICE_OFFLINE"
	OneWarns       Cause = "DEVICE_WARNING"
	OneFails       Cause = "DEVICE_ERROR"
	PartMissing    Cause = "PART_MISSING"
	NothingTold    Cause = "NOTHING_TOLD"
)

// Reason is a cause with the device that it concerns.
type Reason struct {
	Cause    Cause  `json:"cause"`
	DeviceID string `json:"device_id,omitempty"`
	Part     string `json:"part,omitempty"` // of PART_MISSING
	Expected int    `json:"expected,omitempty"`
	Actual   int    `json:"actual,omitempty"`
}

// PrimaryProducts are the beginnings of the names of devices that run a room's meetings by
// themselves: bars and appliances.
var PrimaryProducts = []string{
	"Rally Bar", "Rally Board", "RoomMate", "MeetUp 2",
}

// Read says how a room is by what Sync told of it once (S30), and why.
//
// A room is OFFLINE when every managed device of it is, or when what runs its meetings is: its
// computers, or where it has none, the products of primary. It needs attention where any device
// complains or is offline, or a part is missing. What is not told decides nothing: a room of
// which nothing is told is UNKNOWN, and a device without a status keeps no room from being
// healthy and makes none offline.
func Read(p Place, primary []string) (State, []Reason) {
	managed, offline, known := 0, 0, 0
	var main, mainOffline []Device
	for _, d := range runsMeetings(p.Devices, primary) {
		main = append(main, d)
		if d.Status == DeviceOffline {
			mainOffline = append(mainOffline, d)
		}
	}

	var reasons []Reason
	for _, d := range p.Devices {
		if d.Status != "" || d.Complaint != "" {
			known++
		}
		if d.Managed() {
			managed++
			if d.Status == DeviceOffline {
				offline++
			}
		}
		reasons = append(reasons, troubles(d)...)
	}

	switch {
	case managed > 0 && offline == managed:
		return Offline, append([]Reason{{Cause: AllOffline}}, reasons...)
	case len(main) > 0 && len(mainOffline) == len(main):
		first := Reason{Cause: PrimaryOffline, DeviceID: mainOffline[0].ID}
		return Offline, append([]Reason{first}, reasons...)
	case len(reasons) > 0:
		return NeedsAttention, reasons
	case known > 0:
		return Healthy, nil
	}
	return Unknown, []Reason{{Cause: NothingTold}}
}

// troubles are what is wrong with one device.
func troubles(d Device) (out []Reason) {
	if d.Status == DeviceOffline {
		out = append(out, Reason{Cause: OneOffline, DeviceID: d.ID})
	}
	switch d.Complaint {
	case Warning:
		out = append(out, Reason{Cause: OneWarns, DeviceID: d.ID})
	case Error:
		out = append(out, Reason{Cause: OneFails, DeviceID: d.ID})
	}
	for _, p := range d.Parts {
		if p.Actual < p.Expected {
			out = append(out, Reason{
				Cause:    PartMissing,
				DeviceID: d.ID,
				Part:     p.Name,
				Expected: p.Expected,
				Actual:   p.Actual,
			})
		}
	}
	return out
}

// runsMeetings are the devices without which a room has no meetings.
func runsMeetings(devices []Device, primary []string) []Device {
	var computers, products []Device
	for _, d := range devices {
		switch d.Kind {
		case Computer:
			computers = append(computers, d)
		case Maker:
			if isPrimary(d.Name, primary) {
				products = append(products, d)
			}
		}
	}
	if len(computers) > 0 {
		return computers
	}
	return products
}

// isPrimary reports whether a product's name is, or begins with the words of, a primary one.
func isPrimary(name string, primary []string) bool {
	name = strings.ToLower(name) + " "
	for _, p := range primary {
		if strings.HasPrefix(name, strings.ToLower(p)+" ") {
			return true
		}
	}
	return false
}
