package web

import (
	_ "embed"
	"strings"
	"unicode"
	"unicode/utf8"
)

// A password's length in characters. There are no rules of composition (NIST
// SP 800-63B): length, and not being among the first that are guessed.
const (
	LeastPassword = 10
	MostPassword  = 128
)

//go:embed passwords/common.txt
var commonText string

var common = readCommon(commonText)

func readCommon(text string) map[string]struct{} {
	out := map[string]struct{}{}
	for line := range strings.Lines(text) {
		out[strings.TrimSpace(line)] = struct{}{}
	}

	for _, word := range []string{
		"senha", "mudar", "mudarsenha", "minhasenha", "trocar", "acesso", "segredo", "bemvindo",
		"administrador",
	} {
		out[word] = struct{}{}
	}

	return out
}

// PasswordProblem names what is wrong with a new password by the key of its
// message, or "". own is what an attacker knows of the person: name, address,
// company.
func PasswordProblem(password string, own ...string) string {
	n := utf8.RuneCountInString(password)
	switch {
	case n < LeastPassword || !utf8.ValidString(password):
		return "password.short"
	case n > MostPassword:
		return "password.long"
	case strings.ContainsFunc(password, unicode.IsControl):
		return "password.unusable"
	case guessable(password):
		return "password.common"
	case personal(password, own):
		return "password.personal"
	}

	return ""
}

// guessable reports whether a password is among the common ones, is one of them
// with up to six characters around it, repeats one, or is a run.
func guessable(password string) bool {
	p := strings.ToLower(password)
	if isCommon(p) || isCommon(unleet(p)) || variety(p) < 4 || isRun(p) {
		return true
	}

	for _, form := range []string{p, unleet(p)} {
		stem := strings.TrimFunc(form, func(r rune) bool { return !unicode.IsLetter(r) })
		if isCommon(stem) && len(p)-len(stem) <= 6 {
			return true
		}
	}

	return repeated(p)
}

func isCommon(p string) bool {
	_, ok := common[p]
	return ok
}

var unleeted = strings.NewReplacer("0",
	"o", "1", "i", "3", "e", "4", "a", "5", "s", "7", "t", "@", "a", "$", "s", "!", "i")

func unleet(p string) string { return unleeted.Replace(p) }

func variety(p string) int {
	seen := map[rune]bool{}
	for _, r := range p {
		seen[r] = true
	}
	return len(seen)
}

// isRun reports whether a password is 1234567890, abcdefghij or their like, upwards or
// downwards.
func isRun(p string) bool {
	up := 0
	down := 0
	last := rune(-10)
	for _, r := range p {
		if r == last+1 || (last == '9' && r == '0') {
			up++
		}
		if r == last-1 || (last == '0' && r == '9') {
			down++
		}

		last = r
	}

	n := utf8.RuneCountInString(p) - 1
	return up == n || down == n
}

// repeated reports whether a password is a common word, or a piece of at most five
// characters, said again and again.
func repeated(p string) bool {
	runes := []rune(p)
	for size := 1; size <= len(runes)/2; size++ {
		piece := string(runes[:size])
		if p == strings.Repeat(piece, len(runes)/size) && (size <= 5 || isCommon(piece)) {
			return true
		}
	}

	return false
}

// personal reports whether little is left of a password without what is known of
// its person.
func personal(password string, own []string) bool {
	p := strings.ToLower(password)
	for _, text := range own {
		for _, word := range strings.FieldsFunc(strings.ToLower(text), func(r rune) bool {
			return !unicode.IsLetter(r) && !unicode.IsDigit(r)
		}) {
			if utf8.RuneCountInString(word) >= 3 {
				p = strings.ReplaceAll(p, word, "")
			}
		}
	}

	return len(p) != len(password) && utf8.RuneCountInString(p) < LeastPassword/2
}
