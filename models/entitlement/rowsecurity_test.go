package entitlement_test

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/account"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/entitlement"
	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/models/importjob"
	"roomcover.dev/roomcover/models/notification"
	"roomcover.dev/roomcover/models/operations"
	"roomcover.dev/roomcover/models/order"
	"roomcover.dev/roomcover/models/replacement"
	"roomcover.dev/roomcover/models/session"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/models/ticket"
	"roomcover.dev/roomcover/models/warranty"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/licensing"
	rulesession "roomcover.dev/roomcover/rules/session"
)

// unscoped are the tables that belong to no tenant; every other must be behind
// row-level security.
var unscoped = []string{
	"audit_heads", "calendar_holidays", "calendars", "catalogue_skus", "country_terms", "depots", "goose_db_version",
	"product_models", "programs", "sla_policies", "stock_entries", "stock_levels", "sweeps",
}

// TestC5_EveryTableWithoutAFenceHasItsReason holds the list against what is written down.
func TestC5_EveryTableWithoutAFenceHasItsReason(t *testing.T) {
	content, err := os.ReadFile("../../docs/architecture.md")
	require.NoError(t, err)
	_, text, found := strings.Cut(string(content), "## Who sees what")
	require.True(t, found)
	text, _, _ = strings.Cut(text, "\n## ")
	for _, table := range unscoped {
		require.Contains(t, text, "`"+table+"`")
	}
}

