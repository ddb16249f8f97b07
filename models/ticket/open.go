package ticket

import (
	"cmp"
	"context"
	"strings"
	"time"

	"roomcover.dev/roomcover/models/account"
	"roomcover.dev/roomcover/models/attachment"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/entitlement"
	"roomcover.dev/roomcover/models/notification"
	"roomcover.dev/roomcover/models/program"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/calendar"
	"roomcover.dev/roomcover/rules/catalogue"
	"roomcover.dev/roomcover/rules/cover"
	rule "roomcover.dev/roomcover/rules/ticket"
)

// NewTicket asks for support with a room, a device or a contract.
type NewTicket struct {
	AccountID  string // may be empty: what is named tells whose it is
	RoomID     string
	DeviceID   string
	ContractID string
	Category   rule.Category
	// Usable answers whether the room can be used, from which the severity follows; an agent
	// may name the severity itself.
	Usable   rule.Usable
	Severity cover.Severity
	Summary  string // one line
	Text     string // what is wrong, in a person's words
	Files    []attachment.Upload
	Channel  rule.Channel
	// For is the member for whom an agent opens it, such as who called; else whose request it
	// is themselves.
	For     string
	Follows string // the closed ticket that it goes on with
	// Once names the request, where the caller may send it again: the same one again answers
	// with its ticket. Empty: not named.
	Once string

	mailed bool   // an operator opens it for a member who wrote a mail: see OpenFromMail
	reason string // of the command that opens it
	said   string // names its first message, which a command said; empty: nothing does
	byMail bool   // see Command
	mail   mailOrigin
}

// The greatest lengths of people's texts, in characters.
const (
	maxSummary = 120
	maxText    = 20_000
	maxTeam    = 60
)

// onceKey returns the request's name as it is stored: two callers may choose the same one.
func (n NewTicket) onceKey(actor db.Actor) *string {
	if n.Once == "" {
		return nil
	}
	key := db.HashSecret(actor.Requester() + "\n" + n.Once)[:26]
	return &key
}

func (n *NewTicket) validate(role rules.Role) error {
	n.Summary = strings.TrimSpace(n.Summary)
	n.Text = strings.TrimSpace(n.Text)

	var k rules.Checker
	if n.RoomID == "" && n.DeviceID == "" && n.ContractID == "" {
		k.Fail("/room_id", rules.Required, "Neither a room, a device nor a contract is named.",
			"Name the room that it is about.")
	}
	if !n.Category.Valid() {
		k.Fail("/category", "INVALID_CATEGORY", "There is no such category.",
			"Send SETUP, HARDWARE, SOFTWARE or QUESTION.")
	}
	switch {
	case n.Severity != 0 && !role.IsOperator():
		k.Fail("/severity", rules.Forbidden,
			"The severity follows from whether the room can be used.", "Send usable instead.")
	case n.Severity != 0 && (n.Severity < cover.Sev1 || n.Severity > cover.Sev4):
		k.Fail("/severity", rules.OutOfRange, "There is no such severity.", "Send 1 to 4.")
	case n.Severity == 0 && !n.Usable.Valid():
		k.Fail("/usable", "INVALID_USABLE", "It is not said whether the room can be used.",
			"Send NO, PARTLY or YES.")
	}
	if n.Channel == rule.ByPhone && !role.IsOperator() || !n.Channel.Opens() && !n.mailed {
		k.Fail("/channel", "INVALID_CHANNEL", "No ticket is opened this way.", "Leave it out.")
	}
	if n.For != "" && !role.IsOperator() {
		k.Fail("/for", rules.Forbidden, "Only an agent opens a ticket for somebody else.",
			"Leave it out.")
	}
	k.Text("/summary", n.Summary, maxSummary)
	k.Fields = append(k.Fields, textProblems("/text", n.Text)...)
	return rules.Invalid(k.Fields)
}

// severity is what was named, else what follows from the room's use.
func (n NewTicket) severity() cover.Severity {
	return cmp.Or(n.Severity, rule.SeverityOf(n.Category, n.Usable))
}

