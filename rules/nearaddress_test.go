package rules

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func at(country, postal, city, street string) Address {
	return Address{Street: street, City: city, PostalCode: postal, Country: country}
}

func TestS61_PairsOfAddresses(t *testing.T) {
	for _, c := range []struct {
		name string
		a, b Address
		same bool // the very same account
		near bool
	}{
		{
			"abbreviation, hyphen lost", at("BR", "01310-100", "São Paulo", "Av. Paulista, 1000"),
			at("BR", "01310100", "Sao Paulo", "Avenida Paulista 1000"), true, true,
		},
		{
			"order of number and street", at("US", "10118", "New York", "350 5th Avenue"),
			at("US", "10118", "New York", "5th Ave 350"), true, true,
		},
		{
			"postal code missing", at("BR", "01310-100", "São Paulo", "Av. Paulista, 1000"),
			at("BR", "", "São Paulo", "Av. Paulista, 1000"), false, true,
		},
		{
			"leading zero lost", at("BR", "01310-100", "São Paulo", "Av. Paulista, 1000"),
			at("BR", "1310100", "São Paulo", "Av. Paulista, 1000"), false, true,
		},
		{
			"leading zero lost, German", at("DE", "01067", "Dresden", "Ostra-Allee 9"),
			at("DE", "1067", "Dresden", "Ostra Allee 9"), false, true,
		},
		{
			"end of the code left out", at("BR", "01310-100", "São Paulo", "Av. Paulista, 1000"),
			at("BR", "01310", "São Paulo", "Av. Paulista, 1000"), false, true,
		},
		{
			"umlaut written out", at("DE", "80331", "München", "Müllerstraße 3"),
			at("DE", "80331", "Muenchen", "Muellerstrasse 3"), false, true,
		},
		{
			"accent", at("ES", "28014", "Madrid", "Calle de Alcalá 50"),
			at("ES", "28014", "Madrid", "Calle de Alcala, 50"), true, true,
		},
		{
			"kind of street left out", at("BR", "01310-100", "São Paulo", "Av. Paulista, 1000"),
			at("BR", "01310-100", "São Paulo", "Paulista 1000"), false, true,
		},
		{
			"name abbreviated", at("BR", "04571-010", "São Paulo", "Av. Eng. Luís Carlos Berrini, 105"),
			at("BR", "04571-010", "São Paulo", "Avenida Engenheiro L. C. Berrini 105"), false, true,
		},
		{
			"title left out", at("BR", "04571-010", "São Paulo", "Av. Eng. Luís Carlos Berrini, 105"),
			at("BR", "04571-010", "São Paulo", "Av. Luis Carlos Berrini, 105"), false, true,
		},
		{
			"a room in the house", at("BR", "01310-100", "São Paulo", "Av. Paulista, 1000"),
			at("BR", "01310-100", "São Paulo", "Av. Paulista, 1000, sala 5"), false, true,
		},
		{
			"number left out", at("BR", "01310-100", "São Paulo", "Av. Paulista, 1000"),
			at("BR", "01310-100", "São Paulo", "Av. Paulista"), false, true,
		},
		{
			"town with its state", at("BR", "01310-100", "São Paulo", "Av. Paulista, 1000"),
			at("BR", "01310-100", "São Paulo - SP", "Av. Paulista, 1000"), false, true,
		},
		{
			"four characters of the code", at("PT", "1000-001", "Lisboa", "Rua A, 1"),
			at("PT", "1000", "Lisboa", "Rua A, 1"), false, true,
		},
		{
			"three characters of the code", at("PT", "1000-001", "Lisboa", "Rua A, 1"),
			at("PT", "100", "Lisboa", "Rua A, 1"), false, false,
		},
		{
			"no town on either side", at("BR", "", "-", "Rua A, 1"),
			at("BR", "", "-", "Rua A, 1"), true, false,
		},
		{
			"no town on one side", at("BR", "", "Santos", "Rua A, 1"),
			at("BR", "", "-", "Rua A, 1"), false, false,
		},
		{
			"a name and none", at("US", "10001", "New York", "10 Broadway"),
			at("US", "10001", "New York", "10"), false, false,
		},
		{
			"another number", at("BR", "01310-100", "São Paulo", "Av. Paulista, 1000"),
			at("BR", "01310-100", "São Paulo", "Av. Paulista, 1001"), false, false,
		},
		{
			"another street", at("BR", "01310-100", "São Paulo", "Av. Paulista, 1000"),
			at("BR", "01310-100", "São Paulo", "Rua Augusta, 1000"), false, false,
		},
		{
			"another kind of street", at("BR", "", "São Paulo", "Av. Paulista, 1000"),
			at("BR", "", "São Paulo", "Rua Paulista, 1000"), false, false,
		},
		{
			"another postal code", at("BR", "01310-100", "São Paulo", "Rua A, 1"),
			at("BR", "04571-010", "São Paulo", "Rua A, 1"), false, false,
		},
		{
			"another town", at("BR", "", "São Paulo", "Rua A, 1"), at("BR", "", "Campinas", "Rua A, 1"), false, false,
		},
		{
			"another country", at("BR", "", "Santos", "Rua A, 1"), at("PT", "", "Santos", "Rua A, 1"), false, false,
		},
		{
			"streets with numbers for names", at("US", "10001", "New York", "10 5th Avenue"),
			at("US", "10001", "New York", "10 7th Avenue"), false, false,
		},
	} {
		require.Equal(t, c.same, AddressHash(c.a) == AddressHash(c.b), c.name)
		require.Equal(t, c.near, NearAddress(c.a, c.b), c.name)
		require.Equal(t, c.near, NearAddress(c.b, c.a), "%s, the other way round", c.name)
	}
}

func TestS61_AnAddressIsNearItself(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := paulista(rapid.StringMatching(`([A-Za-zé]{1,8}[ .,]{1,2}){1,4}[0-9]{0,4}`).Draw(t, "street"))
		require.True(t, NearAddress(a, a))
	})
}
