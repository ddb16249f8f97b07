package api_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/api"
	"roomcover.dev/roomcover/models/session"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/health"
	"roomcover.dev/roomcover/rules/licensing"
	"roomcover.dev/roomcover/rules/rma"
	rulesession "roomcover.dev/roomcover/rules/session"
)

// rmaWorld is what the examples of sites and replacements are about.
func (h *house) rmaWorld(t *testing.T) map[string]func() (client, string) {
	n := 0
	world := func() storetest.Covered {
		n++
		c := h.CoveredFor(t, fmt.Sprintf("Empresa RMA %d", n), fmt.Sprintf("rma%d@empresa.example", n),
			fmt.Sprintf("SN-RMA-%d", n))
		h.Stands = map[string]string{
			"acc_01kbaccount": c.Account, "SN-EXAMPLE": *c.Device.Serial, "rom_01kbroom": c.Room.ID,
		}
		return c
	}
	at := func(path string, id func(storetest.Covered) string) func() (client, string) {
		return func() (client, string) { return h.Lead, strings.Replace(path, "{id}", id(world()), 1) }
	}
	none := func(storetest.Covered) string { return "" }
	site := func(c storetest.Covered) string { return c.Site.ID }
	rma := func(c storetest.Covered) string { return h.Requested(t, c).ID }
	ticket := func(c storetest.Covered) string { return h.OpenedTicket(t, c).ID }
	return map[string]func() (client, string){
		"list-sites":   at("/v1/sites?limit=1", none),
		"get-site":     at("/v1/sites/{id}", site),
		"create-site":  at("/v1/sites", none),
		"put-site":     at("/v1/sites/{id}", site),
		"mark-courier": at("/v1/sites/{id}/courier", site),
		"request-rma":  at("/v1/rmas", none),
		"get-rma":      at("/v1/rmas/{id}", rma),
		"list-rmas":    at("/v1/rmas?limit=1", rma),
		"act-on-rma":   at("/v1/rmas/{id}/approve", rma),

		"open-ticket":    at("/v1/tickets", none),
		"preview-ticket": at("/v1/tickets/preview", none),
		"ask-for-sync-help": func() (client, string) {
			c := world()
			h.Synced(t, c).Goes(t, health.DeviceOffline)
			return h.customer(c.Account, rules.CustomerReadOnly), "/v1/integrations/sync/help-requests"
		},
		"list-tickets":    at("/v1/tickets?limit=1", ticket),
		"get-ticket":      at("/v1/tickets/{id}", ticket),
		"write-to-ticket": at("/v1/tickets/{id}/messages", ticket),
		"note-ticket":     at("/v1/tickets/{id}/notes", ticket),
		"attach-to-ticket": func() (client, string) {
			path := "/v1/tickets/" + ticket(world())
			said := as[api.TicketDetail](t, h.Lead.post(path+"/messages",
				map[string]any{"text": "See the file."}), 200)
			h.Stands["tms_01kbmessage"] = lastMessage(said)
			return h.Lead, path + "/files"
		},
		"get-ticket-file": at("/v1/ticket-files/{id}", func(c storetest.Covered) string {
			file, _ := h.fileOf(t, ticket(c), storetest.Customer(c.Account))
			return file
		}),
		"act-on-ticket": at("/v1/tickets/{id}/commands/wait_for_customer", ticket),

		"list-sessions": func() (client, string) {
			of, _ := h.proposed(t, world())
			return h.Lead, of
		},
		"propose-session": func() (client, string) {
			of := "/v1/tickets/" + ticket(world()) + "/sessions"
			h.soon()
			return h.Lead, of
		},
		"act-on-session": func() (client, string) {
			of, id := h.proposed(t, world())
			return h.Lead, of + "/" + id + "/commands/schedule"
		},
		"list-participants": func() (client, string) {
			of, _ := h.guest(t, world())
			return h.Lead, of
		},
		"add-participant": func() (client, string) {
			return h.Lead, "/v1/tickets/" + ticket(world()) + "/participants"
		},
		"remove-participant": func() (client, string) {
			of, id := h.guest(t, world())
			return h.Lead, of + "/" + id
		},
	}
}

// soon is a time for a session, which stands for the one in the examples.
func (h *house) soon() rulesession.Slot {
	start := h.Calendar.Now().UTC().Truncate(time.Hour).Add(24 * time.Hour)
	end := start.Add(time.Hour)
	h.Stands["2026-12-16T13:00:00Z"] = start.Format(time.RFC3339)
	h.Stands["2026-12-16T14:00:00Z"] = end.Format(time.RFC3339)
	return rulesession.Slot{Start: start, End: end}
}

