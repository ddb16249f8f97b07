package main

import (
	"context"
	"fmt"
	"io"
	"net/url"
	"strings"

	"roomcover.dev/roomcover/api"
)

// roomCommands are about rooms.
type roomCommands struct {
	List    roomListCommand    `cmd:"" help:"List rooms."`
	Show    roomShowCommand    `cmd:"" help:"Show one with its devices and licenses."`
	Add     roomAddCommand     `cmd:"" help:"Add a room."`
	Change  roomChangeCommand  `cmd:"" help:"Change what is known of a room."`
	Move    roomMoveCommand    `cmd:"" help:"Move devices, licenses or both to another room."`
	Release roomReleaseCommand `cmd:"" help:"Take a license from a room."`
	Archive roomArchiveCommand `cmd:"" help:"Archive a room that is no longer used."`
	Restore roomRestoreCommand `cmd:"" help:"Take an archived room into use again."`
}

type roomListCommand struct {
	output
	apiOptions
	Account  string `placeholder:"ACCOUNT" help:"Only those of this account: its id or the company's name."`
	Site     string `placeholder:"SITE" help:"Only those of the site of this name."`
	State    string `enum:",active,archived" default:"" help:"Only active or archived ones."`
	Find     string `placeholder:"TEXT" help:"Only those with this in name or site, or in the serial of a device in it."`
	Coverage string `enum:",hardware,technical,setup" default:"" help:"Say of each whether it is covered now: for hardware, technical or setup."`
	Limit    int    `default:"200" help:"At most so many, the newest first; 0 for all."`
}

// Help is shown by --help.
func (roomListCommand) Help() string {
	return `Examples:
  roomcover room list --account "Acme Ltda" --coverage hardware
  roomcover room list --find SN-100`
}

// Run lists.
func (c roomListCommand) Run(ctx context.Context, a *app) error {
	client, err := c.client()
	if err != nil {
		return err
	}

	account, err := client.accountID(ctx, c.Account)
	if err != nil {
		return err
	}

	list, err := every[api.RoomItem](ctx, client, "/v1/rooms", filters(map[string]string{
		"account_id": account,
		"site":       c.Site,
		"state":      strings.ToUpper(c.State),
		"q":          c.Find,
		"coverage":   c.Coverage,
	}), c.Limit)
	if err != nil {
		return err
	}

	return c.showNamed(ctx, a, client, list,
		func(out io.Writer, w *words) { c.table(out, w, a, list) })
}

func (c roomListCommand) table(out io.Writer, w *words, a *app, list []api.RoomItem) {
	if len(list) == 0 {
		fmt.Fprintln(out, "No rooms.")
		return
	}

	head := []any{"room", "site", "customer", "country", "state"}
	if c.Coverage != "" {
		head = append(head, c.Coverage)
	}
	t := a.table(out, append(head, "id")...)
	for _, r := range list {
		row := []any{
			r.Name,
			dash(r.Site),
			w.name(r.AccountID),
			r.Country,
			plain(string(r.State)),
		}
		switch {
		case c.Coverage == "":
		case r.Coverage != nil && r.Coverage.Covered:
			row = append(row, "until "+w.until(*r.Coverage.Until, r.TimeZone))
		default:
			row = append(row, "not covered")
		}
		t.AppendRow(append(row, r.ID))
	}

	t.Render()
	fmt.Fprintf(out, "\n%s.\n", count(len(list), "room"))
}

// oneRoom names the room that a command is about.
type oneRoom struct {
	output
	apiOptions
	Room    string `arg:"" help:"The room: its name, with its site behind a comma where several have it, or its id."`
	Account string `placeholder:"ACCOUNT" help:"Whose room it is, where several accounts have one of this name: id or the company's name."`
}

// find returns the room's id.
func (c oneRoom) find(ctx context.Context) (*apiClient, string, error) {
	client, err := c.client()
	if err != nil {
		return nil, "", err
	}

	room, _, err := client.placeIDs(ctx, c.Account, c.Room, "")
	return client, room, err
}

