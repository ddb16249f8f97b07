package activities

import (
	"context"

	"roomcover.dev/roomcover/models/order"
	"roomcover.dev/roomcover/rules"
)

// Fulfilment are the steps of an order.
type Fulfilment struct{ Orders *order.Orders }

// Fulfil creates what an accepted order bought, in one transaction, and says
// what the order waits for next.
func (a *Fulfilment) Fulfil(ctx context.Context, orderID string) (OrderStatus, error) {
	defer beat(ctx)()
	ctx = system(ctx)
	f, err := a.Orders.FulfilOrder(ctx, orderID)
	if err != nil {
		return OrderStatus{}, failed(err)
	}

	status := OrderStatus{CancellableUntil: f.CancellableUntil, Closed: f.Closed}
	switch {
	case f.InReview:
		reminders, until, err := a.Orders.ReviewDeadlines(ctx, orderID)
		status.Review = &ReviewPlan{Reminders: reminders, Until: until}
		return status, failed(err)
	case f.Cancelled:
		status.Cancellations, err = a.pendingCancellations(ctx, orderID)
		return status, failed(err)
	}

	return status, nil
}

// pendingCancellations returns the cancellations that still need their compensation, so
// that a workflow that is started again does not depend on a signal to the one before.
func (a *Fulfilment) pendingCancellations(ctx context.Context, orderID string) ([]string, error) {
	all, err := a.Orders.ListCancellations(ctx, orderID)
	if err != nil {
		return nil, err
	}

	var ids []string
	for _, c := range all {
		if c.State == order.CancellationRequested {
			ids = append(ids, c.ID)
		}
	}

	return ids, nil
}

// RemindReview queues the operators' reminder of an order in review.
func (a *Fulfilment) RemindReview(ctx context.Context, in ReviewReminder) error {
	return failed(a.Orders.RemindReview(system(ctx), in.OrderID, in.N, in.Next))
}

// RejectOverdue rejects an order whose review time is over.
func (a *Fulfilment) RejectOverdue(ctx context.Context, orderID string) error {
	ctx = system(ctx)
	if err := a.Orders.RejectOverdueOrder(ctx, orderID); err != nil {
		return failed(err)
	}

	o, err := a.Orders.GetOrder(ctx, orderID)
	if err != nil {
		return failed(err)
	}

	if o.State == rules.OrderNeedsReview {
		return errTooEarly
	}
	return nil
}

// CompensateCancellation runs the rest of a cancellation.
func (a *Fulfilment) CompensateCancellation(
	ctx context.Context, cancellationID string,
) (Compensation, error) {
	defer beat(ctx)()
	closed, err := a.Orders.CompensateCancellation(system(ctx), cancellationID)
	return Compensation{Closed: closed}, failed(err)
}
