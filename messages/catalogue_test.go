package messages

import (
	"maps"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/text/feature/plural"
	"golang.org/x/text/language"
)

// mayDiffer are the texts that do not say the same in every language, and why.
var mayDiffer = map[string]string{
	"mail.invitation_reminder.lead": "in Portuguese the program is in the mail's head only",
}

func TestEveryLanguageSaysTheSameThings(t *testing.T) {
	first := languages()[fallback]
	for _, locale := range Locales() {
		l := languages()[locale]
		for key := range l.texts {
			require.True(t, first.Has(key), "%s alone has %s", locale, key)
		}
		for key, text := range first.texts {
			require.True(t, l.Has(key), "%s lacks %s", locale, key)
			if mayDiffer[key] == "" {
				require.Equal(t, text.placeholders, l.texts[key].placeholders, "%s in %s", key, locale)
			}
			require.Equal(t, text.file, l.texts[key].file, "%s in %s", key, locale)
		}
	}
}

// formsOf are the forms in which a language counts the numbers of daily life.
func formsOf(locale string) []string {
	names := map[plural.Form]string{
		plural.Other: "other",
		plural.Zero:  "zero",
		plural.One:   "one",
		plural.Two:   "two",
		plural.Few:   "few",
		plural.Many:  "many",
	}
	forms := map[string]bool{}
	for n := range 10_000 {
		form := plural.Cardinal.MatchPlural(language.MustParse(locale), n, 0, 0, 0, 0)
		forms[names[form]] = true
	}
	return slices.Sorted(maps.Keys(forms))
}

func TestCountedTextsHaveEveryForm(t *testing.T) {
	require.Equal(t, []string{"one", "other"}, formsOf("pt-BR"))
	for _, locale := range Locales() {
		for key, text := range languages()[locale].texts {
			if text.invariable() {
				continue
			}
			forms := slices.DeleteFunc(slices.Sorted(maps.Keys(text.forms)), func(f string) bool { return f == "=0" })
			require.Equal(t, formsOf(locale), forms, "%s in %s", key, locale)
			require.False(t, languages()[fallback].texts[key].invariable(), "%s counts in %s only", key, locale)
		}
	}
}
