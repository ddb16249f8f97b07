package chaos

import "context"

// notes holds every acknowledged delivery note and count against the ledger: it
// stands there once.
func notes(ctx context.Context, e Evidence, report func(string, string, ...any)) error {
	for reference, quantity := range e.Ledger.notes {
		found, err := column(ctx, e.Rows,
			`SELECT quantity::text FROM stock_entries WHERE cause_key LIKE '%/' || $1`, reference)
		if err != nil {
			return err
		}

		if len(found) != 1 {
			report(reference, "the acknowledged entry of %d units stands %d times",
				quantity, len(found))
		}
	}

	return nil
}
