package console

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/logistics"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
)

// shown types into the form of a change and reads what follows; the second return is what
// confirms it.
func (b *browser) shown(path string, typed ...string) (reply, []string) {
	b.t.Helper()
	form := b.get(path)
	require.Equal(b.t, http.StatusOK, form.status, path)
	form.path = strings.Split(path, "?")[0]
	all := append([]string{}, typed...)
	for _, name := range []string{"seen", "once", "shown"} {
		all = append(all, name, hiddenIn(form.body, name))
	}
	page := b.post(form.path, all...)
	confirm := append(append([]string{}, typed...), "confirmed", "yes")
	for _, name := range []string{"seen", "once", "shown"} {
		confirm = append(confirm, name, hiddenIn(page.body, name))
	}
	return page, confirm
}

func (w *world) level(depotID, model string) (l logistics.StockLevel) {
	w.t.Helper()
	levels, err := w.Domains.Logistics.StockLevels(w.system(), logistics.StockFilter{DepotID: depotID, ModelCode: model})
	require.NoError(w.t, err)
	if len(levels) > 0 {
		l = levels[0]
	}
	return l
}

// A receipt shows the level before and after, and is entered once, however often the button is
// pressed.
func TestStockThatCameIsEnteredOnce(t *testing.T) {
	eachIssuerWorld(t, func(t *testing.T, w *world) {
		d := storetest.Stocked(t, w.Env, "BR-1", "BR", "RALLY-BAR", 2)
		b := w.signedIn(byRole[rules.OperatorAgent])
		path := stockPath + "/receive"
		typed := []string{"depot_id", d.ID, "model", "RALLY-BAR", "quantity", "5"}
		page, confirm := b.shown(path, typed...)
		require.Contains(t, page.body, "Rally Bar in Depot BR-1 (BR-1): 2 → 7 units.")
		require.Contains(t, page.body, "Free to be promised: 2 → 7.")
		require.Equal(t, 2, w.level(d.ID, "RALLY-BAR").OnHand, "nothing is entered yet")
		for range 2 {
			require.Contains(t, b.post(path, confirm...).body, "It is entered")
			require.Equal(t, 7, w.level(d.ID, "RALLY-BAR").OnHand)
		}
		storetest.Balanced(t, w.Env)

		note := append(typed, "reference", "NF-7")
		_, confirm = b.shown(path, note...)
		b.post(path, confirm...)
		require.Equal(t, 12, w.level(d.ID, "RALLY-BAR").OnHand)
		again, _ := b.shown(path, note...)
		require.Equal(t, http.StatusUnprocessableEntity, again.status)
		require.Contains(t, again.body, "entered already, with 5 units")
		require.Contains(t, again.body, `value="NF-7"`, "what was typed stays")
	})
}

// A count corrects a level with a reason. Whoever counted while units moved reads again what
// follows.
func TestStockIsCorrectedByACountWithAReason(t *testing.T) {
	eachIssuerWorld(t, func(t *testing.T, w *world) {
		d := storetest.Stocked(t, w.Env, "BR-1", "BR", "RALLY-BAR", 4)
		b := w.signedIn(byRole[rules.OperatorLead])
		path := stockPath + "/adjust"
		typed := []string{"depot_id", d.ID, "model", "RALLY-BAR", "counted", "3"}
		without, _ := b.shown(path, typed...)
		require.Contains(t, without.body, "A reason is missing")

		page, confirm := b.shown(path, append(typed, "reason", "one is broken")...)
		require.Contains(t, page.body, ": 4 → 3 units.")
		_, err := w.Domains.Logistics.ReceiveStock(storetest.Operator(), logistics.StockMove{
			DepotID: d.ID, ModelCode: "RALLY-BAR", Quantity: 1, Cause: "meanwhile",
		})
		require.NoError(t, err)
		moved := b.post(path, confirm...)
		require.Equal(t, http.StatusPreconditionFailed, moved.status)
		require.Contains(t, moved.body, "Somebody else has changed this")
		require.Contains(t, moved.body, ": 5 → 3 units.")
		require.Contains(t, moved.body, "one is broken")
		require.Equal(t, 5, w.level(d.ID, "RALLY-BAR").OnHand)

		for i := range confirm {
			if confirm[i] == "seen" || confirm[i] == "shown" {
				confirm[i+1] = hiddenIn(moved.body, confirm[i])
			}
		}
		for range 2 {
			require.Contains(t, b.post(path, confirm...).body, "It is entered")
			require.Equal(t, 3, w.level(d.ID, "RALLY-BAR").OnHand)
		}
		ledger := b.get(stockEntriesPath + "?kind=ADJUSTMENT").body
		require.Contains(t, ledger, "one is broken")
		require.Contains(t, ledger, "Lena Costa")
		storetest.Balanced(t, w.Env)
	})
}

