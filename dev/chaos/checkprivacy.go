package chaos

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// personalData looks for the load's names, e-mail addresses and streets where
// ids, counts and instants belong: in everything that Temporal keeps, and in
// the tables that are shown to operators or told to workflows.
func personalData(ctx context.Context, e Evidence, report func(string, string, ...any)) error {
	for _, r := range e.Runs {
		if marked(r.Kept) {
			report(r.WorkflowID, "what Temporal keeps of the workflow holds personal data")
		}
	}

	for table, columns := range map[string]string{
		"outbox_events":         "payload::text || last_error",
		"audit_events":          "details::text || actor_id || verb",
		"operator_tasks":        "what || why || resolution",
		"notifications":         "last_error || provider_id",
		"notification_attempts": "error",
		"order_refusals":        "errors::text",
		"orders":                "last_error",
		"invitations":           "last_error",
		"rmas":                  "(to_jsonb(rmas) - 'ship_to')::text", // the recipient
		"shipments":             "shipments::text",
		"shipment_scans":        "cause_key || source",
		"carrier_events":        "encode(raw, 'escape')",
		"stock_entries":         "stock_entries::text",
		"spare_units":           "spare_units::text",
	} {
		ids, err := column(ctx, e.Rows,
			`SELECT id FROM `+table+` WHERE lower(`+columns+`) LIKE '%'||$1||'%'`, Marker)
		if err != nil {
			return err
		}

		for _, id := range ids {
			report(id, "personal data in %s (%s)", table, columns)
		}
	}

	return nil
}

func marked(text []byte) bool { return bytes.Contains(bytes.ToLower(text), []byte(Marker)) }

// panicWord is the word by itself: a request's random id may have its letters.
var panicWord = regexp.MustCompile(`\bpanic(?:s|ked|king)?\b`)

// logs looks for personal data, secrets and panics in what the service logged.
func logs(_ context.Context, e Evidence, report func(string, string, ...any)) error {
	for _, path := range e.Logs {
		if err := logFile(path, report); err != nil {
			return err
		}
	}
	return nil
}

func logFile(path string, report func(string, string, ...any)) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()

	r := bufio.NewReader(f)
	for n := 1; ; n++ {
		line, err := r.ReadString('\n')
		name := filepath.Base(path)
		switch {
		case marked([]byte(line)):
			report(name, "line %d holds personal data", n)
		case strings.Contains(line, "rct_") || strings.Contains(line, "token="):
			report(name, "line %d holds a secret", n)
		case strings.Contains(strings.ToLower(line), "nondeterminis"):
			report(name, "line %d tells of a workflow that replays differently", n)
		case panicWord.MatchString(line):
			report(name, "line %d tells of a panic", n)
		}

		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}
