package chaos

import (
	"context"
	"database/sql"
	_ "embed"
	"encoding/json"
	"fmt"
	"slices"
	"time"
)

// The clocks of tickets, computed anew from what happened and was said, and by the policies and
// calendars of the tables (S40). It knows no stretches: it goes from minute to minute, and asks of
// each whether somebody works then and whether the ticket waits. It shares no code with the rules.

// promised is what a policy promises for a severity, as the table has it.
type promised struct {
	FirstResponse promisedTime `json:"first_response"`
	Updates       promisedTime `json:"updates"`
	Restore       promisedTime `json:"restore"`
}

type promisedTime struct {
	Within       time.Duration `json:"within"`
	BusinessDays int           `json:"business_days"`
	WarnBefore   time.Duration `json:"warn_before"`
}

// policyOf is a policy by which a ticket's clocks run.
type policyOf struct {
	code             string
	alwaysOn         bool
	thirdPartyPauses bool
	promises         map[int]promised
}

func (p policyOf) target(kind string, severity int) promisedTime {
	of := p.promises[severity]
	return map[string]promisedTime{
		"FIRST_RESPONSE": of.FirstResponse,
		"UPDATE":         of.Updates,
		"RESTORE":        of.Restore,
	}[kind]
}

// office is a place: when people work there, and which days are business days.
type office struct {
	days  workdays
	hours map[string][][2]string // MON to SUN: from and to, HH:MM
	zone  *time.Location
	known map[int64]minuteThere
}

// minuteThere is what is true of a minute at a place.
type minuteThere struct {
	day               string
	business, working bool
}

func (o *office) at(t time.Time) minuteThere {
	key := t.Unix() / 60
	if m, ok := o.known[key]; ok {
		return m
	}

	local := t.In(o.zone)
	noon := time.Date(local.Year(), local.Month(), local.Day(), 12, 0, 0, 0, time.UTC)
	clock := local.Format("15:04")
	m := minuteThere{day: noon.Format(dayLayout), business: o.days.works(noon)}
	for _, open := range o.hours[weekdayOf(noon)] {
		m.working = m.working || m.business && open[0] <= clock && clock < open[1]
	}
	o.known[key] = m
	return m
}

// happening is what moved the clocks of a ticket.
type happening struct {
	seq        int64
	at         time.Time
	kind       string
	severity   int
	state, rma string
}

// phaseOf is how a ticket stood from an instant on.
type phaseOf struct {
	from   time.Time
	state  string
	coming bool // a replacement is approved and not there
}

type severityOf struct {
	seq      int64
	at       time.Time
	severity int
}

// storyClock is a clock of a ticket by its events.
type storyClock struct {
	kind       string
	seq        int64
	start      time.Time
	end        *time.Time
	endSeq     int64
	ended      string
	office     *office
	policies   []policyOf
	phases     []phaseOf
	severities []severityOf
}

// story is a ticket: its clocks as its events start and end them.
type story struct {
	office     *office
	policies   []policyOf
	clockedAt  time.Time
	due        sql.NullTime
	happenings []happening
	phases     []phaseOf
	severities []severityOf
	clocks     []*storyClock
}

// withoutUndone goes backwards: from an undoing to its reopening no move happened (S45).
func withoutUndone(all []happening) (left []happening) {
	undoing := false
	for _, h := range slices.Backward(all) {
		switch {
		case h.kind == "REOPENING_UNDONE":
			undoing = true
		case undoing && h.kind == "REOPENED":
			undoing = false
		case undoing && h.kind == "MOVED":
		default:
			left = append(left, h)
		}
	}
	slices.Reverse(left)
	return left
}

func isDone(state string) bool {
	return state == "RESOLVED" || state == "CLOSED" || state == "CANCELLED"
}

