package storetest

import (
	"context"
	"fmt"
	"os"
	"reflect"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"gorm.io/gorm"

	"roomcover.dev/roomcover/models/account"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/domains"
	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/models/notification"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/ordering"
)

// Operator is a context of an operator's agent.
func Operator() context.Context {
	return db.WithScope(context.Background(), db.Scope{
		System: true,
		Actor: db.Actor{
			ID:    "tok_operator",
			Role:  rules.OperatorAgent,
			OrgID: account.OperatorOrgID,
		},
	})
}

// Seller is a context of a reseller or distributor.
func Seller(org account.Org) context.Context {
	role := rules.Reseller
	if org.Kind == account.OrgDistributor {
		role = rules.Distributor
	}

	return db.WithScope(context.Background(), db.Scope{
		OrgID: org.ID,
		Actor: db.Actor{ID: "tok_seller", Role: role, OrgID: org.ID},
	})
}

// Customer is a context of an administrator of the accounts.
func Customer(accountIDs ...string) context.Context {
	return db.WithScope(context.Background(), db.Scope{
		AccountIDs: accountIDs,
		Actor:      db.Actor{ID: "usr_admin", Role: rules.CustomerAdmin},
	})
}

// Distributor registers an authorised distributor.
func (e Env) Distributor(t testing.TB, name string) account.Org {
	t.Helper()
	org, err := e.PutOrg(e.Context, account.OrgChange{
		Kind:           account.OrgDistributor,
		Name:           name,
		AuthorisedFrom: "2020-01-01",
	})

	require.NoError(t, err)
	return org
}

// Relate records that a distributor orders in the name of a reseller (S65).
func (e Env) Relate(t testing.TB, distributor, reseller account.Org) {
	t.Helper()
	require.NoError(t,
		e.RelateOrgs(Operator(), distributor.ID, reseller.ID, true, "their contract"))
}

// Count reads one number from the database.
func (e Env) Count(t testing.TB, query string) int {
	t.Helper()
	pool, err := e.Pool()
	require.NoError(t, err)
	var n int
	require.NoError(t, pool.QueryRow(query).Scan(&n), query)
	return n
}

// Exec runs a statement past the domains, on PostgreSQL as the owner of the tables, and
// returns its error.
func (e Env) Exec(query string) error {
	connect := e.Pool
	if e.DSN != "" {
		d, err := e.owner()
		if err != nil {
			return err
		}
		connect = d.DB.Pool
	}

	pool, err := connect()
	if err != nil {
		return err
	}
	_, err = pool.Exec(query)
	return err
}

// Strings reads one column of texts.
func (e Env) Strings(t testing.TB, query string) []string {
	t.Helper()
	pool, err := e.Pool()
	require.NoError(t, err)
	rows, err := pool.Query(query)
	require.NoError(t, err, query)
	defer rows.Close()

	var out []string
	for rows.Next() {
		var s *string
		require.NoError(t, rows.Scan(&s))
		if s != nil {
			out = append(out, *s)
		}
	}

	require.NoError(t, rows.Err())
	return out
}

// NextMail is NextMails for one mail after another: last is how the one before ended,
// zero for none.
func (e Env) NextMail(
	ctx context.Context, key string, last notification.MailResult, skip []string,
) (notification.Notification, bool, error) {
	var ended []notification.MailResult
	if last.ID != "" {
		ended = append(ended, last)
	}

	mails, err := e.NextMails(ctx, key, 1, ended, skip)
	if err != nil || len(mails) == 0 {
		return notification.Notification{}, false, err
	}

	return mails[0], true, nil
}

// Deliver sends every queued mail of a subject as a sender would, four at a time, and
// returns them.
func (e Env) Deliver(t testing.TB, subject string) []notification.Notification {
	t.Helper()
	if db.KindOf(subject) == db.PrefixTicket {
		require.NoError(t, SecondOf(e.Tickets.Correspond(e.Context, subject)))
	}
	var out []notification.Notification
	var ended []notification.MailResult
	for {
		mails, err := e.NextMails(e.Context, subject, 4, ended, nil)
		require.NoError(t, err)
		if len(mails) == 0 {
			return out
		}

		out, ended = append(out, mails...), nil
		for _, m := range mails {
			ended = append(ended, notification.MailResult{
				ID:         m.ID,
				State:      rules.NotificationSent,
				ProviderID: "test",
			})
		}
	}
}

