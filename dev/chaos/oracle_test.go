package chaos

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	enums "go.temporal.io/api/enums/v1"

	"roomcover.dev/roomcover/mail/smtptest"
	"roomcover.dev/roomcover/models/account"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/notification"
	"roomcover.dev/roomcover/models/order"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/ordering"
)

// The oracle is worth nothing unless it can fail. Each case breaks one thing
// in a world without fault and expects the violation to be named.

// soundWorld is what a run without fault leaves: an order, one cancelled in
// part, one cancelled as a whole, one in review, one rejected; their mails have
// arrived, and their workflows are what they should be.
func soundWorld(t *testing.T) Evidence {
	t.Helper()
	return world(t, func(*testing.T, storetest.Env, *Evidence) {})
}

// world is a sound world with what more lives in it.
func world(t *testing.T, more func(*testing.T, storetest.Env, *Evidence)) Evidence {
	t.Helper()
	env := storetest.Postgres(t)
	db, err := OpenDB(env.DSN)
	require.NoError(t, err)
	t.Cleanup(func() { _ = db.Close() })
	e := Evidence{
		Rows:   db,
		DSN:    env.DSN,
		DB:     env.DB,
		Ledger: NewLedger(),
		Logs:   []string{filepath.Join(t.TempDir(), "serve-1.log")},
	}
	require.NoError(t, os.WriteFile(e.Logs[0], []byte("{\"msg\":\"serving\"}\n"), 0o600))
	seller := env.Reseller(t, "Revenda Sul")

	whole := accepted(t, env, e, seller, "A", nil)
	partial := accepted(t, env, e, seller, "B", nil)
	kept := accepted(t, env, e, seller, "C", nil)
	require.NotEmpty(t, kept)
	cancelled(t, env, e, whole, 0)
	cancelled(t, env, e, partial, 2)
	review := func(f *ordering.OrderForm) { f.EndCustomer.Email = "it@revendasul.example" }
	accepted(t, env, e, seller, "D", review)
	rejected := accepted(t, env, e, seller, "E", review)
	_, err = env.DecideOrder(env.Context, rejected, order.Decision{Version: 1, Reason: "no contract"})
	require.NoError(t, err)
	e.Ledger.decided(rejected, false)
	more(t, env, &e)

	e.Mails = deliver(t, env)
	tellAll(t, env)
	e.Runs = runsOf(t, e)
	return e
}

// accepted submits an order of its own customer, and fulfils it where it can.
func accepted(
	t *testing.T, env storetest.Env, e Evidence, seller account.Org, name string, change func(*ordering.OrderForm),
) string {
	t.Helper()
	form := storetest.Form("PO-" + name)
	form.Lines = append(form.Lines, ordering.OrderLine{SKU: "SELECT-1Y", Quantity: 3})
	form.EndCustomer.Company = "Cliente " + name
	form.EndCustomer.Email = "ana." + Marker + "@" + strings.ToLower(name) + ".example"
	if change != nil {
		change(&form)
	}
	o := env.Fulfilled(t, seller, form)
	number := ""
	if o.VendorOrderNo != nil {
		number = *o.VendorOrderNo
	}
	e.Ledger.submitted(seller.ID, form, OrderAnswer{
		Status:        201,
		ID:            o.ID,
		State:         o.State,
		PONumber:      o.PONumber,
		VendorOrderNo: number,
	})
	e.Ledger.submitted(seller.ID, form, OrderAnswer{
		Status:        200,
		ID:            o.ID,
		State:         o.State,
		PONumber:      o.PONumber,
		VendorOrderNo: number,
	})
	return o.ID
}

func cancelled(t *testing.T, env storetest.Env, e Evidence, orderID string, quantity int) {
	t.Helper()
	ctx := db.WithScope(env.Context, db.Scope{System: true, Actor: db.Actor{ID: "tok_x", Role: rules.OperatorLead}})
	wish := &Cancellation{OrderID: orderID, Marker: "wish " + orderID, Quantity: quantity}
	_, c, err := env.CancelOrder(ctx, orderID, order.CancelRequest{Quantity: quantity, Reason: wish.Marker})
	require.NoError(t, err)
	_, err = env.CompensateCancellation(env.Context, c.ID)
	require.NoError(t, err)
	wish.Acknowledged = c.ID
	e.Ledger.wish(wish)
}

