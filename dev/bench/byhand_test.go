//go:build long

package bench

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"regexp"
	"slices"
	"sort"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/rules"
)

// TestByHandWritesWhatTheServiceWrites has one order and one replacement done by the service and
// by hand, and compares every row that each of them leaves, in whatever table, and every mail. Ids
// are numbered, so that it is compared too what belongs to what; hashes are made again here.
func TestByHandWritesWhatTheServiceWrites(t *testing.T) {
	for _, database := range []string{"sqlite", "postgres"} {
		t.Run(database, func(t *testing.T) {
			p, err := startParts(t.Context(), Options{Database: database, keepMails: true}, t.TempDir())
			skipWithoutPostgres(t, err)
			require.NoError(t, err)
			defer func() { require.NoError(t, p.stop()) }()
			p.stepByMails(t)
			r := &rmas{bench: &bench{Options: Options{Progress: io.Discard}, parts: p}}
			require.NoError(t, r.prepare(t.Context()))

			order, orderMails := p.orderAt(t, p.stack.URL, "serv")
			rma, rmaMails := r.rmaAt(t, p.stack.URL, "serv")
			require.NoError(t, p.stack.StopWorker())
			require.Equal(t, 35, strings.Count(order, "\n")+1, order)
			require.Len(t, orderMails, mailsPerOrder)
			require.Equal(t, 49, strings.Count(rma, "\n")+1, rma)
			require.Len(t, rmaMails, 5)

			program, err := p.startByHand(t.Context())
			require.NoError(t, err)
			defer func() { require.NoError(t, program.Stop()) }()
			byHand, mailsByHand := p.orderAt(t, program.URL, "hand")
			require.Equal(t, order, byHand)
			requireSame(t, orderMails, mailsByHand)
			byHand, mailsByHand = r.rmaAt(t, program.URL, "hand")
			require.Equal(t, rma, byHand)
			requireSame(t, rmaMails, mailsByHand)

			events, faults, err := p.stack.Domains.DB.VerifyAudit(db.WithSystem(t.Context()))
			require.NoError(t, err)
			require.Positive(t, events)
			require.Empty(t, faults)
			require.NoError(t, p.post(t.Context(), "hand-1"), "the service has this order already")
		})
	}
}

// orderAt has an order done, behind one with which the first sweeps and the first audit are over,
// and returns its rows and its mails.
func (p *parts) orderAt(t *testing.T, url, name string) (rows string, mails []string) {
	t.Helper()
	_, err := p.ordersAt(t.Context(), url, "before-"+name, 1, 1, nil)
	require.NoError(t, err)
	before := p.rows(t)
	_, err = p.ordersAt(t.Context(), url, name, 1, 1, nil)
	require.NoError(t, err)
	key := name + "-1"
	return p.told(t, before, key, p.namesOfOrder(t, key)), p.mails(key)
}

// rmaAt has a device replaced, and returns the rows, and the mails to the contact of its site.
func (r *rmas) rmaAt(t *testing.T, url, name string) (rows string, mails []string) {
	t.Helper()
	d, err := r.take()
	require.NoError(t, err)
	others := r.ready
	r.ready = make(chan *faulty, 1)
	r.ready <- d
	before := r.parts.rows(t)
	_, err = r.allAt(t.Context(), url, name, 1, 1, nil)
	require.NoError(t, err)
	r.ready = others
	names := r.parts.namesOfRMA(d)
	return r.parts.told(t, before, d.key, append(names, name+"-1", "NAME")), r.parts.mails(d.key, names...)
}

func requireSame(t *testing.T, want, got []string) {
	t.Helper()
	require.Len(t, got, len(want))
	for i := range want {
		require.Equal(t, want[i], got[i])
	}
}

// namesOfRMA are what tells a replacement from the next.
func (p *parts) namesOfRMA(d *faulty) []string {
	account, _, _ := strings.Cut(d.key, "-")
	counted := "mail/site/" + d.account + "/rui." + d.key + "@site.example"
	return []string{
		p.stack.Domains.DB.Secrets().Fingerprint("throttle", counted), "COUNT OF CONTACT",
		d.key, "KEY",
		d.serial, "SERIAL",
		"ana." + account + "@", "ana.ACCOUNT@",
		"Acme " + account, "Acme ACCOUNT",
	}
}

