package replacement

import (
	"fmt"
	"strings"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/rules/rma"
)

// awaitsStock reports whether the RMA is approved and no unit is set apart for it: its promise
// stands, and only people can see that it is kept (S21).
func (r RMA) awaitsStock() bool {
	out := r.RMAFacts.Outbound()
	return out == rma.OutboundApproved || out == rma.OutboundBackordered
}

// askForStock asks operators for a unit from the change on that leaves the RMA without one:
// its approval, or a parcel that was lost. Backordered, the task says what is promised now.
func (w *rmaChange) askForStock() error {
	if !w.awaitsStock() {
		return nil
	}

	if !w.before.awaitsStock() {
		return w.raise(db.TaskAwaitingStock, w.howToGetStock(), w.whyAwaitingStock())
	}
	if db.SameInstant(w.BackorderedAt, w.before.BackorderedAt) {
		return nil
	}
	return w.tx.ExplainTask(db.OperatorTask{
		Kind:      db.TaskAwaitingStock,
		SubjectID: w.ID,
		AccountID: &w.AccountID,
		Why:       w.whyAwaitingStock(),
	})
}

// howToGetStock says what an operator can do.
func (w *rmaChange) howToGetStock() string {
	if w.uncounted {
		return "Find a unit that can be sent, and allocate it: no depot counts this model. " +
			"Where there is none, backorder it with the day on which one is expected: " +
			w.whoIsTold() + "."
	}

	ways := []string{"Enter units that come to a depot and allocate one"}
	if others := rma.BetterModels(w.ModelCode); len(others) > 0 {
		ways = append(ways, "allocate a better model ("+strings.Join(others, ", ")+")")
	}
	ways = append(ways, "backorder it with the day on which one is expected: "+w.whoIsTold())

	last := len(ways) - 1
	return strings.Join(ways[:last], ", ") + ", or " + ways[last] + "."
}

// whoIsTold says who gets a mail about what becomes of the RMA, so that somebody calls where
// nobody does.
func (w *rmaChange) whoIsTold() string {
	switch {
	case w.Told.Admins != nil:
		return "the customer is told"
	case len(w.Told.People()) > 0:
		return "the contact of the site is told, since nobody at the customer has accepted the " +
			"invitation"
	}
	return "nobody at the customer has accepted the invitation, so no mail goes out: call them"
}

// whyAwaitingStock says what is missing, where it is to go and what was promised.
func (w *rmaChange) whyAwaitingStock() string {
	model := w.ReplacementModel
	if model == "" {
		model = w.ModelCode
	}

	promised := "no day is promised"
	if on := w.promisedOn(); on != "" {
		promised = "it is promised for " + on
	}
	missing := "No depot has %d x %s (%s) free."
	if w.uncounted {
		missing = "No depot counts the model of these: %d x %s (%s)."
	}
	return fmt.Sprintf(missing+" It goes to %s, and %s.",
		w.Quantity, w.modelName(model), model, w.SiteCountry, promised)
}

// askForStock asks operators for a unit of which no depot has one, or whose model no depot
// counts: it is sent to the site as soon as there is one.
func (w *spareUnitChange) askForStock(counted bool) error {
	name, err := w.modelName()
	if err != nil {
		return err
	}

	missing := "No depot has 1 x %s (%s) free."
	if !counted {
		missing = "No depot counts the model of this: 1 x %s (%s)."
	}
	return w.tx.Raise(db.OperatorTask{
		Kind:      db.TaskAwaitingStock,
		SubjectID: w.ID,
		AccountID: w.AccountID,
		What: w.Name() + ": Find a unit that can be sent, and ship it. " +
			"Where none comes soon, tell the customer.",
		Why: fmt.Sprintf(missing+" It goes to %s, and no day is promised.",
			name, w.ModelCode, w.SiteCountry),
	})
}
