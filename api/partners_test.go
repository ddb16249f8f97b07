package api_test

import (
	"bytes"
	"context"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/account"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
)

// partnerOf is a service partner to which an account delegates, with a second factor for all its
// people.
type partnerOf struct {
	h             *house
	orgID, home   string
	delegation    string
	asking, maker context.Context // administrators of the customer and of the partner
	pia           string
}

// delegates makes the partner; it administers at the sites that are named, or at all.
func (h *house) delegates(t *testing.T, accountID string, sites ...string) partnerOf {
	t.Helper()
	p := partnerOf{h: h}
	o := h.Env.Fulfilled(t, h.Env.Reseller(t, "Revenda da parceira"),
		storetest.FormFor("PO-77", "Parceira Ltda", "pia@parceira.example"))
	h.Env.Join(t, h.Env.InvitationOf(t, o.ID))
	u, err := h.UserByEmail(h.Context, "pia@parceira.example")
	require.NoError(t, err)
	p.pia, p.home = u.ID, *o.AccountID
	org, err := h.PutOrg(storetest.Operator(), account.OrgChange{
		Kind: account.OrgPartner, Name: "Parceira Ltda", Country: "BR",
	})
	require.NoError(t, err)
	p.orgID = org.ID
	_, err = h.MakePartner(storetest.Operator(), org.ID, p.home, "their contract")
	require.NoError(t, err)
	require.NoError(t, h.Exec("UPDATE users SET totp_secret = 'sealed' WHERE id = '"+p.pia+"'"))

	p.asking = storetest.Customer(accountID)
	p.maker = db.WithScope(context.Background(), db.Scope{
		AccountIDs: []string{p.home},
		Actor:      db.Actor{ID: u.ID, Role: rules.CustomerAdmin},
	})
	d, err := h.AskPartner(p.asking, accountID, "Parceira Ltda",
		identity.DelegationTerms{Role: identity.RoleAdmin, Days: 30, Sites: sites})
	require.NoError(t, err)
	_, err = h.AnswerDelegation(p.maker, d.ID, true)
	require.NoError(t, err)
	p.delegation = d.ID
	return p
}

// client has a token of the partner.
func (p partnerOf) client(t *testing.T, role rules.Role) client {
	t.Helper()
	made, secret, err := p.h.CreateDelegatedToken(p.maker, p.home, identity.NewDelegatedToken{
		DelegationID: p.delegation,
		Role:         role,
		Label:        "Monitoring",
		ExpiresAt:    time.Now().AddDate(1, 0, 0),
	})
	require.NoError(t, err)
	return client{house: p.h, token: secret, tokenID: made.ID}
}

// S51: all that an account has at other sites is to a partner's token like what nothing has, in
// every operation, and nothing of it changes.
func TestS51_WhatIsAtOtherSitesDoesNotExistForATokenOfAPartner(t *testing.T) {
	h := open(t, storetest.Postgres(t))
	own := h.side(t, 1)
	h.Site(t, own.ids["account"], "Filial", "BR", "RJ")
	c := h.delegates(t, own.ids["account"], "filial").client(t, rules.PartnerAdmin)

	before := h.contents(t)
	asked := 0
	for _, op := range slices.Sorted(maps.Keys(probes)) {
		method, _, _ := strings.Cut(op, " ")
		text := probes[op].path + "\n" + probes[op].body
		for n, kind := range own.kinds(text) {
			if kind == "account" { // that it acts for
				continue
			}
			ask := func(id string) answer {
				filled, _ := own.request(text, n, id)
				path, body, _ := strings.Cut(filled, "\n")
				got := c.probe(method, path, body)
				got.Body = bytes.ReplaceAll(got.Body, []byte(id), []byte("what was asked"))
				return got
			}
			there, none := ask(own.ids[kind]), ask(random(own.ids[kind]))
			require.Equal(t, none.Status, there.Status, "%s, %s in place %d: %s", op, kind, n, there.Body)
			require.Equal(t, string(none.Body), string(there.Body), "%s, %s in place %d", op, kind, n)
			if method != "GET" && op != "POST /v1/coverage" {
				require.Contains(t, []int{403, 404, 422}, there.Status, "%s, %s: %s", op, kind, there.Body)
			}
			asked++
		}
	}
	require.Greater(t, asked, 100)
	require.Equal(t, before, h.contents(t), "nothing changed")
	for _, list := range []string{
		"rooms", "devices", "tickets", "rmas", "sites", "assignments", "shipments", "spare-units",
	} {
		got := c.probe("GET", "/v1/"+list, "")
		require.Equal(t, 200, got.Status, list)
		for kind, id := range own.ids {
			if kind != "account" && kind != "form" && kind != "amendment" {
				require.NotContains(t, string(got.Body), id, "%s in %s", kind, list)
			}
		}
	}
}

