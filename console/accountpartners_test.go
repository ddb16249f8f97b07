package console

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
)

// An operator makes an account that of a partner's people, sees which partners act for a
// customer, and ends one with a reason; from then on nobody acts by it.
func TestS51_R41d_AnOperatorEndsWhatAPartnerMayWithAReason(t *testing.T) {
	eachIssuerWorld(t, func(t *testing.T, w *world) {
		seller := w.Reseller(t, "Revenda Sul")
		customer := *w.Fulfilled(t, seller, storetest.Form("PO-1")).AccountID
		o := w.Fulfilled(t, seller, storetest.FormFor("PO-2", "Parceira Ltda", "pia@parceira.example"))
		home := *o.AccountID
		pia, _ := w.Join(t, w.InvitationOf(t, o.ID))
		ari := w.signedIn(byRole[rules.OperatorAgent])

		makes := accountPath(home) + "/partner"
		require.Contains(t, ari.get(accountPath(home)).body, `href="`+makes+`"`)
		require.Contains(t, ari.get(makes).body, "Make Parceira Ltda a service partner")
		require.Equal(t, http.StatusUnprocessableEntity, ari.post(makes, "reason", " ").status)
		for range 2 { // again it changes nothing
			require.Equal(t, 200, ari.post(makes, "reason", "their contract of May").status)
		}
		require.Equal(t, 1, w.Count(t, "SELECT count(*) FROM partners"))

		now := w.DB.Now()
		end := now.AddDate(0, 0, 30)
		d := identity.Delegation{
			ID:           db.NewID(db.PrefixDelegation),
			AccountID:    customer,
			PartnerOrgID: w.Strings(t, "SELECT org_id FROM partners")[0],
			Role:         identity.RoleReadOnly,
			State:        identity.DelegationActive,
			Days:         30,
			AskedSide:    identity.SideCustomer,
			AskedBy:      "usr_x",
			AskedAt:      now,
			AnswerUntil:  end,
			StartsAt:     &now,
			EndsAt:       &end,
		}
		require.NoError(t, w.DB.Write(w.Context, func(tx *db.Tx) error {
			return tx.Create(&d).Error
		}))
		_, err := w.DelegatedTo(w.Context, pia.ID, customer)
		require.NoError(t, err)

		// The page shows for which sites and by which keys, and what is next stands first.
		people := accountTab(customer, "people")
		require.NotContains(t, ari.get(people).body, "API keys of partners")
		maker := db.WithScope(w.Context, db.Scope{
			AccountIDs: []string{home},
			Actor:      db.Actor{ID: pia.ID, Role: rules.CustomerAdmin},
		})
		_, _, err = w.CreateDelegatedToken(maker, home, identity.NewDelegatedToken{
			DelegationID: d.ID,
			Role:         rules.PartnerReadOnly,
			Label:        "Monitoring of rooms",
			ExpiresAt:    end,
		})
		require.NoError(t, err)
		over := d
		over.ID = db.NewID(db.PrefixDelegation)
		over.State = identity.DelegationEnded
		over.ClosedAt = &now
		require.NoError(t, w.DB.Write(w.Context, func(tx *db.Tx) error {
			return tx.Create(&over).Error
		}))
		require.NoError(t, w.Exec("UPDATE delegations SET sites = 'Berrini' WHERE id = '"+d.ID+"'"))
		page := ari.get(people).body
		for _, shown := range []string{"Berrini", "Monitoring of rooms", "API keys of partners"} {
			require.Contains(t, page, shown)
		}
		require.Less(t, strings.Index(page, "Berrini"), strings.LastIndex(page, ">Ended<"))

		ends := delegationPath(d.ID)
		require.Contains(t, page, ends)
		require.Contains(t, ari.get(ends).body, "with their next click")
		require.Equal(t, http.StatusUnprocessableEntity, ari.post(ends, "reason", "").status)
		require.Equal(t, 200, ari.post(ends, "reason", "asked by telephone").status)
		_, err = w.DelegatedTo(w.Context, pia.ID, customer)
		storetest.RequireCode(t, rules.NotFound, err)
		require.Equal(t, 1, w.Count(t, "SELECT count(*) FROM audit_events WHERE verb = "+
			"'delegation.ended' AND account_id = '"+customer+"' AND actor_role = 'OPERATOR_AGENT'"))
		require.Equal(t, 404, ari.get(delegationPath("dlg_missing")).status)
	})
}