// keysOf writes a row of each table about signing in for the account's member, and names a
// manager for the account.
func keysOf(t *testing.T, env storetest.Env, i int, accountID string) {
	t.Helper()
	named := strings.NewReplacer(
		"{i}", fmt.Sprint(i),
		"{account}", "'"+accountID+"'",
		"{user}", "(SELECT user_id FROM memberships WHERE account_id = '"+accountID+"')",
		"{parent}", "(SELECT parent_org_id FROM accounts WHERE id = '"+accountID+"')",
	)
	for _, insert := range []string{
		`INSERT INTO sso_connections (id, org_id, account_id, kind, state, slug, issuer, client_id, secret,
				metadata_url, metadata_xml, changed_at, created_by, created_at, version)
			VALUES ('ssc_{i}', {parent}, {account}, 'OIDC', 'ENABLED', 'acme-{i}', '', '', '', '', '', now(), '',
				now(), 1)`,
		`INSERT INTO sso_domains (id, org_id, account_id, domain, token, proved_by, created_by, created_at)
			VALUES ('ssd_{i}', {parent}, {account}, 'a{i}.example', '', '', '', now())`,
		"INSERT INTO identities VALUES ('idn_{i}', {user}, 'ssc_{i}', 'https://idp.example', 'subject-{i}', now(), now())",
		"INSERT INTO sso_states VALUES ('hash-{i}', 'ssc_{i}', 'SIGN_IN', '', '', '', '', '', '', '', now(), '')",
		"INSERT INTO sso_assertions VALUES ('ssc_{i}', 'hash-{i}', now())",
		`INSERT INTO scim_tokens (id, org_id, place, prefix, hash, created_by, created_at)
			VALUES ('sct_{i}', {parent}, 1, '', 'hash-{i}', '', now())`,
		`INSERT INTO scim_people VALUES ('scp_{i}', {parent}, {user}, 'ana', 'ana', '', 'ana@acme.example', 'Ana',
			'{}', true, false, 1, now(), now(), NULL)`,
		"INSERT INTO scim_groups VALUES ('scg_{i}', {parent}, 'IT', 'it', '', '{}', 1, now(), now())",
		"INSERT INTO scim_group_people VALUES ({parent}, 'scg_{i}', 'scp_{i}')",
		"INSERT INTO scim_grants VALUES ('scr_{i}', {parent}, 'scg_{i}', {account}, '', now())",
		`INSERT INTO scim_requests VALUES ('scq_{i}', {parent}, 'sct_{i}', NULL, 'GET', '', 200, '', '', '', '',
			now())`,
		"INSERT INTO sync_connections VALUES ('syc_{i}', {account}, 'o', 'US', 'LIVE', 1, NULL, NULL, NULL, 0, '', '', now(), 1)",
		`INSERT INTO sync_certificates VALUES ('syk_{i}', {account}, 'syc_{i}', 1, '', '', '', now(), 0, NULL, '', now(),
			NULL)`,
		"INSERT INTO sync_secrets VALUES ('sys_{i}', {account}, 'syc_{i}', 1, '', '', '', now(), NULL)",
		"INSERT INTO sync_budgets VALUES ('syc_{i}', {account}, '2026-01-01', 1)",
		`INSERT INTO sync_places VALUES ('syp_{i}', {account}, 'syc_{i}', 'p', '', '', '{}', NULL, 'HEALTHY', now(), '',
			'[]', false, '', 0, NULL, now(), now())`,
		"INSERT INTO sync_changes VALUES ('sye_{i}', {account}, 'syc_{i}', 'syp_{i}', now(), 'STATE', '', '', '[]')",
		`INSERT INTO ticket_snapshots SELECT 'tsn_{i}', id, account_id, now(), '{}', ''
			FROM tickets WHERE account_id = {account} LIMIT 1`,
		"INSERT INTO sync_groups VALUES ('syc_{i}', {account}, '/', '', 'BR', '', 'OTHER')",
		"INSERT INTO sessions VALUES ('hash-{i}', {user}, 'Firefox', '', now(), now(), now(), NULL)",
		"INSERT INTO challenges VALUES ('chl_{i}', 'PASSWORD_RESET', {user}, '', 'hash', 0, now(), now(), NULL)",
		"INSERT INTO throttles VALUES ('key-{i}', 1, now())",
		`INSERT INTO api_tokens (id, org_id, role, account_id, label, prefix, hash, scopes, created_at, expires_at)
			VALUES ('tok_{i}', {parent}, 'CUSTOMER_ADMIN', {account}, 'x', 'x', 'hash-{i}', '', now(), now())`,
		"INSERT INTO idempotency_keys VALUES ('tok_{i}', 'k', 'r', 200, '', now())",
		"INSERT INTO sign_in_places VALUES ({user}, 'NETWORK', 'place-{i}', now(), now())",
		`INSERT INTO operators (id, source, issuer, subject, issuer_session, email, name, role, locale,
				password_hash, totp_secret, totp_step, setup_hash, armed_reason, created_at)
			VALUES ('opr_{i}', 'PASSWORD', '', '', '', 'lia{i}@house.example', 'Lia', 'OPERATOR_AGENT', '',
				'', '', 0, '', '', now())`,
		"INSERT INTO operator_sessions VALUES ('hash-{i}', 'opr_{i}', 'Firefox', '', now(), now(), now())",
		"INSERT INTO account_looks VALUES ('hash-{i}', 'hash-{i}', 'opr_{i}', {account}, now(), now())",
		"INSERT INTO operator_recovery_codes VALUES ('opr_{i}', 'hash', NULL)",
		"INSERT INTO operator_passkeys VALUES ('pky_{i}', 'opr_{i}', 'key-{i}', '', 0, false, '', 'Laptop', now(), NULL)",
		"INSERT INTO user_passkeys VALUES ('pky_{i}', {user}, 'key-{i}', '', 0, false, '', 'Laptop', now(), NULL)",
		"INSERT INTO user_recovery_codes VALUES ({user}, 'hash', NULL)",
		"INSERT INTO sso_break_glass VALUES ({parent}, {user}, {account}, now(), NULL, now())",
		"INSERT INTO operator_passkey_answers VALUES ('hash-{i}', now())",
		"INSERT INTO help_votes VALUES ('answer-{i}', 'en', 1, 0)",
		"INSERT INTO operator_views VALUES ('vew_{i}', 'opr_{i}', '/console/orders', 'mine', '', false, now())",
		"INSERT INTO held_acts VALUES ('act_{i}', 'ord_{i}', {account}, 'opr_{i}', 'order.reject', '{}', now(), now())",
		"INSERT INTO operator_presences VALUES ('opr_{i}', '/console/queue/tsk_1', 'Lia', now())",
		`INSERT INTO operator_tasks (id, kind, subject_id, account_id, dedupe_key, what, why, state, resolution,
				resolved_by, created_at)
			VALUES ('tsk_{i}', 'SWEEP_LATE', 'x', {account}, 'x-{i}', 'x', 'x', 'OPEN', '', '', now())`,
		`INSERT INTO privacy_requests (id, kind, state, user_id, subject, subject_hash, pseudonym, reason, requested_by,
				gone, stage, created_at)
			VALUES ('prv_{i}', 'EXPORT', 'READY', {user}, '', 'hash-{i}', 'Person 1', '', {user}, 0, '', now())`,
		"INSERT INTO privacy_exports VALUES ('prv_{i}', '', now())",
		"INSERT INTO privacy_findings VALUES ('pfd_{i}', 'prv_{i}', 'rooms.name', 'x', 'OPEN', '', NULL)",
		"INSERT INTO incidents VALUES ('inc_{i}', 'x', now(), 'opr_{i}', now(), '', now(), '', NULL)",
		"INSERT INTO incident_tellings VALUES ('itl_{i}', 'inc_{i}', 'ANPD', 'opr_{i}', now())",
		"INSERT INTO operator_task_notes VALUES ('tsn_{i}', 'tsk_{i}', 'opr_{i}', 'x', now())",
		`INSERT INTO inbound_mails VALUES ('iml_{i}', 'x-{i}', '', '', true, 1, 'DECIDED', 'ITEM', 'STRANGER',
			'', '', '', '', {account}, false, 0, now(), now())`,
		"INSERT INTO inbound_mail_chunks VALUES ('iml_{i}', 0, '', now())",
		`INSERT INTO inbox_items (id, mail_id, kind, state, reason, sender, sender_name, subject, body, quoted,
				attachments, verdict, method, automatic, ticket, hinted, message_id, matches, account_id, proof,
				proof_note, proved_by, decision, decision_ref, decided_by, version, created_at)
			VALUES ('inb_{i}', 'iml_{i}', 'OTHER', 'OPEN', 'STRANGER', '', '', '', '', '', '[]', 'NONE', '', false,
				'', '', '', '{}', {account}, '', '', '', '', '', '', 1, now())`,
		"INSERT INTO mailbox_answers VALUES ('hash-{i}', '2026-01-01', 'iml_{i}', now())",
		"INSERT INTO canned_replies VALUES ('can_{i}', 'name-{i}', '', '', true, now(), 1)",
		`INSERT INTO attachments (id, account_id, owner_id, group_id, name, media_type, size, sha256, scan_state,
				finding, uploaded_by, created_at, attempts)
			VALUES ('fil_{i}', {account}, 'own_{i}', 'grp_{i}', 'x', 'text/plain', 1, '', 'CLEAN', '', '', now(), 0)`,
		"INSERT INTO attachment_chunks (attachment_id, no, account_id, content) VALUES ('fil_{i}', 0, {account}, '')",
		`INSERT INTO attachment_thumbnails (attachment_id, account_id, media_type, content, width, height)
			VALUES ('fil_{i}', {account}, 'image/png', '', 1, 1)`,
		"INSERT INTO attachment_quotas (owner_id, account_id, files, bytes) VALUES ('own_{i}', {account}, 1, 1)",
		"INSERT INTO attachment_refusals VALUES ('afr_{i}', {account}, 'own_{i}', 'grp_{i}', 'x', 1, 'x', now())",
	} {
		require.NoError(t, env.Exec(named.Replace(insert)), insert)
	}

	csm, err := env.CreateCSM(storetest.Operator(), rules.CSMForm{
		Name:  "Marta",
		Email: fmt.Sprintf("marta%d@operator.example", i),
	}, "new")
	require.NoError(t, err)
	require.NoError(t, env.Exec(fmt.Sprintf("UPDATE accounts SET csm_id = '%s' WHERE id = '%s'", csm.ID, accountID)))
}