// stepByMails has the tracker told of mails that the SMTP server keeps.
func (p *parts) stepByMails(t *testing.T) {
	go func() {
		for seen := 0; t.Context().Err() == nil; time.Sleep(10 * time.Millisecond) {
			for _, m := range p.smtp.Messages()[seen:] {
				p.tracker.step(keyOf(m.To[0]))
				seen++
			}
		}
	}()
}

// row is a row of a table: its columns' values, with their names.
type row struct{ table, id, text string }

// rows reads every row of every table. An instant that is no whole minute is one at which
// something happened; those that were planned are read.
func (p *parts) rows(t *testing.T) map[row]bool {
	t.Helper()
	pool, err := p.stack.Domains.DB.Pool()
	require.NoError(t, err)
	require.Eventually(t, func() bool { // the last mail arrives before what is written after it
		var left int
		err := pool.QueryRowContext(t.Context(), `SELECT
			(SELECT count(*) FROM outbox_events WHERE delivered_at IS NULL) +
			(SELECT count(*) FROM notifications WHERE state IN ('QUEUED','SENDING'))`).Scan(&left)
		return err == nil && left == 0
	}, time.Minute, 20*time.Millisecond, "all is told and sent")
	names := `SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'`
	if p.stack.Domains.DB.Postgres() {
		names = `SELECT table_name FROM information_schema.tables
			WHERE table_schema = 'public' AND table_type = 'BASE TABLE'`
	}
	tables, err := textsOf(t.Context(), pool, names)
	require.NoError(t, err)

	out := map[row]bool{}
	for _, table := range tables {
		found, err := pool.QueryContext(t.Context(), `SELECT * FROM "`+table+`"`)
		if err != nil && strings.Contains(err.Error(), "permission denied") {
			continue // what the service's role may not read it does not write
		}
		require.NoError(t, err, table)
		columns, err := found.Columns()
		require.NoError(t, err)
		for found.Next() {
			values := make([]any, len(columns))
			into := make([]any, len(columns))
			for i := range values {
				into[i] = &values[i]
			}
			require.NoError(t, found.Scan(into...))
			out[rowOf(table, columns, values)] = true
		}
		require.NoError(t, found.Err())
		require.NoError(t, found.Close())
	}
	return out
}

func rowOf(table string, columns []string, values []any) row {
	r := row{table: table}
	var cells []string
	for i, name := range columns {
		value := fmt.Sprint(values[i])
		switch v := values[i].(type) {
		case []byte:
			value = string(v)
		case time.Time:
			value = "an instant"
			if v.Equal(v.Truncate(time.Minute)) {
				value = v.UTC().Format(time.RFC3339)
			}
		}
		switch {
		case name == "id":
			r.id = value
		case name == "hash" || name == "prev_hash": // the audit is verified
			value = fmt.Sprint(len(value))
		}
		cells = append(cells, name+"="+value)
	}
	sort.Strings(cells)
	r.text = table + " " + strings.Join(cells, " ")
	return r
}

var (
	anID        = regexp.MustCompile(`\b[a-z]{3}_[0-9a-z]{26}\b`)
	orderNumber = regexp.MustCompile(`\bSO-[0-9A-Z]{5}-[0-9A-Z]{5}\b`)
	requestID   = regexp.MustCompile(`\breq-[a-z2-7]{26}\b`)
	aToken      = regexp.MustCompile(`token=[\w-]{43}`)
	rmaNumber   = regexp.MustCompile(`\bRMA-[0-9A-Z]{5}\b`)
	inStock     = regexp.MustCompile(`\bon_hand=\d+`)
	anInstant   = regexp.MustCompile(`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z`)
	clockTime   = regexp.MustCompile(`(at|às|"at":) ?"?\d\d:\d\d(:\d\d)?`)
	serversID   = regexp.MustCompile(`provider_id=2\.0\.0 OK: queued as \S+`)
)