// tell goes through what happened, and starts and ends clocks as it comes.
func (s *story) tell() {
	var first, restore, update *storyClock
	state, answered, coming := "NEW", false, map[string]bool{}
	begin := func(kind string, h happening) *storyClock {
		c := &storyClock{kind: kind, seq: h.seq, start: h.at}
		s.clocks = append(s.clocks, c)
		return c
	}
	end := func(c *storyClock, h happening, how string) {
		if c != nil && c.end == nil {
			at := h.at
			c.end, c.endSeq, c.ended = &at, h.seq, how
		}
	}

	for _, h := range withoutUndone(s.happenings) {
		switch h.kind {
		case "OPENED":
			s.severities = append(s.severities, severityOf{h.seq, h.at, h.severity})
			first, restore = begin("FIRST_RESPONSE", h), begin("RESTORE", h)
		case "SEVERITY":
			s.severities = append(s.severities, severityOf{h.seq, h.at, h.severity})
		case "RMA_APPROVED":
			coming[h.rma] = true
		case "RMA_ENDED":
			delete(coming, h.rma)
		case "OUR_TEXT":
			if !answered && first != nil {
				first.end = nil
				end(first, h, "MET")
			}
			answered = true
			end(update, h, "MET")
			if !isDone(state) {
				update = begin("UPDATE", h)
			}
		case "REOPENED":
			state = "IN_PROGRESS"
			if restore != nil {
				restore.end = nil
			}
			if answered {
				update = begin("UPDATE", h)
			} else if first != nil {
				first.end = nil
			}
		case "MOVED":
			state = h.state
			if isDone(state) {
				end(first, h, "CANCELLED")
				end(update, h, "CANCELLED")
				how := "MET"
				if state == "CANCELLED" {
					how = "CANCELLED"
				}
				end(restore, h, how)
			}
		}
		s.phases = append(s.phases, phaseOf{h.at, state, len(coming) > 0})
	}

	// A text of the command that resolves the ticket owes no other one.
	s.clocks = slices.DeleteFunc(s.clocks, func(c *storyClock) bool {
		return c.kind == "UPDATE" && c.ended == "CANCELLED" && c.end != nil &&
			!c.end.After(c.start)
	})
	for _, c := range s.clocks {
		c.office, c.policies = s.office, s.policies
		c.phases, c.severities = s.phases, s.severities
	}
}

// stands reports whether the clock stands still in a phase.
func (c *storyClock) stands(p policyOf, phase phaseOf) bool {
	switch {
	case isDone(phase.state):
		return true
	case c.kind == "FIRST_RESPONSE":
		return false
	}
	return phase.state == "PENDING_CUSTOMER" ||
		phase.state == "PENDING_RMA" && phase.coming ||
		phase.state == "PENDING_THIRD_PARTY" && p.thirdPartyPauses
}

// standsAt reports whether it stands still at an instant; change is when that may be otherwise,
// zero: never.
func (c *storyClock) standsAt(p policyOf, at time.Time) (still bool, change time.Time) {
	if c.end != nil && !at.Before(*c.end) {
		return false, time.Time{} // as if it had gone on
	}
	var now phaseOf
	for _, phase := range c.phases {
		if phase.from.After(at) {
			change = phase.from
			break
		}
		now = phase
	}
	if c.end != nil && (change.IsZero() || c.end.Before(change)) {
		change = *c.end
	}
	return c.stands(p, now), change
}

// goesOn returns when it does not stand still, from an instant on; nil: nobody knows.
func (c *storyClock) goesOn(p policyOf, at time.Time) *time.Time {
	for {
		still, change := c.standsAt(p, at)
		if !still {
			return &at
		}
		if change.IsZero() {
			return nil
		}
		at = change
	}
}

// farthest is how long after what is known a due instant is looked for.
const farthest = 60 * 24 * time.Hour

// counted is what a walk through the minutes finds.
type counted struct {
	warn, due *time.Time
	elapsed   time.Duration // until the instant that was asked for
}

