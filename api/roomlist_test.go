package api_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/cover"
)

// A list that is asked for cover answers what the single question answers.
func TestR39c_RoomsAreListedWithTheirCover(t *testing.T) {
	h := sqlite(t)
	done := h.Seller.accepted(storetest.Form("PO-1"))
	h.fulfil(done.ID)
	o, err := h.GetOrder(h.Context, done.ID)
	require.NoError(t, err)
	covered := h.Room(t, *o.AccountID, "Sala Ipê")
	bare := h.Room(t, *o.AccountID, "Sala Jatobá")
	h.Assigned(t, h.Licences(t, o)[0], covered)
	type item struct {
		ID       string
		Coverage *cover.Answer
	}
	list := func(query string) map[string]*cover.Answer {
		out := map[string]*cover.Answer{}
		for _, i := range as[items[item]](t, h.customer(*o.AccountID, rules.CustomerReadOnly).get("/v1/rooms"+query),
			200).Items {
			out[i.ID] = i.Coverage
		}
		return out
	}
	answers := list("?coverage=technical")
	require.True(t, answers[covered.ID].Covered)
	require.False(t, answers[bare.ID].Covered)
	single := as[struct{ Answer cover.Answer }](t, h.Lead.get("/v1/coverage?room="+covered.ID), 200).Answer
	require.Equal(t, single.Entitlement, answers[covered.ID].Entitlement)
	require.Nil(t, list("")[covered.ID], "nobody asked")
	require.Empty(t, list("?coverage=technical&q=nothing-like-it"))
	require.Equal(t, 422, h.Lead.get("/v1/rooms?coverage=all").Status)
	names := func(query string) (out []string) {
		for _, i := range as[items[struct{ Name string }]](t, h.Lead.get("/v1/rooms"+query), 200).Items {
			out = append(out, i.Name)
		}
		return out
	}
	require.Equal(t, []string{"Sala Ipê", "Sala Jatobá"}, names("?sort=name"))
	require.Equal(t, []string{"Sala Jatobá", "Sala Ipê"}, names("?sort=newest"))
	require.Equal(t, 422, h.Lead.get("/v1/rooms?sort=colour").Status)
}
