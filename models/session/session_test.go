package session_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/session"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
	rule "roomcover.dev/roomcover/rules/session"
)

const link = "https://teams.microsoft.com/l/meetup-join/1"

// account makes an account.
func account(t *testing.T, env storetest.Env, po string) string {
	t.Helper()
	form := storetest.Form(po)
	form.EndCustomer.Company = "Cliente " + po
	return *env.Fulfilled(t, env.Reseller(t, "Revenda "+po), form).AccountID
}

func at(env storetest.Env, hours int) rule.Slot {
	start := env.Calendar.Now().UTC().Truncate(time.Minute).Add(time.Duration(hours) * time.Hour)
	return rule.Slot{Start: start, End: start.Add(time.Hour)}
}

var attendees = []session.Attendee{
	{Email: "Ana@cliente.example", Name: "Ana", Locale: "pt-BR", TimeZone: "America/Sao_Paulo"},
	{Email: "tec@service.example", Name: "Téo", Locale: "en", TimeZone: "UTC"},
}

// in runs a command in a transaction of the scope.
func in[T any](
	t *testing.T, env storetest.Env, ctx context.Context, do func(tx *db.Tx) (T, error),
) (out T, err error) {
	t.Helper()
	err = env.DB.Write(ctx, func(tx *db.Tx) error {
		out, err = do(tx)
		return err
	})
	return out, err
}

// scheduling is a session with whether people are to be told.
type scheduling struct {
	session.Session
	told bool
}

func schedule(
	t *testing.T, env storetest.Env, id string, slot rule.Slot, w session.Way,
) (scheduling, error) {
	return in(t, env, storetest.Operator(), func(tx *db.Tx) (scheduling, error) {
		s, told, err := env.Sessions.Schedule(tx, id, slot, w)
		return scheduling{s, told}, err
	})
}

func propose(t *testing.T, env storetest.Env, accountID string, slots ...rule.Slot) session.Session {
	t.Helper()
	s, err := in(t, env, storetest.Operator(), func(tx *db.Tx) (session.Session, error) {
		s, err := session.Propose(tx, "tkt_1", accountID, slots)
		if err != nil {
			return s, err
		}
		return s, session.SetAttendees(tx, s, attendees)
	})
	require.NoError(t, err)
	return s
}

func agree(
	t *testing.T, env storetest.Env, ctx context.Context, id string, slots ...rule.Slot,
) (session.Session, error) {
	return in(t, env, ctx, func(tx *db.Tx) (session.Session, error) {
		return session.Agree(tx, id, slots, rule.TextVersion)
	})
}

func TestS46_ASessionIsProposedAgreedScheduledAndCalledOff(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		ours, foreign := account(t, env, "PO-1"), account(t, env, "PO-2")
		customer := storetest.Customer(ours)
		pasted := session.Way{Provider: rule.Pasted, Link: link}

		s := propose(t, env, ours, at(env, 24), at(env, 48), at(env, 72))
		require.Equal(t, s.ID, propose(t, env, ours, at(env, 24), at(env, 48), at(env, 72)).ID)
		require.Equal(t, 2, env.Count(t, "SELECT count(*) FROM session_attendees"))

		// R57a: nothing goes out before somebody has agreed.
		_, err := schedule(t, env, s.ID, at(env, 24), pasted)
		storetest.RequireCode(t, rule.NotAgreed, err)
		_, err = agree(t, env, storetest.Customer(foreign), s.ID, at(env, 24))
		storetest.RequireCode(t, rules.NotFound, err)
		_, err = env.Sessions.Get(storetest.Customer(foreign), s.ID)
		storetest.RequireCode(t, rules.NotFound, err)

		for range 2 {
			s, err = agree(t, env, customer, s.ID, at(env, 24), at(env, 72))
			require.NoError(t, err)
		}
		require.Equal(t, "usr_admin", *s.AgreedBy)
		require.Equal(t, rule.TextVersion, s.AgreedText)
		require.True(t, s.AgreedAt.Equal(env.Calendar.Now()))
		require.Equal(t, 1, env.Count(t,
			"SELECT count(*) FROM audit_events WHERE verb = 'session.agreed'"))

		_, err = schedule(t, env, s.ID, at(env, 48), pasted)
		storetest.RequireCode(t, rule.NotAgreed, err)
		_, err = schedule(t, env, s.ID, at(env, 24),
			session.Way{Provider: rule.Pasted, Link: "https://evil.example/"})
		storetest.RequireCode(t, rule.LinkRefused, err)

		var seen []session.Invitation
		told := func(got scheduling, err error) scheduling {
			require.NoError(t, err)
			if got.told {
				require.NoError(t, env.DB.Read(env.Context, func(tx *db.Tx) error {
					out, err := session.Invitations(tx, got.Session)
					seen = append(seen, out...)
					return err
				}))
			}
			return got
		}
		for range 2 { // the button is pressed twice: everybody is invited once
			told(schedule(t, env, s.ID, at(env, 24), pasted))
		}
		require.Len(t, seen, 2)
		told(schedule(t, env, s.ID, at(env, 72), pasted))
		told(schedule(t, env, s.ID, at(env, 72),
			session.Way{Provider: rule.Pasted, Link: link + "2"}))
		for range 2 {
			told(in(t, env, storetest.Operator(), func(tx *db.Tx) (scheduling, error) {
				s, told, err := session.Cancel(tx, s.ID)
				return scheduling{s, told}, err
			}))
		}

		require.Len(t, seen, 8, "each of two people is told four times")
		for i, invitation := range seen {
			require.Equal(t, i/2, invitation.Sequence)
			require.Equal(t, s.ID+"@roomcover", invitation.UID)
			require.Equal(t, i >= 6, invitation.Cancelled)
			require.Equal(t, i < 2, invitation.Start.Equal(at(env, 24).Start))
			require.Equal(t, []string{"ana@cliente.example", "tec@service.example"}[i%2],
				invitation.Attendee.Email)
		}

		_, err = agree(t, env, customer, s.ID, at(env, 24))
		storetest.RequireCode(t, rules.StateConflict, err)
	})
}

