package inbound

import (
	"regexp"
	"slices"
	"strings"
)

// CutQuoted parts what a person wrote now from what a mail program quoted below it: below our
// own marker, a line such as "On … wrote:", a block of From, Sent, To and Subject, or a tail of
// quoted lines. A person who answers between the quoted lines keeps them: cut apart, the answers
// would make no sense. Where nothing would be left, nothing is cut.
func CutQuoted(text string, markers []string) (own, quoted string) {
	lines := strings.Split(visible(text), "\n")
	at := cutAt(lines, markers)
	own = strings.TrimSpace(strings.Join(lines[:at], "\n"))
	quoted = strings.TrimSpace(strings.Join(lines[at:], "\n"))
	if own == "" {
		return quoted, ""
	}
	return own, quoted
}

func cutAt(lines, markers []string) int {
	for i := range lines {
		switch {
		case hasMarker(lines[i], markers):
			return beforeAttribution(lines, i)
		case attribution(lines, i) && !answeredBetween(lines[i:]):
			return i
		case outlookBlock(lines, i):
			return aboveRule(lines, i)
		case original.MatchString(lines[i]):
			return i
		}
	}
	return quotedTail(lines)
}

func hasMarker(line string, markers []string) bool {
	return slices.ContainsFunc(markers, func(marker string) bool {
		return marker != "" && strings.Contains(line, marker)
	})
}

// beforeAttribution looks above the marker, which stands in the quoted mail, for the line that
// says whose mail it is.
func beforeAttribution(lines []string, marker int) int {
	for i := range marker {
		if attribution(lines, i) || outlookBlock(lines, i) || original.MatchString(lines[i]) {
			return aboveRule(lines, i)
		}
	}
	at := marker
	for at > 0 && (blank(lines[at-1]) || strings.HasPrefix(lines[at-1], ">")) {
		at--
	}
	return at
}

var (
	original = regexp.MustCompile(`(?i)^\s*-{2,}\s*(original message|mensagem original|` +
		`mensagem encaminhada|forwarded message|ursprüngliche nachricht|mensaje original)\s*-{2,}`)
	// wroteLine is "On 1 Dec 2026, Ana wrote:" in the languages of our customers; mail programs
	// break it over up to three lines.
	wroteLine = regexp.MustCompile(`(?i)^\s*(?:` +
		`(?:on|em|am|le|el)\s.{4,300}\s` +
		`(?:wrote|escreveu|schrieb(?:\s.{1,120})?|a écrit|escribió)\s*:` +
		`|.{3,120}<[^<>\s]+@[^<>\s]+>\s*(?:wrote|escreveu|schrieb|a écrit|escribió)\s*` +
		`(?:(?:on|em|am|le|el)\s.{4,120})?:)\s*$`)
	wroteBegins = regexp.MustCompile(`(?i)^\s*(?:on|em|am|le|el)\s|^.{3,120}<[^<>\s]+@`)

	fromLine = regexp.MustCompile(`(?i)^\s*\*?(?:from|de|von)\s*:\*?\s*\S`)
	sentLine = regexp.MustCompile(
		`(?i)^\s*\*?(?:sent|enviado|enviada em|enviado em|date|data|gesendet|datum|fecha)\s*:\*?`)
	toLine = regexp.MustCompile(
		`(?i)^\s*\*?(?:to|para|an|subject|assunto|betreff|asunto)\s*:\*?`)
	ruleLine = regexp.MustCompile(`^\s*_{10,}\s*$`)
)

// attribution reports whether a line, with up to two that follow, says who wrote what is quoted
// below.
func attribution(lines []string, at int) bool {
	line := lines[at]
	if blank(line) || strings.HasPrefix(line, ">") || !wroteBegins.MatchString(line) {
		return false
	}
	joined := ""
	for i := at; i < len(lines) && i < at+3 && !blank(lines[i]); i++ {
		joined = strings.TrimSpace(joined + " " + strings.TrimSpace(lines[i]))
		if wroteLine.MatchString(joined) {
			return true
		}
	}
	return false
}

// answeredBetween reports whether somebody wrote between or below the quoted lines.
func answeredBetween(below []string) bool {
	quoted := false
	for i, line := range below {
		switch {
		case strings.HasPrefix(strings.TrimSpace(line), ">"):
			quoted = true
		case i < 3 && !quoted || blank(line): // the line that says whose mail it is
		case !quoted:
			return false // a program that does not mark what it quotes
		case strings.TrimRight(line, " ") == "--" || strings.HasPrefix(line, "-- "):
			return false // a signature
		default:
			return true
		}
	}
	return false
}

// outlookBlock reports whether the lines are the head of a quoted mail as Outlook writes it.
func outlookBlock(lines []string, at int) bool {
	if !fromLine.MatchString(lines[at]) {
		return false
	}
	sent, to := false, false
	for i := at + 1; i < len(lines) && i < at+7; i++ {
		sent = sent || sentLine.MatchString(lines[i])
		to = to || toLine.MatchString(lines[i])
	}
	return sent && to
}

// aboveRule is the line of a cut, or that of the rule drawn above it.
func aboveRule(lines []string, at int) int {
	above := at
	for above > 0 && blank(lines[above-1]) {
		above--
	}
	if above > 0 && ruleLine.MatchString(lines[above-1]) {
		return above - 1
	}
	return at
}

// quotedTail is where the last lines begin that are all quoted; the end where none are.
func quotedTail(lines []string) int {
	at := len(lines)
	for at > 0 && (blank(lines[at-1]) || strings.HasPrefix(strings.TrimSpace(lines[at-1]), ">")) {
		at--
	}
	if strings.TrimSpace(strings.Join(lines[at:], "")) == "" {
		return len(lines)
	}
	return at
}

func blank(line string) bool { return strings.TrimSpace(line) == "" }
