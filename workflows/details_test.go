package workflows_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	sdkpb "go.temporal.io/api/sdk/v1"
	"go.temporal.io/sdk/temporal"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/operations"
	"roomcover.dev/roomcover/rules/rma"
	"roomcover.dev/roomcover/workflows"
)

// details are what Temporal's pages show of the workflow at this moment.
func (b *bench) details() string {
	b.t.Helper()
	answer, err := b.QueryWorkflow("__temporal_workflow_metadata") // as the pages ask
	require.NoError(b.t, err)
	var data sdkpb.WorkflowMetadata
	require.NoError(b.t, answer.Get(&data))
	return data.CurrentDetails
}

// requireShown wants what people are shown to say this, and nothing of persons.
func (b *bench) requireShown(want ...string) {
	b.t.Helper()
	shown := b.details()
	for _, text := range want {
		require.Contains(b.t, shown, text)
	}
	for _, personal := range []string{"Ana", "Souza", "Acme", "@"} {
		require.NotContains(b.t, shown, personal)
	}
}

// What an order waits for is true after each of its steps: also after a decision, of which an
// attribute set at the start would know nothing.
func TestDetailsOfAnOrderFollowIt(t *testing.T) {
	b := newBench(t)
	o := b.accept(inReview)
	day := 24 * time.Hour
	b.at(o.CreatedAt.Add(time.Hour), func() {
		b.requireShown("accept or reject the order by", "REVIEW_REMINDER", "REVIEW_END")
	})
	b.at(o.CreatedAt.Add(2*day), func() {
		require.Equal(t, 1, strings.Count(b.details(), "REVIEW_REMINDER"), "one was sent")
		b.decide(o.ID, true)
	})
	b.at(o.CreatedAt.Add(3*day), func() {
		shown := b.details()
		require.NotContains(t, shown, "reject")
		b.requireShown("can be canceled until", "CANCELLATION_WINDOW_END at ")
	})
	b.runOrder(o.ID)
}

func TestDetailsOfAnInvitationCountDownItsReminders(t *testing.T) {
	b := newBench(t)
	inv := b.invited()
	b.at(inv.IssuedAt.Add(time.Hour), func() {
		b.requireShown("REMINDER_DAY_7", "REMINDER_DAY_28", "EXPIRY at "+inv.ExpiresAt.UTC().Format(time.RFC3339))
	})
	b.at(inv.IssuedAt.Add(10*24*time.Hour), func() {
		require.NotContains(t, b.details(), "REMINDER_DAY_7")
		b.requireShown("REMINDER_DAY_21", "REMINDER_DAY_28")
	})
	b.runInvitation(inv)
}

// A step that failed for good says so, until it is retried.
func TestDetailsNameTheStepThatIsStuck(t *testing.T) {
	b := newBench(t)
	o := b.accept()
	refuse := true
	b.hooks.before = func(activity string, _ int) error {
		if refuse && activity == "Fulfil" {
			return temporal.NewNonRetryableApplicationError("X", "REFUSED", nil)
		}
		return nil
	}
	b.at(o.CreatedAt.Add(time.Hour), func() {
		b.requireShown("Stuck: the step “fulfil”")
		require.Len(t, b.tasks(db.TaskProcessStuck), 1)
		refuse = false
		b.SignalWorkflow(workflows.SignalRetry, nil)
	})
	b.at(o.CreatedAt.Add(2*time.Hour), func() {
		require.NotContains(t, b.details(), "Stuck")
	})
	b.runOrder(o.ID)
}

// What the workflow of a replacement is told to show is what the list of processes says.
func TestDetailsOfAReplacementAgreeWithTheListOfProcesses(t *testing.T) {
	b := newRMABench(t)
	for _, command := range []func() error{
		func() error { return nil }, // requested
		b.approve,
		b.ship,
		b.fact(rma.FactPickedUp),
		b.fact(rma.FactDelivered),
		b.fact(rma.FactReturnScanned),
		b.fact(rma.FactReturnReceived),
	} {
		require.NoError(t, command())
		told := b.told()
		if len(told) == 0 {
			continue // it moves no timer and sends no mail
		}

		listed, _, err := b.db.ListProcesses(b.db.Context, operations.ProcessFilter{ID: b.id})
		require.NoError(t, err)
		require.Len(t, listed, 1)
		last := told[len(told)-1]
		require.Equal(t, listed[0].State, last.State)
		require.Equal(t, listed[0].WaitsFor, last.WaitsFor, last.State)
		if listed[0].TimerAt != nil {
			require.NotEmpty(t, last.Coming)
			require.True(t, listed[0].TimerAt.Equal(last.Coming[0].At), "the next one first")
		}
	}
}

func TestDetailsOfAReplacementFollowIt(t *testing.T) {
	b := newRMABench(t)
	start := b.Now()
	b.at(start.Add(hour/2), func() { b.requireShown("approve", "As of version ") })
	b.do(start.Add(hour), b.approve)
	b.do(start.Add(2*hour), b.ship)
	b.at(start.Add(3*hour), func() { b.requireShown("PROMISE_BREACH at ", "CARRIER_SILENCE at ") })
	b.do(start.Add(20*hour), b.fact(rma.FactPickedUp))
	b.do(start.Add(26*hour), b.fact(rma.FactDelivered))
	b.at(start.Add(27*hour), func() { b.requireShown("RETURN_REMINDER at ", "FEE_CONFIRMATION at ") })
	b.do(start.Add(48*hour), b.fact(rma.FactReturnScanned))
	b.do(start.Add(140*hour), b.fact(rma.FactReturnReceived))
	b.do(start.Add(141*hour), b.inspect)
	b.run()
}
