package storetest

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/rules"
)

// RequireCode demands an error that is the refusal of the code.
func RequireCode(t *testing.T, code string, err error) {
	t.Helper()
	require.Error(t, err)
	require.Equal(t, code, rules.CodeOf(err), err.Error())
}

// RequireAll demands that none of the errors is one.
func RequireAll(t *testing.T, errs []error) {
	t.Helper()
	for _, err := range errs {
		require.NoError(t, err)
	}
}

// Pointers lists the fields that a refusal names; none for any other error.
func Pointers(err error) []string {
	var refusal *rules.Error
	if !errors.As(err, &refusal) {
		return nil
	}

	var out []string
	for _, f := range refusal.Fields {
		out = append(out, f.Pointer)
	}

	return out
}
