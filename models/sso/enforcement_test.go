package sso_test

import (
	"context"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"
	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/models/operations"
	"roomcover.dev/roomcover/models/privacy"
	"roomcover.dev/roomcover/models/sso"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
)

// secondFactor gives a person with a password an app, and returns its recovery codes.
func secondFactor(t *testing.T, env storetest.Env, userID string) []string {
	t.Helper()
	key, sealed := env.People.NewAppKey(userID)
	code, err := totp.GenerateCode(key, time.Now())
	require.NoError(t, err)
	codes, ok, err := env.People.UseApp(env.Context, userID, sealed, code, false)
	require.NoError(t, err)
	require.True(t, ok)
	require.Len(t, codes, 10)
	return codes
}

// joined makes somebody a member of an account.
func joined(
	t *testing.T, env storetest.Env, accountID, email string, role identity.MemberRole,
) identity.User {
	t.Helper()
	inv, err := env.Invite(env.Context, identity.NewInvite{
		AccountID:   accountID,
		Email:       email,
		ContactName: "Colleague",
		Role:        role,
		Kind:        identity.InvitationForColleague,
	})
	require.NoError(t, err)
	u, _ := env.Join(t, inv)
	return u
}

// session stores a session of a person; by a connection, or by password where it is empty.
func session(t *testing.T, env storetest.Env, token, userID, connection string) {
	t.Helper()
	row := identity.Session{
		TokenHash: token,
		UserID:    &userID,
		Data:      []byte{},
		ExpiresAt: time.Now().Add(time.Hour).UTC(),

		SecondFactor: true,
	}
	if connection != "" {
		row.ConnectionID = &connection
	}
	require.NoError(t, env.People.PutSession(env.Context, row))
}

func hasSession(t *testing.T, env storetest.Env, token string) bool {
	t.Helper()
	_, ok, err := env.People.FindSession(env.Context, token)
	require.NoError(t, err)
	return ok
}