func TestS46_AMeetingServiceIsAskedUntilItAnswers(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		ours := account(t, env, "PO-1")
		s := propose(t, env, ours, at(env, 24), at(env, 48))
		_, err := agree(t, env, storetest.Customer(ours), s.ID, at(env, 24), at(env, 48))
		require.NoError(t, err)
		teams := session.Way{Provider: rule.Teams}
		_, err = schedule(t, env, s.ID, at(env, 24), teams)
		storetest.RequireCode(t, rule.NoService, err)
		env.Sessions.Services = []rule.Provider{rule.Teams}
		record := func(due session.Session, url string) scheduling {
			out, err := in(t, env, env.Context, func(tx *db.Tx) (scheduling, error) {
				s, told, err := session.RecordMeeting(tx, due.ID, due.Version, "m1", url)
				return scheduling{s, told}, err
			})
			require.NoError(t, err)
			return out
		}
		next := func() session.Session {
			due, ok, err := env.Sessions.NextMeeting(env.Context)
			require.NoError(t, err)
			require.True(t, ok)
			return due
		}

		got, err := schedule(t, env, s.ID, at(env, 24), teams)
		require.NoError(t, err)
		require.False(t, got.told, "there is no link yet")
		due := next()
		_, ok, err := env.Sessions.NextMeeting(env.Context)
		require.NoError(t, err)
		require.False(t, ok, "one asks at a time")
		_, _, err = env.Sessions.NextMeeting(storetest.Customer(ours))
		storetest.RequireCode(t, rules.NotFound, err)

		// It is moved while the service is asked: what comes back is of yesterday.
		got, err = schedule(t, env, s.ID, at(env, 48), teams)
		require.NoError(t, err)
		require.False(t, got.told)
		require.False(t, record(due, link).told)
		due = next()
		require.Equal(t, "m1", due.MeetingID)
		require.NoError(t, env.Sessions.RecordMeetingFailure(env.Context, due.ID, true, 0, "x"))
		require.Empty(t, env.Tasks(t, db.TaskProcessStuck))
		require.NoError(t, env.Sessions.RecordMeetingFailure(env.Context, due.ID, false, 0, "x"))
		require.Len(t, env.Tasks(t, db.TaskProcessStuck), 1)
		require.NoError(t, env.Exec(
			"UPDATE ticket_sessions SET next_at = '2020-01-01 00:00:00+00:00' WHERE next_at IS NOT NULL"))
		due = next()
		require.True(t, record(due, link).told)
		require.False(t, record(due, link).told, "once")
		require.Equal(t, db.TaskDone, env.Tasks(t, db.TaskProcessStuck)[0].State)

		// What is called off is called off at the service, too.
		_, err = in(t, env, storetest.Operator(), func(tx *db.Tx) ([]session.Session, error) {
			return session.CancelOf(tx, "tkt_1")
		})
		require.NoError(t, err)
		due = next()
		require.Equal(t, rule.Cancelled, due.State)
		require.False(t, record(due, link).told)
		require.Zero(t, env.Count(t, "SELECT count(*) FROM ticket_sessions WHERE next_at IS NOT NULL"))
	})
}

