package main

import (
	"context"
	"fmt"
	"io"
	"net/url"
	"strconv"
	"strings"

	"roomcover.dev/roomcover/api"
)

// contractCommands are about contracts.
type contractCommands struct {
	List contractListCommand `cmd:"" help:"List contracts of every type and state."`
	Show contractShowCommand `cmd:"" help:"Show one with its history."`

	Suspend contractSuspendCommand `cmd:"" help:"Suspend one while a dispute is settled."`
	Resume  contractResumeCommand  `cmd:"" help:"Resume a suspended one."`
}

type contractListCommand struct {
	output
	apiOptions
	Account        string `placeholder:"ACCOUNT" help:"Only those of this account: its id or the company's name."`
	Order          string `placeholder:"ORDER" help:"Only those of this order: its number or id."`
	Type           string `enum:",select,sync_plus,ext_warranty,jumpstart,enterprise" default:"" help:"Only those of this service."`
	State          string `enum:",processing,pending_start,active,suspended,expired,cancelled" default:"" help:"Only those in this state."`
	ExpiringWithin int    `placeholder:"DAYS" help:"Only those that run and end within so many days."`
	Limit          int    `default:"200" help:"At most so many, the newest first; 0 for all."`
}

// Help is shown by --help.
func (contractListCommand) Help() string {
	return `Examples:
  roomcover contract list --account "Acme Ltda"
  roomcover contract list --expiring-within 30`
}

// Run lists.
func (c contractListCommand) Run(ctx context.Context, a *app) error {
	client, err := c.client()
	if err != nil {
		return err
	}

	account, err := client.accountID(ctx, c.Account)
	if err != nil {
		return err
	}
	order := ""
	if c.Order != "" {
		if order, err = client.orderID(ctx, c.Order); err != nil {
			return err
		}
	}
	within := ""
	if c.ExpiringWithin > 0 {
		within = strconv.Itoa(c.ExpiringWithin)
	}

	list, err := every[api.ContractView](ctx, client, "/v1/contracts", filters(map[string]string{
		"account_id":      account,
		"order_id":        order,
		"type":            strings.ToUpper(c.Type),
		"state":           strings.ToUpper(c.State),
		"expiring_within": within,
	}), c.Limit)
	if err != nil {
		return err
	}

	return c.showNamed(ctx, a, client, list, func(out io.Writer, w *words) {
		if len(list) == 0 {
			fmt.Fprintln(out, "No contracts.")
			return
		}

		t := a.table(out, "service", "customer", "order", "state", "licenses", "from", "to", "id")
		for _, k := range list {
			t.AppendRow([]any{
				serviceName(k.Type),
				w.name(k.AccountID),
				dash(w.name(k.OrderID)),
				contractState(a, k),
				fmt.Sprintf("%d of %d used", k.Assigned, k.InForce),
				startOf(w, k),
				dash(w.day(k.LastDay)),
				k.ID,
			})
		}
		t.Render()
		fmt.Fprintf(out, "\n%s.\n", count(len(list), "contract"))
	})
}

// contractState says what ends soon, too.
func contractState(a *app, k api.ContractView) string {
	if k.Expiring {
		return a.late(plain(string(k.State)) + ", ends soon")
	}
	return plain(string(k.State))
}

// startOf says when a contract started, or starts at the latest.
func startOf(w *words, k api.ContractView) string {
	switch {
	case k.StartOn != "":
		return w.day(k.StartOn)
	case k.LatestStartOn != "":
		return w.day(k.LatestStartOn) + " at the latest"
	}
	return "-"
}

type contractShowCommand struct {
	output
	apiOptions
	Contract string `arg:"" help:"The contract: its id, or the number of the order that its Select licenses came from."`
}

// Help is shown by --help.
func (contractShowCommand) Help() string {
	return `Example:
  roomcover contract show PO-2026-0017`
}

// Run shows.
func (c contractShowCommand) Run(ctx context.Context, a *app) error {
	client, err := c.client()
	if err != nil {
		return err
	}

	id := c.Contract
	if !idForm.MatchString(id) {
		if id, err = client.contractID(ctx, id); err != nil {
			return err
		}
	}

	var k api.ContractDetail
	if err := client.read(ctx, "/v1/contracts/"+url.PathEscape(id), &k); err != nil {
		return err
	}

	return c.showNamed(ctx, a, client, k, func(out io.Writer, w *words) {
		fmt.Fprintf(out, "%s for %s: %s\n\n", serviceName(k.Type), w.name(k.AccountID),
			contractState(a, k.ContractView))
		term := ""
		if k.TermYears > 0 {
			term = count(k.TermYears, "year")
		}
		cancelled := ""
		if k.CancelledAt != nil {
			cancelled = w.at(*k.CancelledAt, k.TimeZone)
		}
		writeFacts(out,
			fact{"Order", w.name(k.OrderID)},
			fact{"Serial", k.Serial},
			fact{"Licenses", fmt.Sprintf("%d bought, %d in force, %d used", k.Quantity, k.InForce,
				k.Assigned)},
			fact{"Term", term},
			fact{"From", startOf(w, k.ContractView)},
			fact{"Last day", w.day(k.LastDay)},
			fact{"Canceled", cancelled},
		)

		fmt.Fprintln(out)
		for _, e := range k.History {
			fmt.Fprintf(out, "  %s  %s\n", w.at(e.At, k.TimeZone), w.happened(e.Event))
		}
		fmt.Fprintf(out, "\n%s\n", k.ID)
	})
}

type contractSuspendCommand struct {
	output
	apiOptions
	Contract string `arg:"" help:"Id of the contract."`
	Reason   string `required:"" placeholder:"TEXT" help:"Why; it goes into the audit."`
}

// Help is shown by --help.
func (contractSuspendCommand) Help() string {
	return `It covers nothing until it is resumed, and none of its licenses can be assigned. Its end
does not move, its licenses stay and count for spares, and replacements that were approved go on.

Example:
  roomcover contract suspend con_01kb... --reason "the invoice is disputed"`
}

// Run suspends.
func (c contractSuspendCommand) Run(ctx context.Context, a *app) error {
	return c.changeContract(ctx, a, c.apiOptions, c.Contract, "suspend", c.Reason)
}

type contractResumeCommand struct {
	output
	apiOptions
	Contract string `arg:"" help:"Id of the contract."`
	Reason   string `required:"" placeholder:"TEXT" help:"Why; it goes into the audit."`
}

// Help is shown by --help.
func (contractResumeCommand) Help() string {
	return `It covers again what it covered before, until its own end.

Example:
  roomcover contract resume con_01kb... --reason "the dispute is settled"`
}

// Run resumes.
func (c contractResumeCommand) Run(ctx context.Context, a *app) error {
	return c.changeContract(ctx, a, c.apiOptions, c.Contract, "resume", c.Reason)
}

// changeContract suspends or resumes a contract, and says where it stands.
func (o output) changeContract(
	ctx context.Context, a *app, options apiOptions, id, act, reason string,
) error {
	client, err := options.client()
	if err != nil {
		return err
	}

	var k api.ContractDetail
	err = client.post(ctx, "/v1/contracts/"+url.PathEscape(id)+"/"+act,
		api.ReasonRequest{Reason: reason}, &k)
	if err != nil {
		return err
	}
	return o.show(a, k, func(out io.Writer) {
		fmt.Fprintf(out, "%s is %s.\n", k.ID, plain(string(k.State)))
	})
}
