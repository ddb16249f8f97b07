package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"net/url"
	"slices"
	"strings"

	"roomcover.dev/roomcover/api"
	"roomcover.dev/roomcover/messages"
	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/processes"
	"roomcover.dev/roomcover/rules/rma"
)

// rmaCommand is about replacements of faulty hardware.
type rmaCommand struct {
	List    rmaListCommand    `cmd:"" help:"List replacements."`
	Show    rmaShowCommand    `cmd:"" help:"Show one with its promise, its timeline and what you may do."`
	Request rmaRequestCommand `cmd:"" help:"Request a replacement."`
	Do      rmaDoCommand      `cmd:"" help:"Do one of a replacement's commands, such as approve, ship or inspect."`
	Label   rmaLabelCommand   `cmd:"" help:"Fetch the label of the parcel that comes back, or of the one that goes out."`
}

type rmaListCommand struct {
	output
	apiOptions
	Account string `placeholder:"ACCOUNT" help:"Only those of this account: its id or the company's name."`
	State   string `placeholder:"STATE" help:"Only those in this state, such as awaiting_return."`
	Serial  string `placeholder:"SERIAL" help:"Only those with this serial, of the faulty unit or of its replacement."`
	Open    bool   `help:"Only those that are not over."`
	Late    bool   `help:"Only those whose first promise was, or is being, missed."`
	Limit   int    `default:"200" help:"At most so many, the newest first; 0 for all."`
}

// Run lists.
func (c rmaListCommand) Run(ctx context.Context, a *app) error {
	client, err := c.client()
	if err != nil {
		return err
	}

	account, err := client.accountID(ctx, c.Account)
	if err != nil {
		return err
	}

	q := filters(map[string]string{
		"account_id": account,
		"state":      strings.ToUpper(c.State),
		"serial":     c.Serial,
		"open":       truth(c.Open),
		"late":       truth(c.Late),
	})

	list, err := every[api.RMAView](ctx, client, "/v1/rmas", q, c.Limit)
	if err != nil {
		return err
	}

	return c.showNamed(ctx, a, client, list,
		func(out io.Writer, w *words) { a.rmaTable(out, w, list) })
}

func truth(b bool) string {
	if b {
		return "true"
	}
	return ""
}

func (a *app) rmaTable(out io.Writer, w *words, list []api.RMAView) {
	if len(list) == 0 {
		fmt.Fprintln(out, "No replacements.")
		return
	}

	t := a.table(out,
		"number", "device", "customer", "room", "state", "promised", "return by", "fee")
	for _, r := range list {
		promised := w.day(promisedOn(r))
		if r.Late {
			promised = a.late(promised + " late")
		}
		t.AppendRow([]any{
			r.Number,
			strings.TrimSpace(r.Model + " " + r.Serial),
			w.name(r.AccountID),
			w.name(r.RoomID),
			w.state("rma", string(r.State)),
			promised,
			w.day(r.ReturnDueOn),
			fee(r),
		})
	}

	t.Render()
}

func promisedOn(r api.RMAView) string {
	if r.Promise == nil {
		return ""
	}
	return r.Promise.On
}

// fee says what became of a replacement's fee; nothing where there is none.
func fee(r api.RMAView) string {
	if r.Fee == rma.FeeNone {
		return ""
	}
	return plain(string(r.Fee))
}

type rmaShowCommand struct {
	output
	apiOptions
	RMA string `arg:"" name:"replacement" help:"The replacement: its number, such as RMA-7F3K2, its id, or the serial of the faulty unit or of its replacement."`
}

// Help is shown by --help.
func (rmaShowCommand) Help() string {
	return `Says first what to do next, whose turn it is and until when by the clock of the place;
then whose and which device it is and what is wrong; then what happened.

Example:
  roomcover rma show RMA-7F3K2`
}

// Run shows.
func (c rmaShowCommand) Run(ctx context.Context, a *app) error {
	client, err := c.client()
	if err != nil {
		return err
	}

	id, err := client.rmaID(ctx, c.RMA)
	if err != nil {
		return err
	}

	var r api.RMADetail
	if err := client.read(ctx, "/v1/rmas/"+url.PathEscape(id), &r); err != nil {
		return err
	}

	return c.showRMA(ctx, a, client, r)
}

// showRMA answers with a replacement: what comes next, what is known, what happened.
func (o output) showRMA(ctx context.Context, a *app, client *apiClient, r api.RMADetail) error {
	if o.JSON {
		return o.show(a, r, nil)
	}

	standing, err := client.standing(ctx, r.ID)
	if err != nil {
		return err
	}

	told := client.someoneIsTold(ctx, r)
	return o.showNamed(ctx, a, client, r, func(out io.Writer, w *words) {
		a.explainRMA(out, w, r, standing)
		if !told {
			fmt.Fprintln(out, "\nNo mail goes out: nobody at the customer has accepted an "+
				"invitation as administrator,\nand the site has no contact to write to. "+
				"Call the customer.")
		}
	})
}