// Mails lists the mails of a template to anyone.
func (e Env) Mails(t testing.TB, template string) []notification.Notification {
	t.Helper()
	var out []notification.Notification
	all, _, err := e.ListNotifications(
		e.Context, notification.NotificationFilter{Page: db.Page{Limit: 200}},
	)
	require.NoError(t, err)

	for _, m := range all {
		if m.Template == template {
			out = append(out, m)
		}
	}

	return out
}

// InvitationOf is the latest invitation that an order led to.
func (e Env) InvitationOf(t testing.TB, orderID string) identity.Invitation {
	t.Helper()
	all, _, err := e.ListInvitations(e.Context, "", orderID, db.Page{})
	require.NoError(t, err)
	require.NotEmpty(t, all)
	return all[0]
}

// Join accepts an invitation as a person.
func (e Env) Join(t testing.TB, inv identity.Invitation) (identity.User, identity.Membership) {
	t.Helper()
	u, m, err := e.AcceptInvited(inv, inv.Email, "Pessoa Convidada")
	require.NoError(t, err)
	return u, m
}

// AcceptInvited accepts an invitation as the person who proved to own the address, and who signs
// in where there is a user of it.
func (e Env) AcceptInvited(
	inv identity.Invitation, email, name string,
) (identity.User, identity.Membership, error) {
	a := identity.Acceptance{
		InvitationID: inv.ID,
		Email:        email,
		Name:         name,
		PasswordHash: "hash",
		Locale:       "pt-BR",
	}

	u, m, err := e.AcceptInvitation(e.Context, a)
	if rules.CodeOf(err) != rules.SignInRequired {
		return u, m, err
	}

	known, err := e.UserByEmail(e.Context, email)
	if err != nil {
		return known, m, err
	}
	a.SignedInAs = known.ID
	return e.AcceptInvitation(e.Context, a)
}

// Tasks lists the tasks of a kind.
func (e Env) Tasks(t testing.TB, kind db.TaskKind) []db.OperatorTask {
	t.Helper()
	out, _, err := e.ListTasks(e.Context, db.TaskFilter{Kind: kind, Page: db.Page{Limit: 200}})
	require.NoError(t, err)
	return out
}

// AuditHolds verifies every audit chain.
func (e Env) AuditHolds(t testing.TB) {
	t.Helper()
	_, faults, err := e.VerifyAudit(e.Context)
	require.NoError(t, err)
	require.Empty(t, faults)
}

// SetLocal moves the calendar to a wall-clock time of a zone, given as
// "2006-01-02 15:04".
func (e Env) SetLocal(t testing.TB, zone, wall string) {
	t.Helper()
	loc, err := time.LoadLocation(zone)
	require.NoError(t, err)
	at, err := time.ParseInLocation("2006-01-02 15:04", wall, loc)
	require.NoError(t, err)
	e.Calendar.Set(at)
}

// AtOnce runs n copies of fn at the same time and returns their errors.
func AtOnce(n int, fn func(i int) error) []error {
	errs := make([]error, n)
	var ready, done sync.WaitGroup
	start := make(chan struct{})
	for i := range n {
		ready.Add(1)
		done.Add(1)
		go func() {
			defer done.Done()
			ready.Done()
			<-start
			errs[i] = fn(i)
		}()
	}

	ready.Wait()
	close(start)
	done.Wait()
	return errs
}

// Behind runs first, and second as soon as first has run a statement that contains the text.
// first goes on once second waits for a lock; both errors are returned. It is for PostgreSQL.
func (e Env) Behind(t testing.TB, text string, first, second func() error) (error, error) {
	t.Helper()
	var begun atomic.Bool
	ended := make(chan error, 1)
	e.Statements.Reset()
	e.Statements.After(func(int) {
		is := func(sql string) bool { return strings.Contains(sql, text) }
		if !slices.ContainsFunc(e.Statements.List(), is) || !begun.CompareAndSwap(false, true) {
			return
		}
		go func() { ended <- second() }()
		require.Eventually(t, func() bool {
			return e.Count(t, `SELECT count(*) FROM pg_stat_activity
				WHERE datname = current_database() AND wait_event_type = 'Lock'`) > 0
		}, time.Minute, 2*time.Millisecond)
	})
	err := first()
	e.Statements.After(nil)
	require.True(t, begun.Load(), "no statement with %s", text)
	return err, <-ended
}

