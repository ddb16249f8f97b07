package privacy_test

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log"
	"log/slog"
	"strings"
	"testing"
	"time"

	"cloud.google.com/go/civil"
	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/models/operations"
	"roomcover.dev/roomcover/models/privacy"
	"roomcover.dev/roomcover/models/replacement"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
)

const (
	mail = "canary.person@acme.example"
	name = "Canária Pássaro"
)

// everywhere seeds the person into each table that holds personal data, and leaves another
// person whose address ends alike.
func everywhere(t *testing.T, env storetest.Env) (storetest.Covered, identity.User) {
	t.Helper()
	c := env.CoveredFor(t, "Acme Ltda", mail, "SN-100")
	require.NoError(t, env.Exec(`UPDATE users SET name = '`+name+`', time_zone = 'America/Manaus' WHERE id = '`+c.Admin.ID+`'`))
	require.NoError(t, env.Exec(
		`UPDATE sites SET contact_name = '`+name+`', contact_email = '`+mail+`'`))

	inv, err := env.Invite(storetest.Customer(c.Account), identity.NewInvite{
		AccountID:   c.Account,
		Email:       "other." + mail,
		ContactName: "Outra Pessoa",
		Role:        identity.RoleAdmin,
		Kind:        identity.InvitationForColleague,
	})
	require.NoError(t, err)
	other, _, err := env.AcceptInvited(inv, "other."+mail, "Outra Pessoa")
	require.NoError(t, err)

	r, err := env.RequestRMA(as(c.Admin.ID, c.Account), replacement.NewRMA{
		AccountID: c.Account,
		Serial:    *c.Device.Serial,
		Fault:     "No picture",
	})
	require.NoError(t, err)
	_, err = env.ApproveRMA(storetest.Operator(), r.ID, replacement.RMAApproval{DefectConfirmed: true})
	require.NoError(t, err)
	_, err = env.AllocateRMA(storetest.Operator(), r.ID, "")
	require.NoError(t, err)
	_, err = env.ShipRMA(storetest.Operator(), r.ID, replacement.RMAShipment{Serial: "NEW1"})
	require.NoError(t, err)

	now := storetest.Now.Format("2006-01-02 15:04:05")
	account := c.Account
	for _, statement := range []string{
		`INSERT INTO sessions (token_hash, user_id, label, data, created_at, seen_at, expires_at)
			VALUES ('h1', '` + c.Admin.ID + `', '` + name + `', ` + bytesOf(env, mail) + `, '` + now + `', '` + now + `', '2100-01-01')`,
		`INSERT INTO sso_connections (id, org_id, account_id, kind, state, slug, issuer, client_id, secret,
				metadata_url, metadata_xml, changed_at, created_by, created_at, version)
			SELECT 'ssc_1', parent_org_id, id, 'OIDC', 'ENABLED', 'acme', '', '', '', '', '', '` + now + `', '', '` +
			now + `', 1 FROM accounts WHERE id = '` + account + `'`,
		`INSERT INTO identities (id, user_id, connection_id, issuer, subject, created_at, last_seen_at)
			VALUES ('idn_1', '` + c.Admin.ID + `', 'ssc_1', 'i', '` + mail + `', '` + now + `', '` + now + `')`,
		`INSERT INTO sign_in_places (user_id, kind, place_hash, first_seen_at, last_seen_at)
			VALUES ('` + c.Admin.ID + `', 'NETWORK', 'x', '` + now + `', '` + now + `')`,
		`INSERT INTO contact_questions (id, account_id, order_id, email, contact_name, seller, sent_by, state, role,
			asked_at, answer_until, answered_by)
			VALUES ('qst_1', '` + account + `', '` + c.Order.ID + `', '` + mail + `', '` + name + `', 's', '', 'OPEN', '', '` +
			now + `', '` + now + `', '')`,
		`INSERT INTO idempotency_keys (token_id, key, request, status, response, created_at)
			VALUES ('t', 'k', 'r', 200, ` + bytesOf(env, `{"email":"`+mail+`"}`) + `, '` + now + `')`,
		`INSERT INTO notification_attempts (id, notification_id, outcome, error, at)
			SELECT 'att_1', MIN(id), 'HARD_BOUNCED', '550 <` + mail + `> unknown', '` + now + `'
			FROM notifications WHERE recipient = '` + mail + `'`,
		`UPDATE notifications SET last_error = '550 ` + mail + `' WHERE recipient = '` + mail + `'`,
		`UPDATE notifications SET params = '{"person":"` + name + `","by":"` + mail + `"}'
			WHERE recipient LIKE 'other.%'`,
		`UPDATE orgs SET notices_to = '` + mail + `' WHERE id = '` + c.Order.ResellerID + `'`,
		`INSERT INTO carrier_events (id, carrier, event_id, tracking, kind, received_at, raw, state, contradicted, account_id)
			VALUES ('cev_1', 'x', 'e', 't', 'DELIVERED', '` + now + `', ` + bytesOf(env, "signed by "+name) + `, 'UNKNOWN', false, '` + account + `')`,
		`INSERT INTO api_tokens (id, org_id, role, label, prefix, hash, scopes, created_at, expires_at, account_id, created_by)
			SELECT 'tok_1', parent_org_id, 'CUSTOMER_ADMIN', '` + name + `', 'p', 'h', '', '` + now + `', '2100-01-01',
			id, '` + c.Admin.ID + `' FROM accounts WHERE id = '` + account + `'`,
	} {
		require.NoError(t, env.Exec(statement), statement)
	}
	return c, other
}

