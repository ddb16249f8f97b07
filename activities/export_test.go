package activities

import "context"

// RunImport is Imports.Run without Temporal: beat is called where the activity
// gives a heartbeat, between two batches.
func RunImport(ctx context.Context, a *Imports, jobID string, beat func()) (ImportCount, error) {
	return a.runJob(ctx, jobID, beat)
}

// QueueTurn lets a file of a customer wait for its turn; ready is closed when it has it.
func QueueTurn(a *Imports, customer string) (ready <-chan struct{}) {
	return a.turns.queue(customer).ready
}

// EndTurn gives a turn back.
func EndTurn(a *Imports) { a.turns.done() }