// FormFor is Form for another company and person.
func FormFor(po, company, email string) ordering.OrderForm {
	f := Form(po)
	f.EndCustomer.Company, f.EndCustomer.Email = company, email
	return f
}

// Company returns the n-th of some distinct names of companies.
func Company(n int) string { return fmt.Sprintf("Empresa %d Ltda", n) }

// EntityColumns lists the "table.column" of every entity, and which of them take NULL
// because their field is a pointer, or a day.
func (e Env) EntityColumns() (columns, nullable []string, err error) {
	err = e.DB.Read(e.Context, func(tx *db.Tx) error {
		for _, entity := range domains.Entities() {
			stmt := &gorm.Statement{DB: tx.DB}
			if err := stmt.Parse(entity); err != nil {
				return err
			}

			for _, f := range stmt.Schema.Fields {
				if f.DBName == "" {
					continue
				}

				name := stmt.Schema.Table + "." + f.DBName
				columns = append(columns, name)
				day := f.TagSettings["SERIALIZER"] == "day"
				if day || f.FieldType.Kind() == reflect.Pointer {
					nullable = append(nullable, name)
				}
			}
		}

		return nil
	})

	slices.Sort(columns)
	slices.Sort(nullable)
	return columns, nullable, err
}

// MigrationNames lists the migrations of a dialect, by their files. It reads them from
// beside the package under test.
func MigrationNames(t *testing.T, dialect string) []string {
	entries, err := os.ReadDir("../db/migrations/" + dialect)
	require.NoError(t, err)
	var out []string
	for _, e := range entries {
		out = append(out, e.Name())
	}
	return out
}

// KeptForTheReleaseBefore are the columns of PostgreSQL that this release does not read and
// the one before does: the days as texts, which a trigger keeps the same as the dates.
var KeptForTheReleaseBefore = []string{
	"catalogue_skus.effective_from",
	"catalogue_skus.effective_to",
	"devices.ext_warranty_end",
	"devices.purchased_on",
	"devices.replaced_on",
	"devices.std_warranty_end",
	"earlier_warranties.ends_on",
	"earlier_warranties.purchased_on",
	"earlier_warranties.starts_on",
	"orders.purchased_on",
	"orgs.authorised_from",
	"orgs.authorised_until",
	"product_models.effective_to",
	"shipments.promised_on",
}

// SchemaOf lists "table.column" with a word for null, but for those that are
// KeptForTheReleaseBefore.
func SchemaOf(t *testing.T, env Env) []string {
	var out []string
	for _, table := range TablesOf(t, env) {
		if table == "goose_db_version" {
			continue
		}

		query := `
			SELECT name || CASE WHEN "notnull" = 1 OR pk > 0 THEN '' ELSE ' null' END
			FROM pragma_table_info('` + table + `')`

		if env.DSN != "" {
			query = `
				SELECT column_name || CASE WHEN is_nullable = 'NO' THEN '' ELSE ' null' END
				FROM information_schema.columns
				WHERE table_schema = 'public' AND table_name = '` + table + `'`
		}

		for _, column := range env.Strings(t, query) {
			if name := table + "." + column; !slices.Contains(KeptForTheReleaseBefore, name) {
				out = append(out, name)
			}
		}
	}

	slices.Sort(out)
	return out
}

// TablesOf lists the tables of the database.
func TablesOf(t *testing.T, env Env) []string {
	query := `
		SELECT name FROM sqlite_master
		WHERE type = 'table' AND name NOT LIKE 'sqlite_%'
		ORDER BY name`

	if env.DSN != "" {
		query = `
			SELECT table_name FROM information_schema.tables
			WHERE table_schema = 'public'
			ORDER BY table_name`
	}

	return env.Strings(t, query)
}

// SecondOf returns the error of a call with two results.
func SecondOf[A any](_ A, err error) error { return err }

// Third returns the error of a call with three results.
func Third[A, B any](_ A, _ B, err error) error { return err }

// ListOf returns the rows of a list, and fails the test that asks where there is an error.
func ListOf[T any](rows []T, _ string, err error) func(*testing.T) []T {
	return func(t *testing.T) []T {
		require.NoError(t, err)
		return rows
	}
}

// VerbsOf lists the verbs of audit events.
func VerbsOf(events []db.AuditEvent) (out []string) {
	for _, e := range events {
		out = append(out, e.Verb)
	}
	return out
}
