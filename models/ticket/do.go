package ticket

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"roomcover.dev/roomcover/models/account"
	"roomcover.dev/roomcover/models/attachment"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/program"
	"roomcover.dev/roomcover/models/replacement"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/cover"
	rule "roomcover.dev/roomcover/rules/ticket"
)

// Command is one command on a ticket. Each command reads only the fields that are named
// after it.
type Command struct {
	Name rule.Command
	// answer, comment: required. Any other that moves the ticket, or takes a move back: what is
	// said with it, and first (S40). worse: what is worse. set_severity: why.
	Text    string
	Files   []attachment.Upload // of the text (S43)
	Channel rule.Channel        // of the text; empty: PORTAL
	Once    string              // names the text, where its caller may send it again
	// set_severity, undo_reopening, wait_for_customer: required; the others that move it
	Reason   string
	Thanks   bool           // comment: it reopens nothing (S45)
	Severity cover.Severity // set_severity: required
	Assignee *string        // assign: an operator's id; empty: nobody; nil: as it is
	Held     *string        // assign: who had it, as the caller looked at it; nil: whoever
	Team     *string        // assign: empty: none; nil: as it is
	Ticket   string         // link_duplicate: of which it is a duplicate; empty: of none any more
	User     string         // watch: a member; empty: oneself
	Unwatch  bool           // watch: not any more
	RMAID    string         // wait_for_replacement: one that there is
	RMA      *replacement.NewRMA
	Version  int64 // of what was looked at; 0: any

	// Undoable holds a public text of ours for some seconds, in which TakeBack takes it back.
	Undoable bool
	// EndsDraft says that it is what the caller had begun to write: the draft goes with it.
	EndsDraft bool

	byMail bool // a file that is not taken is named, and refuses nothing
	mail   mailOrigin
}

// Do does one command on a ticket for the caller, whose role and the ticket's state must
// allow it. Repeating a command changes nothing. What a customer says in a closed ticket
// opens one that follows it, which is returned.
//
// It refuses a command that does not exist (ACTION_NOT_AVAILABLE), a missing field
// (VALIDATION_FAILED, REASON_REQUIRED), words that the command would keep nowhere
// (VALIDATION_FAILED), another version than the one that was looked at (VERSION_MISMATCH), and
// what rule.May refuses.
func (s *Tickets) Do(ctx context.Context, name string, c Command) (Ticket, error) {
	c.Text = strings.TrimSpace(c.Text)
	c.Channel = cmp.Or(c.Channel, rule.ByPortal)
	ref, err := s.programs.Reference(ctx)
	if err != nil {
		return Ticket{}, err
	}

	var out Ticket
	err = s.db.Write(ctx, func(tx *db.Tx) (err error) {
		out, err = s.doIn(tx, ref, name, c)
		return err
	})
	return out, err
}

// doIn is Do in the caller's transaction.
func (s *Tickets) doIn(
	tx *db.Tx, ref program.Reference, name string, c Command,
) (Ticket, error) {
	role := tx.Scope.Actor.Role
	if err := MayView(role); err != nil {
		return Ticket{}, err
	}
	do, known := commands[c.Name]
	if !known {
		if _, err := get(tx, name); err != nil {
			return Ticket{}, err
		}
		return Ticket{}, rules.Refuse(rules.ActionNotAvailable, "There is no such command here.",
			"Read the ticket; its commands stand in it.")
	}

	// Who may never give the command gets no answer to it: whether it was done before, or there is
	// such a ticket.
	if err := rule.MayGive(c.Name, role); err != nil {
		return Ticket{}, err
	}

	// A replacement's request locks the account, which comes before its ticket.
	if c.Name == rule.DoWaitRMA {
		t, err := get(tx, name)
		if err != nil {
			return t, err
		}
		if _, err := account.Lock(tx, t.AccountID); err != nil {
			return t, err
		}
	}

	w, err := s.lock(tx, ref, name)
	if err != nil {
		return Ticket{}, err
	}

	if err := c.check(); err != nil {
		return Ticket{}, err
	}

	w.reason = c.Reason
	said, stands, err := w.done(c)
	if err != nil || said { // what is in the draft was begun since
		return w.Ticket, err
	}
	if c.EndsDraft {
		if err := EndDraft(tx, w.ID, false); err != nil {
			return Ticket{}, err
		}
	}
	switch {
	case stands:
		return w.Ticket, w.keptBefore(c)
	case c.Name == rule.DoComment && w.factsNow().State == rule.Closed && !isGuest(w.actor()):
		return s.openFollowing(tx, ref, w, c)
	}
	if err := w.lookedAt(c.Version); err != nil {
		return Ticket{}, err
	}
	// What is said with a command comes first, and so does what follows from it (S40).
	facts := w.factsNow()
	if c.Text != "" && c.Name != rule.DoAnswer && rule.AuthorOf(role).IsOurs() {
		facts.State = rule.AfterAnswer(facts.State)
	}
	if err := rule.May(c.Name, role, facts); err != nil {
		return Ticket{}, err
	}

	if err := do(w, c); err != nil {
		return Ticket{}, err
	}
	if w.unchanged {
		return w.Ticket, w.keptBefore(c)
	}
	if err := w.save(); err != nil {
		return Ticket{}, err
	}
	return w.Ticket, w.attach(c)
}

