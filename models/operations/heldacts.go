package operations

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"gorm.io/gorm"

	"roomcover.dev/roomcover/models/account"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/models/notification"
	"roomcover.dev/roomcover/models/order"
	"roomcover.dev/roomcover/models/replacement"
	"roomcover.dev/roomcover/models/ticket"
	"roomcover.dev/roomcover/rules"
)

// A command of an operator that leaves the house, by a mail, a workflow or a parcel, is held for
// some seconds in a row of its own. It is rehearsed when it is given, so that what refuses it is
// said at once; nothing of it is done until it is due. Then the relay does it, in the operator's
// name and with the rights that they have then. So taking it back has nothing to mend: the row
// goes, and with it the command.

// Act is one command on one subject, with the version of the subject that was looked at. One of
// its fields beside the subject is set.
type Act struct {
	SubjectID string `json:"-"`

	Decision     *order.Decision                 `json:"decision,omitempty"`
	Reopening    *Reopening                      `json:"reopening,omitempty"`
	Cancellation *order.CancelRequest            `json:"cancellation,omitempty"`
	Termination  *order.Termination              `json:"termination,omitempty"`
	RMA          *replacement.ReplacementCommand `json:"rma,omitempty"`
	Spare        *replacement.SpareUnitCommand   `json:"spare,omitempty"`
	Ticket       *ticket.Command                 `json:"ticket,omitempty"`
}

// Reopening takes a rejected order back into review.
type Reopening struct {
	Version int64
	Reason  string
}

// HeldAct is an act that is held. Its command may name a person, and leaves with the row.
type HeldAct struct {
	ID         string
	SubjectID  string
	AccountID  *string
	OperatorID string
	Name       string // such as rma.approve
	Command    string
	CreatedAt  time.Time // real time
	DueAt      time.Time // real time
}

// heldCommand is what stands in the row.
type heldCommand struct {
	Act
	IP string `json:"ip"`
}

// name says what the act does, as the audit has it; empty for one that does nothing.
func (a Act) name() string {
	switch {
	case a.Decision != nil && a.Decision.Accept:
		return "order.accept"
	case a.Decision != nil:
		return "order.reject"
	case a.Reopening != nil:
		return "order.reopen"
	case a.Cancellation != nil:
		return "order.cancel"
	case a.Termination != nil:
		return "order.terminate"
	case a.RMA != nil:
		return "rma." + string(a.RMA.Name)
	case a.Spare != nil:
		return "spare." + string(a.Spare.Name)
	case a.Ticket != nil:
		return "ticket." + string(a.Ticket.Name)
	}
	return ""
}

// bound reports whether a second run of the act finds by itself that it was done: it names the
// version that was looked at, or itself, or what it does can be done once.
func (a Act) bound() bool {
	switch {
	case a.Decision != nil:
		return a.Decision.Version > 0
	case a.Reopening != nil:
		return a.Reopening.Version > 0
	case a.Cancellation != nil:
		return a.Cancellation.Once != ""
	case a.Termination != nil:
		return true
	case a.RMA != nil:
		return a.RMA.Version > 0
	case a.Spare != nil:
		return a.Spare.Version > 0
	case a.Ticket != nil:
		return a.Ticket.Version > 0
	}
	return false
}

// DoNow does an act at once, as HoldAct has it done later.
func (s *Operations) DoNow(ctx context.Context, a Act) (err error) {
	switch {
	case a.Decision != nil:
		_, err = s.orders.DecideOrder(ctx, a.SubjectID, *a.Decision)
	case a.Reopening != nil:
		_, err = s.orders.ReopenOrder(ctx, a.SubjectID, a.Reopening.Version, a.Reopening.Reason)
	case a.Cancellation != nil:
		_, _, err = s.orders.CancelOrder(ctx, a.SubjectID, *a.Cancellation)
	case a.Termination != nil:
		_, _, err = s.orders.TerminateOrder(ctx, a.SubjectID, *a.Termination)
	case a.RMA != nil:
		_, err = s.replacements.DoRMA(ctx, a.SubjectID, *a.RMA)
	case a.Spare != nil:
		_, err = s.replacements.DoSpare(ctx, a.SubjectID, *a.Spare)
	case a.Ticket != nil:
		_, err = s.tickets.Do(ctx, a.SubjectID, *a.Ticket)
	}
	return err
}

// CheckAct refuses what DoNow would refuse now. It reports whether the act would change
// anything, and changes nothing itself.
func (s *Operations) CheckAct(ctx context.Context, a Act) (changes bool, err error) {
	scope, err := db.ScopeFrom(ctx)
	if err != nil {
		return false, err
	}
	scope.Rehearsal = true
	err = s.DoNow(db.WithScope(ctx, scope), a)
	if errors.Is(err, db.ErrRehearsed) {
		return true, nil
	}
	return false, err
}

