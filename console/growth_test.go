//go:build long

package console

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/clock"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/domains"
	"roomcover.dev/roomcover/models/notification"
	"roomcover.dev/roomcover/models/operations"
	"roomcover.dev/roomcover/models/replacement"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/models/storetest/million"
	"roomcover.dev/roomcover/models/ticket"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/health"
	"roomcover.dev/roomcover/rules/rma"
	rule "roomcover.dev/roomcover/rules/ticket"
)

// benchGrowth is among how many orders `make bench-growth` measures, separated by commas; empty:
// 10,000, and little work of each kind.
const benchGrowth = "ROOMCOVER_BENCH_GROWTH"

// benchGrown are the addresses of databases that were filled before, separated by commas as the
// numbers are; empty: each is filled here and removed.
const benchGrown = "ROOMCOVER_BENCH_GROWTH_DATABASES"

// mostGrowth is what a piece of work may cost among the most rows, of what it costs among the
// fewest.
const mostGrowth = 1.15

// used is what a piece of work took of the processors: PostgreSQL's processes, and this one with
// what asks for the work.
type used struct{ database, process time.Duration }

func (u used) sum() time.Duration { return u.database + u.process }

// growth is what was measured among one number of orders.
type growth struct {
	t      *testing.T
	w      *world
	b      *browser
	done   int // of all work so far, to tell apart what it makes
	orders int
	octets int64 // of the database, before the work
	work   []string
	pages  []string
	cost   map[string]used
	waits  map[string]million.Waits // for pages
}

// The same work costs about as much among a million orders, with the tickets, mails, Sync and
// sign-ins of as large a house, as among ten thousand, and pages are as quick. The domains' own
// methods do the work, as workflows have them do it; pages are asked for over HTTP. The figure is
// the time of the processors, in the middle of batches of ten: what else runs changes it little.
func TestWhatGrowthCosts(t *testing.T) {
	var all []*growth
	addresses := strings.Split(os.Getenv(benchGrown), ",")
	for i, n := range million.Sizes(t, benchGrowth, 10_000) {
		t.Run(strconv.Itoa(n), func(t *testing.T) {
			address := ""
			if i < len(addresses) {
				address = addresses[i]
			}
			g := grown(t, n, address)
			g.measure()
			all = append(all, g)
		})
	}
	if t.Failed() {
		return
	}
	reportWork(t, all)
	reportPages(t, all)
}

// grown is a console on a database with n orders and all that hangs on them. Its domains do not
// look at statements, as those of other tests do.
func grown(t *testing.T, n int, address string) *growth {
	t.Helper()
	if address == "" {
		address = storetest.PostgresDSN(t)
	}
	env := storetest.PostgresAt(t, address)
	began := time.Now()
	if env.Count(t, "SELECT count(*) FROM accounts") == 0 {
		million.Grow(t, env, million.Fill(t, env, n), n)
	} else {
		env.Calendar.Set(storetest.Now.Add(48 * time.Hour))
	}

	plain, err := domains.Open(env.Dialector(t), domains.Options{
		Options: db.Options{Clock: clock.At(env.Calendar.Now), Key: storetest.Key},
	})
	require.NoError(t, err)
	t.Cleanup(func() { _ = plain.DB.Close() })
	env = env.With(plain)
	million.Settle(t, env)
	t.Logf("%d orders and what hangs on them, after %s", n, time.Since(began).Round(time.Second))

	w := worldOn(t, env, true)
	w.Domains.Operations.KeepCounts(operations.CountsAge, operations.NumbersAge) // as serve does
	return &growth{
		t:      t,
		w:      w,
		b:      w.signedIn(byRole[rules.OperatorLead]),
		orders: n,
		octets: million.Size(t, env),
		cost:   map[string]used{},
		waits:  map[string]million.Waits{},
	}
}

// spent does a piece of work so many times, of which it has ten before, and keeps what one of them
// takes, in the middle of the batches.
func (g *growth) spent(kind string, times int, do func()) {
	const batch = 10
	for range batch {
		g.done++
		do()
	}
	var all []used
	for range max(times/batch, 1) {
		database, process := million.CPU(g.t, g.w.Env), processorTime()
		for range batch {
			g.done++
			do()
		}
		all = append(all, used{
			database: (million.CPU(g.t, g.w.Env) - database) / batch,
			process:  (processorTime() - process) / batch,
		})
	}
	slices.SortFunc(all, func(a, b used) int { return cmp.Compare(a.sum(), b.sum()) })
	g.cost[kind] = all[len(all)/2]
}

