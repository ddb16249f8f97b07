package byhand

import (
	"context"
	"encoding/json"
	"strconv"
	"time"

	"roomcover.dev/roomcover/activities"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/catalogue"
	"roomcover.dev/roomcover/rules/ordering"
	"roomcover.dev/roomcover/workflows"
)

// accepted is an order as Fulfil reads it.
type accepted struct {
	id, state, number, zone string
	cancellableUntil        time.Time
	receivedAt              time.Time
	form                    ordering.OrderForm
	lines                   []string // their ids
}

const readOrder = `SELECT o.state, o.vendor_order_no, o.time_zone, o.cancellable_until,
		o.created_at, o.payload, l.id
	FROM orders o
	JOIN order_lines l ON l.order_id = o.id
	WHERE o.id = $1
	ORDER BY l.position`

// fulfil turns an accepted order into account, contract, licences, invitation and queued mails,
// in two round trips. The lock on the order keeps two attempts apart; one that was fulfilled
// stays as it is.
func (p *Program) fulfil(ctx context.Context, id string) (activities.OrderStatus, error) {
	o := accepted{id: id}
	var reads batch
	reads.ask(readOrder+p.db.forPostgres(" FOR UPDATE OF o"), o.read, id)

	var made *fulfilment
	err := p.db.doTwo(ctx, &reads, func() (*batch, error) {
		if o.state != string(rules.OrderAccepted) {
			return nil, nil
		}
		made = p.plan(o)
		return made.write(p), nil
	})
	if err != nil {
		return activities.OrderStatus{}, err
	}

	if made != nil {
		p.audit.committed(made.lastAudit)
		go p.startWorkflow("invitation/"+made.invitation.InvitationID,
			"Invitation: "+made.summary(), workflows.InvitationName, made.invitation)
	}
	return activities.OrderStatus{CancellableUntil: o.cancellableUntil}, nil
}

func (o *accepted) read(r rows) error {
	var payload, line string
	err := r.Scan(&o.state, &o.number, &o.zone, &o.cancellableUntil, &o.receivedAt, &payload, &line)
	if err != nil {
		return err
	}
	o.lines = append(o.lines, line)
	return json.Unmarshal([]byte(payload), &o.form)
}

// fulfilment is what an order leads to.
type fulfilment struct {
	accepted
	at         time.Time
	loc        *time.Location
	parent     string // its id
	account    string // its id
	locale     string
	contracts  []string // their ids, one for each line
	fallback   time.Time
	invitation workflows.InvitationInput
	lastAudit  string
}

// plan decides about the ids and the instants.
func (p *Program) plan(o accepted) *fulfilment {
	f := &fulfilment{
		accepted: o,
		at:       now(),
		loc:      zoneNamed(o.zone),
		parent:   newID("org"),
		account:  newID("acc"),
		locale:   rules.LocaleFor(o.form.EndCustomer.Address.Country),
	}
	for range o.lines {
		f.contracts = append(f.contracts, newID("con"))
	}
	f.fallback = rules.FallbackStart(o.receivedAt, p.program.StartFallbackDays, f.loc)

	expires := rules.InvitationExpiry(f.at, p.program.InviteDays, f.loc)
	f.invitation = workflows.InvitationInput{InvitationID: newID("inv"), ExpiresAt: expires}
	days := p.program.InviteReminderDays
	for _, r := range rules.RemindersAhead(f.at, expires, f.at, days, f.loc) {
		f.invitation.Reminders = append(f.invitation.Reminders,
			workflows.InvitationReminder{Day: r.Day, At: r.At})
	}
	return f
}

// summary is what people are shown of the invitation's workflow.
func (f *fulfilment) summary() string {
	return "ADMIN, " + f.form.EndCustomer.Address.Country
}

