package carrier_test

import (
	"bytes"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"roomcover.dev/roomcover/carrier"
)

var (
	oldKey = bytes.Repeat([]byte("o"), 32)
	newKey = bytes.Repeat([]byte("n"), 40)
	event  = []byte(`{"event_id":"e1","tracking":"T1","kind":"PICKED_UP","occurred_at":"2026-09-07T15:00:00-03:00"}`)
)

// computed with another program
const exampleSignature = "v1=7c9ba04f83d829c56716919fbd243287cbf47b5c1c272610579ac31215217b39"

func signed(at time.Time, keys ...[]byte) http.Header {
	h := http.Header{}
	carrier.Sign(h, event, at, keys...)
	return h
}

// The signature of the documentation's example.
func TestWebhookSignatureOfTheContract(t *testing.T) {
	h := signed(time.Unix(1788793200, 0), bytes.Repeat([]byte("k"), 32))
	require.Equal(t, "1788793200", h.Get(carrier.TimestampHeader))
	require.Equal(t, exampleSignature, h.Get(carrier.SignatureHeader))
}

func TestWebhooksAreAcceptedWhileKeysChange(t *testing.T) {
	for name, c := range map[string]struct {
		sender, receiver [][]byte
		want             error
	}{
		"one key":                   {[][]byte{newKey}, [][]byte{newKey}, nil},
		"receiver has both, old":    {[][]byte{oldKey}, [][]byte{newKey, oldKey}, nil},
		"receiver has both, new":    {[][]byte{newKey}, [][]byte{oldKey, newKey}, nil},
		"sender signs with both":    {[][]byte{oldKey, newKey}, [][]byte{newKey}, nil},
		"the old key is gone":       {[][]byte{oldKey}, [][]byte{newKey}, carrier.ErrSignature},
		"no key is configured":      {[][]byte{oldKey}, nil, carrier.ErrNoKey},
		"a key that is too short":   {[][]byte{[]byte("short")}, [][]byte{[]byte("short")}, carrier.ErrSignature},
		"an empty key signs nobody": {[][]byte{{}}, [][]byte{{}}, carrier.ErrSignature},
	} {
		t.Run(name, func(t *testing.T) {
			require.ErrorIs(t, carrier.Verify(signed(monday, c.sender...), event, monday, c.receiver...), c.want)
		})
	}
}

func TestWebhooksOutsideTheWindowAreRefused(t *testing.T) {
	for age, want := range map[time.Duration]error{
		0:                            nil,
		5 * time.Minute:              nil,
		-5 * time.Minute:             nil,
		5*time.Minute + time.Second:  carrier.ErrTooOld,
		-5*time.Minute - time.Second: carrier.ErrInFuture,
		1e6 * time.Hour:              carrier.ErrTooOld,
	} {
		require.ErrorIs(t, carrier.Verify(signed(monday, newKey), event, monday.Add(age), newKey), want, age)
	}
}

func TestWebhooksThatLackSomething(t *testing.T) {
	good := signed(monday, newKey)
	timestamp := good.Get(carrier.TimestampHeader)
	signature := good.Get(carrier.SignatureHeader)
	for name, c := range map[string]struct {
		timestamp, signature string
		want                 error
	}{
		"no timestamp": {
			"", signature, carrier.ErrNoTimestamp,
		},
		"no signature": {timestamp, "", carrier.ErrNoSignature},
		"words":        {"yesterday", signature, carrier.ErrBadTimestamp},
		"leading zero": {
			"0" + timestamp, signature, carrier.ErrBadTimestamp,
		},
		"plus": {"+" + timestamp, signature, carrier.ErrBadTimestamp},
		"huge": {
			strings.Repeat("9", 18), signature, carrier.ErrBadTimestamp,
		},
		"milliseconds": {timestamp + "000", signature, carrier.ErrBadTimestamp},
		"another time": {strconv.FormatInt(monday.Unix()+1, 10), signature, carrier.ErrSignature},
		"another version": {
			timestamp, "v2" + signature[2:], carrier.ErrSignature,
		},
		"no version": {timestamp, signature[3:], carrier.ErrSignature},
		"cut":        {timestamp, signature[:len(signature)-2], carrier.ErrSignature},
		"no hex":     {timestamp, "v1=zz", carrier.ErrSignature},
		"commas":     {timestamp, ",,,", carrier.ErrSignature},
		"the right one too late in a long list": {
			timestamp, strings.Repeat("v1=00,", 4) + signature, carrier.ErrSignature,
		},
		"spaces": {timestamp, "v1=00, " + signature, nil},
	} {
		h := http.Header{}
		h.Set(carrier.TimestampHeader, c.timestamp)
		h.Set(carrier.SignatureHeader, c.signature)
		require.ErrorIs(t, carrier.Verify(h, event, monday, newKey), c.want, name)
	}
}

func TestChangedBodiesAreRefused(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		body := rapid.SliceOfN(rapid.Byte(), 1, 200).Draw(t, "body")
		h := http.Header{}
		carrier.Sign(h, body, monday, newKey)
		require.NoError(t, carrier.Verify(h, body, monday, newKey))
		changed := bytes.Clone(body)
		changed[rapid.IntRange(0, len(body)-1).Draw(t, "place")] ^= byte(rapid.IntRange(1, 255).Draw(t, "change"))
		require.ErrorIs(t, carrier.Verify(h, changed, monday, newKey), carrier.ErrSignature)
		require.ErrorIs(t, carrier.Verify(h, append(body, ' '), monday, newKey), carrier.ErrSignature)
	})
}

func TestEventsAreReadAndStrangersLetThrough(t *testing.T) {
	e, ok := carrier.ParseEvent(event)
	require.True(t, ok)
	require.True(t, e.OccurredAt.Equal(time.Date(2026, 9, 7, 18, 0, 0, 0, time.UTC)))
	_, ok = carrier.ParseEvent(
		[]byte(`{"event_id":"e1","tracking":"T1","kind":"ABDUCTED","occurred_at":"2026-09-07T15:00:00Z","weight":7}`),
	)
	require.True(t, ok)
	for _, bad := range []string{
		"", "null", "[]", "{", `{"event_id":"e1"}`, `{"event_id":"e1","tracking":"T1","kind":"LOST"}`,
		`{"event_id":"","tracking":"T1","kind":"LOST","occurred_at":"2026-09-07T15:00:00Z"}`,
		`{"event_id":"e1","tracking":"T1","kind":"LOST","occurred_at":"yesterday"}`,
	} {
		_, ok := carrier.ParseEvent([]byte(bad))
		require.False(t, ok, bad)
	}
	require.Len(t, carrier.Kinds(), 7)
}
