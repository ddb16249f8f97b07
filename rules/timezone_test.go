package rules

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestTimeZoneForEveryCountry(t *testing.T) {
	require.Len(t, countryZones, 249, "ISO 3166 has 249 countries")
	for country := range countryZones {
		require.Regexp(t, `^[A-Z]{2}$`, country)
		_, err := time.LoadLocation(TimeZoneFor(country, ""))
		require.NoError(t, err, country)
	}
}

func TestTimeZoneForEveryRegion(t *testing.T) {
	for country, byName := range regions {
		require.True(t, ValidCountry(country))
		for name, r := range byName {
			require.NotEmpty(t, name)
			_, err := time.LoadLocation(r.zone)
			require.NoError(t, err, "%s %s", country, name)
		}
	}
	for country, want := range map[string]int{"BR": 27, "US": 51, "CA": 13, "AU": 8} {
		codes := map[string]bool{}
		for _, r := range regions[country] {
			codes[r.code] = true
		}
		require.Len(t, codes, want, country)
	}
}

func TestTimeZoneFor(t *testing.T) {
	for _, c := range []struct{ country, region, want string }{
		{"BR", "", "America/Sao_Paulo"}, {"BR", "SP", "America/Sao_Paulo"}, {"BR", "AM", "America/Manaus"},
		{
			"BR", "Amazonas", "America/Manaus",
		}, {"BR", "São Paulo", "America/Sao_Paulo"}, {"br", " ac ", "America/Rio_Branco"},
		{"BR", "PERNAMBUCO", "America/Recife"}, {"BR", "Mato Grosso do Sul", "America/Campo_Grande"},
		{
			"US", "", "America/New_York",
		}, {"US", "CA", "America/Los_Angeles"}, {"US", "california", "America/Los_Angeles"},
		{
			"US", "TX", "America/Chicago",
		}, {"US", "HI", "Pacific/Honolulu"}, {"US", "Washington, D.C.", "America/New_York"},
		{
			"CA", "BC", "America/Vancouver",
		}, {"CA", "Québec", "America/Toronto"}, {"AU", "WA", "Australia/Perth"}, {"AU", "", "Australia/Sydney"},
		{"MX", "", "America/Mexico_City"}, {"MX", "Quintana Roo", "America/Cancun"}, {"RU", "", "Europe/Moscow"},
		{"PT", "Açores", "Atlantic/Azores"}, {"ES", "Canarias", "Atlantic/Canary"}, {"DE", "Bayern", "Europe/Berlin"},
		{
			"CN", "", "Asia/Shanghai",
		}, {"GB", "", "Europe/London"}, {"ID", "", "Asia/Jakarta"}, {"AR", "", "America/Argentina/Buenos_Aires"},
		{"BR", "BR-AM", "America/Manaus"}, {"br", " br-am ", "America/Manaus"}, {"BR", "BR AM", "America/Manaus"},
		{"US", "US-CA", "America/Los_Angeles"}, {"AU", "AU-WA", "Australia/Perth"}, {"CA", "CA-BC", "America/Vancouver"},
		{"BR", "US-CA", "America/Sao_Paulo"}, {"BR", "XX", "America/Sao_Paulo"}, {"US", "US-", "America/New_York"},
		{"ZZ", "", "UTC"}, {"", "", "UTC"},
	} {
		require.Equal(t, c.want, TimeZoneFor(c.country, c.region), "%s %s", c.country, c.region)
	}
}

func TestRegionUnknown(t *testing.T) {
	for _, c := range []struct {
		country, region string
		want            bool
	}{
		{"BR", "AM", false}, {"BR", "BR-AM", false}, {"BR", "Amazonas", false}, {"br", "am", false},
		{"BR", "", false}, {"BR", " ", false}, // nothing is said
		{"BR", "XX", true}, {"BR", "US-CA", true}, {"US", "Kalifornien", true},
		{"DE", "XX", false}, {"ZZ", "XX", false}, // there is nothing to guess
	} {
		require.Equal(t, c.want, RegionUnknown(c.country, c.region), "%s %s", c.country, c.region)
	}
}

func TestValidCountry(t *testing.T) {
	for _, c := range []string{"BR", "PT", "US", "AQ", "BV"} {
		require.True(t, ValidCountry(c), c)
	}
	for _, c := range []string{"", "br", "BRA", "ZZ", "UK", "Brasil", "#"} {
		require.False(t, ValidCountry(c), c)
	}
}

func TestLocaleFor(t *testing.T) {
	for country, want := range map[string]string{
		"BR": "pt-BR", "br": "pt-BR", "PT": "pt-BR", "AO": "pt-BR", "MZ": "pt-BR", "US": "en", "DE": "en", "": "en",
	} {
		require.Equal(t, want, LocaleFor(country), country)
	}
}

func TestTimeZones_OfACountryAndAll(t *testing.T) {
	require.Subset(t, TimeZones("BR"), []string{"America/Manaus", "America/Sao_Paulo"})
	require.NotContains(t, TimeZones("BR"), "Europe/Lisbon")
	require.Subset(t, TimeZones(""), []string{"America/Manaus", "Europe/Lisbon", "Asia/Tokyo"})
}
