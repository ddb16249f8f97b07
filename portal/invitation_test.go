package portal

import (
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/account"
	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
)

func TestR47c_TwoScannersThenAHumanWhoInvitesAtOnce(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		inv := w.invited()
		for range 2 {
			scanner := w.guest()
			r := scanner.get(w.link(inv))
			require.Equal(t, 200, r.status)
			require.NotContains(t, r.body, w.Secrets().InvitationToken(inv.ID))
		}
		require.True(t, w.state(inv.ID).Live(), "reading consumes nothing")
		ana := w.guest()
		home := ana.accept(inv, "Ana Souza")
		require.Equal(t, "/", home.path)
		require.Contains(t, home.body, "Hello, Ana Souza")
		require.Equal(t, rules.InvitationAccepted, w.state(inv.ID))
		r := ana.post("/colleagues", "name", "Bruno Lima", "email", "bruno@acme.example", "role", "READ_ONLY")
		require.Equal(t, "/colleagues", r.path)
		require.Contains(t, r.body, "bruno@acme.example")
		require.Equal(t, identity.RoleReadOnly, w.latestInvitation("bruno@acme.example").Role)
	})
}

func TestR47b_FirstPersonBecomesAdministrator(t *testing.T) {
	w := newWorld(t)
	inv := w.invited()
	extra, err := w.Invite(w.as(rules.OperatorAgent), identity.NewInvite{
		AccountID:   inv.AccountID,
		Email:       "rita@acme.example",
		ContactName: "Rita",
		Role:        identity.RoleReadOnly,
		Kind:        identity.InvitationForExtra,
		Reason:      "asked by mail",
	})
	require.NoError(t, err)
	rita := w.guest()
	require.Contains(t, rita.accept(extra, "Rita").body, "Administrator")
	require.Equal(t, 200, rita.get("/colleagues").status)
	ana := w.guest()
	ana.accept(inv, "Ana")
	u, err := w.UserByEmail(w.Context, "rita@acme.example")
	require.NoError(t, err)
	places, err := w.MembershipsOf(w.Context, u.ID)
	require.NoError(t, err)
	require.Equal(t, identity.RoleAdmin, places[0].Role)
}

func TestR47a_AnotherPersonIsRefusedWithoutHarm(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		admin, first := w.admin()
		inv, err := w.Invite(w.Context, identity.NewInvite{
			AccountID:   first.AccountID,
			Email:       "Carla@Acme.example",
			ContactName: "Carla",
			Role:        identity.RoleReadOnly,
			Kind:        identity.InvitationForColleague,
		})
		require.NoError(t, err)
		r := admin.get(w.link(inv))
		require.Equal(t, 403, r.status)
		require.Contains(t, r.body, "someone else")
		require.Empty(t, keep(w.verbs(inv.ID), "invitation.wrong_person"), "reading writes nothing")
		for i, path := range []string{"/invitation/accept", "/invitation"} {
			r = admin.post(path)
			require.Equal(t, 403, r.status, path)
			require.Len(t, keep(w.verbs(inv.ID), "invitation.wrong_person"), i+1)
		}
		require.True(t, w.state(inv.ID).Live(), "the invitation stays valid")
		out := admin.post("/sign-out", "then", "invitation")
		require.Equal(t, "/invitation", out.path)
		require.Equal(t, 200, out.status, "the right person goes on in the same browser")
		require.Equal(t, "/", w.guest().accept(inv, "Carla").path)
	})
}

func keep(all []string, wanted string) (out []string) {
	for _, s := range all {
		if s == wanted {
			out = append(out, s)
		}
	}
	return out
}

func TestR47a_SamePersonWhateverTheCase(t *testing.T) {
	w := newWorld(t)
	_, first := w.admin()
	other, err := w.CreateAccount(w.as(rules.OperatorAgent), storetest.Form("x").EndCustomer, "", account.ModeSite)
	require.NoError(t, err)
	inv, err := w.Invite(w.Context, identity.NewInvite{
		AccountID:   other.ID,
		Email:       "Ana.SOUZA@Acme.Example",
		ContactName: "Ana",
		Role:        identity.RoleAdmin,
		Kind:        identity.InvitationForExtra,
	})
	require.NoError(t, err)
	ana := w.guest()
	landing := ana.get(w.link(inv))
	require.Contains(t, landing.body, `href="/sign-in"`, "who has a user signs in")
	require.Equal(t, "/sign-in", ana.post("/invitation").path, "no code for them")
	r := ana.post("/sign-in", "email", "ANA.souza@acme.example", "password", goodPassword)
	require.Equal(t, "/invitation", r.path)
	require.Contains(t, r.body, `action="/invitation/accept"`)
	r = ana.post("/invitation/accept")
	require.Equal(t, "/", r.path)
	require.Contains(t, r.body, `name="account"`, "two accounts: the switcher is there")
	require.NotEqual(t, first.AccountID, other.ID)
	require.Equal(t, rules.InvitationAccepted, w.state(inv.ID))
}