// What replacements wait for stands above what the depots have, and leads to who waits.
func TestS21_WhoWaitsForStockIsSeen(t *testing.T) {
	eachIssuerWorld(t, func(t *testing.T, w *world) {
		r := w.Approved(t, w.Covered(t))
		d := storetest.Stocked(t, w.Env, "BR-1", "BR", "TAP", 1)
		b := w.signedIn(byRole[rules.OperatorManager])
		page := b.get(stockPath)
		require.Contains(t, page.body, "1 unit is missing")
		require.Contains(t, page.body, stockPath+"/models/RALLY-BAR")
		require.Contains(t, page.body, "Depot BR-1")
		require.NotContains(t, page.body, stockPath+"/receive", "a manager reads")
		require.Contains(t, b.get(stockPath+"/models/RALLY-BAR").body, r.Number)
		require.Contains(t, b.get(depotsPath+"/"+d.ID).body, "Campinas")
		require.Equal(t, http.StatusNotFound, b.get(stockPath+"/models/NOSUCH").status)
	})
}

func TestStockHasDepotsThatAreAddedAndChanged(t *testing.T) {
	w := issuerWorld(t)
	b := w.signedIn(byRole[rules.OperatorLead])
	require.Contains(t, b.get(stockPath).body, "There is no depot yet")
	path := stockPath + "/new-depot"
	typed := []string{"code", "br-9", "name", "Depósito Sul", "street", "Rua A 1", "city", "Porto Alegre", "country", "br"}
	page, confirm := b.shown(path, typed...)
	require.Contains(t, page.body, "Depósito Sul (BR-9) in BR is added")
	made := b.post(path, confirm...)
	require.Contains(t, made.body, "The depot is recorded")

	again, _ := b.shown(path, typed...)
	require.Contains(t, again.body, "Another depot has this code")
	change := made.path + "/change"
	page, confirm = b.shown(change, "name", "Depósito Sul II", "street", "Rua A 1", "city", "Porto Alegre", "country", "BR")
	require.Contains(t, page.body, "Depósito Sul → Depósito Sul II")
	require.Contains(t, b.post(change, confirm...).body, "Depósito Sul II")
}

func TestBudget_Stock(t *testing.T) {
	w := issuerWorld(t)
	var d logistics.Depot
	for n := range 4 {
		d = storetest.Stocked(t, w.Env, fmt.Sprint("BR-", n), "BR", "RALLY-BAR", 5)
	}
	for n := range 60 {
		_, err := w.Domains.Logistics.ReceiveStock(storetest.Operator(), logistics.StockMove{
			DepotID: d.ID, ModelCode: "RALLY-BAR", Quantity: 1, Cause: fmt.Sprint("more", n),
		})
		require.NoError(t, err)
	}
	w.Approved(t, w.Covered(t))
	b := w.signedIn(staff[0])
	for _, path := range []string{
		stockPath, stockEntriesPath, depotsPath + "/" + d.ID, stockPath + "/models/RALLY-BAR", stockPath + "/receive",
	} {
		w.withinBudget(b, path)
	}
}
