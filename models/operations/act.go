package operations

import (
	"context"
	"slices"
	"strings"
	"time"

	"roomcover.dev/roomcover/models/account"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/models/order"
	"roomcover.dev/roomcover/models/warranty"
	"roomcover.dev/roomcover/rules"
)

// The actions that operators do with tasks.
const (
	ActAccept        = "accept"
	ActReject        = "reject"
	ActResend        = "resend"
	ActMarkDelivered = "mark_delivered"
	ActReissue       = "reissue"
	ActRetry         = "retry"
	ActMove          = "move"
	ActLink          = "link"
	ActRefuse        = "refuse"
	ActAssign        = "assign"
	ActClose         = "close"
)

// taskActions lists what an operator can do with each kind of task. Most kinds can be
// closed by hand, with a note.
var taskActions = map[db.TaskKind][]string{
	db.TaskReviewOrder:         {ActAccept, ActReject},
	db.TaskMailUndeliverable:   {ActResend, ActClose},
	db.TaskMailUnknown:         {ActResend, ActMarkDelivered, ActClose},
	db.TaskInvitationUnclaimed: {ActReissue, ActClose},
	db.TaskInvitationRequested: {ActReissue, ActClose},
	db.TaskDecideContact:       {ActAccept, ActRefuse},
	db.TaskProcessStuck:        {ActRetry, ActClose},
	db.TaskOutboxStuck:         {ActRetry, ActClose},
	db.TaskSweepLate:           {ActClose},
	db.TaskSweepFailed:         {ActClose},
	db.TaskSerialClaimed:       {ActMove, ActRefuse},

	db.TaskShipmentContradicted: {ActClose},

	db.TaskCalendarNoHolidays:    {ActClose},
	db.TaskCalendarNoWorkingTime: {ActClose},

	db.TaskWarrantyUnmatched: {ActLink, ActRefuse},
	db.TaskWarrantyClaimed:   {ActLink, ActRefuse},

	db.TaskOneParent:   {ActClose},
	db.TaskNearAccount: {ActClose},

	db.TaskAssignCSM: {ActAssign, ActClose},

	db.TaskDecideRMA:     {ActClose},
	db.TaskRMALate:       {ActClose},
	db.TaskRMASilent:     {ActClose},
	db.TaskAwaitingStock: {ActClose},
	db.TaskRMAWrongUnit:  {ActClose},
	db.TaskRMAFee:        {ActClose},

	db.TaskLabelUnreadable: {ActClose},

	db.TaskChooseSpare: {ActClose},
	db.TaskSpareFee:    {ActClose},

	db.TaskTicket:      {ActClose},
	db.TaskTicketWorse: {ActClose},

	db.TaskBreakGlass: {ActClose},

	db.TaskNoAdminReachable: {ActClose},
	db.TaskSignInEnds:       {ActClose},
	db.TaskSyncConnection:   {ActClose},

	db.TaskIncident:     {ActClose},
	db.TaskPrivacyTexts: {ActClose},

	db.TaskMailboxRequest: {ActClose},
}

// actionNeeds is the capability that an action asks for beyond working on tasks.
var actionNeeds = map[string]rules.Capability{
	ActLink:    rules.ReviewOrders,
	ActAccept:  rules.ReviewOrders,
	ActReject:  rules.ReviewOrders,
	ActReissue: rules.ManageUsers,
	ActAssign:  rules.AssignCSM,
}

// ActionsOf lists what an operator can do with a task of the kind; nothing where there
// is no such kind.
func ActionsOf(kind db.TaskKind) []string { return taskActions[kind] }

// mayAct refuses, with FORBIDDEN, an action with a task that the actor's role may not do.
func mayAct(actor db.Actor, t db.OperatorTask, action string) error {
	needs, special := actionNeeds[action]
	switch {
	case !rules.Allows(actor.Role, rules.WorkTasks).Allowed(),
		special && !rules.Allows(actor.Role, needs).Allowed():
		return rules.Refuse(rules.Forbidden, "The token's role may not do this.",
			"Ask an agent.")
	case t.Kind == db.TaskBreakGlass && !rules.Allows(actor.Role, rules.ManageOperators).Allowed():
		return rules.Refuse(rules.Forbidden, "Only a lead closes this task.", "Ask a lead.")
	}
	return nil
}