// deliver sends every queued mail.
func deliver(t *testing.T, env storetest.Env) []smtptest.Message {
	t.Helper()
	queued, _, err := env.ListNotifications(env.Context, notification.NotificationFilter{
		State: rules.NotificationQueued,
		Page:  db.Page{Limit: 200},
	})
	require.NoError(t, err)
	var out []smtptest.Message
	for _, n := range queued {
		_, ok, err := env.NextMail(env.Context, n.ID, notification.MailResult{}, nil)
		require.NoError(t, err)
		require.True(t, ok)
		_, _, err = env.NextMail(env.Context, n.ID,
			notification.MailResult{ID: n.ID, State: rules.NotificationSent, ProviderID: "250"}, nil)
		require.NoError(t, err)
		out = append(out, smtptest.Message{
			ID:        "file-" + n.ID,
			MessageID: "<" + n.ID + "@example.com>",
			To:        []string{n.Recipient},
		})
	}
	return out
}

func tellAll(t *testing.T, env storetest.Env) {
	t.Helper()
	_, err := env.LeaseOutbox(env.Context, 1000, 0)
	require.NoError(t, err)
	db, err := OpenDB(env.DSN)
	require.NoError(t, err)
	defer db.Close()
	_, err = db.ExecContext(env.Context, `UPDATE outbox_events SET delivered_at = now()`)
	require.NoError(t, err)
}

func runsOf(t *testing.T, e Evidence) []WorkflowRun {
	t.Helper()
	waiting, err := waits(t.Context(), e)
	require.NoError(t, err)
	out := []WorkflowRun{
		{WorkflowID: "daily-sweep-2026-11-23T12:00:00Z", Status: enums.WORKFLOW_EXECUTION_STATUS_COMPLETED},
	}
	for id, open := range waiting {
		kind, status := "order/", enums.WORKFLOW_EXECUTION_STATUS_COMPLETED
		switch {
		case strings.HasPrefix(id, "inv_"):
			kind = "invitation/"
		case strings.HasPrefix(id, "rma_"):
			kind = "rma/"
		case strings.HasPrefix(id, "spu_"):
			kind = "spare/"
		case strings.HasPrefix(id, "tkt_"):
			kind = "ticket/"
		}
		if open == waitsOn {
			status = enums.WORKFLOW_EXECUTION_STATUS_RUNNING
		}
		out = append(out, WorkflowRun{WorkflowID: kind + id, Status: status, Kept: []byte(id)})
	}
	return out
}

func TestOracle_FindsNothingInASoundWorld(t *testing.T) {
	found, err := Judge(t.Context(), soundWorld(t))
	require.NoError(t, err)
	require.Empty(t, found)
}

