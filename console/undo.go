package console

import (
	"strconv"
	"strings"
	"time"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/notification"
	"roomcover.dev/roomcover/rules"
)

// What leaves the house is held for ten seconds, and the message that says it was done has a
// button that takes it back. The hold is the domain's, in the database: closing the browser or
// a restart neither loses it nor sends it early.

// undo is the button of a message; Seconds is how long it is of use.
type undo struct {
	Action  string
	Seconds int
}

// doneUndoable is done with the way to take it back: the address of a form.
func (v *visit) doneUndoable(to, message, action string) answer {
	until := time.Now().Add(notification.UndoFor).Unix()
	v.setValue(keyUndo, strconv.FormatInt(until, 10)+" "+action)
	return v.done(to, message)
}

// takeUndo reads once what can be taken back; nil: nothing, or no longer.
func (v *visit) takeUndo() *undo {
	at, action, _ := strings.Cut(v.takeValue(keyUndo), " ")
	until, err := strconv.ParseInt(at, 10, 64)
	left := time.Until(time.Unix(until, 0))
	if err != nil || left <= 0 {
		return nil
	}
	return &undo{Action: action, Seconds: int(left.Seconds()) + 1}
}

func undoRoutes() []route {
	work := may(rules.WorkTasks)
	return []route{
		{method: post, path: mailsPath + "/:id/undo", access: work, do: undoResend},
		{method: post, path: ticketsPath + "/:id/undo", access: work, do: undoReply},
	}
}

// undoReply takes back the operator's last reply to a ticket: what was written is in the form
// again. Too late says so.
func undoReply(v *visit) (answer, error) {
	t, err := v.tickets.Get(v.scope(), v.param("id"))
	if err != nil {
		return answer{}, err
	}
	err = v.tickets.TakeBack(v.acting(t.AccountID), t.ID)
	if rules.CodeOf(err) == rules.StateConflict {
		return v.done(ticketPath(t.Number), "console.flash.replytoolate"), nil
	}
	if err != nil {
		return answer{}, err
	}
	return v.done(ticketPath(t.Number), "console.flash.replyundone"), nil
}

func undoAddress(mailID string) string { return mailsPath + "/" + mailID + "/undo" }

// undoResend takes back that the operator sent a mail again. Too late says so.
func undoResend(v *visit) (answer, error) {
	n, err := v.notifications.GetNotification(v.scope(), v.param("id"))
	if err != nil {
		return answer{}, err
	}
	back := mailsPath + "/" + n.ID
	err = v.notifications.UndoResend(v.acting(db.Text(n.AccountID)), n.ID)
	if rules.CodeOf(err) == rules.StateConflict {
		return v.done(back, "console.flash.undotoolate"), nil
	}
	if err != nil {
		return answer{}, err
	}
	return v.done(back, "console.flash.undone"), nil
}
