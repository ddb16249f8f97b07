package portal

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/messages"
	"roomcover.dev/roomcover/models/entitlement"
	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/models/operations"
	"roomcover.dev/roomcover/models/order"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/models/warranty"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/licensing"
	"roomcover.dev/roomcover/rules/ordering"
)

// bought fulfils an order of so many of a SKU for Acme, and returns its contract.
func (w *world) bought(po, sku string, quantity int64) entitlement.ServiceContract {
	w.t.Helper()
	form := storetest.Form(po)
	form.Lines[0] = ordering.OrderLine{SKU: sku, Quantity: quantity}
	return storetest.OneContract(w.t, w.Env, w.Fulfilled(w.t, w.Reseller(w.t, "Revenda Sul"), form).ID)
}

// earlierWarranty is one from before this service, which an operator linked to the account.
func (w *world) earlierWarranty(accountID, serial string) string {
	w.t.Helper()
	claim, err := w.ClaimWarranty(storetest.Customer(accountID), warranty.WarrantyClaim{
		AccountID: accountID,
		Form:      licensing.WarrantyClaimForm{Serial: serial, PONumber: "4500/12"},
	})
	require.NoError(w.t, err)
	_, err = w.DecideWarranty(w.as(rules.OperatorAgent), claim.ID, warranty.WarrantyDecision{
		Link:     true,
		StartsOn: "2026-01-01",
		LastDay:  "2027-12-31",
		Reason:   "on the invoice",
	})
	require.NoError(w.t, err)
	return claim.ID
}

func TestR38_R111a_R111c_TheRegisterHasEveryTypeAndState(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		ana, inv := w.admin()
		reader := w.member(inv.AccountID, "leo@acme.example", identity.RoleReadOnly)
		sync := w.bought("PO-SYNC", "SYNC-PLUS-1Y", 5)
		ext := w.bought("PO-EXT", "EXT-WARRANTY-2Y", 2)
		jump := w.bought("PO-JUMP", "TAP-BUNDLE-TEAMS", 3)
		gone := w.bought("PO-GONE", "SELECT-1Y", 4)
		_, _, err := w.CancelOrder(w.as(rules.OperatorAgent), gone.OrderID, order.CancelRequest{Reason: "not needed"})
		require.NoError(t, err)
		old := w.earlierWarranty(inv.AccountID, "OLD0001")
		coming := storetest.Form("PO-COMING")
		coming.Lines[0].SKU = "SYNC-PLUS-3Y"
		w.Accept(t, w.Reseller(t, "Revenda Sul"), coming)

		for _, g := range []*guest{ana, reader} {
			page := g.get("/contracts").body
			for _, want := range []string{
				"Sync Plus", "Extended warranty", "JumpStart", "OLD0001", "In progress", "Canceled", "Waiting to start",
				"10 of 10 free", "An accepted order shows as in progress", "is listed once its company, address and serial",
			} {
				require.Contains(t, page, want)
			}
			require.Len(t, rows(page), 8, "a head, and a line each")
		}
		require.Contains(t, ana.get("/contracts").body, `href="/service-orders/claim"`)
		require.NotContains(t, reader.get("/contracts").body, `href="/service-orders/claim"`, "a reader sees no command")

		for query, lines := range map[string]int{
			"?type=SYNC_PLUS":                    2,
			"?type=EXT_WARRANTY":                 2,
			"?state=CANCELLED":                   1,
			"?state=PROCESSING":                  1,
			"?type=SYNC_PLUS&state=PROCESSING":   1,
			"?type=JUMPSTART&within=30":          0,
			"?type=nonsense&state=x&within=1000": 7,
		} {
			got := rows(ana.get("/contracts" + query).body)
			require.Len(t, got[min(1, len(got)):], lines, query)
		}
		file := ana.get("/contracts?state=CANCELLED&format=csv")
		require.Equal(t, "text/csv; charset=utf-8", file.header.Get("Content-Type"))
		require.Equal(t, 2, strings.Count(file.body, "\n"), file.body)
		require.Contains(t, file.body, "Canceled")

		for _, id := range []string{sync.ID, ext.ID, jump.ID, gone.ID, old} {
			require.Equal(t, 200, ana.get("/contracts/"+id).status, id)
			require.Equal(t, 200, reader.get("/contracts/"+id).status, id)
		}
		require.Contains(t, ana.get("/contracts/"+old).body, "purchased before this service")
		gil, _ := w.site("gil@globex.example")
		for _, id := range []string{sync.ID, old, "con_nothing", "x"} {
			require.Equal(t, 404, gil.get("/contracts/"+id).status, id)
		}
		require.NotContains(t, gil.get("/contracts").body, "OLD0001")
		require.Equal(t, "/sign-in", w.guest().get("/contracts").path)
	})
}

