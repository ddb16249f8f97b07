package storetest

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/rules"
)

func RequireCode(t *testing.T, code string, err error) {
	t.Helper()
	require.Error(t, err)
	require.Equal(t, code, rules.CodeOf(err), err.Error())
}

func RequireAll(t *testing.T, errs []error) {
	t.Helper()
	for _, err := range errs {
		require.NoError(t, err)
	}
}

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
