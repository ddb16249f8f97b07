package ticket

import (
	"context"
	"errors"

	"roomcover.dev/roomcover/messages"
	"roomcover.dev/roomcover/models/account"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/program"
	"roomcover.dev/roomcover/models/sync"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/health"
	rule "roomcover.dev/roomcover/rules/ticket"
)

// Codes of refusals of help with a room (R55c).
const (
	RoomHealthy   = "ROOM_HEALTHY"
	RoomUnknown   = "ROOM_HEALTH_UNKNOWN" // Sync has not told of it for a while
	RoomNotInSync = "ROOM_NOT_IN_SYNC"    // no place of Sync is this room
)

// Help asks for help with a room that Sync says is down.
type Help struct {
	AccountID string // may be empty: the room tells whose it is
	RoomID    string
	Text      string // what somebody adds in their words; may be empty
	Locale    string // of what is written for them; empty: the account's
	Once      string // see NewTicket
}

// about is the ticket that the help is asked for with.
func (h Help) about() NewTicket {
	return NewTicket{
		AccountID: h.AccountID,
		RoomID:    h.RoomID,
		Category:  rule.Hardware,
		Channel:   rule.BySync,
		Once:      h.Once,
	}
}

// usableIn is whether a room can be used that is in such a state.
func usableIn(state health.State) rule.Usable {
	if state == health.Offline {
		return rule.UsableNo
	}
	return rule.UsablePartly
}

// helpRefused says why no help is asked for by one click with a room; nil: it may be.
func helpRefused(facts RoomFacts, known bool) error {
	switch {
	case !known:
		return rules.Refuse(RoomNotInSync, "Sync does not tell of this room.",
			"Open a ticket in your own words, or say which room of Sync this is.")
	case facts.State == health.Healthy:
		return rules.Refuse(RoomHealthy, "Sync says that the room is healthy.",
			"Open a ticket in your own words if something is wrong all the same.")
	case !facts.State.Bad():
		return rules.Refuse(RoomUnknown, "Sync does not say how the room is just now.",
			"Open a ticket in your own words, or look at the connection to Sync.")
	}
	return nil
}

// HelpOffer is whether help with a room is asked for by one click now.
type HelpOffer struct {
	Facts   RoomFacts
	Refusal string  // the code of why help is not asked for by one click; empty: it is
	Open    *Ticket // the room's open ticket from Sync: that one is the answer; nil: there is none
}

// HelpLook is what asking for help with a room would do now.
type HelpLook struct {
	HelpOffer
	Preview
	Known bool   // Sync tells of the room
	Link  string // the signed part of one that Sync carries; empty: it does not tell of the room
}

// HelpOffered returns whether help with a room in scope is asked for by one click now, of which
// Sync tells that it is in a state; without what it would be promised: see LookAtHelp.
func (s *Tickets) HelpOffered(
	ctx context.Context, roomID string, shown health.State,
) (out HelpOffer, err error) {
	err = s.db.Read(ctx, func(tx *db.Tx) (err error) {
		out, err = helpOffered(tx, roomID, RoomFacts{State: shown}, true)
		return err
	})
	return out, err
}

// helpOffered is what is offered with a room of which Sync tells such facts; known is false where
// it does not tell of the room.
func helpOffered(
	tx *db.Tx, roomID string, facts RoomFacts, known bool,
) (out HelpOffer, err error) {
	if err := MayView(tx.Scope.Actor.Role); err != nil {
		return out, err
	}
	out.Facts = facts
	if refusal := helpRefused(facts, known); refusal != nil {
		out.Refusal = rules.CodeOf(refusal)
	}
	if known {
		out.Open, err = openSyncTicket(tx, roomID)
	}
	return out, err
}