func TestS49_EachMissingPreconditionOfAnEnforcedSignInRefuses(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		acme := env.Covered(t)
		con := enabled(t, env, acme, "acme.example")
		admin := adminOf(acme.Admin, acme.Account)
		me := acme.Admin.ID
		require.NoError(t, env.People.SetPassword(env.Context, me, "a hash"))
		enforce := func() error { return storetest.SecondOf(env.SSO.Enforce(admin, acme.Account, con.ID)) }

		// Nobody came by it; then nobody proved both factors, and nobody can without them.
		storetest.RequireCode(t, sso.NobodyCame, enforce())
		_, err := env.SSO.SignIn(env.Context, con.ID, verified("1", acme.Admin.Email), "", "en")
		require.NoError(t, err)
		storetest.RequireCode(t, sso.NoBreakGlass, enforce())
		storetest.RequireCode(t, sso.NeedsFactor, env.SSO.ProveBreakGlass(admin, acme.Account))
		secondFactor(t, env, me)
		require.NoError(t, env.SSO.ProveBreakGlass(admin, acme.Account))

		for name, c := range map[string]struct{ spoil, mend, code string }{
			"proved long ago": {"UPDATE sso_break_glass SET proved_at = '2026-01-01'",
				"", sso.NoBreakGlass},
			"came long ago": {"UPDATE identities SET last_seen_at = '2026-01-01'", "", sso.NobodyCame},
			"changed since the rehearsal": {"UPDATE sso_connections SET changed_at = '2199-01-01'",
				"UPDATE sso_connections SET changed_at = '2026-01-01'", sso.Unrehearsed},
			"switched off": {"UPDATE sso_connections SET state = 'DRAFT'",
				"UPDATE sso_connections SET state = 'ENABLED'", sso.NotLive},
			"no proved domain": {"UPDATE sso_domains SET proved_at = NULL, proved_by = ''",
				"UPDATE sso_domains SET proved_at = '2026-01-01', proved_by = 'DNS'", sso.DomainUnproved},
			"the record of the domain is gone": {"UPDATE sso_domains SET missing_at = '2026-01-01'",
				"UPDATE sso_domains SET missing_at = NULL", sso.DomainUnproved},
			"the factor is gone": {"UPDATE users SET totp_secret = ''", "", sso.NoBreakGlass},
			"a reader, not an administrator": {"UPDATE memberships SET role = 'READ_ONLY'",
				"UPDATE memberships SET role = 'ADMIN'", sso.NobodyCame},
			"blocked by the directory": {"UPDATE memberships SET blocked_at = '2026-01-01'",
				"UPDATE memberships SET blocked_at = NULL", sso.NobodyCame},
		} {
			require.NoError(t, env.Exec(c.spoil), name)
			storetest.RequireCode(t, c.code, enforce())
			if c.mend != "" {
				require.NoError(t, env.Exec(c.mend))
			}
			_, err := env.SSO.SignIn(env.Context, con.ID, verified("1", acme.Admin.Email), "", "en")
			require.NoError(t, err, name)
			if name == "the factor is gone" {
				secondFactor(t, env, me)
			}
			require.NoError(t, env.SSO.ProveBreakGlass(admin, acme.Account))
		}

		// Somebody of another domain would be locked out.
		bob := joined(t, env, acme.Account, "bob@elsewhere.example", identity.RoleReadOnly)
		storetest.RequireCode(t, sso.Outsiders, enforce())
		proved(t, env, acme, "elsewhere.example")
		require.NoError(t, env.Exec("UPDATE sso_domains SET missing_at = '2026-01-01'"+
			" WHERE domain = 'elsewhere.example'"))
		storetest.RequireCode(t, sso.Outsiders, enforce())
		require.NoError(t, env.Exec("UPDATE users SET email = 'bob@acme.example' WHERE id = '"+bob.ID+"'"))

		// Sessions by password end, but the break-glass administrator's; so do open links.
		require.NoError(t, env.People.SetPassword(env.Context, bob.ID, "a hash"))
		session(t, env, "bob", bob.ID, "")
		session(t, env, "me", me, "")
		session(t, env, "by-own", me, con.ID)
		require.NoError(t, env.People.ChallengeReset(env.Context, "bob@acme.example", "en"))
		require.NoError(t, enforce())
		require.NoError(t, enforce(), "again")
		require.False(t, hasSession(t, env, "bob"))
		require.True(t, hasSession(t, env, "me"))
		require.True(t, hasSession(t, env, "by-own"))
		open := "SELECT count(*) FROM challenges WHERE purpose = 'PASSWORD_RESET' AND consumed_at IS NULL"
		require.Zero(t, env.Count(t, open))
		require.NoError(t, env.People.ChallengeReset(env.Context, "bob@acme.example", "en"))
		require.Zero(t, env.Count(t, open))

		// A password reaches nothing, but break-glass; a session that is stored late neither.
		for id, ends := range map[string]bool{bob.ID: true, me: false} {
			ended, err := env.People.PasswordEnded(env.Context, id)
			require.NoError(t, err)
			require.Equal(t, ends, ended)
			p, err := env.People.PersonBy(env.Context, id, "")
			require.NoError(t, err)
			require.Equal(t, ends, len(p.Roles) == 0)
			p, err = env.People.PersonBy(env.Context, id, con.ID)
			require.NoError(t, err)
			require.Len(t, p.Roles, 1)
		}

		// What holds the other way open stays.
		storetest.RequireCode(t, sso.NoBreakGlass, env.SSO.EndBreakGlass(admin, acme.Account, me))
		storetest.RequireCode(t, identity.FactorDemanded, env.People.RemoveApp(env.Context, me))
		settings, err := env.SSO.SettingsOf(admin, acme.Account)
		require.NoError(t, err)
		storetest.RequireCode(t, rules.StateConflict,
			env.SSO.RemoveDomain(admin, acme.Account, settings.Domains[0].ID))
		require.NoError(t, env.SSO.UsedBreakGlass(env.Context, me))
		require.Equal(t, 1, env.Count(t, "SELECT count(*) FROM audit_events WHERE verb = 'break_glass.used'"))
		told := env.Mails(t, "own_sign_in")
		require.Len(t, told, 1, "each administrator reads of it, whoever it was")
		require.Equal(t, "BREAK_GLASS", told[0].Params["what"])
		require.Equal(t, acme.Admin.Name, told[0].Params["person"])

		// An operator lets passwords in again, with a reason; nobody else does so.
		lift := func(ctx context.Context, reason string) error {
			return storetest.SecondOf(env.SSO.LiftEnforcement(ctx, con.ID, reason))
		}
		storetest.RequireCode(t, rules.NotFound, lift(admin, "the provider is down"))
		storetest.RequireCode(t, rules.ReasonRequired, lift(storetest.Operator(), " "))
		require.NoError(t, lift(storetest.Operator(), "the provider is down"))
		require.NoError(t, lift(storetest.Operator(), "the provider is down"), "again")
		p, err := env.People.PersonBy(env.Context, bob.ID, "")
		require.NoError(t, err)
		require.Len(t, p.Roles, 1)
		env.AuditHolds(t)
	})
}