// proposed proposes a session, to which its customer agrees, and returns where the ticket's
// sessions are and its id.
func (h *house) proposed(t *testing.T, c storetest.Covered) (path, id string) {
	t.Helper()
	slots := []rulesession.Slot{h.soon()}
	ticket := h.OpenedTicket(t, c).ID
	s, err := h.Tickets.ProposeSession(storetest.Operator(), ticket, slots)
	require.NoError(t, err)
	_, err = h.Tickets.AgreeToSession(
		storetest.Customer(c.Account), ticket, s.ID, slots, rulesession.TextVersion)
	require.NoError(t, err)
	return "/v1/tickets/" + ticket + "/sessions", s.ID
}

// guest lets somebody see a ticket, and returns where its participants are and their id.
func (h *house) guest(t *testing.T, c storetest.Covered) (path, id string) {
	t.Helper()
	ticket := h.OpenedTicket(t, c).ID
	p, err := h.Tickets.AddParticipant(storetest.Operator(), ticket, session.Participant{
		Name: "Teo", Email: "teo@service.example",
	})
	require.NoError(t, err)
	return "/v1/tickets/" + ticket + "/participants", p.ID
}

type rmaAnswer struct {
	ID, State, Outbound, Return, Fee, Speed, Cover string
	Late                                           bool
	Commands                                       []string
	WaitsFor                                       string `json:"waits_for"`
	ReturnDueOn                                    string `json:"return_due_on"`
	Promise                                        *struct {
		On          string
		Explanation map[string]string
	}
	Timeline []struct {
		Event, Actor string
		Details      map[string]any
	}
}

func (h *house) act(t *testing.T, c client, id, command string, body map[string]any) rmaAnswer {
	t.Helper()
	return as[rmaAnswer](t, c.post("/v1/rmas/"+id+"/"+command, body), 200)
}

func TestR35c_AReplacementOverTheAPI(t *testing.T) {
	h := sqlite(t)
	c := h.Covered(t)
	customer := h.customer(c.Account, rules.CustomerAdmin)
	agent := h.client("org_operator", rules.OperatorAgent)
	site := as[map[string]any](t, customer.get("/v1/sites/"+c.Site.ID), 200)
	require.Equal(t, "HQ", site["name"])
	r := as[rmaAnswer](t, customer.post("/v1/rmas", map[string]any{"serial": "sn-100", "fault": "No picture"}), 201)
	require.Equal(t, []string{"withdraw", "use_spare"}, r.Commands)
	require.Equal(t, []string{"NBD", "SELECT", "NOT_DUE"}, []string{r.Speed, r.Cover, r.Return})
	problem(t, customer.post("/v1/rmas", map[string]any{"serial": "sn-100", "fault": "No picture"}), 409, rma.RMAOpen)
	problem(t, customer.post("/v1/rmas/"+r.ID+"/approve", map[string]any{"defect_confirmed": true}), 403,
		rules.Forbidden)
	problem(t, agent.post("/v1/rmas/"+r.ID+"/approve", map[string]any{}), 409, rma.DefectOpen)

	r = h.act(t, agent, r.ID, "approve", map[string]any{"defect_confirmed": true})
	require.Equal(t, "2026-11-26", r.Promise.On)
	require.Equal(t, "approved Wednesday at 09:00, by the 15:00 cutoff; promised for Thursday", r.Promise.Explanation["en"])
	require.Contains(t, r.Promise.Explanation["pt-BR"], "aprovada na quarta-feira às 09:00")
	require.Equal(t, "PROMISE_BREACH", r.WaitsFor)
	h.act(t, agent, r.ID, "allocate", map[string]any{})
	problem(t, agent.post("/v1/rmas/"+r.ID+"/ship", map[string]any{"serial": "SN-100"}), 409,
		licensing.SerialRegistered)
	h.act(t, agent, r.ID, "ship", map[string]any{"serial": "new-100", "carrier": "sim", "tracking": "TRK1"})
	r = h.act(t, agent, r.ID, "tell", map[string]any{"fact": "DELIVERED", "at": h.Calendar.Now()})
	require.Equal(t, []string{
		"AWAITING_RETURN", "DELIVERED", "2026-12-09",
	}, []string{r.State, r.Outbound, r.ReturnDueOn})
	problem(t, customer.post("/v1/rmas/"+r.ID+"/tell", map[string]any{"fact": "RETURN_SCANNED"}), 403, rules.Forbidden)
	problem(t, agent.post("/v1/rmas/"+r.ID+"/tell", map[string]any{"fact": "EATEN"}), 422, rules.ValidationFailed)
	problem(t, agent.post("/v1/rmas/"+r.ID+"/dance", map[string]any{}), 409, "ACTION_NOT_AVAILABLE")
	r = h.act(t, agent, r.ID, "inspect", map[string]any{"serial": "SN-100", "outcome": "DEFECT"})
	require.Equal(t, "CLOSED", r.State)
	require.Equal(t, "rma.requested", r.Timeline[0].Event)
	require.NotEmpty(t, r.Timeline[0].Actor)

	seen := as[rmaAnswer](t, customer.get("/v1/rmas/"+r.ID), 200)
	require.Equal(t, len(r.Timeline), len(seen.Timeline))
	for _, e := range seen.Timeline {
		require.Empty(t, e.Actor+fmt.Sprint(len(e.Details))[1:], "who did it is for operators")
		require.Empty(t, e.Details)
	}
	require.Len(t, as[items[rmaAnswer]](t, customer.get("/v1/rmas?serial=NEW100"), 200).Items, 1)
	require.Empty(t, as[items[rmaAnswer]](t, customer.get("/v1/rmas?open=true"), 200).Items)
	require.Empty(t, as[items[rmaAnswer]](t, customer.get("/v1/rmas?late=true&state=CLOSED"), 200).Items)
}

