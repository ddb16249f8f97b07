package rules

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestS59_FullNames(t *testing.T) {
	for _, pair := range [][2]string{
		{"Andina Telecom S.A.", " ANDINA  telecom s.a. "},
		{"Andina Telecom S.A.", "Andina\u00a0Telecom S.A."},
		{"Ação Ltda", "Ac\u0327a\u0303o Ltda"}, // composed and not
		{"ＡＣＭＥ Ltda", "Acme Ltda"},
	} {
		require.Equal(t, FullNameKey(pair[0]), FullNameKey(pair[1]), pair)
	}
	for _, pair := range [][2]string{
		{"Andina Telecom S.A.", "Andina Telecom Ltda"}, {"Andina Telecom S.A.", "Andina Telecom SA"},
		{"Andina Telecom S.A.", "Andina Telecom"}, {"Ação Ltda", "Acao Ltda"},
	} {
		require.NotEqual(t, FullNameKey(pair[0]), FullNameKey(pair[1]), pair)
		require.Equal(t, CompanyKey(pair[0]), CompanyKey(pair[1]), "alike all the same")
	}
	rapid.Check(t, func(t *rapid.T) {
		key := FullNameKey(rapid.String().Draw(t, "name"))
		require.Equal(t, key, FullNameKey(key))
	})
}

func TestS59_WhoIsNamed(t *testing.T) {
	known := []KnownName{
		{"org_sa", "andina telecom s.a.", "CL"},
		{"org_ar", "andina telecom s.a.", "AR"},
		{"org_ltda", "andina telecom ltda", ""},
		{"org_sa", "andina telecom sa", "CL"}, // a spelling
	}
	for _, c := range []struct {
		company, country, want string
		alike                  []string
	}{
		{"Andina Telecom S.A.", "CL", "org_sa", nil},
		{"Andina Telecom S.A.", "AR", "org_ar", nil},
		{"Andina Telecom SA", "CL", "org_sa", nil},
		{"Andina Telecom Ltda", "BR", "org_ltda", nil},
		{"Andina Telecom S.A.", "PE", "", []string{"org_sa", "org_ar", "org_ltda"}},
		{"Andina Telecom", "CL", "", []string{"org_sa", "org_ar", "org_ltda"}},
	} {
		got, alike := WhoIsNamed(c.company, c.country, known)
		require.Equal(t, c.want, got, c.company)
		require.Equal(t, c.alike, alike, c.company)
	}
	got, alike := WhoIsNamed("Andina", "CL", nil)
	require.Empty(t, got)
	require.Empty(t, alike)
}

func TestR115b_MailDomainsOnRecord(t *testing.T) {
	for text, want := range map[string]string{
		" Revenda-Sul.COM.br ": "revenda-sul.com.br", "bücher.example": "xn--bcher-kva.example",
	} {
		require.Equal(t, want, NormaliseDomain(text))
		require.Empty(t, CheckMailDomain("/d", NormaliseDomain(text)), text)
	}
	for _, bad := range []string{
		"", "com.br", "gmail.com", "revenda", "a@b.example", "no domain.example", "127.0.0.1",
	} {
		require.Len(t, CheckMailDomain("/d", NormaliseDomain(bad)), 1, bad)
	}
	require.True(t, AtOneOf("mail.acme.example", []string{"", "acme.example"}))
	require.False(t, AtOneOf("acme.example", nil))
	require.False(t, AtOneOf("", []string{""}))
}

