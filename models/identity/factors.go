package identity

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/base32"
	"errors"
	"strings"
	"time"

	"github.com/pquerna/otp/hotp"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/rules"
)

// Operators and the people of customers have second factors of the same kinds: an app for codes
// (TOTP, RFC 6238), passkeys, and recovery codes for when both are out of reach. What is alike
// stands here; what each may do with theirs in secondfactor.go and userfactors.go.

// holders are one kind of people who have second factors, and where those are kept.
type holders struct {
	kind     string // in the audit, and in the keys of throttles
	owner    string // column of the tables
	passkeys string // table
	codes    string // table
	app      string // keeps their apps' keys apart from what else is encrypted
}

var (
	operatorFactors = holders{
		kind:     "operator",
		owner:    "operator_id",
		passkeys: "operator_passkeys",
		codes:    "operator_recovery_codes",
		app:      "operator totp",
	}
	userFactors = holders{
		kind:     "user",
		owner:    "user_id",
		passkeys: "user_passkeys",
		codes:    "user_recovery_codes",
		app:      "user totp",
	}
)

// Encrypted are the columns of the keys of people's apps.
func Encrypted() []db.Encrypted {
	return []db.Encrypted{
		{Table: "operators", Column: "totp_secret", Purpose: operatorFactors.app, OfRow: true},
		{Table: "users", Column: "totp_secret", Purpose: userFactors.app, OfRow: true},
	}
}

const (
	codePeriod       = 30 // seconds; what every app knows
	codesAround      = 1  // steps before and after now, for clocks that differ
	recoveryCodes    = 10
	purposeRecovery  = "operator recovery" // of users too: the hash holds whose it is
	wrongCodesAnHour = 10
	maxPasskeys      = 20
	maxPasskeyName   = 60
)

// Passkey is a key that a device or a password manager holds, and of which only what is public is
// known here. Its times are real time.
type Passkey struct {
	ID           string
	CredentialID string // by which the browser finds it; base64url
	PublicKey    []byte // COSE
	Counter      uint32 // of the last use; stays 0 where the device does not count
	// BackupEligible is whether the key can be on several devices; it never changes.
	BackupEligible bool
	Transports     string // how the browser reaches it, by comma
	Name           string
	CreatedAt      time.Time
	UsedAt         *time.Time
}

// SecondFactors are what a person can show beside the password.
type SecondFactors struct {
	App       bool
	Passkeys  []Passkey // oldest first
	CodesLeft int64     // recovery codes that were not used
}

// Any reports whether there is one beside the recovery codes, which only stand in for it.
func (f SecondFactors) Any() bool { return f.App || len(f.Passkeys) > 0 }

var readable = base32.StdEncoding.WithPadding(base32.NoPadding)

// newKey is a key for the person's app, and how it is stored.
func (h holders) newKey(secrets db.Secrets, ownerID string) (key, stored string) {
	b := make([]byte, 20)
	_, _ = rand.Read(b)
	key = readable.EncodeToString(b)
	return key, secrets.Encrypt(h.app+ownerID, key)
}

func (h holders) openKey(secrets db.Secrets, ownerID, stored string) (key string, ok bool) {
	return secrets.Decrypt(h.app+ownerID, stored)
}

// of is a query of one person's rows in a table of theirs.
func (h holders) of(tx *db.Tx, table, ownerID string) *gorm.DB {
	return tx.Table(table).Where(h.owner+" = ?", ownerID)
}

// passkeysOf lists a person's passkeys, oldest first.
func (h holders) passkeysOf(tx *db.Tx, ownerID string) (keys []Passkey, err error) {
	err = h.of(tx, h.passkeys, ownerID).Order("created_at, id").Find(&keys).Error
	return keys, err
}

// factorsOf reads what a person can show beside the password and an app.
func (h holders) factorsOf(tx *db.Tx, ownerID string, app bool) (SecondFactors, error) {
	f := SecondFactors{App: app}
	err := h.of(tx, h.codes, ownerID).Where("used_at IS NULL").Count(&f.CodesLeft).Error
	if err != nil {
		return f, err
	}
	f.Passkeys, err = h.passkeysOf(tx, ownerID)
	return f, err
}

