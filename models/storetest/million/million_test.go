package million_test

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/entitlement"
	"roomcover.dev/roomcover/models/logistics"
	"roomcover.dev/roomcover/models/notification"
	"roomcover.dev/roomcover/models/operations"
	"roomcover.dev/roomcover/models/order"
	"roomcover.dev/roomcover/models/replacement"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/models/storetest/million"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/cover"
	"roomcover.dev/roomcover/rules/rma"
)

func TestMain(m *testing.M) { storetest.Main(m) }

// question is something that people or the program ask all the time.
type question struct {
	name   string
	budget time.Duration
	ask    func(env storetest.Env) error
}

// questions are asked at full size by the benchmark, and looked at by the test of plans.
func questions(n int) []question {
	ms := time.Millisecond
	operator := storetest.Operator()
	giant := storetest.Customer(million.Giant)
	serial := fmt.Sprintf("S%09d", 9)
	within := 30
	covers := func(ctx context.Context, s entitlement.CoverSubject) func(storetest.Env) error {
		return func(env storetest.Env) error {
			got, err := env.Coverage(ctx, []entitlement.CoverSubject{s}, env.Calendar.Now(), cover.ForHardware)
			if err == nil && !got[0].Found {
				err = fmt.Errorf("nobody knows %v", s)
			}
			return err
		}
	}
	contracts := func(ctx context.Context, f entitlement.ContractFilter) func(storetest.Env) error {
		return func(env storetest.Env) error { return storetest.Third(env.Contracts(ctx, f)) }
	}
	devices := func(ctx context.Context, f entitlement.DeviceFilter) func(storetest.Env) error {
		return func(env storetest.Env) error { return storetest.Third(env.ListDevices(ctx, f)) }
	}
	rooms := func(ctx context.Context, f entitlement.RoomFilter) func(storetest.Env) error {
		return func(env storetest.Env) error { return storetest.Third(env.ListRooms(ctx, f)) }
	}
	processes := func(f operations.ProcessFilter) func(storetest.Env) error {
		return func(env storetest.Env) error { return storetest.Third(env.ListProcesses(operator, f)) }
	}
	rmas := func(f replacement.RMAFilter) func(storetest.Env) error {
		return func(env storetest.Env) error { return storetest.Third(env.ListRMAs(operator, f)) }
	}
	search := func(typed string) func(storetest.Env) error {
		return func(env storetest.Env) error {
			found, err := env.Domains.Operations.Search(operator, typed)
			if err == nil && len(found) == 0 {
				err = fmt.Errorf("nothing is found by %s", typed)
			}
			return err
		}
	}
	agenda := func(q operations.AgendaQuery) func(storetest.Env) error {
		return func(env storetest.Env) error { return storetest.SecondOf(env.Agenda(operator, q)) }
	}

	return []question{
		{"watch over what is overdue", 100 * ms, func(env storetest.Env) error {
			return storetest.SecondOf(env.WatchOverdue(env.Context))
		}},
		{"processes: counts", 100 * ms, func(env storetest.Env) error {
			return storetest.SecondOf(env.CountProcesses(operator))
		}},
		{"processes: first page", 50 * ms, processes(operations.ProcessFilter{})},
		{"processes: overdue", 100 * ms, processes(operations.ProcessFilter{Overdue: true})},
		{"numbers of twelve weeks", 2000 * ms, func(env storetest.Env) error {
			return storetest.SecondOf(env.Numbers(operator, operations.NumbersQuery{}))
		}},
		{"agenda", 150 * ms, agenda(operations.AgendaQuery{})},
		{"agenda of one account", 20 * ms, agenda(operations.AgendaQuery{AccountID: million.Other})},
		{"agenda of the giant", 20 * ms, agenda(operations.AgendaQuery{AccountID: million.Giant})},
		{"coverage of a serial, operator", 2 * ms, covers(operator, entitlement.CoverSubject{Serial: serial})},
		{"coverage of a serial, giant", 2 * ms, covers(giant, entitlement.CoverSubject{Serial: serial})},
		{"coverage of a room, operator", 2 * ms, covers(operator,
			entitlement.CoverSubject{RoomID: million.ID("rom", 7)})},
		{"coverage of a room, giant", 2 * ms, covers(giant,
			entitlement.CoverSubject{RoomID: million.ID("rom", 7)})},
		{"contracts, newest, operator", 20 * ms, contracts(operator, entitlement.ContractFilter{})},
		{"contracts, newest, giant", 20 * ms, contracts(giant, entitlement.ContractFilter{})},
		{"contracts, oldest, operator", 20 * ms, contracts(operator,
			entitlement.ContractFilter{Sort: entitlement.ContractsOldest})},
		{"contracts by end, operator", 20 * ms, contracts(operator,
			entitlement.ContractFilter{Sort: entitlement.ContractsEnding})},
		{"contracts by end, giant", 20 * ms, contracts(giant,
			entitlement.ContractFilter{Sort: entitlement.ContractsEnding})},
		{"active contracts by end, operator", 20 * ms, contracts(operator, entitlement.ContractFilter{
			Sort: entitlement.ContractsEnding, State: rules.ContractActive})},
		{"contracts that end in 30 days, operator", 20 * ms, contracts(operator, entitlement.ContractFilter{
			Sort: entitlement.ContractsEnding, ExpiringWithin: &within})},
		{"contracts that end in 30 days, giant", 20 * ms, contracts(giant, entitlement.ContractFilter{
			Sort: entitlement.ContractsEnding, ExpiringWithin: &within})},
		{"devices by serial, giant", 20 * ms, devices(giant, entitlement.DeviceFilter{Sort: db.SortName})},
		{"devices by serial, operator", 20 * ms, devices(operator, entitlement.DeviceFilter{Sort: db.SortName})},
		{"devices of a model that none has, giant", 20 * ms, devices(giant,
			entitlement.DeviceFilter{ModelCode: "TAP"})},
		{"rooms by name, giant", 20 * ms, rooms(giant, entitlement.RoomFilter{Sort: db.SortName})},
		{"rooms by name, operator", 20 * ms, rooms(operator, entitlement.RoomFilter{Sort: db.SortName})},
		{"rooms by part of a name, operator", 50 * ms, rooms(operator,
			entitlement.RoomFilter{Search: "ala " + strconv.Itoa(n/5)})},
		{"rooms by part of a serial, operator", 50 * ms, rooms(operator,
			entitlement.RoomFilter{Search: serial[3:]})},
		{"rooms by a part that none has, operator", 50 * ms, rooms(operator,
			entitlement.RoomFilter{Search: "diretoria"})},
		{"devices by part of a serial, operator", 50 * ms, devices(operator,
			entitlement.DeviceFilter{Search: serial[3:]})},
		{"search: a company", 50 * ms, search("empresa 7")},
		{"search: a serial", 50 * ms, search(serial)},
		{"search: the beginning of a number", 50 * ms, search("PO-77")},
		{"search: an address", 50 * ms, search("ana.souza@acme.example")},
		{"search: what many rooms are called", 50 * ms, search("Sala")},
		{"notifications that bounced", 20 * ms, func(env storetest.Env) error {
			return storetest.Third(env.ListNotifications(operator,
				notification.NotificationFilter{State: rules.NotificationHardBounced}))
		}},
		{"notifications whose fate is unknown", 20 * ms, func(env storetest.Env) error {
			return storetest.Third(env.ListNotifications(operator,
				notification.NotificationFilter{State: rules.NotificationUnknown}))
		}},
		{"RMAs by state", 20 * ms, rmas(replacement.RMAFilter{State: rma.RMAAwaitingReturn})},
		{"RMAs of a state that none has", 20 * ms, rmas(replacement.RMAFilter{State: rma.RMARequested})},
		{"RMAs of a serial", 20 * ms, rmas(replacement.RMAFilter{Serial: serial})},
		{"RMAs of a site", 20 * ms, rmas(replacement.RMAFilter{SiteID: million.ID("sit", 5)})},
		{"carrier events by tracking", 20 * ms, func(env storetest.Env) error {
			return storetest.Third(env.ListCarrierEvents(operator, logistics.CarrierEventFilter{Tracking: "TR77"}))
		}},
		{"orders by number, operator", 20 * ms, func(env storetest.Env) error {
			return storetest.Third(env.ListOrders(operator, order.OrderFilter{PONumber: "PO-77"}))
		}},
		{"orders by either number, operator", 20 * ms, func(env storetest.Env) error {
			return storetest.Third(env.ListOrders(operator, order.OrderFilter{Number: "SO-77"}))
		}},
		{"an order that is refused", 20 * ms, func(env storetest.Env) error {
			org, err := env.GetOrg(operator, million.Reseller)
			if err != nil {
				return err
			}
			form := storetest.Form("PO-NEW")
			form.Lines = nil
			if _, err = env.AcceptOrder(storetest.Seller(org), order.Intake{Sender: org, Form: form}); err == nil {
				return fmt.Errorf("it was accepted")
			}
			return nil
		}},
		{"timeline of an order, giant", 20 * ms, func(env storetest.Env) error {
			return storetest.SecondOf(env.Timeline(giant, million.ID("ord", 2000)))
		}},
		{"ask for an invitation", 20 * ms, func(env storetest.Env) error {
			return env.RequestInvitation(env.Context, "nobody@acme.example")
		}},
		{"refusals of a reseller", 20 * ms, func(env storetest.Env) error {
			return storetest.Third(env.ListRefusals(operator, million.Reseller, db.Page{}))
		}},
		{"balance of the giant", 100 * ms, func(env storetest.Env) error {
			return storetest.SecondOf(env.Balance(operator, million.Giant))
		}},
		{"tasks of a kind that none has", 20 * ms, func(env storetest.Env) error {
			return storetest.Third(env.ListTasks(operator, db.TaskFilter{Kind: db.TaskRMAFee}))
		}},
	}
}

