package main

import (
	"cmp"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"slices"
	"strconv"
	"time"

	"roomcover.dev/roomcover/clock"
	"roomcover.dev/roomcover/dev/calendar"
	"roomcover.dev/roomcover/dev/ports"
	"roomcover.dev/roomcover/dev/stack"
	"roomcover.dev/roomcover/dev/temporalserver"
)

// upCommand starts everything.
type upCommand struct {
	common
	temporalPorts
	mailPorts
	mailInPorts
	carrierPorts
	issuerPorts
	providerPorts
	CarrierURL string        `name:"carrier-url" help:"Carrier that runs elsewhere on the same data folder, see the command carrier; parcels are booked there."`
	PortalPort int           `aliases:"api" help:"Port of the portal and the API." default:"8080"`
	Customer   bool          `help:"Have a customer to look at from the beginning: fifty rooms under cover, and its Sync connected."`
	Day        time.Duration `help:"Real time that one calendar day takes, for example 2s." default:"24h"`
}

// Validate is called by kong.
func (c *upCommand) Validate() error {
	if c.Day <= 0 || c.Day > ordinaryDay {
		return errors.New(
			"--day: one calendar day must last more than 0 and at most 24h, for example 2s",
		)
	}
	c.Data = folderFor(c.Data, c.Day)
	return nil
}

// Run starts every part, says where each is, and serves until ctx ends. What was started is stopped
// in the opposite order, also where a later part does not start.
func (c upCommand) Run(ctx context.Context, out io.Writer) (err error) {
	log, err := c.prepare()
	if err != nil {
		return err
	}
	defer log.Close()

	var stops []func() error
	defer func() {
		for _, stop := range slices.Backward(stops) {
			err = errors.Join(err, stop())
		}
	}()

	days, err := calendar.Open(c.Data, c.Day)
	if err != nil {
		return err
	}

	temporal, err := temporalserver.Start(ctx, temporalOptions(c.common, c.temporalPorts, log))
	if err != nil {
		return err
	}
	stops = append(stops, temporal.Stop)

	mails, err := startMail(c.common, c.mailPorts)
	if err != nil {
		return err
	}
	stops = append(stops, mails.stop)

	parcels, err := startCarrier(c.common, c.carrierPorts, days,
		c.portal("http://")+"/v1/carrier/events")
	if err != nil {
		return err
	}
	stops = append(stops, parcels.stop)

	publicURL := "http://" + stack.PublicHost(c.portal(""))
	issuer, err := startIssuer(c.common, c.issuerPorts, publicURL)
	if err != nil {
		return err
	}
	stops = append(stops, issuer.stop)

	providers, err := startProviders(c.common, c.providerPorts, publicURL)
	if err != nil {
		return err
	}
	stops = append(stops, providers.stop)

	cloud, err := startSync(c.common, c.providerPorts)
	if err != nil {
		return err
	}
	stops = append(stops, cloud.stop)

	stackOptions, err := c.stackOptions(days, temporal, parcels.url, log)
	if err != nil {
		return err
	}
	stackOptions.Issuer = issuer.settings
	stackOptions.Records = records{dir: c.Data}
	if cloud.client != nil {
		stackOptions.Sync = cloud.client
	}
	parts, err := stack.Start(ctx, stackOptions)
	if err != nil {
		return err
	}
	stops = append(stops, parts.Stop)

	taken, err := startMailIn(c.common, c.mailInPorts, parts.Domains.Mailbox, stackOptions.Log)
	if err != nil {
		return err
	}
	stops = append(stops, taken.stop)

	up := running{
		PID:     os.Getpid(),
		Since:   time.Now().UTC(),
		Portal:  parts.URL,
		Mails:   mails.url,
		MailIn:  taken.address,
		Carrier: parcels.url,
		Data:    c.Data,
	}
	if err := up.write(); err != nil {
		return err
	}
	stops = append(stops, up.remove)

	c.explain(out, parts, temporal, mails, taken, parcels, issuer, providers, cloud)
	if c.Customer {
		err := customerOf(c.Data, parts, mails, cloud).settle(ctx, out)
		if err != nil && ctx.Err() == nil {
			fmt.Fprintf(out, "\n%v\n", err)
		}
	}
	select {
	case <-ctx.Done():
		fmt.Fprintln(out, "Stopping.")
		return nil
	case err := <-parts.Failed():
		return err
	}
}

// portal is the address of portal and API after a prefix.
func (c upCommand) portal(prefix string) string {
	return prefix + net.JoinHostPort(c.Host, strconv.Itoa(c.PortalPort))
}

