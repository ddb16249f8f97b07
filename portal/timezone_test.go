package portal

import (
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/identity"
)

// An administrator moves the account to another zone with a reason: what comes follows,
// what was promised stays, and the page says so. A reader only reads it.
func TestC8_AnAdministratorMovesTheAccountToAnotherZone(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		ana, inv := w.admin()
		page := ana.get("/account").body
		require.Contains(t, page, "São Paulo (UTC-03:00)")
		require.Contains(t, page, "do not change")

		for _, typed := range [][]string{
			{"zone", "America/Manaus", "reason", " "},
			{"zone", "Mars/Olympus", "reason", "moved"},
			{"zone", "Local", "reason", "moved"},
		} {
			r := ana.post(timeZonePath, typed...)
			require.Equal(t, 422, r.status, typed)
			require.Contains(t, r.body, "-problem")
		}

		done := ana.post(timeZonePath, "zone", "America/Manaus", "reason", "the office moved")
		require.Equal(t, "/account", done.path)
		require.Contains(t, done.body, `value="America/Manaus" selected`)
		acc, err := w.GetAccount(w.Context, inv.AccountID)
		require.NoError(t, err)
		require.Equal(t, "America/Manaus", acc.TimeZone)
		require.Contains(t, w.verbs(inv.AccountID), "account.time_zone_changed")

		reader := w.member(inv.AccountID, "bruno@acme.example", identity.RoleReadOnly)
		require.NotContains(t, reader.get("/account").body, timeZonePath)
		require.Contains(t, reader.get("/account").body, "Manaus (UTC-04:00)")
		require.Equal(t, 403, reader.post(timeZonePath, "zone", "Asia/Tokyo", "reason", "x").status)
	})
}