// signedIn is a participant of a ticket, and the secret of their browser.
func signedIn(
	t *testing.T, env storetest.Env, ticket, accountID, email string,
) (session.Participant, string) {
	t.Helper()
	p, err := in(t, env, storetest.Customer(accountID), func(tx *db.Tx) (session.Participant, error) {
		return session.AddParticipant(tx, ticket, accountID, session.Participant{
			Email: email, Name: "Téo Técnico", Company: "Serviços",
		})
	})
	require.NoError(t, err)
	require.NoError(t, env.Sessions.SendCode(t.Context(), p.ID, "browser", "pt-BR"))
	token, err := env.Sessions.SignIn(t.Context(), p.ID, "browser", codeOf(t, env, p.ID))
	require.NoError(t, err)
	return p, token
}

// codeOf is the code that was mailed to a participant last.
func codeOf(t *testing.T, env storetest.Env, id string) string {
	t.Helper()
	code := env.Strings(t, "SELECT code_id FROM ticket_participants WHERE id = '"+id+"'")[0]
	var out string
	require.NoError(t, env.DB.Read(env.Context, func(tx *db.Tx) error {
		out = tx.Secrets().OneTimeCode(code)
		return nil
	}))
	return out
}

func TestS47_AParticipantSeesOneTicketUntilItCloses(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		ours, foreign := account(t, env, "PO-1"), account(t, env, "PO-2")
		p, token := signedIn(t, env, "tkt_1", ours, "Teo@service.example")
		again, err := in(t, env, storetest.Customer(ours), func(tx *db.Tx) (session.Participant, error) {
			return session.AddParticipant(tx, "tkt_1", ours, session.Participant{
				Email: "teo@SERVICE.example", Name: "Teo",
			})
		})
		require.NoError(t, err)
		require.Equal(t, p.ID, again.ID)

		who, err := env.Sessions.Signed(t.Context(), token)
		require.NoError(t, err)
		require.Equal(t, p.ID, who.ID)
		require.NoError(t, who.MaySee("tkt_1"))
		storetest.RequireCode(t, rules.NotFound, who.MaySee("tkt_2"))
		storetest.RequireCode(t, rules.NotFound, who.MaySee(""))
		for _, wrong := range []string{"", "x", p.TokenHash, p.ID} {
			_, err := env.Sessions.Signed(t.Context(), wrong)
			storetest.RequireCode(t, rules.NotFound, err)
		}

		require.NoError(t, env.DB.Read(env.Context, func(tx *db.Tx) error {
			_, ok, err := session.ParticipantAt(tx, "tkt_1", "TEO@service.example")
			require.True(t, ok)
			require.NoError(t, err)
			_, ok, err = session.ParticipantAt(tx, "tkt_2", "teo@service.example")
			require.False(t, ok)
			return err
		}))
		err = env.DB.Write(storetest.Customer(foreign), func(tx *db.Tx) error {
			live, err := session.Participants(tx, "tkt_1")
			require.Empty(t, live)
			require.NoError(t, err)
			return session.RemoveParticipant(tx, "tkt_1", p.ID)
		})
		storetest.RequireCode(t, rules.NotFound, err)

		for range 2 {
			require.NoError(t, env.DB.Write(env.Context, func(tx *db.Tx) error {
				return session.EndParticipants(tx, "tkt_1")
			}))
		}
		_, err = env.Sessions.Signed(t.Context(), token)
		storetest.RequireCode(t, rules.NotFound, err)
		storetest.RequireCode(t, rules.NotFound,
			env.Sessions.SendCode(t.Context(), p.ID, "browser", "en"))
		_, err = env.Sessions.SignIn(t.Context(), p.ID, "browser", "123456")
		storetest.RequireCode(t, rules.NotFound, err)
	})
}

