package operations_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"cloud.google.com/go/civil"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"roomcover.dev/roomcover/models/operations"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
	rule "roomcover.dev/roomcover/rules/ticket"
)

// figureOf finds a figure.
func figureOf(t require.TestingT, n operations.Numbers, name operations.FigureName) operations.Figure {
	i := slices.IndexFunc(n.Figures, func(f operations.Figure) bool { return f.Name == name })
	require.GreaterOrEqual(t, i, 0, name)
	return n.Figures[i]
}

// partOf finds a part of a figure; one that counts nothing where there is none.
func partOf(f operations.Figure, key string) operations.FigurePart {
	for _, p := range f.Parts {
		if p.Key == key {
			return p
		}
	}
	return operations.FigurePart{Key: key}
}

// happening is a thing that came or ended, as the numbers see it: the test's own account of
// what it wrote into the tables.
type happening struct {
	figure operations.FigureName
	at     time.Time
	parts  []string
	hit    bool
	took   *time.Duration
}

// history is what a test made happen, and the rows that say so.
type history struct {
	t       *rapid.T
	env     storetest.Env
	base    map[string]string // a row of each table, by its id
	sites   map[string]string // by country
	orgs    []string
	account string
	zone    *time.Location
	n       int
	events  []happening
	open    map[operations.FigureName]int64
}

func (h *history) happened(
	figure operations.FigureName, at time.Time, hit bool, took *time.Duration, parts ...string,
) {
	h.events = append(h.events, happening{figure, at, parts, hit, took})
}

func (h *history) within(what string, first, last int) time.Time {
	seconds := rapid.IntRange(first*86400, last*86400).Draw(h.t, what)
	return historyStart.Add(time.Duration(seconds) * time.Second)
}

func (h *history) later(what string, at time.Time, days int) time.Time {
	return at.Add(time.Duration(rapid.IntRange(1, days*86400).Draw(h.t, what)) * time.Second)
}

func (h *history) chance(what string, percent int) bool {
	return rapid.IntRange(1, 100).Draw(h.t, what) <= percent
}

// historyStart lies long before anything that the domains have made in the test's database.
var historyStart = time.Date(2025, time.February, 24, 3, 0, 0, 0, time.UTC)

// stored is an instant as both databases store it.
func stored(at *time.Time) string {
	if at == nil {
		return "NULL"
	}
	return "'" + at.UTC().Format("2006-01-02 15:04:05-07:00") + "'"
}

// write adds a row like the one of the table that the domains made, with other columns.
func (h *history) write(table string, anew map[string]string) string {
	h.n++
	base := h.base[table]
	id := fmt.Sprintf("%s_p%025d", base[:3], h.n)
	anew["id"] = "'" + id + "'"

	var names, values []string
	for _, column := range columnsOf(h.t, h.env, table) {
		value, ok := anew[column]
		if !ok {
			value = column
		}
		names = append(names, column)
		values = append(values, value)
	}
	require.NoError(h.t, h.env.Exec(fmt.Sprintf("INSERT INTO %s (%s) SELECT %s FROM %s WHERE id = '%s'",
		table, strings.Join(names, ", "), strings.Join(values, ", "), table, base)))
	return id
}

func columnsOf(t require.TestingT, env storetest.Env, table string) (out []string) {
	pool, err := env.Pool()
	require.NoError(t, err)
	rows, err := pool.Query("SELECT * FROM " + table + " WHERE 1 = 0")
	require.NoError(t, err)
	defer rows.Close()
	out, err = rows.Columns()
	require.NoError(t, err)
	return out
}

func elapsed(from, to time.Time) *time.Duration {
	took := max(to.Sub(from), 0)
	return &took
}

var reviewReasons = []string{"POSSIBLE_DOUBLE", "RESELLER_NOT_AUTHORISED", "AMBIGUOUS_ACCOUNT"}

