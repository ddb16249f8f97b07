package account_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/account"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/storetest"
)

// activityOf is a page of an account's activity.
func activityOf(
	t *testing.T, env storetest.Env, ctx context.Context, f account.ActivityFilter,
) []account.ActivityEvent {
	t.Helper()
	out, _, err := env.Domains.Accounts.Activity(ctx, f)
	require.NoError(t, err)
	return out
}

// An account's members read what happened to it, newest first and page by page, and nothing of
// another account, of an operator's affairs, or of who of the operators it was.
func TestR42_AnAccountReadsItsOwnActivityAlone(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		seller := env.Reseller(t, "Revenda Sul")
		a := env.Fulfilled(t, seller, storetest.FormFor("PO-1", "Acme Ltda", "ana.souza@acme.example"))
		b := env.Fulfilled(t, seller, storetest.FormFor("PO-2", "Beta SA", "bia@beta.example"))
		env.Join(t, env.InvitationOf(t, a.ID))
		env.Room(t, *a.AccountID, "Aurora")
		ours := storetest.Customer(*a.AccountID)

		var all []account.ActivityEvent
		f := account.ActivityFilter{AccountID: *a.AccountID, Page: db.Page{Limit: 3}}
		for {
			some, next, err := env.Domains.Accounts.Activity(ours, f)
			require.NoError(t, err)
			all = append(all, some...)
			if f.Page.After = next; next == "" {
				break
			}
		}
		require.Greater(t, len(all), 4)
		names := map[string]string{}
		for i, e := range all {
			require.Equal(t, *a.AccountID, *e.AccountID)
			kind, decided := account.ActivityOf(e.Verb)
			require.True(t, decided)
			require.NotEmpty(t, kind, e.Verb)
			if i > 0 {
				require.Less(t, e.ID, all[i-1].ID, "newest first, each once")
			}
			names[e.Verb] = e.Object
		}
		require.Contains(t, names["room.created"], "Aurora")
		require.Equal(t, "Ana Souza", names["invitation.accepted"])

		f.Page = db.Page{}
		f.Kind = account.ActivityRooms
		rooms, _, err := env.Domains.Accounts.Activity(ours, f)
		require.NoError(t, err)
		require.Len(t, rooms, 1)
		f.Kind = ""
		f.Person = account.ActivityByService
		for _, e := range activityOf(t, env, ours, f) {
			require.EqualValues(t, "SYSTEM", e.ActorRole)
		}
		f.Person = "usr_nobody"
		require.Empty(t, activityOf(t, env, ours, f))

		f = account.ActivityFilter{AccountID: *b.AccountID}
		require.Empty(t, activityOf(t, env, ours, f), "another account's")
		require.NotEmpty(t, activityOf(t, env, storetest.Customer(*b.AccountID), f))
	})
}
