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

// What was told of a spare by mistake is taken back by the command line, with a reason.
func TestS62_WhatWasToldOfASpareIsTakenBackFromTheCommandLine(t *testing.T) {
	env := storetest.SQLite(t)
	s := service(t, env)
	c, u := env.Spare(t)
	_, err := env.SelectSpare(storetest.CSM(), u.ID, replacement.SpareChoice{ModelCode: "RALLY-BAR", SiteID: c.Site.ID})
	require.NoError(t, err)
	_, err = env.AgreeSpare(storetest.Customer(c.Account), u.ID, 0)
	require.NoError(t, err)
	s.must("spare", "do", u.Number, "ship", "-w", "serial=SP-1", "-w", "carrier=sim", "-w", "tracking=TRK1")
	now := env.Calendar.Now().Format(time.RFC3339)
	require.Contains(t, s.must("spare", "do", u.Number, "tell", "-w", "fact=DELIVERED", "-w", "at="+now), ": on site")
	require.Contains(t, s.must("spare", "show", u.Number), "take back")

	require.Equal(t, exitRefused, s.run("spare", "do", u.Number, "take_back", "-w", "fact=delivered"))
	require.Contains(t, s.err.String(), "reason")
	out := s.must("spare", "do", u.Number, "take_back", "-w", "fact=delivered", "-w", "reason=It was another parcel.")
	require.Contains(t, out, ": shipped")
	require.Contains(t,
		s.must("spare", "do", u.Number, "take_back", "-w", "fact=delivered", "-w", "reason=Again."),
		": shipped", "again it changes nothing")
}
