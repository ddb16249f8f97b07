package operations_test

import (
	"fmt"
	"os"
	"regexp"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/privacy"
	"roomcover.dev/roomcover/models/storetest"
)

var (
	keptRow    = regexp.MustCompile(`(?m)^\| (.+) \| (.+) \| .+ \|$`)
	keptTables = regexp.MustCompile("`([a-z_]+)`")
	keptPeriod = regexp.MustCompile(`(\d+) (hour|day)s?`)
)

// promises reads from docs/privacy.md how long the rows of each table are kept that leave by
// themselves.
func promises(t *testing.T) map[string]time.Duration {
	t.Helper()
	text, err := os.ReadFile("../../docs/privacy.md")
	require.NoError(t, err)
	section := regexp.MustCompile(`(?s)\n## How long it is kept\n(.+?)\n## `).FindSubmatch(text)
	require.NotNil(t, section)

	out := map[string]time.Duration{}
	for _, row := range keptRow.FindAllStringSubmatch(string(section[1]), -1) {
		for _, table := range keptTables.FindAllStringSubmatch(row[1], -1) {
			out[table[1]] = 0 // until they expire, or are done
			if m := keptPeriod.FindStringSubmatch(row[2]); m != nil {
				n, err := strconv.Atoi(m[1])
				require.NoError(t, err)
				out[table[1]] = time.Duration(n) * time.Hour
				if m[2] == "day" {
					out[table[1]] *= 24
				}
			}
		}
	}
	return out
}

// kept is one class of what leaves by itself: a row that is over since an instant, and how many
// are there.
type kept struct {
	insert func(id string, over string) string
	count  string
	real   bool // over by real time
}

func keptClasses(mail, org, user, account string) map[string]kept {
	const far = "'2100-01-01 00:00:00+00:00'"
	return map[string]kept{
		"sessions": {real: true, insert: func(id, at string) string {
			return `INSERT INTO sessions (token_hash, label, data, created_at, seen_at, expires_at)
				VALUES ('` + id + `', '', '', ` + at + `, ` + at + `, ` + at + `)`
		}},
		"operator_sessions": {real: true, insert: func(id, at string) string {
			return `INSERT INTO operator_sessions (token_hash, label, data, created_at, seen_at, expires_at)
				VALUES ('` + id + `', '', '', ` + at + `, ` + at + `, ` + at + `)`
		}},
		"account_looks": {real: true, insert: func(id, at string) string {
			return `INSERT INTO account_looks (token_hash, session_hash, operator_id, account_id, started_at, expires_at)
				VALUES ('` + id + `', '', 'opr_kept', '` + account + `', ` + at + `, ` + at + `)`
		}},
		"operator_passkey_answers": {real: true, insert: func(id, at string) string {
			return `INSERT INTO operator_passkey_answers (challenge_hash, expires_at) VALUES ('` + id + `', ` + at + `)`
		}},
		"throttles": {real: true, insert: func(id, at string) string {
			return `INSERT INTO throttles (key, count, resets_at) VALUES ('` + id + `', 1, ` + at + `)`
		}},
		"challenges": {real: true, insert: func(id, at string) string {
			return `INSERT INTO challenges (id, purpose, subject_id, browser_hash, secret_hash, tries, created_at, expires_at)
				VALUES ('` + id + `', 'PASSWORD_RESET', '', '', '` + id + `', 0, ` + at + `, ` + at + `)`
		}},
		"sign_in_places": {real: true, insert: func(id, at string) string {
			return `INSERT INTO sign_in_places (user_id, kind, place_hash, first_seen_at, last_seen_at)
				VALUES ('` + user + `', 'NETWORK', '` + id + `', ` + at + `, ` + at + `)`
		}},
		"idempotency_keys": {real: true, insert: func(id, at string) string {
			return `INSERT INTO idempotency_keys (token_id, key, request, status, response, created_at)
				VALUES ('tok', '` + id + `', '', 201, '', ` + at + `)`
		}},
		"outbox_events": {count: "outbox_events WHERE subject_id = 'kept'", insert: func(id, at string) string {
			return `INSERT INTO outbox_events (id, dedupe_key, kind, subject_id, payload, created_at, due_at, attempts,
					last_error, delivered_at)
				VALUES ('` + id + `', '` + id + `', 'order.start', 'kept', '{}', ` + at + `, ` + at + `, 0, '', ` + at + `)`
		}},
		"notification_attempts": {insert: func(id, at string) string {
			return `INSERT INTO notification_attempts (id, notification_id, outcome, error, at)
				VALUES ('` + id + `', '` + mail + `', 'SOFT_FAIL', '', ` + at + `)`
		}},
		"carrier_events": {count: "carrier_events WHERE length(raw) > 0", insert: func(id, at string) string {
			return `INSERT INTO carrier_events (id, carrier, event_id, tracking, kind, received_at, raw, state)
				VALUES ('` + id + `', 'c', '` + id + `', 't', 'IN_TRANSIT', ` + at + `, 'abc', 'UNKNOWN')`
		}},
		"order_refusals": {insert: func(id, at string) string {
			return `INSERT INTO order_refusals (id, org_id, payload_hash, errors, request_id, created_at)
				VALUES ('` + id + `', '` + org + `', '', '[]', '', ` + at + `)`
		}},
		"import_jobs": {count: "import_jobs WHERE length(content) > 0", insert: func(id, at string) string {
			done := at
			if id == "young" {
				done = "NULL"
			}
			return `INSERT INTO import_jobs (id, org_id, format, dry_run, all_or_nothing, state, content_hash, content,
					rows_total, rows_checked, rows_stored, rows_unchanged, rows_refused, requested_by, error,
					created_at, finished_at)
				VALUES ('` + id + `', '` + org + `', 'csv', false, false, 'QUEUED', '', 'abc', 0, 0, 0, 0, 0, '', '',
					` + at + `, ` + done + `)`
		}},
		"privacy_exports": {count: "privacy_exports", insert: func(id, at string) string {
			return `INSERT INTO privacy_exports (request_id, content, created_at) VALUES ('` + id + `', 'abc', ` + far + `)`
		}},
	}
}

