package replacement

import (
	"strconv"
	"time"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/models/logistics"
	"roomcover.dev/roomcover/models/notification"
	"roomcover.dev/roomcover/rules"
)

// change is one change under way, in one transaction, of a subject that a workflow
// follows: an RMA or a spare unit. It gathers what the change writes to the audit, to
// mails, to the subject's workflow and to readers outside. Its owner writes all of that
// once the subject is stored: see rmaChange.save and spareUnitChange.save.
type change struct {
	s  *Replacements
	tx *db.Tx

	now time.Time

	subjectID    string
	label        string           // "rma" or "spare": names it in the audit of what belongs to it
	reason       string           // why, in the words of who asked; goes into the audit
	fresh        bool             // the subject is new
	statusBefore db.ProcessStatus // what its workflow was told last; zero where it is new
	quiet        bool             // the workflow itself asked, and learns of it from the answer
	askCarrier   bool             // the carrier has to be asked about the subject's parcels
	feeWithdrawn bool             // a fee that was billed had no ground

	entries []db.Entry
	mails   []stepMail
	events  []db.OutboxEvent
}

// stepMail is one step about which the customer and the site's contact get a mail. The
// epoch makes it one mail to each.
type stepMail struct {
	step   string
	epoch  string
	params map[string]any
}

// note adds an entry about the subject to its audit, with the reason of who asked.
func (c *change) note(verb string, details map[string]any) {
	if details == nil {
		details = map[string]any{}
	}

	c.entries = append(c.entries, db.Entry{
		Verb:     verb,
		ObjectID: c.subjectID,
		Details:  db.WithReason(c.reason, details),
	})
}

// noteOf adds an entry about something that belongs to the subject, such as its device,
// to the subject's audit.
func (c *change) noteOf(verb, id string, details map[string]any) {
	details[c.label] = c.subjectID
	c.entries = append(c.entries, db.Entry{Verb: verb, ObjectID: id, Details: details})
}

// noteStock adds entries of the stock's ledger to the subject's audit.
func (c *change) noteStock(entries ...logistics.StockEntry) {
	for _, e := range entries {
		c.noteOf(logistics.StockVerb(e.Kind), e.DepotID, map[string]any{
			"model":    e.ModelCode,
			"quantity": e.Quantity,
		})
	}
}

// mail asks for a mail about a step, once: the version of the subject makes each step
// its own.
func (c *change) mail(step string, params map[string]any) {
	version := c.statusBefore.Version + 1
	c.mailOnce(step, step+"/"+strconv.FormatInt(version, 10), params)
}

// mailOnce asks for a mail about a step, once per epoch.
func (c *change) mailOnce(step, epoch string, params map[string]any) {
	c.mails = append(c.mails, stepMail{step: step, epoch: epoch, params: params})
}

// event adds an event for readers outside of the service, such as finance. Each kind of
// event happens once to a subject.
func (c *change) event(kind db.OutboxKind, why string) { c.eventOnce(kind, why, why) }

// eventOnce is event, once per epoch.
func (c *change) eventOnce(kind db.OutboxKind, why, epoch string) {
	c.events = append(
		c.events, db.NewOutboxEvent(kind, c.subjectID, epoch, map[string]string{"why": why}),
	)
}

// askedByCustomer reports whether the change was asked for in a customer's place. Only such
// changes may come without end; what the desk, carriers and timers do has an end of its own.
func (c *change) askedByCustomer() bool {
	role := c.tx.Scope.Actor.Role
	return role == rules.CustomerAdmin || role == rules.PartnerAdmin
}

// queueMails writes one mail for each step and person, and to the contact of a site as many
// as it may get on a day of what a customer asks for; params returns what the mail of a step
// may show.
func (c *change) queueMails(
	template string, accountID *string, people []notification.Recipient, params func(
		stepMail,
	) map[string]any,
) error {
	var mails []notification.Notification
	for _, m := range c.mails {
		shown := params(m)
		for _, p := range people {
			if p.Typed && accountID != nil && c.askedByCustomer() {
				allowed, err := identity.MayMailSite(c.tx, *accountID, p.Email)
				if err != nil {
					return err
				}
				if !allowed { // the administrators are told
					continue
				}
			}

			mails = append(mails, notification.Notification{
				Template:  template,
				SubjectID: c.subjectID,
				Recipient: p.Email,
				Epoch:     m.epoch,
				AccountID: accountID,
				Locale:    p.Locale,
				Params:    shown,
			})
		}
	}

	return notification.Queue(c.tx, mails...)
}

// audit writes the entries behind the end of the subject's chain. The first one shows
// the state before and after, where it is another one.
func (c *change) audit(accountID *string, end db.ChainEnd, before, after any) error {
	if len(c.entries) == 0 {
		return nil
	}
	if before != after {
		first := c.entries[0].Details
		first["before"], first["after"] = before, after
	}

	return c.tx.ExtendAudit(c.subjectID, accountID, end.Last(), c.entries...)
}

// statusNow returns what the subject's workflow does next; st is what the row says.
func (c *change) statusNow(st db.ProcessStatus) db.ProcessStatus {
	st.Mails = len(c.mails) > 0
	st.Parcels = c.askCarrier
	return st
}

// tell writes the gathered events to the outbox, and one for the subject's workflow
// where this change matters to it.
func (c *change) tell(kind db.OutboxKind, row db.ProcessStatus) error {
	st := c.statusNow(row)
	if !c.quiet && (c.fresh || st.Matters(c.statusBefore)) {
		c.events = append(c.events, st.Event(kind, c.subjectID))
	}

	if len(c.events) == 0 {
		return nil
	}
	return c.tx.Enqueue(c.events...)
}

// runDue does what is due in the order in which it was to be done, and reports whether
// anything was. next returns what is to be done next, and when: it is asked again after each
// step, since what was missed, as while nothing ran, is done late, and what comes after it
// waits for the days that people are owed.
func (c *change) runDue(next func() (at time.Time, do func() error, ok bool)) (bool, error) {
	for changed := false; ; changed = true {
		at, do, ok := next()
		if !ok || c.now.Before(at) {
			return changed, nil
		}
		if err := do(); err != nil {
			return false, err
		}
	}
}

// happened returns an instant as it is stored; a zero one, and one that lies a little
// ahead, stand for now.
func (c *change) happened(at time.Time) time.Time {
	if at.IsZero() || at.After(c.now) {
		at = c.now
	}
	return at.UTC().Truncate(time.Microsecond)
}
