package operations_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/storetest"
)

// A year of months goes by, each with its events, keys, attempts, messages of carriers and
// refusals. What is over leaves again, so that none of the tables is larger at the end than
// after the first months; what finance reads stays.
func TestS33_WhatIsOverLeavesAfterItsTime(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		const day = 24 * time.Hour
		keep := db.Retention{
			Told:          30 * day,
			Attempts:      60 * day,
			CarrierBodies: 60 * day,
			Refusals:      60 * day,
		}
		reseller := env.Reseller(t, "Revenda Sul")
		env.Fulfilled(t, reseller, storetest.Form("PO-1"))
		mail := env.Strings(t, "SELECT id FROM notifications")[0]
		began := env.Calendar.Now()

		counted := map[string]int{}
		for month := range 12 {
			now := env.Calendar.Now()
			stamp := now.UTC().Format("2006-01-02 15:04:05+00:00")
			old := db.RealNow().Add(-db.IdempotencyRetention - time.Hour).UTC().Format("2006-01-02 15:04:05+00:00")
			for i := range 20 {
				key := fmt.Sprintf("%02d-%02d", month, i)
				kind, told := "order.start", "'"+stamp+"'"
				switch i {
				case 0:
					kind = "event.fee_billed"
				case 1:
					told = "NULL"
				}
				for _, insert := range []string{
					`INSERT INTO outbox_events (id, dedupe_key, kind, subject_id, payload, created_at, due_at,
						attempts, last_error, delivered_at)
					VALUES ('evt_` + key + `', 'k` + key + `', '` + kind + `', 's', '{}', '` + stamp + `', '` + stamp + `',
						0, '', ` + told + `)`,
					`INSERT INTO idempotency_keys (token_id, key, request, status, response, created_at)
					VALUES ('tok', '` + key + `', '', 201, '', '` + old + `')`,
					`INSERT INTO notification_attempts (id, notification_id, outcome, error, at)
					VALUES ('att_` + key + `', '` + mail + `', 'SOFT_FAIL', '', '` + stamp + `')`,
					`INSERT INTO order_refusals (id, org_id, payload_hash, errors, request_id, created_at)
					VALUES ('ref_` + key + `', '` + reseller.ID + `', '', '[]', '', '` + stamp + `')`,
					`INSERT INTO carrier_events (id, carrier, event_id, tracking, kind, received_at, raw, state)
					VALUES ('cev_` + key + `', 'c', '` + key + `', 't', 'IN_TRANSIT', '` + stamp + `', 'abc', 'UNKNOWN')`,
				} {
					require.NoError(t, env.Exec(insert))
				}
			}

			require.NoError(t, env.PruneSessions(env.Context))
			_, err := env.Prune(env.Context, keep)
			require.NoError(t, err)
			for _, what := range []string{
				"outbox_events WHERE delivered_at IS NOT NULL AND kind = 'order.start'",
				"idempotency_keys",
				"notification_attempts",
				"order_refusals",
				"carrier_events WHERE length(raw) > 0",
			} {
				n := env.Count(t, "SELECT count(*) FROM "+what)
				if month == 3 {
					counted[what] = n
				} else if month > 3 {
					require.Equal(t, counted[what], n, "%s after %d months", what, month+1)
				}
			}
			env.Calendar.Set(now.Add(30 * day))
		}

		require.Equal(t, 12, env.Count(t, "SELECT count(*) FROM outbox_events WHERE kind = 'event.fee_billed'"))
		require.Equal(t, 12, env.Count(t, "SELECT count(*) FROM outbox_events WHERE kind = 'order.start' AND subject_id = 's' AND delivered_at IS NULL"))
		require.Equal(t, 240, env.Count(t, "SELECT count(*) FROM carrier_events"), "what was understood stays")
		require.True(t, env.Calendar.Now().Sub(began) >= 360*day)

		again, err := env.Prune(env.Context, db.Retention{})
		require.NoError(t, err)
		require.Zero(t, again, "0 keeps for ever")
	})
}

// A batch that is full is followed by another.
func TestS33_MoreThanOneBatchLeaves(t *testing.T) {
	env := storetest.Postgres(t)
	require.NoError(t, env.Exec(`INSERT INTO outbox_events (id, dedupe_key, kind, subject_id, payload, created_at,
			due_at, attempts, last_error, delivered_at)
		SELECT 'evt_' || n, 'k' || n, 'order.start', 's', '{}', now(), now(), 0, '', timestamptz '2020-01-01'
		FROM generate_series(1, 12000) n`))
	env.Statements.Reset()
	out, err := env.Prune(env.Context, db.Retention{Told: time.Hour})
	require.NoError(t, err)
	require.EqualValues(t, 12000, out.Told)
	deletes := 0
	for _, statement := range env.Statements.List() {
		if strings.HasPrefix(statement, "DELETE FROM outbox_events") {
			deletes++
		}
	}
	require.Equal(t, 3, deletes)
}