// prunedBySSO are held by TestS33_WhatCameOfSignInsIsPruned of models/sso.
var prunedBySSO = map[string]bool{"sso_states": true, "sso_assertions": true}

// Each period that the inventory promises is held: a row that is over for a little longer has
// left after the sweep, one that is over for a little less is there. A promise without a class
// here fails.
func TestS33_EachPromisedPeriodIsHeld(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		c := env.CoveredFor(t, "Acme Ltda", "ana@acme.example", "SN-100")
		require.NoError(t, env.Exec(`INSERT INTO operators (id, source, issuer, subject, issuer_session, email, name, role,
				locale, password_hash, totp_secret, totp_step, setup_hash, armed_reason, created_at)
			VALUES ('opr_kept', 'PASSWORD', '', '', '', 'o@operator.example', 'O', 'OPERATOR_AGENT', 'en', '', '', 0, '', '',
				'2026-01-01')`))
		mail := env.Strings(t, "SELECT id FROM notifications ORDER BY id")[0]
		promised := promises(t)
		for table := range prunedBySSO {
			require.Contains(t, promised, table)
			delete(promised, table)
		}
		classes := keptClasses(mail, c.Order.ResellerID, c.Admin.ID, c.Account)
		require.Len(t, promised, len(classes))
		require.Equal(t, promised["privacy_exports"], privacy.ExportKept)

		before := map[string]int{}
		for table, class := range classes {
			period, ok := promised[table]
			require.True(t, ok, "docs/privacy.md promises nothing of %s", table)
			now := env.Calendar.Now()
			if class.real {
				now = db.RealNow()
			}
			before[table] = env.Count(t, "SELECT count(*) FROM "+class.counted(table))
			for id, over := range map[string]time.Duration{"old": time.Hour, "young": -time.Hour} {
				at := now.Add(-period - over)
				if table == "privacy_exports" {
					require.NoError(t, env.Exec(requestOf(id, at, at.Add(privacy.ExportKept))))
				}
				require.NoError(t, env.Exec(class.insert(id, stampOf(at))), table)
			}
		}

		require.NoError(t, env.PruneSessions(env.Context))
		_, err := env.Prune(env.Context, db.Retention{
			Told:          promised["outbox_events"],
			Attempts:      promised["notification_attempts"],
			CarrierBodies: promised["carrier_events"],
			Refusals:      promised["order_refusals"],
		})
		require.NoError(t, err)
		for table, class := range classes {
			require.Equal(t, before[table]+1, env.Count(t, "SELECT count(*) FROM "+class.counted(table)), table)
		}
	})
}

func (k kept) counted(table string) string {
	if k.count == "" {
		return table
	}
	return k.count
}

func stampOf(at time.Time) string {
	return "'" + at.UTC().Format("2006-01-02 15:04:05+00:00") + "'"
}

func requestOf(id string, asked, until time.Time) string {
	return fmt.Sprintf(`INSERT INTO privacy_requests (id, kind, state, subject, subject_hash, pseudonym, reason, requested_by,
			gone, stage, created_at, expires_at)
		VALUES ('%s', 'EXPORT', 'READY', 'x', '%s', '', '', '', 0, '', %s, %s)`, id, id, stampOf(asked), stampOf(until))
}