// Who administers nothing any more comes in by no password, and what moves to another organisation
// locks nobody out there.
func TestS49_BreakGlassIsForAdministratorsAndNoOnlyWayInMoves(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		acme := env.Covered(t)
		con := enabled(t, env, acme, "acme.example")
		admin := adminOf(acme.Admin, acme.Account)
		me := acme.Admin.ID
		require.NoError(t, env.People.SetPassword(env.Context, me, "a hash"))
		secondFactor(t, env, me)
		_, err := env.SSO.SignIn(env.Context, con.ID, verified("1", acme.Admin.Email), "", "en")
		require.NoError(t, err)
		require.NoError(t, env.SSO.ProveBreakGlass(admin, acme.Account))
		_, err = env.SSO.Enforce(admin, acme.Account, con.ID)
		require.NoError(t, err)

		for role, reaches := range map[string]bool{"READ_ONLY": false, "ADMIN": true} {
			require.NoError(t, env.Exec("UPDATE memberships SET role = '"+role+
				"' WHERE user_id = '"+me+"'"))
			p, err := env.People.PersonBy(env.Context, me, "")
			require.NoError(t, err)
			require.Equal(t, reaches, len(p.Roles) == 1, role)
			ended, err := env.People.PasswordEnded(env.Context, me)
			require.NoError(t, err)
			require.NotEqual(t, reaches, ended, role)
		}

		beta := env.CoveredFor(t, "Beta Ltda", "bia@beta.example", "SN-200")
		to := env.Strings(t, "SELECT parent_org_id FROM accounts WHERE id = '"+beta.Account+"'")[0]
		require.NoError(t, env.DB.Write(env.Context, func(tx *db.Tx) error {
			return sso.Move(tx, []string{acme.Account}, to)
		}))
		require.Equal(t, 1, env.Count(t, "SELECT count(*) FROM sso_connections WHERE state = 'ENABLED'"+
			" AND enforced_at IS NULL AND org_id = '"+to+"'"))
		require.Equal(t, 1, env.Count(t,
			"SELECT count(*) FROM sso_break_glass WHERE org_id = '"+to+"'"))
		require.Equal(t, 1, env.Count(t,
			"SELECT count(*) FROM audit_events WHERE verb = 'connection.enforcement_lifted'"))
		p, err := env.People.PersonBy(env.Context, beta.Admin.ID, "")
		require.NoError(t, err)
		require.Len(t, p.Roles, 1)
		env.AuditHolds(t)
	})
}

