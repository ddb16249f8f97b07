package doctor

import (
	"database/sql"
	"errors"
	"net/url"
	"path"
	"testing"
	"time"

	"cloud.google.com/go/civil"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/stretchr/testify/require"
	"gorm.io/gorm"

	"roomcover.dev/roomcover/clock"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/domains"
	"roomcover.dev/roomcover/models/program"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/models/storetest/pgserver"
)

var bounds = db.Session{Statement: time.Minute, Lock: time.Minute, Idle: time.Minute}

// opened are the domains on another connection to the house's database.
func (h *house) opened(dialector gorm.Dialector) *domains.Domains {
	h.t.Helper()
	d, err := domains.Open(dialector, domains.Options{Options: db.Options{
		Clock: clock.At(h.Calendar.Now),
		Key:   storetest.Key,
	}})
	require.NoError(h.t, err)
	h.t.Cleanup(func() { _ = d.DB.Close() })
	return d
}

func TestADatabaseThatIsNotReachedIsFoundAlone(t *testing.T) {
	h := newHouse(t, storetest.SQLite(t))
	h.o.DB, h.o.Programs, h.o.SSO, h.o.Sync = nil, nil, nil, nil
	h.o.Unopened = errors.New("user=ana password=hush: refused")
	h.only("database", true, "does not answer (no connection)", "ROOMCOVER_DATABASE_URL")

	closed := storetest.SQLite(t)
	h = newHouse(t, closed)
	require.NoError(t, closed.Close())
	h.only("database", true, "does not answer", "ROOMCOVER_DATABASE_URL")
}

func TestWhyTheDatabaseIsNotReachedIsSaid(t *testing.T) {
	env := storetest.Postgres(t)
	h := newHouse(t, env)
	open := func(change func(u *url.URL)) error {
		u, err := url.Parse(env.DSN)
		require.NoError(t, err)
		change(u)
		dialector, err := db.Postgres(u.String())
		require.NoError(t, err)
		_, err = domains.Open(dialector, domains.Options{Options: db.Options{Key: storetest.Key}})
		require.Error(t, err)
		return err
	}
	h.o.DB = nil
	h.o.Unopened = open(func(u *url.URL) { u.Path = "/nowhere" })
	h.only("database", true, "SQLSTATE 3D000", "There is no such database")
	h.o.Unopened = open(func(u *url.URL) { u.User = url.UserPassword("nobody", "hush") })
	h.only("database", true, "SQLSTATE 28", "refuses the role")
}

func TestAnOldSchemaIsFound(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		h := newHouse(t, env)
		require.NoError(t, env.Rollback(env.Context))
		t.Cleanup(func() {
			_, err := env.Migrate(env.Context)
			require.NoError(t, err)
		})
		h.only("schema", true, "Migrations are missing", "roomcover migrate")
	})
}

// A role that can do more or less than serve needs is found, with its remedy.
func TestRolesAreFound(t *testing.T) {
	env := storetest.Postgres(t)
	h := newHouse(t, env)

	h.on(pgserver.Owner(env.DSN), bounds)
	h.only("database", true, "the role that owns the tables", "deploy/postgres-roles.sql")
	h.set["ROOMCOVER_ALLOW_INSECURE"] = "ROOMCOVER_OWNER_DATABASE_URL"
	h.only("database", false, "the role that owns the tables", "deploy/postgres-roles.sql")

	h.on(pgserver.Superuser(env.DSN), bounds)
	found := h.examined()
	require.True(t, found[0].Fails)
	require.Contains(t, found[0].What, "superuser")
}

func TestRowLevelSecurityIsTriedAsItIsOperated(t *testing.T) {
	env := storetest.Postgres(t)
	h := newHouse(t, env)
	require.NoError(t, env.Exec("ALTER TABLE accounts DISABLE ROW LEVEL SECURITY"))
	t.Cleanup(func() {
		require.NoError(t, env.Exec("ALTER TABLE accounts ENABLE ROW LEVEL SECURITY"))
	})
	h.only("database", true, "Row-level security does not hold", "roomcover migrate")
}