// BenchmarkAtAMillion fills a database and asks each question up to fifteen times. The figure
// that counts is the time of the processor that the database took, in the middle of the tries:
// what else runs on the machine does not change it. ROOMCOVER_MILLION is the number of
// orders; ROOMCOVER_MILLION_DATABASE is a database that is filled already.
func BenchmarkAtAMillion(b *testing.B) {
	n := 1_000_000
	if text := os.Getenv("ROOMCOVER_MILLION"); text != "" {
		var err error
		n, err = strconv.Atoi(text)
		require.NoError(b, err)
	}

	env := million.Open(b, n, os.Getenv("ROOMCOVER_MILLION_DATABASE"))
	over := 0
	for _, q := range questions(n) {
		var took, database []time.Duration
		for began := time.Now(); len(took) < 15 && time.Since(began) < 10*time.Second; {
			before, asked := million.CPU(b, env), time.Now()
			require.NoError(b, q.ask(env), q.name)
			took = append(took, time.Since(asked))
			database = append(database, million.CPU(b, env)-before)
		}
		slices.Sort(took)
		slices.Sort(database)
		middle, verdict := database[len(database)/2], "ok"
		if middle > q.budget {
			verdict, over = "OVER", over+1
		}
		fmt.Printf("%-42s %9.2f ms of %4.0f ms  %-4s  (%9.2f ms by the clock at least)\n",
			q.name, ms(middle), ms(q.budget), verdict, ms(took[0]))
	}
	backlog(b, env, n)
	fmt.Printf("%d over their budget\n", over)
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// backlog measures how fast a relay takes what waits after an outage.
func backlog(b *testing.B, env storetest.Env, n int) {
	million.Wait(b, env, n*3/10)
	began, taken, before := time.Now(), 0, million.CPU(b, env)
	var told []string
	for time.Since(began) < 20*time.Second {
		events, err := env.NextOutbox(env.Context, told, 50, time.Minute)
		require.NoError(b, err)
		if len(events) == 0 {
			break
		}
		told = told[:0]
		for _, e := range events {
			told = append(told, e.ID)
		}
		taken += len(events)
	}
	clock, cpu := time.Since(began), million.CPU(b, env)-before
	fmt.Printf("%-42s %6.0f a second of 2000 (%.0f by the clock, %d of %d)\n", "a backlog that drains",
		float64(taken)/cpu.Seconds(), float64(taken)/clock.Seconds(), taken, n*3/10)
}
