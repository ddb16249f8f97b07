package rules

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// undecomposed replaces letters that Unicode does not decompose into a base letter and
// an accent.
var undecomposed = strings.NewReplacer(
	"ø", "o", "ł", "l", "đ", "d", "ð", "d", "þ", "th", "æ", "ae", "œ", "oe", "ı", "i", "ß", "ss",
	"ς", "σ")

// fold makes a text comparable: compatibility forms resolved, no accents, no
// case. Only the accents of Latin, Greek and Cyrillic (U+0300 to U+036F) go;
// marks of other scripts are letters in their own right, and dropping them would
// make different names equal.
func fold(s string) string {
	if isASCII(s) { // most texts are, and nothing in them decomposes
		return strings.ToLower(s)
	}
	var b strings.Builder
	for _, r := range norm.NFKD.String(s) {
		if r < 0x0300 || r > 0x036F {
			b.WriteRune(r)
		}
	}

	folded := undecomposed.Replace(strings.ToLower(b.String()))
	return norm.NFC.String(folded)
}

// words splits a folded text at everything that is neither letter, mark nor digit.
func words(folded string) []string {
	return strings.FieldsFunc(folded, func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsMark(r) && !unicode.IsDigit(r)
	})
}

// set makes a lookup table of a space-separated list.
func set(list string) map[string]bool {
	m := map[string]bool{}
	for _, w := range strings.Fields(list) {
		m[w] = true
	}
	return m
}

// NormaliseText returns a text trimmed and in Unicode NFC, as texts are stored.
func NormaliseText(s string) string { return strings.TrimSpace(norm.NFC.String(s)) }

// SearchKey makes texts comparable for a search by part of a name: no accents and
// no case, one space between words.
func SearchKey(texts ...string) string {
	return strings.Join(strings.Fields(fold(strings.Join(texts, " "))), " ")
}
