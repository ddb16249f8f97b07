package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strings"
	"time"

	"roomcover.dev/roomcover/console"
	"roomcover.dev/roomcover/models/domains"
	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/rules"
)

// operatorCommands are about who may use the console. They work on the database, so that they
// work when nobody can sign in.
type operatorCommands struct {
	List        operatorListCommand    `cmd:"" help:"List who may use the console."`
	Add         operatorAddCommand     `cmd:"" help:"Add who signs in by password and second factor; prints the link to set up with."`
	Role        operatorRoleCommand    `cmd:"" help:"Give an operator another role."`
	ResetFactor operatorResetCommand   `cmd:"" help:"Take password and second factor away; prints a new link to set up with."`
	Disable     operatorDisableCommand `cmd:"" help:"Let an operator in no more, from the next request on."`
	Enable      operatorEnableCommand  `cmd:"" help:"Let an operator in again."`
	Arm         operatorArmCommand     `cmd:"" help:"Open the emergency sign-in by password for hours, in spite of an issuer."`
	Disarm      operatorDisarmCommand  `cmd:"" help:"Close the emergency sign-in, and end its sessions."`
}

type operatorListCommand struct{ output }

// Help is shown by --help.
func (operatorListCommand) Help() string {
	return `Example:
  roomcover operator list`
}

// Run lists.
func (c operatorListCommand) Run(ctx context.Context, a *app) error {
	return a.onReadyDatabase(ctx, func(ctx context.Context, d *domains.Domains) error {
		all, err := d.Operators.ListOperators(ctx)
		if err != nil {
			return err
		}
		views := []any{}
		for _, o := range all {
			views = append(views, operatorView(o))
		}
		return c.show(a, views, func(w io.Writer) { a.operatorTable(w, all) })
	})
}

type operatorAddCommand struct {
	output
	Email  string `arg:"" help:"Address by which the person signs in."`
	Name   string `required:"" placeholder:"NAME" help:"As colleagues and the audit see it."`
	Role   string `required:"" enum:"agent,lead,csm,manager" help:"What the person may do; a manager reads and changes nothing."`
	Reason string `required:"" placeholder:"TEXT" help:"Goes into the audit."`
}

// Help is shown by --help.
func (operatorAddCommand) Help() string {
	return `Prints a link, valid for a day and once, by which the person chooses a password and sets
up an app for codes. Hand it over by a way that only the person reads. Where there is an
issuer (ROOMCOVER_OPERATOR_ISSUER), the password works only while it is armed.

Example:
  roomcover operator add ana@desk.example --name "Ana Lima" --role agent --reason "new colleague"`
}

// Run adds.
func (c operatorAddCommand) Run(ctx context.Context, a *app) error {
	return a.onReadyDatabase(ctx, func(ctx context.Context, d *domains.Domains) error {
		o, secret, err := d.Operators.AddOperator(ctx, identity.NewOperator{
			Email:  c.Email,
			Name:   c.Name,
			Role:   operatorRole(c.Role),
			Reason: c.Reason,
		})
		if err != nil {
			return err
		}
		return c.showLink(a, o, secret)
	})
}

// showLink shows the link to set up with, this once.
func (o output) showLink(a *app, who identity.Operator, secret string) error {
	s, err := settings()
	if err != nil {
		return err
	}
	link := s.PublicURL + console.SetUpPath + "?" + url.Values{"token": {secret}}.Encode()

	view := operatorView(who)
	view["link"] = link
	return o.show(a, view, func(w io.Writer) {
		a.operatorTable(w, []identity.Operator{who})
		fmt.Fprintf(w, "\nThe link to set up with, good for a day and once:\n%s\n", link)
	})
}

// operatorRole is the role that a word of the command line stands for.
func operatorRole(word string) rules.Role {
	return rules.Role("OPERATOR_" + strings.ToUpper(word))
}

// namedOperator are the options of a command about one operator.
type namedOperator struct {
	output
	Operator string `arg:"" help:"The operator's address, or id."`
	Reason   string `required:"" placeholder:"TEXT" help:"Goes into the audit."`
}

