package signing

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// The message, the secret and the signature are those of the specification's own example.
func TestR43c_StandardWebhooksAreVerifiedAsTheSpecificationSays(t *testing.T) {
	key, ok := StandardKey("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
	require.True(t, ok)
	require.Equal(t, "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", StandardSecret(key))
	const (
		id        = "msg_p5jXN8AQM9LWM0D4loKWxJek"
		timestamp = "1614265330"
		signature = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
	)
	body := []byte(`{"test": 2432232314}`)
	at := time.Unix(1614265330, 0)
	gotTimestamp, gotSignature := SignStandard(id, body, at, key)
	require.Equal(t, []string{timestamp, signature}, []string{gotTimestamp, gotSignature})

	other := []byte(strings.Repeat("k", 32))
	for name, c := range map[string]struct {
		id, timestamp, signatures, body string
		now                             time.Time
		keys                            [][]byte
		want                            error
	}{
		"as it was sent":    {id, timestamp, signature, string(body), at, [][]byte{key}, nil},
		"with the next key": {id, timestamp, signature, string(body), at, [][]byte{other, key}, nil},
		"of two signatures": {id, timestamp, "v1,AAAA " + signature, string(body), at, [][]byte{key}, nil},
		"the fourth":        {id, timestamp, "a b c " + signature, string(body), at, [][]byte{key}, nil},
		"the fifth":         {id, timestamp, "a b c d " + signature, string(body), at, [][]byte{key}, ErrSignature},
		"after the fifth":   {id, timestamp, "a b c d e " + signature, string(body), at, [][]byte{key}, ErrSignature},
		"another version":   {id, timestamp, "v1a,AAAA " + signature, string(body), at, [][]byte{key}, nil},
		"five minutes late": {id, timestamp, signature, string(body), at.Add(ReplayWindow), [][]byte{key}, nil},
		"older": {id, timestamp, signature, string(body), at.Add(ReplayWindow + time.Second),
			[][]byte{key}, ErrTooOld},
		"from the future": {id, timestamp, signature, string(body), at.Add(-ReplayWindow - time.Second),
			[][]byte{key}, ErrInFuture},
		"another body":    {id, timestamp, signature, "{}", at, [][]byte{key}, ErrSignature},
		"another id":      {"msg_2", timestamp, signature, string(body), at, [][]byte{key}, ErrSignature},
		"another time":    {id, "1614265331", signature, string(body), at, [][]byte{key}, ErrSignature},
		"another key":     {id, timestamp, signature, string(body), at, [][]byte{other}, ErrSignature},
		"no key":          {id, timestamp, signature, string(body), at, nil, ErrSignature},
		"no id":           {"", timestamp, signature, string(body), at, [][]byte{key}, ErrSignature},
		"a dot in the id": {"msg.x", timestamp, signature, string(body), at, [][]byte{key}, ErrSignature},
		"no timestamp":    {id, "", signature, string(body), at, [][]byte{key}, ErrNoTimestamp},
		"no number":       {id, "+1614265330", signature, string(body), at, [][]byte{key}, ErrBadTimestamp},
		"no signature":    {id, timestamp, "", string(body), at, [][]byte{key}, ErrNoSignature},
		"hex":             {id, timestamp, "v1=00ff", string(body), at, [][]byte{key}, ErrSignature},
	} {
		err := VerifyStandard(c.id, c.timestamp, c.signatures, []byte(c.body), c.now, c.keys...)
		require.Equal(t, c.want, err, name)
	}

	for _, secret := range []string{
		"", "whsec_", "whsec_AAAA", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_!",
	} {
		_, ok := StandardKey(secret)
		require.False(t, ok, secret)
	}
}
