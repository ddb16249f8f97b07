package config_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/config"
)

func TestRegionsOfSyncAreRead(t *testing.T) {
	for text, want := range map[string]map[string]string{
		"": nil,
		"US=https://a.example/v1,EU=https://b.example:8443/v1": {
			"US": "https://a.example/v1",
			"EU": "https://b.example:8443/v1",
		},
	} {
		settings := good()
		settings["ROOMCOVER_SYNC_REGIONS"] = text
		c, err := config.ReadFrom(settings)
		require.NoError(t, err)
		require.Equal(t, want, c.SyncRegions)
	}
}
