package main

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/api"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules/rma"
)

func TestRMAFromTheCommandLine(t *testing.T) {
	env := storetest.SQLite(t)
	s := service(t, env)
	env.Covered(t)
	require.Contains(t, s.must("rma", "list"), "No replacements.")
	var r api.RMADetail
	s.json(&r, "rma", "request", "--serial", "SN-100", "--fault", "No picture")
	require.Equal(t, rma.RMARequested, r.State)
	out := s.must("rma", "do", r.ID, "approve")
	require.Contains(t, out, "Thu 26 Nov (approved Wednesday at 09:00, by the 15:00 cutoff; promised for Thursday)")
	require.Contains(t, out, "You may: withdraw, use_spare, allocate, backorder")
	s.must("rma", "do", r.ID, "allocate")
	s.must("rma", "do", r.ID, "ship", "-w", "serial=NEW100", "-w", "carrier=sim", "-w", "tracking=TRK1")
	require.Contains(t, s.must("rma", "do", "SN-100", "tell", "-w", "fact=delivered"), ": return due")
	require.Contains(t, s.must("rma", "list", "--open", "--serial", "new100"), r.Number)
	require.Contains(t, s.must("ps", "--kind", "rma"), "return due")
	require.Contains(t, s.must("rma", "do", r.ID, "inspect", "-w", "serial=SN-100", "-w", "outcome=defect"), ": done")
	require.Contains(t, s.must("rma", "show", strings.ToLower(r.Number)), "The returned device was inspected. By test.")
	require.Contains(t, s.must("rma", "list", "--open"), "No replacements.")
}

// A label is fetched by the number that pages and mails say.
func TestALabelIsFetchedByTheNumberOfItsReplacement(t *testing.T) {
	env := storetest.SQLite(t)
	s := service(t, env)
	require.Contains(t, strings.Join(strings.Fields(s.must("rma", "label", "--help")), " "),
		"The replacement: its number, such as RMA-7F3K2, its id, or")
	r := env.Requested(t, env.Covered(t))
	require.Equal(t, exitFound, s.run("rma", "label", r.Number, "--out", "label.pdf"))
	require.Contains(t, s.err.String(), "there is no such parcel yet")
}
