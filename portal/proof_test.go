package portal

import (
	"io/fs"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/identity"
)

// asksProof are the forms that give somebody rights, or take what guards them away: a role, an
// invitation, a delegation, a key for programs, the company's own sign-in and its directory, a
// second factor; and those about personal data.
var asksProof = []string{
	"/colleagues",
	"/colleagues/:id/role",
	"/colleagues/:id/second-factor",
	"/colleagues/:id/erase",
	"/colleagues/invitations/:id/resend",
	"/colleagues/questions/:id/confirm",
	partnersPath,
	partnersPath + "/:id/approve",
	partnersPath + "/:id/sites",
	customersPath,
	customersPath + "/:id/approve",
	customersPath + "/:id/keys",
	"/privacy/:id/file",
	ownSignInPath,
	ownSignInPath + "/:id/enforce",
	ownSignInPath + "/:id/remove",
	directoryPath,
	directoryPath + "/tokens/:id/revoke",
	directoryPath + "/groups",
	directoryPath + "/groups/:id/remove",
	syncPath,
	certificatesPath,
	syncSecretsPath,
	"/tokens",
	appKeyPath,
	passkeyPath,
	codesPath,
	factorPath + "/:id/remove",
}

// asksNone are the other forms of who is signed in, by why a session is enough.
var asksNone = map[string][]string{
	"it only takes rights away, which may be urgent": {
		"/colleagues/:id/remove", "/colleagues/invitations/:id/revoke",
		"/colleagues/questions/:id/refuse", partnersPath + "/:id/refuse", partnersPath + "/:id/end",
		partnerKeyPath + "/:id/revoke", customersPath + "/:id/refuse", customersPath + "/:id/end",
		"/tokens/:id/revoke", "/sessions/end", "/sessions/end-others",
		certificatesPath + "/:id/remove", syncSecretsPath + "/:id/end", disconnectPath,
	},
	"it is the proof, or asks for the password itself":  {provePath, myPasswordPath},
	"the invitation's code to the mailbox is the proof": {"/invitation/accept"},
	"what it asks for is handed out after a proof":      {"/colleagues/:id/export", privacyPath},
	"a guest sees one ticket, and has no role (S47)":    {ticketsPath + "/:id/guests"},
	"how the person reads and is addressed": {
		"/account", languagePath, myNamePath, myZonePath, timeZonePath,
	},
	"rooms, devices, sites, tickets and orders": {
		"/service-orders/:id/cancellation", "/service-orders/claim", newTicketPath,
		ticketsPath + "/:id/reply", ticketsPath + "/:id/watchers", ticketsPath + "/:id/session",
		ticketsPath + "/:id/cancel", "/replacements/request", "/replacements/request/accessory",
		"/replacements/:id/withdraw", "/replacements/:id/appeal", "/replacements/:id/use-spare",
		"/spares/:id/agree", "/sites/new", "/sites/:id", assignPath, "/rooms/:id/edit",
		"/rooms/:id/move", "/rooms/:id/release", "/rooms/:id/archive", newDevicePath,
		devicesPath + "/:id/place", devicesPath + "/:id/take-out", devicesPath + "/:id/purchase",
		newRoomPath, importPath, "/rooms/:id/help", syncGroupPath, syncRoomsPath,
		syncPlacesPath + "/:id", syncAllPath,
	},
}

// elsewhere are those that find nothing here: their stories are told in secondfactor_test.go and
// privacy_test.go.
var elsewhere = map[string]bool{codesPath: true, "/privacy/:id/file": true}

