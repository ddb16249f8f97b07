package identity

import (
	"cmp"
	"context"
	"strings"
	"time"

	"gorm.io/gorm/clause"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/notification"
	"roomcover.dev/roomcover/rules"
)

// signInPlace is where a user signed in from: a network or a browser, as a keyed hash. Its
// times are real time.
type signInPlace struct {
	UserID      string    `gorm:"primaryKey"`
	Kind        placeKind `gorm:"primaryKey"`
	PlaceHash   string    `gorm:"primaryKey"`
	FirstSeenAt time.Time
	LastSeenAt  time.Time
}

type placeKind string

const (
	placeNetwork placeKind = "NETWORK"
	placeBrowser placeKind = "BROWSER"
)

// placeKept is how long a place is remembered that is not used.
const placeKept = 180 * 24 * time.Hour

// Place is where somebody signs in from, or tries to.
type Place struct {
	Network string // rules.Network of the address
	Browser string // the secret that the browser keeps; empty: it has none
	Label   string // browser and system, for the notice
}

// rows are the place as it is stored for a user.
func (p Place) rows(tx *db.Tx, userID string) []signInPlace {
	now := db.RealNow()
	row := func(kind placeKind, text string) signInPlace {
		return signInPlace{
			UserID:      userID,
			Kind:        kind,
			PlaceHash:   tx.Secrets().PlaceHash(userID, string(kind)+"\x00"+text),
			FirstSeenAt: now,
			LastSeenAt:  now,
		}
	}

	out := []signInPlace{row(placeNetwork, p.Network)}
	if p.Browser != "" {
		out = append(out, row(placeBrowser, p.Browser))
	}
	return out
}

// knownKinds returns which parts of the place the user signed in from before.
func knownKinds(tx *db.Tx, userID string, p Place) (network, browser bool, err error) {
	for _, row := range p.rows(tx, userID) {
		var n int64
		err := tx.Model(&signInPlace{}).
			Where("user_id = ? AND kind = ? AND place_hash = ?", userID, row.Kind, row.PlaceHash).
			Count(&n).Error
		if err != nil {
			return false, false, err
		}

		network = network || n > 0 && row.Kind == placeNetwork
		browser = browser || n > 0 && row.Kind == placeBrowser
	}

	return network, browser, nil
}

// KnowsPlace reports whether the user signed in before from the network, and whether with
// the browser. An unknown user knows no place; the question costs the same.
func (s *People) KnowsPlace(
	ctx context.Context, userID string, p Place,
) (network, browser bool, err error) {
	err = s.db.Read(db.WithSystem(ctx), func(tx *db.Tx) (err error) {
		network, browser, err = knownKinds(tx, userID, p)
		return err
	})
	return network, browser, err
}

// SignedIn records that a user signed in: the place is known from now on, the audit has
// an entry, and a mail tells the person of a browser that was not used before, except at
// the very first sign-in. p has the browser's secret as it keeps it from now on; known is
// the one that it came with, empty for none.
func (s *People) SignedIn(ctx context.Context, userID string, p Place, known string) error {
	return s.db.Write(db.WithSystem(ctx), func(tx *db.Tx) error {
		var u User
		if err := tx.ForUpdate().First(&u, "id = ?", userID).Error; err != nil {
			return db.Found(err)
		}

		came := p
		came.Browser = known
		network, browser, err := knownKinds(tx, userID, came)
		if err != nil {
			return err
		}

		var places int64
		err = tx.Model(&signInPlace{}).Where("user_id = ?", userID).Limit(1).Count(&places).Error
		if err != nil {
			return err
		}
		if err := keepPlace(tx, userID, p); err != nil {
			return err
		}

		if places > 0 && !browser {
			if err := tellUser(tx, u, "NEW_SIGN_IN", p.Label); err != nil {
				return err
			}
		}

		return tx.ActingAs(userID, "USER").Audit(userID, nil, false, db.Entry{
			Verb:     "user.signed_in",
			ObjectID: userID,
			Details:  map[string]any{"known_network": network, "known_browser": browser},
		})
	})
}

// keepPlace remembers a place of a user.
func keepPlace(tx *db.Tx, userID string, p Place) error {
	rows := p.rows(tx, userID)
	return tx.Clauses(clause.OnConflict{
		Columns:   []clause.Column{{Name: "user_id"}, {Name: "kind"}, {Name: "place_hash"}},
		DoUpdates: clause.AssignmentColumns([]string{"last_seen_at"}),
	}).Create(&rows).Error
}

// RememberPlace keeps a place of a user who has just proved to own the mailbox.
func (s *People) RememberPlace(ctx context.Context, userID string, p Place) error {
	return s.db.Write(db.WithSystem(ctx), func(tx *db.Tx) error {
		return keepPlace(tx, userID, p)
	})
}

// auditedFailures is how many wrong passwords a day of one user the audit names: a flood
// of them must not hide what else it holds.
const auditedFailures = 50

// SignInFailed records a wrong password for a user in the audit; for nobody it does
// nothing.
func (s *People) SignInFailed(ctx context.Context, userID string) error {
	if userID == "" {
		return nil
	}

	return s.db.Write(db.WithSystem(ctx), func(tx *db.Tx) error {
		row, err := countAttempt(tx, "audit/sign-in-failed/"+userID, 24*time.Hour)
		if err != nil || row.Count > auditedFailures {
			return err
		}
		return tx.ActingAs("visitor", "VISITOR").Audit(userID, nil, false,
			db.Entry{Verb: "user.sign_in_failed", ObjectID: userID, Details: nil})
	})
}

// tellUser queues the notice of what happened to a user's own sign-in. It gives the time by
// the clock that the user chose, else by that of the account that they came to first.
func tellUser(tx *db.Tx, u User, what, label string) error {
	now := db.RealNow()
	var zones []string
	err := tx.Table("memberships AS m").
		Joins("JOIN accounts a ON a.id = m.account_id").
		Where("m.user_id = ?", u.ID).
		Order("m.created_at, m.id").
		Limit(1).
		Pluck("a.time_zone", &zones).Error
	if err != nil {
		return err
	}

	return notification.QueueSingle(tx, notification.Notification{
		Template:  rules.TemplateSecurityNotice,
		SubjectID: u.ID,
		Recipient: u.Email,
		Epoch:     what + "/" + now.Format(time.RFC3339Nano),
		Locale:    u.Locale,
		Params: map[string]any{
			"what":    what,
			"at":      now.UTC().Format(time.RFC3339),
			"zone":    cmp.Or(db.Text(u.TimeZone), strings.Join(zones, "")),
			"browser": label,
		},
	})
}