func bytesOf(env storetest.Env, text string) string {
	if env.DSN != "" {
		return `'\x` + hex.EncodeToString([]byte(text)) + `'`
	}
	return `x'` + hex.EncodeToString([]byte(text)) + `'`
}

func as(userID string, accounts ...string) context.Context {
	return db.WithScope(context.Background(), db.Scope{
		AccountIDs: accounts,
		Actor:      db.Actor{ID: userID, Role: rules.CustomerAdmin, IP: "192.0.2.1"},
	})
}

// over ends every replacement: nothing under way names the person.
func over(t *testing.T, env storetest.Env) {
	t.Helper()
	require.NoError(t, env.Exec(`UPDATE rmas SET closed_at = '2026-11-25 12:00:00'`))
}

// places returns the columns in which the text still stands, bytes too.
func places(t *testing.T, env storetest.Env, said string) (out []string) {
	t.Helper()
	raw := hex.EncodeToString([]byte(said))
	said = strings.ToLower(said)
	for _, column := range storetest.SchemaOf(t, env) {
		column, _, _ = strings.Cut(column, " ")
		table, field, _ := strings.Cut(column, ".")
		for _, value := range env.Strings(t, `SELECT CAST("`+field+`" AS text) FROM `+table+
			` WHERE "`+field+`" IS NOT NULL`) {
			value = strings.ReplaceAll(strings.ToLower(value), "other."+mail, "")
			if strings.Contains(value, said) || strings.Contains(value, raw) {
				out = append(out, column)
				break
			}
		}
	}
	return out
}

func erasureOf(c storetest.Covered) privacy.NewRequest {
	return privacy.NewRequest{
		Kind:    privacy.Erasure,
		UserID:  c.Admin.ID,
		Reason:  "asked by letter",
		Confirm: mail,
	}
}

// written is what whoever logs writes during a test: slog and log, to which libraries write too.
func written(t *testing.T) *bytes.Buffer {
	t.Helper()
	var out bytes.Buffer
	before, writer, flags := slog.Default(), log.Writer(), log.Flags()
	slog.SetDefault(slog.New(slog.NewJSONHandler(&out, &slog.HandlerOptions{Level: slog.LevelDebug})))
	log.SetOutput(&out)
	t.Cleanup(func() {
		slog.SetDefault(before)
		log.SetOutput(writer)
		log.SetFlags(flags)
	})
	return &out
}

func TestS33_AnErasedPersonIsFoundNowhere(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		logs := written(t)
		c, other := everywhere(t, env)
		over(t, env)
		// A mail that has not left is sent no more: it is among what is open, and would go there.
		require.NoError(t, env.Exec("UPDATE notifications SET state = 'SENT' WHERE state = 'QUEUED'"))
		from := civil.Date{Year: 2026, Month: time.November, Day: 1}
		q := operations.NumbersQuery{From: &from, Zone: "America/Sao_Paulo"}
		before, err := env.Numbers(storetest.Operator(), q)
		require.NoError(t, err)
		contracts := env.Strings(t, "SELECT id || account_id || state FROM service_contracts ORDER BY id")
		require.Subset(t, places(t, env, mail), []string{
			"users.email", "invitations.email", "notifications.recipient", "notifications.dedupe_key",
			"notifications.params", "orders.payload", "sites.contact_email", "sessions.data",
			"identities.subject", "contact_questions.email", "idempotency_keys.response",
			"notification_attempts.error", "orgs.notices_to",
		})
		require.Subset(t, places(t, env, name), []string{"rmas.ship_to", "carrier_events.raw", "api_tokens.label"})

		preview, err := env.Preview(storetest.Operator(), erasureOf(c))
		require.NoError(t, err)
		require.Equal(t, name, preview.Name)
		r, err := env.Ask(storetest.Operator(), erasureOf(c))
		require.NoError(t, err)
		done, err := env.RunRequest(env.Context, r.ID)
		require.NoError(t, err)
		require.True(t, done)

		r, err = env.GetRequest(storetest.Operator(), r.ID)
		require.NoError(t, err)
		require.Equal(t, privacy.Done, r.State)
		require.Empty(t, places(t, env, mail))
		require.Empty(t, places(t, env, name))
		for _, said := range []string{mail, name} {
			require.NotContains(t, logs.String(), said)
		}
		// What workflows and their activities are told are ids: now, and before the erasure too.
		require.NotEmpty(t, env.Strings(t, "SELECT id FROM outbox_events"))
		for _, told := range env.Strings(t, "SELECT subject_id || CAST(payload AS text) || last_error FROM outbox_events") {
			require.NotRegexp(t, "@[A-Za-z]", told, "after an @ comes when a timer is due")
			require.NotContains(t, told, r.Pseudonym)
		}
		require.Empty(t, env.Strings(t, "SELECT ip FROM audit_events WHERE actor_id = '"+c.Admin.ID+"' AND ip <> ''"))
		env.AuditHolds(t)

		u, err := env.GetUser(env.Context, c.Admin.ID)
		require.NoError(t, err)
		require.Equal(t, r.Pseudonym, u.Name)
		require.Empty(t, env.Strings(t, "SELECT time_zone FROM users WHERE time_zone IS NOT NULL"))
		after, err := env.Numbers(storetest.Operator(), q)
		require.NoError(t, err)
		require.Equal(t, before, after)
		require.Equal(t, contracts,
			env.Strings(t, "SELECT id || account_id || state FROM service_contracts ORDER BY id"))

		// Who has nearly the same address stays as they are.
		stays, err := env.GetUser(env.Context, other.ID)
		require.NoError(t, err)
		require.Equal(t, other, stays)
		require.NotEmpty(t, env.Strings(t,
			"SELECT id FROM notifications WHERE recipient = 'other."+mail+"' AND dedupe_key LIKE '%|other."+mail+"|%'"))

		// A second request changes nothing.
		rows := storetest.EveryText(t, env)
		again, err := env.Ask(storetest.Operator(), erasureOf(c))
		require.NoError(t, err)
		require.Equal(t, r.ID, again.ID)
		_, err = env.RunRequests(env.Context)
		require.NoError(t, err)
		require.Equal(t, rows, storetest.EveryText(t, env))
	})
}