// textProblems holds a text of several lines against its bounds.
func textProblems(pointer, text string) []rules.FieldError {
	var k rules.Checker
	plain := strings.NewReplacer("\r\n", " ", "\n", " ", "\t", " ").Replace(text)
	k.Text(pointer, plain, maxText)
	return k.Fields
}

// Preview is what a ticket would be if it were opened now (S32): what covers it, by which
// policy it is answered, and when first.
type Preview struct {
	Covered  bool
	Answer   cover.Answer
	Hardware *cover.Answer // of a device: whether it would be replaced (R125c)
	Severity cover.Severity
	Terms    *Terms
	TimeZone string // IANA name: the room's, else the account's
	Clocks   []rule.Clock
	Rerouted bool       // JumpStart was asked, and Select answers (R32b)
	FirstDue *time.Time // when the first answer is due; nil: none is promised

	OthersOpen int64 // other open tickets of the room
	Room       entitlement.Room
	Device     entitlement.Device
}

// Preview returns what Open would do, and changes nothing. What nothing covers is no refusal
// here: the answer says why.
func (s *Tickets) Preview(ctx context.Context, n NewTicket) (Preview, error) {
	ref, err := s.programs.Reference(ctx)
	if err != nil {
		return Preview{}, err
	}

	var out Preview
	err = s.db.Read(ctx, func(tx *db.Tx) error {
		if err := rule.MayGive(rule.DoOpen, tx.Scope.Actor.Role); err != nil {
			return hidden(tx, err)
		}
		acc, err := ownerOf(tx, n, false)
		if err != nil {
			return err
		}
		out, err = s.weigh(tx, ref, n, acc, "", tx.Now())
		if err != nil || out.Room.ID == "" {
			return err
		}
		out.OthersOpen, err = othersOpen(tx, out.Room.ID, "")
		return err
	})
	return out, err
}

// hidden turns a refusal of somebody who sees no tickets into NOT_FOUND.
func hidden(tx *db.Tx, err error) error {
	if view := MayView(tx.Scope.Actor.Role); view != nil {
		return view
	}
	return err
}

// ownerOf returns the account that a ticket would be of, locked where it is to be opened.
func ownerOf(tx *db.Tx, n NewTicket, lock bool) (account.Account, error) {
	table, id := "rooms", n.RoomID
	switch {
	case n.RoomID != "":
	case n.DeviceID != "":
		table, id = "devices", n.DeviceID
	case n.ContractID != "":
		table, id = "service_contracts", n.ContractID
	default:
		return account.Account{}, db.NotFound()
	}

	if table == "service_contracts" && tx.Scope.Delegated.Limited() {
		return account.Account{}, db.NotFound() // a contract is at no site
	}

	var acc account.Account
	q := tx.Scope.Accounts(tx.DB, "id").
		Where("id = (?)", tx.Table(table).Select("account_id").Where("id = ?", id))
	if n.AccountID != "" {
		q = q.Where("id = ?", n.AccountID)
	}
	if lock {
		q = db.ForUpdate(q)
	}
	return acc, db.Found(q.First(&acc).Error)
}

// weigh asks what covers a ticket at an instant, and computes what it would be promised.
func (s *Tickets) weigh(
	tx *db.Tx, ref program.Reference, n NewTicket, acc account.Account, calendarKey string,
	at time.Time,
) (Preview, error) {
	p := Preview{Severity: n.severity(), TimeZone: acc.TimeZone}
	asked := entitlement.SupportQuestion{
		AccountID:  acc.ID,
		RoomID:     n.RoomID,
		DeviceID:   n.DeviceID,
		ContractID: n.ContractID,
	}
	covered, err := entitlement.CoverForSupport(tx, ref, asked, at, n.Category.Purpose())
	if err != nil {
		return p, err
	}

	p.Answer = covered.Answer
	p.Covered = covered.Answer.Covered
	p.Hardware = covered.Hardware
	p.Rerouted = covered.Rerouted
	p.Room = covered.Room
	p.Device = covered.Device
	if p.Room.TimeZone != "" {
		p.TimeZone = p.Room.TimeZone
	}
	if !p.Covered {
		return p, nil
	}

	if p.Terms, err = s.terms(tx, ref, acc, p, calendarKey, at); err != nil {
		return p, err
	}
	p.Clocks = rule.Clocks(p.Terms.rule(db.ZoneOf(p.TimeZone)), []rule.Event{{
		Seq:      1,
		Kind:     rule.EventOpened,
		At:       at,
		Severity: p.Severity,
	}}, at)
	for _, c := range p.Clocks {
		if c.Kind == rule.FirstResponse {
			p.FirstDue = c.DueAt
		}
	}
	return p, nil
}