// measure does the work of each kind: as much of it whatever the number of orders is.
func (g *growth) measure() {
	env, times := g.w.Env, 500
	if os.Getenv(benchGrowth) == "" {
		times = 20
	}
	measured := func(kind string, times int, do func()) {
		g.spent(kind, times, do)
		g.work = append(g.work, kind)
	}
	g.tellAll()
	measured("an order, with its mails", times, g.order)
	measured("a replacement, with its mails", times, g.replacement)
	measured("a ticket, with its mails", times, g.ticket)
	measured("a mail that comes in", times, func() {
		million.TakeMail(g.t, env, fmt.Sprintf("new%d@stranger.example", g.done), "Where is it?")
	})

	own := million.ConnectionOf(g.t, env, 1)
	measured("a sign-in by a company's provider", times, func() {
		person := g.done % 3 // of the first company with a sign-in of its own
		million.SignIn(g.t, env, own, fmt.Sprintf("p%d@empresa51.example", 151+person),
			strconv.Itoa(1+person))
	})

	synced := env.Synced(g.t, env.CoveredFor(g.t, "Sincronia Ltda", "ana@sincronia.example", "SN-SYNC"))
	measured("a poll of Sync that finds a change", max(times/5, 10), func() {
		synced.Change(func(p *health.Place) {
			for i := range p.Devices {
				p.Devices[i].Version = fmt.Sprintf("2.0.%d", g.done)
			}
		})
		synced.Polls(g.t, 1)
	})
	g.tellAll()

	measured("a minute's watch", max(times/5, 10), g.watch)
	g.sweep() // what is over in what was filled
	measured("a sweep that finds nothing", max(times/5, 10), g.sweep)
	g.readPages(max(times/10, 10))
}

// order takes an order of a new company and fulfils it, and somebody accepts the invitation.
func (g *growth) order() {
	env, n := g.w.Env, g.done
	seller, err := env.GetOrg(env.Context, million.ID("rsl", 1+n%200))
	require.NoError(g.t, err)
	form := storetest.FormFor(
		fmt.Sprintf("NEW-%d", n),
		fmt.Sprintf("Nova %d Ltda", n),
		fmt.Sprintf("ana@nova%d.example", n),
	)
	form.Reseller.Company = seller.Name
	o := env.Fulfilled(g.t, seller, form)
	g.tellAll()
	env.Join(g.t, env.InvitationOf(g.t, o.ID))
	g.tellAll()
}

// coveredRoom is the number of another room whose license covers hardware; one in twenty is the
// giant's.
func (g *growth) coveredRoom() int {
	if g.done%20 == 0 {
		return 1 + g.done/20
	}
	for n := g.orders/20 + g.done*2%(g.orders/4-20); ; n++ {
		if last := n % 10; last != 0 && last != 9 && n%50 != 3 {
			return n
		}
	}
}

// replacement replaces the device of a room, from its request until the faulty unit is inspected.
func (g *growth) replacement() {
	env, operator := g.w.Env, storetest.Operator()
	d, err := env.GetDevice(env.Context, million.ID("dev", 3*g.coveredRoom()-1))
	require.NoError(g.t, err)
	r, err := env.RequestRMA(storetest.Customer(d.AccountID), replacement.NewRMA{
		AccountID: d.AccountID,
		Serial:    *d.Serial,
		Fault:     "No picture",
	})
	require.NoError(g.t, err)
	_, err = env.ApproveRMA(operator, r.ID, replacement.RMAApproval{DefectConfirmed: true})
	require.NoError(g.t, err)
	g.tellAll()
	_, err = env.AllocateRMA(operator, r.ID, "")
	require.NoError(g.t, err)
	_, err = env.ShipRMA(operator, r.ID, replacement.RMAShipment{
		Serial:   fmt.Sprintf("GROWN%d", g.done),
		Tracking: fmt.Sprintf("TRGROWN%d", g.done),
	})
	require.NoError(g.t, err)
	for _, fact := range []rma.RMAFact{rma.FactPickedUp, rma.FactDelivered} {
		_, err = env.RecordRMAFact(env.Context, r.ID, fact, time.Time{})
		require.NoError(g.t, err)
		require.NoError(g.t, storetest.SecondOf(env.RunRMATimers(env.Context, r.ID)))
	}
	g.tellAll()
	_, err = env.ReceiveRMA(operator, r.ID)
	require.NoError(g.t, err)
	_, err = env.InspectRMA(operator, r.ID, replacement.RMAInspection{
		Serial:  *d.Serial,
		Outcome: rma.OutcomeDefect,
	})
	require.NoError(g.t, err)
	g.tellAll()
}

