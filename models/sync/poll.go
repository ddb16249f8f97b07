package sync

import (
	"context"
	"errors"
	"reflect"
	"slices"
	stdsync "sync"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/rules/health"
)

const (
	// lease is how long a worker has a connection that it asks for itself.
	lease = 2 * time.Minute
	// claimed is how many connections a worker takes, and asks for side by side: one that is slow
	// keeps few others waiting.
	claimed = 6
	// mostPages bounds an answer that never ends.
	mostPages = 200
	// keptFor is how long changes are kept: a strip of thirty days, and as long again.
	keptFor = 60 * 24 * time.Hour
)

// PollDue asks for every connection that is due, each once, and returns how many. A worker that is
// killed leaves what it had claimed to others, two minutes later. What one connection fails with
// keeps no other from its turn.
func (s *Sync) PollDue(ctx context.Context, vendor Vendor) (polled int, err error) {
	var failures []error
	for {
		due, err := s.claim(ctx)
		if err != nil || len(due) == 0 {
			return polled, errors.Join(append(failures, err)...)
		}
		came := make([]error, len(due))
		var asking stdsync.WaitGroup
		for i, c := range due {
			asking.Go(func() { came[i] = s.poll(ctx, vendor, c) })
		}
		asking.Wait()
		if err := ctx.Err(); err != nil {
			return polled, err
		}
		failures = append(failures, came...)
		polled += len(due)
	}
}

// claim takes connections that are due, so that no other worker does.
func (s *Sync) claim(ctx context.Context) ([]Connection, error) {
	var due []Connection
	err := s.db.Write(db.WithSystem(ctx), func(tx *db.Tx) error {
		due = nil
		now := s.Now()
		skip := clause.Locking{Strength: "UPDATE", Options: "SKIP LOCKED"}
		err := db.LockWith(tx.DB, skip).
			Where("state <> ? AND next_poll_at <= ?", Off, now).
			Order("next_poll_at").Limit(claimed).Find(&due).Error
		if err != nil || len(due) == 0 {
			return err
		}
		return tx.Model(&Connection{}).
			Where("id IN ?", db.IdsOf(due, func(c Connection) string { return c.ID })).
			Update("next_poll_at", now.Add(lease)).Error
	})
	return due, err
}

// poll asks for one connection and records what came of it.
func (s *Sync) poll(ctx context.Context, vendor Vendor, c Connection) error {
	answer, err := s.ask(ctx, vendor, c)
	if trouble, ok := health.TroubleOf(err); ok {
		return s.fail(ctx, c, *trouble)
	}
	if err != nil {
		return err
	}
	return s.record(ctx, c, answer)
}

// answer is what came of asking, and which certificate was let in.
type answer struct {
	places  []health.Place
	used    string
	refused []string
}

// ask reads all pages of an answer. Where Sync refuses one certificate, the other is tried.
func (s *Sync) ask(ctx context.Context, vendor Vendor, c Connection) (answer, error) {
	var keys []Certificate
	err := s.db.Read(db.WithSystem(ctx), func(tx *db.Tx) (err error) {
		keys, err = liveCertificates(tx, c.ID)
		return err
	})
	if err != nil {
		return answer{}, err
	}

	var a answer
	err = &health.Trouble{Code: health.Refused} // where there is none that counts
	for _, key := range keys {
		pair, ok := s.pairOf(key)
		if !ok || !s.Now().Before(key.EndsAt) {
			continue
		}
		a.used = key.ID
		a.places, err = s.pages(ctx, c, func(after string) (health.Page, error) {
			return vendor.Places(ctx, c.Region, c.SyncOrg, pair, after)
		})
		trouble, ok := health.TroubleOf(err)
		if !ok || trouble.Code != health.Refused {
			return a, err
		}
		a.refused = append(a.refused, key.ID)
	}
	return a, err
}

