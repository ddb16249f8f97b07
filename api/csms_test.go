package api_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/api"
	"roomcover.dev/roomcover/models/account"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
)

// csmWorld adds a manager for each example.
func (h *house) csmWorld(accountOf func() string) map[string]func() (client, string) {
	n := 0
	csm := func() string {
		n++
		return h.manager("Clara Reis", storetest.PO(n)+"@operator.example").ID
	}
	at := func(path string, id func() string) func() (client, string) {
		return func() (client, string) { return h.Lead, strings.Replace(path, "{id}", id(), 1) }
	}
	return map[string]func() (client, string){
		"list-csms":  at("/v1/csms?limit=1", csm),
		"get-csm":    at("/v1/csms/{id}", csm),
		"change-csm": at("/v1/csms/{id}", csm),
		"create-csm": func() (client, string) { return h.Lead, "/v1/csms" },
		"assign-csm": func() (client, string) {
			h.Stands = map[string]string{"csm_01kbmanager": csm()}
			return h.Lead, "/v1/accounts/" + accountOf() + "/csm"
		},
	}
}

func (h *house) manager(name, email string) api.CSMView {
	return as[api.CSMView](h.t, h.Lead.post("/v1/csms", map[string]any{
		"name":   name,
		"email":  email,
		"phone":  "+55 11 4000-1234",
		"reason": "new colleague",
	}), 201)
}

func TestR35e_ManagerIsAskedForNamedAndShown(t *testing.T) {
	for name, env := range map[string]func() storetest.Env{
		"sqlite":   func() storetest.Env { return storetest.SQLite(t) },
		"postgres": func() storetest.Env { return storetest.Postgres(t) },
	} {
		t.Run(name, func(t *testing.T) {
			h := open(t, env())
			o := h.Seller.accepted(storetest.Form("PO-1"))
			h.fulfil(o.ID)
			accountID := as[items[ref]](t, h.Lead.get("/v1/accounts"), 200).Items[0].ID
			task := as[items[api.TaskView]](t, h.Lead.get("/v1/operator/tasks?state=OPEN&kind=ASSIGN_CSM"),
				200).Items[0]
			require.Equal(t, []string{accountID, accountID}, []string{task.SubjectID, task.AccountID})
			require.Equal(t, []string{"assign", "close"}, task.Actions)
			p := as[items[api.ProcessView]](t,
				h.Lead.get("/v1/processes?kind=CSM&waits_for=CSM_ASSIGNMENT&actor=OPERATOR"), 200).Items[0]
			require.Equal(t, []string{accountID, "order/" + o.ID, o.ID}, []string{p.ID, p.WorkflowID, p.OrderID})
			require.Contains(t, p.Link, o.ID)

			csm := h.client(account.OperatorOrgID, rules.OperatorCSM)
			viewer := h.customer(accountID, rules.CustomerReadOnly)
			detail := func(c client) api.AccountDetail {
				return as[api.AccountDetail](t, c.get("/v1/accounts/"+accountID), 200)
			}
			require.Nil(t, detail(viewer).CSM)
			clara := h.manager("Clara Reis", "clara@operator.example")
			davi := h.manager("Davi Melo", "davi@operator.example")
			act := func(body map[string]any) answer { return csm.post("/v1/operator/tasks/"+task.ID+"/assign", body) }
			require.Equal(t, []string{"/csm_id UNKNOWN_CSM"}, codes(problem(t,
				act(map[string]any{"reason": "r", "csm_id": "csm_x"}), 422, rules.ValidationFailed).Errors))
			problem(t, act(map[string]any{"csm_id": clara.ID}), 422, rules.ReasonRequired)
			require.Equal(t, db.TaskDone,
				as[api.TaskView](t, act(map[string]any{"reason": "knows them", "csm_id": clara.ID}), 200).State)
			require.Empty(t, as[items[ref]](t, h.Lead.get("/v1/processes?kind=CSM"), 200).Items)
			require.Equal(t, &api.CSMContact{
				ID:     clara.ID,
				Name:   "Clara Reis",
				Email:  "clara@operator.example",
				Phone:  "+55 11 4000-1234",
				Active: true,
			}, detail(viewer).CSM)

			put := func(body map[string]any, match ...string) answer {
				return csm.send("PUT", "/v1/accounts/"+accountID+"/csm", body, match...)
			}
			body := map[string]any{"csm_id": davi.ID, "reason": "new region"}
			problem(t, put(body), 428, "PRECONDITION_REQUIRED")
			problem(t, put(body, "If-Match", `"1"`), 412, "VERSION_MISMATCH")
			tag := csm.get("/v1/accounts/" + accountID).Header.Get("ETag")
			require.Equal(t, "Davi Melo", as[api.AccountDetail](t, put(body, "If-Match", tag), 200).CSM.Name)

			patch := func(c client, body map[string]any) answer {
				tag := h.Lead.get("/v1/csms/" + davi.ID).Header.Get("ETag")
				return c.send("PATCH", "/v1/csms/"+davi.ID, body, "If-Match", tag)
			}
			problem(t, patch(csm, map[string]any{"active": false, "reason": "r"}), 403, rules.Forbidden)
			require.Equal(t, "davi@operator.example",
				as[api.CSMView](t, patch(h.Lead, map[string]any{"phone": "", "reason": "no number"}), 200).Email)
			gone := as[api.CSMView](t, patch(h.Lead, map[string]any{"active": false, "reason": "left"}), 200)
			require.Equal(t, []any{"Davi Melo", "", false}, []any{gone.Name, gone.Phone, gone.Active})
			require.Nil(t, detail(viewer).CSM, "customers are not sent to somebody who has left")
			require.False(t, detail(h.Lead).CSM.Active)
			require.Len(t, as[items[ref]](t, h.Lead.get("/v1/processes?kind=CSM"), 200).Items, 1)
			problem(t, put(body, "If-Match", csm.get("/v1/accounts/"+accountID).Header.Get("ETag")), 409,
				rules.StateConflict)
		})
	}
}

func TestR35e_WrongManagersAreRefusedWithEveryField(t *testing.T) {
	h := sqlite(t)
	h.manager("Clara Reis", "clara@operator.example")
	p := problem(t, h.Lead.post("/v1/csms", map[string]any{
		"name":   "",
		"email":  "x",
		"phone":  "call me",
		"reason": "r",
	}), 422, rules.ValidationFailed)
	require.Equal(t, []string{"/name REQUIRED", "/email INVALID_EMAIL", "/phone INVALID_PHONE"}, codes(p.Errors))
	p = problem(t,
		h.Lead.post("/v1/csms", map[string]any{"name": "Other", "email": "Clara@operator.example", "reason": "r"}), 422,
		rules.ValidationFailed)
	require.Equal(t, []string{"/email DUPLICATE"}, codes(p.Errors))
	problem(t, h.Lead.post("/v1/csms", map[string]any{"name": "N", "email": "n@operator.example"}), 422,
		rules.ReasonRequired)
	problem(t, h.Lead.send("PATCH", "/v1/csms/csm_none", map[string]any{"reason": "r"}, "If-Match", `"1"`), 404,
		rules.NotFound)
}
