package chaos

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/mail/inbound"
	"roomcover.dev/roomcover/mail/smtptest"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/mailbox"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/models/ticket"
	"roomcover.dev/roomcover/rules"
	rule "roomcover.dev/roomcover/rules/ticket"
)

const helpAddress = "help@support.example"

// ticketWorld is what tickets a sound world has, and who says something in them.
type ticketWorld struct {
	env     storetest.Env
	t       *testing.T
	e       *Evidence
	house   storetest.Covered
	member  context.Context
	lead    context.Context
	written int
}

func (w *ticketWorld) word() string {
	w.written++
	return word(1, 1, w.written)
}

// says keeps that a text was acknowledged, and returns what is said.
func (w *ticketWorld) says(note bool, ticketID string) (*Said, string) {
	s := &Said{Word: w.word(), Account: w.house.Account, Note: note, Ticket: ticketID}
	w.e.Ledger.say(s)
	if note {
		return s, Canary + " " + s.Word
	}
	return s, "Ana " + Marker + ": " + s.Word
}

func (w *ticketWorld) opens() ticket.Ticket {
	w.t.Helper()
	said, text := w.says(false, "")
	tk, err := w.env.Tickets.Open(w.member, ticket.NewTicket{
		RoomID:   w.house.Room.ID,
		Category: rule.Hardware,
		Usable:   rule.UsablePartly,
		Summary:  "Sem imagem",
		Text:     text,
	})
	require.NoError(w.t, err)
	w.e.Ledger.opened(said, tk.ID)
	return tk
}

func (w *ticketWorld) does(who context.Context, id string, c ticket.Command, speaks bool) {
	w.t.Helper()
	if speaks {
		_, c.Text = w.says(false, id)
	}
	_, err := w.env.Tickets.Do(who, id, c)
	require.NoError(w.t, err)
}

// passes lets time pass, with what comes by itself for the tickets.
func (w *ticketWorld) passes(d time.Duration, ids ...string) {
	w.t.Helper()
	until := w.env.Calendar.Now().Add(d)
	for _, id := range ids {
		storetest.RunTicketUntil(w.t, w.env, id, until)
	}
	w.env.Calendar.Set(until)
}

// mails hands a mail in as roomcover mailin does, twice.
func (w *ticketWorld) mails(l *Letter, paper stationery) {
	w.t.Helper()
	l.Word, l.Account, l.Taken = w.word(), w.house.Account, true
	l.From, l.To = paper.from, []string{paper.to}
	l.Raw = paper.raw(l.Word)
	w.e.Ledger.write(l)
	for range 2 {
		raw, err := mailbox.ReadRaw(strings.NewReader(string(l.Raw)), mailbox.MaxMail)
		require.NoError(w.t, err)
		envelope := inbound.Envelope{From: l.From, To: paper.to, Known: true}
		id, _, err := w.env.Receive(w.env.Context, envelope, raw)
		require.NoError(w.t, err)
		require.NoError(w.t, w.env.Sort(w.env.Context, id))
	}
}

