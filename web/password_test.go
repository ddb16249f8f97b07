package web

import (
	"context"
	"encoding/base64"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/argon2"
)

func TestPasswordsAreHashedByArgon2id(t *testing.T) {
	ctx := context.Background()
	a, err := HashPassword(ctx, "três cavalos azuis")
	require.NoError(t, err)
	b, err := HashPassword(ctx, "três cavalos azuis")
	require.NoError(t, err)
	require.NotEqual(t, a, b, "each has its own salt")
	require.Regexp(t, `^\$argon2id\$v=19\$m=\d+,t=\d+,p=\d+\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$`, a)
	for password, want := range map[string]bool{"três cavalos azuis": true, "tres cavalos azuis": false, "": false} {
		ok, err := PasswordMatches(ctx, password, a)
		require.NoError(t, err)
		require.Equal(t, want, ok)
	}
	ok, err := PasswordMatches(ctx, "", "")
	require.NoError(t, err)
	require.False(t, ok, "a user without a password cannot sign in with an empty one")
}

func TestPasswordHashesOfOtherCostsStillMatch(t *testing.T) {
	was := PasswordCost
	defer func() { PasswordCost = was }()
	PasswordCost = Cost{Memory: 128, Passes: 2, Lanes: 2}
	old, err := HashPassword(context.Background(), "três cavalos azuis")
	require.NoError(t, err)
	PasswordCost = was
	ok, err := PasswordMatches(context.Background(), "três cavalos azuis", old)
	require.NoError(t, err)
	require.True(t, ok)
}

func TestBrokenPasswordHashesAreErrors(t *testing.T) {
	for _, encoded := range []string{
		"x", "$argon2i$v=19$m=1,t=1,p=1$AA$AA", "$argon2id$v=18$m=1,t=1,p=1$AA$AA", "$argon2id$v=19$m=x$AA$AA",
		"$argon2id$v=19$m=64,t=1,p=1$!$AA", "$argon2id$v=19$m=64,t=1,p=1$AAAA$AAAA",
	} {
		_, err := PasswordMatches(context.Background(), "p", encoded)
		require.ErrorIs(t, err, errHashForm, encoded)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	for range cap(hashing) {
		hashing <- struct{}{}
	}
	_, err := HashPassword(ctx, "p")
	_, err2 := PasswordMatches(ctx, "p", "")
	for range cap(hashing) {
		<-hashing
	}
	require.ErrorIs(t, err, context.Canceled)
	require.ErrorIs(t, err2, context.Canceled)
}

func TestPasswordRules(t *testing.T) {
	own := []string{"Ana Souza", "ana.souza@acme.example", "Acme Ltda", "Logitech Select"}
	for password, want := range map[string]string{
		"":                              "password.short",
		"nine char":                     "password.short",
		"áéíóúâêô":                      "password.short",
		strings.Repeat("ab ", 43):       "password.long",
		"três\x00cavalos azuis":         "password.unusable",
		"password123":                   "password.common",
		"PASSWORD123":                   "password.common",
		"P@ssw0rd2026":                  "password.common",
		"1234567890":                    "password.common",
		"9876543210":                    "password.common",
		"abcdefghijkl":                  "password.common",
		"aaaaaaaaaaaa":                  "password.common",
		"abababababab":                  "password.common",
		"abcdeabcdeabcde":               "password.common",
		"qwertyuiop":                    "password.common",
		"dragon2026!":                   "password.common",
		"senha12345":                    "password.common",
		"!!brasil2026":                  "password.common",
		"monkeymonkey":                  "password.common",
		"anasouza2026":                  "password.personal",
		"Ana.Souza@acme":                "password.personal",
		"acmelogitech1":                 "password.personal",
		"três cavalos azuis":            "",
		"correct horse battery":         "",
		"Tk7#mq29xw":                    "",
		"a whole sentence, no digit":    "",
		"banana split by the sea":       "",
		strings.Repeat("çãé ", 32):      "password.common",
		strings.Repeat("wxyz çãé1", 14): "",
	} {
		require.Equal(t, want, PasswordProblem(password, own...), "%q", password)
	}
}

func TestTheListOfCommonPasswordsIsLarge(t *testing.T) {
	require.Greater(t, len(common), 10_000)
	for p := range common {
		require.Equal(t, strings.ToLower(p), p)
	}
}

// A password works on each keyboard that its owner has, and one that was hashed as it was
// typed, before passwords had one spelling, still does.
func TestS63_APasswordHasOneSpelling(t *testing.T) {
	ctx := context.Background()
	hash, err := HashPassword(ctx, "café com leite quente")
	require.NoError(t, err)
	for typed, want := range map[string]bool{
		"café com leite quente":            true,
		"cafe\u0301 com leite quente":      true,
		" café com\u00a0leite quente\n":    true,
		"cafe com leite quente":            false,
		"Café com leite quente":            false,
		"café com leite quente e mais pão": false,
	} {
		ok, err := PasswordMatches(ctx, typed, hash)
		require.NoError(t, err)
		require.Equal(t, want, ok, "%q", typed)
	}

	salt := make([]byte, saltLength)
	key, err := stretch(ctx, "cafe\u0301 com leite", salt, PasswordCost)
	require.NoError(t, err)
	old := fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, PasswordCost.Memory, PasswordCost.Passes,
		PasswordCost.Lanes, base64.RawStdEncoding.EncodeToString(salt), base64.RawStdEncoding.EncodeToString(key))
	ok, err := PasswordMatches(ctx, "cafe\u0301 com leite", old)
	require.NoError(t, err)
	require.True(t, ok)
}

// counting counts how often something waits for it: once for each hash.
type counting struct {
	context.Context
	hashes int
}

func (c *counting) Done() <-chan struct{} {
	c.hashes++
	return c.Context.Done()
}

// A sign-in costs the same whether there is such a person or not, however the password is
// spelled.
func TestAPasswordOfNobodyCostsAsMuchAsAWrongOne(t *testing.T) {
	hash, err := HashPassword(context.Background(), "três cavalos azuis")
	require.NoError(t, err)
	for typed, want := range map[string]int{"wrong": 1, "cafe\u0301 com leite": 2} {
		for _, encoded := range []string{hash, ""} {
			ctx := &counting{Context: context.Background()}
			ok, err := PasswordMatches(ctx, typed, encoded)
			require.NoError(t, err)
			require.False(t, ok)
			require.Equal(t, want, ctx.hashes, "%q of %q", typed, encoded)
		}
	}
}
