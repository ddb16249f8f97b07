package ordering

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/rulestest"
)

func cancellation() CancellationRequest {
	closes := rules.CancellationClosesAt(civilDay, 30, time.UTC)
	return CancellationRequest{Role: rules.CustomerAdmin, Own: true, State: rules.OrderFulfilled,
		ClosesAt: closes, Now: closes.Add(-time.Second), Reason: "not needed"}
}

var civilDay = rules.DateIn(time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC), time.UTC)

func TestS7_WhoMayCancel(t *testing.T) {
	for _, c := range []struct {
		role rules.Role
		own  bool
		want string
	}{
		{rules.CustomerAdmin, true, ""},
		{rules.Reseller, true, ""},
		{rules.Distributor, true, ""},
		{rules.OperatorAgent, false, ""},
		{rules.OperatorLead, false, ""},
		{rules.OperatorCSM, false, rules.Forbidden},
		{rules.CustomerReadOnly, true, rules.Forbidden},
		{rules.PartnerAdmin, true, rules.Forbidden},
		{rules.PartnerReadOnly, true, rules.Forbidden},
		{rules.Reseller, false, rules.NotFound},
		{rules.Distributor, false, rules.NotFound},
		{rules.CustomerAdmin, false, rules.NotFound},
		{"", true, rules.Forbidden},
	} {
		q := cancellation()
		q.Role, q.Own = c.role, c.own
		require.Equal(t, c.want, rules.CodeOf(MayCancel(q)), "%s own=%v", c.role, c.own)
	}
}

func TestS7_R90_CancellationGuards(t *testing.T) {
	for _, c := range []struct {
		name, want string
		change     func(*CancellationRequest)
	}{
		{"last moment", "", func(*CancellationRequest) {}},
		{"too late", rules.CancellationWindowClosed, func(q *CancellationRequest) { q.Now = q.ClosesAt }},
		{"no reason", rules.ReasonRequired, func(q *CancellationRequest) { q.Reason = " \t" }},
		{"again, in part", "", func(q *CancellationRequest) { q.State = rules.OrderPartiallyCancelled }},
		{"cancelled before", rules.StateConflict, func(q *CancellationRequest) { q.State = rules.OrderCancelled }},
		{"still in review", rules.StateConflict, func(q *CancellationRequest) { q.State = rules.OrderNeedsReview }},
		{"foreign and too late", rules.NotFound, func(q *CancellationRequest) {
			q.Own = false
			q.Now = q.ClosesAt
		}},
		{"cancelled and too late", rules.StateConflict, func(q *CancellationRequest) {
			q.State = rules.OrderCancelled
			q.Now = q.ClosesAt
		}},
	} {
		q := cancellation()
		c.change(&q)
		require.Equal(t, c.want, rules.CodeOf(MayCancel(q)), c.name)
	}
}

func TestS13_AfterTheWindowOnlyAnOperatorEndsAContract(t *testing.T) {
	require.NoError(t, MayTerminate(rules.OperatorAgent, "goodwill"))
	require.NoError(t, MayTerminate(rules.OperatorLead, "goodwill"))
	require.Equal(t, rules.ReasonRequired, rules.CodeOf(MayTerminate(rules.OperatorLead, " ")))
	for _, role := range []rules.Role{
		rules.CustomerAdmin, rules.Reseller, rules.Distributor, rules.PartnerAdmin, rules.OperatorCSM, "",
	} {
		require.Equal(t, rules.Forbidden, rules.CodeOf(MayTerminate(role, "goodwill")), role)
	}
}

func TestS11_PendingInvitationGoesWithTheLastContract(t *testing.T) {
	require.True(t, RevokePendingInvitation(0))
	require.False(t, RevokePendingInvitation(1))
}

// licences gives n licences L0, L1, … of which the first assigned are assigned.
func licences(n, assigned int) []LicenceRef {
	var all []LicenceRef
	for i := range n {
		all = append(all, LicenceRef{ID: fmt.Sprintf("L%d", i), Assigned: i < assigned})
	}
	return all
}