// Whoever puts a person's address beside words that others use, such as a country or a company,
// changes nothing of theirs by having the person erased.
func TestS33_ANameIsReplacedNowhereElse(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		c, _ := everywhere(t, env)
		second := env.CoveredFor(t, "Beta Ltda", "bia@beta.example", "SN-200")
		third := env.CoveredFor(t, "Gama Ltda", "gil@gama.example", "SN-300")
		_, err := env.RequestRMA(as(second.Admin.ID, second.Account), replacement.NewRMA{
			AccountID: second.Account,
			Serial:    *second.Device.Serial,
			Fault:     "No sound",
		})
		require.NoError(t, err)
		over(t, env)
		for _, statement := range []string{
			`UPDATE sites SET contact_name = 'BR', contact_email = '` + mail + `' WHERE account_id = '` + second.Account + `'`,
			`INSERT INTO invitations (id, account_id, kind, email, contact_name, role, token_hash, state,
				state_since, issued_at, expires_at, invited_by, last_error, locale)
			VALUES ('inv_beta', '` + second.Account + `', 'EXTRA', '` + mail + `', 'Beta Ltda', 'ADMIN', 'hx', 'EXPIRED',
				'2026-11-01', '2026-11-01', '2026-11-02', '', '', '')`,
			`UPDATE notifications SET params = '{"company":"Gama Ltda","country":"BR","person":"` + name + `"}'
				WHERE account_id = '` + third.Account + `'`,
			`UPDATE notifications SET params = '{"company":"Beta Ltda"}' WHERE account_id = '` + second.Account + `'`,
			`UPDATE rmas SET ship_to = '{"site":"HQ","contact":"` + name + `","country":"BR"}'
				WHERE account_id = '` + second.Account + `'`,
		} {
			require.NoError(t, env.Exec(statement), statement)
		}
		theirs := func() (out []string) {
			for _, query := range []string{
				"SELECT CAST(payload AS text) FROM orders WHERE account_id IN ('" + second.Account + "','" + third.Account + "') ORDER BY id",
				"SELECT CAST(params AS text) FROM notifications WHERE account_id IN ('" + second.Account + "','" + third.Account + "') ORDER BY id",
				"SELECT CAST(ship_to AS text) FROM rmas WHERE account_id = '" + second.Account + "' ORDER BY id",
			} {
				out = append(out, env.Strings(t, query)...)
			}
			return out
		}
		before := theirs()

		r, err := env.Ask(storetest.Operator(), erasureOf(c))
		require.NoError(t, err)
		_, err = env.RunRequest(env.Context, r.ID)
		require.NoError(t, err)
		require.Equal(t, before, theirs())
		form := env.Strings(t, "SELECT CAST(payload AS text) FROM orders WHERE id = '"+c.Order.ID+"'")[0]
		require.Contains(t, form, r.Pseudonym)
		require.Contains(t, form, "Acme Ltda")
		require.Contains(t, form, `"BR"`)
		require.NotContains(t, form, name)

		// Who takes the other account's parcel has the same name: somebody decides.
		found, _, err := env.Findings(storetest.Operator(), privacy.FindingFilter{RequestID: r.ID})
		require.NoError(t, err)
		require.Len(t, found, 1)
		require.Equal(t, "rmas.ship_to", found[0].Place)
		require.Equal(t, name, found[0].Text)
		err = env.DecideFindings(storetest.Operator(), r.ID, []string{found[0].ID}, privacy.FindingReplaced)
		require.NoError(t, err)
		require.Equal(t, []string{r.Pseudonym + "HQBR"}, env.Strings(t, `
			SELECT (ship_to ->> 'contact') || (ship_to ->> 'site') || (ship_to ->> 'country') FROM rmas
			WHERE account_id = '`+second.Account+`'`))
	})
}

