// Package temporalserver runs a whole Temporal server (frontend, history,
// matching and worker service, and the web UI) inside this process, with its
// data in one SQLite file that survives a restart and a kill.
//
// It is made for one small machine: development, tests and benchmarks.
package temporalserver

import (
	"context"
	"fmt"
	"sync"

	uiserver "github.com/temporalio/ui-server/v2/server"
	"go.temporal.io/server/temporal"

	"roomcover.dev/roomcover/dev/ports"
)

// Server is a running Temporal server.
type Server struct {
	options  Options
	temporal temporal.Server
	ui       *uiserver.Server
	stopOnce sync.Once
	stopErr  error
}

// Start starts the server and returns when its namespace answers. ctx limits
// the start only; a started server runs until Stop.
//
// A port that is taken is a *ports.Error, and nothing has been started or
// written then.
func Start(ctx context.Context, options Options) (*Server, error) {
	o := options.withDefaults()
	if err := o.validate(); err != nil {
		return nil, err
	}
	if err := ports.Check(o.Ports()...); err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("start the Temporal server: %w", err)
	}

	store, err := openStore(o)
	if err != nil {
		return nil, err
	}

	inner, err := newTemporal(o, store)
	if err != nil {
		return nil, fmt.Errorf("set up the Temporal server: %w", err)
	}
	if err := inner.Start(); err != nil {
		return nil, fmt.Errorf("start the Temporal server: %w", err)
	}

	s := &Server{options: o, temporal: inner}
	if err := s.awaitReady(ctx); err != nil {
		_ = s.Stop()
		return nil, err
	}

	s.startUI()
	return s, nil
}

// Stop stops the UI and the server and returns when both have ended. Running
// workflows stay in the file and go on at the next start. Further calls do
// nothing and return the first call's error.
func (s *Server) Stop() error {
	s.stopOnce.Do(func() {
		if s.ui != nil {
			s.ui.Stop()
		}
		if err := s.temporal.Stop(); err != nil {
			s.stopErr = fmt.Errorf("stop the Temporal server: %w", err)
		}
	})

	return s.stopErr
}

// Address is what a Temporal client connects to, as host:port.
func (s *Server) Address() string { return s.options.Ports()[0].Address() }

// UIAddress is the URL of the web UI, or "" when it was not asked for.
func (s *Server) UIAddress() string {
	if s.options.UIPort == 0 {
		return ""
	}
	return "http://" + s.options.Ports()[1].Address()
}

// Namespace is the namespace that was made at the first start.
func (s *Server) Namespace() string { return s.options.Namespace }
