package ticket_test

import (
	"context"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/notification"
	"roomcover.dev/roomcover/models/session"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/models/ticket"
	"roomcover.dev/roomcover/rules"
	rulesession "roomcover.dev/roomcover/rules/session"
	rule "roomcover.dev/roomcover/rules/ticket"
)

const meetingLink = "https://teams.microsoft.com/l/meetup-join/19%3ameeting"

// slotIn is an hour that begins so many hours from now.
func slotIn(env storetest.Env, hours int) rulesession.Slot {
	start := env.Calendar.Now().UTC().Truncate(time.Minute).Add(time.Duration(hours) * time.Hour)
	return rulesession.Slot{Start: start, End: start.Add(time.Hour)}
}

var pasted = session.Way{Provider: rulesession.Pasted, Link: meetingLink}

// scheduled is a session to which the customer has agreed, at the first of two times.
func scheduled(
	t *testing.T, env storetest.Env, c storetest.Covered, tk ticket.Ticket,
) session.Session {
	t.Helper()
	slots := []rulesession.Slot{slotIn(env, 24), slotIn(env, 48)}
	s, err := env.Tickets.ProposeSession(agent, tk.ID, slots)
	require.NoError(t, err)
	_, err = env.Tickets.AgreeToSession(member(c), tk.ID, s.ID, slots, rulesession.TextVersion)
	require.NoError(t, err)
	s, err = env.Tickets.ScheduleSession(agent, tk.ID, s.ID, slots[0], pasted)
	require.NoError(t, err)
	return s
}

// told are the mails of a session to an address, the oldest first, by their steps.
func told(t *testing.T, env storetest.Env, address string) (steps []string) {
	t.Helper()
	mails := env.Mails(t, rules.TemplateSession)
	slices.SortFunc(mails, func(a, b notification.Notification) int {
		if a.ID < b.ID {
			return -1
		}
		return 1
	})
	for _, m := range mails {
		if m.Recipient == address {
			step, _ := m.Params["step"].(string)
			steps = append(steps, step)
		}
	}
	return steps
}

func TestS46_R57a_AgreementComesFirstThenEachIsToldOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		c := env.Covered(t)
		tk := opened(t, env, member(c), aboutRoom(c))
		slots := []rulesession.Slot{slotIn(env, 24), slotIn(env, 48)}

		_, err := env.Tickets.ProposeSession(member(c), tk.ID, slots)
		storetest.RequireCode(t, rules.Forbidden, err)
		var s session.Session
		for range 2 { // the button is pressed twice
			s, err = env.Tickets.ProposeSession(agent, tk.ID, slots)
			require.NoError(t, err)
		}
		require.Equal(t, []string{"PROPOSED"}, told(t, env, c.Admin.Email))

		_, err = env.Tickets.ScheduleSession(agent, tk.ID, s.ID, slots[0], pasted)
		storetest.RequireCode(t, rulesession.NotAgreed, err)
		_, err = env.Tickets.AgreeToSession(agent, tk.ID, s.ID, slots, rulesession.TextVersion)
		storetest.RequireCode(t, rules.Forbidden, err)
		_, err = env.Tickets.AgreeToSession(member(c), tk.ID, s.ID, slots, "of yesterday")
		storetest.RequireCode(t, rules.ValidationFailed, err)

		// The customer's word has the ticket wait for support.
		done(t, env, agent, tk.ID, answer("When does it suit?"))
		done(t, env, agent, tk.ID, ticket.Command{Name: rule.DoWaitCustomer, Reason: "A time"})
		for range 2 {
			s, err = env.Tickets.AgreeToSession(
				member(c), tk.ID, s.ID, slots, rulesession.TextVersion)
			require.NoError(t, err)
		}
		require.Equal(t, c.Admin.ID, *s.AgreedBy)
		require.Equal(t, rule.InProgress, storetest.GetTicket(t, env, tk.ID).State)
		require.NotNil(t, storetest.GetTicket(t, env, tk.ID).CustomerWaitingSince)

		for range 2 {
			s, err = env.Tickets.ScheduleSession(agent, tk.ID, s.ID, slots[0], pasted)
			require.NoError(t, err)
		}
		_, err = env.Tickets.ScheduleSession(agent, tk.ID, s.ID, slots[1], pasted)
		require.NoError(t, err)
		for range 2 {
			_, err = env.Tickets.CancelSession(agent, tk.ID, s.ID)
			require.NoError(t, err)
		}
		require.Equal(t, []string{"PROPOSED", "INVITED", "CHANGED", "CANCELLED"},
			told(t, env, c.Admin.Email))
		for _, m := range env.Mails(t, rules.TemplateSession) {
			require.Equal(t, m.Params["step"] == "CANCELLED" || m.Params["step"] == "PROPOSED",
				m.Params["link"] == nil)
			require.Nil(t, m.Params["company"], "whose ticket it is stands in none")
		}
	})
}

