package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"

	"roomcover.dev/roomcover/dev/ports"
	"roomcover.dev/roomcover/dev/temporalserver"
)

// temporalCommand is a Temporal server that a test can kill.
type temporalCommand struct {
	common
	temporalPorts
}

// Run serves until ctx ends. The first line of output says that it is ready.
func (c temporalCommand) Run(ctx context.Context, out io.Writer) error {
	if err := ports.Check(
		temporalOptions(c.common, c.temporalPorts, io.Discard).Ports()...,
	); err != nil {
		return err
	}

	log, err := openLog(c.Data, "temporal.log")
	if err != nil {
		return err
	}
	defer log.Close()

	s, err := temporalserver.Start(ctx, temporalOptions(c.common, c.temporalPorts, log))
	if err != nil {
		return err
	}

	fmt.Fprintf(out, "Temporal ready at %s, namespace %s\n", s.Address(), s.Namespace())
	if s.UIAddress() != "" {
		fmt.Fprintf(out, "Temporal UI    %s\n", s.UIAddress())
	}

	<-ctx.Done()
	return s.Stop()
}

func temporalOptions(c common, p temporalPorts, log io.Writer) temporalserver.Options {
	return temporalserver.Options{
		Dir:          filepath.Join(c.Data, "temporal"),
		Host:         c.Host,
		FrontendPort: p.TemporalPort,
		UIPort:       p.TemporalUIPort,
		Log:          slog.NewTextHandler(log, nil),
		LogLevel:     slog.LevelWarn,
	}
}

// openLog opens a file in the data folder's logs to append to.
func openLog(data, name string) (*os.File, error) {
	dir := filepath.Join(data, "logs")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make the folder for logs: %w", err)
	}

	f, err := os.OpenFile(filepath.Join(dir, name), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open the log: %w", err)
	}

	return f, nil
}