// write writes all of it. A customer or an order that is there already breaks a unique key.
func (f *fulfilment) write(p *Program) *batch {
	var b batch
	f.writeAccount(&b, p)
	f.writeContracts(&b, p)
	f.writeInvitation(&b, p)
	f.writeMails(&b, p)

	b.add(`UPDATE orders SET account_id = $2, state = 'FULFILLED', state_since = $3, version = 2
		WHERE id = $1 AND version = 1`, f.id, f.account, f.at)
	// The order's workflow runs: that its start was told needs no statement before.
	b.add(markTold, "order.start/"+f.id+"/1", f.at)

	entries := []entry{
		{"account.created", f.account, map[string]any{"order": f.id}},
		{"order.fulfilled", f.id, map[string]any{"contracts": len(f.contracts)}},
	}
	for i, id := range f.contracts {
		entries = append(entries, entry{"contract.created", id, map[string]any{
			"type":     catalogue.ServiceSelect,
			"quantity": f.form.Lines[i].Quantity,
			"state":    rules.ContractPendingStart,
			"order":    f.id,
		}})
	}
	entries = append(entries, entry{
		"invitation.issued", f.invitation.InvitationID, map[string]any{
			"kind":       "ORDER",
			"role":       "ADMIN",
			"order":      f.id,
			"supersedes": "",
		},
	})
	f.lastAudit = p.audit.write(&b, service, f.at,
		chain{id: f.account, account: &f.account, entries: entries})
	return &b
}

// service is who acts where nobody asked.
var service = actor{id: "system", role: "SYSTEM"}

const markTold = `UPDATE outbox_events SET delivered_at = $2
	WHERE dedupe_key = $1 AND delivered_at IS NULL`

const insertParent = `INSERT INTO orgs (id, kind, name, name_key, full_key, company_key, country,
		suspended, notices_to, created_at)
	VALUES ($1, 'CUSTOMER_PARENT', $2, $3, $4, $5, $6, false, '', $7)
	RETURNING (SELECT count(*) FROM orgs others
		WHERE others.kind = 'CUSTOMER_PARENT' AND others.company_key = $5 AND others.id <> $1)`

const insertAccount = `INSERT INTO accounts (id, parent_org_id, confirmed_parent, legal_name,
		company_key, street, city, region, postal_code, country, address_hash, match_key, time_zone,
		locale, mode, user_limit, csm_id, created_at, version)
	VALUES ($1, $2, '', $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, 'CONSOLIDATED', $14, NULL,
		$15, 1)`

const insertTask = `INSERT INTO operator_tasks (id, kind, subject_id, account_id, dedupe_key, what,
		why, state, assignee_id, resolution, resolved_by, created_at, due_at, severity, resolved_at)
	VALUES ($1, 'ASSIGN_CSM', $2, $2, $3, 'Name the account''s customer success manager.',
		'Its first Select order was fulfilled.', 'OPEN', NULL, '', '', $4, $5, 9, NULL)`

// writeAccount opens the customer's parent and account, and asks for who looks after it. Where
// another parent has nearly the name a person would be asked, which is not done by hand.
func (f *fulfilment) writeAccount(b *batch, p *Program) {
	customer := f.form.EndCustomer
	company, full := rules.CompanyKey(customer.Company), rules.FullNameKey(customer.Company)
	a := customer.Address
	b.ask(insertParent, func(r rows) error {
		var alike int
		if err := r.Scan(&alike); err != nil || alike == 0 {
			return err
		}
		return errNotOrdinary
	}, f.parent, customer.Company, full+"|"+a.Country, full, company, a.Country, f.at)

	address := rules.AddressHash(a)
	b.add(insertAccount, f.account, f.parent, customer.Company, company, a.Street, a.City, a.Region,
		a.PostalCode, a.Country, address, company+"|"+address, f.zone, f.locale,
		p.program.UserLimit, f.at)

	tomorrow := rules.StartOfDay(rules.DateIn(f.at, time.UTC).AddDays(1), time.UTC)
	b.add(insertTask, newID("tsk"), f.account, "ASSIGN_CSM/"+f.account, f.at, tomorrow)
}

const insertContracts = `INSERT INTO service_contracts (id, account_id, order_id, order_line_id,
		type, state, quantity, term_years, time_zone, fallback_start_at, start_reason,
		reminded_days, created_at)
	VALUES `

const insertLicences = `INSERT INTO licences (id, account_id, contract_id, seq, state, state_since)
	VALUES `

