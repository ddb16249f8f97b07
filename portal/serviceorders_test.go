package portal

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/messages"
	"roomcover.dev/roomcover/models/entitlement"
	"roomcover.dev/roomcover/models/operations"
	"roomcover.dev/roomcover/models/order"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/catalogue"
)

// rows reads a page's tables as text, one string a row; an order's number is
// shortened to SO.
var orderNumber = regexp.MustCompile(`SO-[0-9A-Z]{5}-[0-9A-Z]{5}`)

func rows(body string) []string {
	var out []string
	for _, row := range regexp.MustCompile(`(?s)<tr[^>]*>(.*?)</tr>`).FindAllStringSubmatch(body, -1) {
		text := regexp.MustCompile(`(?s)<[^>]*>`).ReplaceAllString(row[1], " ")
		out = append(out, orderNumber.ReplaceAllString(strings.Join(strings.Fields(text), " "), "SO"))
	}
	return out
}

func TestR98_ServiceOrdersShowCountStartEndAndState(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		ana, _ := w.admin()
		ana.get("/?lang=pt-BR")
		page := ana.get("/service-orders").body
		require.Regexp(t,
			`(?s)<nav class="nav".*href="/service-orders" aria-current="page">.*Pedidos de serviço.*</nav>`, page)
		require.Equal(t, []string{
			"Serviço Quantidade Início Fim Situação",
			"Logitech Select 3 anos Pedido SO 10 Ao atribuir a primeira licença o mais tardar em 22 de janeiro de 2027 Definido quando começar Aguardando início",
		}, rows(page))
		require.Contains(t, ana.get("/").body, `class="card tile" href="/service-orders"`, "the start page leads there")

		w.Calendar.Set(time.Date(2027, 1, 22, 12, 0, 0, 0, time.UTC))
		_, err := w.SweepContracts(w.Context, func(operations.Sweep) {})
		require.NoError(t, err)
		require.Contains(t, rows(ana.get("/service-orders").body),
			"Logitech Select 3 anos Pedido SO 10 22 de janeiro de 2027 21 de janeiro de 2030 Ativo",
			"the end is the last covered day")
		ana.get("/?lang=en")
		require.Contains(t, rows(ana.get("/service-orders").body),
			"Logitech Select 3 years Order SO 10 22 January 2027 21 January 2030 Active")
	})
}

// Two orders of the same size are told apart by the number that their
// confirmations carry, in the register and where one of them is cancelled.
func TestR98_R100b_OrdersAreKnownByTheirNumber(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		ana, _ := w.admin()
		second := w.Fulfilled(t, w.Reseller(t, "Revenda Sul"), storetest.Form("PO-2"))
		register := ana.get("/service-orders").body
		form := ana.get("/service-orders/" + second.ID + "/cancellation").body
		confirmed := map[string]bool{}
		for _, m := range w.mails("order_confirmation") {
			confirmed[m.Params["vendor_order_no"].(string)] = true
		}
		require.Len(t, confirmed, 2)
		for number := range confirmed {
			require.Equal(t, 3, strings.Count(register, number), "in the table, in the list and in the link's name")
		}
		require.Contains(t, form, *second.VendorOrderNo)
	})
}

func TestR98_JumpStartAndCancelledOrdersAreVisible(t *testing.T) {
	w := newWorld(t)
	ana, _ := w.admin()
	reseller := w.Reseller(t, "Revenda Sul")
	jump := storetest.Form("PO-2")
	jump.Lines[0].SKU, jump.Lines[0].Quantity = "TAP-BUNDLE-TEAMS", 2000
	w.Fulfilled(t, reseller, jump)
	gone := w.Fulfilled(t, reseller, storetest.Form("PO-3"))
	_, _, err := w.CancelOrder(w.as(rules.OperatorAgent), gone.ID, order.CancelRequest{Reason: "not needed"})
	require.NoError(t, err)
	table := rows(ana.get("/service-orders").body)
	require.Len(t, table, 4)
	require.Equal(t, "JumpStart Order SO 2,000 20 November 2026 18 February 2027 Active", table[1])
	require.Contains(t, table[2], "Waiting to start")
	require.Equal(t, "Logitech Select 3 years Order SO 10 – 23 November 2026 Canceled", table[3], "what is over stands last")
}