// Each name as a company's and as a person's: is it taken?
func TestS64_NamesAreNotMessages(t *testing.T) {
	for name, want := range map[string]string{
		"Acme Ltda.":                       "YY",
		"Booking.com B.V.":                 "Y-",
		"Amazon.com, Inc.":                 "Y-",
		"Acme S/A":                         "YY",
		"A.P. Møller - Mærsk A/S":          "YY",
		"S.A./N.V. Tractebel":              "YY",
		"AT&T":                             "YY",
		"Big Data: Consulting":             "YY",
		"A.B. Silva":                       "YY",
		"Sao.Paulo":                        "YY",
		"S/A":                              "YY",
		"c/o Foo":                          "YY",
		"Acme.com Ltda":                    "Y-",
		"Pay at evil.example/pay":          "--",
		"evil.github.io/pay":               "--",
		"evil.github.io":                   "Y-",
		"J.R. Silva":                       "YY",
		"J.R.R.Tolkien":                    "YY",
		"Ana.Souza":                        "YY",
		"Dr. Ana Souza":                    "YY",
		"Ana Souza, Ph.D.":                 "YY",
		"O'Neill":                          "YY",
		"Jean-Luc d’Arc":                   "YY",
		"李小龙":                              "YY",
		"François-Xavier":                  "YY",
		"Pay at https://evil.example":      "--",
		"A.B/C or evil.example/pay":        "--",
		"J.R. Silva, evil.example":         "Y-",
		"HTTPS:\\\\evil.example":           "--",
		"http:/evil.example":               "--",
		"ftp://x":                          "--",
		"Ana www.x.example":                "--",
		"Ana WWW2.x.example":               "--",
		"Ana ｗｗｗ．x．example":                "--",
		"Ana https：／／x":                    "--",
		"ana@x.example":                    "--",
		"ana＠x":                            "--",
		"mailto:ana":                       "--",
		"javascript:alert":                 "--",
		"evil.com/pay":                     "--",
		"evil.com:8080/pay":                "--",
		"evil.com?id=1":                    "--",
		"evil。com/pay":                     "--",
		"10.0.0.1/pay":                     "--",
		"Your prize waits at evil.com":     "Y-",
		"Your prize waits at evil.com.br.": "Y-",
		"x.example":                        "Y-",
		"bücher.de":                        "Y-",
		"xn--bcher-kva.de":                 "Y-",
		"evil。com":                         "Y-",
		"Ana https://x.example/\u202epay":  "--",
	} {
		var company, person Checker
		require.Equal(t, want[0] == 'Y', company.CompanyName("/n", name, 200), "company %q", name)
		require.Equal(t, want[1] == 'Y', person.PersonName("/n", name, 200), "person %q", name)
		for _, k := range []Checker{company, person} {
			for _, f := range k.Fields {
				require.Contains(t, []string{NotAName, ControlCharacters}, f.Code)
				require.NotContains(t, f.Message+f.Remedy, name)
			}
		}
	}
}

func TestS64_AnOrderNumberIsNoLink(t *testing.T) {
	for number, taken := range map[string]bool{
		"PO-2026-0017":                 true,
		"4500/12":                      true,
		"PO:12/7":                      true,
		"1.2/3":                        true,
		"1.2.3/4":                      true,
		"PO/2026-11":                   true,
		"4500012345/10":                true,
		"2026.11/77":                   true,
		"P.O.No/55":                    true,
		"Acme.com 77":                  true,
		"evil.example/pay":             false,
		"PO-7 evil.example/pay":        false,
		"EVIL.com:8080/1":              false,
		"evil.com.br?id=7":             false,
		"evil.github.io/pay":           false,
		"evil。example/pay":             false,
		"A.B.C-7":                      true,
		"4500012345@SP":                true,
		"Pedido nº 7 – www":            true,
		"PO-X http://evil.example/pay": false,
		"HTTPS://EVIL.EXAMPLE":         false,
		"https:\\\\evil.example":       false,
		"ftp://x":                      false,
		"PO-7 ｈｔｔｐ：／／ｅｖｉｌ．ｅｘａｍｐｌｅ": false,
		"www.evil.example":       false,
		"PO-7 WWW2.evil.example": false,
		"PO-7 www。evil。example":  false,
	} {
		var k Checker
		require.Equal(t, taken, k.OrderNumber("/po_number", number, 64), number)
		if !taken {
			require.Equal(t, "/po_number", k.Fields[0].Pointer)
			require.Equal(t, NotAName, k.Fields[0].Code)
			require.NotContains(t, k.Fields[0].Message+k.Fields[0].Remedy, "evil")
		}
	}
}
