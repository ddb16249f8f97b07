package mail

import (
	"fmt"
	"mime"
	"strings"
)

// encodedWordMost bounds an encoded word so that "Subject: " and the first word
// share a line of 76 characters (RFC 2047, 2).
const encodedWordMost = 67

// subjectHeader is a subject as it stands in the header. Its first word is on
// the line of the header's name: a reader that keeps the fold's blank would
// otherwise show a subject that begins with one (R96, R119).
func subjectHeader(subject string) string {
	if mime.QEncoding.Encode("UTF-8", subject) == subject {
		return foldedPlain(subject)
	}
	var words []string

	word := ""
	for _, r := range subject {
		next := encodedRune(r)
		if len(encodedWord(word+next)) > encodedWordMost {
			words, word = append(words, encodedWord(word)), ""
		}
		word += next
	}

	return strings.Join(append(words, encodedWord(word)), "\r\n ")
}

func encodedWord(text string) string { return "=?UTF-8?q?" + text + "?=" }

// encodedRune writes a character as RFC 2047's encoding Q does.
func encodedRune(r rune) string {
	switch {
	case r == ' ':
		return "_"
	case r > ' ' && r < 0x7f && !strings.ContainsRune(`=?_"(),.:;<>@[\]`, r):
		return string(r)
	}

	out := ""
	for _, b := range []byte(string(r)) {
		out += fmt.Sprintf("=%02X", b)
	}

	return out
}

// foldedPlain breaks a subject of plain words into lines.
func foldedPlain(subject string) string {
	out, line := "", len("Subject: ")
	for i, word := range strings.Split(subject, " ") {
		switch {
		case i == 0:
		case line+1+len(word) > 76:
			out, line = out+"\r\n ", 1
		default:
			out, line = out+" ", line+1
		}

		out, line = out+word, line+len(word)
	}

	return out
}
