package chaos

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync"
	"time"

	"roomcover.dev/roomcover/api"
	"roomcover.dev/roomcover/carrier"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/entitlement"
	"roomcover.dev/roomcover/models/logistics"
	"roomcover.dev/roomcover/rules/licensing"
	"roomcover.dev/roomcover/rules/rma"
	"roomcover.dev/roomcover/rules/shipping"
)

// desk is everybody around the replacements of one house: its administrator, the
// agent, the warehouse and the depot.
type desk struct {
	*actor
	house *house
	// support works on the house's tickets beside the desk.
	support *support
	closed  bool // nothing new begins: what is open is brought to its end
}

func (l *Load) makeDesks() []*desk {
	var out []*desk
	for _, h := range l.houses() {
		a := &actor{Load: l, n: 100 + h.n, rand: rand.New(rand.NewPCG(l.Seed, uint64(300+h.n)))}
		out = append(out, &desk{actor: a, house: h})
	}
	return out
}

// run works until the context ends; what was asked last is still answered.
func (d *desk) run(ctx context.Context) {
	var beside sync.WaitGroup
	defer beside.Wait()
	beside.Go(func() { d.support.run(ctx) })

	for ctx.Err() == nil {
		step, cancel := patient(ctx)
		d.step(step)
		cancel()

		select {
		case <-ctx.Done():
		case <-time.After(time.Duration(d.rand.Int64N(int64(2*d.Pause) + 1))):
		}
	}
}

// step begins a replacement or moves one on.
func (d *desk) step(ctx context.Context) {
	switch what := d.rand.IntN(100); {
	case what < 20:
		d.request(ctx)
	case what < 21 && d.house.orders[1] != "":
		d.giveUp(ctx)
	case what < 25:
		d.deliveryNote(ctx)
	case what < 40:
		d.moveSpares(ctx)
	default:
		d.moveOn(ctx)
	}
}

// giveUp cancels the small order, once: its rooms lose their cover, and what was
// not shipped under it is withdrawn (S10).
func (d *desk) giveUp(ctx context.Context) {
	c := &Cancellation{
		OrderID: d.house.orders[1],
		Marker:  fmt.Sprintf("wish %d/%d/house", d.Seed, d.house.n),
	}
	d.house.orders[1] = ""
	d.Ledger.wish(c)
	d.Load.cancel(ctx, c, d.house.seller.token)
}

// request asks for the replacement of a device, now and then several people at once.
func (d *desk) request(ctx context.Context) {
	devices, _, err := d.Entitlements.ListDevices(db.WithSystem(ctx), entitlement.DeviceFilter{
		AccountID: d.house.account,
		State:     licensing.DeviceInRoom,
		Page:      db.Page{Limit: 50},
	})
	if err != nil || len(devices) == 0 {
		return // the database is down
	}

	serial := *devices[d.rand.IntN(len(devices))].Serial
	body := api.RMARequest{
		AccountID:       d.house.account,
		Serial:          serial,
		Fault:           "No picture",
		SerialProof:     "doc 7",
		DefectConfirmed: d.rand.IntN(3) == 0,
	}

	people, key := 1, ""
	if d.rand.IntN(4) == 0 {
		people = 2 + d.rand.IntN(2)
	}
	if d.rand.IntN(2) == 0 {
		d.wishes++
		key = fmt.Sprintf("rma-%d-%d-%d", d.Seed, d.n, d.wishes)
	}

	atOnce(people, func(who int) {
		answer, err := d.Client.Do(ctx, Request{
			Method: http.MethodPost,
			Path:   "/v1/rmas",
			Token:  d.tokens()[who%2],
			Key:    key,
			Body:   body,
		}, who)
		if err != nil {
			d.Ledger.unexpected(serial, "%v", err)
			return
		}

		d.Ledger.requested(serial, answer)
	})
}

// tokens are those of the agent and of the customer.
func (d *desk) tokens() []string { return []string{d.operator, d.house.customer} }

// atOnce has several people do the same at once.
func atOnce(people int, act func(who int)) {
	var all sync.WaitGroup
	for who := range people {
		all.Go(func() { act(who) })
	}
	all.Wait()
}

