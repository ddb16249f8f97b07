package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"roomcover.dev/roomcover/api"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/catalogue"
	"roomcover.dev/roomcover/rules/licensing"
)

// roomAddCommand adds a room.
type roomAddCommand struct {
	output
	apiOptions
	Name        string `arg:"" help:"Name of the room, as people on site say it."`
	Account     string `placeholder:"ACCOUNT" help:"Operators: whose room it is: id or the company's name."`
	Site        string `help:"Building or site that the room is in."`
	NewSite     bool   `help:"The site is a new one, although another is called nearly so."`
	Another     bool   `help:"It is another room, although the site has one of this name."`
	Country     string `required:"" placeholder:"CODE" help:"Country, by its ISO code of two letters, such as BR."`
	Region      string `placeholder:"CODE" help:"State or region by its code, such as SP: whose holidays count."`
	Platform    string `required:"" enum:"mtr_windows,mtr_android,zoom_pc,zoom_appliance,other" placeholder:"PLATFORM" help:"What it runs on: ${enum}."`
	Criticality string `enum:"normal,high,critical" default:"normal" help:"How much depends on it: ${enum}."`
	TimeZone    string `placeholder:"ZONE" help:"IANA name, such as America/Sao_Paulo; left out: that of the region or country."`
	Reason      string `placeholder:"TEXT" help:"Operators: why; it goes into the audit."`
}

// Help is shown by --help.
func (roomAddCommand) Help() string {
	return `Many at once: roomcover import rooms.

Example:
  roomcover room add "Sala 9" --account "Acme Ltda" --site Paulista --country BR --region SP \
    --platform mtr_windows --reason "asked by phone"`
}

// Run adds it.
func (c roomAddCommand) Run(ctx context.Context, a *app) error {
	client, err := c.client()
	if err != nil {
		return err
	}

	account, err := client.accountID(ctx, c.Account)
	if err != nil {
		return err
	}

	site, isNew, err := client.siteNamed(ctx, account, c.Site, c.NewSite)
	if err != nil {
		return err
	}
	if err := c.once(ctx, client, account, site); err != nil {
		return err
	}

	var made api.RoomView
	err = client.post(ctx, "/v1/rooms", api.RoomRequest{
		AccountID:   account,
		Name:        c.Name,
		Site:        site,
		Country:     strings.ToUpper(c.Country),
		Region:      c.Region,
		Platform:    rules.Platform(strings.ToUpper(c.Platform)),
		Criticality: rules.Criticality(strings.ToUpper(c.Criticality)),
		TimeZone:    c.TimeZone,
		Reason:      c.Reason,
	}, &made)
	if err != nil {
		return err
	}

	if err := c.showRoom(ctx, a, client, made.ID); err != nil {
		return err
	}
	if isNew {
		sayNewSite(a.errs, site, c.Account, strings.ToUpper(c.Country))
	}
	return nil
}

// once refuses a room of a name that the site has already, unless another one is meant: whoever
// sends the command again does not mean two.
func (c roomAddCommand) once(
	ctx context.Context, client *apiClient, account, site string,
) error {
	rooms, err := client.roomsOf(ctx, account)
	if err != nil || c.Another {
		return err
	}

	for _, r := range rooms {
		if r.State == licensing.RoomActive && rules.SiteKey(r.Site) == rules.SiteKey(site) &&
			rules.SearchKey(r.Name) == rules.SearchKey(c.Name) {
			return settingsError{fmt.Errorf(
				"there is a room %s already (%s): say --another if it is another one",
				strings.TrimSuffix(r.Name+", "+r.Site, ", "), r.ID)}
		}
	}
	return nil
}

// showRoom answers with a room as it is now.
func (o output) showRoom(ctx context.Context, a *app, client *apiClient, id string) error {
	r, err := client.room(ctx, id)
	if err != nil {
		return err
	}
	return o.showNamed(ctx, a, client, r,
		func(out io.Writer, w *words) { a.explainRoom(out, w, r) })
}

// room reads a room by its id.
func (c *apiClient) room(ctx context.Context, id string) (api.RoomDetail, error) {
	var r api.RoomDetail
	return r, c.read(ctx, "/v1/rooms/"+url.PathEscape(id), &r)
}

