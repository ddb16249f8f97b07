package models_test

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
)

func TestMain(m *testing.M) { storetest.Main(m) }

func requireCode(t *testing.T, code string, err error) {
	t.Helper()
	require.Error(t, err)
	require.Equal(t, code, rules.CodeOf(err), err.Error())
}

func requireAll(t *testing.T, errs []error) {
	t.Helper()
	for _, err := range errs {
		require.NoError(t, err)
	}
}

func pointers(err error) []string {
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
