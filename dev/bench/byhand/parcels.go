package byhand

import (
	"context"
	"io"
	"net/http"
	"time"

	"roomcover.dev/roomcover/carrier"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/rma"
)

const insertShipment = `INSERT INTO shipments (id, account_id, direction, subject_id, booking_key,
		carrier, tracking, promised_day, state, contradicted, last_scan_at, possible_from,
		created_at, version, service, model_code, quantity, contents)
	VALUES ($1, $2, 'OUT', $3, $4, $5, $6, $7, 'LABELLED', false, $8, $9, $8, 2, '', '', 1, '')`

const insertScan = `INSERT INTO shipment_scans (id, account_id, shipment_id, kind, at, source,
		cause_key, created_at, contradicted, taken_back)
	VALUES ($1, $2, $3, $4, $5, $6, $7, $8, false, false)`

const insertDevice = `INSERT INTO devices (id, account_id, serial, model_code, state,
		purchase_proof, replaces_device_id, replaced_day, created_at, version)
	VALUES ($1, $2, $3, $4, 'UNPLACED', '', $5, $6, $7, 1)`

// ship registers the unit that is sent, and its parcel, and takes it out of the stock.
func (p *Program) ship(c *change, q command) error {
	if problem := rules.SerialProblem("/serial", q.Serial); problem != nil {
		return rules.Invalid([]rules.FieldError{*problem})
	}
	if c.reserved == "" || q.Tracking == "" || q.Carrier == "" {
		return errNotOrdinary
	}
	days, err := p.calendarOf(c.replacement)
	if err != nil {
		return err
	}
	today := rules.DateIn(c.at, c.zone())
	silent, err := days.AddBusinessDays(today, p.program.Replacement.CarrierSilenceDays)
	if err != nil {
		return err
	}
	silence := rules.StartOfDay(silent.AddDays(1), c.zone())

	c.newSerial, c.newDevice = rules.NormaliseSerial(q.Serial), newID("dev")
	c.carrier, c.tracking = q.Carrier, q.Tracking
	c.batch.add(insertDevice, c.newDevice, c.account, c.newSerial, c.newModel, c.device,
		today.String(), c.at)

	parcel := newID("shp")
	promised := c.promise.On.String()
	c.batch.add(insertShipment, parcel, c.account, c.id, c.id+"/out/1", c.carrier, c.tracking,
		promised, c.at, c.facts.PossibleFrom(rma.FactPickedUp))
	c.batch.add(insertScan, newID("scn"), c.account, parcel, "LABELLED", c.at, "SERVICE",
		parcel+"/booked", c.at)
	c.others = append(c.others, chain{id: parcel, account: &c.account, entries: []entry{
		{"shipment.created", parcel, map[string]any{
			"carrier":     c.carrier,
			"direction":   "OUT",
			"promised_on": promised,
			"state":       "CREATED",
			"subject":     c.id,
			"tracking":    "",
		}},
		scanned(parcel, "LABELLED", "CREATED", "SERVICE", c.at),
	}})

	c.batch.add(`UPDATE stock_levels
		SET on_hand = on_hand - 1, reserved = reserved - 1, updated_at = $3
		WHERE depot_id = $1 AND model_code = $2`, c.depot, c.newModel, c.at)
	c.batch.add(insertStock, newID("stk"), c.depot, c.newModel, "SHIPMENT", -1, -1,
		c.id+"/stock/1/closed", c.id, c.reserved, c.by.id, c.at)

	c.facts.ShippedAt, c.facts.SilenceDueAt = &c.at, &silence
	c.hear(rma.Telling[rma.RMAFact]{Fact: rma.FactShipped, At: c.at, ToldAt: c.at})
	for column, value := range map[string]any{
		"shipped_at":            c.at,
		"silence_due_at":        silence,
		"replacement_serial":    c.newSerial,
		"replacement_device_id": c.newDevice,
		"carrier":               c.carrier,
		"tracking":              c.tracking,
		"reservation_id":        nil,
	} {
		c.set[column] = value
	}

	c.step = "SHIPPED"
	c.note("device.registered", c.newDevice, map[string]any{"replaces": c.device, "rma": c.id})
	c.note("rma.shipped", c.id, map[string]any{
		"replacement": c.newDevice,
		"carrier":     c.carrier,
		"tracking":    c.tracking,
	})
	c.note("stock.shipment", c.depot, c.stock())
	return nil
}

func scanned(parcel, state, before, source string, at time.Time) entry {
	return entry{"shipment.scanned", parcel, map[string]any{
		"after":  state,
		"before": before,
		"scan":   state,
		"source": source,
		"at":     at,
	}}
}

// takeCarrierEvent is the handler of the carrier's webhook: POST /v1/carrier/events.
func (p *Program) takeCarrierEvent(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 64<<10))
	if err == nil {
		err = carrier.Verify(r.Header, body, time.Now(), p.options.CarrierKeys...)
	}
	if err != nil {
		answer(w, http.StatusUnauthorized, err)
		return
	}

	e, ok := carrier.ParseEvent(body)
	if !ok || e.Kind != carrier.Delivered {
		answer(w, http.StatusNotImplemented, errNotOrdinary)
		return
	}
	id, err := p.delivered(r.Context(), e, body)
	if err != nil {
		answer(w, statusOf(err), err)
		return
	}
	answer(w, http.StatusAccepted, map[string]string{"id": id})
}

