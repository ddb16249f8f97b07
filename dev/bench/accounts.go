package bench

import (
	"context"
	"time"

	"roomcover.dev/roomcover/api"
	"roomcover.dev/roomcover/models"
	"roomcover.dev/roomcover/rules"
)

// seller is the reseller that the stack comes with.
func (p *parts) seller(ctx context.Context) (models.Org, error) {
	resellers, _, err := p.stack.Store.ListOrgs(ctx, models.OrgReseller, models.Page{Limit: 1})
	if err != nil {
		return models.Org{}, err
	}
	return resellers[0], nil
}

// openAccount makes an account with an order of so many licences, through the Store.
func (p *parts) openAccount(ctx context.Context, seller models.Org, key string, licences int) (orderID string, acc models.Account, err error) {
	f := form(key)
	f.Lines[0].Quantity = int64(licences)
	accepted, err := p.stack.Store.AcceptOrder(ctx, models.Intake{Sender: seller, Form: f})
	if err != nil {
		return "", acc, err
	}
	done, err := p.stack.Store.FulfilOrder(ctx, accepted.Order.ID)
	if err != nil {
		return "", acc, err
	}
	acc, err = p.stack.Store.GetAccount(ctx, done.AccountID)
	return accepted.Order.ID, acc, err
}

// cover assigns the first licence of an order to a room.
func (p *parts) cover(ctx context.Context, orderID, roomID string) error {
	contracts, err := p.stack.Store.ContractsOfOrder(ctx, orderID)
	if err != nil {
		return err
	}
	licences, err := p.stack.Store.LicencesOf(ctx, contracts[0].ID)
	if err != nil {
		return err
	}
	_, err = p.stack.Store.Assign(ctx, models.AssignRequest{LicenceID: licences[0].ID, RoomID: roomID, Reason: "bench"})
	return err
}

// customerToken makes a token of an account's administrator.
func (p *parts) customerToken(ctx context.Context, acc models.Account) (string, error) {
	_, token, err := p.stack.Store.CreateToken(ctx, models.NewToken{OrgID: acc.ParentOrgID, Role: rules.CustomerAdmin, AccountID: acc.ID, Label: "bench",
		Scopes: api.ScopesFor(rules.CustomerAdmin), ExpiresAt: time.Now().Add(24 * time.Hour)})
	return token, err
}
