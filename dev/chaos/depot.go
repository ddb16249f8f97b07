package chaos

import (
	"context"
	"fmt"
	"net/http"

	"roomcover.dev/roomcover/api"
	"roomcover.dev/roomcover/rules/shipping"
)

// models of devices and of what is sent instead.
var deviceModels = []string{"RALLY-BAR", "RALLY-BAR-MINI", "MEETUP"}

// stockUp makes the depots and gives them a little, before anything is killed: it
// runs out, and delivery notes bring more.
func (l *Load) stockUp(ctx context.Context) error {
	for i, code := range []string{"GRU", "BER"} {
		a := (&house{n: i}).address()
		depot := api.DepotRequest{
			Code:       code,
			Name:       "Depot " + code,
			Street:     a.Street,
			City:       a.City,
			Region:     a.Region,
			PostalCode: a.PostalCode,
			Country:    a.Country,
		}

		var made struct {
			ID string `json:"id"`
		}

		if err := l.must(ctx, Request{
			Method: http.MethodPut,
			Path:   "/v1/depots",
			Token:  l.operator,
			Body:   depot,
		}, &made); err != nil {
			return err
		}

		for _, model := range deviceModels {
			receipt := api.StockRequest{
				DepotID:   made.ID,
				Model:     model,
				Quantity:  12 - 8*i,
				Reference: "note 1 " + model,
			}

			if err := l.must(ctx, Request{
				Method: http.MethodPost,
				Path:   "/v1/stock/receipts",
				Token:  l.operator,
				Body:   receipt,
			}, nil); err != nil {
				return err
			}
		}

		l.depots = append(l.depots, made.ID)
	}

	return nil
}

// must sends what has to succeed.
func (l *Load) must(ctx context.Context, r Request, out any) error {
	answer, err := l.Client.Do(ctx, r, 0)
	if err == nil && answer.Status >= 300 {
		err = fmt.Errorf("chaos: %s was answered %d %s", r.Path, answer.Status, answer.code())
	}
	if err != nil || out == nil {
		return err
	}

	return unmarshal(answer, out)
}

// deliveryNote has units come to a depot, or a count corrected; the same note may
// be entered twice at once.
func (d *desk) deliveryNote(ctx context.Context) {
	d.wishes++
	entry := api.StockRequest{
		DepotID:   d.depots[d.rand.IntN(len(d.depots))],
		Model:     deviceModels[d.rand.IntN(len(deviceModels))],
		Quantity:  1 + d.rand.IntN(3),
		Reference: fmt.Sprintf("note %d/%d/%d", d.Seed, d.n, d.wishes),
	}

	path := "/v1/stock/receipts"
	if d.rand.IntN(3) == 0 {
		path = "/v1/stock/adjustments"
		entry.Reason = "counted"
		entry.Quantity = 1 - 2*d.rand.IntN(2)
	}

	atOnce(1+d.rand.IntN(2), func(who int) {
		answer, err := d.Client.Do(ctx, Request{
			Method: http.MethodPost,
			Path:   path,
			Token:  d.operator,
			Body:   entry,
		}, who)
		if err != nil {
			d.Ledger.unexpected(entry.Reference, "%v", err)
			return
		}

		d.Ledger.noted(entry, answer)
	})
}

// refill gives the depot enough for all that is still open.
func (d *desk) refill(ctx context.Context) {
	for _, model := range deviceModels {
		entry := api.StockRequest{
			DepotID:   d.depots[0],
			Model:     model,
			Quantity:  50,
			Reference: fmt.Sprintf("note last %d %s", d.n, model),
		}

		answer, ok := d.do(ctx, Request{
			Method: http.MethodPost,
			Path:   "/v1/stock/receipts",
			Token:  d.operator,
			Body:   entry,
		})
		if ok {
			d.Ledger.noted(entry, answer)
		}
	}
}

// noted takes down an entry of stock.
func (l *Ledger) noted(entry api.StockRequest, a Answer) {
	switch {
	case a.Status == http.StatusCreated:
		l.mu.Lock()
		defer l.mu.Unlock()
		l.notes[entry.Reference] = entry.Quantity
	case a.code() != shipping.StockNegative:
		l.unexpected(entry.Reference, "the entry of stock was answered %d %s", a.Status, a.code())
	}
}
