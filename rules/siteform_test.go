package rules

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestS25_SiteFormNamesEveryWrongField(t *testing.T) {
	good := SiteForm{
		Name:     "Matriz",
		TimeZone: "America/Sao_Paulo",
		Address: Address{
			Street:     "Av. Paulista 1000",
			City:       "São Paulo",
			Region:     "SP",
			PostalCode: "01310-100",
			Country:    "BR",
		},
	}
	require.NoError(t, good.Validate())
	good.ContactName, good.ContactEmail = "Ana", "ana@acme.example"
	require.NoError(t, good.Validate())
	err := SiteForm{
		Name:         " \u00a0 ",
		TimeZone:     "Local",
		ContactEmail: "nobody",
		Address:      Address{Country: "Brazil", Region: "São Paulo"},
	}.Validate()
	var refusal *Error
	require.True(t, errors.As(err, &refusal))
	var pointers []string
	for _, f := range refusal.Fields {
		pointers = append(pointers, f.Pointer)
	}
	require.Equal(t, []string{
		"/name", "/address/street", "/address/city", "/address/region", "/address/country", "/time_zone",
		"/contact_email",
	}, pointers)
}

func TestSiteKeyIgnoresCaseAccentsAndBlanks(t *testing.T) {
	require.Equal(t, SiteKey("São Paulo  HQ"), SiteKey(" sao paulo hq "))
	require.NotEqual(t, SiteKey("HQ 1"), SiteKey("HQ 2"))
}