// open lists the replacements of the house that are not over, and some that are.
func (d *desk) open(ctx context.Context) []api.RMAView {
	path := "/v1/rmas?limit=100&account_id=" + d.house.account
	if d.closed || d.rand.IntN(8) > 0 {
		path += "&open=true"
	}

	answer, ok := d.do(ctx, Request{Method: http.MethodGet, Path: path, Token: d.operator})
	var list struct {
		Items []api.RMAView `json:"items"`
	}
	if !ok || json.Unmarshal(answer.Body, &list) != nil {
		return nil
	}

	return list.Items
}

// moveOn has somebody do the next thing to one of the replacements, now and then
// twice at once, or something that its state may not allow.
func (d *desk) moveOn(ctx context.Context) {
	open := d.open(ctx)
	if len(open) == 0 {
		return
	}

	r := open[d.rand.IntN(len(open))]
	order, ok := d.next(r)
	if !ok {
		return
	}

	times := 1
	if d.rand.IntN(6) == 0 {
		times = 2
	}

	atOnce(times, func(who int) { d.command(ctx, r.ID, order, who) })
}

// deskOrder is one command of a person.
type deskOrder struct {
	rma.RMACommand
	body  api.RMACommandRequest
	token string
}

// tell is the command that tells what a carrier told by telephone.
const tell rma.RMACommand = "tell"

func (d *desk) command(ctx context.Context, id string, o deskOrder, first int) {
	if o.RMACommand == tell && o.body.Fact == rma.FactReturnScanned &&
		d.handIn(ctx, id, shipping.ShipReturn) {
		return // the carrier tells the rest
	}

	answer, err := d.Client.Do(ctx, Request{
		Method: http.MethodPost,
		Path:   "/v1/rmas/" + id + "/" + string(o.RMACommand),
		Token:  o.token,
		Body:   o.body,
	}, first)
	if err != nil {
		d.Ledger.unexpected(id, "%v", err)
		return
	}

	d.Ledger.commanded(id, o, answer)
}

// handIn hands a unit in that is to come back, where the carrier knows its parcel;
// else somebody tells by telephone.
func (d *desk) handIn(ctx context.Context, id string, way shipping.ShipmentDirection) bool {
	back, _, err := d.Logistics.ListShipments(db.WithSystem(ctx), logistics.ShipmentFilter{
		SubjectID: id,
		Direction: way,
		State:     shipping.ShipmentLabelled,
		Page:      db.Page{Limit: 1},
	})
	if err != nil || len(back) == 0 || back[0].Tracking == nil {
		return false
	}
	if err := d.Line.HandIn(ctx, *back[0].Tracking); err != nil {
		return false // it was called off meanwhile
	}

	d.Ledger.count(func(n *Counts) { n.HandedIn++ })
	return true
}

// bookByHand books a parcel as people do.
func (d *desk) bookByHand(ctx context.Context, key string) (tracking string, err error) {
	a := carrier.Address{
		Name:    "Depot",
		Street:  "Rua A 1",
		City:    "Campinas",
		Country: "BR",
	}

	booked, err := d.Line.Book(ctx, key, carrier.Booking{
		Reference: key,
		Service:   carrier.Express,
		Contents:  "Video bar",
		From:      a,
		To:        a,
	})
	return booked.Tracking, err
}

// finish brings what is open to its end, or to where it waits for a person that it
// is left to, until the context ends. It tells what is still under way.
func (d *desk) finish(ctx context.Context) int {
	d.closed = true
	filling, cancel := patient(ctx)
	d.refill(filling)
	cancel()

	return rounds(ctx, 400*time.Millisecond, func(ctx context.Context) (left int) {
		d.moveSpares(ctx)
		for _, r := range d.open(ctx) {
			if d.waitsForNobody(r) {
				continue
			}

			left++
			if o, ok := d.next(r); ok {
				d.command(ctx, r.ID, o, d.rand.IntN(replicas))
			}
		}
		return left
	})
}

// waitsForNobody reports whether a replacement is left open on purpose: every eighth
// request is never decided, so that something waits when all is quiet.
func (d *desk) waitsForNobody(r api.RMAView) bool {
	return r.State == rma.RMARequested && leftOpen(r.ID)
}
