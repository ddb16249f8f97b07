package identity_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
)

func TestR47a_BoundToThePersonAndReadingNeverConsumes(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		o, inv := storetest.FulfilledWithInvitation(t, env)
		token := env.Secrets().InvitationToken(inv.ID)
		for range 2 { // scanners
			v, err := env.InvitationByToken(env.Context, token)
			require.NoError(t, err)
			require.False(t, v.HasUser)
		}
		storetest.RequireCode(t, rules.InvitationWrongPerson, storetest.AcceptAs(env, inv, "other@acme.example"))
		require.Equal(t, 1, env.Count(t, "SELECT count(*) FROM audit_events WHERE verb = 'invitation.wrong_person'"))
		require.Zero(t, env.Count(t, "SELECT count(*) FROM users"))
		require.NoError(t, storetest.AcceptAs(env, inv, "Ana.Souza@ACME.example"))
		_, err := env.InvitationByToken(env.Context, token)
		storetest.RequireCode(t, rules.InvitationUsed, err)
		storetest.RequireCode(t, rules.InvitationUsed, storetest.AcceptAs(env, inv, inv.Email))
		_, err = env.Invite(storetest.Customer(*o.AccountID), identity.NewInvite{
			AccountID: *o.AccountID,
			Email:     "rui@acme.example",
			Role:      identity.RoleReadOnly,
			Kind:      identity.InvitationForColleague,
		})
		require.NoError(t, err) // R47c
		_, err = env.InvitationByToken(env.Context, "unknown")
		storetest.RequireCode(t, rules.NotFound, err)
		env.AuditHolds(t)
	})
}

func TestR47b_FirstAcceptorIsAdmin(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		o, inv := storetest.FulfilledWithInvitation(t, env)
		extra, err := env.Invite(storetest.Operator(), identity.NewInvite{
			AccountID: *o.AccountID,
			Email:     "rui@acme.example",
			Role:      identity.RoleReadOnly,
			Kind:      identity.InvitationForExtra,
		})
		require.NoError(t, err)
		_, m := env.Join(t, extra)
		require.Equal(t, identity.RoleAdmin, m.Role)
		_, m = env.Join(t, inv)
		require.Equal(t, identity.RoleAdmin, m.Role)
		third, err := env.Invite(storetest.Operator(), identity.NewInvite{
			AccountID: *o.AccountID,
			Email:     "eva@acme.example",
			Role:      identity.RoleReadOnly,
			Kind:      identity.InvitationForExtra,
		})
		require.NoError(t, err)
		_, m = env.Join(t, third)
		require.Equal(t, identity.RoleReadOnly, m.Role)
	})
}

func TestR47b_AcceptedAtOnceByOnePerson(t *testing.T) {
	env := storetest.Postgres(t)
	_, inv := storetest.FulfilledWithInvitation(t, env)
	ok := 0
	for _, err := range storetest.AtOnce(8, func(int) error { return storetest.AcceptAs(env, inv, inv.Email) }) {
		if err == nil {
			ok++
			continue
		}
		storetest.RequireCode(t, rules.InvitationUsed, err)
	}
	require.Equal(t, 1, ok)
	require.Equal(t, 1, env.Count(t, "SELECT count(*) FROM memberships"))
}

func TestR49b_OnePersonPerLogin(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		seller := env.Reseller(t, "Revenda Sul")
		var invs []identity.Invitation
		for i := range 6 { // one person, six companies, at once
			invs = append(invs, env.InvitationOf(t, env.Fulfilled(t, seller,
				storetest.FormFor(storetest.PO(i), storetest.Company(i), "ana@acme.example")).ID))
		}
		_, _, err := env.AcceptInvitation(env.Context, identity.Acceptance{
			InvitationID: invs[0].ID,
			Email:        "ana@acme.example",
			Name:         "  ",
		})
		storetest.RequireCode(t, rules.ValidationFailed, err)
		require.Equal(t, []string{"/name"}, storetest.Pointers(err))
		storetest.RequireAll(
			t, storetest.AtOnce(6, func(i int) error { return storetest.AcceptAs(env, invs[i], "ana@acme.example") }),
		)
		require.Equal(t, 1, env.Count(t, "SELECT count(*) FROM users"))
		u, err := env.UserByEmail(env.Context, "ANA@acme.example")
		require.NoError(t, err)
		ms, err := env.MembershipsOf(env.Context, u.ID)
		require.NoError(t, err)
		require.Len(t, ms, 6)
		env.AuditHolds(t)
	})
}

