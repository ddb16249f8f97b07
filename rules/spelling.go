package rules

import (
	"fmt"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// One thing has one spelling, however it was typed (S63). There is one function for each
// kind of text, and every door uses it: NameKey for names, NormaliseCode for codes,
// NormaliseSerial, NormaliseEmail, NormalisePassword and NormaliseDigits for what mails
// and apps show as a code. What is shown is what was typed.

// NameKey returns the form in which names of rooms are compared: composed (NFC), with
// single spaces and without case. Accents count: "Sala é" and "Sala e" are two rooms.
func NameKey(name string) string {
	spaced := strings.Join(strings.Fields(norm.NFC.String(name)), " ")
	return norm.NFC.String(strings.ToLower(spaced))
}

// NormaliseCode returns the form in which codes are stored and compared, such as those of
// SKUs, models and depots: compatibility forms resolved (NFKC), every dash a hyphen, no
// spaces around, in capitals.
func NormaliseCode(code string) string {
	hyphened := strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Pd, r) || r == '\u2212' {
			return '-'
		}
		return r
	}, norm.NFKC.String(code))
	return norm.NFKC.String(strings.ToUpper(strings.TrimSpace(hyphened)))
}

// NormaliseDigits returns a one-time code as it was sent: a person types it with spaces,
// dashes, or the digits of another script's keyboard.
func NormaliseDigits(code string) string {
	plain := strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || unicode.Is(unicode.Pd, r) {
			return -1
		}
		return r
	}, norm.NFKC.String(code))
	return norm.NFKC.String(plain) // what stood on both sides of a blank may compose
}

// NormalisePassword returns the form in which passwords are hashed and compared: with
// compatibility forms resolved (NFKC) and without spaces around, which a keyboard or a
// paste adds. One that is nothing but spaces stays as it is.
func NormalisePassword(password string) string {
	if plain := strings.TrimSpace(norm.NFKC.String(password)); plain != "" {
		return plain
	}
	return password
}

// UnseenRune returns the first character of a text that nobody sees and that may make it
// look like another: a control character, a blank of no width, a mark of the direction of
// writing, a letter that is empty. Joiners are letters of spelling in the scripts that need
// them, and stand there between two letters; a variation selector stands behind a sign that
// has variants.
func UnseenRune(text string) (unseen rune, found bool) {
	var before rune
	for i, r := range text {
		after := func() rune { return firstRune(text[i+len(string(r)):]) }
		switch {
		case r == '\u200c' || r == '\u200d':
			if !joined(before) || !joined(after()) {
				return r, true
			}
		case unicode.Is(unicode.Variation_Selector, r):
			if !hasVariants(before, after()) {
				return r, true
			}
		case invisible(r):
			return r, true
		}
		before = r
	}
	return 0, false
}

// hasVariants reports whether a variation selector between two characters changes how the
// one before it looks: an emoji, a Chinese character, a letter of a script with such forms.
func hasVariants(before, after rune) bool {
	switch {
	case strings.ContainsRune("#*0123456789", before):
		return after == '\u20e3' // keycaps
	case strings.ContainsRune("\u203c\u2049\u3030", before):
		return true
	}
	return unicode.IsSymbol(before) || unicode.In(before,
		unicode.Han, unicode.Mongolian, unicode.Myanmar, unicode.Phags_Pa)
}

func firstRune(text string) rune {
	for _, r := range text {
		return r
	}
	return 0
}

// joining are the scripts whose letters a joiner may stand between.
var joining = []*unicode.RangeTable{
	unicode.Arabic, unicode.Syriac, unicode.Mongolian, unicode.Nko, unicode.Mandaic,
	unicode.Devanagari, unicode.Bengali, unicode.Gurmukhi, unicode.Gujarati, unicode.Oriya,
	unicode.Tamil, unicode.Telugu, unicode.Kannada, unicode.Malayalam, unicode.Sinhala,
	unicode.Khmer, unicode.Myanmar, unicode.Tibetan, unicode.Balinese, unicode.Javanese,
}

func joined(r rune) bool {
	return (unicode.IsLetter(r) || unicode.IsMark(r)) && unicode.In(r, joining...)
}

// invisible reports whether nobody sees a character: all that Unicode lets programs ignore,
// joiners and variation selectors aside, and signs that are blank without being spaces. A
// format character with a form of its own, such as the Arabic number sign, is seen.
func invisible(r rune) bool {
	switch r {
	case '\u2028', '\u2029':
		return true
	case '\u2800', '\ufffc', '\U0001d159', '\U00016fe4':
		// The Braille pattern without dots, the place of an object, the empty notehead, and
		// the filler between Khitan letters.
		return true
	}
	return unicode.IsControl(r) ||
		unicode.In(r, unicode.Cf, unicode.Other_Default_Ignorable_Code_Point) &&
			!unicode.Is(unicode.Prepended_Concatenation_Mark, r)
}

// runeNames are how people look up the characters that are pasted most.
var runeNames = map[rune]string{
	'\t':     "tab",
	'\n':     "line feed",
	'\r':     "carriage return",
	'\u00ad': "soft hyphen",
	'\u061c': "Arabic letter mark",
	'\u200b': "zero width space",
	'\u200c': "zero width non-joiner",
	'\u200d': "zero width joiner",
	'\u200e': "left-to-right mark",
	'\u200f': "right-to-left mark",
	'\u202a': "left-to-right embedding",
	'\u202b': "right-to-left embedding",
	'\u202c': "pop directional formatting",
	'\u202d': "left-to-right override",
	'\u202e': "right-to-left override",
	'\u2028': "line separator",
	'\u2029': "paragraph separator",
	'\u2060': "word joiner",
	'\u2066': "left-to-right isolate",
	'\u2067': "right-to-left isolate",
	'\u2068': "first strong isolate",
	'\u2069': "pop directional isolate",
	'\ufeff': "byte order mark",
}

// NameOfRune returns a character's number, and its name where many people meet it.
func NameOfRune(r rune) string {
	if name, ok := runeNames[r]; ok {
		return fmt.Sprintf("U+%04X (%s)", r, name)
	}
	return fmt.Sprintf("U+%04X", r)
}
