package chaos

import (
	"context"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"cloud.google.com/go/civil"
	"github.com/stretchr/testify/require"
	enums "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/history/v1"

	"roomcover.dev/roomcover/api"
	"roomcover.dev/roomcover/carrier"
	"roomcover.dev/roomcover/carrier/simulator"
	"roomcover.dev/roomcover/clock"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/catalogue"
	"roomcover.dev/roomcover/rules/rma"
	"roomcover.dev/roomcover/rules/shipping"
	"roomcover.dev/roomcover/rules/spare"
)

func TestHouses_OrderWell(t *testing.T) {
	skus := catalogue.NewCatalogue(catalogue.DefaultCatalogue())
	l := &Load{sellers: []seller{{"org_a", "a"}, {"org_b", "b"}}}
	spares := 0
	for _, h := range l.houses() {
		for which := range h.orders {
			form := h.form(7, which, today)
			require.NoError(t, form.Validate(skus, civil.DateOf(today)))
		}
		require.GreaterOrEqual(t, h.licences, int64(h.rooms))
		require.NotEqual(t, h.serial(), h.serial())
		if h.licences+int64(h.lent) >= 50 {
			spares++
		}
	}
	require.Equal(t, 2, spares, "two houses earn a spare, one of them by its small order")
}

// newDesk is a desk over a store without anything.
func newDesk(t *testing.T, seed uint64) *desk {
	t.Helper()
	env := storetest.SQLite(t)
	l := &Load{
		Ledger:       NewLedger(),
		DB:           env.DB,
		Accounts:     env.Accounts,
		People:       env.People,
		Entitlements: env.Entitlements,
		Logistics:    env.Logistics,
		Orders:       env.Orders,
		sellers:      []seller{{}, {}},
	}
	return &desk{actor: &actor{Load: l, rand: rand.New(rand.NewPCG(seed, 1))}, house: l.houses()[0]}
}

func TestDesk_HasAnOrderForEveryState(t *testing.T) {
	d := newDesk(t, 1)
	for _, state := range rma.RMAStates() {
		seen := map[rma.RMACommand]bool{}
		for n := range 400 {
			if o, ok := d.next(api.RMAView{ID: fmt.Sprint(n), State: state, ApprovedAt: &today}); ok {
				seen[o.RMACommand] = true
			}
		}
		for _, c := range habits[state] {
			if c.command != "" {
				require.True(t, seen[c.command], "%s: %s", state, c.command)
			}
		}
		require.NotEmpty(t, seen, state)
	}
}

func TestDesk_BringsEveryReplacementToItsEnd(t *testing.T) {
	d := newDesk(t, 1)
	d.closed = true
	for _, state := range rma.RMAStates() {
		if state.Over() || state == rma.RMAAwaitingReturn {
			continue
		}
		o, ok := d.next(api.RMAView{ID: "rma_1", State: state})
		require.True(t, ok, state)
		require.NotContains(t, []rma.RMACommand{rma.RMAReject, rma.RMAWithdraw, rma.RMABackorder}, o.RMACommand)
	}
	for _, state := range []rma.RMAState{rma.RMAShipped, rma.RMAOverdue} {
		_, ok := d.next(api.RMAView{ID: "rma_1", State: state, WaitsFor: "A_TIMER"})
		require.False(t, ok, "%s waits for the calendar", state)
	}
	o, _ := d.next(api.RMAView{ID: "rma_1", State: rma.RMAShipped})
	require.Equal(t, rma.RMAReship, o.RMACommand)
	d.Ledger.commanded("rma_1", o, Answer{Status: http.StatusOK})
	o, _ = d.next(api.RMAView{ID: "rma_1", State: rma.RMAShipped})
	require.Equal(t, rma.FactDelivered, o.body.Fact, "it turned up: one parcel is sent anew at most")
}

func TestDesk_AnswersCountThatComeWhenTheTimeIsOver(t *testing.T) {
	ctx, over := context.WithCancel(t.Context())
	defer over()
	asked := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if asked++; r.Method == http.MethodGet {
			over() // in the middle of the request
		}
		fmt.Fprint(w, `{"items":[]}`)
	}))
	defer server.Close()

	d := newDesk(t, 1)
	d.depots = []string{"dep_1"}
	d.Client = NewClient([]string{server.URL}, d.Ledger)
	d.finish(ctx)
	require.Greater(t, asked, len(deviceModels), "stock is refilled, then it is looked what is open")
	for _, v := range d.Ledger.faults {
		require.NotContains(t, v.What, "never answered")
	}
}

