package ticket

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/cover"
	"roomcover.dev/roomcover/rules/testday"
)

var everyRole = []rules.Role{
	rules.CustomerAdmin, rules.CustomerReadOnly, rules.PartnerAdmin, rules.PartnerReadOnly,
	rules.Reseller, rules.Distributor, rules.OperatorAgent, rules.OperatorLead,
	rules.OperatorCSM, rules.OperatorManager,
}

func TestR42_R55a_WhoMayDoWhatWithATicket(t *testing.T) {
	everybody := []rules.Role{rules.CustomerAdmin, rules.CustomerReadOnly, rules.PartnerAdmin}
	admins := []rules.Role{rules.CustomerAdmin, rules.PartnerAdmin}
	agents := []rules.Role{rules.OperatorAgent, rules.OperatorLead, rules.OperatorCSM}

	may := map[Command][]rules.Role{
		// Readers open tickets and write to them, and do nothing else.
		DoOpen:    slices.Concat(everybody, agents),
		DoComment: everybody,

		DoResolve:     slices.Concat(admins, agents),
		DoReopen:      slices.Concat(admins, agents),
		DoCancel:      slices.Concat(admins, agents),
		DoWatch:       slices.Concat(admins, agents),
		DoAskSeverity: admins,

		DoAnswer:       agents,
		DoNote:         agents,
		DoAssign:       agents,
		DoSetSeverity:  agents,
		DoLink:         agents,
		DoWaitCustomer: agents,
		DoWaitOther:    agents,
		DoWaitRMA:      agents,
		DoResume:       agents,
		DoUndoReopen:   agents,
	}
	require.Len(t, may, len(Commands()))

	for _, c := range Commands() {
		for _, role := range everyRole {
			err := MayGive(c, role)
			require.Equal(t, slices.Contains(may[c], role), err == nil, "%s, %s", c, role)
			if err != nil {
				require.Equal(t, rules.Forbidden, rules.CodeOf(err))
			}
		}
	}
	require.Equal(t, rules.Forbidden, rules.CodeOf(MayGive("dance", rules.OperatorLead)))
}

// TestEveryCommandLeadsWhereTheStatesAllowIt holds the guards against the table of moves.
func TestEveryCommandLeadsWhereTheStatesAllowIt(t *testing.T) {
	now := time.Now()
	reached := map[State]bool{Open: true, Closed: true} // by an answer, by the timer
	for _, c := range Commands() {
		next, ok := c.Leads()
		if !ok {
			continue
		}

		reached[next] = true
		for _, s := range append(States(), "") {
			role := rules.OperatorLead
			err := May(c, role, Facts{State: s, ReopenedAt: &now})
			if err == nil {
				again := c == DoWaitCustomer && s == next
				require.True(t, again || s.CanBecome(next), "%s in %s", c, s)
			}
		}
	}
	for _, s := range States() {
		require.True(t, reached[s], s)
	}
}

func TestGuardsRefuseByTheState(t *testing.T) {
	now := time.Now()
	for _, c := range []struct {
		command Command
		role    rules.Role
		facts   Facts
		want    string
	}{
		{DoComment, rules.CustomerReadOnly, Facts{State: Resolved}, ""},
		{DoComment, rules.CustomerReadOnly, Facts{State: Closed}, TicketClosed},
		{DoComment, rules.PartnerReadOnly, Facts{State: Open}, rules.Forbidden},
		{DoComment, rules.PartnerReadOnly, Facts{State: Closed}, rules.Forbidden},
		{DoAnswer, rules.OperatorAgent, Facts{State: Cancelled}, TicketClosed},
		{DoReopen, rules.CustomerAdmin, Facts{State: Closed}, TicketClosed},
		{DoReopen, rules.CustomerAdmin, Facts{State: Open}, rules.StateConflict},
		{DoNote, rules.OperatorAgent, Facts{State: Closed}, ""},
		{DoCancel, rules.CustomerAdmin, Facts{State: New}, ""},
		{DoCancel, rules.CustomerAdmin, Facts{State: Open}, rules.StateConflict},
		{DoResolve, rules.OperatorAgent, Facts{State: New}, rules.StateConflict},
		{DoWaitCustomer, rules.OperatorAgent, Facts{State: New}, rules.StateConflict},
		{DoWaitCustomer, rules.OperatorAgent, Facts{State: PendingCustomer}, ""},
		{DoWaitOther, rules.OperatorAgent, Facts{State: PendingThirdParty}, rules.StateConflict},
		{DoSetSeverity, rules.OperatorAgent, Facts{State: Resolved}, rules.StateConflict},
		{DoUndoReopen, rules.OperatorAgent, Facts{State: InProgress}, NotReopened},
		{DoUndoReopen, rules.OperatorAgent, Facts{State: InProgress, ReopenedAt: &now}, ""},
		{
			DoUndoReopen, rules.OperatorAgent, Facts{State: Resolved, ReopenedAt: &now},
			rules.StateConflict,
		},
	} {
		err := May(c.command, c.role, c.facts)
		require.Equal(t, c.want, rules.CodeOf(err), "%s in %s", c.command, c.facts.State)
	}
}

