package api_test

// probes is every operation that a tenant's role may reach, with a request in which
// <kind> stands for an id of the caller's own. The isolation test puts a foreign id
// into one place after the other. An operation that names nothing has its path only;
// what stands behind a # tells two requests of one operation apart.
var probes = map[string]struct{ path, body string }{
	"GET /v1/orders":      {"/v1/orders?account_id=<account>", ""},
	"POST /v1/orders":     {"/v1/orders?on_behalf_of=<reseller>", `<form>`},
	"GET /v1/orders/{id}": {"/v1/orders/<order>", ""},
	"PUT /v1/orders/{id}": {"/v1/orders/<review>?on_behalf_of=<reseller>", `<amendment>`},
	"GET /v1/orders/{id}/cancellation": {
		"/v1/orders/<order>/cancellation?quantity=1&licence_ids=<licence>", "",
	},
	"POST /v1/orders/{id}/cancellation": {
		"/v1/orders/<order>/cancellation", `{"reason":"r","quantity":1,"licence_ids":["<licence>"]}`,
	},
	"POST /v1/orders/import":    {"/v1/orders/import?on_behalf_of=<reseller>", `[{}]`},
	"GET /v1/imports/{id}":      {"/v1/imports/<import>", ""},
	"GET /v1/imports/{id}/rows": {"/v1/imports/<import>/rows", ""},
	"GET /v1/refusals":          {"/v1/refusals?org_id=<reseller>", ""},
	"GET /v1/catalogue":         {"/v1/catalogue", ""},
	"GET /v1/models":            {"/v1/models", ""},
	"GET /v1/countries":         {"/v1/countries", ""},
	"POST /v1/carrier/events":   {"/v1/carrier/events", `{}`},
	"POST /v1/mail/inbound":     {"/v1/mail/inbound", `{}`},

	"GET /v1/accounts/{id}": {"/v1/accounts/<account>", ""},
	"PUT /v1/accounts/{id}/language": {
		"/v1/accounts/<account>/language", `{"locale":"pt-BR","reason":"r"}`,
	},
	"PUT /v1/accounts/{id}/time-zone": {
		"/v1/accounts/<account>/time-zone", `{"time_zone":"America/Sao_Paulo","reason":"r"}`,
	},
	"GET /v1/contracts":                   {"/v1/contracts?account_id=<account>&order_id=<order>", ""},
	"GET /v1/contracts.csv":               {"/v1/contracts.csv?account_id=<account>&order_id=<order>", ""},
	"GET /v1/contracts/{id}":              {"/v1/contracts/<contract>", ""},
	"GET /v1/contracts/{id}/licences":     {"/v1/contracts/<contract>/licences", ""},
	"POST /v1/contracts/{id}/assignments": {"/v1/contracts/<contract>/assignments", `{"room_ids":["<empty>"]}`},

	"GET /v1/privacy-requests":             {"/v1/privacy-requests?account_id=<account>", ""},
	"GET /v1/privacy-requests/{id}":        {"/v1/privacy-requests/<privacy>", ""},
	"GET /v1/privacy-requests/{id}/export": {"/v1/privacy-requests/<privacy>/export", ""},
	"POST /v1/privacy-requests": {
		"/v1/privacy-requests", `{"kind":"EXPORT","account_id":"<account>","user_id":"<person>"}`,
	},
	"GET /v1/warranties": {"/v1/warranties?account_id=<account>&serial=<serial>", ""},
	"POST /v1/warranties/claims": {
		"/v1/warranties/claims", `{"account_id":"<account>","serial":"CLAIMED1","po_number":"1"}`,
	},
	"GET /v1/warranties/attachments": {
		"/v1/warranties/attachments?account_id=<account>&contract_id=<extension>&licence_id=<unit>&serial=<extended>",
		"",
	},
	"POST /v1/warranties/attachments": {
		"/v1/warranties/attachments", `{"licence_id":"<free unit>","serial":"<serial>"}`,
	},
	"POST /v1/warranties/attachments/{id}/release": {"/v1/warranties/attachments/<attachment>/release", `{}`},

	"GET /v1/names":        {"/v1/names?ids=<account>", ""},
	"GET /v1/names #room":  {"/v1/names?ids=<room>", ""},
	"GET /v1/names #rma":   {"/v1/names?ids=<rma>", ""},
	"GET /v1/names #order": {"/v1/names?ids=<order>", ""},
	"GET /v1/rooms":        {"/v1/rooms?account_id=<account>", ""},
	"POST /v1/rooms": {
		"/v1/rooms", `{"account_id":"<account>","name":"x","country":"BR","platform":"OTHER"}`,
	},
	"POST /v1/rooms/import": {
		"/v1/rooms/import?account_id=<account>",
		`[{"room":"x","country":"BR","platform":"OTHER","devices":[{"serial":"IMPORTED1","model":"TAP"}]}]`,
	},
	"GET /v1/rooms/{id}": {"/v1/rooms/<room>", ""},
	"PUT /v1/rooms/{id}": {
		"/v1/rooms/<room>", `{"account_id":"<account>","name":"x","country":"BR","platform":"OTHER"}`,
	},
	"POST /v1/rooms/{id}/bundles": {"/v1/rooms/<room>/bundles", `{"model":"ROOM-ZOOM-PC"}`},
	"POST /v1/rooms/{id}/move": {
		"/v1/rooms/<room>/move", `{"to_room_id":"<empty>","device_ids":["<device>"],"licence_ids":["<licence>"]}`,
	},

	"GET /v1/devices": {"/v1/devices?account_id=<account>&room_id=<room>", ""},
	"POST /v1/devices": {
		"/v1/devices", `{"account_id":"<account>","room_id":"<room>","serial":"NEW1","model":"TAP"}`,
	},
	"GET /v1/devices/{id}": {"/v1/devices/<device>", ""},
	"PUT /v1/devices/{id}": {
		"/v1/devices/<device>", `{"account_id":"<account>","room_id":"<room>","serial":"NEW2","model":"TAP"}`,
	},
	"POST /v1/devices/{id}/placement": {"/v1/devices/<device>/placement", `{"room_id":"<empty>"}`},

	"GET /v1/assignments": {
		"/v1/assignments?account_id=<account>&room_id=<room>&licence_id=<licence>", "",
	},
	"POST /v1/assignments":              {"/v1/assignments", `{"licence_id":"<free licence>","room_id":"<empty>"}`},
	"POST /v1/assignments/{id}/release": {"/v1/assignments/<assignment>/release", `{}`},
	"POST /v1/rooms/{id}/archive":       {"/v1/rooms/<empty>/archive", `{}`},

	"GET /v1/coverage": {"/v1/coverage?room=<room>", ""},
	"POST /v1/coverage": {
		"/v1/coverage", `{"for":"hardware","subjects":[{"room":"<room>"},{"serial":"<serial>"}]}`,
	},
	"GET /v1/shipments":                   {"/v1/shipments?account_id=<account>&subject_id=<subject>", ""},
	"GET /v1/shipments/{id}":              {"/v1/shipments/<shipment>", ""},
	"GET /v1/shipments/{id}/label":        {"/v1/shipments/<way back>/label", ""},
	"GET /v1/shipments/{id}/packing-slip": {"/v1/shipments/<way back>/packing-slip", ""},
	"GET /v1/sites":                       {"/v1/sites?account_id=<account>", ""},
	"POST /v1/sites": {
		"/v1/sites",
		`{"account_id":"<account>","name":"Lab","address":{"street":"Rua A 1","city":"Rio","region":"RJ","country":"BR"}}`,
	},
	"GET /v1/sites/{id}": {"/v1/sites/<site>", ""},
	"PUT /v1/sites/{id}": {
		"/v1/sites/<site>",
		`{"account_id":"<account>","name":"HQ","address":{"street":"Rua A 1","city":"Rio","region":"RJ","country":"BR"}}`,
	},
	"GET /v1/rmas": {
		"/v1/rmas?account_id=<account>&room_id=<room>&device_id=<faulty>&site_id=<site>&serial=<faulty serial>", "",
	},
	"POST /v1/rmas": {
		"/v1/rmas", `{"account_id":"<account>","serial":"<serial>","site_id":"<site>","fault":"x"}`,
	},
	"POST /v1/rmas #accessory": {
		"/v1/rmas",
		`{"account_id":"<account>","room_id":"<room>","model":"STRONG-USB-CABLE","quantity":1,"site_id":"<site>","fault":"x"}`,
	},
	"GET /v1/rmas/{id}":            {"/v1/rmas/<rma>", ""},
	"POST /v1/rmas/{id}/{command}": {"/v1/rmas/<rma>/withdraw", `{"reason":"r"}`},
	"POST /v1/rmas #spare": {
		"/v1/rmas",
		`{"account_id":"<account>","serial":"<serial>","site_id":"<site>","spare_unit_id":"<spare>","fault":"x"}`,
	},
	"POST /v1/rmas/{id}/{command} #spare": {"/v1/rmas/<rma>/use_spare", `{"spare_unit_id":"<spare>"}`},
	"GET /v1/tickets": {
		"/v1/tickets?account_id=<account>&room_id=<room>&device_id=<faulty>&assignee_id=<person>", "",
	},
	"POST /v1/tickets": {
		"/v1/tickets",
		`{"account_id":"<account>","room_id":"<room>","category":"HARDWARE","usable":"NO","summary":"x","text":"x"}`,
	},
	"POST /v1/tickets #device": {
		"/v1/tickets",
		`{"device_id":"<device>","category":"HARDWARE","usable":"NO","summary":"x","text":"x"}`,
	},
	"POST /v1/tickets #contract": {
		"/v1/tickets",
		`{"contract_id":"<contract>","category":"QUESTION","usable":"YES","summary":"x","text":"x"}`,
	},
	"POST /v1/tickets/preview #device": {
		"/v1/tickets/preview",
		`{"device_id":"<device>","category":"HARDWARE","usable":"NO","summary":"x","text":"x"}`,
	},
	"POST /v1/tickets/preview #contract": {
		"/v1/tickets/preview",
		`{"contract_id":"<contract>","category":"QUESTION","usable":"YES","summary":"x","text":"x"}`,
	},
	"POST /v1/tickets/preview": {
		"/v1/tickets/preview",
		`{"account_id":"<account>","room_id":"<room>","category":"HARDWARE","usable":"NO","summary":"x","text":"x"}`,
	},
	"POST /v1/integrations/sync/help-requests": {
		"/v1/integrations/sync/help-requests", `{"account_id":"<account>","room_id":"<room>"}`,
	},
	"GET /v1/tickets/{id}":           {"/v1/tickets/<ticket>", ""},
	"POST /v1/tickets/{id}/messages": {"/v1/tickets/<ticket>/messages", `{"text":"x"}`},
	"GET /v1/ticket-files/{id}":      {"/v1/ticket-files/<file>", ""},
	"POST /v1/tickets/{id}/files": {
		"/v1/tickets/<ticket>/files", `{"message_id":"<message>","name":"a.txt","content":"eA=="}`,
	},
	"POST /v1/tickets/{id}/commands/{command}": {
		"/v1/tickets/<ticket>/commands/watch", `{"user_id":"<person>"}`,
	},
	"GET /v1/tickets/{id}/sessions": {"/v1/tickets/<ticket>/sessions", ""},
	"POST /v1/tickets/{id}/sessions/{session_id}/commands/{command}": {
		"/v1/tickets/<ticket>/sessions/<session>/commands/agree",
		`{"slots":[{"start":"` + sessionStart + `","end":"` + sessionEnd + `"}],"text":"2026-12"}`,
	},
	"GET /v1/tickets/{id}/participants": {"/v1/tickets/<ticket>/participants", ""},
	"POST /v1/tickets/{id}/participants": {
		"/v1/tickets/<ticket>/participants", `{"name":"Lia","email":"lia@service.example"}`,
	},
	"DELETE /v1/tickets/{id}/participants/{participant_id}": {
		"/v1/tickets/<ticket>/participants/<participant>", "",
	},
	"GET /v1/spare-units": {
		"/v1/spare-units?account_id=<account>&site_id=<site>&serial=<spare serial>&parent_id=<parent>", "",
	},
	"GET /v1/spare-units/{id}":            {"/v1/spare-units/<spare>", ""},
	"POST /v1/spare-units/{id}/{command}": {"/v1/spare-units/<proposed spare>/agree", `{}`},
	"GET /v1/spares":                      {"/v1/spares", ""},
	"GET /v1/spares/{id}":                 {"/v1/spares/<parent>", ""},
}