func TestS46_ASessionIsItsTicketsAndItsAccounts(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		c := env.Covered(t)
		other := env.CoveredFor(t, "Outra Ltda", "rui@outra.example", "SN-200")
		tk := opened(t, env, member(c), aboutRoom(c))
		second := opened(t, env, member(c), aboutRoom(c))
		s := scheduled(t, env, c, tk)

		_, err := env.Tickets.SessionsOf(member(other), tk.ID)
		storetest.RequireCode(t, rules.NotFound, err)
		_, err = env.Tickets.ParticipantsOf(member(other), tk.ID)
		storetest.RequireCode(t, rules.NotFound, err)
		_, err = env.Tickets.AgreeToSession(
			member(other), tk.ID, s.ID, s.Slots, rulesession.TextVersion)
		storetest.RequireCode(t, rules.NotFound, err)
		_, err = env.Tickets.CancelSession(agent, second.ID, s.ID)
		storetest.RequireCode(t, rules.NotFound, err)
		_, err = env.Tickets.ScheduleSession(agent, tk.ID, s.ID, s.Slots[0], session.Way{
			Provider: rulesession.Pasted, Link: "https://evil.example/join",
		})
		storetest.RequireCode(t, rulesession.LinkRefused, err)
	})
}

func TestS46_R57b_TheEndOfATicketCallsItsSessionsOffAndEndsItsGuests(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		c := env.Covered(t)
		for name, end := range map[string]func(tk ticket.Ticket){
			"resolved, and closed by itself": func(tk ticket.Ticket) {
				done(t, env, agent, tk.ID, answer("Fixed."))
				out := done(t, env, agent, tk.ID, ticket.Command{Name: rule.DoResolve})
				env.Calendar.Set(out.NextAt.Add(-time.Hour))
				late := slotIn(env, 24) // a session that is still to come then
				s, err := env.Tickets.ProposeSession(agent, tk.ID, []rulesession.Slot{late})
				require.NoError(t, err)
				_, err = env.Tickets.AgreeToSession(member(c), tk.ID, s.ID,
					[]rulesession.Slot{late}, rulesession.TextVersion)
				require.NoError(t, err)
				_, err = env.Tickets.ScheduleSession(agent, tk.ID, s.ID, late, pasted)
				require.NoError(t, err)
				env.Calendar.Set(out.NextAt.Add(time.Second))
				_, err = env.Tickets.RunTicketTimers(env.Context, tk.ID)
				require.NoError(t, err)
				require.Equal(t, rule.Closed, storetest.GetTicket(t, env, tk.ID).State)
			},
			"taken back": func(tk ticket.Ticket) {
				scheduled(t, env, c, tk)
				done(t, env, member(c), tk.ID, ticket.Command{Name: rule.DoCancel})
			},
		} {
			tk := opened(t, env, member(c), aboutRoom(c))
			p, err := env.Tickets.AddParticipant(agent, tk.ID, session.Participant{
				Email: "teo@service.example", Name: "Teo",
			})
			require.NoError(t, err)
			before := len(told(t, env, "teo@service.example"))
			end(tk)

			sessions, err := env.Tickets.SessionsOf(env.Context, tk.ID)
			require.NoError(t, err)
			require.Equal(t, rulesession.Cancelled, sessions[len(sessions)-1].State, name)
			require.Equal(t, []string{"INVITED", "CANCELLED"},
				told(t, env, "teo@service.example")[before:], name)
			live, err := env.Tickets.ParticipantsOf(env.Context, tk.ID)
			require.NoError(t, err)
			require.Empty(t, live, name)
			require.Equal(t, 1, env.Count(t, "SELECT count(*) FROM audit_events "+
				"WHERE verb = 'participant.ended' AND object_id = '"+p.ID+"'"), name)
			_, err = env.Tickets.VisitOf(t.Context(), p)
			storetest.RequireCode(t, rules.NotFound, err)
			_, err = env.Tickets.ProposeSession(agent, tk.ID, []rulesession.Slot{slotIn(env, 24)})
			storetest.RequireCode(t, rule.TicketClosed, err)
			_, err = env.Tickets.AddParticipant(agent, tk.ID, session.Participant{
				Email: "lia@service.example", Name: "Lia",
			})
			storetest.RequireCode(t, rule.TicketClosed, err)
		}
	})
}

