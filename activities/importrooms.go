package activities

import (
	"context"

	"roomcover.dev/roomcover/models/entitlement"
	"roomcover.dev/roomcover/models/importjob"
	"roomcover.dev/roomcover/roomfile"
)

// roomBatch is how many rooms and devices are stored in one transaction: a
// fraction of a second, so that nobody waits for an import.
const roomBatch = 1000

// roomImport is an import of rooms with their devices: a batch is checked by a few
// statements, and stored in one transaction with its mark.
func roomImport(p *importProgress) importKind[roomfile.Row] {
	return importKind[roomfile.Row]{
		read:  roomfile.Read,
		batch: roomBatch,
		size:  func(r roomfile.Row) int { return 1 + len(r.Form.Devices) },
		check: func(ctx context.Context, batch []roomfile.Row) error {
			reports, err := p.entitlements.CheckRooms(ctx, p.job, roomsOf(batch, 0))
			if err != nil {
				return err
			}

			for i := range reports {
				if reports[i].Outcome != importjob.RowRefused {
					reports[i] = importjob.ImportRow{
						JobID:   reports[i].JobID,
						RowNo:   reports[i].RowNo,
						Outcome: importjob.RowValid,
					}
				}
			}

			return p.putReports(ctx, reports)
		},
		store: func(ctx context.Context, batch []roomfile.Row) error {
			rows := roomsOf(batch, p.job.StoredThrough)
			if len(rows) == 0 {
				return nil
			}

			after, err := p.entitlements.StoreRooms(ctx, p.job, rows)
			if err == nil {
				p.job = after
			}
			return err
		},
	}
}

// roomsOf are the rows behind the mark.
func roomsOf(batch []roomfile.Row, mark int) []entitlement.RoomOfFile {
	rows := make([]entitlement.RoomOfFile, 0, len(batch))
	for _, r := range batch {
		if r.No > mark {
			rows = append(rows, entitlement.RoomOfFile(r))
		}
	}
	return rows
}