// HoldAct has an act of the acting operator done after notification.UndoFor, unless UndoAct takes
// it back before. What would refuse it now refuses it at once; where it would change nothing, as
// when it was done before, nothing is held and the row returned is empty. The same act again
// while it is held is the one that is held; another one of the same subject answers
// STATE_CONFLICT, whoever gives it.
func (s *Operations) HoldAct(ctx context.Context, a Act) (HeldAct, error) {
	scope, err := db.ScopeFrom(ctx)
	if err != nil {
		return HeldAct{}, err
	}
	if err := scope.Service(); err != nil {
		return HeldAct{}, err
	}
	if !a.bound() {
		return HeldAct{}, rules.Refuse(rules.VersionMissing,
			"The command does not say which version it is about.",
			"Read what it is about, and send its version along.")
	}
	if changes, err := s.CheckAct(ctx, a); err != nil || !changes {
		return HeldAct{}, err
	}

	command, err := json.Marshal(heldCommand{Act: a, IP: scope.Actor.IP})
	if err != nil {
		return HeldAct{}, err
	}
	var h HeldAct
	err = s.db.Write(ctx, func(tx *db.Tx) error {
		now := db.RealNow()
		h = HeldAct{
			ID:         db.NewID(db.PrefixHeldAct),
			SubjectID:  a.SubjectID,
			OperatorID: scope.Actor.ID,
			Name:       a.name(),
			Command:    string(command),
			CreatedAt:  now,
			DueAt:      now.Add(notification.UndoFor),
		}
		if scope.Actor.OnBehalfOf != "" {
			h.AccountID = &scope.Actor.OnBehalfOf
		}

		var there []HeldAct
		err := tx.Where("subject_id = ?", a.SubjectID).Limit(1).Find(&there).Error
		if err != nil {
			return err
		}
		if len(there) > 0 {
			same := there[0].OperatorID == h.OperatorID && there[0].Command == h.Command
			h = there[0]
			if same {
				return nil
			}
			return rules.Refuse(rules.StateConflict,
				"Another command is about to be done here.",
				"Look again in some seconds.")
		}

		if err := tx.Create(&h).Error; err != nil { // its key lets one of two in
			return err
		}
		if err := h.audit(tx, true, "act.held", nil); err != nil {
			return err
		}
		return tx.EnqueueHeld(notification.UndoFor,
			db.NewOutboxEvent(db.OutboxActDue, h.ID, "1",
				map[string]string{db.PayloadSummary: h.Name}))
	})
	return h, err
}

// audit adds an entry to the chain of the act. It is a chain of its own: the subject's tells
// customers what was done, and nothing was.
func (h HeldAct) audit(tx *db.Tx, fresh bool, verb string, details map[string]any) error {
	if details == nil {
		details = map[string]any{}
	}
	details["act"] = h.Name
	details["about"] = h.SubjectID
	return tx.Audit(h.ID, h.AccountID, fresh, db.Entry{
		Verb:     verb,
		ObjectID: h.ID,
		Details:  details,
	})
}

// UndoAct takes back an act of the acting operator while it is held: nothing of it is done. It
// answers STATE_CONFLICT for one that is being done, was done or taken back, or is somebody
// else's.
func (s *Operations) UndoAct(ctx context.Context, id string) error {
	return s.db.Write(ctx, func(tx *db.Tx) error {
		late := rules.Refuse(rules.StateConflict,
			"It is done already, or was not yours.", "Read what it was about again.")
		var h HeldAct
		err := tx.ForUpdate().First(&h, "id = ?", id).Error
		if errors.Is(err, gorm.ErrRecordNotFound) {
			return late
		}
		if err != nil {
			return err
		}
		if h.OperatorID != tx.Scope.Actor.ID {
			return late
		}
		_, held, err := tx.WithdrawHeld(db.OutboxActDue, h.ID)
		if err != nil {
			return err
		}
		if !held {
			return late
		}
		if err := tx.Delete(&HeldAct{}, "id = ?", h.ID).Error; err != nil {
			return err
		}
		return h.audit(tx, false, "act.taken_back", nil)
	})
}

// DoAct does an act that is held no more, in the name of its operator and with the rights that
// they have now. One that is refused by now is not done, which the audit says with the code; what
// asked for it still asks. Again, as after a kill, it does nothing twice: the act names the
// version that it is about, and the audit names the act as the request of what was done.
func (s *Operations) DoAct(ctx context.Context, id string) error {
	ctx = db.WithSystem(ctx)
	var found []HeldAct
	err := s.db.Read(ctx, func(tx *db.Tx) error {
		return tx.Where("id = ?", id).Limit(1).Find(&found).Error
	})
	if err != nil || len(found) == 0 {
		return err // it was done, or taken back
	}
	h := found[0]
	var c heldCommand
	if err := json.Unmarshal([]byte(h.Command), &c); err != nil {
		return err
	}
	c.SubjectID = h.SubjectID

	o, err := identity.NewOperators(s.db).GetOperator(ctx, h.OperatorID)
	if err != nil {
		return err
	}
	scope := db.Scope{
		System: true,
		Actor: db.Actor{
			ID:         o.ID,
			Role:       o.Role,
			OrgID:      account.OperatorOrgID,
			OnBehalfOf: db.Text(h.AccountID),
			IP:         c.IP,
			RequestID:  h.ID,
		},
	}
	ctx = db.WithScope(ctx, scope)
	refused := rules.Refuse(rules.Forbidden, "The operator no longer has access.",
		"Decide again as somebody who is.")
	if o.Works() {
		var known *rules.Error
		err = s.DoNow(ctx, c.Act)
		if err != nil && !errors.As(err, &known) {
			return err
		}
		refused = known
	}

	return s.db.Write(ctx, func(tx *db.Tx) error {
		if refused != nil {
			done, err := h.wasDone(tx)
			if err != nil {
				return err
			}
			if done {
				refused = nil
			}
		}
		res := tx.Delete(&HeldAct{}, "id = ?", h.ID)
		if res.Error != nil || res.RowsAffected == 0 || refused == nil {
			return res.Error
		}
		return h.audit(tx, false, "act.not_done", map[string]any{"code": refused.Code})
	})
}

// wasDone reports whether the act was done before, by a relay that did not live to say so.
func (h HeldAct) wasDone(tx *db.Tx) (bool, error) {
	chains := []string{h.SubjectID}
	if h.AccountID != nil {
		chains = append(chains, *h.AccountID)
	}
	var n int64
	err := tx.Model(&db.AuditEvent{}).
		Where("chain_id IN ? AND request_id = ?", chains, h.ID).
		Limit(1).
		Count(&n).Error
	return n > 0, err
}
