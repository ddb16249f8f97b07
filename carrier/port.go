package carrier

import (
	"context"
	"time"
)

// Carrier moves parcels. All methods may be repeated: a booking has a key, and the
// others change nothing the second time. Errors are *Error.
type Carrier interface {
	// Book books one parcel. The same key with the same booking gives the same
	// tracking number, however often it is sent; with another booking it is refused
	// with KEY_REUSED.
	Book(ctx context.Context, key string, b Booking) (Booked, error)
	// Label gives the label of a booked parcel. UNKNOWN_PARCEL when there is none.
	Label(ctx context.Context, tracking string) (Label, error)
	// Cancel calls a booking off. ALREADY_PICKED_UP when the parcel is on its way.
	Cancel(ctx context.Context, tracking string) error
	// Track returns what is known of a parcel.
	Track(ctx context.Context, tracking string) (Tracking, error)
}

// Service is how fast a parcel travels.
type Service string

// The services.
const (
	Express  Service = "EXPRESS"  // the next business day
	Standard Service = "STANDARD" // three business days
)

// Address is one end of a way. It is personal data: it goes to the carrier and
// nowhere else.
type Address struct {
	Name       string `json:"name"`
	Company    string `json:"company,omitempty"`
	Street     string `json:"street"`
	City       string `json:"city"`
	Region     string `json:"region,omitempty"`
	PostalCode string `json:"postal_code,omitempty"`
	Country    string `json:"country"` // ISO 3166, two letters
	Phone      string `json:"phone,omitempty"`
}

// Booking is one parcel to move.
type Booking struct {
	Reference string     `json:"reference"` // ours; stands on the label
	Service   Service    `json:"service"`
	From      Address    `json:"from"`
	To        Address    `json:"to"`
	Contents  string     `json:"contents"`             // for the customs form
	DeliverBy *time.Time `json:"deliver_by,omitempty"` // what was promised
	// DropOff says that the sender hands the parcel in at a time of its own, as a
	// customer does with a return; otherwise the carrier picks it up.
	DropOff bool `json:"drop_off,omitempty"`
}

// Booked is the carrier's answer to a booking.
type Booked struct {
	Tracking string    `json:"tracking"`
	BookedAt time.Time `json:"booked_at"`
}

// Label is a printable label.
type Label struct {
	MediaType string // such as application/pdf
	Content   []byte
}

// Tracking is what a carrier knows of a parcel, oldest first.
type Tracking struct {
	Tracking string  `json:"tracking"`
	Events   []Event `json:"events"`
}

// Event is one thing that happened to a parcel. EventID is the carrier's and never
// used twice; Kind is one of Kinds.
type Event struct {
	EventID    string    `json:"event_id"`
	Tracking   string    `json:"tracking"`
	Kind       string    `json:"kind"`
	OccurredAt time.Time `json:"occurred_at"`
	Place      string    `json:"place,omitempty"`
}

// The kinds of events.
const (
	PickedUp         = "PICKED_UP"
	InTransit        = "IN_TRANSIT"
	Delivered        = "DELIVERED" // to the addressee, never back to the sender
	Exception        = "EXCEPTION"
	Lost             = "LOST"
	ReturnedToSender = "RETURNED_TO_SENDER"
	Cancelled        = "CANCELLED"
)

// Kinds lists the kinds of events.
func Kinds() []string {
	return []string{PickedUp, InTransit, Delivered, Exception, Lost, ReturnedToSender, Cancelled}
}
