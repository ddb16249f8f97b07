package entitlement_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/storetest"
)

func TestC5_RoomNamesAreThoseInScope(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		mine := env.CoveredFor(t, "Acme Ltda", "ana@acme.example", "SN-100")
		theirs := env.CoveredFor(t, "Globex Ltda", "gil@globex.example", "SN-200")
		names, err := env.RoomNames(storetest.Customer(mine.Account), []string{
			mine.Room.ID, theirs.Room.ID, "rom_missing",
		})
		require.NoError(t, err)
		require.Equal(t, map[string]string{mine.Room.ID: "Sala 1"}, names)
		names, err = env.RoomNames(storetest.Customer(mine.Account), nil)
		require.NoError(t, err)
		require.Empty(t, names)
	})
}
