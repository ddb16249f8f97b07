package operations_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/models/order"
	"roomcover.dev/roomcover/models/replacement"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/models/warranty"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/licensing"
)

// Every decision of a person about something that another party may change between the look
// and the decision: what was changed refuses it.
func TestS15_ADecisionMeetsWhatOthersChangedMeanwhile(t *testing.T) {
	for name, c := range map[string]struct {
		// decide returns a decision as it was looked at, and what another party does first.
		decide func(t *testing.T, env storetest.Env) (decide func() error, meanwhile func())
		code   string
	}{
		"an order that its seller amends": {func(t *testing.T, env storetest.Env) (func() error, func()) {
			seller, o := storetest.InReview(t, env)
			return func() error {
					return storetest.SecondOf(env.DecideOrder(storetest.Operator(), o.ID,
						order.Decision{Version: o.Version, Accept: true, Reason: "looked at"}))
				}, func() {
					f := o.Payload
					f.Lines[0].Quantity = 99
					_, err := env.AmendOrder(storetest.Seller(seller), o.ID, f, 0)
					require.NoError(t, err)
				}
		}, rules.VersionMismatch},
		"a person whose order is cancelled": {func(t *testing.T, env storetest.Env) (func() error, func()) {
			first := env.Fulfilled(t, env.Reseller(t, "Revenda Sul"), storetest.Form("PO-1"))
			env.Join(t, env.InvitationOf(t, first.ID))
			o := env.Fulfilled(t, env.Reseller(t, "Revenda Sul"),
				storetest.FormFor("PO-2", "Acme Ltda", "rui@acme.example"))
			id := env.Strings(t, "SELECT id FROM contact_questions")[0]
			return func() error {
					return storetest.SecondOf(env.AnswerContact(storetest.Customer(*first.AccountID), id,
						identity.ContactAnswer{Confirm: true, Role: identity.RoleAdmin}))
				}, func() {
					_, _, err := env.CancelOrder(storetest.Operator(), o.ID, order.CancelRequest{Reason: "a double"})
					require.NoError(t, err)
				}
		}, rules.StateConflict},
		"a replacement whose customer uses a spare": {func(t *testing.T, env storetest.Env) (func() error, func()) {
			c, unit := env.SpareOnSite(t)
			r := env.Requested(t, c)
			return func() error {
					return storetest.SecondOf(env.ApproveRMA(storetest.Operator(), r.ID,
						replacement.RMAApproval{DefectConfirmed: true, Version: r.Version}))
				}, func() {
					_, err := env.UseSpare(storetest.Customer(c.Account), r.ID, unit.ID)
					require.NoError(t, err)
				}
		}, rules.VersionMismatch},
		"a replacement that is withdrawn": {func(t *testing.T, env storetest.Env) (func() error, func()) {
			c := env.Covered(t)
			r := env.Requested(t, c)
			return func() error {
					return storetest.SecondOf(env.RejectRMA(storetest.Operator(), r.ID,
						replacement.RMARejection{Code: "NO_DEFECT", Reason: "works", Version: r.Version}))
				}, func() {
					_, err := env.WithdrawRMA(storetest.Customer(c.Account), r.ID, "found the cable")
					require.NoError(t, err)
				}
		}, rules.StateConflict},
		"a spare for which another place is proposed": {func(t *testing.T, env storetest.Env) (func() error, func()) {
			c, u := env.Spare(t)
			propose := func(site string) replacement.SpareUnit {
				u, err := env.SelectSpare(storetest.CSM(), u.ID, replacement.SpareChoice{
					ModelCode: c.Device.ModelCode, SiteID: site, Reason: "asked them",
				})
				require.NoError(t, err)
				return u
			}
			u = propose(c.Site.ID)
			other := env.Site(t, c.Account, "Filial", "BR", "SP")
			return func() error {
				return storetest.SecondOf(env.AgreeSpare(storetest.Customer(c.Account), u.ID, u.Version))
			}, func() { propose(other.ID) }
		}, rules.StateConflict},
		"a claim that another operator decides": {func(t *testing.T, env storetest.Env) (func() error, func()) {
			c := env.Covered(t)
			w, err := env.ClaimWarranty(storetest.Customer(c.Account), warranty.WarrantyClaim{
				AccountID: c.Account,
				Form:      licensing.WarrantyClaimForm{Serial: "OLD-1", PONumber: "4500/12"},
			})
			require.NoError(t, err)
			decide := func(link bool) error {
				return storetest.SecondOf(env.DecideWarranty(storetest.Operator(), w.ID, warranty.WarrantyDecision{
					Link: link, StartsOn: "2026-01-01", LastDay: "2027-12-31", Reason: "the invoice",
				}))
			}
			return func() error { return decide(true) }, func() { require.NoError(t, decide(false)) }
		}, rules.StateConflict},
	} {
		t.Run(name, func(t *testing.T) {
			storetest.Each(t, func(t *testing.T, env storetest.Env) {
				decide, meanwhile := c.decide(t, env)
				meanwhile()
				storetest.RequireCode(t, c.code, decide())
			})
			t.Run("nothing changed", func(t *testing.T) {
				decide, _ := c.decide(t, storetest.SQLite(t))
				require.NoError(t, decide())
			})
		})
	}
}