func TestR25c_TheBalanceOfLicensesIsShownPerContractAndInSum(t *testing.T) {
	w := newWorld(t)
	ana, inv := w.admin()
	c := w.bought("PO-50", "SELECT-3Y", 50)
	licences, err := w.LicencesOf(w.Context, c.ID)
	require.NoError(t, err)
	for i := range 38 {
		w.Assigned(t, licences[i], w.Room(t, inv.AccountID, fmt.Sprint("Sala ", i)))
	}
	page := ana.get("/contracts").body
	require.Contains(t, page, "12 of 50 free", "of the contract")
	require.Contains(t, page, "22 of 60 free", "of the account")
	one := ana.get("/contracts/" + c.ID).body
	require.Contains(t, one, "12 of 50 free")
	require.Contains(t, one, "Sala 0")
	require.NotContains(t, ana.get("/contracts/"+c.ID+"?units=AVAILABLE").body, "Sala 0")
	require.Len(t, rows(ana.get("/contracts/"+c.ID+"?units=AVAILABLE").body), 13)
}

func TestS1_S2_R90_AContractSaysWhyItStartedAndWhatCancelsIt(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		ana, inv := w.admin()
		reader := w.member(inv.AccountID, "leo@acme.example", identity.RoleReadOnly)
		c := w.bought("PO-2", "SELECT-3Y", 5)
		path := "/contracts/" + c.ID
		page := ana.get(path).body
		require.Contains(t, page, "no later than 22 January 2027")
		require.Contains(t, page, "The order can be canceled through")
		require.Contains(t, page, "/service-orders/"+c.OrderID+"/cancellation")
		require.NotContains(t, reader.get(path).body, "/cancellation")
		require.Contains(t, page, "Revenda Sul")
		require.Contains(t, page, "PO-2")

		licences, err := w.LicencesOf(w.Context, c.ID)
		require.NoError(t, err)
		w.Assigned(t, licences[0], w.Room(t, inv.AccountID, "Sala 1"))
		page = ana.get(path).body
		require.Contains(t, page, "the first license of the order was assigned")
		require.Contains(t, page, "22 November 2029", "the last covered day")
		w.Calendar.Set(time.Date(2027, 3, 1, 12, 0, 0, 0, time.UTC))
		page = ana.get(path).body
		require.Contains(t, page, "The order could be canceled through")
		require.NotContains(t, page, "/cancellation")
		first := storetest.OneContract(t, w.Env, w.firstOrderID())
		_, err = w.SweepContracts(w.Context, func(operations.Sweep) {})
		require.NoError(t, err)
		require.Contains(t, ana.get("/contracts/"+first.ID+"?lang=pt-BR").body,
			"nenhuma licença tinha sido atribuída 60 dias depois do pedido")
	})
}

func TestR34a_SelectSaysThatItIncludesThePremiumFeaturesOfSync(t *testing.T) {
	w := newWorld(t)
	ana, _ := w.admin()
	c := storetest.OneContract(t, w.Env, w.firstOrderID())
	require.Contains(t, ana.get("/contracts/"+c.ID).body, "the premium features of Sync, which need no other license")
	require.Contains(t, ana.get("/contracts/"+c.ID+"?lang=pt-BR").body, "os recursos premium do Sync")
	sync := w.bought("PO-2", "SYNC-PLUS-1Y", 1)
	require.NotContains(t, ana.get("/contracts/"+sync.ID+"?lang=en").body, "premium features")
}

