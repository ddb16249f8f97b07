package identity_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/clock"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/domains"
	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
)

func TestSessions(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		user := "usr_1"
		put := func(hash string, life time.Duration) {
			require.NoError(t, env.PutSession(env.Context, identity.Session{
				TokenHash: hash,
				UserID:    &user,
				Label:     "Firefox",
				Data:      []byte("x"),
				ExpiresAt: time.Now().Add(life),
			}))
		}
		put("a", time.Hour)
		put("b", time.Hour)
		put("c", time.Hour)
		put("old", -time.Second)
		put("a", time.Hour)
		_, ok, err := env.FindSession(env.Context, "old")
		require.NoError(t, err)
		require.False(t, ok)
		_, ok, err = env.FindSession(env.Context, "none")
		require.NoError(t, err)
		require.False(t, ok)
		mine, err := env.SessionsOf(env.Context, user)
		require.NoError(t, err)
		require.Len(t, mine, 3)
		require.Equal(t, "a", mine[0].TokenHash, "the latest first")
		require.NoError(t, env.DeleteSessionsOf(env.Context, "usr_other", "a", ""))
		require.NoError(t, env.DeleteSessionsOf(env.Context, user, "b", ""))
		_, ok, err = env.FindSession(env.Context, "b")
		require.NoError(t, err)
		require.False(t, ok)
		require.NoError(t, env.KeepSession(env.Context, identity.Session{
			TokenHash: "b",
			UserID:    &user,
			Data:      []byte("y"),
			ExpiresAt: time.Now().Add(time.Hour),
		}))
		_, ok, err = env.FindSession(env.Context, "b")
		require.NoError(t, err)
		require.False(t, ok, "an ended session stays ended")
		require.NoError(t, env.DeleteSessionsOf(env.Context, user, "", "a"))
		require.NoError(t, env.PruneSessions(env.Context))
		require.Equal(t, []string{"a"}, env.Strings(t, "SELECT token_hash FROM sessions"))
		require.NoError(t, env.DeleteSession(env.Context, "a"))
		require.Zero(t, env.Count(t, "SELECT count(*) FROM sessions"))
	})
}

// challenged has an invitation with a code on its way to browser "b".
func challenged(t *testing.T, env storetest.Env) (identity.Invitation, identity.Challenge, string) {
	_, inv := storetest.FulfilledWithInvitation(t, env)
	c, err := env.ChallengeInvited(env.Context, inv.ID, "b", "pt-BR")
	require.NoError(t, err)
	return inv, c, env.Secrets().OneTimeCode(c.ID)
}

func wrong(code string) string {
	if code == "000000" {
		return "000001"
	}
	return "000000"
}

func TestOneTimeCodeFiveTries(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		_, c, code := challenged(t, env)
		require.Regexp(t, `^\d{6}$`, code)
		for range identity.CodeTries {
			_, err := env.AnswerChallenge(env.Context, c.ID, "b", wrong(code))
			storetest.RequireCode(t, identity.CodeWrong, err)
		}
		_, err := env.AnswerChallenge(env.Context, c.ID, "b", code)
		storetest.RequireCode(t, identity.CodeTried, err)
	})
}

// Whoever reads the database cannot find a code by trying all of them.
func TestOneTimeCodeIsNotFoundFromWhatIsStored(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		_, c, code := challenged(t, env)
		stored := env.Strings(t, "SELECT secret_hash FROM challenges WHERE id = '"+c.ID+"'")
		for n := range 1_000_000 {
			require.False(t, stored[0] == db.HashSecret(fmt.Sprintf("%06d", n)))
		}
		require.NotEqual(t, env.Secrets().HashCode("chl_other", code), stored[0])
	})
}

func TestOneTimeCodeTriesAtOnceAreCounted(t *testing.T) {
	env := storetest.Postgres(t)
	_, c, code := challenged(t, env)
	n := map[string]int{}
	for _, err := range storetest.AtOnce(20, func(int) error {
		_, err := env.AnswerChallenge(env.Context, c.ID, "b", wrong(code))
		return err
	}) {
		n[rules.CodeOf(err)]++
	}
	require.Equal(t, map[string]int{identity.CodeWrong: 5, identity.CodeTried: 15}, n)
}

