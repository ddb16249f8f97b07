package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"time"

	"roomcover.dev/roomcover/dev/mailbox"
	"roomcover.dev/roomcover/dev/ports"
	"roomcover.dev/roomcover/mail/smtptest"
)

// smtpCommand is an SMTP catcher that a test can kill.
type smtpCommand struct {
	common
	mailPorts
}

// Run serves until ctx ends. The first line of output says that it is ready.
func (c smtpCommand) Run(ctx context.Context, out io.Writer) error {
	if err := ports.Check(c.wanted(c.Host)...); err != nil {
		return err
	}

	m, err := startMail(c.common, c.mailPorts)
	if err != nil {
		return err
	}

	fmt.Fprintf(out, "SMTP ready at  %s\n", m.catcher.Addr())
	if m.url != "" {
		fmt.Fprintf(out, "Mails          %s\n", m.url)
	}

	<-ctx.Done()
	return m.stop()
}

func (p mailPorts) wanted(host string) []ports.Port {
	return []ports.Port{
		{Host: host, Number: p.SMTPPort, Option: "--smtp-port", Purpose: "the SMTP catcher"},
		{Host: host, Number: p.MailsPort, Option: "--mails-port", Purpose: "the page of mails"},
	}
}

// mailService is the SMTP catcher with its page.
type mailService struct {
	catcher *smtptest.Server
	page    *http.Server
	url     string
}

func startMail(c common, p mailPorts) (*mailService, error) {
	catcher, err := smtptest.Start(
		p.wanted(c.Host)[0].Address(), smtptest.Dir(filepath.Join(c.Data, "mails")),
	)
	if err != nil {
		return nil, fmt.Errorf("start the SMTP catcher: %w", err)
	}

	m := &mailService{catcher: catcher}
	if p.MailsPort == 0 {
		return m, nil
	}

	listener, err := net.Listen("tcp", p.wanted(c.Host)[1].Address())
	if err != nil {
		return nil, errors.Join(fmt.Errorf("start the page of mails: %w", err), catcher.Close())
	}

	m.url = "http://" + listener.Addr().String()
	m.page = &http.Server{Handler: mailbox.Handler(catcher), ReadHeaderTimeout: 5 * time.Second}
	go func() { _ = m.page.Serve(listener) }()
	return m, nil
}

// stop ends the page, then the catcher; the mails stay in their files.
func (m *mailService) stop() error {
	var err error
	if m.page != nil {
		err = m.page.Close()
	}
	return errors.Join(err, m.catcher.Close())
}
