package clock

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestAZoneIsReadOnce(t *testing.T) {
	first, err := Zone("America/Sao_Paulo")
	require.NoError(t, err)
	again, err := Zone("America/Sao_Paulo")
	require.NoError(t, err)
	require.Same(t, first, again)
	require.Equal(t, "America/Sao_Paulo", ZoneOf("America/Sao_Paulo").String())
}

func TestAZoneThatNobodyKnowsIsUTC(t *testing.T) {
	_, err := Zone("Mars/Olympus")
	require.Error(t, err)
	_, kept := zones.Load("Mars/Olympus")
	require.False(t, kept)
	require.Same(t, time.UTC, ZoneOf("Mars/Olympus"))
}