func (h *history) order() {
	created := h.within("created", -20, 100)
	seller := rapid.SampledFrom(h.orgs).Draw(h.t, "seller")
	reasons := rapid.SliceOfNDistinct(rapid.SampledFrom(reviewReasons), 0, 2,
		func(s string) string { return s }).Draw(h.t, "reasons")
	list, err := json.Marshal(append([]string{}, reasons...))
	require.NoError(h.t, err)
	ended := h.later("ended", created, 40)
	state := rapid.SampledFrom([]string{
		"RECEIVED", "NEEDS_REVIEW", "REJECTED", "FULFILLED", "FULFILLED", "CANCELLED",
	}).Draw(h.t, "state")

	key := fmt.Sprintf("'p-%d'", h.n)
	id := h.write("orders", map[string]string{
		"created_at":      stored(&created),
		"state":           "'" + state + "'",
		"state_since":     stored(&ended),
		"submitted_by":    "'" + seller + "'",
		"po_number":       key,
		"po_key":          key,
		"vendor_order_no": key,
		"review_reasons":  "'" + string(list) + "'",
	})
	h.happened(operations.OrdersReceived, created, true, nil)
	h.happened(operations.OrdersRefused, created, false, nil, seller)

	outcome := "FULFILLED"
	switch state {
	case "RECEIVED", "NEEDS_REVIEW":
		h.open[operations.OrdersEnded]++
		if state == "NEEDS_REVIEW" {
			h.open[operations.OrdersReviewed]++
		}
		return
	case "REJECTED":
		outcome = "REJECTED"
	default:
		for line := range rapid.IntRange(1, 3).Draw(h.t, "lines") {
			lineID := h.write("order_lines", map[string]string{
				"order_id": "'" + id + "'",
				"position": fmt.Sprint(line),
			})
			h.write("service_contracts", map[string]string{
				"order_id":      "'" + id + "'",
				"order_line_id": "'" + lineID + "'",
				"created_at":    stored(&ended),
			})
		}
	}
	h.happened(operations.OrdersEnded, ended, true, elapsed(created, ended), outcome)
	h.happened(operations.OrdersReviewed, ended, len(reasons) > 0, nil, reasons...)
}

func (h *history) refusal() {
	at := h.within("refused", -20, 100)
	seller := rapid.SampledFrom(h.orgs).Draw(h.t, "refused seller")
	h.write("order_refusals", map[string]string{
		"org_id":     "'" + seller + "'",
		"created_at": stored(&at),
	})
	h.happened(operations.OrdersRefused, at, true, nil, seller)
}

func (h *history) invitation() {
	issued := h.within("issued", -40, 90)
	day := rules.DateIn(issued, h.zone)
	expires := rules.AllowedUntil(day, 30, h.zone)
	state := rapid.SampledFrom([]string{
		"ACCEPTED", "ACCEPTED", "EXPIRED", "SENT", "BOUNCED", "SUPERSEDED", "REVOKED",
	}).Draw(h.t, "invited")
	since := h.later("since", issued, 50)
	if state == "ACCEPTED" {
		since = h.later("accepted", issued, 29)
		if h.chance("at the last moment", 30) {
			days := rapid.SampledFrom([]int{7, 30}).Draw(h.t, "by")
			second := time.Duration(rapid.IntRange(-1, 0).Draw(h.t, "second")) * time.Second
			since = rules.AllowedUntil(day, days, h.zone).Add(second)
		}
	}

	name := fmt.Sprintf("'p%d@acme.example'", h.n)
	h.write("invitations", map[string]string{
		"issued_at":     stored(&issued),
		"expires_at":    stored(&expires),
		"state":         "'" + state + "'",
		"state_since":   stored(&since),
		"email":         name,
		"token_hash":    name,
		"supersedes_id": "NULL",
	})

	switch state {
	case "ACCEPTED":
		for figure, days := range map[operations.FigureName]int{
			operations.ClaimedByDay7: 7, operations.ClaimedByDay30: 30,
		} {
			late := rules.DateIn(since, h.zone).DaysSince(day) > days
			took := elapsed(issued, since)
			if late {
				took = nil
			}
			h.happened(figure, since, !late, took)
		}
		return
	case "SENT", "BOUNCED":
		h.open[operations.ClaimedByDay7]++
		h.open[operations.ClaimedByDay30]++
	case "SUPERSEDED", "REVOKED":
		if since.Before(expires) {
			return
		}
	}
	h.happened(operations.ClaimedByDay7, expires, false, nil)
	h.happened(operations.ClaimedByDay30, expires, false, nil)
}

func (h *history) maybe(what string, percent int, at time.Time, days int) *time.Time {
	if !h.chance(what, percent) {
		return nil
	}
	later := h.later(what, at, days)
	return &later
}

