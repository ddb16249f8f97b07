package mail

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var sampleBrand = Brand{
	Name:              "Logitech Select",
	SenderName:        "Serviços de suporte da Logitech",
	SenderAddress:     "no-reply@services.example",
	Mailbox:           "Select@logitech.com",
	PortalURL:         "https://portal.services.example",
	MenuServiceOrders: "Pedidos de serviço",
}

const sampleLink = "https://portal.services.example/i/6mZ0c9S1vX4mR2q7n8T3kY5bW1pLd0aFhJgEuQxCzVs?l=pt&n=1"

// sampleParams are every template's parameters as they stand in a row.
var sampleParams = map[string]string{
	"order_confirmation": `{"vendor_order_no":"RC-2026-000123","po_number":"PO-4711","company":"Acme & Filhos <Ltda>",
		"lines":[{"service_type":"SELECT","sku":"994-000150","quantity":1200,"term_years":3},
		         {"description":"Suporte avançado","sku":"994-000148","quantity":1,"term_years":1}],
		"total_licences":1201,"latest_start_on":"2026-12-22"}`,
	"order_review_reminder": `{"order_id":"ord_01k0example","po_number":"PO-4711","reasons":["RESELLER_NOT_AUTHORISED","OTHER_REASON"],"reject_on":"2026-12-22"}`,
	"order_rejected":        `{"po_number":"PO-4711","company":"Acme & Filhos <Ltda>","reason":"Revendedor sem contrato"}`,
	"order_cancelled":       `{"vendor_order_no":"RC-2026-000123","po_number":"PO-4711","company":"Acme & Filhos <Ltda>","quantity":1200,"whole":true}`,
	"order_reopened":        `{"po_number":"PO-4711"}`,
	"order_in_your_name":    `{"po_number":"PO-4711","distributor":"Distribuidora Norte & Filhos","reseller":"Revenda Sul <Ltda>"}`,
	"invitation": `{"contact_name":"Ana Lima","company":"Acme & Filhos <Ltda>","link":"` + sampleLink +
		`","expires_on":"2026-12-22","role":"ADMIN"}`,
	"invitation_reminder": `{"contact_name":"Ana Lima","company":"Acme & Filhos <Ltda>","link":"` + sampleLink +
		`","expires_on":"2026-12-22","role":"ADMIN"}`,
	"invitation_unclaimed":     `{"vendor_order_no":"RC-2026-000123","po_number":"PO-4711","company":"Acme & Filhos <Ltda>","latest_start_on":"2026-12-22"}`,
	"invitation_undeliverable": `{"vendor_order_no":"RC-2026-000123","po_number":"PO-4711","company":"Acme & Filhos <Ltda>"}`,
	"one_time_code":            `{"code":"482913","minutes":10}`,
	"password_reset":           `{"link":"` + sampleLink + `","minutes":30}`,
	"mailbox_received":         `{}`,
	"mailbox_answer":           `{"paragraphs":["Olá & <bem>.","Até sexta-feira."]}`,
	"mailbox_code":             `{"company":"Acme & Filhos <Ltda>","po_number":"PO-4711","code":"482913","days":3}`,
	"security_notice":          `{"what":"NEW_SIGN_IN","at":"2026-08-01T12:00:00Z","zone":"America/Sao_Paulo","browser":"Firefox, Linux"}`,
	"export_ready":             `{"person":"Ana Lima","page":"/privacy","days":7}`,
	"admin_notice":             `{"company":"Acme & Filhos <Ltda>","role":"ADMIN"}`,
	"contact_question": `{"company":"Acme & Filhos <Ltda>","invitee":"Rui <Lima>","email":"rui.lima@acme.example","vendor_order_no":"RC-2026-000123",
		"seller":"Revenda Sul & Cia","sent_by":"Distribuidora Norte","question":"qst_01k0example","answer_on":"2026-12-22"}`,
	"delegation":  `{"what":"ASKED","side":"CUSTOMER","partner":"Parceira & Filhos <Ltda>","customer":"Acme & Filhos <Ltda>","role":"ADMIN","days":365,"until_on":"2027-02-28"}`,
	"own_sign_in": `{"what":"CERTIFICATE","company":"Acme & Filhos <Ltda>","provider":"https://idp.acme.example/metadata","until_on":"2027-02-28"}`,
	"room_health": `{"what":"DOWN","company":"Acme & Filhos <Ltda>","down_count":2,"well_count":1,"list":"/rooms?health=down","down_more":0,"well_more":0,
		"down":[{"room":"Sala & Cia <1>","site":"Matriz <1>","page":"/rooms/rom_01k0example","state":"OFFLINE","at":"2026-12-22T12:00:00Z","zone":"America/Sao_Paulo",
			"causes":[{"cause":"PRIMARY_OFFLINE","device":"Rally Bar <2>"},{"cause":"DEVICE_OFFLINE","device":"Rally Bar <2>"}]},
			{"room":"Sala 2","site":"Matriz <1>","page":"/rooms/rom_02k0example","state":"NEEDS_ATTENTION","at":"2026-12-22T12:01:00Z","zone":"America/Manaus",
			"causes":[{"cause":"PART_MISSING","device":"Rally Bar","part":"mics"},{"cause":"DEVICE_WARNING"}]}],
		"well":[{"room":"Sala 3","site":"Filial","page":"/rooms/rom_03k0example","state":"HEALTHY","at":"2026-12-22T11:45:00Z","zone":"America/Sao_Paulo"}]}`,
	"admin_removed": `{"company":"Acme & Filhos <Ltda>","person":"Ana <Lima>","by":"Rui & Lima","change":"REMOVED"}`,
	"site_notice":   `{"company":"Acme & Filhos <Ltda>","by":"Rui & Lima","by_kind":"PROGRAM","site":"Matriz <1>","before":"Rua A, 1, Campinas, BR","after":"Rua B, 2, Osasco, BR","last":true}`,
	"rma_update": `{"step":"APPROVED","rma":"RMA-7F3K2","model":"Rally Bar","quantity":1,"serial":"SN100","site":"Matriz","room":"Sala & Cia <1>","company":"Acme & Filhos <Ltda>",
		"promised_on":"2026-12-22","explanation_en":"approved Monday at 10:00, by the 15:00 cutoff; promised for Tuesday","explanation_pt":"aprovada na segunda-feira às 10:00, até o horário-limite das 15:00; data prometida: terça-feira"}`,
	"spare_update": `{"step":"RECALL_REQUESTED","spare":"spu_01k0example","model":"Rally Bar","serial":"SN900","site":"Matriz <1>","company":"Acme & Filhos <Ltda>",
		"carrier":"post","tracking":"TRK9","return_on":"2026-12-22"}`,
	"ticket": `{"ticket":"tkt_01k0example","thread":"tkt_01k0example","number":"TK-7F3K2","summary":"No picture & <sound>","state":"OPEN","severity":2,
		"room":"Sala & Cia <1>","company":"Acme & Filhos <Ltda>","due":"2026-12-22T12:00:00Z","time_zone":"America/Sao_Paulo",
		"parts":[{"step":"ANSWERED","text":"Is the cable <plugged> in?\\nThanks & regards","day":0,"at":"2026-12-22T10:00:00Z"}]}`,
	"session": `{"step":"INVITED","ticket":"tkt_01k0example","thread":"tkt_01k0example","number":"TK-7F3K2","summary":"No picture & <sound>",
		"name":"Ana <Lima>","room":"Sala & Cia <1>","when":"2026-12-22T17:00:00Z/2026-12-22T18:00:00Z","time_zone":"America/Sao_Paulo",
		"link":"https://teams.microsoft.com/l/meetup-join/19%3ameeting","page":"/tickets/TK-7F3K2","uid":"tse_01k0example@roomcover","sequence":0,"stamp":"2026-12-20T12:00:00Z"}`,
	"participant":      `{"name":"Téo & <Lima>","number":"TK-7F3K2","summary":"No picture & <sound>","page":"/guest/tsp_01k0example"}`,
	"renewal_reminder": `{"service_type":"SELECT","quantity":1200,"days_left":30,"end_on":"2026-12-22"}`,
}

// sampleContent is a template's sample with some parameters changed; a nil
// value removes one.
func sampleContent(t testing.TB, template, locale string, changes map[string]any) Content {
	t.Helper()
	params := map[string]any{}
	require.NoError(t, json.Unmarshal([]byte(sampleParams[template]), &params), template)
	for name, value := range changes {
		if value == nil {
			delete(params, name)
		} else {
			params[name] = value
		}
	}
	return Content{
		Template:   template,
		Locale:     locale,
		Brand:      sampleBrand,
		Subject:    "O assunto do programa",
		OwnSubject: true,
		Params:     params,
	}
}

func render(t *testing.T, template, locale string, changes map[string]any) (text, html string) {
	t.Helper()
	subject, text, html, err := Render(sampleContent(t, template, locale, changes))
	require.NoError(t, err)
	require.Equal(t, "O assunto do programa", subject)
	require.NotContains(t, text, noBreak, "plain text breaks where its reader likes")
	return text, strings.ReplaceAll(html, noBreak, " ") // a reader does not see it
}