func TestOracle_NamesWhatIsWrongInTheDatabase(t *testing.T) {
	const inForce = `(SELECT l.id FROM licences l JOIN service_contracts c ON c.id = l.contract_id JOIN orders o ON o.id = c.order_id WHERE o.po_number = 'PO-C' ORDER BY l.id LIMIT 1)`
	e := soundWorld(t)
	for _, b := range []breakage{
		{"lost order", `UPDATE orders SET po_number = 'PO-X' WHERE po_number = 'PO-C'`, "answer", "does not exist"},
		{
			"changed order", `UPDATE orders SET payload_hash = 'x' WHERE po_number = 'PO-C'`, "answer",
			"not the one that was acknowledged",
		},
		{
			"changed number", `UPDATE orders SET vendor_order_no = 'SO-X' WHERE po_number = 'PO-C'`, "answer",
			"names another order",
		},
		{
			"twin order", `DROP INDEX orders_number; UPDATE orders SET po_number = 'PO-A', po_key = 'po-a' WHERE po_number = 'PO-C'`,
			"order", "more than once",
		},
		{
			"order left behind", `UPDATE orders SET state = 'ACCEPTED' WHERE po_number = 'PO-C'`, "order",
			"has not ended",
		},
		{
			"order without number", `UPDATE orders SET vendor_order_no = NULL WHERE po_number = 'PO-C'`, "order",
			"no vendor's number",
		},
		{
			"review without task", `DELETE FROM operator_tasks WHERE kind = 'REVIEW_ORDER' AND state = 'OPEN'`,
			"review", "no open task",
		},
		{"task left open", `UPDATE operator_tasks SET state = 'OPEN'`, "review", "still has an open task"},
		{
			"decision undone", `UPDATE orders SET state = 'NEEDS_REVIEW' WHERE po_number = 'PO-E'`, "decision",
			"decided was",
		},
		{
			"missing contract", `DELETE FROM licences; DELETE FROM service_contracts`, "contract",
			"not one contract for each line",
		},
		{"wrong contract", `UPDATE service_contracts SET term_years = 4`, "contract", "not what the line ordered"},
		{"missing licence", `DELETE FROM licences WHERE id = ` + inForce, "licence", "do not equal the quantity"},
		{
			"licence too many",
			`INSERT INTO licences SELECT 'lic_x', account_id, contract_id, 99, state, NULL, state_since FROM licences WHERE id = ` +
				inForce,
			"licence", "do not equal the quantity",
		},
		{"licence revoked too many", `UPDATE licences SET state = 'REVOKED' WHERE id = ` +
			inForce, "licence", "do not equal the cancellations"},
		{
			"licence in force after all", `UPDATE licences SET state = 'AVAILABLE' WHERE state = 'REVOKED'`, "licence",
			"has a licence in force",
		},
		{
			"contract in force after all", `UPDATE service_contracts SET state = 'PENDING_START'`, "contract",
			"is in force",
		},
		{
			"cancellation left behind", `UPDATE order_cancellations SET state = 'REQUESTED'`, "cancellation",
			"has not ended",
		},
		{
			"cancellation lost", `UPDATE order_cancellations SET id = 'can_x' WHERE whole`, "cancellation",
			"is not there",
		},
		{"cancellation twice", `UPDATE order_cancellations SET reason = 'wish'`, "cancellation", "carried out twice"},
		{
			"state without cancellation", `UPDATE orders SET state = 'FULFILLED' WHERE state = 'CANCELLED'`,
			"cancellation", "not that of its cancellations",
		},
		{
			"two accounts",
			`UPDATE orders SET payload = (SELECT payload FROM orders WHERE po_number = 'PO-B') WHERE po_number = 'PO-C'`,
			"account", "several accounts",
		},
		{
			"two live invitations",
			`DROP INDEX invitations_live; INSERT INTO invitations SELECT 'inv_x', account_id, order_id, kind, email, contact_name, role, 'hash', state, state_since,
			issued_at, expires_at, NULL, invited_by, '' FROM invitations WHERE state IN ('ISSUED','SENT') LIMIT 1`,
			"invitation",
			"more than one live",
		},
		{"no invitation", `UPDATE invitations SET state = 'EXPIRED'`, "invitation", "has no invitation"},
		{"invitation of nobody", `UPDATE invitations SET state = 'ISSUED'`, "invitation", "without a contract"},
		{"event not told", `UPDATE outbox_events SET delivered_at = NULL`, "outbox", "not told"},
		{
			"person asked in vain",
			`INSERT INTO operator_tasks VALUES ('tsk_x','PROCESS_STUCK','ord_x',NULL,'k','w','w','OPEN','','',now(),NULL)`,
			"task", "nothing needs one",
		},
		{
			"mail twice",
			`ALTER TABLE notifications DROP CONSTRAINT notifications_dedupe_key_key; UPDATE notifications SET dedupe_key = 'k'`,
			"mail", "stands twice",
		},
		{
			"mail left behind", `UPDATE notifications SET state = 'SENDING' WHERE template = 'invitation'`, "mail",
			"has not ended",
		},
		{
			"unknown without task", `UPDATE notifications SET state = 'UNKNOWN' WHERE template = 'invitation'`, "mail",
			"no open task",
		},
		{
			"mail refused", `UPDATE notifications SET state = 'HARD_BOUNCED' WHERE template = 'invitation'`, "mail",
			"nothing refuses it",
		},
		{
			"confirmation missing", `DELETE FROM notifications WHERE template = 'order_confirmation'`, "mail",
			"confirmations are not one",
		},
		{
			"notice missing", `DELETE FROM notifications WHERE template = 'order_cancelled'`, "mail",
			"notices of a cancellation",
		},
		{
			"rejection not told", `DELETE FROM notifications WHERE template = 'order_rejected'`, "mail",
			"rejection is not told",
		},
		{
			"invitation to a seller",
			`UPDATE notifications SET recipient = 'seller@example.com' WHERE template = 'invitation'`, "mail",
			"to its person only",
		},
		{
			"suppressed mail arrived", `UPDATE notifications SET state = 'SUPPRESSED' WHERE template = 'invitation'`,
			"mail delivery", "SUPPRESSED and arrived",
		},
		{
			"changed audit", `UPDATE audit_events SET verb = 'order.nothing' WHERE verb = 'order.received'`,
			"audit chain", "was changed",
		},
		{"cut audit", `DELETE FROM audit_events WHERE verb = 'order.received'`, "audit chain", "is missing"},
		{"event missing", `DELETE FROM audit_events WHERE verb = 'order.fulfilled'`, "audit", "order.fulfilled 0"},
		{
			"event twice",
			`UPDATE audit_events SET verb = 'contract.created', object_id = (SELECT min(id) FROM service_contracts) WHERE verb = 'account.created'`,
			"audit", "contract.created 4",
		},
		{
			"name in the audit", `UPDATE audit_events SET details = '{"name":"Ana Qzxvulio"}'`, "personal data",
			"audit_events",
		},
		{
			"address in a task", `UPDATE operator_tasks SET why = 'ana.qzxvulio@a.example'`, "personal data",
			"operator_tasks",
		},
		{
			"address in the outbox", `UPDATE outbox_events SET payload = '{"to":"ana.qzxvulio@a.example"}'`,
			"personal data", "outbox_events",
		},
		{
			"address in a refusal", `UPDATE notifications SET last_error = '550 <ana.qzxvulio@a.example>'`,
			"personal data", "notifications",
		},
	} {
		t.Run(b.name, func(t *testing.T) { requireFound(t, broken(t, e, b), b.check, b.want) })
	}
}

