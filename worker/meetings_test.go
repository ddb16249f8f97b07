package worker

import (
	"context"
	"log/slog"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/meeting"
	"roomcover.dev/roomcover/meeting/simulator"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/session"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
	rulesession "roomcover.dev/roomcover/rules/session"
)

// The worker asks a meeting service for what rows say, through faults and lost answers: one
// meeting for a session, moved with it and deleted with it.
func TestS46_TheWorkerMakesMovesAndCallsOffMeetings(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		service := simulator.NewTeams()
		server := httptest.NewServer(service)
		t.Cleanup(server.Close)
		env.Sessions.Services = []rulesession.Provider{rulesession.Teams}
		o := &organizer{
			sessions: env.Sessions,
			tickets:  env.Tickets,
			log:      slog.New(slog.DiscardHandler),
			services: Meetings{rulesession.Teams: meeting.NewTeams(meeting.TeamsOptions{
				TenantID:     simulator.Tenant,
				ClientID:     simulator.Client,
				ClientSecret: simulator.Secret,
				UserID:       simulator.User,
				SignInURL:    server.URL,
				GraphURL:     server.URL,
				Check: func(link string) (string, error) {
					return rulesession.CheckLink(link, rulesession.HostsOf(rulesession.Teams))
				},
			})},
		}
		arrange := func() {
			t.Helper()
			for range 10 {
				require.NoError(t, env.Exec("UPDATE ticket_sessions SET next_at = "+
					"'2020-01-01 00:00:00+00:00' WHERE next_at IS NOT NULL"))
				more, err := o.arrangeNext(t.Context())
				require.NoError(t, err)
				if !more {
					return
				}
			}
			t.Fatal("it goes on without end")
		}

		c := env.Covered(t)
		tk := env.OpenedTicket(t, c)
		agent := storetest.Operator()
		start := env.Calendar.Now().UTC().Truncate(time.Minute).Add(24 * time.Hour)
		slots := []rulesession.Slot{
			{Start: start, End: start.Add(time.Hour)},
			{Start: start.Add(24 * time.Hour), End: start.Add(25 * time.Hour)},
		}
		s, err := env.Tickets.ProposeSession(agent, tk.ID, slots)
		require.NoError(t, err)
		customer := db.WithScope(context.Background(), db.Scope{
			AccountIDs: []string{c.Account},
			Actor:      db.Actor{ID: c.Admin.ID, Role: rules.CustomerAdmin},
		})
		_, err = env.Tickets.AgreeToSession(customer, tk.ID, s.ID, slots, rulesession.TextVersion)
		require.NoError(t, err)
		teams := session.Way{Provider: rulesession.Teams}

		service.Fail(simulator.Fault{Status: 503}, simulator.Fault{Lose: true})
		_, err = env.Tickets.ScheduleSession(agent, tk.ID, s.ID, slots[0], teams)
		require.NoError(t, err)
		arrange()
		made := service.Meetings()
		require.Len(t, made, 1, "a lost answer makes no second one")
		require.Equal(t, tk.Number, made[0].Subject, "nothing about people leaves")
		require.Len(t, env.Mails(t, rules.TemplateSession), 2, "proposed, invited")

		_, err = env.Tickets.ScheduleSession(agent, tk.ID, s.ID, slots[1], teams)
		require.NoError(t, err)
		arrange()
		require.True(t, service.Meetings()[0].Start.Equal(slots[1].Start))
		require.Len(t, env.Mails(t, rules.TemplateSession), 3)

		_, err = env.Tickets.CancelSession(agent, tk.ID, s.ID)
		require.NoError(t, err)
		arrange()
		require.True(t, service.Meetings()[0].Deleted)
		require.Len(t, env.Mails(t, rules.TemplateSession), 4)

		// A worker without the service's settings asks an operator for a link.
		s, err = env.Tickets.ProposeSession(agent, tk.ID, slots[:1])
		require.NoError(t, err)
		_, err = env.Tickets.AgreeToSession(customer, tk.ID, s.ID, slots[:1], rulesession.TextVersion)
		require.NoError(t, err)
		_, err = env.Tickets.ScheduleSession(agent, tk.ID, s.ID, slots[0], teams)
		require.NoError(t, err)
		o.services = nil
		more, err := o.arrangeNext(t.Context())
		require.NoError(t, err)
		require.True(t, more)
		tasks := env.Tasks(t, db.TaskProcessStuck)
		require.Len(t, tasks, 1)
		require.False(t, strings.Contains(tasks[0].Why, "@"))
	})
}
