package chaos

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"time"
)

// restless are the queries whose counts must fall to zero before the oracle
// looks: work that the service still has to do by itself.
var restless = []struct{ what, query string }{
	{"outbox events not told", `SELECT count(*) FROM outbox_events WHERE delivered_at IS NULL`},
	{
		"orders not provisioned",
		`SELECT count(*) FROM orders WHERE state IN ('RECEIVED','ACCEPTED','PROVISIONING')`,
	},
	{
		"cancellations not completed",
		`SELECT count(*) FROM order_cancellations WHERE state = 'REQUESTED'`,
	},
	{"mails waiting to be sent", `SELECT count(*) FROM notifications WHERE state = 'QUEUED'`},
	{"parcels not settled with the carrier", countOf("shipment_outstanding")},
	{"carrier's events not applied", countOf("carrier_event_applied")},
	{"mails not read", `SELECT count(*) FROM inbound_mails WHERE state = 'RECEIVED'`},
	{
		"rooms of which nobody was told yet", countOf("sync_notice_waits"),
	},
	{"mails half sent", `SELECT count(*) FROM notifications WHERE state = 'SENDING'`},
}

// AwaitQuiet waits until nothing is left to do, and otherwise says what is.
func AwaitQuiet(ctx context.Context, db *sql.DB) error {
	for {
		left, err := unrest(ctx, db)
		if err == nil && left == "" {
			return nil
		}

		select {
		case <-ctx.Done():
			return fmt.Errorf("no quiet: %s (last error: %v)", left, err)
		case <-time.After(250 * time.Millisecond):
		}
	}
}

func unrest(ctx context.Context, db Facts) (string, error) {
	var left []string
	for _, r := range restless {
		var n int
		if err := db.QueryRowContext(context.WithoutCancel(ctx), r.query).Scan(&n); err != nil {
			return strings.Join(left, ", "), err
		}

		if n > 0 {
			left = append(left, fmt.Sprintf("%d %s", n, r.what))
		}
	}

	return strings.Join(left, ", "), nil
}