// commands are what each command does to a ticket that it is allowed for.
var commands = map[rule.Command]func(*change, Command) error{
	rule.DoComment:      (*change).comment,
	rule.DoAnswer:       (*change).answer,
	rule.DoWatch:        (*change).watch,
	rule.DoAskSeverity:  (*change).askSeverity,
	rule.DoAssign:       (*change).assign,
	rule.DoSetSeverity:  (*change).setSeverity,
	rule.DoLink:         (*change).linkDuplicate,
	rule.DoWaitCustomer: (*change).moveBy,
	rule.DoWaitOther:    (*change).moveBy,
	rule.DoWaitRMA:      (*change).waitForRMA,
	rule.DoResume:       (*change).moveBy,
	rule.DoResolve:      (*change).moveBy,
	rule.DoReopen:       (*change).reopenBy,
	rule.DoUndoReopen:   (*change).undoReopening,
	rule.DoCancel:       (*change).moveBy,
}

// silent are the commands with which nothing is said to the customer.
var silent = []rule.Command{rule.DoWatch, rule.DoAssign, rule.DoLink}

// nothingChanges is the code of a reason for what is so already.
const nothingChanges = "NOTHING_CHANGES"

// check holds a command's texts against their bounds.
func (c Command) check() error {
	needsText := c.Name == rule.DoComment || c.Name == rule.DoAnswer || len(c.Files) > 0
	var fields []rules.FieldError
	switch {
	case c.Text != "" && slices.Contains(silent, c.Name):
		fields = append(fields, rules.FieldError{
			Pointer: "/text",
			Code:    rules.NotTaken,
			Message: "Nothing is said with this command.",
			Remedy:  "Say it with an answer or a note, and leave it out here.",
		})
	case needsText || c.Text != "":
		fields = textProblems("/text", c.Text)
	}
	if c.Team != nil {
		fields = append(fields, rules.CheckLine("/team", *c.Team, maxTeam)...)
	}
	if !c.Channel.Valid() {
		fields = append(fields, rules.FieldError{
			Pointer: "/channel",
			Code:    "INVALID_CHANNEL",
			Message: "There is no such channel.",
			Remedy:  "Leave it out.",
		})
	}
	if err := rules.Invalid(fields); err != nil {
		return err
	}

	switch c.Name {
	case rule.DoSetSeverity, rule.DoUndoReopen, rule.DoWaitCustomer:
		return rules.CheckReason(c.Reason)
	}
	return rules.CheckOptionalReason(c.Reason)
}

// onceKey is the message's own name, where the caller gave it one. A mail is one message, whether
// its writer's proof or an operator's word brought it to the ticket.
func (c Command) onceKey(actor db.Actor) string {
	if c.Once == "" {
		return ""
	}
	by := actor.Requester()
	if c.byMail {
		by = ""
	}
	return db.HashSecret(by + "\n" + c.Once)[:26]
}

