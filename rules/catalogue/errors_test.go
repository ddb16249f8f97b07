package catalogue

import (
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/rules"
)

func TestS19_UserLimit(t *testing.T) {
	limit := DefaultProgram().UserLimit
	require.NoError(t, rules.MayAddUser(99, limit))
	require.Equal(t, rules.UserLimit, rules.CodeOf(rules.MayAddUser(100, limit)), "the 101st")
}
