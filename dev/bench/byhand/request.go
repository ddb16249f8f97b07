package byhand

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"time"

	"cloud.google.com/go/civil"

	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/calendar"
	"roomcover.dev/roomcover/rules/catalogue"
	"roomcover.dev/roomcover/rules/cover"
	"roomcover.dev/roomcover/rules/licensing"
	"roomcover.dev/roomcover/rules/rma"
	"roomcover.dev/roomcover/workflows"
)

// request is a customer's request for the replacement of a device, with what is found out.
type request struct {
	Serial string `json:"serial"`
	SiteID string `json:"site_id"`
	Fault  string `json:"fault"`

	token   string // its hash
	by      actor
	account string // the token's

	replacement
	deviceState  string
	knownSince   time.Time
	addressTyped *time.Time
	zone         string // of the account
	device       cover.DeviceFacts
	rooms        []cover.RoomFacts
	licences     []cover.LicenceFacts

	recent, fleet, open, undecided, unusual int
}

// takeRequest is the handler: POST /v1/rmas.
func (p *Program) takeRequest(w http.ResponseWriter, r *http.Request) {
	q := request{by: actorOf(r), token: tokenOf(r)}
	decoder := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<20))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&q); err != nil {
		answer(w, http.StatusBadRequest, err)
		return
	}
	q.Serial, q.Fault = rules.NormaliseSerial(q.Serial), strings.TrimSpace(q.Fault)
	wrong := rules.CheckLine("/fault", q.Fault, 1000)
	if problem := rules.SerialProblem("/serial", q.Serial); problem != nil || q.Fault == "" ||
		len(wrong) > 0 {
		answer(w, http.StatusUnprocessableEntity, rules.Invalid(wrong))
		return
	}

	c, err := p.request(r.Context(), &q)
	if err != nil {
		answer(w, statusOf(err), err)
		return
	}
	go p.startWorkflow("rma/"+c.id, "RMA: "+c.summary(), workflows.RMAName,
		workflows.RMAInput{RMAID: c.id, Status: &c.status})
	answerReplacement(w, http.StatusCreated, c, nil)
}

// request stores a request, in two round trips.
func (p *Program) request(ctx context.Context, q *request) (*change, error) {
	var c *change
	err := p.db.doTwo(ctx, p.askAboutRequest(q), func() (*batch, error) {
		c = newChange(&q.replacement, q.by)
		if err := p.decideRequest(q, c); err != nil {
			return nil, err
		}
		return &c.batch, p.finish(c)
	})
	if err != nil {
		return nil, err
	}
	p.audit.committed(c.lastAudit)
	return c, nil
}

const askDevice = `SELECT a.id, a.time_zone, d.id, d.serial, d.model_code, d.state, d.created_at,
		CAST(d.purchased_day AS text), p.from_at, p.to_at, r.id, r.name, r.country, r.archived_at,
		s.address_typed_at,
		(SELECT count(*) FROM rmas WHERE account_id = a.id AND requested_at > $4),
		(SELECT count(*) FROM devices
			WHERE account_id = a.id AND state NOT IN ('RETURNED', 'RETIRED', 'LOST')),
		(SELECT count(*) FROM rmas WHERE device_id = d.id AND closed_at IS NULL),
		(SELECT count(*) FROM rmas
			WHERE account_id = a.id AND closed_at IS NULL AND approved_at IS NULL),
		(SELECT count(*) FROM earlier_warranties WHERE serial = d.serial AND account_id = a.id)
			+ (SELECT count(*) FROM warranty_attachments
				WHERE serial = d.serial AND account_id = a.id)
			+ (SELECT count(*) FROM service_contracts
				WHERE account_id = a.id AND type = 'JUMPSTART'),
		` + aroundSQL + `
	FROM accounts a
	JOIN devices d ON d.account_id = a.id AND d.serial = $2 AND d.state <> 'RETIRED'
	JOIN device_placements p ON p.device_id = d.id
	JOIN rooms r ON r.id = p.room_id
	JOIN sites s ON s.account_id = a.id AND s.id = $3
	WHERE a.id = (SELECT account_id FROM api_tokens WHERE hash = $1)
		AND d.replaces_device_id IS NULL AND d.std_warranty_end_day IS NULL
		AND d.ext_warranty_end_day IS NULL AND d.purchase_proof = ''`

