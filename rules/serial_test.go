package rules

import (
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestR27c_SerialIsNormalised(t *testing.T) {
	for typed, want := range map[string]string{
		"ab-12 34": "AB1234", "AB1234": "AB1234", "  ab1234\n": "AB1234", "a\u00a0b\u20131\u20142\t34": "AB1234",
		"2051\u2212LZ\u30000x": "2051LZ0X", "": "", " - ": "",
		"！ＡＺ～":   "!AZ~", // the first and the last wide character
		"azAZ09": "AZAZ09",
	} {
		require.Equal(t, want, NormaliseSerial(typed), "%q", typed)
	}
}

func TestR27c_SerialErrors(t *testing.T) {
	for typed, code := range map[string]string{
		"ab-12 34":               "",
		"2051LZ0ABCD8":           "",
		"123":                    "",
		strings.Repeat("A", 40):  "",
		strings.Repeat("A ", 40): "",
		"":                       Required,
		" -\t":                   Required,
		"12":                     SerialTooShort,
		"1-2":                    SerialTooShort,
		strings.Repeat("A", 41):  TooLong,
		"AB/1234":                SerialInvalidCharacters,
		"AB.1234":                SerialInvalidCharacters,
		"AB_1234":                SerialInvalidCharacters,
		"AB\x001234":             SerialInvalidCharacters,
		"AB\x7f1234":             SerialInvalidCharacters,
		"\u0410B1234":            SerialConfusable, // Cyrillic A
		"A\u03921234":            SerialConfusable, // Greek Beta
		"\u0131B1234":            SerialConfusable, // dotless i, whose capital is I
		"\u017fB1234":            SerialConfusable, // long s, whose capital is S
		"AB\u200b1234":           SerialConfusable, // zero-width space
		"A\u0301B1234":           SerialConfusable, // combining accent
		"AB\u06611234":           SerialConfusable, // Arabic digit
		"AB1234\xff":             SerialConfusable, // broken UTF-8
		"\U0001D400B1234":        SerialConfusable, // mathematical bold A
	} {
		err := ValidSerial(typed)
		if code == "" {
			require.NoError(t, err, "%q", typed)
			continue
		}
		var refusal *Error
		require.True(t, errors.As(err, &refusal), "%q", typed)
		require.Equal(t, ValidationFailed, refusal.Code)
		require.Len(t, refusal.Fields, 1)
		require.Equal(t, code, refusal.Fields[0].Code, "%q", typed)
		require.Equal(t, "/serial", refusal.Fields[0].Pointer)
		require.Equal(t, "/devices/3/serial", SerialProblem("/devices/3/serial", typed).Pointer)
	}
}

func TestR27c_NormalisedSerialStaysAndKeepsTheVerdict(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.OneOf(rapid.String(), rapid.StringMatching(`[a-zA-Z0-9 \-]{0,45}`)).Draw(t, "serial")
		n := NormaliseSerial(s)
		require.Equal(t, n, NormaliseSerial(n))
		require.Equal(t, ValidSerial(s), ValidSerial(n))
		if ValidSerial(s) == nil {
			require.Regexp(t, `^[A-Z0-9]{3,40}$`, n)
		}
	})
}
