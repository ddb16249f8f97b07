package api_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/api"
	"roomcover.dev/roomcover/models/account"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/spare"
)

func TestR84_SelectionAidOverTheAPI(t *testing.T) {
	h := open(t, storetest.Postgres(t))
	c := h.Env.Covered(t)
	acc, err := h.GetAccount(h.Context, c.Account)
	require.NoError(t, err)
	csm := h.client(account.OperatorOrgID, rules.OperatorCSM)
	path := "/v1/spares/" + acc.ParentOrgID + "/selection-aid"
	v := as[api.SpareAidView](t, csm.get(path), 200)
	require.Equal(t, []api.AidModelView{{Model: c.Device.ModelCode, Deployed: 1}}, v.Models)
	require.Len(t, v.Suggestions, 1)
	require.Equal(t, []api.AidPartView{
		{Code: spare.AidDeployed, Points: 100, Text: "1 unit in rooms of this customer."},
	}, v.Suggestions[0].Reasons)
	require.Equal(t, []any{acc.ParentOrgID, acc.ID}, []any{v.ParentOrgID, v.Suggestions[0].Site.AccountID})
	require.Equal(t, 403, h.customer(acc.ID, rules.CustomerAdmin).get(path).Status, "not theirs to see")
	foreign := h.customer(acc.ID, rules.CustomerAdmin).get(path)
	unknown := h.customer(acc.ID, rules.CustomerAdmin).get("/v1/spares/org_none/selection-aid")
	require.Equal(t, unknown.Status, foreign.Status)
	problem(t, csm.get("/v1/spares/org_none/selection-aid"), 404, rules.NotFound)
}
