package rules

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
	"golang.org/x/text/unicode/norm"
)

// Each kind of text has one spelling, whichever way it was typed or pasted.
func TestS63_OneSpellingOfEachKind(t *testing.T) {
	for _, c := range []struct {
		kind   string
		spell  func(string) string
		same   []string
		others []string
	}{
		{
			kind:   "a room",
			spell:  NameKey,
			same:   []string{"Sala São João", "Sala Sa\u0303o Joa\u0303o", "Sala\u00a0São  João", " sala são joão "},
			others: []string{"Sala Sao Joao", "Sala São João 2"},
		},
		{
			kind:   "a site",
			spell:  SiteKey,
			same:   []string{"São Paulo", "Sa\u0303o\u00a0Paulo", "SAO PAULO"},
			others: []string{"São Paulo II"},
		},
		{
			kind:   "a code",
			spell:  NormaliseCode,
			same:   []string{"RALLY-BAR", "rally-bar", "ＲＡＬＬＹ－ＢＡＲ", "RALLY\u2011BAR", "\u00a0Rally\u2013Bar "},
			others: []string{"RALLYBAR", "RALLY BAR"},
		},
		{
			kind:   "a serial number",
			spell:  NormaliseSerial,
			same:   []string{"1934-LZ0C30", "1934 lz0c30", "１９３４ＬＺ０Ｃ３０", "1934\u2011LZ0C30\u00a0"},
			others: []string{"1934LZ0C3O"},
		},
		{
			kind:  "an address",
			spell: NormaliseEmail,
			same: []string{
				"ana@müller.example", " Ana@Mu\u0308ller.example ", "ANA@xn--mller-kva.example\u00a0",
			},
			others: []string{"ana@muller.example"},
		},
		{
			kind:   "a password",
			spell:  NormalisePassword,
			same:   []string{"café com leite", "cafe\u0301 com leite", "café\u00a0com leite", "ｃａｆé com leite "},
			others: []string{"cafe com leite", "Café com leite", "cafécomleite"},
		},
		{
			kind:   "a one-time code",
			spell:  NormaliseDigits,
			same:   []string{"123456", "123 456", "１２３４５６", "123\u2011456", "\u00a0123456 "},
			others: []string{"123457"},
		},
	} {
		t.Run(c.kind, func(t *testing.T) {
			want := c.spell(c.same[0])
			for _, text := range c.same {
				require.Equal(t, want, c.spell(text), "%q", text)
				require.Equal(t, want, c.spell(norm.NFD.String(text)), "%q", text)
			}
			for _, text := range c.others {
				require.NotEqual(t, want, c.spell(text), "%q", text)
			}
		})
	}
}

func TestS63_APasswordOfSpacesStaysOne(t *testing.T) {
	require.Equal(t, "   ", NormalisePassword("   "))
}

// What nobody sees is refused by name; joiners stand where spelling needs them.
func TestS63_UnseenCharactersAreRefusedByName(t *testing.T) {
	for text, name := range map[string]string{
		"Ana\u200bSouza":                "U+200B (zero width space)",
		"Ana\u202eSouza":                "U+202E (right-to-left override)",
		"Ana\u200f":                     "U+200F (right-to-left mark)",
		"\ufeffAna":                     "U+FEFF (byte order mark)",
		"An\u00ada":                     "U+00AD (soft hyphen)",
		"Ana\u2060":                     "U+2060 (word joiner)",
		"\u3164":                        "U+3164",
		"Ana\tSouza":                    "U+0009 (tab)",
		"An\u200da":                     "U+200D (zero width joiner)",
		"Ana\u200c":                     "U+200C (zero width non-joiner)",
		"\u200cعلی":                     "U+200C (zero width non-joiner)",
		"Ana Souza":                     "",
		"می\u200cخواهم":                 "", // Persian
		"क\u094d\u200dष":                "", // Hindi
		"ශ\u0dca\u200dරී ලංකා":          "", // Sinhala
		"Sala ☕️":                       "",
		"O'Neill-Müller & Søn, Łódź 東京": "",
	} {
		fields := CheckLine("/name", text, 100)
		if name == "" {
			require.Empty(t, fields, "%q", text)
			continue
		}
		require.Len(t, fields, 1, "%q", text)
		require.Equal(t, ControlCharacters, fields[0].Code, "%q", text)
		require.Contains(t, fields[0].Message, name, "%q", text)
	}
}

