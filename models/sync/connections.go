package sync

import (
	"context"
	"slices"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"roomcover.dev/roomcover/models/account"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/health"
)

// may refuses who may not change the rooms of an account: NOT_FOUND for an account that is not in
// scope, FORBIDDEN and REASON_REQUIRED as db.MayManage.
func (s *Sync) may(ctx context.Context, accountID, reason string) error {
	scope, err := db.ScopeFrom(ctx)
	if err != nil {
		return err
	}
	if !scope.Sees(accountID) {
		return db.NotFound()
	}
	return db.MayManage(scope, reason)
}

// manage calls fn in a transaction of the service, under the lock of the account, once the caller
// is known to be one who may change its rooms: certificates are nothing that a tenant reads.
func (s *Sync) manage(
	ctx context.Context, accountID, reason string, fn func(*db.Tx, account.Account) error,
) error {
	if err := s.may(ctx, accountID, reason); err != nil {
		return err
	}
	scope, err := db.ScopeFrom(ctx)
	if err != nil {
		return err
	}
	scope.System = true
	return s.db.Write(db.WithScope(ctx, scope), func(tx *db.Tx) error {
		acc, err := account.Lock(tx, accountID)
		if err != nil {
			return err
		}
		return fn(tx, acc)
	})
}

// change changes the connection of an account under its lock; one that has none answers NOT_FOUND.
func (s *Sync) change(
	ctx context.Context, accountID, reason string, fn func(*db.Tx, *Connection) error,
) (Connection, error) {
	var c Connection
	err := s.manage(ctx, accountID, reason, func(tx *db.Tx, acc account.Account) error {
		c = Connection{}
		err := tx.ForUpdate().First(&c, "account_id = ? AND state <> ?", acc.ID, Off).Error
		if err != nil {
			return db.Found(err)
		}
		before := c
		if err := fn(tx, &c); err != nil {
			return err
		}
		if c == before {
			return nil
		}
		c.Version++
		return tx.Model(&Connection{}).Where("id = ?", c.ID).
			Select("*").Omit("id", "account_id", "created_at", "created_by").Updates(&c).Error
	})
	return c, err
}

func (c *Connection) dueNow(now time.Time) { c.NextPollAt = &now }

func (c Connection) entry(verb string, details map[string]any, reason string) db.Entry {
	if details == nil {
		details = map[string]any{}
	}
	details["region"] = c.Region
	details["state"] = c.State
	return db.Entry{Verb: verb, ObjectID: c.ID, Details: db.WithReason(reason, details)}
}

// Connect connects an account with its Sync, once that has let the certificate in; the
// organisation is that of the certificate. Refusals, each with words: what cannot be read
// (SYNC_CERTIFICATE_UNREADABLE, SYNC_KEY_DIFFERS, SYNC_NO_ORGANISATION), what is over
// (SYNC_CERTIFICATE_EXPIRED), a region that is not configured (SYNC_REGION_UNKNOWN), what Sync
// says (SYNC_REFUSED, SYNC_THROTTLED, SYNC_UNREACHABLE), and STATE_CONFLICT where the account is
// connected already; the same certificate again changes nothing.
func (s *Sync) Connect(
	ctx context.Context, vendor Vendor, accountID string, u Upload,
) (Connection, error) {
	if err := s.may(ctx, accountID, u.Reason); err != nil {
		return Connection{}, err
	}
	r, err := readUpload(u, s.Now())
	if err != nil {
		return Connection{}, err
	}
	if !slices.Contains(vendor.Regions(), u.Region) {
		return Connection{}, rules.Refuse(UnknownRegion, "There is no such region.",
			"Choose the region in which your organization's Sync is.")
	}
	if err := try(ctx, vendor, u.Region, r); err != nil {
		return Connection{}, err
	}

	var c Connection
	err = s.manage(ctx, accountID, u.Reason, func(tx *db.Tx, acc account.Account) error {
		c = Connection{}
		var there []Connection
		err := tx.Find(&there, "account_id = ? AND state <> ?", acc.ID, Off).Error
		if err != nil {
			return err
		}
		if len(there) > 0 {
			c = there[0]
			live, err := liveCertificates(tx, c.ID)
			if err != nil || slices.ContainsFunc(live, func(l Certificate) bool {
				return l.Fingerprint == r.fingerprint
			}) {
				return err
			}
			return rules.Refuse(rules.StateConflict, "The account is connected already.",
				"Add the certificate to that connection, or disconnect it first.")
		}

		now := s.Now()
		c = Connection{
			ID:         db.NewID(db.PrefixSync),
			AccountID:  acc.ID,
			SyncOrg:    r.org,
			Region:     u.Region,
			State:      Live,
			NextPollAt: &now,
			CreatedBy:  tx.Scope.Actor.ID,
			CreatedAt:  tx.Now(),
			Version:    1,
		}
		if err := tx.Create(&c).Error; err != nil {
			return err
		}
		made := newCertificate(tx, c, u, r, 1)
		if err := tx.Create(&made).Error; err != nil {
			return err
		}
		return account.Audit(tx, acc.ID, c.entry("sync.connected", map[string]any{
			"certificate": made.ID,
			"ends":        made.EndsAt.Format(time.DateOnly),
		}, u.Reason))
	})
	return c, err
}