// done reports whether the command was carried out before: what it says is there, or, with
// nothing to say, the ticket stands where it leads.
func (w *change) done(c Command) (said, stands bool, err error) {
	if key := c.onceKey(w.actor()); key != "" && c.Text != "" {
		var n int64
		err := w.tx.Model(&Message{}).
			Where("ticket_id = ? AND dedupe_key = ?", w.ID, key).
			Count(&n).Error
		if err != nil || n > 0 {
			return n > 0, false, err
		}
	}

	next, leads := c.Name.Leads()
	return false, leads && next == w.State && c.Text == "", nil
}

// keptBefore refuses what a command says that finds nothing to do, so that no words are lost:
// unless it was the same command before, which kept them.
func (w *change) keptBefore(c Command) error {
	if strings.TrimSpace(c.Reason) == "" {
		return nil
	}
	kept, err := w.tx.HasReason(w.ID, c.Reason)
	if err != nil || kept {
		return err
	}
	return rules.Invalid([]rules.FieldError{{
		Pointer: "/reason",
		Code:    nothingChanges,
		Message: "The ticket stands like that already: the reason would be kept nowhere.",
		Remedy:  "Say it with an answer or a note, and leave it out here.",
	}})
}

// factsNow are what the guards ask of the ticket under its lock.
func (w *change) factsNow() rule.Facts { return w.FactsAt(w.now) }

// write adds what the caller says to the conversation.
func (w *change) write(c Command) {
	m := Message{
		AuthorKind: AuthorOf(w.actor()),
		AuthorID:   w.actor().ID,
		Channel:    c.Channel,
		Text:       c.Text,
		DedupeKey:  c.onceKey(w.actor()),
	}
	if c.Undoable && m.AuthorKind.IsOurs() {
		w.hold(&m)
	}
	c.mail.mark(&m)
	w.say(m)
	if !m.AuthorKind.IsOurs() {
		return
	}

	w.tellOf(mailPart{step: stepAnswered, text: c.Text})
	if next := rule.AfterAnswer(w.State); next != w.State {
		w.move(next, "")
	}
	if w.State == rule.PendingCustomer {
		w.waitAgain()
	}
}

// waitAgain begins the wait for the customer again, who has something new to answer: its
// reminders and its end are counted from now on. Its clocks stand still as before.
func (w *change) waitAgain() {
	w.StateSince = w.now
	w.RemindersSent = 0
}

// answer is a public text of ours. The first one opens the ticket.
func (w *change) answer(c Command) error {
	w.write(c)
	w.note("ticket.answered", map[string]any{"message": w.lastMessage()})
	return nil
}

func (w *change) lastMessage() string { return w.messages[len(w.messages)-1].ID }

// comment is a public text of the customer's side. It ends a wait for the customer, and
// reopens a resolved ticket, unless it only says thanks (S45).
func (w *change) comment(c Command) error {
	w.write(c)
	w.note("ticket.commented", map[string]any{"message": w.lastMessage()})

	next, reopened := rule.AfterComment(w.State, c.Thanks)
	switch {
	case reopened:
		if c.Channel == rule.ByMail {
			if err := w.mayReopenByMail(); err != nil {
				return err
			}
		}
		w.reopen("", c.Channel == rule.ByMail)
	case next != w.State:
		w.move(next, "")
	case c.Thanks && w.State == rule.Resolved:
		w.CustomerWaitingSince = nil
		w.happen(Thanks, EventDetails{}, nil)
	}
	return nil
}

// mayReopenByMail refuses the fourth reopening of a day by mail (S45).
func (w *change) mayReopenByMail() error {
	var before []Event
	err := w.tx.Where("ticket_id = ? AND kind = ?", w.ID, Reopened).
		Order("seq DESC").
		Limit(20).
		Find(&before).Error
	if err != nil {
		return err
	}

	t := Ticket{TimeZone: w.TimeZone}
	at := make([]time.Time, 0, len(before))
	for _, e := range before {
		if e.Details.ByMail {
			at = append(at, e.At)
		}
	}
	return rule.MayReopenByMail(at, w.now, t.Zone())
}

// moveBy brings the ticket where the command leads, behind what is said with it.
func (w *change) moveBy(c Command) error {
	said := c.Text != ""
	if said {
		w.write(c)
	}
	to, _ := c.Name.Leads()
	if to == w.State && !said {
		w.unchanged = true
		return nil
	}

	if to == w.State {
		w.WaitingReason = c.Reason // a new question
	}
	w.move(to, c.Reason)
	details := map[string]any{"state": to}
	if said {
		details["message"] = w.lastMessage()
	}
	w.note("ticket.moved", details)

	switch {
	case to == rule.Resolved && w.actor().Role.IsOperator():
		w.tellOf(mailPart{step: stepResolved})
	case to == rule.Cancelled:
		w.tellOf(mailPart{step: stepTicketCancelled})
	}
	return nil
}

