package demo

import (
	"context"
	"fmt"
)

// fillDepot makes the depot and enters units of the bar.
func (s *story) fillDepot(ctx context.Context) error {
	var d struct{ ID string }
	err := s.operator.Call(ctx, "PUT", "/v1/depots", body{
		"code":        "DEMO-SP",
		"name":        "Demo depot",
		"street":      "Rua das Peças, 7",
		"city":        "Campinas",
		"region":      "SP",
		"postal_code": "13010-000",
		"country":     "BR",
	}, &d)
	if err != nil {
		return err
	}

	s.depot = d.ID
	_, err = post[any](ctx, s.operator, "/v1/stock/receipts", body{
		"depot_id":  d.ID,
		"model":     barModel,
		"quantity":  10,
		"reference": "DEMO-" + s.Name,
	})
	if err != nil {
		return err
	}

	free, err := s.free(ctx)
	if err == nil {
		s.say("the depot has %d units of %s free", free, barModel)
	}

	return err
}

// free counts the bars that the depot may still promise.
func (s *story) free(ctx context.Context) (int, error) {
	levels, err := get[list[struct {
		Free int
	}]](ctx, s.operator, "/v1/stock?depot_id="+s.depot+"&model="+barModel)
	if err == nil && len(levels.Items) != 1 {
		err = fmt.Errorf("the depot has %d levels of %s", len(levels.Items), barModel)
	}
	if err != nil {
		return 0, err
	}

	return levels.Items[0].Free, nil
}

// replaceNextBusinessDay is the ordinary replacement, to its end.
func (s *story) replaceNextBusinessDay(ctx context.Context) error {
	before, err := s.free(ctx)
	if err != nil {
		return err
	}

	r, err := s.request(ctx, s.devices[1])
	if err != nil {
		return err
	}
	if r, err = s.approve(ctx, r); err != nil {
		return err
	}
	if r, err = s.deliver(ctx, r, s.serial("R", 1)); err != nil {
		return err
	}

	after, err := s.free(ctx)
	if err != nil {
		return err
	}
	if err := s.check(after == before-1, "the depot had %d units free, and has %d",
		before, after); err != nil {
		return err
	}

	return s.comeBack(ctx, r)
}

// billMissingReturn waits until a return is overdue, confirms the fee, and reads the
// mails that went before it.
func (s *story) billMissingReturn(ctx context.Context) error {
	r, err := s.request(ctx, s.devices[3])
	if err != nil {
		return err
	}
	if r, err = s.approve(ctx, r); err != nil {
		return err
	}
	if r, err = s.deliver(ctx, r, s.serial("R", 2)); err != nil {
		return err
	}

	s.say("now ten business days pass, and five more")
	if r, err = s.awaitRMA(ctx, r, "the return being overdue", func(r rma) bool {
		return r.State == "OVERDUE"
	}); err != nil {
		return err
	}

	if r, err = s.awaitRMA(ctx, r, "the question about the fee", func(r rma) bool {
		return r.Fee == "ASKED"
	}); err != nil {
		return err
	}

	if err := s.check(r.has("rma.reminded") &&
		r.has("rma.return_overdue"), "nobody was reminded of the return"); err != nil {
		return err
	}
	if r, err = s.do(ctx, r, "bill", body{"reason": "demo: it never came back"}); err != nil {
		return err
	}

	s.say("overdue, reminded, and confirmed by an operator: %s, fee %s", r.State, r.Fee)
	return s.check(r.State == "NON_RETURN_BILLED" && r.Fee == "BILLED", "it is %s with fee %s",
		r.State, r.Fee)
}
