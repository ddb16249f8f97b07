package shipping

import (
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/rules"
)

// wrongFields lists the fields that a form was refused for.
func wrongFields(t *testing.T, err error) []string {
	t.Helper()
	var refusal *rules.Error
	if !errors.As(err, &refusal) {
		require.NoError(t, err)
	}

	var out []string
	if refusal != nil {
		for _, f := range refusal.Fields {
			out = append(out, f.Pointer)
		}
	}

	return out
}

func TestADepotHasTheTimeZoneOfItsCountryUnlessItNamesOne(t *testing.T) {
	form := DepotForm{
		Code:    " br-1 ",
		Name:    "Depósito Sul",
		Street:  "Rua das Palmeiras, 12",
		City:    "Curitiba",
		Country: " br ",
	}

	depot := form.Normalise()
	require.Equal(t, "BR-1", depot.Code)
	require.Equal(t, "BR", depot.Country)
	require.Equal(t, "America/Sao_Paulo", depot.TimeZone)
	require.NoError(t, depot.Validate())

	form.TimeZone = "America/Manaus"
	require.Equal(t, "America/Manaus", form.Normalise().TimeZone)
}

func TestADepotIsRefusedWithEveryWrongField(t *testing.T) {
	require.Equal(t,
		[]string{"/code", "/name", "/street", "/city", "/country", "/time_zone"},
		wrongFields(t, DepotForm{}.Validate()))

	depot := DepotForm{
		Code:    "BR-1",
		Name:    "Depósito Sul",
		Street:  "Rua das Palmeiras, 12",
		City:    "Curitiba",
		Country: "BR",
	}
	for _, zone := range []string{"", "Local", "America/Nowhere"} {
		depot.TimeZone = zone
		require.Equal(t, []string{"/time_zone"}, wrongFields(t, depot.Validate()), zone)
	}

	depot.TimeZone = "America/Sao_Paulo"
	depot.Code = strings.Repeat("x", 33)
	require.Equal(t, []string{"/code"}, wrongFields(t, depot.Validate()))
}