// storePasskey stores a passkey of a person whose row is locked.
func (h holders) storePasskey(tx *db.Tx, ownerID string, key Passkey) error {
	var has int64
	if err := h.of(tx, h.passkeys, ownerID).Count(&has).Error; err != nil {
		return err
	}
	if has >= maxPasskeys {
		return rules.Refuse(rules.StateConflict,
			"A person has 20 passkeys at most.", "Remove one that is not in use.")
	}
	return tx.Table(h.passkeys).Create(map[string]any{
		"id":              key.ID,
		h.owner:           ownerID,
		"credential_id":   key.CredentialID,
		"public_key":      key.PublicKey,
		"counter":         key.Counter,
		"backup_eligible": key.BackupEligible,
		"transports":      key.Transports,
		"name":            key.Name,
		"created_at":      key.CreatedAt,
	}).Error
}

// passkey reads one of a person's passkeys; NOT_FOUND for somebody else's.
func (h holders) passkey(tx *db.Tx, ownerID, id string) (key Passkey, err error) {
	err = db.Found(h.of(tx, h.passkeys, ownerID).Where("id = ?", id).Take(&key).Error)
	return key, err
}

func passkeyKnown() error {
	return rules.Refuse(rules.StateConflict, "This passkey is known already.",
		"Use it, or make another one.")
}

// newPasskey is a passkey that a browser has made, as it is stored.
func newPasskey(key Passkey) (Passkey, error) {
	key.ID = db.NewID(db.PrefixPasskey)
	key.CreatedAt = db.RealNow()
	var err error
	key.Name, err = passkeyName(key.Name)
	return key, err
}

func passkeyName(name string) (string, error) {
	name = strings.TrimSpace(name)
	var k rules.Checker
	k.Text("/name", name, maxPasskeyName)
	return name, rules.Invalid(k.Fields)
}

// passkeyEntry is what the audit says of a person's passkey.
func (h holders) passkeyEntry(verb, ownerID string, key Passkey) db.Entry {
	return db.Entry{
		Verb:     h.kind + "." + verb,
		ObjectID: ownerID,
		Details:  map[string]any{"passkey": key.ID},
	}
}

// PasskeyUse is a signature of a passkey that holds.
type PasskeyUse struct {
	OwnerID      string
	CredentialID string
	Challenge    string // what was signed
	Counter      uint32
}

// passkeyAnswer says that a challenge was answered. A browser's session can be there twice for
// a while, so that the session alone cannot say it.
type passkeyAnswer struct {
	ChallengeHash string
	ExpiresAt     time.Time
}

// TableName is the table of challenges that were answered, by whoever's passkeys.
func (passkeyAnswer) TableName() string { return "operator_passkey_answers" }

// passkeyAnswerKept is longer than any session keeps a challenge that was answered.
const passkeyAnswerKept = 24 * time.Hour

// usePasskey reports whether a passkey that has just signed is one of the person's, and
// keeps its counter. One whose counter did not go on is refused: there is a copy of the key.
// So is the second answer to a challenge.
func (h holders) usePasskey(tx *db.Tx, use PasskeyUse) (ok bool, err error) {
	var key Passkey
	err = db.ForUpdate(h.of(tx, h.passkeys, use.OwnerID)).
		Where("credential_id = ?", use.CredentialID).Take(&key).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}

	answered := tx.Clauses(clause.OnConflict{DoNothing: true}).Create(&passkeyAnswer{
		ChallengeHash: db.HashSecret(use.Challenge),
		ExpiresAt:     db.RealNow().Add(passkeyAnswerKept),
	})
	if answered.Error != nil || answered.RowsAffected == 0 {
		return false, answered.Error
	}

	counter := use.Counter
	if counter <= key.Counter && (counter > 0 || key.Counter > 0) {
		entry := h.passkeyEntry("passkey_refused", use.OwnerID, key)
		entry.Details["counter"] = counter
		entry.Details["counter_before"] = key.Counter
		return false, tx.ActingAs(use.OwnerID, "").Audit(use.OwnerID, nil, false, entry)
	}

	return true, tx.Table(h.passkeys).Where("id = ?", key.ID).
		Updates(map[string]any{"counter": counter, "used_at": db.RealNow()}).Error
}

