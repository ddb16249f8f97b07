package main

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/api"
	"roomcover.dev/roomcover/models/replacement"
	"roomcover.dev/roomcover/models/storetest"
)

func TestSparesFromTheCommandLine(t *testing.T) {
	env := storetest.SQLite(t)
	s := service(t, env)
	require.Contains(t, s.must("spare", "list"), "No spare units.")
	c, u := env.Spare(t)
	require.Contains(t, s.must("ps", "--kind", "spare"), "Waiting for the customer success manager to choose")
	_, err := env.SelectSpare(storetest.CSM(), u.ID, replacement.SpareChoice{ModelCode: "RALLY-BAR", SiteID: c.Site.ID})
	require.NoError(t, err)
	_, err = env.AgreeSpare(storetest.Customer(c.Account), u.ID, 0)
	require.NoError(t, err)
	require.Contains(t, s.must("spare", "show", u.ID), "You may: ship")
	out := s.must("spare", "do", u.ID, "ship", "-w", "serial=SP-1", "-w", "carrier=sim", "-w", "tracking=TRK1")
	require.Contains(t, out, ": spare unit RALLY-BAR SP1 for Acme Ltda: shipped")
	require.Contains(t, out, "sim TRK1")
	require.Contains(t, s.must("spare", "show", u.ID), "You may tell: picked_up, delivered")
	now := env.Calendar.Now().Format(time.RFC3339)
	require.Contains(t, s.must("spare", "do", u.ID, "tell", "-w", "fact=DELIVERED", "-w", "at="+now), ": on site")
	require.Contains(t,
		s.must("spare", "list", "--state", "on_site", "--parent", u.ParentOrgID, "--model", "RALLY-BAR"), u.Number)
	var r api.RMADetail
	s.json(&r, "rma", "request", "--serial", "SN-100", "--fault", "No picture", "--confirmed")
	require.Contains(t, s.must("rma", "do", r.ID, "use_spare", "-w", "spare_unit_id="+u.Number), ": return due")
	require.Contains(t, s.must("spare", "show", u.ID), ": replenishing")
	var list []api.SpareUnitView
	s.json(&list, "spare", "list", "--open", "--account", c.Account)
	require.Equal(t, r.ID, list[0].RMAID)
}
