package bench

import (
	"context"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"

	"roomcover.dev/roomcover/models/account"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/entitlement"
	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/models/logistics"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/licensing"
	"roomcover.dev/roomcover/rules/shipping"
)

// failing is the model of every device that fails.
const failing = "RALLY-BAR"

// devicesPerAccount are in one room under one licence, each at a site of its own.
// All of them fail within the month, which marks their RMAs for review (S25) and
// costs no statement.
const devicesPerAccount = 50

// openDepot makes a depot with more units than are ever asked for.
func (r *rmas) openDepot(ctx context.Context) error {
	ctx = db.WithSystem(ctx)
	store := r.parts.stack.Domains
	depot, err := store.Logistics.PutDepot(ctx, shipping.DepotForm{
		Code:    "GRU",
		Name:    "Depot",
		Street:  "Rua A 1",
		City:    "Campinas",
		Country: "BR",
	})
	if err != nil {
		return err
	}

	for i := range 10 {
		if _, err := store.Logistics.ReceiveStock(ctx, logistics.StockMove{
			DepotID:   depot.ID,
			ModelCode: failing,
			Quantity:  10_000,
			Cause:     fmt.Sprintf("note %d", i),
		}); err != nil {
			return err
		}
	}

	return nil
}

// provide makes n more covered devices through the domains, while no worker runs:
// nobody is told of them.
func (r *rmas) provide(ctx context.Context, n int) error {
	ctx = db.WithSystem(ctx)
	seller, err := r.parts.seller(ctx)
	if err != nil {
		return err
	}

	began, all := time.Now(), n
	group, inGroup := errgroup.WithContext(ctx)
	group.SetLimit(8)

	for ; n > 0; n -= devicesPerAccount {
		r.opened++
		i, devices := r.opened, min(n, devicesPerAccount)
		group.Go(func() error {
			return r.openCovered(inGroup, seller, fmt.Sprintf("r%d", i), devices)
		})
	}

	if err := group.Wait(); err != nil {
		return err
	}

	r.say("%d more devices may fail, after %.0f s", all, time.Since(began).Seconds())
	return r.forget(ctx)
}

// forget marks what the seed would tell as told, and has its devices registered long
// ago (S25).
func (r *rmas) forget(ctx context.Context) error {
	return r.exec(
		ctx,
		"UPDATE outbox_events SET delivered_at = created_at WHERE delivered_at IS NULL",
		"UPDATE notifications SET state = 'SENT' WHERE state <> 'SENT'",
		"UPDATE devices SET created_at = '2020-01-01 00:00:00+00:00'",
	)
}

// openCovered makes an account with an administrator, a room under a licence, and
// devices in it.
func (r *rmas) openCovered(ctx context.Context, seller account.Org, key string, devices int) error {
	acc, roomID, err := r.openRoom(ctx, seller, key)
	if err != nil {
		return err
	}

	token, err := r.parts.customerToken(ctx, acc)
	if err != nil {
		return err
	}

	for i := range devices {
		d := &faulty{
			key:     fmt.Sprintf("%s-%d", key, i),
			account: acc.ID,
			token:   token,
			serial:  fmt.Sprintf("%sX%d", key, i),
		}

		if err := r.register(ctx, d, roomID); err != nil {
			return err
		}

		r.ready <- d
	}

	return nil
}

// openRoom makes an account with an administrator, and a room under a licence.
func (b *bench) openRoom(
	ctx context.Context, seller account.Org, key string,
) (acc account.Account, roomID string, err error) {
	store := b.parts.stack.Domains
	order, acc, err := b.parts.openAccount(ctx, seller, key, 1)
	if err != nil {
		return acc, "", err
	}

	invited, _, err := store.People.ListInvitations(ctx, "", order, db.Page{Limit: 1})
	if err != nil {
		return acc, "", err
	}
	if _, _, err := store.People.AcceptInvitation(ctx, identity.Acceptance{
		InvitationID: invited[0].ID,
		Email:        invited[0].Email,
		Name:         "Ana Souza",
		PasswordHash: "none",
		Locale:       "pt-BR",
	}); err != nil {
		return acc, "", err
	}

	room, err := store.Entitlements.CreateRoom(ctx, entitlement.NewRoom{
		AccountID: acc.ID,
		Reason:    "bench",
		Form: licensing.RoomForm{
			Name:     "Sala 1",
			Site:     "Matriz",
			Country:  "BR",
			Platform: rules.PlatformTeamsWindows,
		},
	})
	if err != nil {
		return acc, "", err
	}
	return acc, room.ID, b.parts.cover(ctx, order, room.ID)
}

// register makes the device and its site.
func (r *rmas) register(ctx context.Context, d *faulty, roomID string) error {
	store := r.parts.stack.Domains
	site, err := store.Accounts.CreateSite(ctx, account.NewSite{
		AccountID: d.account,
		Reason:    "bench",
		Form: rules.SiteForm{
			Name:         "Site " + d.key,
			ContactName:  "Rui Portaria",
			ContactEmail: "rui." + d.key + "@site.example",
			Address: rules.Address{
				Street:     "Av. Paulista 1000",
				City:       "São Paulo",
				Region:     "SP",
				PostalCode: "01310-100",
				Country:    "BR",
			},
		},
	})
	if err != nil {
		return err
	}

	d.site, d.serial = site.ID, rules.NormaliseSerial(d.serial)
	_, err = store.Entitlements.RegisterDevice(ctx, entitlement.NewDevice{
		AccountID: d.account,
		RoomID:    roomID,
		Reason:    "bench",
		Form: licensing.DeviceForm{
			Serial:      d.serial,
			ModelCode:   failing,
			PurchasedOn: time.Now().UTC().AddDate(-1, 0, 0).Format(time.DateOnly),
		},
	})
	return err
}