func TestR98_DatesAreTheAccountsNotTheServers(t *testing.T) {
	start := time.Date(2026, 3, 15, 3, 0, 0, 0, time.UTC) // midnight in São Paulo
	end := time.Date(2027, 3, 15, 3, 0, 0, 0, time.UTC)
	v := &visit{site: &site{}, language: messages.In("en"), program: catalogue.DefaultProgram()}
	o := v.orderView(entitlement.ContractEntry{ServiceContract: entitlement.ServiceContract{
		Type:      catalogue.ServiceSelect,
		State:     rules.ContractActive,
		Quantity:  1,
		TermYears: 1,
		TimeZone:  "America/Sao_Paulo",
		StartAt:   &start,
		EndAt:     &end,
	}})
	require.Equal(t, "15"+noBreak+"March 2026", o.Start)
	require.Equal(t, "14"+noBreak+"March 2027", o.End)
	for state := range tones {
		o := v.orderView(entitlement.ContractEntry{ServiceContract: entitlement.ServiceContract{
			Type:     catalogue.ServiceExtWarranty,
			State:    state,
			TimeZone: "UTC",
		}})
		require.NotContains(t, o.State, "contract.")
		require.Equal(t, "Extended warranty", o.Service)
	}
}

func TestR98_MoreContractsThanOnePageOfTheRegister(t *testing.T) {
	if testing.Short() {
		t.Skip("SKIPPED: 205 orders in a short run")
	}
	w := newWorld(t)
	ana, _ := w.admin()
	reseller := w.Reseller(t, "Revenda Sul")
	for i := range 205 {
		form := storetest.Form(storetest.PO(i))
		form.Lines[0].Quantity = 1
		w.Fulfilled(t, reseller, form)
	}
	page := w.withinBudget(ana, "/service-orders").body
	require.Len(t, rows(page), 1+mostOrders)
	require.Equal(t, mostOrders, strings.Count(page, "/cancellation"), "the others lead on from their contracts")
	require.Contains(t, page, `href="/contracts"`)
	require.Equal(t, 1+1+205, strings.Count(ana.get("/contracts?format=csv").body, "\n"), "all of them")
}

func TestR1_TheProgramsIdentityIsConfiguration(t *testing.T) {
	w := newWorld(t)
	ref, err := w.Reference(w.Context)
	require.NoError(t, err)
	p := ref.Program.Named("Salas Mais")
	p.Mailbox = "ajuda@salasmais.example"
	p.MenuServiceOrders = map[string]string{"pt-BR": "Meus contratos", "en": "My contracts"}
	_, err = w.ChangeProgram(w.as(rules.OperatorAgent), p, ref.Version)
	require.NoError(t, err)
	ana, _ := w.admin()
	for _, path := range []string{"/", "/service-orders", "/colleagues", "/sessions"} {
		body := ana.get(path).body
		require.Contains(t, body, "Salas Mais", path)
		require.Contains(t, body, "My contracts", path)
		require.NotContains(t, body, "Logitech", path)
	}
	dead := w.guest().get("/invitation").body
	require.Contains(t, dead, "ajuda@salasmais.example")
	require.NotContains(t, strings.ToLower(dead), "logitech")
}

func TestHomeCountsOneInTheSingular(t *testing.T) {
	w := newWorld(t)
	ana, _ := w.admin()
	ana.get("/?lang=pt-BR")
	require.Contains(t, ana.get("/").body, `<b class="">1</b><span class="faint small">contrato ativo ou a iniciar</span>`)
	require.Contains(t, ana.get("/").body, "de 10 licenças em vigor")
	w.Fulfilled(t, w.Reseller(t, "Revenda Sul"), storetest.Form("PO-2"))
	require.Contains(t, ana.get("/").body, `<b class="">2</b><span class="faint small">contratos ativos ou a iniciar</span>`)
}
