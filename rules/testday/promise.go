package testday

import (
	"time"

	"github.com/stretchr/testify/require"
)

// Wall reads "2026-09-04 14:00" by the zone's clock, with seconds if there are any.
func Wall(t require.TestingT, zone, text string) (time.Time, *time.Location) {
	loc, err := time.LoadLocation(zone)
	require.NoError(t, err)
	at, err := time.ParseInLocation("2006-01-02 15:04:05", (text + ":00")[:19], loc)
	require.NoError(t, err)
	return at, loc
}

const SaoPaulo = "America/Sao_Paulo"
