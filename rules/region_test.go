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