// count walks from the start, by a policy and a severity.
func (c *storyClock) count(p policyOf, severity int, until time.Time) (out counted) {
	target := p.target(c.kind, severity)
	amount := c.amount(target)
	before := amount / 4
	if target.WarnBefore > 0 {
		before = min(target.WarnBefore, amount)
	}
	first := c.office.at(c.start).day

	var used time.Duration
	last := until
	if amount > 0 {
		last = until.Add(farthest)
	}
	still, change := c.standsAt(p, c.start)
	for at := c.start; at.Before(last); {
		known := at.Before(until)
		if !known && (amount == 0 || out.due != nil) {
			break
		}
		if !change.IsZero() && !at.Before(change) {
			still, change = c.standsAt(p, at)
		}
		if still && change.IsZero() && !known {
			break // nobody knows until when
		}

		next := last
		if !still && (!p.alwaysOn || target.BusinessDays > 0) {
			next = at.Truncate(time.Minute).Add(time.Minute)
		}
		if !change.IsZero() && change.Before(next) {
			next = change
		}
		if known && until.Before(next) {
			next = until
		}

		if !still && c.counts(p, target, at, first) {
			length := next.Sub(at)
			if known {
				out.elapsed += length
			}
			if amount > 0 && out.warn == nil && used+length >= amount-before {
				out.warn = later(at, amount-before-used)
			}
			if amount > 0 && out.due == nil && used+length >= amount {
				out.due = later(at, amount-used)
			}
			used += length
		}
		at = next
	}
	return out
}

func later(at time.Time, d time.Duration) *time.Time {
	at = at.Add(d)
	return &at
}

// counts reports whether a minute counts: around the clock, while people work, or on whole
// business days after the first local day.
func (c *storyClock) counts(p policyOf, target promisedTime, at time.Time, first string) bool {
	switch {
	case target.BusinessDays > 0:
		there := c.office.at(at)
		return there.business && there.day != first
	case p.alwaysOn:
		return true
	}
	return c.office.at(at).working
}

// amount is how much time is promised: business days are as long as they are.
func (c *storyClock) amount(target promisedTime) (sum time.Duration) {
	if target.BusinessDays == 0 {
		return target.Within
	}
	local := c.start.In(c.office.zone)
	noon := time.Date(local.Year(), local.Month(), local.Day(), 12, 0, 0, 0, time.UTC)
	for range target.BusinessDays {
		noon = c.office.days.after(noon, 1)
		midnight := func(plus int) time.Time {
			return time.Date(noon.Year(), noon.Month(), noon.Day()+plus, 0, 0, 0, 0, c.office.zone)
		}
		sum += midnight(1).Sub(midnight(0))
	}
	return sum
}

// standing is a clock as it has to stand.
type standing struct {
	state                       string
	severity                    int
	due, warn, warned, breached *time.Time
	elapsed                     time.Duration
}

// look tells how the clock stands at an instant. Each severity that the ticket had while it ran
// counts from the start on (V16); what was breached stays so.
func (c *storyClock) look(now time.Time) (s standing) {
	until := now
	if c.end != nil {
		until = *c.end
	}

	var had []severityOf
	for _, v := range c.severities {
		switch {
		case c.end != nil && v.seq > c.endSeq:
		case v.seq <= c.seq:
			had = []severityOf{v}
		default:
			had = append(had, v)
		}
	}

	var policy policyOf
	for i, v := range had {
		from, to, final := v.at, until, i+1 == len(had)
		if !final {
			to = had[i+1].at
		}

		found, by := c.first(v.severity, until)
		policy = by
		s.severity, s.due, s.warn, s.elapsed = v.severity, found.due, found.warn, found.elapsed
		s.breached = c.happens(by, s.due, from, to, final)
		warned := c.happens(by, s.warn, from, to, final)
		if s.warned == nil && warned != nil &&
			(s.breached == nil || warned.Before(*s.breached)) {
			s.warned = warned
		}
		if s.breached != nil {
			break
		}
	}

	still, _ := c.standsAt(policy, now)
	switch {
	case s.breached != nil:
		s.state = "BREACHED"
	case c.end != nil:
		s.state = c.ended
	case still:
		s.state, s.due, s.warn = "PAUSED", nil, nil
	default:
		s.state = "RUNNING"
	}
	return s
}

