package label

import (
	"strings"

	"github.com/mozillazg/go-unidecode"
)

// legible returns a text as it stands on paper: where no font has some of its letters,
// what they sound like in Latin letters stands beside it, as far as that is known.
func legible(text string) string {
	if len(Unreadable(text)) == 0 {
		return text
	}

	latin := strings.Join(strings.Fields(unidecode.Unidecode(text)), " ")
	if latin == "" || strings.Contains(strings.ToLower(text), strings.ToLower(latin)) {
		return text
	}
	return text + " (" + latin + ")"
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