func TestOracle_NamesWhatIsWrongElsewhere(t *testing.T) {
	for name, b := range map[string]struct {
		breakIt     func(t *testing.T, e *Evidence)
		check, want string
	}{
		"mail arrived twice": {func(_ *testing.T, e *Evidence) {
			e.Mails = append(e.Mails, e.Mails[0])
		}, "mail delivery", "arrived 2 times"},
		"mail never arrived": {func(_ *testing.T, e *Evidence) {
			e.Mails = e.Mails[1:]
		}, "mail delivery", "never arrived"},
		"mail from nowhere": {func(_ *testing.T, e *Evidence) {
			e.Mails[0].MessageID = "<ntf_x@example.com>"
		}, "mail delivery", "stands in no row"},
		"mail to another": {func(_ *testing.T, e *Evidence) {
			e.Mails[0].To = []string{"x@example.com"}
		}, "mail delivery", "another address"},
		"mail with copies": {func(_ *testing.T, e *Evidence) {
			e.Mails[0].To = append(e.Mails[0].To, "x@example.com")
		}, "mail delivery", "another address"},
		"workflow missing": {func(_ *testing.T, e *Evidence) { e.Runs = nil }, "workflow", "it has no workflow"},
		"workflow failed": {func(_ *testing.T, e *Evidence) {
			e.Runs[0].Status = enums.WORKFLOW_EXECUTION_STATUS_FAILED
		}, "workflow", "ended as Failed"},
		"workflow ended early": {func(_ *testing.T, e *Evidence) {
			setStatus(e, enums.WORKFLOW_EXECUTION_STATUS_COMPLETED)
		}, "workflow", "still has to wait"},
		"workflow left": {func(_ *testing.T, e *Evidence) {
			setStatus(e, enums.WORKFLOW_EXECUTION_STATUS_RUNNING)
		}, "workflow", "nothing to wait for"},
		"workflow of nothing": {func(_ *testing.T, e *Evidence) {
			e.Runs = append(e.Runs, WorkflowRun{
				WorkflowID: "order/ord_x",
				Status:     enums.WORKFLOW_EXECUTION_STATUS_COMPLETED,
			})
		}, "workflow", "belongs to nothing"},
		"invitation's workflow twice": {func(_ *testing.T, e *Evidence) {
			e.Runs = append(e.Runs, e.Runs...)
		}, "workflow", "ran 2 times"},
		"name in a history": {func(_ *testing.T, e *Evidence) {
			e.Runs[0].Kept = []byte("Ana QZXVULIO Souza")
		}, "personal data", "holds personal data"},
		"address in a log": {func(t *testing.T, e *Evidence) {
			appendLog(t, e, "sent to ana.qzxvulio@a.example")
		}, "log", "line 2 holds personal data"},
		"secret in a log": {func(t *testing.T, e *Evidence) {
			appendLog(t, e, "GET /invitation?token=abc")
		}, "log", "holds a secret"},
		"panic in a log": {func(t *testing.T, e *Evidence) {
			appendLog(t, e, "panic: runtime error")
		}, "log", "tells of a panic"},
		"replay in a log": {func(t *testing.T, e *Evidence) {
			appendLog(t, e, "[TMPRL1100] nondeterministic workflow")
		}, "log", "replays differently"},
		"answers differ": {func(_ *testing.T, e *Evidence) {
			anySubmission(e).Answers[1].ID = "ord_x"
		}, "answer", "names another order"},
		"created twice": {func(_ *testing.T, e *Evidence) {
			anySubmission(e).Answers[1].Status = 201
		}, "answer", "say that the order was created"},
		"refused and done": {func(_ *testing.T, e *Evidence) {
			c := e.Ledger.cancellations[1]
			c.Acknowledged, c.Refused = "", true
		}, "cancellation", "refused cancellation was carried out"},
		"reissue lost": {func(_ *testing.T, e *Evidence) {
			e.Ledger.reissued(Reissue{"inv_a", "inv_b"})
		}, "decision", "reissue is not there"},
		"wrong answer": {func(_ *testing.T, e *Evidence) {
			e.Ledger.unexpected("PO-A", "answered %d", 418)
		}, "answer", "answered 418"},
	} {
		t.Run(name, func(t *testing.T) {
			e := soundWorld(t)
			b.breakIt(t, &e)
			requireFound(t, e, b.check, b.want)
		})
	}
}