// Who reads the mailbox of a person who has a user has not proved to be signed in.
func TestR47a_AKnownPersonIsSignedInToAccept(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		seller := env.Reseller(t, "Revenda Sul")
		var invs []identity.Invitation
		for i := range 2 {
			invs = append(invs, env.InvitationOf(t, env.Fulfilled(t, seller,
				storetest.FormFor(storetest.PO(i), storetest.Company(i), "ana@acme.example")).ID))
		}
		u, _ := env.Join(t, invs[0])
		for _, as := range []string{"", "usr_other"} {
			_, _, err := env.AcceptInvitation(env.Context, identity.Acceptance{
				InvitationID: invs[1].ID,
				Email:        "ana@acme.example",
				SignedInAs:   as,
				Name:         "Ana",
				PasswordHash: "another",
			})
			storetest.RequireCode(t, rules.SignInRequired, err)
		}
		inv, err := env.GetInvitation(env.Context, invs[1].ID)
		require.NoError(t, err)
		require.True(t, inv.State.Live())
		_, m, err := env.AcceptInvitation(env.Context, identity.Acceptance{
			InvitationID: invs[1].ID,
			Email:        "ana@acme.example",
			SignedInAs:   u.ID,
		})
		require.NoError(t, err)
		require.Equal(t, u.ID, m.UserID)
	})
}

func TestR51a_R123_ReissueGivesAFreshWindowAndTheOldLinkIsDead(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		_, old := storetest.FulfilledWithInvitation(t, env)
		env.Calendar.Set(old.ExpiresAt)
		require.NoError(t, env.ExpireInvitation(env.Context, old.ID))
		require.NoError(t, env.RequestInvitation(env.Context, old.Email))
		inv, err := env.Reissue(storetest.Operator(), old.ID, "", "", "link was lost")
		require.NoError(t, err)
		require.Equal(t, old.Email, inv.Email)
		require.Equal(t, old.ContactName, inv.ContactName)
		require.NotEqual(t, old.TokenHash, inv.TokenHash)
		require.Equal(t, rules.InvitationExpiry(env.Calendar.Now(), 30, storetest.SaoPaulo(t)), inv.ExpiresAt)
		_, err = env.InvitationByToken(env.Context, env.Secrets().InvitationToken(old.ID))
		storetest.RequireCode(t, rules.InvitationSuperseded, err)
		_, err = env.InvitationByToken(env.Context, env.Secrets().InvitationToken(inv.ID))
		require.NoError(t, err)
		for _, kind := range []db.TaskKind{db.TaskInvitationUnclaimed, db.TaskInvitationRequested} {
			require.Equal(t, db.TaskDone, env.Tasks(t, kind)[0].State, kind)
		}
		events, err := env.Timeline(env.Context, inv.ID)
		require.NoError(t, err)
		require.Equal(t, "link was lost", events[0].Details["reason"])
		_, err = env.Reissue(storetest.Operator(), old.ID, "", "", "again")
		storetest.RequireCode(t, rules.StateConflict, err)
	})
}