func (h *history) replacement() {
	created := h.within("requested", -20, 90)
	country := rapid.SampledFrom([]string{"BR", "DE"}).Draw(h.t, "country")
	approved := h.maybe("approved", 90, created, 5)
	delivered := h.maybe("delivered", 70, created, 15)
	swapped := h.maybe("swapped", 20, created, 15)
	promised := h.maybe("promised", 80, created, 12)
	arrived := delivered
	if arrived == nil {
		arrived = swapped
	}
	received := h.maybe("received", 60, created, 40)
	inspected := h.maybe("inspected", 50, created, 45)
	noReturn := h.maybe("no return", 10, created, 45)
	billed := h.maybe("billed", 20, created, 45)
	damage := h.maybe("damage", 10, created, 45)
	waived := h.maybe("waived", 10, created, 45)
	closed := h.maybe("closed", 70, created, 50)
	outcome := ""
	if inspected != nil {
		outcome = rapid.SampledFrom([]string{"DEFECT", "NO_FAULT_FOUND", "DAMAGE"}).Draw(h.t, "outcome")
	}
	state := "AWAITING_RETURN"
	if closed != nil {
		state = "CLOSED"
	}

	h.write("rmas", map[string]string{
		"created_at":            stored(&created),
		"number":                fmt.Sprintf("'RMA-P%d'", h.n),
		"device_id":             "NULL",
		"replacement_device_id": "NULL",
		"once_key":              "NULL",
		"site_id":               "'" + h.sites[country] + "'",
		"approved_at":           stored(approved),
		"delivered_at":          stored(delivered),
		"swapped_at":            stored(swapped),
		"withdrawn_at":          "NULL",
		"promise_due_at":        stored(promised),
		"return_received_at":    stored(received),
		"inspected_at":          stored(inspected),
		"outcome":               "'" + outcome + "'",
		"no_return_at":          stored(noReturn),
		"billed_at":             stored(billed),
		"damage_billed_at":      stored(damage),
		"waived_at":             stored(waived),
		"closed_at":             stored(closed),
		"state":                 "'" + state + "'",
	})

	h.happened(operations.RMAsRequested, created, true, nil)
	if arrived != nil && promised != nil {
		h.happened(operations.RMAsPromiseKept, *arrived, arrived.Before(*promised), nil, country)
	}
	if delivered != nil && approved != nil {
		h.happened(operations.RMAsToDeliver, *delivered, true, elapsed(*approved, *delivered), country)
	}
	if closed == nil {
		h.open[operations.RMAsEnded]++
		h.open[operations.RMAsToReturn]++
		if arrived == nil && promised != nil {
			h.open[operations.RMAsPromiseKept]++
		}
		return
	}

	end, fee := state, ""
	switch {
	case inspected != nil:
		end = outcome
	case noReturn != nil:
		end = "NO_RETURN_REQUIRED"
	}
	switch {
	case damage != nil:
		fee = "DAMAGE_BILLED"
	case waived != nil:
		fee = "WAIVED"
	case billed != nil && inspected != nil:
		fee = "CREDITED"
	case billed != nil:
		fee = "BILLED"
	}
	h.happened(operations.RMAsEnded, *closed, true, nil, end)
	if fee == "" {
		h.happened(operations.RMAsFees, *closed, false, nil)
	} else {
		h.happened(operations.RMAsFees, *closed, true, nil, fee)
	}
	if received != nil && arrived != nil {
		h.happened(operations.RMAsToReturn, *closed, true, elapsed(*arrived, *received))
	}
}

func (h *history) spare() {
	created := h.within("earned", -30, 90)
	placed := h.maybe("placed", 60, created, 30)
	closed := h.maybe("ended", 40, created, 60)
	parcels := rapid.IntRange(0, 1).Draw(h.t, "parcels")
	state := rapid.SampledFrom([]string{"EARNED", "SHIPPED", "ON_SITE", "RECALL_REQUESTED"}).Draw(h.t, "spare")
	if closed != nil {
		state = rapid.SampledFrom([]string{"RETURNED", "BILLED", "WAIVED"}).Draw(h.t, "spare's end")
	}

	h.write("spare_units", map[string]string{
		"created_at":  stored(&created),
		"number":      fmt.Sprintf("'SPARE-P%d'", h.n),
		"ordinal":     fmt.Sprint(1000 + h.n),
		"device_id":   "NULL",
		"account_id":  "'" + h.account + "'",
		"site_id":     "'" + h.sites["BR"] + "'",
		"model_code":  "'RALLY-BAR'",
		"selected_at": "NULL",
		"on_site_at":  stored(placed),
		"parcels":     fmt.Sprint(parcels),
		"closed_at":   stored(closed),
		"state":       "'" + state + "'",
	})

	h.happened(operations.SparesEarned, created, true, nil)
	if placed != nil {
		took := elapsed(created, *placed)
		if parcels > 0 {
			took = nil
		}
		h.happened(operations.SparesPlaced, *placed, true, took)
	}
	if closed != nil {
		h.happened(operations.SparesEnded, *closed, true, nil, state)
		return
	}
	switch state {
	case "EARNED":
		h.open[operations.SparesEarned]++
	case "SHIPPED":
		h.open[operations.SparesPlaced]++
	case "RECALL_REQUESTED":
		h.open[operations.SparesEnded]++
	}
}

