package byhand

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"roomcover.dev/roomcover/activities"
	"roomcover.dev/roomcover/messages/promise"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/calendar"
	"roomcover.dev/roomcover/rules/catalogue"
	"roomcover.dev/roomcover/rules/processes"
	"roomcover.dev/roomcover/rules/rma"
)

// replacement is an ordinary replacement of a device, under its lock, with what a change of it
// needs of its account, its site and its room.
type replacement struct {
	id, number, account, device, room, model, serial, speed, state string
	quantity                                                       int
	version                                                        int
	facts                                                          rma.RMAFacts
	promise                                                        *calendar.Promise
	plan                                                           *calendar.ReturnDue
	nextAt                                                         *time.Time

	newModel, newSerial, newDevice      string // of the unit that is sent
	carrier, tracking, depot, reserved  string
	company, roomName, calendar, admins string
	seq                                 int // of its audit
	hash                                string

	locale  string // of the account
	contact string // e-mail address of the site's
	site    site
}

// site is where a replacement goes, as it is kept from its approval on.
type site struct {
	Name       string `json:"site"`
	Contact    string `json:"contact"`
	Street     string `json:"street"`
	City       string `json:"city"`
	Region     string `json:"region"`
	PostalCode string `json:"postal_code"`
	Country    string `json:"country"`
	TimeZone   string `json:"time_zone"`
}

// aroundSQL are the columns of what is around a replacement: its account a and its site s.
const aroundSQL = `a.legal_name, a.locale, s.contact_email, s.name, COALESCE(s.contact_name, ''),
	COALESCE(s.street, ''), COALESCE(s.city, ''), COALESCE(s.region, ''),
	COALESCE(s.postal_code, ''), s.country, s.time_zone,
	COALESCE((SELECT k.code || '@' || k.version FROM calendars k
		WHERE k.country = s.country AND k.region IN ('', s.region)
		ORDER BY k.region DESC LIMIT 1), ''),
	COALESCE((SELECT string_agg(u.email || ' ' || u.locale, ' ' ORDER BY u.id)
		FROM users u
		JOIN memberships m ON m.user_id = u.id
		WHERE m.account_id = a.id AND m.role = 'ADMIN' AND m.state = 'ACTIVE'
			AND m.blocked_at IS NULL), '')`

func (r *replacement) around() []any {
	return []any{
		&r.company, &r.locale, &r.contact, &r.site.Name, &r.site.Contact, &r.site.Street,
		&r.site.City, &r.site.Region, &r.site.PostalCode, &r.site.Country, &r.site.TimeZone,
		&r.calendar, &r.admins,
	}
}

// readReplacement reads and locks one. One that is not ordinary any more is not found.
const readReplacement = `SELECT r.id, r.number, r.account_id, r.device_id, r.room_id, r.model_code,
		r.quantity, r.faulty_serial, r.speed, r.state, r.version, r.requested_at, r.approved_at,
		r.allocated_at, r.shipped_at, r.picked_up_at, r.delivered_at, r.return_scanned_at,
		r.return_last_scanned_at, r.return_received_at, r.inspected_at, r.outcome,
		r.promise_due_at, r.silence_due_at, r.return_due_at, r.fee_confirm_at, r.next_at,
		CAST(r.tellings AS text), CAST(r.promise AS text), CAST(r.return_plan AS text),
		r.replacement_model, r.replacement_serial, COALESCE(r.replacement_device_id, ''),
		r.carrier, r.tracking, COALESCE(r.depot_id, ''), COALESCE(r.reservation_id, ''),
		COALESCE((SELECT name FROM rooms WHERE id = r.room_id), ''),
		COALESCE((SELECT max(seq) FROM audit_events WHERE chain_id = r.id), 0),
		COALESCE((SELECT hash FROM audit_events WHERE chain_id = r.id
			ORDER BY seq DESC LIMIT 1), ''),
		` + aroundSQL + `
	FROM accounts a
	JOIN rmas r ON r.account_id = a.id
	JOIN sites s ON s.id = r.site_id
	WHERE NOT r.held AND r.rejected_at IS NULL AND r.appealed_at IS NULL
		AND r.withdrawn_at IS NULL AND r.swapped_at IS NULL AND r.backordered_at IS NULL
		AND r.reships = 0 AND r.wrong_unit_at IS NULL AND r.no_return_at IS NULL
		AND r.billed_at IS NULL AND r.damage_billed_at IS NULL AND r.waived_at IS NULL
		AND r.breached_at IS NULL AND r.silence_asked_at IS NULL AND r.reminders_sent = 0
		AND r.overdue_at IS NULL AND r.fee_asked_at IS NULL AND r.ticket_id IS NULL
		AND r.device_id IS NOT NULL AND r.room_id IS NOT NULL AND r.unprintable = ''
		AND r.id = `

