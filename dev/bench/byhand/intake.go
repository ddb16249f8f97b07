package byhand

import (
	"context"
	"crypto/rand"
	"encoding/base32"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"cloud.google.com/go/civil"

	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/catalogue"
	"roomcover.dev/roomcover/rules/ordering"
	"roomcover.dev/roomcover/workflows"
)

// takeOrder is the handler: it checks the order, stores it and starts its workflow.
func (p *Program) takeOrder(w http.ResponseWriter, r *http.Request) {
	decoder := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<20))
	decoder.DisallowUnknownFields()
	var form ordering.OrderForm
	if err := decoder.Decode(&form); err != nil {
		answer(w, http.StatusBadRequest, rules.Refuse("MALFORMED", err.Error(), "Send JSON."))
		return
	}
	if err := form.Validate(p.skus, civil.DateOf(time.Now())); err != nil {
		answer(w, http.StatusUnprocessableEntity, err)
		return
	}

	o := intake{form: form.Normalised(), token: tokenOf(r), by: actorOf(r)}
	if err := p.accept(r.Context(), &o); err != nil {
		answer(w, statusOf(err), err)
		return
	}

	go p.startWorkflow("order/"+o.id, "Order: "+o.summary(), workflows.OrderName,
		workflows.OrderInput{OrderID: o.id})
	w.Header().Set("Location", "/v1/orders/"+o.id)
	w.Header().Set("ETag", `"1"`)
	w.Header().Set("X-Request-Id", o.by.request)
	answer(w, http.StatusCreated, map[string]any{
		"id":              o.id,
		"state":           rules.OrderAccepted,
		"po_number":       o.form.PONumber,
		"vendor_order_no": o.number,
		"warnings":        append([]rules.FieldError{}, o.form.Warnings()...),
		"review_reasons":  []string{},
		"version":         1,
	})
}

