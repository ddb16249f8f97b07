package operations

import (
	"context"
	_ "embed"

	"roomcover.dev/roomcover/models/db"
)

// restartBatch is how many processes are told to go on in one transaction.
const restartBatch = 200

// restartableSQL reads what Temporal should have a workflow for, by the rows alone.
//
//go:embed restartable.sql
var restartableSQL string

// RestartProcesses tells the workflow of everything that is under way to go on: orders,
// invitations, replacements, spare units, mails and imports that are not finished. The
// relay starts those that Temporal does not have, so it brings back what was lost with
// Temporal's data; to the others it changes nothing. It returns how many it told, and may
// run again at any time.
func (s *Operations) RestartProcesses(ctx context.Context) (told int, err error) {
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
				"after": after,
				"limit": restartBatch,
			}).Scan(&ids).Error
			if err != nil || len(ids) == 0 {
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

		told += len(ids)
		after = ids[len(ids)-1]
	}
}
