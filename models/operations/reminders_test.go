package operations_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/models/order"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
)

// overTheLastDays sweeps each day around a contract's end and returns who was reminded how
// often.
func overTheLastDays(t *testing.T, env storetest.Env, contractID string, end time.Time) map[string]int {
	t.Helper()
	for day := -95; day <= 3; day++ {
		env.Calendar.Set(end.AddDate(0, 0, day).Add(4 * time.Hour))
		storetest.SweepOnce(t, env)
	}
	got := map[string]int{}
	for _, m := range env.Mails(t, "renewal_reminder") {
		if m.SubjectID == contractID {
			got[m.Recipient]++
		}
	}
	return got
}

// renewal is an order that renews so many licences of a contract.
func renewal(t *testing.T, env storetest.Env, contractID string, quantity int64) order.Order {
	t.Helper()
	form := storetest.Form("PO-RENEWAL")
	form.Lines[0].Quantity = quantity
	form.Lines[0].Renews = contractID
	return env.Fulfilled(t, env.Reseller(t, "Revenda Sul"), form)
}

// S5: renewed means no reminder; of what is renewed in part, the rest; and a renewal that
// is cancelled renews nothing.
func TestS5_RenewedMeansNoReminder(t *testing.T) {
	for name, c := range map[string]struct {
		renewed  int64
		cancel   bool
		mails    int
		quantity float64
	}{
		"not renewed":           {0, false, 5, 10},
		"renewed":               {10, false, 0, 0},
		"more than renewed":     {12, false, 0, 0},
		"renewed in part":       {4, false, 5, 6},
		"renewed and cancelled": {10, true, 5, 10},
	} {
		t.Run(name, func(t *testing.T) {
			storetest.Each(t, func(t *testing.T, env storetest.Env) {
				o, end := started(t, env)
				contract := storetest.OneContract(t, env, o.ID)
				require.EqualValues(t, 10, contract.Quantity)
				env.Calendar.Set(end.AddDate(0, 0, -100))
				if c.renewed > 0 {
					next := renewal(t, env, contract.ID, c.renewed)
					if c.cancel {
						_, _, err := env.CancelOrder(storetest.Operator(), next.ID, order.CancelRequest{Reason: "not wanted"})
						require.NoError(t, err)
					}
				}
				got := overTheLastDays(t, env, contract.ID, end)
				require.Equal(t, c.mails, got["ana.souza@acme.example"])
				for _, m := range env.Mails(t, "renewal_reminder") {
					if m.SubjectID == contract.ID {
						require.EqualValues(t, c.quantity, m.Params["quantity"])
						require.Equal(t, *o.VendorOrderNo, m.Params["contract"])
					}
				}
			})
		})
	}
}