// Who joins again while an erasure waits is out before it goes on; as the last administrator of
// an account, the person keeps it waiting.
func TestS33_WhoJoinsAgainIsOutAgain(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		c, other := everywhere(t, env)
		over(t, env)
		r, err := env.Ask(storetest.Operator(), erasureOf(c))
		require.NoError(t, err)
		back := func(user, state string) {
			require.NoError(t, env.Exec("UPDATE memberships SET state = '"+state+"' WHERE user_id = '"+user+"'"))
		}

		back(c.Admin.ID, "ACTIVE")
		back(other.ID, "REMOVED")
		done, err := env.RunRequest(env.Context, r.ID)
		require.NoError(t, err)
		require.False(t, done, "nobody else administers the account")
		require.Equal(t, []string{mail}, env.Strings(t, "SELECT email FROM users WHERE id = '"+c.Admin.ID+"'"))

		back(other.ID, "ACTIVE")
		done, err = env.RunRequest(env.Context, r.ID)
		require.NoError(t, err)
		require.True(t, done)
		require.Equal(t, []string{"REMOVED"},
			env.Strings(t, "SELECT state FROM memberships WHERE user_id = '"+c.Admin.ID+"'"))
		require.Empty(t, places(t, env, mail))
		env.AuditHolds(t)
	})
}

// An export about somebody who never signed in ends with the erasure.
func TestS33_AnErasureEndsTheExports(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		const visitor = "visitor@acme.example"
		c, _ := everywhere(t, env)
		require.NoError(t, env.Exec(`UPDATE sites SET contact_name = 'Vis Itante', contact_email = '`+visitor+
			`' WHERE account_id = '`+c.Account+`'`))
		n := privacy.NewRequest{Kind: privacy.Export, Email: visitor, Reason: "asked by letter"}
		_, err := env.Ask(storetest.Operator(), n)
		require.NoError(t, err)
		_, err = env.RunRequests(env.Context)
		require.NoError(t, err)
		require.Equal(t, 1, env.Count(t, "SELECT count(*) FROM privacy_exports"))

		n.Kind, n.Confirm = privacy.Erasure, visitor
		_, err = env.Ask(storetest.Operator(), n)
		require.NoError(t, err)
		_, err = env.RunRequests(env.Context)
		require.NoError(t, err)
		require.Equal(t, 0, env.Count(t, "SELECT count(*) FROM privacy_exports"))
		require.Equal(t, []string{"EXPIRED"}, env.Strings(t, "SELECT state FROM privacy_requests WHERE kind = 'EXPORT'"))
	})
}

var errKilled = errors.New("killed")

// A run that is killed after any of its statements, over and over, comes to the same end as one
// that is not.
func TestS33_AKilledErasureGoesOn(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		c, _ := everywhere(t, env)
		over(t, env)
		r, err := env.Ask(storetest.Operator(), erasureOf(c))
		require.NoError(t, err)

		kills := 0
		for done, allowed := false, 3; !done; allowed += 5 {
			ctx, cancel := context.WithCancelCause(env.Context)
			env.Statements.Reset()
			env.Statements.After(func(n int) {
				if n >= allowed {
					cancel(errKilled)
				}
			})
			done, err = env.RunRequest(ctx, r.ID)
			env.Statements.After(nil)
			killed := context.Cause(ctx) == errKilled
			cancel(nil)
			if !killed {
				require.NoError(t, err)
			}
			if err != nil {
				for _, said := range []string{mail, name, r.Pseudonym} {
					require.NotContains(t, err.Error(), said, "errors go to the log")
				}
				done = false
				kills++
			}
			require.Less(t, kills, 200)
		}
		require.Greater(t, kills, 10)
		require.Empty(t, places(t, env, mail))
		require.Empty(t, places(t, env, name))
		require.Equal(t, 1, env.Count(t, "SELECT count(*) FROM audit_events WHERE verb = 'privacy.erased'"))
		env.AuditHolds(t)
	})
}

