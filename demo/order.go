package demo

import (
	"context"
	"fmt"
	"time"
)

// operatorOrg is the organisation of the service's own people.
const operatorOrg = "org_operator"

// What the default program calls its mails and itself (R96, R119).
const (
	confirmationSubject = "Detalhes do contrato de serviço do Logitech Select"
	invitationSubject   = "Boas-vindas ao Logitech Select"
	senderName          = "Serviços de suporte da Logitech"
)

// calendarDay is today by the service's calendar, which may run fast.
func (s *story) calendarDay(ctx context.Context) (time.Time, error) {
	agenda, err := get[struct {
		On string
	}](ctx, s.operator, "/v1/agenda?time_zone=America/Sao_Paulo&limit=1")
	if err != nil {
		return time.Time{}, err
	}
	return time.Parse(time.DateOnly, agenda.On)
}

// placed is an order as the API shows it.
type placed struct {
	ID        string `json:"id"`
	State     string `json:"state"`
	AccountID string `json:"account_id"`
	Contracts []struct {
		ID       string `json:"id"`
		State    string `json:"state"`
		Quantity int    `json:"quantity"`
		StartOn  string `json:"start_on"`
	} `json:"contracts"`
}

// sendOrder posts an order of the customer, twice: the second is the same order
// (S14). It waits until the order is fulfilled.
func (s *story) sendOrder(ctx context.Context, number string, quantity int) (placed, error) {
	address := body{
		"street":      "Av. Demo, 1000",
		"city":        "São Paulo",
		"region":      "SP",
		"postal_code": "01310-100",
		"country":     "BR",
	}

	today, err := s.calendarDay(ctx)
	if err != nil {
		return placed{}, err
	}

	order := body{
		"po_number":    number,
		"purchased_on": today.Format(time.DateOnly),
		"lines":        []body{{"sku": "SELECT-3Y", "quantity": quantity}},
		"end_customer": body{
			"company":      s.company(),
			"contact_name": "Bia Lima",
			"email":        s.email(),
			"address":      address,
		},
		"reseller": body{
			"company": "Revenda Sul",
			"email":   "pedidos@revendasul.example",
			"address": address,
		},
		"distributor": body{
			"company": "Distribuidora Norte",
			"email":   "orders@norte.example",
			"address": address,
		},
	}

	o, err := post[placed](ctx, s.reseller, "/v1/orders", order)
	if err != nil {
		return o, err
	}

	again, err := post[placed](ctx, s.reseller, "/v1/orders", order)
	if err != nil {
		return o, err
	}
	if err := s.check(again.ID == o.ID, "the same order sent twice became two"); err != nil {
		return o, err
	}

	err = s.await(ctx, "the order's fulfillment", func(ctx context.Context) (err error) {
		if o, err = get[placed](ctx, s.operator, "/v1/orders/"+o.ID); err == nil &&
			o.State != "FULFILLED" {
			return notYet("it is %s", o.State)
		}
		return err
	})
	if err == nil {
		err = s.check(len(o.Contracts) == 1 && o.Contracts[0].Quantity == quantity,
			"the order has not one contract of %d", quantity)
	}

	return o, err
}

func (s *story) orderLicences(ctx context.Context) error {
	o, err := s.sendOrder(ctx, s.number(1), 50)
	if err != nil {
		return err
	}

	s.order = o.ID
	s.account = o.AccountID
	s.contract = o.Contracts[0].ID
	s.say("order %s of %s is fulfilled: contract %s", o.ID, s.company(), s.contract)
	s.look("orders/" + o.ID)
	s.look("accounts/" + s.account)

	acc, err := get[struct {
		Parent string `json:"parent_org_id"`
	}](ctx, s.operator, "/v1/accounts/"+s.account)
	if err != nil {
		return err
	}

	s.parent = acc.Parent
	for _, to := range []string{s.email(), "pedidos@revendasul.example", "orders@norte.example"} {
		m, err := s.mailTo(ctx, to, confirmationSubject, s.company())
		if err != nil {
			return err
		}
		if err := s.check(
			m.FromName == senderName, "the confirmation comes from another sender",
		); err != nil {
			return err
		}
	}

	s.say("customer, reseller and distributor have their confirmation")
	return nil
}

// cancelOrder orders once more, and takes it back in the window: the account's other
// contract goes on.
func (s *story) cancelOrder(ctx context.Context) error {
	o, err := s.sendOrder(ctx, s.number(2), 10)
	if err != nil {
		return err
	}

	cancel := fmt.Sprintf("/v1/orders/%s/cancellation", o.ID)
	if _, err := post[any](ctx, s.reseller, cancel,
		body{"reason": "demo: ordered twice"}); err != nil {
		return err
	}

	err = s.await(ctx, "the cancellation", func(ctx context.Context) (err error) {
		if o, err = get[placed](ctx, s.operator, "/v1/orders/"+o.ID); err == nil &&
			o.State != "CANCELLED" {
			return notYet("it is %s", o.State)
		}
		return err
	})
	if err != nil {
		return err
	}
	if err := s.check(o.Contracts[0].State == "CANCELLED", "the canceled order's contract is %s",
		o.Contracts[0].State); err != nil {
		return err
	}
	if _, err := s.mailTo(ctx, s.email(), "", s.number(2)); err != nil {
		return err
	}

	first, err := get[placed](ctx, s.operator, "/v1/orders/"+s.order)
	if err != nil {
		return err
	}

	s.say("order %s is canceled; contract %s goes on", o.ID, s.contract)
	s.look("orders/" + o.ID)
	return s.check(first.Contracts[0].State == "ACTIVE", "the first order's contract is %s",
		first.Contracts[0].State)
}
