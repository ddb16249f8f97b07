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

// A room is named by its whole name, however it is spelled, and never by another account's.
func TestC5_S63_ARoomIsFoundByItsWholeName(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		mine := env.CoveredFor(t, "Acme Ltda", "ana@acme.example", "SN-100")
		env.CoveredFor(t, "Globex Ltda", "gil@globex.example", "SN-200")
		env.Room(t, mine.Account, "Sala 10")

		for name, want := range map[string]int{
			"Sala 1": 1, " SALA  1 ": 1, "sala 10": 1, "Sala": 0, "ala 1": 0, "": 0, "%": 0,
		} {
			found, err := env.RoomsNamed(storetest.Customer(mine.Account), mine.Account, name)
			require.NoError(t, err)
			require.Len(t, found, want, name)
		}
	})
}
