package chaos

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"roomcover.dev/roomcover/api"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/ordering"
)

// house is a customer with covered rooms, whose devices break. It has two orders:
// one that lasts and a small one that is cancelled when it likes.
type house struct {
	n        int
	seller   seller
	licences int64 // of the order that lasts
	rooms    int   // under a licence of that order
	lent     int   // under a licence of the small one

	company  string
	orders   [2]string
	account  string
	parent   string
	site     string
	customer string // token of its administrator
	made     atomic.Int64
}

// houses are the customers of a run. The first has enough licences to earn a spare;
// the second earns one by its small order, and loses it with that (S9).
func (l *Load) houses() []*house {
	var out []*house
	for n, licences := range []int64{55, 49, 10, 10} {
		out = append(out, &house{
			n:        n,
			seller:   l.sellers[n%len(l.sellers)],
			licences: licences,
			rooms:    8,
			lent:     2,
			company:  fmt.Sprintf("Casa %d Ltda", n),
		})
	}

	return out
}

// place is where a house is; rooms and sites are there too.
type place struct{ City, Region, PostalCode, Country string }

var places = []place{
	{"São Paulo", "SP", "01310-100", "BR"},
	{"Berlin", "BE", "10115", "DE"},
	{"Recife", "PE", "50010-000", "BR"},
	{"Austin", "TX", "73301", "US"},
}

func (h *house) place() place { return places[h.n%len(places)] }

func (h *house) address() rules.Address {
	p := h.place()
	return rules.Address{
		Street:     fmt.Sprintf("Rua %s, %d", Marker, 900+h.n),
		City:       p.City,
		Region:     p.Region,
		PostalCode: p.PostalCode,
		Country:    p.Country,
	}
}

func (h *house) email() string { return fmt.Sprintf("ana.%s@casa-%d.example", Marker, h.n) }

// form is one of the house's two orders.
func (h *house) form(seed uint64, which int, today time.Time) ordering.OrderForm {
	line := ordering.OrderLine{SKU: "SELECT-3Y", Quantity: h.licences}
	if which == 1 {
		line = ordering.OrderLine{SKU: "SELECT-1Y", Quantity: int64(h.lent)}
	}

	return ordering.OrderForm{
		PONumber:    fmt.Sprintf("PO-%d-casa-%d-%d", seed, h.n, which),
		PurchasedOn: today.AddDate(0, 0, -1).Format(time.DateOnly),
		Lines:       []ordering.OrderLine{line},
		EndCustomer: rules.Party{
			Company:     h.company,
			ContactName: "Ana " + Marker,
			Email:       h.email(),
			Address:     h.address(),
		},
		Reseller:    orgParty("Revenda "+Marker, "vendas@reseller-"+Marker+".example"),
		Distributor: orgParty("Distribuidora "+Marker, "orders@distributor-"+Marker+".example"),
	}
}

// serial makes a serial number that no other device of the run has.
func (h *house) serial() string { return fmt.Sprintf("H%dN%04d", h.n, h.made.Add(1)) }

// MoveIn furnishes the houses before anything is killed: on a slow machine a Temporal server that
// is killed again and again gets to no order for minutes, and then no replacement and no ticket
// would be judged. What is killed meets the orders of everybody else.
func (l *Load) MoveIn(ctx context.Context) error {
	var all errgroup.Group
	for _, d := range l.desks {
		all.Go(func() error {
			moving, cancel := context.WithTimeout(ctx, answerPatience)
			defer cancel()
			if err := d.moveIn(moving); err != nil {
				return fmt.Errorf("furnish the house of %s: %w", d.house.company, err)
			}
			return nil
		})
	}
	return all.Wait()
}

// moveIn orders, waits for the licences, joins, and makes site, rooms and devices.
func (d *desk) moveIn(ctx context.Context) error {
	h := d.house
	for which := range h.orders {
		form := h.form(d.Seed, which, d.DB.Clock().Now())
		answer, ok := d.do(ctx, Request{
			Method: http.MethodPost,
			Path:   "/v1/orders",
			Token:  h.seller.token,
			Body:   form,
		})
		if !ok {
			return errors.New("an order of the house was not answered")
		}

		if h.orders[which] = d.Ledger.keep(h.seller.orgID, form, answer); h.orders[which] == "" {
			return errors.New("an order of the house was refused")
		}
	}

	for _, step := range []func(context.Context) error{d.awaitOrders, d.join, d.furnish} {
		if err := step(ctx); err != nil {
			return err
		}
	}

	return nil
}

func (d *desk) awaitOrders(ctx context.Context) error {
	for _, id := range d.house.orders {
		err := insist(ctx, func() error {
			o, err := d.Orders.GetOrder(db.WithSystem(ctx), id)
			if err == nil && o.State != rules.OrderFulfilled {
				return fmt.Errorf("the order is %s", o.State)
			}
			if err == nil {
				d.house.account = *o.AccountID
			}
			return err
		})
		if err != nil {
			return err
		}
	}

	return nil
}