func TestS47_AGuestSeesOneTicketWithoutItsAccount(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		c := env.Covered(t)
		tk := opened(t, env, member(c), aboutRoom(c))
		other := opened(t, env, member(c), aboutRoom(c))
		_, err := env.Notes.Add(agent, tk.ID, "canary of operators", "", 0)
		require.NoError(t, err)
		done(t, env, agent, tk.ID, ticket.Command{Name: rule.DoAssign, Team: new("canary")})
		s := scheduled(t, env, c, tk)

		add := func() session.Participant {
			p, err := env.Tickets.AddParticipant(member(c), tk.ID, session.Participant{
				Email: "Teo@service.example", Name: "Teo", Company: "Serviços",
			})
			require.NoError(t, err)
			return p
		}
		p := add()
		require.Equal(t, p.ID, add().ID)
		require.Len(t, env.Mails(t, rules.TemplateParticipant), 1, "told once")
		require.Equal(t, []string{"INVITED"}, told(t, env, p.Email),
			"to what others were invited before, once")

		v, err := env.Tickets.VisitOf(t.Context(), p)
		require.NoError(t, err)
		require.Equal(t, tk.Number, v.Number)
		require.Equal(t, s.ID, v.Sessions[0].ID)
		for _, e := range v.Entries {
			if e.Event != nil {
				require.False(t, e.Event.Internal)
			}
		}
		elsewhere := p
		elsewhere.TicketID = other.ID
		_, err = env.Tickets.VisitOf(t.Context(), elsewhere)
		storetest.RequireCode(t, rules.NotFound, err)

		// Whoever may only look lets nobody in, and another account finds nothing.
		reader := storetest.ReadOnly(c.Account)
		_, err = env.Tickets.AddParticipant(reader, tk.ID, session.Participant{
			Email: "x@service.example", Name: "X",
		})
		storetest.RequireCode(t, rules.Forbidden, err)
		storetest.RequireCode(t, rules.NotFound,
			env.Tickets.RemoveParticipant(agent, other.ID, p.ID))

		// Removed, they are out at once, and hear of no change any more.
		for range 2 {
			require.NoError(t, env.Tickets.RemoveParticipant(member(c), tk.ID, p.ID))
		}
		_, err = env.Tickets.VisitOf(t.Context(), p)
		storetest.RequireCode(t, rules.NotFound, err)
		require.Equal(t, []string{"INVITED", "CANCELLED"}, told(t, env, p.Email))
		_, err = env.Tickets.ScheduleSession(agent, tk.ID, s.ID, s.AgreedSlots[1], pasted)
		require.NoError(t, err)
		require.Equal(t, []string{"INVITED", "CANCELLED"}, told(t, env, p.Email))
		require.Equal(t, []string{"PROPOSED", "INVITED", "CHANGED"}, told(t, env, c.Admin.Email))
	})
}

func TestS46_EverybodyIsInvitedOnceTheMeetingIsMade(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		env.Sessions.Services = []rulesession.Provider{rulesession.Zoom}
		c := env.Covered(t)
		tk := opened(t, env, member(c), aboutRoom(c))
		slot := slotIn(env, 24)
		s, err := env.Tickets.ProposeSession(agent, tk.ID, []rulesession.Slot{slot})
		require.NoError(t, err)
		_, err = env.Tickets.AgreeToSession(
			member(c), tk.ID, s.ID, []rulesession.Slot{slot}, rulesession.TextVersion)
		require.NoError(t, err)
		_, err = env.Tickets.ScheduleSession(agent, tk.ID, s.ID, slot,
			session.Way{Provider: rulesession.Zoom})
		require.NoError(t, err)
		require.Equal(t, []string{"PROPOSED"}, told(t, env, c.Admin.Email), "there is no link yet")

		due, ok, err := env.Sessions.NextMeeting(env.Context)
		require.NoError(t, err)
		require.True(t, ok)
		storetest.RequireCode(t, rules.NotFound,
			env.Tickets.RecordMeeting(member(c), due, "1", "https://acme.zoom.us/j/1"))
		for range 2 {
			require.NoError(t, env.Tickets.RecordMeeting(
				env.Context, due, "1", "https://acme.zoom.us/j/1"))
		}
		require.Equal(t, []string{"PROPOSED", "INVITED"}, told(t, env, c.Admin.Email))
	})
}

