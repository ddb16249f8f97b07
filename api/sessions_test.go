package api_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/api"
	"roomcover.dev/roomcover/rules"
	rulesession "roomcover.dev/roomcover/rules/session"
)

const meetingLink = "https://teams.microsoft.com/l/meetup-join/19%3ameeting"

func TestS46_SessionsOverTheAPI(t *testing.T) {
	h := sqlite(t)
	c := h.Covered(t)
	path := "/v1/tickets/" + h.OpenedTicket(t, c).ID + "/sessions"
	customer := h.customer(c.Account, rules.CustomerAdmin)
	viewer := h.customer(c.Account, rules.CustomerReadOnly)
	start := h.Calendar.Now().UTC().Truncate(time.Minute).Add(24 * time.Hour)
	slot := map[string]any{"start": start, "end": start.Add(time.Hour)}
	slots := map[string]any{"slots": []any{slot}}

	problem(t, customer.post(path, slots), 403, rules.Forbidden)
	s := as[api.SessionView](t, h.Lead.post(path, slots), 201)
	require.Equal(t, s.ID, as[api.SessionView](t, h.Lead.post(path, slots), 201).ID)
	act := path + "/" + s.ID + "/commands/"

	schedule := map[string]any{"slot": slot, "link": meetingLink}
	problem(t, h.Lead.post(act+"schedule", schedule), 422, rulesession.NotAgreed)
	problem(t, h.Lead.post(act+"schedule", map[string]any{}), 422, rules.ValidationFailed)
	agree := map[string]any{"slots": []any{slot}, "text": rulesession.TextVersion}
	problem(t, h.Lead.post(act+"agree", agree), 403, rules.Forbidden)
	problem(t, viewer.post(act+"agree", map[string]any{"slots": []any{slot}}), 422,
		rules.ValidationFailed)
	agreed := as[api.SessionView](t, viewer.post(act+"agree", agree), 200)
	require.Equal(t, rulesession.TextVersion, agreed.Agreement.Text)

	problem(t, customer.post(act+"schedule", schedule), 403, rules.Forbidden)
	problem(t, h.Lead.post(act+"schedule",
		map[string]any{"slot": slot, "link": "https://evil.example/"}), 422, rulesession.LinkRefused)
	problem(t, h.Lead.post(act+"schedule",
		map[string]any{"slot": slot, "provider": "TEAMS"}), 422, rulesession.NoService)
	planned := as[api.SessionView](t, h.Lead.post(act+"schedule", schedule), 200)
	require.Equal(t, meetingLink, planned.JoinURL)
	require.Equal(t, rulesession.Cancelled,
		as[api.SessionView](t, h.Lead.post(act+"cancel", map[string]any{}), 200).State)
	problem(t, h.Lead.post(act+"dance", map[string]any{}), 409, rules.ActionNotAvailable)
	require.Len(t, as[items[api.SessionView]](t, customer.get(path), 200).Items, 1)

	var told []string
	shown := as[api.TicketDetail](t, customer.get(strings.TrimSuffix(path, "/sessions")), 200)
	for _, e := range shown.Entries {
		if e.Event != nil && e.Event.Session != "" {
			require.Equal(t, s.ID, e.Event.Session)
			require.True(t, e.Event.Slots[0].Start.Equal(start))
			told = append(told, string(e.Event.Kind))
		}
	}
	require.Equal(t, []string{
		"SESSION_PROPOSED", "SESSION_AGREED", "SESSION_SCHEDULED", "SESSION_CANCELLED",
	}, told, "the one conversation tells of it")
}

func TestS47_ParticipantsOverTheAPI(t *testing.T) {
	h := sqlite(t)
	c := h.Covered(t)
	path := "/v1/tickets/" + h.OpenedTicket(t, c).ID + "/participants"
	customer := h.customer(c.Account, rules.CustomerAdmin)
	viewer := h.customer(c.Account, rules.CustomerReadOnly)
	teo := map[string]any{"name": "Teo", "email": "teo@service.example"}

	problem(t, viewer.post(path, teo), 403, rules.Forbidden)
	problem(t, customer.post(path, map[string]any{"name": "Teo", "email": "x"}), 422,
		rules.ValidationFailed)
	p := as[api.ParticipantView](t, customer.post(path, teo), 201)
	require.Equal(t, p.ID, as[api.ParticipantView](t, h.Lead.post(path, teo), 201).ID)
	require.Len(t, as[items[api.ParticipantView]](t, viewer.get(path), 200).Items, 1)
	problem(t, viewer.send("DELETE", path+"/"+p.ID, nil), 403, rules.Forbidden)
	for range 2 {
		require.Equal(t, 204, customer.send("DELETE", path+"/"+p.ID, nil).Status)
	}
	require.Empty(t, as[items[api.ParticipantView]](t, viewer.get(path), 200).Items)
	problem(t, customer.send("DELETE", path+"/tsp_nobody", nil), 404, rules.NotFound)
}
