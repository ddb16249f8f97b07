package identity_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
)

func TestAPasswordIsChangedByWhoKnowsTheOneBefore(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		_, inv := storetest.FulfilledWithInvitation(t, env)
		u, _ := env.Join(t, inv)
		for _, token := range []string{"one", "two"} {
			require.NoError(t, env.PutSession(env.Context, identity.Session{
				TokenHash: token,
				UserID:    &u.ID,
				Data:      []byte("{}"),
				ExpiresAt: db.RealNow().AddDate(0, 0, 1),
			}))
		}
		change := identity.PasswordChange{UserID: u.ID, Before: "not it", After: "new"}
		storetest.RequireCode(t, rules.StateConflict, env.ChangePassword(env.Context, change))
		open, err := env.SessionsOf(env.Context, u.ID)
		require.NoError(t, err)
		require.Len(t, open, 2, "nothing changed")

		change.Before = u.PasswordHash
		require.NoError(t, env.ChangePassword(env.Context, change))
		open, err = env.SessionsOf(env.Context, u.ID)
		require.NoError(t, err)
		require.Empty(t, open)
		got, err := env.GetUser(env.Context, u.ID)
		require.NoError(t, err)
		require.Equal(t, "new", got.PasswordHash)
		notices := env.Mails(t, rules.TemplateSecurityNotice)
		require.Len(t, notices, 1)
		require.Equal(t, u.Email, notices[0].Recipient)
		require.Equal(t, u.Locale, notices[0].Locale, "in the person's language")
		storetest.RequireCode(t, rules.StateConflict, env.ChangePassword(env.Context, change))
	})
}

func TestS64_APersonChoosesNameAndTimeZone(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		_, inv := storetest.FulfilledWithInvitation(t, env)
		u, _ := env.Join(t, inv)
		for _, name := range []string{"", " ", "http://evil.example", string(make([]rune, identity.MaxName+1))} {
			storetest.RequireCode(t, rules.ValidationFailed, env.ChooseName(env.Context, u.ID, name))
		}
		for _, zone := range []string{"Local", "Mars/Olympus", "../etc/passwd"} {
			storetest.RequireCode(t, rules.ValidationFailed, env.ChooseTimeZone(env.Context, u.ID, zone))
		}
		for range 2 { // the second time nothing changes
			require.NoError(t, env.ChooseName(env.Context, u.ID, " Ana Lima "))
			require.NoError(t, env.ChooseTimeZone(env.Context, u.ID, "Europe/Lisbon"))
		}
		got, err := env.GetUser(env.Context, u.ID)
		require.NoError(t, err)
		require.Equal(t, "Ana Lima", got.Name)
		require.Equal(t, "Europe/Lisbon", *got.TimeZone)
		require.Equal(t, u.PasswordHash, got.PasswordHash)
		events, err := env.Timeline(env.Context, u.ID)
		require.NoError(t, err)
		require.Equal(t, []string{"user.name_changed", "user.time_zone_changed"}, storetest.VerbsOf(events))
		for _, e := range events {
			require.Empty(t, e.Details, "no name in the audit")
		}

		require.NoError(t, env.SetPassword(env.Context, u.ID, "new"))
		require.Equal(t, "Europe/Lisbon", env.Mails(t, rules.TemplateSecurityNotice)[0].Params["zone"])
		require.NoError(t, env.ChooseTimeZone(env.Context, u.ID, ""))
		got, err = env.GetUser(env.Context, u.ID)
		require.NoError(t, err)
		require.Nil(t, got.TimeZone, "the account's again")
	})
}

func TestSignInsAreListedLastFirst(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		_, inv := storetest.FulfilledWithInvitation(t, env)
		u, _ := env.Join(t, inv)
		home := identity.Place{Network: "203.0.113.0/24", Browser: "secret"}
		require.NoError(t, env.SignedIn(env.Context, u.ID, home, ""))
		require.NoError(t, env.SignedIn(env.Context, u.ID, home, "secret"))
		require.NoError(t, env.SignInFailed(env.Context, u.ID))
		got, err := env.SignInsOf(env.Context, u.ID, 5)
		require.NoError(t, err)
		require.Len(t, got, 2)
		require.True(t, got[0].KnownBrowser)
		require.False(t, got[1].KnownBrowser)
		last, err := env.SignInsOf(env.Context, u.ID, 1)
		require.NoError(t, err)
		require.Equal(t, got[:1], last)
		none, err := env.SignInsOf(env.Context, "usr_other", 5)
		require.NoError(t, err)
		require.Empty(t, none)
	})
}