// happenedTo are what the conversation of a ticket tells of its sessions, the oldest first.
func happenedTo(t *testing.T, env storetest.Env, id string) (out []ticket.Event) {
	t.Helper()
	c, err := env.Tickets.Show(env.Context, id)
	require.NoError(t, err)
	for _, e := range c.Entries {
		if e.Event != nil && e.Event.Details.Session != "" {
			require.False(t, e.Event.Internal)
			out = append(out, *e.Event)
		}
	}
	return out
}

func kindsOf(events []ticket.Event) (out []ticket.EventKind) {
	for _, e := range events {
		out = append(out, e.Kind)
	}
	return out
}

func TestS46_WhatBecomesOfASessionStandsInTheConversation(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		c := env.Covered(t)
		tk := opened(t, env, member(c), aboutRoom(c))
		slots := []rulesession.Slot{slotIn(env, 24), slotIn(env, 48)}
		var s session.Session
		again := func(do func() (session.Session, error)) { // each button is pressed twice
			t.Helper()
			for range 2 {
				var err error
				s, err = do()
				require.NoError(t, err)
			}
		}
		schedule := func(at int, link string) {
			t.Helper()
			again(func() (session.Session, error) {
				return env.Tickets.ScheduleSession(agent, tk.ID, s.ID, slots[at],
					session.Way{Provider: rulesession.Pasted, Link: link})
			})
		}
		again(func() (session.Session, error) {
			return env.Tickets.ProposeSession(agent, tk.ID, slots)
		})
		again(func() (session.Session, error) {
			return env.Tickets.AgreeToSession(
				member(c), tk.ID, s.ID, slots, rulesession.TextVersion)
		})
		schedule(0, meetingLink)
		schedule(1, meetingLink)
		schedule(1, meetingLink+"2")
		again(func() (session.Session, error) {
			return env.Tickets.CancelSession(agent, tk.ID, s.ID)
		})

		told := happenedTo(t, env, tk.ID)
		require.Equal(t, []ticket.EventKind{
			ticket.SessionProposed, ticket.SessionAgreed, ticket.SessionScheduled,
			ticket.SessionMoved, ticket.SessionRelinked, ticket.SessionCancelled,
		}, kindsOf(told))
		require.Len(t, told[0].Details.Slots, 2)
		require.Equal(t, c.Admin.ID, told[1].ActorID)
		for i, at := range []int{0, 1, 1, 1} {
			require.Len(t, told[2+i].Details.Slots, 1)
			require.True(t, told[2+i].Details.Slots[0].Is(slots[at]))
			require.Equal(t, s.ID, told[2+i].Details.Session)
		}

		// How one ended, and what the end of the ticket calls off.
		ended := scheduled(t, env, c, tk)
		env.Calendar.Set(ended.StartsAt.Add(time.Minute))
		again(func() (session.Session, error) {
			return env.Tickets.EndSession(agent, tk.ID, ended.ID, rulesession.Held)
		})
		other := opened(t, env, member(c), aboutRoom(c))
		off := scheduled(t, env, c, other)
		done(t, env, member(c), other.ID, ticket.Command{Name: rule.DoCancel})
		kinds := kindsOf(happenedTo(t, env, tk.ID))
		require.Equal(t, ticket.SessionHeld, kinds[len(kinds)-1])
		last := happenedTo(t, env, other.ID)[3]
		require.Equal(t, ticket.SessionCancelled, last.Kind)
		require.True(t, last.Details.Slots[0].Is(off.ScheduledSlot()[0]))
		require.Len(t, happenedTo(t, env, other.ID), 4)
		env.AuditHolds(t)
	})
}

