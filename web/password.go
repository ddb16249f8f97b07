package web

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/crypto/argon2"

	"roomcover.dev/roomcover/rules"
)

// Cost is argon2id's work: memory in KiB, passes, lanes. The encoded hash
// carries it, so that it can be raised later.
type Cost struct {
	Memory uint32
	Passes uint32
	Lanes  uint8
}

// PasswordCost is the work of each new hash: OWASP's parameters for argon2id, 19 MiB, two
// passes, one lane. Tests that are not about it make it small.
var PasswordCost = Cost{Memory: 19 * 1024, Passes: 2, Lanes: 1}

const (
	saltLength = 16
	keyLength  = 32
)

// hashing bounds how many passwords are hashed at once, and with them the
// memory that a flood of sign-ins can take: 8 × 19 MiB.
var hashing = make(chan struct{}, 8)

func stretch(ctx context.Context, password string, salt []byte, c Cost) ([]byte, error) {
	select {
	case hashing <- struct{}{}:
		defer func() { <-hashing }()
		return argon2.IDKey([]byte(password), salt, c.Passes, c.Memory, c.Lanes, keyLength), nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// HashPassword gives the encoded argon2id hash (PHC string format) of a password in its
// one spelling (S63).
func HashPassword(ctx context.Context, password string) (string, error) {
	salt := make([]byte, saltLength)
	_, _ = rand.Read(salt)
	key, err := stretch(ctx, rules.NormalisePassword(password), salt, PasswordCost)
	if err != nil {
		return "", err
	}

	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s",
		argon2.Version, PasswordCost.Memory, PasswordCost.Passes, PasswordCost.Lanes,
		base64.RawStdEncoding.EncodeToString(salt), base64.RawStdEncoding.EncodeToString(key)), nil
}

var errHashForm = errors.New("web: a stored password hash has an unknown form")

// PasswordMatches holds a password against an encoded hash. An empty hash (no
// such user, or single sign-on only) costs the same work and never matches.
func PasswordMatches(ctx context.Context, password, encoded string) (bool, error) {
	if encoded == "" {
		for _, spelling := range spellings(password) {
			_, err := stretch(ctx, spelling, make([]byte, saltLength), PasswordCost)
			if err != nil {
				return false, err
			}
		}
		return false, nil
	}

	c, salt, want, err := decodeHash(encoded)
	if err != nil {
		return false, err
	}

	for _, spelling := range spellings(password) {
		got, err := stretch(ctx, spelling, salt, c)
		if err != nil {
			return false, err
		}
		if subtle.ConstantTimeCompare(got, want) == 1 {
			return true, nil
		}
	}

	return false, nil
}

// spellings are the forms of a password that a hash may be of: its one spelling (S63),
// and as it was typed, which is how passwords were hashed before.
func spellings(password string) []string {
	one := rules.NormalisePassword(password)
	if one == password {
		return []string{one}
	}
	return []string{one, password}
}

func decodeHash(encoded string) (c Cost, salt, key []byte, err error) {
	parts := strings.Split(encoded, "$")
	if len(parts) != 6 || parts[1] != "argon2id" ||
		parts[2] != fmt.Sprintf("v=%d", argon2.Version) {
		return c, nil, nil, errHashForm
	}

	if _, err = fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &c.Memory, &c.Passes, &c.Lanes); err != nil {
		return c, nil, nil, errHashForm
	}
	if salt, err = base64.RawStdEncoding.DecodeString(parts[4]); err != nil {
		return c, nil, nil, errHashForm
	}
	if key, err = base64.RawStdEncoding.DecodeString(parts[5]); err != nil ||
		len(key) != keyLength {
		return c, nil, nil, errHashForm
	}

	return c, salt, key, nil
}

// Bounded keeps a giant password from costing giant work; none that is longer can be right.
func Bounded(password string) string { return password[:min(len(password), 4*MostPassword+1)] }