// Where nobody has accepted the invitation, the order's contact and the seller are
// reminded; not a contact whose address was wrong.
func TestS5_UnclaimedTheContactAndTheSellerAreReminded(t *testing.T) {
	const contact, seller = "ana.souza@acme.example", "pedidos@revendasul.example"
	for name, c := range map[string]struct {
		meanwhile func(t *testing.T, env storetest.Env, inv identity.Invitation)
		want      map[string]int
	}{
		"nobody came": {
			func(*testing.T, storetest.Env, identity.Invitation) {},
			map[string]int{contact: 5, seller: 5},
		},
		"the invitation was revoked": {
			func(t *testing.T, env storetest.Env, inv identity.Invitation) {
				_, err := env.RevokeInvitation(storetest.Operator(), inv.ID, "wrong person")
				require.NoError(t, err)
			},
			map[string]int{seller: 5},
		},
		"it bounced": {
			func(t *testing.T, env storetest.Env, inv identity.Invitation) {
				require.NoError(t, env.Exec("UPDATE invitations SET state = 'BOUNCED' WHERE id = '"+inv.ID+"'"))
			},
			map[string]int{seller: 5},
		},
		"it was sent to another address": {
			func(t *testing.T, env storetest.Env, inv identity.Invitation) {
				_, err := env.Reissue(storetest.Operator(), inv.ID, "ana@new.example", "Ana", "moved")
				require.NoError(t, err)
			},
			map[string]int{"ana@new.example": 5, seller: 5},
		},
		"she came": {
			func(t *testing.T, env storetest.Env, inv identity.Invitation) { env.Join(t, inv) },
			map[string]int{contact: 5},
		},
	} {
		t.Run(name, func(t *testing.T) {
			storetest.Each(t, func(t *testing.T, env storetest.Env) {
				o := env.Fulfilled(t, env.Reseller(t, "Revenda Sul"), storetest.Form("PO-1"))
				c.meanwhile(t, env, env.InvitationOf(t, o.ID))
				contract := storetest.OneContract(t, env, o.ID)
				env.Calendar.Set(contract.FallbackStartAt)
				storetest.SweepOnce(t, env)
				end := *storetest.OneContract(t, env, o.ID).EndAt
				require.Equal(t, c.want, overTheLastDays(t, env, contract.ID, end))
			})
		})
	}
}

// A second order names the address that turns out to be wrong, or somebody whom an operator
// kept out: neither is reminded of its contract.
func TestS5_WhoWasKeptOutIsNotReminded(t *testing.T) {
	const contact, seller = "ana.souza@acme.example", "pedidos@revendasul.example"
	for name, c := range map[string]struct {
		meanwhile func(t *testing.T, env storetest.Env, inv identity.Invitation)
		named     string // by the second order
		want      map[string]int
	}{
		"an operator kept the person out": {
			func(*testing.T, storetest.Env, identity.Invitation) {},
			"eve@stranger.example",
			map[string]int{seller: 5},
		},
		"the invitation to the address bounced": {
			func(t *testing.T, env storetest.Env, inv identity.Invitation) {
				require.NoError(t, env.Exec("UPDATE invitations SET state = 'BOUNCED' WHERE id = '"+inv.ID+"'"))
			},
			contact,
			map[string]int{seller: 5},
		},
		"it went to another address": {
			func(t *testing.T, env storetest.Env, inv identity.Invitation) {
				_, err := env.Reissue(storetest.Operator(), inv.ID, "ana@new.example", "Ana", "moved")
				require.NoError(t, err)
			},
			contact,
			map[string]int{"ana@new.example": 5, seller: 5},
		},
	} {
		t.Run(name, func(t *testing.T) {
			storetest.Each(t, func(t *testing.T, env storetest.Env) {
				sul := env.Reseller(t, "Revenda Sul")
				first := env.Fulfilled(t, sul, storetest.Form("PO-1"))
				form := storetest.Form("PO-2")
				form.EndCustomer.Email = c.named
				form.Lines[0].Quantity = 7
				o := env.Accept(t, sul, form)
				if o.State == rules.OrderNeedsReview {
					var err error
					o, err = env.DecideOrder(storetest.Operator(), o.ID, order.Decision{
						Version:  o.Version,
						Accept:   true,
						Reason:   "asked the customer",
						InviteAs: rules.InviteAsNobody,
						Email:    c.named,
					})
					require.NoError(t, err)
				}
				_, err := env.FulfilOrder(env.Context, o.ID)
				require.NoError(t, err)
				require.Equal(t, 1, env.Count(t, "SELECT count(*) FROM invitations"), "the first order's")
				c.meanwhile(t, env, env.InvitationOf(t, first.ID))

				contract := storetest.OneContract(t, env, o.ID)
				env.Calendar.Set(contract.FallbackStartAt)
				storetest.SweepOnce(t, env)
				end := *storetest.OneContract(t, env, o.ID).EndAt
				require.Equal(t, c.want, overTheLastDays(t, env, contract.ID, end))
			})
		})
	}
}
