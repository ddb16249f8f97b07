package rules

import (
	"strings"
	"testing"
	"unicode"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestR107_CompanyKeyEqual(t *testing.T) {
	for _, same := range [][]string{
		{
			"Acme", "ACME", " acme ", "Acme Ltda", "Acme Ltda.", "ACME LTDA - ME", "Acme S.A.", "Acme S/A", "Acme SA",
			"Acme EIRELI", "Acme, Inc.", "Acme LLC", "Acme L.L.C.", "Acme GmbH", "Acme GmbH & Co. KG", "Acme Ltd",
			"Acme Co., Ltd.", "Acme S.L.", "Acme SAS", "Acme S. A.", "Acme S.A. de C.V.", "Acme S. de R.L. de C.V.",
			"Acme Sp. z o.o.", "Ácme Limitada", "ＡＣＭＥ",
		},
		{"Pão de Açúcar Comércio Ltda", "PAO DE ACUCAR COMERCIO"},
		{"Johnson & Johnson", "Johnson and Johnson, Inc.", "Johnson e Johnson Ltda"},
		{"McDonald's", "McDonalds", "MCDONALD’S"},
		{"I.B.M. do Brasil", "IBM do Brasil"},
		{"Müller GmbH", "Muller"},
		{"Straße AG", "Strasse"},
		{"Łódź sp. z o.o.", "Lodz"},
	} {
		for _, name := range same {
			require.Equal(t, CompanyKey(same[0]), CompanyKey(name), name)
		}
	}
}

func TestR107_CompanyKeyDifferent(t *testing.T) {
	for _, pair := range [][2]string{
		{"Acme", "Acme Brasil"}, {"Acme", "Acne"}, {"Ltda", "SA"}, {"C&A", "CA"}, {"???", "!!!"}, {"株式会社日立", "日立"},
		{"がす", "かす"}, {"Acme", ""}, {"Co", "Inc"},
	} {
		require.NotEqual(t, CompanyKey(pair[0]), CompanyKey(pair[1]), "%s and %s", pair[0], pair[1])
	}
	require.Empty(t, CompanyKey("  "))
	require.Equal(t, "ltda", CompanyKey("Ltda"), "a name is never dropped as a whole")
	require.Equal(t, "y combinator", CompanyKey("Y Combinator"), "a first word joins nothing")
	require.Equal(t, "vitamin e", CompanyKey("Vitamin E"), "nor does a last one")
}

func paulista(street string) Address {
	return Address{Street: street, City: "São Paulo", Region: "SP", PostalCode: "01310-100", Country: "BR"}
}

func TestR107_AddressKeyEqual(t *testing.T) {
	for _, same := range [][]string{
		{
			"Av. Paulista 1000", "Avenida Paulista, 1000", "AVENIDA PAULISTA 1000", "av paulista, nº 1000",
			"Av. Paulista, n.º 1.000", "Avenida Paulista n° 1000", "1000 Avenida Paulista", "Av Paulista No. 1000",
			"  Av.  Paulista,1000 ", "Avda. Paulista 1000",
		},
		{"Rua da Consolação, 222", "R. Consolacao 222"},
		{"Rua 1º de Maio, 10", "R 1 de Maio 10"},
		{"Praça da Sé, s/n", "Pça. da Sé S/N"},
		{"Berliner Straße 5", "Berliner Str. 5", "Berlinerstr. 5", "BERLINER STRASSE 5"},
		{"Hauptstraße 12a", "Hauptstr. 12A", "Haupt-Straße 12a"},
		{"221B Baker Street", "Baker St 221b", "221b Baker St."},
		{"350 5th Avenue, Suite 10", "350 5th Ave Ste 10"},
		{"100 North Main Street", "100 N Main St."},
		{"Calle de Alcalá, 50", "Cl. Alcala 50"},
		{"Rodovia Dr. Santos km 5", "Rod. Doutor Santos km 5"},
		{"Straße 5", "Str. 5"}, // there is no word before it to join
	} {
		for _, street := range same {
			require.Equal(t, AddressKey(paulista(same[0])), AddressKey(paulista(street)), street)
			require.Equal(t, AddressHash(paulista(same[0])), AddressHash(paulista(street)), street)
		}
	}
}

func TestR107_AddressKeyDifferent(t *testing.T) {
	base := paulista("Av. Paulista, 1000")
	for name, change := range map[string]func(*Address){
		"number":      func(a *Address) { a.Street = "Av. Paulista, 1001" },
		"one more":    func(a *Address) { a.Street = "Av. Paulista, 1000, sala 5" },
		"other name":  func(a *Address) { a.Street = "Av. Paulistana, 1000" },
		"other type":  func(a *Address) { a.Street = "Rua Paulista, 1000" },
		"city":        func(a *Address) { a.City = "Santos" },
		"postal code": func(a *Address) { a.PostalCode = "01310-200" },
		"country":     func(a *Address) { a.Country = "PT" },
		"ordinal":     func(a *Address) { a.Street = "5th Avenue 1000" },
	} {
		other := base
		change(&other)
		require.NotEqual(t, AddressKey(base), AddressKey(other), name)
		require.NotEqual(t, AddressHash(base), AddressHash(other), name)
	}
	require.NotEqual(t, AddressKey(paulista("10 5th Avenue")), AddressKey(paulista("5 10th Avenue")))
}

func TestR107_PostalCodeAndRegion(t *testing.T) {
	us := Address{Street: "1 Main St", City: "Springfield", Region: "IL", PostalCode: "62701-1234", Country: "us"}
	for _, code := range []string{"62701", "62701 1234", "US-62701"} {
		other := us
		other.PostalCode, other.Region = code, "Illinois"
		require.Equal(t, AddressKey(us), AddressKey(other), code)
	}
	us.PostalCode = ""
	byName := us
	byName.Region = "illinois"
	require.Equal(t, AddressKey(us), AddressKey(byName), "code and name of a region")
	byName.Region = "MO"
	require.NotEqual(t, AddressKey(us), AddressKey(byName), "without a postal code the region counts")

	gb := Address{Street: "10 Downing St", City: "London", PostalCode: "SW1A 2AA", Country: "GB"}
	other := gb
	other.PostalCode = "sw1a2aa"
	require.Equal(t, AddressKey(gb), AddressKey(other))
	require.Equal(t, "GB|SW1A2AA||london|downing st#10", AddressKey(gb))
	require.Equal(t, "BR|01310100||sao paulo|av paulista#1000", AddressKey(paulista("Av. Paulista, 1000")))
}

func TestAddressHashIsHexAndHoldsNoAddress(t *testing.T) {
	hash := AddressHash(paulista("Av. Paulista, 1000"))
	require.Regexp(t, `^[0-9a-f]{64}$`, hash)
}

func TestFoldIsStableForEveryCharacter(t *testing.T) {
	for r := rune(1); r <= unicode.MaxRune; r++ {
		once := fold("a" + string(r) + "b")
		if once != fold(once) { // a million times: require would be slow
			t.Fatalf("%U is not stable", r)
		}
		if upper := unicode.ToUpper(r); unicode.IsLetter(r) && unicode.ToLower(upper) == r &&
			once != fold("a"+string(upper)+"b") {
			t.Fatalf("%U differs in upper case", r)
		}
	}
}

func TestKeysTwiceAreOnce(t *testing.T) {
	text := rapid.OneOf(rapid.String(),
		rapid.StringMatching(`([A-Zé]{1,3}[ .,&/']{1,2}|(s|a|and|e|Ltda|de|S/A|GmbH)[ .]){0,6}`))
	rapid.Check(t, func(t *rapid.T) {
		s := text.Draw(t, "s")
		require.Equal(t, fold(s), fold(fold(s)))
		key := CompanyKey(s)
		require.Equal(t, key, CompanyKey(key))
	})
}

func TestR107_CompanyKeyIgnoresCaseAndLegalForm(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.StringMatching(`[B-Z][aeiou]{3,6}( [B-Z][aeiou]{3,6}){0,2}`).Draw(t, "name")
		form := rapid.SampledFrom([]string{"Ltda.", "S/A", "S.A.", "Inc", "GmbH", "L.L.C.", "- ME"}).Draw(t, "form")
		require.Equal(t, CompanyKey(name), CompanyKey(" "+strings.ToUpper(name)+" "+form+" "))
	})
}

func TestAddressKeyIgnoresCaseAndSpaces(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		street := rapid.StringMatching(`([A-Za-zé]{1,8}[ .,]{1,2}){1,4}[0-9]{0,4}`).Draw(t, "street")
		spaced := "  " + strings.ReplaceAll(strings.ToUpper(street), " ", "   ")
		require.Equal(t, AddressKey(paulista(street)), AddressKey(paulista(spaced)))
	})
}

func TestFoldDropsTheFirstAndTheLastAccent(t *testing.T) {
	require.Equal(t, "ee", fold("\u00e8e\u036f"))
	require.Equal(t, "e\u0483", fold("e\u0483"), "a mark of another script stays")
}