// told are the rows that were not there before, each in a line; names are what stands for what.
func (p *parts) told(t *testing.T, before map[row]bool, key string, names []string) string {
	t.Helper()
	var rows []row
	for r := range p.rows(t) {
		if !before[r] {
			rows = append(rows, r)
		}
	}
	slices.SortFunc(rows, func(a, b row) int { // by age in each table
		return strings.Compare(a.table+a.id+a.text, b.table+b.id+b.text)
	})

	secrets := p.stack.Domains.DB.Secrets()
	var lines []string
	known := map[string]string{}
	for _, r := range rows {
		for _, id := range anID.FindAllString(r.text, -1) {
			if known[id] == "" {
				known[id] = fmt.Sprintf("%s %d", db.KindOf(id), len(known))
				names = append(names, db.HashSecret(secrets.InvitationToken(id)), "HASH OF TOKEN")
			}
		}
		text := strings.NewReplacer(names...).Replace(r.text)
		text = anID.ReplaceAllStringFunc(text, func(id string) string { return known[id] })
		text = orderNumber.ReplaceAllString(text, "NUMBER")
		text = requestID.ReplaceAllString(text, "REQUEST")
		text = serversID.ReplaceAllString(text, "provider_id=ANSWER")
		text = forgetTime(rmaNumber.ReplaceAllString(text, "NUMBER"))
		text = inStock.ReplaceAllString(text, "on_hand=STOCK")
		lines = append(lines, strings.ReplaceAll(text, key, "KEY"))
	}
	return throttlesSorted(lines)
}

// forgetTime leaves out when something happened, where it stands in a text.
func forgetTime(text string) string {
	text = anInstant.ReplaceAllString(text, "INSTANT")
	return clockTime.ReplaceAllString(text, "$1 CLOCK")
}

// namesOfOrder are an order's hashes, made again, and what they stand for.
func (p *parts) namesOfOrder(t *testing.T, key string) []string {
	t.Helper()
	seller, err := p.seller(db.WithSystem(t.Context()))
	require.NoError(t, err)
	f := form(key).Normalised()
	company := rules.CompanyKey(f.EndCustomer.Company)
	customer := sha256.Sum256([]byte(company + "|BR"))
	names := []string{
		f.Hash(), "HASH OF ORDER", hex.EncodeToString(customer[:]), "HASH OF CUSTOMER", company, "COMPANY",
	}
	for _, email := range []string{f.EndCustomer.Email, f.Reseller.Email, f.Distributor.Email} {
		counted := "mail/order-contact/" + seller.ID + "/" + email
		names = append(names, p.stack.Domains.DB.Secrets().Fingerprint("throttle", counted), "COUNT OF "+email)
	}
	return names
}

// throttlesSorted joins the lines; the rows of counts have no id by which they could be in order.
func throttlesSorted(lines []string) string {
	slices.SortStableFunc(lines, func(a, b string) int {
		const counts = "throttles "
		if strings.HasPrefix(a, counts) && strings.HasPrefix(b, counts) {
			return strings.Compare(a, b)
		}
		return strings.Compare(strings.Fields(a)[0], strings.Fields(b)[0])
	})
	return strings.Join(lines, "\n")
}

// mails are what the SMTP server has of an order, as people read it, with the header.
func (p *parts) mails(key string, names ...string) (out []string) {
	for _, m := range p.smtp.Messages() {
		if keyOf(m.To[0]) != key {
			continue
		}
		header := m.Header
		for _, own := range []string{"Date", "Content-Type", "Subject"} {
			delete(header, own)
		}
		text := fmt.Sprint(m.From, m.To, m.FromName, m.Subject, header, m.Text, m.HTML)
		text = strings.NewReplacer(names...).Replace(anID.ReplaceAllString(text, "ID"))
		text = orderNumber.ReplaceAllString(text, "NUMBER")
		text = forgetTime(rmaNumber.ReplaceAllString(text, "NUMBER"))
		text = aToken.ReplaceAllString(text, "token=TOKEN")
		out = append(out, strings.ReplaceAll(text, key, "KEY"))
	}
	slices.Sort(out)
	return out
}