// recordsOf writes a row of each table in which operators keep what they know of a seller.
func recordsOf(t *testing.T, env storetest.Env, seller account.Org) {
	t.Helper()
	for _, insert := range []string{
		"INSERT INTO org_spellings VALUES ('RESELLER', '{org}', 'BR', '{org}', 'x', 'x')",
		"INSERT INTO org_mail_domains VALUES ('{org}', 'x.example')",
		"INSERT INTO org_relations VALUES ('{org}', '{org}', now())",
	} {
		require.NoError(t, env.Exec(strings.ReplaceAll(insert, "{org}", seller.ID)), insert)
	}
}

// meet proposes a session on a ticket and has somebody of its customer agree to it, and lets a
// guest see the ticket.
func meet(t *testing.T, env storetest.Env, tk ticket.Ticket) {
	t.Helper()
	start := env.Calendar.Now().UTC().Truncate(time.Minute).Add(24 * time.Hour)
	video, err := env.Tickets.ProposeSession(storetest.Operator(), tk.ID,
		[]rulesession.Slot{{Start: start, End: start.Add(time.Hour)}})
	require.NoError(t, err)
	require.NoError(t, env.Exec(fmt.Sprintf(`
		INSERT INTO session_attendees (id, session_id, account_id, email, name, locale, time_zone)
		VALUES ('sat_%s', '%s', '%s', 'x', '', '', '')`, video.ID, video.ID, tk.AccountID)))
	_, err = env.Tickets.AddParticipant(storetest.Operator(), tk.ID, session.Participant{
		Name: "Teo", Email: "teo@service.example",
	})
	require.NoError(t, err)
}