// All of Unicode that shows nothing makes two texts look like one: the default ignorable code
// points (DerivedCoreProperties.txt), and what is blank without being one of them or a space.
func TestS63_WhatShowsNothingIsRefused(t *testing.T) {
	for _, span := range [][2]rune{
		{0x00, 0x1f}, {0x7f, 0x9f}, {0xad, 0xad}, {0x34f, 0x34f}, {0x61c, 0x61c}, {0x115f, 0x1160},
		{0x17b4, 0x17b5}, {0x180b, 0x180f}, {0x200b, 0x200f}, {0x2028, 0x202e}, {0x2060, 0x206f},
		{0x2800, 0x2800}, {0x3164, 0x3164}, {0xfe00, 0xfe0f}, {0xfeff, 0xfeff}, {0xffa0, 0xffa0},
		{0xfff0, 0xfffc}, {0x16fe4, 0x16fe4}, {0x1bca0, 0x1bca3}, {0x1d159, 0x1d159},
		{0x1d173, 0x1d17a}, {0xe0000, 0xe0fff},
	} {
		for r := span[0]; r <= span[1]; r++ {
			for _, text := range []string{"PO" + string(r) + "7", "PO7" + string(r), string(r)} {
				require.NotEmpty(t, CheckLine("/x", text, 50), "%U in %q", r, text)
			}
		}
	}
	for _, text := range []string{
		"Sala ☕️", "Sala ❤︎", "Sala 1️⃣ e #️⃣", "Sala ‼️", "葛\U000E0100城", "ᠠ\u180bᠨ", "ၵ\ufe00",
		"\u0600\u0661", "Nº 7 ⠁⠃", "កម្ពុជា", "한국", "A B", "e\u0301",
	} {
		require.Empty(t, CheckLine("/x", text, 50), "%q", text)
	}
	for _, text := range []string{"PO\ufe0f7", "Ana\ufe0f", "7\ufe0f8", " \ufe0f", "☕\ufe0f\ufe0f", "⠀\ufe0f"} {
		require.NotEmpty(t, CheckLine("/x", text, 50), "%q", text)
	}
}

func TestS63_ASerialWithAnUnseenCharacterIsToldSo(t *testing.T) {
	problem := SerialProblem("/serial", "1934\u200bLZ0C30")
	require.Equal(t, SerialConfusable, problem.Code)
	require.Contains(t, problem.Message, "U+200B")
}

// What firmware and spreadsheets say where a serial number is missing is none: the next
// customer's device says the same.
func TestR27c_PlaceholdersAreNoSerials(t *testing.T) {
	for _, serial := range []string{
		"Default string", "NONE", "null", "N/A", "To be filled by O.E.M.", "System Serial Number",
		"00000000", "xxxxxx", "----- 0 0 0", "123456789", "Ｎｏｎｅ", "#N/A", "Sem serial",
	} {
		problem := SerialProblem("/serial", serial)
		require.NotNil(t, problem, serial)
		require.Equal(t, SerialPlaceholder, problem.Code, serial)
		require.NotContains(t, problem.Message, serial)
	}
	for _, serial := range []string{"1934LZ0C30", "NONE1", "2345ABCDE", "0000000A", "NULL7"} {
		require.Nil(t, SerialProblem("/serial", serial), serial)
	}
}

// A spelling is settled: spelt again it stays as it is.
func FuzzSpelling(f *testing.F) {
	for _, seed := range []string{
		"Sala São João", "Sa\u0303o\u00a0Joa\u0303o", "ＲＡＬＬＹ", "İstanbul", "ß\u0345", "\u2011", "a\u200db", "\xff",
	} {
		f.Add(seed)
	}

	kinds := map[string]func(string) string{
		"name":     NameKey,
		"code":     NormaliseCode,
		"serial":   NormaliseSerial,
		"digits":   NormaliseDigits,
		"password": NormalisePassword,
		"text":     NormaliseText,
		"search":   func(s string) string { return SearchKey(s) },
	}
	f.Fuzz(func(t *testing.T, text string) {
		if !utf8.ValidString(text) || len(text) > 1000 {
			return // refused before it is spelt
		}
		for kind, spell := range kinds {
			once := spell(text)
			if twice := spell(once); twice != once {
				t.Fatalf("%s: %q becomes %q and then %q", kind, text, once, twice)
			}
			if !utf8.ValidString(once) {
				t.Fatalf("%s: %q becomes %q", kind, text, once)
			}
		}
		NormaliseEmail(text)
		_ = ValidEmail(text)
		CompanyKey(text)
		CheckLine("/x", text, 100)
		if _, found := UnseenRune(text); found && strings.Trim(text, "abc") == "" {
			t.Fatalf("%q hides nothing", text)
		}
	})
}
