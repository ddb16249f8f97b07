package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"roomcover.dev/roomcover/api"
	"roomcover.dev/roomcover/rules/licensing"
)

// deviceCommands are about devices.
type deviceCommands struct {
	List   deviceListCommand   `cmd:"" help:"List devices."`
	Show   deviceShowCommand   `cmd:"" help:"Show one with the rooms that it was in."`
	Add    deviceAddCommand    `cmd:"" help:"Register a device by its serial."`
	Change deviceChangeCommand `cmd:"" help:"Change what is known of a device."`
	Place  devicePlaceCommand  `cmd:"" help:"Put a device into a room, or out of it."`
	Lost   deviceLostCommand   `cmd:"" help:"Mark a device as lost."`
	Retire deviceRetireCommand `cmd:"" help:"Mark a device as out of use for good."`
}

type deviceListCommand struct {
	output
	apiOptions
	Account string `placeholder:"ACCOUNT" help:"Only those of this account: its id or the company's name."`
	Room    string `placeholder:"ROOM" help:"Only those that are in this room now: its name or id."`
	Model   string `placeholder:"CODE" help:"Only those of this model."`
	State   string `enum:",unplaced,in_room,spare_on_site,in_rma,returned,retired,lost" default:"" help:"Only those in this state."`
	Find    string `placeholder:"TEXT" help:"Only those with this in the serial or the model's code."`
	Limit   int    `default:"200" help:"At most so many, the newest first; 0 for all."`
}

// Help is shown by --help.
func (deviceListCommand) Help() string {
	return `Examples:
  roomcover device list --account "Acme Ltda" --model RALLY-BAR
  roomcover device list --account "Acme Ltda" --state unplaced`
}

// Run lists.
func (c deviceListCommand) Run(ctx context.Context, a *app) error {
	client, err := c.client()
	if err != nil {
		return err
	}

	account, err := client.accountID(ctx, c.Account)
	if err != nil {
		return err
	}
	room, err := client.roomID(ctx, account, c.Room)
	if err != nil {
		return err
	}

	list, err := every[api.DeviceView](ctx, client, "/v1/devices", filters(map[string]string{
		"account_id": account,
		"room_id":    room,
		"model":      c.Model,
		"state":      strings.ToUpper(c.State),
		"q":          c.Find,
	}), c.Limit)
	if err != nil {
		return err
	}

	return c.showNamed(ctx, a, client, list, func(out io.Writer, w *words) {
		if len(list) == 0 {
			fmt.Fprintln(out, "No devices.")
			return
		}

		t := a.table(out, "serial", "model", "customer", "state", "purchased", "id")
		for _, d := range list {
			t.AppendRow([]any{
				dash(d.Serial),
				a.modelOf(d),
				w.name(d.AccountID),
				deviceState(d.State),
				dash(w.day(d.PurchasedOn)),
				d.ID,
			})
		}
		t.Render()
		fmt.Fprintf(out, "\n%s.\n", count(len(list), "device"))
	})
}

// oneDevice names the device that a command is about.
type oneDevice struct {
	output
	apiOptions
	Device  string `arg:"" help:"The device: its serial or id."`
	Account string `placeholder:"ACCOUNT" help:"Whose device it is, where several accounts have had it: id or the company's name."`
}

// find reads the device.
func (c oneDevice) find(ctx context.Context) (*apiClient, api.DeviceDetail, error) {
	var d api.DeviceDetail
	client, err := c.client()
	if err != nil {
		return nil, d, err
	}

	account, err := client.accountID(ctx, c.Account)
	if err != nil {
		return nil, d, err
	}
	id, err := client.deviceID(ctx, account, c.Device)
	if err != nil {
		return nil, d, err
	}

	return client, d, client.read(ctx, "/v1/devices/"+url.PathEscape(id), &d)
}

// showDevice answers with a device as it is now.
func (o output) showDevice(ctx context.Context, a *app, client *apiClient, id string) error {
	var d api.DeviceDetail
	if err := client.read(ctx, "/v1/devices/"+url.PathEscape(id), &d); err != nil {
		return err
	}
	return o.showNamed(ctx, a, client, d,
		func(out io.Writer, w *words) { a.explainDevice(out, w, d) })
}