// MayAct refuses, with FORBIDDEN, an action with a task that the actor may not do: by their
// role, and, for an emergency sign-in, by who they are.
func (s *Operations) MayAct(ctx context.Context, t db.OperatorTask, action string) error {
	scope, err := db.ScopeFrom(ctx)
	if err != nil {
		return err
	}
	if err := mayAct(scope.Actor, t, action); err != nil || t.Kind != db.TaskBreakGlass {
		return err
	}
	_, err = s.closesOwnEmergency(ctx, scope.Actor, t)
	return err
}

// emergencyAlone is after how long a lead who is the only one closes the task about their own
// emergency sign-in.
const emergencyAlone = 24 * time.Hour

// closesOwnEmergency reports whether an actor is about to close the task about their own
// emergency sign-in. Another lead closes it; only where there is none, who signed in does,
// once a day has passed and the emergency is over: a password that was used and found by
// somebody else opens nothing any more by then, and what was done stands in the audit.
func (s *Operations) closesOwnEmergency(
	ctx context.Context, actor db.Actor, t db.OperatorTask,
) (bool, error) {
	e, err := identity.NewOperators(s.db).EmergencyOf(ctx, t.SubjectID, actor.ID)
	if err != nil || !e.Own {
		return false, err
	}
	if e.OtherLeads > 0 || e.Armed || s.db.Now().Sub(t.CreatedAt) < emergencyAlone {
		return true, rules.Refuse(rules.Forbidden,
			"Who signed in does not close this task.",
			"Ask another lead. Where there is none, close it a day after the sign-in, "+
				"once the emergency sign-in is disarmed.")
	}
	return true, nil
}

// TaskAction is what an operator does with a task. Each action reads only the fields
// that are named after it.
type TaskAction struct {
	Name string
	// Seen is the state of the task that was looked at (OperatorTask.Seen); empty: any.
	Seen   string
	Reason string // accept, reject, reissue, assign, close: required
	// accept, reject of an order: the version that was looked at, required
	Version int64
	// accept: where the order matches several accounts; link: whose warranty it is
	AccountID string
	// accept: what the person whom an order names is invited as (S15)
	InviteAs rules.InviteAs
	// accept: that person's mail domain is the account's own (S15)
	RecordDomain bool

	StartsOn string // link: first day of a claimed warranty
	LastDay  string // link: last covered day of a claimed warranty
	// reissue: another person's address; accept with InviteAs or RecordDomain: the address
	// of the person whom the order names
	Email       string
	ContactName string // reissue: another person's name
	CSMID       string // assign
	Undoable    bool   // resend: the mail leaves so late that it can be taken back
}

// SubjectVersions returns the versions of the orders that open tasks ask to decide on, by
// their ids: a decision says which one it is about.
func (s *Operations) SubjectVersions(
	ctx context.Context, tasks []db.OperatorTask,
) (map[string]int64, error) {
	var ids []string
	for _, t := range tasks {
		if t.Kind == db.TaskReviewOrder && t.State == db.TaskOpen {
			ids = append(ids, t.SubjectID)
		}
	}

	if len(ids) == 0 {
		return nil, nil
	}
	return s.orders.Versions(ctx, ids)
}

// Act does one of a task's actions, which closes the task, and returns the task.
//
// It refuses an action that the task does not have (ACTION_NOT_AVAILABLE), a role that
// may not do it (FORBIDDEN) and a task that is done already (STATE_CONFLICT); the other
// refusals are those of what is done.
func (s *Operations) Act(
	ctx context.Context, taskID string, a TaskAction,
) (db.OperatorTask, error) {
	t, err := s.db.GetTask(ctx, taskID)
	if err != nil {
		return db.OperatorTask{}, err
	}

	if err := s.refuses(ctx, t, a); err != nil {
		return t, err
	}

	if err := s.act(ctx, t, a); err != nil {
		return t, err
	}

	return s.db.GetTask(ctx, taskID)
}

// refuses says why an action with a task is refused before anything is done.
func (s *Operations) refuses(ctx context.Context, t db.OperatorTask, a TaskAction) error {
	if !slices.Contains(ActionsOf(t.Kind), a.Name) {
		return rules.Refuse(rules.ActionNotAvailable,
			"This task has no such action.", "Read the task for its actions.")
	}
	if err := s.MayAct(ctx, t, a.Name); err != nil {
		return err
	}
	switch {
	case a.Seen != "" && a.Seen != t.Seen():
		return db.TaskMoved()
	case t.State == db.TaskDone:
		return db.TaskIsDone()
	}
	return nil
}