// reminds does what is due for a ticket at an instant, as its workflow does, twice.
func reminds(t *testing.T, env storetest.Env, id string, at time.Time) {
	t.Helper()
	env.Calendar.Set(at)
	for range 2 {
		_, err := env.Tickets.RunTicketTimers(env.Context, id)
		require.NoError(t, err)
	}
}

// waitsUntil is when the workflow of a ticket looks at its rows next.
func waitsUntil(t *testing.T, env storetest.Env, id string) (string, time.Time) {
	t.Helper()
	st, err := env.Tickets.RunTicketTimers(env.Context, id)
	require.NoError(t, err)
	require.NotNil(t, st.At)
	return st.Timer, *st.At
}

func TestS46_AnHourBeforeASessionThoseWhoTakePartAreReminded(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		c := env.Covered(t)
		require.NoError(t, env.Exec("UPDATE users SET time_zone = 'Europe/Lisbon' WHERE id = '"+
			c.Admin.ID+"'"))
		tk := opened(t, env, member(c), aboutRoom(c))
		done(t, env, agent, tk.ID, answer("Let us look at it together."))
		done(t, env, agent, tk.ID, ticket.Command{Name: rule.DoWaitOther, Reason: "A session"})
		s := scheduled(t, env, c, tk)
		p, err := env.Tickets.AddParticipant(agent, tk.ID, session.Participant{
			Email: "teo@service.example", Name: "Teo",
		})
		require.NoError(t, err)

		// The workflow waits for that hour, where nothing comes before.
		start := *s.StartsAt
		for { // the clocks' own instants
			timer, at := waitsUntil(t, env, tk.ID)
			if timer == "SESSION_REMINDER" {
				require.True(t, at.Equal(start.Add(-time.Hour)), at)
				break
			}
			require.True(t, at.Before(start.Add(-time.Hour)), at)
			env.Calendar.Set(at)
		}
		reminds(t, env, tk.ID, start.Add(-time.Hour-time.Second))
		require.NotContains(t, told(t, env, c.Admin.Email), "REMINDED", "not before")

		// Moved meanwhile: for the new time alone.
		s, err = env.Tickets.ScheduleSession(agent, tk.ID, s.ID, s.AgreedSlots[1], pasted)
		require.NoError(t, err)
		reminds(t, env, tk.ID, start.Add(-time.Minute))
		require.NotContains(t, told(t, env, c.Admin.Email), "REMINDED", "it was moved")

		moved := *s.StartsAt
		reminds(t, env, tk.ID, moved.Add(-time.Hour))
		reminds(t, env, tk.ID, moved.Add(-time.Minute))
		for _, address := range []string{c.Admin.Email, p.Email} {
			steps := told(t, env, address)
			require.Equal(t, "REMINDED", steps[len(steps)-1], address)
			require.Equal(t, 1, count(steps, "REMINDED"), address)
		}
		for _, m := range env.Mails(t, rules.TemplateSession) {
			if m.Params["step"] != "REMINDED" {
				continue
			}
			require.Equal(t, meetingLink, m.Params["link"])
			require.Nil(t, m.Params["uid"], "it changes no calendar")
			zone := c.Room.TimeZone
			if m.Recipient == c.Admin.Email {
				zone = "Europe/Lisbon"
			}
			require.Equal(t, zone, m.Params["time_zone"])
			reminder := session.Reminder{
				SessionID: m.SubjectID,
				Recipient: m.Recipient,
				Start:     moved,
				JoinURL:   meetingLink,
			}
			require.False(t, mailOver(t, env, "REMINDED", reminder))
			reminder.Start = start
			require.True(t, mailOver(t, env, "REMINDED", reminder),
				"what waited in the queue is not sent")
		}
		require.Equal(t, 1, env.Count(t,
			"SELECT count(*) FROM audit_events WHERE verb = 'session.reminded'"))

		// It is told of one that comes before all else.
		soon := opened(t, env, member(c), aboutRoom(c))
		done(t, env, agent, soon.ID, answer("Let us look at it together."))
		slots := []rulesession.Slot{slotIn(env, 2)}
		s, err = env.Tickets.ProposeSession(agent, soon.ID, slots)
		require.NoError(t, err)
		_, err = env.Tickets.AgreeToSession(
			member(c), soon.ID, s.ID, slots, rulesession.TextVersion)
		require.NoError(t, err)
		_, err = env.Tickets.ScheduleSession(agent, soon.ID, s.ID, slots[0], pasted)
		require.NoError(t, err)
		require.Equal(t, 1, env.Count(t, "SELECT count(*) FROM outbox_events "+
			"WHERE kind = 'ticket.changed' AND subject_id = '"+soon.ID+"' "+
			"AND CAST(payload AS text) LIKE '%SESSION_REMINDER%'"))
		env.AuditHolds(t)
	})
}

