package replacement

import (
	"context"
	"errors"
	"fmt"

	"roomcover.dev/roomcover/models/account"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/entitlement"
	"roomcover.dev/roomcover/models/logistics"
	"roomcover.dev/roomcover/rules/rma"
	"roomcover.dev/roomcover/rules/shipping"
	"roomcover.dev/roomcover/rules/spare"
)

// alignSpares brings a parent's units in line with its balance (S9): what it gained
// withdraws recalls and earns units, what it lost voids or recalls some. The caller
// holds the lock on the parent; line is the one that new units are earned by. It
// acts for the service, also where it follows from a customer's or a reseller's command.
func (s *Replacements) alignSpares(tx *db.Tx, line SpareLine, balance int) error {
	tx = tx.As(db.Scope{System: true, Actor: tx.Scope.Actor})
	var units []SpareUnit
	err := tx.ForUpdate().
		Where("parent_org_id = ? AND closed_at IS NULL", line.ParentOrgID).
		Order("id").
		Find(&units).Error
	if err != nil {
		return err
	}

	plan := spare.PlanSpares(plannedOf(units), balance, tx.Now())

	if err := s.changeUnits(tx, plan.Keep, (*spareUnitChange).keep); err != nil {
		return err
	}
	if err := s.changeUnits(tx, plan.Void, (*spareUnitChange).void); err != nil {
		return err
	}
	if err := s.changeUnits(tx, plan.Recall, (*spareUnitChange).recall); err != nil {
		return err
	}
	if err := s.changeUnits(tx, plan.Await, (*spareUnitChange).recallOnArrival); err != nil {
		return err
	}

	return earnSpares(tx, line, plan.Earn)
}

// plannedOf are units as the rules plan them.
func plannedOf(units []SpareUnit) []spare.PlannedSpare {
	planned := make([]spare.PlannedSpare, len(units))
	for i, u := range units {
		planned[i] = spare.PlannedSpare{ID: u.ID, SpareFacts: u.SpareFacts}
	}
	return planned
}

func (s *Replacements) changeUnits(
	tx *db.Tx, ids []string, do func(*spareUnitChange) error,
) error {
	for _, id := range ids {
		w, err := s.lockSpare(tx, id)
		if err != nil {
			return err
		}
		if err := do(w); err != nil {
			return err
		}
		if err := w.save(); err != nil {
			return err
		}
	}

	return nil
}

// keep withdraws a recall, since the entitlement is back in time (S9).
func (w *spareUnitChange) keep() error {
	if w.RecallPending {
		w.RecallPending = false
		w.note("spare.recall_withdrawn", map[string]any{"pending": true})
		return nil
	}

	if err := w.become(spare.SpareOnSite); err != nil {
		return err
	}
	w.RecallRequestedAt = nil
	w.RecallDueAt = nil
	w.RemindersSent = 0
	w.note("spare.recall_withdrawn", nil)
	w.mail("RECALL_WITHDRAWN", nil)
	return w.cancelParcel(w.recallKey())
}

// void ends a unit that was not shipped, and the booking of its parcel (S9).
func (w *spareUnitChange) void() error {
	if err := w.become(spare.SpareVoided); err != nil {
		return err
	}
	w.VoidedAt = &w.now
	w.RecallPending = false
	w.note("spare.voided", nil)
	if w.SelectedAt != nil {
		w.mail("VOIDED", nil)
	}
	return w.cancelParcel(w.parcelKey())
}

// recall asks for a unit that lies on site: the account has until the end of its
// local day that the program says, by default 30 (RULES 3, S9, C8).
func (w *spareUnitChange) recall() error {
	if err := w.become(spare.SpareRecallRequested); err != nil {
		return err
	}

	ref, err := w.s.programs.ReferenceIn(w.tx)
	if err != nil {
		return err
	}

	due := spare.SpareRecallDue(w.now, ref.Program.Replacement.SpareRecallDays, w.zone())
	w.RecallRequestedAt = &w.now
	w.RecallDueAt = &due
	w.RecallScannedAt = nil
	w.FeeAskedAt = nil
	w.RemindersSent = 0
	w.RecallPending = false
	w.note("spare.recall_requested", map[string]any{"due": due})
	w.mail("RECALL_REQUESTED", nil)
	return w.planRecallParcel()
}