func answer(w http.ResponseWriter, status int, body any) {
	if err, failed := body.(error); failed {
		body = map[string]string{"detail": err.Error()}
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}

var errBadToken = errors.New("the token is not good for orders")

func statusOf(err error) int {
	var refusal *rules.Error
	switch {
	case errors.As(err, &refusal):
		return http.StatusUnprocessableEntity
	case errors.Is(err, errBadToken):
		return http.StatusUnauthorized
	case errors.Is(err, errNotOrdinary):
		return http.StatusNotImplemented
	}
	return http.StatusInternalServerError
}

func newRequestID() string {
	id := make([]byte, 16)
	_, _ = rand.Read(id)
	text := base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(id)
	return "req-" + strings.ToLower(text)
}

// intake is an order at the door, with what is found out about it.
type intake struct {
	form  ordering.OrderForm
	token string // its hash
	by    actor

	allowed    bool                         // the token's
	authorised bool                         // its organisation
	names      map[string][]rules.KnownName // of sellers, by their kinds
	domains    map[string][]string          // of sellers' mail, by their ids
	known      int                          // accounts and orders that it may have to do with

	id, number, service string
	customerHash, zone  string
	at                  time.Time // of its receipt
	loc                 *time.Location
	distributor         *string // its id, nil for one that is not on record
	purchased           civil.Date
	lines               []catalogue.SKU // of each line
}

// summary is what people are shown of the order's workflow.
func (o *intake) summary() string {
	quantity := int64(0)
	for _, l := range o.form.Lines {
		quantity += l.Quantity
	}
	return fmt.Sprintf("%s × %d, %s", o.service, quantity, o.form.EndCustomer.Address.Country)
}

// accept stores an order in two round trips: what is known of it, and its rows.
func (p *Program) accept(ctx context.Context, o *intake) error {
	customer := o.form.EndCustomer
	o.at = now()
	o.zone = rules.TimeZoneFor(customer.Address.Country, customer.Address.Region)
	o.loc = zoneNamed(o.zone)
	o.customerHash = hashOf(rules.CompanyKey(customer.Company) + "|" + customer.Address.Country)

	last := ""
	err := p.db.doTwo(ctx, p.askAboutOrder(o), func() (*batch, error) {
		if err := p.check(o); err != nil {
			return nil, err
		}
		var b batch
		last = p.storeOrder(&b, o)
		return &b, nil
	})
	if err == nil {
		p.audit.committed(last)
	}
	return err
}

const tokenSQL = `SELECT t.id, t.role, t.scopes, o.id,
		t.revoked_at IS NULL AND t.expires_at > $2 AND o.kind = 'RESELLER',
		NOT o.suspended AND COALESCE(o.authorised_from_day <= $3, false)
			AND COALESCE($4 < o.authorised_until_day, true)
	FROM api_tokens t
	JOIN orgs o ON o.id = t.org_id
	WHERE t.hash = $1`

const sellersSQL = `WITH named AS (
		SELECT id AS org_id, kind, full_key, country FROM orgs
		WHERE company_key IN ($1, $2) AND kind IN ('RESELLER', 'DISTRIBUTOR')
		UNION ALL
		SELECT org_id, kind, full_key, country FROM org_spellings
		WHERE company_key IN ($1, $2) AND kind IN ('RESELLER', 'DISTRIBUTOR'))
	SELECT kind, org_id, full_key, country FROM named
	UNION ALL
	SELECT 'DOMAIN', org_id, domain, '' FROM org_mail_domains
	WHERE org_id IN (SELECT org_id FROM named)`

const knownSQL = `SELECT
		(SELECT count(*) FROM accounts WHERE company_key = $1 AND country = $2)
		+ (SELECT count(*) FROM orders
			WHERE customer_hash = $3
				AND submitted_by <> (SELECT org_id FROM api_tokens WHERE hash = $4)
				AND created_at >= $5 AND created_at < $6
				AND state NOT IN ('REJECTED', 'CANCELLED'))`

// askAboutOrder reads the token, who sells, and what is known of the customer. Two orders of one
// customer come one after another.
func (p *Program) askAboutOrder(o *intake) *batch {
	var b batch
	b.ask(tokenSQL, func(r rows) error {
		var scopes string
		err := r.Scan(&o.by.id, &o.by.role, &scopes, &o.by.org, &o.allowed, &o.authorised)
		o.allowed = o.allowed && slices.Contains(strings.Fields(scopes), "orders:write")
		return err
	}, o.token, o.at, o.at.Format(time.DateOnly), o.at.Format(time.DateOnly))

	o.names, o.domains = map[string][]rules.KnownName{}, map[string][]string{}
	b.ask(sellersSQL, func(r rows) error {
		var kind string
		var n rules.KnownName
		if err := r.Scan(&kind, &n.OrgID, &n.FullKey, &n.Country); err != nil {
			return err
		}
		if kind == "DOMAIN" {
			o.domains[n.OrgID] = append(o.domains[n.OrgID], n.FullKey)
			return nil
		}
		o.names[kind] = append(o.names[kind], n)
		return nil
	}, rules.CompanyKey(o.form.Reseller.Company), rules.CompanyKey(o.form.Distributor.Company))

	if lock := p.db.forPostgres("SELECT pg_advisory_xact_lock($1)"); lock != "" {
		raw, _ := hex.DecodeString(o.customerHash[:16])
		b.add(lock, int64(binary.BigEndian.Uint64(raw)))
	}
	day := rules.DateIn(o.at, o.loc)
	b.ask(knownSQL, func(r rows) error { return r.Scan(&o.known) },
		rules.CompanyKey(o.form.EndCustomer.Company), o.form.EndCustomer.Address.Country,
		o.customerHash, o.token, rules.StartOfDay(ordering.DoublesSince(day), o.loc).UTC(),
		rules.AllowedUntil(day, ordering.DoubleDays, o.loc).UTC())
	return &b
}

// check finds the distributor and the day of the purchase, and refuses an order that a person
// would have to look at.
func (p *Program) check(o *intake) error {
	if !o.allowed {
		return errBadToken
	}

	reseller, _ := o.named("RESELLER", o.form.Reseller)
	named, alike := o.named("DISTRIBUTOR", o.form.Distributor)
	if named != "" {
		o.distributor = &named
	}
	on, err := civil.ParseDate(o.form.PurchasedOn)
	if err != nil {
		return err
	}
	var future bool
	o.purchased, future = ordering.PurchaseDate(on, o.at, p.program.POMaxAgeDays, o.loc,
		zoneOf(o.form.Reseller), zoneOf(o.form.Distributor))

	reasons := ordering.ReviewReasons(ordering.ReviewFacts{
		ResellerAuthorised: o.authorised,
		PurchaseInFuture:   future,
		EndCustomerDomain:  rules.EmailDomain(o.form.EndCustomer.Email),
		ResellerDomains:    o.sellerDomains(o.by.org, o.form.Reseller.Email),
		DistributorDomains: o.sellerDomains(named, o.form.Distributor.Email),
		DistributorUnclear: len(alike) > 0,
	})
	if reseller != o.by.org || len(reasons) > 0 || o.known > 0 {
		return errNotOrdinary
	}

	for _, l := range o.form.Lines {
		sku := p.skus[l.SKU]
		if l.Renews != "" || sku.ServiceType != catalogue.ServiceSelect {
			return errNotOrdinary
		}
		o.service, o.lines = string(sku.ServiceType), append(o.lines, sku)
	}
	return nil
}

// named returns the organisation of the kind that a party means, and those that it resembles.
func (o *intake) named(kind string, p rules.OrgParty) (id string, alike []string) {
	key := rules.CompanyKey(p.Company)
	var known []rules.KnownName
	for _, n := range o.names[kind] {
		if rules.CompanyKey(n.FullKey) == key {
			known = append(known, n)
		}
	}
	return rules.WhoIsNamed(p.Company, p.Address.Country, known)
}

func (o *intake) sellerDomains(id, email string) []string {
	return append([]string{rules.EmailDomain(email)}, o.domains[id]...)
}

const insertOrder = `INSERT INTO orders (id, submitted_by, reseller_id, distributor_id, account_id,
		po_number, po_key, customer_hash, search_key, service_type, state, state_since,
		vendor_order_no, purchased_day, time_zone, payload, payload_hash, review_reasons,
		review_until, next_at, cancellable_until, invitation_failed, invite_as, last_error,
		created_at, version)
	VALUES ($1, $2, $3, $4, NULL, $5, $6, $7, $8, $9, 'ACCEPTED', $10, $11, $12, $13, $14, $15,
		'[]', NULL, NULL, $16, false, '', '', $17, 1)`

const insertLines = `INSERT INTO order_lines (id, order_id, position, sku, service_type, term_years,
		quantity)
	VALUES `

// insertOutbox writes an event whose workflow is started right after the commit.
const insertOutbox = `INSERT INTO outbox_events (id, dedupe_key, kind, subject_id, payload,
		created_at, due_at, attempts, last_error, delivered_at)
	VALUES ($1, $2, $3, $4, $5, $6, $7, 1, '', NULL)`

// storeOrder writes the rows of an order, and returns the id of the last link of its audit.
func (p *Program) storeOrder(b *batch, o *intake) (lastAudit string) {
	o.id, o.number = newID("ord"), newNumber(newNumber("SO"))
	payload, _ := json.Marshal(o.form) // texts and numbers
	b.add(insertOrder, o.id, o.by.org, o.by.org, o.distributor, o.form.PONumber,
		ordering.PONumberKey(o.form.PONumber), o.customerHash,
		rules.SearchKey(o.form.PONumber, o.form.EndCustomer.Company), o.service, o.at, o.number,
		o.purchased.String(), o.zone, string(payload), hashOf(string(payload)),
		rules.CancellationClosesAt(o.purchased, p.program.CancelDays, o.loc), o.at)

	var lines []any
	for i, l := range o.form.Lines {
		sku := o.lines[i]
		lines = append(lines, newID("lin"), o.id, i+1, sku.Code, string(sku.ServiceType),
			sku.TermYears, l.Quantity)
	}
	b.add(insertLines+places(len(o.form.Lines), 7), lines...)

	told, _ := json.Marshal(map[string]string{"summary": o.summary()})
	b.add(insertOutbox, newID("evt"), "order.start/"+o.id+"/1", "order.start", o.id,
		string(told), o.at, o.at.Add(relayLease))

	p.countMails(b, o)
	return p.audit.write(b, o.by, o.at, chain{id: o.id, entries: []entry{
		{"order.received", o.id, map[string]any{
			"lines":        len(o.form.Lines),
			"service_type": o.service,
		}},
		{"order.accepted", o.id, map[string]any{"vendor_order_no": o.number}},
	}})
}

// relayLease is how long nobody else starts the workflow of what was just committed.
const relayLease = 30 * time.Second

// A count beyond the bound of a day is divided by zero, and the order is not stored.
const countMails = ` ON CONFLICT (key) DO UPDATE SET
		count = CASE WHEN throttles.resets_at <= $1 THEN 1
			ELSE throttles.count + 1 / (CASE WHEN throttles.count < 250 THEN 1 ELSE 0 END) END,
		resets_at = CASE WHEN throttles.resets_at <= $1 THEN $2 ELSE throttles.resets_at END`

// countMails counts the order for each address that it names and that is nobody's on record.
func (p *Program) countMails(b *batch, o *intake) {
	var keys []string
	count := func(email string) {
		name, domain, _ := strings.Cut(rules.NormaliseEmail(email), "@")
		name, _, _ = strings.Cut(name, "+")
		key := throttleKey(p.options.Key, "mail/order-contact/"+o.by.org+"/"+name+"@"+domain)
		if !slices.Contains(keys, key) {
			keys = append(keys, key)
		}
	}

	count(o.form.EndCustomer.Email)
	recorded := o.domains[o.by.org]
	if o.distributor != nil {
		recorded = slices.Concat(recorded, o.domains[*o.distributor])
	}
	for _, email := range []string{o.form.Reseller.Email, o.form.Distributor.Email} {
		if !rules.AtOneOf(rules.EmailDomain(email), recorded) {
			count(email)
		}
	}
	slices.Sort(keys) // two that count the same never wait for each other in a circle

	args := []any{o.at, o.at.Add(24 * time.Hour)}
	var values []string
	for _, key := range keys {
		args = append(args, key)
		values = append(values, fmt.Sprintf("($%d, 1, $2)", len(args)))
	}
	b.add("INSERT INTO throttles (key, count, resets_at) VALUES "+strings.Join(values, ", ")+
		countMails, args...)
}

// zones are those that were asked for: the library reads a file each time.
var zones sync.Map

func zoneNamed(name string) *time.Location {
	if loc, known := zones.Load(name); known {
		return loc.(*time.Location)
	}
	loc, err := time.LoadLocation(name)
	if err != nil {
		return time.UTC
	}
	zones.Store(name, loc)
	return loc
}

// zoneOf is where a seller's day begins and ends.
func zoneOf(p rules.OrgParty) *time.Location {
	return zoneNamed(rules.TimeZoneFor(p.Address.Country, p.Address.Region))
}
