package shipping

import (
	"time"

	"roomcover.dev/roomcover/rules"
)

// DepotForm is an operator's input about a depot. Its address is printed on labels.
type DepotForm struct {
	Code       string // short name, such as BR-1
	Name       string
	Street     string
	City       string
	Region     string
	PostalCode string
	Country    string // ISO 3166
	TimeZone   string // IANA name; empty: that of the country
}

// Normalise puts the code and the country into upper case and fills in the zone.
func (f DepotForm) Normalise() DepotForm {
	f.Code = rules.NormaliseCode(f.Code)
	f.Country = rules.NormaliseCode(f.Country)
	if f.TimeZone == "" {
		f.TimeZone = rules.TimeZoneFor(f.Country, f.Region)
	}
	return f
}

// Validate refuses a normalised form with VALIDATION_FAILED, naming every wrong field.
func (f DepotForm) Validate() error {
	var k rules.Checker
	k.Text("/code", f.Code, 32)
	k.Text("/name", f.Name, 100)
	k.Text("/street", f.Street, 200)
	k.Text("/city", f.City, 100)
	k.Optional("/region", f.Region, 100)
	k.Optional("/postal_code", f.PostalCode, 20)
	k.Country("/country", f.Country)

	if _, err := time.LoadLocation(f.TimeZone); err != nil || f.TimeZone == "" ||
		f.TimeZone == "Local" {
		k.Fail("/time_zone", rules.InvalidTimeZone, "This is not a time zone.",
			"Send an IANA name such as America/Sao_Paulo.")
	}

	return rules.Invalid(k.Fields)
}

// StockKind is why the stock of a model changed at a depot.
type StockKind string

// The kinds of entries in the ledger of stock. A reservation is closed once, by a
// release or by the shipment of what was reserved.
const (
	StockReceipt     StockKind = "RECEIPT"
	StockReservation StockKind = "RESERVATION"
	StockRelease     StockKind = "RELEASE"
	StockShipment    StockKind = "SHIPMENT"
	StockAdjustment  StockKind = "ADJUSTMENT" // a count that differs; needs a reason
)

// Codes of refusals about stock.
const (
	OutOfStock = "OUT_OF_STOCK" // less is free than is asked for (S21)
	// it would leave less than nothing, or than is reserved
	StockNegative    = "STOCK_NEGATIVE"
	StockQuantityMax = 100_000 // of one entry
	unknownStockKind = "UNKNOWN_STOCK_KIND"
)

// StockLevel is how many units of a model a depot has, and how many of them are
// promised to somebody.
type StockLevel struct {
	OnHand   int `json:"on_hand"`
	Reserved int `json:"reserved"`
}

// Free returns how many units may still be reserved.
func (l StockLevel) Free() int { return l.OnHand - l.Reserved }

// StockDelta is what one entry adds to a level.
type StockDelta struct {
	OnHand   int
	Reserved int
}

// DeltaOf returns what an entry of the kind and quantity does. The quantity is 1 or
// more; an adjustment's may be negative, and is not 0.
func DeltaOf(kind StockKind, quantity int) (StockDelta, error) {
	if quantity > StockQuantityMax || quantity < -StockQuantityMax || quantity == 0 ||
		(quantity < 0 && kind != StockAdjustment) {
		return StockDelta{}, rules.Invalid([]rules.FieldError{{
			Pointer: "/quantity",
			Code:    rules.OutOfRange,
			Message: "The quantity must be from 1 to 100000; an adjustment's may be negative.",
			Remedy:  "Send a number in this range.",
		}})
	}

	switch kind {
	case StockReceipt, StockAdjustment:
		return StockDelta{OnHand: quantity}, nil
	case StockReservation:
		return StockDelta{Reserved: quantity}, nil
	case StockRelease:
		return StockDelta{Reserved: -quantity}, nil
	case StockShipment:
		return StockDelta{OnHand: -quantity, Reserved: -quantity}, nil
	}

	return StockDelta{}, rules.Refuse(unknownStockKind, "There is no such kind of entry.",
		"Use one of the kinds that are there.")
}

// Apply returns the level after an entry. It refuses with OUT_OF_STOCK a reservation
// of more than is free, and with STOCK_NEGATIVE what would leave less than is
// reserved: a level is never negative.
func (l StockLevel) Apply(d StockDelta) (StockLevel, error) {
	next := StockLevel{l.OnHand + d.OnHand, l.Reserved + d.Reserved}
	switch {
	case next.OnHand >= 0 && next.Reserved >= 0 && next.Free() >= 0:
		return next, nil
	case d.Reserved > 0:
		return l, rules.Refuse(OutOfStock, "Not enough units of this model are free at this depot.",
			"Choose another depot, a better model, or wait for a receipt.")
	}

	return l, rules.Refuse(StockNegative,
		"The depot does not have that many units that are not reserved.",
		"Count again, or release what is reserved first.")
}