func setStatus(e *Evidence, s enums.WorkflowExecutionStatus) {
	for i := range e.Runs {
		e.Runs[i].Status = s
	}
}

func anySubmission(e *Evidence) *Submission {
	for _, s := range e.Ledger.orders {
		return s
	}
	return nil
}

func TestLogFile_TellsAPanicFromTheLettersOfAnID(t *testing.T) {
	for line, panics := range map[string]bool{
		`panic: runtime error`:                            true,
		`{"level":"ERROR","msg":"panic","stack":"..."}`:   true,
		`{"level":"ERROR","msg":"Workflow panicked"}`:     true,
		`{"request_id":"req-ei5i3jgpanich6kwrpynsrluym"}`: false,
		`{"request_id":"req-panicei5i3jgh6kwrpynsrluym"}`: false,
	} {
		e := Evidence{Logs: []string{filepath.Join(t.TempDir(), "serve-1.log")}}
		require.NoError(t, os.WriteFile(e.Logs[0], nil, 0o600))
		appendLog(t, &e, line)

		said := ""
		require.NoError(t, logs(t.Context(), e, func(_, format string, _ ...any) { said += format }))
		require.Equal(t, panics, said != "", line)
	}
}

func appendLog(t *testing.T, e *Evidence, line string) {
	t.Helper()
	f, err := os.OpenFile(e.Logs[0], os.O_APPEND|os.O_WRONLY, 0o600)
	require.NoError(t, err)
	defer f.Close()
	_, err = f.WriteString(line + "\n")
	require.NoError(t, err)
}
