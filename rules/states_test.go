package rules

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// movable is any of the state types.
type movable[S any] interface {
	~string
	CanBecome(S) bool
}

// expectMoves holds every pair of states against a written list: "A>B+C" means
// that A may become B and C. A state that stands only on the right is final.
func expectMoves[S movable[S]](t *testing.T, table string) {
	want := map[string]map[string]bool{}
	all := map[string]bool{"": true, "NO_SUCH_STATE": true}
	for _, row := range strings.Fields(table) {
		from, next, _ := strings.Cut(row, ">")
		all[from] = true
		want[from] = map[string]bool{}
		for _, to := range strings.Split(next, "+") {
			want[from][to] = true
			all[to] = true
		}
	}
	for from := range all {
		for to := range all {
			require.Equal(t, want[from][to], S(from).CanBecome(S(to)), "%q to %q", from, to)
			code := CodeOf(Move(S(from), S(to)))
			require.Equal(t, want[from][to], code == "", "%q to %q", from, to)
		}
	}
}

func TestOrderMoves(t *testing.T) {
	expectMoves[OrderState](t, `>RECEIVED RECEIVED>NEEDS_REVIEW+ACCEPTED NEEDS_REVIEW>ACCEPTED+REJECTED ACCEPTED>PROVISIONING+FULFILLED
		PROVISIONING>FULFILLED FULFILLED>PARTIALLY_CANCELLED+CANCELLED PARTIALLY_CANCELLED>PARTIALLY_CANCELLED+CANCELLED`)
}

func TestContractMoves(t *testing.T) {
	expectMoves[ContractState](t, `>PENDING_START+ACTIVE PENDING_START>ACTIVE+CANCELLED ACTIVE>SUSPENDED+EXPIRED+CANCELLED
		SUSPENDED>ACTIVE+EXPIRED`)
}

func TestLicenceMoves(t *testing.T) {
	expectMoves[LicenceState](t, `>AVAILABLE AVAILABLE>ASSIGNED+EXPIRED+REVOKED ASSIGNED>AVAILABLE+EXPIRED+REVOKED`)
}

func TestInvitationMoves(t *testing.T) {
	expectMoves[InvitationState](t, `>ISSUED ISSUED>SENT+BOUNCED+ACCEPTED+EXPIRED+SUPERSEDED+REVOKED
		SENT>BOUNCED+ACCEPTED+EXPIRED+SUPERSEDED+REVOKED BOUNCED>EXPIRED+SUPERSEDED+REVOKED EXPIRED>SUPERSEDED`)
}

func TestNotificationMoves(t *testing.T) {
	expectMoves[NotificationState](t, `>QUEUED+SUPPRESSED QUEUED>SENDING+SUPPRESSED+HARD_BOUNCED HARD_BOUNCED>QUEUED
		SENDING>SENT+SOFT_FAIL+HARD_BOUNCED+SUPPRESSED+UNKNOWN SOFT_FAIL>QUEUED+HARD_BOUNCED+SUPPRESSED
		SENT>DELIVERED+HARD_BOUNCED UNKNOWN>QUEUED+SENT+DELIVERED+HARD_BOUNCED`)
}

func TestMembershipMoves(t *testing.T) {
	expectMoves[MembershipState](t, `>ACTIVE ACTIVE>SUSPENDED+REMOVED SUSPENDED>ACTIVE+REMOVED`)
}

func TestMoveSaysTheStateAndTheCode(t *testing.T) {
	err := Move(OrderCancelled, OrderFulfilled)
	require.Equal(t, StateConflict, CodeOf(err))
	require.ErrorContains(t, err, "CANCELLED")
}

func TestLiveInvitations(t *testing.T) {
	for state, want := range map[InvitationState]bool{
		InvitationIssued: true, InvitationSent: true, InvitationBounced: false, InvitationAccepted: false,
		InvitationHasExpired: false, InvitationWasReplaced: false, InvitationWasWithdrawn: false,
	} {
		require.Equal(t, want, state.Live(), state)
	}
}

func TestCancellableOrders(t *testing.T) {
	require.True(t, OrderFulfilled.Cancellable())
	require.True(t, OrderPartiallyCancelled.Cancellable())
	for _, s := range []OrderState{OrderReceived, OrderNeedsReview, OrderAccepted, OrderProvisioning, OrderRejected, OrderCancelled} {
		require.False(t, s.Cancellable(), s)
	}
}