func TestDesk_MovesSparesOn(t *testing.T) {
	d := newDesk(t, 1)
	recalls := map[spare.SpareCommand]bool{}
	for range 400 {
		command, _, _ := d.nextOfSpare(api.SpareUnitView{ID: db.NewID("spu"), State: spare.SpareRecallRequested})
		recalls[command] = true
	}
	require.Equal(t,
		map[spare.SpareCommand]bool{spare.SpareReceive: true, spare.SpareWaive: true, spare.SpareBill: true}, recalls)
	for want, u := range map[spare.SpareCommand]api.SpareUnitView{
		spare.SpareSelect: {State: spare.SpareSelectionPending},
		spare.SpareAgree:  {State: spare.SpareSelectionPending, SelectedAt: &today},
		spare.SpareShip:   {State: spare.SpareApproved},
	} {
		command, _, _ := d.nextOfSpare(u)
		require.Equal(t, want, command)
	}
	command, _, _ := d.nextOfSpare(api.SpareUnitView{State: spare.SpareReplenishing})
	require.Equal(t, spare.SpareShip, command, "a unit that was used is replenished")
	told := map[spare.SpareCommand]bool{}
	for range 500 {
		command, _, _ = d.nextOfSpare(api.SpareUnitView{State: spare.SpareShipped, ShippedAt: &today})
		told[command] = true
	}
	require.Equal(t, map[spare.SpareCommand]bool{"": true, "tell": true}, told, "mostly the carrier tells")
}

func TestFates_AreAllThere(t *testing.T) {
	seen, open := map[rma.RMACommand]int{}, 0
	for range 500 {
		id := db.NewID("rma")
		seen[fate(id)]++
		require.Equal(t, fate(id), fate(id))
		if leftOpen(id) {
			open++
		}
	}
	require.Len(t, seen, 3)
	require.NotZero(t, open)
}

func TestLedger_KeepsWhatNobodyMayAnswer(t *testing.T) {
	l := NewLedger()
	refused := func(status int, code string) Answer {
		return Answer{Status: status, Body: []byte(`{"code":"` + code + `"}`)}
	}
	l.requested("S1", refused(409, rma.RMAOpen))
	l.commanded("rma_1", deskOrder{RMACommand: rma.RMAShip}, refused(409, rules.StateConflict))
	l.noted(api.StockRequest{Reference: "n"}, refused(409, shipping.StockNegative))
	require.Empty(t, l.faults)
	l.requested("S1", refused(404, rules.NotFound))
	l.commanded("rma_1", deskOrder{RMACommand: rma.RMAShip}, refused(400, "X"))
	l.noted(api.StockRequest{Reference: "n"}, refused(409, "X"))
	require.Len(t, l.faults, 3)
}

func TestLine_AsksTheCarrierUntilItAnswers(t *testing.T) {
	dir := t.TempDir()
	l, err := newLine(dir, "")
	require.NoError(t, err)
	text, err := os.ReadFile(filepath.Join(dir, "carrier.key"))
	require.NoError(t, err)
	require.Equal(t, l.Key, strings.TrimSpace(string(text)), "the carrier reads the same key")
	key, err := hex.DecodeString(l.Key)
	require.NoError(t, err)
	require.Len(t, key, 32)

	journal := filepath.Join(dir, "carrier.jsonl")
	s, err := simulator.New(simulator.Options{Now: time.Now, APIKey: l.Key, File: journal})
	require.NoError(t, err)
	defer s.Close()
	server := httptest.NewServer(s.Handler())
	defer server.Close()
	l.URL = server.URL
	require.NoError(t, l.Order(t.Context(), simulator.Faults{ServerErrors: 0.5, LostAnswers: 0.4}))
	a := carrier.Address{Name: "Depot", Street: "Rua A 1", City: "Campinas", Country: "BR"}
	b := carrier.Booking{
		Reference: "rma_1",
		Service:   carrier.Express,
		Contents:  "Video bar",
		From:      a,
		To:        a,
		DropOff:   true,
	}
	booked, err := l.Book(t.Context(), "rma_1/out/1", b)
	require.NoError(t, err)
	require.NoError(t, l.HandIn(t.Context(), booked.Tracking))
	parcels, err := l.Parcels(t.Context())
	require.NoError(t, err)
	require.Len(t, parcels, 1, "one key is one booking, however often it was sent")
	require.Error(t, l.HandIn(t.Context(), "none"))
	gone, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	server.Close()
	require.ErrorContains(t, l.Order(gone, faults), "never answered")
}

