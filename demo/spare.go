package demo

import (
	"context"
	"net/url"
)

// unit is a spare unit as the API shows it.
type unit struct {
	ID     string
	State  string
	Model  string
	Serial string
	SiteID string `json:"site_id"`
}

func (s *story) awaitSpare(ctx context.Context, state string) error {
	return s.await(ctx, "the spare being "+state, func(ctx context.Context) error {
		u, err := get[unit](ctx, s.operator, "/v1/spare-units/"+s.spare)
		if err == nil && u.State != state {
			return notYet("it is %s", u.State)
		}
		return err
	})
}

func (s *story) doSpare(ctx context.Context, as API, command string, with body) (unit, error) {
	return post[unit](ctx, as, "/v1/spare-units/"+s.spare+"/"+command, with)
}

// placeSpare goes the way of an earned spare: the customer's success manager chooses
// by the selection aid, the customer agrees, and the unit goes to the site (R88a).
func (s *story) placeSpare(ctx context.Context) error {
	if err := s.fillDepot(ctx); err != nil {
		return err
	}

	units, err := get[list[unit]](ctx, s.csm,
		"/v1/spare-units?parent_id="+url.QueryEscape(s.parent))
	if err != nil {
		return err
	}
	if err := s.check(len(units.Items) == 1 && units.Items[0].State == "SELECTION_PENDING",
		"fifty licenses earned %d spares", len(units.Items)); err != nil {
		return err
	}

	s.spare = units.Items[0].ID
	if _, err := s.doSpare(ctx, s.operator, "ship", body{"serial": s.serial("S", 1)}); err == nil {
		return s.check(false, "the spare was shipped before anyone chose its model")
	}

	s.say("fifty licenses earned spare %s; it cannot be shipped before model and site are chosen",
		s.spare)
	s.look("spares/units/" + s.spare)
	if _, err := s.doSpare(ctx, s.csm, "select", body{
		"model":   barModel,
		"site_id": s.site,
	}); err != nil {
		return err
	}

	if _, err := s.doSpare(ctx, s.customer, "agree", body{}); err != nil {
		return err
	}

	s.say("the CSM chose %s for %s, and the customer agreed", barModel, siteName)
	return s.sendSpare(ctx, s.serial("S", 1))
}

// sendSpare ships the unit and waits until it is on site.
func (s *story) sendSpare(ctx context.Context, serial string) error {
	p, err := s.parcelOf(ctx, s.spare, "SPARE")
	if err != nil {
		return err
	}
	if _, err := s.doSpare(ctx, s.operator, "ship", body{"serial": serial}); err != nil {
		return err
	}
	if err := s.awaitSpare(ctx, "ON_SITE"); err != nil {
		return err
	}

	s.say("parcel %s has arrived: spare %s is on site", p.Tracking, serial)
	return nil
}

// swapAtOnce uses the spare: the room works again without waiting for a parcel, and
// the approval has the spare replenished (R35d, S26).
func (s *story) swapAtOnce(ctx context.Context) error {
	r, err := s.request(ctx, s.devices[0])
	if err != nil {
		return err
	}
	if r, err = post[rma](ctx, s.customer, "/v1/rmas/"+r.ID+"/use_spare",
		body{"spare_unit_id": s.spare}); err != nil {
		return err
	}
	if err := s.check(r.Outbound == "SWAPPED", "the outbound track is %s", r.Outbound); err != nil {
		return err
	}
	if err := s.inRoom(ctx, s.serial("S", 1), r.Serial); err != nil {
		return err
	}

	s.say("the spare has taken %s; nobody waits for a parcel", s.devices[0].Room)
	if r, err = s.do(ctx, r, "approve", body{"defect_confirmed": true}); err != nil {
		return err
	}
	if err := s.awaitSpare(ctx, "REPLENISHING"); err != nil {
		return err
	}
	if err := s.sendSpare(ctx, s.serial("S", 2)); err != nil {
		return err
	}

	return s.comeBack(ctx, r)
}
