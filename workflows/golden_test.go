package workflows_test

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	sdklog "go.temporal.io/sdk/log"
	sdkworker "go.temporal.io/sdk/worker"
	"google.golang.org/protobuf/proto"

	"go.temporal.io/sdk/client"

	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/worker"
)

func goldenFiles(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("testdata/*.json")
	require.NoError(t, err)
	require.GreaterOrEqual(t, len(files), 14)
	return files
}

// Every released shape of a workflow can still be replayed: a history that
// began under old code goes on under new code.
func TestGoldenHistoriesReplay(t *testing.T) {
	d := storetest.SQLite(t).Domains
	for _, f := range goldenFiles(t) {
		t.Run(filepath.Base(f), func(t *testing.T) {
			r := sdkworker.NewWorkflowReplayer()
			worker.RegisterWorkflows(r, d.DB.Clock())
			require.NoError(t, r.ReplayWorkflowHistoryFromJSONFile(sdklog.NewStructuredLogger(quiet), f))
		})
	}
}

// The replays above can fail: a history that the workflows would not have made is refused,
// whichever of its commands is another one.
func TestAChangedHistoryDoesNotReplay(t *testing.T) {
	d := storetest.SQLite(t).Domains
	for change, mutate := range map[string]func(*historypb.HistoryEvent) bool{
		"another activity": func(e *historypb.HistoryEvent) bool {
			scheduled := e.GetActivityTaskScheduledEventAttributes()
			if scheduled == nil {
				return false
			}
			scheduled.ActivityType.Name = "Other"
			return true
		},
		"a timer in place of nothing": func(e *historypb.HistoryEvent) bool {
			started := e.GetTimerStartedEventAttributes()
			if started == nil {
				return false
			}
			started.TimerId = "4711"
			return true
		},
	} {
		t.Run(change, func(t *testing.T) {
			h := golden(t, "order_completed")
			require.True(t, slices.ContainsFunc(h.Events, mutate), "there was something to change")
			r := sdkworker.NewWorkflowReplayer()
			worker.RegisterWorkflows(r, d.DB.Clock())
			err := r.ReplayWorkflowHistory(sdklog.NewStructuredLogger(quiet), h)
			require.ErrorContains(t, err, "nondeterministic")
		})
	}
}

func golden(t testing.TB, name string) *historypb.History {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("testdata", name+".json"))
	require.NoError(t, err)
	h, err := client.HistoryFromJSON(bytes.NewReader(raw), client.HistoryJSONOptions{})
	require.NoError(t, err)
	return h
}

// actions counts what a Temporal service charges for.
func actions(events []*historypb.HistoryEvent) (n int) {
	for _, e := range events {
		switch e.EventType {
		case enums.EVENT_TYPE_WORKFLOW_EXECUTION_STARTED, enums.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED,
			enums.EVENT_TYPE_TIMER_STARTED,
			enums.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED, enums.EVENT_TYPE_UPSERT_WORKFLOW_SEARCH_ATTRIBUTES:
			n++
		}
	}
	return n
}

// The budgets of a normal order, until both of its workflows wait.
func TestBudgetOfANormalOrder(t *testing.T) {
	ordered := golden(t, "order_waiting")
	invitation := golden(t, "invitation_waiting")
	events := len(ordered.Events) + len(invitation.Events)
	size := proto.Size(ordered) + proto.Size(invitation)
	charged := actions(ordered.Events) + actions(invitation.Events)
	t.Logf("events %d + %d = %d, bytes %d + %d = %d, actions %d + %d = %d",
		len(ordered.Events), len(invitation.Events), events,
		proto.Size(ordered), proto.Size(invitation), size, actions(ordered.Events), actions(invitation.Events), charged)
	require.LessOrEqual(t, events, 30)
	require.LessOrEqual(t, size, 8<<10)
	require.LessOrEqual(t, charged, 7)
}

// Histories are kept for long and read by many: no name, address or e-mail of
// the recorded orders stands in one, neither plain nor in a payload.
func TestR94_NoPersonalDataInHistories(t *testing.T) {
	at := regexp.MustCompile(`[\w.]+@[\w.]+\.\w+`)
	for _, f := range goldenFiles(t) {
		h := golden(t, strings.TrimSuffix(filepath.Base(f), ".json"))
		for _, e := range h.Events {
			raw, err := proto.Marshal(e) // payloads stand decoded in it
			require.NoError(t, err)
			text := string(raw)
			if id := identityOf(e); id != "" {
				text = strings.ReplaceAll(text, id, "")
			}
			for _, marker := range []string{
				"Acme", "Souza", "Ana", "Paulista", "Augusta", "Revenda", "Norte", "acme", "PO-1", "Eco SA", "Delta",
				"portal.example", "token=",
			} {
				require.NotContains(t, text, marker, "%s, event %d", f, e.EventId)
			}
			require.NotRegexp(t, at, text, "%s, event %d", f, e.EventId)
		}
	}
}

// identityOf is the worker's own name, pid@host, which is nobody's address.
func identityOf(e *historypb.HistoryEvent) string {
	for _, holder := range []interface{ GetIdentity() string }{
		e.GetWorkflowExecutionStartedEventAttributes(), e.GetWorkflowTaskStartedEventAttributes(),
		e.GetWorkflowTaskCompletedEventAttributes(),
		e.GetActivityTaskStartedEventAttributes(), e.GetActivityTaskCompletedEventAttributes(),
		e.GetWorkflowExecutionSignaledEventAttributes(),
	} {
		if id := holder.GetIdentity(); id != "" {
			return id
		}
	}
	return ""
}