// planRecallParcel keeps the parcel of an earlier recall that the carrier has not left yet, or
// has another one: handed in by people where a carrier had brought the unit.
func (w *spareUnitChange) planRecallParcel() error {
	kept, err := logistics.KeepParcel(w.tx, w.recallKey())
	if err != nil || kept {
		return err
	}

	w.Recalls++
	w.anotherRecall = true
	if w.Carrier == "" || w.s.logistics.Carrier != "" {
		return nil // the customer chooses one; or the service books it: see planParcels
	}

	_, err = logistics.CreateShipment(w.tx, logistics.NewShipment{
		AccountID:  *w.AccountID,
		Direction:  shipping.ShipRecall,
		SubjectID:  w.ID,
		BookingKey: w.recallKey(),
		Carrier:    w.Carrier,
	})
	return err
}

// recallOnArrival marks a unit that is under way to be recalled when it arrives: what
// the carrier has cannot be stopped.
func (w *spareUnitChange) recallOnArrival() error {
	w.RecallPending = true
	w.note("spare.recall_pending", nil)
	return nil
}

// earnSpares creates n units of a ledger's line, each with the CSM's task to choose
// model and site (R88a) and the event that starts its workflow. The line and a number
// within it are unique, so that a replay creates none twice.
func earnSpares(tx *db.Tx, line SpareLine, n int) error {
	if n == 0 {
		return nil
	}

	var last int
	err := tx.Model(&SpareUnit{}).
		Select("COALESCE(MAX(ordinal), 0)").
		Where("line_id = ?", line.ID).
		Scan(&last).Error
	if err != nil {
		return err
	}

	now := tx.Now()
	units := make([]SpareUnit, n)
	events := make([]db.OutboxEvent, n)

	for i := range units {
		u := SpareUnit{
			ID:          db.NewID(db.PrefixSpareUnit),
			Number:      newSpareNumber(),
			ParentOrgID: line.ParentOrgID,
			LineID:      line.ID,
			Ordinal:     last + i + 1,
			SpareFacts: spare.SpareFacts{
				State:    spare.SpareSelectionPending,
				Tellings: rma.Tellings[spare.SpareFact]{},
			},
			StateSince: now,
			CreatedAt:  now,
			Version:    1,
		}

		earned := db.Entry{
			Verb:     "spare.earned",
			ObjectID: u.ID,
			Details: map[string]any{
				"after":  spare.SpareEarned,
				"parent": u.ParentOrgID,
				"cause":  line.Cause,
				"source": line.SourceID,
			},
		}

		asked := db.Entry{
			Verb:     "spare.choice_asked",
			ObjectID: u.ID,
			Details: map[string]any{
				"before": spare.SpareEarned,
				"after":  u.State,
			},
		}

		if err := tx.Audit(u.ID, nil, true, earned, asked); err != nil {
			return err
		}
		units[i] = u
		st := u.processStatus()
		st.Summary = fmt.Sprintf("unit %d by %s", u.Ordinal, line.Cause)
		events[i] = st.Event(db.OutboxSpareEarned, u.ID)
	}

	if err := tx.CreateInBatches(&units, db.RowsPerStatement(units)).Error; err != nil {
		return err
	}

	tasks := make([]db.OperatorTask, len(units))
	for i, u := range units {
		tasks[i] = db.OperatorTask{
			Kind:      db.TaskChooseSpare,
			SubjectID: u.ID,
			What: u.Name() + ": Discuss with the customer which model to keep as a spare and " +
				"at which site, and choose both.",
			Why: "A customer has earned a spare.",
		}
	}
	if err := tx.RaiseAll(tasks); err != nil {
		return err
	}

	return tx.Enqueue(events...)
}

