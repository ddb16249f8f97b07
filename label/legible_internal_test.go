package label

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// No text is printed as boxes alone: emoji go, words become what they sound like, and of what
// has no sound in Latin letters at least the script is named.
func TestWhatNoFontHasIsDescribed(t *testing.T) {
	for text, want := range map[string]string{
		"Ana Souza":               "Ana Souza",
		"Ana 😀 Souza 🎉":           "Ana Souza (emoji)",
		"Sala😀":                   "Sala (emoji)",
		"😀":                       "(emoji)",
		"👨\u200d👩\u200d👧 Família": "Família (emoji)",
		"👍🏽 OK":                   "OK (emoji)",
		"🇧🇷 Brasil":               "Brasil (emoji)",
		"ᏣᎳᎩ 12":                  "tsalagi 12",
		"Ana 😀 ᏣᎳᎩ":               "Ana tsalagi (emoji)",
		"𐎀𐎁 7":                    "7 (Ugaritic)",
	} {
		got := legible(text)
		require.Equal(t, want, got, text)
		require.Empty(t, Unreadable(got), text)
	}
}
