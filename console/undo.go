package console

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/notification"
	"roomcover.dev/roomcover/models/operations"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/rma"
	"roomcover.dev/roomcover/rules/spare"
	rule "roomcover.dev/roomcover/rules/ticket"
	"roomcover.dev/roomcover/web"
)

// What leaves the house is held for ten seconds, and the message that says so has a button that
// takes it back. The hold stands in the database: closing the browser or a restart neither loses
// it nor does it early. A command is held as it was given, see operations.HoldAct; a reply and a
// mail that is sent again by their own domains, since they show on their page at once.
//
// Which of the console's acts are held, and why the others are not, stands in the table of
// undo_test.go.

// heldOfRMA are the commands of a replacement that write to somebody, book a parcel or bill.
var heldOfRMA = []rma.RMACommand{
	rma.RMAApprove, rma.RMAReject, rma.RMAAppeal, rma.RMAWithdraw, rma.RMAUseSpare,
	rma.RMAAllocate, rma.RMABackorder, rma.RMAReaddress, rma.RMAShip, rma.RMAReship,
	rma.RMAInspect, rma.RMAKeepUnit, rma.RMABill, rma.RMAWaive, rma.RMATakeBack,
}

// heldOfSpare are the same of a spare unit.
var heldOfSpare = []spare.SpareCommand{
	spare.SpareSelect, spare.SpareShip, spare.SpareBill, spare.SpareWaive, spare.SpareTakeBack,
}

// heldOfTicket are the commands with a page of their own of which somebody is told.
var heldOfTicket = []rule.Command{
	rule.DoWaitRMA, rule.DoSetSeverity, rule.DoResume, rule.DoReopen, rule.DoUndoReopen,
	rule.DoCancel,
}

// isHeld reports whether an act waits for some seconds.
func isHeld(a operations.Act) bool {
	switch {
	case a.RMA != nil:
		return slices.Contains(heldOfRMA, a.RMA.Name)
	case a.Spare != nil:
		return slices.Contains(heldOfSpare, a.Spare.Name)
	case a.Ticket != nil:
		return slices.Contains(heldOfTicket, a.Ticket.Name)
	}
	return true // of orders
}

// giveAct has an act done on behalf of an account: at once, or, where it leaves the house, in
// some seconds. What refuses it now refuses it at once.
func (v *visit) giveAct(accountID string, a operations.Act) error {
	ctx := v.acting(accountID)
	if !v.holds || !isHeld(a) {
		return v.operations.DoNow(ctx, a)
	}
	h, err := v.operations.HoldAct(ctx, a)
	if err == nil && h.ID != "" { // it is not done already
		v.heldNow = append(v.heldNow, h.ID)
	}
	return err
}

// doneAct goes to a page after giveAct: with the message, or with the way to take back what is
// held.
func (v *visit) doneAct(to, message string) answer {
	return v.done(to, v.keepUndo(to, message))
}

// keepUndo offers on the page to take back what this request holds, and returns the message that
// fits.
func (v *visit) keepUndo(to, message string) string {
	if len(v.heldNow) == 0 {
		return message
	}
	v.offerUndo(v.undoHeld(to))
	return "console.flash.held"
}

// undoHeld is the address of the form that takes back what this request holds, and leads back to
// the page.
func (v *visit) undoHeld(page string) string {
	return web.Address(undoPath, url.Values{"id": v.heldNow, "back": {page}})
}

// offerUndo keeps the address of a form for the next page.
func (v *visit) offerUndo(action string) {
	until := time.Now().Add(notification.UndoFor).Unix()
	v.setValue(keyUndo, strconv.FormatInt(until, 10)+" "+action)
}

const undoPath = Root + "/undo"

// undo is the button of a message; Seconds is how long it is of use.
type undo struct {
	Action  string
	Seconds int
}

// doneUndoable is done with the way to take it back: the address of a form.
func (v *visit) doneUndoable(to, message, action string) answer {
	v.offerUndo(action)
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
		{method: post, path: undoPath, access: work, do: undoActs},
	}
}

// undoActs takes back what the address names: acts that are held, and mails that are sent again.
// What is too late says so.
func undoActs(v *visit) (answer, error) {
	ids := v.request.URL.Query()["id"]
	if len(ids) > mostAtOnce {
		return answer{}, errBadForm
	}
	undone, late := 0, 0
	for _, id := range ids {
		var err error
		if db.KindOf(id) == db.PrefixNotification {
			err = v.takeBackMail(id)
		} else {
			err = v.operations.UndoAct(v.scope(), id)
		}
		switch rules.CodeOf(err) {
		case rules.StateConflict, rules.NotFound:
			late++
			continue
		}
		if err != nil {
			return answer{}, err
		}
		undone++
	}

	message := "console.flash.actundone"
	switch {
	case undone == 0:
		message = "console.flash.acttoolate"
	case late > 0:
		message = "console.flash.actpartly"
	}
	return v.done(v.safeNext(v.query("back")), message), nil
}

// takeBackMail takes back that the operator sent a mail again.
func (v *visit) takeBackMail(id string) error {
	n, err := v.notifications.GetNotification(v.scope(), id)
	if err != nil {
		return err
	}
	return v.notifications.UndoResend(v.acting(db.Text(n.AccountID)), n.ID)
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