func count(all []string, one string) (n int) {
	for _, s := range all {
		if s == one {
			n++
		}
	}
	return n
}

func TestS46_NobodyIsRemindedOfASessionThatIsNotHeld(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		c := env.Covered(t)
		off := opened(t, env, member(c), aboutRoom(c))
		s := scheduled(t, env, c, off)
		_, err := env.Tickets.CancelSession(agent, off.ID, s.ID)
		require.NoError(t, err)

		ended := opened(t, env, member(c), aboutRoom(c))
		scheduled(t, env, c, ended)
		done(t, env, member(c), ended.ID, ticket.Command{Name: rule.DoCancel})
		require.Nil(t, storetest.GetTicket(t, env, ended.ID).SessionRemindAt)

		// Whoever was away when it was due does not remind of what has begun.
		late := opened(t, env, member(c), aboutRoom(c))
		begun := scheduled(t, env, c, late)
		for _, id := range []string{off.ID, ended.ID, late.ID} {
			reminds(t, env, id, begun.StartsAt.Add(time.Second))
			require.Nil(t, storetest.GetTicket(t, env, id).SessionRemindAt)
		}
		require.NotContains(t, told(t, env, c.Admin.Email), "REMINDED")
		reminder := session.Reminder{
			SessionID: s.ID,
			Recipient: c.Admin.Email,
			Start:     *s.StartsAt,
			JoinURL:   s.JoinURL,
		}
		require.True(t, mailOver(t, env, "REMINDED", reminder))
		reminder.SessionID = "tse_none"
		require.True(t, mailOver(t, env, "REMINDED", reminder))
	})
}

// mailOver reports whether a mail about a session is not sent any more.
func mailOver(t *testing.T, env storetest.Env, step string, r session.Reminder) bool {
	t.Helper()
	over, err := env.Tickets.SessionMailOver(t.Context(), step, r)
	require.NoError(t, err)
	return over
}

// Who was invited and may not see the ticket any more is told nothing of its sessions: neither by
// a mail that is queued from then on, nor by one that waited.
func TestS46_WhoMayNoLongerSeeTheTicketIsNotToldOfItsSessions(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		c := env.Covered(t)
		rui := joined(t, env, c, "rui@acme.example")
		insert := `INSERT INTO operators (id, source, issuer, subject, issuer_session, email, name,
				role, locale, password_hash, totp_secret, totp_step, setup_hash, armed_reason,
				created_at)
			VALUES ('opr_olga', 'PASSWORD', '', '', '', 'olga@operator.example', 'Olga',
				'OPERATOR_AGENT', 'en', '', '', 0, '', '', '2026-01-01')`
		require.NoError(t, env.Exec(insert))
		olga := db.WithScope(t.Context(), db.Scope{
			System: true,
			Actor:  db.Actor{ID: "opr_olga", Role: rules.OperatorAgent},
		})
		tk := opened(t, env, member(c), aboutRoom(c))
		done(t, env, member(c), tk.ID, ticket.Command{Name: rule.DoWatch, User: rui.ID})
		teo, err := env.Tickets.AddParticipant(member(c), tk.ID, session.Participant{
			Email: "teo@service.example", Name: "Teo",
		})
		require.NoError(t, err)
		s := scheduled(t, env, c, tk)
		_, err = env.Tickets.ScheduleSession(olga, tk.ID, s.ID, s.AgreedSlots[1], pasted)
		require.NoError(t, err)
		moved := s.AgreedSlots[1].Start
		gone := []string{rui.Email, "olga@operator.example"}
		all := append([]string{c.Admin.Email, teo.Email}, gone...)
		before := map[string][]string{}
		reminder := session.Reminder{SessionID: s.ID, Start: moved, JoinURL: meetingLink}
		for _, address := range all {
			before[address] = told(t, env, address)
			require.Equal(t, "CHANGED", before[address][len(before[address])-1], address)
			reminder.Recipient = address
			for _, step := range []string{"INVITED", "CHANGED", "CANCELLED", "REMINDED"} {
				require.False(t, mailOver(t, env, step, reminder), address)
			}
		}

		require.NoError(t, env.Exec(
			"UPDATE memberships SET state = 'REMOVED' WHERE user_id = '"+rui.ID+"'"))
		require.NoError(t, env.Exec(
			"UPDATE operators SET disabled_at = '2026-01-01' WHERE id = 'opr_olga'"))
		for _, address := range gone {
			reminder.Recipient = address
			for _, step := range []string{"INVITED", "CHANGED", "CANCELLED", "REMINDED"} {
				require.True(t, mailOver(t, env, step, reminder), address)
			}
		}
		reminder.Recipient = teo.Email
		reminder.JoinURL = "https://teams.microsoft.com/l/meetup-join/before"
		require.True(t, mailOver(t, env, "REMINDED", reminder), "it leads elsewhere now")

		reminds(t, env, tk.ID, moved.Add(-time.Hour))
		_, err = env.Tickets.CancelSession(agent, tk.ID, s.ID)
		require.NoError(t, err)
		for _, address := range gone {
			require.Equal(t, before[address], told(t, env, address), address)
		}
		for _, address := range []string{c.Admin.Email, teo.Email} {
			after := append(before[address], "REMINDED", "CANCELLED")
			require.Equal(t, after, told(t, env, address), address)
		}
		env.AuditHolds(t)
	})
}