// A provider of one organisation reaches nothing of another's, whoever is in both; and what was
// switched off lets no session in that comes late.
func TestS48_ASessionReachesTheOrganisationOfItsProviderOnly(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		acme := env.Covered(t)
		con := enabled(t, env, acme, "acme.example")
		beta := env.CoveredFor(t, "Beta Ltda", "bia@beta.example", "SN-200")
		require.NoError(t, env.Exec("UPDATE memberships SET user_id = '"+acme.Admin.ID+
			"' WHERE account_id = '"+beta.Account+"'"))

		p, err := env.People.PersonBy(env.Context, acme.Admin.ID, "")
		require.NoError(t, err)
		require.Len(t, p.Roles, 2)
		p, err = env.People.PersonBy(env.Context, acme.Admin.ID, con.ID)
		require.NoError(t, err)
		require.Equal(t, map[string]identity.MemberRole{acme.Account: identity.RoleAdmin}, p.Roles)

		session(t, env, "early", acme.Admin.ID, con.ID)
		require.True(t, hasSession(t, env, "early"))
		admin := adminOf(acme.Admin, acme.Account)
		settings, err := env.SSO.SettingsOf(admin, acme.Account)
		require.NoError(t, err)
		require.NoError(t, env.SSO.RemoveDomain(admin, acme.Account, settings.Domains[0].ID))
		require.False(t, hasSession(t, env, "early"))
		session(t, env, "late", acme.Admin.ID, con.ID)
		require.False(t, hasSession(t, env, "late"), "the domain is given up")
		proved(t, env, acme, "acme.example")
		for since, stored := range map[string]bool{
			time.Now().Add(-sso.DomainGrace / 2).UTC().Format(time.DateTime): true,
			time.Now().Add(-2 * sso.DomainGrace).UTC().Format(time.DateTime): false,
		} {
			require.NoError(t, env.Exec("UPDATE sso_domains SET missing_at = '"+since+"'"))
			session(t, env, since, acme.Admin.ID, con.ID)
			require.Equal(t, stored, hasSession(t, env, since), "its record is missing since %s", since)
		}
		require.NoError(t, env.Exec("UPDATE sso_domains SET missing_at = NULL"))
		session(t, env, "again", acme.Admin.ID, con.ID)
		require.True(t, hasSession(t, env, "again"))
		require.NoError(t, env.SSO.TurnOff(admin, acme.Account, con.ID))
		session(t, env, "later", acme.Admin.ID, con.ID)
		require.False(t, hasSession(t, env, "later"), "the connection is off")
		p, err = env.People.PersonBy(env.Context, acme.Admin.ID, con.ID)
		require.NoError(t, err)
		require.Empty(t, p.Roles)
	})
}

func TestS52_ACodeOpensOnceAndAnAdministratorTakesALostFactorAway(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		acme := env.Covered(t)
		bob := joined(t, env, acme.Account, "bob@acme.example", identity.RoleReadOnly)
		require.NoError(t, env.People.SetPassword(env.Context, bob.ID, "a hash"))
		session(t, env, "before", bob.ID, "")
		codes := secondFactor(t, env, bob.ID)
		require.False(t, hasSession(t, env, "before"), "it passed one factor only")

		// Nor does one come late that passed one factor; of two first factors at once one is.
		late := identity.Session{
			TokenHash: "late",
			UserID:    &bob.ID,
			Data:      []byte{},
			ExpiresAt: time.Now().Add(time.Hour).UTC(),
		}
		require.NoError(t, env.People.PutSession(env.Context, late))
		require.False(t, hasSession(t, env, "late"))
		key, sealed := env.People.NewAppKey(bob.ID)
		code, err := totp.GenerateCode(key, time.Now())
		require.NoError(t, err)
		_, _, err = env.People.UseApp(env.Context, bob.ID, sealed, code, true)
		storetest.RequireCode(t, rules.SignInRequired, err)
		ok, err := env.People.UseCode(env.Context, bob.ID, code)
		require.NoError(t, err)
		require.False(t, ok, "the first one's app stays")

		for i, want := range []bool{true, false} {
			ok, err := env.People.UseCode(env.Context, bob.ID, codes[0])
			require.NoError(t, err)
			require.Equal(t, want, ok, i)
		}
		ok, err = env.People.UseCode(env.Context, acme.Admin.ID, codes[1])
		require.NoError(t, err)
		require.False(t, ok, "somebody else's")
		fresh, err := env.People.NewRecoveryCodes(env.Context, bob.ID)
		require.NoError(t, err)
		ok, err = env.People.UseCode(env.Context, bob.ID, codes[2])
		require.NoError(t, err)
		require.False(t, ok, "one of before")
		ok, err = env.People.UseCode(env.Context, bob.ID, fresh[0])
		require.NoError(t, err)
		require.True(t, ok)

		// Wrong ones are bounded: from then on the right one is none.
		for range 11 {
			_, err := env.People.UseCode(env.Context, bob.ID, "000000")
			require.NoError(t, err)
		}
		ok, err = env.People.UseCode(env.Context, bob.ID, fresh[1])
		require.NoError(t, err)
		require.False(t, ok)

		membership := env.Strings(t, "SELECT id FROM memberships WHERE user_id = '"+bob.ID+"'")[0]
		storetest.RequireCode(t, rules.Forbidden, env.People.ResetFactor(db.WithScope(env.Context,
			db.Scope{
				AccountIDs: []string{acme.Account},
				Actor:      db.Actor{ID: bob.ID, Role: rules.CustomerReadOnly},
			}), membership))
		session(t, env, "now", bob.ID, "")
		require.NoError(t, env.People.ResetFactor(adminOf(acme.Admin, acme.Account), membership))
		require.NoError(t, env.People.ResetFactor(adminOf(acme.Admin, acme.Account), membership), "again")
		require.False(t, hasSession(t, env, "now"))
		f, err := env.People.FactorsOf(env.Context, bob.ID)
		require.NoError(t, err)
		require.False(t, f.Any())
		require.Zero(t, f.CodesLeft)

		// Not where it guards another company's accounts, nor one's own.
		secondFactor(t, env, bob.ID)
		beta := env.CoveredFor(t, "Beta Ltda", "bia@beta.example", "SN-200")
		joined(t, env, beta.Account, "bob@acme.example", identity.RoleReadOnly)
		storetest.RequireCode(t, rules.StateConflict,
			env.People.ResetFactor(adminOf(acme.Admin, acme.Account), membership))
		require.NoError(t, env.People.RemoveApp(env.Context, bob.ID))
		told := env.Strings(t, "SELECT epoch FROM notifications WHERE template = 'security_notice' ORDER BY id")
		require.GreaterOrEqual(t, len(told), 7)
		env.AuditHolds(t)
	})
}