func TestOneTimeCodeIsBoundToTheBrowserAndConsumedOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		_, c, code := challenged(t, env)
		_, err := env.AnswerChallenge(env.Context, c.ID, "other browser", code)
		storetest.RequireCode(t, rules.NotFound, err)
		_, err = env.AnswerChallenge(env.Context, c.ID, "b", wrong(code))
		storetest.RequireCode(t, identity.CodeWrong, err)
		got, err := env.AnswerChallenge(env.Context, c.ID, "b", code)
		require.NoError(t, err)
		require.Equal(t, c.SubjectID, got.SubjectID)
		_, err = env.AnswerChallenge(env.Context, c.ID, "b", code)
		require.NoError(t, err, "the second click is as good as the first")
		_, err = env.AnswerChallenge(env.Context, c.ID, "other browser", code)
		storetest.RequireCode(t, rules.NotFound, err)

		require.NoError(t, env.Exec(
			"UPDATE challenges SET consumed_at = '2026-01-01 00:00:00+00:00'"))
		_, err = env.AnswerChallenge(env.Context, c.ID, "b", code)
		storetest.RequireCode(t, identity.CodeExpired, err)
	})
}

func TestOneTimeCodeOfTheLatestMailCounts(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		inv, first, code := challenged(t, env)
		twice, err := env.ChallengeInvited(env.Context, inv.ID, "b", "pt-BR")
		require.NoError(t, err)
		require.Equal(t, first.ID, twice.ID, "the second click asks for nothing new")

		require.NoError(t, env.Exec(
			"UPDATE challenges SET created_at = '2026-01-01 00:00:00+00:00'"))
		second, err := env.ChallengeInvited(env.Context, inv.ID, "b", "pt-BR")
		require.NoError(t, err)
		elsewhere, err := env.ChallengeInvited(env.Context, inv.ID, "another browser", "pt-BR")
		require.NoError(t, err)
		_, err = env.AnswerChallenge(env.Context, first.ID, "b", code)
		storetest.RequireCode(t, identity.CodeExpired, err)
		_, err = env.AnswerChallenge(env.Context, second.ID, "b", env.Secrets().OneTimeCode(second.ID))
		require.NoError(t, err)
		_, err = env.AnswerChallenge(env.Context, elsewhere.ID, "another browser",
			env.Secrets().OneTimeCode(elsewhere.ID))
		require.NoError(t, err)
		require.Len(t, env.Mails(t, "one_time_code"), 3)
	})
}

func TestOneTimeCodeLivesTenMinutes(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		inv, c, code := challenged(t, env)
		require.Equal(t, 10*time.Minute, c.ExpiresAt.Sub(c.CreatedAt))
		require.NoError(t, env.Exec("UPDATE challenges SET expires_at = created_at"))
		_, err := env.AnswerChallenge(env.Context, c.ID, "b", code)
		storetest.RequireCode(t, identity.CodeExpired, err)
		env.Join(t, inv)
		_, err = env.ChallengeInvited(env.Context, inv.ID, "b", "en")
		storetest.RequireCode(t, rules.InvitationUsed, err)
	})
}

func TestPasswordReset(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		_, inv := storetest.FulfilledWithInvitation(t, env)
		u, _ := env.Join(t, inv)
		require.NoError(t, env.ChallengeReset(env.Context, "nobody@acme.example", "en"))
		require.Zero(t, env.Count(t, "SELECT count(*) FROM challenges"))
		for range 2 {
			require.NoError(t, env.ChallengeReset(env.Context, "ANA.souza@acme.example", "en"))
		}
		ids := env.Strings(t, "SELECT id FROM challenges ORDER BY id")
		token := env.Secrets().ResetToken(ids[1])
		require.NoError(t, env.PutSession(env.Context, identity.Session{
			TokenHash: "s",
			UserID:    &u.ID,
			Data:      []byte{},
			ExpiresAt: time.Now().Add(time.Hour),
		}))
		_, err := env.ResetByToken(env.Context, token)
		require.NoError(t, err)
		require.NoError(t, env.ResetPassword(env.Context, token, "new hash"))
		got, err := env.GetUser(env.Context, u.ID)
		require.NoError(t, err)
		require.Equal(t, "new hash", got.PasswordHash)
		require.Zero(t, env.Count(t, "SELECT count(*) FROM sessions"))
		for _, id := range ids { // the used link, and the other one
			storetest.RequireCode(t, identity.CodeExpired,
				env.ResetPassword(env.Context, env.Secrets().ResetToken(id), "stolen"))
		}
		storetest.RequireCode(t, rules.NotFound, env.ResetPassword(env.Context, "unknown", "x"))
		env.AuditHolds(t)
	})
}

func TestPasswordResetAtOnceWorksOnce(t *testing.T) {
	env := storetest.Postgres(t)
	_, inv := storetest.FulfilledWithInvitation(t, env)
	env.Join(t, inv)
	require.NoError(t, env.ChallengeReset(env.Context, inv.Email, "en"))
	token := env.Secrets().ResetToken(env.Strings(t, "SELECT id FROM challenges")[0])
	ok := 0
	for _, err := range storetest.AtOnce(6, func(int) error { return env.ResetPassword(env.Context, token, "h") }) {
		if err == nil {
			ok++
		}
	}
	require.Equal(t, 1, ok)
}