func TestS33_MoreThanOneBatchIsErased(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		c, _ := everywhere(t, env)
		over(t, env)
		for i := range 1203 {
			require.NoError(t, env.Exec(fmt.Sprintf(`
				INSERT INTO invitations (id, account_id, kind, email, contact_name, role, token_hash, state,
					state_since, issued_at, expires_at, invited_by, last_error, locale)
				VALUES ('inv_x%04d', '%s', 'EXTRA', '%s', '%s', 'ADMIN', 'h%d', 'EXPIRED',
					'2026-11-01', '2026-11-01', '2026-11-02', '', '', '')`, i, c.Account, mail, name, i)))
		}
		r, err := env.Ask(storetest.Operator(), erasureOf(c))
		require.NoError(t, err)
		_, err = env.RunRequest(env.Context, r.ID)
		require.NoError(t, err)
		require.Empty(t, places(t, env, mail))
		r, err = env.GetRequest(storetest.Operator(), r.ID)
		require.NoError(t, err)
		require.Greater(t, r.Gone, int64(1203))
	})
}

func TestS18_S33_TheLastAdministratorIsNotErased(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		c := env.CoveredFor(t, "Acme Ltda", mail, "SN-100")
		preview, err := env.Preview(storetest.Operator(), erasureOf(c))
		require.NoError(t, err)
		require.Equal(t, []string{c.Account}, preview.LastAdmin)
		_, err = env.Ask(storetest.Operator(), erasureOf(c))
		storetest.RequireCode(t, rules.LastAdmin, err)
		require.Equal(t, 0, env.Count(t, "SELECT count(*) FROM privacy_requests"))
		require.Equal(t, 1, env.Count(t, "SELECT count(*) FROM memberships WHERE state = 'ACTIVE'"))
	})
}

func TestS33_AnErasureIsRefusedWithTheWayOut(t *testing.T) {
	env := storetest.SQLite(t)
	c, other := everywhere(t, env)

	_, err := env.Ask(storetest.Operator(), erasureOf(c)) // a replacement is on its way to the person
	storetest.RequireCode(t, rules.StateConflict, err)
	over(t, env)

	for pointer, change := range map[string]func(n *privacy.NewRequest){
		"/confirm": func(n *privacy.NewRequest) { n.Confirm = "other." + mail },
		"/reason":  func(n *privacy.NewRequest) { n.Reason = "asked by " + name },
		"/kind":    func(n *privacy.NewRequest) { n.Kind = "FORGET" },
	} {
		n := erasureOf(c)
		change(&n)
		_, err := env.Ask(storetest.Operator(), n)
		storetest.RequireCode(t, rules.ValidationFailed, err)
		require.Equal(t, []string{pointer}, storetest.Pointers(err))
	}
	n := erasureOf(c)
	n.Reason = ""
	_, err = env.Ask(storetest.Operator(), n)
	storetest.RequireCode(t, rules.ReasonRequired, err)

	// Whoever does not see the person learns nothing; a reader may not ask.
	n = erasureOf(c)
	n.AccountID = "acc_other"
	_, err = env.Ask(storetest.Customer("acc_other"), n)
	storetest.RequireCode(t, rules.NotFound, err)
	reader := db.WithScope(context.Background(), db.Scope{
		AccountIDs: []string{c.Account},
		Actor:      db.Actor{ID: other.ID, Role: rules.CustomerReadOnly},
	})
	n.AccountID = c.Account
	_, err = env.Ask(reader, n)
	storetest.RequireCode(t, rules.Forbidden, err)

	// Who belongs to another account too is not one account's to erase.
	second := env.CoveredFor(t, "Beta Ltda", "bia@beta.example", "SN-200")
	require.NoError(t, env.Exec(`INSERT INTO memberships (id, account_id, user_id, role, state, created_at)
		VALUES ('mem_x', '`+second.Account+`', '`+c.Admin.ID+`', 'READ_ONLY', 'ACTIVE', '2026-11-01')`))
	_, err = env.Ask(as(other.ID, c.Account), n)
	storetest.RequireCode(t, rules.StateConflict, err)
	require.Equal(t, 0, env.Count(t, "SELECT count(*) FROM privacy_requests"))
}