// The last administrator stays, whatever door the change comes by; what the doors may do instead
// ends at the person's access, and never at the row.
func TestS18_TheLastAdministratorStaysWhateverDoorTheChangeComesBy(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		acme := env.Covered(t)
		con := enabled(t, env, acme, "acme.example")
		admin := adminOf(acme.Admin, acme.Account)
		m := env.Strings(t, "SELECT id FROM memberships WHERE account_id = '"+acme.Account+"'")[0]
		as := func(role rules.Role) context.Context {
			return db.WithScope(env.Context, db.Scope{
				AccountIDs: []string{acme.Account},
				Actor:      db.Actor{ID: "usr_x", Role: role, OnBehalfOf: acme.Account},
			})
		}
		change := func(
			ctx context.Context, role identity.MemberRole, state rules.MembershipState, reason string,
		) error {
			return storetest.SecondOf(env.ChangeMembership(ctx, m, role, state, reason))
		}
		settings, err := env.SSO.SettingsOf(admin, acme.Account)
		require.NoError(t, err)

		for _, door := range []struct {
			name string
			code string // empty: it is done, and the row stays
			try  func() error
		}{
			{"the portal demotes", rules.LastAdmin, func() error {
				return change(admin, identity.RoleReadOnly, rules.MembershipActive, "")
			}},
			{"the portal removes", rules.LastAdmin, func() error {
				return change(admin, identity.RoleAdmin, rules.MembershipRemoved, "")
			}},
			{"the console demotes", rules.Forbidden, func() error {
				return change(storetest.Operator(), identity.RoleReadOnly, rules.MembershipActive, "r")
			}},
			{"the console removes without a reason", rules.LastAdmin, func() error {
				return change(storetest.Operator(), identity.RoleAdmin, rules.MembershipRemoved, "")
			}},
			{"the console suspends", rules.LastAdmin, func() error {
				return change(storetest.Operator(), identity.RoleAdmin, rules.MembershipSuspended, "r")
			}},
			{"a delegation demotes", rules.Forbidden, func() error {
				return change(as(rules.PartnerAdmin), identity.RoleReadOnly, rules.MembershipActive, "")
			}},
			{"a delegation removes", rules.Forbidden, func() error {
				return change(as(rules.PartnerAdmin), identity.RoleAdmin, rules.MembershipRemoved, "")
			}},
			{"an erasure", rules.LastAdmin, func() error {
				return env.DB.Write(env.Context, func(tx *db.Tx) error {
					return identity.Leave(tx, acme.Admin.ID)
				})
			}},
			{"the directory blocks", "", func() error {
				return env.DB.Write(env.Context, func(tx *db.Tx) error {
					var row identity.Membership
					if err := tx.First(&row, "id = ?", m).Error; err != nil {
						return err
					}
					return identity.Block(tx, row, true)
				})
			}},
			{"the directory lets in again", "", func() error {
				return env.DB.Write(env.Context, func(tx *db.Tx) error {
					var row identity.Membership
					if err := tx.First(&row, "id = ?", m).Error; err != nil {
						return err
					}
					return identity.Block(tx, row, false)
				})
			}},
			{"the own sign-in is switched off", "", func() error {
				return env.SSO.TurnOff(admin, acme.Account, con.ID)
			}},
			{"its domain is given up", "", func() error {
				return env.SSO.RemoveDomain(admin, acme.Account, settings.Domains[0].ID)
			}},
		} {
			err := door.try()
			if door.code == "" {
				require.NoError(t, err, door.name)
			} else {
				require.Equal(t, door.code, rules.CodeOf(err), door.name)
			}
			require.Equal(t, 1, env.Count(t, "SELECT count(*) FROM memberships WHERE account_id = '"+
				acme.Account+"' AND role = 'ADMIN' AND state = 'ACTIVE'"), door.name)
		}
	})
}

