package bench

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"roomcover.dev/roomcover/api"
	"roomcover.dev/roomcover/carrier"
	"roomcover.dev/roomcover/rules/rma"
)

// carrierName is whose parcels the replacements are; it signs its webhooks.
const carrierName = "bench"

var carrierKey = []byte("a key of thirty-two bytes or more")

// faulty is a device on its way through an RMA. key is in the address of who takes
// parcels at its site, so that a mail tells whose it is.
type faulty struct {
	key, account, token, site, serial string
	name                              string // of the RMA in its run
	id                                string // of the RMA
	url                               string // of the stack, or of the program by hand
}

// rmaStep is one step of an ordinary RMA; mails says whether people are told of it.
type rmaStep struct {
	mails bool
	do    func(ctx context.Context, p *parts, d *faulty) error
}

// rmaSteps are an ordinary RMA: a unit is in stock, so that the approval allocates it.
var rmaSteps = []rmaStep{
	{true, request},
	{true, approve},
	{true, act("ship", func(d *faulty) api.RMACommandRequest {
		return api.RMACommandRequest{
			Serial:   "NEW" + d.serial,
			Carrier:  carrierName,
			Tracking: "T" + d.serial,
		}
	})},
	{true, delivered},
	{false, act("tell", func(*faulty) api.RMACommandRequest {
		return api.RMACommandRequest{Fact: rma.FactReturnScanned}
	})},
	{false, act("receive", func(*faulty) api.RMACommandRequest { return api.RMACommandRequest{} })},
	{true, act("inspect", func(d *faulty) api.RMACommandRequest {
		return api.RMACommandRequest{Serial: d.serial, Outcome: rma.OutcomeDefect}
	})},
}

// request asks for the replacement as the account's administrator.
func request(ctx context.Context, p *parts, d *faulty) error {
	var made struct{ ID string }
	err := p.sendTo(ctx, d.url+"/v1/rmas",
		d.token, api.RMARequest{Serial: d.serial, SiteID: d.site, Fault: d.name}, &made)
	d.id = made.ID
	return err
}

func approve(ctx context.Context, p *parts, d *faulty) error {
	return act("approve", func(*faulty) api.RMACommandRequest {
		return api.RMACommandRequest{DefectConfirmed: true}
	})(ctx, p, d)
}

// list reads the account's RMAs as its administrator.
func list(ctx context.Context, p *parts, d *faulty) error {
	_, err := p.call(ctx, http.MethodGet, "/v1/rmas?limit=20", d.token, "", nil)
	return err
}

// act is a command of an agent.
func act(
	command string, body func(d *faulty) api.RMACommandRequest,
) func(context.Context, *parts, *faulty) error {
	return func(ctx context.Context, p *parts, d *faulty) error {
		return p.sendTo(ctx, d.url+"/v1/rmas/"+d.id+"/"+command, p.stack.Access.Token("operator"),
			body(d), nil)
	}
}

// delivered is the carrier's webhook.
func delivered(ctx context.Context, p *parts, d *faulty) error {
	body, err := json.Marshal(carrier.Event{
		EventID:    d.serial,
		Tracking:   "T" + d.serial,
		Kind:       carrier.Delivered,
		OccurredAt: time.Now(),
	})
	if err != nil {
		return err
	}

	header := http.Header{"Content-Type": {"application/json"}}
	carrier.Sign(header, body, time.Now(), carrierKey)
	_, err = p.requestAt(ctx, http.MethodPost, d.url+"/v1/carrier/events", header, body)
	return err
}
