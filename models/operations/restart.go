package operations

import (
	"context"
	"time"

	_ "embed"

	"roomcover.dev/roomcover/models/db"
)

// restartBatch is how many processes are told to go on in one transaction.
const restartBatch = 200

// restartableSQL reads what Temporal should have a workflow for, by the rows alone.
//
//go:embed restartable.sql
var restartableSQL string

// Reconciliation is what Reconcile looks at.
type Reconciliation struct {
	Since  time.Time // only what began, or came into its state, at this instant or later
	DryRun bool      // counts, and tells nobody
	Only   string    // the prefix of what is looked at alone; empty: everything
}

// RestartProcesses reconciles everything, and returns how many it told.
func (s *Operations) RestartProcesses(ctx context.Context) (told int, err error) {
	counts, err := s.Reconcile(ctx, Reconciliation{})
	for _, n := range counts {
		told += n
	}
	return told, err
}

// Reconcile tells the workflow of everything that is under way to go on: orders with their
// cancellations, invitations, replacements, spare units, tickets, mails and imports that are not
// finished. The relay starts those that Temporal does not have, so it brings back what was
// lost with Temporal's data; to the others it changes nothing. A parcel's booking belongs to
// the workflow of what it is for. Reconcile returns how many it told, by kind ("order",
// "invitation", "rma", "spare", "ticket", "mail", "import"), and may run again at any time.
func (s *Operations) Reconcile(
	ctx context.Context, r Reconciliation,
) (told map[string]int, err error) {
	told = map[string]int{}
	only := "%"
	if r.Only != "" {
		only = r.Only + `\_%`
	}
	after := ""
	for {
		var ids []string
		err := s.db.Write(ctx, func(tx *db.Tx) error {
			ids = nil
			if err := tx.Scope.Service(); err != nil {
				return err
			}

			err := tx.Raw(restartableSQL, map[string]any{
				"now":   tx.Now(),
				"since": r.Since.UTC(),
				"after": after,
				"only":  only,
				"limit": restartBatch,
			}).Scan(&ids).Error
			if err != nil || len(ids) == 0 || r.DryRun {
				return err
			}

			events := make([]db.OutboxEvent, len(ids))
			for i, id := range ids {
				events[i] = db.NewOutboxEvent(retries[db.KindOf(id)], id, db.NewID("restart"), nil)
			}

			return tx.Enqueue(events...)
		})
		if err != nil || len(ids) == 0 {
			return told, err
		}

		for _, id := range ids {
			told[workflowKinds[db.KindOf(id)]]++
		}
		after = ids[len(ids)-1]
	}
}

// workflowKinds are what people call the kinds of workflows, by the kind of the subject.
var workflowKinds = map[string]string{
	db.PrefixOrder:        "order",
	db.PrefixInvitation:   "invitation",
	db.PrefixNotification: "mail",
	db.PrefixImport:       "import",
	db.PrefixRMA:          "rma",
	db.PrefixSpareUnit:    "spare",
	db.PrefixTicket:       "ticket",
}
