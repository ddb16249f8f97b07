package health

import (
	"errors"
	"time"
)

// Code says why Sync gave no answer.
type Code string

// The codes. After REFUSED somebody has to do something; everything else may pass by itself.
const (
	Refused     Code = "REFUSED"     // 403: no licence, or the certificate counts no more
	Throttled   Code = "THROTTLED"   // 429, or this day's requests are used up
	Unreachable Code = "UNREACHABLE" // no answer, a broken one, 5xx, or too many of those just now
	Unexpected  Code = "UNEXPECTED"  // not what the contract says, such as a proxy's page
)

// Codes lists every code.
func Codes() []Code { return []Code{Refused, Throttled, Unreachable, Unexpected} }

// Trouble is an answer that was none. Its text names the code alone.
type Trouble struct {
	Code       Code
	Status     int           // HTTP; 0 when there was no answer
	RetryAfter time.Duration // how long Sync asks to wait; 0 when it does not
	Cause      error
}

// Error gives the code.
func (t *Trouble) Error() string { return "sync: " + string(t.Code) }

// Unwrap gives what went wrong below, such as a deadline.
func (t *Trouble) Unwrap() error { return t.Cause }

// TroubleOf returns the trouble in an error's chain; ok is false where there is none.
func TroubleOf(err error) (t *Trouble, ok bool) {
	ok = errors.As(err, &t)
	return t, ok
}
