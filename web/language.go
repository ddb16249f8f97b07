package web

import "golang.org/x/text/language"

// Accepted chooses by a browser's Accept-Language among the languages that are offered; the
// first of them where it accepts none.
func Accepted(header string, offered []string) string {
	wanted, _, err := language.ParseAcceptLanguage(header)
	if err != nil || len(wanted) == 0 {
		return offered[0]
	}

	tags := make([]language.Tag, len(offered))
	for i, o := range offered {
		tags[i] = language.Make(o)
	}

	_, index, _ := language.NewMatcher(tags).Match(wanted...)
	return offered[index]
}
