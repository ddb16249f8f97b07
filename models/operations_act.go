package models

import (
	"context"
	"slices"
	"strings"

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
var taskActions = map[TaskKind][]string{
	TaskReviewOrder:         {ActAccept, ActReject},
	TaskMailUndeliverable:   {ActResend, ActClose},
	TaskMailUnknown:         {ActResend, ActMarkDelivered, ActClose},
	TaskInvitationUnclaimed: {ActReissue, ActClose},
	TaskInvitationRequested: {ActReissue, ActClose},
	TaskProcessStuck:        {ActRetry, ActClose},
	TaskOutboxStuck:         {ActRetry, ActClose},
	TaskSweepLate:           {ActClose},
	TaskSerialClaimed:       {ActMove, ActRefuse},

	TaskShipmentContradicted: {ActClose},

	TaskCalendarNoHolidays:    {ActClose},
	TaskCalendarNoWorkingTime: {ActClose},

	TaskWarrantyUnmatched: {ActLink, ActRefuse},
	TaskWarrantyClaimed:   {ActLink, ActRefuse},

	TaskAssignCSM: {ActAssign, ActClose},

	TaskDecideRMA:    {ActClose},
	TaskRMALate:      {ActClose},
	TaskRMASilent:    {ActClose},
	TaskRMAWrongUnit: {ActClose},
	TaskRMAFee:       {ActClose},

	TaskChooseSpare: {ActClose},
	TaskSpareFee:    {ActClose},
}

// actionNeeds is what a role needs for an action beyond working on tasks.
var actionNeeds = map[string]rules.Capability{
	ActLink:    rules.ReviewOrders,
	ActAccept:  rules.ReviewOrders,
	ActReject:  rules.ReviewOrders,
	ActReissue: rules.ManageUsers,
	ActAssign:  rules.AssignCSM,
}

// ActionsOf lists what an operator can do with a task of the kind; nothing where there
// is no such kind.
func ActionsOf(kind TaskKind) []string { return taskActions[kind] }

// TaskAction is what an operator does with a task. Each action reads only the fields
// that are named after it.
type TaskAction struct {
	Name        string
	Reason      string // accept, reject, reissue, assign, close: required
	AccountID   string // accept: where the order matches several accounts; link: whose warranty it is
	StartsOn    string // link: first day of a claimed warranty
	LastDay     string // link: last covered day of a claimed warranty
	Email       string // reissue: another person's address
	ContactName string // reissue: another person's name
	CSMID       string // assign
}

// Act does one of a task's actions, which closes the task, and returns the task.
//
// It refuses an action that the task does not have (ACTION_NOT_AVAILABLE), a role that
// may not do it (FORBIDDEN) and a task that is done already (STATE_CONFLICT); the other
// refusals are those of what is done.
func (s *Store) Act(ctx context.Context, taskID string, a TaskAction) (OperatorTask, error) {
	scope, err := ScopeFrom(ctx)
	if err != nil {
		return OperatorTask{}, err
	}
	t, err := s.GetTask(ctx, taskID)
	if err != nil {
		return OperatorTask{}, err
	}

	needs, special := actionNeeds[a.Name]
	switch {
	case !slices.Contains(ActionsOf(t.Kind), a.Name):
		return t, rules.Refuse(rules.ActionNotAvailable,
			"This task has no such action.", "Read the task for its actions.")
	case special && !rules.Allows(scope.Actor.Role, needs).Allowed():
		return t, rules.Refuse(rules.Forbidden, "The token's role may not do this.", "Ask an agent.")
	case t.State == TaskDone:
		return t, rules.Refuse(rules.StateConflict,
			"This task is done already.", "Read the task again to see how it was resolved.")
	}

	if err := s.act(ctx, t, a); err != nil {
		return t, err
	}
	return s.GetTask(ctx, taskID)
}

func (s *Store) act(ctx context.Context, t OperatorTask, a TaskAction) error {
	switch a.Name {
	case ActAccept:
		return s.decideReview(ctx, t, a, true)
	case ActReject:
		return s.decideReview(ctx, t, a, false)
	case ActLink:
		return s.decideEarlierWarranty(ctx, t, a, true)
	case ActRefuse:
		if t.Kind == TaskSerialClaimed {
			return s.decideSerialClaim(ctx, t, a, false)
		}
		return s.decideEarlierWarranty(ctx, t, a, false)
	case ActMove:
		return s.decideSerialClaim(ctx, t, a, true)
	case ActAssign:
		_, err := s.AssignCSM(ctx, CSMAssignment{AccountID: t.SubjectID, CSMID: a.CSMID, Reason: a.Reason})
		return err
	case ActRetry:
		return s.RetryProcess(ctx, t.ID)
	case ActResend:
		return s.closeAfter(ctx, t, a, s.ResendMail(ctx, t.SubjectID))
	case ActMarkDelivered:
		return s.closeAfter(ctx, t, a, s.MailDelivered(ctx, t.SubjectID))
	case ActReissue:
		return s.closeAfter(ctx, t, a, s.reissueAsked(ctx, t, a))
	default: // close
		return s.closeAfter(ctx, t, a, needReason(a.Reason))
	}
}

func (s *Store) decideReview(ctx context.Context, t OperatorTask, a TaskAction, accept bool) error {
	_, err := s.DecideOrder(ctx, t.SubjectID, Decision{Accept: accept, Reason: a.Reason, AccountID: a.AccountID})
	return err
}

func (s *Store) decideEarlierWarranty(ctx context.Context, t OperatorTask, a TaskAction, link bool) error {
	_, err := s.DecideWarranty(ctx, t.SubjectID, WarrantyDecision{
		Link:      link,
		AccountID: a.AccountID,
		StartsOn:  a.StartsOn,
		LastDay:   a.LastDay,
		Reason:    a.Reason,
	})
	return err
}

func (s *Store) decideSerialClaim(ctx context.Context, t OperatorTask, a TaskAction, move bool) error {
	_, err := s.DecideClaim(ctx, t.SubjectID, move, a.Reason)
	return err
}

func (s *Store) reissueAsked(ctx context.Context, t OperatorTask, a TaskAction) error {
	if err := needReason(a.Reason); err != nil {
		return err
	}
	_, err := s.Reissue(ctx, t.SubjectID, a.Email, strings.TrimSpace(a.ContactName), a.Reason)
	return err
}

// closeAfter closes the task with a note, unless what was done closed it already or
// was refused.
func (s *Store) closeAfter(ctx context.Context, t OperatorTask, a TaskAction, refused error) error {
	if refused != nil {
		return refused
	}
	note := a.Name
	if a.Reason != "" {
		note += ": " + a.Reason
	}
	_, err := s.ResolveTask(ctx, t.ID, note)
	if rules.CodeOf(err) == rules.StateConflict {
		return nil
	}
	return err
}

func needReason(reason string) error {
	if strings.TrimSpace(reason) == "" {
		return rules.ReasonMissing("This needs a reason.")
	}
	return nil
}
