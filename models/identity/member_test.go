package identity_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
)

func TestS18_LastAdminStays(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		o, inv := storetest.FulfilledWithInvitation(t, env)
		_, first := env.Join(t, inv)
		ctx := storetest.Customer(*o.AccountID)
		for _, c := range []struct {
			role  identity.MemberRole
			state rules.MembershipState
		}{
			{identity.RoleReadOnly, rules.MembershipActive},
			{identity.RoleAdmin, rules.MembershipRemoved},
			{identity.RoleAdmin, rules.MembershipSuspended},
		} {
			_, err := env.ChangeMembership(ctx, first.ID, c.role, c.state, "x")
			storetest.RequireCode(t, rules.LastAdmin, err)
		}
		extra, err := env.Invite(ctx, identity.NewInvite{
			AccountID: *o.AccountID,
			Email:     "rui@acme.example",
			Role:      identity.RoleAdmin,
			Kind:      identity.InvitationForColleague,
		})
		require.NoError(t, err)
		_, second := env.Join(t, extra)
		ids := []string{first.ID, second.ID}
		errs := storetest.AtOnce(2, func(i int) error { // each removes the other
			_, err := env.ChangeMembership(ctx, ids[i], identity.RoleAdmin, rules.MembershipRemoved, "x")
			return err
		})
		require.True(t, (errs[0] == nil) != (errs[1] == nil), "%v", errs)
		require.Equal(t, 1, env.Count(t, "SELECT count(*) FROM memberships WHERE state = 'ACTIVE' AND role = 'ADMIN'"))
		members, err := env.MembersOf(ctx, *o.AccountID)
		require.NoError(t, err)
		require.Len(t, members, 1)
	})
}

func TestS19_UserLimitCountsOpenInvitations(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		o, inv := storetest.FulfilledWithInvitation(t, env)
		env.Join(t, inv)
		require.NoError(t, env.Exec("UPDATE accounts SET user_limit = 3"))
		invite := func(name string) error {
			_, err := env.Invite(storetest.Operator(), identity.NewInvite{
				AccountID: *o.AccountID,
				Email:     name + "@acme.example",
				Role:      identity.RoleReadOnly,
				Kind:      identity.InvitationForExtra,
			})
			return err
		}
		require.NoError(t, invite("rui"))
		require.NoError(t, invite("eva"))
		storetest.RequireCode(t, rules.UserLimit, invite("noe"))
		env.Calendar.Set(storetest.Now.AddDate(0, 0, 40)) // both are over
		require.NoError(t, invite("noe"))
	})
}

// A token that an administrator made would let the person in after the membership ended.
func TestS15_TheTokensOfAnAdministratorEndWithTheRole(t *testing.T) {
	for name, change := range map[string]struct {
		role  identity.MemberRole
		state rules.MembershipState
		ends  bool
	}{
		"removed":   {identity.RoleAdmin, rules.MembershipRemoved, true},
		"suspended": {identity.RoleAdmin, rules.MembershipSuspended, true},
		"demoted":   {identity.RoleReadOnly, rules.MembershipActive, true},
		"unchanged": {identity.RoleAdmin, rules.MembershipActive, false},
	} {
		t.Run(name, func(t *testing.T) {
			storetest.Each(t, func(t *testing.T, env storetest.Env) {
				_, inv := storetest.FulfilledWithInvitation(t, env)
				env.Join(t, inv)
				second, err := env.Invite(storetest.Customer(inv.AccountID), identity.NewInvite{
					AccountID: inv.AccountID,
					Email:     "rui@acme.example",
					Role:      identity.RoleAdmin,
					Kind:      identity.InvitationForColleague,
				})
				require.NoError(t, err)
				u, m := env.Join(t, second)
				secretOf := func(userID string) string {
					_, secret, err := env.CreateOwnToken(actingAs(inv.AccountID, userID), identity.NewOwnToken{
						AccountID: inv.AccountID,
						Role:      rules.CustomerAdmin,
						Label:     "booking",
						ExpiresAt: db.RealNow().Add(time.Hour),
					})
					require.NoError(t, err)
					return secret
				}
				his, hers := secretOf(u.ID), secretOf("usr_ana")

				_, err = env.ChangeMembership(storetest.Customer(inv.AccountID), m.ID, change.role, change.state, "r")
				require.NoError(t, err)
				_, err = env.TokenBySecret(env.Context, his)
				if change.ends {
					require.ErrorIs(t, err, identity.ErrBadToken)
				} else {
					require.NoError(t, err)
				}
				_, err = env.TokenBySecret(env.Context, hers)
				require.NoError(t, err, "another administrator's token goes on")
			})
		})
	}
}

// actingAs is an administrator of the account.
func actingAs(accountID, userID string) context.Context {
	return db.WithScope(context.Background(), db.Scope{
		Actor:      db.Actor{ID: userID, Role: rules.CustomerAdmin},
		AccountIDs: []string{accountID},
	})
}