// reopenBy reopens a resolved ticket by hand.
func (w *change) reopenBy(c Command) error {
	if c.Text != "" {
		w.write(c)
	}
	w.reopen(c.Reason, false)
	if !rule.AuthorOf(w.actor().Role).IsOurs() && w.CustomerWaitingSince == nil {
		w.CustomerWaitingSince = &w.now // without a word, too
	}
	w.note("ticket.reopened", nil)
	return nil
}

// undoReopening takes a reopening back: the ticket is resolved as it was, and its clocks
// stand as they stood (S45). Whoever wrote has the days of a resolved ticket again to say that
// something is left to do, and is told so.
func (w *change) undoReopening(c Command) error {
	if c.Text != "" {
		w.write(c)
	}
	w.happen(ReopeningUndone, EventDetails{Before: w.State, State: rule.Resolved, Reason: c.Reason},
		&fact{Kind: rule.EventUndone})
	resolved := w.ResolvedAt
	w.enter(rule.Resolved, "")
	if resolved != nil {
		w.ResolvedAt = resolved
	}
	w.note("ticket.reopening_undone", nil)
	w.tellOf(mailPart{step: stepResolved})
	return nil
}

// askSeverity notes that the customer finds it worse; an agent decides.
func (w *change) askSeverity(c Command) error {
	if c.Text != "" {
		w.write(c)
		if next, _ := rule.AfterComment(w.State, false); next != w.State {
			w.move(next, "")
		}
	}
	if w.WorseAskedAt != nil && c.Text == "" {
		w.unchanged = true
		return nil
	}

	if w.WorseAskedAt == nil {
		w.WorseAskedAt = &w.now
		w.happen(Worse, EventDetails{Reason: c.Reason}, nil)
	}
	w.said = true
	w.note("ticket.worse", nil)
	return w.raise(db.TaskTicketWorse,
		"Confirm a more urgent severity with its reason, or answer why it stays.",
		"The customer says that it is worse.")
}

// setSeverity changes the severity. The clocks are computed anew with the time that they
// have used (V16).
func (w *change) setSeverity(c Command) error {
	if c.Severity == w.Severity && w.WorseAskedAt != nil { // decided: it stays
		if c.Text != "" {
			w.write(c)
		}
		w.WorseAskedAt = nil
		w.note("ticket.severity_kept", nil)
		return nil
	}
	if c.Severity == w.Severity && c.Text == "" {
		w.unchanged = true
		return nil
	}
	if err := rule.CheckSeverity(int(w.Severity), int(c.Severity)); err != nil {
		return err
	}
	if c.Text != "" {
		w.write(c)
	}

	details := map[string]any{"severity_before": w.Severity, "severity": c.Severity}
	w.Severity = c.Severity
	w.WorseAskedAt = nil
	w.said = true
	w.happen(SeveritySet, EventDetails{Severity: c.Severity, Reason: c.Reason},
		&fact{Kind: rule.EventSeverity, Severity: c.Severity})
	w.note("ticket.severity", details)
	return nil
}

// assign gives the ticket to an operator, a team, or nobody.
func (w *change) assign(c Command) error {
	assignee, team := w.AssigneeID, w.Team
	if c.Assignee != nil {
		assignee = idOf(*c.Assignee)
	}
	if c.Team != nil {
		team = strings.TrimSpace(*c.Team)
	}
	if db.Text(assignee) == db.Text(w.AssigneeID) && team == w.Team {
		w.unchanged = true
		return nil
	}

	if err := w.stillHeldBy(c.Held); err != nil {
		return err
	}
	if assignee != nil && *assignee != w.actor().ID {
		var known int64
		err := w.tx.Table("operators").Where("id = ?", *assignee).Count(&known).Error
		if err != nil {
			return err
		}
		if known == 0 {
			return rules.Invalid([]rules.FieldError{{
				Pointer: "/assignee_id",
				Code:    "UNKNOWN_OPERATOR",
				Message: "There is no such operator.",
				Remedy:  "Name an operator, or leave it empty.",
			}})
		}
	}

	w.give(assignee, team)
	return nil
}

