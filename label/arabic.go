package label

import (
	"sync"

	"golang.org/x/text/unicode/norm"
)

// forms are the shapes of an Arabic letter: alone, after a letter, before one, and
// between two. A letter that joins none after it has no last two.
type forms [4]rune

// shapes reads the shapes out of Unicode itself: each presentation form decomposes
// to its letter, and they stand in one order.
var shapes = sync.OnceValues(func() (letters map[rune]forms, ligatures map[[2]rune]forms) {
	letters, ligatures = map[rune]forms{}, map[[2]rune]forms{}
	add := func(from, to rune) {
		seen := map[string]int{}
		for r := from; r <= to; r++ {
			base := norm.NFKC.String(string(r))
			letter := []rune(base)
			n := seen[base]
			if base == string(r) || n > 3 {
				continue
			}

			seen[base]++
			switch len(letter) {
			case 1:
				f := letters[letter[0]]
				f[n] = r
				letters[letter[0]] = f
			case 2:
				f := ligatures[[2]rune{letter[0], letter[1]}]
				f[n] = r
				ligatures[[2]rune{letter[0], letter[1]}] = f
			}
		}
	}

	add(0xFE80, 0xFEFC) // forms B: the Arabic language; lam-alef at the end
	add(0xFB56, 0xFBB1) // forms A: Persian, Urdu
	add(0xFBFC, 0xFBFF)
	return letters, ligatures
})

// joinArabic replaces letters by the shapes that they have beside their neighbours,
// in logical order. Marks of vowels are let through.
func joinArabic(text []rune) []rune {
	letters, ligatures := shapes()
	var out []rune
	joined := false // the letter before reaches out to this one
	for i := 0; i < len(text); i++ {
		f, known := letters[text[i]]
		if i+1 < len(text) {
			if l, ok := ligatures[[2]rune{text[i], text[i+1]}]; ok {
				f, known = l, true
				i++
			}
		}

		if !known {
			out = append(out, text[i])
			joined = joined && mark(text[i])
			continue
		}

		next := f[2] != 0 && joins(letters, text[i+1:])
		switch {
		case joined && next:
			out = append(out, f[3])
		case next:
			out = append(out, f[2])
		case joined && f[1] != 0:
			out = append(out, f[1])
		default:
			out = append(out, f[0])
		}

		joined = next
	}

	return out
}

// joins reports whether the next letter takes the hand of the one before.
func joins(letters map[rune]forms, rest []rune) bool {
	for _, r := range rest {
		if !mark(r) {
			return letters[r][1] != 0
		}
	}
	return false
}

// mark reports whether a rune is written above or below a letter.
func mark(r rune) bool { return r >= 0x064B && r <= 0x065F || r == 0x0670 }