// parcel is what is known of a parcel.
type parcel struct {
	id, state, room, hash string
	seq                   int
}

const readParcel = `SELECT sh.id, sh.state, p.room_id,
		COALESCE((SELECT max(seq) FROM audit_events WHERE chain_id = sh.id), 0),
		COALESCE((SELECT hash FROM audit_events WHERE chain_id = sh.id
			ORDER BY seq DESC LIMIT 1), '')
	FROM shipments sh
	JOIN rmas r ON r.id = sh.subject_id
	JOIN device_placements p ON p.device_id = r.device_id AND p.to_at IS NULL
	WHERE sh.carrier = $1 AND sh.tracking = $2 AND sh.direction = 'OUT'`

// delivered stores that a parcel came, and exchanges the devices, in two round trips.
func (p *Program) delivered(
	ctx context.Context, e carrier.Event, raw []byte,
) (id string, err error) {
	var sh parcel
	r := &replacement{}
	var reads batch
	reads.ask(readReplacement+`(SELECT subject_id FROM shipments
			WHERE carrier = $1 AND tracking = $2)`+p.db.forPostgres(" FOR UPDATE OF a, r"),
		r.read, p.options.Carrier, e.Tracking)
	reads.ask(readParcel+p.db.forPostgres(" FOR UPDATE OF sh"), func(from rows) error {
		return from.Scan(&sh.id, &sh.state, &sh.room, &sh.seq, &sh.hash)
	}, p.options.Carrier, e.Tracking)

	var c *change
	id = newID("cev")
	err = p.db.doTwo(ctx, &reads, func() (*batch, error) {
		if r.id == "" || sh.state != "LABELLED" || r.facts.ShippedAt == nil {
			return nil, errNotOrdinary
		}
		c = newChange(r, service)
		c.arrive(sh, id, p.options.Carrier, e, raw)
		return &c.batch, p.finish(c)
	})
	if err != nil {
		return "", err
	}
	p.audit.committed(c.lastAudit)
	p.signal(c)
	return id, nil
}

// arrive writes the event, its scan, the parcel, and the devices that change places.
func (c *change) arrive(sh parcel, id, of string, e carrier.Event, raw []byte) {
	at := e.OccurredAt.UTC().Truncate(time.Microsecond)
	c.batch.add(`INSERT INTO carrier_events (id, carrier, event_id, tracking, kind, occurred_at,
			received_at, raw, shipment_id, account_id, state, contradicted)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 'APPLIED', false)`,
		id, of, e.EventID, e.Tracking, string(e.Kind), at, c.at, string(raw), sh.id, c.account)
	if at.After(c.at) {
		at = c.at // clocks differ
	}
	c.batch.add(insertScan, newID("scn"), c.account, sh.id, "DELIVERED", at, "CARRIER",
		"carrier/"+of+"/"+e.EventID, c.at)
	c.batch.add(`UPDATE shipments SET state = 'DELIVERED', first_move_at = $2, delivered_at = $2,
			last_scan_at = $2, version = version + 1
		WHERE id = $1`, sh.id, at)
	c.others = append(c.others, chain{
		id:      sh.id,
		account: &c.account,
		seq:     sh.seq,
		hash:    sh.hash,
		entries: []entry{scanned(sh.id, "DELIVERED", sh.state, "CARRIER", at)},
	})

	c.batch.add(`UPDATE device_placements SET to_at = $2 WHERE device_id = $1 AND to_at IS NULL`,
		c.device, c.at)
	c.batch.add(`INSERT INTO device_placements (id, account_id, device_id, room_id, from_at,
			placed_by)
		VALUES ($1, $2, $3, $4, $5, 'system')`,
		newID("plc"), c.account, c.newDevice, sh.room, c.at)
	c.batch.add(`UPDATE devices SET version = version + 1,
			state = CASE WHEN id = $1 THEN 'IN_RMA' ELSE 'IN_ROOM' END,
			replaced_day = CASE WHEN id = $1 THEN replaced_day ELSE $3 END
		WHERE id IN ($1, $2)`, c.device, c.newDevice, rules.DateIn(at, c.zone()).String())

	c.facts = c.facts.With(rma.FactPickedUp, at).With(rma.FactDelivered, at)
	c.set["picked_up_at"], c.set["delivered_at"] = at, at
	c.step = "DELIVERED"
	c.note("rma.picked_up", c.id, map[string]any{"at": at})
	c.note("rma.delivered", c.id, map[string]any{"at": at})
	c.note("device.moved", c.device, map[string]any{
		"before": sh.room,
		"after":  "",
		"state":  "IN_RMA",
		"rma":    c.id,
	})
	c.note("device.moved", c.newDevice, map[string]any{
		"before": "",
		"after":  sh.room,
		"rma":    c.id,
	})
}