func (s *Sync) pages(
	ctx context.Context, c Connection, next func(after string) (health.Page, error),
) ([]health.Place, error) {
	seen := map[string]int{}
	var all []health.Place
	after := ""
	for range mostPages {
		if err := s.takeRequest(ctx, c); err != nil {
			return nil, err
		}
		page, err := next(after)
		if err != nil {
			return nil, err
		}
		for _, p := range page.Places {
			if p.Kind == health.Desk {
				continue
			}
			if at, twice := seen[p.ID]; twice {
				all[at] = p
				continue
			}
			seen[p.ID] = len(all)
			all = append(all, p)
		}
		if page.Next == "" {
			return all, nil
		}
		if page.Next == after {
			break
		}
		after = page.Next
	}
	return nil, &health.Trouble{Code: health.Unexpected}
}

// takeRequest counts a request of this day; where none is left it is THROTTLED until the next.
func (s *Sync) takeRequest(ctx context.Context, c Connection) error {
	now := s.Now()
	taken := int64(0)
	err := s.db.Single(db.WithSystem(ctx), func(tx *db.Tx) error {
		made := tx.Clauses(clause.OnConflict{
			Columns: []clause.Column{{Name: "connection_id"}, {Name: "day"}},
			Where: clause.Where{Exprs: []clause.Expression{clause.Lt{
				Column: clause.Column{Table: "sync_budgets", Name: "used"},
				Value:  health.RequestsPerDay - health.SpareRequests,
			}}},
			DoUpdates: clause.Assignments(map[string]any{
				"used": gorm.Expr("sync_budgets.used + 1"),
			}),
		}).Create(&budget{ConnectionID: c.ID, AccountID: c.AccountID, Day: dayOf(now), Used: 1})
		taken = made.RowsAffected
		return made.Error
	})
	if err != nil || taken > 0 {
		return err
	}
	tomorrow := now.UTC().Truncate(24 * time.Hour).Add(24 * time.Hour)
	return &health.Trouble{Code: health.Throttled, RetryAfter: tomorrow.Sub(now)}
}

// lock locks a connection that was asked, as it is now; ok is false where what came of it counts
// no more: it is off, or another worker has asked since.
func lock(tx *db.Tx, asked Connection) (c Connection, ok bool, err error) {
	err = tx.ForUpdate().First(&c, "id = ?", asked.ID).Error
	if err != nil {
		return c, false, err
	}
	return c, c.State != Off && same(c.PolledAt, asked.PolledAt), nil
}

func same(a, b *time.Time) bool {
	return a == nil && b == nil || a != nil && b != nil && a.Equal(*b)
}

// fail records a try without an answer. Rooms stay as they are, and are shown as UNKNOWN: that
// nothing is known is no news of any of them. A refusal raises one task.
func (s *Sync) fail(ctx context.Context, asked Connection, trouble health.Trouble) error {
	return s.db.Write(db.WithSystem(ctx), func(tx *db.Tx) error {
		c, ok, err := lock(tx, asked)
		if err != nil || !ok {
			return err
		}
		now := s.Now()
		var changes []Change
		if trouble.Code == health.Refused && c.State != NeedsCertificate {
			c.State = NeedsCertificate
			changes = append(changes, c.changed(now, Refused))
			if err := tx.KeepTask(c.task(whyRefused)); err != nil {
				return err
			}
		}
		if c.State == Live && c.silent(now) && !c.silent(orNever(c.PolledAt)) {
			changes = append(changes, c.changed(now, Silent))
		}

		c.Failures++
		c.Trouble = trouble.Code
		c.PolledAt = &now
		next := health.RetryAt(now, c.Failures, trouble.RetryAfter, c.ID)
		c.NextPollAt = &next
		if err := c.storePoll(tx); err != nil {
			return err
		}
		return store(tx, changes)
	})
}

// silent reports whether the last answer was stale at an instant.
func (c Connection) silent(at time.Time) bool {
	return c.AnsweredAt != nil && at.Sub(*c.AnsweredAt) > health.Stale
}

func orNever(at *time.Time) time.Time {
	if at == nil {
		return time.Time{}
	}
	return *at
}

// Why somebody has to look after a connection.
const (
	whyRefused = "Sync no longer accepts the connection: the license is over, or the certificate " +
		"is over or deactivated."
	whyEnds = "The last certificate of the connection ends soon."
)