// someoneIsTold reports whether steps of a replacement are mailed to anybody now: to an
// administrator or the contact of the site. Whoever may not read these is told nothing of it.
func (c *apiClient) someoneIsTold(ctx context.Context, r api.RMADetail) bool {
	var site api.SiteView
	var account api.AccountDetail
	err := c.read(ctx, "/v1/sites/"+url.PathEscape(r.SiteID), &site)
	if err != nil || site.ContactEmail != "" {
		return true
	}
	if err := c.read(ctx, "/v1/accounts/"+url.PathEscape(r.AccountID), &account); err != nil {
		return true
	}
	return slices.ContainsFunc(account.Members, func(m api.MemberView) bool {
		return m.Role == identity.RoleAdmin && m.State == rules.MembershipActive
	})
}

// explainRMA shows a replacement in plain words.
func (a *app) explainRMA(out io.Writer, w *words, r api.RMADetail, standing *api.ProcessView) {
	c := course{
		kind:     processes.RMA,
		state:    string(r.State),
		standing: standing,
		events:   r.Timeline,
		commands: lower(r.Commands),
		tell:     lower(r.Facts),
		takeBack: lower(r.ToTakeBack),
		zone:     w.zone(r.SiteID, r.RoomID, r.AccountID),
	}

	fmt.Fprintf(out, "%s: replacement of %s for %s: %s\n\n",
		r.Number, strings.TrimSpace(r.Model+" "+r.Serial), w.name(r.AccountID),
		w.state("rma", string(r.State)))
	c.writeNext(out, w, a)

	writeFacts(out,
		fact{"Customer", w.name(r.AccountID)},
		fact{"Room", w.name(r.RoomID)},
		fact{"Device", strings.TrimSpace(r.Model + " " + r.Serial)},
		fact{"Quantity", fmt.Sprint(r.Quantity)},
		fact{"Fault", r.Fault},
		fact{"Goes to", goesTo(r)},
		fact{"Cover", coverOf(w, r)},
		fact{"Held", held(r)},
		fact{"Looked at because", w.codes(r.ReviewReasons)},
		fact{"Rejected because", w.code(r.RejectCode)},
		fact{"Promised", promised(w, r)},
		fact{"Replacement", replacementOf(r)},
		fact{"Parcel", strings.TrimSpace(r.Carrier + " " + r.Tracking)},
		fact{"Label", unprintable(r.Unprintable)},
		fact{"From", w.name(r.DepotID)},
		fact{"Spare used", w.name(r.SpareUnitID)},
		fact{"Return by", w.day(r.ReturnDueOn)},
		fact{"Found", plain(string(r.Outcome))},
		fact{"Fee", fee(r.RMAView)},
	)

	c.writeHistory(out, w)
	fmt.Fprintf(out, "\n%s\n", r.ID)
}

// goesTo says where a replacement goes, and to whom.
func goesTo(r api.RMADetail) string {
	to := r.ShipTo
	parts := []string{to.Site}
	for _, part := range []string{to.Address.Line(), to.ContactName} {
		if part != "" {
			parts = append(parts, part)
		}
	}
	return strings.Join(parts, "; ")
}

func coverOf(w *words, r api.RMADetail) string {
	if r.Cover == "" {
		return ""
	}
	return w.code(string(r.Cover)) + ", " + w.code(string(r.Speed))
}

func held(r api.RMADetail) string {
	if !r.Held {
		return ""
	}
	return "waits for the proof of purchase"
}

// promised is the promised day with the reason for it, and the first one where it moved.
func promised(w *words, r api.RMADetail) string {
	if r.Promise == nil {
		return ""
	}

	text := r.Promise.Explanation.English
	if r.Promise.On != "" {
		text = w.day(r.Promise.On) + " (" + text + ")"
	}
	if r.FirstPromisedOn != "" && r.FirstPromisedOn != r.Promise.On {
		text += "; first promised for " + w.day(r.FirstPromisedOn)
	}
	return text
}

func replacementOf(r api.RMADetail) string {
	if r.ReplacementSerial == "" {
		return ""
	}
	return cmp.Or(r.ReplacementModel, r.Model) + " " + r.ReplacementSerial
}

type rmaRequestCommand struct {
	output
	apiOptions
	Serial    string `placeholder:"SERIAL" help:"The faulty device."`
	Account   string `placeholder:"ACCOUNT" help:"Where --room or --site is a name: whose, by id or the company's name."`
	Room      string `placeholder:"ROOM" help:"Of an accessory: its room, by name or id."`
	Model     string `placeholder:"CODE" help:"Of an accessory: its model."`
	Quantity  int    `placeholder:"N" help:"Of an accessory: how many."`
	Site      string `placeholder:"SITE" help:"Where it goes, by name or id; otherwise the site of the room."`
	ToAccount bool   `help:"It goes to the account's own address."`
	Proof     string `placeholder:"FILE|NUMBER" help:"That the device is the account's, where it was registered a day ago or less: the number of its invoice, or the file that shows it; of a file its name and SHA-256 are kept."`
	Fault     string `required:"" placeholder:"TEXT" help:"What is wrong."`
	Confirmed bool   `help:"The defect is confirmed: approve at once."`
}

