package main

import (
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/storetest"
)

func TestC3_CustomersCountriesWithoutHolidaysFromTheCommandLine(t *testing.T) {
	env := storetest.SQLite(t)
	s := service(t, env)
	account := *env.Fulfilled(t, env.Reseller(t, "Revenda Sul"), storetest.Form("PO-1")).AccountID
	require.Contains(t, s.must("holidays"), "Every calendar")

	env.RoomIn(t, account, "Pune", "IN")
	require.Equal(t, exitFound, s.run("holidays"))
	require.Contains(t, s.out.String(), "IN")
	require.Equal(t, exitFound, s.run("holidays", "--json"))
	require.Contains(t, s.out.String(), `"calendar": "IN"`)
}