// forget takes a person's passkeys and recovery codes away.
func (h holders) forget(tx *db.Tx, ownerID string) error {
	for _, table := range []string{h.codes, h.passkeys} {
		err := tx.Exec("DELETE FROM "+table+" WHERE "+h.owner+" = ?", ownerID).Error
		if err != nil {
			return err
		}
	}
	return nil
}

// makeCodes replaces a person's recovery codes, and returns the new ones.
func (h holders) makeCodes(tx *db.Tx, ownerID string) (codes []string, err error) {
	err = tx.Exec("DELETE FROM "+h.codes+" WHERE "+h.owner+" = ?", ownerID).Error
	if err != nil {
		return nil, err
	}
	var rows []map[string]any
	for range recoveryCodes {
		code := newRecoveryCode()
		codes = append(codes, code)
		rows = append(rows, map[string]any{
			h.owner:     ownerID,
			"code_hash": recoveryHashes(tx, ownerID, code)[0],
		})
	}
	return codes, tx.Table(h.codes).Create(rows).Error
}

// newRecoveryCode returns 50 bits in two groups that a person can read out.
func newRecoveryCode() string {
	text := strings.ToLower(rand.Text()[:10])
	return text[:5] + "-" + text[5:]
}

// recoveryHashes are how a recovery code is stored: as the service's present key does it, and as
// keys of before did.
func recoveryHashes(tx *db.Tx, ownerID, code string) []string {
	code = strings.NewReplacer("-", "", " ", "").Replace(strings.ToLower(code))
	return tx.Secrets().Fingerprints(purposeRecovery, ownerID+"\x00"+code)
}

// codeTried is what became of a code that somebody typed.
type codeTried struct {
	Right bool
	Step  int64 // of the app, to be kept; 0: a recovery code was used
	Left  int64 // recovery codes that are left, where one was used
}

// tryCode holds a code against the person's app, and then against the recovery codes, of which it
// uses one up. Wrong ones are bounded by the hour: from the bound on none is right. Only somebody
// who knows the password gets here. The person's row is locked.
func (h holders) tryCode(
	tx *db.Tx, ownerID, stored string, last int64, code string,
) (codeTried, error) {
	attempts := h.kind + "-code/" + ownerID
	tried, err := countAttempt(tx, attempts, time.Hour)
	if err != nil || tried.Count > wrongCodesAnHour {
		return codeTried{}, err
	}

	var out codeTried
	key, opened := h.openKey(tx.Secrets(), ownerID, stored)
	if step, right := stepOf(key, code, last, db.RealNow()); opened && right {
		out = codeTried{Right: true, Step: step}
	} else if out, err = h.useRecoveryCode(tx, ownerID, code); err != nil || !out.Right {
		return out, err
	}
	return out, tx.Delete(&throttle{}, "key = ?", throttleKey(tx, attempts)).Error
}

func (h holders) useRecoveryCode(tx *db.Tx, ownerID, code string) (codeTried, error) {
	res := h.of(tx, h.codes, ownerID).
		Where("code_hash IN ? AND used_at IS NULL", recoveryHashes(tx, ownerID, code)).
		Update("used_at", db.RealNow())
	if res.Error != nil || res.RowsAffected == 0 {
		return codeTried{}, res.Error
	}

	out := codeTried{Right: true}
	err := h.of(tx, h.codes, ownerID).Where("used_at IS NULL").Count(&out.Left).Error
	return out, err
}

// stepOf returns the step of time whose code it is, among those around now that come after the
// last one that was used; ok is false where it is of none.
func stepOf(key, code string, last int64, now time.Time) (step int64, ok bool) {
	code = strings.ReplaceAll(strings.TrimSpace(code), " ", "")
	at := now.Unix() / codePeriod
	for step := at - codesAround; step <= at+codesAround; step++ {
		want, err := hotp.GenerateCode(key, uint64(step))
		if err != nil || step <= last {
			continue
		}
		if subtle.ConstantTimeCompare([]byte(want), []byte(code)) == 1 {
			return step, true
		}
	}
	return 0, false
}
