package api_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/order"
	"roomcover.dev/roomcover/models/replacement"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/rma"
	"roomcover.dev/roomcover/rules/spare"
)

// spareUnitWorld is what the examples of spare units are about.
func (h *house) spareUnitWorld(t *testing.T) map[string]func() (client, string) {
	n := 0
	earned := func() replacement.SpareUnit {
		n++
		c, u := h.SpareFor(t, fmt.Sprintf("Empresa Spare %d", n), fmt.Sprintf("spare%d@empresa.example", n),
			fmt.Sprintf("SN-SPARE-%d", n))
		h.Stands = map[string]string{"sit_01kbsite": c.Site.ID, "acc_01kbaccount": c.Account}
		return u
	}
	csm := h.client("org_operator", rules.OperatorCSM)
	return map[string]func() (client, string){
		"list-spare-units":  func() (client, string) { earned(); return h.Lead, "/v1/spare-units?limit=1" },
		"get-spare-unit":    func() (client, string) { return h.Lead, "/v1/spare-units/" + earned().ID },
		"act-on-spare-unit": func() (client, string) { return csm, "/v1/spare-units/" + earned().ID + "/select" },
	}
}

type unitAnswer struct {
	ID, State, Model, Serial string
	Commands                 []string
	SiteID                   string    `json:"site_id"`
	RMAID                    string    `json:"rma_id"`
	RecallUntil              time.Time `json:"recall_until"`
	Version                  int64
	Timeline                 []struct {
		Event, Actor string
		Details      map[string]any
	}
}

func (c client) unit(t *testing.T, id, command string, body map[string]any) unitAnswer {
	t.Helper()
	return as[unitAnswer](t, c.post("/v1/spare-units/"+id+"/"+command, body), 200)
}

func TestR88a_R88b_ASpareOverTheAPI(t *testing.T) {
	h := sqlite(t)
	c, unit := h.Spare(t)
	customer := h.customer(c.Account, rules.CustomerAdmin)
	agent := h.client("org_operator", rules.OperatorAgent)
	csm := h.client("org_operator", rules.OperatorCSM)
	task := as[items[map[string]any]](t, csm.get("/v1/operator/tasks?state=OPEN&kind=CHOOSE_SPARE"), 200).Items
	require.Len(t, task, 1)
	require.Equal(t, unit.ID, task[0]["subject_id"])
	path := "/v1/spare-units/" + unit.ID
	require.Equal(t, []string{"select"}, as[unitAnswer](t, csm.get(path), 200).Commands)
	problem(t, customer.get(path), 404, rules.NotFound)
	problem(t, agent.post(path+"/ship", map[string]any{"serial": "SP-1"}), 409, spare.SpareNotChosen)
	problem(t, agent.post(path+"/select", map[string]any{"model": "RALLY-BAR", "site_id": c.Site.ID}), 403,
		rules.Forbidden)
	problem(t, csm.post(path+"/select", map[string]any{"model": "MEETUP", "site_id": c.Site.ID}), 422,
		spare.ModelNotDeployed)
	problem(t, csm.post(path+"/select", map[string]any{"model": "RALLY-BAR", "site_id": "sit_none"}), 422,
		rules.ValidationFailed)
	u := csm.unit(t, unit.ID, "select", map[string]any{"model": "rally-bar", "site_id": c.Site.ID})
	require.Equal(t, []string{"RALLY-BAR", c.Site.ID}, []string{u.Model, u.SiteID})
	problem(t, csm.post(path+"/agree", map[string]any{}), 403, rules.Forbidden)
	require.Equal(t, []string{"agree"}, as[unitAnswer](t, customer.get(path), 200).Commands)
	problem(t, h.customer(c.Account, rules.CustomerReadOnly).post(path+"/agree", map[string]any{}), 403,
		rules.Forbidden)
	problem(t, customer.post(path+"/agree", map[string]any{"version": u.Version - 1}), 409, rules.StateConflict)
	require.Equal(t, "APPROVED", customer.unit(t, unit.ID, "agree", map[string]any{"version": u.Version}).State)
	problem(t, customer.post(path+"/ship", map[string]any{"serial": "SP-1"}), 403, rules.Forbidden)
	problem(t, agent.post(path+"/ship", map[string]any{}), 422, rules.ValidationFailed)
	require.Equal(t, "SHIPPED",
		agent.unit(t, unit.ID, "ship", map[string]any{"serial": "sp-1", "carrier": "sim", "tracking": "TRK1"}).State)
	problem(t, customer.post(path+"/tell", map[string]any{"fact": "DELIVERED"}), 403, rules.Forbidden)
	problem(t, agent.post(path+"/tell", map[string]any{"fact": "EATEN"}), 422, rules.ValidationFailed)
	problem(t, agent.post(path+"/tell", map[string]any{"fact": "RECALL_RECEIVED"}), 409, rules.StateConflict)
	problem(t, agent.post(path+"/dance", map[string]any{}), 409, "ACTION_NOT_AVAILABLE")
	u = agent.unit(t, unit.ID, "tell", map[string]any{"fact": "DELIVERED", "at": h.Calendar.Now()})
	require.Equal(t, "ON_SITE", u.State)
	require.NotEmpty(t, u.Timeline[0].Actor)
	for _, e := range as[unitAnswer](t, customer.get(path), 200).Timeline {
		require.Empty(t, e.Actor, "who did it is for operators")
		require.Empty(t, e.Details)
	}
	require.Len(t, as[items[unitAnswer]](t,
		customer.get("/v1/spare-units?state=ON_SITE&model=rally-bar&serial=sp1&open=true"), 200).Items, 1)
	require.Empty(t, as[items[unitAnswer]](t, customer.get("/v1/spare-units?state=VOIDED"), 200).Items)
	require.Len(t, as[items[unitAnswer]](t, agent.get("/v1/spare-units?parent_id="+unit.ParentOrgID), 200).Items, 1)
	require.Empty(t, as[items[unitAnswer]](t, agent.get("/v1/spare-units?parent_id=org_other"), 200).Items)
}

