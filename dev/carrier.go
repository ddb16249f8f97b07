package main

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"roomcover.dev/roomcover/carrier/simulator"
	"roomcover.dev/roomcover/clock"
	"roomcover.dev/roomcover/dev/calendar"
	"roomcover.dev/roomcover/dev/ports"
)

// carrierName is the simulated carrier's name in shipments and events.
const carrierName = "simulator"

type carrierPorts struct {
	CarrierPort int   `help:"Port of the simulated carrier; 0 for none." default:"8030"`
	CarrierSeed int64 `help:"Decides what happens to the parcels." default:"1"`
}

// carrierCommand is a simulated carrier that a test can kill. It shares its file
// and its key with the command up on the same folder.
type carrierCommand struct {
	common
	carrierPorts
	WebhookURL string        `name:"webhook-url" help:"Who is told of scans." default:"http://127.0.0.1:8080/v1/carrier/events"`
	Day        time.Duration `help:"Real time that one calendar day takes, as given to up." default:"24h"`
}

// Run serves until ctx ends. The first line of output says that it is ready.
func (c carrierCommand) Run(ctx context.Context, out io.Writer) error {
	if err := ports.Check(c.carrierWanted(c.Host)); err != nil {
		return err
	}
	if err := os.MkdirAll(c.Data, 0o700); err != nil {
		return err
	}

	days, err := calendar.Open(c.Data, c.Day)
	if err != nil {
		return err
	}

	s, err := startCarrier(c.common, c.carrierPorts, days, c.WebhookURL)
	if err != nil {
		return err
	}

	fmt.Fprintf(out, "Carrier ready at  %s\n", s.url)
	<-ctx.Done()
	return s.stop()
}

func (p carrierPorts) carrierWanted(host string) ports.Port {
	return ports.Port{
		Host:    host,
		Number:  p.CarrierPort,
		Option:  "--carrier-port",
		Purpose: "the simulated carrier",
	}
}

// carrierKey is the key that signs webhooks, kept in the data folder. In hex it is
// the API key too.
func carrierKey(dir string) ([]byte, error) {
	path := filepath.Join(dir, "carrier.key")
	text, err := os.ReadFile(path)
	if err == nil {
		return hex.DecodeString(strings.TrimSpace(string(text)))
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}

	key := make([]byte, 32)
	_, _ = rand.Read(key) // it never fails
	return key, os.WriteFile(path, []byte(hex.EncodeToString(key)+"\n"), 0o600)
}

// carrierService is a simulated carrier with its sender of webhooks; without a port
// it is nothing, and all of it does nothing.
type carrierService struct {
	sim    *simulator.Simulator
	http   *http.Server
	cancel context.CancelFunc
	done   chan struct{}
	url    string
}

func startCarrier(
	c common, p carrierPorts, days clock.Clock, webhookURL string,
) (*carrierService, error) {
	if p.CarrierPort == 0 {
		return &carrierService{}, nil
	}

	key, err := carrierKey(c.Data)
	if err != nil {
		return nil, fmt.Errorf("the carrier's key cannot be read: %w", err)
	}

	sim, err := simulator.New(simulator.Options{
		Seed:        p.CarrierSeed,
		Now:         days.Now,
		RealUntil:   func(at time.Time) time.Duration { return days.RealUntil(time.Now(), at) },
		File:        filepath.Join(c.Data, "carrier.jsonl"),
		APIKey:      hex.EncodeToString(key),
		WebhookURL:  webhookURL,
		WebhookKeys: [][]byte{key},
	})
	if err != nil {
		return nil, err
	}

	listener, err := net.Listen("tcp", p.carrierWanted(c.Host).Address())
	if err != nil {
		return nil, errors.Join(fmt.Errorf("start the carrier: %w", err), sim.Close())
	}

	ctx, cancel := context.WithCancel(context.Background())
	s := &carrierService{
		sim:    sim,
		cancel: cancel,
		done:   make(chan struct{}),
		url:    "http://" + listener.Addr().String(),
	}

	s.http = &http.Server{Handler: sim.Handler(), ReadHeaderTimeout: 5 * time.Second}
	go func() { _ = s.http.Serve(listener) }()
	go func() { sim.Run(ctx); close(s.done) }()
	return s, nil
}

// stop ends requests and webhooks; bookings stay in their file.
func (s *carrierService) stop() error {
	if s.sim == nil {
		return nil
	}
	err := s.http.Close()
	s.cancel()
	<-s.done
	return errors.Join(err, s.sim.Close())
}
