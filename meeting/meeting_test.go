package meeting_test

import (
	"context"
	"fmt"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/meeting"
	"roomcover.dev/roomcover/meeting/simulator"
	"roomcover.dev/roomcover/rules/session"
)

var start = time.Date(2026, 11, 24, 17, 0, 0, 0, time.UTC)

func of(key string, hours int) meeting.Meeting {
	at := start.Add(time.Duration(hours) * time.Hour)
	return meeting.Meeting{Key: key, Subject: "TK-10023", Start: at, End: at.Add(time.Hour)}
}

func check(link string) (string, error) { return session.CheckLink(link, session.Hosts()) }

// service is one of the two, with who speaks to it.
type service struct {
	*simulator.Service
	meeting.Meetings
}

func services(t *testing.T, secret string, timeout time.Duration) map[string]service {
	t.Helper()
	teams, zoom := simulator.NewTeams(), simulator.NewZoom()
	teamsServer, zoomServer := httptest.NewServer(teams), httptest.NewServer(zoom)
	t.Cleanup(teamsServer.Close)
	t.Cleanup(zoomServer.Close)
	return map[string]service{
		"teams": {teams, meeting.NewTeams(meeting.TeamsOptions{
			TenantID:     simulator.Tenant,
			ClientID:     simulator.Client,
			ClientSecret: secret,
			UserID:       simulator.User,
			Check:        check,
			SignInURL:    teamsServer.URL,
			GraphURL:     teamsServer.URL,
			Timeout:      timeout,
		})},
		"zoom": {zoom, meeting.NewZoom(meeting.ZoomOptions{
			AccountID:    simulator.Account,
			ClientID:     simulator.Client,
			ClientSecret: secret,
			UserID:       simulator.User,
			Check:        check,
			SignInURL:    zoomServer.URL,
			APIURL:       zoomServer.URL,
			Timeout:      timeout,
		})},
	}
}

func TestS46_AMeetingIsMadeMovedAndCalledOff(t *testing.T) {
	for name, s := range services(t, simulator.Secret, 0) {
		t.Run(name, func(t *testing.T) {
			for i := range 5 { // more than a page of others
				_, err := s.Create(t.Context(), of(fmt.Sprint("tse_", i), i))
				require.NoError(t, err)
			}
			made, err := s.Create(t.Context(), of("tse_4", 4))
			require.NoError(t, err)
			require.Len(t, s.Service.Meetings(), 5, "one key is one meeting")

			for range 2 {
				moved, err := s.Update(t.Context(), made.ID, of("tse_4", 9))
				require.NoError(t, err)
				require.Equal(t, made, moved, "its link stays")
			}
			kept := s.Service.Meetings()[4]
			require.Equal(t, start.Add(9*time.Hour), kept.Start)
			require.Equal(t, start.Add(10*time.Hour), kept.End)

			for range 2 {
				require.NoError(t, s.Cancel(t.Context(), made.ID))
			}
			require.True(t, s.Service.Meetings()[4].Deleted)
			_, err = s.Update(t.Context(), made.ID, of("tse_4", 9))
			require.Equal(t, meeting.Gone, meeting.CodeOf(err))
			require.Equal(t, 1, s.Tokens(), "a token is asked for once an hour")
		})
	}
}

func TestS46_ALostAnswerLeavesNoSecondMeeting(t *testing.T) {
	for name, s := range services(t, simulator.Secret, 0) {
		t.Run(name, func(t *testing.T) {
			lost := simulator.Fault{Lose: true}
			if name == "zoom" {
				s.Fail(simulator.Fault{}) // it is looked for first
			}
			s.Fail(lost)
			_, err := s.Create(t.Context(), of("tse_1", 1))
			require.True(t, meeting.Temporary(err), "%v", err)
			made, err := s.Create(t.Context(), of("tse_1", 1))
			require.NoError(t, err)
			require.NotEmpty(t, made.JoinURL)
			require.Len(t, s.Service.Meetings(), 1)
		})
	}
}

func TestS46_FailuresOfAMeetingServiceAreToldApart(t *testing.T) {
	for name, s := range services(t, simulator.Secret, 0) {
		t.Run(name, func(t *testing.T) {
			for status, want := range map[int]meeting.Code{
				429: meeting.Unavailable, 500: meeting.Unavailable, 503: meeting.Unavailable,
				400: meeting.Refused, 403: meeting.NotAllowed, 302: meeting.Refused,
			} {
				s.Fail(simulator.Fault{Status: status, RetryAfter: "30"})
				_, err := s.Create(t.Context(), of("tse_1", 1))
				require.Equal(t, want, meeting.CodeOf(err), status)
				require.Equal(t, want == meeting.Unavailable, meeting.Temporary(err))
				require.NotContains(t, err.Error(), "Ana", "what it says may name somebody")
				var failure *meeting.Error
				require.ErrorAs(t, err, &failure)
				if want == meeting.Unavailable {
					require.Equal(t, 30*time.Second, failure.RetryAfter)
				}
			}

			s.Fail(simulator.Fault{Body: "<html>"})
			_, err := s.Create(t.Context(), of("tse_1", 1))
			require.Equal(t, meeting.BadAnswer, meeting.CodeOf(err))

			s.WithdrawTokens()
			_, err = s.Create(t.Context(), of("tse_1", 1))
			require.NoError(t, err, "another token is asked for")
			require.Equal(t, 2, s.Tokens())

			if name == "zoom" {
				s.Fail(simulator.Fault{})
			}
			s.Fail(simulator.Fault{Link: "https://evil.example/j/1"})
			_, err = s.Create(t.Context(), of("tse_2", 1))
			require.Equal(t, meeting.BadAnswer, meeting.CodeOf(err), "only its own hosts")
		})
	}

	for name, s := range services(t, "wrong", 0) {
		_, err := s.Create(t.Context(), of("tse_1", 1))
		require.Equal(t, meeting.NotAllowed, meeting.CodeOf(err), name)
		require.Empty(t, s.Service.Meetings())
	}

	gone, cancel := context.WithCancel(t.Context())
	cancel()
	for name, s := range services(t, simulator.Secret, time.Second) {
		_, err := s.Create(gone, of("tse_1", 1))
		require.ErrorIs(t, err, context.Canceled, name)
		require.NotContains(t, err.Error(), "http", "no address in what is logged")
	}
}

func TestS46_APastedLinkIsTakenFromTheMeetingServicesAlone(t *testing.T) {
	pasted := meeting.Pasted{Check: check}
	m := of("tse_1", 1)
	m.Link = "https://teams.microsoft.com/l/1"
	made, err := pasted.Create(t.Context(), m)
	require.NoError(t, err)
	require.Equal(t, meeting.Made{ID: "tse_1", JoinURL: m.Link}, made)
	m.Link = "https://us02web.zoom.us/j/1"
	made, err = pasted.Update(t.Context(), "tse_1", m)
	require.NoError(t, err)
	require.Equal(t, m.Link, made.JoinURL)
	require.NoError(t, pasted.Cancel(t.Context(), "tse_1"))

	m.Link = "https://evil.example/"
	_, err = pasted.Create(t.Context(), m)
	require.Equal(t, meeting.LinkRefused, meeting.CodeOf(err))
}
