package doctor

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"roomcover.dev/roomcover/models/db"
)

const (
	aboutDatabase = "database"
	aboutSchema   = "schema"
)

// fewConnections is how many a process needs at least.
const fewConnections = 10

// database looks at how the service reaches its rows, and reports whether they can be read.
func (r *report) database(ctx context.Context, o Options) (readable bool) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()

	err := o.Unopened
	if err == nil {
		err = o.DB.Ping(ctx)
	}
	if err != nil {
		r.unreachable(err)
		return false
	}

	current, target, err := o.DB.SchemaVersions(ctx)
	switch {
	case err != nil:
		r.fail(aboutSchema, "The version of the schema cannot be read.",
			"Run roomcover migrate as the owner, which makes it and grants what is needed.")
		return false
	case current < target:
		r.fail(aboutSchema, fmt.Sprintf("Migrations are missing: the schema is at %d, and this "+
			"program needs %d.", current, target), "Run roomcover migrate.")
		return false
	}

	if !r.roles(ctx, o) {
		return false
	}
	if err := o.DB.TenantFenced(ctx); err != nil {
		what := "A transaction for a customer cannot be opened: " + said(err) + "."
		if errors.Is(err, db.ErrNotFenced) {
			what = "Row-level security does not hold: a customer's transaction sees others' rows."
		}
		r.fail(aboutDatabase, what,
			"Run roomcover migrate as the owner, and find out who changed the policies.")
	}
	r.connection(ctx, o)
	return true
}

// roles looks at as whom the service is connected, and reports whether it can read.
func (r *report) roles(ctx context.Context, o Options) (readable bool) {
	roles, err := o.DB.Roles(ctx)
	if err != nil {
		r.unread(aboutDatabase, err)
		return false
	}

	if wrong := roles.Wrong(); wrong != nil {
		text := strings.TrimPrefix(wrong.Error(), db.ErrRoles.Error()+": ")
		what, remedy, _ := strings.Cut(text, "; ")
		remedy = sentence(strings.ToUpper(remedy[:1]) + remedy[1:])
		if roles.Owner && !roles.Unbound && o.Config.AllowsOwner() {
			r.warn(aboutDatabase, sentence(what), remedy)
		} else {
			r.fail(aboutDatabase, sentence(what), remedy)
		}
		return roles.Tenant && roles.Closed == 0 || roles.Owner
	}
	if roles.Leaves {
		r.warn(aboutDatabase, "SQL in a customer's transaction could leave its role.",
			"Run deploy/postgres-roles.sql as the superuser.")
	}
	return true
}

// connection looks at the bounds of a connection, and at how many are left.
func (r *report) connection(ctx context.Context, o Options) {
	s, known, err := o.DB.Connected(ctx)
	if err != nil {
		r.unread(aboutDatabase, err)
		return
	}
	if !known {
		return
	}

	if !s.System {
		r.fail(aboutDatabase, "The startup parameter roomcover.scope does not reach PostgreSQL.",
			"Have the pooler between let startup parameters through, or leave it out.")
	}
	for _, bound := range []struct {
		is            time.Duration
		what, setting string
	}{
		{s.Statement, "A statement", "ROOMCOVER_SERVE_STATEMENT_TIMEOUT"},
		{s.Lock, "A wait for a lock", "ROOMCOVER_DATABASE_LOCK_TIMEOUT"},
		{s.Idle, "A transaction that does nothing", "ROOMCOVER_DATABASE_IDLE_TIMEOUT"},
	} {
		if bound.is == 0 {
			r.warn(aboutDatabase, bound.what+" may last for ever.",
				"Set "+bound.setting+", and no timeout in the database's address.")
		}
	}

	const fewer = "Raise max_connections of PostgreSQL, or lower " +
		"ROOMCOVER_DATABASE_MAX_CONNECTIONS."
	switch needed := 2 * max(o.Config.DatabaseMax, fewConnections); {
	case s.Left < fewConnections:
		r.fail(aboutDatabase,
			fmt.Sprintf("Of %d connections %d are left.", s.Most, max(s.Left, 0)),
			"Find in pg_stat_activity who holds them. "+fewer)
	case s.Most < needed:
		r.warn(aboutDatabase,
			fmt.Sprintf("PostgreSQL allows %d connections, and one serve with one worker may open "+
				"%d.", s.Most, needed),
			fewer)
	}
}

// unreachable says why the database cannot be asked.
func (r *report) unreachable(err error) {
	remedy := "Is PostgreSQL running, and reached from here? ROOMCOVER_DATABASE_URL says where."
	switch state := stateOf(err); {
	case strings.HasPrefix(state, "28"):
		remedy = "PostgreSQL refuses the role or its password: look at ROOMCOVER_DATABASE_URL " +
			"and pg_hba.conf."
	case state == "3D000":
		remedy = "There is no such database: make it with its roles, as docs/operations.md says."
	case state == "53300":
		remedy = "No connection is left: find in pg_stat_activity who holds them, or raise " +
			"max_connections."
	}
	r.fail(aboutDatabase, "The database does not answer ("+said(err)+").", remedy)
}

// said is what an error of the database is called, without addresses and values.
func said(err error) string {
	if state := stateOf(err); state != "" {
		return "SQLSTATE " + state
	}
	switch {
	case errors.Is(err, db.ErrReadOnly):
		return "it only reads"
	case errors.Is(err, context.DeadlineExceeded):
		return "not in time"
	}
	return "no connection"
}

func stateOf(err error) string {
	var coded interface{ SQLState() string }
	if errors.As(err, &coded) {
		return coded.SQLState()
	}
	return ""
}