func TestR35d_R88c_UsedMySpareOverTheAPI(t *testing.T) {
	h := sqlite(t)
	c, unit := h.SpareOnSite(t)
	h.Device(t, c.Room, "MU-1", "MEETUP", "2026-06-01")
	h.Calendar.Set(h.Calendar.Now().Add(48 * time.Hour))
	customer := h.customer(c.Account, rules.CustomerAdmin)
	other := as[rmaAnswer](t, customer.post("/v1/rmas", map[string]any{"serial": "MU-1", "fault": "No sound"}), 201)
	problem(t, customer.post("/v1/rmas/"+other.ID+"/use_spare", map[string]any{"spare_unit_id": unit.ID}), 422,
		rma.NotLikeForLike)
	r := as[rmaAnswer](t, customer.post("/v1/rmas", map[string]any{"serial": "SN-100", "fault": "No picture"}), 201)
	require.Equal(t, []string{"withdraw", "use_spare"}, r.Commands)
	problem(t, customer.post("/v1/rmas/"+r.ID+"/use_spare", map[string]any{}), 422, rules.ValidationFailed)
	problem(t, customer.post("/v1/rmas/"+r.ID+"/use_spare", map[string]any{"spare_unit_id": "spu_none"}), 404,
		rules.NotFound)
	r = h.act(t, customer, r.ID, "use_spare", map[string]any{"spare_unit_id": unit.ID})
	require.Equal(t, []string{"AWAITING_RETURN", "SWAPPED"}, []string{r.State, r.Outbound})
	require.NotEmpty(t, r.ReturnDueOn)
	u := as[unitAnswer](t, customer.get("/v1/spare-units/"+unit.ID), 200)
	require.Equal(t, []string{"CONSUMED", r.ID}, []string{u.State, u.RMAID})
	h.act(t, h.client("org_operator", rules.OperatorAgent), r.ID, "approve", map[string]any{"defect_confirmed": true})
	require.Equal(t, "REPLENISHING", as[unitAnswer](t, customer.get("/v1/spare-units/"+unit.ID), 200).State)
}

// A request names the spare that was used: all of it or nothing.
func TestR35d_RequestAndSwapInOneGo(t *testing.T) {
	h := sqlite(t)
	c, unit := h.SpareOnSite(t)
	customer := h.customer(c.Account, rules.CustomerAdmin)
	body := map[string]any{"serial": "SN-100", "fault": "No picture", "spare_unit_id": "spu_none"}
	problem(t, customer.post("/v1/rmas", body), 404, rules.NotFound)
	require.Empty(t, as[items[rmaAnswer]](t, customer.get("/v1/rmas"), 200).Items)
	body["spare_unit_id"] = unit.ID
	r := as[rmaAnswer](t, customer.post("/v1/rmas", body), 201)
	require.Equal(t, "SWAPPED", r.Outbound)
	require.Equal(t, "CONSUMED", as[unitAnswer](t, customer.get("/v1/spare-units/"+unit.ID), 200).State)
	h.AuditHolds(t)
}