func TestR29_JumpStartLastsThroughItsNinetiethDay(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		ana, _ := w.admin()
		c := w.bought("PO-JUMP", "TAP-BUNDLE-TEAMS", 3)
		path := "/contracts/" + c.ID
		last := c.EndAt.Add(-time.Minute)
		w.Calendar.Set(last)
		page := ana.get(path).body
		require.Contains(t, page, "You can ask for help with the setup through")
		require.Contains(t, page, "JumpStart is not renewed.")
		require.NotContains(t, page, "Reminder 90 days")
		w.Calendar.Set(*c.EndAt)
		require.Contains(t, ana.get(path).body, "Help with the setup ended on")
	})
}

func TestS4_S5_RenewalsDueSayWhatToDo(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		ana, inv := w.admin()
		c := w.bought("PO-1Y", "SELECT-1Y", 10)
		licences, err := w.LicencesOf(w.Context, c.ID)
		require.NoError(t, err)
		w.Assigned(t, licences[0], w.Room(t, inv.AccountID, "Sala 1"))
		require.NotContains(t, ana.get("/contracts").body, "Renewals due")
		c = storetest.OneContract(t, w.Env, c.OrderID)
		w.Calendar.Set(c.EndAt.AddDate(0, 0, -30))
		_, err = w.SweepContracts(w.Context, func(operations.Sweep) {})
		require.NoError(t, err)
		ana.post("/sign-in", "email", inv.Email, "password", goodPassword)

		page := ana.get("/contracts").body
		require.Contains(t, page, "Renewals due")
		require.Contains(t, page, "10 licenses end after 22 November 2027.")
		require.Contains(t, page, "Order the renewal from your reseller and name order SO-")
		page = ana.get("/contracts/" + c.ID).body
		require.Contains(t, page, "Nothing renews by itself. Order the renewal from Revenda Sul")
		for _, reminder := range []string{"Reminder 90 days", "Reminder 60 days", "Reminder 30 days", "Reminder 7 days", "Reminder at the end"} {
			require.Contains(t, page, reminder)
		}
		require.Equal(t, 1, strings.Count(page, "· sent"), "the one of 30 days")

		some := w.Fulfilled(t, w.Reseller(t, "Revenda Sul"), renewing("PO-SOME", c.ID, 4))
		require.Contains(t, ana.get("/contracts").body, "6 licenses end after")
		page = ana.get("/contracts/" + c.ID).body
		require.Contains(t, page, "6 licenses are still to be renewed.")
		newer := storetest.OneContract(t, w.Env, some.ID)
		require.Contains(t, page, "/contracts/"+newer.ID, "what renews it")
		page = ana.get("/contracts/" + newer.ID).body
		require.Contains(t, page, "/contracts/"+c.ID, "what it renews")
		require.Contains(t, page, "it starts where the contract ends that it renews")

		w.Fulfilled(t, w.Reseller(t, "Revenda Sul"), renewing("PO-REST", c.ID, 6))
		require.NotContains(t, ana.get("/contracts").body, "Renewals due")
		require.Contains(t, ana.get("/contracts/"+c.ID).body, "All its licenses are renewed")
	})
}

func renewing(po, contractID string, quantity int64) ordering.OrderForm {
	f := storetest.Form(po)
	f.Lines[0] = ordering.OrderLine{SKU: "SELECT-1Y", Quantity: quantity, Renews: contractID}
	return f
}

func (w *world) firstOrderID() string {
	w.t.Helper()
	all, _, err := w.ListOrders(w.Context, order.OrderFilter{})
	require.NoError(w.t, err)
	return all[len(all)-1].ID
}

