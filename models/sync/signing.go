package sync

import (
	"context"
	"crypto/rand"
	"slices"
	"time"

	"roomcover.dev/roomcover/models/account"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/rules"
)

// Secret is what programs beside a customer's Sync sign requests for help with. It is shown by the
// call that makes it, and by no other.
type Secret struct {
	ID           string
	AccountID    string
	ConnectionID string
	Place        int    // 1 or 2
	Secret       string // encrypted
	OnceKey      string // names the form that made it
	CreatedBy    string
	CreatedAt    time.Time
	EndedAt      *time.Time
}

// TableName is the table of secrets.
func (Secret) TableName() string { return "sync_secrets" }

// purposeSecret keeps the text of a secret apart from what else is encrypted.
const purposeSecret = "sync signing secret"

// TooManySecrets is the code of a third secret beside two that count.
const TooManySecrets = "SYNC_TWO_SECRETS"

// keyBytes is how long a key is.
const keyBytes = 32

// SecretAgainFor is how long (real time) the form that made a secret is answered with it again.
const SecretAgainFor = 10 * time.Minute

// NewSecret makes a key by which programs sign for an account's connection; with one that there is
// both count, so that it takes over without a gap. The same form again, within SecretAgainFor,
// returns the same key: its answer may have been lost. Later, or once the key is ended, it answers
// STATE_CONFLICT; a third key answers SYNC_TWO_SECRETS, an account that is not connected NOT_FOUND.
func (s *Sync) NewSecret(
	ctx context.Context, accountID, once, reason string,
) ([]byte, error) {
	var key []byte
	_, err := s.change(ctx, accountID, reason, func(tx *db.Tx, c *Connection) error {
		key = nil
		all, err := secretsOf(tx, c.ID)
		if err != nil {
			return err
		}
		onceKey := db.HashSecret(tx.Scope.Actor.ID + "\n" + once)
		used := map[int]bool{}
		for _, one := range all {
			if one.OnceKey == onceKey {
				key = s.keyOf(one)
				if key == nil || s.Now().Sub(one.CreatedAt) > SecretAgainFor {
					key = nil
					return rules.Refuse(rules.StateConflict, "This form made a secret before.",
						"Use that secret, or end it and make another one.")
				}
				return nil
			}
			if one.EndedAt == nil {
				used[one.Place] = true
			}
		}
		if len(used) > 1 {
			return rules.Refuse(TooManySecrets, "There are two secrets already.",
				"End the one that is not needed any more.")
		}

		key = make([]byte, keyBytes)
		_, _ = rand.Read(key)
		place := 1
		if used[1] {
			place = 2
		}
		id := db.NewID(db.PrefixSyncSecret)
		made := Secret{
			ID:           id,
			AccountID:    c.AccountID,
			ConnectionID: c.ID,
			Place:        place,
			Secret:       tx.Secrets().Encrypt(purposeSecret+id, string(key)),
			OnceKey:      onceKey,
			CreatedBy:    tx.Scope.Actor.ID,
			CreatedAt:    s.Now(),
		}
		if err := tx.Create(&made).Error; err != nil {
			return err
		}
		return account.Audit(tx, c.AccountID,
			c.entry("sync.secret_made", map[string]any{"secret": made.ID}, reason))
	})
	if err != nil {
		return nil, err
	}
	return key, nil
}

// EndSecret has a secret count no more, at once. Again it changes nothing; one that never was the
// connection's answers NOT_FOUND.
func (s *Sync) EndSecret(ctx context.Context, accountID, secretID, reason string) error {
	_, err := s.change(ctx, accountID, reason, func(tx *db.Tx, c *Connection) error {
		all, err := secretsOf(tx, c.ID)
		if err != nil {
			return err
		}
		at := slices.IndexFunc(all, func(one Secret) bool { return one.ID == secretID })
		if at < 0 {
			return db.NotFound()
		}
		if all[at].EndedAt != nil {
			return nil
		}
		if err := endSecrets(tx, "id = ?", secretID); err != nil {
			return err
		}
		return account.Audit(tx, c.AccountID,
			c.entry("sync.secret_ended", map[string]any{"secret": secretID}, reason))
	})
	return err
}

// endSecrets ends secrets, and empties them.
func endSecrets(tx *db.Tx, where string, arg any) error {
	return tx.Model(&Secret{}).Where("ended_at IS NULL").Where(where, arg).
		Updates(map[string]any{"ended_at": tx.Now(), "secret": ""}).Error
}

// secretsOf are a connection's secrets, the first first; also those that count no more.
func secretsOf(tx *db.Tx, connectionID string) ([]Secret, error) {
	var all []Secret
	err := tx.Order("created_at, id").Find(&all, "connection_id = ?", connectionID).Error
	return all, err
}

// keyOf decrypts a secret; nil where it is ended, or no key of the service reads it.
func (s *Sync) keyOf(one Secret) []byte {
	key, ok := s.db.Secrets().Decrypt(purposeSecret+one.ID, one.Secret)
	if !ok || one.EndedAt != nil {
		return nil
	}
	return []byte(key)
}

// Signer is who signs requests for help: a connection, in the name of its account.
type Signer struct {
	ConnectionID string
	AccountID    string
	OrgID        string   // the account's parent
	Keys         [][]byte // one, or two while one takes over from the other; none: nothing is taken
}

// SignerOf returns who signs as a connection. For one that is off, or that there is not, it is
// nobody, who has no keys.
func (s *Sync) SignerOf(ctx context.Context, connectionID string) (Signer, error) {
	var out Signer
	err := s.db.Read(db.WithSystem(ctx), func(tx *db.Tx) error {
		out = Signer{}
		var found []Connection
		err := tx.Limit(1).Find(&found, "id = ? AND state <> ?", connectionID, Off).Error
		if err != nil || len(found) == 0 {
			return err
		}
		var acc account.Account
		if err := tx.First(&acc, "id = ?", found[0].AccountID).Error; err != nil {
			return err
		}
		all, err := secretsOf(tx, connectionID)
		if err != nil {
			return err
		}

		out.ConnectionID = connectionID
		out.AccountID = acc.ID
		out.OrgID = acc.ParentOrgID
		for _, one := range all {
			if key := s.keyOf(one); key != nil {
				out.Keys = append(out.Keys, key)
			}
		}
		return nil
	})
	return out, err
}
