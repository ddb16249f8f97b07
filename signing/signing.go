// Package signing signs what programs send us by HTTP, and tells it from what others made: the
// webhooks of carriers, and mails.
package signing

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"strconv"
	"strings"
	"time"
)

// ReplayWindow is how far a timestamp may lie from now, either way.
const ReplayWindow = 5 * time.Minute

// MinKey is how many bytes a key has at least.
const MinKey = 32

// maxSignatures bounds how many signatures are looked at: two keys, and those of a sender that
// changes its own.
const maxSignatures = 4

// Refusals. None of them says anything about the key.
var (
	ErrNoTimestamp  = errors.New("WEBHOOK_TIMESTAMP_MISSING")
	ErrBadTimestamp = errors.New("WEBHOOK_TIMESTAMP_INVALID")
	ErrTooOld       = errors.New("WEBHOOK_TOO_OLD")
	ErrInFuture     = errors.New("WEBHOOK_IN_FUTURE")
	ErrNoSignature  = errors.New("WEBHOOK_SIGNATURE_MISSING")
	ErrSignature    = errors.New("WEBHOOK_SIGNATURE_INVALID")
	ErrNoKey        = errors.New("WEBHOOK_NOT_CONFIGURED")
)

// Sign returns the timestamp, in seconds since 1970, and one signature per key, separated by
// commas: "v1=" and the HMAC-SHA256, in lower-case hex, over the timestamp's text, a dot, and what
// is signed.
func Sign(signed []byte, at time.Time, keys ...[]byte) (timestamp, signatures string) {
	timestamp = strconv.FormatInt(at.Unix(), 10)
	var all []string
	for _, key := range keys {
		all = append(all, "v1="+hex.EncodeToString(signature(key, timestamp, signed)))
	}
	return timestamp, strings.Join(all, ",")
}

// Verify returns an error unless what is signed comes from the holder of one of the keys, and was
// signed within ReplayWindow of now, which is real time. keys are the present one and, while it is
// changed, the one before or after it.
func Verify(timestamp, signatures string, signed []byte, now time.Time, keys ...[]byte) error {
	switch {
	case len(keys) == 0:
		return ErrNoKey
	case timestamp == "":
		return ErrNoTimestamp
	case signatures == "":
		return ErrNoSignature
	}

	at, err := signedAt(timestamp)
	if err != nil {
		return err
	}

	// The signature first: the time of who has no key is nobody's business.
	if !anyFits(signatures, timestamp, signed, keys) {
		return ErrSignature
	}
	return inWindow(at, now)
}

// signedAt reads a timestamp, which is written in one way only.
func signedAt(timestamp string) (time.Time, error) {
	seconds, err := strconv.ParseInt(timestamp, 10, 64)
	if err != nil || len(timestamp) > 12 || timestamp != strconv.FormatInt(seconds, 10) {
		return time.Time{}, ErrBadTimestamp
	}
	return time.Unix(seconds, 0), nil
}

// inWindow holds the time of a signature against now.
func inWindow(at, now time.Time) error {
	switch age := now.Sub(at); {
	case age > ReplayWindow:
		return ErrTooOld
	case age < -ReplayWindow:
		return ErrInFuture
	}
	return nil
}

// anyFits compares every signature with what every key makes of the message.
func anyFits(signatures, timestamp string, signed []byte, keys [][]byte) bool {
	var sums [][]byte
	for _, key := range keys {
		if len(key) >= MinKey {
			sums = append(sums, signature(key, timestamp, signed))
		}
	}
	return anyEqual(signatures, ",", sums, func(one string) ([]byte, bool) {
		digits, ok := strings.CutPrefix(strings.TrimSpace(one), "v1=")
		given, err := hex.DecodeString(digits)
		return given, ok && err == nil
	})
}

// anyEqual is whether one of the first signatures of a list is one of the sums. It takes the same
// time whichever fits.
func anyEqual(
	signatures, separator string, sums [][]byte, read func(string) ([]byte, bool),
) bool {
	equal := false
	for i, one := range strings.SplitN(signatures, separator, maxSignatures+1) {
		given, ok := read(one)
		if !ok || i == maxSignatures {
			continue
		}
		for _, sum := range sums {
			if hmac.Equal(given, sum) {
				equal = true
			}
		}
	}
	return equal
}

func signature(key []byte, timestamp string, signed []byte) []byte {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(timestamp))
	mac.Write([]byte{'.'})
	mac.Write(signed)
	return mac.Sum(nil)
}
