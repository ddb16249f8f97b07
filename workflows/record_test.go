//go:build record

package workflows_test

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/api/temporalproto"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	sdklog "go.temporal.io/sdk/log"

	"roomcover.dev/roomcover/carrier/simulator"
	"roomcover.dev/roomcover/clock"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/domains"
	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/models/importjob"
	"roomcover.dev/roomcover/models/notification"
	"roomcover.dev/roomcover/models/order"
	"roomcover.dev/roomcover/models/sqlitedb"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules/ordering"
	"roomcover.dev/roomcover/worker"
)

// recordAddress names a Temporal server on which new golden histories are
// recorded; see testdata/README.md.
const recordAddress = "ROOMCOVER_RECORD_HISTORIES"

var sweepQuery = &workflowservice.ListWorkflowExecutionsRequest{
	Namespace: "roomcover",
	Query:     `WorkflowType = "DailySweep" AND ExecutionStatus = "Completed"`,
}

// studio is a real worker on a real Temporal server, with a calendar on which a
// day passes in two seconds.
type studio struct {
	*bench
	client client.Client
	sim    *simulator.Simulator // the carrier "sim"
}

func newStudio(t *testing.T, address string) *studio { return newStudioAt(t, address, 2*time.Second) }

// newStudioAt is newStudio with another length of the day.
func newStudioAt(t *testing.T, address string, day time.Duration) *studio {
	t.Helper()
	return newStudioFrom(t, address, time.Now(), day)
}

// newStudioFrom is newStudioAt with a calendar that stands still until an instant.
func newStudioFrom(
	t *testing.T, address string, begins time.Time, day time.Duration,
) *studio {
	t.Helper()
	c, err := client.Dial(client.Options{
		HostPort:  address,
		Namespace: "roomcover",
		Logger:    sdklog.NewStructuredLogger(quiet),
	})
	require.NoError(t, err)
	t.Cleanup(c.Close)
	// A replay reads the plain calendar: what was to come must lie ahead there too, or
	// a timer would be none.
	begin := time.Now().UTC()
	if begin.Before(storetest.Now) {
		begin = storetest.Now
	}
	fast := clock.Fast(begins, begin, day)
	d, err := domains.Open(
		sqlitedb.Open(filepath.Join(t.TempDir(), "roomcover.db")),
		domains.Options{
			Options: db.Options{
				Clock: fast,
				Key:   storetest.Key,
			},
			Carrier: "sim",
		},
	)
	require.NoError(t, err)
	t.Cleanup(func() { _ = d.DB.Close() })

	_, err = d.DB.Migrate(context.Background())
	require.NoError(t, err)
	s := &studio{
		client: c,
		bench: &bench{
			t:      t,
			sender: &recorder{},
			db:     storetest.Env{Context: db.WithSystem(context.Background())}.With(d),
		},
	}
	s.sim, err = simulator.New(simulator.Options{Now: fast.Now})
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() {
		done <- worker.Run(ctx, worker.Options{
			Domains:     d,
			Temporal:    c,
			Sender:      s.sender,
			Namespace:   "roomcover",
			PortalURL:   "https://portal.example",
			Log:         quiet,
			Carrier:     s.sim,
			CarrierName: "sim",
		})
	}()
	t.Cleanup(func() { cancel(); require.NoError(t, <-done) })
	return s
}