type twoTenants struct {
	sellerA, sellerB account.Org
	a, b             order.Order
}

// twoAccounts has a row of each table for two customers of two resellers.
func twoAccounts(t *testing.T, env storetest.Env) twoTenants {
	var w twoTenants
	w.sellerA = env.Reseller(t, "Revenda Sul")
	w.sellerB = env.Reseller(t, "Revenda Oeste")
	w.a = env.Fulfilled(t, w.sellerA, storetest.FormFor("PO-1", "Acme Ltda", "ana.souza@acme.example"))
	w.b = env.Fulfilled(t, w.sellerB, storetest.FormFor("PO-1", "Beta SA", "bia@beta.example"))
	for i, o := range []order.Order{w.a, w.b} {
		seller := []account.Org{w.sellerA, w.sellerB}[i]
		recordsOf(t, env, seller)
		env.Join(t, env.InvitationOf(t, o.ID))
		m := env.Mails(t, "order_confirmation")[i]
		require.NoError(t, env.Exec(
			fmt.Sprintf("INSERT INTO notification_attempts VALUES ('att_%d', '%s', 'QUEUED', '', now())", i, m.ID),
		))
		require.NoError(t, env.RaiseTask(env.Context, db.OperatorTask{
			Kind:      db.TaskInvitationRequested,
			SubjectID: *o.AccountID,
			AccountID: o.AccountID,
		}))
		require.NoError(t, env.RefuseOrder(env.Context, seller.ID, "hash", nil))
		_, _, err := env.CancelOrder(storetest.Operator(), o.ID, order.CancelRequest{
			Quantity: 1,
			Reason:   "one too many",
		})
		require.NoError(t, err)
		room := env.Room(t, *o.AccountID, "Sala 1")
		env.Assigned(t, env.Licences(t, o)[0], room)
		d := env.Device(t, room, storetest.PO(i), "MEETUP", "")
		meet(t, env, storetest.TicketOf(t, env, room))
		if i == 1 {
			_, err = env.RegisterDevice(env.Context, entitlement.NewDevice{
				AccountID: *w.a.AccountID,
				Form:      licensing.DeviceForm{Serial: *d.Serial, ModelCode: "MEETUP"},
			})
			storetest.RequireCode(t, licensing.SerialClaimed, err)
			_, err = env.RegisterDevice(env.Context, entitlement.NewDevice{
				AccountID: *o.AccountID,
				Form:      licensing.DeviceForm{Serial: storetest.PO(0), ModelCode: "MEETUP"},
			})
			storetest.RequireCode(t, licensing.SerialClaimed, err)
		}
		keysOf(t, env, i, *o.AccountID)
		require.NoError(t, env.Exec(fmt.Sprintf(
			`INSERT INTO contact_questions SELECT 'qst_%d', account_id, id, 'x', '', '', '', 'REFUSED', '', now(), now(),
			NULL, NULL, '', NULL FROM orders WHERE id = '%s'`, i, o.ID,
		)))
		require.NoError(t, env.Exec(fmt.Sprintf(
			"INSERT INTO account_domains VALUES ('%s', 'x.example', 'tok', now())", *o.AccountID,
		)))
		require.NoError(t, env.Exec(fmt.Sprintf(
			`INSERT INTO partners SELECT id, '%s', now() FROM orgs WHERE id = '%s'`, *o.AccountID, seller.ID,
		)))
		require.NoError(t, env.Exec(fmt.Sprintf(
			`INSERT INTO delegations VALUES ('dlg_%d', '%s', '%s', 'READ_ONLY', 'PROPOSED', 1, 'CUSTOMER', 'usr', now(),
			now(), '', NULL, NULL, '', '', NULL)`, i, *o.AccountID, seller.ID,
		)))
		storetest.ShipmentOf(t, env, *o.AccountID, storetest.PO(i))
		require.NoError(t, env.Exec(fmt.Sprintf(
			"INSERT INTO shipment_labels SELECT id, account_id, 'application/pdf', '', now() FROM shipments WHERE account_id = '%s'",
			*o.AccountID,
		)))
		require.NoError(t, env.Exec(fmt.Sprintf(
			"INSERT INTO spare_ledger SELECT 'spl_%d', parent_org_id, 1, 1, 'ORDER', 'ord_x', 50, now() FROM accounts WHERE id = '%s'",
			i,
			*o.AccountID,
		)))
		require.NoError(
			t,
			env.Exec(fmt.Sprintf(
				`INSERT INTO spare_units (id, parent_org_id, line_id, ordinal, account_id, model_code, serial, parcels, recalls, carrier, tracking, state,
			recall_pending, reminders_sent, state_since, next_timer, last_error, created_at, version)
			SELECT 'spu_%d', parent_org_id, 'spl_%d', 1, id, '', '', 0, 0, '', '', 'SELECTION_PENDING', false, 0, now(), '', '', now(), 1 FROM accounts WHERE id = '%s'`,
				i,
				i,
				*o.AccountID,
			)),
		)
		require.NoError(t, env.Exec(fmt.Sprintf(
			"INSERT INTO warranty_attachments SELECT 'wat_%d', account_id, id, 'X%d', now(), NULL, '', 'usr' FROM licences WHERE id = '%s'",
			i,
			i,
			env.Licences(t, o)[1].ID,
		)))
		_, err = env.ClaimWarranty(storetest.Customer(*o.AccountID), warranty.WarrantyClaim{
			AccountID: *o.AccountID,
			Form:      licensing.WarrantyClaimForm{Serial: "OLD1", PONumber: "1"},
		})
		require.NoError(t, err)
		site := env.Site(t, *o.AccountID, "HQ", "BR", "SP")
		_, err = env.RequestRMA(env.Context, replacement.NewRMA{
			ModelCode: "STRONG-USB-CABLE",
			RoomID:    room.ID,
			SiteID:    site.ID,
			Quantity:  1,
			Fault:     "Broken",
		})
		require.NoError(t, err)
		job, err := env.CreateImport(storetest.Seller(seller), importjob.ImportJob{
			OrgID:   seller.ID,
			Format:  "csv",
			Content: []byte("x"),
		})
		require.NoError(t, err)
		rooms, err := env.CreateImport(storetest.Customer(*o.AccountID), importjob.ImportJob{
			Kind:      importjob.ImportRooms,
			AccountID: o.AccountID,
			Format:    "csv",
			Content:   []byte("x"),
		})
		require.NoError(t, err)
		for _, id := range []string{job.ID, rooms.ID} {
			require.NoError(t, env.PutImportRows(env.Context, []importjob.ImportRow{{
				JobID:   id,
				RowNo:   1,
				Outcome: importjob.RowValid,
				Errors:  []rules.FieldError{},
			}}))
		}
	}
	return w
}

