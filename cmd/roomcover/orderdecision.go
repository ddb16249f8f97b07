package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"roomcover.dev/roomcover/api"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/ordering"
)

// A seller may amend an order while it is in review. A decision therefore names the version that
// somebody looked at; without one, the order is shown and nothing is decided.

// decision is what accept and reject have in common.
type decision struct {
	oneOrder
	Reason  string `required:"" placeholder:"TEXT" help:"Why; it goes into the audit, and to the seller when the order is rejected."`
	Version int64  `placeholder:"N" help:"The version that you decided about, as 'order show' gives it; left out: the order is shown, and nothing is decided."`
}

// decide sends a decision about the version of the order that was shown.
func (c decision) decide(ctx context.Context, a *app, body map[string]any) error {
	client, o, err := c.find(ctx)
	if err != nil {
		return err
	}

	open := slices.Contains(o.ReviewReasons, ordering.ReasonContactUnknown) &&
		body["invite_as"] == nil && body["record_domain"] == nil
	if body["accept"] == true && open {
		return settingsError{errors.New(
			"the account does not know the person whom the order names: say --invite-as none, or " +
				"--invite-as admin or read_only with --email, or --record-domain with --email",
		)}
	}

	if c.Version == 0 {
		return c.ask(ctx, a, client, o)
	}

	if said, ok := body["account_id"].(string); ok {
		if body["account_id"], err = client.chosenAccount(ctx, said); err != nil {
			return err
		}
	}

	body["reason"] = c.Reason
	raw, err := json.Marshal(body)
	if err != nil {
		return err
	}

	err = client.call(ctx, request{
		method:      http.MethodPost,
		path:        "/v1/orders/" + url.PathEscape(o.ID) + "/decision",
		body:        raw,
		contentType: "application/json",
		key:         newKey(),
		match:       strconv.Quote(strconv.FormatInt(c.Version, 10)),
	}, &o)
	if err != nil {
		return err
	}

	return c.showOrder(ctx, a, client, o)
}

// ask shows what a decision would be about and decides nothing: it ends with the command that
// does, about the version that was shown.
func (o output) ask(
	ctx context.Context, a *app, client *apiClient, d api.OrderDetail,
) error {
	if d.State != rules.OrderNeedsReview {
		return undecided{what: "there is nothing to decide: the order is " + plain(string(d.State))}
	}

	err := o.showNamed(ctx, a, client, d, func(out io.Writer, w *words) {
		fmt.Fprintf(out, "Order %s: %s, version %d\n\n", orderNumber(d.OrderSummary),
			plain(string(d.State)), d.Version)
		writeFacts(out, orderFacts(w, d)...)
	})
	if err != nil {
		return err
	}

	return undecided{
		what: fmt.Sprintf("nothing was decided. To decide on the order as it is shown, "+
			"version %d:", d.Version),
		again: a.again("--version", strconv.FormatInt(d.Version, 10)),
	}
}

// undecided is the end of a decision that named no version; what it would be about was shown
// already.
type undecided struct {
	what  string
	again string // the command that decides; empty: there is none
}

func (e undecided) Error() string { return e.what }

// again returns the command that was given with one more option.
func (a *app) again(more ...string) string {
	said := []string{"roomcover"}
	for _, word := range append(slices.Clone(a.args), more...) {
		said = append(said, quoted(word))
	}
	return strings.Join(said, " ")
}

// quoted writes a word as a shell reads it back.
func quoted(word string) string {
	bare := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' ||
			strings.ContainsRune("-_.,:/@=+", r)
	}
	if word != "" && strings.IndexFunc(word, func(r rune) bool { return !bare(r) }) < 0 {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}

// writeDecisions completes the commands that accept and reject an order, as it is shown.
func writeDecisions(out io.Writer, accept, reject string, o api.OrderDetail) {
	bound := fmt.Sprintf(` --version %d --reason "WHY"`, o.Version)
	accept += bound
	reject += bound

	if slices.Contains(o.ReviewReasons, ordering.ReasonAmbiguousAccount) ||
		slices.Contains(o.ReviewReasons, ordering.ReasonAddressNearlyKnown) {
		accept += " --account ACCOUNT"
	}
	if slices.Contains(o.ReviewReasons, ordering.ReasonContactUnknown) {
		accept += " --invite-as ROLE"
		if o.Submitted != nil {
			accept += " --email " + quoted(o.Submitted.EndCustomer.Email)
		}
	}

	fmt.Fprintf(out, "  Decide on what you see here, version %d of the order:\n", o.Version)
	fmt.Fprintf(out, "    %s\n    %s\n\n", accept, reject)
}

