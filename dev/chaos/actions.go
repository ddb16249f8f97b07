package chaos

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/ordering"
)

// cancel asks to cancel one of the client's orders, whole or in part. An order
// that is not there yet, or no longer, is refused, which is right too.
func (a *actor) cancel(ctx context.Context) {
	a.wishes++
	c := &Cancellation{
		OrderID: a.ids[a.rand.IntN(len(a.ids))],
		Marker:  fmt.Sprintf("wish %d/%d/%d", a.Seed, a.n, a.wishes),
	}

	if a.rand.IntN(3) > 0 {
		c.Quantity = 1 + a.rand.IntN(3)
	}
	if c.Quantity > 0 || a.rand.IntN(2) == 0 {
		// a part of it can be told from the same part again by the key only
		c.Key = fmt.Sprintf("key-%d-%d-%d", a.Seed, a.n, a.wishes)
	}

	a.Ledger.wish(c)
	a.Load.cancel(ctx, c, a.seller.token)
}

// cancel sends a wish and takes down its outcome; one whose first sending is
// still under way stays pending.
func (l *Load) cancel(ctx context.Context, c *Cancellation, token string) {
	body := map[string]any{"reason": c.Marker}
	if c.Quantity > 0 {
		body["quantity"] = c.Quantity
	}

	answer, err := l.Client.Do(ctx, Request{
		Method: http.MethodPost,
		Path:   "/v1/orders/" + c.OrderID + "/cancellation",
		Token:  token,
		Key:    c.Key,
		Body:   body,
	}, 0)
	if err != nil {
		l.Ledger.unexpected(c.OrderID, "%v", err)
		return
	}

	l.Ledger.cancelled(c, answer)
}

func (l *Ledger) cancelled(c *Cancellation, answer Answer) {
	var out struct {
		Cancellation struct {
			ID string `json:"id"`
		} `json:"cancellation"`
	}

	_ = json.Unmarshal(answer.Body, &out)
	code := answer.code()
	switch {
	case answer.Status == http.StatusOK && out.Cancellation.ID != "":
		l.mu.Lock()
		c.Acknowledged = out.Cancellation.ID
		l.Counts.Cancellations++
		l.mu.Unlock()
	case code == rules.IdempotencyConflict:
		// the first sending may still be under way: asked again at the end
	case code == rules.StateConflict || code == rules.ValidationFailed ||
		code == rules.CancellationWindowClosed:
		l.mu.Lock()
		c.Refused = true
		l.mu.Unlock()
	default:
		l.unexpected(c.OrderID, "the cancellation was answered %d %s", answer.Status, code)
	}
}

// Settle sends every pending cancellation again until its outcome is known.
// A key whose first request died is free again after two minutes.
func (l *Load) Settle(ctx context.Context) {
	for {
		pending := l.Ledger.pending()
		if len(pending) == 0 {
			return
		}

		for _, c := range pending {
			asking, cancel := patient(ctx)
			l.cancel(asking, c, l.tokenOf(c))
			cancel()
		}

		select {
		case <-ctx.Done():
			return
		case <-time.After(2 * time.Second):
		}
	}
}

// tokenOf is the token that the wish was sent with: keys belong to tokens.
func (l *Load) tokenOf(c *Cancellation) string {
	var seed uint64
	var client int
	_, _ = fmt.Sscanf(c.Marker, "wish %d/%d/", &seed, &client)
	return l.sellers[client%len(l.sellers)].token
}

// decide accepts or rejects an order in review, as an operator.
func (a *actor) decide(ctx context.Context) {
	answer, ok := a.do(ctx, Request{
		Method: http.MethodGet,
		Path:   "/v1/orders?state=NEEDS_REVIEW&limit=20",
		Token:  a.operator,
	})

	var list struct {
		Items []struct {
			ID string `json:"id"`
		} `json:"items"`
	}
	if !ok || json.Unmarshal(answer.Body, &list) != nil || len(list.Items) == 0 {
		return
	}

	id := list.Items[a.rand.IntN(len(list.Items))].ID
	accept := a.rand.IntN(3) > 0
	contact, version, ok := a.contactOf(ctx, id)
	if !ok {
		return
	}

	answer, ok = a.do(ctx, Request{
		Method: http.MethodPost,
		Path:   "/v1/orders/" + id + "/decision",
		Token:  a.operator,
		Match:  fmt.Sprintf(`"%d"`, version), // a decision is about what was looked at
		Body: map[string]any{
			"accept":    accept,
			"reason":    "checked by hand",
			"invite_as": "ADMIN", // the account may not know the contact (S15)
			"email":     contact,
		},
	})

	switch {
	case !ok:
	case answer.Status == http.StatusOK:
		a.Ledger.decided(id, accept)
	case answer.Status != http.StatusConflict: // another operator was first
		a.Ledger.unexpected(id, "the decision was answered %d %s", answer.Status, answer.code())
	}
}

// contactOf reads, as an operator, the address of the person whom an order names, and the
// order's version.
func (a *actor) contactOf(ctx context.Context, orderID string) (string, int64, bool) {
	answer, ok := a.do(ctx, Request{
		Method: http.MethodGet,
		Path:   "/v1/orders/" + orderID,
		Token:  a.operator,
	})

	var read struct {
		Submitted ordering.OrderForm `json:"submitted"`
		Version   int64              `json:"version"`
	}
	if !ok || json.Unmarshal(answer.Body, &read) != nil {
		return "", 0, false
	}

	return read.Submitted.EndCustomer.Email, read.Version, true
}

// reissue sends an invitation of one of the client's orders again (R123).
func (a *actor) reissue(ctx context.Context) {
	invitations, _, err := a.People.ListInvitations(db.WithSystem(ctx), "",
		a.ids[a.rand.IntN(len(a.ids))], db.Page{Limit: 10})
	if err != nil || len(invitations) == 0 {
		return // the database is down, or there is none yet
	}

	a.wishes++
	old := invitations[a.rand.IntN(len(invitations))].ID
	answer, ok := a.do(ctx, Request{
		Method: http.MethodPost,
		Path:   "/v1/invitations/" + old + "/reissue",
		Token:  a.operator,
		Key:    fmt.Sprintf("reissue-%d-%d-%d", a.Seed, a.n, a.wishes),
		Body:   map[string]any{"reason": "asked for by telephone"},
	})

	var out struct {
		ID string `json:"id"`
	}

	switch {
	case !ok:
	case (answer.Status == http.StatusOK || answer.Status == http.StatusCreated) &&
		json.Unmarshal(answer.Body, &out) == nil && out.ID != "":
		a.Ledger.reissued(Reissue{old, out.ID})
	case answer.Status == http.StatusTooManyRequests: // sent to this person five times already
	case answer.Status != http.StatusConflict: // superseded or revoked meanwhile
		a.Ledger.unexpected(old, "the reissue was answered %d %s", answer.Status, answer.code())
	}
}