func TestS12_AvailableFirstElseTheCallerNames(t *testing.T) {
	for _, c := range []struct {
		name             string
		n, assigned, qty int
		named            []string
		want             []string
		code             string
	}{
		{"available only", 10, 6, 3, nil, []string{"L6", "L7", "L8"}, ""},
		{"all available ones", 10, 6, 4, nil, []string{"L6", "L7", "L8", "L9"}, ""},
		{"one short", 10, 6, 5, nil, nil, rules.LicencesNotNamed},
		{"one named", 10, 6, 5, []string{"L2"}, []string{"L2", "L6", "L7", "L8", "L9"}, ""},
		{"more named than must be", 10, 6, 5, []string{"L2", "L0"}, []string{"L2", "L0", "L6", "L7", "L8"}, ""},
		{"naming an available one does not help", 10, 6, 5, []string{"L9"}, nil, rules.LicencesNotNamed},
		{"all named", 3, 3, 2, []string{"L1", "L2"}, []string{"L1", "L2"}, ""},
		{"everything", 2, 1, 2, []string{"L0"}, []string{"L0", "L1"}, ""},
		{"none", 10, 6, 0, nil, nil, rules.ValidationFailed},
		{"negative", 10, 6, -1, nil, nil, rules.ValidationFailed},
		{"more than there are", 10, 6, 11, nil, nil, rules.ValidationFailed},
		{"too many named", 10, 6, 1, []string{"L1", "L2"}, nil, rules.ValidationFailed},
		{"unknown", 10, 6, 2, []string{"other"}, nil, rules.ValidationFailed},
		{"twice", 10, 6, 2, []string{"L1", "L1"}, nil, rules.ValidationFailed},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := ChooseLicencesToCancel(licences(c.n, c.assigned), c.qty, c.named)
			require.Equal(t, c.code, rules.CodeOf(err))
			require.Equal(t, c.want, got)
		})
	}
}

func TestS12_TellsHowManyToName(t *testing.T) {
	_, err := ChooseLicencesToCancel(licences(10, 6), 7, []string{"L0"})
	require.ErrorContains(t, err, "2 more must be named")
}

func TestS12_FieldErrors(t *testing.T) {
	errs := func(qty int, named ...string) []string {
		_, err := ChooseLicencesToCancel(licences(4, 4), qty, named)
		return rulestest.Found(err)
	}
	require.Equal(t, []string{"/quantity QUANTITY_TOO_SMALL"}, errs(0))
	require.Equal(t, []string{"/quantity QUANTITY_TOO_LARGE"}, errs(5))
	require.Equal(t, []string{"/licence_ids TOO_MANY_NAMED"}, errs(1, "L0", "L1"))
	require.Equal(t, []string{"/licence_ids/0 UNKNOWN_LICENCE", "/licence_ids/2 DUPLICATE"}, errs(4, "x", "L1", "L1"))
}

func TestS12_ChoiceIsExactAndNeverTakesAnAssignedOneUnnamed(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 30).Draw(t, "n")
		assigned := rapid.IntRange(0, n).Draw(t, "assigned")
		qty := rapid.IntRange(1, n).Draw(t, "qty")
		all := licences(n, assigned)
		named := rapid.SliceOfNDistinct(rapid.IntRange(0, n-1), 0, qty, rapid.ID).Draw(t, "named")
		var ids []string
		for _, i := range named {
			ids = append(ids, all[i].ID)
		}
		chosen, err := ChooseLicencesToCancel(all, qty, ids)
		if err != nil {
			require.Equal(t, rules.LicencesNotNamed, rules.CodeOf(err))
			return
		}
		require.Len(t, chosen, qty)
		require.Len(t, slices.Compact(slices.Sorted(slices.Values(chosen))), qty, "each once")
		for _, l := range all {
			if l.Assigned && slices.Contains(chosen, l.ID) {
				require.Contains(t, ids, l.ID)
			}
		}
	})
}