// terms returns what a ticket would be promised: the policy of what covers it, those of its
// other entitlements (R32a), and the calendar of the room.
func (s *Tickets) terms(
	tx *db.Tx, ref program.Reference, acc account.Account, p Preview, calendarKey string,
	at time.Time,
) (*Terms, error) {
	zone := db.ZoneOf(p.TimeZone)
	today := rules.DateIn(at, db.ZoneOf(acc.TimeZone))
	policies := ref.Policies

	t := Terms{Rerouted: p.Rerouted}
	for _, policy := range policies {
		if policy.Code == p.Answer.SLAPolicy && policy.Version == p.Answer.SLAVersion {
			t.Policy = policy
		}
	}
	if p.Answer.Has(cover.ReasonBestPolicy) {
		for _, service := range []catalogue.ServiceType{
			catalogue.ServiceSelect, catalogue.ServiceJumpStart,
		} {
			other, ok := cover.PolicyOn(policies, service, today)
			if ok && other.Code != t.Policy.Code {
				t.Also = append(t.Also, other)
			}
		}
	}

	place := program.Site{Country: acc.Country, Region: acc.Region, TimeZone: p.TimeZone}
	if p.Room.ID != "" {
		place.Country, place.Region = p.Room.Country, p.Room.Region
	}
	workdays, known := s.programs.CalendarVersion(calendarKey)
	var err error
	if !known {
		workdays, err = s.programs.CalendarOf(tx, place)
	}
	if rules.CodeOf(err) == rules.NotFound { // no calendar is known there
		weekend := []calendar.Weekday{calendar.Saturday, calendar.Sunday}
		workdays = calendar.Calendar{Weekend: weekend, Hours: calendar.DefaultHours(weekend)}
	} else if err != nil {
		return nil, err
	}
	t.Calendar = freezeCalendar(workdays, rules.DateIn(at, zone))
	return &t, nil
}

// Open opens a ticket with what covers it now, which stays whatever happens to the contract
// later (R28d, S3). What nothing covers answers NOT_COVERED, or the code of what refuses it
// (R39c). Whoever may use tickets opens them, readers too (R55a). The same request again
// answers with its ticket.
func (s *Tickets) Open(ctx context.Context, n NewTicket) (Ticket, error) {
	scope, err := db.ScopeFrom(ctx)
	if err != nil {
		return Ticket{}, err
	}
	if err := MayView(scope.Actor.Role); err != nil {
		return Ticket{}, err
	}
	if err := rule.MayGive(rule.DoOpen, scope.Actor.Role); err != nil {
		return Ticket{}, err
	}
	n.Channel = cmp.Or(n.Channel, rule.ByPortal)
	if err := n.validate(scope.Actor.Role); err != nil {
		return Ticket{}, err
	}
	ref, err := s.programs.Reference(ctx)
	if err != nil {
		return Ticket{}, err
	}

	var out Ticket
	err = s.db.Write(ctx, func(tx *db.Tx) (err error) {
		out, err = s.open(tx, ref, n)
		return err
	})
	return out, err
}