func TestS9_ARecalledSpareOverTheAPI(t *testing.T) {
	h := sqlite(t)
	c, unit := h.SpareOnSite(t)
	for _, id := range h.Strings(t, "SELECT id FROM orders WHERE account_id = '"+c.Account+"'") {
		_, _, err := h.CancelOrder(storetest.Operator(), id, order.CancelRequest{Reason: "not needed"})
		require.NoError(t, err)
	}
	agent := h.client("org_operator", rules.OperatorAgent)
	path := "/v1/spare-units/" + unit.ID
	u := as[unitAnswer](t, agent.get(path), 200)
	require.Equal(t, "RECALL_REQUESTED", u.State)
	require.Equal(t, []string{"receive", "tell", "take_back"}, u.Commands)
	problem(t, agent.post(path+"/bill", map[string]any{}), 409, rma.FeeNotDue)
	problem(t, agent.post(path+"/waive", map[string]any{"reason": "goodwill"}), 403, rules.Forbidden)
	h.Calendar.Set(u.RecallUntil)
	require.Equal(t, []string{"receive", "bill", "waive", "tell", "take_back"}, as[unitAnswer](t, h.Lead.get(path), 200).Commands)
	require.Equal(t, "BILLED", agent.unit(t, unit.ID, "bill", map[string]any{}).State)
	require.Equal(t, "RETURNED", agent.unit(t, unit.ID, "receive", map[string]any{}).State)
}

func TestProcessesShowSpares(t *testing.T) {
	h := sqlite(t)
	c, unit := h.Spare(t)
	show := func() map[string]any {
		list := as[items[map[string]any]](t, h.Lead.get("/v1/processes?kind=SPARE"), 200).Items
		if len(list) == 0 {
			return nil
		}
		require.Equal(t, "spare/"+unit.ID, list[0]["workflow_id"])
		return list[0]
	}
	waits := func(what, actor string) {
		t.Helper()
		p := show()
		require.Equal(t, []any{what, actor}, []any{p["waits_for"], p["actor"]})
		require.Len(t, as[items[map[string]any]](t, h.Lead.get("/v1/processes?kind=SPARE&waits_for="+what), 200).Items,
			1)
	}
	waits("SPARE_CHOICE", "OPERATOR")
	_, err := h.SelectSpare(storetest.CSM(), unit.ID, replacement.SpareChoice{
		ModelCode: "RALLY-BAR",
		SiteID:    c.Site.ID,
	})
	require.NoError(t, err)
	waits("AGREEMENT", "CUSTOMER")
	_, err = h.AgreeSpare(storetest.Customer(c.Account), unit.ID, 0)
	require.NoError(t, err)
	waits("SHIPPING", "OPERATOR")
	_, err = h.ShipSpare(storetest.Operator(), unit.ID, replacement.Parcel{Serial: "SP-1"})
	require.NoError(t, err)
	waits("DELIVERY", "CARRIER")
	_, err = h.RecordSpareFact(h.Context, unit.ID, spare.SpareDelivered, time.Time{})
	require.NoError(t, err)
	require.Nil(t, show(), "what lies on site waits for nothing")
	r := h.Requested(t, c)
	_, err = h.UseSpare(storetest.Customer(c.Account), r.ID, unit.ID)
	require.NoError(t, err)
	waits("REVIEW_DECISION", "OPERATOR")
	_, err = h.ApproveRMA(storetest.Operator(), r.ID, replacement.RMAApproval{DefectConfirmed: true})
	require.NoError(t, err)
	waits("SHIPPING", "OPERATOR")
	h.OnSite(t, unit, "SP-2")
	for _, id := range h.Strings(t, "SELECT id FROM orders WHERE account_id = '"+c.Account+"'") {
		_, _, err := h.CancelOrder(storetest.Operator(), id, order.CancelRequest{Reason: "not needed"})
		require.NoError(t, err)
	}
	waits("RETURN", "CUSTOMER")
	require.NotNil(t, show()["until"])
	storetest.RunSpareUntil(t, h.Env, unit.ID, h.Calendar.Now().AddDate(0, 0, 31))
	waits("FEE_DECISION", "OPERATOR")
	_, err = h.RecordSpareFact(h.Context, unit.ID, spare.SpareRecallScanned, time.Time{})
	require.NoError(t, err)
	waits("RETURN_PARCEL", "CARRIER")
}