// S52: whatever gives somebody rights asks for a fresh proof, and does nothing without it. What a
// partner's people may do for a customer gives none.
func TestS52_EachFormThatGivesRightsAsksForAFreshProof(t *testing.T) {
	w := newWorld(t)
	ana, inv := w.admin()
	w.member(inv.AccountID, "dora@acme.example", identity.RoleReadOnly)
	forms := w.adminForms(inv.AccountID)

	reasons := map[string]string{}
	for why, paths := range asksNone {
		for _, path := range paths {
			reasons[path] = why
		}
	}
	w.portal.freshFor = 0
	asked := 0
	for _, r := range routes() {
		if r.method != post || r.access == anyone {
			continue
		}
		asks := slices.Contains(asksProof, r.path)
		require.NotEqual(t, asks, reasons[r.path] != "", "%s asks for a proof, or says why not", r.path)
		require.False(t, asks && r.delegable(), "%s is not for a partner's people", r.path)
		if !asks {
			continue
		}

		asked++
		form, ok := forms[r.path]
		require.True(t, ok, r.path)
		before := w.Strings(t, "SELECT verb FROM audit_events ORDER BY id")
		rows := w.Count(t, "SELECT count(*) FROM notifications")
		got := ana.post(form[0], form[1:]...)
		leads := got.path == provePath || got.status == 422 ||
			strings.Contains(got.body, `name="password"`) || elsewhere[r.path]
		require.True(t, leads, "%s answers %d at %s", r.path, got.status, got.path)
		require.Equal(t, before, w.Strings(t, "SELECT verb FROM audit_events ORDER BY id"), r.path)
		require.Equal(t, rows, w.Count(t, "SELECT count(*) FROM notifications"), r.path)
	}
	require.Equal(t, len(asksProof), asked, "each is a route")

	// Once the proof is done, the form is there again with what was typed, and is sent by hand.
	form := []string{"name", "Rui Lima", "email", "rui@acme.example", "role", "ADMIN"}
	require.Equal(t, provePath, ana.post("/colleagues", form...).path)
	w.portal.freshFor = freshFor
	back := ana.post(provePath, "password", goodPassword, "next", "/colleagues")
	require.Equal(t, "/colleagues", back.path)
	require.Contains(t, back.body, "Nothing has been sent yet. What you typed is still here")
	require.Equal(t, []string{"rui@acme.example"}, formOn(t, back.body, "/colleagues")["email"])
	require.Equal(t, []string{"ADMIN"}, formOn(t, back.body, "/colleagues")["role"])
	require.Zero(t, w.Count(t, "SELECT count(*) FROM invitations WHERE email = 'rui@acme.example'"))
	require.Contains(t, ana.post("/colleagues", form...).body, "Rui Lima")
	require.Equal(t, 1, w.Count(t, "SELECT count(*) FROM invitations WHERE email = 'rui@acme.example'"))
}

// What comes back after a sign-in or a proof holds no credential: none of the fields into which
// one is typed, or which a device fills.
func TestS52_NoCredentialIsKeptWithAForm(t *testing.T) {
	fields := credentialFields(t)
	require.Subset(t, fields, []string{"password", "newpassword", "code", "secret", "passkey"})
	for _, name := range append(fields, fieldConfirms) {
		require.True(t, isCredential(name), name)
	}
	for _, name := range []string{"name", "email", "role", "label", "reason"} {
		require.False(t, isCredential(name), name)
	}
}

// credentialFields are the names of the fields for passwords, secrets, codes and passkeys.
func credentialFields(t *testing.T) (names []string) {
	t.Helper()
	shared, err := os.ReadFile("../web/templates/factors.html")
	require.NoError(t, err)
	inputs := regexp.MustCompile(`<input [^>]*>`)
	name := regexp.MustCompile(` name="([^"]*)"`)
	note := func(input string) { names = append(names, name.FindStringSubmatch(input)[1]) }
	for _, input := range inputs.FindAllString(string(shared), -1) {
		note(input)
	}

	require.NoError(t, fs.WalkDir(templateFiles, "templates",
		func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			page, err := fs.ReadFile(templateFiles, path)
			for _, input := range inputs.FindAllString(string(page), -1) {
				if strings.Contains(input, `type="password"`) ||
					strings.Contains(input, `autocomplete="one-time-code"`) {
					note(input)
				}
			}
			return err
		}))
	return names
}
