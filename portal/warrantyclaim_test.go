package portal

import (
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/messages"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/models/warranty"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/catalogue"
	"roomcover.dev/roomcover/rules/licensing"
)

// earlier imports a warranty from before for a company, with an unknown or a known
// spelling of its name.
func (w *world) earlier(company, serial string) warranty.WarrantyRow {
	w.t.Helper()
	form := licensing.EarlierWarrantyForm{
		Company:  company,
		Address:  storetest.Form("x").EndCustomer.Address,
		Serial:   serial,
		StartsOn: "2025-03-01",
		LastDay:  "2029-02-28",
	}
	rows, err := w.ImportWarranties(w.as(rules.OperatorAgent), warranty.WarrantyImport{
		Forms:  []licensing.EarlierWarrantyForm{form},
		Errors: make([][]rules.FieldError, 1),
	})
	require.NoError(w.t, err)
	return rows[0]
}

// inProgress is an order of the account that is accepted and not fulfilled.
func (w *world) inProgress() {
	form := storetest.Form("PO-WAITS")
	form.Lines[0].SKU, form.Lines[0].Quantity = "EXT-WARRANTY-2Y", 4
	w.Accept(w.t, w.Reseller(w.t, "Revenda Sul"), form)
}

func TestR111_ThePageShowsWhatIsInProgressAndWhatCameBefore(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		ana, _ := w.admin()
		w.inProgress()
		w.earlier("Acme", "old-0001")
		w.earlier("Akme", "old-0002")
		ana.get("/?lang=pt-BR")
		page := ana.get("/service-orders").body
		require.Len(t, rows(page), 4)
		// R111a
		require.Contains(t, rows(page)[1]+rows(page)[2],
			"Garantia estendida Número de série OLD0001 1 1º de março de 2025 28 de fevereiro de 2029 Ativo")
		// R111c
		require.Regexp(t, `Garantia estendida 2 anos Pedido SO 4 – – Em andamento`, rows(page)[1]+rows(page)[2])
		require.NotContains(t, page, "OLD0002", "what matched nothing waits for an operator (R111b)")
		require.Contains(t, page, "Se está faltando, o pedido ainda está em andamento")
		require.Contains(t, page, `href="/service-orders/claim"`)
		require.Contains(t, page, `href="mailto:`+catalogue.DefaultProgram().Mailbox)
		require.NotContains(t, ana.get("/").body, "licenças compradas 15",
			"the start page counts what contracts brought")
	})
}

func TestR111c_TheFormClaimsAndTheListTellsWhatBecameOfIt(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		ana, inv := w.admin()
		wrong := ana.post("/service-orders/claim",
			"serial", "a/b", "po_number", "ana@acme.example", "purchased_on", "2026-02-30")
		require.Equal(t, 422, wrong.status)
		for _, field := range []string{"serial", "po_number", "purchased_on"} {
			require.Contains(t, wrong.body, field+`-problem`)
		}
		require.Contains(t, wrong.body, `value="a/b"`, "what was typed stays")
		require.Contains(t, ana.post("/service-orders/claim", "serial", "OLD-1").body, "Enter the purchase order number")
		for range 2 { // the second is a double submit
			done := ana.post("/service-orders/claim", "serial", "old-0001", "po_number", "4500/12")
			require.Equal(t, "/service-orders", done.path)
			require.Contains(t, done.body, "We have your report")
			require.Contains(t, done.body, "Being checked")
		}
		tasks := w.Tasks(t, db.TaskWarrantyClaimed)
		require.Len(t, tasks, 1)
		_, err := w.DecideWarranty(w.as(rules.OperatorAgent), tasks[0].SubjectID, warranty.WarrantyDecision{
			Link:     true,
			StartsOn: "2025-03-01",
			LastDay:  "2029-02-28",
			Reason:   "seen the invoice",
		})
		require.NoError(t, err)
		page := ana.get("/service-orders").body
		require.Contains(t, page, "Added to the list")
		require.Contains(t, rows(page)[1], "OLD0001")

		bruno := w.member(inv.AccountID, "bruno@acme.example", identity.RoleReadOnly)
		seen := bruno.get("/service-orders").body
		require.Contains(t, seen, "Added to the list")
		require.NotContains(t, seen, `href="/service-orders/claim"`)
		require.Equal(t, 403, bruno.get("/service-orders/claim").status)
		gil, _ := w.site("gil@globex.example")
		require.NotContains(t, gil.get("/service-orders").body, "OLD0001", "C5")
	})
}

// TestR38_R111c_ContractsAndTheClaimInABrowser looks at the page of contracts with
// every kind of line, and claims by keyboard.
func TestR38_R111c_ContractsAndTheClaimInABrowser(t *testing.T) {
	eachScreen(t, "claim", looks[2:3], func(s *screen) {
		t, say := s.t, messages.In(s.locale).Say
		_, _ = s.admin()
		s.inProgress()
		s.earlier("Acme", "old-0001")
		s.open("/sign-in?lang=" + s.locale)
		s.signIn("ana.souza@acme.example")
		s.open("/service-orders")
		require.Contains(t, s.text("table"), say("contract.PROCESSING"))
		s.check("service-orders-all")
		s.tabTo(`a[href="/service-orders/claim"]`)
		s.press(chromedp.KeyEvent(kb.Enter))
		require.Equal(t, say("claim.title"), s.text("h1"))
		s.check("claim")
		s.tabTo("#serial")
		s.press(chromedp.KeyEvent("a/b" + kb.Enter))
		require.Contains(t, s.text(".wrong"), say("claim.serial.wrong"))
		s.check("claim-wrong")
		s.tabTo("#serial")
		s.do(chromedp.KeyEvent(kb.End + kb.Backspace + kb.Backspace + kb.Backspace + "old-0002"))
		s.tabTo("#po_number") // what is wrong with the first field has a link to the help
		s.press(chromedp.KeyEvent("4500/12" + kb.Enter))
		require.Equal(t, say("flash.claimed"), s.text(".toast span"))
		require.Contains(t, s.text("main"), say("claimstate.UNMATCHED"))
		s.check("claimed")
	})
}
