package licensing

import (
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/rules"
)

func TestC3_RoomRegionIsAnISOCodeOrMissing(t *testing.T) {
	form := RoomForm{
		Name:        "Sala",
		Country:     "BR",
		Platform:    rules.PlatformOther,
		Criticality: rules.CriticalityNormal,
		TimeZone:    "America/Sao_Paulo",
	}
	for region, ok := range map[string]bool{
		"":          true,
		"SP":        true,
		"1":         true,
		"ENG":       true,
		"BR-SP":     false,
		"SÃO PAULO": false,
		"ABCD":      false,
		"sp":        false,
		"S P":       false,
	} {
		form.Region = region
		err := form.Validate()
		if ok {
			require.NoError(t, err, region)
			continue
		}
		require.Equal(t, rules.ValidationFailed, rules.CodeOf(err), region)
		require.Equal(t, "/region", err.(*rules.Error).Fields[0].Pointer)
		require.Equal(t, rules.InvalidRegion, err.(*rules.Error).Fields[0].Code)
		require.NotContains(t, err.Error(), region)
	}
}