func (r *replacement) read(from rows) error {
	var tellings string
	var promised, plan *string
	f := &r.facts
	into := []any{
		&r.id, &r.number, &r.account, &r.device, &r.room, &r.model, &r.quantity, &r.serial,
		&r.speed, &r.state, &r.version, &f.RequestedAt, &f.ApprovedAt, &f.AllocatedAt,
		&f.ShippedAt, &f.PickedUpAt, &f.DeliveredAt, &f.ReturnScannedAt,
		&f.ReturnLastScannedAt, &f.ReturnReceivedAt, &f.InspectedAt, &f.Outcome,
		&f.PromiseDueAt, &f.SilenceDueAt, &f.ReturnDueAt, &f.FeeConfirmAt, &r.nextAt,
		&tellings, &promised, &plan, &r.newModel, &r.newSerial, &r.newDevice, &r.carrier,
		&r.tracking, &r.depot, &r.reserved, &r.roomName, &r.seq, &r.hash,
	}
	if err := from.Scan(append(into, r.around()...)...); err != nil {
		return err
	}

	for _, stored := range []struct {
		text *string
		into any
	}{{&tellings, &f.Tellings}, {promised, &r.promise}, {plan, &r.plan}} {
		if stored.text == nil {
			continue
		}
		if err := json.Unmarshal([]byte(*stored.text), stored.into); err != nil {
			return err
		}
	}
	return nil
}

// change is one change of a replacement.
type change struct {
	*replacement
	by          actor
	at          time.Time
	stateBefore string
	fresh       bool
	set         map[string]any // the columns of its row that change
	entries     []entry
	step        string         // of its mails; empty: nobody is told
	told        map[string]any // by the mails of this step alone
	batch       batch
	others      []chain // of the audit, before its own

	status    activities.Status
	lastAudit string
}

func newChange(r *replacement, by actor) *change {
	return &change{
		replacement: r,
		by:          by,
		at:          now(),
		stateBefore: r.state,
		set:         map[string]any{},
	}
}

func (c *change) zone() *time.Location { return zoneNamed(c.site.TimeZone) }

func (c *change) note(verb, object string, details map[string]any) {
	c.entries = append(c.entries, entry{verb, object, details})
}

// hear adds what people told.
func (c *change) hear(t rma.Telling[rma.RMAFact]) {
	c.facts = c.facts.Hear(t)
	c.set["tellings"] = text(c.facts.Tellings)
}

// text is a value as JSON.
func text(value any) string {
	out, _ := json.Marshal(value) // of our own types
	return string(out)
}

// finish derives what follows from the facts, and writes the row, its mails, the event for its
// workflow and its audit.
func (p *Program) finish(c *change) error {
	nextBefore, closedBefore := c.nextAt, rma.RMAState(c.stateBefore).Over()
	if err := p.planReturn(c); err != nil {
		return err
	}

	state := c.facts.State(c.at)
	c.state, c.version, c.nextAt = string(state), c.version+1, nil
	if c.state != c.stateBefore {
		c.set["state_since"] = c.at
	}
	timer := ""
	if next, ok := c.facts.NextTimer(c.plan); ok {
		timer, c.nextAt = string(next.Kind), &next.At
	}
	c.set["state"], c.set["version"] = c.state, c.version
	c.set["outbound"] = string(c.facts.Outbound())
	c.set["return_track"] = string(c.facts.Return(c.at))
	c.set["next_timer"], c.set["next_at"] = timer, c.nextAt
	if state.Over() {
		c.set["closed_at"] = c.at
	}
	if !c.fresh {
		c.update()
	}

	if c.stateBefore == string(rma.RMARequested) && c.state != c.stateBefore {
		c.batch.add(`UPDATE operator_tasks
			SET resolution = $2, resolved_at = $3, resolved_by = $4, state = 'DONE'
			WHERE subject_id = $1 AND kind = 'DECIDE_RMA' AND state = 'OPEN'`,
			c.id, c.state, c.at, c.by.id)
	}

	sooner := c.nextAt != nil && (nextBefore == nil || c.nextAt.Before(*nextBefore))
	p.queueMails(c)
	if c.fresh || c.step != "" || sooner || state.Over() != closedBefore {
		p.tell(c, timer, state.Over())
	}

	if c.state != c.stateBefore {
		c.entries[0].details["before"], c.entries[0].details["after"] = c.stateBefore, c.state
	}
	own := chain{id: c.id, account: &c.account, seq: c.seq, hash: c.hash, entries: c.entries}
	c.lastAudit = p.audit.write(&c.batch, c.by, c.at, append(c.others, own)...)
	return nil
}

// planReturn computes until when the faulty unit is due, once the customer has another one.
func (p *Program) planReturn(c *change) error {
	base := c.facts.OutboundDoneAt()
	if base == nil || c.plan != nil {
		return nil
	}
	days, err := p.calendarOf(c.replacement)
	if err != nil {
		return err
	}
	plan, err := calendar.DueReturn(*base, c.zone(), days, p.program.Replacement.Window())
	if err != nil {
		return err
	}

	c.plan = &plan
	c.facts.ReturnDueAt, c.facts.FeeConfirmAt = &plan.Until, &plan.FeeConfirmFrom
	c.set["return_base_at"], c.set["return_plan"] = *base, text(plan)
	c.set["return_due_at"], c.set["fee_confirm_at"] = plan.Until, plan.FeeConfirmFrom
	return nil
}

