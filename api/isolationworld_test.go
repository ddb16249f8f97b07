package api_test

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/api"
	"roomcover.dev/roomcover/models/account"
	"roomcover.dev/roomcover/models/attachment"
	"roomcover.dev/roomcover/models/entitlement"
	"roomcover.dev/roomcover/models/privacy"
	"roomcover.dev/roomcover/models/replacement"
	"roomcover.dev/roomcover/models/session"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/models/warranty"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/ordering"
	rulesession "roomcover.dev/roomcover/rules/session"
)

// side is one of two accounts with the same data: its ids by kind, and a client for
// each role that a tenant can have.
type side struct {
	ids   map[string]string
	roles map[rules.Role]client
}

// side makes the n-th account, with one of everything that an operation can name.
func (h *house) side(t *testing.T, n int) side {
	reseller := h.Env.Reseller(t, fmt.Sprint("Revenda ", n))
	distributor, err := h.PutOrg(h.Context, account.OrgChange{
		Kind:           account.OrgDistributor,
		Name:           fmt.Sprint("Distribuidora ", n),
		AuthorisedFrom: "2020-01-01",
	})
	require.NoError(t, err)
	form := storetest.FormFor("PO-1", storetest.Company(n), fmt.Sprintf("p%d@acme.example", n))
	o := h.Env.Fulfilled(t, reseller, form)
	accountID := *o.AccountID
	acc, err := h.GetAccount(h.Context, accountID)
	require.NoError(t, err)
	s := side{roles: map[rules.Role]client{
		rules.Reseller:         h.client(reseller.ID, rules.Reseller),
		rules.Distributor:      h.client(distributor.ID, rules.Distributor),
		rules.CustomerAdmin:    h.customer(accountID, rules.CustomerAdmin),
		rules.CustomerReadOnly: h.customer(accountID, rules.CustomerReadOnly),
	}}
	room := h.Room(t, accountID, "Sala 1")
	empty := h.Room(t, accountID, "Sala 2")
	device := h.Device(t, room, fmt.Sprint("TWIN-", n), "RALLY-BAR", "2026-10-01")
	licences := h.Licences(t, o)
	parcel := h.parcel(accountID, fmt.Sprint("TRACK", n))
	s.ids = map[string]string{
		"account":      accountID,
		"order":        o.ID,
		"reseller":     reseller.ID,
		"parent":       acc.ParentOrgID,
		"room":         room.ID,
		"empty":        empty.ID,
		"device":       device.ID,
		"serial":       *device.Serial,
		"licence":      licences[0].ID,
		"free licence": licences[1].ID,
		"contract":     licences[0].ContractID,
		"assignment":   h.Assigned(t, licences[0], room).ID,
		"shipment":     parcel.ID,
		"subject":      parcel.SubjectID,
	}
	s.ids["site"] = h.Site(t, accountID, "HQ", "BR", "SP").ID
	s.ids["way back"] = h.wayBack(accountID, s.ids["site"], fmt.Sprint("BACK", n)).ID
	s.sellersOwn(t, form)
	h.asksForExport(t, accountID, &s)
	h.extend(t, reseller, form, room, &s)
	return s
}

// asksForExport adds a member about whom the account's administrator has asked for an export,
// which is there.
func (h *house) asksForExport(t *testing.T, accountID string, s *side) {
	s.ids["person"] = h.reader(t, accountID)
	r, err := h.Domains.Privacy.Ask(storetest.Customer(accountID), privacy.NewRequest{
		Kind:      privacy.Export,
		AccountID: accountID,
		UserID:    s.ids["person"],
	})
	require.NoError(t, err)
	_, err = h.Domains.Privacy.RunRequests(h.Context)
	require.NoError(t, err)
	s.ids["privacy"] = r.ID
}

// sellersOwn adds what the reseller has besides: an order in review and a job.
func (s side) sellersOwn(t *testing.T, form ordering.OrderForm) {
	form.PONumber, form.PurchasedOn = "PO-2", "2026-12-24"
	s.ids["review"] = s.roles[rules.Reseller].accepted(form).ID
	s.ids["import"] = as[ref](t, s.roles[rules.Reseller].send("POST", "/v1/orders/import", "[{}]"), 202).ID
	form.PONumber = "PO-9"
	form.Lines = []ordering.OrderLine{{SKU: "SELECT-3Y", Quantity: 1, Renews: "CONTRACT"}}
	body, err := json.Marshal(form)
	require.NoError(t, err)
	s.ids["form"] = strings.Replace(string(body), "CONTRACT", "<contract>", 1)
	s.ids["amendment"] = strings.Replace(s.ids["form"], "PO-9", "PO-2", 1)
}

// The time of the sessions that are proposed to both accounts.
const sessionStart, sessionEnd = "2026-12-20T12:00:00Z", "2026-12-20T13:00:00Z"