// roomChangeCommand changes what is given and leaves the rest.
type roomChangeCommand struct {
	oneRoom
	Name        *string `placeholder:"NAME" help:"Its new name."`
	Site        *string `placeholder:"SITE" help:"Building or site that it is in; empty: none."`
	NewSite     bool    `help:"The site is a new one, although another is called nearly so."`
	Country     *string `placeholder:"CODE" help:"Country, by its ISO code of two letters; the region goes with it."`
	Region      *string `placeholder:"CODE" help:"State or region by its code; empty: none."`
	Platform    string  `enum:",mtr_windows,mtr_android,zoom_pc,zoom_appliance,other" default:"" placeholder:"PLATFORM" help:"What it runs on: mtr_windows, mtr_android, zoom_pc, zoom_appliance or other."`
	Criticality string  `enum:",normal,high,critical" default:"" placeholder:"LEVEL" help:"How much depends on it: normal, high or critical."`
	TimeZone    *string `placeholder:"ZONE" help:"IANA name; left out, it stays, or is that of a new region or country."`
	Reason      string  `placeholder:"TEXT" help:"Operators: why; it goes into the audit."`
}

// Help is shown by --help.
func (roomChangeCommand) Help() string {
	return `What is not given stays. What was promised for a replacement does not move.

Examples:
  roomcover room change "Sala 1" --account "Acme Ltda" --name "Sala Ipê" --reason "renamed"
  roomcover room change "Sala 1, Berrini" --site Paulista --reason "moved house"
  roomcover room change "Sala 1" --criticality critical --reason "the board meets there"`
}

// Run changes it, on the version that it reads.
func (c roomChangeCommand) Run(ctx context.Context, a *app) error {
	client, id, err := c.find(ctx)
	if err != nil {
		return err
	}

	known, err := client.room(ctx, id)
	if err != nil {
		return err
	}

	told := c.told(known.RoomView)
	if told == (roomChangeCommand{Reason: c.Reason}).told(known.RoomView) {
		client.told.add(false)
		return c.showRoom(ctx, a, client, id)
	}

	isNew := false
	if told.Site != known.Site {
		told.Site, isNew, err = client.siteNamed(ctx, known.AccountID, told.Site, c.NewSite)
		if err != nil {
			return err
		}
	}

	var changed api.RoomView
	err = client.change(ctx, http.MethodPut, "/v1/rooms/"+url.PathEscape(id), known.Version,
		told, &changed)
	if err != nil {
		return err
	}

	if err := c.showRoom(ctx, a, client, id); err != nil {
		return err
	}
	if isNew {
		sayNewSite(a.errs, told.Site, c.Account, told.Country)
	}
	return nil
}

// told is the room as it is known, with what the command says put over it. A region and a time
// zone go with the country that they belong to.
func (c roomChangeCommand) told(known api.RoomView) api.RoomRequest {
	r := api.RoomRequest{
		Name:        known.Name,
		Site:        known.Site,
		Country:     known.Country,
		Region:      known.Region,
		Platform:    known.Platform,
		Criticality: known.Criticality,
		TimeZone:    known.TimeZone,
		Reason:      c.Reason,
	}

	overwrite(&r.Name, c.Name)
	overwrite(&r.Site, c.Site)
	if c.Country != nil && !strings.EqualFold(*c.Country, known.Country) {
		r.Country = strings.ToUpper(*c.Country)
		r.Region = ""
		r.TimeZone = ""
	}
	if c.Region != nil && !strings.EqualFold(*c.Region, known.Region) {
		r.Region = *c.Region
		r.TimeZone = ""
	}
	if c.Platform != "" {
		r.Platform = rules.Platform(strings.ToUpper(c.Platform))
	}
	if c.Criticality != "" {
		r.Criticality = rules.Criticality(strings.ToUpper(c.Criticality))
	}
	overwrite(&r.TimeZone, c.TimeZone)
	return r
}

