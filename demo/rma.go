package demo

import (
	"context"
	"slices"
	"time"
)

// rma is a replacement as the API shows it.
type rma struct {
	ID                string
	State             string
	Outbound          string
	Return            string
	Serial            string
	Model             string
	Cover             string
	Speed             string
	Late              bool
	Fee               string
	ReplacementSerial string     `json:"replacement_serial"`
	FirstPromisedOn   string     `json:"first_promised_on"`
	ReturnDueOn       string     `json:"return_due_on"`
	ApprovedAt        *time.Time `json:"approved_at"`
	DeliveredAt       *time.Time `json:"delivered_at"`
	Promise           *struct {
		On          string
		Explanation struct {
			English string `json:"en"`
		}
	}
	Timeline []struct{ Event string }
}

// has tells whether something happened to the replacement.
func (r rma) has(event string) bool {
	return slices.ContainsFunc(r.Timeline, func(e struct{ Event string }) bool {
		return e.Event == event
	})
}

// request reports a faulty device as the customer.
func (s *story) request(ctx context.Context, d device) (rma, error) {
	r, err := post[rma](ctx, s.customer, "/v1/rmas", body{
		"serial": d.Serial,
		"fault":  "No picture.",
	})
	if err == nil {
		s.say("%s in %s fails: replacement %s is requested", d.Serial, d.Room, r.ID)
		s.look("replacements/" + r.ID)
		err = s.check(r.State == "REQUESTED" && r.Cover == "SELECT" && r.Speed == "NBD",
			"it is %s under %s with speed %s", r.State, r.Cover, r.Speed)
	}

	return r, err
}

// do gives a command as the operator's agent.
func (s *story) do(ctx context.Context, r rma, command string, with body) (rma, error) {
	if with == nil {
		with = body{}
	}
	return post[rma](ctx, s.operator, "/v1/rmas/"+r.ID+"/"+command, with)
}

// awaitRMA waits until the replacement fits.
func (s *story) awaitRMA(
	ctx context.Context, r rma, what string, fits func(rma) bool,
) (rma, error) {
	err := s.await(ctx, what, func(ctx context.Context) (err error) {
		if r, err = get[rma](ctx, s.operator, "/v1/rmas/"+r.ID); err == nil && !fits(r) {
			return notYet("it is %s, return %s", r.State, r.Return)
		}
		return err
	})
	return r, err
}

// approve confirms the defect, and checks the promise and that a unit is allocated.
func (s *story) approve(ctx context.Context, r rma) (rma, error) {
	r, err := s.do(ctx, r, "approve", body{"defect_confirmed": true})
	if err != nil {
		return r, err
	}
	if err := s.check(
		r.Promise != nil && r.Promise.On > r.ApprovedAt.Format(time.DateOnly),
		"nothing was promised for after the day of the approval",
	); err != nil {
		return r, err
	}

	s.say("approved; promised for %s (%s)", r.Promise.On, r.Promise.Explanation.English)
	return r, s.check(r.Outbound == "ALLOCATED", "it is %s though the depot has units", r.Outbound)
}

// deliver ships the replacement, and waits until the carrier has delivered it.
func (s *story) deliver(ctx context.Context, r rma, serial string) (rma, error) {
	p, err := s.parcelOf(ctx, r.ID, "OUT")
	if err != nil {
		return r, err
	}
	if r, err = s.do(ctx, r, "ship", body{"serial": serial}); err != nil {
		return r, err
	}

	s.say("booked as %s, and shipped with serial %s", p.Tracking, serial)
	if r, err = s.awaitRMA(ctx, r, "the delivery", func(r rma) bool {
		return r.Outbound == "DELIVERED"
	}); err != nil {
		return r, err
	}

	day := r.DeliveredAt.In(saoPaulo()).Format(time.DateOnly)
	s.say("delivered on %s; the faulty unit is due back by %s", day, r.ReturnDueOn)
	if err := s.check(r.Late == (day > r.FirstPromisedOn),
		"it came on %s, was promised for %s, and late is %v",
		day, r.FirstPromisedOn, r.Late); err != nil {
		return r, err
	}

	return r, s.inRoom(ctx, serial, r.Serial)
}

// unitOf is a device with its stays in rooms, oldest first.
type unitOf struct {
	ID    string
	State string
	Stays []struct {
		RoomID string `json:"room_id"`
		To     *time.Time
	}
}

func (s *story) unitBySerial(ctx context.Context, serial string) (unitOf, error) {
	all, err := get[list[unitOf]](ctx, s.operator, "/v1/devices?account_id="+s.account+"&q="+serial)
	if err == nil {
		err = s.check(len(all.Items) == 1, "%d devices have the serial %s", len(all.Items), serial)
	}
	if err != nil {
		return unitOf{}, err
	}

	return get[unitOf](ctx, s.operator, "/v1/devices/"+all.Items[0].ID)
}

// inRoom checks that the new unit has taken the old one's room (S24).
func (s *story) inRoom(ctx context.Context, serial, old string) error {
	in, err := s.unitBySerial(ctx, serial)
	if err != nil {
		return err
	}

	out, err := s.unitBySerial(ctx, old)
	if err != nil {
		return err
	}
	if err := s.check(in.State == "IN_ROOM" && out.State == "IN_RMA" && len(in.Stays) > 0 &&
		len(out.Stays) > 0, "%s is %s and %s is %s", serial, in.State, old, out.State); err != nil {
		return err
	}

	now, before := in.Stays[len(in.Stays)-1], out.Stays[len(out.Stays)-1]
	return s.check(now.RoomID == before.RoomID && now.To == nil && before.To != nil,
		"%s has not taken the room of %s", serial, old)
}

// comeBack has the customer return the faulty unit, and the depot inspect it.
func (s *story) comeBack(ctx context.Context, r rma) error {
	p, err := s.parcelOf(ctx, r.ID, "RETURN")
	if err != nil {
		return err
	}
	if err := s.handIn(ctx, p); err != nil {
		return err
	}
	if r, err = s.awaitRMA(ctx, r, "the return's first scan", func(r rma) bool {
		return r.Return != "AWAITING_RETURN"
	}); err != nil {
		return err
	}

	s.say("the customer has handed the faulty unit in: %s", r.Return)
	if r, err = s.do(ctx, r, "receive", nil); err != nil {
		return err
	}
	if r, err = s.do(ctx, r, "inspect", body{"serial": r.Serial, "outcome": "DEFECT"}); err != nil {
		return err
	}

	s.say("the depot has inspected it: %s is %s", r.ID, r.State)
	return s.check(r.State == "CLOSED" && r.Fee == "NONE", "it is %s with fee %s", r.State, r.Fee)
}

// saoPaulo is the site's zone.
func saoPaulo() *time.Location {
	zone, err := time.LoadLocation("America/Sao_Paulo")
	if err != nil {
		return time.UTC
	}
	return zone
}
