package portal

import (
	"html"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"
	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/identity"
)

var (
	keyShown  = regexp.MustCompile(`<p class="secret">([A-Z2-7 ]+)</p>`)
	codeShown = regexp.MustCompile(`<li>([a-z2-7]{5}-[a-z2-7]{5})</li>`)
)

// codeOf is the app's code, steps after now.
func codeOf(t *testing.T, key string, steps int) string {
	t.Helper()
	code, err := totp.GenerateCode(key, time.Now().Add(time.Duration(steps)*30*time.Second))
	require.NoError(t, err)
	return code
}

// setsAppUp sets an app up on the person's page, and returns its key and the recovery codes.
func (g *guest) setsAppUp() (key string, codes []string) {
	g.t.Helper()
	page := g.get(appKeyPath)
	require.Equal(g.t, 200, page.status, page.path)
	key = strings.ReplaceAll(keyShown.FindStringSubmatch(page.body)[1], " ", "")
	require.Equal(g.t, 422, g.post(appKeyPath, "code", "000000").status)
	done := g.post(appKeyPath, "code", codeOf(g.t, key, -1))
	require.Equal(g.t, 200, done.status)
	for _, m := range codeShown.FindAllStringSubmatch(done.body, -1) {
		codes = append(codes, html.UnescapeString(m[1]))
	}
	require.Len(g.t, codes, 10)
	return key, codes
}

// entersPassword is the first step of a sign-in.
func (g *guest) entersPassword(email string) reply {
	g.t.Helper()
	return g.post("/sign-in", "email", email, "password", goodPassword, "next", roomsPath)
}

func TestS52_WhoHasASecondFactorShowsItToSignInAndForWhatAsksForAFreshOne(t *testing.T) {
	w := newWorld(t)
	ana, inv := w.admin()
	const email = "ana.souza@acme.example"
	elsewhere := w.guest()
	require.Equal(t, roomsPath, elsewhere.entersPassword(email).path)
	require.Contains(t, ana.get(mePath).body, "Set up an app")
	key, codes := ana.setsAppUp()
	require.Contains(t, ana.get(mePath).body, "10 recovery codes are left")
	require.Equal(t, "/sign-in", elsewhere.get("/").path, "sessions of one factor have ended")

	// The password alone is half a sign-in.
	g := w.guest()
	require.Equal(t, secondPath, g.entersPassword(email).path)
	require.Equal(t, "/sign-in", g.get("/").path)
	require.Equal(t, 422, g.post(secondPath, "code", "000000").status)
	require.Equal(t, 422, g.post(secondPath, "code", codeOf(t, key, -1)).status, "it was used")
	require.Equal(t, 422, g.post(secondPath, "passkey", "{}").status)
	require.Equal(t, roomsPath, g.post(secondPath, "code", codeOf(t, key, 0)).path)
	require.Equal(t, "/sign-in", w.guest().post(secondPath, "code", codeOf(t, key, 1)).path)
	lost := w.guest()
	lost.entersPassword(email)
	require.Equal(t, roomsPath, lost.post(secondPath, "code", codes[0]).path)
	lost = w.guest()
	lost.entersPassword(email)
	require.Equal(t, 422, lost.post(secondPath, "code", codes[0]).status, "each one once")

	// A fresh sign-in needs both, and nothing is done without it.
	w.portal.freshFor = 0
	for _, path := range []string{
		appKeyPath, passkeyPath, codesPath, factorPath + "/fac_app/remove",
	} {
		require.Equal(t, provePath, g.get(path).path, path)
		require.Equal(t, provePath, g.post(path, "confirmed", "yes", "code", "1").path, path)
	}
	require.Contains(t, g.get(ownSignInPath).body, provePath)
	waits := g.post("/tokens", "label", "Booking 7",
		"role", "CUSTOMER_READ_ONLY", "password", goodPassword)
	require.Equal(t, 422, waits.status)
	require.Contains(t, waits.body, "Nothing was done yet. Prove who you are first.")
	require.Contains(t, waits.body, "by password and second factor")
	require.Contains(t, g.get("/tokens").body, `value="Booking 7"`, "what was typed is there behind it")
	require.Equal(t, provePath, ana.post(directoryPath+"/groups", "group", "everybody").path)
	require.Equal(t, provePath, ana.post(directoryPath+"/groups/scr_1/remove", "confirmed", "yes").path)
	require.Equal(t, provePath, ana.post(directoryPath+"/tokens/sct_1/revoke", "confirmed", "yes").path)
	require.Zero(t, w.Count(t, "SELECT count(*) FROM scim_grants"))
	require.Equal(t, provePath, ana.post("/colleagues/mem_1/role", "role", "ADMIN").path)
	require.Equal(t, 422, g.post(provePath, "password", "wrong", "code", codes[1]).status)
	require.Equal(t, 422, g.post(provePath, "password", goodPassword, "code", "1").status)
	require.Equal(t, 422, g.post(provePath, "code", codes[1]).status)
	w.portal.freshFor = freshFor
	require.Equal(t, mePath, g.post(provePath, "password", goodPassword, "code", codes[2],
		"next", mePath).path)

	// New codes and the removal are told by mail, and end every other session.
	require.Contains(t, g.get(codesPath).body, "Make new recovery codes?")
	require.Len(t, codeShown.FindAllString(g.post(codesPath, "confirmed", "yes").body, -1), 10)
	require.Equal(t, "/sign-in", ana.get("/").path)
	remove := factorPath + "/fac_app/remove"
	require.Contains(t, g.get(remove).body, "your password alone lets you in")
	require.Contains(t, g.post(remove, "confirmed", "yes").body, "It was removed")
	require.Equal(t, roomsPath, w.guest().entersPassword(email).path)
	told := []string{}
	for _, m := range w.mails("security_notice") {
		told = append(told, m.Params["what"].(string))
	}
	for _, what := range []string{
		identity.FactorAdded, identity.FactorRemoved, identity.CodesMade, identity.CodeUsed,
	} {
		require.Contains(t, told, what)
	}

	// An administrator takes a colleague's away who has lost it.
	rui := w.member(inv.AccountID, "rui@acme.example", identity.RoleReadOnly)
	rui.setsAppUp()
	row := w.memberIDs(inv.AccountID)["rui@acme.example"]
	path := "/colleagues/" + row + "/second-factor"
	require.Equal(t, 403, rui.post(path, "confirmed", "yes").status)
	require.Contains(t, g.get("/colleagues").body, path)
	require.Contains(t, g.get(path).body, "Take the second factor of Colleague away?")
	require.Contains(t, g.post(path, "confirmed", "yes").body, "was taken away")
	require.Equal(t, "/sign-in", rui.get("/").path)
	require.NotContains(t, w.log.String(), "@acme.example")
	w.AuditHolds(t)
}

