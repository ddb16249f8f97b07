package api_test

import (
	"maps"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/api"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/cover"
	"roomcover.dev/roomcover/rules/ordering"
	rule "roomcover.dev/roomcover/rules/ticket"
)

// What operators note, decide among themselves and give as reasons is in their own answers, and
// in no customer's: neither who has taken the ticket, nor that somebody has, nor who did it.
func TestS42_CustomersReadNothingThatIsOperatorsOwn(t *testing.T) {
	h := sqlite(t)
	c := h.Covered(t)
	path := "/v1/tickets/" + h.OpenedTicket(t, c).ID
	const canary = "canary"

	h.Lead.post(path+"/notes", map[string]any{"text": canary})
	command := func(name string, body map[string]any) {
		require.Equal(t, 200, h.Lead.post(path+"/commands/"+name, body).Status)
	}
	command("assign", map[string]any{"assignee_id": "me", "team": canary})
	command("set_severity", map[string]any{"severity": 1, "reason": canary})

	desk := as[api.TicketDetail](t, h.Lead.get(path), 200)
	require.Len(t, desk.Notes, 1)
	require.Equal(t, canary, desk.Desk.Team)
	customer := h.customer(c.Account, rules.CustomerAdmin)
	answers := []answer{
		customer.get(path),
		customer.get("/v1/tickets"),
		customer.post(path+"/messages", map[string]any{"text": "Is somebody there?"}),
	}
	for _, a := range answers {
		require.Equal(t, 200, a.Status)
		require.NotContains(t, string(a.Body), canary)
		require.NotContains(t, string(a.Body), desk.Desk.AssigneeID)
	}

	theirs := as[api.TicketDetail](t, customer.get(path), 200)
	require.Equal(t, 1, theirs.Severity)
	require.Nil(t, theirs.Desk)
	require.Empty(t, theirs.Notes)
	for _, e := range theirs.Entries {
		if e.Event != nil {
			require.Empty(t, e.Event.Actor)
			require.NotEqual(t, "ASSIGNED", string(e.Event.Kind))
		}
	}
	problem(t, customer.post(path+"/notes", map[string]any{"text": "x"}), 403, rules.Forbidden)
}

// What is typed with a command is kept, or refused with the name of its field.
func TestNoWordsOfACommandVanishByTheAPI(t *testing.T) {
	eachHouse(t, func(t *testing.T, h *house) {
		c := h.Covered(t)
		path := "/v1/tickets/" + h.OpenedTicket(t, c).ID
		lead := func(name string, body map[string]any) answer {
			return h.Lead.post(path+"/commands/"+name, body)
		}
		refused := func(pointer string, a answer) {
			t.Helper()
			require.GreaterOrEqual(t, a.Status, 400)
			require.Contains(t, string(a.Body), `"`+pointer+`"`)
		}
		refused("/text", lead("assign", map[string]any{"assignee_id": "me", "text": "Mine."}))
		refused("/text", lead("watch", map[string]any{"unwatch": true, "text": "Mine."}))
		refused("/text", lead("link_duplicate", map[string]any{"text": "Mine."}))
		refused("/severity", lead("set_severity",
			map[string]any{"severity": 2, "reason": "as before", "text": "It stays."}))
		refused("/reason", lead("set_severity", map[string]any{"severity": 2, "reason": "as before"}))

		require.Equal(t, 200, lead("resolve", map[string]any{"text": "Done."}).Status)
		customer := h.customer(c.Account, rules.CustomerAdmin)
		require.Equal(t, 200, customer.post(path+"/messages", map[string]any{"text": "Thanks!"}).Status)
		require.Equal(t, 200, lead("undo_reopening",
			map[string]any{"text": "You are welcome.", "reason": "only thanks"}).Status)
		require.Contains(t, string(customer.get(path).Body), "You are welcome.")
	})
}