// join accepts the invitation, and gives the administrator a token.
func (d *desk) join(ctx context.Context) error {
	h := d.house
	err := insist(ctx, func() error {
		invitations, _, err := d.People.ListInvitations(db.WithSystem(ctx), h.account, "",
			db.Page{Limit: 10})
		if err != nil || len(invitations) == 0 {
			return errors.Join(err, errors.New("there is no invitation"))
		}

		_, _, err = d.People.AcceptInvitation(db.WithSystem(ctx), identity.Acceptance{
			InvitationID: invitations[0].ID,
			Email:        h.email(),
			Name:         "Ana " + Marker,
			PasswordHash: "hash",
			Locale:       "pt-BR",
		})
		if rules.CodeOf(err) == rules.InvitationUsed { // an answer of the database was lost
			return nil
		}

		return err
	})
	if err != nil {
		return err
	}

	return insist(ctx, func() error {
		acc, err := d.Accounts.GetAccount(db.WithSystem(ctx), h.account)
		if err == nil {
			h.parent = acc.ParentOrgID
			_, h.customer, err = d.People.CreateToken(db.WithSystem(ctx), identity.NewToken{
				OrgID:     acc.ParentOrgID,
				Role:      rules.CustomerAdmin,
				AccountID: acc.ID,
				Label:     "chaos",
				Scopes:    api.ScopesFor(rules.CustomerAdmin),
				ExpiresAt: time.Now().Add(24 * time.Hour),
			})
		}

		return err
	})
}

// furnish makes a site, rooms with licences, and a device in each.
func (d *desk) furnish(ctx context.Context) error {
	h, p := d.house, d.house.place()
	_, err := d.make(ctx, "/v1/sites", api.SiteRequest{
		Name:         "HQ",
		Address:      h.address(),
		ContactName:  "Rui " + Marker,
		ContactEmail: fmt.Sprintf("porta.%s@casa-%d.example", Marker, h.n),
	})
	if err != nil {
		return err
	}
	if err := d.findSite(ctx); err != nil {
		return err
	}

	licences, err := d.licences(ctx)
	if err != nil {
		return err
	}

	for i := range h.rooms + h.lent {
		room, err := d.make(ctx, "/v1/rooms", api.RoomRequest{
			Name:     fmt.Sprintf("Sala %d", i),
			Site:     "HQ",
			Country:  p.Country,
			Region:   p.Region,
			Platform: rules.PlatformTeamsWindows,
		})
		if err != nil {
			return err
		}
		if _, err := d.make(ctx, "/v1/assignments", api.AssignmentRequest{
			LicenceID: licences[i],
			RoomID:    room,
		}); err != nil {
			return err
		}
		if _, err := d.make(ctx, "/v1/devices", d.device(room, i)); err != nil {
			return err
		}
	}

	return nil
}

// findSite finds the site, whose making may have been answered to nobody.
func (d *desk) findSite(ctx context.Context) error {
	return insist(ctx, func() error {
		sites, _, err := d.Accounts.ListSites(db.WithSystem(ctx), d.house.account,
			db.Page{Limit: 1})
		if err != nil || len(sites) == 0 {
			return errors.Join(err, errors.New("there is no site"))
		}

		d.house.site = sites[0].ID
		return nil
	})
}

// device is one for a room.
func (d *desk) device(room string, i int) api.DeviceRequest {
	model := []string{"RALLY-BAR", "RALLY-BAR-MINI", "MEETUP"}[i%3]
	return api.DeviceRequest{
		RoomID:      room,
		Serial:      d.house.serial(),
		Model:       model,
		PurchasedOn: d.DB.Clock().Now().AddDate(0, -3, 0).Format(time.DateOnly),
	}
}

// licences are the ids for the rooms: of the order that lasts, then of the small one.
func (d *desk) licences(ctx context.Context) (out []string, err error) {
	for which, want := range []int{d.house.rooms, d.house.lent} {
		err = insist(ctx, func() error {
			contracts, err := d.Orders.ContractsOfOrder(db.WithSystem(ctx), d.house.orders[which])
			if err != nil || len(contracts) == 0 {
				return errors.Join(err, errors.New("there is no contract"))
			}

			all, err := d.Entitlements.LicencesOf(db.WithSystem(ctx), contracts[0].ID)
			if err != nil {
				return err
			}

			for _, licence := range all[:want] {
				out = append(out, licence.ID)
			}

			return nil
		})
		if err != nil {
			return nil, err
		}
	}

	return out, nil
}

// make posts what the customer makes, and gives its id. A thing that was made
// although its answer was lost is refused as a double, which is told by its code.
func (d *desk) make(ctx context.Context, path string, body any) (string, error) {
	answer, ok := d.do(ctx, Request{
		Method: http.MethodPost,
		Path:   path,
		Token:  d.house.customer,
		Body:   body,
	})
	if !ok {
		return "", errors.New(path + " was not answered")
	}

	var made struct {
		ID string `json:"id"`
	}

	if answer.Status >= 300 {
		if answer.Lost {
			return "", nil
		}
		d.Ledger.unexpected(path, "a house could not be furnished: %d %s",
			answer.Status, answer.code())
		return "", fmt.Errorf("%s was answered %d %s", path, answer.Status, answer.code())
	}

	return made.ID, json.Unmarshal(answer.Body, &made)
}

// insist tries until it succeeds or the context ends: a part may be down.
func insist(ctx context.Context, try func() error) error {
	for {
		err := try()
		if err == nil {
			return nil
		}

		select {
		case <-ctx.Done():
			return errors.Join(ctx.Err(), err)
		case <-time.After(100 * time.Millisecond):
		}
	}
}
