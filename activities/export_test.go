package activities

import "context"

// RunImport is Imports.Run without Temporal: beat is called where the activity
// gives a heartbeat, between two batches.
func RunImport(ctx context.Context, a *Imports, jobID string, beat func()) (ImportCount, error) {
	return a.runJob(ctx, jobID, beat)
}