// SettleSpareUnits aligns the units of every parent whose live units differ from its
// balance, and returns how many parents that were: those whose ledger is older than
// the units are. A parent that cannot be aligned becomes a task and does not keep it from
// the next; progress is called between two. The daily sweep calls it. The counts of
// licences that nobody looked at for a day are checked first.
func (s *Replacements) SettleSpareUnits(ctx context.Context, progress func()) (int, error) {
	ref, err := s.programs.Reference(ctx)
	if err != nil {
		return 0, err
	}

	var failures []error
	_, err = entitlement.CheckSelectCounts(ctx, s.db, progress,
		func(tx *db.Tx, parentID string) error {
			return s.recountCorrected(tx, parentID, ref.Program.SpareRatio)
		})
	if err != nil {
		failures = append(failures, fmt.Errorf("count licenses: %w", err))
	}

	var parents []string
	err = s.db.Read(ctx, func(tx *db.Tx) error {
		if err := tx.Scope.Service(); err != nil {
			return err
		}

		return tx.Raw(`
			SELECT parent_org_id
			FROM (
				SELECT parent_org_id, SUM(delta) AS balance
				FROM spare_ledger
				GROUP BY parent_org_id) l
			WHERE balance <> (
				SELECT COUNT(*) FROM spare_units u
				WHERE u.parent_org_id = l.parent_org_id
					AND u.closed_at IS NULL
					AND u.state <> 'RECALL_REQUESTED'
					AND NOT u.recall_pending)
			ORDER BY parent_org_id`).Scan(&parents).Error
	})
	if err != nil {
		return 0, errors.Join(append(failures, err)...)
	}

	settled := 0
	asked := []string{""}
	for _, id := range parents {
		progress()
		err := s.settleSpareUnits(ctx, id)
		if err != nil && s.db.BlamesRows(ctx, err) {
			asked = append(asked, id)
			err = s.askAboutUnits(ctx, id, err)
		} else if err == nil {
			settled++
		}
		if err != nil {
			failures = append(failures, fmt.Errorf("spares of %s: %w", id, err))
		}
	}

	// What was asked about others is done: their units agree.
	if len(failures) == 0 {
		err := s.db.Write(ctx, func(tx *db.Tx) error {
			return db.SettleWhere(tx, tx.Where(
				"kind = ? AND subject_id NOT IN ? AND subject_id IN (?)", db.TaskSweepFailed, asked,
				tx.Model(&account.Org{}).Select("id")), "its spares were aligned")
		})
		if err != nil {
			failures = append(failures, err)
		}
	}

	return settled, errors.Join(failures...)
}

// askAboutUnits asks an operator about a parent whose units cannot be aligned.
func (s *Replacements) askAboutUnits(ctx context.Context, parentID string, cause error) error {
	return s.db.RaiseTask(ctx, db.OperatorTask{
		Kind:      db.TaskSweepFailed,
		SubjectID: parentID,
		What: "Find out what is wrong with this parent's spares. The sweep leaves them out, " +
			"tries them each hour, and closes the task when it succeeds.",
		Why: "The hourly sweep cannot align its spare units: " + db.CauseOf(cause) + ".",
	})
}

func (s *Replacements) settleSpareUnits(ctx context.Context, parentID string) error {
	return s.db.Write(ctx, func(tx *db.Tx) error {
		if _, err := account.LockParents(tx, "id = ?", parentID); err != nil {
			return err
		}

		counts, err := countSpares(tx, parentID)
		if err != nil {
			return err
		}

		var line SpareLine // the last one that earned something
		err = tx.Where("parent_org_id = ? AND delta > 0", parentID).
			Order("seq DESC").
			First(&line).Error
		if err != nil {
			return db.Found(err)
		}

		if err := s.alignSpares(tx, line, counts[parentID].Balance); err != nil {
			return err
		}
		return tx.Settle(db.TaskSweepFailed, parentID, "its spares were aligned")
	})
}
