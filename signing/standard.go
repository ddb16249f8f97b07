package signing

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"strconv"
	"strings"
	"time"
)

// The headers of a request that is signed as Standard Webhooks 1.0.0 say.
const (
	StandardID        = "webhook-id"
	StandardTimestamp = "webhook-timestamp"
	StandardSignature = "webhook-signature"
)

// standardPrefix begins a secret as people see it; base64 follows.
const standardPrefix = "whsec_"

// StandardSecret is a key as people see it.
func StandardSecret(key []byte) string {
	return standardPrefix + base64.StdEncoding.EncodeToString(key)
}

// StandardKey is the key that a secret stands for; ok is false for what is none.
func StandardKey(secret string) (key []byte, ok bool) {
	text, ours := strings.CutPrefix(secret, standardPrefix)
	key, err := base64.StdEncoding.Strict().DecodeString(text)
	return key, ours && err == nil && len(key) >= 24 && len(key) <= 64
}

// SignStandard returns the timestamp and the signatures of a message, one for each key.
func SignStandard(
	id string, body []byte, at time.Time, keys ...[]byte,
) (timestamp, signatures string) {
	timestamp = strconv.FormatInt(at.Unix(), 10)
	var all []string
	for _, key := range keys {
		sum := standardSum(key, id, timestamp, body)
		all = append(all, "v1,"+base64.StdEncoding.EncodeToString(sum))
	}
	return timestamp, strings.Join(all, " ")
}

// VerifyStandard is Verify of a message that is signed as Standard Webhooks say: its id, its
// timestamp and its body, with dots between them. An id has no dot, so that none of them is taken
// for a part of another. Where there is no key, no signature fits.
func VerifyStandard(
	id, timestamp, signatures string, body []byte, now time.Time, keys ...[]byte,
) error {
	switch {
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
	if id == "" || strings.Contains(id, ".") ||
		!anyStandardFits(signatures, id, timestamp, body, keys) {
		return ErrSignature
	}
	return inWindow(at, now)
}

// anyStandardFits compares every signature with what every key makes of the message.
func anyStandardFits(signatures, id, timestamp string, body []byte, keys [][]byte) bool {
	var sums [][]byte
	for _, key := range keys {
		sums = append(sums, standardSum(key, id, timestamp, body))
	}
	return anyEqual(signatures, " ", sums, func(one string) ([]byte, bool) {
		text, ok := strings.CutPrefix(one, "v1,")
		given, err := base64.StdEncoding.DecodeString(text)
		return given, ok && err == nil
	})
}

func standardSum(key []byte, id, timestamp string, body []byte) []byte {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(id + "." + timestamp + "."))
	mac.Write(body)
	return mac.Sum(nil)
}