// extend adds an extended warranty of two units, one of them attached, and a
// replacement that is asked for.
func (h *house) extend(t *testing.T, reseller account.Org, form ordering.OrderForm, room entitlement.Room, s *side) {
	form.PONumber = "PO-3"
	form.Lines = []ordering.OrderLine{{SKU: "EXT-WARRANTY-1Y", Quantity: 2}}
	units := h.Licences(t, h.Env.Fulfilled(t, reseller, form))
	device := h.Device(t, room, "EXTENDED-"+s.ids["serial"], "RALLY-BAR", "2026-10-01")
	a, err := h.AttachWarranty(h.Context, warranty.AttachRequest{LicenceID: units[0].ID, Serial: *device.Serial})
	require.NoError(t, err)
	faulty := h.Device(t, room, "FAULTY-"+s.ids["serial"], "RALLY-BAR", "2026-10-01")
	h.Calendar.Set(h.Calendar.Now().Add(48 * time.Hour)) // S25: the serial has been there for a day
	rma, err := h.RequestRMA(storetest.Customer(s.ids["account"]), replacement.NewRMA{
		AccountID: s.ids["account"],
		Serial:    *faulty.Serial,
		Fault:     "No picture",
	})
	require.NoError(t, err)
	s.ids["faulty"] = faulty.ID
	s.ids["faulty serial"] = *faulty.Serial
	s.ids["rma"] = rma.ID
	asked := storetest.RoomTicket(room.ID)
	asked.Files = []attachment.Upload{{Name: "sala.log", Content: strings.NewReader("no signal")}}
	ticket, err := h.Tickets.Open(storetest.Customer(s.ids["account"]), asked)
	require.NoError(t, err)
	s.ids["ticket"] = ticket.ID
	start, err := time.Parse(time.RFC3339, sessionStart)
	require.NoError(t, err)
	slot := rulesession.Slot{Start: start, End: start.Add(time.Hour)}
	video, err := h.Tickets.ProposeSession(
		storetest.Operator(), ticket.ID, []rulesession.Slot{slot})
	require.NoError(t, err)
	s.ids["session"] = video.ID
	guest, err := h.Tickets.AddParticipant(storetest.Operator(), ticket.ID, session.Participant{
		Name: "Teo", Email: "teo@service.example",
	})
	require.NoError(t, err)
	s.ids["participant"] = guest.ID
	files, err := h.Attachments.OfGroup(storetest.Operator(), ticket.ID)
	require.NoError(t, err)
	s.ids["file"] = files[0].ID
	// Files hang on what the caller said itself.
	said := as[api.TicketDetail](t, s.roles[rules.CustomerAdmin].post(
		"/v1/tickets/"+ticket.ID+"/messages", map[string]any{"text": "See the file."}), 200)
	s.ids["message"] = lastMessage(said)
	h.spares(t, reseller, form, s)
	s.ids["extension"] = units[0].ContractID
	s.ids["unit"] = units[0].ID
	s.ids["free unit"] = units[1].ID
	s.ids["extended"] = *device.Serial
	s.ids["attachment"] = a.Attachment.ID
}

// spares adds a spare that is on site and one that waits for the customer's consent.
func (h *house) spares(t *testing.T, reseller account.Org, form ordering.OrderForm, s *side) {
	form.PONumber = "PO-4"
	form.Lines = []ordering.OrderLine{{SKU: "SELECT-3Y", Quantity: 100}}
	h.Env.Fulfilled(t, reseller, form)
	units := h.Units(t, s.ids["account"])
	require.Len(t, units, 2)
	for _, u := range units {
		_, err := h.SelectSpare(storetest.CSM(), u.ID, replacement.SpareChoice{
			ModelCode: "RALLY-BAR",
			SiteID:    s.ids["site"],
		})
		require.NoError(t, err)
	}
	_, err := h.AgreeSpare(storetest.Customer(s.ids["account"]), units[0].ID, 0)
	require.NoError(t, err)
	u := h.OnSite(t, units[0], "SPARE-"+s.ids["serial"])
	s.ids["spare"] = u.ID
	s.ids["spare serial"] = u.Serial
	s.ids["proposed spare"] = units[1].ID
}

// forms puts in the bodies of orders, which name a contract themselves.
func (s side) forms(text string) string {
	return strings.NewReplacer("<form>", s.ids["form"], "<amendment>", s.ids["amendment"]).Replace(text)
}

var placeholder = regexp.MustCompile(`<[a-z ]+>`)

// request fills a probe with the caller's own ids; the n-th place takes other. It
// tells how many places there are.
func (s side) request(text string, n int, other string) (string, int) {
	text, at := s.forms(text), -1
	filled := placeholder.ReplaceAllStringFunc(text, func(kind string) string {
		if at++; at == n {
			return other
		}
		return s.ids[strings.Trim(kind, "<>")]
	})
	return filled, at + 1
}

// kinds are those of a probe's places, in order.
func (s side) kinds(text string) (out []string) {
	for _, k := range placeholder.FindAllString(s.forms(text), -1) {
		out = append(out, strings.Trim(k, "<>"))
	}
	return out
}

// random is an id like the given one that nothing has.
func random(id string) string {
	if at := strings.Index(id, "_"); at >= 0 {
		return id[:at] + "_01kbrandomrandomrandomrandom"[:len(id)-at]
	}
	return strings.Repeat("98", len(id))[:len(id)]
}