func visible(t *testing.T, env storetest.Env, ctx context.Context, table string) (n int) {
	rows := table
	if table == "orgs" { // sellers' names are no secret
		rows += " WHERE kind = 'CUSTOMER_PARENT'"
	}
	require.NoError(t, env.DB.Write(ctx, func(tx *db.Tx) error {
		return tx.Raw("SELECT count(*) FROM " + rows).Scan(&n).Error
	}))
	return n
}

func TestC5_QueryWithoutWhereShowsNothingForeign(t *testing.T) {
	env := storetest.Postgres(t)
	w := twoAccounts(t, env)
	for _, table := range storetest.TablesOf(t, env) {
		if slices.Contains(unscoped, table) {
			continue
		}
		t.Run(table, func(t *testing.T) {
			require.Equal(t, 1, env.Count(
				t,
				"SELECT count(*) FROM pg_class WHERE relname = '"+table+"' AND relrowsecurity AND relforcerowsecurity",
			))
			require.NotZero(t, visible(t, env, env.Context, table), "the test has no row to hide")
			require.Zero(t, visible(t, env, storetest.Customer("acc_nobody"), table))
			require.Zero(t, visible(t, env, storetest.Seller(account.Org{ID: "org_nobody"}), table))
			all := visible(t, env, env.Context, table)
			for _, ctx := range []context.Context{storetest.Customer(*w.a.AccountID), storetest.Seller(w.sellerA)} {
				require.Less(t, visible(t, env, ctx, table), all)
			}
		})
	}
	for _, column := range []string{"account_id", "org_id"} {
		for _, table := range env.Strings(
			t, "SELECT table_name FROM information_schema.columns WHERE table_schema = 'public' AND column_name = '"+
				column+"'",
		) {
			require.NotContains(t, unscoped, table, column)
		}
	}
	require.Equal(t, 1, visible(t, env, storetest.Customer(*w.a.AccountID), "accounts"))
	require.Equal(t, 2, visible(t, env, storetest.Customer(*w.a.AccountID, *w.b.AccountID), "accounts"))
	require.Equal(t, 1, visible(t, env, storetest.Seller(w.sellerB), "orders"))
	require.Equal(t, 1, visible(t, env, storetest.Seller(w.sellerB), "order_lines"))
	for _, table := range []string{"import_jobs", "import_rows"} {
		require.Equal(t, 1, visible(t, env, storetest.Customer(*w.a.AccountID), table), "its rooms")
		require.Equal(t, 1, visible(t, env, storetest.Seller(w.sellerB), table), "its orders")
	}
}