func TestReadWebhooks_ReadsWhatTheCarrierWasThankedFor(t *testing.T) {
	path := filepath.Join(t.TempDir(), "carrier.jsonl")
	none, err := ReadWebhooks(path)
	require.NoError(t, err)
	require.Empty(t, none)
	require.NoError(t, os.WriteFile(path,
		[]byte(`{"booked":{"key":"k"}}`+"\n"+`{"sent":"T1-1/0"}`+"\n"+`{"sent":"T1-1/1"}`+"\n"+`{"sent":"T1`), 0o600))
	got, err := ReadWebhooks(path)
	require.NoError(t, err)
	require.Equal(t, []string{"T1-1", "T1-1"}, got)
}

func TestWorkflowRun_NotesWhoDidItsTasksAndWhyOneFailed(t *testing.T) {
	var r WorkflowRun
	failed := func(cause enums.WorkflowTaskFailedCause) *history.HistoryEvent {
		return &history.HistoryEvent{Attributes: &history.HistoryEvent_WorkflowTaskFailedEventAttributes{
			WorkflowTaskFailedEventAttributes: &history.WorkflowTaskFailedEventAttributes{Cause: cause},
		}}
	}
	done := func(program string) *history.HistoryEvent {
		completed := &history.WorkflowTaskCompletedEventAttributes{}
		//lint:ignore SA1019 an unversioned worker tells its program nowhere else
		completed.BinaryChecksum = program
		return &history.HistoryEvent{Attributes: &history.HistoryEvent_WorkflowTaskCompletedEventAttributes{
			WorkflowTaskCompletedEventAttributes: completed,
		}}
	}
	for _, e := range []*history.HistoryEvent{
		done("a"), done("b"), done("a"), failed(enums.WORKFLOW_TASK_FAILED_CAUSE_UNHANDLED_COMMAND),
		failed(enums.WORKFLOW_TASK_FAILED_CAUSE_NON_DETERMINISTIC_ERROR),
	} {
		r.note(e)
	}
	require.Len(t, r.Programs, 2)
	require.Equal(t, []string{"NonDeterministicError"}, r.Failed)
}

func TestSideBySide_TakesTurns(t *testing.T) {
	s := &Stack{}
	for range replicas {
		p := &Process{
			Name:  "sh",
			Log:   filepath.Join(t.TempDir(), "sh.log"),
			path:  "/bin/sh",
			args:  []string{"-c", "echo ready; exec sleep 600"},
			ready: saysReady("ready"),
		}
		require.NoError(t, p.Start())
		t.Cleanup(func() { p.Stop(time.Second) })
		s.Workers = append(s.Workers, p)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	alone := false
	err := SideBySide(func(format string, args ...any) {
		alone = alone || s.Workers[0].Running() != s.Workers[1].Running()
		if fmt.Sprintf(format, args...) == turns[2].name {
			cancel()
		}
	})(ctx, s)
	require.NoError(t, err)
	require.True(t, alone)
	require.True(t, s.Workers[0].Running() && s.Workers[1].Running(), "both run in the end")
	require.Equal(t, "b", Binaries{Roomcover: "a", OtherWorker: "b"}.worker(1))
	require.Equal(t, "a", Binaries{Roomcover: "a"}.worker(1))
}

func TestCalendarSlack_PassesOnTheCalendar(t *testing.T) {
	now := time.Now()
	require.Equal(t, slack, calendarSlack(clock.Clock{}))
	require.InDelta(t, float64(slack*12*3600), float64(calendarSlack(clock.Fast(now, now, Day))), float64(time.Minute))
}
