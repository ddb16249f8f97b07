package main

import (
	"context"
	"crypto/tls"
	"fmt"

	"roomcover.dev/roomcover/config"
	"roomcover.dev/roomcover/mail/inbound"
	"roomcover.dev/roomcover/mail/thread"
	"roomcover.dev/roomcover/mailin"
	"roomcover.dev/roomcover/models/domains"
	"roomcover.dev/roomcover/models/mailbox"
)

// mailinCommand takes mails.
type mailinCommand struct{}

// Help is shown by --help.
func (mailinCommand) Help() string {
	return `Takes mails by SMTP or LMTP from your own mail server, which has looked at who sent
them. It listens on ROOMCOVER_MAILIN_LISTEN and asks for no password, so nobody else
may reach it. A mail is accepted once it is stored; while the database is away the
sender is told to try again, and a recipient that is not the mailbox is refused. Several
may run at once. On SIGTERM it finishes the mails under way and exits with 0.

Examples:
  roomcover mailin
  ROOMCOVER_MAILIN_LISTEN=127.0.0.1:2525 roomcover mailin`
}

// Run takes mails until ctx ends.
func (mailinCommand) Run(ctx context.Context, a *app) error {
	c, log, err := safeSettings(a)
	if err != nil {
		return err
	}
	options := mailin.Options{
		Listen:      c.MailIn.Listen,
		Hostname:    c.MailIn.Hostname,
		LMTP:        c.MailIn.LMTP,
		MaxBytes:    c.MailIn.MaxBytes,
		StopTimeout: c.StopTimeout,
		Log:         log,
	}
	if c.MailIn.CertFile != "" {
		pair, err := tls.LoadX509KeyPair(c.MailIn.CertFile, c.MailIn.KeyFile)
		if err != nil {
			return settingsError{fmt.Errorf("ROOMCOVER_MAILIN_CERT_FILE: %w", err)}
		}
		options.TLS = &tls.Config{
			Certificates: []tls.Certificate{pair},
			MinVersion:   tls.VersionTLS12,
		}
	}

	mailin.BoundMemory()
	take := func(_ context.Context, d *domains.Domains) error {
		return mailin.New(d.Mailbox, options).Run(ctx)
	}
	return a.onTimedDatabase(ctx, c, log, c.Timeouts.WorkerStatement, take)
}

// mailboxOptions are whose mails are read. Where there are no keys of their own for mails of
// tickets, they are derived from the service's.
func mailboxOptions(m config.MailIn, key []byte, before [][]byte) mailbox.Options {
	keys := thread.KeysFrom(append([][]byte{key}, before[:min(1, len(before))]...)...)
	if own, err := m.Keys(); err == nil && len(own) > 0 { // checked when they were read
		keys = thread.NewKeys(own...)
	}
	return mailbox.Options{
		Options: inbound.Options{
			Keys:        keys,
			AuthServIDs: m.AuthServIDs,
			Hops:        m.Hops,
		},
		Addresses: m.Addresses,
	}
}
