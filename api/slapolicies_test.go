package api_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/api"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/cover"
)

func TestS39_PoliciesArePublishedInVersions(t *testing.T) {
	h := sqlite(t)
	list := func() []api.SLAPolicyView {
		return as[struct{ Items []api.SLAPolicyView }](t, h.Lead.get("/v1/sla-policies"), 200).Items
	}
	before := list()
	require.Len(t, before, 2)
	require.Equal(t, "JUMPSTART", before[0].Code)
	require.Equal(t, "1BD", before[0].Promises["1"].FirstResponse)
	require.Equal(t, api.SLAPromiseView{FirstResponse: "1H", Updates: "4H"}, before[1].Promises["1"])

	promises := map[string]any{}
	for _, s := range []string{"1", "2", "3", "4"} {
		promises[s] = map[string]any{"first_response": "2h", "restore": "8h/1h"}
	}
	body := map[string]any{
		"service":        "SELECT",
		"effective_from": h.Now().UTC().AddDate(0, 0, 3).Format(time.DateOnly),
		"always_on":      true,
		"promises":       promises,
		"reason":         "as agreed",
	}
	next := as[api.SLAPolicyView](t, h.Lead.post("/v1/sla-policies", body), 201)
	require.Equal(t, 2, next.Version)
	require.Equal(t, "8H/1H", next.Promises["3"].Restore)
	require.Len(t, list(), 3)

	promises["2"] = map[string]any{"first_response": "soon"}
	promises["5"] = map[string]any{"first_response": "1H"}
	p := problem(t, h.Lead.post("/v1/sla-policies", body), 422, rules.ValidationFailed)
	var found []string
	for _, f := range p.Errors {
		found = append(found, f.Pointer+" "+f.Code)
	}
	require.ElementsMatch(t, []string{
		"/promises " + rules.OutOfRange,
		"/promises/2/first_response " + cover.InvalidTarget,
	}, found)
	problem(t, h.Seller.get("/v1/sla-policies"), 403, rules.Forbidden)
}