// Help is shown by --help.
func (rmaRequestCommand) Help() string {
	return `Examples:
  roomcover rma request --serial SN-100 --fault "No picture, other cable tried" --confirmed
  roomcover rma request --serial SN-100 --fault "No sound" --proof "NF 4711"
  roomcover rma request --room "Sala 1" --account "Acme Ltda" --model TABLE-MOUNT --quantity 2 \
    --fault "Loose"`
}

// Run requests.
func (c rmaRequestCommand) Run(ctx context.Context, a *app) error {
	client, err := c.client()
	if err != nil {
		return err
	}

	room, site, err := client.placeIDs(ctx, c.Account, c.Room, c.Site)
	if err != nil {
		return err
	}

	proof, err := proofOf(c.Proof)
	if err != nil {
		return err
	}

	body := map[string]any{"fault": c.Fault}
	for name, value := range map[string]string{
		"serial":       c.Serial,
		"serial_proof": proof,
		"room_id":      room,
		"model":        c.Model,
		"site_id":      site,
	} {
		if value != "" {
			body[name] = value
		}
	}

	if c.Quantity != 0 {
		body["quantity"] = c.Quantity
	}
	if c.ToAccount {
		body["ship_to_account"] = true
	}
	if c.Confirmed {
		body["defect_confirmed"] = true
	}

	var r api.RMADetail
	if err := client.post(ctx, "/v1/rmas", body, &r); err != nil {
		return c.remedied(ctx, client, err)
	}
	if err := c.showRMA(ctx, a, client, r); err != nil {
		return err
	}
	if c.Confirmed && r.ApprovedAt == nil {
		sayNotApproved(a.errs, r)
	}
	return nil
}

// sayNotApproved says that a request whose defect is confirmed is not approved all the same,
// and what approves it.
func sayNotApproved(out io.Writer, r api.RMADetail) {
	why := "your role does not approve"
	switch {
	case r.Held:
		why = "it waits for the proof of purchase"
	case len(r.ReviewReasons) > 0:
		w := &words{language: messages.In("en")}
		why = "somebody has to look at it first: " + w.codes(r.ReviewReasons)
	}

	fmt.Fprintf(out, "\nThe defect is noted as confirmed, but the replacement is not approved: "+
		"%s.\nApprove it with: roomcover rma do %s approve\n", why, r.Number)
}

// postRMA asks for a replacement, or for a command of one.
func (o output) postRMA(
	ctx context.Context, a *app, client *apiClient, path string, body map[string]any,
) error {
	var r api.RMADetail
	if err := client.post(ctx, path, body, &r); err != nil {
		return err
	}

	return o.showRMA(ctx, a, client, r)
}

type rmaDoCommand struct {
	output
	apiOptions
	RMA     string            `arg:"" name:"replacement" help:"The replacement: its number, such as RMA-7F3K2, its id, or the serial of the faulty unit or of its replacement."`
	Command string            `arg:"" help:"What to do: one of those that 'rma show' lists."`
	With    map[string]string `short:"w" placeholder:"FIELD=VALUE" help:"What the command needs, as in the API: reason, code, model, expected_on, serial, carrier, tracking, outcome, photo, spare_unit_id, fact, at."`
}

// Help is shown by --help.
func (rmaDoCommand) Help() string {
	return `Approving confirms the defect.

Examples:
  roomcover rma do RMA-7F3K2 approve
  roomcover rma do RMA-7F3K2 ship -w serial=NEW100 -w carrier=sim -w tracking=TRK1
  roomcover rma do RMA-7F3K2 tell -w fact=delivered
  roomcover rma do RMA-7F3K2 take_back -w fact=delivered -w reason="It was another parcel."
  roomcover rma do RMA-7F3K2 inspect -w serial=SN-100 -w outcome=defect`
}

// Run does it.
func (c rmaDoCommand) Run(ctx context.Context, a *app) error {
	client, err := c.client()
	if err != nil {
		return err
	}

	id, err := client.rmaID(ctx, c.RMA)
	if err != nil {
		return err
	}

	body := withFields(c.With)
	if c.Command == "approve" {
		body["defect_confirmed"] = true
	}
	err = c.postRMA(ctx, a, client,
		"/v1/rmas/"+url.PathEscape(id)+"/"+url.PathEscape(c.Command), body)
	return client.withCommands(ctx, id, err)
}

// withFields is the body of a command. Codes may be typed in small letters.
func withFields(with map[string]string) map[string]any {
	body := map[string]any{}
	for name, value := range with {
		switch name {
		case "fact", "outcome", "code":
			value = strings.ToUpper(value)
		}
		body[name] = value
	}
	return body
}
