package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"
)

// healthCommand asks a process on this machine; containers use it as their
// check, since their image holds nothing else to ask with.
type healthCommand struct {
	Listen string `env:"ROOMCOVER_LISTEN" default:":8080" help:"Address that the process listens on."`
	Path   string `default:"/readyz" help:"What to ask for: /readyz or /healthz."`
}

// Help is shown by --help.
func (healthCommand) Help() string {
	return `Exit code 0 when the answer is 200, otherwise 4.

Examples:
  roomcover health
  roomcover health --listen :9090`
}

// Run asks.
func (c healthCommand) Run(ctx context.Context, a *app) error {
	host, port, err := net.SplitHostPort(c.Listen)
	if err != nil {
		return settingsError{fmt.Errorf("--listen: give an address such as :8080")}
	}

	if ip := net.ParseIP(host); host == "" || (ip != nil && ip.IsUnspecified()) {
		host = "127.0.0.1"
	}

	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet,
		"http://"+net.JoinHostPort(host, port)+c.Path, nil)
	if err != nil {
		return err
	}

	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return findings{"no answer: " + err.Error()}
	}
	defer res.Body.Close()

	if _, err := io.Copy(a.out, io.LimitReader(res.Body, 64<<10)); err != nil {
		return err
	}

	fmt.Fprintln(a.out)
	if res.StatusCode != http.StatusOK {
		return findings{"not ready: " + res.Status}
	}

	return nil
}
