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
