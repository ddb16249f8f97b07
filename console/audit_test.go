package console

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/account"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
)

// Who did what for whom, by name, with the reason; narrowed by each of its fields.
func TestTheAuditSaysWhoDidWhatForWhom(t *testing.T) {
	eachIssuerWorld(t, func(t *testing.T, w *world) {
		c := w.Covered(t)
		asked := w.Approved(t, c)
		w.signedIn(byRole[rules.OperatorAgent])
		ari := w.operatorOf("ari@desk.example")
		acting := db.WithScope(w.Context, db.Scope{
			System: true,
			Actor:  db.Actor{ID: ari.ID, Role: ari.Role, OnBehalfOf: c.Account},
		})
		require.NoError(t, w.Domains.DB.Write(acting, func(tx *db.Tx) error {
			return tx.Audit("tsk_1", nil, false, db.Entry{
				Verb: "task.resolved", ObjectID: "tsk_1",
				Details: db.WithReason("seen to by hand", map[string]any{"kind": "SWEEP_LATE"}),
			})
		}))

		b := w.signedIn(byRole[rules.OperatorManager])
		all := b.get(auditPath)
		require.Equal(t, http.StatusOK, all.status)
		require.Contains(t, all.body, "Ari Prado")
		require.Contains(t, all.body, "seen to by hand")
		require.Contains(t, all.body, "settled a task")

		lines := func(query string) string {
			page := b.get(auditPath + "?" + query)
			require.Equal(t, http.StatusOK, page.status, query)
			return page.body
		}
		ofAri := lines("person=" + url.QueryEscape("ari prado"))
		require.Contains(t, ofAri, "seen to by hand")
		require.NotContains(t, ofAri, "approved the replacement")
		ofCustomer := lines("account=acme")
		require.Contains(t, ofCustomer, "approved the replacement")
		require.NotContains(t, ofCustomer, "settled a task")
		require.Contains(t, lines("thing="+asked.Number), "approved the replacement")
		require.Contains(t, lines("thing="+asked.ID), "requested a replacement")
		require.NotContains(t, lines("verb=rma."), "sent the order")
		require.Contains(t, lines("verb=rma.approved"), "approved the replacement")
		require.NotContains(t, lines("verb=rma.approved"), "requested a replacement")
		require.Contains(t, lines("since=2000-01-01"), "approved the replacement")
		require.Contains(t, lines("since=2999-01-01"), "The audit has nothing like this")
		require.Contains(t, lines("until=2000-01-01"), "The audit has nothing like this")
		require.Contains(t, lines("since=soon"), "This is no day.")
		require.Contains(t, lines("person=nobody+at+all"), "Nobody and nothing is called that.")
		require.NotContains(t, lines("person=nobody+at+all"), "approved the replacement")
		several := lines("person=desk.example")
		require.Contains(t, several, "Several are called that: Ari Prado · ari@desk.example; Mauro Lima")
		require.NotContains(t, several, "seen to by hand", "of nobody rather than of somebody else")
		require.Contains(t, lines("person=ari%40desk.example"), "seen to by hand", "the whole one is it")
		_, err := w.Domains.Accounts.CreateAccount(w.system(),
			storetest.FormFor("PO-9", "Acme Norte Ltda", "bia@norte.example").EndCustomer, "", account.ModeSite)
		require.NoError(t, err)
		several = lines("account=acme")
		require.Contains(t, several, "Several are called that: Acme Ltda; Acme Norte Ltda.")
		require.NotContains(t, several, "approved the replacement")
		require.Contains(t, lines("account=acme+ltda"), "approved the replacement")

		file := b.get(auditPath + "?format=csv&account=acme+ltda")
		require.Contains(t, file.body, "approved the replacement")
		require.NotContains(t, file.body, "settled a task")
	})
}

func TestTheAuditGoesOnBehindItsLastLine(t *testing.T) {
	w := issuerWorld(t)
	storetest.TakeOrders(t, w.Env, 30)
	b := w.signedIn(byRole[rules.OperatorLead])
	seen, path := 0, auditPath
	for path != "" {
		page := b.get(path)
		require.Equal(t, http.StatusOK, page.status)
		seen += strings.Count(page.body, `data-label="When"`)
		path = ""
		if at := strings.Index(page.body, `<p class="more"><a class="btn" href="`); at >= 0 {
			rest := page.body[at+len(`<p class="more"><a class="btn" href="`):]
			path = strings.ReplaceAll(rest[:strings.IndexByte(rest, '"')], "&amp;", "&")
		}
	}
	require.Equal(t, w.Count(t, "SELECT count(*) FROM audit_events"), seen)
	require.Equal(t, http.StatusBadRequest, b.get(auditPath+"?after=x").status)
}

// One chain is checked by a button, and the answer stands in words.
func TestAChainOfTheAuditIsChecked(t *testing.T) {
	eachIssuerWorld(t, func(t *testing.T, w *world) {
		c := w.Covered(t)
		b := w.signedIn(byRole[rules.OperatorManager])
		require.Contains(t, b.get(auditPath+"?account=acme").body, chainPath(c.Account))
		require.Contains(t, b.get(chainPath(c.Account)).body, "The chain holds")
		require.Equal(t, http.StatusNotFound, b.get(chainPath("acc_none")).status)
		require.Equal(t, http.StatusForbidden, w.signedIn(byRole[rules.OperatorAgent]).get(auditPath).status)
	})
}

func TestBudget_Audit(t *testing.T) {
	w := issuerWorld(t)
	c := w.Covered(t)
	w.DeliveredRMA(t, c)
	storetest.TakeOrders(t, w.Env, 30)
	b := w.signedIn(byRole[rules.OperatorLead])
	for _, path := range []string{auditPath, auditPath + "?account=acme", chainPath(c.Account)} {
		w.withinBudget(b, path)
	}
}