// An administrator erases somebody of the account alone: nobody whom rows of others tell of, and
// not themselves. Whom others come to know before it begins waits for an operator.
func TestS33_AnAdministratorErasesWhoIsTheirsAlone(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		c, other := everywhere(t, env)
		over(t, env)
		admin := as(other.ID, c.Account)
		n := erasureOf(c)
		n.AccountID, n.Reason = c.Account, ""
		own := n
		own.UserID, own.Confirm = other.ID, other.Email
		_, err := env.Ask(admin, own)
		storetest.RequireCode(t, rules.StateConflict, err)

		// Notices of a seller go to the person: the seller's data is none of the account's.
		preview, err := env.Preview(admin, n)
		require.NoError(t, err)
		require.True(t, preview.Elsewhere)
		require.Empty(t, preview.Counts)
		_, err = env.Ask(admin, n)
		storetest.RequireCode(t, rules.StateConflict, err)
		require.NoError(t, env.Exec("UPDATE orgs SET notices_to = ''"))

		second := env.CoveredFor(t, "Beta Ltda", "bia@beta.example", "SN-200")
		for _, change := range [][2]string{
			{
				"UPDATE sites SET contact_email = '" + mail + "' WHERE account_id = '" + second.Account + "'",
				"UPDATE sites SET contact_email = '' WHERE account_id = '" + second.Account + "'",
			},
			{
				"UPDATE orders SET account_id = NULL, state = 'NEEDS_REVIEW' WHERE id = '" + c.Order.ID + "'",
				"UPDATE orders SET account_id = '" + c.Account + "', state = 'FULFILLED' WHERE id = '" + c.Order.ID + "'",
			},
		} {
			require.NoError(t, env.Exec(change[0]))
			preview, err = env.Preview(admin, n)
			require.NoError(t, err)
			require.True(t, preview.Elsewhere, change[0])
			require.NoError(t, env.Exec(change[1]))
		}

		preview, err = env.Preview(admin, n)
		require.NoError(t, err)
		require.False(t, preview.Elsewhere)
		require.Positive(t, preview.Rows())
		named := n
		named.Reason = "asked by " + name
		_, err = env.Ask(admin, named)
		storetest.RequireCode(t, rules.ValidationFailed, err)
		r, err := env.Ask(admin, n)
		require.NoError(t, err)
		require.Equal(t, c.Account, *r.AccountID)

		require.NoError(t, env.Exec("UPDATE sites SET contact_email = '"+mail+"' WHERE account_id = '"+second.Account+"'"))
		done, err := env.RunRequest(env.Context, r.ID)
		require.NoError(t, err)
		require.False(t, done)
		require.Contains(t, places(t, env, mail), "users.email")
		require.NoError(t, env.Exec("UPDATE sites SET contact_email = '' WHERE account_id = '"+second.Account+"'"))
		done, err = env.RunRequest(env.Context, r.ID)
		require.NoError(t, err)
		require.True(t, done)
		require.Empty(t, places(t, env, mail))
		env.AuditHolds(t)
	})
}

// Texts that people wrote are found, and a person decides about each; the last decision ends
// the erasure.
func TestS33_APersonDecidesAboutTexts(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		c, _ := everywhere(t, env)
		over(t, env)
		require.NoError(t, env.Exec(`UPDATE rmas SET fault = 'Ask `+name+` (`+mail+`), not joana.`+mail+`'`))
		require.NoError(t, env.Exec(`UPDATE rooms SET name = 'Sala `+name+`'`))
		r, err := env.Ask(storetest.Operator(), erasureOf(c))
		require.NoError(t, err)
		_, err = env.RunRequest(env.Context, r.ID)
		require.NoError(t, err)

		found, _, err := env.Findings(storetest.Operator(), privacy.FindingFilter{RequestID: r.ID})
		require.NoError(t, err)
		require.Len(t, found, 2)
		require.Len(t, env.Tasks(t, db.TaskPrivacyTexts), 1)
		_, _, err = env.Findings(storetest.Customer(c.Account), privacy.FindingFilter{RequestID: r.ID})
		storetest.RequireCode(t, rules.NotFound, err)

		_, err = env.Act(storetest.Operator(), env.Tasks(t, db.TaskPrivacyTexts)[0].ID,
			operations.TaskAction{Name: operations.ActClose, Reason: "done"})
		storetest.RequireCode(t, rules.StateConflict, err)

		for _, f := range found {
			to := privacy.FindingKept
			if f.Place == "rmas.fault" {
				to = privacy.FindingReplaced
			}
			one := []string{f.ID}
			require.NoError(t, env.DecideFindings(storetest.Operator(), r.ID, one, to))
			require.NoError(t, env.DecideFindings(storetest.Operator(), r.ID, one, to), "the same decision again")
			storetest.RequireCode(t, rules.StateConflict,
				env.DecideFindings(storetest.Operator(), r.ID, one, privacy.FindingOpen))
		}
		require.Equal(t, []string{"Ask " + r.Pseudonym + " (" + r.Pseudonym + "), not joana." + mail},
			env.Strings(t, "SELECT fault FROM rmas"))
		require.Equal(t, []string{"Sala " + name}, env.Strings(t, "SELECT name FROM rooms"))
		r, err = env.GetRequest(storetest.Operator(), r.ID)
		require.NoError(t, err)
		require.Equal(t, privacy.Done, r.State)
		require.Equal(t, "DONE", string(env.Tasks(t, db.TaskPrivacyTexts)[0].State))
	})
}