func (s *Operations) act(ctx context.Context, t db.OperatorTask, a TaskAction) error {
	switch a.Name {
	case ActAccept:
		if t.Kind == db.TaskDecideContact {
			return s.answerContact(ctx, t, a, true)
		}
		return s.decideReview(ctx, t, a, true)
	case ActReject:
		return s.decideReview(ctx, t, a, false)
	case ActLink:
		return s.decideEarlierWarranty(ctx, t, a, true)
	case ActRefuse:
		switch t.Kind {
		case db.TaskSerialClaimed:
			return s.decideSerialClaim(ctx, t, a, false)
		case db.TaskDecideContact:
			return s.answerContact(ctx, t, a, false)
		}
		return s.decideEarlierWarranty(ctx, t, a, false)
	case ActMove:
		return s.decideSerialClaim(ctx, t, a, true)
	case ActAssign:
		_, err := s.accounts.AssignCSM(ctx, account.CSMAssignment{
			AccountID: t.SubjectID,
			CSMID:     a.CSMID,
			Reason:    a.Reason,
		})
		return err
	case ActRetry:
		return s.RetryProcess(ctx, t.ID)
	case ActResend:
		resend := s.notifications.ResendMail
		if a.Undoable {
			resend = s.notifications.ResendMailSoon
		}
		return s.closeAfter(ctx, t, a, resend(ctx, t.SubjectID))
	case ActMarkDelivered:
		return s.closeAfter(ctx, t, a, s.notifications.MailDelivered(ctx, t.SubjectID))
	case ActReissue:
		return s.closeAfter(ctx, t, a, s.reissueAsked(ctx, t, a))
	default: // close
		if err := s.mayClose(ctx, t); err != nil {
			return err
		}
		if err := needReason(a.Reason); err != nil {
			return err
		}
		if t.Kind == db.TaskBreakGlass {
			return s.closeEmergency(ctx, t, a)
		}
		return s.closeAfter(ctx, t, a, nil)
	}
}

// closeEmergency closes the task about an emergency sign-in. Where nobody else could look at
// it, the audit says so: with the closing or not at all, and once.
func (s *Operations) closeEmergency(
	ctx context.Context, t db.OperatorTask, a TaskAction,
) error {
	scope, err := db.ScopeFrom(ctx)
	if err != nil {
		return err
	}
	alone, err := s.closesOwnEmergency(ctx, scope.Actor, t)
	if err != nil {
		return err
	}
	err = s.db.Write(ctx, func(tx *db.Tx) error {
		if _, err := tx.ResolveTask(t.ID, a.resolution()); err != nil {
			return err
		}
		return tx.Audit(t.SubjectID, nil, false, db.Entry{
			Verb:     "operator.emergency_looked_at",
			ObjectID: t.SubjectID,
			Details:  db.WithReason(a.Reason, map[string]any{"task": t.ID, "alone": alone}),
		})
	})
	if rules.CodeOf(err) == rules.StateConflict { // somebody else has just closed it
		return nil
	}
	return err
}

func (s *Operations) decideReview(
	ctx context.Context, t db.OperatorTask, a TaskAction, accept bool,
) error {
	_, err := s.orders.DecideOrder(ctx, t.SubjectID, order.Decision{
		Version:      a.Version,
		Accept:       accept,
		Reason:       a.Reason,
		AccountID:    a.AccountID,
		InviteAs:     a.InviteAs,
		RecordDomain: a.RecordDomain,
		Email:        a.Email,
	})
	return err
}

func (s *Operations) answerContact(
	ctx context.Context, t db.OperatorTask, a TaskAction, confirm bool,
) error {
	_, err := s.people.AnswerContact(ctx, t.SubjectID, identity.ContactAnswer{
		Confirm:      confirm,
		Role:         identity.MemberRole(a.InviteAs),
		Reason:       a.Reason,
		RecordDomain: a.RecordDomain,
	})
	return err
}