func (a *app) explainDevice(out io.Writer, w *words, d api.DeviceDetail) {
	fmt.Fprintf(out, "%s %s: %s\n\n", d.Model, dash(d.Serial), deviceState(d.State))
	writeFacts(out,
		fact{"Customer", w.name(d.AccountID)},
		fact{"Purchased", dash(w.day(d.PurchasedOn))},
		fact{"Proof of purchase", d.PurchaseProof},
		fact{"Maker's warranty", before(w, d.StdWarrantyEnd)},
		fact{"Extended warranty", before(w, d.ExtWarrantyEnd)},
	)

	fmt.Fprintln(out)
	if len(d.Stays) == 0 {
		fmt.Fprintln(out, "It was in no room yet.")
	} else {
		t := a.table(out, "room", "from", "to")
		for _, s := range d.Stays {
			zone := w.zone(s.RoomID, d.AccountID)
			to := "is there now"
			if s.To != nil {
				to = w.at(*s.To, zone)
			}
			t.AppendRow([]any{w.name(s.RoomID), w.at(s.From, zone), to})
		}
		t.Render()
	}
	fmt.Fprintf(out, "\n%s\n", d.ID)
	writeDoubts(out, d.DeviceView)
}

// modelOf marks a model that nobody knows.
func (a *app) modelOf(d api.DeviceView) string {
	if len(d.Warnings) > 0 {
		return a.late(d.Model + ", not in the catalog")
	}
	return d.Model
}

// writeDoubts says what is doubtful about a device, and how it is put right.
func writeDoubts(out io.Writer, d api.DeviceView) {
	for _, doubt := range d.Warnings {
		fmt.Fprintf(out, "\nWarning: %s %s\n", doubt.Message, doubt.Remedy)
		fmt.Fprintf(out, "  roomcover device change %s --model CODE --reason \"...\"\n",
			quoted(cmp.Or(d.Serial, d.ID)))
	}
}

// deviceState says where a device is in its life.
func deviceState(s licensing.DeviceState) string {
	if text, ok := codeTexts[string(s)]; ok {
		return text
	}
	return plain(string(s))
}

// before says until when something holds whose first day without it is known.
func before(w *words, day string) string {
	if day == "" {
		return ""
	}
	return "ends before " + w.day(day)
}

type deviceShowCommand struct{ oneDevice }

// Help is shown by --help.
func (deviceShowCommand) Help() string {
	return `What covers it: roomcover coverage --serial SERIAL.

Example:
  roomcover device show SN-100`
}

// Run shows.
func (c deviceShowCommand) Run(ctx context.Context, a *app) error {
	client, d, err := c.find(ctx)
	if err != nil {
		return err
	}
	return c.showNamed(ctx, a, client, d,
		func(out io.Writer, w *words) { a.explainDevice(out, w, d) })
}

type deviceAddCommand struct {
	output
	apiOptions
	Serial      string `arg:"" help:"As it stands on the device; spaces, dashes and case do not matter."`
	Model       string `required:"" placeholder:"CODE" help:"Code of the model, such as RALLY-BAR."`
	Room        string `placeholder:"ROOM" help:"The room that it is in: its name or id; left out: none."`
	Account     string `placeholder:"ACCOUNT" help:"Operators: whose device it is, and where the room is looked for: id or the company's name."`
	PurchasedOn string `placeholder:"DATE" help:"Day of purchase, YYYY-MM-DD; left out: not known."`
	Proof       string `name:"purchase-proof" placeholder:"TEXT" help:"Where the proof of purchase is kept, such as the number of an invoice."`
	Reason      string `placeholder:"TEXT" help:"Operators: why; it goes into the audit."`
}

// Help is shown by --help.
func (deviceAddCommand) Help() string {
	return `Many at once: roomcover import rooms.

Example:
  roomcover device add SN-100 --model RALLY-BAR --room "Sala 1" --account "Acme Ltda" \
    --purchased-on 2026-10-01 --reason "asked by phone"`
}

// Run registers it.
func (c deviceAddCommand) Run(ctx context.Context, a *app) error {
	client, err := c.client()
	if err != nil {
		return err
	}

	account, err := client.accountID(ctx, c.Account)
	if err != nil {
		return err
	}
	room, err := client.roomID(ctx, account, c.Room)
	if err != nil {
		return err
	}

	told := api.DeviceRequest{
		RoomID:        room,
		Serial:        c.Serial,
		Model:         c.Model,
		PurchasedOn:   c.PurchasedOn,
		PurchaseProof: c.Proof,
		Reason:        c.Reason,
	}
	if room == "" {
		told.AccountID = account
	}

	var made api.DeviceView
	if err := client.post(ctx, "/v1/devices", told, &made); err != nil {
		return err
	}
	return c.showDevice(ctx, a, client, made.ID)
}

type deviceChangeCommand struct {
	oneDevice
	Serial         *string `placeholder:"SERIAL" help:"The right serial."`
	Model          *string `placeholder:"CODE" help:"The right model."`
	PurchasedOn    *string `placeholder:"DATE" help:"Day of purchase, YYYY-MM-DD."`
	Proof          *string `name:"purchase-proof" placeholder:"TEXT" help:"Where the proof of purchase is kept."`
	StdWarrantyEnd *string `placeholder:"DATE" help:"First day that the maker's warranty does not cover any more."`
	ExtWarrantyEnd *string `placeholder:"DATE" help:"First day that the extended warranty does not cover any more."`
	Reason         string  `placeholder:"TEXT" help:"Operators, and to change a date that is stored: why; it goes into the audit."`
}

