package console

import (
	"cmp"
	"strconv"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/mailbox"
	"roomcover.dev/roomcover/models/notification"
	"roomcover.dev/roomcover/models/operations"
	"roomcover.dev/roomcover/models/order"
	"roomcover.dev/roomcover/models/replacement"
	"roomcover.dev/roomcover/models/ticket"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/cover"
	"roomcover.dev/roomcover/rules/rma"
	rule "roomcover.dev/roomcover/rules/ticket"
	"roomcover.dev/roomcover/web"
)

// What can be done with many orders, mails, requests, tickets or replacements of a list at once.
// Each line is done for the state that was seen of it, on behalf of its own customer; what leaves
// the house is held, and the page that names the outcome takes all of it back.

// nobodyHas stands, as the state of a ticket that was seen, for one that nobody has taken.
const nobodyHas = "-"

var (
	rejectOrders = bulkAct{
		name:   "reject",
		label:  "console.many.order.reject",
		says:   "console.many.order.reject.says",
		icon:   "circle-x",
		needs:  may(rules.ReviewOrders),
		danger: true,
		fields: reasonOnce,
		check:  checkOrders,
		do: func(v *visit, l bulkLine) error {
			return v.giveAct(l.AccountID, operations.Act{
				SubjectID: l.ID,
				Decision:  &order.Decision{Version: seenVersion(l), Reason: v.typedText("reason")},
			})
		},
	}
	resendMails = bulkAct{
		name:  "resend",
		label: "console.mails.do.resend",
		says:  "console.many.mail.resend.says",
		icon:  "send",
		needs: may(rules.WorkTasks),
		check: checkMails,
		do:    resendOne,
	}
	spamItems = bulkAct{
		name:   "spam",
		label:  "console.inbox.act.spam",
		says:   "console.inbox.says.spam",
		icon:   "ban",
		needs:  may(rules.WorkTasks),
		danger: true,
		check:  checkItems,
		do:     markOneSpam,
	}
	giveTickets = bulkAct{
		name:  "give",
		label: "console.task.give",
		says:  "console.many.ticket.give.says",
		icon:  "user-check",
		needs: may(rules.WorkTasks),
		fields: func(v *visit) ([]web.Field, error) {
			f, err := v.colleagueField()
			return []web.Field{f}, err
		},
		check: func(v *visit, ids []string) ([]bulkLine, error) {
			return v.checkTickets(rule.DoAssign, ids)
		},
		do: func(v *visit, l bulkLine) error {
			to, held := v.form("operator"), l.Seen
			if held == nobodyHas {
				held = ""
			}
			_, err := v.tickets.Do(v.acting(l.AccountID), l.ID, ticket.Command{
				Name:     rule.DoAssign,
				Assignee: &to,
				Held:     &held,
			})
			return err
		},
	}
	gradeTickets = bulkAct{
		name:   "severity",
		label:  "console.ticketact.set_severity",
		says:   "console.ticketact.set_severity.says",
		icon:   "flag",
		needs:  may(rules.WorkTasks),
		fields: severityOnce,
		check: func(v *visit, ids []string) ([]bulkLine, error) {
			return v.checkTickets(rule.DoSetSeverity, ids)
		},
		do: gradeOne,
	}
	approveReplacements = bulkAct{
		name:   "approve",
		label:  "console.rma.approve",
		says:   "console.many.rma.approve.says",
		icon:   "check",
		needs:  may(rules.DecideRMA),
		fields: approvalOnce,
		check:  checkApprovals,
		do: func(v *visit, l bulkLine) error {
			return v.giveAct(l.AccountID, operations.Act{
				SubjectID: l.ID,
				RMA: &replacement.ReplacementCommand{
					Name:            rma.RMAApprove,
					Version:         seenVersion(l),
					DefectConfirmed: v.form("defect") == "yes",
					Reason:          v.typedText("reason"),
				},
			})
		},
	}
)

