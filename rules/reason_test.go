package rules

import (
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestS7_ReasonIsRequiredPlainAndBounded(t *testing.T) {
	for _, c := range []struct{ name, reason, code string }{
		{"nothing", "", ReasonRequired},
		{"blanks", " \n ", ReasonRequired},
		{"plain", "not needed", ""},
		{"two lines", "not needed\nsays the customer", ""},
		{"as long as it may be", strings.Repeat("ã", MaxReason), ""},
		{"too long", strings.Repeat("ã", MaxReason+1), TooLong},
		{"carriage return", "a\r\nBcc: b", ControlCharacters},
		{"bell", "a\ab", ControlCharacters},
		{"damaged", "a\xff", InvalidUTF8},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := CheckReason(c.reason)
			if c.code == "" {
				require.NoError(t, err)
				return
			}
			var refusal *Error
			require.True(t, errors.As(err, &refusal))
			require.Len(t, refusal.Fields, 1)
			require.Equal(t, "/reason", refusal.Fields[0].Pointer)
			if c.code == ReasonRequired {
				require.Equal(t, c.code, refusal.Code)
				require.Equal(t, Required, refusal.Fields[0].Code)
				return
			}
			require.Equal(t, c.code, refusal.Fields[0].Code)
		})
	}
	require.NoError(t, CheckOptionalReason(""))
}
