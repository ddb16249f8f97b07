package operations

import (
	"context"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/entitlement"
	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/models/notification"
	"roomcover.dev/roomcover/models/order"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/processes"
)

// OrderFile is an order with everything that became of it, and the names of who and what it
// mentions.
type OrderFile struct {
	order.Order
	Contracts     []entitlement.ContractEntry
	Cancellations []order.OrderCancellation // oldest first
	Invitations   []identity.Invitation     // newest first
	Questions     []identity.ContactQuestion
	Mails         []notification.Notification // newest first
	Tasks         []db.OperatorTask           // newest first, done ones too
	Events        []db.AuditEvent             // oldest first
	Names         map[string]string
}

// mostOfOrder bounds each list of an order's file.
const mostOfOrder = 200

// WaitsFor returns what the order waits for, as the list of processes has it.
func (f OrderFile) WaitsFor() string {
	for _, c := range f.Cancellations {
		if c.State == order.CancellationRequested {
			return processes.WaitsForCompensation
		}
	}
	switch f.State {
	case rules.OrderNeedsReview:
		return processes.WaitsForDecision
	case rules.OrderReceived, rules.OrderAccepted, rules.OrderProvisioning:
		return processes.WaitsForFulfilment
	case rules.OrderFulfilled, rules.OrderPartiallyCancelled:
		return processes.WaitsForWindow
	}
	return ""
}

// OrderFile reads an order with what became of it, in ten statements whatever there is. For
// the service and its operators; NOT_FOUND where there is no such order.
func (s *Operations) OrderFile(ctx context.Context, id string) (OrderFile, error) {
	var f OrderFile
	err := s.db.Read(ctx, func(tx *db.Tx) (err error) {
		f = OrderFile{Names: map[string]string{}}
		if err := tx.Scope.Service(); err != nil {
			return err
		}
		if f.Order, err = order.Read(tx, id); err != nil {
			return err
		}
		if f.Contracts, err = entitlement.ContractsOf(tx, id); err != nil {
			return err
		}

		err = tx.Where("order_id = ?", id).
			Order("sequence DESC").Limit(mostOfOrder).Find(&f.Cancellations).Error
		if err != nil {
			return err
		}
		err = tx.Where("order_id = ?", id).
			Order("id DESC").Limit(mostOfOrder).Find(&f.Invitations).Error
		if err != nil {
			return err
		}
		err = tx.Where("order_id = ?", id).
			Order("id DESC").Limit(mostOfOrder).Find(&f.Questions).Error
		if err != nil {
			return err
		}

		invitations := db.IdsOf(f.Invitations, func(i identity.Invitation) string { return i.ID })
		err = tx.Where("order_id = ? OR subject_id IN ?", id, invitations).
			Order("id DESC").Limit(mostOfOrder).Find(&f.Mails).Error
		if err != nil {
			return err
		}
		err = tx.Where("subject_id IN ?", f.subjects()).
			Order("id DESC").Limit(mostOfOrder).Find(&f.Tasks).Error
		if err != nil {
			return err
		}
		if err := f.readEvents(tx); err != nil {
			return err
		}

		found, err := namesOf(tx, f.named())
		for _, n := range found {
			f.Names[n.ID] = n.Name
		}
		return err
	})
	return f, err
}

// subjects are the ids of what tasks may be about.
func (f OrderFile) subjects() []string {
	ids := []string{f.ID}
	for _, i := range f.Invitations {
		ids = append(ids, i.ID)
	}
	for _, q := range f.Questions {
		ids = append(ids, q.ID)
	}
	for _, m := range f.Mails {
		ids = append(ids, m.ID)
	}
	return ids
}

// readEvents reads the latest of what the audit says, and puts it in the order of time.
func (f *OrderFile) readEvents(tx *db.Tx) error {
	about := []string{f.ID}
	for _, c := range f.Contracts {
		about = append(about, c.ID)
	}
	for _, c := range f.Cancellations {
		about = append(about, c.ID)
	}
	for _, i := range f.Invitations {
		about = append(about, i.ID)
	}
	for _, q := range f.Questions {
		about = append(about, q.ID)
	}

	latest := tx.Model(&db.AuditEvent{}).
		Where("object_id IN ?", about).
		Order("at DESC, seq DESC").
		Limit(mostOfOrder)
	return tx.Table("(?) AS latest", latest).Order("at, seq").Find(&f.Events).Error
}

// named are the ids of whom and what the file mentions.
func (f OrderFile) named() []string {
	ids := []string{f.SubmittedBy, f.ResellerID, db.Text(f.DistributorID), db.Text(f.AccountID)}
	for _, c := range f.Cancellations {
		ids = append(ids, c.RequestedBy)
	}
	for _, t := range f.Tasks {
		ids = append(ids, db.Text(t.AssigneeID), t.ResolvedBy)
	}
	for _, q := range f.Questions {
		ids = append(ids, q.AnsweredBy)
	}
	for _, e := range f.Events {
		ids = append(ids, e.ActorID, e.ActingOrg)
	}
	return ids
}