func TestR57b_WhoIsRemovedIsOutAtOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		ours := account(t, env, "PO-1")
		p, token := signedIn(t, env, "tkt_1", ours, "teo@service.example")
		_, other := signedIn(t, env, "tkt_2", ours, "teo@service.example")
		for range 2 {
			require.NoError(t, env.DB.Write(storetest.Customer(ours), func(tx *db.Tx) error {
				return session.RemoveParticipant(tx, "tkt_1", p.ID)
			}))
		}
		_, err := env.Sessions.Signed(t.Context(), token)
		storetest.RequireCode(t, rules.NotFound, err)
		who, err := env.Sessions.Signed(t.Context(), other)
		require.NoError(t, err)
		storetest.RequireCode(t, rules.NotFound, who.MaySee("tkt_1"))
		require.Equal(t, 1, env.Count(t,
			"SELECT count(*) FROM audit_events WHERE verb = 'participant.removed'"))

		// Added again, the person signs in again.
		back, token := signedIn(t, env, "tkt_1", ours, "teo@service.example")
		require.NotEqual(t, p.ID, back.ID)
		_, err = env.Sessions.Signed(t.Context(), token)
		require.NoError(t, err)
	})
}

func TestS47_ACodeIsOneBrowsersAndEndsAfterFiveTries(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		ours := account(t, env, "PO-1")
		p, err := in(t, env, storetest.Customer(ours), func(tx *db.Tx) (session.Participant, error) {
			return session.AddParticipant(tx, "tkt_1", ours, session.Participant{
				Email: "teo@service.example", Name: "Teo",
			})
		})
		require.NoError(t, err)
		for range 2 { // a second click
			require.NoError(t, env.Sessions.SendCode(t.Context(), p.ID, "browser", "en"))
		}
		mails := "SELECT count(*) FROM notifications WHERE template = 'one_time_code' AND recipient = 'teo@service.example'"
		require.Equal(t, 1, env.Count(t, mails))

		code := codeOf(t, env, p.ID)
		_, err = env.Sessions.SignIn(t.Context(), p.ID, "another browser", code)
		storetest.RequireCode(t, session.CodeExpired, err)
		for range 5 {
			_, err = env.Sessions.SignIn(t.Context(), p.ID, "browser", "not it")
			storetest.RequireCode(t, session.CodeWrong, err)
		}
		_, err = env.Sessions.SignIn(t.Context(), p.ID, "browser", code)
		storetest.RequireCode(t, session.CodeTried, err)

		require.NoError(t, env.Sessions.SendCode(t.Context(), p.ID, "browser", "en"))
		require.Equal(t, 2, env.Count(t, mails))
		code = codeOf(t, env, p.ID)
		_, err = env.Sessions.SignIn(t.Context(), p.ID, "browser", code)
		require.NoError(t, err)
		_, err = env.Sessions.SignIn(t.Context(), p.ID, "browser", code)
		storetest.RequireCode(t, session.CodeExpired, err)

		for _, wrong := range []session.Participant{
			{Email: "no address", Name: "Teo"},
			{Email: "a@x.example"},
			{Email: "a@x.example", Name: "https://evil.example"},
		} {
			_, err := in(t, env, storetest.Customer(ours), func(tx *db.Tx) (session.Participant, error) {
				return session.AddParticipant(tx, "tkt_1", ours, wrong)
			})
			storetest.RequireCode(t, rules.ValidationFailed, err)
		}
		for i := range 9 {
			_, err := in(t, env, storetest.Customer(ours), func(tx *db.Tx) (session.Participant, error) {
				return session.AddParticipant(tx, "tkt_1", ours, session.Participant{
					Email: fmt.Sprintf("p%d@x.example", i), Name: "P",
				})
			})
			require.NoError(t, err)
		}
		_, err = in(t, env, storetest.Customer(ours), func(tx *db.Tx) (session.Participant, error) {
			return session.AddParticipant(tx, "tkt_1", ours, session.Participant{
				Email: "p10@x.example", Name: "P",
			})
		})
		storetest.RequireCode(t, rules.StateConflict, err)
	})
}

func TestS33_S47_AnErasedParticipantIsNobody(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		ours := account(t, env, "PO-1")
		_, token := signedIn(t, env, "tkt_1", ours, "tec@service.example")
		propose(t, env, ours, at(env, 24))
		p := db.Person{Email: "tec@service.example", Pseudonym: "Person 1"}
		require.NoError(t, env.DB.Write(env.Context, func(tx *db.Tx) error {
			for _, e := range session.Erasures() {
				for _, want := range []int{1, 0} {
					n, err := e.EraseBatch(tx, p, 500)
					if err != nil || n != want {
						return errors.Join(err, fmt.Errorf("%s: %d rows", e.Table, n))
					}
				}
			}
			return nil
		}))
		_, err := env.Sessions.Signed(t.Context(), token)
		storetest.RequireCode(t, rules.NotFound, err)
		require.Equal(t, []string{"Person 1"}, env.Strings(t, "SELECT name FROM ticket_participants"))
	})
}
