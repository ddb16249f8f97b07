package db

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"strings"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/logger"
)

// The roles of a PostgreSQL database beside its owner; see docs/operations.md.
const (
	// ServiceRole is what serve and worker connect as.
	ServiceRole = "roomcover_service"
	// TenantRole is what a transaction for a tenant turns into.
	TenantRole = "roomcover_tenant"
)

//go:embed roles.sql
var rolesSQL string

// grantRoles gives the roles what they may do with the tables as they are now, and lets the
// service see every row: for it alone a policy is a constant, which costs a query nothing.
// Where the roles are missing and the owner may not create them, and for everybody who is
// not the owner, it does nothing.
func (d *DB) grantRoles(ctx context.Context) error {
	if !d.Postgres() {
		return nil
	}

	q := d.gorm.WithContext(ctx)
	var owner bool
	if err := q.Raw("SELECT " + ownsSQL).Scan(&owner).Error; err != nil || !owner {
		return err
	}
	if err := q.Exec(rolesSQL).Error; err != nil {
		return fmt.Errorf("grant the roles their rights: %w", err)
	}

	var closed []string
	if err := q.Raw(closedToServiceSQL).Scan(&closed).Error; err != nil {
		return err
	}
	for _, table := range closed {
		if err := openToService(ctx, q, table); err != nil {
			return fmt.Errorf("open %s to the service: %w", table, err)
		}
	}

	return nil
}

// closedToServiceSQL lists the tables with row-level security of which the service's role,
// where there is one, does not see every row.
const closedToServiceSQL = `
	SELECT c.oid::regclass::text
	FROM pg_class c
	WHERE c.relnamespace = current_schema()::regnamespace
		AND c.relrowsecurity
		AND to_regrole('roomcover_service') IS NOT NULL
		AND NOT EXISTS (
			SELECT FROM pg_policy p
			WHERE p.polrelid = c.oid
				AND p.polroles = ARRAY[to_regrole('roomcover_service')::oid]
				AND pg_get_expr(p.polqual, p.polrelid) = 'true'
				AND p.polcmd = '*')
	ORDER BY c.relname`

// openToService makes the policy of one table. It gives way to who uses the table for long,
// and is tried again after a pause.
func openToService(ctx context.Context, q *gorm.DB, table string) error {
	for try := 1; ; try++ {
		err := q.Transaction(func(q *gorm.DB) error {
			for _, statement := range []string{
				"SET LOCAL lock_timeout = '2s'",
				"SELECT pg_advisory_xact_lock(hashtextextended('roomcover roles', 0))",
				"DROP POLICY IF EXISTS service ON " + table,
				"CREATE POLICY service ON " + table + " TO " + ServiceRole + " USING (true)",
			} {
				if err := q.Exec(statement).Error; err != nil {
					return err
				}
			}
			return nil
		})
		code := stateOf(err)
		if code != lockNotAvailable && code != deadlockDetected || try == lockPatience {
			return err
		}

		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(lockPause):
		}
	}
}

// ErrRoles says that the database's roles are not set up as this program needs them.
var ErrRoles = errors.New("models: the database's roles are not set up")

// Roles are how a process is connected to PostgreSQL.
type Roles struct {
	// Unbound: row-level security does not hold for the role.
	Unbound bool
	// Owner: the role owns the tables, or may turn into who does, so it could change them and
	// empty the audit.
	Owner bool
	// Tenant: a transaction can turn into the tenant's role.
	Tenant bool
	// Closed is how many tables the role does not see wholly.
	Closed int
	// Leaves: an expression of a tenant's transaction can leave its role.
	Leaves bool
}

// Wrong returns what is wrong about the roles, with the way out; nil where nothing is. An
// owner that is no superuser is wrong as well, but works: see Owner.
func (r Roles) Wrong() error {
	switch {
	case r.Unbound:
		return fmt.Errorf("%w: ROOMCOVER_DATABASE_URL names a superuser or a role with BYPASSRLS, "+
			"for which row-level security does not hold; name %s", ErrRoles, ServiceRole)
	case r.Owner:
		return fmt.Errorf("%w: ROOMCOVER_DATABASE_URL names the role that owns the tables, which "+
			"can empty the audit; run deploy/postgres-roles.sql and roomcover migrate, and name %s",
			ErrRoles, ServiceRole)
	case !r.Tenant:
		return fmt.Errorf("%w: the role in ROOMCOVER_DATABASE_URL is no member of %s; run "+
			"deploy/postgres-roles.sql as the superuser", ErrRoles, TenantRole)
	case r.Closed > 0:
		return fmt.Errorf("%w: %d tables are not open to the role in ROOMCOVER_DATABASE_URL; run "+
			"roomcover migrate as the owner, and name %s", ErrRoles, r.Closed, ServiceRole)
	}
	return nil
}