// first is what is due first of all policies (R32a).
func (c *storyClock) first(severity int, until time.Time) (best counted, by policyOf) {
	for i, p := range c.policies {
		found := c.count(p, severity, until)
		if i == 0 || found.due != nil && (best.due == nil || found.due.Before(*best.due)) {
			best, by = found, p
		}
	}
	return best, by
}

// happens is when what is due at an instant happened within a time: what was late already when
// that began is late from then on, and while the clock stands still not before it goes on.
func (c *storyClock) happens(
	p policyOf, at *time.Time, from, to time.Time, final bool,
) *time.Time {
	if at == nil {
		return nil
	}
	when := at
	if when.Before(from) {
		if when = c.goesOn(p, from); when == nil {
			return nil
		}
	}
	if when.Before(to) || final && !when.After(to) {
		return when
	}
	return nil
}

// storedClock is a clock as its row has it.
type storedClock struct {
	id, ticket, kind                  string
	seq                               int64
	severity                          int
	state                             string
	started                           time.Time
	warn, due, warned, breached, ends sql.NullTime
	elapsed                           int64
}

//go:embed facts/clocks.sql
var clocksSQL string

//go:embed facts/clockfacts.sql
var clockFactsSQL string

//go:embed facts/clockterms.sql
var clockTermsSQL string

// clocks holds every clock of every ticket against the calculation, as it stood when the ticket
// was last looked at.
func clocks(ctx context.Context, e Evidence, report func(string, string, ...any)) error {
	stories, err := readStories(ctx, e.Rows)
	if err != nil {
		return err
	}
	stored, err := readClocks(ctx, e.Rows)
	if err != nil {
		return err
	}

	for id, s := range stories {
		s.tell()
		var earliest *time.Time
		for _, c := range s.clocks {
			key := fmt.Sprintf("%s %s %d", id, c.kind, c.seq)
			row, there := stored[key]
			if !there {
				report(id, "its clock %s of %d is not there", c.kind, c.seq)
				continue
			}
			delete(stored, key)

			want := c.look(s.clockedAt)
			row.compare(c, want, report)
			late := want.state == "BREACHED" && c.end == nil
			if (late || want.state == "RUNNING") && want.due != nil &&
				(earliest == nil || want.due.Before(*earliest)) {
				earliest = want.due
			}
		}
		if !sameTime(s.due, earliest) {
			report(id, "it stands in the queue by %v, it should by %v", orNone(nullTime(s.due)),
				orNone(earliest))
		}
	}

	for _, row := range stored {
		report(row.id, "a clock runs that nothing has started")
	}
	return nil
}

func (r storedClock) compare(
	c *storyClock, want standing, report func(string, string, ...any),
) {
	if r.state != want.state || r.severity != want.severity {
		report(r.id, "the clock is %s by severity %d, it should be %s by %d",
			r.state, r.severity, want.state, want.severity)
	}
	started := sql.NullTime{Time: r.started, Valid: true}
	for _, field := range []struct {
		name string
		have sql.NullTime
		want *time.Time
	}{
		{"began", started, &c.start},
		{"is due", r.due, want.due},
		{"warns", r.warn, want.warn},
		{"warned", r.warned, want.warned},
		{"was breached", r.breached, want.breached},
		{"ended", r.ends, c.end},
	} {
		if !sameTime(field.have, field.want) {
			report(r.id, "the clock %s at %v, it should at %v", field.name,
				orNone(nullTime(field.have)), orNone(field.want))
		}
	}
	off := time.Duration(r.elapsed)*time.Second - want.elapsed
	if c.end != nil && off.Abs() > time.Second {
		report(r.id, "the clock has counted %d s, it should %s", r.elapsed, want.elapsed)
	}
}

// sameTime compares instants but for what a column rounds.
func sameTime(have sql.NullTime, want *time.Time) bool {
	if want == nil || !have.Valid {
		return want == nil && !have.Valid
	}
	return have.Time.Sub(*want).Abs() < time.Millisecond
}