// stillHeldBy refuses to give a ticket that another operator has by now than the caller saw: of
// two who take it at once, one reads that it is the other's.
func (w *change) stillHeldBy(seen *string) error {
	if seen == nil || *seen == db.Text(w.AssigneeID) {
		return nil
	}

	var names []string
	err := w.tx.Table("operators").
		Where("id = ?", db.Text(w.AssigneeID)).
		Pluck("name", &names).Error
	if err != nil {
		return err
	}
	who := "Nobody"
	if len(names) > 0 {
		who = names[0]
	}
	refusal := rules.Refuse(
		rules.VersionMismatch, "The ticket was given to somebody else meanwhile.",
		"Look who has it, then decide.")
	refusal.Fields = []rules.FieldError{{
		Pointer: "/assignee_id",
		Code:    "CHANGED",
		Message: who + " has the ticket.",
		Remedy:  "Ask them, or take it over.",
	}}
	return refusal
}

func (w *change) give(assignee *string, team string) {
	w.AssigneeID, w.Team = assignee, team
	w.happenInside(Assigned, EventDetails{Operator: db.Text(assignee), Team: team})
	w.note("ticket.assigned", map[string]any{"operator": db.Text(assignee), "team": team})
}

// linkDuplicate links the ticket to the one that it repeats.
func (w *change) linkDuplicate(c Command) error {
	if c.Ticket == "" {
		if w.DuplicateOf == nil {
			w.unchanged = true
			return nil
		}
		w.DuplicateOf = nil
		w.happen(Duplicate, EventDetails{}, nil)
		w.note("ticket.duplicate", map[string]any{"of": ""})
		return nil
	}

	other, err := get(w.tx, c.Ticket)
	switch {
	case err != nil:
		return err
	case other.AccountID != w.AccountID:
		return db.NotFound()
	case other.ID == w.ID || db.Text(other.DuplicateOf) == w.ID:
		return rules.Refuse(rules.StateConflict, "A ticket is no duplicate of itself.",
			"Name another ticket of the account.")
	case db.Text(w.DuplicateOf) == other.ID:
		w.unchanged = true
		return nil
	}

	w.DuplicateOf = &other.ID
	w.happen(Duplicate, EventDetails{Ticket: other.ID}, nil)
	w.note("ticket.duplicate", map[string]any{"of": other.ID})
	return nil
}

// openFollowing opens the ticket that goes on with a closed one: about the same, with what
// covers it now.
func (s *Tickets) openFollowing(
	tx *db.Tx, ref program.Reference, w *change, c Command,
) (Ticket, error) {
	// Two answers to one old mail are one new ticket.
	var following []string
	err := tx.Model(&Ticket{}).
		Where("follows_id = ? AND closed_at IS NULL", w.ID).
		Order("id DESC").Limit(1).
		Pluck("id", &following).Error
	if err != nil {
		return Ticket{}, err
	}
	if len(following) > 0 {
		c.Version = 0 // it was the closed one that was looked at
		c.EndsDraft = false
		return s.doIn(tx, ref, following[0], c)
	}

	once := "follows/" + w.ID + "/" + cmp.Or(c.onceKey(w.actor()), db.HashSecret(c.Text)[:20])
	return s.open(tx, ref, NewTicket{
		RoomID:     db.Text(w.RoomID),
		DeviceID:   db.Text(w.DeviceID),
		ContractID: db.Text(w.ContractID),
		Category:   w.Category,
		Severity:   w.Severity,
		Summary:    w.Summary,
		Text:       c.Text,
		Files:      c.Files,
		Channel:    followChannel(c.Channel),
		Follows:    w.ID,
		Once:       once,
		reason:     c.Reason,
		said:       c.onceKey(w.actor()),
		byMail:     c.byMail,
		mail:       c.mail,
	})
}

// followChannel is the channel of a ticket that a reply opens: what came by mail is a reply
// to a ticket of the portal.
func followChannel(c rule.Channel) rule.Channel {
	if c.Opens() && c != rule.BySync {
		return c
	}
	return rule.ByPortal
}