const askLicences = `SELECT l.id, l.state, l.state_since, n.room_id, n.from_at, n.to_at,
		CAST(n.terms AS text), c.id, c.type, c.state, c.start_at, c.end_at, c.cancelled_at,
		(SELECT count(*) FROM licences r WHERE r.renews_licence_id = l.id)
	FROM device_placements p
	JOIN devices d ON d.id = p.device_id
	JOIN licence_assignments n ON n.room_id = p.room_id
	JOIN licences l ON l.id = n.licence_id
	JOIN service_contracts c ON c.id = l.contract_id
	WHERE d.serial = $2 AND d.state <> 'RETIRED'
		AND d.account_id = (SELECT account_id FROM api_tokens WHERE hash = $1)
	ORDER BY l.id, n.from_at`

// askAboutRequest reads the token, the device with its room, and what may cover it.
func (p *Program) askAboutRequest(q *request) *batch {
	var b batch
	p.askToken(&b, q.token, &q.by, &q.account, "rmas:write")

	since := now().AddDate(0, 0, -p.program.Replacement.ReviewRateDays)
	b.ask(askDevice+p.db.forPostgres(" FOR UPDATE OF a"), q.readDevice,
		q.token, q.Serial, q.SiteID, since)
	b.ask(askLicences, q.readLicence, q.token, q.Serial)
	return &b
}

func (q *request) readDevice(r rows) error {
	var purchased *string
	var stay cover.Placement
	var room cover.RoomFacts
	o := &q.replacement
	into := []any{
		&o.account, &q.zone, &o.device, &o.serial, &o.model, &q.deviceState, &q.knownSince,
		&purchased, &stay.From, &stay.To, &room.ID, &o.roomName, &room.Country, &room.ArchivedAt,
		&q.addressTyped, &q.recent, &q.fleet, &q.open, &q.undecided, &q.unusual,
	}
	if err := r.Scan(append(into, o.around()...)...); err != nil {
		return err
	}

	stay.RoomID = room.ID
	q.rooms = append(q.rooms, room)
	q.device.ID, q.device.ModelCode = o.device, o.model
	q.device.Placements = append(q.device.Placements, stay)
	if purchased == nil {
		return nil
	}
	on, err := civil.ParseDate((*purchased)[:10])
	q.device.Warranty.PurchasedOn = &on
	return err
}

func (q *request) readLicence(r rows) error {
	var l cover.LicenceFacts
	var stay cover.Assignment
	var state string
	var since time.Time
	var terms *string
	var from, until *time.Time
	var renewals int
	err := r.Scan(&l.ID, &state, &since, &stay.RoomID, &stay.From, &stay.To, &terms, &l.Contract.ID,
		&l.Contract.Type, &l.Contract.State, &from, &until, &l.Contract.CancelledAt, &renewals)
	if err != nil {
		return err
	}

	q.unusual += renewals
	if state == string(rules.LicenceRevoked) {
		l.RevokedAt = &since
	}
	if from != nil && until != nil {
		l.Contract.Period = &rules.Period{Start: *from, End: *until}
	}
	if terms != nil {
		if err := json.Unmarshal([]byte(*terms), &stay.Terms); err != nil {
			return err
		}
	}

	if n := len(q.licences); n > 0 && q.licences[n-1].ID == l.ID {
		q.licences[n-1].Assignments = append(q.licences[n-1].Assignments, stay)
		return nil
	}
	l.Assignments = []cover.Assignment{stay}
	q.licences = append(q.licences, l)
	return nil
}

const insertReplacement = `INSERT INTO rmas (id, number, account_id, device_id, room_id, site_id,
		model_code, quantity, faulty_serial, fault, serial_proof, requested_by, unprintable, held,
		review_reasons, frozen, cover_kind, cover_licence_id, speed, requested_at, reships,
		outcome, reminders_sent, tellings, reject_code, replacement_model, replacement_serial,
		carrier, tracking, return_parcels, no_return_proof, fee_corrections, state, outbound,
		return_track, state_since, next_timer, last_error, created_at, version)
	VALUES ($1, $2, $3, $4, $5, $6, $7, 1, $8, $9, '', $10, '', false, $16, $11, $12, $13, $14,
		$15, 0, '', 0, '[]', '', '', '', '', '', 0, '', 0, 'REQUESTED', 'REQUESTED', 'NOT_DUE',
		$15, '', '', $15, 1)`