// unprobed are fields that look like ids and are not probed above, with the reason.
var unprobed = map[string]string{
	"GET /v1/coverage serial":                                "the question names a room or a serial: asked by TestC5_R109_ForeignRoomsAnswerLikeRandomOnes",
	"POST /v1/devices serial":                                "a serial of another account answers SERIAL_CLAIMED, which R27c asks for: TestR27c_SerialsOverTheAPI",
	"PUT /v1/devices/{id} serial":                            "likewise",
	"POST /v1/rooms/import serial":                           "likewise: TestS35_RoomsImportOverTheAPI",
	"POST /v1/warranties/claims serial":                      "any serial may be claimed; an operator decides: TestR111c_ClaimsOverTheAPI",
	"POST /v1/orders/import renews":                          "the job reads it, as POST /v1/orders does",
	"POST /v1/carrier/events event_id":                       "the carrier's own number, under its signature",
	"POST /v1/rmas/{id}/{command} serial":                    "of a replacement that the depot sends: operators only",
	"POST /v1/spare-units/{id}/{command} serial":             "of a unit that the depot sends: operators only",
	"POST /v1/tickets/{id}/commands/{command} assignee_id":   "an operator's, for operators alone: others are refused before it is read",
	"POST /v1/tickets/{id}/commands/{command} rma_id":        "an operator's, likewise",
	"POST /v1/tickets/{id}/commands/{command} room_id":       "an operator's, likewise",
	"POST /v1/tickets/{id}/commands/{command} parent_id":     "an operator's, likewise",
	"POST /v1/tickets/{id}/commands/{command} replaces_id":   "an operator's, likewise",
	"POST /v1/tickets/{id}/commands/{command} contract_id":   "an operator's, likewise",
	"POST /v1/tickets/{id}/commands/{command} order_id":      "an operator's, likewise",
	"POST /v1/tickets/{id}/commands/{command} faulty_serial": "an operator's, likewise",
	"POST /v1/tickets/{id}/commands/{command} licence_id":    "an operator's, likewise",
	"POST /v1/tickets/{id}/commands/{command} spare_unit_id": "an operator's, likewise",
	"POST /v1/tickets/{id}/commands/{command} serial":        "an operator's, likewise",
	"POST /v1/tickets/{id}/commands/{command} device_id":     "an operator's, likewise",
	"POST /v1/tickets/{id}/commands/{command} site_id":       "an operator's, likewise",
	"POST /v1/tickets/{id}/commands/{command} account_id":    "an operator's, likewise",
	"POST /v1/spare-units/{id}/{command} site_id":            "chosen by a CSM, an operator, among all sites of the parent",
	"PUT /v1/sites/{id} account_id":                          "only told that it cannot change here",
	"PUT /v1/devices/{id} room_id":                           "only told that it cannot change here",
	"PUT /v1/devices/{id} account_id":                        "only told that it cannot change here",
	"PUT /v1/rooms/{id} account_id":                          "only told that it cannot change here",
}