// 200 contracts with 5,000 licenses, 500 of them in rooms: a page reads no more for it.
func TestBudget_Contracts(t *testing.T) {
	w := newWorld(t)
	ana, inv := w.admin()
	for n := range 24 {
		w.bought(fmt.Sprint("PO-X", n), "SELECT-1Y", 25)
	}
	require.NoError(t, w.Exec(`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 175)
		INSERT INTO order_lines (id, order_id, position, sku, service_type, term_years, quantity)
		SELECT 'lin_more' || i, l.order_id, i + 1, l.sku, l.service_type, l.term_years, 25
		FROM n, (SELECT * FROM order_lines ORDER BY id DESC LIMIT 1) l`))
	require.NoError(t, w.Exec(`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 175)
		INSERT INTO service_contracts (id, account_id, order_id, order_line_id, type, state, quantity, term_years,
			time_zone, fallback_start_at, start_at, end_at, start_reason, reminded_days, created_at)
		SELECT 'con_more' || i, c.account_id, c.order_id, 'lin_more' || i, c.type, 'ACTIVE', 25, 1,
			c.time_zone, c.fallback_start_at, c.created_at, c.fallback_start_at, 'FIRST_ASSIGNMENT', -1, c.created_at
		FROM n, (SELECT * FROM service_contracts ORDER BY id DESC LIMIT 1) c`))
	require.NoError(t, w.Exec(`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 25)
		INSERT INTO licences (id, account_id, contract_id, seq, state, state_since)
		SELECT c.id || '_' || i, c.account_id, c.id, i, 'AVAILABLE', c.created_at
		FROM n, service_contracts c WHERE c.id LIKE 'con_more%'`))
	require.Equal(t, 200, w.Count(t, "SELECT count(*) FROM service_contracts"))
	require.GreaterOrEqual(t, w.Count(t, "SELECT count(*) FROM licences"), 4985)
	big := w.bought("PO-BIG", "SELECT-3Y", 500)
	licences, err := w.LicencesOf(w.Context, big.ID)
	require.NoError(t, err)
	for i := range 60 {
		w.Assigned(t, licences[i], w.Room(t, inv.AccountID, fmt.Sprint("Sala ", i)))
	}

	page := w.withinBudget(ana, "/contracts")
	require.Contains(t, page.body, "more contracts end soon")
	require.Contains(t, page.body, "Show more")
	w.withinBudget(ana, "/contracts?within=90")
	one := w.withinBudget(ana, "/contracts/"+big.ID)
	require.Contains(t, one.body, "440 of 500 free")
	w.withinBudget(ana, "/account")
	w.withinBudget(ana, "/service-orders")
	w.withinBudget(ana, "/contracts/"+storetest.OneContract(t, w.Env, w.firstOrderID()).ID)
}

// The register, a contract, the settings and the profile as people see them.
func TestR38_S4_ContractsAndSettingsInABrowser(t *testing.T) {
	eachScreen(t, "contracts", looks[:1], func(s *screen) {
		t, say := s.t, messages.In(s.locale).Say
		ana, inv := s.admin()
		s.inProgress()
		s.earlier("Acme", "old-0001")
		s.bought("PO-JUMP", "TAP-BUNDLE-TEAMS", 3)
		c := s.bought("PO-1Y", "SELECT-1Y", 10)
		licences, err := s.LicencesOf(s.Context, c.ID)
		require.NoError(t, err)
		for i, name := range []string{"Sala Pau-Brasil", strings.Repeat("Auditório do Edifício Comendador ", 3)} {
			s.Assigned(t, licences[i], s.Room(t, inv.AccountID, name))
		}
		c = storetest.OneContract(t, s.Env, c.OrderID)
		s.Calendar.Set(c.EndAt.AddDate(0, 0, -30))
		s.Fulfilled(t, s.Reseller(t, "Revenda Sul"), renewing("PO-SOME", c.ID, 4))
		ana.post("/sign-out")

		s.open("/sign-in?lang=" + s.locale)
		s.signIn("ana.souza@acme.example")
		s.open("/contracts")
		require.Equal(t, say("contracts.title"), s.text("h1"))
		s.check("contracts")
		s.open("/contracts/" + c.ID)
		require.Equal(t, map[string]string{"en": "Service orders", "pt-BR": "Pedidos de serviço"}[s.locale], s.text(`.nav [aria-current="page"]`))
		s.check("contract")
		s.open("/account")
		s.check("account")
		s.open("/me")
		require.Equal(t, say("me.title"), s.text("h1"))
		s.check("me")
		s.tabTo("#newpassword")
		s.press(chromedp.KeyEvent("short" + kb.Enter))
		require.Equal(t, say("proof.missing"), s.text("#password-problem span"))
		s.check("me-wrong")
	})
}
