package rules

import (
	"regexp"
	"slices"
	"strings"

	"golang.org/x/text/unicode/norm"
)

// legalForms are the legal forms as they stand at the end of a name, without dots and
// accents. A form of several words is written out word by word.
var legalForms = func() [][]string {
	list := `ltda|limitada|sa|s a|me|epp|mei|eireli|ei|lda|unipessoal|sgps|cia|companhia
		|inc|incorporated|corp|corporation|co|company|llc|l l c|llp|lp|plc|ltd|limited
		|pty|pvt|private
		|gmbh|g m b h|ag|kg|ohg|gbr|ug|haftungsbeschrankt|mbh|ev|eg|ek|e k|kgaa|se
		|sl|s l|slu|sau|sas|s a s|sarl|srl|s r l|s de rl|spa|s p a|de cv|c v|cv|sapi|sab|eirl|spp
		|bv|b v|nv|n v|ab|as|asa|aps|oy|oyj|kk|sro|doo|zoo|kft|sp z oo|pte|sdn bhd`

	var forms [][]string
	for _, form := range strings.Split(list, "|") {
		forms = append(forms, strings.Fields(form))
	}

	return forms
}()

var (
	conjunctions = set("and e und y et")
	innerMarks   = strings.NewReplacer(".", "", "'", "", "’", "", "´", "", "`", "")
	slashedForm  = regexp.MustCompile(`\b([a-z])/([a-z])\b`)
)

// CompanyKey returns the form of a company's name for matching (R107a): without
// accents, case and punctuation, without the legal form at its end ("Acme Ltda.",
// "ACME S/A" and "Acme" are one) and without an inner "and". It never drops the
// whole name, and is "" only for one with nothing to see. It is one half of the match; the
// address is the other, so dropping too little is safer than dropping too much.
func CompanyKey(name string) string {
	folded := fold(strings.TrimSpace(name))
	tokens := words(slashedForm.ReplaceAllString(innerMarks.Replace(folded), "$1$2"))
	if len(tokens) == 0 {
		return strings.TrimSpace(folded)
	}
	return strings.Join(dropLegalForms(dropConjunctions(tokens)), " ")
}

// FullNameKey returns the form of a company's full name by which an organisation is known
// (S59): Unicode NFKC, without case, one space between words. Legal form, accents and
// punctuation stay: a name that differs in them is another name.
func FullNameKey(name string) string {
	folded := norm.NFKC.String(strings.ToLower(norm.NFKC.String(name)))
	return strings.Join(strings.Fields(folded), " ")
}

// KnownName is a name under which an organisation is on record: its own, or another
// spelling that an operator confirmed.
type KnownName struct {
	OrgID   string
	FullKey string // FullNameKey of the name
	Country string // ISO 3166; empty: not on record
}

// WhoIsNamed returns the organisation that a name and a country mean among those that are
// on record under names alike (of one CompanyKey), and those that the name only resembles
// (S59). An organisation whose country is not on record is known by its full name alone,
// where it is the only one of that name. What is not known has an empty id.
func WhoIsNamed(company, country string, known []KnownName) (orgID string, alike []string) {
	full := FullNameKey(company)
	var here, anywhere []string
	for _, k := range known {
		switch {
		case k.FullKey == full && k.Country == country:
			here = append(here, k.OrgID)
		case k.FullKey == full && k.Country == "":
			anywhere = append(anywhere, k.OrgID)
		}
	}

	if len(here) == 0 {
		here = anywhere
	}
	if len(here) == 1 {
		return here[0], nil
	}

	for _, k := range known {
		if !slices.Contains(alike, k.OrgID) {
			alike = append(alike, k.OrgID)
		}
	}

	return "", alike
}

func dropLegalForms(tokens []string) []string {
	for {
		n := legalFormLength(tokens)
		if n == 0 {
			return tokens
		}
		tokens = tokens[:len(tokens)-n]
	}
}

// legalFormLength returns how many words at the end are a legal form that leaves
// something in front of it; the longest form wins.
func legalFormLength(tokens []string) int {
	longest := 0
	for _, form := range legalForms {
		n := len(form)
		if n < len(tokens) && slices.Equal(tokens[len(tokens)-n:], form) {
			longest = max(longest, n)
		}
	}

	return longest
}

func dropConjunctions(tokens []string) []string {
	var kept []string
	for i, t := range tokens {
		inner := i > 0 && i < len(tokens)-1
		if !inner || !conjunctions[t] {
			kept = append(kept, t)
		}
	}

	return kept
}