// decideRequest holds the request to the rules, freezes the cover, and asks an operator.
func (p *Program) decideRequest(q *request, c *change) error {
	if q.account == "" || len(q.rooms) != 1 { // as long as it has been in one room
		return errNotOrdinary
	}
	room := q.rooms[0].ID
	answered := cover.Cover(cover.CoverFacts{
		Zone:      zoneNamed(q.zone),
		CapYears:  p.program.WarrantyCapYears,
		ModelCode: c.model,
		Rooms:     q.rooms,
		Device:    &q.device,
		Licences:  q.licences,
		Models:    p.models,
		Terms:     p.termsOf(q.rooms),
		Policies:  p.policies,
	}, c.at, cover.ForHardware)

	verdict, err := rma.MayRequestRMA(rma.RMARequest{
		Role:       rules.Role(q.by.role),
		Now:        c.at,
		Terms:      p.program.Replacement,
		Serial:     true,
		Registered: true,
		Device:     licensing.DeviceState(q.deviceState),
		KnownSince: q.knownSince,
		OpenRMA:    q.open > 0,
		RoomKnown:  true,
		Cover:      answered,
		SiteKnown:  true,
		ShipTo:     rma.ShipToFacts{TypedAt: q.addressTyped},
		Recent:     q.recent,
		Fleet:      q.fleet,
		Undecided:  q.undecided,
	})
	if err != nil {
		return err
	}
	if verdict.Held || q.unusual > 0 {
		return errNotOrdinary
	}
	frozen, err := cover.Freeze(answered)
	if err != nil {
		return err
	}

	c.id, c.number, c.room, c.quantity, c.fresh = newID("rma"), newNumber("RMA"), room, 1, true
	c.facts.RequestedAt, c.speed = c.at, string(frozen.RMASpeed)
	review := append([]string{}, verdict.Review...)
	kind, licence := string(frozen.Entitlement.Kind), frozen.Entitlement.LicenceID
	c.batch.add(insertReplacement, c.id, c.number, c.account, c.device, room, q.SiteID, c.model,
		c.serial, q.Fault, q.by.id, text(frozen), kind, licence, c.speed, c.at, text(review))

	why := "A replacement was requested."
	if len(review) > 0 {
		why = strings.Join(review, ", ")
	}
	tomorrow := rules.StartOfDay(rules.DateIn(c.at, time.UTC).AddDays(1), time.UTC)
	c.batch.add(`INSERT INTO operator_tasks (id, kind, subject_id, account_id, dedupe_key, what,
			why, state, resolution, resolved_by, created_at, due_at, severity)
		VALUES ($1, 'DECIDE_RMA', $2, $3, $4, $5, $6, 'OPEN', '', '', $7, $8, 9)`,
		newID("tsk"), c.id, c.account, "DECIDE_RMA/"+c.id,
		c.number+": Confirm the defect and approve the replacement, or reject it with a code.",
		why, c.at, tomorrow)
	p.countSiteMail(c)

	c.step = "REQUESTED"
	c.note("rma.requested", c.id, map[string]any{
		"device":   c.device,
		"room":     room,
		"site":     q.SiteID,
		"model":    c.model,
		"quantity": 1,
		"cover":    kind,
		"speed":    c.speed,
		"held":     false,
		"review":   review,
	})
	return nil
}

// countSiteMail counts a mail to the site's contact that a customer asks for.
func (p *Program) countSiteMail(c *change) {
	if slices.Contains(strings.Fields(c.admins), c.contact) {
		return
	}
	name, domain, _ := strings.Cut(rules.NormaliseEmail(c.contact), "@")
	name, _, _ = strings.Cut(name, "+")
	key := throttleKey(p.options.Key, "mail/site/"+c.account+"/"+name+"@"+domain)
	c.batch.add("INSERT INTO throttles (key, count, resets_at) VALUES ($3, 1, $2)"+
		strings.ReplaceAll(countMails, "250", "60"), c.at, c.at.Add(24*time.Hour), key)
}

// termsOf are the terms of the rooms' countries.
func (p *Program) termsOf(rooms []cover.RoomFacts) (out []catalogue.CountryTerms) {
	for _, t := range p.terms {
		of := func(r cover.RoomFacts) bool { return r.Country == t.Country }
		if slices.ContainsFunc(rooms, of) {
			out = append(out, t)
		}
	}
	return out
}

// calendarOf is the one that counts at the ship-to, as it was when the program started.
func (p *Program) calendarOf(r *replacement) (calendar.Calendar, error) {
	c, known := p.calendars[r.calendar]
	if !known {
		return c, errNotOrdinary
	}
	return c, nil
}