// More texts than one transaction holds are found, shown in pages and decided about page by page;
// a page takes one statement for each column, not one for each text.
func TestS33_ManyTextsAreDecidedAboutInPages(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		c, _ := everywhere(t, env)
		over(t, env)
		for i := range 620 {
			require.NoError(t, env.Exec(fmt.Sprintf(`
				INSERT INTO rooms (id, account_id, name, search_key, site, country, region, platform, criticality, time_zone,
					state, version, created_at)
				SELECT 'room_x%04d', account_id, 'Sala %s %d', 'x%d', site, country, region, platform, criticality,
					time_zone, state, version, created_at FROM rooms WHERE id = '%s'`, i, name, i, i, c.Room.ID)))
		}
		r, err := env.Ask(storetest.Operator(), erasureOf(c))
		require.NoError(t, err)
		_, err = env.RunRequest(env.Context, r.ID)
		require.NoError(t, err)

		pages, after := 0, ""
		for {
			env.Statements.Reset()
			found, next, err := env.Findings(storetest.Operator(), privacy.FindingFilter{
				RequestID: r.ID, Open: true, After: after, Limit: 200,
			})
			require.NoError(t, err)
			require.Less(t, len(env.Statements.List()), 8)
			var ids []string
			for _, f := range found {
				require.Contains(t, f.Text, name)
				ids = append(ids, f.ID)
			}
			require.NoError(t, env.DecideFindings(storetest.Operator(), r.ID, ids, privacy.FindingReplaced))
			pages++
			if after = next; next == "" {
				break
			}
		}
		require.Equal(t, 4, pages)
		require.Empty(t, places(t, env, name))
		r, err = env.GetRequest(storetest.Operator(), r.ID)
		require.NoError(t, err)
		require.Equal(t, privacy.Done, r.State)
		storetest.RequireCode(t, rules.NotFound,
			env.DecideFindings(storetest.Operator(), r.ID, []string{"pfd_none"}, privacy.FindingKept))
		env.AuditHolds(t)
	})
}

func fileIn(t *testing.T, content []byte, name string) string {
	t.Helper()
	archive, err := zip.NewReader(bytes.NewReader(content), int64(len(content)))
	require.NoError(t, err)
	f, err := archive.Open(name)
	require.NoError(t, err)
	text, err := io.ReadAll(f)
	require.NoError(t, err)
	return string(text)
}

func TestS33_AnExportHoldsOnePersonAlone(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		c, other := everywhere(t, env)
		own := as(c.Admin.ID, c.Account)
		r, err := env.Ask(own, privacy.NewRequest{Kind: privacy.Export, UserID: c.Admin.ID})
		require.NoError(t, err)
		again, err := env.Ask(own, privacy.NewRequest{Kind: privacy.Export, UserID: c.Admin.ID})
		require.NoError(t, err)
		require.Equal(t, r.ID, again.ID, "a second click")
		_, err = env.FetchExport(own, r.ID)
		storetest.RequireCode(t, rules.StateConflict, err)
		_, err = env.RunRequests(env.Context)
		require.NoError(t, err)

		content, err := env.FetchExport(own, r.ID)
		require.NoError(t, err)
		for _, file := range []string{"export.json", "export.html"} {
			text := fileIn(t, content, file)
			for _, part := range []string{mail, name, "Acme Ltda", "No picture", "PO-SN-100", "Av. Paulista 1000",
				"America/Manaus"} {
				require.Contains(t, text, part, file)
			}
			require.NotContains(t, text, "other."+mail, file)
			require.NotContains(t, text, "Outra Pessoa", file)
			require.NotContains(t, text, "password", file)
		}

		again, err = env.Ask(own, privacy.NewRequest{Kind: privacy.Export, UserID: c.Admin.ID})
		require.NoError(t, err)
		require.Equal(t, r.ID, again.ID, "within a day")

		// Who asked is told, without what it is about.
		ready := env.Mails(t, rules.TemplateExportReady)
		require.Len(t, ready, 1)
		require.Equal(t, mail, ready[0].Recipient)
		require.Equal(t, map[string]any{"person": name, "page": "/privacy", "days": float64(7)}, ready[0].Params)

		// Nobody else fetches it; an administrator's own export of the person is the account's part.
		_, err = env.FetchExport(as(other.ID, c.Account), r.ID)
		storetest.RequireCode(t, rules.NotFound, err)
		part, err := env.Ask(as(other.ID, c.Account), privacy.NewRequest{
			Kind: privacy.Export, UserID: c.Admin.ID, AccountID: c.Account,
		})
		require.NoError(t, err)
		_, err = env.RunRequests(env.Context)
		require.NoError(t, err)
		ready = env.Mails(t, rules.TemplateExportReady)
		require.Len(t, ready, 2)
		for _, m := range ready {
			if m.SubjectID == part.ID {
				require.Equal(t, "other."+mail, m.Recipient)
				require.Equal(t, "Outra Pessoa", m.Params["person"])
			}
		}
		content, err = env.FetchExport(as(other.ID, c.Account), part.ID)
		require.NoError(t, err)
		require.Contains(t, fileIn(t, content, "export.json"), `"sessions": null`)

		// A week later there is none.
		env.Calendar.Set(env.Calendar.Now().Add(privacy.ExportKept))
		_, err = env.FetchExport(own, r.ID)
		storetest.RequireCode(t, rules.StateConflict, err)
		pruned, err := env.Prune(env.Context, db.Retention{})
		require.NoError(t, err)
		require.Equal(t, int64(2), pruned.Exports)
		require.Equal(t, 0, env.Count(t, "SELECT count(*) FROM privacy_exports"))
		require.Equal(t, 2, env.Count(t, "SELECT count(*) FROM privacy_requests WHERE state = 'EXPIRED' AND subject = ''"))
	})
}