func (h *history) mail() {
	created := h.within("mail", -20, 100)
	queued := h.maybe("queued again", 50, created, 5)
	name := rapid.SampledFrom([]string{"invitation", "purchase_confirmation"}).Draw(h.t, "template")
	state := rapid.SampledFrom([]string{
		"SENT", "DELIVERED", "HARD_BOUNCED", "QUEUED", "UNKNOWN", "SUPPRESSED",
	}).Draw(h.t, "mail's state")
	sent := h.later("sent", created, 5)

	h.write("notifications", map[string]string{
		"created_at": stored(&created),
		"queued_at":  stored(queued),
		"sent_at":    stored(&sent),
		"state":      "'" + state + "'",
		"template":   "'" + name + "'",
		"dedupe_key": fmt.Sprintf("'p%d'", h.n),
		"epoch":      fmt.Sprintf("'p%d'", h.n),
	})

	switch state {
	case "SENT", "DELIVERED":
		h.happened(operations.MailsBounced, sent, false, nil, name)
	case "HARD_BOUNCED":
		at := created
		if queued != nil {
			at = *queued
		}
		h.happened(operations.MailsBounced, at, true, nil, name)
	case "QUEUED", "UNKNOWN":
		h.open[operations.MailsBounced]++
	}
}

func (h *history) task() {
	created := h.within("asked", -20, 100)
	resolved := h.maybe("resolved", 70, created, 10)
	kind := rapid.SampledFrom([]string{"PROCESS_STUCK", "RMA_FEE"}).Draw(h.t, "kind")
	state := "OPEN"
	if resolved != nil {
		state = "DONE"
	}

	h.write("operator_tasks", map[string]string{
		"created_at":  stored(&created),
		"resolved_at": stored(resolved),
		"state":       "'" + state + "'",
		"kind":        "'" + kind + "'",
		"dedupe_key":  fmt.Sprintf("'p%d'", h.n),
	})

	switch {
	case resolved == nil && kind == "RMA_FEE":
		h.open[operations.RMAsFees]++
	case resolved == nil:
		h.open[operations.ProcessesStuck]++
	case kind == "PROCESS_STUCK":
		h.happened(operations.ProcessesStuck, *resolved, true, elapsed(created, *resolved))
	}
}