func (s *Operations) decideEarlierWarranty(
	ctx context.Context, t db.OperatorTask, a TaskAction, link bool,
) error {
	_, err := s.warranties.DecideWarranty(ctx, t.SubjectID, warranty.WarrantyDecision{
		Link:      link,
		AccountID: a.AccountID,
		StartsOn:  a.StartsOn,
		LastDay:   a.LastDay,
		Reason:    a.Reason,
	})
	return err
}

func (s *Operations) decideSerialClaim(
	ctx context.Context, t db.OperatorTask, a TaskAction, move bool,
) error {
	_, err := s.entitlements.DecideClaim(ctx, t.SubjectID, move, a.Reason)
	return err
}

func (s *Operations) reissueAsked(ctx context.Context, t db.OperatorTask, a TaskAction) error {
	if err := needReason(a.Reason); err != nil {
		return err
	}
	_, err := s.people.Reissue(ctx, t.SubjectID, a.Email, strings.TrimSpace(a.ContactName),
		a.Reason)
	return err
}

// closeAfter closes the task with a note, unless the action was refused or closed the
// task itself.
func (s *Operations) closeAfter(
	ctx context.Context, t db.OperatorTask, a TaskAction, refused error,
) error {
	if refused != nil {
		return refused
	}
	_, err := s.db.ResolveTask(ctx, t.ID, a.resolution())
	if rules.CodeOf(err) == rules.StateConflict {
		return nil
	}

	return err
}

// undecided are the kinds of tasks about a decision that has a command of its own, with what
// says that it is still to be taken. Closed by hand they would leave a customer or an erased
// person waiting, and nobody who knows of it.
var undecided = map[db.TaskKind]string{
	db.TaskDecideRMA: `SELECT EXISTS (SELECT 1 FROM rmas WHERE id = ? AND closed_at IS NULL
		AND (state = 'REQUESTED' OR outbound = 'SWAPPED' AND approved_at IS NULL))`,
	db.TaskAwaitingStock: `SELECT EXISTS (SELECT 1 FROM (
			SELECT id FROM rmas
			WHERE closed_at IS NULL AND outbound IN ('APPROVED', 'BACKORDERED')
			UNION ALL
			SELECT id FROM spare_units
			WHERE state IN ('APPROVED', 'REPLENISHING') AND shipped_at IS NULL
		) AS waiting WHERE id = ?)`,
	db.TaskRMAFee: `SELECT EXISTS (SELECT 1 FROM rmas WHERE id = ? AND closed_at IS NULL
		AND state IN ('OVERDUE', 'INSPECTED'))`,
	db.TaskSpareFee: `SELECT EXISTS (SELECT 1 FROM spare_units WHERE id = ?
		AND state = 'RECALL_REQUESTED' AND fee_asked_at IS NOT NULL)`,
	db.TaskTicket: `SELECT EXISTS (SELECT 1 FROM tickets WHERE id = ? AND closed_at IS NULL
		AND turn = 'US')`,
	db.TaskPrivacyTexts: `SELECT EXISTS (SELECT 1 FROM privacy_requests
		WHERE id = ? AND state = 'DECIDE')`,
	db.TaskIncident: `SELECT EXISTS (SELECT 1 FROM incidents
		WHERE id = ? AND closed_at IS NULL)`,
	db.TaskMailboxRequest: `SELECT EXISTS (SELECT 1 FROM inbox_items
		WHERE id = ? AND state = 'OPEN')`,
}

// mayClose refuses, with STATE_CONFLICT, to close a task by hand whose decision is still to be
// taken.
func (s *Operations) mayClose(ctx context.Context, t db.OperatorTask) error {
	query := undecided[t.Kind]
	if query == "" {
		return nil
	}

	var open bool
	err := s.db.Read(ctx, func(tx *db.Tx) error {
		return tx.Raw(query, t.SubjectID).Scan(&open).Error
	})
	if err != nil || !open {
		return err
	}
	return rules.Refuse(rules.StateConflict,
		"What the task asks for is still to be decided.",
		"Decide it at what the task is about, such as the replacement, the spare unit, "+
			"the ticket, the mail, the request or the incident: the task closes by itself.")
}

// resolution is what a task that was closed by the action says of it.
func (a TaskAction) resolution() string {
	if a.Reason == "" {
		return a.Name
	}
	return a.Name + ": " + a.Reason
}

func needReason(reason string) error {
	if strings.TrimSpace(reason) == "" {
		return rules.ReasonMissing("This needs a reason.")
	}
	return nil
}
