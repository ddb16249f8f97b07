package sync_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/models/sync"
	"roomcover.dev/roomcover/rules"
)

// What a form's thousand rooms take, in transactions of a hundred.
const (
	// Of a hundred: the locks of account and connection, the account, rooms in use, places, groups,
	// rooms that are no place, devices of places that are no room, facts; the rooms; the devices that
	// are known by their serials; the end of the chain of the audit, and its entries.
	statementsOfAHundred = 13
	// Of each room: its devices, their placements, and which room the place is.
	statementsOfARoom = 3
)

// The count is exact, so that one more statement for each room is seen.
func TestR43a_AThousandAddsTakeTheSameStatementsEachTime(t *testing.T) {
	const adds = 1000
	w := newWorld(t, storetest.SQLite(t), adds)
	w.minutes(1)
	groups, err := w.Sync.GroupsOf(w.ctx, w.acme.Account)
	require.NoError(t, err)
	for _, g := range groups {
		g.Site, g.Country, g.Platform = "Paulista", "BR", rules.PlatformOther
		require.NoError(t, w.Sync.PutGroup(w.ctx, w.acme.Account, g, ""))
	}
	all, err := w.Sync.PlacesOf(w.ctx, w.acme.Account)
	require.NoError(t, err)
	var choices []sync.Choice
	for _, p := range all {
		choices = append(choices, sync.Choice{PlaceID: p.ID, Act: sync.Add})
	}

	w.Statements.Reset()
	out, err := w.Sync.Apply(w.ctx, w.acme.Account, choices, "")
	require.NoError(t, err)
	taken := w.Statements.List()
	require.Len(t, out, adds)
	for _, o := range out {
		require.NoError(t, o.Err)
		require.True(t, o.Changed)
	}
	require.Equal(t, adds/100*statementsOfAHundred+adds*statementsOfARoom, len(taken))

	// The same again reads, and writes nothing (R43a).
	w.Statements.Reset()
	out, err = w.Sync.Apply(w.ctx, w.acme.Account, choices, "")
	require.NoError(t, err)
	for _, o := range out {
		require.NoError(t, o.Err)
		require.False(t, o.Changed)
	}
	require.Less(t, len(w.Statements.List()), adds/100*statementsOfAHundred)
}
