package bench

import (
	"context"
	_ "embed"
	"fmt"
	"strconv"
	"strings"
	"time"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/entitlement"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/licensing"
)

// tenant is one account with a token of its administrator.
type tenant struct {
	account, parent string
	room            string // the first; the others have its id with a number
	serial          string // of its first device
	token           string
}

// roomModels are the devices of a room.
var roomModels = []string{"RALLY-BAR", "TAP", "RALLY-CAMERA"}

// seed makes the accounts with one room each through the domains, and multiplies
// these rooms with their devices and licences in the database.
func (b *roomsBench) seed(ctx context.Context) error {
	ctx = db.WithSystem(ctx)
	perAccount := max(b.rooms/b.o.Accounts, 1)
	began := time.Now()

	reseller, err := b.parts.seller(ctx)
	if err != nil {
		return err
	}

	b.reseller = reseller
	for i := range b.o.Accounts {
		t, err := b.openTenant(ctx, i, perAccount)
		if err != nil {
			return err
		}
		b.tenants = append(b.tenants, t)
	}

	pool, err := b.parts.stack.Domains.DB.Pool()
	if err != nil {
		return err
	}

	for _, query := range multiply(perAccount, b.contractsToAdd()) {
		if _, err := pool.ExecContext(ctx, query); err != nil {
			return fmt.Errorf("%s: %w", query, err)
		}
	}

	b.say("%d accounts with %d rooms each, after %.0f s",
		b.o.Accounts, perAccount, time.Since(began).Seconds())
	return nil
}

// contractsToAdd is how many contracts each account needs beside its own.
func (b *roomsBench) contractsToAdd() int { return max(b.o.Contracts/b.o.Accounts-1, 0) }

func (b *roomsBench) openTenant(ctx context.Context, i, licences int) (tenant, error) {
	order, acc, err := b.parts.openAccount(ctx, b.reseller, fmt.Sprintf("t%d", i), licences)
	if err != nil {
		return tenant{}, err
	}

	t := tenant{account: acc.ID, parent: acc.ParentOrgID, serial: fmt.Sprintf("%06dS0", i)}
	if err := b.firstRoom(ctx, &t, i, order); err != nil {
		return t, err
	}

	t.token, err = b.parts.customerToken(ctx, acc)
	return t, err
}

// firstRoom makes the room that is multiplied, with its devices and licence.
func (b *roomsBench) firstRoom(ctx context.Context, t *tenant, i int, orderID string) error {
	store := b.parts.stack.Domains
	r, err := store.Entitlements.CreateRoom(ctx, entitlement.NewRoom{
		AccountID: t.account,
		Reason:    "bench",
		Form: licensing.RoomForm{
			Name:     fmt.Sprintf("Sala %d", i),
			Site:     "Matriz",
			Country:  "BR",
			Platform: rules.PlatformTeamsWindows,
		},
	})
	if err != nil {
		return err
	}

	t.room = r.ID
	bought := time.Now().UTC().AddDate(-1, 0, 0).Format(time.DateOnly)
	for n, model := range roomModels {
		d := entitlement.NewDevice{
			AccountID: t.account,
			RoomID:    r.ID,
			Reason:    "bench",
			Form: licensing.DeviceForm{
				Serial:      fmt.Sprintf("%06dS%d", i, n),
				ModelCode:   model,
				PurchasedOn: bought,
			},
		}

		if _, err := store.Entitlements.RegisterDevice(ctx, d); err != nil {
			return err
		}
	}

	return b.parts.cover(ctx, orderID, r.ID)
}

//go:embed multiply.sql
var multiplySQL string

// multiply are the statements that make rooms 2 to n of each account from its
// first, and more contracts from its first.
func multiply(n, contracts int) []string {
	text := strings.NewReplacer(
		"{rooms}", strconv.Itoa(n),
		"{contracts}", strconv.Itoa(contracts),
	).Replace(multiplySQL)
	return strings.Split(strings.TrimSpace(text), ";\n")
}
