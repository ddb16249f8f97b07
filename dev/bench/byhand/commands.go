package byhand

import (
	"context"
	"encoding/json"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"

	"go.temporal.io/sdk/client"

	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/calendar"
	"roomcover.dev/roomcover/rules/rma"
	"roomcover.dev/roomcover/workflows"
)

// command is what an agent does to a replacement.
type command struct {
	name rma.RMACommand

	DefectConfirmed bool           `json:"defect_confirmed"`
	Serial          string         `json:"serial"`
	Carrier         string         `json:"carrier"`
	Tracking        string         `json:"tracking"`
	Fact            rma.RMAFact    `json:"fact"`
	Outcome         rma.RMAOutcome `json:"outcome"`
}

// takeCommand is the handler: POST /v1/rmas/ID/COMMAND.
func (p *Program) takeCommand(w http.ResponseWriter, r *http.Request) {
	q := command{name: rma.RMACommand(r.PathValue("command"))}
	decoder := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<20))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&q); err != nil {
		answer(w, http.StatusBadRequest, err)
		return
	}

	c, past, err := p.command(r.Context(), r.PathValue("id"), tokenOf(r), actorOf(r), q)
	if err != nil {
		answer(w, statusOf(err), err)
		return
	}
	p.signal(c)
	answerReplacement(w, http.StatusOK, c, past)
}

// command carries out a command in two round trips.
func (p *Program) command(
	ctx context.Context, id, token string, by actor, q command,
) (c *change, past []map[string]any, err error) {
	var reads batch
	var account string
	p.askToken(&reads, token, &by, &account, "rmas:write")
	r := &replacement{}
	reads.ask(readReplacement+"$1"+p.db.forPostgres(" FOR UPDATE OF a, r"), r.read, id)
	if q.name == rma.RMAApprove {
		reads.ask(reserveSQL, func(from rows) error { return from.Scan(&r.depot) }, id, now())
	}
	reads.ask(`SELECT verb, at FROM audit_events WHERE object_id = $1 ORDER BY at, seq`,
		func(from rows) error {
			var verb string
			var at time.Time
			err := from.Scan(&verb, &at)
			past = append(past, map[string]any{"verb": verb, "at": at})
			return err
		}, id)

	err = p.db.doTwo(ctx, &reads, func() (*batch, error) {
		if account != "" {
			return nil, errBadToken
		}
		if r.id == "" {
			return nil, errNotOrdinary
		}
		c = newChange(r, by)
		if err := rma.MayRMA(q.name, rules.Role(by.role), r.facts, c.at); err != nil {
			return nil, err
		}
		if err := p.carryOut(c, q); err != nil {
			return nil, err
		}
		return &c.batch, p.finish(c)
	})
	if err == nil {
		p.audit.committed(c.lastAudit)
	}
	return c, past, err
}

// signal tells the workflow what a change means to it, where it matters.
func (p *Program) signal(c *change) {
	if c.status.Version == 0 {
		return
	}
	go func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		o := client.StartWorkflowOptions{
			ID:            "rma/" + c.id,
			TaskQueue:     workflows.QueueMain,
			StaticSummary: "RMA: " + c.summary(),
		}
		_, _ = p.options.Temporal.SignalWithStartWorkflow(ctx, o.ID, workflows.SignalChanged,
			c.status, o, workflows.RMAName, workflows.RMAInput{RMAID: c.id})
	}()
}

func (p *Program) carryOut(c *change, q command) error {
	switch q.name {
	case rma.RMAApprove:
		return p.approve(c, q)
	case rma.RMAShip:
		return p.ship(c, q)
	case rma.RMATell:
		return c.hearOf(q.Fact)
	case rma.RMAReceive:
		return c.hearOf(rma.FactReturnReceived)
	case rma.RMAInspect:
		return c.inspect(q)
	}
	return errNotOrdinary
}

// reserveSQL reserves a unit for a replacement in the nearest depot that has one.
const reserveSQL = `UPDATE stock_levels SET reserved = reserved + 1, updated_at = $2
	WHERE model_code = (SELECT model_code FROM rmas WHERE id = $1)
		AND on_hand - reserved >= 1
		AND depot_id = (
			SELECT l.depot_id
			FROM rmas r
			JOIN sites s ON s.id = r.site_id
			JOIN stock_levels l ON l.model_code = r.model_code
			JOIN depots d ON d.id = l.depot_id
			WHERE r.id = $1 AND l.on_hand - l.reserved >= 1
			ORDER BY CASE WHEN d.country = s.country THEN 0 ELSE 1 END, d.code
			LIMIT 1)
	RETURNING depot_id`

const insertStock = `INSERT INTO stock_entries (id, depot_id, model_code, kind, quantity,
		on_hand_delta, reserved_delta, cause_key, subject_id, closes_id, reason, entered_by,
		created_at)
	VALUES ($1, $2, $3, $4, 1, $5, $6, $7, $8, $9, '', $10, $11)`