type orderAcceptCommand struct {
	decision
	Account      string `placeholder:"ACCOUNT" help:"Whose order it is, by id or name, where it matches several accounts; new where it is none of those whose address is nearly the same."`
	InviteAs     string `enum:",admin,read_only,none" default:"" placeholder:"ROLE" help:"What the person whom the order names is invited as: admin, read_only, or none for not at all."`
	RecordDomain bool   `help:"Record that person's mail domain as the account's own."`
	Email        string `placeholder:"ADDRESS" help:"The address of the person whom the order names, with --invite-as and --record-domain."`
}

// Help is shown by --help.
func (orderAcceptCommand) Help() string {
	return `Without --version the order is shown, with the command that accepts it as it is then.

Examples:
  roomcover order accept PO-2026-0017 --version 1 --reason "asked the seller"
  roomcover order accept PO-2026-0017 --version 1 --invite-as read_only \
    --email rui@acme.example --reason "theirs"`
}

// Validate is called by kong.
func (c orderAcceptCommand) Validate() error {
	return needsEmail(c.InviteAs, c.RecordDomain, c.Email)
}

// needsEmail refuses to let somebody in, or to record a domain, without saying whom the
// operator looked at: a seller may amend an order while it is in review.
func needsEmail(inviteAs string, recordDomain bool, email string) error {
	role := strings.ToLower(inviteAs)
	if email == "" && (recordDomain || role == "admin" || role == "read_only") {
		return errors.New("--invite-as and --record-domain go with --email, " +
			"the address of the person whom you decided about")
	}
	return nil
}

// Run accepts.
func (c orderAcceptCommand) Run(ctx context.Context, a *app) error {
	body := map[string]any{"accept": true}
	for name, value := range map[string]string{
		"account_id": c.Account,
		"invite_as":  strings.ToUpper(c.InviteAs),
		"email":      c.Email,
	} {
		if value != "" {
			body[name] = value
		}
	}
	if c.RecordDomain {
		body["record_domain"] = true
	}
	return c.decide(ctx, a, body)
}

type orderRejectCommand struct{ decision }

// Help is shown by --help.
func (orderRejectCommand) Help() string {
	return `Without --version the order is shown, with the command that rejects it as it is then.

Example:
  roomcover order reject PO-2026-0017 --version 1 --reason "a double of PO-2026-0016"`
}

// Run rejects.
func (c orderRejectCommand) Run(ctx context.Context, a *app) error {
	return c.decide(ctx, a, map[string]any{"accept": false})
}

type orderReopenCommand struct {
	oneOrder
	Reason string `required:"" placeholder:"TEXT" help:"Why; it goes into the audit."`
}

// Help is shown by --help.
func (orderReopenCommand) Help() string {
	return `Takes an order that was rejected by mistake back into review, within 30 days, and not
before ten minutes after its last mail. The review begins anew, and the seller is told.

Example:
  roomcover order reopen PO-2026-0017 --reason "rejected by mistake"`
}

// Run reopens the order as it is.
func (c orderReopenCommand) Run(ctx context.Context, a *app) error {
	client, o, err := c.find(ctx)
	if err != nil {
		return err
	}
	raw, err := json.Marshal(api.ReasonRequest{Reason: c.Reason})
	if err != nil {
		return err
	}

	err = client.call(ctx, request{
		method:      http.MethodPost,
		path:        "/v1/orders/" + url.PathEscape(o.ID) + "/reopening",
		body:        raw,
		contentType: "application/json",
		key:         newKey(),
		match:       strconv.Quote(strconv.FormatInt(o.Version, 10)),
	}, &o)
	if err != nil {
		return err
	}
	return c.showOrder(ctx, a, client, o)
}