// A reader opens tickets and writes to them; every other command is refused, whatever state the
// ticket is in, and changes nothing. An administrator's is done.
func TestR42_AReaderGivesNoCommandButComment(t *testing.T) {
	h := sqlite(t)
	c := h.Covered(t)
	reader := h.customer(c.Account, rules.CustomerReadOnly)
	admin := h.customer(c.Account, rules.CustomerAdmin)
	request := map[string]any{
		"room_id":  c.Room.ID,
		"category": "HARDWARE",
		"usable":   "PARTLY",
		"summary":  "No picture",
		"text":     "It stays dark.",
	}
	path := "/v1/tickets/" + as[ref](t, reader.post("/v1/tickets", request), 201).ID
	read := func(c client) api.TicketDetail { return as[api.TicketDetail](t, c.get(path), 200) }
	member := h.Strings(t, "SELECT user_id FROM memberships WHERE account_id = '"+c.Account+"'")[0]

	// Each command in a state in which an administrator may give it.
	for _, step := range []struct {
		command string
		body    map[string]any
		before  string // what an agent does first; empty: nothing
	}{
		{"worse", map[string]any{"text": "All is dark now."}, ""},
		{"watch", map[string]any{"user_id": member}, ""},
		{"watch", map[string]any{"user_id": member, "unwatch": true}, ""},
		{"resolve", map[string]any{"text": "Found it."}, "answer"},
		{"reopen", map[string]any{"text": "Dark again."}, ""},
	} {
		if step.before != "" {
			a := h.Lead.post(path+"/commands/"+step.before, map[string]any{"text": "We look at it."})
			require.Equal(t, 200, a.Status)
		}
		before := read(admin)
		require.Contains(t, before.Commands, rule.Command(step.command))
		require.NotContains(t, read(reader).Commands, rule.Command(step.command))
		for _, body := range []map[string]any{step.body, {}} {
			problem(t, reader.post(path+"/commands/"+step.command, body), 403, rules.Forbidden)
		}
		require.Equal(t, before, read(admin), step.command)
		require.Equal(t, 200, admin.post(path+"/commands/"+step.command, step.body).Status)
	}

	other := "/v1/tickets/" + as[ref](t, reader.post("/v1/tickets", request), 201).ID
	problem(t, reader.post(other+"/commands/cancel", map[string]any{}), 403, rules.Forbidden)
	require.Equal(t, 200, admin.post(other+"/commands/cancel", map[string]any{}).Status)
	for _, name := range rule.Commands() {
		if name != rule.DoOpen && name != rule.DoNote && name != rule.DoComment {
			a := reader.post("/v1/tickets/tkt_none/commands/"+string(name), map[string]any{"text": "x"})
			problem(t, a, 403, rules.Forbidden)
		}
	}

	// What a reader writes in a resolved ticket reopens it, as anybody's comment.
	require.Equal(t, 200, h.Lead.post(path+"/commands/resolve", map[string]any{"text": "Now?"}).Status)
	require.Equal(t, []rule.Command{rule.DoComment}, read(reader).Commands)
	reopened := as[api.TicketDetail](t, reader.post(path+"/messages", map[string]any{"text": "No."}), 200)
	require.EqualValues(t, rule.InProgress, reopened.State)
}

// What nothing covers is refused with its reasons, which the preview says before; software is
// supported like everything else in the room.
func TestR39c_R75_ATicketThatNothingCoversIsRefusedOverTheAPI(t *testing.T) {
	eachHouse(t, func(t *testing.T, h *house) {
		c := h.Covered(t)
		reader := h.customer(c.Account, rules.CustomerReadOnly)
		request := map[string]any{
			"room_id":  h.Room(t, c.Account, "Sala 2").ID,
			"category": "SOFTWARE",
			"usable":   "PARTLY",
			"summary":  "No sound",
			"text":     "Since the update.",
		}

		preview := as[api.TicketPreview](t, reader.post("/v1/tickets/preview", request), 200)
		require.False(t, preview.Covered)
		require.True(t, preview.Cover.Has(cover.ReasonNoAssignment))
		refused := problem(t, reader.post("/v1/tickets", request), 403, rules.NotCovered)
		require.NotEmpty(t, refused.Errors)
		require.Empty(t, as[items[ref]](t, reader.get("/v1/tickets"), 200).Items)

		request["room_id"] = c.Room.ID
		as[ref](t, reader.post("/v1/tickets", request), 201)
		require.Len(t, as[items[ref]](t, reader.get("/v1/tickets"), 200).Items, 1)
	})
}