func TestC5_TheFenceEndsWithItsTransaction(t *testing.T) {
	env := storetest.Postgres(t)
	twoAccounts(t, env)
	pool, err := env.Pool()
	require.NoError(t, err)
	pool.SetMaxOpenConns(1) // every transaction meets what the one before left
	for range 3 {
		require.Zero(t, visible(t, env, storetest.Customer("acc_nobody"), "orders"))
		require.Equal(t, 2, visible(t, env, env.Context, "orders"))
	}
}

func TestC5_NoScopeIsRefused(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		for name, ctx := range map[string]context.Context{
			"no scope":          context.Background(),
			"empty scope":       db.WithScope(context.Background(), db.Scope{}),
			"empty list":        db.WithScope(context.Background(), db.Scope{AccountIDs: []string{}}),
			"empty account":     storetest.Customer(""),
			"several in one":    storetest.Customer("acc_1,acc_2"),
			"one bad among two": storetest.Customer("acc_1", "acc_2,acc_3"),
		} {
			_, err := env.GetOrder(ctx, "ord_x")
			require.ErrorIs(t, err, db.ErrNoScope, name)
			_, _, err = env.ListOrders(ctx, order.OrderFilter{})
			require.ErrorIs(t, err, db.ErrNoScope, name)
			_, err = env.FulfilOrder(ctx, "ord_x")
			require.ErrorIs(t, err, db.ErrNoScope, name)
		}
	})
}

func TestC5_ScopeCannotBeInjected(t *testing.T) {
	env := storetest.Postgres(t)
	w := twoAccounts(t, env)
	for _, id := range []string{
		"x' OR '" + *w.b.AccountID, "{" + *w.b.AccountID + "}", "%", "' OR true --", "system", *w.b.AccountID + " ",
	} {
		ctx := storetest.Customer(id)
		orders, _, err := env.ListOrders(ctx, order.OrderFilter{})
		require.NoError(t, err)
		require.Empty(t, orders)
		require.Zero(t, visible(t, env, storetest.Seller(account.Org{ID: id}), "orders"))
	}
}

func TestC5_InsertForForeignAccountIsRefused(t *testing.T) {
	env := storetest.Postgres(t)
	w := twoAccounts(t, env)
	err := env.DB.Write(storetest.Customer(*w.a.AccountID), func(tx *db.Tx) error {
		return tx.Exec(
			"INSERT INTO memberships SELECT 'mem_x', ?, id, 'ADMIN', 'ACTIVE', NULL, now() FROM users LIMIT 1",
			*w.b.AccountID,
		).Error
	})
	require.ErrorContains(t, err, "row-level security")
	err = env.DB.Write(storetest.Customer(*w.a.AccountID), func(tx *db.Tx) error {
		return tx.Exec("UPDATE licences SET account_id = ?", *w.b.AccountID).Error
	})
	require.ErrorContains(t, err, "row-level security")
}