// ticket asks for help with a room, answers and resolves it.
func (g *growth) ticket() {
	env, operator := g.w.Env, storetest.Operator()
	room, err := env.GetRoom(env.Context, million.ID("rom", g.coveredRoom()))
	require.NoError(g.t, err)
	customer := storetest.Customer(room.AccountID)
	t, err := env.Tickets.Open(customer, storetest.RoomTicket(room.ID))
	require.NoError(g.t, err)
	g.tellAll()
	for _, step := range []struct {
		who context.Context
		ticket.Command
	}{
		{operator, ticket.Command{Name: rule.DoAnswer, Text: "Is the cable in?"}},
		{customer, ticket.Command{Name: rule.DoComment, Text: "It is in."}},
		{operator, ticket.Command{Name: rule.DoResolve, Text: "It works again."}},
	} {
		_, err = env.Tickets.Do(step.who, t.ID, step.Command)
		require.NoError(g.t, err, step.Name)
		require.NoError(g.t, storetest.SecondOf(env.Tickets.RunTicketTimers(env.Context, t.ID)))
		g.tellAll()
	}
}

// tellAll takes the events that wait, as the relay does, and claims the mails about what each is
// about, as the worker does around its sender. Mails that are held stay.
func (g *growth) tellAll() {
	env := g.w.Env
	var told []string
	for {
		events, err := env.NextOutbox(env.Context, told, 50, time.Minute)
		require.NoError(g.t, err)
		if len(events) == 0 {
			return
		}
		told = told[:0]
		for _, e := range events {
			told = append(told, e.ID)
			g.sendMails(e.SubjectID)
		}
	}
}

func (g *growth) sendMails(subject string) {
	var ended []notification.MailResult
	for {
		batch, err := g.w.NextMails(g.w.Context, subject, 4, ended, nil)
		require.NoError(g.t, err)
		if len(batch) == 0 {
			return
		}
		ended = ended[:0]
		for _, n := range batch {
			ended = append(ended, notification.MailResult{ID: n.ID, State: rules.NotificationSent})
		}
	}
}

// watch is what a worker looks at once a minute.
func (g *growth) watch() {
	env, ctx := g.w.Env, g.w.Context
	require.NoError(g.t, storetest.SecondOf(env.WatchOverdue(ctx)))
	require.NoError(g.t, storetest.SecondOf(env.SettleOutbox(ctx, 10)))
	require.NoError(g.t, storetest.SecondOf(env.SettleCarrierEvents(ctx)))
	require.NoError(g.t, storetest.SecondOf(env.SortWaiting(ctx)))
	require.NoError(g.t, storetest.SecondOf(env.RemindOfParcels(ctx)))
}

// sweep is the hourly sweep of contracts and spares.
func (g *growth) sweep() {
	env, ctx := g.w.Env, g.w.Context
	require.NoError(g.t, storetest.SecondOf(env.SweepContracts(ctx, func(operations.Sweep) {})))
	require.NoError(g.t, storetest.SecondOf(env.SettleSpareUnits(ctx, func() {})))
}

// readPages asks for each page of the console so many times.
func (g *growth) readPages(times int) {
	serial := "SN-100" // of the customer that all others are copies of
	c := storetest.Covered{}
	c.Device.Serial = &serial
	for _, page := range g.w.manyReads(g.b, c, g.orders) {
		ask := func() { require.Equal(g.t, http.StatusOK, g.b.get(page).status, page) }
		var waits million.Waits
		g.spent(page, times, func() { waits = append(waits, million.WaitsFor(1, ask)...) })
		g.pages = append(g.pages, page)
		g.waits[page] = waits[10:]
	}
}
