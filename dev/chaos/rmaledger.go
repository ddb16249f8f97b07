package chaos

import (
	"encoding/json"
	"net/http"
	"slices"

	"roomcover.dev/roomcover/api"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/rma"
	"roomcover.dev/roomcover/rules/shipping"
)

// Replacement is an RMA that was acknowledged, with every command that was.
type Replacement struct {
	ID, Serial string
	Commands   map[rma.RMACommand]int
}

// refusals are the codes with which a request or a command of the load may be
// refused: somebody was first, or it made no sense.
var refusals = []string{
	rules.StateConflict, rma.RMAOpen, rma.ReshipLimit, rma.ParcelNotLost, rma.FeeNotDue,
	shipping.OutOfStock, rma.SerialNotRegistered, rma.NotLikeForLike,
	rules.IdempotencyConflict, rules.Forbidden, rma.PhotoMissing, rules.ValidationFailed,
}

// uncovered are the codes of cover with which one may be refused: the licence was
// cancelled meanwhile.
var uncovered = []string{rules.NotCovered, rules.Unplaced, rules.ProofRequired, rules.WarrantyCap}

// requested takes down the answer to a request for a replacement. One that is
// refused for the cover was overtaken by a cancellation.
func (l *Ledger) requested(serial string, a Answer) {
	var r api.RMADetail
	code := a.code()
	switch {
	case a.Status == http.StatusCreated && json.Unmarshal(a.Body, &r) == nil && r.ID != "":
		l.mu.Lock()
		l.replacement(r.ID).Serial = serial
		l.Counts.RMAs++
		l.mu.Unlock()
	case slices.Contains(refusals, code) || slices.Contains(uncovered, code):
		l.count(func(n *Counts) { n.RMARefusals++ })
	default:
		l.unexpected(serial, "the request for a replacement was answered %d %s", a.Status, code)
	}
}

// commanded takes down the answer to a command.
func (l *Ledger) commanded(id string, o deskOrder, a Answer) {
	code := a.code()
	switch {
	case a.Status == http.StatusOK:
		l.mu.Lock()
		l.replacement(id).Commands[o.RMACommand]++
		l.Counts.Commands++
		l.mu.Unlock()
	case slices.Contains(refusals, code) || slices.Contains(uncovered, code):
		l.count(func(n *Counts) { n.RMARefusals++ })
	default:
		l.unexpected(id, "the command %s was answered %d %s", o.RMACommand, a.Status, code)
	}
}

// replacement finds the RMA or begins it; a command may be answered before the
// request whose answer was lost. The caller holds the lock.
func (l *Ledger) replacement(id string) *Replacement {
	if l.rmas[id] == nil {
		l.rmas[id] = &Replacement{ID: id, Commands: map[rma.RMACommand]int{}}
	}
	return l.rmas[id]
}

// reshipped reports whether the parcel of an RMA was sent anew.
func (l *Ledger) reshipped(id string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.replacement(id).Commands[rma.RMAReship] > 0
}
