package carrier

import (
	"errors"
	"strconv"
	"time"
)

// Code says why a carrier did not do what it was asked.
type Code string

// The codes. The first group is temporary: the same request may succeed later, and
// may be sent again without harm. The second is permanent.
const (
	Unavailable  Code = "UNAVAILABLE"       // no answer, a broken one, or 5xx
	RateLimited  Code = "RATE_LIMITED"      // 429
	CircuitOpen  Code = "CIRCUIT_OPEN"      // not sent: the carrier failed too often just now
	Unauthorised Code = "UNAUTHORISED"      // 401, 403: our settings are wrong, not the request
	BadAnswer    Code = "UNEXPECTED_ANSWER" // not what the contract says, such as a proxy's page

	InvalidBooking  Code = "INVALID_BOOKING"   // 422
	KeyReused       Code = "KEY_REUSED"        // 409: the key came with another booking
	UnknownParcel   Code = "UNKNOWN_PARCEL"    // 404
	AlreadyPickedUp Code = "ALREADY_PICKED_UP" // 409
	Refused         Code = "REFUSED"           // any other 4xx
)

// Temporary reports whether the same request may succeed later.
func (c Code) Temporary() bool {
	switch c {
	case Unavailable, RateLimited, CircuitOpen, Unauthorised, BadAnswer:
		return true
	}
	return false
}

// Error is a failure at the carrier. Its text names code and status only: what the
// carrier wrote may repeat an address.
type Error struct {
	Code       Code
	Status     int           // HTTP; 0 when there was no answer
	RetryAfter time.Duration // how long the carrier asks to wait; 0 when it does not
	cause      error
}

// Error gives code and status.
func (e *Error) Error() string {
	if e.Status == 0 {
		return "carrier: " + string(e.Code)
	}
	return "carrier: " + string(e.Code) + " (" + strconv.Itoa(e.Status) + ")"
}

// Unwrap gives what went wrong below, such as a deadline.
func (e *Error) Unwrap() error { return e.cause }

// CodeOf gives the code of the first *Error in err's chain, or "" for none.
func CodeOf(err error) Code {
	var e *Error
	if errors.As(err, &e) {
		return e.Code
	}
	return ""
}

// IsTemporary reports whether the request may be sent again later. What is not an
// *Error is not known to be harmless, and is not.
func IsTemporary(err error) bool { return CodeOf(err).Temporary() }