// Disconnect ends an account's connection, and forgets its keys and what it told. The rooms of the
// account stay as they are. Again it answers NOT_FOUND.
func (s *Sync) Disconnect(ctx context.Context, accountID, reason string) error {
	_, err := s.change(ctx, accountID, reason, func(tx *db.Tx, c *Connection) error {
		c.State = Off
		c.NextPollAt = nil
		if err := forgetKeys(tx, "connection_id = ?", c.ID); err != nil {
			return err
		}
		if err := endSecrets(tx, "connection_id = ?", c.ID); err != nil {
			return err
		}
		for _, told := range []any{&Change{}, &Place{}, &Group{}} {
			if err := tx.Where("connection_id = ?", c.ID).Delete(told).Error; err != nil {
				return err
			}
		}
		if err := tx.Settle(db.TaskSyncConnection, c.ID, "it was disconnected"); err != nil {
			return err
		}
		return account.Audit(tx, c.AccountID, c.entry("sync.disconnected", nil, reason))
	})
	return err
}

// ConnectionOf reads the connection of an account in scope; NOT_FOUND where it has none.
func (s *Sync) ConnectionOf(ctx context.Context, accountID string) (Connection, error) {
	var c Connection
	err := s.db.Read(ctx, func(tx *db.Tx) (err error) {
		c, err = connectionOf(tx, accountID)
		return err
	})
	return c, err
}

func connectionOf(tx *db.Tx, accountID string) (c Connection, err error) {
	err = tx.Scope.Accounts(tx.DB, "account_id").
		First(&c, "account_id = ? AND state <> ?", accountID, Off).Error
	return c, db.Found(err)
}

// Standing is a connection with what its page says of it.
type Standing struct {
	Connection
	Certificates []CertificateStanding // without those that were removed
	Secrets      []SecretStanding      // without those that are ended
	UsedToday    int                   // requests of this UTC day
}

// CertificateStanding is what may be seen of a certificate.
type CertificateStanding struct {
	ID        string
	EndsAt    time.Time
	CreatedAt time.Time
	Refused   bool
}

// SecretStanding is what may be seen of a secret.
type SecretStanding struct {
	ID        string
	CreatedAt time.Time
}

// StandingOf reads how an account's connection stands, for who may change its rooms. It locks
// nothing, and writes nothing.
func (s *Sync) StandingOf(ctx context.Context, accountID, reason string) (Standing, error) {
	var out Standing
	if err := s.may(ctx, accountID, reason); err != nil {
		return out, err
	}
	scope, err := db.ScopeFrom(ctx)
	if err != nil {
		return out, err
	}
	scope.System = true // certificates are nothing that a tenant reads
	err = s.db.Read(db.WithScope(ctx, scope), func(tx *db.Tx) error {
		out = Standing{}
		err := tx.First(&out.Connection, "account_id = ? AND state <> ?", accountID, Off).Error
		if err != nil {
			return db.Found(err)
		}
		live, err := liveCertificates(tx, out.ID)
		if err != nil {
			return err
		}
		for _, l := range live {
			out.Certificates = append(out.Certificates,
				CertificateStanding{l.ID, l.EndsAt, l.CreatedAt, l.RefusedAt != nil})
		}
		secrets, err := secretsOf(tx, out.ID)
		if err != nil {
			return err
		}
		for _, one := range secrets {
			if one.EndedAt == nil {
				out.Secrets = append(out.Secrets, SecretStanding{one.ID, one.CreatedAt})
			}
		}
		return tx.Model(&budget{}).
			Where("connection_id = ? AND day = ?", out.ID, dayOf(s.Now())).
			Select("used").Limit(1).Scan(&out.UsedToday).Error
	})
	return out, err
}

