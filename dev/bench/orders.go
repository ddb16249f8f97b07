package bench

import (
	"context"
	"fmt"
	"strings"
	"time"

	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/ordering"
)

// mailsPerOrder: confirmations to customer, reseller and distributor, and the
// invitation.
const mailsPerOrder = 4

// form is a normal order: one line of ten licences for a new customer. Every
// address carries the order's key, so that a mail tells whose it is.
func form(key string) ordering.OrderForm {
	address := func(street, code string) rules.Address {
		return rules.Address{
			Street:     street,
			City:       "São Paulo",
			Region:     "SP",
			PostalCode: code,
			Country:    "BR",
		}
	}
	return ordering.OrderForm{
		PONumber:    "PO-" + key,
		PurchasedOn: time.Now().UTC().AddDate(0, 0, -1).Format(time.DateOnly),
		Lines:       []ordering.OrderLine{{SKU: "SELECT-3Y", Quantity: 10}},
		EndCustomer: rules.Party{
			Company:     "Acme " + key + " Ltda",
			ContactName: "Ana Souza",
			Email:       "ana." + key + "@acme.example",
			Address:     address("Av. Paulista, 1000", "01310-100"),
		},
		Reseller: rules.OrgParty{
			Company: "Revenda Sul",
			Email:   "pedidos." + key + "@revendasul.example",
			Address: address("Rua Augusta, 10", "01305-000"),
		},
		Distributor: rules.OrgParty{
			Company: "Distribuidora Norte",
			Email:   "orders." + key + "@norte.example",
			Address: address("Rua da Consolação, 20", "01302-000"),
		},
	}
}

// keyOf is the key in an address of form.
func keyOf(recipient string) string {
	local, _, _ := strings.Cut(recipient, "@")
	_, key, _ := strings.Cut(local, ".")
	return key
}

// orders posts orders and waits until the four mails of each were handed over
// and recorded.
func (p *parts) orders(
	ctx context.Context, name string, n, concurrency int, begun func(),
) (time.Duration, error) {
	return p.ordersAt(ctx, p.stack.URL, name, n, concurrency, begun)
}

// ordersAt is orders of the program at an address, the stack or the one by hand.
func (p *parts) ordersAt(
	ctx context.Context, url, name string, n, concurrency int, begun func(),
) (time.Duration, error) {
	post := func(ctx context.Context, key string) error {
		return p.sendTo(ctx, url+"/v1/orders", p.token, form(key), nil)
	}
	took, err := p.tracker.run(ctx, name, n, concurrency, mailsPerOrder, begun, post)
	if err != nil {
		return took, err
	}
	return took, p.awaitSent(ctx)
}

// post sends one order to the API.
func (p *parts) post(ctx context.Context, key string) error {
	return p.send(ctx, "/v1/orders", p.token, form(key), nil)
}

// openWork counts the orders not yet fulfilled and the mails not yet recorded
// as sent.
const openWork = `SELECT (SELECT count(*) FROM orders WHERE state = 'ACCEPTED')
	+ (SELECT count(*) FROM notifications WHERE state <> 'SENT')`

// awaitSent waits until every order is fulfilled and every mail is recorded as
// sent: a mail's result is written a moment after the SMTP server has it.
func (p *parts) awaitSent(ctx context.Context) error {
	pool, err := p.stack.Domains.DB.Pool()
	if err != nil {
		return err
	}

	deadline := time.Now().Add(orderTimeout)
	for {
		var open int
		if err := pool.QueryRowContext(ctx, openWork).Scan(&open); err != nil {
			return err
		}

		if open == 0 {
			return nil
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("%d orders and mails were not done in time", open)
		}

		time.Sleep(20 * time.Millisecond)
	}
}