// history reads a workflow's history once it is long enough, or closed.
func (s *studio) history(id string, ready func([]*historypb.HistoryEvent) bool) *historypb.History {
	s.t.Helper()
	var h historypb.History
	require.Eventually(s.t, func() bool {
		h.Events = nil
		i := s.client.GetWorkflowHistory(context.Background(), id, "", false, enums.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
		for i.HasNext() {
			e, err := i.Next()
			if err != nil {
				return false
			}
			h.Events = append(h.Events, e)
		}
		return ready(h.Events)
	}, 2*time.Minute, 20*time.Millisecond, id)
	return &h
}

// waits: the mails are sent and a timer runs.
func waits(events []*historypb.HistoryEvent) bool {
	timer, sent := false, false
	for _, e := range events {
		timer = timer || e.EventType == enums.EVENT_TYPE_TIMER_STARTED
		if c := e.GetActivityTaskCompletedEventAttributes(); c != nil && timer {
			sent = true
		}
	}
	return timer && sent && len(events) > 0 &&
		events[len(events)-1].EventType == enums.EVENT_TYPE_WORKFLOW_TASK_COMPLETED
}

func closed(events []*historypb.HistoryEvent) bool {
	return len(events) > 0 && events[len(events)-1].EventType == enums.EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED
}

func (s *studio) save(name, id string, ready func([]*historypb.HistoryEvent) bool) {
	s.t.Helper()
	h := s.history(id, ready)
	raw, err := temporalproto.CustomJSONMarshalOptions{}.Marshal(h)
	require.NoError(s.t, err)
	var tidy any
	require.NoError(s.t, json.Unmarshal(raw, &tidy))
	out, err := json.MarshalIndent(tidy, "", " ")
	require.NoError(s.t, err)
	require.NoError(s.t, os.WriteFile(filepath.Join("testdata", name+".json"), append(out, '\n'), 0o600))
}

// form is an order of a customer of its own.
func (s *studio) form(po, company string, change ...func(*ordering.OrderForm)) ordering.OrderForm {
	f := storetest.Form(po)
	f.EndCustomer.Company = company
	for _, c := range change {
		c(&f)
	}
	return f
}

// TestRecordHistories records the golden histories of the workflows' present
// shapes.
func TestRecordHistories(t *testing.T) {
	address := os.Getenv(recordAddress)
	require.NotEmpty(t, address, "%s must name a Temporal server", recordAddress)
	s := newStudio(t, address)
	reseller := s.db.Reseller(t, "Revenda Sul")
	normal := s.db.Accept(t, reseller, s.form("PO-1", "Acme Ltda"))
	s.save("order_waiting", "order/"+normal.ID, waits)
	inv := s.db.InvitationOf(t, normal.ID)
	s.save("invitation_waiting", "invitation/"+inv.ID, waits)

	cancelled := s.db.Accept(t, reseller, s.form("PO-2", "Delta SA"))
	partly := s.db.Accept(t, reseller, s.form("PO-3", "Eco SA"))
	undecided := s.db.Accept(t, reseller, s.form("PO-4", "Foco SA", inReview))
	decided := s.db.Accept(t, reseller, s.form("PO-5", "Gama SA", inReview))
	s.history("order/"+cancelled.ID, waits)
	revoked := s.db.InvitationOf(t, cancelled.ID)
	s.commitCancel(cancelled.ID, 0)
	s.history("order/"+partly.ID, waits)
	s.commitCancel(partly.ID, 3)
	accepted := s.db.InvitationOf(t, partly.ID)
	_, _, err := s.db.AcceptInvitation(s.db.Context, identity.Acceptance{
		InvitationID: accepted.ID,
		Email:        accepted.Email,
		Name:         "Ana Souza",
		PasswordHash: "x",
	})
	require.NoError(t, err)
	_, err = s.db.DecideOrder(s.operator(), decided.ID, order.Decision{Version: 1, Accept: true, Reason: "fine"})
	require.NoError(t, err)
	code, err := s.db.ChallengeInvited(s.db.Context, inv.ID, "browser", "en")
	require.NoError(t, err)
	job, err := s.db.CreateImport(s.db.Context, importjob.ImportJob{
		OrgID:   reseller.ID,
		Format:  "json",
		DryRun:  true,
		Content: []byte("[]"),
	})
	require.NoError(t, err)

	s.save("import", "import/"+job.ID, closed)
	s.save("mail", "mail/"+s.mails(notification.NotificationFilter{SubjectID: code.ID})[0].ID, closed)
	s.save("order_cancelled", "order/"+cancelled.ID, closed)
	s.save("invitation_revoked", "invitation/"+revoked.ID, closed)
	s.save("invitation_accepted", "invitation/"+accepted.ID, closed)
	s.save("order_review_accepted", "order/"+decided.ID, closed)
	s.save("order_review_rejected", "order/"+undecided.ID, closed)
	s.save("order_partly_cancelled", "order/"+partly.ID, closed)
	s.save("order_completed", "order/"+normal.ID, closed)
	s.save("invitation_expired", "invitation/"+inv.ID, closed)
	s.saveSweep()
}

// TestRecordSweep records the daily sweep alone.
func TestRecordSweep(t *testing.T) {
	address := os.Getenv(recordAddress)
	require.NotEmpty(t, address, "%s must name a Temporal server", recordAddress)
	newStudio(t, address).saveSweep()
}

// saveSweep saves a sweep that came to its end. sweep.json is one from before it
// looked after the calendars.
func (s *studio) saveSweep() {
	s.t.Helper()
	var id string
	require.Eventually(s.t, func() bool {
		sweeps, err := s.client.ListWorkflow(context.Background(), sweepQuery)
		if err != nil || len(sweeps.Executions) == 0 {
			return false
		}
		id = sweeps.Executions[0].Execution.WorkflowId
		return true
	}, 2*time.Minute, 100*time.Millisecond)
	s.save("sweep_calendars", id, closed)
}
