package carrier

import (
	"encoding/json"
	"net/http"
	"time"

	"roomcover.dev/roomcover/signing"
)

// Headers of a webhook. The signature is "v1=" and the HMAC-SHA256, in lower-case
// hex, over the timestamp's text, a dot, and the body as it is sent; while a key is
// changed there may be one of each key, separated by commas.
const (
	TimestampHeader = "Carrier-Timestamp" // seconds since 1970, real time
	SignatureHeader = "Carrier-Signature"
)

// ReplayWindow is how far a webhook's timestamp may lie from now, either way.
const ReplayWindow = signing.ReplayWindow

// Refusals of a webhook. None of them says anything about the key.
var (
	ErrNoTimestamp  = signing.ErrNoTimestamp
	ErrBadTimestamp = signing.ErrBadTimestamp
	ErrTooOld       = signing.ErrTooOld
	ErrInFuture     = signing.ErrInFuture
	ErrNoSignature  = signing.ErrNoSignature
	ErrSignature    = signing.ErrSignature
	ErrNoKey        = signing.ErrNoKey
)

// Sign sets the headers of a webhook, with one signature per key.
func Sign(h http.Header, body []byte, at time.Time, keys ...[]byte) {
	timestamp, signatures := signing.Sign(body, at, keys...)
	h.Set(TimestampHeader, timestamp)
	h.Set(SignatureHeader, signatures)
}

// Verify returns an error unless a webhook comes from the holder of one of the keys and
// was signed within ReplayWindow of now, which is real time. keys are the present one and,
// while it is changed, the one before or after it.
func Verify(h http.Header, body []byte, now time.Time, keys ...[]byte) error {
	return signing.Verify(h.Get(TimestampHeader), h.Get(SignatureHeader), body, now, keys...)
}

// ParseEvent reads a webhook's body. Unknown fields are let through: a carrier adds
// some. ok is false when it does not name event, parcel, kind and time.
func ParseEvent(body []byte) (e Event, ok bool) {
	if json.Unmarshal(body, &e) != nil {
		return Event{}, false
	}
	return e, e.EventID != "" && e.Tracking != "" && e.Kind != "" && !e.OccurredAt.IsZero()
}