// PlacesOf lists the rooms that Sync tells of an account in scope, by group and name.
func (s *Sync) PlacesOf(ctx context.Context, accountID string) ([]Place, error) {
	var out []Place
	err := s.db.Read(ctx, func(tx *db.Tx) error {
		return ofConnection(tx.Scope.Accounts(tx.DB, "account_id"), accountID).
			Order("place_group, name, id").Find(&out).Error
	})
	return out, err
}

// RoomHealth is how a room of an account is, as its Sync tells.
type RoomHealth struct {
	Place
	Shown health.State
	// AsOf is when the last answer came; nil: there was none.
	AsOf *time.Time
}

// OfRooms says how those of the rooms are, by their ids, that are in scope and that Sync tells of.
func (s *Sync) OfRooms(
	ctx context.Context, roomIDs ...string,
) (map[string]RoomHealth, error) {
	out := map[string]RoomHealth{}
	if len(roomIDs) == 0 {
		return out, nil
	}
	err := s.db.Read(ctx, func(tx *db.Tx) (err error) {
		out, err = s.InRooms(tx, roomIDs...)
		return err
	})
	return out, err
}

// InRooms is OfRooms in the caller's transaction.
func (s *Sync) InRooms(tx *db.Tx, roomIDs ...string) (map[string]RoomHealth, error) {
	out := map[string]RoomHealth{}
	var places []Place
	err := tx.Scope.Accounts(tx.DB, "account_id").
		Find(&places, "room_id IN ?", roomIDs).Error
	if err != nil || len(places) == 0 {
		return out, err
	}
	var connections []Connection
	err = tx.Find(&connections, "id IN ?",
		db.IdsOf(places, func(p Place) string { return p.ConnectionID })).Error
	if err != nil {
		return out, err
	}

	byID := map[string]Connection{}
	for _, c := range connections {
		byID[c.ID] = c
	}
	for _, p := range places {
		c := byID[p.ConnectionID]
		out[*p.RoomID] = RoomHealth{p, p.ShownAt(s.Now(), c), c.AnsweredAt}
	}
	return out, nil
}

// WellSQL is the condition that a place of that alias is a room that is well, and has been for so
// long that its people are told (health.WellFor): what the last answer said, and a fresh one.
func (s *Sync) WellSQL(place string) clause.Expression {
	p := place + "."
	known := s.knownSQL(place)
	return clause.Expr{
		SQL: p + "state = ? AND " + p + "reading = ? AND NOT " + p + "flapping AND " +
			p + "since <= ? AND " + known.SQL,
		Vars: append([]any{
			health.Healthy,
			health.Healthy,
			s.Now().Add(-health.WellFor),
		}, known.Vars...),
	}
}

// RoomsShown is the condition that a row of rooms is one of which Sync tells and that is shown in
// a state now, as Place.ShownAt says it.
func (s *Sync) RoomsShown(state health.State) clause.Expression {
	known := s.knownSQL("sp")
	shown := "sp.state = ? AND " + known.SQL
	if state == health.Unknown {
		shown = "(sp.state = ? OR NOT (" + known.SQL + "))"
	}
	return clause.Expr{
		SQL: `EXISTS (
			SELECT 1
			FROM sync_places sp
			WHERE sp.room_id = rooms.id AND sp.account_id = rooms.account_id AND ` + shown + `)`,
		Vars: append([]any{state}, known.Vars...),
	}
}

// knownSQL is the condition that it is known now how a place of that alias is: it has not
// vanished, and its connection is let in and was answered lately.
func (s *Sync) knownSQL(place string) clause.Expr {
	p := place + "."
	return clause.Expr{
		SQL: p + `missing_since IS NULL AND EXISTS (
				SELECT 1
				FROM sync_connections sc
				WHERE sc.id = ` + p + `connection_id AND sc.state = ? AND sc.answered_at >= ?)`,
		Vars: []any{Live, s.fresh()},
	}
}

// ofConnection narrows to what the live connection of an account told.
func ofConnection(q *gorm.DB, accountID string) *gorm.DB {
	return q.Where(`connection_id IN (
		SELECT id FROM sync_connections WHERE account_id = ? AND state <> ?)`, accountID, Off)
}

// ChangesOf lists what changed of a place in scope since an instant, the latest first.
func (s *Sync) ChangesOf(
	ctx context.Context, placeID string, since time.Time,
) ([]Change, error) {
	var out []Change
	err := s.db.Read(ctx, func(tx *db.Tx) error {
		return tx.Scope.Accounts(tx.DB, "account_id").
			Where("place_id = ? AND at >= ?", placeID, since).
			Order("at DESC, id DESC").Limit(1000).Find(&out).Error
	})
	return out, err
}

func dayOf(at time.Time) string { return at.UTC().Format(time.DateOnly) }
