package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"roomcover.dev/roomcover/api"
)

// Listen says what to serve where.
type Listen struct {
	Address string
	Handler http.Handler
	Log     *slog.Logger
	// StopTimeout is how long requests under way may take to finish once the
	// process is told to stop; 0 means 25 s.
	StopTimeout time.Duration
	// Ready is called with the address once requests are taken; may be nil.
	Ready func(address string)
}

// Serve serves until ctx ends, then takes no new connection, lets the requests
// under way finish and returns nil. Requests that take longer than StopTimeout
// are cut off, which is an error.
func Serve(ctx context.Context, l Listen) error {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", l.Address)
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}

	s := api.Server(l.Address, l.Handler)
	failed := make(chan error, 1)
	go func() { failed <- s.Serve(listener) }()
	l.Log.Info("serving", "address", listener.Addr().String())
	if l.Ready != nil {
		l.Ready(listener.Addr().String())
	}

	select {
	case err := <-failed:
		return fmt.Errorf("serve: %w", err)
	case <-ctx.Done():
	}

	return l.stop(ctx, s, failed)
}

func (l Listen) stop(ctx context.Context, s *http.Server, failed <-chan error) error {
	timeout := l.StopTimeout
	if timeout == 0 {
		timeout = 25 * time.Second
	}

	l.Log.Info("stopping", "timeout", timeout.String())
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), timeout)
	defer cancel()
	if err := s.Shutdown(ctx); err != nil {
		return errors.Join(fmt.Errorf("stop: requests were cut off: %w", err), s.Close())
	}
	if err := <-failed; !errors.Is(err, http.ErrServerClosed) {
		return err
	}

	l.Log.Info("stopped serving")
	return nil
}
