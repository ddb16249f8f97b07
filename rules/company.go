package rules

import (
	"regexp"
	"slices"
	"strings"
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
