package label

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestArabicLettersAreJoined(t *testing.T) {
	for word, want := range map[string]string{
		"محمد": "\uFEE3\uFEA4\uFEE4\uFEAA", // m before, h between, m between, d after
		"دار":  "\uFEA9\uFE8D\uFEAD",       // none of them reaches out: each alone
		"لا":   "\uFEFB",                   // lam-alef
		"سلام": "\uFEB3\uFEFC\uFEE1",       // s before, lam-alef after, m alone
		"گچ":   "\uFB94\uFB7B",             // Persian
		"abc":  "abc",
		"":     "",
	} {
		require.Equal(t, []rune(want), append([]rune{}, joinArabic([]rune(word))...), word)
	}
}

func TestLinesRunFromLeftToRight(t *testing.T) {
	for typed, read := range map[string]string{
		"5 הרצל":               "לצרה 5",
		"רחוב הרצל 15":         "15 לצרה בוחר",
		"Ana, רחוב הרצל 15":    "Ana, לצרה בוחר15",
		"Ana הרצל 15 בוחר Bia": "Ana רחוב 15 לצרה Bia",
	} {
		require.Equal(t, strings.Join(strings.Fields(read), ""), strings.Join(strings.Fields(leftToRight(typed)), ""),
			typed)
	}
	require.Equal(t, "Rua A 1", leftToRight("Rua\u00a0A\t1"))
	require.Equal(t, "ab", leftToRight("a\u202eb"))
}