// S52: where browsers know no passkeys of this address, whoever has nothing else gets in, and proves
// again who they are, by a recovery code, and reads why.
func TestS52_WithoutPasskeysAtThisAddressARecoveryCodeIsTheWay(t *testing.T) {
	w := newWorld(t)
	w.admin()
	u, err := w.UserByEmail(w.Context, anaMail)
	require.NoError(t, err)
	codes, err := w.People.AddPasskey(w.Context, u.ID, identity.Passkey{
		CredentialID: "Y3JlZGVudGlhbA",
		PublicKey:    []byte("key"),
		Name:         "Laptop",
	}, true)
	require.NoError(t, err)
	w.portal.passkeys = nil

	const why = "Your passkey does not work at this address."
	g := w.guest()
	require.Contains(t, g.entersPassword(anaMail).body, why)
	require.Equal(t, roomsPath, g.post(secondPath, "code", codes[0]).path)
	w.portal.freshFor = 0
	page := g.get(provePath).body
	require.Contains(t, page, why)
	require.Contains(t, page, `name="code"`)
	w.portal.freshFor = freshFor
	require.Equal(t, mePath, g.post(provePath, "password", goodPassword, "code", codes[1],
		"next", mePath).path)
}

// An invitation is answered again from another browser that proved the mailbox, and a password is
// changed by who knows it: neither stands for the second factor.
func TestS52_NoOtherDoorLetsThePasswordStandForTheSecondFactor(t *testing.T) {
	w := newWorld(t)
	inv := w.invited()
	proves := func() *guest {
		g := w.guest()
		g.get(w.link(inv))
		g.post("/invitation")
		require.Equal(t, "/invitation/person", g.post("/invitation/code", "code", w.code()).path)
		return g
	}
	ana, again := proves(), proves()
	form := []string{"name", "Ana Souza", "password", goodPassword}
	require.Equal(t, "/", ana.post("/invitation/person", form...).path)
	_, codes := ana.setsAppUp()
	require.Equal(t, secondPath, again.post("/invitation/person", form...).path)
	require.Equal(t, "/sign-in", again.get("/").path)
	require.Equal(t, secondPath, again.get(secondPath).path)
	require.Equal(t, "/", again.post(secondPath, "code", codes[0]).path)

	w.portal.freshFor = 3 * time.Second
	time.Sleep(w.portal.freshFor)
	done := again.post("/me/password", "password", goodPassword, "newpassword", otherPassword)
	require.Equal(t, mePath, done.path)
	require.Contains(t, done.body, "Your password was changed")
	require.Equal(t, provePath, again.get(appKeyPath).path)
}