// While a company enforces its own sign-in its last break-glass administrator stays, whatever door
// the change comes by; with another one, or once passwords let people in again, it is done. Only
// what its directory ends is ended all the same (S50), and an operator is asked.
func TestS49_TheLastBreakGlassAdministratorStaysWhateverDoorTheChangeComesBy(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		acme := env.Covered(t)
		con := enabled(t, env, acme, "acme.example")
		admin := adminOf(acme.Admin, acme.Account)
		org := env.Strings(t, "SELECT org_id FROM sso_connections")[0]
		glass := joined(t, env, acme.Account, "gil@acme.example", identity.RoleAdmin)
		require.NoError(t, env.People.SetPassword(env.Context, glass.ID, "a hash"))
		secondFactor(t, env, glass.ID)
		require.NoError(t, env.SSO.ProveBreakGlass(adminOf(glass, acme.Account), acme.Account))
		_, err := env.SSO.SignIn(env.Context, con.ID, verified("1", acme.Admin.Email), "", "en")
		require.NoError(t, err)
		_, err = env.SSO.Enforce(admin, acme.Account, con.ID)
		require.NoError(t, err)
		m := env.Strings(t, "SELECT id FROM memberships WHERE user_id = '"+glass.ID+"'")[0]

		change := func(
			ctx context.Context, role identity.MemberRole, state rules.MembershipState,
		) func() error {
			return func() error {
				return storetest.SecondOf(env.ChangeMembership(ctx, m, role, state, "they left"))
			}
		}
		ask := func(ctx context.Context, accountID string) func() error {
			return func() error {
				return storetest.SecondOf(env.Privacy.Ask(ctx, privacy.NewRequest{
					Kind:      privacy.Erasure,
					AccountID: accountID,
					UserID:    glass.ID,
					Confirm:   glass.Email,
					Reason:    "asked for it",
				}))
			}
		}
		doors := map[string]func() error{
			"the portal demotes":       change(admin, identity.RoleReadOnly, rules.MembershipActive),
			"the portal removes":       change(admin, identity.RoleAdmin, rules.MembershipRemoved),
			"the console removes":      change(storetest.Operator(), identity.RoleAdmin, rules.MembershipRemoved),
			"the console suspends":     change(storetest.Operator(), identity.RoleAdmin, rules.MembershipSuspended),
			"an administrator erases":  ask(admin, acme.Account),
			"an operator erases":       ask(storetest.Operator(), ""),
			"the other way in is left": func() error { return env.SSO.EndBreakGlass(admin, acme.Account, glass.ID) },
			"the account is split off": func() error {
				return storetest.SecondOf(env.SplitParent(storetest.Operator(), org,
					operations.SplitRequest{Name: "Acme Filial Ltda", AccountIDs: []string{acme.Account}, Reason: "r"}))
			},
		}
		// The connection is of another account of the organisation, which stays behind a split.
		beta := env.CoveredFor(t, "Beta Ltda", "bia@acme.example", "SN-200")
		require.NoError(t, env.Exec("UPDATE accounts SET parent_org_id = '"+org+"' WHERE id = '"+beta.Account+"'"))
		require.NoError(t, env.Exec("UPDATE sso_connections SET account_id = '"+beta.Account+"'"))
		require.NoError(t, env.Exec("UPDATE sso_domains SET account_id = '"+beta.Account+"'"))

		for name, try := range doors {
			storetest.RequireCode(t, sso.NoBreakGlass, try())
			require.Equal(t, 1, env.Count(t, "SELECT count(*) FROM memberships m JOIN sso_break_glass b "+
				"ON b.user_id = m.user_id WHERE m.role = 'ADMIN' AND m.state = 'ACTIVE' AND b.org_id = '"+org+"'"), name)
			require.Zero(t, env.Count(t, "SELECT count(*) FROM privacy_requests"), name)
		}
		storetest.RequireCode(t, identity.FactorDemanded, env.People.RemoveApp(env.Context, glass.ID))
		storetest.RequireCode(t, identity.FactorDemanded, env.People.ResetFactor(admin, m))
		found, err := env.Privacy.Preview(storetest.Operator(), privacy.NewRequest{
			Kind: privacy.Erasure, UserID: glass.ID, Reason: "asked for it",
		})
		require.NoError(t, err)
		require.True(t, found.LastGlass)

		// The directory ends whoever left the company; an operator is asked, until there is another.
		block := func(blocked bool) {
			require.NoError(t, env.DB.Write(env.Context, func(tx *db.Tx) error {
				var row identity.Membership
				if err := tx.First(&row, "id = ?", m).Error; err != nil {
					return err
				}
				return identity.Block(tx, row, blocked)
			}))
		}
		asked := func() int {
			return env.Count(t, "SELECT count(*) FROM operator_tasks WHERE kind = 'NO_ADMIN_REACHABLE' "+
				"AND state = 'OPEN' AND subject_id = '"+con.ID+"'")
		}
		block(true)
		require.Equal(t, 1, asked())
		block(false)
		require.Zero(t, asked())
		block(true)
		require.NoError(t, env.People.SetPassword(env.Context, acme.Admin.ID, "a hash"))
		secondFactor(t, env, acme.Admin.ID)
		require.NoError(t, env.SSO.ProveBreakGlass(admin, acme.Account))
		require.Zero(t, asked(), "there is another one")

		// Of the two, one may go.
		block(false)
		require.NoError(t, change(admin, identity.RoleReadOnly, rules.MembershipActive)())
		own := env.Strings(t, "SELECT id FROM memberships WHERE user_id = '"+acme.Admin.ID+"'")[0]
		_, err = env.ChangeMembership(admin, own, identity.RoleReadOnly, rules.MembershipActive, "")
		storetest.RequireCode(t, rules.LastAdmin, err)
		_, err = env.ChangeMembership(storetest.Operator(), own, identity.RoleAdmin, rules.MembershipRemoved, "a stranger")
		storetest.RequireCode(t, sso.NoBreakGlass, err)
		_, err = env.SSO.LiftEnforcement(storetest.Operator(), con.ID, "the provider is down")
		require.NoError(t, err)
		_, err = env.ChangeMembership(storetest.Operator(), own, identity.RoleAdmin, rules.MembershipRemoved, "a stranger")
		require.NoError(t, err)
		env.AuditHolds(t)
	})
}