// A guest who is removed is told once more: that what they were invited to is off. A reminder that
// waited for its sender meanwhile is not sent.
func TestS46_S47_AGuestWhoIsRemovedHearsOnlyThatItIsOff(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		c := env.Covered(t)
		tk := opened(t, env, member(c), aboutRoom(c))
		teo, err := env.Tickets.AddParticipant(member(c), tk.ID, session.Participant{
			Email: "teo@service.example", Name: "Teo",
		})
		require.NoError(t, err)
		s := scheduled(t, env, c, tk)
		require.NoError(t, env.Tickets.RemoveParticipant(member(c), tk.ID, teo.ID))
		reminder := session.Reminder{
			SessionID: s.ID,
			Recipient: teo.Email,
			Start:     *s.StartsAt,
			JoinURL:   s.JoinURL,
		}
		require.True(t, mailOver(t, env, "REMINDED", reminder))
		require.True(t, mailOver(t, env, "INVITED", reminder))
		require.False(t, mailOver(t, env, "CANCELLED", reminder))
		require.Equal(t, []string{"INVITED", "CANCELLED"}, told(t, env, teo.Email))
	})
}

// Who lets people see tickets makes the service write to them: an account's guests are counted
// whoever adds them, an administrator or an operator. The same guest again is none more.
func TestS47_HowManyGuestsAnAccountAddsIsBounded(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		c := env.Covered(t)
		other := env.CoveredFor(t, "Outra Ltda", "rui@outra.example", "SN-200")
		var tk ticket.Ticket
		for i := range 30 {
			if i%10 == 0 { // a ticket has ten at once
				tk = opened(t, env, member(c), aboutRoom(c))
			}
			for range 2 {
				_, err := env.Tickets.AddParticipant(member(c), tk.ID, session.Participant{
					Email: "teo" + strconv.Itoa(i) + "@service.example", Name: "Teo",
				})
				require.NoError(t, err)
			}
		}
		tk = opened(t, env, member(c), aboutRoom(c))
		told := len(env.Mails(t, rules.TemplateParticipant))
		for _, who := range []context.Context{member(c), agent} {
			_, err := env.Tickets.AddParticipant(who, tk.ID, session.Participant{
				Email: "lia@service.example", Name: "Lia",
			})
			storetest.RequireCode(t, rules.RateLimited, err)
			require.Positive(t, rules.RetryAfterOf(err))
		}
		require.Len(t, env.Mails(t, rules.TemplateParticipant), told)
		live, err := env.Tickets.ParticipantsOf(agent, tk.ID)
		require.NoError(t, err)
		require.Empty(t, live)

		// Another account has its own.
		tk = opened(t, env, member(other), aboutRoom(other))
		_, err = env.Tickets.AddParticipant(member(other), tk.ID, session.Participant{
			Email: "lia@service.example", Name: "Lia",
		})
		require.NoError(t, err)
	})
}
