package health

import "time"

// Kind says what a place is.
type Kind string

// The kinds of places. Only rooms are imported.
const (
	Room Kind = "ROOM"
	Desk Kind = "DESK"
)

// Place is a room or a desk as Sync told of it. Whatever was not told is empty.
type Place struct {
	ID       string   `json:"id"`
	Kind     Kind     `json:"kind,omitempty"`
	Name     string   `json:"name,omitempty"`
	Group    string   `json:"group,omitempty"`    // such as /US/Austin/
	Location string   `json:"location,omitempty"` // such as /Building A/Floor 5/
	Seats    int      `json:"seats,omitempty"`
	Licence  string   `json:"licence,omitempty"` // as Sync names it
	Devices  []Device `json:"devices,omitempty"`
}

// DeviceKind says who looks after a device.
type DeviceKind string

// The kinds of devices. Those of the maker, and computers, are managed; a generic one is
// anything else that is plugged in.
const (
	Maker    DeviceKind = "MAKER"
	Computer DeviceKind = "COMPUTER"
	Generic  DeviceKind = "GENERIC"
)

// Status says whether a device is there.
type Status string

// The states of a device; empty: nothing is known.
const (
	DeviceOnline  Status = "ONLINE"
	DeviceInUse   Status = "IN_USE"
	DeviceOffline Status = "OFFLINE"
)

// Complaint is what Sync says is wrong with a device; empty: nothing is known.
type Complaint string

// The complaints.
const (
	NoIssues Complaint = "NO_ISSUES"
	Warning  Complaint = "WARNING"
	Error    Complaint = "ERROR"
)

// Device is a device of a place as Sync told of it.
type Device struct {
	ID        string     `json:"id,omitempty"`
	Kind      DeviceKind `json:"kind,omitempty"`
	Name      string     `json:"name,omitempty"`
	Version   string     `json:"version,omitempty"`
	Serial    string     `json:"serial,omitempty"` // told for a part of the products only
	Status    Status     `json:"status,omitempty"`
	Complaint Complaint  `json:"complaint,omitempty"`
	Parts     []Parts    `json:"parts,omitempty"` // by their names

	// LostAt is when it was last disconnected: no sign of life.
	LostAt *time.Time `json:"lost_at,omitempty"`
}

// Parts are the parts of one kind that belong to a device, such as its cameras.
type Parts struct {
	Name     string `json:"name"`
	Expected int    `json:"expected"`
	Actual   int    `json:"actual"`
}

// Managed reports whether Sync looks after the device itself.
func (d Device) Managed() bool { return d.Kind == Maker || d.Kind == Computer }
