package inbound_test

import (
	"encoding/json"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/mail/inbound"
)

// Forty mails to the mailbox, with what each asks for: nine of ten are guessed, and what the
// guess is not sure of is OTHER rather than the wrong thing.
func TestS56_TheKindOfFortyMailsIsGuessed(t *testing.T) {
	raw, err := os.ReadFile("testdata/requests.json")
	require.NoError(t, err)
	var mails []struct {
		Kind          inbound.Kind
		Subject, Text string
	}
	require.NoError(t, json.Unmarshal(raw, &mails))
	require.Len(t, mails, 40)

	right := 0
	for _, m := range mails {
		got := inbound.Guess(m.Subject, m.Text)
		if got == m.Kind {
			right++
			continue
		}
		t.Logf("%q is %s, guessed %s", m.Subject, m.Kind, got)
	}
	require.GreaterOrEqual(t, right, 36)
}

func TestS56_AMailWithoutWordsIsOfNoKind(t *testing.T) {
	require.Equal(t, inbound.Other, inbound.Guess("", ""))
	require.Equal(t, inbound.Other, inbound.Guess("\xff\xfe", "\xff\xfe"))
}