func (c Connection) task(why string) db.OperatorTask {
	return db.OperatorTask{
		Kind:      db.TaskSyncConnection,
		SubjectID: c.ID,
		AccountID: &c.AccountID,
		What: "Have the customer put its connection to Sync in order: nothing is known of the " +
			"rooms without it.",
		Why: why,
	}
}

func (c Connection) changed(at time.Time, what What) Change {
	return Change{
		ID:           db.NewID(db.PrefixSyncChange),
		AccountID:    c.AccountID,
		ConnectionID: c.ID,
		At:           at,
		What:         what,
		Reasons:      []health.Reason{}, // never NULL
	}
}

// storePoll writes what a poll may change of a connection.
func (c Connection) storePoll(tx *db.Tx) error {
	return tx.Model(&Connection{}).Where("id = ?", c.ID).
		Select("state", "places", "next_poll_at", "polled_at", "answered_at", "failures",
			"trouble").
		Updates(&c).Error
}

// store writes changes, a statement for many.
func store(tx *db.Tx, changes []Change) error {
	if len(changes) == 0 {
		return nil
	}
	return tx.CreateInBatches(&changes, db.RowsPerStatement(changes)).Error
}

// record records a whole answer: the rooms that changed, and what of them did. An answer that says
// nothing new writes the connection alone.
func (s *Sync) record(ctx context.Context, asked Connection, a answer) error {
	return s.db.Write(db.WithSystem(ctx), func(tx *db.Tx) error {
		c, ok, err := lock(tx, asked)
		if err != nil || !ok {
			return err
		}
		now := s.Now()
		var known []Place
		if err := tx.Find(&known, "connection_id = ?", c.ID).Error; err != nil {
			return err
		}

		changed, changes := follow(c, known, a.places, now)
		if c.State == Live && c.silent(now) && !c.silent(orNever(c.PolledAt)) {
			// Nobody asked meanwhile, so nobody noted since when nothing was known.
			changes = append(changes, c.changed(c.AnsweredAt.Add(health.Stale), Silent))
		}
		if c.State == NeedsCertificate || c.AnsweredAt == nil || c.silent(now) {
			changes = append(changes, c.changed(now, Answers))
		}
		if err := storePlaces(tx, changed); err != nil {
			return err
		}
		if err := store(tx, changes); err != nil {
			return err
		}
		if err := lookAtCertificates(tx, c, a, now); err != nil {
			return err
		}

		if dayOf(orNever(c.AnsweredAt)) != dayOf(now) { // the first answer of a day clears up
			if err := forgetOld(tx, c, now); err != nil {
				return err
			}
		}
		c.State = Live
		c.Failures = 0
		c.Trouble = ""
		c.Places = len(a.places)
		c.PolledAt = &now
		c.AnsweredAt = &now
		next := health.NextPoll(now, len(a.places), c.ID)
		c.NextPollAt = &next
		return c.storePoll(tx)
	})
}