func TestR51b_WrongPersonAcceptedThenRemovedThenReissued(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		_, inv := storetest.FulfilledWithInvitation(t, env)
		_, m := env.Join(t, inv)
		_, err := env.Reissue(storetest.Operator(), inv.ID, "rui@acme.example", "Rui", "wrong person")
		storetest.RequireCode(t, rules.StateConflict, err)
		_, err = env.ChangeMembership(storetest.Operator(), m.ID, m.Role, rules.MembershipRemoved, "")
		storetest.RequireCode(t, rules.LastAdmin, err)
		_, err = env.ChangeMembership(storetest.Operator(), m.ID, m.Role, rules.MembershipRemoved, "wrong person")
		require.NoError(t, err)
		right, err := env.Reissue(storetest.Operator(), inv.ID, "rui@acme.example", "Rui", "wrong person")
		require.NoError(t, err)
		require.Equal(t, inv.ID, *right.SupersedesID)
		_, m = env.Join(t, right)
		require.Equal(t, identity.RoleAdmin, m.Role)
		env.AuditHolds(t)
	})
}

func TestR51b_RecipientChangeKillsTheOldLinkFirst(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		_, old := storetest.FulfilledWithInvitation(t, env)
		_, err := env.Reissue(storetest.Operator(), old.ID, "no address", "", "x")
		storetest.RequireCode(t, rules.ValidationFailed, err)
		inv, err := env.Reissue(storetest.Operator(), old.ID, "Rui@Acme.example", "Rui", "was for Rui")
		require.NoError(t, err)
		require.Equal(t, "rui@acme.example", inv.Email)
		storetest.RequireCode(t, rules.InvitationSuperseded, storetest.AcceptAs(env, old, old.Email))
		storetest.RequireCode(t, rules.InvitationWrongPerson, storetest.AcceptAs(env, inv, old.Email))
		mails := env.Mails(t, "invitation")
		require.Equal(t, []rules.NotificationState{
			rules.NotificationQueued, rules.NotificationSuppressed,
		}, []rules.NotificationState{mails[0].State, mails[1].State})
	})
}

func TestR105_ExtraPersonHasAnInvitationOfTheirOwn(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		_, first := storetest.FulfilledWithInvitation(t, env)
		env.Calendar.Set(storetest.Now.Add(72 * time.Hour))
		extra, err := env.Invite(storetest.Operator(), identity.NewInvite{
			AccountID:   first.AccountID,
			Email:       "rui@acme.example",
			ContactName: "Rui",
			Role:        identity.RoleReadOnly,
			Kind:        identity.InvitationForExtra,
			Reason:      "mail 4711",
		})
		require.NoError(t, err)
		require.True(t, extra.ExpiresAt.After(first.ExpiresAt))
		require.NotEqual(t, first.TokenHash, extra.TokenHash)
		same, err := env.GetInvitation(env.Context, first.ID)
		require.NoError(t, err)
		require.Equal(t, first, same)
		events, err := env.Timeline(env.Context, extra.ID)
		require.NoError(t, err)
		require.Equal(t, "mail 4711", events[0].Details["reason"])
		for _, bad := range []identity.NewInvite{
			{Email: "rui", Role: identity.RoleAdmin},
			{Email: "rui@acme.example", Role: "OWNER"},
		} {
			bad.AccountID = first.AccountID
			_, err = env.Invite(storetest.Operator(), bad)
			storetest.RequireCode(t, rules.ValidationFailed, err)
		}
	})
}

func TestC4_OneLiveInvitationUnderParallelInvites(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		_, first := storetest.FulfilledWithInvitation(t, env)
		ok := 0
		for _, err := range storetest.AtOnce(10, func(int) error {
			_, err := env.Invite(storetest.Operator(), identity.NewInvite{
				AccountID: first.AccountID,
				Email:     "rui@acme.example",
				Role:      identity.RoleAdmin,
				Kind:      identity.InvitationForExtra,
			})
			return err
		}) {
			if err == nil {
				ok++
				continue
			}
			storetest.RequireCode(t, rules.StateConflict, err)
		}
		require.Equal(t, 1, ok)
		ok = 0
		for _, err := range storetest.AtOnce(6, func(int) error {
			_, err := env.Reissue(storetest.Operator(), first.ID, "", "", "x")
			return err
		}) {
			if err == nil {
				ok++
			}
		}
		require.Equal(t, 1, ok)
		require.Equal(t, 2, env.Count(t, "SELECT count(*) FROM invitations WHERE state = 'ISSUED'"))
		env.AuditHolds(t)
	})
}