func TestR49b_APersonNeedsANameAndAnAddressHasOneUser(t *testing.T) {
	w := newWorld(t)
	inv := w.invited()
	g := w.guest()
	g.get(w.link(inv))
	g.post("/invitation")
	g.post("/invitation/code", "code", g.code())
	for _, name := range []string{"", "   ", strings.Repeat("a", 101), "a\x00b"} {
		r := g.post("/invitation/person", "name", name, "password", goodPassword)
		require.Equal(t, 422, r.status)
		require.Contains(t, r.body, `id="name-problem"`)
	}
	_, err := w.UserByEmail(w.Context, inv.Email)
	require.Equal(t, rules.NotFound, rules.CodeOf(err))
	require.Equal(t, "/", g.post("/invitation/person", "name", "Ana", "password", goodPassword).path)
	u, err := w.UserByEmail(w.Context, inv.Email)
	require.NoError(t, err)
	require.True(t, strings.HasPrefix(u.PasswordHash, "$argon2id$v=19$"))
	other, err := w.CreateAccount(w.as(rules.OperatorAgent), storetest.Form("x").EndCustomer, "", account.ModeSite)
	require.NoError(t, err)
	again, err := w.Invite(w.Context, identity.NewInvite{
		AccountID:   other.ID,
		Email:       inv.Email,
		ContactName: "X",
		Role:        identity.RoleAdmin,
		Kind:        identity.InvitationForExtra,
	})
	require.NoError(t, err)
	require.Equal(t, "/sign-in",
		func() string { g := w.guest(); g.get(w.link(again)); return g.post("/invitation").path }(),
		"no second user for an address")
}

func TestR121_ValidThroughItsLastLocalMinute(t *testing.T) {
	for _, c := range []struct {
		name   string
		at     time.Time
		status int
	}{
		{"last minute of day 30", time.Date(2026, 12, 24, 2, 59, 0, 0, time.UTC), 200}, // 23:59 in São Paulo
		{"midnight after day 30", time.Date(2026, 12, 24, 3, 0, 0, 0, time.UTC), 410},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			inv := w.invited()
			w.Calendar.Set(c.at)
			g := w.guest()
			require.Equal(t, c.status, g.get(w.link(inv)).status)
			if c.status == 200 {
				require.Equal(t, "/", g.accept(inv, "Ana").path)
				return
			}
			require.Equal(t, 410, g.post("/invitation").status)
			require.Equal(t, 410, g.post("/invitation/person", "name", "Ana", "password", goodPassword).status)
		})
	}
}

func TestR121_ExpiryBetweenCodeAndForm(t *testing.T) {
	w := newWorld(t)
	inv := w.invited()
	g := w.guest()
	g.get(w.link(inv))
	g.post("/invitation")
	g.post("/invitation/code", "code", g.code())
	w.Calendar.Set(inv.ExpiresAt)
	require.Equal(t, 410, g.post("/invitation/person", "name", "Ana", "password", goodPassword).status)
}

func TestMaskedAddresses(t *testing.T) {
	for in, want := range map[string]string{
		"ana@acme.example": "a***@acme.example",
		"a@b.example":      "a***@b.example",
		"@x":               "***",
		"x":                "***",
		"":                 "***",
	} {
		require.Equal(t, want, masked(in))
	}
	w := newWorld(t)
	inv := w.invited()
	body := w.guest().get(w.link(inv)).body
	require.Contains(t, body, "a***@acme.example")
	require.NotContains(t, body, "ana.souza")
	require.NotContains(t, body, "Ana Souza", "the name waits until the mailbox is proven")
}

