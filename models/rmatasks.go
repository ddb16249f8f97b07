package models

import "roomcover.dev/roomcover/rules"

// raise asks an operator for help with the RMA.
func (w *rmaWork) raise(kind TaskKind, what, why string) error {
	return w.s.raise(w.tx, OperatorTask{Kind: kind, SubjectID: w.ID, AccountID: &w.AccountID, What: what, Why: why})
}

// settleTasks closes the tasks whose need went away with this change; it asks the
// database only where there can be one.
func (w *rmaWork) settleTasks() error {
	var kinds []TaskKind
	gone := func(before, now bool, kind TaskKind) {
		if before && !now {
			kinds = append(kinds, kind)
		}
	}
	b := w.before.RMAFacts
	gone(openToDecide(w.before), openToDecide(w.RMA), TaskDecideRMA)
	gone(b.BreachedAt != nil && !w.before.StoredOutbound.Done(), w.StoredOutbound != rules.OutboundWithdrawn && !w.StoredOutbound.Done(), TaskRMALate)
	gone(b.SilenceAskedAt != nil && w.before.StoredOutbound == rules.OutboundShipped, w.SilenceAskedAt != nil && w.StoredOutbound == rules.OutboundShipped, TaskRMASilent)
	gone(b.WrongUnitAt != nil && b.InspectedAt == nil, w.InspectedAt == nil && !w.StoredState.Over(), TaskRMAWrongUnit)
	gone(b.Fee() == rules.FeeAsked, w.Fee() == rules.FeeAsked && !w.StoredState.Over(), TaskRMAFee) // nobody may bill one that was withdrawn
	if len(kinds) == 0 {
		return nil
	}
	return w.s.settleKinds(w.tx, w.scope, kinds, w.ID, string(w.StoredState))
}

// openToDecide tells whether an agent was asked to approve or reject.
func openToDecide(r RMA) bool {
	return r.StoredState == rules.RMARequested || (r.ID != "" && r.SwappedAt != nil && r.ApprovedAt == nil && !r.StoredState.Over())
}
