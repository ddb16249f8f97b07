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
// writing. Joiners are letters of spelling in the scripts that need them, and stand there
// between two letters.
func UnseenRune(text string) (unseen rune, found bool) {
	var before rune
	for i, r := range text {
		switch {
		case r == '\u200c' || r == '\u200d':
			if after := firstRune(text[i+len(string(r)):]); !joined(before) || !joined(after) {
				return r, true
			}
		case invisible(r):
			return r, true
		}
		before = r
	}
	return 0, false
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

// invisible names the characters that nobody sees, joiners aside.
func invisible(r rune) bool {
	switch {
	case unicode.IsControl(r), r == '\u2028', r == '\u2029':
		return true
	case r == '\u00ad', r == '\u034f', r == '\u061c', r == '\u180e', r == '\ufeff':
		return true
	case r == '\u115f', r == '\u1160', r == '\u3164', r == '\uffa0': // empty letters
		return true
	case r >= '\u200b' && r <= '\u200f', r >= '\u202a' && r <= '\u202e':
		return true
	case r >= '\u2060' && r <= '\u206f', r >= '\ufff9' && r <= '\ufffb':
		return true
	}
	return r >= 0xE0000 && r <= 0xE007F
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