// run finds the operator and changes it.
func (c namedOperator) run(
	ctx context.Context, a *app,
	change func(context.Context, *identity.Operators, string) (identity.Operator, error),
) error {
	return a.onReadyDatabase(ctx, func(ctx context.Context, d *domains.Domains) error {
		id, err := c.find(ctx, d.Operators)
		if err != nil {
			return err
		}
		o, err := change(ctx, d.Operators, id)
		if err != nil {
			return err
		}
		goOn, err := tokensThatGoOn(ctx, d.Operators, o)
		if err != nil {
			return err
		}
		view := operatorView(o)
		view["tokens_that_go_on"] = goOn
		return c.show(a, view, func(w io.Writer) {
			a.operatorTable(w, []identity.Operator{o})
			if len(goOn) > 0 {
				fmt.Fprintf(w, "\nStill working, made by this operator for sellers or customers "+
					"(%d); look whether each is right:\n%s\n",
					len(goOn), strings.Join(goOn, "\n"))
			}
		})
	})
}

// tokensThatGoOn are the ids of the tokens for sellers and customers that an operator made who
// may make those of operators no more: they go on, for a lead to look at.
func tokensThatGoOn(
	ctx context.Context, operators *identity.Operators, o identity.Operator,
) ([]string, error) {
	ids := []string{}
	if o.MakesTokensOfOperators() {
		return ids, nil
	}
	made, err := operators.TokensMadeBy(ctx, o.ID)
	for _, t := range made.OfOthers {
		ids = append(ids, t.ID)
	}
	return ids, err
}

// find is the id of the operator who is named. One address may be that of somebody of the
// issuer and of somebody with a password: then the id has to be given.
func (c namedOperator) find(ctx context.Context, operators *identity.Operators) (string, error) {
	all, err := operators.ListOperators(ctx)
	if err != nil {
		return "", err
	}
	var ids []string
	for _, o := range all {
		if o.ID == c.Operator || strings.EqualFold(o.Email, c.Operator) {
			ids = append(ids, o.ID)
		}
	}
	switch len(ids) {
	case 0:
		return "", rules.Refuse(rules.NotFound, "There is no such operator.",
			"roomcover operator list shows them.")
	case 1:
		return ids[0], nil
	}
	return "", errors.New("several operators have this address; give the id: " +
		strings.Join(ids, ", "))
}

type operatorRoleCommand struct {
	namedOperator
	Role string `required:"" enum:"agent,lead,csm,manager" help:"The new role."`
}

// Help is shown by --help.
func (operatorRoleCommand) Help() string {
	return `It holds from the next request on. The role of somebody who signs in at the issuer is
changed there. Tokens of operators that the person made end with the role of a lead; those for
sellers and customers go on, and are listed.

Example:
  roomcover operator role ana@desk.example --role lead --reason "leads the night shift"`
}

// Run changes it.
func (c operatorRoleCommand) Run(ctx context.Context, a *app) error {
	return c.run(ctx, a, func(
		ctx context.Context, o *identity.Operators, id string,
	) (identity.Operator, error) {
		return o.ChangeOperatorRole(ctx, id, operatorRole(c.Role), c.Reason)
	})
}

type operatorResetCommand struct{ namedOperator }

// Help is shown by --help.
func (operatorResetCommand) Help() string {
	return `For a lost phone or a forgotten password: password, app, passkeys, recovery codes and
sessions end at once.

Example:
  roomcover operator reset-factor ana@desk.example --reason "lost the phone"`
}

// Run resets it.
func (c operatorResetCommand) Run(ctx context.Context, a *app) error {
	return a.onReadyDatabase(ctx, func(ctx context.Context, d *domains.Domains) error {
		id, err := c.find(ctx, d.Operators)
		if err != nil {
			return err
		}
		o, secret, err := d.Operators.ResetFactor(ctx, id, c.Reason)
		if err != nil {
			return err
		}
		return c.showLink(a, o, secret)
	})
}

type operatorDisableCommand struct{ namedOperator }

