package models

// status is what the RMA's workflow does next.
func (r RMA) status() ProcessStatus {
	return ProcessStatus{Version: r.Version, Timer: string(r.NextTimer), At: r.NextAt, Closed: r.ClosedAt != nil}
}

func (w *rmaWork) status() ProcessStatus {
	st := w.RMA.status()
	st.Mails, st.Parcels = len(w.mails) > 0, w.parcels
	return st
}

// tell has the workflow told where this change matters to it.
func (w *rmaWork) tell() error {
	st := w.status()
	switch {
	case w.quiet: // the workflow itself asked, and learns it from the answer
	case w.fresh:
		w.events = append(w.events, st.event(OutboxRMARequested, w.ID))
	case st.matters(w.before.status()):
		w.events = append(w.events, st.event(OutboxRMAChanged, w.ID))
	}
	if len(w.events) == 0 {
		return nil
	}
	return w.s.enqueue(w.tx, w.events...)
}

// event tells those outside of the service: the same one of an RMA once.
func (w *rmaWork) event(kind OutboxKind, why string) {
	w.events = append(w.events, outboxEvent(kind, w.ID, why, map[string]string{"why": why}))
}