func nullTime(t sql.NullTime) *time.Time {
	if !t.Valid {
		return nil
	}
	return &t.Time
}

func orNone(t *time.Time) string {
	if t == nil {
		return "no time"
	}
	return t.UTC().Format(time.RFC3339Nano)
}

func readClocks(ctx context.Context, db Facts) (map[string]storedClock, error) {
	rows, err := db.QueryContext(ctx, clocksSQL)
	if err != nil {
		return nil, err
	}
	defer rows.Close()

	out := map[string]storedClock{}
	for rows.Next() {
		var c storedClock
		err := rows.Scan(&c.id, &c.ticket, &c.kind, &c.seq, &c.severity, &c.state, &c.started,
			&c.warn, &c.due, &c.warned, &c.breached, &c.ends, &c.elapsed)
		if err != nil {
			return nil, err
		}
		out[fmt.Sprintf("%s %s %d", c.ticket, c.kind, c.seq)] = c
	}
	return out, rows.Err()
}

// readStories reads what the clocks of each ticket follow from.
func readStories(ctx context.Context, db Facts) (map[string]*story, error) {
	out, err := readTerms(ctx, db)
	if err != nil {
		return nil, err
	}

	rows, err := db.QueryContext(ctx, clockFactsSQL)
	if err != nil {
		return nil, err
	}
	defer rows.Close()

	for rows.Next() {
		var id string
		var h happening
		err := rows.Scan(&id, &h.seq, &h.kind, &h.at, &h.severity, &h.state, &h.rma)
		if err != nil {
			return nil, err
		}
		if s := out[id]; s != nil {
			s.happenings = append(s.happenings, h)
		}
	}
	return out, rows.Err()
}

// termsRow is a policy of a ticket, with the calendar of its room.
type termsRow struct {
	id, zone                 string
	clockedAt                time.Time
	due                      sql.NullTime
	calendar, weekend, hours string
	policy                   policyOf
	promises                 string
}

func readTerms(ctx context.Context, db Facts) (map[string]*story, error) {
	rows, err := db.QueryContext(ctx, clockTermsSQL)
	if err != nil {
		return nil, err
	}
	defer rows.Close()

	var all []termsRow
	for rows.Next() {
		var r termsRow
		err := rows.Scan(&r.id, &r.zone, &r.clockedAt, &r.due, &r.calendar, &r.weekend, &r.hours,
			&r.policy.code, &r.policy.alwaysOn, &r.policy.thirdPartyPauses, &r.promises)
		if err != nil {
			return nil, err
		}
		all = append(all, r)
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}

	offices, out := map[string]*office{}, map[string]*story{}
	for _, r := range all {
		if err := json.Unmarshal([]byte(r.promises), &r.policy.promises); err != nil {
			return nil, err
		}
		key := r.calendar + " " + r.zone
		if offices[key] == nil {
			if offices[key], err = r.office(ctx, db); err != nil {
				return nil, err
			}
		}
		if out[r.id] == nil {
			out[r.id] = &story{office: offices[key], clockedAt: r.clockedAt, due: r.due}
		}
		out[r.id].policies = append(out[r.id].policies, r.policy)
	}
	return out, nil
}

func (r termsRow) office(ctx context.Context, db Facts) (*office, error) {
	days, err := workdaysOf(ctx, db, r.calendar, r.weekend, r.hours)
	if err != nil {
		return nil, err
	}
	zone, err := time.LoadLocation(r.zone)
	if err != nil {
		return nil, err
	}
	var open []struct{ Day, From, To string }
	if err := json.Unmarshal([]byte(r.hours), &open); err != nil {
		return nil, err
	}

	o := &office{
		days:  days,
		zone:  zone,
		hours: map[string][][2]string{},
		known: map[int64]minuteThere{},
	}
	for _, h := range open {
		o.hours[h.Day] = append(o.hours[h.Day], [2]string{h.From, h.To})
	}
	return o, nil
}