func TestR49b_TwoClicksMakeOnePerson(t *testing.T) {
	onBothDatabases(t, func(t *testing.T, w *world) {
		g, inv := w.asked()
		g.post("/invitation/code", "code", w.code())
		form := []string{"name", "Ana Souza", "password", goodPassword}
		got := make([]reply, 4)
		var all sync.WaitGroup
		for i := range got {
			all.Go(func() { got[i] = g.post("/invitation/person", form...) })
		}
		all.Wait()
		for _, r := range got {
			require.Contains(t, []int{200, 410}, r.status,
				"a click that came late may find its session gone, and nothing worse")
		}
		members, err := w.MembersOf(w.Context, inv.AccountID)
		require.NoError(t, err)
		require.Len(t, members, 1)
		require.Empty(t, w.log.String())
	})
}

func TestR47_AcceptingAgainNeedsProofAndPassword(t *testing.T) {
	w := newWorld(t)
	first, inv := w.asked()
	first.post("/invitation/code", "code", w.code())
	second := w.guest()
	second.get(w.link(inv))
	second.post("/invitation")
	second.post("/invitation/code", "code", w.code())
	unproven := w.guest()
	unproven.get(w.link(inv))
	require.Equal(t, "/", first.post("/invitation/person", "name", "Ana", "password", goodPassword).path)
	require.Equal(t, 410, second.post("/invitation/person", "name", "Ana", "password", "another password").status)
	require.Equal(t, 410, unproven.post("/invitation/person", "name", "Ana", "password", goodPassword).status)
	require.Equal(t, "/", second.post("/invitation/person", "name", "Ana", "password", goodPassword).path)
}

// A person who proved the mailbox for two invitations, and became a user by the first, has
// to sign in for the second: the code of the mail alone is not the password.
func TestR47a_AKnownPersonProvesThePasswordForAFurtherInvitation(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		_, acc := w.site("gil@globex.example")
		first := w.invited()
		second := w.pending(acc.ID, first.Email)
		proved := func(inv identity.Invitation) *guest {
			g := w.guest()
			g.get(w.link(inv))
			g.post("/invitation")
			require.Equal(t, "/invitation/person", g.post("/invitation/code", "code", w.code()).path)
			return g
		}
		ana, other := proved(first), proved(second)
		require.Equal(t, "/", ana.post("/invitation/person", "name", "Ana", "password", goodPassword).path)

		for _, password := range []string{"quatro cavalos azuis", goodPassword} {
			r := other.post("/invitation/person", "name", "Eve", "password", password)
			require.Equal(t, "/invitation", r.path)
			require.Contains(t, r.body, `href="/sign-in"`)
		}
		require.Equal(t, "/invitation", other.get("/invitation/person").path)
		require.Equal(t, "/sign-in", other.get("/").path, "not signed in")
		require.True(t, w.state(second.ID).Live())

		late := w.guest() // whose code was on its way
		late.get(w.link(second))
		require.Equal(t, "/sign-in", late.post("/invitation").path)

		r := other.post("/sign-in", "email", first.Email, "password", "quatro cavalos azuis")
		require.Equal(t, 422, r.status)
		r = other.post("/sign-in", "email", first.Email, "password", goodPassword)
		require.Equal(t, "/invitation", r.path)
		require.Equal(t, "/", other.post("/invitation/accept").path)
		require.Equal(t, rules.InvitationAccepted, w.state(second.ID))
		u, err := w.UserByEmail(w.Context, first.Email)
		require.NoError(t, err)
		require.Equal(t, "Ana", u.Name)
	})
}

func TestR47_AcceptingTwiceByOneClickIsHarmless(t *testing.T) {
	w := newWorld(t)
	w.admin()
	_, acc := w.site("gil@globex.example")
	inv := w.pending(acc.ID, "ana.souza@acme.example")
	ana := w.guest()
	ana.get(w.link(inv))
	ana.post("/sign-in", "email", "ana.souza@acme.example", "password", goodPassword)
	second := ana.twin()
	require.Equal(t, "/", ana.post("/invitation/accept").path)
	require.Equal(t, "/", second.post("/invitation/accept").path)
	ana.get(w.link(inv))
	require.Equal(t, "/", ana.post("/invitation/accept").path)
	gil := w.guest()
	gil.post("/sign-in", "email", "gil@globex.example", "password", goodPassword)
	gil.get(w.link(inv))
	require.Equal(t, 410, gil.post("/invitation/accept").status)
}
