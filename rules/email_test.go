package rules

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestR47_NormaliseEmail(t *testing.T) {
	for in, want := range map[string]string{
		"User@X.com":                "user@x.com",
		"  ana.souza@ACME.example":  "ana.souza@acme.example",
		"Ana+rooms@Acme.example\n":  "ana+rooms@acme.example",
		"ana@Bücher.example":        "ana@xn--bcher-kva.example",
		"ana@XN--BCHER-KVA.example": "ana@xn--bcher-kva.example",
		"ana@ａｃｍｅ.example":          "ana@acme.example",
		"\u212Aim@acme.example":     "\u212Aim@acme.example", // the Kelvin sign is not our k
		"nobody":                    "nobody",
		"NoBody":                    "nobody",
		"":                          "",
		"a@":                        "a@",
		"A@b c":                     "a@b c",
		"@Bücher.example":           "@xn--bcher-kva.example",
		"AZ.[az]@acme.example":      "az.[az]@acme.example",
	} {
		require.Equal(t, want, NormaliseEmail(in), "%q", in)
	}
}

func TestNormaliseEmailTwiceIsOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.OneOf(rapid.String(), rapid.StringMatching(`[ A-Za-zéßK.+]{0,8}@[A-Za-zéßK.-]{0,12}`)).Draw(t, "s")
		once := NormaliseEmail(s)
		require.Equal(t, once, NormaliseEmail(once))
	})
}

func TestValidEmail(t *testing.T) {
	local64 := strings.Repeat("a", 64)
	longest := "a@" + strings.Repeat("abcdefghi.", 24) + "abcd.example" // 254 octets
	require.Len(t, longest, MaxEmailLength)
	for _, s := range []string{
		"ana.souza@acme.example", "Ana.Souza@ACME.com.br", "a+b@x.co", "o'brien@acme.ie", "a_b-c@sub.acme.example",
		"ana@bücher.example", local64 + "@acme.example", "1@2.example", " ana@acme.example ",
		"a@acme.example", "ana@" + strings.Repeat("a", 63) + ".example", longest,
	} {
		require.True(t, ValidEmail(s), "%q", s)
	}
	for _, s := range []string{
		"", "ana", "@acme.example", "ana@", "ana@acme", "ana@acme.", "ana@.example", "ana@acme..example",
		"ana@@acme.example", "a@b@acme.example", "ana souza@acme.example", "ana@ac me.example",
		"Ana <ana@acme.example>", "<ana@acme.example>", "ana@acme.example, b@acme.example",
		"ana@acme.example (Ana)", `"ana"@acme.example`, `"a b"@acme.example`, ".ana@acme.example", "ana.@acme.example",
		"a..b@acme.example", "ana@[192.0.2.1]", "ana@192.0.2.1", "ana@-acme.example", "ana@acme-.example",
		"ana@acme.example\r\nBcc: x@y.example", "ana@acme.example\n", "a\x00@acme.example", "ana\t@acme.example",
		"ána@acme.example", "\u212Aim@acme.example", "ana@acme_x.example", "ana@acme.e",
		local64 + "a@acme.example", "ana@" + strings.Repeat("a", 64) + ".example",
		"a" + longest,
	} {
		require.False(t, ValidEmail(s), "%q", s)
	}
}

func TestValidEmailNeverLetsAHeaderBreakThrough(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.String().Draw(t, "before") +
			rapid.SampledFrom([]string{"\r", "\n", "\x00", "\u0085"}).Draw(t, "break") +
			rapid.String().Draw(t, "after")
		require.False(t, ValidEmail(s))
	})
}

func TestEmailDomain(t *testing.T) {
	require.Equal(t, "acme.example", EmailDomain("Ana@ACME.example"))
	require.Equal(t, "", EmailDomain("ana"))
	require.Equal(t, "", EmailDomain("ana@"))
	require.Equal(t, "acme.example", EmailDomain("@acme.example"))
}

func TestR115b_FreeMail(t *testing.T) {
	for _, d := range []string{
		"gmail.com", "GMAIL.com", "googlemail.com", "hotmail.com.br", "outlook.com", "yahoo.com.br", "yahoo.co.uk",
		"live.fr", "gmx.net", "gmx.de", "uol.com.br", "bol.com.br", "terra.com.br", "proton.me", "icloud.com",
		"web.de", "sapo.pt", "qq.com", "mailinator.com",
	} {
		require.True(t, IsFreeMail(d), d)
	}
	for _, d := range []string{
		"", "acme.example", "gmail", "gmail.info", "gmail.acme.example", "mygmail.com", "yahoo.corp.com", "outlook.mil.br", "com.br",
	} {
		require.False(t, IsFreeMail(d), d)
	}
}

func TestR49a_GroupMailbox(t *testing.T) {
	for _, s := range []string{
		"it@acme.com", "IT@acme.com", "info@acme.com", "admin@acme.com", "ti@acme.com.br", "suporte@acme.com.br",
		"contato@acme.com.br", "suporte.ti@acme.com.br", "it-support@acme.com", "it_team2@acme.com",
		"helpdesk@acme.com",
		"soporte@acme.es", "verwaltung@acme.de", "kontakt@acme.de", "büro@acme.de", "recepção@acme.pt",
		"admin+rooms@acme.com",
		"no-reply@acme.com", "compras", "Service.Desk@acme.com",
	} {
		require.True(t, IsGroupMailbox(s), s)
	}
	for _, s := range []string{
		"", "@acme.com", "ana.souza@acme.com", "ana.it@acme.com", "rita@acme.com", "admin.silva@acme.com",
		"itamar@acme.com",
		"tiago@acme.com", "123@acme.com", "...@acme.com",
	} {
		require.False(t, IsGroupMailbox(s), s)
	}
}

func TestAnAddressWithAccentsIsToldWhatIsWrong(t *testing.T) {
	for email, want := range map[string]string{
		"joão@acme.example":   "accent",
		"a@b@acme.example":    "not one plain",
		"Ana <a@acme.example": "not one plain",
	} {
		var k Checker
		k.Email("/email", email)
		require.Len(t, k.Fields, 1)
		require.Contains(t, k.Fields[0].Message, want, email)
	}
}
