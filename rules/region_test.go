package rules

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestNormaliseRegion(t *testing.T) {
	for _, c := range []struct{ country, region, want string }{
		{"BR", "sp", "SP"}, {"BR", " BR-SP ", "SP"}, {"br", "br-sp", "SP"}, {"DE", "BY", "BY"}, {"DE", "", ""},
		{"DE", "BR-SP", "BR-SP"}, {"FR", "75", "75"}, {"BR", "São Paulo", "SÃO PAULO"},
	} {
		require.Equal(t, c.want, NormaliseRegion(c.country, c.region), c)
	}
}

func TestC3_RoomRegionIsAnISOCodeOrMissing(t *testing.T) {
	form := RoomForm{Name: "Sala", Country: "BR", Platform: PlatformOther, Criticality: CriticalityNormal, TimeZone: "America/Sao_Paulo"}
	for region, ok := range map[string]bool{"": true, "SP": true, "1": true, "ENG": true, "BR-SP": false, "SÃO PAULO": false, "ABCD": false, "sp": false, "S P": false} {
		form.Region = region
		err := form.Validate()
		if ok {
			require.NoError(t, err, region)
			continue
		}
		require.Equal(t, ValidationFailed, CodeOf(err), region)
		require.Equal(t, "/region", err.(*Error).Fields[0].Pointer)
		require.Equal(t, InvalidRegion, err.(*Error).Fields[0].Code)
		require.NotContains(t, err.Error(), region)
	}
}
