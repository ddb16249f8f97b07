package cover

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestR35a_PoliciesAreData(t *testing.T) {
	text, err := json.Marshal(DefaultPolicies())
	require.NoError(t, err)
	var read []SLAPolicy
	require.NoError(t, json.Unmarshal(text, &read))
	require.Equal(t, DefaultPolicies(), read)
	require.True(t, read[0].AlwaysOn)
}
