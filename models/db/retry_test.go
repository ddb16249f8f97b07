package db_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/require"
	"gorm.io/gorm"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/storetest"
)

// A transaction runs again where the next run may do better, and not for what it would
// meet for ever.
func TestWhatIsTriedAgain(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		state := func(code, constraint string) error {
			return &pgconn.PgError{Code: code, ConstraintName: constraint}
		}
		key := func(name string) error { return fmt.Errorf("%w: %w", gorm.ErrDuplicatedKey, state("23505", name)) }
		for name, c := range map[string]struct {
			met  []error // by run; the last one stands for all that follow
			runs int
		}{
			"a refusal":                {[]error{errors.New("x")}, 1},
			"a deadlock":               {[]error{state("40P01", "")}, 8},
			"a deadlock, once":         {[]error{state("40001", ""), nil}, 2},
			"the same key":             {[]error{key("orgs_name")}, 2},
			"two keys":                 {[]error{key("orgs_name"), key("orgs_identity"), nil}, 3},
			"a number that is taken":   {[]error{key("rmas_number")}, 8},
			"an overlap":               {[]error{state("23P01", "device_placements_overlap")}, 2},
			"a key of SQLite":          {[]error{fmt.Errorf("%w: UNIQUE constraint failed: orgs.name (2067)", gorm.ErrDuplicatedKey)}, 2},
			"a number taken in SQLite": {[]error{fmt.Errorf("%w: constraint failed: rmas.number (2067)", gorm.ErrDuplicatedKey)}, 8},
			"a check":                  {[]error{state("23514", "x")}, 1},
			"a parent that moved":      {[]error{db.ErrParentMoved}, 8},
		} {
			runs := 0
			err := env.DB.Write(env.Context, func(*db.Tx) error {
				met := c.met[min(runs, len(c.met)-1)]
				runs++
				return met
			})
			require.Equal(t, c.runs, runs, name)
			require.ErrorIs(t, err, c.met[len(c.met)-1], name)
		}
	})
}
