package db_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/storetest"
)

// Keys that nobody follows from the row they point to, and why.
var neverFollowed = map[string]string{
	"carrier_events.account_id":    "read by its parcel; an account is never deleted",
	"device_placements.account_id": "read by its device or room; an account is never deleted",
	"rmas.depot_id":                "read by the replacement; a depot is never deleted",
	"rmas.reservation_id":          "read by the replacement; an entry of stock is never deleted",
	"rmas.room_id":                 "read while it is open, by rmas_room",
	"shipment_labels.account_id":   "read by its parcel; an account is never deleted",
	"shipment_scans.account_id":    "read by its parcel; an account is never deleted",
	"shipments.depot_id":           "read by the parcel; a depot is never deleted",
	"spare_units.depot_id":         "read by the unit; a depot is never deleted",
}

// Each foreign key has an index that begins with it, so that the rows which point to a row
// are found without reading all. An id is one row's alone: an index that begins with it does
// for a key of the account and the id, too.
func TestForeignKeysThatAreFollowedHaveIndexes(t *testing.T) {
	without := storetest.Postgres(t).Strings(t, `
		SELECT DISTINCT c.conrelid::regclass || '.' || a.attname
		FROM pg_constraint c
		JOIN pg_attribute a ON a.attrelid = c.conrelid
			AND a.attnum = c.conkey[cardinality(c.conkey)]
		WHERE c.contype = 'f' AND NOT EXISTS (
			SELECT 1 FROM pg_index i
			WHERE i.indrelid = c.conrelid
				AND i.indisvalid
				AND (i.indpred IS NULL
					OR pg_get_expr(i.indpred, i.indrelid) = '(' || a.attname || ' IS NOT NULL)')
				AND (i.indkey[0] = a.attnum
					OR (i.indkey[0] = c.conkey[1] AND i.indkey[1] = a.attnum)))`)
	for _, column := range without {
		require.NotEmpty(t, neverFollowed[column], "%s has no index", column)
	}
	for column, why := range neverFollowed {
		require.Contains(t, without, column, "it has an index after all: "+why)
		if by := strings.LastIndex(why, "by "); strings.Contains(why, "while it") {
			require.Equal(t, 1, storetest.Postgres(t).Count(t,
				"SELECT count(*) FROM pg_indexes WHERE indexname = '"+why[by+3:]+"'"), why)
		}
	}

	for _, column := range storetest.SQLite(t).Strings(t, `
		SELECT DISTINCT t.name || '.' || k."from"
		FROM sqlite_master t, pragma_foreign_key_list(t.name) k
		WHERE t.type = 'table' AND NOT EXISTS (
			SELECT 1 FROM pragma_index_list(t.name) i, pragma_index_info(i.name) c
			WHERE c.seqno = 0 AND c.name = k."from")`) {
		require.NotEmpty(t, neverFollowed[column], "%s has no index in SQLite", column)
	}
}
