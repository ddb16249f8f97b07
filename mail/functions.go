package mail

import (
	"errors"
	"fmt"
	"strings"

	"golang.org/x/text/language"
	"golang.org/x/text/language/display"

	"roomcover.dev/roomcover/messages"
)

// errNoWords is for a text that the catalogue does not have, such as that of a
// step of a newer release. The mail would tell its reader something wrong.
var errNoWords = errors.New("there are no words for it")

// noBreak is the blank at which no line ends.
const noBreak = "\u00a0"

// functions are what templates of both kinds call to speak a language. pairs are
// the names and values of a text's placeholders.
func functions(l *messages.Language) map[string]any {
	return map[string]any{
		"say": func(key string, pairs ...any) (string, error) {
			return say(l, key, argsOf(pairs))
		},
		"count": func(key string, n int, pairs ...any) (string, error) {
			if !l.Has(key) {
				return "", fmt.Errorf("%s: %w", key, errNoWords)
			}
			return l.Count(key, int64(n), argsOf(pairs)), nil
		},
		"number": func(n int) string { return l.Number(int64(n)) },
		// word is for codes that mean nothing without their words.
		"word": func(prefix string, code any) (string, error) {
			return say(l, prefix+strings.ToUpper(fmt.Sprint(code)), nil)
		},
		"wordOrCode": func(prefix, code string) string { return wordOrCode(l, prefix, code) },
		"inCountry":  func(address string) string { return inCountry(l, address) },
		"dict":       func(pairs ...any) map[string]any { return argsOf(pairs) },
	}
}

func say(l *messages.Language, key string, args messages.Args) (string, error) {
	if !l.Has(key) {
		return "", fmt.Errorf("%s: %w", key, errNoWords)
	}
	return l.Say(key, args), nil
}

// wordOrCode is for codes that are readable enough by themselves.
func wordOrCode(l *messages.Language, prefix, code string) string {
	word, err := say(l, prefix+strings.ToUpper(code), nil)
	if err != nil {
		return code
	}
	return word
}

// inCountry has an address on one line end in the name of its country instead of the code.
func inCountry(l *messages.Language, address string) string {
	const separator = ", "
	at := strings.LastIndex(address, separator) + len(separator)
	if at < len(separator) || len(address)-at != 2 {
		return address
	}

	region, err := language.ParseRegion(address[at:])
	if err != nil || !region.IsCountry() {
		return address
	}
	return address[:at] + display.Regions(language.Make(l.Locale())).Name(region)
}

func argsOf(pairs []any) messages.Args {
	args := messages.Args{}
	for i := 0; i+1 < len(pairs); i += 2 {
		args[pairs[i].(string)] = pairs[i+1]
	}
	return args
}