// R41d, R41e, S51: a partner's token acts within the delegation, is named in the audit with the
// partner and the account, reaches nothing that stays with the customer, and ends with the
// delegation.
func TestR41d_R41e_ATokenOfAPartnerActsForTheAccountAndEndsWithTheDelegation(t *testing.T) {
	h := open(t, storetest.SQLite(t))
	own := h.side(t, 1)
	id := own.ids["account"]
	h.Site(t, id, "Filial", "BR", "RJ")
	p := h.delegates(t, id)
	c, reader := p.client(t, rules.PartnerAdmin), p.client(t, rules.PartnerReadOnly)

	room := map[string]any{
		"account_id": id, "name": "Sala 7", "site": "Filial", "country": "BR", "region": "RJ",
		"platform": "OTHER", "criticality": "HIGH",
	}
	require.Equal(t, 403, reader.post("/v1/rooms", room).Status)
	made := c.post("/v1/rooms", room)
	require.Equal(t, 201, made.Status, "%s", made.Body)
	require.Equal(t, 1, h.Count(t, "SELECT count(*) FROM audit_events WHERE verb = 'room.created' "+
		"AND actor_id = '"+c.tokenID+"' AND actor_role = 'PARTNER_ADMIN' AND acting_org = '"+p.orgID+
		"' AND on_behalf_of = '"+id+"'"))
	require.Contains(t, string(reader.get("/v1/rooms").Body), "Sala 7")
	require.Contains(t, string(reader.get("/v1/contracts").Body), own.ids["contract"])
	for _, path := range []string{"/v1/orders", "/v1/tokens", "/v1/privacy-requests", "/v1/accounts/" + id} {
		require.Equal(t, 403, c.get(path).Status, path)
	}

	// The customer narrows it: the next request sees one site, and puts nothing elsewhere.
	_, err := h.LimitDelegation(p.asking, p.delegation, []string{"FILIAL"})
	require.NoError(t, err)
	list := string(c.get("/v1/rooms").Body)
	require.Contains(t, list, "Sala 7")
	require.NotContains(t, list, own.ids["room"])
	require.Equal(t, 404, c.get("/v1/contracts").Status)
	room["site"], room["name"] = "HQ", "Sala 8"
	require.Equal(t, 404, c.post("/v1/rooms", room).Status)

	seen, err := h.DelegatedTokensOf(p.asking, id)
	require.NoError(t, err)
	require.Len(t, seen, 2)
	require.Equal(t, "Monitoring", seen[0].Label)
	_, err = h.RevokeDelegatedToken(p.asking, id, seen[0].ID)
	require.NoError(t, err)
	require.Equal(t, 401, reader.get("/v1/rooms").Status, "the customer has ended it")

	require.NoError(t, h.Exec("UPDATE users SET totp_secret = ''"))
	require.Equal(t, 403, c.post("/v1/rooms", room).Status, "no more than its maker may (S52)")
	require.Equal(t, 200, c.get("/v1/rooms").Status)

	_, err = h.EndDelegation(p.asking, p.delegation, "")
	require.NoError(t, err)
	require.Equal(t, 401, c.get("/v1/rooms").Status)
	h.AuditHolds(t)
}

// S50, S51: whoever administers no more has no token any more, of the account or of a customer for
// whom it acts, whatever door the change came by; who comes back makes new ones.
func TestS51_ATokenThatEndedWithItsMakersAccessStaysRevoked(t *testing.T) {
	h := open(t, storetest.Postgres(t))
	own := h.side(t, 1)
	p := h.delegates(t, own.ids["account"])
	m := h.Strings(t, "SELECT id FROM memberships WHERE user_id = '"+p.pia+"'")[0]
	second := h.Strings(t, "SELECT id FROM users WHERE id <> '"+p.pia+"' ORDER BY id")[0]
	require.NoError(t, h.Exec("INSERT INTO memberships (id, account_id, user_id, role, state, created_at) "+
		"SELECT 'mem_second', account_id, '"+second+"', role, state, created_at FROM memberships WHERE id = '"+m+"'"))

	change := func(role identity.MemberRole, state rules.MembershipState) func() error {
		return func() error {
			return storetest.SecondOf(h.ChangeMembership(p.maker, m, role, state, ""))
		}
	}
	block := func(blocked bool) error {
		return h.DB.Write(h.Context, func(tx *db.Tx) error {
			var row identity.Membership
			if err := tx.First(&row, "id = ?", m).Error; err != nil {
				return err
			}
			return identity.Block(tx, row, blocked)
		})
	}
	back := "UPDATE memberships SET role = 'ADMIN', state = 'ACTIVE', blocked_at = NULL WHERE id = '" + m + "'"
	for _, door := range []struct {
		name string
		ends func() error
	}{
		{"demoted", change(identity.RoleReadOnly, rules.MembershipActive)},
		{"suspended", change(identity.RoleAdmin, rules.MembershipSuspended)},
		{"removed", change(identity.RoleAdmin, rules.MembershipRemoved)},
		{"ended by the directory", func() error { return block(true) }},
		{"erased", func() error {
			return h.DB.Write(h.Context, func(tx *db.Tx) error { return identity.Leave(tx, p.pia) })
		}},
	} {
		c := p.client(t, rules.PartnerAdmin)
		_, secret, err := h.CreateOwnToken(p.maker, identity.NewOwnToken{
			AccountID: p.home,
			Role:      rules.CustomerAdmin,
			Label:     "Booking",
			Scopes:    rules.ScopesFor(rules.CustomerAdmin),
			ExpiresAt: time.Now().AddDate(1, 0, 0),
		})
		require.NoError(t, err, door.name)
		home := client{house: h, token: secret}
		require.Equal(t, 200, c.get("/v1/rooms").Status, door.name)
		require.Equal(t, 200, home.get("/v1/rooms").Status, door.name)
		holds, err := h.HoldingsOf(p.maker, m)
		require.NoError(t, err)
		require.Equal(t, []string{"Booking", "Monitoring"}, holds.Tokens, door.name)

		require.NoError(t, door.ends(), door.name)
		require.NoError(t, h.Exec(back), door.name)
		require.Equal(t, 401, c.get("/v1/rooms").Status, door.name)
		require.Equal(t, 401, home.get("/v1/rooms").Status, door.name)
	}
	require.Equal(t, 4, h.Count(t, "SELECT count(*) FROM audit_events WHERE verb = 'token.revoked' "+
		"AND account_id = '"+own.ids["account"]+"'"), "the customer reads of each")
	h.AuditHolds(t)
}
