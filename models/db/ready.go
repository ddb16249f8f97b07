package db

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/logger"
)

// ErrReadOnly says that the database takes no changes, such as a standby.
var ErrReadOnly = errors.New("models: the database only reads")

// Ready answers nil when the database is reachable, its schema is right, and its disk takes
// what is written.
func (d *DB) Ready(ctx context.Context) error {
	if err := d.SchemaReady(ctx); err != nil {
		return err
	}
	return d.probe.once(func() error { return d.writable(ctx) })
}

// SchemaReady answers nil when the database is reachable and its schema is the one this
// program was built with, or newer: during a roll-out the schema is expanded first, and
// the old processes go on.
func (d *DB) SchemaReady(ctx context.Context) error {
	current, target, err := d.SchemaVersions(ctx)
	if stateOf(err) == notAllowed { // what migrate makes, and grants, is not there
		return fmt.Errorf("%w (its version cannot be read)", ErrSchema)
	}
	if err != nil {
		return fmt.Errorf("read the schema's version: %w", err)
	}
	if current < target {
		return fmt.Errorf("%w (it is %d, needed is %d)", ErrSchema, current, target)
	}

	return nil
}

// SchemaVersions returns the last migration that the database has, and the last of this program.
func (d *DB) SchemaVersions(ctx context.Context) (current, target int64, err error) {
	p, err := d.migrations()
	if err != nil {
		return 0, 0, err
	}
	return p.GetVersions(ctx)
}

// probePause is how long (real time) a disk that took something is believed to have room.
const probePause = 5 * time.Second

// probe remembers when the disk last took something.
type probe struct {
	mu   sync.Mutex
	last time.Time
}

// once runs try, unless it succeeded a moment ago.
func (p *probe) once(try func() error) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if time.Since(p.last) < probePause {
		return nil
	}

	err := try()
	if err == nil {
		p.last = time.Now()
	}
	return err
}

// writable has the database put something on its disk, and leaves nothing there. What
// counts statements, or looks at what they write, does not see it.
func (d *DB) writable(ctx context.Context) error {
	unseen := d.gorm.WithContext(ctx).Session(&gorm.Session{Logger: logger.Discard})
	err := unseen.Transaction(func(q *gorm.DB) error {
		if isPostgres(q) {
			return spill(q)
		}
		return fill(q)
	})
	if errors.Is(err, errProbed) {
		return nil
	}
	return err
}

// errProbed undoes what a probe wrote.
var errProbed = errors.New("models: the probe is over")

// spill sorts more than the memory that it is given, so that PostgreSQL writes a temporary
// file: a full disk refuses that, while a change of a row often still finds room in a page
// that is there. Nothing is left, not even a dead row.
func spill(q *gorm.DB) error {
	var readOnly bool
	err := q.Raw(`SELECT current_setting('transaction_read_only')::boolean`).Scan(&readOnly).Error
	if err != nil {
		return err
	}
	if readOnly {
		return ErrReadOnly
	}

	if err := q.Exec(`SET LOCAL work_mem = '64kB'`).Error; err != nil {
		return err
	}
	return q.Exec(`
		SELECT count(*) FROM (
			SELECT md5(n::text) AS text FROM generate_series(1, 4000) n ORDER BY 1 OFFSET 0
		) sorted`).Error
}

// fill writes some pages, more than are free in a small file, and undoes it.
func fill(q *gorm.DB) error {
	for _, statement := range []string{
		`CREATE TABLE room_on_disk (content blob)`,
		`INSERT INTO room_on_disk VALUES (zeroblob(262144))`,
	} {
		if err := q.Exec(statement).Error; err != nil {
			return err
		}
	}
	return errProbed
}
