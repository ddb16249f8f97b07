package bench

import (
	"context"
	"encoding/hex"
	"errors"
	"path/filepath"
	"time"

	"roomcover.dev/roomcover/dev/bench/byhand"
)

// startByHand starts the program by hand on the stack's own database, task queues and SMTP
// server; the stack's worker is stopped.
func (p *parts) startByHand(ctx context.Context) (*byhand.Program, error) {
	key, err := hex.DecodeString(p.stack.Access.Key)
	if err != nil {
		return nil, err
	}
	return byhand.Start(ctx, byhand.Options{
		DatabaseURL: p.database,
		SQLite:      filepath.Join(p.dir, "roomcover.db"),
		Temporal:    p.client,
		SMTPPort:    p.smtp.Port(),
		PortalURL:   p.stack.URL,
		Key:         key,
	})
}

// runByHand has the program by hand running while run is called.
func (p *parts) runByHand(ctx context.Context, run func(load) error) error {
	program, err := p.startByHand(ctx)
	if err != nil {
		return err
	}
	return errors.Join(run(func(
		ctx context.Context, name string, n, concurrency int, begun func(),
	) (time.Duration, error) {
		return p.ordersAt(ctx, program.URL, name, n, concurrency, begun)
	}), program.Stop())
}
