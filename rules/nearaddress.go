package rules

import (
	"slices"
	"strings"
)

// NearAddress reports whether two addresses of one company differ only in what people leave
// out or spell otherwise (S61): a postal code that is missing or has lost its zeros or its
// end, umlauts written out, abbreviations, words left out, number and street the other way
// round. It is a question for a person, never an answer: a room within a house counts as
// near, another house number, street or town does not.
func NearAddress(a, b Address) bool {
	country := strings.ToUpper(strings.TrimSpace(a.Country))
	return country == strings.ToUpper(strings.TrimSpace(b.Country)) &&
		nearPostalCode(postalKey(country, a.PostalCode), postalKey(country, b.PostalCode)) &&
		nearCity(a, b) &&
		nearStreet(looseStreet(a.Street), looseStreet(b.Street))
}

// nearPostalCode compares codes without the zeros that a spreadsheet drops at the front,
// and takes a beginning of at least four characters for the whole.
func nearPostalCode(a, b string) bool {
	const beginning = 4
	if a == "" || b == "" || a == b {
		return true
	}

	for _, pair := range [][2]string{
		{a, b},
		{strings.TrimLeft(a, "0"), strings.TrimLeft(b, "0")},
	} {
		x, y := pair[0], pair[1]
		if x == y || min(len(x), len(y)) >= beginning && sameWord(x, y) {
			return true
		}
	}
	return false
}

// nearCity reports whether the words of one town are within those of the other, in their
// order: people add the region or a part of the town.
func nearCity(a, b Address) bool {
	x := looseWords(a.City)
	y := looseWords(b.City)
	return len(x) > 0 && align(x, y)
}

// looseWords are the words of a text without accents, in which an umlaut is the same
// written out and a doubled s the same as one.
func looseWords(text string) []string {
	return words(umlauts.Replace(fold(text)))
}

// umlauts undoes what people write where a keyboard has no umlaut.
var umlauts = strings.NewReplacer("ae", "a", "oe", "o", "ue", "u", "ss", "s")

// streetParts are the parts of a street that are compared apart.
type streetParts struct {
	kinds   []string // such as avenue: what kind of street it is
	names   []string
	numbers []string
}

// looseStreet takes a street apart in the spelling of streetKey.
func looseStreet(street string) streetParts {
	names, numbers, _ := strings.Cut(streetKey(street), "#")

	var parts streetParts
	for _, w := range strings.Fields(names) {
		if streetKinds[w] {
			parts.kinds = append(parts.kinds, w)
			continue
		}
		parts.names = append(parts.names, umlauts.Replace(w))
	}

	parts.numbers = strings.Fields(numbers)
	return parts
}

// nearStreet reports whether one street may be the other: the same kind where both say it,
// the names of one within those of the other, in their order, and likewise the numbers.
func nearStreet(a, b streetParts) bool {
	if len(a.kinds) > 0 && len(b.kinds) > 0 && !slices.Equal(a.kinds, b.kinds) {
		return false
	}
	if !within(a.numbers, b.numbers) && !within(b.numbers, a.numbers) {
		return false
	}

	return align(a.names, b.names)
}

// within reports whether every text of a is among those of b.
func within(a, b []string) bool {
	for _, s := range a {
		if !slices.Contains(b, s) {
			return false
		}
	}
	return true
}

// align reports whether all words of one list are found in the other, in their order, each
// as itself or abbreviated. Where one list is empty the other must be too: a street may
// have nothing but a number for its name.
func align(a, b []string) bool {
	if len(a) == 0 || len(b) == 0 {
		return len(a) == len(b)
	}
	return found(a, b) == len(a) || found(b, a) == len(b)
}

// found counts how many words of a list stand in a text, one after the other.
func found(list, text []string) int {
	n := 0
	for _, w := range text {
		if n < len(list) && sameWord(list[n], w) {
			n++
		}
	}
	return n
}

// sameWord reports whether one word is the other or its beginning. A single letter is the
// beginning of many; it counts all the same, because a person looks at it.
func sameWord(a, b string) bool {
	return strings.HasPrefix(a, b) || strings.HasPrefix(b, a)
}

// streetKinds are the words of streetWords that say what kind of street it is, in their
// one spelling.
var streetKinds = set("av r al tv pc rod est lgo blvd rd ln ct sq pkwy hwy calle cra ctra ps")
