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

// Turns returns how many files wait for a turn, and how many turns were given since a turn
// was last asked for while nobody had one.
func Turns(a *Imports) (waiting, given int) {
	a.turns.mu.Lock()
	defer a.turns.mu.Unlock()
	return len(a.turns.waiting), a.turns.given
}
