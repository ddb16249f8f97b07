package api_test

import (
	"net/url"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/api"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/processes"
)

func eachHouse(t *testing.T, test func(t *testing.T, h *house)) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) { test(t, open(t, env)) })
}

func (h *house) agenda(query string) api.AgendaView {
	return as[api.AgendaView](h.t, h.Lead.get("/v1/agenda?"+query), 200)
}

func only(l api.AgendaListView, kind processes.Kind) []api.AgendaItemView {
	return slices.DeleteFunc(slices.Clone(l.Items), func(i api.AgendaItemView) bool { return i.Kind != kind })
}

func TestAgendaOverTheAPI(t *testing.T) {
	eachHouse(t, func(t *testing.T, h *house) {
		c := h.Env.Covered(t) // Wednesday, 25 November, 09:00 in São Paulo
		r := h.Env.Shipped(t, c)
		require.Empty(t, only(h.agenda("time_zone=America/Sao_Paulo").Due, processes.RMA))
		tomorrow := h.agenda("on=2026-11-26&time_zone=America/Sao_Paulo")
		require.Len(t, only(tomorrow.Due, processes.RMA), 1)

		h.Calendar.Set(h.Calendar.Now().Add(24 * time.Hour))
		today := h.agenda("time_zone=America/Sao_Paulo&account_id=" + c.Account)
		require.EqualValues(t, 1, today.Due.ByKind["RMA"])
		line := only(today.Due, processes.RMA)[0]
		require.Equal(t, []string{
			r.ID, "DELIVERY", "CARRIER", "due today", "2026-11-26", "America/Sao_Paulo", c.Account, "/v1/rmas/" + r.ID,
		},
			[]string{
				line.ID, line.WaitsFor, line.Actor, line.Text, line.DueOn, line.TimeZone, line.AccountID, line.Path,
			})
		require.Contains(t, line.Link, "rma%2F"+r.ID)
		require.False(t, line.Late)
		require.Equal(t, 200, h.Lead.get(line.Path).Status)

		h.Calendar.Set(h.Calendar.Now().Add(24 * time.Hour))
		late := h.agenda("time_zone=America/Sao_Paulo")
		require.Equal(t, "1 day late", only(late.Late, processes.RMA)[0].Text)
		require.True(t, only(late.Late, processes.RMA)[0].Late)
		task := only(late.Late, processes.Task)[0]
		require.Equal(t, []any{
			db.TaskAssignCSM, c.Account, "OPERATOR", "4 days late",
		}, []any{task.TaskKind, task.SubjectID, task.Actor, task.Text})
		require.NotEmpty(t, task.What)
		require.Equal(t, 200, h.Lead.get(task.Path).Status)
		require.Empty(t, h.agenda("account_id=acc_none").Late.Items)

		first := h.agenda("limit=1")
		require.Len(t, first.Late.Items, 1)
		second := h.agenda("limit=1&late_cursor=" + url.QueryEscape(first.Late.NextCursor))
		require.NotEqual(t, first.Late.Items[0].ID, second.Late.Items[0].ID)
		require.Equal(t, first.Late.Total, second.Late.Total)
	})
}

func TestAgendaRefusesWhatMeansNothing(t *testing.T) {
	h := sqlite(t)
	for query, pointer := range map[string]string{
		"on=2026-13-01":  "/query/on",
		"on=2020-01-01":  "/query/on",
		"time_zone=Mars": "/query/time_zone",
		"limit=0":        "/query/limit",
		"when=now":       "/query/when",
	} {
		a := h.Lead.get("/v1/agenda?" + query)
		require.Equal(t, 422, a.Status, query)
		require.Equal(t, pointer, as[api.Problem](t, a, 422).Errors[0].Pointer, query)
	}
	problem(t, h.Seller.get("/v1/agenda"), 403, rules.Forbidden)
}