func TestS49_R53c_AnEnforcedSignInIsTheOnlyWayInButForBreakGlass(t *testing.T) {
	w := newWorld(t)
	c := newCompany(w)
	slug := c.enables()
	rui := w.member(c.account, "rui@acme.example", identity.RoleReadOnly)
	const email = "ana.souza@acme.example"
	id := regexp.MustCompile(`ssc_[0-9a-z]+`).FindString(c.ana.get(ownSignInPath).body)
	enforce := ownSignInPath + "/" + id + "/enforce"

	// What is missing is said, one after the other.
	refuses := func(says string) {
		r := c.ana.post(enforce, "confirmed", "yes")
		require.Equal(t, 422, r.status)
		require.Contains(t, r.body, says)
	}
	refuses("An administrator has to sign in by it first")
	own := w.guest()
	require.Equal(t, "/", own.asPerson(c.at(own.get("/sso/"+slug)), email).path)
	refuses("prove password and second factor first")
	require.Contains(t, c.act("glass").body, "Set up a second factor")
	key, codes := c.ana.setsAppUp()
	require.Equal(t, "/sign-in", own.get("/").path)
	own = w.guest()
	require.Equal(t, "/", own.asPerson(c.at(own.get("/sso/"+slug)), email).path)
	require.Equal(t, 404, own.get(appKeyPath).status, "the provider changes no factor of ours")
	r := own.post(ownSignInPath, "act", "glass")
	require.Equal(t, 422, r.status)
	require.Contains(t, r.body, "proves nothing about your password")
	require.Contains(t, c.act("glass").body, "You can come in by password")
	require.NotContains(t, c.ana.get(enforce).body, "API keys go on working", "there are none")
	w.token(c.account)
	require.Contains(t, c.ana.get(enforce).body, "API keys go on working")
	require.Contains(t, c.ana.post(enforce, "confirmed", "yes").body, "only by the company’s own sign-in")

	// Passwords open nothing, but break-glass.
	require.Equal(t, "/sign-in", rui.get("/").path)
	r = w.guest().entersPassword("rui@acme.example")
	require.Equal(t, 403, r.status)
	require.Contains(t, r.body, "only by its own sign-in")
	require.Contains(t, r.body, "/sso/"+slug)
	require.Equal(t, "/", own.get("/").path)
	before := len(w.mails("password_reset"))
	require.Equal(t, 200, w.guest().post("/password-reset", "email", "rui@acme.example").status)
	require.Len(t, w.mails("password_reset"), before)

	// An invitation makes no password any more; the company's sign-in accepts it.
	inv := w.pending(c.account, "eva@acme.example")
	g := w.guest()
	require.Contains(t, g.accept(inv, "Eva Dias").body, "only by its own sign-in")
	require.True(t, w.state(inv.ID).Live())
	require.Equal(t, "/", g.asPerson(c.at(g.get("/sso/"+slug)), "eva@acme.example").path)

	// The provider is down: others read why, break-glass comes in, and it is kept.
	c.down()
	r = w.guest().get("/sso/" + slug)
	require.Equal(t, 502, r.status)
	require.Contains(t, r.body, "UNREACHABLE")
	require.Contains(t, r.body, "only this way")
	ana := w.guest()
	require.Equal(t, secondPath, ana.entersPassword(email).path)
	require.Equal(t, roomsPath, ana.post(secondPath, "code", codes[0]).path)
	require.Equal(t, 1, w.Count(t, "SELECT count(*) FROM audit_events WHERE verb = 'break_glass.used'"))
	require.Contains(t, ana.get(ownSignInPath).body, "Came in that way on")
	require.Contains(t, ana.post(factorPath+"/fac_app/remove", "confirmed", "yes").body,
		"so you keep a second factor")
	me := w.Strings(t, "SELECT user_id FROM sso_break_glass")[0]
	require.Contains(t, ana.post(ownSignInPath, "act", "endglass", "person", me).body, "last way in")
	require.Contains(t, ana.post(ownSignInPath, "act", "relax", "connection", id).body,
		"sign in by password again")
	require.Equal(t, roomsPath, w.guest().entersPassword("rui@acme.example").path)
	require.NotEmpty(t, key)
	w.AuditHolds(t)
}
