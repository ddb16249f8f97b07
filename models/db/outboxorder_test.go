package db_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/storetest"
)

// A relay that died with an invitation's start must not let another one tell
// the invitation's end first: it would find no workflow to tell.
func TestC6_EventsOfASubjectAreToldInTheirOrder(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		env.Fulfilled(t, env.Reseller(t, "Revenda Sul"), storetest.Form("PO-1"))
		invitations, _, err := env.ListInvitations(env.Context, "", "", db.Page{})
		require.NoError(t, err)
		require.Len(t, invitations, 1)
		time.Sleep(2 * time.Millisecond) // ids sort by the millisecond
		_, err = env.RevokeInvitation(env.Context, invitations[0].ID, "wrong address")
		require.NoError(t, err)

		lease := func() (kinds []db.OutboxKind, start string) {
			events, err := env.LeaseOutbox(env.Context, 50, time.Hour)
			require.NoError(t, err)
			for _, e := range events {
				if e.SubjectID == invitations[0].ID {
					kinds, start = append(kinds, e.Kind), e.ID
				}
			}
			return kinds, start
		}
		first, start := lease()
		require.Equal(t, []db.OutboxKind{db.OutboxInvitationIssued}, first)
		again, _ := lease()
		require.Empty(t, again, "the start is another relay's")
		require.NoError(t, env.OutboxFailed(env.Context, start, "Temporal is down", time.Hour))
		again, _ = lease()
		require.Empty(t, again, "the start was put back")
		require.NoError(t, env.OutboxDelivered(env.Context, []string{start}))
		last, _ := lease()
		require.Equal(t, []db.OutboxKind{db.OutboxInvitationClosed}, last)
	})
}
