package messages

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// A text whose values are texts is put together without x/text, and reads as if by it: also where
// a value has signs that x/text would read as its own, or looks like a placeholder. A number is
// still written as the language does.
func TestATextIsFilledAsTheCatalogueWould(t *testing.T) {
	for _, locale := range Locales() {
		l := languages()[locale]
		filled := 0
		for key, text := range l.texts {
			if !text.invariable() || len(text.placeholders) == 0 {
				continue
			}
			for _, value := range []any{"100 % {name} %[1]v", "Rio", int64(12345)} {
				args := Args{}
				var values []any
				for _, name := range text.placeholders {
					args[name] = value
					values = append(values, value)
				}
				for _, a := range text.articles {
					values = append(values, ArticleFor(a.article, nameOf(args[a.name])))
				}
				require.Equal(t, l.printer.Sprintf(key, values...), l.Say(key, args), "%s in %s", key, locale)

				_, ok := text.filled(values)
				shown := slices.ContainsFunc(text.pieces, func(p piece) bool { return p.place != nowhere })
				require.Equal(t, value != any(int64(12345)) || !shown, ok, "%s in %s", key, locale)
			}
			filled++
		}
		require.Greater(t, filled, 100)
	}
}