// ticket is one that was answered, broke a promise, was resolved or taken back, or stayed open.
func (h *history) ticket() {
	opened := h.within("ticket", -20, 90)
	severity := fmt.Sprint(rapid.IntRange(1, 4).Draw(h.t, "severity"))
	due := h.later("promised", opened, 2)
	answered := h.maybe("answered", 75, opened, 4)
	ended := answered
	state := "NEW"
	if answered != nil {
		state = rapid.SampledFrom([]string{
			"OPEN", "PENDING_CUSTOMER", "PENDING_THIRD_PARTY", "RESOLVED", "CLOSED",
		}).Draw(h.t, "ticket's state")
	} else if ended = h.maybe("taken back", 50, opened, 4); ended != nil {
		state = "CANCELLED"
	}
	resolved := h.later("resolved", opened, 20)
	over := state == "CLOSED" || state == "CANCELLED"

	var closed, breached *time.Time
	if over {
		closed = &resolved
	}
	clock, alarm := "MET", ""
	switch {
	case ended == nil || !ended.Before(due):
		clock, breached = "BREACHED", &due
	case answered == nil:
		clock = "CANCELLED"
	}
	turn := string(rule.TurnOf(rule.State(state), false))
	late := ended == nil
	if late {
		alarm = "BREACH"
	}

	id := h.write("tickets", map[string]string{
		"number":          fmt.Sprintf("'TK-P%d'", h.n),
		"severity":        severity,
		"opened_at":       stored(&opened),
		"first_answer_at": stored(answered),
		"resolved_at":     stored(&resolved), // it was once, also where it was reopened since
		"closed_at":       stored(closed),
		"state":           "'" + state + "'",
		"turn":            "'" + turn + "'",
		"alarm":           "'" + alarm + "'",
		"once_key":        "NULL",
	})
	clockID := h.write("ticket_clocks", map[string]string{
		"ticket_id":   "'" + id + "'",
		"severity":    severity,
		"state":       "'" + clock + "'",
		"started_at":  stored(&opened),
		"due_at":      stored(&due),
		"breached_at": stored(breached),
		"ended_at":    stored(ended),
	})
	if breached != nil {
		require.NoError(h.t, h.env.Exec("INSERT INTO ticket_clock_marks SELECT id, 'BREACH', account_id, "+
			stored(breached)+", "+stored(breached)+" FROM ticket_clocks WHERE id = '"+clockID+"'"))
		h.happened(operations.TicketsBreached, *breached, true, nil, "NOT_TAKEN")
	}

	h.happened(operations.TicketsOpened, opened, true, nil, severity)
	figure := operations.FigureName("tickets.answered_" + severity)
	switch {
	case answered != nil:
		h.happened(figure, *answered, clock == "MET", elapsed(opened, *answered))
	case ended != nil && breached != nil:
		h.happened(figure, *ended, false, nil)
	case ended == nil:
		h.open[figure]++
	}
	if state == "RESOLVED" || state == "CLOSED" {
		h.happened(operations.TicketsResolved, resolved, true, elapsed(opened, resolved), severity)
		return
	}
	if late {
		h.open[operations.TicketsBreached]++
	}
	if state == "CANCELLED" {
		return
	}
	h.open[operations.TicketsResolved]++
	h.open[operations.FigureName("tickets.backlog_"+strings.ToLower(turn))]++
}

// cellOf counts by hand what the numbers count by statement.
func cellOf(events []happening, measured bool) operations.FigureCell {
	var c operations.FigureCell
	var seconds []int64
	for _, e := range events {
		c.Of++
		if e.hit {
			c.Count++
		}
		if measured && e.took != nil {
			seconds = append(seconds, int64(e.took.Seconds()))
		}
	}

	slices.Sort(seconds)
	c.Measured = int64(len(seconds))
	percentile := func(percent int) *int64 {
		for i, s := range seconds {
			if (i+1)*100 >= len(seconds)*percent {
				return &s
			}
		}
		return nil
	}
	c.P50, c.P85, c.P90, c.P95 = percentile(50), percentile(85), percentile(90), percentile(95)
	return c
}

// requireRecomputed holds every figure of the weeks against the events.
func (h *history) requireRecomputed(n operations.Numbers, before operations.Numbers) {
	for _, kind := range operations.FigureKinds() {
		if kind.Ahead {
			continue
		}
		f := figureOf(h.t, n, kind.Name)
		require.Equal(h.t, figureOf(h.t, before, kind.Name).Open+h.open[kind.Name], f.Open,
			"open of %s", kind.Name)
		if kind.Backlog {
			require.Empty(h.t, f.Weeks)
			continue
		}
		var all []happening
		perWeek := make([][]happening, len(n.Weeks))
		parts := map[string][]happening{}
		for _, e := range h.events {
			for i, w := range n.Weeks {
				if e.figure == kind.Name && !e.at.Before(w.Start) && e.at.Before(w.End) {
					all = append(all, e)
					perWeek[i] = append(perWeek[i], e)
					for _, p := range e.parts {
						parts[p] = append(parts[p], e)
					}
				}
			}
		}

		require.Equal(h.t, cellOf(all, kind.Measured), f.Total, kind.Name)
		count := int64(0)
		for i, cell := range f.Weeks {
			require.Equal(h.t, cellOf(perWeek[i], kind.Measured), cell, "%s in week %d", kind.Name, i)
			count += cell.Count
		}
		require.Equal(h.t, f.Total.Count, count, "the weeks of %s add up", kind.Name)
		for key, events := range parts {
			want := cellOf(events, kind.Measured)
			got := partOf(f, key).FigureCell
			if kind.Name == operations.OrdersReviewed {
				want.Of = f.Total.Of
			}
			if kind.Name == operations.OrdersRefused && want.Count == 0 {
				continue
			}
			require.Equal(h.t, want, got, "%s of %s", kind.Name, key)
		}
		require.LessOrEqual(h.t, len(f.Parts), len(parts))
	}
}