// update writes the columns that changed.
func (c *change) update() {
	args := []any{c.id}
	var columns []string
	for _, name := range slices.Sorted(maps.Keys(c.set)) {
		args = append(args, c.set[name])
		columns = append(columns, fmt.Sprintf("%s = $%d", name, len(args)))
	}
	c.batch.add("UPDATE rmas SET "+strings.Join(columns, ", ")+" WHERE id = $1", args...)
}

const insertStepMails = `INSERT INTO notifications (id, dedupe_key, program_id, template,
		subject_id, recipient, epoch, account_id, locale, params, state, attempts, provider_id,
		last_error, created_at, queued_at)
	VALUES `

// queueMails writes one mail to each administrator and to the site's contact.
func (p *Program) queueMails(c *change) {
	if c.step == "" {
		return
	}
	shown := map[string]any{
		"step":               c.step,
		"rma":                c.number,
		"model":              p.modelName(c),
		"quantity":           c.quantity,
		"serial":             c.serial,
		"site":               c.site.Name,
		"room":               c.roomName,
		"company":            c.company,
		"replacement_serial": c.newSerial,
		"carrier":            c.carrier,
		"tracking":           c.tracking,
	}
	if c.promise != nil {
		shown["promised_on"] = c.promise.On.String()
		shown["explanation_en"] = promise.Text(*c.promise, "en")
		shown["explanation_pt"] = promise.Text(*c.promise, "pt-BR")
	}
	if c.facts.Return(c.at) == rma.ReturnAwaited {
		shown["return_on"], shown["overdue"] = c.plan.On.String(), false
	}
	maps.Copy(shown, c.told)

	people := strings.Fields(c.admins) // addresses, each with its language
	if !slices.Contains(people, c.contact) {
		people = append(people, c.contact, c.locale)
	}
	epoch := c.step + "/" + strconv.Itoa(c.version)
	var args []any
	for to := range slices.Chunk(people, 2) {
		key := p.program.ID + "|" + rules.TemplateRMA + "|" + c.id + "|" + to[0] + "|" + epoch
		args = append(args, newID("ntf"), key, p.program.ID, rules.TemplateRMA, c.id, to[0],
			epoch, c.account, to[1], text(shown), string(rules.NotificationQueued), 0, "", "",
			c.at, c.at)
	}
	c.batch.add(insertStepMails+places(len(args)/16, 16), args...)
}

// modelName is how people called the model when the replacement was requested.
func (p *Program) modelName(c *change) string {
	on := rules.DateIn(c.facts.RequestedAt, c.zone())
	m, _ := catalogue.ModelOn(p.models, c.model, on)
	return m.Name
}

// tell writes the event that tells the workflow what to wait for.
func (p *Program) tell(c *change, timer string, closed bool) {
	c.status = activities.Status{
		Version:  int64(c.version),
		Timer:    timer,
		At:       c.nextAt,
		Mails:    c.step != "",
		Closed:   closed,
		Leave:    closed,
		State:    c.state,
		WaitsFor: waitsFor[rma.RMAState(c.state)],
	}
	for _, t := range c.facts.Timers(c.plan) {
		c.status.Coming = append(c.status.Coming,
			activities.Coming{Name: string(t.Kind), At: t.At.UTC()})
	}
	slices.SortStableFunc(c.status.Coming,
		func(a, b activities.Coming) int { return a.At.Compare(b.At) })

	payload := map[string]string{
		"v":         strconv.Itoa(c.version),
		"state":     c.state,
		"waits_for": c.status.WaitsFor,
		"summary":   c.summary(),
	}
	if c.nextAt != nil {
		payload["timer"], payload["at"] = timer, c.nextAt.Format(time.RFC3339Nano)
	}
	var coming []string
	for _, step := range c.status.Coming {
		coming = append(coming, step.Name+"@"+step.At.Format(time.RFC3339))
	}
	if len(coming) > 0 {
		payload["coming"] = strings.Join(coming, ",")
	}
	if c.step != "" {
		payload["mails"] = "1"
	}
	if closed {
		payload["closed"] = "1"
	}

	kind := "rma.changed"
	if c.fresh {
		kind = "rma.start"
	}
	c.batch.add(insertOutbox, newID("evt"), kind+"/"+c.id+"/"+strconv.Itoa(c.version), kind, c.id,
		text(payload), c.at, c.at.Add(relayLease))
}

// summary is what people are shown of the workflow.
func (r *replacement) summary() string {
	return fmt.Sprintf("%s × %d, %s, %s", r.model, r.quantity, r.speed, r.site.Country)
}

// waitsFor is what an ordinary replacement waits for in its states.
var waitsFor = map[rma.RMAState]string{
	rma.RMARequested:       processes.WaitsForDecision,
	rma.RMAAllocated:       processes.WaitsForShipping,
	rma.RMAShipped:         processes.WaitsForDelivery,
	rma.RMAAwaitingReturn:  processes.WaitsForReturn,
	rma.RMAReturnInTransit: processes.WaitsForReturnParcel,
	rma.RMAReturnReceived:  processes.WaitsForInspection,
}