// LookAtHelp returns what AskForHelp would do with a room in scope, and changes nothing. What
// nothing covers is no refusal here: the answer says why. A foreign room answers NOT_FOUND.
func (s *Tickets) LookAtHelp(ctx context.Context, accountID, roomID string) (HelpLook, error) {
	ref, err := s.programs.Reference(ctx)
	if err != nil {
		return HelpLook{}, err
	}

	var out HelpLook
	err = s.db.Read(ctx, func(tx *db.Tx) error {
		out = HelpLook{}
		if err := rule.MayGive(rule.DoOpen, tx.Scope.Actor.Role); err != nil {
			return hidden(tx, err)
		}
		n := Help{AccountID: accountID, RoomID: roomID}.about()
		acc, err := ownerOf(tx, n, false)
		if err != nil {
			return err
		}
		facts, known, err := s.factsNow(tx, roomID)
		if err != nil {
			return err
		}
		if out.HelpOffer, err = helpOffered(tx, roomID, facts, known); err != nil {
			return err
		}
		out.Known = known
		n.Usable = usableIn(out.Facts.State)
		if out.Preview, err = s.weigh(tx, ref, n, acc, "", tx.Now()); err != nil {
			return err
		}
		if out.Known {
			out.Link = s.signHelpLink(acc.ID, out.Facts.place)
		}
		return nil
	})
	return out, err
}

// openSyncTicket is the ticket from Sync of a room in scope that is not over; nil: there is none.
func openSyncTicket(tx *db.Tx, roomID string) (*Ticket, error) {
	var open []Ticket
	err := tx.Scope.Accounts(tx.DB, "account_id").
		Limit(1).
		Find(&open, "room_id = ? AND channel = ? AND closed_at IS NULL", roomID, rule.BySync).Error
	if err != nil || len(open) == 0 {
		return nil, err
	}
	return &open[0], nil
}

// AskForHelp opens a ticket about a room that Sync says is down, with a snapshot of how it is
// (R55d). made reports whether this call did: a room has one open ticket from Sync (R55e), which
// is the answer to everybody who asks again, and to the same request at any time. One that is
// resolved is worked on again, with a snapshot of now. Whoever may open tickets may, readers too
// (R55a).
//
// It refuses a room of which Sync does not tell (ROOM_NOT_IN_SYNC), one that is healthy
// (ROOM_HEALTHY) or of which nothing is known (ROOM_HEALTH_UNKNOWN), and what Open refuses.
func (s *Tickets) AskForHelp(ctx context.Context, h Help) (t Ticket, made bool, err error) {
	scope, err := db.ScopeFrom(ctx)
	if err != nil {
		return t, false, err
	}
	if err := MayView(scope.Actor.Role); err != nil {
		return t, false, err
	}
	if err := rule.MayGive(rule.DoOpen, scope.Actor.Role); err != nil {
		return t, false, err
	}
	ref, err := s.programs.Reference(ctx)
	if err != nil {
		return t, false, err
	}

	err = s.db.Write(ctx, func(tx *db.Tx) (err error) {
		t, made, err = s.help(tx, ref, h)
		return err
	})
	return t, made, err
}

func (s *Tickets) help(
	tx *db.Tx, ref program.Reference, h Help,
) (t Ticket, made bool, err error) {
	n := h.about()
	// The account's lock has everybody who asks wait for the first; the unique key would refuse
	// a second ticket without it, too.
	acc, err := ownerOf(tx, n, true)
	if err != nil {
		return t, false, err
	}
	if key := n.onceKey(tx.Scope.Actor); key != nil {
		var before []Ticket
		err := tx.Scope.Accounts(tx.DB, "account_id").
			Limit(1).Find(&before, "once_key = ?", *key).Error
		if err != nil || len(before) > 0 {
			return append(before, t)[0], false, err
		}
	}

	facts, known, err := s.factsNow(tx, h.RoomID)
	if err != nil {
		return t, false, err
	}
	refusal := helpRefused(facts, known)
	open, err := openSyncTicket(tx, h.RoomID)
	if err != nil {
		return t, false, err
	}
	if open != nil {
		t, n.Follows, err = s.helpAgain(tx, ref, open.ID, facts, refusal)
		if err != nil || n.Follows == "" {
			return t, false, err
		}
	}
	if refusal != nil {
		return t, false, refusal
	}

	n.Usable = usableIn(facts.State)
	h.word(&n, facts, acc)
	if err := n.validate(tx.Scope.Actor.Role); err != nil {
		return t, false, err
	}
	if t, err = s.open(tx, ref, n); err != nil {
		return t, false, err
	}
	return t, true, keepSnapshot(tx, t, facts)
}