// seenVersion is the version of a line that was seen; a text that is none is no version that
// there is.
func seenVersion(l bulkLine) int64 {
	n, err := strconv.ParseInt(l.Seen, 10, 64)
	if err != nil || n < 1 {
		return -1
	}
	return n
}

// reasonOnce asks for one reason for all lines.
func reasonOnce(v *visit) ([]web.Field, error) {
	f := v.reasonField()
	f.Value = v.form("reason")
	return []web.Field{f}, nil
}

func checkOrders(v *visit, ids []string) ([]bulkLine, error) {
	found, _, err := v.orders.ListOrders(v.scope(), order.OrderFilter{
		IDs:  ids,
		Page: db.Page{Limit: mostAtOnce},
	})
	var lines []bulkLine
	for _, o := range found {
		l := bulkLine{
			ID:        o.ID,
			Seen:      v.version(o.Version),
			AccountID: db.Text(o.AccountID),
			Name:      o.PONumber,
			Small:     o.Payload.EndCustomer.Company,
			Link:      orderPath(o.ID),
		}
		if o.State != rules.OrderNeedsReview {
			l.Refused = rules.Refuse(rules.StateConflict, "The order is not in review.",
				"Read the order again to see its state.")
		}
		lines = append(lines, l)
	}
	return lines, err
}

func checkMails(v *visit, ids []string) ([]bulkLine, error) {
	found, _, err := v.notifications.ListNotifications(v.scope(), notification.NotificationFilter{
		IDs:  ids,
		Page: db.Page{Limit: mostAtOnce},
	})
	var lines []bulkLine
	for _, n := range found {
		l := bulkLine{
			ID:        n.ID,
			Seen:      mailSeen(n),
			AccountID: db.Text(n.AccountID),
			Name:      v.templateName(n.Template),
			Small:     n.Recipient,
			Link:      mailsPath + "/" + n.ID,
		}
		if n.State != rules.NotificationUnknown && n.State != rules.NotificationHardBounced {
			l.Refused = rules.Refuse(rules.StateConflict,
				"Only a mail that failed or whose fate is unknown can be sent again.",
				"Read the mail's state again.")
		}
		lines = append(lines, l)
	}
	return lines, err
}

// resendOne sends one of many mails again, in some seconds. One that was sent again since it was
// seen, and has not left, is what was asked for.
func resendOne(v *visit, l bulkLine) error {
	n, err := v.notifications.GetNotification(v.scope(), l.ID)
	if err != nil {
		return err
	}
	if n.State == rules.NotificationQueued && n.HeldUntil != nil {
		return nil
	}
	if mailSeen(n) != l.Seen {
		return db.TaskMoved()
	}
	err = v.notifications.ResendMailSoon(v.acting(l.AccountID), n.ID)
	if err == nil {
		v.heldNow = append(v.heldNow, n.ID)
	}
	return err
}

func checkItems(v *visit, ids []string) ([]bulkLine, error) {
	found, _, err := v.mailbox.ListItems(v.scope(), mailbox.ItemFilter{
		IDs:  ids,
		Page: db.Page{Limit: mostAtOnce},
	})
	var lines []bulkLine
	for _, i := range found {
		l := bulkLine{
			ID:        i.ID,
			Seen:      v.version(i.Version),
			AccountID: db.Text(i.AccountID),
			Name:      v.inboxKind(i.Kind),
			Small:     v.senderOf(i),
			Link:      inboxItemPath(i.ID),
		}
		if !i.IsOpen() {
			l.Refused = rules.Refuse(rules.StateConflict, "This mail is decided already.",
				"Read it again to see how.")
		}
		lines = append(lines, l)
	}
	return lines, err
}

func markOneSpam(v *visit, l bulkLine) error {
	_, err := v.mailbox.MarkSpam(v.acting(l.AccountID), l.ID, seenVersion(l))
	if err == nil {
		return nil
	}
	item, read := v.mailbox.GetItem(v.scope(), l.ID)
	if read == nil && item.State == mailbox.ItemSpam && item.DecidedBy == v.who.ID {
		return nil // the form came twice
	}
	return err
}