// OpenFromMail is Open in the caller's transaction, by an operator who has read what a member
// wrote to the mailbox. A mail by itself opens none (A10): the member is named, and what nothing
// covers is refused.
func (s *Tickets) OpenFromMail(tx *db.Tx, n NewTicket) (Ticket, error) {
	role := tx.Scope.Actor.Role
	if err := rule.MayGive(rule.DoOpen, role); err != nil {
		return Ticket{}, err
	}
	if !role.IsOperator() || n.For == "" {
		return Ticket{}, rules.Refuse(rules.Forbidden,
			"A mail becomes a ticket of a member alone, and by an operator.",
			"Name the member who wrote it.")
	}

	n.Channel = rule.ByMail
	n.mailed = true
	n.byMail = true
	n.Text = mailText(n.Text)
	if err := n.validate(role); err != nil {
		return Ticket{}, err
	}
	ref, err := s.programs.ReferenceIn(tx)
	if err != nil {
		return Ticket{}, err
	}
	return s.open(tx, ref, n)
}

// openFacts are what else opening is decided by, in one statement.
type openFacts struct {
	Before  *string // the ticket that the same request opened
	Member  *string // the member whose ticket it is
	Told    *string // see toldSQL
	Admins  *string
	Follows *string
	Sync    *string // the room's open Sync ticket
	// CalendarKey is that of the room that is named; see program's calendarCache.
	CalendarKey *string
}

var openFactsSQL = `SELECT
	(SELECT id FROM tickets WHERE once_key = @once) AS before,
	(SELECT m.user_id FROM memberships m
		WHERE m.user_id = @who AND m.account_id = @account AND m.state = 'ACTIVE'
			AND m.blocked_at IS NULL) AS member,
	(SELECT u.id || '
' || u.email || '
' || u.locale FROM users u
		JOIN memberships m ON m.user_id = u.id
		WHERE u.id = @who AND m.account_id = @account AND m.state = 'ACTIVE'
			AND m.blocked_at IS NULL) AS told,
	(SELECT id FROM tickets WHERE id = @follows AND account_id = @account) AS follows,
	(SELECT id FROM tickets
		WHERE room_id = @room AND channel = 'SYNC' AND closed_at IS NULL) AS sync,
	(SELECT k.code || '@' || k.version FROM calendars k
		JOIN rooms r ON r.id = @room AND k.country = r.country AND k.region IN ('', r.region)
		ORDER BY k.region DESC LIMIT 1) AS calendar_key,
	` + notification.AdminsSQL("@account") + ` AS admins`

