package carrier

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Headers of a webhook. The signature is "v1=" and the HMAC-SHA256, in lower-case
// hex, over the timestamp's text, a dot, and the body as it is sent; while a key is
// changed there may be one of each key, separated by commas.
const (
	TimestampHeader = "Carrier-Timestamp" // seconds since 1970, real time
	SignatureHeader = "Carrier-Signature"
)

// ReplayWindow is how far a webhook's timestamp may lie from now, either way.
const ReplayWindow = 5 * time.Minute

// MinWebhookKey is how many bytes a key has at least.
const MinWebhookKey = 32

// maxSignatures bounds how many signatures are looked at: two keys, and those of a
// carrier that changes its own.
const maxSignatures = 4

// Refusals of a webhook. None of them says anything about the key.
var (
	ErrNoTimestamp  = errors.New("WEBHOOK_TIMESTAMP_MISSING")
	ErrBadTimestamp = errors.New("WEBHOOK_TIMESTAMP_INVALID")
	ErrTooOld       = errors.New("WEBHOOK_TOO_OLD")
	ErrInFuture     = errors.New("WEBHOOK_IN_FUTURE")
	ErrNoSignature  = errors.New("WEBHOOK_SIGNATURE_MISSING")
	ErrSignature    = errors.New("WEBHOOK_SIGNATURE_INVALID")
	ErrNoKey        = errors.New("WEBHOOK_NOT_CONFIGURED")
)

// Sign sets the headers of a webhook, with one signature per key.
func Sign(h http.Header, body []byte, at time.Time, keys ...[]byte) {
	timestamp := strconv.FormatInt(at.Unix(), 10)
	var signatures []string
	for _, key := range keys {
		signatures = append(signatures, "v1="+hex.EncodeToString(signature(key, timestamp, body)))
	}
	h.Set(TimestampHeader, timestamp)
	h.Set(SignatureHeader, strings.Join(signatures, ","))
}

// Verify returns an error unless a webhook comes from the holder of one of the keys and
// was signed within ReplayWindow of now, which is real time. keys are the present one and,
// while it is changed, the one before or after it.
func Verify(h http.Header, body []byte, now time.Time, keys ...[]byte) error {
	timestamp, signatures := h.Get(TimestampHeader), h.Get(SignatureHeader)
	switch {
	case len(keys) == 0:
		return ErrNoKey
	case timestamp == "":
		return ErrNoTimestamp
	case signatures == "":
		return ErrNoSignature
	}

	seconds, err := strconv.ParseInt(timestamp, 10, 64)
	if err != nil || len(timestamp) > 12 || timestamp != strconv.FormatInt(seconds, 10) {
		return ErrBadTimestamp
	}

	// The signature first: the time of who has no key is nobody's business.
	if !signed(signatures, timestamp, body, keys) {
		return ErrSignature
	}

	switch age := now.Sub(time.Unix(seconds, 0)); {
	case age > ReplayWindow:
		return ErrTooOld
	case age < -ReplayWindow:
		return ErrInFuture
	}

	return nil
}

// signed compares every signature with every key, and takes the same time whichever
// fits.
func signed(signatures, timestamp string, body []byte, keys [][]byte) bool {
	fits := false
	for i, s := range strings.Split(signatures, ",") {
		digits, ok := strings.CutPrefix(strings.TrimSpace(s), "v1=")
		given, err := hex.DecodeString(digits)
		if !ok || err != nil || i >= maxSignatures {
			continue
		}

		for _, key := range keys {
			if len(key) >= MinWebhookKey && hmac.Equal(given, signature(key, timestamp, body)) {
				fits = true
			}
		}
	}

	return fits
}

func signature(key []byte, timestamp string, body []byte) []byte {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(timestamp))
	mac.Write([]byte{'.'})
	mac.Write(body)
	return mac.Sum(nil)
}

// ParseEvent reads a webhook's body. Unknown fields are let through: a carrier adds
// some. ok is false when it does not name event, parcel, kind and time.
func ParseEvent(body []byte) (e Event, ok bool) {
	if json.Unmarshal(body, &e) != nil {
		return Event{}, false
	}
	return e, e.EventID != "" && e.Tracking != "" && e.Kind != "" && !e.OccurredAt.IsZero()
}