type roomShowCommand struct{ oneRoom }

// Help is shown by --help.
func (roomShowCommand) Help() string {
	return `Example:
  roomcover room show "Sala 1" --account "Acme Ltda"`
}

// Run shows.
func (c roomShowCommand) Run(ctx context.Context, a *app) error {
	client, id, err := c.find(ctx)
	if err != nil {
		return err
	}

	return c.showRoom(ctx, a, client, id)
}

func (a *app) explainRoom(out io.Writer, w *words, r api.RoomDetail) {
	fmt.Fprintf(out, "%s: %s\n\n", r.Name, plain(string(r.State)))
	licences := make([]string, len(r.Assignments))
	for i, l := range r.Assignments {
		licences[i] = serviceName(l.ServiceType) + " since " + w.at(l.From, r.TimeZone)
	}

	writeFacts(out,
		fact{"Customer", w.name(r.AccountID)},
		fact{"Site", r.Site},
		fact{"Country", strings.Trim(r.Country+"-"+r.Region, "-")},
		fact{"Time zone", r.TimeZone},
		fact{"Platform", w.code(string(r.Platform))},
		fact{"Criticality", plain(string(r.Criticality))},
		fact{"Licenses", dash(strings.Join(licences, ", "))},
	)

	fmt.Fprintln(out)
	if len(r.Devices) == 0 {
		fmt.Fprintln(out, "No devices are in it.")
	} else {
		t := a.table(out, "model", "serial", "state", "purchased", "id")
		for _, d := range r.Devices {
			t.AppendRow([]any{
				d.Model,
				dash(d.Serial),
				deviceState(d.State),
				dash(w.day(d.PurchasedOn)),
				d.ID,
			})
		}
		t.Render()
	}
	fmt.Fprintf(out, "\n%s\n", r.ID)
}

type roomArchiveCommand struct {
	oneRoom
	Reason string `placeholder:"TEXT" help:"Operators: why; it goes into the audit."`
}

// Help is shown by --help.
func (roomArchiveCommand) Help() string {
	return `Its licenses become free, and its devices are in no room. An operator can
restore it, without them (room restore).

Example:
  roomcover room archive "Sala 1" --account "Acme Ltda" --reason "the office closed"`
}

// Run archives.
func (c roomArchiveCommand) Run(ctx context.Context, a *app) error {
	client, id, err := c.find(ctx)
	if err != nil {
		return err
	}

	var r api.RoomView
	err = client.post(ctx, "/v1/rooms/"+url.PathEscape(id)+"/archive",
		api.RoomReasonRequest{Reason: c.Reason}, &r)
	if err != nil {
		return err
	}

	return c.show(a, r, func(out io.Writer) { fmt.Fprintf(out, "%s is archived.\n", r.Name) })
}

type roomRestoreCommand struct {
	oneRoom
	Reason string `required:"" placeholder:"TEXT" help:"Why; it goes into the audit."`
}

// Help is shown by --help.
func (roomRestoreCommand) Help() string {
	return `It comes back with its history, without a license and without devices: assign and place
them again. It is refused where the account has another room of the name at the site by now.

Example:
  roomcover room restore "Sala 1" --account "Acme Ltda" --reason "archived by mistake"`
}

// Run restores.
func (c roomRestoreCommand) Run(ctx context.Context, a *app) error {
	client, id, err := c.find(ctx)
	if err != nil {
		return err
	}

	var r api.RoomView
	err = client.post(ctx, "/v1/rooms/"+url.PathEscape(id)+"/restore",
		api.RoomReasonRequest{Reason: c.Reason}, &r)
	if err != nil {
		return err
	}

	return c.show(a, r, func(out io.Writer) { fmt.Fprintf(out, "%s is in use again.\n", r.Name) })
}
