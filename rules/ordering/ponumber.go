package ordering

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// PONumberKey returns the form in which purchase order numbers are compared (S65): Unicode
// NFKC, without case; spaces and hyphens of every kind, however many, are one hyphen, and
// none at the ends. "po-77", "PO 77" and "PO‑77" have one key, "PO77" has another.
func PONumberKey(number string) string {
	folded := norm.NFKC.String(strings.ToLower(norm.NFKC.String(number)))
	parts := strings.FieldsFunc(folded, func(r rune) bool {
		return unicode.IsSpace(r) || isHyphen(r)
	})
	if len(parts) == 0 { // it is made of hyphens alone
		return strings.TrimSpace(folded)
	}
	return strings.Join(parts, "-")
}

// isHyphen reports whether people mean a hyphen by the character: dashes of every length,
// the minus sign, the soft hyphen and the bullet.
func isHyphen(r rune) bool {
	const minus, soft, bullet = '\u2212', '\u00AD', '\u2043'
	return unicode.Is(unicode.Pd, r) || r == minus || r == soft || r == bullet
}