// checkTickets says of each ticket what would refuse the command.
func (v *visit) checkTickets(c rule.Command, ids []string) ([]bulkLine, error) {
	found, _, err := v.tickets.List(v.scope(), ticket.Filter{
		IDs:  ids,
		Page: db.Page{Limit: mostAtOnce},
	})
	var lines []bulkLine
	for _, t := range found {
		l := bulkLine{
			ID:        t.ID,
			Seen:      v.version(t.Version),
			AccountID: t.AccountID,
			Name:      t.Number,
			Small:     web.Joined(t.Summary, t.AccountName),
			Link:      ticketPath(t.Number),
			Refused:   rule.May(c, v.who.Role, t.FactsAt(v.now)),
		}
		if c == rule.DoAssign {
			l.Seen = cmp.Or(db.Text(t.AssigneeID), nobodyHas)
		}
		lines = append(lines, l)
	}
	return lines, err
}

// severityOnce asks for the severity of all chosen tickets, and why.
func severityOnce(v *visit) ([]web.Field, error) {
	f := web.Field{
		Name:     "severity",
		Label:    v.language.Say("console.ticketfield.severity"),
		Kind:     "choice",
		Value:    v.form("severity"),
		Required: true,
	}
	for _, s := range []cover.Severity{cover.Sev1, cover.Sev2, cover.Sev3, cover.Sev4} {
		value := strconv.Itoa(int(s))
		f.Offer(value, v.severityName(s), value == f.Value)
	}
	reason, err := reasonOnce(v)
	return append([]web.Field{f}, reason...), err
}

// gradeOne sets the severity of one of many tickets; one that has it is left as it is.
func gradeOne(v *visit, l bulkLine) error {
	n, err := strconv.Atoi(v.form("severity"))
	if err != nil {
		return errBadForm
	}
	t, err := v.tickets.Get(v.scope(), l.ID)
	if err != nil || t.Severity == cover.Severity(n) && t.WorseAskedAt == nil {
		return err
	}
	return v.giveAct(l.AccountID, operations.Act{
		SubjectID: l.ID,
		Ticket: &ticket.Command{
			Name:     rule.DoSetSeverity,
			Severity: cover.Severity(n),
			Reason:   v.typedText("reason"),
			Version:  seenVersion(l),
		},
	})
}

// approvalOnce asks, for all chosen replacements, whether their defects are confirmed, and for a
// reason.
func approvalOnce(v *visit) ([]web.Field, error) {
	f := web.Field{
		Name:     "defect",
		Label:    v.language.Say("console.rmafield.defect"),
		Kind:     "choice",
		Value:    v.form("defect"),
		Required: true,
	}
	f.Offer("", v.say("console.rmafield.defect.open"), f.Value == "")
	f.Offer("yes", v.say("console.rmafield.defect.confirmed"), f.Value == "yes")
	reason, err := reasonOnce(v)
	reason[0].Required = false
	return append([]web.Field{f}, reason...), err
}

func checkApprovals(v *visit, ids []string) ([]bulkLine, error) {
	found, _, err := v.replacements.Desk(v.scope(), replacement.DeskFilter{
		IDs:  ids,
		Page: db.Page{Limit: mostAtOnce},
	})
	var lines []bulkLine
	for _, r := range found {
		lines = append(lines, bulkLine{
			ID:        r.ID,
			Seen:      v.version(r.Version),
			AccountID: r.AccountID,
			Name:      r.Name(),
			Small:     web.Joined(v.pieces(r.RMA), r.FaultySerial, r.AccountName),
			Link:      replacementPath(r.Name()),
			Refused:   rma.MayRMA(rma.RMAApprove, v.who.Role, r.RMAFacts, v.now),
		})
	}
	return lines, err
}
