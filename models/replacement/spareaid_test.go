package replacement_test

import (
	"fmt"
	"testing"

	"cloud.google.com/go/civil"
	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/account"
	"roomcover.dev/roomcover/models/entitlement"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/catalogue"
	"roomcover.dev/roomcover/rules/licensing"
	"roomcover.dev/roomcover/rules/spare"
)

// aidWorld is a customer of two accounts under one parent, and another customer.
type aidWorld struct {
	parent, a, b, stranger string
	hq, lab                account.AccountSite
}

func newAidWorld(t *testing.T, env storetest.Env) aidWorld {
	seller := env.Reseller(t, "Revenda Sul")
	w := aidWorld{a: *env.Fulfilled(t, seller, storetest.Form("PO-1")).AccountID}
	acc, err := env.GetAccount(env.Context, w.a)
	require.NoError(t, err)
	w.parent = acc.ParentOrgID
	second, err := env.CreateAccount(storetest.Operator(),
		rules.Party{Company: "Acme Lab", Address: storetest.Form("x").EndCustomer.Address}, w.parent, account.ModeSite)
	require.NoError(t, err)
	w.b = second.ID
	w.stranger = *env.Fulfilled(t, seller, storetest.FormFor("PO-2", "Beta SA", "bia@beta.example")).AccountID
	w.hq = env.Site(t, w.a, "HQ", "BR", "SP")
	w.lab = env.Site(t, w.b, "Laboratório", "BR", "AM")
	_, err = env.MarkCourier(storetest.Operator(), w.lab.ID, true, "twice late")
	require.NoError(t, err)
	return w
}

func (w aidWorld) room(
	t *testing.T, env storetest.Env, accountID, name, site string, c rules.Criticality,
) entitlement.Room {
	r, err := env.CreateRoom(env.Context, entitlement.NewRoom{
		AccountID: accountID,
		Form: licensing.RoomForm{
			Name:        name,
			Site:        site,
			Country:     "BR",
			Platform:    rules.PlatformTeamsWindows,
			Criticality: c,
		},
	})
	require.NoError(t, err)
	return r
}

func TestR84_SelectionAidLooksOverAllAccountsOfTheParent(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		w := newAidWorld(t, env)
		board := w.room(t, env, w.a, "Board", "hq", rules.CriticalityCritical)
		other := w.room(t, env, w.a, "Sala 2", " HQ ", rules.CriticalityHigh)
		lab := w.room(t, env, w.b, "Training", "laboratorio", rules.CriticalityCritical)
		lost := w.room(t, env, w.a, "Sala 3", "Nowhere", rules.CriticalityCritical)
		gone := w.room(t, env, w.a, "Closed", "HQ", rules.CriticalityCritical)
		for i, room := range []entitlement.Room{board, other, other, lost, lab} {
			env.Device(t, room, fmt.Sprint("BAR-", i), "RALLY-BAR", "")
		}
		env.Device(t, lab, "TAP-1", "TAP", "")
		env.Device(t, gone, "TAP-2", "TAP", "")
		over := civil.Date{Year: 2026, Month: 1, Day: 1}
		_, err := env.PutModel(storetest.Operator(), catalogue.ProductModel{
			Code:                  "NOBODYS-CAMERA",
			Name:                  "Camera",
			Kind:                  catalogue.KindHardware,
			Serialised:            true,
			StandardWarrantyYears: 2,
			EffectiveTo:           &over,
		})
		require.NoError(t, err)
		env.Device(t, lab, "CAM-1", "NOBODYS-CAMERA", "")
		env.Device(t, w.room(t, env, w.stranger, "Foreign", "HQ", rules.CriticalityCritical), "MEET-1", "MEETUP", "")
		_, err = env.ArchiveRoom(storetest.Operator(), gone.ID, "closed")
		require.NoError(t, err)

		aid, err := env.SelectionAid(storetest.Operator(), w.parent)
		require.NoError(t, err)
		require.Equal(t, []spare.AidModel{{Model: "RALLY-BAR", Units: 5}, {Model: "TAP", Units: 1}}, aid.Models)
		var got []string
		for _, s := range aid.Suggestions {
			got = append(got, fmt.Sprint(s.Model, " ", aid.Sites[s.SiteID].Name, " ", s.Units, " ", s.Score))
		}
		require.Equal(t, []string{"RALLY-BAR Laboratório 1 300", "TAP Laboratório 1 220", "RALLY-BAR HQ 3 200"}, got)
		var critical []string
		for _, r := range aid.Critical {
			critical = append(critical, r.Name+" "+aid.Sites[r.SiteID].Name+" "+r.ModelCode)
		}
		require.ElementsMatch(t, []string{
			"Sala 3  RALLY-BAR", "Board HQ RALLY-BAR", "Training Laboratório NOBODYS-CAMERA",
			"Training Laboratório RALLY-BAR", "Training Laboratório TAP",
		}, critical)
		require.Equal(t, []account.AccountSite{aid.Sites[w.lab.ID]}, aid.Unreliable)

		empty, err := env.GetAccount(env.Context, w.stranger)
		require.NoError(t, err)
		aid, err = env.SelectionAid(env.Context, empty.ParentOrgID)
		require.NoError(t, err)
		require.Equal(t, []spare.AidModel{{Model: "MEETUP", Units: 1}}, aid.Models)
		require.Empty(t, aid.Suggestions, "S25: no known site")
		for _, ctx := range []string{w.a, w.stranger} {
			_, err = env.SelectionAid(storetest.Customer(ctx), w.parent)
			storetest.RequireCode(t, rules.NotFound, err)
		}
		_, err = env.SelectionAid(env.Context, "org_none")
		storetest.RequireCode(t, rules.NotFound, err)
		_, err = env.SelectionAid(env.Context, account.OperatorOrgID)
		storetest.RequireCode(t, rules.NotFound, err)
	})
}

func TestR84_SelectionAidCostsTheSameHoweverMuchIsDeployed(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		w := newAidWorld(t, env)
		count := func() int {
			_, err := env.SelectionAid(env.Context, w.parent) // the program may be read once
			require.NoError(t, err)
			env.Statements.Reset()
			_, err = env.SelectionAid(env.Context, w.parent)
			require.NoError(t, err)
			return len(env.Statements.List())
		}
		before := count()
		for n := range 12 {
			room := w.room(t, env, w.a, fmt.Sprint("R", n), "HQ", rules.CriticalityCritical)
			env.Device(t, room, fmt.Sprint("SN-", n), "RALLY-BAR", "")
			env.Site(t, w.a, fmt.Sprint("S", n), "BR", "SP")
		}
		require.Equal(t, before, count())
		require.LessOrEqual(t, before, 4)
	})
}