// roomMoveCommand moves what is in a room to another.
type roomMoveCommand struct {
	oneRoom
	To       string   `arg:"" name:"to-room" help:"The room that they move to: its name, with its site behind a comma where several have it, or its id."`
	Devices  []string `name:"device" placeholder:"SERIAL" help:"A device that moves, by its serial or id; may be repeated."`
	All      bool     `name:"all-devices" help:"Every device moves."`
	Licenses bool     `aliases:"licences" help:"The room's licenses move."`
	Terms    int      `name:"terms" placeholder:"VERSION" help:"Version of the terms of the new room's country that was read, where they differ from home."`
	Reason   string   `placeholder:"TEXT" help:"Operators: why; it goes into the audit."`
}

// Help is shown by --help.
func (roomMoveCommand) Help() string {
	return `All of it moves, or nothing does.

Examples:
  roomcover room move "Sala 1" "Sala 2" --account "Acme Ltda" --all-devices --licenses \
    --reason "Sala 1 is rebuilt"
  roomcover room move "Sala 1" "Sala 2" --device SN-100 --reason "swapped"`
}

// Validate is called by kong.
func (c roomMoveCommand) Validate() error {
	if len(c.Devices) == 0 && !c.All && !c.Licenses {
		return fmt.Errorf("say what moves: --device, --all-devices, --licenses")
	}
	return nil
}

// Run moves it.
func (c roomMoveCommand) Run(ctx context.Context, a *app) error {
	client, from, err := c.find(ctx)
	if err != nil {
		return err
	}

	to, _, err := client.placeIDs(ctx, c.Account, c.To, "")
	if err != nil {
		return err
	}

	room, err := client.room(ctx, from)
	if err != nil {
		return err
	}

	moved := api.MoveRequest{
		ToRoomID:          to,
		AcknowledgedTerms: c.Terms,
		Reason:            c.Reason,
	}
	for _, said := range c.Devices {
		device, err := client.deviceID(ctx, room.AccountID, said)
		if err != nil {
			return err
		}
		moved.DeviceIDs = append(moved.DeviceIDs, device)
	}
	if c.All {
		moved.DeviceIDs = nil
		for _, d := range room.Devices {
			moved.DeviceIDs = append(moved.DeviceIDs, d.ID)
		}
	}
	if c.Licenses {
		for _, l := range room.Assignments {
			moved.LicenceIDs = append(moved.LicenceIDs, l.LicenceID)
		}
	}
	if len(moved.DeviceIDs) == 0 && len(moved.LicenceIDs) == 0 {
		return settingsError{fmt.Errorf("%s has nothing of that to move", room.Name)}
	}

	var out api.AssignedView
	path := "/v1/rooms/" + url.PathEscape(from) + "/move"
	if err := client.post(ctx, path, moved, &out); err != nil {
		return err
	}

	return c.showRoom(ctx, a, client, to)
}

// roomReleaseCommand ends the assignment of a licence.
type roomReleaseCommand struct {
	oneRoom
	Service string `enum:"select,sync_plus" default:"select" help:"Which license: ${enum}."`
	Reason  string `placeholder:"TEXT" help:"Operators: why; it goes into the audit."`
}

// Help is shown by --help.
func (roomReleaseCommand) Help() string {
	return `The license is available again, and the room is not covered by it from then on.

Example:
  roomcover room release "Sala 1" --account "Acme Ltda" --reason "assigned by mistake"`
}

// Run releases it.
func (c roomReleaseCommand) Run(ctx context.Context, a *app) error {
	client, id, err := c.find(ctx)
	if err != nil {
		return err
	}

	room, err := client.room(ctx, id)
	if err != nil {
		return err
	}

	service := catalogue.ServiceType(strings.ToUpper(c.Service))
	for _, l := range room.Assignments {
		if l.ServiceType != service {
			continue
		}

		var ended api.AssignmentView
		err := client.post(ctx, "/v1/assignments/"+url.PathEscape(l.ID)+"/release",
			api.RoomReasonRequest{Reason: c.Reason}, &ended)
		if err != nil {
			return err
		}
		return c.showRoom(ctx, a, client, id)
	}

	return settingsError{fmt.Errorf("%s has no license of %s", room.Name, serviceName(service))}
}