func (s *Tickets) open(tx *db.Tx, ref program.Reference, n NewTicket) (Ticket, error) {
	acc, err := ownerOf(tx, n, true)
	if err != nil {
		return Ticket{}, err
	}

	now := tx.Now() // not before the lock
	actor := tx.Scope.Actor
	once := n.onceKey(actor)
	who := cmp.Or(n.For, actor.ID)
	var facts openFacts
	err = tx.Raw(openFactsSQL, map[string]any{
		"once":    db.Text(once),
		"who":     who,
		"account": acc.ID,
		"follows": n.Follows,
		"room":    n.RoomID,
	}).Scan(&facts).Error
	if err != nil {
		return Ticket{}, err
	}

	var t Ticket
	switch {
	case facts.Before != nil:
		return t, tx.First(&t, "id = ?", *facts.Before).Error
	case n.Channel == rule.BySync && facts.Sync != nil:
		return t, tx.First(&t, "id = ?", *facts.Sync).Error
	case n.For != "" && facts.Member == nil:
		return t, rules.Invalid([]rules.FieldError{{
			Pointer: "/for",
			Code:    "UNKNOWN_MEMBER",
			Message: "Nobody of that id is a member of the account.",
			Remedy:  "Name an active member of the account.",
		}})
	case n.Follows != "" && facts.Follows == nil:
		return t, db.NotFound()
	}
	if n.Follows != "" && tx.Scope.Delegated.Limited() { // at a site that is delegated
		if err := db.Found(tx.Select("id").Take(&Ticket{}, "id = ?", n.Follows).Error); err != nil {
			return t, err
		}
	}

	p, err := s.weigh(tx, ref, n, acc, db.Text(facts.CalendarKey), now)
	if err != nil {
		return t, err
	}
	frozen, err := cover.Freeze(p.Answer)
	if err != nil {
		return t, notCovered(p, err)
	}

	w := &change{s: s, tx: tx, ref: ref, now: now, fresh: true, reason: n.reason}
	w.Ticket = Ticket{
		ID:              db.NewID(db.PrefixTicket),
		Number:          db.NewNumber(db.NumberOfTicket, 1),
		AccountID:       acc.ID,
		RoomID:          idOf(p.Room.ID),
		DeviceID:        idOf(n.DeviceID),
		ContractID:      idOf(n.ContractID),
		Category:        n.Category,
		Severity:        p.Severity,
		Summary:         n.Summary,
		Channel:         n.Channel,
		OpenedBy:        actor.ID,
		OpenedRole:      actor.Role,
		OpenedFor:       facts.Member,
		OpenedAt:        now,
		Frozen:          frozen,
		Terms:           p.Terms,
		PolicyCode:      p.Terms.Policy.Code,
		PolicyVersion:   p.Terms.Policy.Version,
		CalendarCode:    p.Terms.Calendar.Code,
		CalendarVersion: p.Terms.Calendar.Version,
		TimeZone:        p.TimeZone,
		State:           rule.New,
		StateSince:      now,
		LastWordAt:      now,
		FollowsID:       facts.Follows,
		OnceKey:         once,
		CreatedAt:       now,
	}
	if n.ContractID != "" && n.RoomID == "" && n.DeviceID == "" {
		w.RoomID = nil // the contract's room only said what covers it
	}
	w.AccountName = acc.LegalName
	w.RoomName = &p.Room.Name
	w.Told = facts.Told
	w.Admins = facts.Admins

	w.begin(n)
	if err := w.save(); err != nil {
		return Ticket{}, err
	}
	return w.Ticket, w.attach(Command{Files: n.Files, byMail: n.byMail})
}

// openedKey names the message with which a ticket was opened.
const openedKey = "opened"

// begin writes the first entries of the conversation.
func (w *change) begin(n NewTicket) {
	w.happen(Opened, EventDetails{
		State:    rule.New,
		Severity: w.Severity,
		Ticket:   n.Follows,
	}, &fact{Kind: rule.EventOpened, Severity: w.Severity})

	kind := rule.AuthorOf(w.actor().Role)
	author := w.actor().ID
	if kind.IsOurs() && w.OpenedFor != nil {
		// what somebody said on the telephone is theirs, and meets no clock
		kind, author = rule.FromCustomer, *w.OpenedFor
	}
	if kind.IsOurs() {
		kind, author = rule.FromCustomer, "" // of somebody whom nobody named
	}
	m := Message{
		AuthorKind: kind,
		AuthorID:   author,
		Channel:    n.Channel,
		Text:       n.Text,
		DedupeKey:  cmp.Or(n.said, openedKey),
	}
	n.mail.mark(&m)
	w.say(m)
	w.note("ticket.opened", map[string]any{
		"room":     db.Text(w.RoomID),
		"device":   db.Text(w.DeviceID),
		"contract": db.Text(w.ContractID),
		"category": w.Category,
		"severity": w.Severity,
		"policy":   w.PolicyCode,
		"cover":    w.Frozen.Entitlement.Kind,
	})
	w.tellOf(mailPart{step: stepOpened})
}

// notCovered adds to a refusal of cover why it is as it is.
func notCovered(p Preview, err error) error {
	refusal, ok := err.(*rules.Error)
	if !ok {
		return err
	}
	for _, r := range p.Answer.Reasons {
		refusal.Fields = append(refusal.Fields, rules.FieldError{
			Pointer: "/room_id",
			Code:    r.Code,
			Message: r.Message,
			Remedy:  refusal.Remedy,
		})
	}
	return refusal
}

func idOf(id string) *string {
	if id == "" {
		return nil
	}
	return &id
}
