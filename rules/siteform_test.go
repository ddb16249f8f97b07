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

// Mails show a site to every administrator: it is no message of a stranger. Addresses as people
// write them are none.
func TestS64_ASiteIsNoLink(t *testing.T) {
	for text, taken := range map[string]bool{
		"Rua 25 de Março, 1.234 c/ 5":      true,
		"Av. Paulista, 1.000/12":           true,
		"R. Dr. A.B. Silva, s/n":           true,
		"Rod. BR-101 km 12,5 - Galpão 3/4": true,
		"Calle 5 #12-34, Of. 7":            true,
		"Filial 12.345.678/0001-90":        true,
		"P.O.Box 5":                        true,
		"WeWork @ Paulista":                true,
		"Booking.com HQ":                   true,
		"c/o Acme S/A":                     true,
		"Pay at https://evil.example":      false,
		"Pay at evil.example/pay":          false,
		"EVIL.com?id=7":                    false,
		"www.evil.example":                 false,
		"Write to ana@evil.example":        false,
		"mailto:ana":                       false,
		"ｈｔｔｐ：／／ｅｖｉｌ．ｅｘａｍｐｌｅ": false,
	} {
		for pointer, put := range map[string]func(*SiteForm){
			"/name":           func(f *SiteForm) { f.Name = text },
			"/address/street": func(f *SiteForm) { f.Address.Street = text },
			"/address/city":   func(f *SiteForm) { f.Address.City = text },
		} {
			form := SiteForm{
				Name:     "Matriz",
				TimeZone: "America/Sao_Paulo",
				Address:  Address{Street: "Rua A, 1", City: "Osasco", Country: "BR"},
			}
			put(&form)
			err := form.Validate()
			if taken {
				require.NoError(t, err, "%s %q", pointer, text)
				continue
			}
			var refusal *Error
			require.ErrorAs(t, err, &refusal, "%s %q", pointer, text)
			require.Len(t, refusal.Fields, 1)
			require.Equal(t, pointer, refusal.Fields[0].Pointer)
			require.Equal(t, NotAName, refusal.Fields[0].Code)
			require.NotContains(t, refusal.Fields[0].Message+refusal.Fields[0].Remedy, "evil")
		}

		form := SiteForm{ContactName: text}
		if !taken {
			require.Contains(t, form.Validate().(*Error).Fields, FieldError{
				Pointer: "/contact_name",
				Code:    NotAName,
				Message: "A person's name has no internet or mail address in it.",
				Remedy:  "Send the person's name alone; a blank follows a dot.",
			}, text)
		}
	}
}
