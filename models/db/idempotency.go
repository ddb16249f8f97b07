package db

import (
	"context"
	"errors"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"roomcover.dev/roomcover/rules"
)

// IdempotencyKey keeps the answer to a request that may be sent again.
type IdempotencyKey struct {
	TokenID   string `gorm:"primaryKey"`
	Key       string `gorm:"primaryKey"`
	Request   string // hash of method, path and body
	Status    int    // 0 while the first request is under way
	Response  []byte
	CreatedAt time.Time
}

// IdempotencyRetention is how long (real time) a key answers again.
const IdempotencyRetention = 48 * time.Hour

// ClaimKey claims an idempotency key for a request. done is true when the answer of the
// first request is returned instead. A key that came with another request, or whose
// first request is still under way, answers IDEMPOTENCY_KEY_CONFLICT. A first request
// that has not answered after idempotencyLease counts as dead: the next request with
// the key then takes it over.
func (d *DB) ClaimKey(
	ctx context.Context, tokenID, key, request string,
) (row IdempotencyKey, done bool, err error) {
	row = IdempotencyKey{
		TokenID:   tokenID,
		Key:       key,
		Request:   request,
		Response:  []byte{},
		CreatedAt: RealNow(),
	}

	err = d.Write(WithSystem(ctx), func(tx *Tx) error {
		for {
			res := tx.Clauses(clause.OnConflict{DoNothing: true}).Create(&row)
			if res.Error != nil || res.RowsAffected == 1 {
				return res.Error
			}

			err := tx.First(&row, "token_id = ? AND key = ?", tokenID, key).Error
			if errors.Is(err, gorm.ErrRecordNotFound) {
				continue // whoever held the key released it in between
			}
			if err != nil || row.Status != 0 || row.Request != request {
				return err
			}

			return takeOverKey(tx, row)
		}
	})
	if err != nil {
		return row, row.Status != 0, err
	}

	if row.Request != request {
		return row, row.Status != 0, rules.Refuse(rules.IdempotencyConflict,
			"This idempotency key came with another request.", "Use a new key for a new request.")
	}

	return row, row.Status != 0, nil
}

// idempotencyLease is longer than the server lets any request run.
const idempotencyLease = 2 * time.Minute

// takeOverKey claims a key whose first request died.
func takeOverKey(tx *Tx, row IdempotencyKey) error {
	busy := rules.Refuse(rules.IdempotencyConflict,
		"The first request with this idempotency key is still under way.",
		"Wait a moment, then send the same request again.")
	if RealNow().Sub(row.CreatedAt) < idempotencyLease {
		return busy
	}

	res := tx.Model(&IdempotencyKey{}).
		Where("token_id = ? AND key = ? AND status = 0 AND created_at = ?",
			row.TokenID, row.Key, row.CreatedAt).
		Update("created_at", RealNow())
	if res.Error != nil {
		return res.Error
	}

	if res.RowsAffected == 0 {
		return busy
	}

	return nil
}

// FinishKey keeps the answer of the request that claimed the key.
func (d *DB) FinishKey(
	ctx context.Context, tokenID, key string, status int, response []byte,
) error {
	return d.Write(WithSystem(ctx), func(tx *Tx) error {
		return tx.Model(&IdempotencyKey{}).Where("token_id = ? AND key = ?", tokenID, key).
			Updates(map[string]any{"status": status, "response": response}).Error
	})
}

// ReleaseKey forgets a key whose request failed without effect.
func (d *DB) ReleaseKey(ctx context.Context, tokenID, key string) error {
	err := d.Write(WithSystem(ctx), func(tx *Tx) error {
		return tx.Delete(&IdempotencyKey{}, "token_id = ? AND key = ? AND status = 0",
			tokenID, key).Error
	})
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return nil
	}

	return err
}