// helpAgain answers somebody who asks for help with a room that has an open ticket from Sync. One
// that is resolved is reopened; follows names one whose time is over, which is closed for it.
func (s *Tickets) helpAgain(
	tx *db.Tx, ref program.Reference, id string, facts RoomFacts, refusal error,
) (t Ticket, follows string, err error) {
	w, err := s.lock(tx, ref, id)
	if err != nil {
		return t, "", err
	}
	if w.State != rule.Resolved {
		return w.Ticket, "", nil
	}
	if refusal != nil {
		return t, "", refusal
	}

	if w.FactsAt(w.now).State == rule.Closed {
		w.move(rule.Closed, "")
		w.note("ticket.closed", nil)
		w.tellOf(mailPart{step: stepClosed})
		return t, w.ID, w.save()
	}
	w.reopen("", false)
	w.CustomerWaitingSince = &w.now
	w.note("ticket.reopened", map[string]any{"room": w.RoomID})
	if err := w.save(); err != nil {
		return t, "", err
	}
	return w.Ticket, "", keepSnapshot(tx, w.Ticket, facts)
}

// longestRoom bounds the name of a room in the summary of its ticket.
const longestRoom = 80

// word writes what the ticket is about in the reader's language.
func (h Help) word(n *NewTicket, facts RoomFacts, acc account.Account) {
	locale := h.Locale
	if locale == "" {
		locale = acc.Locale
	}
	say := messages.In(locale)
	room := []rune(facts.Room)
	room = room[:min(len(room), longestRoom)]
	n.Summary = say.Say("ticket.sync.summary."+string(facts.State),
		messages.Args{"room": string(room)})
	n.Text = h.Text
	if n.Text == "" {
		n.Text = say.Say("ticket.sync.text." + string(facts.State))
	}
}

// NoteRecoveries says in the conversation of each open ticket from Sync that its room is well
// again, once for each time that it is, and returns in how many. It closes nothing (S57). A room
// that has been well for a while counts, as for its people; rows say of which it was said, so that
// a caller that is killed leaves the rest to the next.
func (s *Tickets) NoteRecoveries(ctx context.Context) (noted int, err error) {
	var due []string
	err = s.db.Read(db.WithSystem(ctx), func(tx *db.Tx) error {
		return tx.Table("tickets AS t").
			Joins("JOIN sync_places p ON p.room_id = t.room_id").
			Where("t.channel = ? AND t.closed_at IS NULL AND t.state <> ?",
				rule.BySync, rule.Resolved).
			Where("(t.room_well_since IS NULL OR t.room_well_since <> p.since)").
			Where(s.sync.WellSQL("p")).
			Order("t.id").Limit(mostRecoveries).
			Pluck("t.id", &due).Error
	})
	if err != nil || len(due) == 0 {
		return 0, err
	}
	ref, err := s.programs.Reference(db.WithSystem(ctx))
	if err != nil {
		return 0, err
	}

	var failures []error
	for _, id := range due {
		said := false
		err := s.db.Write(db.WithSystem(ctx), func(tx *db.Tx) (err error) {
			said, err = s.noteRecovery(tx, ref, id)
			return err
		})
		if said {
			noted++
		}
		failures = append(failures, err) // one that fails keeps no other from its turn
	}
	return noted, errors.Join(failures...)
}

// mostRecoveries bounds how many tickets are looked at in one turn.
const mostRecoveries = 200

func (s *Tickets) noteRecovery(tx *db.Tx, ref program.Reference, id string) (bool, error) {
	w, err := s.lock(tx, ref, id)
	if err != nil {
		return false, err
	}
	if w.State.Over() || w.State == rule.Resolved {
		return false, nil
	}
	var well []sync.Place
	err = tx.Table("sync_places AS p").Select("p.*").
		Where("p.room_id = ?", w.RoomID).
		Where(s.sync.WellSQL("p")).
		Limit(1).Find(&well).Error
	if err != nil || len(well) == 0 {
		return false, err
	}
	since := well[0].Since
	if w.RoomWellSince != nil && w.RoomWellSince.Equal(since) {
		return false, nil
	}

	w.RoomWellSince = &since
	w.happen(RoomWell, EventDetails{Since: &since}, nil)
	w.note("ticket.room_well", map[string]any{"room": w.RoomID})
	return true, w.save()
}