func TestThrottleCountsInAWindowAndSurvivesARestart(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		for range 3 {
			require.NoError(t, env.Throttle(env.Context, "ip 10.0.0.1", 3, time.Hour))
		}
		storetest.RequireCode(t, rules.RateLimited, env.Throttle(env.Context, "ip 10.0.0.1", 3, time.Hour))
		require.NoError(t, env.Throttle(env.Context, "ip 10.0.0.2", 3, time.Hour))
		if env.DSN != "" { // another process on the same database
			dialector, err := db.Postgres(env.DSN)
			require.NoError(t, err)
			other, err := domains.Open(
				dialector, domains.Options{Options: db.Options{Clock: clock.Clock{}, Key: storetest.Key}},
			)
			require.NoError(t, err)
			defer other.DB.Close()
			storetest.RequireCode(t, rules.RateLimited, other.People.Throttle(env.Context, "ip 10.0.0.1", 3, time.Hour))
		}
		for _, key := range env.Strings(t, "SELECT key FROM throttles") {
			require.NotContains(t, key, "10.0.0")
		}
		require.NoError(t, env.Throttle(env.Context, "short", 1, 0))
		require.NoError(t, env.Throttle(env.Context, "short", 1, 0), "the window is over")
		require.NoError(t, env.PruneSessions(env.Context))
		require.Equal(t, 2, env.Count(t, "SELECT count(*) FROM throttles"))
	})
}

func TestThrottleAtOnce(t *testing.T) {
	env := storetest.Postgres(t)
	ok := 0
	for _, err := range storetest.AtOnce(30, func(int) error { return env.Throttle(env.Context, "k", 10, time.Hour) }) {
		if err == nil {
			ok++
		}
	}
	require.Equal(t, 10, ok)
}

func TestIdempotencyKeys(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		_, done, err := env.ClaimKey(env.Context, "tok_1", "k", "request")
		require.NoError(t, err)
		require.False(t, done)
		_, done, err = env.ClaimKey(env.Context, "tok_1", "k", "request") // still under way
		storetest.RequireCode(t, rules.IdempotencyConflict, err)
		require.False(t, done)
		require.NoError(t, env.FinishKey(env.Context, "tok_1", "k", 201, []byte("answer")))
		row, done, err := env.ClaimKey(env.Context, "tok_1", "k", "request")
		require.NoError(t, err)
		require.True(t, done)
		require.Equal(t, 201, row.Status)
		require.Equal(t, "answer", string(row.Response))
		_, _, err = env.ClaimKey(env.Context, "tok_1", "k", "another request")
		storetest.RequireCode(t, rules.IdempotencyConflict, err)
		_, done, err = env.ClaimKey(env.Context, "tok_2", "k", "another request")
		require.NoError(t, err)
		require.False(t, done, "a key belongs to its token")
		require.NoError(t, env.ReleaseKey(env.Context, "tok_2", "k"))
		require.NoError(t, env.ReleaseKey(env.Context, "tok_1", "k"), "a finished key stays")
		require.Equal(t, 1, env.Count(t, "SELECT count(*) FROM idempotency_keys"))
	})
}

// A request that failed without effect may release the key just as another one finds it taken.
func TestIdempotencyKeyThatIsReleasedWhileAnotherRequestLooks(t *testing.T) {
	env := storetest.Postgres(t)
	for _, err := range storetest.AtOnce(4, func(int) error {
		for range 100 {
			_, _, err := env.ClaimKey(env.Context, "tok_1", "k", "request")
			if err == nil {
				err = env.ReleaseKey(env.Context, "tok_1", "k")
			}
			if err != nil && rules.CodeOf(err) != rules.IdempotencyConflict {
				return err
			}
		}
		return nil
	}) {
		require.NoError(t, err)
	}
}

func TestIdempotencyKeyOfARequestThatDied(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		_, _, err := env.ClaimKey(env.Context, "tok_1", "k", "request")
		require.NoError(t, err)
		require.NoError(t, env.Exec("UPDATE idempotency_keys SET created_at = '2020-01-01 00:00:00+00:00'"))
		claimed := 0
		for _, err := range storetest.AtOnce(5, func(int) error {
			_, _, err := env.ClaimKey(env.Context, "tok_1", "k", "request")
			return err
		}) {
			if err == nil {
				claimed++
			}
		}
		require.Equal(t, 1, claimed)
		require.NoError(t, env.Exec("UPDATE idempotency_keys SET created_at = '2020-01-01 00:00:00+00:00'"))
		require.NoError(t, env.PruneSessions(env.Context))
		require.Zero(t, env.Count(t, "SELECT count(*) FROM idempotency_keys"))
	})
}
