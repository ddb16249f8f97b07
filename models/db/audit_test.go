package db_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/models/notification"
	"roomcover.dev/roomcover/models/operations"
	"roomcover.dev/roomcover/models/order"
	"roomcover.dev/roomcover/models/program"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/catalogue"
)

func TestC6_EveryChangeHasItsAudit(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		seller := env.Reseller(t, "Revenda Sul")
		o := env.Fulfilled(t, seller, storetest.Form("PO-1"))
		inv := env.InvitationOf(t, o.ID)
		_, m := env.Join(t, inv)
		_, c, err := env.CancelOrder(storetest.Seller(seller), o.ID, order.CancelRequest{Quantity: 1, Reason: "x"})
		require.NoError(t, err)
		_, err = env.CompensateCancellation(env.Context, c.ID)
		require.NoError(t, err)
		events, err := env.Timeline(storetest.Customer(*o.AccountID), o.ID, inv.ID, m.ID, c.ID, *o.AccountID)
		require.NoError(t, err)
		require.ElementsMatch(t, []string{
			"order.received", "order.accepted", "account.created", "order.fulfilled", "invitation.issued",
			"invitation.accepted", "membership.created", "order.partially_cancelled", "cancellation.completed",
		}, storetest.VerbsOf(events))
		for _, e := range events {
			if e.Verb == "order.partially_cancelled" {
				require.Equal(t, "tok_seller", e.ActorID)
				require.Equal(t, seller.ID, e.ActingOrg)
				require.Equal(t, rules.Reseller, e.ActorRole)
				require.Equal(t, "FULFILLED", e.Details["before"])
			}
		}
		env.AuditHolds(t)
	})
}

// TestAuditFindsTampering changes the audit behind the program's back, after
// taking away what the database itself does against it.
func TestAuditFindsTampering(t *testing.T) {
	for name, query := range map[string]string{
		"a changed verb":        "UPDATE audit_events SET verb = 'order.nothing' WHERE seq = 2",
		"a changed actor":       "UPDATE audit_events SET actor_id = 'someone' WHERE seq = 1",
		"changed details":       "UPDATE audit_events SET details = '{\"quantity\": 1}' WHERE verb = 'contract.created'",
		"a changed time":        "UPDATE audit_events SET at = '2026-01-01 00:00:00+00:00' WHERE seq = 3",
		"another account":       "UPDATE audit_events SET account_id = 'acc_other' WHERE seq = 2 AND account_id IS NOT NULL",
		"another object":        "UPDATE audit_events SET object_id = 'ord_other' WHERE seq = 1",
		"a changed hash":        "UPDATE audit_events SET hash = 'x' WHERE seq = 2",
		"a missing first":       "DELETE FROM audit_events WHERE seq = 1",
		"a missing middle":      "DELETE FROM audit_events WHERE seq = 2",
		"a cut end":             "DELETE FROM audit_events WHERE verb = 'invitation.issued'",
		"a missing chain":       "DELETE FROM audit_events WHERE chain_id LIKE 'acc_%'",
		"an inserted end":       "INSERT INTO audit_events SELECT 'aud_x', chain_id, seq + 1, account_id, actor_id, actor_role, acting_org, on_behalf_of, verb, object_id, details, ip, request_id, at, hash, 'h', '', '' FROM audit_events WHERE verb = 'invitation.issued'",
		"an inserted beginning": "INSERT INTO audit_events SELECT 'aud_x', chain_id, 0, account_id, actor_id, actor_role, acting_org, on_behalf_of, verb, object_id, details, ip, request_id, at, '', 'h', '', '' FROM audit_events WHERE verb = 'account.created'",
	} {
		t.Run(name, func(t *testing.T) {
			storetest.Each(t, func(t *testing.T, env storetest.Env) {
				env.Fulfilled(t, env.Reseller(t, "Revenda Sul"), storetest.Form("PO-1"))
				env.AuditHolds(t)
				if !strings.HasPrefix(query, "INSERT") {
					require.ErrorContains(t, env.Exec(query), "append-only")
				}
				behindItsBack(t, env, query)
				requireAuditFault(t, env, nil, "")
			})
		})
	}
}

func TestS33_TheCallersAddressCanBeErased(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		env.Fulfilled(t, env.Reseller(t, "Revenda Sul"), storetest.Form("PO-1"))
		require.NoError(t, env.Exec("UPDATE audit_events SET ip = 'erased'"))
		env.AuditHolds(t)
	})
}

func TestAuditChainUnderParallelAppends(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		o := env.Fulfilled(t, env.Reseller(t, "Revenda Sul"), storetest.Form("PO-1"))
		env.Join(t, env.InvitationOf(t, o.ID))
		var ids []string
		for i := range 8 {
			require.NoError(t, env.RaiseTask(env.Context, db.OperatorTask{
				Kind:      db.TaskInvitationRequested,
				SubjectID: fmt.Sprint("acc_", i),
				AccountID: o.AccountID,
			}))
		}
		for _, task := range env.Tasks(t, db.TaskInvitationRequested) {
			ids = append(ids, task.ID)
		}
		// Half of them append to one chain, the account's.
		storetest.RequireAll(t, storetest.AtOnce(16, func(i int) error {
			if i < 8 {
				_, err := env.ResolveTask(storetest.Operator(), ids[i], "done")
				return err
			}
			_, err := env.Invite(storetest.Operator(), identity.NewInvite{
				AccountID: *o.AccountID,
				Email:     fmt.Sprintf("p%d@acme.example", i),
				Role:      identity.RoleReadOnly,
				Kind:      identity.InvitationForExtra,
			})
			return err
		}))
		env.AuditHolds(t)
		require.Equal(t, 8, env.Count(t, "SELECT count(*) FROM audit_events WHERE verb = 'task.resolved'"))
	})
}