func (c upCommand) stackOptions(
	days clock.Clock, temporal *temporalserver.Server, carrierURL string, log io.Writer,
) (stack.Options, error) {
	key, err := carrierKey(c.Data)
	return stack.Options{
		Dir:             c.Data,
		Listen:          c.portal(""),
		Clock:           days,
		Carrier:         carrierName,
		CarrierKeys:     [][]byte{key},
		CarrierURL:      cmp.Or(c.CarrierURL, carrierURL),
		CarrierAPIKey:   hex.EncodeToString(key),
		TemporalAddress: temporal.Address(),
		Namespace:       temporal.Namespace(),
		TemporalUI:      temporal.UIAddress(),
		SMTPHost:        c.Host,
		SMTPPort:        c.SMTPPort,
		Log:             slog.New(slog.NewJSONHandler(log, nil)),
	}, err
}

// explain says in a handful of lines what a person needs.
func (c upCommand) explain(
	out io.Writer,
	parts *stack.Stack,
	temporal *temporalserver.Server,
	mails *mailService,
	taken *mailInService,
	parcels *carrierService,
	issuer *issuerService,
	providers *providerService,
	cloud *syncService,
) {
	fmt.Fprintf(out, "\nPortal         %s\nAPI reference  %s/v1/docs\nMails          %s\n",
		parts.URL, parts.URL, mails.url)
	if taken.address != "" {
		fmt.Fprintf(out, "Mails taken    %s, by SMTP\n", taken.address)
	}
	if ui := temporal.UIAddress(); ui != "" {
		fmt.Fprintf(out, "Temporal UI    %s\n", ui)
	}
	if parcels.url != "" {
		fmt.Fprintf(out, "Carrier        %s\n", parcels.url)
	}

	fmt.Fprint(out, issuer.explain(parts.URL))
	fmt.Fprint(out, providers.explain(parts.URL))
	fmt.Fprint(out, cloud.explain(parts.URL))
	fmt.Fprintf(out, "Data and logs  %s\n", c.Data)
	c.explainCalendar(out, parts.Domains.DB.Clock())

	fmt.Fprintln(out)
	for _, t := range parts.Access.Tokens {
		fmt.Fprintf(out, "%s token: %s\n", t.Name, t.Secret)
	}

	fmt.Fprintf(out, nextSteps, parts.URL, parts.Access.Token("reseller"))
}

// explainCalendar says what day it is where that is not the day outside: while the calendar
// runs fast, and in a folder where it did.
func (c upCommand) explainCalendar(out io.Writer, days clock.Clock) {
	today := days.Now()
	ahead := time.Until(today)
	if c.Day == ordinaryDay && ahead < time.Minute {
		return
	}

	fmt.Fprintf(out, "Calendar       today is %s here", today.Format("Monday, 2 January 2006"))
	if whole := int(ahead / ordinaryDay); whole > 0 {
		fmt.Fprintf(out, ", %d days ahead of the real one", whole)
	}
	if c.Day == ordinaryDay {
		fmt.Fprintln(out, ": the calendar ran fast on this folder; --data OTHER begins today")
		return
	}
	fmt.Fprintf(out, "; one day passes in %s\n", c.Day)
}

// nextSteps are printed last, with the API's address and a reseller's token.
const nextSteps = `
Send an order:

  curl -sS %s/v1/orders -H 'Authorization: Bearer %s' \
    -H 'Content-Type: application/json' --data @examples/order.json

Then, in another terminal, the tokens and addresses for the README's commands:

  eval "$(bin/roomcover-dev env)"

Stop with Ctrl+C.
`

// prepare checks every port at once before anything is written, then opens
// the log.
func (c upCommand) prepare() (*os.File, error) {
	wanted := []ports.Port{{
		Host:    c.Host,
		Number:  c.PortalPort,
		Option:  "--portal-port",
		Purpose: "the portal and the API",
	}}

	wanted = append(wanted, temporalOptions(c.common, c.temporalPorts, io.Discard).Ports()...)
	wanted = append(wanted, c.wanted(c.Host)...)
	wanted = append(wanted,
		c.mailInWanted(c.Host), c.carrierWanted(c.Host), c.issuerWanted(c.Host))
	wanted = append(wanted, c.providersWanted(c.Host)...)
	if err := ports.Check(wanted...); err != nil {
		return nil, err
	}

	return openLog(c.Data, "roomcover.log")
}