// supported adds tickets to a sound world: one whose clocks warned, were breached, paused, resumed
// and were undone, with a note and answers by mail; one that waits for its first answer; one that
// was canceled.
func supported(t *testing.T, env storetest.Env, e *Evidence) {
	t.Helper()
	env.Configure(mailbox.Options{
		Options: inbound.Options{
			Keys:        threadKeys,
			AuthServIDs: []string{authServer},
			Hops:        1,
		},
		Addresses: []string{helpAddress},
	})
	w := &ticketWorld{env: env, t: t, e: e, lead: storetest.Operator()}
	w.house = env.CoveredFor(t, "Casa 7 Ltda", "ana@casa-7.example", "SN-7")
	w.member = db.WithScope(context.Background(), db.Scope{
		AccountIDs: []string{w.house.Account},
		Actor:      db.Actor{ID: w.house.Admin.ID, Role: rules.CustomerAdmin},
	})

	worked := w.opens()
	w.passes(5*time.Hour, worked.ID) // its first answer is late
	w.does(w.lead, worked.ID, ticket.Command{Name: rule.DoAnswer}, true)
	w.passes(20*time.Hour, worked.ID) // the next one is nearly so
	w.does(w.lead, worked.ID, ticket.Command{
		Name:     rule.DoSetSeverity,
		Severity: 1,
		Reason:   Canary + " the room is down",
	}, false)
	w.does(w.lead, worked.ID, ticket.Command{
		Name:   rule.DoWaitCustomer,
		Reason: "Which cable?",
	}, true)
	w.passes(30*time.Hour, worked.ID)
	_, note := w.says(true, worked.ID)
	_, err := env.Notes.Add(w.lead, worked.ID, note, "", 0)
	require.NoError(t, err)

	signed := stationery{
		from:    w.house.Admin.Email,
		to:      threadKeys.ReplyAddress(helpAddress, worked.Number),
		subject: "Re: [" + worked.Number + "] Sem imagem",
		text:    "The blue one.",
	}
	w.mails(&Letter{Kind: fromMember, Author: w.house.Admin.ID}, signed)
	forged := signed
	forged.auth = "fail"
	w.mails(&Letter{Kind: unproved}, forged)
	robot := signed
	robot.more = "Auto-Submitted: auto-replied"
	w.mails(&Letter{Kind: automatic}, robot)

	w.passes(time.Hour, worked.ID)
	w.does(w.lead, worked.ID, ticket.Command{Name: rule.DoResolve}, true)
	w.passes(time.Hour, worked.ID)
	w.does(w.member, worked.ID, ticket.Command{Name: rule.DoComment}, true)
	w.passes(time.Hour, worked.ID)
	w.does(w.lead, worked.ID, ticket.Command{
		Name:   rule.DoUndoReopen,
		Reason: Canary + " only thanks",
	}, false)

	cancelled := w.opens()
	w.does(w.member, cancelled.ID, ticket.Command{Name: rule.DoCancel}, false)
	waiting := w.opens()
	w.passes(30*time.Minute, worked.ID, waiting.ID)

	require.NoError(t, env.Exec("UPDATE notifications SET held_until = NULL"))
	w.e.Views = w.looks(worked.ID, cancelled.ID, waiting.ID)
}

// looks shows the customer its tickets.
func (w *ticketWorld) looks(ids ...string) (views []View) {
	w.t.Helper()
	for _, id := range ids {
		c, err := w.env.Tickets.Show(w.member, id)
		require.NoError(w.t, err)
		var said []string
		for _, entry := range c.Entries {
			if entry.Message != nil {
				said = append(said, entry.Message.Text)
			}
		}
		body, err := json.Marshal(said)
		require.NoError(w.t, err)
		views = append(views, View{
			Account: w.house.Account, Ticket: id, Own: true, Status: 200, Body: body,
		})
	}
	return append(views, View{Account: "acc_other", Ticket: ids[0], Status: 404})
}

func TestOracle_FindsNothingInAWorldOfTickets(t *testing.T) {
	e := world(t, supported)
	stories, err := readStories(t.Context(), e.Rows)
	require.NoError(t, err)
	states := map[string]bool{}
	for _, s := range stories {
		s.tell()
		for _, c := range s.clocks {
			states[c.kind+" "+c.look(s.clockedAt).state] = true
		}
	}
	for _, want := range []string{
		"FIRST_RESPONSE BREACHED", "FIRST_RESPONSE RUNNING", "FIRST_RESPONSE CANCELLED",
		"UPDATE MET", "RESTORE MET", "RESTORE CANCELLED",
	} {
		require.True(t, states[want], "%s is not among %v: the oracle would agree about nothing", want,
			states)
	}

	found, err := Judge(t.Context(), e)
	require.NoError(t, err)
	require.Empty(t, found)
}