// Help is shown by --help.
func (operatorDisableCommand) Help() string {
	return `Every session ends with its next request; it holds for the issuer's people too. Tokens
of operators that the person made end; those for sellers and customers go on, and are listed.

Example:
  roomcover operator disable ana@desk.example --reason "left the company"`
}

// Run disables.
func (c operatorDisableCommand) Run(ctx context.Context, a *app) error {
	return c.run(ctx, a, func(
		ctx context.Context, o *identity.Operators, id string,
	) (identity.Operator, error) {
		return o.DisableOperator(ctx, id, c.Reason)
	})
}

type operatorEnableCommand struct{ namedOperator }

// Help is shown by --help.
func (operatorEnableCommand) Help() string {
	return `Example:
  roomcover operator enable ana@desk.example --reason "is back"`
}

// Run enables.
func (c operatorEnableCommand) Run(ctx context.Context, a *app) error {
	return c.run(ctx, a, func(
		ctx context.Context, o *identity.Operators, id string,
	) (identity.Operator, error) {
		return o.EnableOperator(ctx, id, c.Reason)
	})
}

type operatorArmCommand struct {
	namedOperator
	Hours int `required:"" placeholder:"N" help:"For how long, 1 to 24."`
}

// Help is shown by --help.
func (operatorArmCommand) Help() string {
	return `For when the issuer does not answer: somebody who was added by operator add signs in by
password and code at /console/sign-in/emergency. Each sign-in raises a task, and sessions end
with the time. Without an issuer there is nothing to arm.

Example:
  roomcover operator arm ana@desk.example --hours 4 --reason "the issuer is down"`
}

// Validate is called by kong.
func (c operatorArmCommand) Validate() error {
	if c.Hours < 1 || c.Hours > 24 {
		return fmt.Errorf("--hours: give 1 to 24")
	}
	return nil
}

// Run arms.
func (c operatorArmCommand) Run(ctx context.Context, a *app) error {
	return c.run(ctx, a, func(
		ctx context.Context, o *identity.Operators, id string,
	) (identity.Operator, error) {
		return o.ArmOperator(ctx, id, time.Duration(c.Hours)*time.Hour, c.Reason)
	})
}

type operatorDisarmCommand struct{ namedOperator }

// Help is shown by --help.
func (operatorDisarmCommand) Help() string {
	return `Example:
  roomcover operator disarm ana@desk.example --reason "the issuer is back"`
}

// Run disarms.
func (c operatorDisarmCommand) Run(ctx context.Context, a *app) error {
	return c.run(ctx, a, func(
		ctx context.Context, o *identity.Operators, id string,
	) (identity.Operator, error) {
		return o.ArmOperator(ctx, id, 0, c.Reason)
	})
}

func operatorView(o identity.Operator) map[string]any {
	return map[string]any{
		"id":           o.ID,
		"email":        o.Email,
		"name":         o.Name,
		"role":         o.Role,
		"signs_in_by":  o.Source,
		"state":        operatorState(o),
		"signed_in_at": o.SignedInAt,
		"armed_until":  o.ArmedUntil,
	}
}

func operatorState(o identity.Operator) string {
	switch {
	case o.DisabledAt != nil:
		return "disabled"
	case o.Armed():
		return "armed"
	case o.Source == identity.ByPassword && !o.SetUp():
		return "not set up"
	case !o.Role.IsOperator():
		return "no role"
	}
	return "works"
}

func (a *app) operatorTable(w io.Writer, list []identity.Operator) {
	if len(list) == 0 {
		fmt.Fprintln(w, "No operators.")
		return
	}

	t := a.table(w, "name", "e-mail", "role", "signs in by", "state", "last", "id")
	for _, o := range list {
		last := "never"
		if o.SignedInAt != nil {
			last = o.SignedInAt.Format(time.DateOnly)
		}
		t.AppendRow([]any{
			o.Name,
			o.Email,
			strings.TrimPrefix(plain(string(o.Role)), "operator "),
			plain(string(o.Source)),
			operatorState(o),
			last,
			o.ID,
		})
	}
	t.Render()
}
