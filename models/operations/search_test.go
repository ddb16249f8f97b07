package operations_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
)

// found are the ids of a kind that a search finds, in its order.
func found(t *testing.T, env storetest.Env, typed, kind string) (ids []string, exact bool) {
	t.Helper()
	hits, err := env.Domains.Operations.Search(storetest.Operator(), typed)
	require.NoError(t, err)
	for _, h := range hits {
		require.NotEmpty(t, h.Name.Name, "%s finds something without a name", typed)
		if db.KindOf(h.ID) == kind {
			ids = append(ids, h.ID)
			exact = exact || h.Exact
		}
	}
	return ids, exact
}

func TestTheSearchFindsEachKindByWhatPeopleKnowOfIt(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		c := env.CoveredFor(t, "Ágil Comércio Ltda", "ana@agil.example", "AB12CD34EF56")
		r := env.Shipped(t, c)
		parcel := storetest.ShipmentOf(t, env, c.Account, "TRACK-77")

		for _, row := range []struct {
			typed, kind, id string
			exact           bool
		}{
			{r.Number, db.PrefixRMA, r.ID, true},
			{" rma " + r.Number[4:] + " ", db.PrefixRMA, r.ID, true},
			{"ab-12 cd34ef56", db.PrefixDevice, c.Device.ID, true},
			{"ab-12 cd34ef56", db.PrefixRMA, r.ID, true},
			{"12cd34", db.PrefixDevice, c.Device.ID, false},
			{" track-77 ", db.PrefixShipment, parcel.ID, true},
			{"agil comercio", db.PrefixAccount, c.Account, true},
			{"ÁGIL COMÉRCIO LTDA.", db.PrefixAccount, c.Account, true},
			{"comerc", db.PrefixAccount, c.Account, false},
			{c.Room.Name, db.PrefixRoom, c.Room.ID, true},
			{c.Room.Name[1:], db.PrefixRoom, c.Room.ID, false},
		} {
			ids, exact := found(t, env, row.typed, row.kind)
			require.Contains(t, ids, row.id, row.typed)
			require.Equal(t, row.exact, exact, row.typed)
		}
	})
}

func TestTheSearchFindsOrdersAndPeople(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		o, inv := storetest.FulfilledWithInvitation(t, env)
		spaced := strings.ToLower(strings.ReplaceAll(db.Text(o.VendorOrderNo), "-", " "))
		for _, typed := range []string{o.PONumber, db.Text(o.VendorOrderNo), spaced, o.PONumber[:3]} {
			ids, _ := found(t, env, typed, db.PrefixOrder)
			require.Contains(t, ids, o.ID, typed)
		}
		ids, exact := found(t, env, " "+inv.Email+" ", db.PrefixInvitation)
		require.Equal(t, []string{inv.ID}, ids)
		require.True(t, exact)

		_, m := env.Join(t, inv)
		ids, _ = found(t, env, inv.Email, db.PrefixMembership)
		require.Equal(t, []string{m.ID}, ids)
		ids, _ = found(t, env, inv.Email, db.PrefixInvitation)
		require.Empty(t, ids, "one that was accepted is the person's")
	})
}

func TestTheSearchIsForOperatorsAndBoundsItself(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		storetest.TakeOrders(t, env, 9)
		_, err := env.Domains.Operations.Search(storetest.Customer("acc_1"), "PO-2026")
		storetest.RequireCode(t, rules.NotFound, err)

		ids, _ := found(t, env, "po-2026", db.PrefixOrder)
		require.Len(t, ids, 6)
		for _, typed := range []string{"", "  ", "%", "!", "_", "\x00", "\xff", "a", "x' OR ''='", "@"} {
			hits, err := env.Domains.Operations.Search(storetest.Operator(), typed)
			require.NoError(t, err, typed)
			require.Empty(t, hits, typed)
		}
	})
}