// An incident is told within three business days by the operator's calendar.
func TestS33_AnIncidentHasThreeBusinessDays(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		env.SetLocal(t, "America/Sao_Paulo", "2026-11-20 15:00") // a Friday, and a holiday there
		i, err := env.RecordIncident(storetest.Operator(), "form_1", "A list was sent to the wrong customer.",
			env.Calendar.Now().Add(-time.Hour))
		require.NoError(t, err)
		require.Equal(t, "2026-11-26 00:00", i.DueAt.In(storetest.SaoPaulo(t)).Format("2006-01-02 15:04"))
		require.Len(t, env.Tasks(t, db.TaskIncident), 1)
		require.Contains(t, env.Tasks(t, db.TaskIncident)[0].What, "2026-11-26 03:00 UTC")

		_, err = env.Act(storetest.Operator(), env.Tasks(t, db.TaskIncident)[0].ID,
			operations.TaskAction{Name: operations.ActClose, Reason: "done"})
		storetest.RequireCode(t, rules.StateConflict, err)

		// A second press of the button is the first.
		again, err := env.RecordIncident(storetest.Operator(), "form_1", "A list was sent to the wrong customer.",
			env.Calendar.Now().Add(-time.Hour))
		require.NoError(t, err)
		require.Equal(t, i.ID, again.ID)
		other, err := env.RecordIncident(storetest.Operator(), "form_2", "Another list.", env.Calendar.Now())
		require.NoError(t, err)
		require.NotEqual(t, i.ID, other.ID)
		_, err = env.CloseIncident(storetest.Operator(), other.ID, "None.")
		require.NoError(t, err)
		for range 2 {
			i, err = env.TellIncident(storetest.Operator(), i.ID, "form_3", "ANPD", time.Time{})
			require.NoError(t, err)
			require.Len(t, i.Tellings, 1)
		}
		require.Equal(t, "ANPD", i.Tellings[0].Whom)

		// The queue has it at its own instant, not at the end of the day.
		queued := func(due operations.QueueDue) (ids []string) {
			q, err := env.Queue(storetest.Operator(), operations.QueueQuery{
				Kind: db.TaskIncident,
				Zone: "America/Sao_Paulo",
				Due:  due,
			})
			require.NoError(t, err)
			for _, item := range q.Items {
				require.Equal(t, i.DueAt, item.DueAt.UTC())
				require.Equal(t, due == operations.DueLate, item.Late)
				ids = append(ids, item.SubjectID)
			}
			require.EqualValues(t, len(ids), q.Dues[due])
			return ids
		}
		require.Equal(t, []string{i.ID}, queued(""))
		require.Empty(t, queued(operations.DueToday))
		require.Empty(t, queued(operations.DueThisWeek))
		require.Empty(t, queued(operations.DueLate))
		env.SetLocal(t, "America/Sao_Paulo", "2026-11-25 15:00")
		require.Equal(t, []string{i.ID}, queued(operations.DueToday))
		require.Equal(t, []string{i.ID}, queued(operations.DueThisWeek))
		env.SetLocal(t, "America/Sao_Paulo", "2026-11-26 00:00")
		require.Equal(t, []string{i.ID}, queued(operations.DueLate))
		_, err = env.TellIncident(storetest.Operator(), i.ID, "", "ANPD", i.NoticedAt.Add(-time.Second))
		storetest.RequireCode(t, rules.ValidationFailed, err)

		_, err = env.CloseIncident(storetest.Operator(), i.ID, "Deleted by who got it.")
		require.NoError(t, err)
		closed, err := env.CloseIncident(storetest.Operator(), i.ID, "Again.")
		require.NoError(t, err)
		require.Equal(t, "Deleted by who got it.", closed.Outcome)
		for _, task := range env.Tasks(t, db.TaskIncident) {
			require.Equal(t, "DONE", string(task.State))
		}
		_, err = env.TellIncident(storetest.Operator(), i.ID, "", "Others", time.Time{})
		storetest.RequireCode(t, rules.StateConflict, err)
		env.AuditHolds(t)

		_, err = env.RecordIncident(storetest.Operator(), "", " ", env.Calendar.Now())
		storetest.RequireCode(t, rules.ValidationFailed, err)
		_, err = env.RecordIncident(storetest.Operator(), "", "x", env.Calendar.Now().Add(time.Second))
		storetest.RequireCode(t, rules.ValidationFailed, err)
		_, err = env.GetIncident(storetest.Customer("acc_1"), i.ID)
		storetest.RequireCode(t, rules.NotFound, err)
	})
}
