package label

import (
	"slices"
	"strings"
	"unicode"

	"github.com/mozillazg/go-unidecode"
)

// legible returns a text as it stands on paper. Emoji are left out, with a note. A word of which
// no font has a letter stands there as it sounds in Latin letters; where that is not known
// either, the name of its script takes its place. Where a word lacks some letters only, boxes
// stand for them, and the text in Latin letters beside it.
func legible(text string) string {
	if len(Unreadable(text)) == 0 {
		return text
	}

	var words, notes []string
	note := func(text string) {
		if !slices.Contains(notes, text) {
			notes = append(notes, text)
		}
	}

	for _, word := range strings.Fields(text) {
		if slices.ContainsFunc(Unreadable(word), isPicture) {
			note("emoji")
			word = strings.Map(withoutPictures, word)
		}
		latin := strings.TrimSpace(unidecode.Unidecode(word))

		switch lacks := Unreadable(word); {
		case len(lacks) == 0:
		case latin == "":
			word = ""
			note(scriptOf(lacks[0]))
		case readable(word) == "":
			word = latin
		}
		if word != "" {
			words = append(words, word)
		}
	}

	text = strings.Join(words, " ")
	latin := strings.Join(strings.Fields(unidecode.Unidecode(text)), " ")
	if len(Unreadable(text)) > 0 && latin != "" {
		notes = append([]string{latin}, notes...)
	}

	for _, n := range notes {
		text = strings.TrimSpace(text + " (" + n + ")")
	}
	return text
}

// readable returns the letters and digits of a text that a font here has.
func readable(text string) string {
	lacks := Unreadable(text)
	return strings.Map(func(r rune) rune {
		if slices.Contains(lacks, r) || !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			return -1
		}
		return r
	}, text)
}

// withoutPictures drops what no font has and is no letter, and what joins and colors it.
func withoutPictures(r rune) rune {
	if joiner(r) || isPicture(r) && len(Unreadable(string(r))) > 0 {
		return -1
	}
	return r
}

// isPicture reports whether a character is a symbol and no letter, such as an emoji.
func isPicture(r rune) bool { return unicode.IsSymbol(r) }

// scriptOf names the script of a letter, as people who sort parcels may know it.
func scriptOf(r rune) string {
	for name, script := range unicode.Scripts {
		if unicode.Is(script, r) {
			return strings.ReplaceAll(name, "_", " ")
		}
	}
	return "unknown letters"
}

// legibleAll is legible of each line.
func legibleAll(lines ...string) []string {
	out := make([]string, len(lines))
	for i, line := range lines {
		out[i] = legible(line)
	}
	return out
}

// Unreadable lists the letters of a party that no font here has, each once.
func (p Party) Unreadable() []rune {
	return Unreadable(strings.Join(append([]string{p.Name}, p.lines()...), "\n"))
}
