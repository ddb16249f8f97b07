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
		Carrier:     carrierName,
		CarrierKeys: [][]byte{carrierKey},
	})
}

// loadAt is a load of the program at an address.
type loadAt func(
	ctx context.Context, url, name string, n, concurrency int, begun func(),
) (time.Duration, error)

// runByHand has the program by hand running while run is called with orders.
func (p *parts) runByHand(ctx context.Context, run func(load) error) error {
	return p.whileByHand(ctx, p.ordersAt, run)
}

// runByHand has the program by hand running while run is called with RMAs.
func (r *rmas) runByHand(ctx context.Context, run func(load) error) error {
	return r.parts.whileByHand(ctx, r.allAt, run)
}

func (p *parts) whileByHand(ctx context.Context, of loadAt, run func(load) error) error {
	program, err := p.startByHand(ctx)
	if err != nil {
		return err
	}
	return errors.Join(run(func(
		ctx context.Context, name string, n, concurrency int, begun func(),
	) (time.Duration, error) {
		return of(ctx, program.URL, name, n, concurrency, begun)
	}), program.Stop())
}