// Roles reads how this process is connected. On SQLite there are no roles, and nothing is
// wrong.
func (d *DB) Roles(ctx context.Context) (Roles, error) {
	if !d.Postgres() {
		return Roles{Tenant: true}, nil
	}

	var r Roles
	err := unlogged(d.gorm.WithContext(ctx)).Raw(connectedSQL).Scan(&r).Error
	return r, err
}

// unlogged returns a query that no count of statements sees.
func unlogged(q *gorm.DB) *gorm.DB {
	return q.Session(&gorm.Session{Logger: logger.Discard, NewDB: true})
}

// ownsSQL is whether the role owns the tables, or is a member of who does.
const ownsSQL = `
	COALESCE((
		SELECT pg_has_role(current_user, c.relowner, 'USAGE')
		FROM pg_class c
		WHERE c.oid = to_regclass('accounts')), false)`

const connectedSQL = `
	SELECT r.rolsuper OR r.rolbypassrls AS unbound,
		COALESCE((
			SELECT pg_has_role(current_user, c.relowner, 'MEMBER')
			FROM pg_class c
			WHERE c.oid = to_regclass('accounts')), false) AS owner,
		COALESCE(
			pg_has_role(current_user, to_regrole('roomcover_tenant'), 'MEMBER'), false
		) AS tenant,
		(SELECT count(*) FROM pg_class c
			WHERE c.relnamespace = current_schema()::regnamespace
				AND c.relrowsecurity
				AND NOT EXISTS (
					SELECT FROM pg_policy p
					WHERE p.polrelid = c.oid
						AND pg_get_expr(p.polqual, p.polrelid) = 'true'
						AND EXISTS (
							SELECT FROM unnest(p.polroles) opened
							WHERE opened <> 0 AND pg_has_role(r.oid, opened, 'USAGE')))) AS closed,
		COALESCE(has_function_privilege(
			to_regrole('roomcover_tenant'), 'pg_catalog.set_config(text, text, boolean)', 'EXECUTE'
		), false) AS leaves
	FROM pg_roles r
	WHERE r.rolname = current_user`

// ownsTables reports whether the process is connected as the owner of the tables, as in an
// installation with one role: then the policies go by the settings alone. It asks once.
func (d *DB) ownsTables(tx *Tx) (bool, error) {
	if known := d.owner.Load(); known != nil {
		return *known, nil
	}

	var owner bool
	if err := unlogged(tx.DB).Raw("SELECT " + ownsSQL).Scan(&owner).Error; err != nil {
		return false, err
	}
	d.owner.Store(&owner)
	return owner, nil
}

// The fence of a tenant's transaction (C5): what it is for, and then the role for which
// row-level security goes by that. The role can no longer change either: set_config is not
// the tenant's to call. The owner cannot turn into the role, and has a setting instead.
const (
	fenceSQL = `
		SELECT set_config('roomcover.accounts', ?, true),
			set_config('roomcover.org', ?, true),
			set_config('role', 'roomcover_tenant', true)`
	fenceOwnerSQL = `
		SELECT set_config('roomcover.accounts', ?, true),
			set_config('roomcover.org', ?, true),
			set_config('roomcover.scope', 'tenant', true)`
)

// fence names to PostgreSQL the rows that this transaction may see (C5).
func fence(tx *Tx) error {
	if tx.Scope.System || !tx.Postgres() {
		return nil
	}

	owner, err := tx.database.ownsTables(tx)
	if err != nil {
		return err
	}
	query := fenceSQL
	if owner {
		query = fenceOwnerSQL
	}

	err = tx.Exec(query, strings.Join(tx.Scope.AccountIDs, ","), tx.Scope.OrgID).Error
	if err != nil {
		return err
	}
	tx.state.fenced = true
	return nil
}

// BeyondFence runs fn with row-level security open, in a tenant's transaction that also has
// to write what is the service's own, such as a count of attempts. Then the fence stands as
// it did. fn itself narrows what the caller names to the scope.
func (tx *Tx) BeyondFence(fn func(tx *Tx) error) error {
	tx.state.audit.beyond++
	defer func() { tx.state.audit.beyond-- }()
	if !tx.state.fenced {
		return fn(tx)
	}

	owner, err := tx.database.ownsTables(tx)
	if err != nil {
		return err
	}
	open, shut := "SET LOCAL ROLE NONE", "SELECT set_config('role', 'roomcover_tenant', true)"
	if owner {
		open = "SELECT set_config('roomcover.scope', 'system', true)"
		shut = "SELECT set_config('roomcover.scope', 'tenant', true)"
	}

	if err := tx.Exec(open).Error; err != nil {
		return err
	}
	tx.state.fenced = false
	err = fn(tx)
	tx.state.fenced = true
	closed := tx.Exec(shut).Error
	if err != nil {
		return err
	}
	return closed
}