// An account that comes under an enforced sign-in brings nobody along who could not sign in by it.
func TestS49_AMergeIntoAnEnforcedSignInLocksNobodyOut(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		acme := env.Covered(t)
		con := enabled(t, env, acme, "acme.example")
		org := env.Strings(t, "SELECT org_id FROM sso_connections")[0]
		require.NoError(t, env.Exec("UPDATE sso_connections SET state = 'ENFORCED' WHERE id = '"+con.ID+"'"))
		beta := env.CoveredFor(t, "Beta Ltda", "bia@beta.example", "SN-200")
		from := env.Strings(t, "SELECT parent_org_id FROM accounts WHERE id = '"+beta.Account+"'")[0]
		require.NoError(t, env.People.SetPassword(env.Context, beta.Admin.ID, "a hash"))
		session(t, env, "bia", beta.Admin.ID, "")
		merge := func() error {
			return storetest.SecondOf(env.MergeParents(storetest.Operator(), from, org, "one company"))
		}

		storetest.RequireCode(t, sso.Outsiders, merge())
		require.True(t, hasSession(t, env, "bia"))
		require.Equal(t, 1, env.Count(t, "SELECT count(*) FROM accounts WHERE parent_org_id = '"+from+"'"))
		proved(t, env, acme, "beta.example")
		require.NoError(t, merge())
		require.False(t, hasSession(t, env, "bia"), "she comes in by the company's own sign-in")
		env.AuditHolds(t)
	})
}
