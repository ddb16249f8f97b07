package sync_test

import (
	"context"
	"crypto/tls"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/rules/health"
	"roomcover.dev/roomcover/sync"
	"roomcover.dev/roomcover/sync/simulator"
)

const org = "OrgOfAcme0001"

// world is a simulated Sync with a client of it, and a certificate of the organisation.
type world struct {
	*simulator.Simulator
	client      *sync.Client
	certificate tls.Certificate
	pem         []byte
}

func newWorld(t *testing.T, o simulator.Options, change ...func(*sync.Options)) world {
	t.Helper()
	s, err := simulator.Start(o)
	require.NoError(t, err)
	t.Cleanup(func() { _ = s.Close() })
	options := sync.Options{Regions: map[string]string{"US": s.URL()}, Roots: s.Roots()}
	for _, c := range change {
		c(&options)
	}
	client, err := sync.NewClient(options)
	require.NoError(t, err)
	certificate, key, err := s.Certificate(org, time.Now().AddDate(0, 3, 0))
	require.NoError(t, err)
	pair, err := tls.X509KeyPair(certificate, key)
	require.NoError(t, err)
	return world{s, client, pair, certificate}
}

func (w world) page(t *testing.T, after string) (health.Page, error) {
	t.Helper()
	return w.client.Places(t.Context(), "US", org, w.certificate, after)
}

func code(err error) health.Code {
	trouble, ok := health.TroubleOf(err)
	if !ok {
		return ""
	}
	return trouble.Code
}

func TestAThousandPlacesAreOneRequest(t *testing.T) {
	w := newWorld(t, simulator.Options{Unthrottled: true})
	w.Put(org, simulator.Rooms(5000)...)
	var all []health.Place
	after := ""
	for requests := 1; ; requests++ {
		page, err := w.page(t, after)
		require.NoError(t, err)
		all = append(all, page.Places...)
		require.Len(t, w.Requests(), requests)
		if after = page.Next; after == "" {
			break
		}
	}
	require.Len(t, all, 5000)
	require.Len(t, w.Requests(), 5)
	require.Equal(t, "SIM0000000B", all[0].Devices[0].Serial)
	state, _ := health.Read(all[0], health.PrimaryProducts)
	require.Equal(t, health.Healthy, state)
	for _, r := range w.Requests() {
		require.NotContains(t, r.Query, "occupancy", "who sits where is nobody's business here")
		require.NotContains(t, r.Query, "sensors")
	}
}

// The examples of the vendor's shape are served, and read, as they are.
func TestTheExamplesComeOverTheWire(t *testing.T) {
	w := newWorld(t, simulator.Options{Unthrottled: true})
	for number := 1; number <= 5; number++ {
		w.Put(org, simulator.ExamplePlaces(number)...)
		got, err := w.page(t, "")
		require.NoError(t, err)
		want, err := health.Decode(simulator.Example(number))
		require.NoError(t, err)
		rooms := want.Places[:0]
		for _, p := range want.Places {
			if p.Kind != health.Desk {
				rooms = append(rooms, p)
			}
		}
		require.Equal(t, rooms, got.Places, "%d", number)
	}
}

func TestS29_WhatIsWrongIsSaidByACode(t *testing.T) {
	for name, c := range map[string]struct {
		breaks func(*testing.T, *world)
		want   health.Code
	}{
		"no licence": {func(_ *testing.T, w *world) { w.License(org, false) }, health.Refused},
		"deactivated": {func(t *testing.T, w *world) {
			require.NoError(t, w.Deactivate(w.pem))
		}, health.Refused},
		"expired": {func(t *testing.T, w *world) {
			certificate, key, err := w.Certificate(org, time.Now().Add(-time.Hour))
			require.NoError(t, err)
			w.certificate, err = tls.X509KeyPair(certificate, key)
			require.NoError(t, err)
		}, health.Refused},
		"of another organisation": {func(t *testing.T, w *world) {
			certificate, key, err := w.Certificate("Another", time.Now().Add(time.Hour))
			require.NoError(t, err)
			w.certificate, err = tls.X509KeyPair(certificate, key)
			require.NoError(t, err)
		}, health.Refused},
		"throttled":         {breaks(simulator.Faults{Status: 429}), health.Throttled},
		"bad request":       {breaks(simulator.Faults{Status: 400}), health.Unexpected},
		"moved":             {breaks(simulator.Faults{Status: 302}), health.Unexpected},
		"broken":            {breaks(simulator.Faults{Status: 500}), health.Unreachable},
		"a proxy's page":    {breaks(simulator.Faults{Page: "<html>Sign in</html>"}), health.Unexpected},
		"cut in the middle": {breaks(simulator.Faults{Cut: true}), health.Unreachable},
		"slow":              {breaks(simulator.Faults{Slow: 5 * time.Second}), health.Unreachable},
		"gone": {func(t *testing.T, w *world) {
			require.NoError(t, w.Close())
		}, health.Unreachable},
		"no certificate": {func(_ *testing.T, w *world) {
			w.certificate = tls.Certificate{}
		}, health.Unexpected},
		"well": {func(*testing.T, *world) {}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, simulator.Options{}, func(o *sync.Options) { o.Timeout = time.Second })
			w.Put(org, simulator.Rooms(3)...)
			c.breaks(t, &w)
			_, err := w.page(t, "")
			require.Equal(t, c.want, code(err), "%v", err)
			require.Equal(t, c.want == "", err == nil)
			require.Equal(t, c.want, code(w.client.Try(t.Context(), "US", org, w.certificate)))
			if err != nil {
				require.NotContains(t, err.Error(), org)
			}
		})
	}
}