func TestC5_TheServiceIsNoSuperuser(t *testing.T) {
	env := storetest.Postgres(t)
	require.Equal(t, 0,
		env.Count(t, "SELECT count(*) FROM pg_roles WHERE rolname = current_user AND (rolsuper OR rolbypassrls)"))
}

func TestC5_ForeignAndMissingIdsAnswerAlike(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		seller := env.Reseller(t, "Revenda Sul")
		other := env.Reseller(t, "Revenda Oeste")
		o := env.Fulfilled(t, seller, storetest.Form("PO-1"))
		inv := env.InvitationOf(t, o.ID)
		_, m := env.Join(t, inv)
		for name, ctx := range map[string]context.Context{
			"customer": storetest.Customer("acc_other"),
			"seller":   storetest.Seller(other),
		} {
			for call, err := range map[string]error{
				"order":        storetest.SecondOf(env.GetOrder(ctx, o.ID)),
				"contracts":    storetest.SecondOf(env.ContractsOfOrder(ctx, o.ID)),
				"cancel":       storetest.Third(env.CancelOrder(ctx, o.ID, order.CancelRequest{Reason: "x"})),
				"cancellation": storetest.SecondOf(env.ListCancellations(ctx, o.ID)),
				"account":      storetest.SecondOf(env.GetAccount(ctx, *o.AccountID)),
				"balance":      storetest.SecondOf(env.Balance(ctx, *o.AccountID)),
				"invitation":   storetest.SecondOf(env.GetInvitation(ctx, inv.ID)),
				"reissue":      storetest.SecondOf(env.Reissue(ctx, inv.ID, "", "", "x")),
				"revoke":       storetest.SecondOf(env.RevokeInvitation(ctx, inv.ID, "x")),
				"member": storetest.SecondOf(env.ChangeMembership(ctx, m.ID, identity.RoleAdmin,
					rules.MembershipRemoved, "x")),
				"invite": storetest.SecondOf(env.Invite(ctx, identity.NewInvite{
					AccountID: *o.AccountID,
					Email:     "x@acme.example",
					Role:      identity.RoleAdmin,
				})),
				"processes": storetest.Third(env.ListProcesses(ctx, operations.ProcessFilter{})),
				"counts":    storetest.SecondOf(env.CountProcesses(ctx)),
				"audit":     storetest.Third(env.VerifyAudit(ctx)),
			} {
				require.Equal(t, rules.NotFound, rules.CodeOf(err), "%s by a foreign %s: %v", call, name, err)
			}
			events, err := env.Timeline(ctx, o.ID, *o.AccountID, inv.ID)
			require.NoError(t, err)
			require.Empty(t, events, name)
		}
	})
}

func TestS36_SellerSeesItsOrdersAndTheirStateOnly(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		seller := env.Reseller(t, "Revenda Sul")
		o := env.Fulfilled(t, seller, storetest.Form("PO-1"))
		env.Fulfilled(t, env.Reseller(t, "Revenda Oeste"), storetest.Form("PO-1"))
		ctx := storetest.Seller(seller)
		orders, _, err := env.ListOrders(ctx, order.OrderFilter{})
		require.NoError(t, err)
		require.Len(t, orders, 1)
		require.Len(t, orders[0].Lines, 1)
		events, err := env.Timeline(ctx, o.ID, *o.AccountID)
		require.NoError(t, err)
		require.Equal(t, []string{"order.received", "order.accepted", "order.fulfilled"}, storetest.VerbsOf(events))
		require.Empty(t, storetest.ListOf(env.ListInvitations(ctx, "", o.ID, db.Page{}))(t))
		require.Empty(t, storetest.ListOf(env.ListNotifications(ctx, notification.NotificationFilter{}))(t))
		require.Empty(t, storetest.Registered(t, env, ctx, entitlement.ContractFilter{}))
		require.Empty(t, storetest.ListOf(env.ListAccounts(ctx, account.AccountFilter{}))(t))
		require.Empty(t, storetest.ListOf(env.ListTasks(ctx, db.TaskFilter{}))(t))
		contracts, err := env.ContractsOfOrder(ctx, o.ID)
		require.NoError(t, err)
		require.Empty(t, contracts)
	})
}
