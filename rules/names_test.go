package rules

import (
	"testing"

	"github.com/stretchr/testify/require"
)

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
