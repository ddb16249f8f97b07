package chaos

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"

	"roomcover.dev/roomcover/api"
	"roomcover.dev/roomcover/rules/rma"
	"roomcover.dev/roomcover/rules/shipping"
	"roomcover.dev/roomcover/rules/spare"
)

// spares lists the units that the house's parent has earned.
func (d *desk) spares(ctx context.Context) []api.SpareUnitView {
	answer, ok := d.do(ctx, Request{
		Method: http.MethodGet,
		Path:   "/v1/spare-units?limit=50&open=true&parent_id=" + d.house.parent,
		Token:  d.operator,
	})

	var list struct {
		Items []api.SpareUnitView `json:"items"`
	}
	if !ok || json.Unmarshal(answer.Body, &list) != nil {
		return nil
	}

	return list.Items
}

// moveSpares has somebody do the next thing to one of the spares, or two people take
// the same one at once for two devices.
func (d *desk) moveSpares(ctx context.Context) {
	units := d.spares(ctx)
	if len(units) == 0 {
		return
	}

	u := units[d.rand.IntN(len(units))]
	if u.State == spare.SpareOnSite {
		d.use(ctx, u)
		return
	}

	if command, body, token := d.nextOfSpare(u); command != "" {
		atOnce(1+d.rand.IntN(6)/5, func(who int) {
			d.commandSpare(ctx, u, command, body, token, who)
		})
	}
}

// nextOfSpare is what somebody does to a spare now; an empty command where all wait.
func (d *desk) nextOfSpare(
	u api.SpareUnitView,
) (command spare.SpareCommand, body api.SpareCommandRequest, token string) {
	switch u.State {
	case spare.SpareSelectionPending:
		if u.SelectedAt != nil {
			return spare.SpareAgree, body, d.house.customer
		}

		return spare.SpareSelect, api.SpareCommandRequest{
			Model:  deviceModels[d.rand.IntN(len(deviceModels))],
			SiteID: d.house.site,
		}, d.manager
	case spare.SpareApproved, spare.SpareReplenishing:
		if u.ShippedAt == nil {
			return spare.SpareShip, api.SpareCommandRequest{Serial: d.house.serial()}, d.operator
		}
	case spare.SpareRecallRequested:
		return d.ofRecall(u)
	}

	return d.ofParcel(u)
}

// ofParcel is what is done about a spare that is on its way: in the end somebody says
// that it has arrived, where the carrier has lost it.
func (d *desk) ofParcel(u api.SpareUnitView) (spare.SpareCommand, api.SpareCommandRequest, string) {
	underWay := u.State == spare.SpareShipped ||
		u.State == spare.SpareReplenishing && u.ShippedAt != nil
	if !underWay || !d.closed && d.rand.IntN(30) > 0 || d.closed && d.rand.IntN(60) > 0 {
		return "", api.SpareCommandRequest{}, ""
	}
	return "tell", api.SpareCommandRequest{Fact: spare.SpareDelivered}, d.operator
}

// ofRecall is what becomes of a recalled spare: it comes back, or is billed once it
// may be, or waived.
func (d *desk) ofRecall(u api.SpareUnitView) (spare.SpareCommand, api.SpareCommandRequest, string) {
	switch fate(u.ID) {
	case tell:
		return spare.SpareReceive, api.SpareCommandRequest{}, d.operator
	case rma.RMAKeepUnit:
		return spare.SpareWaive, api.SpareCommandRequest{
			Reason: "as agreed by telephone",
		}, d.operator
	}

	if u.WaitsFor != "" { // it is not due yet
		return "", api.SpareCommandRequest{}, ""
	}
	return spare.SpareBill, api.SpareCommandRequest{Reason: "as agreed by telephone"}, d.operator
}

func (d *desk) commandSpare(
	ctx context.Context,
	u api.SpareUnitView,
	c spare.SpareCommand,
	body api.SpareCommandRequest,
	token string,
	first int,
) {
	if c == spare.SpareReceive && d.handIn(ctx, u.ID, shipping.ShipRecall) {
		return // the carrier tells the rest
	}

	if c == spare.SpareShip && dieOf(body.Serial)%4 == 0 {
		// it leaves with a parcel that people booked
		booked, err := d.bookByHand(ctx, u.ID+byHand+body.Serial)
		if err != nil {
			d.Ledger.unexpected(u.ID, "%v", err)
			return
		}

		body.Carrier, body.Tracking = carrierName, booked
	}

	answer, err := d.Client.Do(ctx, Request{
		Method: http.MethodPost,
		Path:   "/v1/spare-units/" + u.ID + "/" + string(c),
		Token:  token,
		Body:   body,
	}, first)
	if err != nil {
		d.Ledger.unexpected(u.ID, "%v", err)
		return
	}

	d.Ledger.spared(u.ID, c, answer)
}

// use has the spare take the place of a faulty device, or of two at once: one of the
// two must be refused.
func (d *desk) use(ctx context.Context, u api.SpareUnitView) {
	open := slices.DeleteFunc(d.open(ctx), func(r api.RMAView) bool {
		return r.Model != u.Model || !slices.Contains([]rma.RMAState{
			rma.RMARequested, rma.RMAApproved, rma.RMABackordered, rma.RMAAllocated,
		}, r.State)
	})
	if len(open) == 0 || d.closed {
		return
	}

	atOnce(min(2, len(open)), func(who int) {
		d.command(ctx, open[who].ID, deskOrder{
			RMACommand: rma.RMAUseSpare,
			body:       api.RMACommandRequest{SpareUnitID: u.ID},
			token:      d.house.customer,
		}, who)
	})
}

// spared takes down the answer to a command for a spare.
func (l *Ledger) spared(id string, c spare.SpareCommand, a Answer) {
	code := a.code()
	switch {
	case a.Status == http.StatusOK:
		l.count(func(n *Counts) { n.SpareCommands++ })
	case slices.Contains(refusals, code) ||
		slices.Contains([]string{spare.SpareNotChosen, spare.ModelNotDeployed}, code):
		l.count(func(n *Counts) { n.RMARefusals++ })
	default:
		l.unexpected(id, "the command %s was answered %d %s", c, a.Status, code)
	}
}
