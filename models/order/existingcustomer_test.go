package order_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
)

func TestS15_ActiveAdminGetsNoInvitation(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		seller := env.Reseller(t, "Revenda Sul")
		first := env.Fulfilled(t, seller, storetest.Form("PO-1"))
		env.Join(t, env.InvitationOf(t, first.ID))
		env.Fulfilled(t, seller, storetest.Form("PO-2"))
		require.Equal(t, 1, env.Count(t, "SELECT count(*) FROM invitations"))
		require.Len(t, env.Mails(t, "order_confirmation"), 6)
		require.Empty(t, env.Mails(t, "admin_notice"))
	})
}

func TestS15_PendingInvitationIsKeptOrSuperseded(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		seller := env.Reseller(t, "Revenda Sul")
		first := env.InvitationOf(t, env.Fulfilled(t, seller, storetest.Form("PO-1")).ID)
		env.Calendar.Set(first.ExpiresAt.Add(-7 * 24 * time.Hour))
		env.Fulfilled(t, seller, storetest.Form("PO-2"))
		require.Equal(t, 1, env.Count(t, "SELECT count(*) FROM invitations"), "seven days are left: kept")
		env.Calendar.Set(first.ExpiresAt.Add(-7*24*time.Hour + time.Minute))
		second := env.InvitationOf(t, env.Fulfilled(t, seller, storetest.Form("PO-3")).ID)
		require.Equal(t, first.ID, *second.SupersedesID)
		old, err := env.GetInvitation(env.Context, first.ID)
		require.NoError(t, err)
		require.Equal(t, rules.InvitationWasReplaced, old.State)
		_, err = env.InvitationByToken(env.Context, env.Secrets().InvitationToken(first.ID))
		storetest.RequireCode(t, rules.InvitationSuperseded, err)
		require.Equal(t, 1, env.Count(t, "SELECT count(*) FROM outbox_events WHERE kind = 'invitation.closed'"))
	})
}
