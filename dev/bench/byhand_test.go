package bench

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
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

// TestByHandWritesWhatTheServiceWrites has one order done by the service and one by hand, and
// compares every row that each of them leaves, in whatever table, and every mail. Ids are
// numbered, so that it is compared too what belongs to what; hashes are made again here.
func TestByHandWritesWhatTheServiceWrites(t *testing.T) {
	for _, database := range []string{"sqlite", "postgres"} {
		t.Run(database, func(t *testing.T) {
			p, err := startParts(t.Context(), Options{Database: database, keepMails: true}, t.TempDir())
			skipWithoutPostgres(t, err)
			require.NoError(t, err)
			defer func() { require.NoError(t, p.stop()) }()
			p.stepByMails(t)

			_, err = p.orders(t.Context(), "warm", 1, 1, nil) // the first sweeps are over
			require.NoError(t, err)
			before := p.rows(t)
			_, err = p.orders(t.Context(), "serv", 1, 1, nil)
			require.NoError(t, err)
			require.NoError(t, p.stack.StopWorker())
			service := p.told(t, before, "serv-1")

			require.NoError(t, p.runByHand(t.Context(), func(run load) error {
				_, err := run(t.Context(), "warmhand", 1, 1, nil) // the first audit has no witness
				require.NoError(t, err)
				before = p.rows(t)
				_, err = run(t.Context(), "hand", 1, 1, nil)
				return err
			}))
			byHand := p.told(t, before, "hand-1")

			require.Equal(t, service, byHand)
			require.Equal(t, 35, strings.Count(service, "\n")+1, service)
			require.Len(t, p.mails("serv-1"), mailsPerOrder)
			require.Equal(t, p.mails("serv-1"), p.mails("hand-1"))

			events, faults, err := p.stack.Domains.DB.VerifyAudit(db.WithSystem(t.Context()))
			require.NoError(t, err)
			require.Positive(t, events)
			require.Empty(t, faults)
			require.NoError(t, p.post(t.Context(), "hand-1"), "the service has this order already")
		})
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
	serversID   = regexp.MustCompile(`provider_id=2\.0\.0 OK: queued as \S+`)
)

// told are the rows of an order that were not there before, each in a line.
func (p *parts) told(t *testing.T, before map[row]bool, key string) string {
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
	seller, err := p.seller(db.WithSystem(t.Context()))
	require.NoError(t, err)
	f := form(key).Normalised()
	customer := sha256.Sum256([]byte(rules.CompanyKey(f.EndCustomer.Company) + "|BR"))
	names := []string{f.Hash(), "HASH OF ORDER", hex.EncodeToString(customer[:]), "HASH OF CUSTOMER"}
	for _, email := range []string{f.EndCustomer.Email, f.Reseller.Email, f.Distributor.Email} {
		counted := "mail/order-contact/" + seller.ID + "/" + email
		names = append(names, secrets.Fingerprint("throttle", counted), "COUNT OF "+email)
	}

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
		text = strings.ReplaceAll(text, rules.CompanyKey(f.EndCustomer.Company), "COMPANY")
		lines = append(lines, strings.ReplaceAll(text, key, "KEY"))
	}
	return throttlesSorted(lines)
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
func (p *parts) mails(key string) (out []string) {
	for _, m := range p.smtp.Messages() {
		if keyOf(m.To[0]) != key {
			continue
		}
		header := m.Header
		for _, own := range []string{"Date", "Content-Type", "Subject"} {
			delete(header, own)
		}
		text := fmt.Sprint(m.From, m.To, m.FromName, m.Subject, header, m.Text, m.HTML)
		text = anID.ReplaceAllString(text, "ID")
		text = orderNumber.ReplaceAllString(text, "NUMBER")
		text = aToken.ReplaceAllString(text, "token=TOKEN")
		out = append(out, strings.ReplaceAll(text, key, "KEY"))
	}
	slices.Sort(out)
	return out
}