// Who has both JumpStart and Select is answered by Select, or sooner. A ticket that asks JumpStart
// is one of Select, and says so.
func TestR32a_R32b_JumpStartAskedIsSelectThatAnswers(t *testing.T) {
	eachHouse(t, func(t *testing.T, h *house) {
		c := h.Covered(t)
		bundle := func(po, company, email string) (account, contract string) {
			f := storetest.FormFor(po, company, email)
			f.Lines = []ordering.OrderLine{{SKU: "TAP-BUNDLE-TEAMS", Quantity: 1}}
			o := h.Fulfilled(t, h.Env.Reseller(t, "Revenda Sul"), f)
			query := "SELECT id FROM service_contracts WHERE type = 'JUMPSTART' AND account_id = '"
			return *o.AccountID, h.Strings(t, query+*o.AccountID+"'")[0]
		}
		form := storetest.Form("PO-BUNDLE")
		both, jumpStart := bundle("PO-BUNDLE", form.EndCustomer.Company, form.EndCustomer.Email)
		require.Equal(t, c.Account, both)
		first := h.Room(t, c.Account, "A room that has none")
		require.NotEmpty(t, first.ID)

		asked := map[string]any{
			"category": "SETUP",
			"usable":   "PARTLY",
			"summary":  "Setting up",
			"text":     "How does it go on?",
		}
		asks := func(account, key, id string) (api.TicketPreview, api.TicketDetail) {
			t.Helper()
			customer := h.customer(account, rules.CustomerReadOnly)
			body := maps.Clone(asked)
			body[key] = id
			preview := as[api.TicketPreview](t, customer.post("/v1/tickets/preview", body), 200)
			opened := as[api.TicketDetail](t, customer.post("/v1/tickets", body), 201)
			require.Equal(t, preview.Policy, opened.Policy)
			require.Equal(t, preview.FirstDue, opened.DueAt)
			require.Equal(t, preview.Rerouted, opened.Rerouted)
			return preview, opened
		}

		_, of := asks(c.Account, "room_id", c.Room.ID)
		require.Equal(t, "SELECT", of.Policy)
		require.False(t, of.Rerouted)
		require.Equal(t, of.OpenedAt.Add(4*time.Hour), *of.DueAt, "JumpStart would take a business day")

		_, through := asks(c.Account, "contract_id", jumpStart)
		require.Equal(t, "SELECT", through.Policy)
		require.True(t, through.Rerouted)
		require.Equal(t, through.OpenedAt.Add(4*time.Hour), *through.DueAt)
		require.Equal(t, jumpStart, through.ContractID)
		require.True(t, as[api.TicketDetail](t, h.Lead.get("/v1/tickets/"+through.ID), 200).Rerouted)

		alone, own := bundle("PO-ALONE", "Beta SA", "bia@beta.example")
		h.Room(t, alone, "Sala 9")
		_, only := asks(alone, "contract_id", own)
		require.Equal(t, "JUMPSTART", only.Policy)
		require.False(t, only.Rerouted)

		foreign := maps.Clone(asked)
		foreign["room_id"], foreign["contract_id"] = c.Room.ID, own
		problem(t, h.customer(c.Account, rules.CustomerAdmin).post("/v1/tickets", foreign), 404, rules.NotFound)
	})
}