// Help is shown by --help.
func (deviceChangeCommand) Help() string {
	return `What is not given stays; what is given as empty is not known any more.

Example:
  roomcover device change SN-100 --purchased-on 2026-09-15 --purchase-proof "NF 4711" \
    --reason "read the invoice"`
}

// Run changes it, on the version that it reads.
func (c deviceChangeCommand) Run(ctx context.Context, a *app) error {
	client, known, err := c.find(ctx)
	if err != nil {
		return err
	}

	told := api.DeviceRequest{
		Serial:         known.Serial,
		Model:          known.Model,
		PurchasedOn:    known.PurchasedOn,
		PurchaseProof:  known.PurchaseProof,
		StdWarrantyEnd: known.StdWarrantyEnd,
		ExtWarrantyEnd: known.ExtWarrantyEnd,
		Reason:         c.Reason,
	}
	asKnown := told
	overwrite(&told.Serial, c.Serial)
	overwrite(&told.Model, c.Model)
	overwrite(&told.PurchasedOn, c.PurchasedOn)
	overwrite(&told.PurchaseProof, c.Proof)
	overwrite(&told.StdWarrantyEnd, c.StdWarrantyEnd)
	overwrite(&told.ExtWarrantyEnd, c.ExtWarrantyEnd)
	if told == asKnown {
		client.told.add(false)
		return c.showDevice(ctx, a, client, known.ID)
	}

	var changed api.DeviceView
	err = client.change(ctx, http.MethodPut, "/v1/devices/"+url.PathEscape(known.ID), known.Version,
		told, &changed)
	if err != nil {
		return err
	}
	return c.showDevice(ctx, a, client, known.ID)
}

// overwrite puts what was said over what is known; what was not said stays.
func overwrite(known, said *string) {
	if said != nil {
		*known = *said
	}
}

type devicePlaceCommand struct {
	oneDevice
	Room   string `xor:"where" required:"" placeholder:"ROOM" help:"The room that it comes into: its name or id."`
	Out    bool   `xor:"where" required:"" help:"Out of its room, into none."`
	Reason string `placeholder:"TEXT" help:"Operators: why; it goes into the audit."`
}

// Help is shown by --help.
func (devicePlaceCommand) Help() string {
	return `Examples:
  roomcover device place SN-100 --room "Sala 2" --reason "asked by phone"
  roomcover device place SN-100 --out --reason "taken down"`
}

// Run places it.
func (c devicePlaceCommand) Run(ctx context.Context, a *app) error {
	client, d, err := c.find(ctx)
	if err != nil {
		return err
	}

	room, err := client.roomID(ctx, d.AccountID, c.Room)
	if err != nil {
		return err
	}

	var placed api.DeviceView
	err = client.post(ctx, "/v1/devices/"+url.PathEscape(d.ID)+"/placement",
		api.PlacementRequest{RoomID: room, Reason: c.Reason}, &placed)
	if err != nil {
		return err
	}
	return c.showDevice(ctx, a, client, d.ID)
}

type deviceLostCommand struct {
	oneDevice
	Reason string `required:"" placeholder:"TEXT" help:"Why; it goes into the audit."`
}

// Help is shown by --help.
func (deviceLostCommand) Help() string {
	return `It leaves its room, and nothing covers it any more. Its serial number stays taken until
it is retired.

Example:
  roomcover device lost SN-100 --reason "not found since the move"`
}

// Run marks it.
func (c deviceLostCommand) Run(ctx context.Context, a *app) error {
	return c.endUse(ctx, a, licensing.DeviceLost, c.Reason)
}

type deviceRetireCommand struct {
	oneDevice
	Reason string `required:"" placeholder:"TEXT" help:"Why; it goes into the audit."`
}

// Help is shown by --help.
func (deviceRetireCommand) Help() string {
	return `It leaves its room, nothing covers it any more, and its serial number is free.

Example:
  roomcover device retire SN-100 --reason "thrown away"`
}

// Run marks it.
func (c deviceRetireCommand) Run(ctx context.Context, a *app) error {
	return c.endUse(ctx, a, licensing.DeviceRetired, c.Reason)
}

func (c oneDevice) endUse(
	ctx context.Context, a *app, end licensing.DeviceState, reason string,
) error {
	client, d, err := c.find(ctx)
	if err != nil {
		return err
	}

	var ended api.DeviceView
	err = client.post(ctx, "/v1/devices/"+url.PathEscape(d.ID)+"/end",
		api.EndOfUseRequest{State: end, Reason: reason}, &ended)
	if err != nil {
		return err
	}
	return c.showDevice(ctx, a, client, d.ID)
}