func TestAuditOfOneChainWithoutAnyLock(t *testing.T) {
	env := storetest.Postgres(t)
	storetest.RequireAll(t, storetest.AtOnce(4, func(i int) error { // one chain, "catalogue", and no row to lock
		return env.PutSKU(storetest.Operator(), program.CatalogueSKU{
			Code:        fmt.Sprint("SELECT-X", i),
			ServiceType: catalogue.ServiceSelect,
			TermYears:   1,
		})
	}))
	env.AuditHolds(t)
	require.Equal(t, 4, env.Count(t, "SELECT count(*) FROM audit_events WHERE chain_id = 'catalogue'"))
}

// TestR94_NoPersonalDataOutsideItsPlace runs a whole life of an order and
// scans what workflows, logs and operators read.
func TestR94_NoPersonalDataOutsideItsPlace(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		seller := env.Reseller(t, "Revenda Sul")
		o := env.Fulfilled(t, seller, storetest.Form("PO-1"))
		inv := env.InvitationOf(t, o.ID)
		_, err := env.ChallengeInvited(env.Context, inv.ID, "browser", "pt-BR")
		require.NoError(t, err)
		storetest.RequireCode(t, rules.InvitationWrongPerson, storetest.AcceptAs(env, inv, "intruso@acme.example"))
		u, _ := env.Join(t, inv)
		require.NoError(t, env.ChallengeReset(env.Context, u.Email, "en"))
		require.NoError(t, env.SetPassword(env.Context, u.ID, "hash"))
		extra, err := env.Invite(storetest.Operator(), identity.NewInvite{
			AccountID:   *o.AccountID,
			Email:       "rui.lima@acme.example",
			ContactName: "Rui Lima",
			Role:        identity.RoleReadOnly,
			Kind:        identity.InvitationForExtra,
			Reason:      "asked",
		})
		require.NoError(t, err)
		env.Calendar.Set(extra.ExpiresAt)
		require.NoError(t, env.ExpireInvitation(env.Context, extra.ID))
		require.NoError(t, env.RequestInvitation(env.Context, extra.Email))
		_, err = env.Reissue(storetest.Operator(), extra.ID, "eva@acme.example", "Eva Dias", "wrong person")
		require.NoError(t, err)
		env.Fulfilled(t, seller, storetest.FormFor("PO-2", "Acme Ltda", "leo@acme.example"))
		asked := storetest.ListOf(env.ListContactQuestions(env.Context, *o.AccountID, "", db.Page{}))(t)
		env.Calendar.Set(asked[0].AnswerUntil)
		_, err = env.SweepContracts(env.Context, func(operations.Sweep) {})
		require.NoError(t, err)
		second, err := env.AnswerContact(storetest.Operator(), asked[0].ID, identity.ContactAnswer{
			Confirm: true,
			Role:    identity.RoleReadOnly,
			Reason:  "asked the customer",
		})
		require.NoError(t, err)
		m, _, err := env.NextMail(env.Context, *second.InvitationID, notification.MailResult{}, nil)
		require.NoError(t, err)
		_, _, err = env.NextMail(env.Context, m.SubjectID,
			notification.MailResult{ID: m.ID, State: rules.NotificationHardBounced, Error: "550"}, nil)
		require.NoError(t, err)
		env.Accept(t, seller, storetest.FormFor("PO-3", "Outra", "zoe@revendasul.example"))
		_, c, err := env.TerminateOrder(storetest.Operator(), o.ID, order.Termination{Reason: "goodwill"})
		require.NoError(t, err)
		_, err = env.CompensateCancellation(env.Context, c.ID)
		require.NoError(t, err)
		env.Calendar.Set(env.Calendar.Now().Add(40 * 24 * time.Hour))
		_, err = env.WatchOverdue(env.Context)
		require.NoError(t, err)

		texts := env.Strings(t, "SELECT CAST(details AS text) || object_id || actor_id || chain_id FROM audit_events")
		texts = append(texts, env.Strings(
			t, "SELECT CAST(payload AS text) || dedupe_key || subject_id || last_error FROM outbox_events",
		)...)
		texts = append(texts, env.Strings(t, "SELECT what || why || resolution || dedupe_key FROM operator_tasks")...)
		texts = append(texts, env.Strings(t, "SELECT error FROM notification_attempts")...)
		require.Greater(t, len(texts), 30)
		for _, text := range texts {
			for _, marker := range []string{
				"@", "Ana", "Souza", "souza", "Rui", "Eva", "Pessoa", "Paulista", "zoe", "leo",
			} {
				require.NotContains(t, text, marker)
			}
		}
	})
}
