package demo

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func testStory(t *testing.T, h http.HandlerFunc) (*story, *bytes.Buffer) {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	var out bytes.Buffer
	s, err := newStory(Options{
		Portal:     server.URL,
		Mails:      server.URL,
		Carrier:    server.URL,
		CarrierKey: "key",
		Name:       "TEST",
		Out:        &out,
		As:         func(string) API { return nil },
		Patience:   50 * time.Millisecond,
		pause:      time.Millisecond,
	})
	require.NoError(t, err)
	return s, &out
}

func TestACheckThatDoesNotHoldSaysWhatDiffers(t *testing.T) {
	s, _ := testStory(t, nil)
	require.NoError(t, s.check(true, "never"))
	require.Equal(t, 1, s.checks)
	require.EqualError(t, s.check(false, "it is %s", "RED"), "differs: it is RED")
	require.Equal(t, 1, s.checks, "only checks that held are counted")
}

func TestAwaitLooksUntilItIsThere(t *testing.T) {
	s, _ := testStory(t, nil)
	looks := 0
	require.NoError(t, s.await(t.Context(), "the third look", func(context.Context) error {
		if looks++; looks < 3 {
			return notYet("look %d", looks)
		}
		return nil
	}))
	require.Equal(t, 3, looks)
}

func TestAwaitEndsAtOnceOnAFailure(t *testing.T) {
	s, _ := testStory(t, nil)
	broken, looks := errors.New("broken"), 0
	err := s.await(t.Context(), "it", func(context.Context) error { looks++; return broken })
	require.ErrorIs(t, err, broken)
	require.Equal(t, 1, looks)
}

func TestAwaitTellsWhatDidNotCome(t *testing.T) {
	s, _ := testStory(t, nil)
	err := s.await(t.Context(), "the parcel", func(context.Context) error { return notYet("it is lost") })
	require.EqualError(t, err, "the parcel did not come within 50ms: not yet: it is lost")
	require.Zero(t, s.checks)
}

func TestAMailIsFoundByWhatStandsInIt(t *testing.T) {
	s, _ := testStory(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/api/mails":
			require.Equal(t, "ana@acme.example", r.URL.Query().Get("to"))
			_, _ = w.Write([]byte(`{"mails":[{"id":"1","subject":"Boas-vindas"},{"id":"2","subject":"Boas-vindas"}]}`))
		case "/api/mails/1":
			_, _ = w.Write([]byte(`{"id":"1","subject":"Boas-vindas","text":"nothing"}`))
		case "/api/mails/2":
			_, _ = w.Write([]byte(
				`{"id":"2","subject":"Boas-vindas","text":"Abra https://portal.example/invitation?token=abc hoje\n\n    123 456\n"}`,
			))
		}
	})
	m, err := s.mailTo(t.Context(), "ana@acme.example", "Boas-vindas", "token=")
	require.NoError(t, err)
	link, err := m.part(invitationLink)
	require.NoError(t, err)
	require.Equal(t, "/invitation?token=abc", link)
	code, err := m.part(oneTimeCode)
	require.NoError(t, err)
	require.Equal(t, "123 456", code)
	_, err = letter{Subject: "Boas-vindas"}.part(oneTimeCode)
	require.ErrorContains(t, err, "lacks what is looked for")
}

func TestAPageThatIsRefusedEndsTheStory(t *testing.T) {
	s, _ := testStory(t, func(w http.ResponseWriter, r *http.Request) {
		require.Equal(t, "pt-BR", r.Header.Get("Accept-Language"))
		w.WriteHeader(http.StatusForbidden)
	})
	_, err := s.page(t.Context(), "/service-orders", nil)
	require.ErrorContains(t, err, "403 Forbidden")
}

func TestAReturnIsHandedInAtTheCarrier(t *testing.T) {
	asked := ""
	s, _ := testStory(t, func(w http.ResponseWriter, r *http.Request) {
		asked = r.Method + " " + r.URL.Path + " " + r.Header.Get("Authorization")
		if r.URL.Path == "/simulator/parcels/LOST/scans" {
			w.WriteHeader(http.StatusNotFound)
		}
	})
	require.NoError(t, s.handIn(t.Context(), parcel{Tracking: "SIM1"}))
	require.Equal(t, "POST /simulator/parcels/SIM1/scans Bearer key", asked)
	require.ErrorContains(t, s.handIn(t.Context(), parcel{Tracking: "LOST"}), "404")
}

func TestTheNextSundayNightIsFoundWhereTheRoomsAre(t *testing.T) {
	for at, want := range map[string]string{
		"2026-12-05T12:00:00-03:00": "2026-12-06T03:00:00-03:00",
		"2026-12-06T02:59:59-03:00": "2026-12-06T03:00:00-03:00",
		"2026-12-06T03:00:00-03:00": "2026-12-13T03:00:00-03:00",
		"2026-12-06T23:30:00-03:00": "2026-12-13T03:00:00-03:00", // it is Monday in UTC
	} {
		instant, err := time.Parse(time.RFC3339, at)
		require.NoError(t, err)
		require.Equal(t, want, nextSunday(instant).Format(time.RFC3339), at)
	}
}

// The calendar runs fast, nobody says how fast, and the wait ends soon after three.
func TestTheStoryWaitsForTheNightByTheCalendar(t *testing.T) {
	began := time.Now()
	day := 200 * time.Millisecond
	saturday := time.Date(2026, time.December, 5, 15, 0, 0, 0, time.UTC)
	s, _ := testStory(t, nil)
	s.Patience = time.Minute
	s.operator = calendarOf(func() time.Time {
		return saturday.Add(time.Duration(float64(time.Since(began)) / float64(day) * float64(24*time.Hour)))
	})
	require.NoError(t, s.awaitNight(t.Context()))
	s.Patience = time.Millisecond
	require.ErrorContains(t, s.awaitNight(t.Context()), "the story waits 1ms at most")
}

// calendarOf is an API that tells only what time it is.
type calendarOf func() time.Time

func (now calendarOf) Call(_ context.Context, _, _ string, _, out any) error {
	text, err := json.Marshal(map[string]time.Time{"as_of": now()})
	if err != nil {
		return err
	}
	return json.Unmarshal(text, out)
}