// writeContracts writes a contract for each line, with its licences, and how many there are.
func (f *fulfilment) writeContracts(b *batch, p *Program) {
	var contracts, licences []any
	for i, id := range f.contracts {
		l := f.form.Lines[i]
		contracts = append(contracts, id, f.account, f.id, f.lines[i],
			string(catalogue.ServiceSelect), string(rules.ContractPendingStart), l.Quantity,
			p.skus[l.SKU].TermYears, f.zone, f.fallback, "", -1, f.at)
		for seq := range l.Quantity {
			licences = append(licences, newID("lic"), f.account, id, seq+1,
				string(rules.LicenceAvailable), f.at)
		}
	}

	b.add(insertContracts+places(len(f.contracts), 13), contracts...)
	b.add(insertLicences+places(len(licences)/6, 6), licences...)
	b.add(`INSERT INTO select_counts (account_id, licences, checked_at) VALUES ($1, $2, $3)`,
		f.account, len(licences)/6, time.Unix(0, 0).UTC())
}

const insertInvitation = `INSERT INTO invitations (id, account_id, order_id, kind, email,
		contact_name, role, token_hash, state, state_since, issued_at, expires_at, next_at,
		supersedes_id, invited_by, locale, last_error)
	VALUES ($1, $2, $3, 'ORDER', $4, $5, 'ADMIN', $6, 'ISSUED', $7, $7, $8, $9, NULL, 'system', '',
		'')`

// writeInvitation invites the contact, and tells the instants that its workflow waits for.
func (f *fulfilment) writeInvitation(b *batch, p *Program) {
	i := f.invitation
	customer := f.form.EndCustomer
	b.add(insertInvitation, i.InvitationID, f.account, f.id, customer.Email, customer.ContactName,
		hashOf(invitationToken(p.options.Key, i.InvitationID)), f.at, i.ExpiresAt,
		i.Reminders[0].At)

	told := map[string]string{
		"expires_at": i.ExpiresAt.Format(time.RFC3339Nano),
		"summary":    f.summary(),
	}
	for _, r := range i.Reminders {
		told["reminder_"+strconv.Itoa(r.Day)] = r.At.Format(time.RFC3339Nano)
	}
	payload, _ := json.Marshal(told)
	b.add(insertOutbox, newID("evt"), "invitation.start/"+i.InvitationID+"/1", "invitation.start",
		i.InvitationID, string(payload), f.at, f.at.Add(relayLease))
}

const insertMails = `INSERT INTO notifications (id, dedupe_key, program_id, template, subject_id,
		recipient, epoch, account_id, order_id, locale, params, state, attempts, provider_id,
		last_error, created_at, queued_at)
	VALUES `

// writeMails queues the confirmations to customer, reseller and distributor, one an address,
// and the invitation.
func (f *fulfilment) writeMails(b *batch, p *Program) {
	var args []any
	queue := func(template, subject, recipient string, params map[string]any) {
		text, _ := json.Marshal(params) // texts and numbers
		key := p.program.ID + "|" + template + "|" + subject + "|" + recipient + "|1"
		args = append(args, newID("ntf"), key, p.program.ID, template, subject, recipient, "1",
			f.account, f.id, f.locale, string(text), string(rules.NotificationQueued), 0, "", "",
			f.at, f.at)
	}

	customer := f.form.EndCustomer
	total := int64(0)
	var lines []any
	for _, l := range f.form.Lines {
		sku := p.skus[l.SKU]
		total += l.Quantity
		lines = append(lines, map[string]any{
			"sku":          sku.Code,
			"service_type": string(sku.ServiceType),
			"quantity":     l.Quantity,
			"term_years":   sku.TermYears,
		})
	}
	readers := []string{customer.Email, f.form.Reseller.Email, f.form.Distributor.Email}
	told := map[string]bool{}
	for i, email := range readers {
		email = rules.NormaliseEmail(email)
		if told[email] {
			continue
		}
		told[email] = true
		queue(rules.TemplateOrderConfirmation, f.id, email, map[string]any{
			"vendor_order_no": f.number,
			"po_number":       f.form.PONumber,
			"company":         customer.Company,
			"lines":           lines,
			"total_licences":  total,
			"latest_start_on": rules.DateIn(f.fallback, f.loc).String(),
			"seller":          i > 0,
		})
	}

	queue(rules.TemplateInvitation, f.invitation.InvitationID, customer.Email, map[string]any{
		"contact_name": customer.ContactName,
		"company":      customer.Company,
		"role":         "ADMIN",
		"expires_on":   rules.LastCoveredDay(f.invitation.ExpiresAt, f.loc).String(),
	})
	b.add(insertMails+places(len(args)/17, 17), args...)
}