func TestR40a_NoTicketIsBornByMail(t *testing.T) {
	for _, c := range Channels() {
		require.Equal(t, c != ByMail, c.Opens(), c)
	}
	require.False(t, Channel("FAX").Opens())
}

func TestTheSeverityFollowsFromWhetherTheRoomCanBeUsed(t *testing.T) {
	for _, c := range Categories() {
		require.Equal(t, cover.Sev1, SeverityOf(c, UsableNo))
		require.Equal(t, cover.Sev2, SeverityOf(c, UsablePartly))
	}
	require.Equal(t, cover.Sev3, SeverityOf(Hardware, UsableYes))
	require.Equal(t, cover.Sev4, SeverityOf(Question, UsableYes))
}

func TestR29_R75_ForWhatATicketsCoverIsAsked(t *testing.T) {
	require.Equal(t, cover.ForSetup, Setup.Purpose())
	for _, c := range []Category{Hardware, Software, Question} {
		require.Equal(t, cover.ForTechnical, c.Purpose())
	}
}

func TestWhoseTurnItIs(t *testing.T) {
	for s, want := range map[State]Turn{
		New:               TurnUs,
		Open:              TurnUs,
		InProgress:        TurnUs,
		PendingCustomer:   TurnCustomer,
		PendingThirdParty: TurnThirdParty,
		PendingRMA:        TurnUs,
		Resolved:          TurnNobody,
		Closed:            TurnNobody,
		Cancelled:         TurnNobody,
	} {
		require.Equal(t, want, TurnOf(s, false), s)
	}
	require.Equal(t, TurnCarrier, TurnOf(PendingRMA, true))
	require.Equal(t, TurnUs, TurnOf(InProgress, true))
}

func TestS45_WhatACommentLeadsTo(t *testing.T) {
	for _, c := range []struct {
		state    State
		thanks   bool
		next     State
		reopened bool
	}{
		{PendingCustomer, false, InProgress, false},
		{Resolved, false, InProgress, true},
		{Resolved, true, Resolved, false},
		{New, false, New, false},
		{PendingRMA, false, PendingRMA, false},
	} {
		next, reopened := AfterComment(c.state, c.thanks)
		require.Equal(t, c.next, next, c.state)
		require.Equal(t, c.reopened, reopened, c.state)
	}
	require.Equal(t, Open, AfterAnswer(New))
	require.Equal(t, Resolved, AfterAnswer(Resolved))
}

func TestS45_AtMostThreeReopeningsADayByMail(t *testing.T) {
	now, zone := testday.Wall(t, testday.SaoPaulo, "2026-03-02 01:00")
	yesterday := now.Add(-2 * time.Hour)
	today := []time.Time{now.Add(-time.Minute), now.Add(-2 * time.Minute)}
	require.NoError(t, MayReopenByMail(append(today, yesterday, yesterday), now, zone))
	err := MayReopenByMail(append(today, now), now, zone)
	require.Equal(t, ReopenLimit, rules.CodeOf(err))
	require.NoError(t, MayReopenByMail(append(today, now), now.AddDate(0, 0, 1), zone))
}

func TestASeverityIsChangedToAnotherOne(t *testing.T) {
	require.NoError(t, CheckSeverity(1, 4))
	require.Equal(t, SameSeverity, rules.CodeOf(CheckSeverity(2, 2)))
	require.Equal(t, SeverityRange, rules.CodeOf(CheckSeverity(2, 5)))
	require.Equal(t, SeverityRange, rules.CodeOf(CheckSeverity(2, 0)))
}

func TestWhoWritesIsKnownByTheRole(t *testing.T) {
	for _, role := range everyRole {
		require.Equal(t, role.IsOperator(), AuthorOf(role).IsOurs(), role)
	}
	require.Equal(t, FromPartner, AuthorOf(rules.PartnerAdmin))
	require.Equal(t, FromCustomer, AuthorOf(rules.CustomerReadOnly))
	require.False(t, AuthorOf("SYSTEM").IsOurs())
}
