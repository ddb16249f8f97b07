package attachment

import (
	"mime"
	"net/url"
	"path"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"roomcover.dev/roomcover/rules"
)

// MaxName is how many characters of a file's name are kept.
const MaxName = 120

// nameless is what a file is called whose name says nothing.
const nameless = "file"

// CleanName returns a file's name as it is shown: the last part of a path, composed (NFC), of
// at most MaxName characters with its ending kept, without what nobody sees or what turns the
// direction of writing, and without what file systems refuse. It is never empty, and is
// display text alone: nothing is stored or looked up under it.
func CleanName(name string) string {
	if !utf8.ValidString(name) {
		name = strings.ToValidUTF8(name, "_")
	}
	name = norm.NFC.String(name)
	name = name[strings.LastIndexAny(name, `/\`)+1:]

	// A character that nobody sees is one by where it stands: each is taken out until none is left.
	for unseen, any := rules.UnseenRune(name); any; unseen, any = rules.UnseenRune(name) {
		name = strings.ReplaceAll(name, string(unseen), "")
	}
	name = strings.Map(func(r rune) rune {
		switch {
		case strings.ContainsRune(`<>:"|?*`, r):
			return '_'
		case unicode.IsSpace(r):
			return ' '
		}
		return r
	}, name)
	name = strings.TrimRight(strings.Join(strings.Fields(name), " "), ". ")
	if name == "" {
		return nameless
	}

	ending := extension(name)
	if strings.TrimSuffix(strings.ToLower(name), ending) == "" {
		name = nameless + name
	}
	return shorten(name, len(ending))
}

// shorten cuts a name in front of its ending.
func shorten(name string, ending int) string {
	runes := []rune(name)
	tail := []rune(name[len(name)-ending:])
	if len(runes) <= MaxName {
		return name
	}
	stem := string(runes[:MaxName-len(tail)])
	return strings.TrimRight(stem, ". ") + string(tail)
}

// extension returns the ending of a name in small letters, with its dot; empty where there is
// none, or where what follows the last dot is longer than any ending.
func extension(name string) string {
	ending := strings.ToLower(path.Ext(name))
	if len(ending) < 2 || len(ending) > 11 || strings.ContainsAny(ending, " ") {
		return ""
	}
	return ending
}

// withExtension gives a name the ending of its kind.
func withExtension(name string, k Kind) string {
	if slices.Contains(k.Extensions, extension(name)) {
		return name
	}
	return shorten(name+k.Extensions[0], len(k.Extensions[0]))
}

// Disposition returns the Content-Disposition of a download (RFC 6266): the name in ASCII for
// old clients, and the whole name encoded (RFC 8187) for all others.
func Disposition(name string) string {
	name = CleanName(name)
	plain := strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' || strings.ContainsRune(`"\%;`, r) {
			return '_'
		}
		return r
	}, name)

	out := `attachment; filename="` + plain + `"`
	if plain != name {
		out += "; filename*=UTF-8''" + strings.ReplaceAll(url.QueryEscape(name), "+", "%20")
	}
	if _, _, err := mime.ParseMediaType(out); err != nil {
		return "attachment"
	}
	return out
}
