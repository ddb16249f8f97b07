package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"time"

	"roomcover.dev/roomcover/dev/ports"
	"roomcover.dev/roomcover/mailin"
	"roomcover.dev/roomcover/models/mailbox"
)

type mailInPorts struct {
	MailInPort int `help:"Port at which mails to the mailbox and answers to tickets are taken by SMTP; 0 for none." default:"2525"`
}

func (p mailInPorts) mailInWanted(host string) ports.Port {
	return ports.Port{
		Host:    host,
		Number:  p.MailInPort,
		Option:  "--mail-in-port",
		Purpose: "mails that come in",
	}
}

// mailInService takes mails, as roomcover mailin does; without a port it is nothing.
type mailInService struct {
	address string
	end     context.CancelFunc
	ended   chan error
}

func startMailIn(
	c common, p mailInPorts, box *mailbox.Mailbox, log *slog.Logger,
) (*mailInService, error) {
	if p.MailInPort == 0 {
		return &mailInService{}, nil
	}

	listener, err := net.Listen("tcp", p.mailInWanted(c.Host).Address())
	if err != nil {
		return nil, fmt.Errorf("start to take mails: %w", err)
	}
	server := mailin.New(box, mailin.Options{
		Hostname:    "localhost",
		MaxBytes:    mailbox.MaxMail,
		StopTimeout: 5 * time.Second,
		Log:         log,
	})
	ctx, end := context.WithCancel(context.Background())
	m := &mailInService{
		address: listener.Addr().String(),
		end:     end,
		ended:   make(chan error, 1),
	}
	go func() { m.ended <- server.Serve(ctx, listener) }()
	return m, nil
}

// stop finishes the mails under way.
func (m *mailInService) stop() error {
	if m == nil || m.end == nil {
		return nil
	}
	m.end()
	err := <-m.ended
	if errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}