// approve promises a day, and allocates the unit that was reserved.
func (p *Program) approve(c *change, q command) error {
	if !q.DefectConfirmed || c.depot == "" {
		return errNotOrdinary
	}
	days, err := p.calendarOf(c.replacement)
	if err != nil {
		return err
	}
	promised, err := calendar.PromiseReplacement(calendar.PromiseRequest{
		ApprovedAt: c.at,
		Zone:       c.zone(),
		Speed:      calendar.RMASpeed(c.speed),
		Calendar:   days,
		CutOff:     p.program.Replacement.CutOff,
	})
	if err != nil {
		return err
	}
	due, ok := promised.Due(c.zone())
	if !ok {
		return errNotOrdinary
	}

	c.promise, c.newModel, c.reserved = &promised, c.model, newID("stk")
	c.facts.ApprovedAt, c.facts.AllocatedAt, c.facts.PromiseDueAt = &c.at, &c.at, &due
	for column, value := range map[string]any{
		"approved_at":       c.at,
		"allocated_at":      c.at,
		"promise_due_at":    due,
		"promised_until":    due,
		"promise":           text(promised),
		"first_promise":     text(promised),
		"replacement_model": c.model,
		"depot_id":          c.depot,
		"reservation_id":    c.reserved,
		"ship_to":           text(c.site),
	} {
		c.set[column] = value
	}
	c.batch.add(insertStock, c.reserved, c.depot, c.model, "RESERVATION", 0, 1,
		c.id+"/stock/1", c.id, nil, c.by.id, c.at)

	c.step = "APPROVED"
	c.note("rma.approved", c.id, map[string]any{
		"speed":       c.speed,
		"promised_on": promised.On.String(),
		"calendar":    promised.CalendarVersion,
	})
	c.note("stock.reservation", c.depot, c.stock())
	c.note("rma.allocated", c.id, map[string]any{"model": c.model, "depot": c.depot})
	return nil
}

func (c *change) stock() map[string]any {
	return map[string]any{"model": c.newModel, "quantity": 1, "rma": c.id}
}

// hearOf records what a person passes on of a depot or a carrier.
func (c *change) hearOf(fact rma.RMAFact) error {
	verb, known := map[rma.RMAFact]string{
		rma.FactReturnScanned:  "rma.return_scanned",
		rma.FactReturnReceived: "rma.return_received",
	}[fact]
	if !known {
		return errNotOrdinary
	}
	if err := c.facts.CheckTold(fact, c.at, c.at); err != nil {
		return err
	}

	c.facts = c.facts.With(fact, c.at)
	c.hear(rma.Telling[rma.RMAFact]{Fact: fact, At: c.at, ToldAt: c.at})
	c.set["return_scanned_at"] = c.facts.ReturnScannedAt
	c.set["return_last_scanned_at"] = c.facts.ReturnLastScannedAt
	c.set["return_received_at"] = c.facts.ReturnReceivedAt
	c.note(verb, c.id, map[string]any{"at": c.at})
	return nil
}

// inspect records what the depot found, and ends the faulty device.
func (c *change) inspect(q command) error {
	if err := rma.CheckInspection(c.serial, q.Serial, q.Outcome); err != nil {
		return err
	}
	serial := rules.NormaliseSerial(q.Serial)
	if serial != c.serial || q.Outcome != rma.OutcomeDefect {
		return errNotOrdinary
	}

	c.facts = c.facts.Inspected(c.serial, serial, q.Outcome, c.at)
	c.hear(rma.Telling[rma.RMAFact]{
		Fact:    rma.FactInspected,
		At:      c.at,
		ToldAt:  c.at,
		Outcome: q.Outcome,
		Serial:  serial,
	})
	c.set["return_received_at"] = c.facts.ReturnReceivedAt
	c.set["inspected_at"], c.set["outcome"] = c.at, string(q.Outcome)
	c.batch.add(`UPDATE devices SET gone_at = $2, state = 'RETURNED', version = version + 1
		WHERE id = $1 AND NOT EXISTS (
			SELECT 1 FROM device_placements WHERE device_id = $1 AND to_at IS NULL)`,
		c.device, c.at)

	c.step, c.told = "INSPECTED", map[string]any{"outcome": q.Outcome}
	c.note("rma.inspected", c.id, map[string]any{"outcome": q.Outcome})
	c.note("device.ended", c.device, map[string]any{"state": "RETURNED", "rma": c.id})
	return nil
}

// askToken reads who asks; what they may not is left to the caller by an empty role.
func (p *Program) askToken(b *batch, token string, by *actor, account *string, scope string) {
	b.ask(`SELECT id, role, scopes, COALESCE(account_id, ''), org_id FROM api_tokens
		WHERE hash = $1 AND revoked_at IS NULL AND expires_at > $2 AND delegation_id IS NULL`,
		func(r rows) error {
			var scopes string
			err := r.Scan(&by.id, &by.role, &scopes, account, &by.org)
			if err == nil && !slices.Contains(strings.Fields(scopes), scope) {
				return errBadToken
			}
			return err
		}, token, now())
}

// tokenOf is the hash of a request's token.
func tokenOf(r *http.Request) string {
	secret, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	return hashOf(secret)
}

// actorOf is who asks, as far as the request itself says.
func actorOf(r *http.Request) actor {
	by := actor{request: newRequestID()}
	by.ip, _, _ = net.SplitHostPort(r.RemoteAddr)
	return by
}

// answerReplacement shows a replacement with what happened to it.
func answerReplacement(w http.ResponseWriter, status int, c *change, past []map[string]any) {
	for _, e := range c.entries {
		past = append(past, map[string]any{"verb": e.verb, "at": c.at})
	}
	answer(w, status, map[string]any{
		"id":                 c.id,
		"number":             c.number,
		"account_id":         c.account,
		"state":              c.state,
		"serial":             c.serial,
		"model":              c.model,
		"replacement_serial": c.newSerial,
		"carrier":            c.carrier,
		"tracking":           c.tracking,
		"promise":            c.promise,
		"return":             c.plan,
		"version":            c.version,
		"timeline":           past,
	})
}