func breaks(f simulator.Faults) func(*testing.T, *world) {
	return func(_ *testing.T, w *world) { w.Break(f) }
}

func TestHowLongSyncAsksToWaitIsHeard(t *testing.T) {
	w := newWorld(t, simulator.Options{})
	w.Break(simulator.Faults{Status: 429, RetryAfter: 40})
	_, err := w.page(t, "")
	trouble, ok := health.TroubleOf(err)
	require.True(t, ok)
	require.Equal(t, 40*time.Second, trouble.RetryAfter)
	require.Equal(t, 429, trouble.Status)
}

// Ten at once and one a second is what Sync allows: the client waits instead of being refused,
// and who has no time is told so.
func TestAnOrganisationIsNeverAskedTooOften(t *testing.T) {
	w := newWorld(t, simulator.Options{Unthrottled: true})
	w.Put(org, simulator.Rooms(1)...)
	for range 10 {
		_, err := w.page(t, "")
		require.NoError(t, err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	_, err := w.client.Places(ctx, "US", org, w.certificate, "")
	require.Equal(t, health.Throttled, code(err))
	require.Len(t, w.Requests(), 10, "nothing was sent")
	_, err = w.client.Places(t.Context(), "US", "Another", w.certificate, "")
	require.Equal(t, health.Refused, code(err), "another organisation has its own")
}

// A region that is down is left alone; what one customer is refused leaves it open.
func TestARegionThatIsDownIsLeftAlone(t *testing.T) {
	w := newWorld(t, simulator.Options{Unthrottled: true}, func(o *sync.Options) {
		o.TripAfter = 3
		o.OpenFor = time.Hour
	})
	w.Put(org, simulator.Rooms(1)...)
	w.License(org, false)
	for range 5 {
		_, err := w.page(t, "")
		require.Equal(t, health.Refused, code(err))
	}
	w.Break(simulator.Faults{Status: 503})
	for range 5 {
		_, err := w.page(t, "")
		require.Equal(t, health.Unreachable, code(err))
	}
	require.Len(t, w.Requests(), 8)
}

// Nothing goes where an answer leads: the certificate is shown to the region's address alone.
func TestARedirectIsNotFollowed(t *testing.T) {
	w := newWorld(t, simulator.Options{})
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		t.Error("asked elsewhere")
	}))
	defer elsewhere.Close()
	moved := httptest.NewTLSServer(http.RedirectHandler(elsewhere.URL, http.StatusFound))
	defer moved.Close()
	roots := moved.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs
	client, err := sync.NewClient(sync.Options{
		Regions: map[string]string{"EU": moved.URL}, Roots: roots,
	})
	require.NoError(t, err)
	_, err = client.Places(t.Context(), "EU", org, w.certificate, "")
	require.Equal(t, health.Unexpected, code(err))
	_, err = client.Places(t.Context(), "US", org, w.certificate, "")
	require.Equal(t, health.Unexpected, code(err), "a region that is not configured")
}

func TestAddressesOfRegionsAreChecked(t *testing.T) {
	for _, address := range []string{
		"", "http://api.sync.example/v1", "https://", "https://u:p@api.sync.example/v1",
		"https://api.sync.example/v1?a=b", "api.sync.example",
	} {
		_, err := sync.NewClient(sync.Options{Regions: map[string]string{"US": address}})
		require.Error(t, err, address)
	}
	client, err := sync.NewClient(sync.Options{})
	require.NoError(t, err)
	require.Empty(t, client.Regions())
}

// The simulator throttles, refuses and scripts as Sync does, so that tests mean something.
func TestTheSimulatorIsLikeSync(t *testing.T) {
	w := newWorld(t, simulator.Options{})
	room := simulator.Room(1, "One", "/BR/")
	room.Script = "ho-h"
	room.Every = time.Second
	unlicensed := simulator.Room(2, "Two", "/BR/")
	unlicensed.License = ""
	w.Put(org, room, unlicensed)

	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{
		RootCAs: w.Roots(), Certificates: []tls.Certificate{w.certificate},
	}}}
	statuses := map[string]int{}
	for _, query := range strings.Fields(`
		? ?limit=0 ?limit=1001 ?limit=1 ?projection=place.info,place.device.info
		?projection=all ?projection= ?continuation=x`) {
		res, err := client.Get(w.URL() + "/org/" + org + "/place" + query)
		require.NoError(t, err)
		_ = res.Body.Close()
		statuses[query] = res.StatusCode
	}
	require.Equal(t, map[string]int{
		"?": 200, "?limit=0": 400, "?limit=1001": 400, "?limit=1": 200,
		"?projection=place.info,place.device.info": 400, "?projection=all": 400,
		"?projection=": 200, "?continuation=x": 400,
	}, statuses)

	page, err := w.page(t, "")
	require.NoError(t, err)
	require.Len(t, page.Places, 2)
	require.Empty(t, page.Places[1].Devices, "one without a licence tells its name alone")
	throttled := 0
	for range 5 {
		res, err := client.Get(w.URL() + "/org/" + org + "/place")
		require.NoError(t, err)
		_ = res.Body.Close()
		if res.StatusCode == http.StatusTooManyRequests {
			throttled++
		}
	}
	require.Positive(t, throttled)
}
