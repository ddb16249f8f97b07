package models

import (
	"context"
	"database/sql"

	"roomcover.dev/roomcover/clock"
)

func (s *Store) Pool() (*sql.DB, error)         { return s.db.Pool() }
func (s *Store) Clock() clock.Clock             { return s.db.Clock() }
func (s *Store) Close() error                   { return s.db.Close() }
func (s *Store) Ping(ctx context.Context) error { return s.db.Ping(ctx) }
func (s *Store) Secrets() Secrets               { return s.db.Secrets() }