func TestOracle_NamesWhatIsWrongWithTickets(t *testing.T) {
	const worked = `(SELECT id FROM tickets WHERE state = 'RESOLVED')`
	const waiting = `(SELECT id FROM tickets WHERE state = 'NEW')`
	const late = `(SELECT id FROM ticket_clocks WHERE state = 'BREACHED' AND kind = 'FIRST_RESPONSE')`
	const again = `INSERT INTO ticket_messages SELECT (jsonb_populate_record(m, m2)).*
		FROM (SELECT m AS m, jsonb_build_object('id', 'tmg_x', 'seq', 99, 'dedupe_key', 'x'`
	e := world(t, supported)
	for _, b := range []breakage{
		{"text lost", `DELETE FROM ticket_messages WHERE channel = 'PORTAL' AND author_kind = 'AGENT'`,
			"ticket", "is not in its ticket"},
		{"entry lost", `DELETE FROM ticket_messages WHERE channel = 'PORTAL' AND author_kind = 'AGENT'`,
			"ticket", "an entry of a conversation is missing"},
		{
			"text twice",
			again + `) AS m2 FROM ticket_messages m WHERE author_kind = 'AGENT' LIMIT 1) q`,
			"ticket", "stands 2 times",
		},
		{"text of nobody", `UPDATE ticket_messages SET text = 'Hello'`, "ticket", "is nobody's"},
		{"note lost", `DELETE FROM ticket_notes`, "ticket", "is not in its ticket"},
		{
			"note among what is said",
			`UPDATE ticket_messages SET text = (SELECT note FROM ticket_notes)
			WHERE channel = 'MAIL' AND NOT automatic; DELETE FROM ticket_notes`,
			"ticket", "or the other way round",
		},
		{
			"note in a message", `UPDATE ticket_messages SET text = text || '` + Canary + `'`, "note",
			"stands in ticket_messages",
		},
		{
			"note in a mail to come",
			`UPDATE notifications SET params = '{"text":"` + Canary + `"}' WHERE template = 'ticket'`,
			"note", "stands in notifications",
		},
		{
			"note in the outbox", `UPDATE outbox_events SET payload = '{"x":"` + Canary + `"}'`, "note",
			"stands in outbox_events",
		},
		{
			"ticket lost",
			`ALTER TABLE tickets DROP CONSTRAINT tickets_of_account CASCADE;
			UPDATE tickets SET id = 'tkt_x' WHERE state = 'NEW'`,
			"ticket", "does not exist in its account",
		},
		{"state moved", `UPDATE tickets SET state = 'OPEN' WHERE state = 'RESOLVED'`, "ticket",
			"not where its events lead"},
		{"over and open", `UPDATE tickets SET closed_at = NULL`, "ticket", "over and open at once"},
		{
			"nobody asked", `UPDATE operator_tasks SET state = 'DONE' WHERE kind = 'TICKET'`, "ticket",
			"not asked once",
		},
		{
			"asked in vain", `UPDATE operator_tasks SET state = 'OPEN' WHERE kind = 'TICKET'`, "ticket",
			"asked in vain",
		},
		{
			"worse and nobody decides", `UPDATE tickets SET worse_asked_at = opened_at`, "ticket",
			"or not asked",
		},
		{
			"timer asleep", `UPDATE tickets SET next_at = '2020-01-01' WHERE id = ` + waiting,
			"replacement", "what was due was not done",
		},

		{
			"warned twice",
			`ALTER TABLE ticket_clock_marks DROP CONSTRAINT ticket_clock_marks_pkey;
			INSERT INTO ticket_clock_marks SELECT * FROM ticket_clock_marks`,
			"clock", "is not noted once",
		},
		{"breach not noted", `DELETE FROM ticket_clock_marks WHERE kind = 'BREACH'`, "clock",
			"BREACH: 0 of 1"},
		{"noted for another time", `UPDATE ticket_clock_marks SET at = at - interval '1 hour'`,
			"clock", "for when it was"},
		{"noted early", `UPDATE ticket_clock_marks SET noticed_at = at - interval '1 hour'`, "clock",
			"noted before it was"},
		{"due later", `UPDATE ticket_clocks SET due_at = due_at + interval '1 minute'`, "clock",
			"the clock is due at"},
		{"warns later", `UPDATE ticket_clocks SET warn_at = warn_at + interval '1 minute'`, "clock",
			"the clock warns at"},
		{"breach hidden", `UPDATE ticket_clocks SET state = 'MET', breached_at = NULL WHERE id = ` +
			late, "clock", "it should be BREACHED"},
		{"ended at another time", `UPDATE ticket_clocks SET ended_at = ended_at + interval '1 minute'`,
			"clock", "the clock ended at"},
		{"counted less", `UPDATE ticket_clocks SET elapsed_seconds = elapsed_seconds - 60`, "clock",
			"the clock has counted"},
		{"severity forgotten", `DELETE FROM ticket_events WHERE kind = 'SEVERITY'`, "clock",
			"by severity 1, it should be"},
		{"pause forgotten", `DELETE FROM ticket_events WHERE details->>'state' = 'PENDING_CUSTOMER'`,
			"clock", "the clock has counted"},
		{"undoing forgotten", `DELETE FROM ticket_events WHERE kind = 'REOPENING_UNDONE'`, "clock",
			"is not there"},
		{
			"another policy",
			`ALTER TABLE sla_policies DISABLE TRIGGER USER;
			UPDATE sla_policies SET promises = jsonb_set(promises, '{2,first_response,within}',
				'7200000000000')`,
			"clock", "the clock is due at",
		},
		{"clock lost", `DELETE FROM ticket_clock_marks; DELETE FROM ticket_clocks WHERE kind = 'RESTORE'`,
			"clock", "its clock RESTORE of 1 is not there"},
		{
			"clock of nothing", `UPDATE ticket_clocks SET seq = 98 WHERE kind = 'RESTORE'`, "clock",
			"nothing has started",
		},
		{"queue moved", `UPDATE tickets SET effective_due = effective_due + interval '1 minute'`,
			"clock", "it stands in the queue by"},

		{
			"mail for a stranger",
			`UPDATE notifications SET recipient = 'x@example.com' WHERE template = 'ticket'`, "mail",
			"who has no part in it",
		},
		{
			"mail for a member of the account alone",
			`UPDATE tickets SET opened_for = NULL; UPDATE memberships SET role = 'READ_ONLY'
			WHERE account_id IN (SELECT account_id FROM tickets)`,
			"mail", "who has no part in it",
		},
		{
			"mail lost",
			`DELETE FROM inbound_mail_chunks; DELETE FROM mailbox_answers; DELETE FROM inbox_items;
			DELETE FROM inbound_mails`,
			"mail in", "is lost",
		},
		{"words of a mail gone", `DELETE FROM inbound_mail_chunks`, "mail in", "what a mail said is gone"},
		{"mail not read", `UPDATE inbound_mails SET state = 'RECEIVED'`, "mail in", "a mail is RECEIVED"},
		{
			"mail without a message", `DELETE FROM ticket_messages WHERE channel = 'MAIL'`, "mail in",
			"neither a message nor an item",
		},
		{
			"mail twice",
			again + `) AS m2 FROM ticket_messages m WHERE channel = 'MAIL' AND NOT automatic) q`,
			"mail in", "a mail is 2 messages",
		},
		{
			"forged mail taken",
			again + `, 'text', encode(c.content, 'escape')) AS m2
			FROM ticket_messages m, inbound_mail_chunks c JOIN inbound_mails i ON i.id = c.mail_id
			WHERE i.reason = 'FORGED' AND m.channel = 'MAIL' AND NOT m.automatic) q`,
			"mail in", "not proved became a message",
		},
		{
			"mail of another", `UPDATE ticket_messages SET author_id = 'usr_x' WHERE channel = 'MAIL'`,
			"mail in", "another person's message",
		},
		{
			"robot counts", `UPDATE ticket_messages SET automatic = false`, "mail in",
			"counts as a person's",
		},
		{
			"item twice",
			`DROP INDEX inbox_items_mail; INSERT INTO inbox_items
			SELECT (jsonb_populate_record(i, '{"id":"inb_x"}')).* FROM inbox_items i`,
			"mail in", "is 2 items",
		},
		{"item without task", `UPDATE operator_tasks SET state = 'DONE' WHERE kind = 'MAILBOX_REQUEST'`,
			"mail in", "has not its one task"},
		{
			"member not taken for one", `UPDATE inbox_items SET mail_id =
			(SELECT id FROM inbound_mails WHERE outcome = 'MESSAGE')`,
			"mail in", "was not taken for one",
		},
		{
			"answered twice",
			`INSERT INTO notifications SELECT (jsonb_populate_record(n, jsonb_build_object('id', x.id,
				'template', 'mailbox_received', 'dedupe_key', x.id, 'recipient', 'eva@x.example',
				'subject_id', (SELECT min(id) FROM inbound_mails)))).*
			FROM notifications n, (VALUES ('ntf_x'), ('ntf_y')) x (id)
			WHERE n.id = (SELECT min(id) FROM notifications)`,
			"mail in", "more than once on a day",
		},
		{
			"workflow of an ended ticket",
			`UPDATE tickets SET state = 'CLOSED', closed_at = now(), next_at = NULL WHERE id = ` +
				waiting, "workflow", "nothing to wait for",
		},
		{
			"ended ticket without an end",
			`UPDATE tickets SET closed_at = NULL WHERE state = 'CANCELLED'`, "workflow",
			"it still has to wait",
		},
		{"nothing at all", `DELETE FROM ticket_clocks WHERE ticket_id = ` + worked +
			` AND kind = 'UPDATE' AND NOT EXISTS (SELECT 1 FROM ticket_clock_marks WHERE clock_id = id)`,
			"clock", "is not there"},
	} {
		t.Run(b.name, func(t *testing.T) { requireFound(t, broken(t, e, b), b.check, b.want) })
	}
}

