package portal

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
)

// PostgreSQL refuses NUL and damaged UTF-8; a visitor who sends them did not
// use our forms.
func TestFormsThatNoDatabaseComparesAreRefused(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		admin, _ := w.admin()
		visitor := w.guest()
		for _, bad := range []string{"a\x00b", "a\xffb"} {
			for name, r := range map[string]reply{
				"sign in": visitor.post("/sign-in", "email", bad+"@acme.example", "password", "x"),
				"reset":   visitor.post("/password-reset", "email", bad+"@acme.example"),
				"request": visitor.post("/invitation/request", "email", bad+"@acme.example"),
				"account": admin.post("/account", "account", bad),
				"invite": admin.post("/colleagues",
					"name", "Rui", "email", bad+"@acme.example", "role", "ADMIN"),
				"end a session": admin.post("/sessions/end", "session", bad),
			} {
				require.Equal(t, http.StatusBadRequest, r.status, name)
			}
			named := admin.post("/colleagues", "name", bad, "email", "rui@acme.example", "role", "ADMIN")
			require.Equal(t, http.StatusUnprocessableEntity, named.status)
			require.Contains(t, named.body, "name-problem", "the page says what is wrong")
		}
		require.Empty(t, w.log.String())
	})
}

// An address of any page that asks for such a text leads nowhere, rather than to a failure.
func TestSearchesThatNoDatabaseComparesLeadNowhere(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		admin, _ := w.admin()
		for _, page := range []string{"/devices", "/rooms", "/contracts", "/activity", "/help"} {
			require.Equal(t, http.StatusOK, admin.get(page+"?q=a").status, page)
			for _, bad := range []string{"?q=%00", "?q=%ff", "?a%00=b", "?show=x&sort=%00"} {
				require.Equal(t, http.StatusNotFound, admin.get(page+bad).status, page+bad)
			}
		}
		require.Empty(t, w.log.String())
	})
}