// newHistory has the domains make a row of each table, long after the histories.
func newHistory(t *testing.T, env storetest.Env) *history {
	t.Helper()
	h := &history{env: env, base: map[string]string{}, sites: map[string]string{}}
	c, unit := env.Spare(t)
	r := env.Shipped(t, c)
	second := env.Reseller(t, "Revenda Norte")
	require.NoError(t, env.RefuseOrder(storetest.Seller(second), second.ID, "hash",
		[]rules.FieldError{{Pointer: "/po_number", Code: rules.Required}}))

	h.sites["BR"] = c.Site.ID
	h.sites["DE"] = env.Site(t, c.Account, "Werk", "DE", "").ID
	h.account = c.Account
	h.orgs = []string{c.Order.SubmittedBy, second.ID}
	acc, err := env.GetAccount(env.Context, c.Account)
	require.NoError(t, err)
	h.zone, err = time.LoadLocation(acc.TimeZone)
	require.NoError(t, err)

	h.base["orders"] = c.Order.ID
	h.base["tickets"] = env.OpenedTicket(t, c).ID
	h.base["rmas"] = r.ID
	h.base["spare_units"] = unit.ID
	for table, where := range map[string]string{
		"order_lines":       "order_id = '" + c.Order.ID + "'",
		"service_contracts": "order_id = '" + c.Order.ID + "'",
		"invitations":       "order_id = '" + c.Order.ID + "'",
		"order_refusals":    "1 = 1",
		"notifications":     "order_id = '" + c.Order.ID + "'",
		"operator_tasks":    "kind = 'ASSIGN_CSM'",
		"ticket_clocks":     "kind = 'FIRST_RESPONSE'",
	} {
		h.base[table] = env.Strings(t, "SELECT id FROM "+table+" WHERE "+where+" ORDER BY id LIMIT 1")[0]
	}
	return h
}

// forget takes a history back out of the tables.
func (h *history) forget() {
	require.NoError(h.t, h.env.Exec("DELETE FROM ticket_clock_marks WHERE clock_id LIKE 'clk\\_p%' ESCAPE '\\'"))
	for _, table := range []string{
		"ticket_clocks", "tickets", "operator_tasks", "notifications", "spare_units", "rmas", "invitations", "order_refusals",
		"service_contracts", "order_lines", "orders",
	} {
		require.NoError(h.t, h.env.Exec(fmt.Sprintf("DELETE FROM %s WHERE id LIKE '%s\\_p%%' ESCAPE '\\'",
			table, h.base[table][:3])))
	}
	h.events, h.open = nil, map[operations.FigureName]int64{}
}

func TestS58_NumbersEqualTheirRecomputation(t *testing.T) {
	storetest.Checks(t, 30, 300)
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		h := newHistory(t, env)
		rapid.Check(t, func(rt *rapid.T) {
			h.t = rt
			h.forget()
			before, err := env.Numbers(storetest.Operator(), operations.NumbersQuery{})
			require.NoError(rt, err)
			things := []func(){
				h.order, h.refusal, h.invitation, h.replacement, h.spare, h.mail, h.task, h.ticket,
			}
			// Many of one kind, so that percentiles are of enough to differ.
			most := rapid.SampledFrom(things).Draw(rt, "most")
			for range rapid.IntRange(0, 60).Draw(rt, "things") {
				if h.chance("of most", 60) {
					most()
					continue
				}
				rapid.SampledFrom(things).Draw(rt, "thing")()
			}

			// Over a change of the clock in Berlin, and weeks that begin in the middle of a history.
			from := civil.Date{Year: 2025, Month: time.March, Day: rapid.IntRange(1, 20).Draw(rt, "from")}
			to := from.AddDays(rapid.IntRange(0, 60).Draw(rt, "to"))
			n, err := env.Numbers(storetest.Operator(), operations.NumbersQuery{
				From: &from,
				To:   &to,
				Zone: rapid.SampledFrom([]string{"", "America/Sao_Paulo", "Europe/Berlin"}).Draw(rt, "zone"),
			})
			require.NoError(rt, err)
			h.requireRecomputed(n, before)
		})
	})
}