func TestBoundsThatDoNotReachTheDatabaseAreFound(t *testing.T) {
	env := storetest.Postgres(t)
	h := newHouse(t, env)
	for _, c := range []struct {
		session db.Session
		setting string
	}{
		{db.Session{Lock: time.Minute, Idle: time.Minute}, "ROOMCOVER_SERVE_STATEMENT_TIMEOUT"},
		{db.Session{Statement: time.Minute, Idle: time.Minute}, "ROOMCOVER_DATABASE_LOCK_TIMEOUT"},
		{db.Session{Statement: time.Minute, Lock: time.Minute}, "ROOMCOVER_DATABASE_IDLE_TIMEOUT"},
	} {
		h.on(env.DSN, c.session)
		h.only("database", false, "may last for ever", c.setting)
	}

	// A pooler between keeps startup parameters to itself.
	parsed, err := pgx.ParseConfig(env.DSN)
	require.NoError(t, err)
	parsed.RuntimeParams["options"] =
		"-c statement_timeout=1min -c lock_timeout=1min -c idle_in_transaction_session_timeout=1min"
	d := h.opened(db.PostgresPool(sql.OpenDB(stdlib.GetConnector(*parsed))))
	h.o.DB = d.DB
	h.only("database", true, "roomcover.scope", "pooler")
}

func TestConnectionsThatRunOutAreFound(t *testing.T) {
	env := storetest.Postgres(t)
	h := newHouse(t, env)
	u, err := url.Parse(env.DSN)
	require.NoError(t, err)
	limit := func(n string) {
		require.NoError(t, env.Exec("ALTER DATABASE "+path.Base(u.Path)+" CONNECTION LIMIT "+n))
	}
	defer limit("-1")

	limit("30")
	h.only("database", false, "allows 30 connections, and one serve with one worker may open 40",
		"max_connections")
	limit("11")
	h.only("database", true, "Of 11 connections ", "pg_stat_activity")
}

func TestADatabaseThatOnlyReadsIsFound(t *testing.T) {
	env := storetest.Postgres(t)
	h := newHouse(t, env)
	h.on(env.DSN+"&default_transaction_read_only=on", bounds)
	h.only("disks", true, "takes nothing that is written (it only reads)", "name the primary")
}

func TestHolidaysThatEndAreFound(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		h := newHouse(t, env)
		_, account := storetest.AcmeForm(t, env)
		env.Room(t, account, "São Paulo")
		require.Empty(t, h.examined())

		env.Site(t, account, "Office", "CN", "")
		h.only("holidays", true, "without a holiday in the coming year: CN.", "add-holiday")

		c, err := env.GetCalendar(env.Context, "CN")
		require.NoError(t, err)
		last := civil.DateOf(env.Calendar.Now()).AddDays(30)
		_, err = env.AddHoliday(storetest.Operator(),
			program.CalendarChange{Code: "CN", Version: c.Version, Reason: "entered"}, last, "春节")
		require.NoError(t, err)
		h.only("holidays", false, "CN on "+last.String()+".", "add-holiday")
	})
}

func TestCustomersCertificatesThatEndAreFound(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		h := newHouse(t, env)
		acme := env.Covered(t)
		con := env.OwnSignIn(t, acme.Account, "acme.example")
		env.Synced(t, acme)
		in := func(days float64) string {
			at := db.RealNow().Add(time.Duration(days * 24 * float64(time.Hour)))
			return "'" + at.Format("2006-01-02 15:04:05+00:00") + "'"
		}
		saml := func(days float64) {
			require.NoError(t, env.Exec("UPDATE sso_connections SET kind = 'SAML', certificates_until = "+
				in(days)+" WHERE id = '"+con.ID+"'"))
		}
		sync := func(days float64) {
			require.NoError(t, env.Exec("UPDATE sync_certificates SET ends_at = "+in(days)))
		}

		saml(31)
		sync(31)
		require.Empty(t, h.examined())
		for _, c := range []struct {
			days  float64
			fails bool
			says  string
		}{{29, false, " ends on "}, {6, true, " ends on "}, {-1, true, " ended on "}} {
			saml(c.days)
			h.only("certificates", c.fails, "sign-in "+con.ID+" of account "+acme.Account+c.says,
				"SIGN_IN_ENDS")
			saml(31)
			sync(c.days)
			h.only("certificates", c.fails, "for Sync of account "+acme.Account+c.says,
				"SYNC_CONNECTION")
			sync(31)
		}

		sync(3)
		require.NoError(t, env.Exec(`
			INSERT INTO sync_certificates (id, account_id, connection_id, place, certificate, private_key,
				fingerprint, ends_at, alerted, created_by, created_at)
			SELECT id || 'b', account_id, connection_id, 3 - place, '', '', 'another', `+in(90)+
			`, 0, created_by, created_at FROM sync_certificates`))
		require.Empty(t, h.examined(), "a second one lasts longer")
		require.NoError(t, env.SSO.TurnOff(storetest.Customer(acme.Account), acme.Account, con.ID))
		saml(-1)
		require.Empty(t, h.examined(), "nobody signs in by it")
	})
}
