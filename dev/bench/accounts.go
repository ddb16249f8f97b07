package bench

import (
	"context"
	"time"

	"roomcover.dev/roomcover/api"
	"roomcover.dev/roomcover/models/account"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/entitlement"
	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/models/order"
	"roomcover.dev/roomcover/rules"
)

// seller is the reseller that the stack comes with.
func (p *parts) seller(ctx context.Context) (account.Org, error) {
	resellers, _, err := p.stack.Domains.Accounts.ListOrgs(ctx, account.OrgReseller,
		db.Page{Limit: 1})
	if err != nil {
		return account.Org{}, err
	}
	return resellers[0], nil
}

// openAccount makes an account with an order of so many licences, through the domains.
func (p *parts) openAccount(
	ctx context.Context, seller account.Org, key string, licences int,
) (orderID string, acc account.Account, err error) {
	f := form(key)
	f.Lines[0].Quantity = int64(licences)
	accepted, err := p.stack.Domains.Orders.AcceptOrder(ctx, order.Intake{Sender: seller, Form: f})
	if err != nil {
		return "", acc, err
	}

	done, err := p.stack.Domains.Orders.FulfilOrder(ctx, accepted.Order.ID)
	if err != nil {
		return "", acc, err
	}

	acc, err = p.stack.Domains.Accounts.GetAccount(ctx, done.AccountID)
	return accepted.Order.ID, acc, err
}

// cover assigns the first licence of an order to a room.
func (p *parts) cover(ctx context.Context, orderID, roomID string) error {
	contracts, err := p.stack.Domains.Orders.ContractsOfOrder(ctx, orderID)
	if err != nil {
		return err
	}

	licences, err := p.stack.Domains.Entitlements.LicencesOf(ctx, contracts[0].ID)
	if err != nil {
		return err
	}

	_, err = p.stack.Domains.Entitlements.Assign(ctx, entitlement.AssignRequest{
		LicenceID: licences[0].ID,
		RoomID:    roomID,
		Reason:    "bench",
	})
	return err
}

// customerToken makes a token of an account's administrator.
func (p *parts) customerToken(ctx context.Context, acc account.Account) (string, error) {
	_, token, err := p.stack.Domains.People.CreateToken(ctx, identity.NewToken{
		OrgID:     acc.ParentOrgID,
		Role:      rules.CustomerAdmin,
		AccountID: acc.ID,
		Label:     "bench",
		Scopes:    api.ScopesFor(rules.CustomerAdmin),
		ExpiresAt: time.Now().Add(24 * time.Hour),
	})
	return token, err
}
