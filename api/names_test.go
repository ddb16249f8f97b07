package api_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/api"
	"roomcover.dev/roomcover/models/account"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
)

// Operators learn everybody's names; a customer those of its own things, and no person's.
func TestNamesAreToldToWhoMaySeeTheThing(t *testing.T) {
	for name, env := range map[string]func() storetest.Env{
		"sqlite":   func() storetest.Env { return storetest.SQLite(t) },
		"postgres": func() storetest.Env { return storetest.Postgres(t) },
	} {
		t.Run(name, func(t *testing.T) {
			h := open(t, env())
			c, unit := h.Spare(t)
			r := h.Shipped(t, c)
			other := h.CoveredFor(t, "Beta Ltda", "bia@beta.example", "SN-200")
			inv := h.InvitationOf(t, c.Order.ID)
			contract := c.Licence.ContractID

			want := map[string]string{
				c.Account:      "Acme Ltda",
				c.Order.ID:     *c.Order.VendorOrderNo + " (" + c.Order.PONumber + ")",
				contract:       c.Order.PONumber,
				c.Site.ID:      c.Site.Name,
				c.Room.ID:      c.Room.Name + ", " + c.Room.Site,
				c.Device.ID:    "RALLY-BAR SN100",
				r.ID:           "RALLY-BAR SN100, " + c.Room.Name,
				inv.ID:         inv.ContactName + " <" + inv.Email + ">",
				c.Admin.ID:     c.Admin.Name,
				h.Lead.tokenID: "test",
				unit.ID:        "Acme Ltda",
				other.Room.ID:  other.Room.Name + ", " + other.Room.Site,
			}
			ids := []string{"acc_none", "nothing"}
			for id := range want {
				ids = append(ids, id)
			}
			ask := func(who client) (map[string]string, api.NamesView) {
				v := as[api.NamesView](t, who.get("/v1/names?ids="+strings.Join(ids, ",")), 200)
				got := map[string]string{}
				for _, n := range v.Items {
					got[n.ID] = n.Name
				}
				return got, v
			}

			got, v := ask(h.Lead)
			delete(want, h.Lead.tokenID)
			delete(got, h.Lead.tokenID)
			require.Equal(t, want, got)
			require.Equal(t, h.Calendar.Now().UTC(), v.Now.UTC())
			for _, n := range v.Items {
				if db.KindOf(n.ID) == db.PrefixRMA {
					require.Equal(t, "America/Sao_Paulo", n.TimeZone)
				}
			}

			for _, id := range []string{inv.ID, c.Admin.ID, unit.ID, other.Room.ID} {
				delete(want, id)
			}
			got, _ = ask(h.customer(c.Account, rules.CustomerReadOnly))
			require.Equal(t, want, got)

			problem(t, h.Seller.get("/v1/names?ids="+c.Room.ID), 403, rules.Forbidden)
			problem(t, h.Lead.get("/v1/names?ids="+strings.Repeat("x,", 100)+"x"), 422, "INVALID_PARAMETER")
		})
	}
}

// A token learns a person's address, and what an order or a mail is called, with the scope
// with which it could read the thing itself.
func TestNamesAskForTheScopeOfTheThing(t *testing.T) {
	h := sqlite(t)
	c := h.Covered(t)
	inv := h.InvitationOf(t, c.Order.ID)
	mail := h.Mails(t, "invitation")[0].ID
	members, err := h.MembershipsOf(h.Context, c.Admin.ID)
	require.NoError(t, err)
	persons := []string{inv.ID, c.Admin.ID, members[0].ID}
	for scopes, want := range map[string][]string{
		api.RoomsRead:                          {c.Room.ID},
		api.RoomsRead + " " + api.AccountsRead: append([]string{c.Room.ID, c.Order.ID, c.Licence.ContractID}, persons...),
		api.RoomsRead + " " + api.OrdersRead:   {c.Room.ID, c.Order.ID, c.Licence.ContractID},
		api.RoomsRead + " " + api.Operator: append(
			[]string{c.Room.ID, c.Order.ID, c.Licence.ContractID, mail, h.Lead.tokenID}, persons...),
	} {
		who := h.client(account.OperatorOrgID, rules.OperatorLead, strings.Fields(scopes)...)
		ids := append([]string{c.Room.ID, c.Order.ID, c.Licence.ContractID, mail, h.Lead.tokenID}, persons...)
		v := as[api.NamesView](t, who.get("/v1/names?ids="+strings.Join(ids, ",")), 200)
		var got []string
		for _, n := range v.Items {
			got = append(got, n.ID)
		}
		require.ElementsMatch(t, want, got, scopes)
	}
}

// A number that people read out does wherever a list is narrowed to a replacement or a
// spare unit, however it is typed.
func TestNumbersNarrowListsAsIDsDo(t *testing.T) {
	eachHouse(t, func(t *testing.T, h *house) {
		c, unit := h.Spare(t)
		r := h.Approved(t, c)
		_, err := h.AllocateRMA(storetest.Operator(), r.ID, "")
		require.NoError(t, err)
		other := h.Requested(t, h.CoveredFor(t, "Beta Ltda", "bia@beta.example", "SN-200"))

		type ids struct {
			Items []struct{ ID string } `json:"items"`
		}
		count := func(path string) int { return len(as[ids](t, h.Lead.get(path), 200).Items) }
		require.Equal(t, 1, count("/v1/operator/tasks?subject_id="+other.Number))
		require.Equal(t, 1, count("/v1/processes?id="+r.Number))
		require.Equal(t, 1, count("/v1/processes?id="+unit.Number))
		require.Positive(t, count("/v1/notifications?subject_id="+r.Number))
		for _, list := range []string{
			"/v1/operator/tasks?subject_id=",
			"/v1/processes?id=",
			"/v1/notifications?subject_id=",
			"/v1/stock/entries?subject_id=",
			"/v1/shipments?subject_id=",
		} {
			for _, of := range [][2]string{{r.ID, r.Number}, {unit.ID, unit.Number}, {other.ID, other.Number}} {
				n := count(list + of[0])
				require.Equal(t, n, count(list+of[1]), "%s%s", list, of[1])
				require.Equal(t, n, count(list+strings.ToLower(strings.ReplaceAll(of[1], "-", "%20"))), list)
			}
			require.Zero(t, count(list+"RMA-00000"), list)
		}
	})
}

// An order is found by the sender's number and by ours; what is under way by its id.
func TestOrdersByEitherNumberAndProcessesByID(t *testing.T) {
	h := sqlite(t)
	o := h.Seller.accepted(storetest.Form("PO-1"))
	h.Seller.accepted(storetest.Form("PO-2"))
	number := as[api.OrderDetail](t, h.Seller.get("/v1/orders/"+o.ID), 200).VendorOrderNo
	for _, said := range []string{"po-1", number, strings.ToLower(number)} {
		list := as[items[ref]](t, h.Seller.get("/v1/orders?number="+said), 200).Items
		require.Len(t, list, 1, said)
		require.Equal(t, o.ID, list[0].ID)
	}
	require.Empty(t, as[items[ref]](t, h.Seller.get("/v1/orders?number=PO-9"), 200).Items)

	list := as[items[api.ProcessView]](t, h.Lead.get("/v1/processes?id="+o.ID), 200).Items
	require.Len(t, list, 1)
	require.Equal(t, o.ID, list[0].ID)
}