func TestOracle_NamesWhatIsWrongWithTicketsElsewhere(t *testing.T) {
	e := world(t, supported)
	said := e.Ledger.said[0]
	for name, b := range map[string]struct {
		breakIt     func(e *Evidence)
		check, want string
	}{
		"note in a mail": {func(e *Evidence) {
			e.Mails = append(e.Mails, smtptest.Message{ID: "m", Text: "Aha: " + Canary})
		}, "note", "a mail holds an internal note"},
		"note in a raw mail": {func(e *Evidence) {
			e.Mails = append(e.Mails, smtptest.Message{ID: "m", Raw: []byte("X-Note: " + Canary)})
		}, "note", "a mail holds an internal note"},
		"note on a page": {func(e *Evidence) {
			e.Views[0].Body = append([]byte(Canary), e.Views[0].Body...)
		}, "note", "a customer is shown"},
		"note in a history": {func(e *Evidence) {
			e.Runs[0].Kept = []byte(Canary)
		}, "note", "what Temporal keeps"},
		"words to a stranger": {func(e *Evidence) {
			e.Mails = append(e.Mails, smtptest.Message{
				ID: "m", To: []string{"eva@fremd.example"}, Text: "> " + said.Word,
			})
		}, "told", "who is no member"},
		"number to a stranger": {func(e *Evidence) {
			numbers, err := column(t.Context(), e.Rows, `SELECT number FROM tickets`)
			require.NoError(t, err)
			e.Mails = append(e.Mails, smtptest.Message{
				ID: "m", To: []string{"eva@fremd.example"}, Subject: "[" + numbers[0] + "] x",
			})
		}, "told", "who is no member"},
		"shown to another customer": {func(e *Evidence) {
			e.Views[len(e.Views)-1].Status = 200
		}, "view", "another customer is answered 200"},
		"refused to its customer": {func(e *Evidence) {
			e.Views[0].Status = 404
		}, "view", "its customer is answered 404"},
		"not shown": {func(e *Evidence) {
			e.Views = e.Views[1:]
		}, "view", "is shown to its customer 0 times"},
		"shown twice": {func(e *Evidence) {
			e.Views = append(e.Views, e.Views[0])
		}, "view", "is shown to its customer 2 times"},
		"of another account": {func(e *Evidence) {
			e.Views[0].Account = "acc_other"
		}, "view", "a text of another account"},
		"refused mail": {func(e *Evidence) {
			e.Ledger.letters = append(e.Ledger.letters, &Letter{
				Word: word(1, 2, 3), To: []string{helpAddress}, Taken: true,
			})
		}, "mail in", "a mail that was taken is lost"},
		"workflow missing": {func(e *Evidence) {
			e.Runs = nil
		}, "workflow", "it has no workflow"},
	} {
		t.Run(name, func(t *testing.T) {
			broken := e
			broken.Runs = append([]WorkflowRun(nil), e.Runs...)
			broken.Views = append([]View(nil), e.Views...)
			letters := e.Ledger.letters
			defer func() { e.Ledger.letters = letters }()
			b.breakIt(&broken)
			requireFound(t, broken, b.check, b.want)
		})
	}
}
