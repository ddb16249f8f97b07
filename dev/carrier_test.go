package main

import (
	"context"
	"encoding/hex"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/carrier"
	"roomcover.dev/roomcover/clock"
)

// The simulated carrier keeps its bookings over a restart, follows the fast calendar
// and signs with the folder's key.
func TestCarrierKeepsItsBookingsAndTellsOfThem(t *testing.T) {
	data, n := t.TempDir(), free(t, 1)
	told := make(chan carrier.Event, 100)
	hook := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		key, _ := carrierKey(data)
		if carrier.Verify(r.Header, body, time.Now(), key) != nil {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		e, _ := carrier.ParseEvent(body)
		told <- e
	}))
	defer hook.Close()
	args := []string{"carrier", "--data", data, "--carrier-port", n[0], "--webhook-url", hook.URL, "--day", "1s"}
	first := start(t, args...)
	first.awaitLine(t, "Carrier ready at  http://127.0.0.1:"+n[0])
	key, err := carrierKey(data)
	require.NoError(t, err)
	client, err := carrier.NewClient(carrier.Options{URL: "http://127.0.0.1:" + n[0], APIKey: hex.EncodeToString(key)})
	require.NoError(t, err)
	a := carrier.Address{Name: "Ana", Street: "Rua A 1", City: "Campinas", Country: "BR"}
	booking := carrier.Booking{Reference: "shp_1", Service: carrier.Express, From: a, To: a}
	booked, err := client.Book(context.Background(), "k", booking)
	require.NoError(t, err)
	require.Zero(t, first.stop(t), first.errs.String())
	second := start(t, args...)
	second.awaitLine(t, "Carrier ready at")
	again, err := client.Book(context.Background(), "k", booking)
	require.NoError(t, err)
	require.Equal(t, booked, again)
	seen := map[string]bool{}
	for !seen[carrier.Delivered] {
		select {
		case e := <-told:
			require.Equal(t, booked.Tracking, e.Tracking)
			seen[e.Kind] = true
		case <-time.After(time.Minute):
			require.Fail(t, "the carrier does not tell of a delivery")
		}
	}
	require.Zero(t, second.stop(t), second.errs.String())
}

func TestCarrierKeyThatIsNone(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "carrier.key"), []byte("not hex"), 0o600))
	_, err := startCarrier(common{Data: dir, Host: "127.0.0.1"}, carrierPorts{CarrierPort: 1}, clock.Clock{},
		"http://localhost")
	require.ErrorContains(t, err, "the carrier's key")
}
