package rules_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/rulestest"
)

func TestOrderMoves(t *testing.T) {
	rulestest.ExpectMoves[rules.OrderState](
		t,
		`>RECEIVED RECEIVED>NEEDS_REVIEW+ACCEPTED NEEDS_REVIEW>ACCEPTED+REJECTED
		ACCEPTED>NEEDS_REVIEW+PROVISIONING+FULFILLED REJECTED>NEEDS_REVIEW
		PROVISIONING>FULFILLED FULFILLED>PARTIALLY_CANCELLED+CANCELLED PARTIALLY_CANCELLED>PARTIALLY_CANCELLED+CANCELLED`,
	)
}

func TestContractMoves(t *testing.T) {
	rulestest.ExpectMoves[rules.ContractState](
		t,
		`>PENDING_START+ACTIVE PENDING_START>ACTIVE+CANCELLED ACTIVE>SUSPENDED+EXPIRED+CANCELLED
		SUSPENDED>ACTIVE+EXPIRED+CANCELLED`,
	)
}

func TestLicenceMoves(t *testing.T) {
	rulestest.ExpectMoves[rules.LicenceState](
		t, `>AVAILABLE AVAILABLE>ASSIGNED+EXPIRED+REVOKED ASSIGNED>AVAILABLE+EXPIRED+REVOKED`,
	)
}

func TestInvitationMoves(t *testing.T) {
	rulestest.ExpectMoves[rules.InvitationState](t, `>ISSUED ISSUED>SENT+BOUNCED+ACCEPTED+EXPIRED+SUPERSEDED+REVOKED
		SENT>BOUNCED+ACCEPTED+EXPIRED+SUPERSEDED+REVOKED BOUNCED>EXPIRED+SUPERSEDED+REVOKED EXPIRED>SUPERSEDED`)
}

func TestNotificationMoves(t *testing.T) {
	rulestest.ExpectMoves[rules.NotificationState](
		t,
		`>QUEUED+SUPPRESSED QUEUED>SENDING+SUPPRESSED+HARD_BOUNCED HARD_BOUNCED>QUEUED
		SENDING>SENT+SOFT_FAIL+HARD_BOUNCED+SUPPRESSED+UNKNOWN SOFT_FAIL>QUEUED+HARD_BOUNCED+SUPPRESSED
		SENT>DELIVERED+HARD_BOUNCED UNKNOWN>QUEUED+SENT+DELIVERED+HARD_BOUNCED`,
	)
}

func TestMembershipMoves(t *testing.T) {
	rulestest.ExpectMoves[rules.MembershipState](t, `>ACTIVE ACTIVE>SUSPENDED+REMOVED SUSPENDED>ACTIVE+REMOVED`)
}

func TestMoveSaysTheStateAndTheCode(t *testing.T) {
	err := rules.Move(rules.OrderCancelled, rules.OrderFulfilled)
	require.Equal(t, rules.StateConflict, rules.CodeOf(err))
	require.ErrorContains(t, err, "CANCELLED")
}

func TestLiveInvitations(t *testing.T) {
	for state, want := range map[rules.InvitationState]bool{
		rules.InvitationIssued:       true,
		rules.InvitationSent:         true,
		rules.InvitationBounced:      false,
		rules.InvitationAccepted:     false,
		rules.InvitationHasExpired:   false,
		rules.InvitationWasReplaced:  false,
		rules.InvitationWasWithdrawn: false,
	} {
		require.Equal(t, want, state.Live(), state)
	}
}

func TestCancellableOrders(t *testing.T) {
	require.True(t, rules.OrderFulfilled.Cancellable())
	require.True(t, rules.OrderPartiallyCancelled.Cancellable())
	for _, s := range []rules.OrderState{
		rules.OrderReceived, rules.OrderNeedsReview, rules.OrderAccepted, rules.OrderProvisioning, rules.OrderRejected,
		rules.OrderCancelled,
	} {
		require.False(t, s.Cancellable(), s)
	}
}