func TestS25_EveryReasonAgainstAReplacementIsNamedAtOnce(t *testing.T) {
	h := sqlite(t)
	c := h.Covered(t)
	customer := h.customer(c.Account, rules.CustomerAdmin)
	h.Device(t, c.Room, "OLD-1", "MEETUP", "2019-01-01")
	p := problem(t,
		customer.post("/v1/rmas", map[string]any{"serial": "OLD-1", "fault": "Broken", "site_id": "sit_none"}), 422,
		rules.WarrantyCap)
	codes := []string{}
	for _, e := range p.Errors {
		codes = append(codes, e.Code)
	}
	require.Equal(t, []string{rules.WarrantyCap, rma.SerialTooNew, rma.SiteUnknown}, codes)
	problem(t, customer.post("/v1/rmas", map[string]any{
		"model":    "SYNC",
		"room_id":  c.Room.ID,
		"quantity": 1,
		"fault":    "Broken",
	}), 422, rules.NotHardware)
	problem(t, customer.post("/v1/rmas", map[string]any{"model": "STRONG-USB-CABLE", "quantity": 1, "fault": "Broken"}),
		422, rules.ValidationFailed)
	problem(t, h.customer(c.Account, rules.CustomerReadOnly, api.RMAsRead, api.RMAsWrite).
		post("/v1/rmas", map[string]any{"serial": "SN-100", "fault": "x"}), 403, rules.Forbidden)
}

func TestS22_OnlyALeadWaivesOverTheAPI(t *testing.T) {
	h := sqlite(t)
	c := h.Covered(t)
	r := h.DeliveredRMA(t, c)
	h.Calendar.Set(h.Calendar.Now().Add(60 * 24 * time.Hour))
	agent := h.client("org_operator", rules.OperatorAgent)
	require.NotContains(t, as[rmaAnswer](t, agent.get("/v1/rmas/"+r.ID), 200).Commands, "waive")
	problem(t, agent.post("/v1/rmas/"+r.ID+"/waive", map[string]any{"reason": "goodwill"}), 403, rules.Forbidden)
	require.Equal(t, "OVERDUE",
		as[rmaAnswer](t, h.Lead.get("/v1/rmas/"+r.ID), 200).State, "derived, whatever the worker has done")
	require.Equal(t, "WAIVED", h.act(t, h.Lead, r.ID, "waive", map[string]any{"reason": "goodwill"}).Fee)
}

// A foreign id is answered like one that does not exist, to the byte (C5).
func TestC5_ForeignReplacementsAnswerLikeRandomOnes(t *testing.T) {
	h := sqlite(t)
	c := h.Covered(t)
	r := h.Requested(t, c)
	other := h.CoveredFor(t, "Beta SA", "bia@beta.example", "SN-101")
	stranger := h.customer(other.Account, rules.CustomerAdmin)
	for _, q := range []struct{ method, path, body string }{
		{"GET", "/v1/rmas/%s", ""},
		{"POST", "/v1/rmas/%s/withdraw", "{}"},
		{"POST", "/v1/rmas/%s/approve", "{}"},
		{"POST", "/v1/rmas/%s/tell", `{"fact":"DELIVERED"}`},
		{"POST", "/v1/rmas/%s/dance", "{}"},
	} {
		foreign := problem(t, stranger.send(q.method, fmt.Sprintf(q.path, r.ID), q.body), 404, rules.NotFound)
		missing := problem(t, stranger.send(q.method, fmt.Sprintf(q.path, "rma_01kbnothing"), q.body), 404,
			rules.NotFound)
		foreign.RequestID, missing.RequestID = "", ""
		require.Equal(t, missing, foreign, q.path)
	}
	for _, q := range []struct {
		method, path, body string
	}{{"GET", "/v1/sites/%s", ""}, {"PUT", "/v1/sites/%s", "{}"}} {
		problem(t, stranger.send(q.method, fmt.Sprintf(q.path, c.Site.ID), q.body, "If-Match", `"1"`), 404,
			rules.NotFound)
	}
}