// follow brings the rooms in line with an answer, and returns those that changed.
func follow(
	c Connection, known []Place, told []health.Place, now time.Time,
) (changed []Place, changes []Change) {
	before := orNever(c.AnsweredAt)
	at := map[string]int{}
	for i, p := range known {
		at[p.Place] = i
	}

	one := func(p Place, isNew bool, poll health.Poll, facts *health.Place, why []health.Reason) {
		was := p
		add := func(what What) *Change {
			one := c.changed(now, what)
			one.PlaceID = &was.ID
			changes = append(changes, one)
			return &changes[len(changes)-1]
		}
		if facts != nil {
			if !isNew && p.Name != facts.Name {
				add(Renamed)
			}
			if !isNew && p.PlaceGroup != facts.Group {
				add(Moved)
			}
			p.Name, p.PlaceGroup, p.Facts = facts.Name, facts.Group, *facts
		}

		course, notice := health.Step(p.course(), poll)
		p.follow(course)
		if p.State != was.State && !(isNew && p.State == health.Unknown) {
			change := add(StateChanged)
			change.Before, change.After = was.State, p.State
			change.Reasons = append(change.Reasons, why...)
		}
		if p.Flapping != was.Flapping {
			add(map[bool]What{true: BeganFlapping, false: BecameQuiet}[p.Flapping])
		}
		if (p.MissingSince == nil) != (was.MissingSince == nil) {
			add(map[bool]What{true: Returned, false: Vanished}[p.MissingSince == nil])
		}
		if notice != health.NoNotice {
			change := add(What(notice))
			change.Before, change.After = was.Told, p.Told
			change.Reasons = append(change.Reasons, why...)
		}
		if isNew || !reflect.DeepEqual(p, was) {
			p.ChangedAt = now
			changed = append(changed, p)
		}
	}

	seen := map[string]bool{}
	for _, facts := range told {
		seen[facts.ID] = true
		reading, why := health.Read(facts, health.PrimaryProducts)
		poll := health.Poll{At: now, Before: before, Reading: reading}
		i, there := at[facts.ID]
		if !there {
			one(Place{
				ID:           db.NewID(db.PrefixSyncPlace),
				AccountID:    c.AccountID,
				ConnectionID: c.ID,
				Place:        facts.ID,
				CreatedAt:    now,
			}, true, poll, &facts, why)
			continue
		}
		one(known[i], false, poll, &facts, why)
	}
	for _, p := range known {
		if !seen[p.Place] {
			one(p, false, health.Poll{At: now, Before: before, Missing: true}, nil, nil)
		}
	}
	return changed, changes
}

// storePlaces writes rooms, new and changed ones together. Which room of the account one is stays
// as it is.
func storePlaces(tx *db.Tx, places []Place) error {
	if len(places) == 0 {
		return nil
	}
	return tx.Clauses(clause.OnConflict{
		Columns: []clause.Column{{Name: "connection_id"}, {Name: "place"}},
		DoUpdates: clause.AssignmentColumns([]string{
			"name", "place_group", "facts", "state", "since", "reading", "changes", "flapping",
			"told", "unseen", "missing_since", "changed_at",
		}),
	}).CreateInBatches(&places, db.RowsPerStatement(places)).Error
}

// lookAtCertificates notes which were refused though another was let in, and alerts about the one
// that lasts longest before it ends (S29).
func lookAtCertificates(tx *db.Tx, c Connection, a answer, now time.Time) error {
	live, err := liveCertificates(tx, c.ID)
	if err != nil || len(live) == 0 {
		return err
	}
	lasts := live[0]
	for _, l := range live {
		if l.EndsAt.After(lasts.EndsAt) {
			lasts = l
		}
		at := l.RefusedAt
		switch {
		case l.ID == a.used:
			at = nil
		case at == nil && slices.Contains(a.refused, l.ID):
			at = &now
		}
		if (at == nil) == (l.RefusedAt == nil) {
			continue
		}
		err := tx.Model(&Certificate{}).Where("id = ?", l.ID).Update("refused_at", at).Error
		if err != nil {
			return err
		}
	}

	days, due := health.AlertFor(now, lasts.EndsAt, lasts.Alerted)
	switch {
	case due:
		err := tx.Model(&Certificate{}).Where("id = ?", lasts.ID).Update("alerted", days).Error
		if err != nil {
			return err
		}
		return tx.KeepTask(c.task(whyEnds))
	case lasts.Alerted == 0:
		return tx.Settle(db.TaskSyncConnection, c.ID, "it is in order")
	case c.State == NeedsCertificate: // it is let in again, and ends soon all the same
		return tx.KeepTask(c.task(whyEnds))
	}
	return nil
}

// forgetOld deletes what is kept for a while only.
func forgetOld(tx *db.Tx, c Connection, now time.Time) error {
	err := tx.Where("connection_id = ? AND at < ?", c.ID, now.Add(-keptFor)).
		Delete(&Change{}).Error
	if err != nil {
		return err
	}
	return tx.Where("connection_id = ? AND day < ?", c.ID, dayOf(now.AddDate(0, 0, -7))).
		Delete(&budget{}).Error
}
